/* SPDX-License-Identifier: Apache-2.0
 *
 * A file in which GPU evidence is looked for. */
#include "cli/gpu_texts.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gpu_texts t = {0};
    struct aver_error err;

    if (gpu_texts_add(&t, aver_bytes_of(data, size), &err) != 0)
        assert(err.code == AVER_ELIMIT);
    for (size_t i = 0; i < t.n; i++)
        assert(t.of[i].n > 20 && (t.of[i].p[0] == '{' || t.of[i].p[0] == '['));
    gpu_texts_clear(&t);
    return 0;
}
