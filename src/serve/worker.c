/* SPDX-License-Identifier: Apache-2.0
 *
 * worker: the birth, the life and the drain of a worker process. It has no
 * threads, so there are no locks; it never blocks. */
#include "serve/worker.h"

#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha2.h"
#include "serve/serve.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DRAIN_LOOK_MS 50
#define DRAIN_QUIET_MS 1000

void worker_request_id(struct worker *w, uint8_t id[static 16])
{
    if (w->random_left < 16) {
        aver_random(w->random, sizeof(w->random));
        w->random_left = sizeof(w->random);
    }
    w->random_left -= 16;
    memcpy(id, w->random + w->random_left, 16);
}

void *spare_take(struct spare *s, size_t size)
{
    void *p = s->n > 0 ? s->p[--s->n] : malloc(size);

    if (p == NULL)
        abort();
    memset(p, 0, size);
    return p;
}

void spare_give(struct spare *s, void *p)
{
    if (p != NULL && s->n < sizeof(s->p) / sizeof(*s->p))
        s->p[s->n++] = p;
    else
        free(p);
}

void spare_clear(struct spare *s)
{
    while (s->n > 0)
        free(s->p[--s->n]);
}

struct aver_sha256 *worker_hash_take(struct worker *w)
{
    struct aver_sha256 *h =
        w->spares > 0 ? w->spare[--w->spares] : aver_sha256_new();

    if (h == NULL)
        abort();
    return h;
}

void worker_hash_give(struct worker *w, struct aver_sha256 *h)
{
    if (w->spares < sizeof(w->spare) / sizeof(*w->spare))
        w->spare[w->spares++] = h;
    else
        aver_sha256_free(h);
}

static void on_turn_end(void *ctx)
{
    struct worker *w = ctx;
    struct metrics *m = w->metrics;

    links_flush(w);
    metric_add(m, METRIC_CONNECTIONS, w->server.accepted);
    w->server.accepted = 0;
    metric_set(m, METRIC_OPEN, w->server.open);
}

/* Open connections may still fetch receipts and reports while others finish
 * (DECISIONS 10); when nothing is under way for a second, that is over. */
static void on_drain_look(struct timer *t)
{
    struct worker *w = container_of(t, struct worker, drain_timer);

    if (w->active > 0)
        w->busy_ms = w->loop.now_ms;
    if (w->server.open == 0 || w->loop.now_ms >= w->busy_ms + DRAIN_QUIET_MS)
        w->loop.stop = true;
    else
        timer_arm(&w->loop, &w->drain_queue, t);
}

void worker_drain(struct worker *w)
{
    if (w->draining)
        return;
    w->draining = true;
    w->busy_ms = w->loop.now_ms;
    for (unsigned i = 0; i < w->nlisteners; i++)
        server_unlisten(&w->server, &w->listener[i]);
    timer_arm(&w->loop, &w->drain_queue, &w->drain_timer);
}

static int start(struct worker *w, struct aver_error *err)
{
    const struct config *c = w->config;
    struct server_timeouts t = {c->head_timeout, c->body_timeout,
                                c->idle_timeout, c->write_timeout};

    if (server_init(&w->server, &w->loop, &worker_server_hooks, &t, c->body_max,
                    w, err) != 0 ||
        engine_init(&w->engine, &w->loop, &relay_engine_hooks,
                    c->engine.item[0], c->engine_connect_timeout,
                    c->engine_timeout, err) != 0)
        return -1;
    relay_shared_init(&w->relays, &w->loop, &exchange_relay_hooks,
                      w->server.scratch, c->exchange_timeout);
    health_init(w);
    timer_queue_init(&w->loop, &w->drain_queue, DRAIN_LOOK_MS, on_drain_look);
    w->loop.on_turn_end = on_turn_end;
    w->loop.ctx = w;
    return 0;
}

static void tell(int control_fd, enum control_type type, const char *text)
{
    struct control m = {.version = CHANNEL_VERSION, .type = type, .value = 3};

    if (text != NULL)
        memcpy(m.text, text, strnlen(text, sizeof(m.text) - 1));
    if (channel_send(control_fd, &m, sizeof(m), -1) != 0)
        log_event(LOG_ERROR, "supervisor_gone", LOG_NUM("type", type));
}

/* Not before the notary has said who it is: whoever is let in can have a
 * receipt. */
void worker_open(struct worker *w)
{
    const struct config *c = w->config;

    if (w->nlisteners > 0 || w->draining)
        return;
    for (unsigned i = 0; i < c->nlisteners; i++) {
        if (server_listen(&w->server, &w->listener[i], ROLE_LISTEN_FD + (int)i,
                          c->metrics_listener == (int)i) != 0) {
            tell(w->control.watch.fd, CONTROL_FAILED,
                 "a worker cannot watch its listeners");
            w->loop.stop = true;
            return;
        }
        w->nlisteners++;
    }
    tell(w->control.watch.fd, CONTROL_READY, NULL);
}

static int map_metrics(struct worker *w, struct aver_error *err)
{
    void *p = mmap(NULL, metrics_size(w->config->slots), PROT_READ | PROT_WRITE,
                   MAP_SHARED, ROLE_METRICS_FD, 0);

    if (p == MAP_FAILED || w->slot >= w->config->slots)
        return aver_fail(err, AVER_EIO, "cannot map the counters");
    w->metrics_shared = p;
    w->metrics = metrics_slot(p, w->slot);
    metrics_takeover(w->metrics);
    return 0;
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    server_close(&w->server);
    engine_close(&w->engine);
    loop_close_fd(&w->loop, &w->notary.watch);
    loop_close_fd(&w->loop, &w->attester.watch);
    loop_collect(&w->loop);
    loop_close(&w->loop);
    while (w->spares > 0)
        aver_sha256_free(w->spare[--w->spares]);
    spare_clear(&w->finders);
    spare_clear(&w->scans);
    if (w->metrics_shared != NULL)
        munmap(w->metrics_shared, metrics_size(w->config->slots));
    free(w);
}

struct worker *worker_new(const struct config *config, int control_fd,
                          unsigned slot, struct aver_error *err)
{
    struct worker *w = calloc(1, sizeof(*w));

    if (w == NULL)
        abort();
    w->config = config;
    w->slot = slot;
    if (loop_init(&w->loop, err) != 0) {
        free(w);
        return NULL;
    }
    links_init(w, control_fd);
    if (map_metrics(w, err) == 0 && start(w, err) == 0)
        return w;
    worker_free(w);
    return NULL;
}

int worker_run(const struct config *config, int control_fd, unsigned slot)
{
    struct aver_error err = {0};
    struct worker *w = NULL;

    signal(SIGCHLD, SIG_IGN); /* the resolver's children need no reaping */
    signal(SIGINT, SIG_IGN);  /* the supervisor says when to stop */
    signal(SIGTERM, SIG_IGN);
    w = worker_new(config, control_fd, slot, &err);
    if (w == NULL) {
        tell(control_fd, CONTROL_FAILED, err.text);
        return 3;
    }
    loop_run(&w->loop);
    worker_free(w);
    return 0;
}
