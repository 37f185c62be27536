/* SPDX-License-Identifier: Apache-2.0
 *
 * sign: the text of a receipt and its two signatures. Both are deterministic
 * (RFC 6979, RFC 8032): whenever a receipt is signed, it is signed alike. */
#ifndef AVER_NOTARY_SIGN_H
#define AVER_NOTARY_SIGN_H

#include "notary/keys.h"
#include "notary/message.h"

#define SIGN_TEXT_MAX sizeof(((struct notary_answer *)0)->text)

/* Who signs. */
struct signer {
    struct aver_k1 *k1;
    struct keys *keys;
    uint8_t k1_public[64], address[20], ed_public[32];
    char prefix[NOTARY_MODEL_MAX + 1]; /* "MODEL:" of the three-part text */
    size_t prefix_len;                 /* 0: two-part text */
};

/* Takes over `keys`, which are drawn. `model` is NULL for the two-part text.
 * -1 if the model's name is empty or too long, or the keys are none;
 * signer_clear is due in either case. */
AVER_MUST_CHECK int signer_init(struct signer *s, struct keys *keys,
                                const char *model, struct aver_error *err);
void signer_clear(struct signer *s);
/* Writes "[MODEL:]request:response", both hashes in lower-case hex, without a
 * NUL; its length. */
size_t sign_text(const struct signer *s, char out[static SIGN_TEXT_MAX],
                 const uint8_t request_sha256[static 32],
                 const uint8_t response_sha256[static 32]);
/* r||s||v over the EIP-191 digest of the text. */
void sign_ecdsa(const struct signer *s, uint8_t sig[static 65],
                struct aver_bytes text);
void sign_ed25519(const struct signer *s, uint8_t sig[static 64],
                  struct aver_bytes text);

#endif
