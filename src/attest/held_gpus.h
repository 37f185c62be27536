/* SPDX-License-Identifier: Apache-2.0
 *
 * held_gpus: the endorsements that this server has for its own GPUs: RIMs and
 * OCSP answers, read from files, or built in. Given out is what is genuine and
 * valid now, even if something else is missing. Blocks: for the collector. */
#ifndef AVER_ATTEST_HELD_GPUS_H
#define AVER_ATTEST_HELD_GPUS_H

#include "base/buf.h"

#include <sys/stat.h>

struct held_gpus {
    /* A folder as `aver endorse` keeps it, or one file; NULL: none. */
    const char *path;
    /* What there is at a time without a file; NULL: nothing. */
    int (*built_in)(int64_t at, struct aver_buf *out, struct aver_error *err);
    bool simulated; /* the GPUs are the simulator's */

    /* What was found last. */
    struct aver_buf text; /* members of an object; empty: nothing */
    bool met;             /* nothing is missing */
    int64_t until, due;   /* last second of all of it; when to renew it */
    char reason[300];     /* why something is missing */

    /* For what, and from where. */
    bool looked, has_stat;
    int64_t looked_at;
    uint8_t chains[32]; /* SHA-256 of the GPUs' certificates */
    struct stat stat;
};

/* The caller has set the first three members, the others are zero. */
void held_gpus_init(struct held_gpus *h);
void held_gpus_clear(struct held_gpus *h);
/* Looks for what goes with this evidence, which is in a form of
 * verify/gpu_evidence.h. True if `text` can be given out. */
bool held_gpus_for(struct held_gpus *h, struct aver_bytes evidence,
                   int64_t now);
/* SHA-256 of the certificates in it. -1 if it cannot be read, or there are no
 * devices in it. */
AVER_MUST_CHECK int held_gpus_chains(uint8_t out[static 32],
                                     struct aver_bytes evidence);

#endif
