/* SPDX-License-Identifier: Apache-2.0
 *
 * sha2: SHA-256, SHA-384, SHA-512 (FIPS 180-4), by OpenSSL. */
#ifndef AVER_CRYPTO_SHA2_H
#define AVER_CRYPTO_SHA2_H

#include "base/bytes.h"

/* A running SHA-256. Contexts are meant to be kept and used again. */
struct aver_sha256;
struct aver_sha256 *aver_sha256_new(void); /* NULL when memory is short */
void aver_sha256_free(struct aver_sha256 *h);
void aver_sha256_start(struct aver_sha256 *h);
void aver_sha256_update(struct aver_sha256 *h, struct aver_bytes in);
/* Digest of what came since the start. Start again before further use. */
void aver_sha256_finish(struct aver_sha256 *h, uint8_t out[static 32]);

void aver_sha256(uint8_t out[static 32], struct aver_bytes in);
void aver_sha384(uint8_t out[static 48], struct aver_bytes in);
void aver_sha512(uint8_t out[static 64], struct aver_bytes in);

#endif
