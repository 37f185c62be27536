/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipts, and what is signed in them: no bytes but the right ones are
 * VERIFIED against hashes that nobody signed. */
#include "verify/rows.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct aver_verdict v;
    static const uint8_t hash[32] = {0xa5};
    struct aver_policy p = {.has_key = true, .key = {.n = 20}};
    struct aver_receipt r = {0};
    struct aver_receipt_text t;
    struct aver_error err;
    struct aver_subject s = {.policy = &p,
                             .receipt = &r,
                             .request_sha256 = hash,
                             .response_sha256 = hash};

    (void)!aver_receipt_text_parse(&t, aver_bytes_of(data, size), &err);
    if (aver_receipt_parse(&r, aver_bytes_of(data, size), &err) == 0) {
        aver_judge(&v, &s);
        assert(v.word != AVER_VERIFIED);
    }
    aver_receipt_clear(&r);
    return 0;
}
