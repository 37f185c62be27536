/* SPDX-License-Identifier: Apache-2.0
 *
 * report_data: the 64 bytes by which a quote vouches for a key and a nonce.
 * The attester builds them here, the verifier rebuilds them here. */
#ifndef AVER_CRYPTO_REPORT_DATA_H
#define AVER_CRYPTO_REPORT_DATA_H

#include "base/bytes.h"

/* `key_id`: the 20 bytes of an address, or the 32 of an Ed25519 key; no other
 * length. Without `spki_sha256` (NULL) layout A: the key id, zeros up to 32
 * bytes, the nonce. With it layout B: SHA-256(key id || spki_sha256), the
 * nonce. */
void aver_report_data(uint8_t out[static 64], struct aver_bytes key_id,
                      const uint8_t *spki_sha256,
                      const uint8_t nonce[static 32]);

#endif
