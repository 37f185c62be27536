/* SPDX-License-Identifier: Apache-2.0
 *
 * test_loop: timers, deferred work and deferred frees. */
#include "net/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct node {
    struct timer timer;
    struct again again;
    struct garbage garbage;
    struct watch watch;
    int fired, ran, freed, events;
};

static struct loop loop;
static int order[8], orders;

static void on_timeout(struct timer *t)
{
    struct node *n = container_of(t, struct node, timer);

    n->fired++;
    order[orders++] = (int)(n->fired);
}

static int setup(void **state)
{
    (void)state;
    orders = 0;
    return loop_init(&loop, NULL);
}

static int teardown(void **state)
{
    (void)state;
    loop_close(&loop);
    return 0;
}

static void timers_fire_in_order_and_once(void **state)
{
    struct timer_queue quick, slow;
    struct node a = {0}, b = {0};

    (void)state;
    timer_queue_init(&loop, &quick, 10, on_timeout);
    timer_queue_init(&loop, &slow, 40, on_timeout);
    timer_arm(&loop, &slow, &a.timer);
    timer_arm(&loop, &quick, &b.timer);
    assert_true(timer_running(&a.timer));
    while (b.fired == 0)
        loop_turn(&loop);
    assert_int_equal(a.fired, 0);
    while (a.fired == 0)
        loop_turn(&loop);
    assert_int_equal(a.fired, 1);
    assert_int_equal(b.fired, 1);
    assert_false(timer_running(&a.timer));
}

static void arming_again_starts_over_and_stop_stops(void **state)
{
    struct timer_queue q, guard;
    struct node a = {0}, b = {0}, end = {0};
    uint64_t start;

    (void)state;
    timer_queue_init(&loop, &q, 20, on_timeout);
    timer_queue_init(&loop, &guard, 60, on_timeout);
    timer_arm(&loop, &q, &a.timer);
    timer_arm(&loop, &q, &b.timer);
    timer_arm(&loop, &guard, &end.timer);
    timer_stop(&b.timer);
    timer_stop(&b.timer); /* twice is no harm */
    start = loop.now_ms;
    loop.now_ms += 15;
    timer_arm(&loop, &q, &a.timer);
    while (a.fired == 0)
        loop_turn(&loop);
    assert_true(loop.now_ms >= start + 35);
    while (end.fired == 0)
        loop_turn(&loop);
    assert_int_equal(b.fired, 0);
}

static void run_once_more(struct again *a)
{
    struct node *n = container_of(a, struct node, again);

    if (++n->ran < 3)
        loop_again(&loop, a, run_once_more);
}

static void again_runs_once_a_turn(void **state)
{
    struct node n = {0}, cancelled = {0};

    (void)state;
    loop_again(&loop, &n.again, run_once_more);
    loop_again(&loop, &n.again, run_once_more); /* is there already */
    loop_again(&loop, &cancelled.again, run_once_more);
    loop_again_cancel(&cancelled.again);
    loop_turn(&loop);
    assert_int_equal(n.ran, 1);
    loop_turn(&loop);
    loop_turn(&loop);
    assert_int_equal(n.ran, 3);
    assert_int_equal(cancelled.ran, 0);
}

static void note_freed(struct garbage *g)
{
    container_of(g, struct node, garbage)->freed++;
}

static void discard_in_callback(struct watch *w, uint32_t events)
{
    struct node *n = container_of(w, struct node, watch);

    n->events++;
    loop_close_fd(&loop, w);
    loop_discard(&loop, &n->garbage, note_freed);
    assert_int_equal(n->freed, 0); /* not inside a callback */
    (void)events;
}

static void closed_in_a_turn_is_freed_after_it(void **state)
{
    struct node n = {0};
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    n.watch.fd = fd[0];
    n.watch.on_event = discard_in_callback;
    assert_int_equal(loop_add(&loop, &n.watch, EPOLLIN), 0);
    assert_int_equal(write(fd[1], "x", 1), 1);
    loop_turn(&loop);
    assert_int_equal(n.events, 1);
    assert_int_equal(n.freed, 1);
    assert_int_equal(n.watch.fd, -1);
    close(fd[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_order_and_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(arming_again_starts_over_and_stop_stops,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(again_runs_once_a_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(closed_in_a_turn_is_freed_after_it,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
