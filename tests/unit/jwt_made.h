/* SPDX-License-Identifier: Apache-2.0
 *
 * jwt_made: tokens (RFC 7515) signed by keys that OpenSSL draws in the test,
 * sets of such keys (RFC 7517), and a whole answer of NVIDIA's service that is
 * flawless until a test changes it. */
#ifndef AVER_TESTS_JWT_MADE_H
#define AVER_TESTS_JWT_MADE_H

#include "base/buf.h"
#include "base/text.h"
#include "crypto/sha2.h"

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JWT_MADE_MAX ((size_t)1 << 20)

__attribute__((noreturn, unused)) static void jwt_broken(const char *what)
{
    fprintf(stderr, "jwt made: %s\n", what);
    abort();
}

static void jwt_base64url(struct aver_buf *out, struct aver_bytes in)
{
    size_t at = out->n;

    if (aver_base64_encode_buf(out, in) != 0)
        jwt_broken("base64");
    for (size_t i = at; i < out->n; i++)
        out->p[i] = (uint8_t)(out->p[i] == '+'   ? '-'
                              : out->p[i] == '/' ? '_'
                                                 : out->p[i]);
    while (out->n > at && out->p[out->n - 1] == '=')
        out->n--;
}

__attribute__((unused)) static EVP_PKEY *jwt_key(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);

    if (key == NULL)
        jwt_broken("no key");
    return key;
}

/* x and y of a key in base64url. Free with json_decref. */
__attribute__((unused)) static json_t *jwk_of(EVP_PKEY *key, const char *kid)
{
    uint8_t point[133];
    size_t n = 0;
    struct aver_buf x, y;

    if (EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &n) !=
        1)
        jwt_broken("no point");
    aver_buf_init(&x, 200);
    aver_buf_init(&y, 200);
    jwt_base64url(&x, aver_bytes_of(point + 1, n / 2));
    jwt_base64url(&y, aver_bytes_of(point + 1 + n / 2, n / 2));
    json_t *out = json_pack("{s:s, s:s, s:s, s:s%, s:s%}", "kty", "EC", "crv",
                            "P-384", "kid", kid, "x", x.p, x.n, "y", y.p, y.n);
    if (out == NULL)
        jwt_broken("no memory");
    aver_buf_clear(&x);
    aver_buf_clear(&y);
    return out;
}

/* r || s, each 48 bytes (RFC 7518 3.4). */
static void jwt_sign(uint8_t rs[static 96], EVP_PKEY *key,
                     struct aver_bytes text)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t der[160];
    size_t n = sizeof(der);

    if (EVP_DigestSignInit_ex(ctx, NULL, "SHA384", NULL, NULL, key, NULL) !=
            1 ||
        EVP_DigestSign(ctx, der, &n, text.p, text.n) != 1)
        jwt_broken("no signature");
    const uint8_t *p = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    if (sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 48) != 48 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 48, 48) != 48)
        jwt_broken("no r and s");
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
}

/* A token of any header and claims; a key of NULL leaves the last part empty.
 * Free it. */
__attribute__((unused)) static char *
jwt_token(EVP_PKEY *key, const char *header, const char *claims)
{
    struct aver_buf out;
    uint8_t rs[96];

    aver_buf_init(&out, JWT_MADE_MAX);
    jwt_base64url(&out, aver_bytes_str(header));
    if (aver_buf_append_str(&out, ".") != 0)
        jwt_broken("no memory");
    jwt_base64url(&out, aver_bytes_str(claims));
    if (key != NULL)
        jwt_sign(rs, key, aver_buf_view(&out));
    if (aver_buf_append_str(&out, ".") != 0)
        jwt_broken("no memory");
    if (key != NULL)
        jwt_base64url(&out, aver_bytes_of(rs, 96));
    if (aver_buf_append(&out, "", 1) != 0)
        jwt_broken("no memory");
    return (char *)out.p;
}

/* An answer about two GPUs: what a test may change before it is made. */
struct nras_made {
    EVP_PKEY *key;
    json_t *jwks;
    json_t *header;    /* of every token, */
    json_t *header_of; /* but of those that are named here */
    json_t *overall;   /* claims; submods is filled in, unless it is there */
    json_t *gpus;      /* name: claims */
    /* A token in place of the one that its claims would make: but for its
     * digest, which is still that of the other. */
    json_t *instead;
};

#define NRAS_MADE_AT 1781056202
#define NRAS_MADE_NONCE                                                        \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

__attribute__((unused)) static void nras_made_new(struct nras_made *m)
{
    memset(m, 0, sizeof(*m));
    m->key = jwt_key("P-384");
    m->jwks = json_pack("{s:[o]}", "keys", jwk_of(m->key, "key-1"));
    m->header = json_pack("{s:s, s:s}", "alg", "ES384", "kid", "key-1");
    m->header_of = json_object();
    m->instead = json_object();
    m->overall = json_pack(
        "{s:s, s:s, s:s, s:b, s:i, s:i, s:i}", "iss",
        "https://nras.attestation.nvidia.com", "eat_nonce", NRAS_MADE_NONCE,
        "x-nvidia-ver", "2.0", "x-nvidia-overall-att-result", 1, "nbf",
        NRAS_MADE_AT - 60, "iat", NRAS_MADE_AT - 60, "exp", NRAS_MADE_AT + 60);
    m->gpus = json_object();
    for (int i = 0; i < 2; i++) {
        char name[16];

        snprintf(name, sizeof(name), "GPU-%d", i);
        json_object_set_new(
            m->gpus, name,
            json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:b, s:s, s:s, s:s, s:s}",
                      "iss", "https://nras.attestation.nvidia.com", "eat_nonce",
                      NRAS_MADE_NONCE, "nbf", NRAS_MADE_AT - 60, "exp",
                      NRAS_MADE_AT + 60, "measres", "success", "dbgstat",
                      "disabled", "secboot", 1, "hwmodel", "GH100", "ueid",
                      "4711", "x-nvidia-gpu-driver-version", "570.172.08",
                      "x-nvidia-gpu-vbios-version", "96.00.CF.00.02"));
    }
}

__attribute__((unused)) static void nras_made_clear(struct nras_made *m)
{
    EVP_PKEY_free(m->key);
    json_decref(m->jwks);
    json_decref(m->header);
    json_decref(m->header_of);
    json_decref(m->instead);
    json_decref(m->overall);
    json_decref(m->gpus);
}

static char *nras_made_token(const struct nras_made *m, const char *name,
                             const json_t *claims)
{
    const json_t *own = json_object_get(m->header_of, name);
    char *head = json_dumps(own != NULL ? own : m->header, JSON_COMPACT);
    char *body = json_dumps(claims, JSON_COMPACT);
    char *out = jwt_token(m->key, head, body);

    free(head);
    free(body);
    return out;
}

/* The text of the answer. Free it. */
__attribute__((unused)) static char *nras_made_text(const struct nras_made *m)
{
    json_t *tokens = json_object(), *submods = json_object(), *claims;
    const char *name;

    json_object_foreach(m->gpus, name, claims)
    {
        char *token = nras_made_token(m, name, claims), hex[65];
        const json_t *other = json_object_get(m->instead, name);
        uint8_t digest[32];

        aver_sha256(digest, aver_bytes_str(token));
        aver_hex_encode(hex, digest, 32);
        json_object_set_new(submods, name,
                            json_pack("[s, [s, s]]", "DIGEST", "SHA-256", hex));
        json_object_set_new(
            tokens, name,
            json_string(other != NULL ? json_string_value(other) : token));
        free(token);
    }
    if (json_object_get(m->overall, "submods") == NULL)
        json_object_set(m->overall, "submods", submods);
    char *overall = nras_made_token(m, "", m->overall);
    json_t *tree = json_pack("[[s, s], o]", "JWT", overall, tokens);
    char *out = json_dumps(tree, 0);
    if (out == NULL)
        jwt_broken("no memory");
    free(overall);
    json_decref(submods);
    json_decref(tree);
    return out;
}

#endif
