/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements: what vendors sign about their hardware. Of Intel, for any
 * number of platforms: TCB infos, identities of the quoting enclaves, lists of
 * withdrawn certificates, and the certificates of those who signed them. Of
 * NVIDIA: reference integrity manifests (RIMs), and answers about withdrawn
 * certificates (OCSP). Holds and finds; what it holds is judged by the rows.
 * Not for two threads at a time: it remembers which signatures hold. */
#ifndef AVER_VERIFY_ENDORSEMENTS_H
#define AVER_VERIFY_ENDORSEMENTS_H

#include "verify/chain.h"
#include "verify/revocation.h"
#include "verify/rim.h"
#include "verify/tcb_info.h"

/* Of one file; of one set. */
#define AVER_ENDORSEMENTS_MAX ((size_t)4 << 20)
#define AVER_DOCUMENTS_MAX 64
#define AVER_RIMS_MAX 64
#define AVER_STAPLES_MAX 512

/* A signed JSON text. */
struct aver_document {
    struct aver_buf text; /* the very bytes that are signed */
    uint8_t signature[64];
    bool has_signature;
    struct aver_chain *signers; /* leaf first; NULL if it came without */
    /* Without such: how many of the set's chains did not sign it, and the last
     * of these. */
    unsigned tried;
    struct aver_chain *last_tried;
    struct aver_memo memo;
    char fault[200];          /* why it cannot be read; "" if it can */
    struct aver_tcb_info tcb; /* one of the two */
    struct aver_qe_identity qe;
};

/* A list of withdrawn certificates. */
struct aver_list {
    struct aver_buf der;
    struct aver_crl crl;
    struct aver_memo memo;
    char fault[200];
};

/* A platform: its certificates, and the last report of its quoting enclave
 * whose signature was looked at. */
struct aver_platform {
    struct aver_chain chain;
    bool qe_known, qe_holds;
    uint8_t qe_report[384], qe_signature[64];
};

struct aver_endorsements {
    struct aver_ec *ec;
    unsigned ntcb, nqe, nlists, nchains, nplatforms;
    struct aver_document *tcb[AVER_DOCUMENTS_MAX];
    struct aver_document *qe[AVER_DOCUMENTS_MAX];
    struct aver_list *list[AVER_DOCUMENTS_MAX];
    struct aver_chain *chain[AVER_DOCUMENTS_MAX];
    struct aver_platform *platform[AVER_DOCUMENTS_MAX]; /* met first */
    unsigned nrims, nstaples;
    struct aver_rim *rim[AVER_RIMS_MAX];
    struct aver_staple *staple[AVER_STAPLES_MAX];
};

/* NULL when memory is short. */
struct aver_endorsements *aver_endorsements_new(void);
void aver_endorsements_free(struct aver_endorsements *e);

/* Takes a file in any of the forms in which endorsements travel:
 * - one object with tcb_info, qe_identity, pck_crl, … (texts, hex, or arrays
 *   of bytes), with rims and ocsp (arrays of base64), or with all of them;
 * - an answer of Intel's service: the JSON body, or a CRL as DER or hex; with
 *   its HTTP header in front, if it came so;
 * - the header of such an answer as JSON ({"headers": {…}}), or PEM text:
 *   certificates for what came without;
 * - an answer of NVIDIA's RIM service ({"rim": base64, "sha256": …}), a RIM as
 *   XML, or an OCSP answer as DER.
 * -1 with `err` if it is none of these, is too large, or the set is full. A
 * part that cannot be read is kept with its fault, for the rows to tell. */
AVER_MUST_CHECK int aver_endorsements_add(struct aver_endorsements *e,
                                          struct aver_bytes in,
                                          struct aver_error *err);

/* Parts of it, used by the reader of those forms. Each keeps a copy. */
AVER_MUST_CHECK int aver_endorsements_add_tcb(struct aver_endorsements *e,
                                              struct aver_bytes text,
                                              struct aver_bytes signature_hex,
                                              struct aver_chain *signers);
AVER_MUST_CHECK int aver_endorsements_add_qe(struct aver_endorsements *e,
                                             struct aver_bytes text,
                                             struct aver_bytes signature_hex,
                                             struct aver_chain *signers);
AVER_MUST_CHECK int aver_endorsements_add_list(struct aver_endorsements *e,
                                               struct aver_bytes der);
/* One of equal bytes is enough. */
AVER_MUST_CHECK int aver_endorsements_add_rim(struct aver_endorsements *e,
                                              struct aver_bytes xml);
AVER_MUST_CHECK int aver_endorsements_add_staple(struct aver_endorsements *e,
                                                 struct aver_bytes der);
/* The chain of this text, one object for equal texts; NULL if the set is full.
 * The set owns it. */
struct aver_chain *aver_endorsements_chain(struct aver_endorsements *e,
                                           struct aver_bytes pem);

/* What fits best at the time `at`: what is valid then, and of that the
 * newest. NULL if there is nothing of the kind. */
struct aver_document *aver_endorsements_tcb(const struct aver_endorsements *e,
                                            bool tdx,
                                            const uint8_t fmspc[static 6],
                                            const uint8_t pceid[static 2],
                                            int64_t at);
struct aver_document *aver_endorsements_qe(const struct aver_endorsements *e,
                                           bool tdx, int64_t at);
struct aver_list *aver_endorsements_list(const struct aver_endorsements *e,
                                         struct aver_bytes issuer, int64_t at);
/* Of those about this version: one that can be read and is about the product
 * and edition, of these one whose signers are valid then, of these the one with
 * the newest signer. Else one that cannot be read and may be it; else another
 * product's, so that it can be named. */
struct aver_rim *aver_endorsements_rim(const struct aver_endorsements *e,
                                       const char *version, const char *product,
                                       const char *edition, int64_t at);
/* Who signed it: those that came with it, or else those among the set's
 * certificates under whose leaf the signature holds. NULL if there are none. */
struct aver_chain *aver_endorsements_signers(const struct aver_endorsements *e,
                                             struct aver_document *d);
/* The platform with these certificates, remembered from call to call; the set
 * owns it. NULL when it is full. */
struct aver_platform *aver_endorsements_platform(struct aver_endorsements *e,
                                                 struct aver_bytes pem);
/* For one that the set cannot take. NULL when memory is short. */
struct aver_platform *aver_platform_new(struct aver_bytes pem);
void aver_platform_free(struct aver_platform *p);
/* A certificate of the set with the same bytes, or `l` itself: so that what
 * was found out about one holds for its copies. */
struct aver_link *aver_endorsements_same(struct aver_endorsements *e,
                                         struct aver_link *l);

#endif
