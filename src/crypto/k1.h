/* SPDX-License-Identifier: Apache-2.0
 *
 * k1: recoverable ECDSA over secp256k1 (libsecp256k1; RFC 6979, low s),
 * Ethereum addresses (EIP-55) and personal messages (EIP-191, version 0x45). */
#ifndef AVER_CRYPTO_K1_H
#define AVER_CRYPTO_K1_H

#include "base/bytes.h"
#include "base/error.h"

#define AVER_ADDRESS_TEXT 43 /* "0x", 40 digits, NUL */

/* A context with blinding of its own. NULL when memory is short. */
struct aver_k1;
struct aver_k1 *aver_k1_new(void);
void aver_k1_free(struct aver_k1 *k);

/* True if 32 bytes are a scalar in 1..n-1. */
bool aver_k1_secret_ok(const struct aver_k1 *k,
                       const uint8_t secret[static 32]);
/* Public point as X||Y. -1 if the secret is none. */
AVER_MUST_CHECK int aver_k1_public(const struct aver_k1 *k,
                                   uint8_t pub[static 64],
                                   const uint8_t secret[static 32]);
/* r||s||v, v = 27 or 28. -1 if the secret is none. */
AVER_MUST_CHECK int aver_k1_sign(const struct aver_k1 *k,
                                 uint8_t sig[static 65],
                                 const uint8_t secret[static 32],
                                 const uint8_t digest[static 32]);
/* The key that made the signature. -1 for v other than 0, 1, 27, 28, high s,
 * or a signature from which no key can be recovered. */
AVER_MUST_CHECK int aver_k1_recover(const struct aver_k1 *k,
                                    uint8_t pub[static 64],
                                    const uint8_t sig[static 65],
                                    const uint8_t digest[static 32]);
/* True if r||s (low s only) is a signature of `digest` under X||Y. */
bool aver_k1_verify(const struct aver_k1 *k, const uint8_t pub[static 64],
                    const uint8_t rs[static 64],
                    const uint8_t digest[static 32]);

/* Last 20 bytes of Keccak-256(X||Y). */
void aver_address_of(uint8_t address[static 20], const uint8_t pub[static 64]);
/* EIP-55 spelling with "0x". */
void aver_address_format(char out[static AVER_ADDRESS_TEXT],
                         const uint8_t address[static 20]);
/* "0x" and 40 digits of any case. -1 for anything else. `*checked` (may be
 * NULL) tells whether it is the EIP-55 spelling, so that its checksum held. */
AVER_MUST_CHECK int aver_address_parse(uint8_t address[static 20],
                                       bool *checked, struct aver_bytes text);
/* Keccak-256(0x19 "Ethereum Signed Message:" LF, decimal length, text). */
void aver_eip191_digest(uint8_t digest[static 32], struct aver_bytes text);

#endif
