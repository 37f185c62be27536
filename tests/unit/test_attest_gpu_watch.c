/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_watch: what counts as a change, and when to try again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/gpu_watch.h"

static const struct gpu_status well = {.state = GPU_OK, .gpus = 8};
static const struct gpu_status lost = {.state = GPU_LOST, .error = 15};

static void changes(void **state)
{
    struct gpu_status other = well;
    struct gpu_watch w;

    (void)state;
    gpu_watch_init(&w, &(struct gpu_status){.state = GPU_UNKNOWN});
    assert_true(gpu_watch_hear(&w, &well, "", 100));
    assert_false(gpu_watch_hear(&w, &well, "", 200));
    other.ready = GPU_READY_NO;
    assert_true(gpu_watch_hear(&w, &other, "", 300));
    other.environment = GPU_ENV_SIMULATION;
    assert_true(gpu_watch_hear(&w, &other, "", 300));
    assert_false(gpu_watch_due(&w, UINT64_MAX - 1));
    assert_true(gpu_watch_hear(&w, &lost, "gone", 400));
    assert_int_equal(w.status.state, GPU_LOST);
}

/* 5, 10, 20, 40, 60, 60 s; from the beginning after another failure. */
static void tries(void **state)
{
    static const uint64_t pauses[] = {5000, 10000, 20000, 40000, 60000, 60000};
    struct gpu_status reset = {.state = GPU_RESET_REQUIRED, .error = 16};
    struct gpu_watch w;
    uint64_t now = 1000;

    (void)state;
    gpu_watch_init(&w, &well);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
        assert_int_equal(gpu_watch_hear(&w, &lost, "gone", now), i == 0);
        assert_false(gpu_watch_due(&w, now + pauses[i] - 1));
        now += pauses[i];
        assert_true(gpu_watch_due(&w, now));
        assert_false(gpu_watch_due(&w, now)); /* one try is under way */
    }
    gpu_watch_later(&w, now); /* it could not be begun */
    assert_true(gpu_watch_due(&w, now + 60000));
    gpu_watch_hear(&w, &reset, "", now);
    assert_true(gpu_watch_due(&w, now + 5000));
    gpu_watch_hear(&w, &well, "", now);
    assert_int_equal(w.due_ms, UINT64_MAX);
    gpu_watch_hear(&w, &lost, "", now);
    assert_true(gpu_watch_due(&w, now + 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes),
                                       cmocka_unit_test(tries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
