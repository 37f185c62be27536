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

/* What verifies, for keys of both curves, one thread at a time. It keeps what
 * is costly to make: a key of each curve, whose point it exchanges. */
struct aver_ec;
struct aver_ec *aver_ec_new(void); /* NULL when memory is short */
void aver_ec_free(struct aver_ec *ec);
/* True if the bytes are an uncompressed point (04 || x || y) of the curve. */
bool aver_ec_point_ok(struct aver_ec *ec, enum aver_curve curve,
                      struct aver_bytes point);
/* True if `sig` (DER, ECDSA-Sig-Value of RFC 3279) signs the message under the
 * key that is this point. */
bool aver_ec_verify(struct aver_ec *ec, enum aver_curve curve,
                    struct aver_bytes point, struct aver_bytes message,
                    struct aver_bytes sig);
/* The same for r || s, each as long as the curve's size, big endian. */
bool aver_ec_verify_raw(struct aver_ec *ec, enum aver_curve curve,
                        struct aver_bytes point, struct aver_bytes message,
                        struct aver_bytes rs);

#endif
