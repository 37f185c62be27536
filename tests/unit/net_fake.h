/* SPDX-License-Identifier: Apache-2.0
 *
 * net_fake: what the tests of the server's side and of the relay share: a
 * listener on a free port of 127.0.0.1, sockets that play clients and engines,
 * and a loop that is turned until something is true. */
#ifndef AVER_TESTS_NET_FAKE_H
#define AVER_TESTS_NET_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static struct loop loop;

UNUSED static int fake_listen(uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

UNUSED static int fake_connect(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* A timer makes sure that no turn waits for ever. */
static struct timer_queue tick_queue;
static struct timer tick_timer;
static int ticks;

UNUSED static void on_tick(struct timer *t)
{
    ticks++;
    timer_arm(&loop, &tick_queue, t);
}

UNUSED static void fake_loop_start(void)
{
    assert_int_equal(loop_init(&loop, NULL), 0);
    timer_queue_init(&loop, &tick_queue, 2, on_tick);
    memset(&tick_timer, 0, sizeof(tick_timer));
    timer_arm(&loop, &tick_queue, &tick_timer);
    ticks = 0;
}

/* Turns for so many ticks of 2 ms. */
UNUSED static void fake_turns(int n)
{
    int end = ticks + n;

    while (ticks < end)
        loop_turn(&loop);
}

/* Turns until `cond`, 2.5 seconds at most. */
#define TURN_UNTIL(cond)                                                       \
    do {                                                                       \
        int end_ = ticks + 1250;                                               \
        while (!(cond) && ticks < end_)                                        \
            loop_turn(&loop);                                                  \
        assert_true(cond);                                                     \
    } while (0)

UNUSED static void fake_send(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* Text received so far on a socket, and whether the peer ended. */
struct fake_text {
    char text[1 << 16];
    size_t n;
    bool ended;
};

UNUSED static void fake_read(int fd, struct fake_text *t)
{
    ssize_t n;

    while ((n = recv(fd, t->text + t->n, sizeof(t->text) - 1 - t->n, 0)) > 0)
        t->n += (size_t)n;
    t->text[t->n] = '\0';
    if (n == 0 || (n < 0 && errno != EAGAIN))
        t->ended = true;
}

UNUSED static bool fake_has(int fd, struct fake_text *t, const char *what)
{
    fake_read(fd, t);
    return strstr(t->text, what) != NULL;
}

UNUSED static bool fake_ended(int fd, struct fake_text *t)
{
    fake_read(fd, t);
    return t->ended;
}

#endif
