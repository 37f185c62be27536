/* SPDX-License-Identifier: Apache-2.0
 *
 * ec: a key keeps its context, ready to verify. High s is the same signature
 * as low s, so a signature is never an identity. */
#include "crypto/ec.h"

#include "crypto/sha2.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct aver_ec_key {
    enum aver_curve curve;
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx;
};

static const struct {
    const char *name;
    size_t size;
} curves[] = {{"prime256v1", 32}, {"secp384r1", 48}};

size_t aver_curve_size(enum aver_curve curve)
{
    return curves[curve].size;
}

static EVP_PKEY *import(enum aver_curve curve, struct aver_bytes point)
{
    char group[16];
    uint8_t copy[AVER_EC_POINT_MAX];
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

    snprintf(group, sizeof(group), "%s", curves[curve].name);
    memcpy(copy, point.p, point.n);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy,
                                          point.n),
        OSSL_PARAM_construct_end(),
    };
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

struct aver_ec_key *aver_ec_key_new(enum aver_curve curve,
                                    struct aver_bytes point)
{
    struct aver_ec_key *k = NULL;

    if (point.n != 1 + 2 * curves[curve].size || point.p[0] != 4)
        return NULL;
    k = calloc(1, sizeof(*k));
    if (k == NULL)
        return NULL;
    k->curve = curve;
    k->key = import(curve, point);
    if (k->key != NULL)
        k->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
    if (k->ctx == NULL || EVP_PKEY_verify_init(k->ctx) != 1) {
        aver_ec_key_free(k);
        k = NULL;
    }
    ERR_clear_error();
    return k;
}

void aver_ec_key_free(struct aver_ec_key *k)
{
    if (k == NULL)
        return;
    EVP_PKEY_CTX_free(k->ctx);
    EVP_PKEY_free(k->key);
    free(k);
}

enum aver_curve aver_ec_curve(const struct aver_ec_key *k)
{
    return k->curve;
}

bool aver_ec_verify(struct aver_ec_key *k, struct aver_bytes message,
                    struct aver_bytes sig)
{
    uint8_t digest[48];
    bool ok;

    if (k->curve == AVER_P256)
        aver_sha256(digest, message);
    else
        aver_sha384(digest, message);
    if (sig.n == 0)
        return false;
    ok = EVP_PKEY_verify(k->ctx, sig.p, sig.n, digest, curves[k->curve].size) ==
         1;
    ERR_clear_error();
    return ok;
}

/* INTEGER of `size` big-endian bytes; returns its length in `out`. */
static size_t put_integer(uint8_t *out, const uint8_t *p, size_t size)
{
    size_t n = 2;

    while (size > 1 && p[0] == 0) {
        p++;
        size--;
    }
    if (p[0] >= 0x80)
        out[n++] = 0;
    memcpy(out + n, p, size);
    n += size;
    out[0] = 0x02;
    out[1] = (uint8_t)(n - 2);
    return n;
}

bool aver_ec_verify_raw(struct aver_ec_key *k, struct aver_bytes message,
                        struct aver_bytes rs)
{
    uint8_t der[2 + 2 * (3 + 48)];
    size_t size = curves[k->curve].size, n = 2;

    if (rs.n != 2 * size)
        return false;
    n += put_integer(der + n, rs.p, size);
    n += put_integer(der + n, rs.p + size, size);
    der[0] = 0x30;
    der[1] = (uint8_t)(n - 2); /* at most 102: the short form */
    return aver_ec_verify(k, message, aver_bytes_of(der, n));
}
