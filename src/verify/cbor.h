/* SPDX-License-Identifier: Apache-2.0
 *
 * cbor: reads the few forms of RFC 8949 that image measurements use: unsigned
 * numbers, byte and text strings, and maps, each of a length given in advance
 * and spelled as short as can be (4.2.1). Anything else is an error. */
#ifndef AVER_VERIFY_CBOR_H
#define AVER_VERIFY_CBOR_H

#include "base/bytes.h"

/* Reads forward. After the first thing that is not what was asked for
 * `in.failed` is set and all that is read later is zero or empty. */
struct aver_cbor {
    struct aver_reader in;
};

void aver_cbor_init(struct aver_cbor *c, struct aver_bytes in);
uint64_t aver_cbor_uint(struct aver_cbor *c);
struct aver_bytes aver_cbor_bytes(struct aver_cbor *c);
struct aver_bytes aver_cbor_text(struct aver_cbor *c); /* UTF-8 */
/* How many pairs of name and value follow. */
uint64_t aver_cbor_map(struct aver_cbor *c);
/* All was read, and nothing failed. */
bool aver_cbor_done(const struct aver_cbor *c);

#endif
