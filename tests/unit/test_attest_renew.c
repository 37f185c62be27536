/* SPDX-License-Identifier: Apache-2.0
 *
 * renew: when it is run, with what, and what becomes of its end. What is run
 * here are small shell scripts. */
#include "attest/renew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char script[] = "/tmp/aver-renew-XXXXXX";
static char written[64];
static int subject_fd;

static void write_script(const char *text)
{
    FILE *f = fopen(script, "w");

    assert_non_null(f);
    fprintf(f, "#!/bin/sh\nexec >%s\n%s\n", written, text);
    fclose(f);
    assert_int_equal(chmod(script, 0700), 0);
}

static int set_up(void **state)
{
    static struct renew r;

    r = (struct renew){.program = script, .from = "intel", .folder = "/a b"};
    renew_init(&r);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    renew_stop(*state);
    return 0;
}

/* Waits as the attester does, at a clock that stands. */
static struct renew_result end(struct renew *r, uint64_t now_ms)
{
    struct renew_result result = {0};

    for (;;) {
        struct pollfd p = {.fd = r->fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        if (renew_read(r, now_ms, &result))
            break;
    }
    assert_int_equal(r->pid, -1);
    assert_int_equal(r->fd, -1);
    return result;
}

static struct renew_result run(struct renew *r, uint64_t now_ms)
{
    struct renew_result result;

    assert_int_equal(renew_start(r, subject_fd, now_ms, &result), 0);
    return end(r, now_ms);
}

static void expect_failure(struct renew *r, const char *text)
{
    struct renew_result result = run(r, 0);

    assert_false(result.ok);
    assert_string_equal(result.text, text);
}

static void expect_written(const char *want)
{
    char have[512] = "";
    FILE *f = fopen(written, "r");

    assert_non_null(f);
    size_t n = fread(have, 1, sizeof(have) - 1, f);
    fclose(f);
    have[n] = '\0';
    assert_string_equal(have, want);
}

static void what_it_is_called_with(void **state)
{
    struct renew *r = *state;

    write_script("printf '%s|' \"$@\"; cat; for f in 3 4 5 6 7 8 9; do "
                 "[ -e /proc/$$/fd/$f ] && echo $f; done; true");
    int open_one = dup(subject_fd); /* not close-on-exec */
    assert_in_range(open_one, 3, 9);
    for (int i = 0; i < 2; i++) { /* the subject is read from its beginning */
        assert_true(run(r, 0).ok);
        expect_written("endorse|--quiet|--cache|/a b|--only|cpu|-|quote");
    }
    r->from = "https://pccs:8081/x";
    r->simulated = true;
    assert_true(run(r, 0).ok);
    expect_written("endorse|--quiet|--cache|/a b|--only|cpu|--pccs|"
                   "https://pccs:8081/x|--trust|simulator|-|quote");
    r->gpu_from = "nvidia";
    assert_true(run(r, 0).ok);
    expect_written("endorse|--quiet|--cache|/a b|--pccs|https://pccs:8081/x|"
                   "--trust|simulator|-|quote");
    r->from = NULL;
    r->simulated = false;
    assert_true(run(r, 0).ok);
    expect_written("endorse|--quiet|--cache|/a b|--only|gpu|-|quote");
    r->from = "intel";
    r->gpu_from = "http://mirror/nv";
    assert_true(run(r, 0).ok);
    expect_written("endorse|--quiet|--cache|/a b|--rim-service|"
                   "http://mirror/nv|--ocsp-service|http://mirror/nv|-|quote");
    close(open_one);
}

static void what_it_says(void **state)
{
    struct renew *r = *state;
    char many[400] = "";

    write_script("echo 'aver: one' >&2; echo 'aver: two: 404' >&2; exit 3");
    expect_failure(r, "two: 404");
    write_script("exit 1");
    expect_failure(r, "aver endorse ended with status 1");
    write_script("kill -9 $$");
    expect_failure(r, "aver endorse ended with signal 9");
    write_script("printf '%1000d' 7 >&2; exit 3");
    memset(many, ' ', sizeof(many) - 1);
    expect_failure(r, many);
    r->program = "/nowhere/aver";
    expect_failure(r, "cannot run aver endorse: No such file or directory");
    r->program = script;
    write_script("echo 'aver: of no matter' >&2");
    assert_true(run(r, 0).ok);
}

static void when(void **state)
{
    struct renew *r = *state;
    struct renew_result result;

    write_script("sleep 100");
    assert_true(renew_wanted(r, 0, 0, 50, 0));
    assert_false(renew_wanted(r, 100, 60, 59, 0));
    assert_true(renew_wanted(r, 100, 60, 60, 0));
    assert_int_equal(renew_next_ms(r, 0), UINT64_MAX);
    assert_int_equal(renew_start(r, subject_fd, 5, &result), 0);
    assert_false(renew_wanted(r, 0, 0, 50, 5)); /* it runs */
    assert_int_equal(renew_next_ms(r, 5), 5 + RENEW_LIMIT_MS);
    renew_stop(r);
    r->from = NULL;
    assert_false(renew_wanted(r, 0, 0, 50, 0));
    assert_int_equal(renew_next_ms(r, 0), UINT64_MAX);
}

static void how_long_between(void **state)
{
    static const uint64_t minutes[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    struct renew *r = *state;
    uint64_t now = 1000;

    write_script("exit 3");
    for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
        struct renew_result result = run(r, now);
        assert_int_equal(result.again_ms, minutes[i] * 60000);
        assert_int_equal(renew_next_ms(r, now), now + result.again_ms);
        assert_false(renew_wanted(r, 0, 0, 0, now + result.again_ms - 1));
        now += result.again_ms;
        assert_true(renew_wanted(r, 0, 0, 0, now));
    }
    write_script("exit 0");
    assert_true(run(r, now).ok);
    /* Whatever it has led to, it is not run again at once. */
    assert_false(renew_wanted(r, 0, 0, 0, now + RENEW_PAUSE_MS - 1));
    assert_true(renew_wanted(r, 0, 0, 0, now + RENEW_PAUSE_MS));
    write_script("exit 3");
    assert_int_equal(run(r, now).again_ms, 60000);
}

static void one_that_hangs(void **state)
{
    struct renew *r = *state;
    struct renew_result result;

    write_script("exec sleep 100");
    assert_int_equal(renew_start(r, subject_fd, 7, &result), 0);
    pid_t pid = r->pid;
    assert_false(renew_overrun(r, 6 + RENEW_LIMIT_MS, &result));
    assert_true(renew_overrun(r, 7 + RENEW_LIMIT_MS, &result));
    assert_string_equal(result.text, "aver endorse took more than 60 s");
    assert_int_equal(result.again_ms, 60000);
    assert_int_equal(kill(pid, 0), -1);
    assert_false(renew_overrun(r, UINT64_MAX, &result));
    /* Nor does one live on that only hides. */
    write_script("exec 2>&-; exec sleep 100");
    assert_int_equal(renew_start(r, subject_fd, 7, &result), 0);
    pid = r->pid;
    result = end(r, 7);
    assert_string_equal(result.text, "aver endorse ended with signal 9");
    assert_int_equal(kill(pid, 0), -1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    int fd = mkstemp(script);

    subject_fd = memfd_create("quote", MFD_CLOEXEC);
    if (fd < 0 || subject_fd < 0 || write(subject_fd, "quote", 5) != 5)
        return 1;
    close(fd);
    snprintf(written, sizeof(written), "%s.out", script);
    const struct CMUnitTest tests[] = {
        WITH(what_it_is_called_with), WITH(what_it_says),   WITH(when),
        WITH(how_long_between),       WITH(one_that_hangs),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(script);
    unlink(written);
    return failed;
}
