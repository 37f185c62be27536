/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: counters in memory that all workers share, one slot each, so that
 * any worker can print the sum. A slot is written by one process alone. Numbers
 * only: nothing here could hold a prompt, a token or a user. */
#ifndef AVER_SERVE_METRICS_H
#define AVER_SERVE_METRICS_H

#include "base/buf.h"

enum metric {
    METRIC_CONNECTIONS, /* accepted */
    METRIC_OPEN,        /* gauge: connections now */
    METRIC_ACTIVE,      /* gauge: exchanges with an engine now */
    METRIC_REQUESTS,    /* of any kind, answered */
    METRIC_RELAYED,
    METRIC_STREAMS,
    METRIC_ANSWER_2XX,
    METRIC_ANSWER_3XX,
    METRIC_ANSWER_4XX,
    METRIC_ANSWER_5XX,
    METRIC_BYTES_FROM_CLIENTS,
    METRIC_BYTES_TO_CLIENTS,
    METRIC_RECEIPTS, /* handed to the notary */
    METRIC_TOMBSTONES,
    METRIC_LOOKUPS_FOUND,
    METRIC_LOOKUPS_MISSED,
    METRIC_REPORTS,
    METRIC_REPORTS_REFUSED,
    METRIC_ENGINE_ERRORS, /* unreachable, silent, cut, bad framing */
    METRIC_CLIENTS_LEFT,
    METRIC_UNAUTHORIZED,
    METRIC_COUNT,
};

enum metric_time {
    METRIC_TIME_FIRST_BYTE, /* request whole to the engine's head */
    METRIC_TIME_EXCHANGE,   /* first byte of a request to its answer's end */
    METRIC_TIME_REPORT,
    METRIC_TIME_LOOKUP,
    METRIC_TIME_COUNT,
};

#define METRIC_BUCKETS 14

struct metric_histogram {
    uint64_t bucket[METRIC_BUCKETS]; /* not cumulative */
    uint64_t count, sum_us;
};

struct metrics { /* one worker's slot */
    uint64_t value[METRIC_COUNT];
    struct metric_histogram time[METRIC_TIME_COUNT];
};

/* Bytes of shared memory for so many workers. */
size_t metrics_size(unsigned workers);
void metrics_init(void *shared, unsigned workers);
struct metrics *metrics_slot(void *shared, unsigned slot);
/* A new worker takes over a slot: gauges start at zero again. */
void metrics_takeover(struct metrics *m);

static inline void metric_add(struct metrics *m, enum metric which, uint64_t n)
{
    __atomic_store_n(&m->value[which], m->value[which] + n, __ATOMIC_RELAXED);
}
static inline void metric_sub(struct metrics *m, enum metric which, uint64_t n)
{
    __atomic_store_n(&m->value[which], m->value[which] - n, __ATOMIC_RELAXED);
}
static inline void metric_set(struct metrics *m, enum metric which, uint64_t n)
{
    __atomic_store_n(&m->value[which], n, __ATOMIC_RELAXED);
}
void metric_time_add(struct metrics *m, enum metric_time which, uint64_t us);

/* The sum over all slots in Prometheus' text format 0.0.4. */
AVER_MUST_CHECK int metrics_print(void *shared, unsigned workers,
                                  struct aver_buf *out);

#endif
