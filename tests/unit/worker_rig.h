/* SPDX-License-Identifier: Apache-2.0
 *
 * worker_rig: a real worker in this process, its loop turned by the test; the
 * test plays supervisor, notary, attester, engine and clients. */
#ifndef AVER_TESTS_WORKER_RIG_H
#define AVER_TESTS_WORKER_RIG_H

#include "net_fake.h"

#include "crypto/sha2.h"
#include "serve/worker.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

static struct {
    struct config config;
    struct worker *w;
    int supervisor, notary, attester; /* our ends */
    int engine;                       /* listener */
    uint16_t port, engine_port;
    struct timer_queue tick_queue;
    struct timer tick;
    int ticks;
} rig;

UNUSED static void rig_tick(struct timer *t)
{
    rig.ticks++;
    timer_arm(&rig.w->loop, &rig.tick_queue, t);
}

/* Turns the worker's loop until `cond`, which may have effects; two seconds at
 * most. */
#define RIG_UNTIL(cond)                                                        \
    do {                                                                       \
        int end_ = rig.ticks + 1000;                                           \
        bool true_ = false;                                                    \
        while (!(true_ = (cond)) && rig.ticks < end_)                          \
            loop_turn(&rig.w->loop);                                           \
        if (!true_)                                                            \
            fail_msg("never came true: %s", #cond);                            \
    } while (0)

UNUSED static void rig_turns(int n)
{
    for (int end = rig.ticks + n; rig.ticks < end;)
        loop_turn(&rig.w->loop);
}

/* Hands the worker one end of a new pair; ours comes back. */
UNUSED static int rig_link(enum control_type type)
{
    struct control m = {.version = CHANNEL_VERSION, .type = type};
    struct aver_error err;
    int pair[2];

    assert_int_equal(channel_pair(pair, &err), 0);
    assert_int_equal(channel_send(rig.supervisor, &m, sizeof(m), pair[0]), 0);
    close(pair[0]);
    return pair[1];
}

UNUSED static void rig_hello(uint64_t generation)
{
    struct notary_hello h = {.head = {.version = CHANNEL_VERSION,
                                      .type = NOTARY_HELLO,
                                      .generation = generation}};

    memset(h.address, 0xa1, sizeof(h.address));
    memset(h.ed_public, 0xed, sizeof(h.ed_public));
    assert_int_equal(channel_send(rig.notary, &h, sizeof(h), -1), 0);
}

UNUSED static void rig_config(void)
{
    struct config *c = &rig.config;
    char url[64];

    memset(c, 0, sizeof(*c));
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", rig.engine_port);
    c->engine.n = 1;
    c->engine.item[0] = strdup(url);
    c->workers = c->slots = 1;
    c->nlisteners = 1;
    c->listener_url[0] = strdup("here");
    c->metrics_listener = -1;
    c->body_max = 4096;
    c->head_timeout = c->body_timeout = c->idle_timeout = 5000;
    c->write_timeout = c->engine_timeout = c->exchange_timeout = 5000;
    c->engine_connect_timeout = 1000;
}

/* The descriptors that a worker finds open at its birth. */
UNUSED static void rig_descriptors(void)
{
    int metrics = memfd_create("metrics", 0), listener = fake_listen(&rig.port);

    assert_int_equal(ftruncate(metrics, (off_t)metrics_size(1)), 0);
    assert_int_equal(dup2(metrics, ROLE_METRICS_FD), ROLE_METRICS_FD);
    assert_int_equal(dup2(listener, ROLE_LISTEN_FD), ROLE_LISTEN_FD);
    if (metrics != ROLE_METRICS_FD && metrics != ROLE_LISTEN_FD)
        close(metrics);
    if (listener != ROLE_LISTEN_FD && listener != ROLE_METRICS_FD)
        close(listener);
}

/* A worker that knows nobody yet. */
UNUSED static int rig_bare(void **state)
{
    struct aver_error err;
    int pair[2], hold[8], low;

    (void)state;
    /* Descriptors below ten are the roles': what the test opens lies above. */
    for (int i = 0; i < 8; i++)
        hold[i] = dup(0);
    low = fake_listen(&rig.engine_port);
    rig.engine = fcntl(low, F_DUPFD_CLOEXEC, 20);
    close(low);
    rig_descriptors();
    rig_config();
    assert_int_equal(channel_pair(pair, &err), 0);
    rig.supervisor = fcntl(pair[0], F_DUPFD_CLOEXEC, 20);
    close(pair[0]);
    rig.w = worker_new(&rig.config, pair[1], 0, &err);
    assert_non_null(rig.w);
    timer_queue_init(&rig.w->loop, &rig.tick_queue, 2, rig_tick);
    memset(&rig.tick, 0, sizeof(rig.tick));
    timer_arm(&rig.w->loop, &rig.tick_queue, &rig.tick);
    rig.notary = rig.attester = -1;
    for (int i = 0; i < 8; i++)
        if (hold[i] != ROLE_METRICS_FD && hold[i] != ROLE_LISTEN_FD)
            close(hold[i]);
    return 0;
}

/* A worker that has a notary of generation 7 and an attester. */
UNUSED static int rig_start(void **state)
{
    rig_bare(state);
    rig.notary = rig_link(CONTROL_NOTARY);
    rig.attester = rig_link(CONTROL_ATTESTER);
    rig_hello(7);
    RIG_UNTIL(rig.w->nlisteners == 1 && rig.w->attester.watch.fd >= 0);
    return 0;
}

UNUSED static int rig_stop(void **state)
{
    int control = rig.w->control.watch.fd;

    (void)state;
    for (unsigned i = 0; i < rig.w->nlisteners; i++)
        server_unlisten(&rig.w->server, &rig.w->listener[i]);
    worker_free(rig.w);
    close(control);
    close(rig.supervisor);
    close(rig.engine);
    close(ROLE_METRICS_FD);
    if (rig.notary >= 0)
        close(rig.notary);
    if (rig.attester >= 0)
        close(rig.attester);
    free(rig.config.engine.item[0]);
    free(rig.config.listener_url[0]);
    return 0;
}

UNUSED static int rig_accept(void)
{
    int fd = -1;

    RIG_UNTIL((fd = accept4(rig.engine, NULL, NULL, SOCK_NONBLOCK)) >= 0);
    return fd;
}

/* Whether all of `what` was received on fd. */
#define RIG_READ(fd, t, what) RIG_UNTIL(fake_has(fd, t, what))

/* The next packet for the notary; its length. */
UNUSED static ssize_t rig_from_notary(void *p, size_t cap)
{
    ssize_t n = -1;

    RIG_UNTIL((n = channel_recv(rig.notary, p, cap, NULL, false)) > 0);
    assert_true(notary_message_ok(p, (size_t)n));
    return n;
}

#define RIG_POST(body_length, body)                                            \
    "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"                        \
    "Content-Type: application/json\r\nContent-Length: " body_length           \
    "\r\n\r\n" body
#define RIG_JSON                                                               \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"                    \
    "Content-Length: 10\r\n\r\n{\"id\":\"e\"}"
#define RIG_SSE                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"                   \
    "Transfer-Encoding: chunked\r\n\r\n"

/* The engine's side of an exchange that a client has begun. */
UNUSED static int rig_begin(int client)
{
    static struct fake_text t;
    int e;

    memset(&t, 0, sizeof(t));
    fake_send(client, RIG_POST("2", "{}"));
    e = rig_accept();
    RIG_READ(e, &t, "\r\n\r\n{}");
    return e;
}

#endif
