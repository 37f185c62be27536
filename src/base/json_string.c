/* SPDX-License-Identifier: Apache-2.0
 *
 * json_string: decodes strings whose grammar the scanner has seen (RFC 8259,
 * section 7). */
#include "base/json.h"

#include "base/text.h"

#include <string.h>

/* Four hex digits at p, of which there are n; -1 if they are not there. */
static int32_t unit(const uint8_t *p, size_t n)
{
    uint8_t v[2];

    if (n < 4 || aver_hex_decode(v, 2, aver_bytes_of(p, 4)) != 0)
        return -1;
    return v[0] << 8 | v[1];
}

static size_t encode(uint8_t out[static 4], uint32_t c)
{
    static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(lead[n] | c);
    return n;
}

/* "u" and what follows it: how many bytes it takes, 0 if it is no character. */
static size_t unicode(uint8_t out[static 4], size_t *made, const uint8_t *p,
                      size_t n)
{
    int32_t high = unit(p + 1, n - 1), low;

    if (high < 0 || (high >= 0xdc00 && high < 0xe000))
        return 0;
    if (high < 0xd800 || high >= 0xe000) {
        *made = encode(out, (uint32_t)high);
        return 5;
    }
    if (n < 11 || p[5] != '\\' || p[6] != 'u')
        return 0;
    low = unit(p + 7, n - 7);
    if (low < 0xdc00 || low >= 0xe000)
        return 0;
    *made = encode(out, 0x10000 + ((uint32_t)(high - 0xd800) << 10) +
                            (uint32_t)(low - 0xdc00));
    return 11;
}

/* What stands behind a backslash: how many bytes it takes. */
static size_t escape(uint8_t out[static 4], size_t *made, const uint8_t *p,
                     size_t n)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    const char *hit = n > 0 && p[0] != 0 ? strchr(names, p[0]) : NULL;

    if (n > 0 && p[0] == 'u')
        return unicode(out, made, p, n);
    if (hit == NULL)
        return 0;
    out[0] = (uint8_t)values[hit - names];
    *made = 1;
    return 1;
}

int aver_json_unquote(struct aver_buf *out, struct aver_bytes quoted)
{
    size_t before = out->n;
    const uint8_t *p, *end;

    if (quoted.n < 2 || quoted.p[0] != '"' || quoted.p[quoted.n - 1] != '"')
        return -1;
    p = quoted.p + 1;
    end = quoted.p + quoted.n - 1;
    while (p < end) {
        const uint8_t *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = slash != NULL ? (size_t)(slash - p) : (size_t)(end - p);
        uint8_t made[4];
        size_t n = 0, took = 0;

        if (aver_buf_append(out, p, plain) != 0)
            break;
        p += plain;
        if (p == end)
            return 0;
        took = escape(made, &n, p + 1, (size_t)(end - p - 1));
        if (took == 0 || aver_buf_append(out, made, n) != 0)
            break;
        p += 1 + took;
    }
    if (p == end)
        return 0;
    out->n = before;
    return -1;
}
