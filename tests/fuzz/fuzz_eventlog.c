/* SPDX-License-Identifier: Apache-2.0
 *
 * Event logs: whatever the bytes are, the parser reads them or says why not,
 * the rows run over what it read, and no made-up log explains registers that
 * nobody extended that way. */
#include "verify/rows.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct aver_verdict v;
    struct aver_policy p = {0};
    struct aver_registers r = {.has_mrtd = true,
                               .has_rtmr = {true, true, true, true}};
    struct aver_code_source src = {.event_log = aver_bytes_of(data, size)};
    struct aver_code *c = aver_code_parse(&src);
    struct aver_subject s = {.policy = &p, .code = c, .registers = &r};

    assert(c != NULL);
    memset(r.rtmr, 0xa5, sizeof(r.rtmr));
    aver_judge(&v, &s);
    assert(v.word != AVER_VERIFIED);
    if (c->has_log && c->log_fault[0] == '\0')
        assert(c->log.n <= AVER_EVENTS_MAX);
    aver_code_free(c);
    return 0;
}
