/* SPDX-License-Identifier: Apache-2.0
 *
 * quiet: nothing of what is written meanwhile comes out, all of what is
 * written before and after does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/quiet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/aver-quiet-XXXXXX";

static void chatter(void)
{
    printf("half a line");
    fprintf(stderr, "noise");
    if (write(1, "noise", 5) < 0 || write(2, "noise", 5) < 0)
        abort();
}

static void talk(void)
{
    struct quiet q;

    printf("before ");
    quiet_begin(&q);
    chatter();
    quiet_end(&q);
    printf("after ");
    fflush(stdout);
    fprintf(stderr, "end");
}

static void for_good(void)
{
    quiet_for_good();
    chatter();
    /* Only 0, 1, 2 and the file itself are open. */
    _exit(dup(0) == 4 ? 0 : 1);
}

/* In a child whose stdout and stderr are a file. */
static int in_child(void (*f)(void), char out[static 100])
{
    int file = mkstemp(path), status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        dup2(file, 3);
        if (file != 3)
            close(file);
        dup2(3, 1);
        dup2(3, 2);
        closefrom(4);
        f();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    memset(out, 0, 100);
    assert_true(pread(file, out, 99, 0) >= 0);
    close(file);
    unlink(path);
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void between(void **state)
{
    char out[100];

    (void)state;
    fflush(stdout);
    assert_int_equal(in_child(talk, out), 0);
    assert_string_equal(out, "before after end");
}

static void for_ever(void **state)
{
    char out[100];

    (void)state;
    fflush(stdout);
    assert_int_equal(in_child(for_good, out), 0);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(between),
                                       cmocka_unit_test(for_ever)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
