/* SPDX-License-Identifier: Apache-2.0
 *
 * expect: values that somebody demands of what runs, by name: registers of
 * the TD, and what the event log says of the application. One table of names
 * and sizes, so that options, complaints and checks agree. */
#ifndef AVER_VERIFY_EXPECT_H
#define AVER_VERIFY_EXPECT_H

#include "base/bytes.h"
#include "base/error.h"

enum aver_expect_name {
    AVER_EXPECT_MRTD = 0,
    AVER_EXPECT_RTMR0,
    AVER_EXPECT_RTMR1,
    AVER_EXPECT_RTMR2,
    AVER_EXPECT_RTMR3,
    AVER_EXPECT_MRCONFIGID,
    AVER_EXPECT_MROWNER,
    AVER_EXPECT_MROWNERCONFIG,
    AVER_EXPECT_MRSEAM,
    AVER_EXPECT_MRENCLAVE,
    AVER_EXPECT_MRSIGNER,
    AVER_EXPECT_REPORT_DATA,
    AVER_EXPECT_OS_IMAGE_HASH,
    AVER_EXPECT_COMPOSE_HASH,
    AVER_EXPECT_APP_ID,
    AVER_EXPECTS,
};

struct aver_expect {
    struct {
        bool set;
        uint8_t v[64]; /* the first `size` bytes */
    } of[AVER_EXPECTS];
};

/* The name as it is typed, e.g. "compose-hash"; its size in bytes. */
const char *aver_expect_name(enum aver_expect_name i);
size_t aver_expect_size(enum aver_expect_name i);

/* -1 with `err` if there is no such name (the nearest is offered), it was set
 * before, or the hex is not of its size. */
AVER_MUST_CHECK int aver_expect_set(struct aver_expect *e, const char *name,
                                    struct aver_bytes hex,
                                    struct aver_error *err);
/* True if anything is set. */
bool aver_expect_any(const struct aver_expect *e);

#endif
