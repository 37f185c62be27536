/* SPDX-License-Identifier: Apache-2.0
 *
 * sign: see sign.h. The keys sign this text and nothing else. */
#include "notary/sign.h"

#include "base/text.h"
#include "crypto/ed25519.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* "MODEL:" or nothing. */
static int set_prefix(struct signer *s, const char *model,
                      struct aver_error *err)
{
    if (!model)
        return 0;
    size_t n = strlen(model);
    if (n == 0 || n > NOTARY_MODEL_MAX)
        return aver_fail(err, AVER_ECONFIG,
                         "signature-text 3part needs a model-name of 1 to %d "
                         "bytes, not %zu",
                         NOTARY_MODEL_MAX, n);
    memcpy(s->prefix, model, n);
    s->prefix[n] = ':';
    s->prefix_len = n + 1;
    return 0;
}

int signer_init(struct signer *s, struct keys *keys, const char *model,
                struct aver_error *err)
{
    *s = (struct signer){.keys = keys};
    if (set_prefix(s, model, err) != 0)
        return -1;
    s->k1 = aver_k1_new();
    if (!s->k1)
        abort();
    if (aver_k1_public(s->k1, s->k1_public, keys->k1) != 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the signing key is no scalar of secp256k1");
    aver_address_of(s->address, s->k1_public);
    memcpy(s->ed_public, keys->ed + 32, sizeof(s->ed_public));
    return 0;
}

void signer_clear(struct signer *s)
{
    keys_free(s->keys);
    aver_k1_free(s->k1);
    *s = (struct signer){0};
}

size_t sign_text(const struct signer *s, char out[static SIGN_TEXT_MAX],
                 const uint8_t request_sha256[static 32],
                 const uint8_t response_sha256[static 32])
{
    char hex[65];
    size_t n = s->prefix_len;
    memcpy(out, s->prefix, n);
    aver_hex_encode(hex, request_sha256, 32);
    memcpy(out + n, hex, 64);
    out[n + 64] = ':';
    aver_hex_encode(hex, response_sha256, 32);
    memcpy(out + n + 65, hex, 64);
    return n + 129;
}

void sign_ecdsa(const struct signer *s, uint8_t sig[static 65],
                struct aver_bytes text)
{
    uint8_t digest[32];
    aver_eip191_digest(digest, text);
    int rc = aver_k1_sign(s->k1, sig, s->keys->k1, digest);
    assert(rc == 0); /* signer_init has seen the key work */
    (void)rc;
}

void sign_ed25519(const struct signer *s, uint8_t sig[static 64],
                  struct aver_bytes text)
{
    aver_ed25519_sign(sig, s->keys->ed, text);
}
