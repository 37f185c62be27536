/* SPDX-License-Identifier: Apache-2.0
 *
 * keyid: how a signing key is named: secp256k1 keys by their address (20
 * bytes), Ed25519 keys by themselves (32 bytes). */
#ifndef AVER_VERIFY_KEYID_H
#define AVER_VERIFY_KEYID_H

#include "base/bytes.h"
#include "base/error.h"

enum aver_algo { AVER_ECDSA = 0, AVER_ED25519 };

struct aver_key_id {
    uint8_t p[32];
    size_t n; /* 20 or 32; 0: none */
};

#define AVER_KEY_ID_TEXT 65
/* "0x" and 40 digits, or 64 digits, of either case. -1 for anything else. */
AVER_MUST_CHECK int aver_key_id_parse(struct aver_key_id *k,
                                      struct aver_bytes text);
/* EIP-55 spelling, or lower-case hex; "" if there is none. */
void aver_key_id_format(char out[static AVER_KEY_ID_TEXT],
                        const struct aver_key_id *k);
bool aver_key_id_equal(const struct aver_key_id *a,
                       const struct aver_key_id *b);
/* "ecdsa", "ed25519"; of any case. -1 for anything else. */
AVER_MUST_CHECK int aver_algo_parse(enum aver_algo *algo,
                                    struct aver_bytes text);
const char *aver_algo_name(enum aver_algo algo);

#endif
