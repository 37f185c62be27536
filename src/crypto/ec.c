/* SPDX-License-Identifier: Apache-2.0
 *
 * ec: a key object is costly to make (its group above all), a point is not,
 * so one object a curve is kept and given each point in turn. High s is the
 * same signature as low s, so a signature is never an identity. */
#include "crypto/ec.h"

#include "crypto/sha2.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx; /* ready to verify with it */
    uint8_t point[AVER_EC_POINT_MAX];
    size_t n; /* of the point in it; 0: none that counts */
};

struct aver_ec {
    struct aver_sha256 *sha256;
    struct key key[2];
};

static const struct {
    const char *name;
    size_t size;
} curves[] = {{"prime256v1", 32}, {"secp384r1", 48}};

size_t aver_curve_size(enum aver_curve curve)
{
    return curves[curve].size;
}

struct aver_ec *aver_ec_new(void)
{
    struct aver_ec *ec = calloc(1, sizeof(*ec));

    if (ec == NULL)
        return NULL;
    ec->sha256 = aver_sha256_new();
    if (ec->sha256 == NULL) {
        free(ec);
        ec = NULL;
    }
    return ec;
}

static void key_clear(struct key *k)
{
    EVP_PKEY_CTX_free(k->ctx);
    EVP_PKEY_free(k->key);
    memset(k, 0, sizeof(*k));
}

void aver_ec_free(struct aver_ec *ec)
{
    if (ec == NULL)
        return;
    for (unsigned i = 0; i < 2; i++)
        key_clear(&ec->key[i]);
    aver_sha256_free(ec->sha256);
    free(ec);
}

/* The key's object, with its first point. */
static bool make(struct key *k, enum aver_curve curve, struct aver_bytes point)
{
    char group[16];
    uint8_t copy[AVER_EC_POINT_MAX];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool ok;

    snprintf(group, sizeof(group), "%s", curves[curve].name);
    memcpy(copy, point.p, point.n);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy,
                                          point.n),
        OSSL_PARAM_construct_end(),
    };
    ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, &k->key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (ok)
        k->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
    ok = ok && k->ctx != NULL && EVP_PKEY_verify_init(k->ctx) == 1;
    if (!ok)
        key_clear(k);
    return ok;
}

/* The key of this point, ready; NULL if it is not on the curve. */
static struct key *use(struct aver_ec *ec, enum aver_curve curve,
                       struct aver_bytes point)
{
    struct key *k = &ec->key[curve];
    bool ok;

    if (point.n != 1 + 2 * curves[curve].size || point.p[0] != 4)
        return NULL;
    if (k->n == point.n && memcmp(k->point, point.p, point.n) == 0)
        return k;
    k->n = 0;
    if (k->key == NULL)
        ok = make(k, curve, point);
    else
        ok = EVP_PKEY_set1_encoded_public_key(k->key, point.p, point.n) == 1;
    ERR_clear_error();
    if (!ok)
        return NULL;
    memcpy(k->point, point.p, point.n);
    k->n = point.n;
    return k;
}

bool aver_ec_point_ok(struct aver_ec *ec, enum aver_curve curve,
                      struct aver_bytes point)
{
    return use(ec, curve, point) != NULL;
}

static void hash(struct aver_ec *ec, enum aver_curve curve,
                 uint8_t digest[static 48], struct aver_bytes message)
{
    if (curve == AVER_P384) {
        aver_sha384(digest, message);
        return;
    }
    aver_sha256_start(ec->sha256);
    aver_sha256_update(ec->sha256, message);
    aver_sha256_finish(ec->sha256, digest);
}

bool aver_ec_verify(struct aver_ec *ec, enum aver_curve curve,
                    struct aver_bytes point, struct aver_bytes message,
                    struct aver_bytes sig)
{
    struct key *k = use(ec, curve, point);
    uint8_t digest[48];
    bool ok;

    if (k == NULL || sig.n == 0)
        return false;
    hash(ec, curve, digest, message);
    ok = EVP_PKEY_verify(k->ctx, sig.p, sig.n, digest, curves[curve].size) == 1;
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

bool aver_ec_verify_raw(struct aver_ec *ec, enum aver_curve curve,
                        struct aver_bytes point, struct aver_bytes message,
                        struct aver_bytes rs)
{
    uint8_t der[2 + 2 * (3 + 48)];
    size_t size = curves[curve].size, n = 2;

    if (rs.n != 2 * size)
        return false;
    n += put_integer(der + n, rs.p, size);
    n += put_integer(der + n, rs.p + size, size);
    der[0] = 0x30;
    der[1] = (uint8_t)(n - 2); /* at most 102: the short form */
    return aver_ec_verify(ec, curve, point, message, aver_bytes_of(der, n));
}
