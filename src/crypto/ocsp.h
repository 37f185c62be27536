/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp: reads answers of the online certificate status protocol (RFC 6960;
 * DER alone, ECDSA alone). Reads, and judges nothing: no signature, name or
 * time is looked at here. */
#ifndef AVER_CRYPTO_OCSP_H
#define AVER_CRYPTO_OCSP_H

#include "crypto/cert.h"

#define AVER_OCSP_MAX ((size_t)64 << 10) /* bytes of one answer */
#define AVER_OCSP_SINGLES_MAX 16
#define AVER_OCSP_CERTS_MAX 4

enum aver_ocsp_status {
    AVER_OCSP_GOOD = 0,
    AVER_OCSP_REVOKED,
    AVER_OCSP_UNKNOWN
};

/* What an answer says of one certificate. */
struct aver_ocsp_single {
    enum {
        AVER_ID_OTHER = 0,
        AVER_ID_SHA1,
        AVER_ID_SHA256,
        AVER_ID_SHA384,
        AVER_ID_SHA512
    } hash; /* of the two hashes below */
    struct aver_bytes issuer_name_hash, issuer_key_hash, serial;
    enum aver_ocsp_status status;
    int64_t revoked_at; /* where revoked */
    bool has_reason;
    unsigned reason; /* RFC 5280 5.3.1; 6: certificateHold */
    int64_t this_update, next_update;
    bool has_next_update;
    bool unknown_critical; /* an extension that must be understood, and isn't */
};

/* Views of the DER. */
struct aver_ocsp {
    struct aver_bytes der;
    unsigned response_status;    /* RFC 6960 4.2.1: 0 successful; else all that
                                  * follows is empty */
    struct aver_bytes tbs;       /* ResponseData, whole */
    bool by_name;                /* ResponderID: byName, else byKey */
    struct aver_bytes responder; /* the Name, whole; or SHA-1 of the key */
    int64_t produced_at;
    bool unknown_critical;
    unsigned n;
    struct aver_ocsp_single single[AVER_OCSP_SINGLES_MAX];
    enum aver_curve signed_on;
    struct aver_bytes signature; /* DER */
    unsigned ncerts;
    struct aver_cert cert[AVER_OCSP_CERTS_MAX]; /* that came along */
};

/* 0; -1 with `err` if the bytes are not exactly one such answer. Borrows
 * `der` as long as the result is used. */
AVER_MUST_CHECK int aver_ocsp_parse(struct aver_ocsp *o, struct aver_bytes der,
                                    struct aver_error *err);
/* True if the CertID means this certificate of this issuer: both hashes are
 * made anew, with the answer's own hash (RFC 6960 4.1.1). */
bool aver_ocsp_about(const struct aver_ocsp_single *s,
                     const struct aver_cert *cert,
                     const struct aver_cert *issuer);
/* True if the ResponderID means this certificate (RFC 6960 4.2.1). */
bool aver_ocsp_responder_is(const struct aver_ocsp *o,
                            const struct aver_cert *cert);
/* True if the extended key usage of `cert` is there and has OCSPSigning, its
 * key usage, if there is one, allows signatures, and nothing else in it has to
 * be understood (RFC 6960 4.2.2.2). */
bool aver_cert_may_sign_ocsp(const struct aver_cert *cert);

#endif
