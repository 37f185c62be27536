/* SPDX-License-Identifier: Apache-2.0
 *
 * bytes: a borrowed view of somebody else's memory, and a reader that cannot
 * run past its end. Neither owns anything. */
#ifndef AVER_BASE_BYTES_H
#define AVER_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aver_bytes {
    const uint8_t *p;
    size_t n;
};

/* View of a NUL-terminated text, without the NUL. */
struct aver_bytes aver_bytes_str(const char *text);
struct aver_bytes aver_bytes_of(const void *p, size_t n);
bool aver_bytes_equal(struct aver_bytes a, struct aver_bytes b);
/* Compares with a NUL-terminated text: exactly; ASCII letters of any case. */
bool aver_bytes_is(struct aver_bytes a, const char *text);
bool aver_bytes_is_nocase(struct aver_bytes a, const char *text);
bool aver_bytes_starts(struct aver_bytes a, const char *text);
/* Below, equal to or above 0, as in a dictionary of bytes. */
int aver_bytes_compare(struct aver_bytes a, struct aver_bytes b);
/* The view without the blanks, tabs and line ends around it. */
struct aver_bytes aver_bytes_trim(struct aver_bytes a);
/* Constant-time in the content; false at once when lengths differ. */
bool aver_bytes_equal_ct(const void *a, const void *b, size_t n);
/* Overwrites memory in a way that the compiler keeps. */
void aver_wipe(void *p, size_t n);

/* Reads forward over a view. After the first read past the end `failed` is
 * set, and every later read gives zeros: check once, at the end. */
struct aver_reader {
    const uint8_t *p;
    size_t n;
    bool failed;
};

void aver_reader_init(struct aver_reader *r, struct aver_bytes in);
uint8_t aver_read_u8(struct aver_reader *r);
uint16_t aver_read_u16le(struct aver_reader *r);
uint32_t aver_read_u32le(struct aver_reader *r);
uint64_t aver_read_u64le(struct aver_reader *r);
uint16_t aver_read_u16be(struct aver_reader *r);
uint32_t aver_read_u32be(struct aver_reader *r);
/* View of the next n bytes; empty when there are fewer. */
struct aver_bytes aver_read_bytes(struct aver_reader *r, size_t n);

#endif
