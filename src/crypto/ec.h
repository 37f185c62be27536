/* SPDX-License-Identifier: Apache-2.0
 *
 * ec: ECDSA verification over P-256 with SHA-256 and P-384 with SHA-384
 * (FIPS 186-5), by OpenSSL. */
#ifndef AVER_CRYPTO_EC_H
#define AVER_CRYPTO_EC_H

#include "base/bytes.h"
#include "base/error.h"

enum aver_curve { AVER_P256 = 0, AVER_P384 };
#define AVER_EC_POINT_MAX 97

/* 32 or 48. */
size_t aver_curve_size(enum aver_curve curve);

/* A public key, for one thread at a time. */
struct aver_ec_key;
/* From an uncompressed point, 04 || x || y. NULL if that is none on the
 * curve, or memory is short. */
struct aver_ec_key *aver_ec_key_new(enum aver_curve curve,
                                    struct aver_bytes point);
void aver_ec_key_free(struct aver_ec_key *k);
enum aver_curve aver_ec_curve(const struct aver_ec_key *k);
/* True if `sig` (DER, ECDSA-Sig-Value of RFC 3279) signs the message. */
bool aver_ec_verify(struct aver_ec_key *k, struct aver_bytes message,
                    struct aver_bytes sig);
/* The same for r || s, each as long as the curve's size, big endian. */
bool aver_ec_verify_raw(struct aver_ec_key *k, struct aver_bytes message,
                        struct aver_bytes rs);

#endif
