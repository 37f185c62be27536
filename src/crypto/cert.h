/* SPDX-License-Identifier: Apache-2.0
 *
 * cert: reads X.509 v3 certificates with elliptic curve keys, and lists of
 * withdrawn ones (RFC 5280; DER alone). Reads, and judges nothing: no
 * signature, date or name is looked at here. */
#ifndef AVER_CRYPTO_CERT_H
#define AVER_CRYPTO_CERT_H

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/der.h"
#include "crypto/ec.h"

/* Bits of the key usage (RFC 5280 4.2.1.3). */
enum {
    AVER_USE_SIGNATURE = 1 << 0,
    AVER_USE_CERT_SIGN = 1 << 5,
    AVER_USE_CRL_SIGN = 1 << 6,
};

/* Views of the DER. */
struct aver_cert {
    struct aver_bytes der, tbs;
    struct aver_bytes serial;          /* content of the INTEGER */
    struct aver_bytes issuer, subject; /* whole, to be compared */
    struct aver_bytes common_name;     /* of the subject; empty if none */
    enum aver_curve curve;             /* of its own key */
    struct aver_bytes spki;            /* SubjectPublicKeyInfo, whole */
    struct aver_bytes point;           /* 04 || x || y */
    enum aver_curve signed_on;         /* SHA-256: P-256; SHA-384: P-384 */
    struct aver_bytes signature;       /* DER */
    int64_t not_before, not_after;     /* seconds since 1970 */
    struct aver_bytes extensions;      /* content of the SEQUENCE */
    bool has_constraints, ca, has_path_max;
    unsigned path_max; /* meaningful with has_path_max */
    bool has_usage;
    unsigned usage; /* AVER_USE_… */
    bool has_authority_id, has_subject_id, has_crl_points;
    bool unknown_critical; /* says that it must be understood, and is not */
};

/* 0; -1 with `err` if the bytes are not exactly one such certificate. Borrows
 * `der` as long as the result is used. */
AVER_MUST_CHECK int aver_cert_parse(struct aver_cert *c, struct aver_bytes der,
                                    struct aver_error *err);
/* Content of the extension with this OID (its DER content); empty if it is
 * not there. */
struct aver_bytes aver_cert_extension(const struct aver_cert *c,
                                      struct aver_bytes oid);
/* True if the key of `issuer` signed it. Names are not looked at. */
bool aver_cert_signed_by(struct aver_ec *ec, const struct aver_cert *c,
                         const struct aver_cert *issuer);

struct aver_crl {
    struct aver_bytes der, tbs;
    struct aver_bytes issuer; /* whole */
    enum aver_curve signed_on;
    struct aver_bytes signature; /* DER */
    int64_t this_update, next_update;
    bool has_next_update, has_number, has_authority_id, unknown_critical;
    struct aver_bytes entries; /* content of revokedCertificates, walked */
};

AVER_MUST_CHECK int aver_crl_parse(struct aver_crl *c, struct aver_bytes der,
                                   struct aver_error *err);
/* True if the serial number is on the list, for whatever reason. */
bool aver_crl_lists(const struct aver_crl *c, struct aver_bytes serial);
bool aver_crl_signed_by(struct aver_ec *ec, const struct aver_crl *c,
                        const struct aver_cert *issuer);

/* True if the algorithm of a signature is one that is read here, and then on
 * which curve; else the flag of `d` is set. */
enum aver_curve aver_der_signature_algorithm(struct aver_der *d);
/* A name, whole (RFC 5280 4.1.2.4), and its common name; empty if none. */
struct aver_bytes aver_der_name(struct aver_der *d, struct aver_bytes *common);
/* An extension at a time: true with OID, critical and content. */
bool aver_der_extension(struct aver_der *list, struct aver_bytes *oid,
                        bool *critical, struct aver_bytes *content);

#endif
