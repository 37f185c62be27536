/* SPDX-License-Identifier: Apache-2.0
 *
 * jwt: takes a signed token apart (RFC 7515, compact form; RFC 7519), and a
 * set of keys (RFC 7517). Reads, and judges nothing: which algorithm, which
 * key, and whether the signature holds, is for the one who uses it. */
#ifndef AVER_VERIFY_JWT_H
#define AVER_VERIFY_JWT_H

#include "base/buf.h"
#include "base/error.h"

#define AVER_JWT_MAX ((size_t)64 << 10)
#define AVER_JWT_KID_MAX 128 /* with a NUL */

struct aver_jwt {
    struct aver_buf text;      /* as it came */
    size_t signed_n;           /* so many bytes of it are signed */
    struct aver_buf payload;   /* decoded; whether it is JSON was not asked */
    struct aver_buf signature; /* decoded; may be empty */
    /* Of the header; "" if it has none. */
    char alg[24]; /* cut; other characters than printable ones as '?' */
    char kid[AVER_JWT_KID_MAX];
    bool has_critical; /* it says that something must be understood ("crit") */
};

/* 0; -1 with `err` if it is not three parts in base64url, the first of them a
 * JSON object whose kid, if there is one, is a short text without blanks.
 * Copies what it keeps. Clear it in any case. */
AVER_MUST_CHECK int aver_jwt_parse(struct aver_jwt *t, struct aver_bytes token,
                                   struct aver_error *err);
void aver_jwt_clear(struct aver_jwt *t);
/* What the signature is over. */
struct aver_bytes aver_jwt_signed(const struct aver_jwt *t);

#define AVER_JWKS_MAX ((size_t)512 << 10)
#define AVER_JWKS_KEYS_MAX 256

struct aver_jwk {
    char kid[AVER_JWT_KID_MAX];
    char fault[80];    /* why it is no key for ES384; "" if it is one */
    uint8_t point[97]; /* 04 || x || y, if so; perhaps not on the curve */
};

struct aver_jwks {
    unsigned n;
    struct aver_jwk key[AVER_JWKS_KEYS_MAX];
};

/* {"keys": [...]}. Keys without a kid, which no token can name, are passed
 * over. */
AVER_MUST_CHECK int aver_jwks_parse(struct aver_jwks *s, struct aver_bytes in,
                                    struct aver_error *err);
/* The key of that name, and how many have it; NULL unless exactly one has. */
const struct aver_jwk *aver_jwks_find(const struct aver_jwks *s,
                                      const char *kid, unsigned *n);

#endif
