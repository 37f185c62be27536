/* SPDX-License-Identifier: Apache-2.0
 *
 * http1_chars: the character classes of RFC 9110 5.6.2, RFC 9112 3 and RFC
 * 3986 2, and the pieces that http1.c, http1_body.c and target.c share. Not
 * for use outside the codec. */
#ifndef AVER_NET_HTTP1_CHARS_H
#define AVER_NET_HTTP1_CHARS_H

#include "net/http1.h"

enum {
    HTTP_CHAR_TOKEN = 1,  /* tchar */
    HTTP_CHAR_TARGET = 2, /* path and query, % and the delimiters included */
    HTTP_CHAR_HOST = 4,   /* reg-name without percent-encoding */
    HTTP_CHAR_TEXT = 8,   /* field-vchar, obs-text, space, tab */
};
extern const uint8_t http_chars[256];

static inline bool http_char_is(uint8_t c, uint8_t classes)
{
    return (http_chars[c] & classes) != 0;
}

/* 0 to 15, or -1. */
static inline int http_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline uint8_t http_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* True if the n bytes at p and q are the same, ASCII letters in any case. */
static inline bool http_same_nocase(const void *p, const void *q, size_t n)
{
    const uint8_t *a = p, *b = q;

    for (size_t i = 0; i < n; i++)
        if (http_lower(a[i]) != http_lower(b[i]))
            return false;
    return true;
}

/* Fills *why; always HTTP_BAD. */
static inline enum http_result
http_refuse(struct http_refusal *why, unsigned status, const char *sentence)
{
    why->status = status;
    why->why = sentence;
    return HTTP_BAD;
}

/* Every byte belongs into a target and every % starts a %HH. */
bool http_target_chars_ok(struct aver_bytes target);
/* uri-host [ ":" port ], without userinfo; the host may not be empty. */
bool http_authority_ok(struct aver_bytes authority);
/* Splits http[s]://AUTHORITY[REST]; false if it is not of that form or one of
 * the two is not well-formed. REST is empty or begins with / or ?. */
bool http_target_absolute(struct aver_bytes target,
                          struct aver_bytes *authority,
                          struct aver_bytes *rest);

#endif
