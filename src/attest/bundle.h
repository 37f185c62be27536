/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle: what a vendor says about one kind of platform, as one JSON file: TCB
 * info, QE identity, two lists of withdrawn certificates, and who signed them.
 * The form is that of other verifiers. Reads, writes and dates such files;
 * whether they are genuine is judged elsewhere (verify/endorsements.h). */
#ifndef AVER_ATTEST_BUNDLE_H
#define AVER_ATTEST_BUNDLE_H

#include "attest/pcs.h"

#define BUNDLE_MAX ((size_t)2 << 20)
#define BUNDLE_NAME_MAX 48

struct bundle {
    struct pcs_part part[PCS_ITEMS];
    /* Filled by bundle_understand. Seconds since 1970. */
    struct {
        int64_t issued, until;
    } date[PCS_ITEMS];
    struct pcs_platform platform;
    uint64_t evaluation; /* the lower of the two documents' numbers */
};

void bundle_init(struct bundle *b);
void bundle_clear(struct bundle *b);
/* Takes the file's members into the parts. */
AVER_MUST_CHECK int bundle_read(struct bundle *b, struct aver_bytes text,
                                struct aver_error *err);
/* Reads in the parts what they are for, and when they are valid. -1 if one of
 * them cannot be read, or they are for different things. */
AVER_MUST_CHECK int bundle_understand(struct bundle *b, struct aver_error *err);
/* That an understood bundle is for that platform. */
AVER_MUST_CHECK int bundle_fits(const struct bundle *b,
                                const struct pcs_platform *p,
                                struct aver_error *err);
/* When the first item ends. */
int64_t bundle_until(const struct bundle *b);
/* When the first item has only a third of its life left, or a week if that is
 * less: time to fetch anew. */
int64_t bundle_due(const struct bundle *b);
/* Appends the file's text. */
AVER_MUST_CHECK int bundle_write(struct aver_buf *out, const struct bundle *b,
                                 int64_t fetched, struct aver_error *err);
/* The same in one line, and nothing but what the vendor says. */
AVER_MUST_CHECK int bundle_write_bare(struct aver_buf *out,
                                      const struct bundle *b,
                                      struct aver_error *err);
/* "tdx-90c06f000000-platform.json" */
void bundle_name(char out[static BUNDLE_NAME_MAX],
                 const struct pcs_platform *p);

#endif
