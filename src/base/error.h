/* SPDX-License-Identifier: Apache-2.0
 *
 * error: what a fallible function leaves behind when it returns -1.
 * One code a program can branch on, one sentence a person can read. */
#ifndef AVER_BASE_ERROR_H
#define AVER_BASE_ERROR_H

#include "aver.h" /* struct aver_error and its codes */

#define AVER_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Writes code and sentence into `err` (may be NULL). Always returns -1, so
 * that a function can end with `return aver_fail(...)`. */
int aver_fail(struct aver_error *err, enum aver_error_code code,
              const char *fmt, ...) AVER_PRINTF(3, 4);

#endif
