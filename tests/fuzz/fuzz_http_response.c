/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP responses: see fuzz_http.h. */
#include "fuzz_http.h"

static enum http_result parse(struct http_head *h, struct http_cursor *c,
                              struct aver_bytes in, struct http_refusal *why)
{
    return http_response_parse(h, c, in, false, &http_response_limits, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct side side = {parse, &http_response_limits};

    run_both(&side, data, size);
    return 0;
}
