/* SPDX-License-Identifier: Apache-2.0
 *
 * renew: has endorsements fetched when they are due, by `aver endorse` in a
 * process of its own, which is killed when it overruns. The attester waits for
 * it as for its other descriptors; nothing else waits for it. */
#ifndef AVER_ATTEST_RENEW_H
#define AVER_ATTEST_RENEW_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RENEW_LIMIT_MS 60000    /* the verb itself allows 30 s a platform */
#define RENEW_AGAIN_MS 60000    /* after the first failure; then doubled */
#define RENEW_AGAIN_MAX 3600000 /* up to this */
#define RENEW_PAUSE_MS 3600000  /* after a success: what came may be due */

struct renew {
    const char *program; /* what is run: NULL for this very one */
    /* "intel" or the URL of a PCCS; "nvidia" or the URL of a mirror of its
     * services. NULL: not for the quote, not for the GPUs. */
    const char *from, *gpu_from;
    const char *folder;
    bool simulated; /* what is asked about is the simulator's */

    pid_t pid; /* -1: none runs */
    int fd;    /* its standard error; -1 */
    uint64_t deadline_ms, not_before_ms;
    unsigned failures; /* in a row */
    char said[400];    /* what it wrote there */
    size_t said_n;
};

struct renew_result {
    bool ok;
    uint64_t again_ms; /* if not: the pause before the next try */
    char text[400];    /* why not */
};

/* The caller has set the first five members. */
void renew_init(struct renew *r);
/* Is it time to start it? `until` and `due` as in held.h, zero if nothing is
 * held; `now` in seconds since 1970. */
bool renew_wanted(const struct renew *r, int64_t until, int64_t due,
                  int64_t now, uint64_t now_ms);
/* The first moment at which renew_wanted is asked again for sure. */
uint64_t renew_next_ms(const struct renew *r, uint64_t now_ms);
/* Starts it with a subject (holding.h), a memfd that stays the caller's. -1
 * counts as a failure of it: `result` is filled. */
AVER_MUST_CHECK int renew_start(struct renew *r, int subject_fd,
                                uint64_t now_ms, struct renew_result *result);
/* `fd` is readable: true, with `result`, if it has ended. */
bool renew_read(struct renew *r, uint64_t now_ms, struct renew_result *result);
/* True, with `result`, if it was too slow and was killed. */
bool renew_overrun(struct renew *r, uint64_t now_ms,
                   struct renew_result *result);
/* Kills it, if it runs. */
void renew_stop(struct renew *r);

#endif
