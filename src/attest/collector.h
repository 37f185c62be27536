/* SPDX-License-Identifier: Apache-2.0
 *
 * collector: the attester's child that does the blocking work. It gets one job
 * at a time, tells before each step how long that may take, and gives back the
 * report as a sealed memfd. When a step overruns, it is killed, and the next
 * job gets a new one; so it is when GPUs fail, since a driver that was loaded
 * anew, or a GPU that was reset, wants a library that knows nothing of before.
 * Beside reports it makes looks at the endorsements: which go with the last
 * subject (holding.h), and until when. */
#ifndef AVER_ATTEST_COLLECTOR_H
#define AVER_ATTEST_COLLECTOR_H

#include "attest/backend.h"
#include <sys/types.h>

#define COLLECTOR_GRACE_MS 1000
#define COLLECTOR_DYING_MAX 4 /* that hang; then no other is started */

/* What is to be made, and for whom. */
struct collector_job {
    struct attest_identity who;
    uint8_t algo, layout, endorsements;
    uint8_t nonce[32];
};

struct collector_result {
    enum attest_status status;
    int fd; /* -1 unless status is ATTEST_OK; the taker closes it */
    uint64_t size;
    char text[400]; /* why, for the log */
};

/* What a look at the endorsements has found; or a report that carries some. */
struct collector_news {
    int64_t until, due; /* as in holding.h; zero: nothing */
    char why[400];      /* what is missing, and why; "": nothing */
};

struct collector {
    struct attest_backends *backends;
    const struct attest_config *config;
    /* In the child: close what is the attester's alone. NULL: nothing is. */
    void (*shed)(void *ctx);
    void *ctx;

    int fd; /* -1: no child */
    pid_t pid;
    bool busy;             /* also with a look */
    bool looking;          /* with a look */
    enum attest_step step; /* that runs */
    uint64_t deadline_ms;  /* of that step */
    uint64_t slow_ms;      /* when it is slow; UINT64_MAX: was said */
    uint32_t limit_ms;
    int subject_fd;             /* memfd of the last of a new kind; -1 */
    bool new_subject, new_news; /* cleared by who has seen it */
    struct collector_news news;
    bool new_gpu; /* cleared by who has seen it */
    struct gpu_status gpu;
    char gpu_why[400]; /* of a failure */
    unsigned ndying;   /* killed, but not gone yet */
    pid_t dying[COLLECTOR_DYING_MAX + 1];
};

/* The caller has set the members above `fd`. */
void collector_init(struct collector *c);
/* Forks if there is no child. Must not be busy. */
AVER_MUST_CHECK int collector_start(struct collector *c,
                                    const struct collector_job *job,
                                    uint64_t now_ms, struct aver_error *err);
/* The same for a look; subject_fd must be there. It ends with new_news. */
AVER_MUST_CHECK int collector_look(struct collector *c, uint64_t now_ms,
                                   struct aver_error *err);
/* `fd` is readable: true, with `result`, if a report's job has ended. */
bool collector_read(struct collector *c, uint64_t now_ms,
                    struct collector_result *result);
/* If a job was too slow, the child is killed: true, with `result`, if it was a
 * report's. */
bool collector_overrun(struct collector *c, uint64_t now_ms,
                       struct collector_result *result);
/* True once in each step that lasts long. */
bool collector_slow(struct collector *c, uint64_t now_ms);
extern const char *const collector_steps[ATTEST_STEPS]; /* for the log */
/* Kills the child, if there is one. */
void collector_stop(struct collector *c);

#endif
