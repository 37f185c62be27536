/* SPDX-License-Identifier: Apache-2.0
 *
 * Request targets: what is accepted has only views of what belongs to it. */
#include "net/http1.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_target t;
    struct http_refusal why = {0};
    struct aver_bytes rest;

    if (http_target_parse(&t, aver_bytes_of(data, size), &why) != 0) {
        assert(why.status == 400 || why.status == 414);
        return 0;
    }
    assert(t.nsegments <= HTTP_SEGMENTS_MAX && t.nquery <= HTTP_QUERY_MAX);
    for (unsigned i = 0; i < t.nsegments; i++) {
        struct aver_bytes s = t.segments[i];

        assert(!aver_bytes_is(s, "..") && !aver_bytes_is(s, "."));
        for (size_t k = 0; k < s.n; k++)
            assert(s.p[k] >= 0x20 && s.p[k] != 0x7f);
    }
    rest = http_target_rest(&t, 1);
    for (size_t k = 0; k < rest.n; k++)
        assert(rest.p[k] >= 0x20);
    (void)http_target_query(&t, "nonce");
    return 0;
}
