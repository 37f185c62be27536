/* SPDX-License-Identifier: Apache-2.0
 *
 * channel: packets keep their borders, descriptors ride along or are closed,
 * and what a dead peer had sent is still read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/channel.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int pair_setup(void **state)
{
    static int fd[2];
    struct aver_error err;
    *state = fd;
    return channel_pair(fd, &err);
}

static int pair_teardown(void **state)
{
    int *fd = *state;
    for (int i = 0; i < 2; i++)
        if (fd[i] >= 0)
            close(fd[i]);
    return 0;
}

static int open_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void test_pair_is_cloexec(void **state)
{
    int *fd = *state;
    assert_true(fcntl(fd[0], F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd[1], F_GETFD) & FD_CLOEXEC);
}

static void test_packets_keep_borders(void **state)
{
    int *fd = *state;
    char buf[16];
    assert_int_equal(channel_recv(fd[1], buf, sizeof(buf), NULL, false), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(channel_send(fd[0], "one", 3, -1), 0);
    assert_int_equal(channel_send(fd[0], "two!", 4, -1), 0);
    assert_int_equal(channel_recv(fd[1], buf, sizeof(buf), NULL, false), 3);
    assert_memory_equal(buf, "one", 3);
    assert_int_equal(channel_recv(fd[1], buf, sizeof(buf), NULL, true), 4);
    assert_memory_equal(buf, "two!", 4);
}

static void test_too_long_is_refused(void **state)
{
    int *fd = *state;
    char buf[4];
    int got = 77;
    int before = open_descriptors();
    assert_int_equal(channel_send(fd[0], "12345", 5, STDERR_FILENO), 0);
    assert_int_equal(channel_send(fd[0], "1234", 4, -1), 0);
    errno = 0;
    assert_int_equal(channel_recv(fd[1], buf, sizeof(buf), &got, false), -1);
    assert_int_equal(errno, EMSGSIZE);
    assert_int_equal(got, -1);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(channel_recv(fd[1], buf, sizeof(buf), &got, false), 4);
}

static void test_descriptor_rides_along(void **state)
{
    int *fd = *state;
    int pipe_fd[2], got = -1;
    char c = 0;
    assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
    assert_int_equal(channel_send(fd[0], "x", 1, pipe_fd[1]), 0);
    close(pipe_fd[1]);
    assert_int_equal(channel_recv(fd[1], &c, 1, &got, false), 1);
    assert_true(got >= 0);
    assert_true(fcntl(got, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(write(got, "y", 1), 1);
    assert_int_equal(read(pipe_fd[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    close(got);
    close(pipe_fd[0]);
    got = 5;
    assert_int_equal(channel_send(fd[0], "x", 1, -1), 0);
    assert_int_equal(channel_recv(fd[1], &c, 1, &got, false), 1);
    assert_int_equal(got, -1);
}

static void test_unasked_descriptor_is_closed(void **state)
{
    int *fd = *state;
    char c;
    int before = open_descriptors();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(channel_send(fd[0], "x", 1, STDERR_FILENO), 0);
        assert_int_equal(channel_recv(fd[1], &c, 1, NULL, false), 1);
    }
    assert_int_equal(open_descriptors(), before);
}

/* A peer that does not use channel_send may pass several at once. */
static void test_second_descriptor_is_closed(void **state)
{
    int *fd = *state;
    int two[2] = {STDERR_FILENO, STDERR_FILENO}, got;
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(two))];
    } ride = {0};
    struct iovec part = {.iov_base = "x", .iov_len = 1};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = ride.space,
                       .msg_controllen = sizeof(ride.space)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_RIGHTS,
                          .cmsg_len = CMSG_LEN(sizeof(two))};
    memcpy(CMSG_DATA(c), two, sizeof(two));
    int before = open_descriptors();
    char byte;
    assert_int_equal(sendmsg(fd[0], &m, 0), 1);
    assert_int_equal(channel_recv(fd[1], &byte, 1, &got, false), 1);
    assert_true(got >= 0);
    assert_int_equal(open_descriptors(), before + 1);
    close(got);
}

static void test_full_pair_would_block(void **state)
{
    int *fd = *state;
    char block[1024] = {0};
    int sent = 0, rc;
    while ((rc = channel_send(fd[0], block, sizeof(block), -1)) == 0)
        assert_true(++sent < 100000);
    assert_int_equal(rc, 1);
    assert_int_equal(channel_recv(fd[1], block, sizeof(block), NULL, false),
                     sizeof(block));
    assert_int_equal(channel_send(fd[0], block, sizeof(block), -1), 0);
}

static void test_gone_peer(void **state)
{
    int *fd = *state;
    char c;
    close(fd[0]);
    fd[0] = -1;
    /* SIGPIPE would end this program. */
    assert_int_equal(channel_send(fd[1], "x", 1, -1), -1);
    assert_int_equal(channel_recv(fd[1], &c, 1, NULL, false), 0);
    assert_int_equal(channel_recv(fd[1], &c, 1, NULL, true), 0);
}

/* The peer dies with packets of ours unread: the kernel then reports
 * ECONNRESET once, before the packets that the peer had sent. */
static void test_dead_peers_packets_are_read(void **state)
{
    int *fd = *state;
    char c;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int bad = 0;
        for (const char *p = "abc"; *p; p++)
            bad |= channel_send(fd[0], p, 1, -1);
        bad |= channel_send(fd[1], "unread", 6, -1);
        _exit(bad);
    }
    close(fd[0]);
    fd[0] = -1;
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (const char *p = "abc"; *p; p++) {
        assert_int_equal(channel_recv(fd[1], &c, 1, NULL, p[0] == 'b'), 1);
        assert_int_equal(c, *p);
    }
    assert_int_equal(channel_recv(fd[1], &c, 1, NULL, false), 0);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_pair_is_cloexec),
        ROW(test_packets_keep_borders),
        ROW(test_too_long_is_refused),
        ROW(test_descriptor_rides_along),
        ROW(test_unasked_descriptor_is_closed),
        ROW(test_second_descriptor_is_closed),
        ROW(test_full_pair_would_block),
        ROW(test_gone_peer),
        ROW(test_dead_peers_packets_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
