/* SPDX-License-Identifier: Apache-2.0
 *
 * keccak: Keccak-256 with the padding of 2011 that Ethereum uses (not the
 * SHA3-256 of FIPS 202). */
#ifndef AVER_CRYPTO_KECCAK_H
#define AVER_CRYPTO_KECCAK_H

#include "base/bytes.h"

void aver_keccak256(uint8_t out[static 32], struct aver_bytes in);

#endif
