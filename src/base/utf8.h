/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8: one byte at a time through RFC 3629 section 4, so that a text may
 * come in pieces; and the search for the end of plain ASCII. For the files
 * of this room. */
#ifndef AVER_BASE_UTF8_H
#define AVER_BASE_UTF8_H

#include "base/bytes.h"

#include <endian.h>
#include <string.h>

/* All zero between two characters. */
struct utf8 {
    uint8_t need;   /* bytes that still belong to this character */
    uint8_t lo, hi; /* bounds of the next one */
};

/* The first byte of a character of more than one byte. */
static inline bool utf8_lead(struct utf8 *u, uint8_t c)
{
    u->lo = 0x80;
    u->hi = 0xbf;
    if (c < 0xc2 || c > 0xf4) /* continuation, overlong, above U+10FFFF */
        return false;
    u->need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (c == 0xe0)
        u->lo = 0xa0; /* overlong */
    if (c == 0xed)
        u->hi = 0x9f; /* surrogates */
    if (c == 0xf0)
        u->lo = 0x90; /* overlong */
    if (c == 0xf4)
        u->hi = 0x8f; /* above U+10FFFF */
    return true;
}

/* False if `c` cannot stand here. */
static inline bool utf8_next(struct utf8 *u, uint8_t c)
{
    if (u->need == 0)
        return c < 0x80 || utf8_lead(u, c);
    if (c < u->lo || c > u->hi)
        return false;
    u->need--;
    u->lo = 0x80;
    u->hi = 0xbf;
    return true;
}

#define UTF8_EACH(byte) (0x0101010101010101u * (byte))

static inline uint64_t utf8_word(const uint8_t *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof(w));
    return le64toh(w);
}

/* The top bit of a byte is set where it is a quote, a backslash, a control
 * character or not ASCII: x - 0x01.. has it where that byte of x is zero. A
 * borrow from a lower byte can only cause a false alarm above a true one. */
static inline uint64_t utf8_special(uint64_t w)
{
    uint64_t quote = (w ^ UTF8_EACH('"')) - UTF8_EACH(1);
    uint64_t slash = (w ^ UTF8_EACH('\\')) - UTF8_EACH(1);
    uint64_t control = w - UTF8_EACH(0x20);

    return (quote | slash | control | w) & UTF8_EACH(0x80);
}

/* How many bytes from p on need no care inside a JSON string. */
static inline size_t utf8_plain(const uint8_t *p, size_t n)
{
    size_t i = 0;

    for (; n - i >= 8; i += 8) {
        uint64_t special = utf8_special(utf8_word(p + i));
        if (special != 0)
            return i + (size_t)__builtin_ctzll(special) / 8;
    }
    while (i < n && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

#endif
