/* SPDX-License-Identifier: Apache-2.0
 *
 * random: getrandom(2), which gives nothing before the kernel's pool is
 * ready and cannot run short afterwards. There is no second source. */
#include "crypto/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void aver_random(void *out, size_t n)
{
    char *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        p += got;
        n -= (size_t)got;
    }
}
