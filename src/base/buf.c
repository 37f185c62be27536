/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: a growing array that doubles, and never passes the maximum that it was
 * given at birth. A failed call leaves content and memory as they were. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

void aver_buf_init(struct aver_buf *b, size_t max)
{
    *b = (struct aver_buf){.max = max};
}

void aver_buf_clear(struct aver_buf *b)
{
    free(b->p);
    aver_buf_init(b, b->max);
}

void aver_buf_wipe(struct aver_buf *b)
{
    if (b->p != NULL)
        aver_wipe(b->p, b->cap);
    aver_buf_clear(b);
}

static size_t grown(const struct aver_buf *b, size_t need)
{
    size_t cap = b->cap > FIRST_CAP / 2 ? b->cap : FIRST_CAP / 2;

    cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap < need)
        cap = need;
    return cap < b->max ? cap : b->max;
}

int aver_buf_reserve(struct aver_buf *b, size_t n)
{
    if (n <= b->cap - b->n)
        return 0;
    if (b->n > b->max || n > b->max - b->n)
        return -1;

    size_t cap = grown(b, b->n + n);
    uint8_t *p = realloc(b->p, cap);
    if (p == NULL)
        return -1;
    b->p = p;
    b->cap = cap;
    return 0;
}

int aver_buf_append(struct aver_buf *b, const void *p, size_t n)
{
    if (n == 0)
        return 0;
    if (aver_buf_reserve(b, n) != 0)
        return -1;
    memcpy(b->p + b->n, p, n);
    b->n += n;
    return 0;
}

int aver_buf_append_str(struct aver_buf *b, const char *text)
{
    return aver_buf_append(b, text, strlen(text));
}

/* vsnprintf ends with a NUL for which the buffer may have no room: short
 * texts are made on the stack, long ones in memory of their own. */
int aver_buf_printf(struct aver_buf *b, const char *fmt, ...)
{
    char small[512];
    char *text = small;
    va_list args, again;
    int rc = -1;

    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof(small), fmt, args);
    if (n < 0)
        goto out;
    if ((size_t)n >= sizeof(small)) {
        text = malloc((size_t)n + 1);
        if (text == NULL || vsnprintf(text, (size_t)n + 1, fmt, again) != n)
            goto out;
    }
    rc = aver_buf_append(b, text, (size_t)n);
out:
    if (text != small)
        free(text);
    va_end(again);
    va_end(args);
    return rc;
}

void aver_buf_consume(struct aver_buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    b->n -= n;
    if (b->n > 0 && n > 0)
        memmove(b->p, b->p + n, b->n);
}

struct aver_bytes aver_buf_view(const struct aver_buf *b)
{
    return (struct aver_bytes){.p = b->p, .n = b->n};
}
