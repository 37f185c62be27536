/* SPDX-License-Identifier: Apache-2.0
 *
 * text: hex (RFC 4648 8), base64 (RFC 4648 4, 5), decimal numbers, UTF-8. */
#ifndef AVER_BASE_TEXT_H
#define AVER_BASE_TEXT_H

#include "base/buf.h"

/* Lower-case digits and a NUL; out has room for 2 * n + 1. */
void aver_hex_encode(char *out, const void *p, size_t n);
/* Exactly n bytes from exactly 2 * n digits of either case. */
AVER_MUST_CHECK int aver_hex_decode(uint8_t *out, size_t n,
                                    struct aver_bytes text);
/* Any even number of digits, appended to `out`. */
AVER_MUST_CHECK int aver_hex_decode_buf(struct aver_buf *out,
                                        struct aver_bytes text);
AVER_MUST_CHECK int aver_hex_encode_buf(struct aver_buf *out,
                                        struct aver_bytes in);
AVER_MUST_CHECK int aver_base64_encode_buf(struct aver_buf *out,
                                           struct aver_bytes in);
/* Strict: alphabet of section 4, padding as written, no white space, no
 * stray bits in the last group. */
AVER_MUST_CHECK int aver_base64_decode_buf(struct aver_buf *out,
                                           struct aver_bytes text);
/* As strict: alphabet of section 5, without padding (RFC 7515 2). */
AVER_MUST_CHECK int aver_base64url_decode_buf(struct aver_buf *out,
                                              struct aver_bytes text);
/* RFC 3986 2.1: %XX becomes a byte, others stay. -1 for half a %XX. */
AVER_MUST_CHECK int aver_percent_decode_buf(struct aver_buf *out,
                                            struct aver_bytes text);
/* Digits only, no sign, no white space, at most `max`. */
AVER_MUST_CHECK int aver_decimal(uint64_t *out, struct aver_bytes text,
                                 uint64_t max);
bool aver_utf8_valid(struct aver_bytes text);
/* Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8
 * become U+FFFD. */
AVER_MUST_CHECK int aver_json_quote(struct aver_buf *out,
                                    struct aver_bytes text);

#endif
