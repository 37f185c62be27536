/* SPDX-License-Identifier: Apache-2.0
 *
 * notary/keys: the page of the keys as the kernel sees it (VmFlags of
 * proc(5)), with memfd_secret(2) and without, and what happens where memory
 * may not be locked. Each case runs in a child, whose limits it may ruin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/ed25519.h"
#include "notary/keys.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_MEMFD_SECRET 447

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

/* From now on the kernel has no memfd_secret. */
static int forbid_secretmem(void)
{
    struct sock_filter rows[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NR_MEMFD_SECRET, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {sizeof(rows) / sizeof(rows[0]), rows};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

/* The VmFlags of the mapping that begins at p, e.g. " rd wr mr lo dc dd ". */
static int vm_flags(const void *p, char *out, size_t cap)
{
    char line[512], start[32];
    bool inside = false;
    FILE *f = fopen("/proc/self/smaps", "r");
    snprintf(start, sizeof(start), "%08lx-", (unsigned long)(uintptr_t)p);
    while (f && fgets(line, sizeof(line), f)) {
        if (strncmp(line, start, strlen(start)) == 0)
            inside = true;
        if (!inside || strncmp(line, "VmFlags:", 8) != 0)
            continue;
        snprintf(out, cap, "%s", line + 8);
        fclose(f);
        return 0;
    }
    return -1;
}

static bool has(const char *flags, const char *flag)
{
    const char *at = strstr(flags, flag);
    return at && at[-1] == ' ' && (at[2] == ' ' || at[2] == '\n');
}

/* A child of ours must find nothing at that address. */
static bool absent_in_child(const void *p)
{
    pid_t pid = fork();
    if (pid == 0) {
        int fd[2];
        if (pipe(fd) != 0)
            _exit(2);
        _exit(write(fd[1], p, 1) == -1 && errno == EFAULT ? 0 : 1);
    }
    int status = -1;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static int check_page(bool secretmem)
{
    char flags[512];
    struct keys *k = keys_new(NULL);
    if (!k || k->secretmem != secretmem)
        return 10;
    if (vm_flags(k, flags, sizeof(flags)) != 0)
        return 11;
    if (!has(flags, "lo")) /* locked */
        return 12;
    if (!has(flags, "dd")) /* left out of core dumps */
        return 13;
    if (!has(flags, "dc")) /* not copied at fork */
        return 14;
    if (!absent_in_child(k))
        return 15;
    memset(k->k1, 0x5a, sizeof(k->k1));
    keys_free(k);
    return vm_flags(k, flags, sizeof(flags)) == 0 ? 16 : 0;
}

static int check_secret(void)
{
    return check_page(true);
}

static int check_locked(void)
{
    return forbid_secretmem() != 0 ? 1 : check_page(false);
}

static int check_limit(void)
{
    const struct rlimit none = {0, 0};
    struct aver_error err = {0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
        return 1;
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 2;
    if (keys_new(&err))
        return 3;
    if (err.code != AVER_EIO || !strstr(err.text, "RLIMIT_MEMLOCK"))
        return 4;
    return 0;
}

static void test_secret_page(void **state)
{
    (void)state;
    long fd = syscall(NR_MEMFD_SECRET, 0);
    if (fd < 0)
        skip(); /* not on this kernel */
    close((int)fd);
    assert_int_equal(in_child(check_secret), 0);
}

static void test_locked_page(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_locked), 0);
}

static void test_limit_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_limit), 0);
}

static void test_draw(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    struct aver_k1 *k1 = aver_k1_new();
    struct keys *a = keys_new(NULL), *b = keys_new(NULL);
    assert_true(k1 && a && b);
    keys_draw(a, k1);
    keys_draw(b, k1);
    assert_true(aver_k1_secret_ok(k1, a->k1));
    assert_memory_not_equal(a->k1, b->k1, 32);
    assert_memory_not_equal(a->ed, b->ed, 32);
    assert_memory_not_equal(a->ed, a->k1, 32);
    assert_memory_equal(a->seed, zeros, 32); /* wiped */
    uint8_t sig[64];
    struct aver_bytes text = aver_bytes_str("text");
    aver_ed25519_sign(sig, a->ed, text);
    assert_true(aver_ed25519_verify(sig, a->ed + 32, text));
    keys_free(a);
    keys_free(b);
    keys_free(NULL);
    aver_k1_free(k1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_page),
        cmocka_unit_test(test_locked_page),
        cmocka_unit_test(test_limit_is_an_error),
        cmocka_unit_test(test_draw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
