/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_sign: ECDSA by OpenSSL, from raw key to raw signature. */
#include "attest/simulator_sign.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

/* NULL if OpenSSL does not take it. */
static EVP_PKEY *key_load(const struct simulator_key *key)
{
    const char *group = key->n == 32 ? "P-256" : "P-384";
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    BIGNUM *secret = BN_bin2bn(key->secret, (int)key->n, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *out = NULL;

    if (build == NULL || ctx == NULL || secret == NULL ||
        !OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                         group, 0) ||
        !OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                          key->point, 2 * key->n + 1) ||
        !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret))
        goto out;
    params = OSSL_PARAM_BLD_to_param(build);
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_KEYPAIR, params) <= 0)
        out = NULL;
out:
    OSSL_PARAM_free(params);
    BN_free(secret);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_BLD_free(build);
    return out;
}

/* SEQUENCE { r, s } to r || s. */
static int raw_of_der(uint8_t *sig, size_t n, const uint8_t *der, size_t len)
{
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int rc = -1;

    if (parsed == NULL)
        return -1;
    if (BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig, (int)n) == (int)n &&
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig + n, (int)n) == (int)n)
        rc = 0;
    ECDSA_SIG_free(parsed);
    return rc;
}

int simulator_sign_der(const struct simulator_key *key,
                       struct aver_bytes message,
                       uint8_t der[static SIMULATOR_SIGNATURE_MAX], size_t *n,
                       struct aver_error *err)
{
    const char *digest = key->n == 32 ? "SHA256" : "SHA384";
    EVP_PKEY *pkey = key_load(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int rc = -1;

    *n = SIMULATOR_SIGNATURE_MAX;
    if (pkey != NULL && ctx != NULL &&
        EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL) > 0 &&
        EVP_DigestSign(ctx, der, n, message.p, message.n) > 0)
        rc = 0;
    else
        aver_fail(err, AVER_EIO, "simulator: OpenSSL does not sign");
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return rc;
}

int simulator_sign(const struct simulator_key *key, struct aver_bytes message,
                   uint8_t *sig, struct aver_error *err)
{
    uint8_t der[SIMULATOR_SIGNATURE_MAX];
    size_t n;

    if (simulator_sign_der(key, message, der, &n, err) != 0)
        return -1;
    if (raw_of_der(sig, key->n, der, n) != 0)
        return aver_fail(err, AVER_EIO, "simulator: OpenSSL does not sign");
    return 0;
}
