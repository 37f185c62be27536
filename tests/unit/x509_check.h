/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_check: certificates and raw ECDSA signatures judged by OpenSSL alone,
 * so that a test of our own signing does not lean on our own code. */
#ifndef AVER_TESTS_X509_CHECK_H
#define AVER_TESTS_X509_CHECK_H

#include "base/bytes.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* All certificates of a PEM text, in order; as many as there are blocks. */
__attribute__((unused)) static STACK_OF(X509) *
    x509_check_chain(const void *pem, size_t n)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)n);
    STACK_OF(X509) *out = sk_X509_new_null();
    X509 *cert = NULL;

    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        sk_X509_push(out, cert);
    ERR_clear_error();
    BIO_free(bio);
    return out;
}

__attribute__((unused)) static X509 *x509_check_one(const char *pem)
{
    STACK_OF(X509) *all = x509_check_chain(pem, strlen(pem));
    X509 *out = sk_X509_num(all) == 1 ? sk_X509_shift(all) : NULL;

    sk_X509_pop_free(all, X509_free);
    return out;
}

/* What `openssl verify -x509_strict -attime 2026-01-01 -trusted root` says of
 * the first certificate, with the others as helpers: X509_V_OK or why not. */
__attribute__((unused)) static int x509_check_verify(STACK_OF(X509) * chain,
                                                     X509 *root)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    int rc = X509_V_ERR_UNSPECIFIED;

    X509_STORE_add_cert(store, root);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(param, 1767225600);
    X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain);
    if (X509_verify_cert(ctx) == 1)
        rc = X509_V_OK;
    else
        rc = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return rc;
}

/* A public key from X || Y, n bytes each: 32 (P-256) or 48 (P-384). */
__attribute__((unused)) static EVP_PKEY *x509_check_point(const uint8_t *xy,
                                                          size_t n)
{
    uint8_t point[97] = {4};
    char p256[] = "P-256", p384[] = "P-384";
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *out = NULL;

    memcpy(point + 1, xy, 2 * n);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string("group", n == 32 ? p256 : p384, 0),
        OSSL_PARAM_construct_octet_string("pub", point, 2 * n + 1),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_fromdata_init(ctx);
    if (EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        out = NULL;
    EVP_PKEY_CTX_free(ctx);
    return out;
}

/* True if r || s, n bytes each, is a signature of the message under the key,
 * with SHA-256 where n is 32, SHA-384 where it is 48. */
__attribute__((unused)) static bool x509_check_raw(EVP_PKEY *key,
                                                   struct aver_bytes message,
                                                   const uint8_t *rs, size_t n)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *der = NULL;

    ECDSA_SIG_set0(sig, BN_bin2bn(rs, (int)n, NULL),
                   BN_bin2bn(rs + n, (int)n, NULL));
    int len = i2d_ECDSA_SIG(sig, &der);
    bool ok =
        EVP_DigestVerifyInit_ex(ctx, NULL, n == 32 ? "SHA256" : "SHA384", NULL,
                                NULL, key, NULL) == 1 &&
        EVP_DigestVerify(ctx, der, (size_t)len, message.p, message.n) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG_free(sig);
    return ok;
}

/* Value of the one extension with that OID: the content of its OCTET STRING.
 * Empty if there is none, or more than one. Borrowed from the certificate. */
__attribute__((unused)) static struct aver_bytes
x509_check_extension(const X509 *cert, const char *oid)
{
    ASN1_OBJECT *want = OBJ_txt2obj(oid, 1);
    int at = X509_get_ext_by_OBJ(cert, want, -1);
    int again = at < 0 ? -1 : X509_get_ext_by_OBJ(cert, want, at);
    struct aver_bytes out = {NULL, 0};

    ASN1_OBJECT_free(want);
    if (at < 0 || again >= 0)
        return out;
    ASN1_OCTET_STRING *s = X509_EXTENSION_get_data(X509_get_ext(cert, at));
    out.p = ASN1_STRING_get0_data(s);
    out.n = (size_t)ASN1_STRING_length(s);
    return out;
}

#endif
