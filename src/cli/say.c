/* SPDX-License-Identifier: Apache-2.0
 *
 * say: complaints, one line each on stderr, and nothing in them that could
 * steer a terminal. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const char *fmt, va_list ap)
{
    char line[600];

    vsnprintf(line, sizeof(line), fmt, ap);
    for (char *p = line; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    fflush(stdout);
    fprintf(stderr, "aver: %s\n", line);
}

int usage(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
    return EXIT_USAGE;
}

void complain(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}
