/* SPDX-License-Identifier: Apache-2.0
 *
 * short_memory: allocations are wrapped at link time (wrap_memory of
 * meson.build), those of libraries that are linked in too: one can be made to
 * fail. */
#ifndef AVER_TESTS_SHORT_MEMORY_H
#define AVER_TESTS_SHORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);

static unsigned left; /* allocations until the one that fails; 0: none does */
__attribute__((unused)) static bool failed; /* it has */

static bool fails_now(void)
{
    if (left == 0 || --left > 0)
        return false;
    failed = true;
    return true;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails_now() ? NULL : __real_realloc(p, size);
}

#endif
