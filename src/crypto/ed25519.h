/* SPDX-License-Identifier: Apache-2.0
 *
 * ed25519: RFC 8032, by libsodium, which refuses small-order keys and points
 * and S >= L where OpenSSL 3.0 does not. */
#ifndef AVER_CRYPTO_ED25519_H
#define AVER_CRYPTO_ED25519_H

#include "base/bytes.h"

/* `secret` is libsodium's form: seed || public key. */
void aver_ed25519_from_seed(uint8_t secret[static 64], uint8_t pub[static 32],
                            const uint8_t seed[static 32]);
void aver_ed25519_sign(uint8_t sig[static 64], const uint8_t secret[static 64],
                       struct aver_bytes message);
bool aver_ed25519_verify(const uint8_t sig[static 64],
                         const uint8_t pub[static 32],
                         struct aver_bytes message);

#endif
