/* SPDX-License-Identifier: Apache-2.0
 *
 * bytes: views and the checked reader. Nothing here allocates. */
#include "base/bytes.h"

#include <assert.h>
#include <string.h>

struct aver_bytes aver_bytes_str(const char *text)
{
    return aver_bytes_of(text, strlen(text));
}

struct aver_bytes aver_bytes_of(const void *p, size_t n)
{
    assert(p != NULL || n == 0);
    return (struct aver_bytes){.p = p, .n = n};
}

bool aver_bytes_equal(struct aver_bytes a, struct aver_bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int aver_bytes_compare(struct aver_bytes a, struct aver_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

bool aver_bytes_is(struct aver_bytes a, const char *text)
{
    return aver_bytes_equal(a, aver_bytes_str(text));
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool aver_bytes_is_nocase(struct aver_bytes a, const char *text)
{
    if (a.n != strlen(text))
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower((uint8_t)text[i]))
            return false;
    return true;
}

bool aver_bytes_starts(struct aver_bytes a, const char *text)
{
    size_t n = strlen(text);

    return a.n >= n && aver_bytes_is(aver_bytes_of(a.p, n), text);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct aver_bytes aver_bytes_trim(struct aver_bytes a)
{
    while (a.n > 0 && is_space(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n > 0 && is_space(a.p[a.n - 1]))
        a.n--;
    return a;
}

/* Volatile reads: the compiler may not leave the loop early. */
bool aver_bytes_equal_ct(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t differ = 0;

    for (size_t i = 0; i < n; i++)
        differ |= (uint8_t)(x[i] ^ y[i]);
    return differ == 0;
}

void aver_wipe(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}

void aver_reader_init(struct aver_reader *r, struct aver_bytes in)
{
    *r = (struct aver_reader){.p = in.p, .n = in.n};
}

struct aver_bytes aver_read_bytes(struct aver_reader *r, size_t n)
{
    if (r->failed || n > r->n) {
        r->failed = true;
        return (struct aver_bytes){0};
    }
    struct aver_bytes out = {.p = r->p, .n = n};
    if (n > 0)
        r->p += n;
    r->n -= n;
    return out;
}

static uint64_t read_le(struct aver_reader *r, size_t n)
{
    struct aver_bytes b = aver_read_bytes(r, n);
    uint64_t v = 0;

    for (size_t i = b.n; i > 0; i--)
        v = v << 8 | b.p[i - 1];
    return v;
}

static uint32_t read_be(struct aver_reader *r, size_t n)
{
    struct aver_bytes b = aver_read_bytes(r, n);
    uint32_t v = 0;

    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    return v;
}

uint8_t aver_read_u8(struct aver_reader *r)
{
    return (uint8_t)read_le(r, 1);
}

uint16_t aver_read_u16le(struct aver_reader *r)
{
    return (uint16_t)read_le(r, 2);
}

uint32_t aver_read_u32le(struct aver_reader *r)
{
    return (uint32_t)read_le(r, 4);
}

uint64_t aver_read_u64le(struct aver_reader *r)
{
    return read_le(r, 8);
}

uint16_t aver_read_u16be(struct aver_reader *r)
{
    return (uint16_t)read_be(r, 2);
}

uint32_t aver_read_u32be(struct aver_reader *r)
{
    return read_be(r, 4);
}
