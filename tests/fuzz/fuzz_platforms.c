/* SPDX-License-Identifier: Apache-2.0
 *
 * A file in which quotes are looked for. */
#include "cli/platforms.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct platforms p = {0};
    struct aver_error err;

    if (platforms_add(&p, aver_bytes_of(data, size), &err) == 0)
        assert(p.n > 0);
    for (size_t i = 0; i < p.n; i++)
        assert(p.quote[i].n > 1000);
    platforms_clear(&p);
    return 0;
}
