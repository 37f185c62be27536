/* SPDX-License-Identifier: Apache-2.0
 *
 * collector: the attester's child that does the blocking work. It gets one job
 * at a time, tells before each step how long that may take, and gives back the
 * report as a sealed memfd. When a step overruns, it is killed, and the next
 * job gets a new one. */
#ifndef AVER_ATTEST_COLLECTOR_H
#define AVER_ATTEST_COLLECTOR_H

#include "attest/backend.h"
#include <sys/types.h>

#define COLLECTOR_GRACE_MS 1000

/* What is to be made, and for whom. */
struct collector_job {
    struct attest_identity who;
    uint8_t algo, layout;
    uint8_t nonce[32];
};

struct collector_result {
    enum attest_status status;
    int fd; /* -1 unless status is ATTEST_OK; the taker closes it */
    uint64_t size;
    char text[400]; /* why, for the log */
};

struct collector {
    struct attest_backends *backends;
    const struct attest_config *config;
    /* In the child: close what is the attester's alone. */
    void (*shed)(void *ctx);
    void *ctx;

    int fd; /* -1: no child */
    pid_t pid;
    bool busy;
    uint64_t deadline_ms; /* of the step that runs */
    unsigned dying;       /* killed, but not gone yet */
};

/* The caller has set the first four members. */
void collector_init(struct collector *c);
/* Forks if there is no child. Must not be busy. */
AVER_MUST_CHECK int collector_start(struct collector *c,
                                    const struct collector_job *job,
                                    uint64_t now_ms, struct aver_error *err);
/* `fd` is readable: true, with `result`, if the job has ended. */
bool collector_read(struct collector *c, uint64_t now_ms,
                    struct collector_result *result);
/* True, with `result`, if the job was too slow; the child is killed. */
bool collector_overrun(struct collector *c, uint64_t now_ms,
                       struct collector_result *result);
/* Kills the child, if there is one. */
void collector_stop(struct collector *c);

#endif
