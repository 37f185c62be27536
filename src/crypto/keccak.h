/* SPDX-License-Identifier: Apache-2.0
 *
 * keccak: Keccak-256 with the padding of 2011 that Ethereum uses (not the
 * SHA3-256 of FIPS 202). */
#ifndef AVER_CRYPTO_KECCAK_H
#define AVER_CRYPTO_KECCAK_H

#include "base/bytes.h"

/* A running digest, in the caller's storage. */
struct aver_keccak {
    uint64_t lanes[25];
    uint8_t block[136]; /* input that does not fill a block yet */
    size_t n;           /* bytes of it, fewer than 136 */
};

void aver_keccak_start(struct aver_keccak *k);
void aver_keccak_update(struct aver_keccak *k, struct aver_bytes in);
/* Digest of what came since the start. Start again before further use. */
void aver_keccak_finish(struct aver_keccak *k, uint8_t out[static 32]);

void aver_keccak256(uint8_t out[static 32], struct aver_bytes in);

#endif
