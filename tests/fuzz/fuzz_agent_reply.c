/* SPDX-License-Identifier: Apache-2.0
 *
 * What a guest agent answers: to GetQuote and to Info. */
#include "attest/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t report_data[64] = {1};
    struct cpu_evidence e;
    struct aver_error err;
    char excerpt[AGENT_EXCERPT + 1];

    cpu_evidence_init(&e);
    (void)!agent_read_quote(&e, aver_bytes_of(data, size), report_data, &err);
    cpu_evidence_clear(&e);
    cpu_evidence_init(&e);
    (void)!agent_read_info(&e, aver_bytes_of(data, size), &err);
    cpu_evidence_clear(&e);
    agent_excerpt(excerpt, aver_bytes_of(data, size));
    return 0;
}
