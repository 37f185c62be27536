/* SPDX-License-Identifier: Apache-2.0
 *
 * loop: see loop.h. */
#include "net/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 256

static void read_clock(struct loop *l)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    l->now_us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
    l->now_ms = l->now_us / 1000;
}

int loop_init(struct loop *l, struct aver_error *err)
{
    memset(l, 0, sizeof(*l));
    l->again.prev = l->again.next = &l->again;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0)
        return aver_fail(err, AVER_EIO, "epoll_create1: %s", strerror(errno));
    read_clock(l);
    return 0;
}

void loop_close(struct loop *l)
{
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
    l->epoll_fd = -1;
}

int loop_add(struct loop *l, struct watch *w, uint32_t events)
{
    struct epoll_event ev = {.events = events | EPOLLET, .data.ptr = w};

    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, w->fd, &ev);
}

void loop_remove(struct loop *l, struct watch *w)
{
    epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
}

/* close(2) alone is not enough: a descriptor that another process holds too
 * would stay in the epoll set. */
void loop_close_fd(struct loop *l, struct watch *w)
{
    if (w->fd < 0)
        return;
    epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    close(w->fd);
    w->fd = -1;
}

void loop_discard(struct loop *l, struct garbage *g,
                  void (*free)(struct garbage *))
{
    g->free = free;
    g->next = l->garbage;
    l->garbage = g;
}

void loop_again(struct loop *l, struct again *a, void (*run)(struct again *))
{
    if (a->next != NULL)
        return;
    a->run = run;
    a->prev = l->again.prev;
    a->next = &l->again;
    a->prev->next = a->next->prev = a;
}

void loop_again_cancel(struct again *a)
{
    if (a->next == NULL)
        return;
    a->prev->next = a->next;
    a->next->prev = a->prev;
    a->prev = a->next = NULL;
}

void timer_queue_init(struct loop *l, struct timer_queue *q,
                      uint64_t duration_ms, void (*on_timeout)(struct timer *))
{
    q->head.prev = q->head.next = &q->head;
    q->duration_ms = duration_ms;
    q->on_timeout = on_timeout;
    q->next = l->queues;
    l->queues = q;
}

void timer_arm(struct loop *l, struct timer_queue *q, struct timer *t)
{
    timer_stop(t);
    t->deadline_ms = l->now_ms + q->duration_ms;
    t->prev = q->head.prev;
    t->next = &q->head;
    t->prev->next = t->next->prev = t;
}

void timer_stop(struct timer *t)
{
    if (t->next == NULL)
        return;
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->prev = t->next = NULL;
}

/* Milliseconds until the earliest timer, -1 if none runs. */
static int next_timeout(const struct loop *l)
{
    uint64_t first = UINT64_MAX;

    if (l->again.next != &l->again)
        return 0;
    for (const struct timer_queue *q = l->queues; q != NULL; q = q->next)
        if (q->head.next != &q->head && q->head.next->deadline_ms < first)
            first = q->head.next->deadline_ms;
    if (first == UINT64_MAX)
        return -1;
    if (first <= l->now_ms)
        return 0;
    return first - l->now_ms > 60000 ? 60000 : (int)(first - l->now_ms);
}

static void run_timers(struct loop *l)
{
    for (struct timer_queue *q = l->queues; q != NULL; q = q->next)
        while (q->head.next != &q->head &&
               q->head.next->deadline_ms <= l->now_ms) {
            struct timer *t = q->head.next;

            timer_stop(t);
            q->on_timeout(t);
        }
}

/* Those that were there when the turn began; a callback may put itself at the
 * end of the list again. */
static void run_again(struct loop *l)
{
    struct again last = {.run = NULL};

    if (l->again.next == &l->again)
        return;
    loop_again(l, &last, NULL);
    while (l->again.next != &last) {
        struct again *a = l->again.next;

        loop_again_cancel(a);
        a->run(a);
    }
    loop_again_cancel(&last);
}

void loop_collect(struct loop *l)
{
    while (l->garbage != NULL) {
        struct garbage *g = l->garbage;

        l->garbage = g->next;
        g->free(g);
    }
}

void loop_turn(struct loop *l)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(l->epoll_fd, events, EVENTS_MAX, next_timeout(l));

    read_clock(l);
    for (int i = 0; i < n; i++) {
        struct watch *w = events[i].data.ptr;

        if (w->fd >= 0) /* not closed earlier in this turn */
            w->on_event(w, events[i].events);
    }
    run_again(l);
    run_timers(l);
    if (l->on_turn_end != NULL)
        l->on_turn_end(l->ctx);
    loop_collect(l);
}

void loop_run(struct loop *l)
{
    while (!l->stop)
        loop_turn(l);
}
