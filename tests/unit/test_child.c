/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of the supervisor's children. This program starts itself as a role,
 * as aver does, and the role tells over its control pair what it found: its
 * descriptors, environment, signals and name. */
#include "serve/child.h"

#include "net/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
/* after the standard headers */
#include <cmocka.h>

static struct aver_error err;
static struct child_estate estate;
static int listeners[2];

/* ---- the role ---- */

/* "0 1 2 3 4", without the one that reads the folder. */
static void open_descriptors(char *out, size_t cap)
{
    DIR *d = opendir("/proc/self/fd");
    bool open[64] = {false};
    size_t n = 0;
    if (!d)
        abort();
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' && strtol(e->d_name, NULL, 10) != dirfd(d))
            open[strtol(e->d_name, NULL, 10) & 63] = true;
    closedir(d);
    for (int i = 0; i < 64; i++)
        if (open[i])
            n += (size_t)snprintf(out + n, cap - n, " %d", i);
}

static int be_role(char **argv)
{
    struct control m = {.version = CHANNEL_VERSION, .type = CONTROL_READY};
    char fds[128] = "";
    sigset_t mask;
    unsigned variables = 0;
    if (strcmp(argv[2], "attester") == 0)
        pause(); /* hears nothing */
    open_descriptors(fds, sizeof(fds));
    while (environ[variables])
        variables++;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    snprintf(m.text, sizeof(m.text),
             "%s %s|%s|secret %d|variables %u|term %d|session %d|null %d",
             argv[0], argv[3], fds, getenv("AVER_TOKEN") != NULL, variables,
             sigismember(&mask, SIGTERM), getsid(0) == getpid(),
             lseek(1, 0, SEEK_CUR) == 0);
    if (channel_send(ROLE_CONTROL_FD, &m, sizeof(m), -1) != 0)
        return 9;
    /* Until the supervisor closes: count what it says. */
    unsigned heard = 0;
    int fd;
    while (channel_recv(ROLE_CONTROL_FD, &m, sizeof(m), &fd, true) > 0) {
        heard++;
        if (fd >= 0)
            close(fd);
    }
    return heard > 200 ? 200 : (int)heard;
}

/* ---- the supervisor ---- */

static int setup(void **state)
{
    (void)state;
    estate.null_fd = child_fd_up(open("/dev/null", O_RDWR | O_CLOEXEC));
    estate.config_fd = child_fd_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    estate.metrics_fd = child_fd_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    listeners[0] = child_fd_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    listeners[1] = child_fd_up(open("/dev/null", O_RDONLY | O_CLOEXEC));
    estate.listen_fd = listeners;
    estate.nlisteners = 2;
    log_setup(LOG_ERROR, false, "test");
    return estate.null_fd >= CHILD_FD_MIN && listeners[1] >= CHILD_FD_MIN
               ? setenv("AVER_TOKEN", "secret", 1)
               : -1;
}

static int ended(struct child *c)
{
    int how;
    assert_int_equal(waitpid(c->pid, &how, 0), c->pid);
    child_buried(c);
    assert_int_equal(c->pid, 0);
    assert_int_equal(c->control, -1);
    return how;
}

static void told(struct child *c, const char *expected)
{
    struct control m;
    assert_int_equal(channel_recv(c->control, &m, sizeof(m), NULL, true),
                     sizeof(m));
    assert_int_equal(m.type, CONTROL_READY);
    assert_string_equal(m.text, expected);
}

static void a_notary_has_only_its_pair(void **state)
{
    struct child c = {.role = CHILD_NOTARY, .control = -1};
    (void)state;
    int leak = dup(1); /* as a careless parent of ours would leave it */
    unsetenv("ASAN_OPTIONS");
    unsetenv("UBSAN_OPTIONS");
    unsetenv("LSAN_OPTIONS");
    unsetenv("LD_LIBRARY_PATH");
    assert_int_equal(child_start(&c, &estate, 7, 0, &err), 0);
    told(&c, "aver-notary 7| 0 1 2 3 4|secret 0|variables 0|term 0|session 1|"
             "null 1");
    close(leak);
    close(c.control);
    c.control = -1;
    assert_int_equal(ended(&c), 0);
}

static void a_worker_has_counters_and_listeners(void **state)
{
    struct child c = {.role = CHILD_WORKER, .slot = 2, .control = -1};
    (void)state;
    setenv("UBSAN_OPTIONS", "print_stacktrace=1", 1);
    assert_int_equal(child_start(&c, &estate, 2, 0, &err), 0);
    told(&c, "aver-worker 2| 0 1 2 3 4 5 6 7|secret 0|variables 1|term 0|"
             "session 1|null 1");
    unsetenv("UBSAN_OPTIONS");
    const struct control drain = {.version = CHANNEL_VERSION,
                                  .type = CONTROL_DRAIN};
    child_tell(&c, &drain, -1);
    child_tell(&c, &drain, dup(0));
    shutdown(c.control, SHUT_WR);
    assert_int_equal(WEXITSTATUS(ended(&c)), 2);
}

/* Nothing is lost and nothing blocks while a role does not read; one that
 * never reads is killed. */
static void a_role_that_does_not_read(void **state)
{
    struct child c = {.role = CHILD_ATTESTER, .control = -1};
    const struct control m = {.version = CHANNEL_VERSION, .type = CONTROL_PEER};
    (void)state;
    assert_int_equal(child_start(&c, &estate, 0, 0, &err), 0);
    for (int i = 0; i < 4000; i++)
        child_tell(&c, &m, -1);
    assert_true(c.nletters > 0 && c.nletters < 4000);
    unsigned waiting = c.nletters;
    child_flush(&c);
    assert_int_equal(c.nletters, waiting);
    assert_int_equal(waitpid(c.pid, NULL, WNOHANG), 0);
    for (int i = 0; i < 5000; i++)
        child_tell(&c, &m, -1);
    int how = ended(&c);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
    child_tell(&c, &m, dup(0)); /* to nobody: the descriptor is closed */
}

static void pauses(void **state)
{
    static const unsigned expected[] = {0,    0,    0,    0,    250, 500,
                                        1000, 2000, 4000, 5000, 5000};
    struct child c = {.started_ms = 0};
    uint64_t now = 100;
    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        c.started_ms = now;
        now += 10;
        assert_int_equal(child_pause_ms(&c, now), expected[i]);
    }
    for (int i = 0; i < 100; i++)
        (void)child_pause_ms(&c, now);
    assert_int_equal(child_pause_ms(&c, now), 5000);
    /* One that lived is forgiven. */
    assert_int_equal(child_pause_ms(&c, c.started_ms + 10000), 0);
    assert_int_equal(c.deaths, 1);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--role") == 0)
        return be_role(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notary_has_only_its_pair),
        cmocka_unit_test(a_worker_has_counters_and_listeners),
        cmocka_unit_test(a_role_that_does_not_read),
        cmocka_unit_test(pauses),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
