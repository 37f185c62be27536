/* SPDX-License-Identifier: Apache-2.0
 *
 * http_vectors: how the codec's tests cut their input, and how they compare
 * texts of the indexes (one code point a byte) with bytes. */
#ifndef AVER_TESTS_HTTP_VECTORS_H
#define AVER_TESTS_HTTP_VECTORS_H

#include "vectors.h"

/* A member as bytes: KEY_hex in hex, or KEY with one code point a byte. False
 * if there is neither, or KEY is null. Clear `out` in any case. */
__attribute__((unused)) static bool
http_vector_bytes(struct aver_buf *out, const json_t *o, const char *key)
{
    char hex[64];

    snprintf(hex, sizeof hex, "%s_hex", key);
    aver_buf_init(out, 16u << 20);
    if (json_object_get(o, hex) != NULL) {
        *out = vectors_hex(o, hex);
        return true;
    }
    if (!json_is_string(json_object_get(o, key)))
        return false;
    const char *p = vectors_text(o, key);
    while (*p != '\0') {
        uint8_t c = (uint8_t)*p++;
        if (c >= 0x80)
            c = (uint8_t)((c & 3) << 6 | (*p++ & 0x3f));
        if (aver_buf_append(out, &c, 1) != 0)
            vectors_broken("text too long", key);
    }
    return true;
}

__attribute__((unused)) static bool
http_vector_equals(struct aver_bytes got, const json_t *o, const char *key)
{
    struct aver_buf want;
    bool same = http_vector_bytes(&want, o, key) &&
                aver_bytes_equal(got, aver_buf_view(&want));

    aver_buf_clear(&want);
    return same;
}

/* The offsets at which an input of n bytes is cut in two: all of them, or for
 * long ones those near its ends and some between. 0 is the last. */
__attribute__((unused)) static size_t http_next_cut(size_t cut, size_t n)
{
    size_t step = n > 4096 && cut > 400 && cut + 400 < n ? 997 : 1;

    return cut + step < n ? cut + step : 0;
}

#endif
