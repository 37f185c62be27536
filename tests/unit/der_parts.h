/* SPDX-License-Identifier: Apache-2.0
 *
 * der_parts: DER from hex, for tests that need a certificate, a list or an
 * extension of a form that nobody issues. */
#ifndef AVER_TESTS_DER_PARTS_H
#define AVER_TESTS_DER_PARTS_H

#include "base/buf.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DER_PARTS_MAX ((size_t)64 << 10)

__attribute__((noreturn, unused)) static void der_broken(const char *what)
{
    fprintf(stderr, "der parts: %s\n", what);
    abort();
}

/* Appends the bytes of a hex text. */
__attribute__((unused)) static void der_hex(struct aver_buf *out,
                                            const char *hex)
{
    if (aver_hex_decode_buf(out, aver_bytes_str(hex)) != 0)
        der_broken(hex);
}

/* Appends an element with this content, its length in the shortest form. */
__attribute__((unused)) static void der_wrap(struct aver_buf *out, uint8_t tag,
                                             struct aver_bytes content)
{
    uint8_t head[4] = {tag, (uint8_t)content.n};
    size_t n = 2;

    if (content.n >= 0x100) {
        head[1] = 0x82;
        head[2] = (uint8_t)(content.n >> 8);
        head[3] = (uint8_t)content.n;
        n = 4;
    } else if (content.n >= 0x80) {
        head[1] = 0x81;
        head[2] = (uint8_t)content.n;
        n = 3;
    }
    if (content.n > 0xffff || aver_buf_append(out, head, n) != 0 ||
        aver_buf_append(out, content.p, content.n) != 0)
        der_broken("too long");
}

/* Makes an element of all that `b` holds. */
__attribute__((unused)) static void der_close(struct aver_buf *b, uint8_t tag)
{
    struct aver_buf out;

    aver_buf_init(&out, DER_PARTS_MAX);
    der_wrap(&out, tag, aver_buf_view(b));
    aver_buf_clear(b);
    *b = out;
}

/* The bytes in memory of exactly their size, so that a sanitizer sees a read
 * past them. Free with der_done. */
__attribute__((unused)) static struct aver_bytes
der_exact(const struct aver_buf *b)
{
    uint8_t *p = malloc(b->n > 0 ? b->n : 1);

    if (p == NULL)
        der_broken("no memory");
    if (b->n > 0)
        memcpy(p, b->p, b->n);
    return aver_bytes_of(p, b->n);
}

__attribute__((unused)) static void der_done(struct aver_bytes b)
{
    void *p;

    memcpy(&p, &b.p, sizeof(p));
    free(p);
}

#endif
