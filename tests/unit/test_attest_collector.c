/* SPDX-License-Identifier: Apache-2.0
 *
 * collector: a job done, a job that fails, crashes or hangs, and that the next
 * one is done all the same. The knobs lie in memory shared with the child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/collector.h"
#include "attest_fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static struct fake *fake;
static struct collector collector;
static int shed_fd = -1;
static const struct attest_config config = {.model_name = "",
                                            .engine_binding = "tcp"};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void shed(void *ctx)
{
    int fd = *(int *)ctx;

    if (fd >= 0)
        close(fd);
}

static int set_up(void **state)
{
    (void)state;
    *fake = (struct fake){.ngpus = 1};
    collector = (struct collector){.backends = fake_backends(fake),
                                   .config = &config,
                                   .shed = shed,
                                   .ctx = &shed_fd};
    collector_init(&collector);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    collector_stop(&collector);
    free(collector.backends);
    return 0;
}

static void begin(void)
{
    struct collector_job job = {.who = fake_identity(3), .nonce = {5}};
    struct aver_error err;

    assert_int_equal(collector_start(&collector, &job, now_ms(), &err), 0);
    assert_true(collector.busy);
}

/* Waits as the attester does. */
static struct collector_result end(void)
{
    struct collector_result r;

    for (;;) {
        struct pollfd p = {.fd = collector.fd, .events = POLLIN};
        uint64_t now = now_ms();
        int left = now < collector.deadline_ms
                       ? (int)(collector.deadline_ms - now)
                       : 0;
        int k = poll(&p, 1, left);
        assert_true(k >= 0);
        if (k == 1 && collector_read(&collector, now_ms(), &r))
            break;
        if (collector_overrun(&collector, now_ms(), &r))
            break;
    }
    assert_false(collector.busy);
    assert_int_equal(r.status == ATTEST_OK, r.fd >= 0);
    return r;
}

static void expect(enum attest_status want, const char *word)
{
    begin();
    struct collector_result r = end();
    assert_int_equal(r.status, want);
    assert_non_null(strstr(r.text, word));
    if (r.fd >= 0)
        close(r.fd);
}

static void a_report_nobody_can_change(void **state)
{
    char text[64];

    (void)state;
    begin();
    struct collector_result r = end();
    assert_int_equal(r.status, ATTEST_OK);
    assert_true(r.size > 2000);
    assert_int_equal(pread(r.fd, text, sizeof(text), 0), sizeof(text));
    assert_memory_equal(text, "{\"signing_address\":\"0x", 22);
    assert_int_equal(pread(r.fd, text, 1, (off_t)r.size - 1), 1);
    assert_int_equal(text[0], '}');
    assert_int_equal(pwrite(r.fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(r.fd, 1), -1);
    assert_int_equal(ftruncate(r.fd, 1 << 20), -1);
    close(r.fd);
}

static void the_child_is_kept(void **state)
{
    (void)state;
    expect(ATTEST_OK, "");
    pid_t first = collector.pid;
    fake->fail = AVER_EABSENT; /* a failure is no reason to end it */
    expect(ATTEST_ABSENT, "as the knob says");
    fake->fail = AVER_OK;
    expect(ATTEST_OK, "");
    assert_int_equal(collector.pid, first);
}

static void a_crash(void **state)
{
    (void)state;
    fake->crash = true;
    expect(ATTEST_WRONG, "died");
    fake->crash = false;
    expect(ATTEST_OK, "");
}

static void a_hang(void **state)
{
    uint64_t start = now_ms();

    (void)state;
    fake->sleep_ms = 60000;
    begin();
    pid_t first = collector.pid;
    struct collector_result r = end();
    assert_int_equal(r.status, ATTEST_SLOW);
    /* the limit of the step, and the grace */
    assert_in_range(now_ms() - start, 1300, 5000);
    fake->sleep_ms = 0;
    /* It is reaped when another is started. */
    for (int i = 0; i < 200 && kill(first, 0) == 0; i++) {
        usleep(10000);
        collector_stop(&collector);
        expect(ATTEST_OK, "");
    }
    assert_int_equal(kill(first, 0), -1);
}

/* With a driver that failed goes what its library remembers. */
static void gpus_that_fail_get_a_new_child(void **state)
{
    (void)state;
    expect(ATTEST_OK, "");
    pid_t first = collector.pid;
    assert_true(collector.new_gpu);
    assert_int_equal(collector.gpu.state, GPU_OK);
    assert_string_equal(collector.gpu_why, "");
    fake->gpu_fail = true;
    expect(ATTEST_ABSENT, "as the knob says");
    assert_int_equal(collector.gpu.state, GPU_LOST);
    assert_int_equal(collector.gpu.error, 15);
    assert_string_equal(collector.gpu_why, "as the knob says");
    assert_int_equal(collector.fd, -1);
    fake->gpu_fail = false;
    expect(ATTEST_OK, "");
    assert_int_not_equal(collector.pid, first);
    assert_int_equal(collector.gpu.state, GPU_OK);
    assert_int_equal(collector.gpu.error, 0);
}

static void a_driver_that_crashes_or_hangs(void **state)
{
    (void)state;
    fake->gpu_crash = true;
    expect(ATTEST_WRONG, "GPU driver: collector died");
    assert_int_equal(collector.gpu.state, GPU_CRASHED);
    fake->gpu_crash = false;
    fake->gpu_sleep_ms = 60000;
    collector.backends->gpu_limit_ms = 200; /* before its own */
    expect(ATTEST_SLOW, "GPU driver: no answer in 200 ms");
    assert_int_equal(collector.gpu.state, GPU_HANGS);
    fake->gpu_sleep_ms = 0;
    expect(ATTEST_OK, "");
    /* A quote that fails is not blamed on the GPUs. */
    fake->crash = true;
    expect(ATTEST_WRONG, "CPU evidence: collector died");
    assert_int_equal(collector.gpu.state, GPU_OK);
}

static void a_slow_step_is_said_once(void **state)
{
    struct collector_result r;
    uint64_t now;

    (void)state;
    assert_false(collector_slow(&collector, UINT64_MAX));
    fake->gpu_sleep_ms = 60000;
    collector.backends->gpu_limit_ms = 60000;
    begin();
    do {
        struct pollfd p = {.fd = collector.fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 5000), 1);
        now = now_ms();
        assert_false(collector_read(&collector, now, &r));
    } while (collector.step != ATTEST_STEP_GPU);
    assert_false(collector_slow(&collector, now + 9999));
    assert_true(collector_slow(&collector, now + 10000));
    assert_false(collector_slow(&collector, now + 20000));
    assert_false(collector_overrun(&collector, now + 60999, &r));
    assert_true(collector_overrun(&collector, now + 61000, &r));
}

static void killed_while_idle(void **state)
{
    (void)state;
    expect(ATTEST_OK, "");
    kill(collector.pid, SIGKILL);
    usleep(50000);
    expect(ATTEST_OK, ""); /* without having read its end */
    kill(collector.pid, SIGKILL);
    usleep(50000);
    struct collector_result r;
    assert_false(collector_read(&collector, now_ms(), &r)); /* no job's end */
    assert_int_equal(collector.fd, -1);
    expect(ATTEST_OK, "");
}

/* What is the attester's alone is not held open by the child. */
static void it_sheds(void **state)
{
    int fd[2];
    char c;

    (void)state;
    assert_int_equal(pipe2(fd, O_CLOEXEC | O_NONBLOCK), 0);
    shed_fd = fd[1];
    expect(ATTEST_OK, "");
    close(fd[1]);
    shed_fd = -1;
    assert_int_equal(kill(collector.pid, 0), 0); /* it lives */
    assert_int_equal(read(fd[0], &c, 1), 0);     /* and holds no end */
    close(fd[0]);
}

/* --- endorsements, with the simulator --- */

static int set_up_simulator(void **state)
{
    static const struct attest_config simulator = {.tee =
                                                       ATTEST_CHOOSE_SIMULATOR,
                                                   .gpu = ATTEST_GPU_NONE,
                                                   .model_name = "",
                                                   .engine_binding = "tcp"};
    struct aver_error err;

    (void)state;
    collector =
        (struct collector){.backends = attest_open(&simulator, 0, 0, &err),
                           .config = &simulator,
                           .shed = shed,
                           .ctx = &shed_fd};
    collector_init(&collector);
    return collector.backends ? 0 : -1;
}

static int tear_down_simulator(void **state)
{
    (void)state;
    collector_stop(&collector);
    if (collector.subject_fd >= 0)
        close(collector.subject_fd);
    attest_close(collector.backends);
    return 0;
}

static void look(void)
{
    struct aver_error err;
    struct collector_result r;

    assert_int_equal(collector_look(&collector, now_ms(), &err), 0);
    while (collector.busy) {
        struct pollfd p = {.fd = collector.fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 5000), 1);
        assert_false(collector_read(&collector, now_ms(), &r));
    }
    assert_true(collector.new_news);
    collector.new_news = false;
}

static void a_subject_comes_with_the_first_report(void **state)
{
    uint8_t head[20];

    (void)state;
    expect(ATTEST_OK, "");
    assert_true(collector.new_subject);
    assert_false(collector.new_news); /* nobody asked for endorsements */
    assert_int_equal(pread(collector.subject_fd, head, 20, 0), 20);
    assert_memory_equal(head, "{\"quote\":\"0400020081", 20);
    assert_int_equal(pwrite(collector.subject_fd, "x", 1, 0), -1);
    collector.new_subject = false;
    expect(ATTEST_OK, "");
    assert_false(collector.new_subject); /* it is of the same kind */
}

static void looks(void **state)
{
    (void)state;
    expect(ATTEST_OK, "");
    look();
    assert_int_equal(collector.news.until, 2524607999); /* the end of 2049 */
    assert_true(collector.news.due < collector.news.until);
    assert_string_equal(collector.news.why, "");
    collector_stop(&collector); /* another child is told the quote */
    look();
    assert_int_equal(collector.news.until, 2524607999);
    collector.backends->holding->cpu.path = "/nowhere";
    collector.backends->holding->gpus.path = "/nowhere";
    collector_stop(&collector);
    look();
    assert_int_equal(collector.news.until, 0);
    assert_int_equal(collector.news.due, 0);
    assert_string_equal(collector.news.why,
                        "/nowhere: No such file or directory");
    expect(ATTEST_OK, "");
}

/* A report that carries them tells so too. */
static void a_report_with_endorsements(void **state)
{
    struct collector_job job = {
        .who = fake_identity(3), .endorsements = 1, .nonce = {5}};
    struct aver_error err;

    (void)state;
    expect(ATTEST_OK, "");
    assert_int_equal(collector_start(&collector, &job, now_ms(), &err), 0);
    struct collector_result r = end();
    assert_int_equal(r.status, ATTEST_OK);
    assert_true(collector.new_news);
    assert_int_equal(collector.news.until, 2524607999);
    char *text = calloc(1, r.size + 1);
    assert_int_equal(pread(r.fd, text, r.size, 0), r.size);
    assert_non_null(strstr(text, "}],\"endorsements\":{\"pck_crl"));
    free(text);
    close(r.fd);
}

/* Whose end is no report's end. */
static void a_look_that_fails(void **state)
{
    struct collector_result r = {.fd = -1};
    struct aver_error err;

    (void)state;
    expect(ATTEST_OK, "");
    kill(collector.pid, SIGSTOP);
    assert_int_equal(collector_look(&collector, now_ms(), &err), 0);
    assert_true(collector.busy && collector.looking);
    assert_false(collector_overrun(&collector, collector.deadline_ms - 1, &r));
    assert_true(collector.busy);
    assert_false(collector_overrun(&collector, collector.deadline_ms, &r));
    assert_false(collector.busy || collector.looking);
    assert_true(collector.new_news);
    assert_int_equal(collector.news.until, 0);
    assert_non_null(strstr(collector.news.why, "no answer in"));
    expect(ATTEST_OK, "");
    kill(collector.pid, SIGSTOP);
    assert_int_equal(collector_look(&collector, now_ms(), &err), 0);
    kill(collector.pid, SIGKILL);
    usleep(50000);
    assert_false(collector_read(&collector, now_ms(), &r));
    assert_false(collector.busy || collector.looking);
    assert_non_null(strstr(collector.news.why, "died"));
    expect(ATTEST_OK, "");
}

#define SIMULATED(test)                                                        \
    cmocka_unit_test_setup_teardown(test, set_up_simulator, tear_down_simulator)

int main(void)
{
    fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fake == MAP_FAILED)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_report_nobody_can_change, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_child_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hang, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_while_idle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gpus_that_fail_get_a_new_child, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_driver_that_crashes_or_hangs, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_slow_step_is_said_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_sheds, set_up, tear_down),
        SIMULATED(a_subject_comes_with_the_first_report),
        SIMULATED(looks),
        SIMULATED(a_report_with_endorsements),
        SIMULATED(a_look_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
