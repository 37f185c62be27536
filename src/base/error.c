/* SPDX-License-Identifier: Apache-2.0
 *
 * error: writes the one code and the one sentence. Control characters in the
 * sentence become '?', so that it stays one line wherever it is printed. */
#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static void one_line(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

int aver_fail(struct aver_error *err, enum aver_error_code code,
              const char *fmt, ...)
{
    if (err == NULL)
        return -1;

    va_list args;
    va_start(args, fmt);
    err->code = code;
    if (vsnprintf(err->text, sizeof(err->text), fmt, args) < 0)
        err->text[0] = '\0';
    va_end(args);
    one_line(err->text);
    return -1;
}
