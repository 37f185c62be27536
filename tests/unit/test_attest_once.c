/* SPDX-License-Identifier: Apache-2.0
 *
 * once: a report, a failure, a crash, a hang, each ends. The knobs lie in
 * memory shared with the child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/once.h"
#include "attest_fake.h"
#include <sys/mman.h>

static struct fake *fake;
static struct attest_backends *backends;
static struct aver_buf out;
static struct aver_error err;

static int set_up(void **state)
{
    (void)state;
    *fake = (struct fake){.ngpus = 2};
    backends = fake_backends(fake);
    err = (struct aver_error){0};
    aver_buf_init(&out, REPORT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    aver_buf_clear(&out);
    free(backends);
    return 0;
}

static enum attest_status make(void)
{
    static const struct attest_config config = {.model_name = "",
                                                .engine_binding = "tcp"};
    const struct collector_job job = {.who = fake_identity(1), .nonce = {3}};

    return attest_once(backends, &config, &job, &out, &err);
}

static void a_report(void **state)
{
    (void)state;
    assert_int_equal(aver_buf_append_str(&out, "before "), 0);
    assert_int_equal(make(), ATTEST_OK);
    assert_true(
        aver_bytes_starts(aver_buf_view(&out), "before {\"signing_address\""));
    assert_int_equal(out.p[out.n - 1], '}');
}

static void failures(void **state)
{
    (void)state;
    fake->fail = AVER_EABSENT;
    assert_int_equal(make(), ATTEST_ABSENT);
    assert_non_null(strstr(err.text, "as the knob says"));
    fake->fail = AVER_OK;
    fake->gpu_fail = true;
    assert_int_equal(make(), ATTEST_ABSENT);
    fake->gpu_fail = false;
    fake->gpu_crash = true;
    assert_int_equal(make(), ATTEST_WRONG);
    assert_non_null(strstr(err.text, "GPU driver: collector died"));
    fake->gpu_crash = false;
    fake->gpu_sleep_ms = 60000;
    backends->gpu_limit_ms = 100;
    assert_int_equal(make(), ATTEST_SLOW);
    assert_non_null(strstr(err.text, "GPU driver: no answer in 100 ms"));
    assert_int_equal(out.n, 0);
}

/* A quote of a new kind is not its business. */
static void with_the_simulator(void **state)
{
    static const struct attest_config config = {.tee = ATTEST_CHOOSE_SIMULATOR,
                                                .gpu = ATTEST_GPU_NONE,
                                                .model_name = "",
                                                .engine_binding = "tcp"};
    const struct collector_job job = {.who = fake_identity(1),
                                      .endorsements = 1};
    struct attest_backends *b = attest_open(&config, getuid(), getgid(), &err);

    (void)state;
    assert_non_null(b);
    assert_int_equal(attest_once(b, &config, &job, &out, &err), ATTEST_OK);
    assert_int_equal(aver_buf_append(&out, "", 1), 0);
    assert_non_null(strstr((char *)out.p, "\"endorsements\":{"));
    attest_close(b);
}

static void no_room(void **state)
{
    (void)state;
    out.max = 10;
    assert_int_equal(make(), ATTEST_WRONG);
    assert_non_null(strstr(err.text, "cannot be read back"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fake == MAP_FAILED)
        return 1;
    const struct CMUnitTest tests[] = {T(a_report), T(failures),
                                       T(with_the_simulator), T(no_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
