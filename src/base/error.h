/* SPDX-License-Identifier: Apache-2.0
 *
 * error: what a fallible function leaves behind when it returns -1.
 * One code a program can branch on, one sentence a person can read. */
#ifndef AVER_BASE_ERROR_H
#define AVER_BASE_ERROR_H

#define AVER_MUST_CHECK __attribute__((warn_unused_result))
#define AVER_PRINTF(f, a) __attribute__((format(printf, f, a)))

enum aver_error_code {
    AVER_OK = 0,
    AVER_EFORMAT,   /* input does not have the form it must have */
    AVER_ELIMIT,    /* input is longer or deeper than allowed */
    AVER_EMISMATCH, /* two things that must agree do not */
    AVER_ESIG,      /* a signature does not hold */
    AVER_ECONFIG,   /* a setting is wrong in itself */
    AVER_EABSENT,   /* a thing that was asked for is not there */
    AVER_EIO,       /* the system or a peer failed */
    AVER_ETIMEOUT,  /* a peer was too slow */
    AVER_EMEM,      /* out of memory */
    AVER_EUNSUPPORTED,
};

struct aver_error {
    enum aver_error_code code;
    char text[400]; /* one sentence, no newline; names thing and place */
};

/* Writes code and sentence into `err` (may be NULL). Always returns -1, so
 * that a function can end with `return aver_fail(...)`. */
int aver_fail(struct aver_error *err, enum aver_error_code code,
              const char *fmt, ...) AVER_PRINTF(3, 4);

#endif
