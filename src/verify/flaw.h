/* SPDX-License-Identifier: Apache-2.0
 *
 * flaw: what is wrong with a piece of evidence: the word for it, which ends up
 * in `reason`, and a sentence. The first flaw of a thing is the one that
 * counts. */
#ifndef AVER_VERIFY_FLAW_H
#define AVER_VERIFY_FLAW_H

#include "base/bytes.h"
#include "base/error.h"

struct aver_flaw {
    const char *cause; /* "record_length"; NULL: nothing is wrong */
    char text[200];    /* one sentence, without the thing's own name */
};

/* Writes down a flaw, unless there is one already. Returns -1, so that a
 * function can end with it. */
int aver_flaw(struct aver_flaw *f, const char *cause, const char *fmt, ...)
    AVER_PRINTF(3, 4);

#endif
