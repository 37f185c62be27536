/* SPDX-License-Identifier: Apache-2.0
 *
 * loop: epoll(7), edge-triggered, with timers of constant durations. One
 * thread, no locks. Whatever is closed inside a callback is freed only after
 * all callbacks of the turn have returned. */
#ifndef AVER_NET_LOOP_H
#define AVER_NET_LOOP_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define container_of(ptr, type, member)                                        \
    ((type *)((char *)(ptr)-offsetof(type, member)))

/* What epoll tells about a descriptor; embedded in its owner. */
struct watch {
    int fd; /* -1: none */
    void (*on_event)(struct watch *w, uint32_t events);
};

/* A timer is in at most one queue; all timers of a queue run equally long, so
 * the oldest is always at the front, and arming costs two pointer swaps. */
struct timer {
    struct timer *prev, *next;
    uint64_t deadline_ms;
};

struct timer_queue {
    struct timer head; /* sentinel of the ring */
    uint64_t duration_ms;
    void (*on_timeout)(struct timer *t);
    struct timer_queue *next; /* all queues of the loop */
};

/* Memory to be freed at the end of the turn. Embedded in its owner. */
struct garbage {
    struct garbage *next;
    void (*free)(struct garbage *g);
};

/* Something that wants to go on in the next turn; embedded in its owner. */
struct again {
    struct again *prev, *next;
    void (*run)(struct again *a);
};

struct loop {
    int epoll_fd;
    uint64_t now_ms, now_us; /* CLOCK_MONOTONIC at the start of this turn */
    struct timer_queue *queues;
    struct garbage *garbage;
    struct again again; /* sentinel */
    /* Runs after the callbacks of each turn, before the garbage is freed. */
    void (*on_turn_end)(void *ctx);
    void *ctx;
    bool stop;
};

AVER_MUST_CHECK int loop_init(struct loop *l, struct aver_error *err);
void loop_close(struct loop *l);
/* Waits for events or the next timer, and runs what they call for. */
void loop_turn(struct loop *l);
/* Runs turns until l->stop is set inside a callback. */
void loop_run(struct loop *l);

/* Watches w->fd for `events` (EPOLLET is added). */
AVER_MUST_CHECK int loop_add(struct loop *l, struct watch *w, uint32_t events);
/* Stops watching; the descriptor stays open. */
void loop_remove(struct loop *l, struct watch *w);
/* Stops watching and closes the descriptor; w->fd becomes -1. */
void loop_close_fd(struct loop *l, struct watch *w);
void loop_discard(struct loop *l, struct garbage *g,
                  void (*free)(struct garbage *));
/* Frees what was discarded; loop_run does it at the end of each turn. */
void loop_collect(struct loop *l);
void loop_again(struct loop *l, struct again *a, void (*run)(struct again *));
void loop_again_cancel(struct again *a);

void timer_queue_init(struct loop *l, struct timer_queue *q,
                      uint64_t duration_ms, void (*on_timeout)(struct timer *));
/* Starts the timer, or starts it over. */
void timer_arm(struct loop *l, struct timer_queue *q, struct timer *t);
/* Nothing happens if it is not running. A zeroed timer is not running. */
void timer_stop(struct timer *t);
static inline bool timer_running(const struct timer *t)
{
    return t->next != NULL;
}

#endif
