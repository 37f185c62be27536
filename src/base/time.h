/* SPDX-License-Identifier: Apache-2.0
 *
 * time: dates of documents and certificates as seconds since 1970 UTC, 64
 * bits. Reads no clock and knows no time zone but Z. */
#ifndef AVER_BASE_TIME_H
#define AVER_BASE_TIME_H

#include "base/bytes.h"
#include "base/error.h"

#define AVER_TIME_TEXT 21 /* "2026-06-01T00:00:00Z" and a NUL */

/* YYYY-MM-DDThh:mm:ssZ, 20 characters, a day that exists (RFC 3339 without
 * offsets and fractions; second 60 is refused). */
AVER_MUST_CHECK int aver_time_parse(int64_t *out, struct aver_bytes text);
/* The contents of UTCTime (13 characters; years 1950 to 2049) and
 * GeneralizedTime (15), both ending in Z (RFC 5280 4.1.2.5). */
AVER_MUST_CHECK int aver_time_utc(int64_t *out, struct aver_bytes text);
AVER_MUST_CHECK int aver_time_generalized(int64_t *out, struct aver_bytes text);
/* The same spelling as aver_time_parse reads; years 0 to 9999, others are
 * written as the nearest of them. */
void aver_time_format(char out[static AVER_TIME_TEXT], int64_t at);

#endif
