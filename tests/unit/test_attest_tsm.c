/* SPDX-License-Identifier: Apache-2.0
 *
 * test_attest_tsm: quotes through configfs, from a stand-in: a folder whose
 * entry a child process serves. It answers when `inblob` was written: counts
 * `generation` on, then gives the quote through `outblob`, a FIFO, so that a
 * reader waits for it as it waits for the kernel. */
#include "attest_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char base[64], entry[128];
static pid_t server;

static void path_to(char out[static 192], const char *name)
{
    snprintf(out, 192, "%s/%s", entry, name);
}

static void write_file(const char *name, const void *p, size_t n)
{
    char path[192];
    int fd;

    path_to(path, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd) != 0)
        _exit(99);
}

static void write_generation(unsigned n)
{
    char line[16];
    int len = snprintf(line, sizeof(line), "%u\n", n);

    write_file("generation", line, (size_t)len);
}

/* Serves until it is killed; each write counts `step` on. */
static void serve(int notify, unsigned step)
{
    char event[4096], path[192];
    unsigned generation = 1;
    struct aver_buf quote;

    for (;;) {
        uint8_t in[64];
        int fd;

        if (read(notify, event, sizeof(event)) <= 0)
            _exit(99);
        path_to(path, "inblob");
        fd = open(path, O_RDONLY);
        if (fd < 0 || read(fd, in, 64) != 64)
            _exit(99);
        close(fd);
        generation += step;
        write_generation(generation);
        aver_buf_init(&quote, 4096);
        fake_quote(&quote, in);
        path_to(path, "outblob");
        fd = open(path, O_WRONLY);
        if (fd < 0 || write(fd, quote.p, quote.n) != (ssize_t)quote.n)
            _exit(99);
        close(fd);
        aver_buf_clear(&quote);
    }
}

static void start(const char *provider, unsigned step)
{
    char path[192];
    int notify;

    snprintf(base, sizeof(base), "/tmp/aver-tsm-XXXXXX");
    assert_non_null(mkdtemp(base));
    snprintf(entry, sizeof(entry), "%s/aver-%u", base, getuid());
    assert_int_equal(mkdir(entry, 0755), 0);
    write_file("inblob", "", 0);
    write_file("provider", provider, strlen(provider));
    write_generation(1);
    path_to(path, "outblob");
    assert_int_equal(mkfifo(path, 0644), 0);
    path_to(path, "inblob");
    notify = inotify_init();
    assert_true(inotify_add_watch(notify, path, IN_CLOSE_WRITE) >= 0);
    server = fork();
    if (server == 0)
        serve(notify, step);
    close(notify);
}

static int stop(void **state)
{
    static const char *const names[] = {"inblob", "outblob", "generation",
                                        "provider"};
    char path[192];

    (void)state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    for (size_t i = 0; i < 4; i++) {
        path_to(path, names[i]);
        unlink(path);
    }
    rmdir(entry);
    rmdir(base);
    return 0;
}

static int open_it(void **tsm, struct aver_error *err)
{
    struct attest_config c = {.tsm_path = base};

    return cpu_tsm.open(tsm, &c, getuid(), getgid(), err);
}

static void a_quote_comes_over_what_was_written(void **state)
{
    void *tsm = NULL;
    struct aver_error err;
    struct cpu_evidence e;
    uint8_t data[64];

    (void)state;
    start("tdx_guest\n", 1);
    assert_int_equal(open_it(&tsm, &err), 0);
    for (int round = 0; round < 3; round++) {
        memset(data, 0x30 + round, sizeof(data));
        cpu_evidence_init(&e);
        assert_int_equal(cpu_tsm.quote(tsm, data, &e, &err), 0);
        assert_int_equal(e.quote.n, 1000);
        assert_memory_equal(e.quote.p + 568, data, 64);
        assert_int_equal(e.info.n, 0);
        cpu_evidence_clear(&e);
    }
    cpu_tsm.close(tsm);
}

static void somebody_elses_writes_are_seen(void **state)
{
    void *tsm = NULL;
    struct aver_error err;
    struct cpu_evidence e;
    uint8_t data[64] = {1};

    (void)state;
    start("tdx_guest\n", 2);
    assert_int_equal(open_it(&tsm, &err), 0);
    cpu_evidence_init(&e);
    assert_int_equal(cpu_tsm.quote(tsm, data, &e, &err), -1);
    assert_int_equal(err.code, AVER_EMISMATCH);
    assert_int_equal(attest_status_of(err.code), ATTEST_WRONG);
    cpu_evidence_clear(&e);
    cpu_tsm.close(tsm);
}

static void another_provider_is_refused(void **state)
{
    void *tsm = NULL;
    struct aver_error err;

    (void)state;
    start("sev_guest\n", 1);
    assert_int_equal(open_it(&tsm, &err), -1);
    assert_null(tsm);
    assert_int_equal(err.code, AVER_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "sev_guest"));
}

static void a_folder_that_is_not_there_is_absent(void **state)
{
    struct attest_config c = {.tsm_path = "/nonexistent/tsm"};
    struct aver_error err;
    void *tsm = NULL;

    (void)state;
    assert_false(cpu_tsm.present(&c));
    assert_int_equal(cpu_tsm.open(&tsm, &c, getuid(), getgid(), &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
}

static void an_entry_that_went_away_is_absent(void **state)
{
    void *tsm = NULL;
    struct aver_error err;
    struct cpu_evidence e;
    uint8_t data[64] = {1};
    char path[192];

    (void)state;
    start("tdx_guest\n", 1);
    assert_int_equal(open_it(&tsm, &err), 0);
    path_to(path, "generation");
    assert_int_equal(unlink(path), 0);
    cpu_evidence_init(&e);
    assert_int_equal(cpu_tsm.quote(tsm, data, &e, &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    cpu_evidence_clear(&e);
    cpu_tsm.close(tsm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_quote_comes_over_what_was_written, stop),
        cmocka_unit_test_teardown(somebody_elses_writes_are_seen, stop),
        cmocka_unit_test_teardown(another_provider_is_refused, stop),
        cmocka_unit_test(a_folder_that_is_not_there_is_absent),
        cmocka_unit_test_teardown(an_entry_that_went_away_is_absent, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
