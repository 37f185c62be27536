/* SPDX-License-Identifier: Apache-2.0
 *
 * quiet: changes descriptors 1 and 2, and puts them back. */
#include "attest/quiet.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void quiet_begin(struct quiet *q)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        q->kept[i] = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 3);
        if (null >= 0)
            dup2(null, STDOUT_FILENO + i);
    }
    if (null >= 0)
        close(null);
}

void quiet_end(struct quiet *q)
{
    fflush(stdout); /* what the library left there goes where it belongs */
    for (int i = 0; i < 2; i++) {
        if (q->kept[i] < 0)
            continue;
        dup2(q->kept[i], STDOUT_FILENO + i);
        close(q->kept[i]);
    }
}

void quiet_for_good(void)
{
    struct quiet q;

    quiet_begin(&q);
    for (int i = 0; i < 2; i++)
        if (q.kept[i] >= 0)
            close(q.kept[i]);
}
