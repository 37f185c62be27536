/* SPDX-License-Identifier: Apache-2.0
 *
 * text: the small spellings: hex, base64, decimal, UTF-8, a JSON string.
 * Decoders are strict: one value has one spelling (hex digits may be of
 * either case), and a failed call leaves the output as it was. */
#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void aver_hex_encode(char *out, const void *p, size_t n)
{
    const uint8_t *in = p;

    for (size_t i = 0; i < n; i++) {
        *out++ = hex_digits[in[i] >> 4];
        *out++ = hex_digits[in[i] & 15];
    }
    *out = '\0';
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex(struct aver_bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (hex_value(text.p[i]) < 0)
            return false;
    return true;
}

int aver_hex_decode(uint8_t *out, size_t n, struct aver_bytes text)
{
    if (text.n / 2 != n || text.n % 2 != 0 || !is_hex(text))
        return -1;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(hex_value(text.p[2 * i]) << 4 |
                           hex_value(text.p[2 * i + 1]));
    return 0;
}

int aver_hex_decode_buf(struct aver_buf *out, struct aver_bytes text)
{
    size_t n = text.n / 2;

    if (text.n % 2 != 0 || aver_buf_reserve(out, n) != 0)
        return -1;
    if (n > 0 && aver_hex_decode(out->p + out->n, n, text) != 0)
        return -1;
    out->n += n;
    return 0;
}

int aver_hex_encode_buf(struct aver_buf *out, struct aver_bytes in)
{
    if (in.n > SIZE_MAX / 2 || aver_buf_reserve(out, 2 * in.n) != 0)
        return -1;
    for (size_t i = 0; i < in.n; i++) {
        out->p[out->n++] = (uint8_t)hex_digits[in.p[i] >> 4];
        out->p[out->n++] = (uint8_t)hex_digits[in.p[i] & 15];
    }
    return 0;
}

/* One group of 1 to 3 bytes. */
static void base64_group(uint8_t *out, const uint8_t *in, size_t n)
{
    uint32_t v = (uint32_t)in[0] << 16;

    if (n > 1)
        v |= (uint32_t)in[1] << 8;
    if (n > 2)
        v |= in[2];
    out[0] = (uint8_t)base64_digits[v >> 18];
    out[1] = (uint8_t)base64_digits[v >> 12 & 63];
    out[2] = (uint8_t)(n > 1 ? base64_digits[v >> 6 & 63] : '=');
    out[3] = (uint8_t)(n > 2 ? base64_digits[v & 63] : '=');
}

int aver_base64_encode_buf(struct aver_buf *out, struct aver_bytes in)
{
    if (in.n > SIZE_MAX / 2 || aver_buf_reserve(out, (in.n + 2) / 3 * 4) != 0)
        return -1;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        base64_group(out->p + out->n, in.p + i, left < 3 ? left : 3);
        out->n += 4;
    }
    return 0;
}

/* Values of the characters from '+' to 'z'. */
static const int8_t base64_values[] = {
    62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1,
    -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    -1, -1, -1, -1, -1, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51};

static int base64_value(uint8_t c)
{
    unsigned i = (unsigned)c - '+';

    return i < sizeof(base64_values) ? base64_values[i] : -1;
}

/* Bytes in one group of four digits, 1 to 3; -1 if it is none. */
static int base64_ungroup(uint8_t out[3], const uint8_t *in)
{
    int a = base64_value(in[0]), b = base64_value(in[1]);
    int c = base64_value(in[2]), d = base64_value(in[3]);
    int n = in[3] != '=' ? 3 : in[2] != '=' ? 2 : 1;
    uint32_t v = 0;

    if ((a | b | c | d) >= 0) { /* as nearly all of them */
        v = (uint32_t)(a << 18 | b << 12 | c << 6 | d);
        out[0] = (uint8_t)(v >> 16);
        out[1] = (uint8_t)(v >> 8);
        out[2] = (uint8_t)v;
        return 3;
    }

    for (int i = 0; i < 4; i++) {
        int digit = i <= n ? base64_value(in[i]) : 0;
        if (digit < 0)
            return -1;
        v = v << 6 | (uint32_t)digit;
    }
    out[0] = (uint8_t)(v >> 16);
    out[1] = (uint8_t)(v >> 8);
    out[2] = (uint8_t)v;
    uint32_t stray = n == 3 ? 0 : n == 2 ? v & 0xff : v & 0xffff;
    return stray == 0 ? n : -1;
}

int aver_base64_decode_buf(struct aver_buf *out, struct aver_bytes text)
{
    size_t n = out->n;

    if (text.n % 4 != 0)
        return -1;
    size_t most = text.n / 4 * 3;
    if (text.n > 0)
        most -= (text.p[text.n - 1] == '=') + (text.p[text.n - 2] == '=');
    if (aver_buf_reserve(out, most) != 0)
        return -1;
    for (size_t i = 0; i < text.n; i += 4) {
        uint8_t group[3];
        int got = base64_ungroup(group, text.p + i);
        if (got < 0 || (got < 3 && i + 4 < text.n))
            return -1;
        memcpy(out->p + n, group, (size_t)got);
        n += (size_t)got;
    }
    out->n = n;
    return 0;
}

/* The other alphabet, and the padding that was left off. */
static int base64_of_url(struct aver_buf *out, struct aver_bytes text)
{
    if (aver_buf_reserve(out, text.n + 3) != 0)
        return -1;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c == '+' || c == '/' || c == '=')
            return -1;
        out->p[out->n++] = (uint8_t)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    while (out->n % 4 != 0)
        out->p[out->n++] = '=';
    return 0;
}

int aver_base64url_decode_buf(struct aver_buf *out, struct aver_bytes text)
{
    struct aver_buf plain;
    int rc = -1;

    if (text.n % 4 == 1 || text.n > SIZE_MAX - 3)
        return -1;
    aver_buf_init(&plain, text.n + 3);
    if (base64_of_url(&plain, text) == 0)
        rc = aver_base64_decode_buf(out, aver_buf_view(&plain));
    aver_buf_clear(&plain);
    return rc;
}

int aver_percent_decode_buf(struct aver_buf *out, struct aver_bytes text)
{
    size_t before = out->n;

    if (aver_buf_reserve(out, text.n) != 0)
        return -1;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c == '%') {
            if (text.n - i < 3 ||
                aver_hex_decode(&c, 1, aver_bytes_of(text.p + i + 1, 2)) != 0) {
                out->n = before;
                return -1;
            }
            i += 2;
        }
        out->p[out->n++] = c;
    }
    return 0;
}

int aver_decimal(uint64_t *out, struct aver_bytes text, uint64_t max)
{
    uint64_t v = 0;

    if (text.n == 0)
        return -1;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t digit = (uint8_t)(text.p[i] - '0');
        if (digit > 9 || v > max / 10 || digit > max - v * 10)
            return -1;
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

bool aver_utf8_valid(struct aver_bytes text)
{
    struct utf8 u = {0};

    for (size_t i = 0; i < text.n; i++)
        if (!utf8_next(&u, text.p[i]))
            return false;
    return u.need == 0;
}

/* Length of the whole character at the start, 0 if there is none. */
static size_t character(const uint8_t *p, size_t n)
{
    struct utf8 u = {0};

    for (size_t i = 0; i < n; i++) {
        if (!utf8_next(&u, p[i]))
            return 0;
        if (u.need == 0)
            return i + 1;
    }
    return 0;
}

/* RFC 8259 section 7 */
static int quote_ascii(struct aver_buf *out, uint8_t c)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *at = c == 0 ? NULL : strchr(plain, c);

    if (at != NULL)
        return aver_buf_printf(out, "\\%c", letter[at - plain]);
    if (c < 0x20)
        return aver_buf_printf(out, "\\u%04x", c);
    return aver_buf_append(out, &c, 1);
}

static int quote_inner(struct aver_buf *out, struct aver_bytes text)
{
    for (size_t i = 0; i < text.n;) {
        size_t n = utf8_plain(text.p + i, text.n - i);
        if (n == 0 && text.p[i] >= 0x80)
            n = character(text.p + i, text.n - i);

        int rc = n > 0 ? aver_buf_append(out, text.p + i, n)
                 : text.p[i] < 0x80
                     ? quote_ascii(out, text.p[i])
                     : aver_buf_append_str(out, "\xef\xbf\xbd"); /* U+FFFD */
        if (rc != 0)
            return -1;
        i += n > 0 ? n : 1;
    }
    return 0;
}

int aver_json_quote(struct aver_buf *out, struct aver_bytes text)
{
    size_t before = out->n;

    if (aver_buf_append_str(out, "\"") == 0 && quote_inner(out, text) == 0 &&
        aver_buf_append_str(out, "\"") == 0)
        return 0;
    out->n = before;
    return -1;
}
