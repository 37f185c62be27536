/* SPDX-License-Identifier: Apache-2.0
 *
 * rim: a reference integrity manifest: NVIDIA's signed list of what a
 * driver's, a VBIOS's or a switch's measurements must be (TCG RIM, a SWID tag
 * of ISO/IEC 19770-2 in XML, signed by XML-DSIG). Of XML a strict subset is
 * read, and the values are taken from the very tree that was made canonical
 * (Canonical XML 1.1). Reads; the functions below judge it by itself. */
#ifndef AVER_VERIFY_RIM_H
#define AVER_VERIFY_RIM_H

#include "base/buf.h"
#include "verify/chain.h"
#include "verify/flaw.h"
#include "verify/spdm.h"

#define AVER_RIM_MAX ((size_t)256 << 10)
/* No canonical form is longer: a quote becomes six bytes, and nothing more. */
#define AVER_RIM_CANON_MAX (8 * AVER_RIM_MAX)
#define AVER_RIM_ENTRIES_MAX 256
#define AVER_RIM_ALTERNATIVES_MAX 8

struct aver_rim_entry {
    unsigned index; /* counted from 0: of block index + 1 */
    bool active;
    unsigned size; /* in bytes, as it says: 48 */
    unsigned n;    /* alternatives */
    uint8_t hash[AVER_RIM_ALTERNATIVES_MAX][48];
};

struct aver_rim {
    struct aver_buf text; /* as it came */
    /* Why it cannot be read: "rim_xml", "rim_signature_count",
     * "rim_algorithm", "rim_digest", "rim_signature" (no such values),
     * "rim_chain:cert_format", "rim_chain:cert_key", "rim_chain:chain_length"
     * (more than fit). What it is about is known all the same, unless it is
     * no XML or has no Meta: then these texts are empty. */
    struct aver_flaw flaw;
    char version[32], product[32], edition[16]; /* of ns0:Meta */
    char name[128];                             /* of the root element */
    uint8_t document[48];    /* SHA-384 of the canonical document */
    uint8_t claimed[48];     /* DigestValue */
    struct aver_buf info;    /* SignedInfo in canonical form */
    uint8_t signature[96];   /* SignatureValue: r || s */
    struct aver_chain chain; /* KeyInfo's certificates, leaf first */
    struct aver_memo memo;
    unsigned n;
    struct aver_rim_entry *entry; /* n of them; owned */
};

/* What is wrong is in its flaw. NULL when memory is short. Of a text longer
 * than AVER_RIM_MAX ("rim_xml") nothing is kept. */
struct aver_rim *aver_rim_parse(struct aver_bytes xml, struct aver_ec *ec);
void aver_rim_free(struct aver_rim *r);

/* True if it is about this (exact texts). NULL: whatever it says. */
bool aver_rim_about(const struct aver_rim *r, const char *version,
                    const char *product, const char *edition);
/* Signer chain, signature over SignedInfo, digest of the document, and the
 * entries by themselves, at that time: 0, or -1 with the flaw: its own, or
 * "rim_chain:root", "rim_chain:cert_time" …, "rim_signature", "rim_digest",
 * "rim_dup" (an index twice), "rim_empty" (none active). `pin`:
 * SHA-256 of the root's key. Answers about signatures are remembered. */
int aver_rim_holds(struct aver_ec *ec, struct aver_rim *r,
                   const uint8_t pin[static 32], int64_t at,
                   struct aver_flaw *flaw);

/* Indices of a RIM that are passed over. */
struct aver_rim_skips {
    uint8_t set[32]; /* bit i of byte i / 8 */
};
struct aver_rim_result {
    unsigned compared, mismatches;
    struct {
        const struct aver_rim *source;
        unsigned index; /* counted from 0 */
    } mismatch[64];     /* the first of them */
};
/* Compares the active entries of `r` with the measurements: each must be
 * there, of the same size, and one of the alternatives. Adds to `out`.
 * `skips`: NULL for none. */
void aver_rim_compare(struct aver_rim_result *out, const struct aver_rim *r,
                      const struct aver_spdm *measured,
                      const struct aver_rim_skips *skips);
/* The first index that is active in both; -1 if there is none. */
int aver_rim_conflict(const struct aver_rim *a, const struct aver_rim *b);

#endif
