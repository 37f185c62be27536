/* SPDX-License-Identifier: Apache-2.0
 *
 * sha2: SHA-2 by OpenSSL. A running digest keeps its context, and starting it
 * again costs no lookup of the algorithm. Hashing cannot fail for another
 * reason than memory; as nothing may go on with half a digest, it aborts. */
#include "crypto/sha2.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct aver_sha256 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

static void must(int ok)
{
    if (ok != 1)
        abort();
}

struct aver_sha256 *aver_sha256_new(void)
{
    struct aver_sha256 *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (h->md == NULL || h->ctx == NULL ||
        EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1) {
        aver_sha256_free(h);
        return NULL;
    }
    return h;
}

void aver_sha256_free(struct aver_sha256 *h)
{
    if (h == NULL)
        return;
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->md);
    free(h);
}

/* Without a type the context keeps the one it has. */
void aver_sha256_start(struct aver_sha256 *h)
{
    must(EVP_DigestInit_ex2(h->ctx, NULL, NULL));
}

void aver_sha256_update(struct aver_sha256 *h, struct aver_bytes in)
{
    must(EVP_DigestUpdate(h->ctx, in.p, in.n));
}

void aver_sha256_finish(struct aver_sha256 *h, uint8_t out[static 32])
{
    must(EVP_DigestFinal_ex(h->ctx, out, NULL));
}

/* An empty view may hold no pointer, which OpenSSL need not take. */
static const uint8_t *start_of(struct aver_bytes in)
{
    return in.n > 0 ? in.p : (const uint8_t *)"";
}

void aver_sha256(uint8_t out[static 32], struct aver_bytes in)
{
    must(SHA256(start_of(in), in.n, out) != NULL);
}

void aver_sha384(uint8_t out[static 48], struct aver_bytes in)
{
    must(SHA384(start_of(in), in.n, out) != NULL);
}

void aver_sha512(uint8_t out[static 64], struct aver_bytes in)
{
    must(SHA512(start_of(in), in.n, out) != NULL);
}
