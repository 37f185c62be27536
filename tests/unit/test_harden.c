/* SPDX-License-Identifier: Apache-2.0
 *
 * harden: each promise is looked up in /proc or tried, in a child of its own,
 * since none can be taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/harden.h"
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `check` in a child; what it returns. */
static int in_child(int (*check)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(check());
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int check_process(void)
{
    struct rlimit core;
    if (harden_process(NULL) != 0)
        return 1;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 2;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 3;
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
        return 4;
    return 0;
}

static int check_name(void)
{
    char comm[32] = "";
    harden_name("aver-notary");
    FILE *f = fopen("/proc/self/comm", "r");
    if (!f || !fgets(comm, sizeof(comm), f))
        return 1;
    fclose(f);
    return strcmp(comm, "aver-notary\n") ? 2 : 0;
}

static int check_drop(void)
{
    uid_t uid[3];
    gid_t gid[3];
    struct passwd *nobody = getpwnam("nobody");
    if (!nobody || harden_drop_user("nobody", NULL) != 0)
        return 1;
    if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 ||
        getresgid(&gid[0], &gid[1], &gid[2]) != 0)
        return 2;
    for (int i = 0; i < 3; i++)
        if (uid[i] != nobody->pw_uid || gid[i] != nobody->pw_gid)
            return 3;
    if (getgroups(0, NULL) != 0)
        return 4;
    /* Not root any more: nothing left to drop, and that is no error. */
    return harden_drop_user("root", NULL) == 0 ? 0 : 5;
}

static void test_process(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_process), 0);
}

static void test_name(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_name), 0);
}

static void test_drop(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(in_child(check_drop), 0);
}

static void test_find_user(void **state)
{
    (void)state;
    struct aver_error err = {0};
    uid_t uid = 0;
    gid_t gid = 0;
    assert_int_equal(harden_find_user("root", &uid, &gid, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    assert_non_null(strstr(err.text, "root"));
    assert_int_equal(harden_find_user("no-such-user-x", &uid, &gid, &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    assert_int_equal(harden_find_user(NULL, &uid, &gid, &err), 0);
    assert_true(uid != 0 && gid != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_find_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
