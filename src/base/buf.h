/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: owned bytes that grow up to a maximum fixed at birth. */
#ifndef AVER_BASE_BUF_H
#define AVER_BASE_BUF_H

#include "base/bytes.h"
#include "base/error.h"

struct aver_buf {
    uint8_t *p; /* NULL while cap is 0 */
    size_t n, cap, max;
};

/* An empty buffer that will hold at most `max` bytes. Allocates nothing. */
void aver_buf_init(struct aver_buf *b, size_t max);
/* Frees the memory and leaves the buffer empty, with the same maximum. */
void aver_buf_clear(struct aver_buf *b);
/* The same, but overwrites the memory first. */
void aver_buf_wipe(struct aver_buf *b);
/* Makes room for n more bytes. 0, or -1 when that passes the maximum or
 * memory is short; the content is then unchanged. */
AVER_MUST_CHECK int aver_buf_reserve(struct aver_buf *b, size_t n);
AVER_MUST_CHECK int aver_buf_append(struct aver_buf *b, const void *p,
                                    size_t n);
AVER_MUST_CHECK int aver_buf_append_str(struct aver_buf *b, const char *text);
AVER_MUST_CHECK int aver_buf_printf(struct aver_buf *b, const char *fmt, ...)
    AVER_PRINTF(2, 3);
/* Drops n bytes (at most all) from the front. */
void aver_buf_consume(struct aver_buf *b, size_t n);
struct aver_bytes aver_buf_view(const struct aver_buf *b);

#endif
