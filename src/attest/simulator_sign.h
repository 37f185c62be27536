/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_sign: ECDSA with the simulator's published keys, and nothing
 * else. */
#ifndef AVER_ATTEST_SIMULATOR_SIGN_H
#define AVER_ATTEST_SIMULATOR_SIGN_H

#include "base/bytes.h"
#include "base/error.h"

/* `n` is the size of a coordinate: 32 for P-256 with SHA-256, 48 for P-384
 * with SHA-384. The secret has n bytes, the point is 04 || X || Y. */
struct simulator_key {
    size_t n;
    const uint8_t *secret, *point;
};

/* Writes r || s, n bytes each, over the digest of `message`. */
AVER_MUST_CHECK int simulator_sign(const struct simulator_key *key,
                                   struct aver_bytes message, uint8_t *sig,
                                   struct aver_error *err);

#define SIMULATOR_SIGNATURE_MAX 112 /* of P-384: 2 + 2 * (2 + 49) = 104 */
/* The same as SEQUENCE { r, s }. Returns its size in `n`. */
AVER_MUST_CHECK int
simulator_sign_der(const struct simulator_key *key, struct aver_bytes message,
                   uint8_t der[static SIMULATOR_SIGNATURE_MAX], size_t *n,
                   struct aver_error *err);

#endif
