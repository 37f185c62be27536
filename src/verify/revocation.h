/* SPDX-License-Identifier: Apache-2.0
 *
 * revocation: whether a certificate of NVIDIA's has been withdrawn, by stapled
 * OCSP answers (RFC 6960) or, where there is none, by a list (RFC 5280, 5). */
#ifndef AVER_VERIFY_REVOCATION_H
#define AVER_VERIFY_REVOCATION_H

#include "base/buf.h"
#include "crypto/ocsp.h"
#include "verify/chain.h"
#include "verify/flaw.h"

/* A stapled answer, and what was found out about its signatures. */
struct aver_staple {
    struct aver_buf der;
    struct aver_ocsp ocsp;
    char fault[160]; /* why it cannot be read; "" if it can */
    /* The certificate in it that its ResponderID means; NULL if none. */
    const struct aver_cert *responder;
    struct aver_memo memo;       /* the answer's own signature */
    struct aver_memo delegation; /* that of the responder's certificate */
};
/* Copies the bytes. NULL when memory is short. */
struct aver_staple *aver_staple_new(struct aver_bytes der);
void aver_staple_free(struct aver_staple *s);

enum aver_standing {
    AVER_STANDING_UNKNOWN = 0, /* nothing that holds says anything */
    AVER_STANDING_GOOD,
    AVER_STANDING_REVOKED, /* or on hold */
};

struct aver_revocation {
    struct aver_ec *ec;
    struct aver_staple *const *staple; /* order does not matter */
    unsigned n;
    struct aver_list *const *list; /* see endorsements.h */
    unsigned nlists;
    int64_t at, grace; /* grace: on nextUpdate and the responder's end alone */
    bool allow_hold;
};

/* How `l` stands, whose issuer is `by`. Unless it is good, with the flaw:
 * "revocation_missing", "ocsp_signer", "ocsp_signature", "ocsp_time",
 * "revocation_unknown", "revoked". One answer that holds and says revoked
 * outweighs all others, whatever its age; so does a list of the issuer's that
 * has it, unless an answer says that it is a hold which is put up with. The end
 * of the time for which it was found good goes to `until` (NULL: not wanted).
 */
enum aver_standing aver_revocation_of(const struct aver_revocation *r,
                                      const struct aver_link *l,
                                      const struct aver_link *by,
                                      int64_t *until, struct aver_flaw *flaw);

#endif
