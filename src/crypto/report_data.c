/* SPDX-License-Identifier: Apache-2.0
 *
 * report_data: layouts A and B (docs/PROTOCOL.md, "report_data"). */
#include "crypto/report_data.h"

#include "crypto/sha2.h"
#include <assert.h>
#include <string.h>

void aver_report_data(uint8_t out[static 64], struct aver_bytes key_id,
                      const uint8_t *spki_sha256,
                      const uint8_t nonce[static 32])
{
    uint8_t bound[64];

    assert(key_id.n == 20 || key_id.n == 32);
    memset(out, 0, 64);
    if (spki_sha256) {
        memcpy(bound, key_id.p, key_id.n);
        memcpy(bound + key_id.n, spki_sha256, 32);
        aver_sha256(out, aver_bytes_of(bound, key_id.n + 32));
    } else {
        memcpy(out, key_id.p, key_id.n);
    }
    memcpy(out + 32, nonce, 32);
}
