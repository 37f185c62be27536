/* SPDX-License-Identifier: Apache-2.0
 *
 * flaw: see flaw.h. */
#include "verify/flaw.h"

#include <stdarg.h>
#include <stdio.h>

int aver_flaw(struct aver_flaw *f, const char *cause, const char *fmt, ...)
{
    va_list ap;

    if (f->cause != NULL)
        return -1;
    f->cause = cause;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
    return -1;
}
