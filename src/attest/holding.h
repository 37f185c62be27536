/* SPDX-License-Identifier: Apache-2.0
 *
 * holding: all that this server can show of what vendors sign: for its quote,
 * and for its GPUs. What they are asked for by is one text, the subject: a
 * JSON object that `aver endorse` understands as well. Blocks: for the
 * collector. */
#ifndef AVER_ATTEST_HOLDING_H
#define AVER_ATTEST_HOLDING_H

#include "attest/held.h"
#include "attest/held_gpus.h"

#define HOLDING_SUBJECT_MAX ((size_t)12 << 20)

struct holding {
    struct held cpu;
    struct held_gpus gpus;

    /* What was found last. */
    struct aver_buf text; /* a JSON object; empty: nothing */
    int64_t until, due; /* of what there is; due is 0 if something is missing */
    char reason[640];   /* what is missing, and why; "": nothing */
};

/* The caller has set the first members of both, the others are zero. */
void holding_init(struct holding *h);
void holding_clear(struct holding *h);
/* Is there anywhere to look? */
bool holding_configured(const struct holding *h);

/* Appends the subject: {"quote": hex, "gpu": {"evidences": […]}, "nvswitch":
 * {"evidences": […]}}, the latter two where there are devices. The lists are
 * JSON arrays, or empty. */
AVER_MUST_CHECK int holding_subject(struct aver_buf *out,
                                    struct aver_bytes quote,
                                    struct aver_bytes gpus,
                                    struct aver_bytes switches);
/* The same for all subjects that need the same. -1 if it is none. */
AVER_MUST_CHECK int holding_kind(uint8_t out[static 32],
                                 struct aver_bytes subject);
/* Looks for what goes with it. True if `text` can be given out. */
bool holding_for(struct holding *h, struct aver_bytes subject, int64_t now);

#endif
