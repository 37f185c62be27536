/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports: whatever the bytes are, the parser reads them or says why not, the
 * rows run over what it read, and no made-up report is ever VERIFIED. */
#include "verify/rows.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct aver_verdict v;
    struct aver_policy p = {.has_nonce = true, .trust = AVER_TRUST_SIMULATOR};
    struct aver_error err;
    struct aver_report *r = aver_report_parse(aver_bytes_of(data, size), &err);
    struct aver_subject s = {.policy = &p, .report = r};

    if (r == NULL)
        return 0;
    aver_judge(&v, &s);
    assert(v.word != AVER_VERIFIED);
    aver_report_free(r);
    return 0;
}
