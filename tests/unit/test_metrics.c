/* SPDX-License-Identifier: Apache-2.0
 *
 * test_metrics: counters of several workers, summed and printed. */
#include "serve/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void *shared;
static struct aver_buf out;

static int start(void **state)
{
    (void)state;
    shared = malloc(metrics_size(3));
    assert_non_null(shared);
    metrics_init(shared, 3);
    aver_buf_init(&out, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    free(shared);
    aver_buf_clear(&out);
    return 0;
}

static const char *print(void)
{
    out.n = 0;
    assert_int_equal(metrics_print(shared, 3, &out), 0);
    assert_int_equal(aver_buf_append(&out, "", 1), 0);
    return (const char *)out.p;
}

static void slots_are_summed(void **state)
{
    (void)state;
    metric_add(metrics_slot(shared, 0), METRIC_REQUESTS, 2);
    metric_add(metrics_slot(shared, 2), METRIC_REQUESTS, 5);
    metric_add(metrics_slot(shared, 1), METRIC_ANSWER_4XX, 1);
    assert_non_null(strstr(print(), "\naver_requests_total 7\n"));
    assert_non_null(strstr(print(), "\naver_answers_total{class=\"4xx\"} 1\n"));
}

static void a_new_worker_begins_with_empty_gauges(void **state)
{
    struct metrics *m = metrics_slot(shared, 1);

    (void)state;
    metric_set(m, METRIC_OPEN, 9);
    metric_add(m, METRIC_REQUESTS, 4);
    metrics_takeover(m);
    assert_non_null(strstr(print(), "\naver_connections_open 0\n"));
    assert_non_null(strstr(print(), "\naver_requests_total 4\n"));
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    metric_time_add(metrics_slot(shared, 0), METRIC_TIME_REPORT, 90);
    metric_time_add(metrics_slot(shared, 1), METRIC_TIME_REPORT, 20000);
    metric_time_add(metrics_slot(shared, 2), METRIC_TIME_REPORT, 999999999);
    print();
    assert_non_null(
        strstr(print(), "aver_report_seconds_bucket{le=\"0.0001\"} 1\n"));
    assert_non_null(
        strstr(print(), "aver_report_seconds_bucket{le=\"0.025\"} 2\n"));
    assert_non_null(
        strstr(print(), "aver_report_seconds_bucket{le=\"120\"} 2\n"));
    assert_non_null(
        strstr(print(), "aver_report_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(print(), "aver_report_seconds_count 3\n"));
    assert_non_null(strstr(print(), "aver_report_seconds_sum 1000.020089\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slots_are_summed, start, stop),
        cmocka_unit_test_setup_teardown(a_new_worker_begins_with_empty_gauges,
                                        start, stop),
        cmocka_unit_test_setup_teardown(histograms_are_cumulative, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
