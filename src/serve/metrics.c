/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics: see metrics.h. One table of counters, one of histograms. */
#include "serve/metrics.h"

#include <string.h>

static const struct {
    const char *name, *labels, *help;
    bool gauge;
} rows[METRIC_COUNT] = {
    [METRIC_CONNECTIONS] = {"aver_connections_total", "",
                            "Client connections accepted.", false},
    [METRIC_OPEN] = {"aver_connections_open", "",
                     "Client connections open now.", true},
    [METRIC_ACTIVE] = {"aver_exchanges_active", "",
                       "Exchanges with an engine under way now.", true},
    [METRIC_REQUESTS] = {"aver_requests_total", "",
                         "Requests answered, of any kind.", false},
    [METRIC_RELAYED] = {"aver_relayed_total", "",
                        "Requests relayed to an engine.", false},
    [METRIC_STREAMS] = {"aver_streams_total", "",
                        "Answers that were event streams.", false},
    [METRIC_ANSWER_2XX] = {"aver_answers_total", "class=\"2xx\"",
                           "Answers by class of status.", false},
    [METRIC_ANSWER_3XX] = {"aver_answers_total", "class=\"3xx\"", NULL, false},
    [METRIC_ANSWER_4XX] = {"aver_answers_total", "class=\"4xx\"", NULL, false},
    [METRIC_ANSWER_5XX] = {"aver_answers_total", "class=\"5xx\"", NULL, false},
    [METRIC_BYTES_FROM_CLIENTS] = {"aver_request_bytes_total", "",
                                   "Bytes of request bodies.", false},
    [METRIC_BYTES_TO_CLIENTS] = {"aver_response_bytes_total", "",
                                 "Bytes of response bodies.", false},
    [METRIC_RECEIPTS] = {"aver_receipts_total", "",
                         "Receipts handed to the notary.", false},
    [METRIC_TOMBSTONES] = {"aver_tombstones_total", "",
                           "Exchanges that ended without a receipt: the client "
                           "left or the engine's answer was cut.",
                           false},
    [METRIC_LOOKUPS_FOUND] = {"aver_signature_lookups_total",
                              "result=\"found\"",
                              "Lookups of signatures by result.", false},
    [METRIC_LOOKUPS_MISSED] = {"aver_signature_lookups_total",
                               "result=\"missed\"", NULL, false},
    [METRIC_REPORTS] = {"aver_reports_total", "result=\"made\"",
                        "Attestation reports by result.", false},
    [METRIC_REPORTS_REFUSED] = {"aver_reports_total", "result=\"refused\"",
                                NULL, false},
    [METRIC_ENGINE_ERRORS] = {"aver_engine_errors_total", "",
                              "Exchanges that the engine failed.", false},
    [METRIC_CLIENTS_LEFT] = {"aver_clients_left_total", "",
                             "Exchanges that the client left early.", false},
    [METRIC_UNAUTHORIZED] = {"aver_unauthorized_total", "",
                             "Requests without a valid token.", false},
};

static const struct {
    const char *name, *help;
} times[METRIC_TIME_COUNT] = {
    [METRIC_TIME_FIRST_BYTE] = {"aver_first_byte_seconds",
                                "Request whole to the engine's first byte."},
    [METRIC_TIME_EXCHANGE] = {"aver_exchange_seconds",
                              "Whole exchanges with an engine."},
    [METRIC_TIME_REPORT] = {"aver_report_seconds", "Making a report."},
    [METRIC_TIME_LOOKUP] = {"aver_lookup_seconds", "Looking a receipt up."},
};

/* Upper bounds in microseconds; one more bucket for what is above. */
static const uint64_t bounds_us[METRIC_BUCKETS - 1] = {
    100,    250,     1000,    2500,     10000,    25000,    100000,
    250000, 1000000, 2500000, 10000000, 30000000, 120000000};

size_t metrics_size(unsigned workers)
{
    return workers * sizeof(struct metrics);
}

void metrics_init(void *shared, unsigned workers)
{
    memset(shared, 0, metrics_size(workers));
}

struct metrics *metrics_slot(void *shared, unsigned slot)
{
    return (struct metrics *)shared + slot;
}

void metrics_takeover(struct metrics *m)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        if (rows[i].gauge)
            __atomic_store_n(&m->value[i], 0, __ATOMIC_RELAXED);
}

void metric_time_add(struct metrics *m, enum metric_time which, uint64_t us)
{
    struct metric_histogram *h = &m->time[which];
    unsigned b = 0;

    while (b < METRIC_BUCKETS - 1 && us > bounds_us[b])
        b++;
    __atomic_store_n(&h->bucket[b], h->bucket[b] + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&h->sum_us, h->sum_us + us, __ATOMIC_RELAXED);
    __atomic_store_n(&h->count, h->count + 1, __ATOMIC_RELAXED);
}

static uint64_t sum(void *shared, unsigned workers, size_t offset)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < workers; i++) {
        const char *slot = (const char *)metrics_slot(shared, i);

        total += __atomic_load_n((const uint64_t *)(slot + offset),
                                 __ATOMIC_RELAXED);
    }
    return total;
}

static int print_counter(void *shared, unsigned workers, unsigned row,
                         struct aver_buf *out)
{
    uint64_t v = sum(shared, workers,
                     offsetof(struct metrics, value) + row * sizeof(uint64_t));

    if (rows[row].help != NULL &&
        aver_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[row].name,
                        rows[row].help, rows[row].name,
                        rows[row].gauge ? "gauge" : "counter") != 0)
        return -1;
    if (rows[row].labels[0] != '\0')
        return aver_buf_printf(out, "%s{%s} %llu\n", rows[row].name,
                               rows[row].labels, (unsigned long long)v);
    return aver_buf_printf(out, "%s %llu\n", rows[row].name,
                           (unsigned long long)v);
}

static int print_buckets(void *shared, unsigned workers, unsigned row,
                         struct aver_buf *out)
{
    size_t base = offsetof(struct metrics, time) +
                  row * sizeof(struct metric_histogram) +
                  offsetof(struct metric_histogram, bucket);
    uint64_t below = 0;

    for (unsigned b = 0; b < METRIC_BUCKETS - 1; b++) {
        below += sum(shared, workers, base + b * sizeof(uint64_t));
        if (aver_buf_printf(out, "%s_bucket{le=\"%g\"} %llu\n", times[row].name,
                            (double)bounds_us[b] / 1e6,
                            (unsigned long long)below) != 0)
            return -1;
    }
    below += sum(shared, workers, base + (METRIC_BUCKETS - 1) * 8);
    return aver_buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n",
                           times[row].name, (unsigned long long)below);
}

static int print_histogram(void *shared, unsigned workers, unsigned row,
                           struct aver_buf *out)
{
    size_t base =
        offsetof(struct metrics, time) + row * sizeof(struct metric_histogram);
    uint64_t us =
        sum(shared, workers, base + offsetof(struct metric_histogram, sum_us));
    uint64_t n =
        sum(shared, workers, base + offsetof(struct metric_histogram, count));

    if (aver_buf_printf(out, "# HELP %s %s\n# TYPE %s histogram\n",
                        times[row].name, times[row].help,
                        times[row].name) != 0 ||
        print_buckets(shared, workers, row, out) != 0)
        return -1;
    return aver_buf_printf(out, "%s_sum %.6f\n%s_count %llu\n", times[row].name,
                           (double)us / 1e6, times[row].name,
                           (unsigned long long)n);
}

int metrics_print(void *shared, unsigned workers, struct aver_buf *out)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        if (print_counter(shared, workers, i, out) != 0)
            return -1;
    for (unsigned i = 0; i < METRIC_TIME_COUNT; i++)
        if (print_histogram(shared, workers, i, out) != 0)
            return -1;
    return 0;
}
