/* SPDX-License-Identifier: Apache-2.0
 *
 * attest: the attester's process. It waits in poll(2) for these kinds of
 * descriptors and never anywhere else:
 *
 *   control    pairs to workers and to the notary; its end is our end
 *   notary     HELLO: whose key reports are about from now on
 *   workers    asks in, replies out
 *   collector  our child, which makes one report at a time
 *   renewal    our child that fetches endorsements, if one runs
 *
 * An ask is answered at once (from the cache, or with a refusal), or it waits
 * in the queue until its job is done.
 * Over 600 lines because each of these is a few lines about the same state. */
#include "attest/attest.h"

#include "attest/cache.h"
#include "attest/collector.h"
#include "attest/endorsing.h"
#include "attest/gpu_watch.h"
#include "attest/peers.h"
#include "attest/queue.h"
#include "crypto/k1.h"
#include "crypto/random.h"
#include "net/harden.h"
#include "net/log.h"
#include "notary/message.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SELF 0xffffffffu    /* peer of the ask that makes us ready */
#define NOTARY_WAIT_MS 5000 /* asks wait so long for a new notary */
#define ABSENT_RETRY_S 5
#define ASKS_A_TURN 64
#define RETRY_MAX_S 60

struct attester {
    struct attest_backends *backends;
    const struct attest_config *config;
    int control, notary;
    bool has_identity, ready, asked_self, done;
    int exit_status;
    struct attest_identity who;
    uint64_t now_ms, lost_ms; /* since when there is no notary */
    struct queue queue;
    struct cache cache;
    struct collector collector;
    struct gpu_watch gpus;
    struct endorsing endorsing;
    struct collector_job job; /* that the collector has */
    struct queue_ask job_ask; /* the ask that began it */
    uint64_t job_start_ms, job_took_ms;
    struct peers peers;
};

static uint64_t clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int64_t clock_s(void)
{
    return (int64_t)time(NULL);
}

static void tell_supervisor(struct attester *a, uint32_t type, uint32_t value,
                            const char *text)
{
    struct control m = {.version = CHANNEL_VERSION,
                        .type = type,
                        .value = value,
                        .generation = a->who.generation};

    memcpy(m.text, text, strnlen(text, sizeof(m.text) - 1));
    if (channel_send(a->control, &m, sizeof(m), -1) != 0)
        a->done = true;
}

static void close_peer(struct attester *a, uint32_t slot)
{
    peers_close(&a->peers, slot);
    queue_drop_peer(&a->queue, slot);
}

/* How a busy attester guesses when to come back. */
static uint32_t retry_after_s(const struct attester *a,
                              enum attest_status status)
{
    uint64_t s = 1 + a->queue.n * a->job_took_ms / 1000;

    if (status == ATTEST_ABSENT)
        return ABSENT_RETRY_S;
    if (status == ATTEST_NO_NOTARY)
        return 1;
    if (status == ATTEST_BUSY)
        return (uint32_t)(s < RETRY_MAX_S ? s : RETRY_MAX_S);
    return 0;
}

static void answer(struct attester *a, const struct queue_ask *ask,
                   enum attest_status status, int fd, uint64_t size)
{
    struct attest_reply reply = {.version = CHANNEL_VERSION,
                                 .type = ATTEST_REPLY,
                                 .seq = ask->seq,
                                 .generation = a->who.generation,
                                 .status = status,
                                 .retry_after_s = retry_after_s(a, status),
                                 .size = size};

    if (ask->peer != SELF && peers_send(&a->peers, ask->peer, &reply, fd) != 0)
        close_peer(a, ask->peer);
}

/* How the GPUs are, and until when endorsements hold: for the worker's /health
 * and /metrics. */
static void tell_news(struct attester *a, uint32_t slot)
{
    struct attest_reply news = {.version = CHANNEL_VERSION,
                                .type = ATTEST_NEWS,
                                .endorsed_until = (uint64_t)a->endorsing.until,
                                .gpu = a->gpus.status};

    if (peers_send(&a->peers, slot, &news, -1) != 0)
        close_peer(a, slot);
}

static struct cache_kind kind_of(uint8_t algo, uint8_t layout,
                                 uint8_t endorsements)
{
    return (struct cache_kind){algo, layout, endorsements};
}

/* The first report, made for nobody, tells whether we work at all. */
static void answer_self(struct attester *a, enum attest_status status,
                        const char *text)
{
    a->asked_self = false;
    if (status == ATTEST_NO_NOTARY || a->ready)
        return;
    if (status == ATTEST_OK) {
        a->ready = true;
        tell_supervisor(a, CONTROL_READY, attest_tee_of(a->backends), "");
        return;
    }
    tell_supervisor(a, CONTROL_FAILED, 3, text);
    a->exit_status = 3;
    a->done = true;
}

static void log_failure(const struct attester *a,
                        const struct collector_result *r)
{
    /* Of GPUs that still fail is said when they are well again. */
    log_event(a->ready && a->job_ask.peer == SELF ? LOG_DEBUG : LOG_WARN,
              "report_failed", LOG_STR("status", attest_status_word(r->status)),
              LOG_STR("why", r->text), LOG_NUM("ms", a->job_took_ms));
}

/* The collector's job has ended: answers all who wait for it. */
static void finish(struct attester *a, const struct collector_result *r)
{
    struct queue_ask ask;

    a->job_took_ms = a->now_ms - a->job_start_ms;
    if (r->status != ATTEST_OK)
        log_failure(a, r);
    if (!a->has_identity || a->job.who.generation != a->who.generation) {
        queue_again(&a->queue);
        if (r->fd >= 0)
            close(r->fd);
        return;
    }
    while (queue_take(&a->queue, &ask)) {
        answer(a, &ask, r->status, r->fd, r->size);
        if (ask.peer == SELF)
            answer_self(a, r->status, r->text);
    }
    if (r->fd < 0)
        return;
    if (a->job_ask.has_nonce)
        close(r->fd);
    else
        cache_put(&a->cache,
                  kind_of(a->job.algo, a->job.layout, a->job.endorsements),
                  a->now_ms, r->fd, r->size);
}

static bool hear_gpu(struct attester *a)
{
    struct collector *c = &a->collector;

    if (!c->new_gpu)
        return false;
    c->new_gpu = false;
    return gpu_watch_hear(&a->gpus, &c->gpu, c->gpu_why, a->now_ms);
}

static bool hear_news(struct attester *a)
{
    struct collector *c = &a->collector;

    if (!c->new_news)
        return false;
    c->new_news = false;
    if (!endorsing_news(&a->endorsing, &c->news, clock_s(), a->now_ms))
        return false;
    cache_drop_endorsed(&a->cache);
    return true;
}

/* What the collector has found out beside its reports. */
static void hear_collector(struct attester *a)
{
    struct collector *c = &a->collector;

    if (c->new_subject)
        endorsing_subject(&a->endorsing, a->now_ms);
    c->new_subject = false;
    bool changed = hear_gpu(a);
    changed |= hear_news(a);
    for (unsigned i = 0; changed && i < a->peers.n; i++)
        tell_news(a, i);
}

/* A report that nobody asked for. */
static void recheck_gpu(struct attester *a)
{
    struct queue_ask self = {.peer = SELF};

    if (!gpu_watch_due(&a->gpus, a->now_ms))
        return;
    if (a->ready && a->has_identity && !a->asked_self)
        a->asked_self = queue_put(&a->queue, &self);
    if (!a->asked_self)
        gpu_watch_later(&a->gpus, a->now_ms);
}

static bool may_look(const struct attester *a)
{
    return !a->collector.busy && a->collector.subject_fd >= 0;
}

/* A look is short, and may be what a fetch waits for: it goes first. */
static void look(struct attester *a)
{
    struct aver_error err = {0};

    if (!may_look(a) || !endorsing_look_due(&a->endorsing, a->now_ms))
        return;
    if (collector_look(&a->collector, a->now_ms, &err) != 0)
        log_event(LOG_WARN, "no_look", LOG_STR("why", err.text));
    endorsing_looked(&a->endorsing, a->now_ms);
}

/* Gives the collector its next job, if it is idle and there is one. */
static void pump(struct attester *a)
{
    look(a);
    while (a->has_identity && !a->collector.busy &&
           queue_start(&a->queue, &a->job_ask)) {
        struct aver_error err = {0};
        a->job =
            (struct collector_job){.who = a->who,
                                   .algo = a->job_ask.algo,
                                   .layout = a->job_ask.layout,
                                   .endorsements = a->job_ask.endorsements};
        if (a->job_ask.has_nonce)
            memcpy(a->job.nonce, a->job_ask.nonce, 32);
        else
            aver_random(a->job.nonce, 32);
        a->job_start_ms = a->now_ms;
        if (collector_start(&a->collector, &a->job, a->now_ms, &err) == 0)
            return;
        struct collector_result failed = {.status = attest_status_of(err.code),
                                          .fd = -1};
        snprintf(failed.text, sizeof(failed.text), "%s", err.text);
        finish(a, &failed);
    }
}

static void on_ask(struct attester *a, uint32_t slot,
                   const struct attest_ask *m)
{
    struct queue_ask ask = {.peer = slot,
                            .seq = m->seq,
                            .algo = m->algo,
                            .layout = m->layout,
                            .endorsements = m->endorsements,
                            .has_nonce = m->has_nonce};

    memcpy(ask.nonce, m->nonce, sizeof(ask.nonce));
    memcpy(ask.client, m->client, sizeof(ask.client));
    if (m->layout == ATTEST_LAYOUT_B && !a->config->has_spki) {
        answer(a, &ask, ATTEST_NO_TLS, -1, 0);
        return;
    }
    if (!a->has_identity) {
        answer(a, &ask, ATTEST_NO_NOTARY, -1, 0);
        return;
    }
    if (endorsing_over(&a->endorsing, clock_s()))
        cache_drop_endorsed(&a->cache);
    const struct cache_entry *kept =
        m->has_nonce
            ? NULL
            : cache_get(&a->cache, kind_of(m->algo, m->layout, m->endorsements),
                        a->now_ms);
    if (kept)
        answer(a, &ask, ATTEST_OK, kept->fd, kept->size);
    else if (!queue_put(&a->queue, &ask))
        answer(a, &ask, ATTEST_BUSY, -1, 0);
}

static void on_worker(struct attester *a, uint32_t slot)
{
    struct attest_ask m;

    for (int i = 0; i < ASKS_A_TURN; i++) {
        if (a->peers.slot[slot].fd < 0 || peers_has_kept(&a->peers, slot))
            return;
        ssize_t n =
            channel_recv(a->peers.slot[slot].fd, &m, sizeof(m), NULL, false);
        if (n < 0 && errno != EMSGSIZE)
            return;
        if (n == 0) {
            close_peer(a, slot);
            return;
        }
        if (n < 0 || !attest_message_ok(&m, (size_t)n) || m.type != ATTEST_ASK)
            log_event(LOG_WARN, "bad_message", LOG_NUM("worker", slot));
        else
            on_ask(a, slot, &m);
    }
}

static void lose_notary(struct attester *a)
{
    close(a->notary);
    a->notary = -1;
    a->has_identity = false;
    a->lost_ms = a->now_ms;
    cache_drop(&a->cache);
}

/* Nobody came in the place of a notary that has gone. */
static void give_up_waiting(struct attester *a)
{
    struct queue_ask ask;

    while (queue_take_any(&a->queue, &ask)) {
        answer(a, &ask, ATTEST_NO_NOTARY, -1, 0);
        if (ask.peer == SELF)
            answer_self(a, ATTEST_NO_NOTARY, "");
    }
}

static void on_hello(struct attester *a, const struct notary_hello *m)
{
    uint8_t address[20];

    aver_address_of(address, m->k1_public);
    if (memcmp(address, m->address, sizeof(address)) != 0) {
        log_event(LOG_ERROR, "bad_hello",
                  LOG_STR("why", "address is not that of the key"));
        return;
    }
    cache_drop(&a->cache);
    a->who.generation = m->head.generation;
    memcpy(a->who.k1_public, m->k1_public, sizeof(a->who.k1_public));
    memcpy(a->who.address, m->address, sizeof(a->who.address));
    memcpy(a->who.ed_public, m->ed_public, sizeof(a->who.ed_public));
    a->has_identity = true;
    if (a->ready || a->asked_self)
        return;
    struct queue_ask first = {.peer = SELF};
    a->asked_self = queue_put(&a->queue, &first);
}

static void on_notary(struct attester *a)
{
    struct notary_hello m;

    for (;;) {
        ssize_t n = channel_recv(a->notary, &m, sizeof(m), NULL, false);
        if (n == 0)
            lose_notary(a);
        if (n == 0 || (n < 0 && errno != EMSGSIZE))
            return;
        if (n == (ssize_t)sizeof(m) && notary_message_ok(&m, (size_t)n) &&
            m.head.type == NOTARY_HELLO)
            on_hello(a, &m);
        else
            log_event(LOG_WARN, "bad_message", LOG_STR("from", "notary"));
    }
}

/* A pair that rides on a control message. */
static void take_pair(struct attester *a, const struct control *m, int fd)
{
    if (m->type == CONTROL_NOTARY) {
        if (a->notary >= 0)
            lose_notary(a);
        a->notary = fd;
    } else if (m->type == CONTROL_PEER && m->slot < PEERS_MAX) {
        close_peer(a, m->slot);
        peers_set(&a->peers, m->slot, fd);
        tell_news(a, m->slot);
    } else {
        close(fd);
    }
}

static void on_control(struct attester *a)
{
    struct control m;
    int fd;

    for (;;) {
        ssize_t n = channel_recv(a->control, &m, sizeof(m), &fd, false);
        if (n == 0)
            a->done = true;
        if (n == 0 || (n < 0 && errno != EMSGSIZE))
            return;
        bool ok = n == (ssize_t)sizeof(m) && m.version == CHANNEL_VERSION;
        if (fd >= 0 && ok)
            take_pair(a, &m, fd);
        else if (fd >= 0)
            close(fd);
    }
}

static void on_collector(struct attester *a)
{
    struct collector_result result;

    if (a->collector.fd >= 0 &&
        collector_read(&a->collector, a->now_ms, &result)) {
        hear_collector(a); /* /health before the answer */
        finish(a, &result);
    }
}

/* Milliseconds until something is due, -1 if nothing is. */
static int next_due(const struct attester *a)
{
    uint64_t due = UINT64_MAX;

    if (a->collector.busy)
        due = a->collector.slow_ms < a->collector.deadline_ms
                  ? a->collector.slow_ms
                  : a->collector.deadline_ms;
    if (a->gpus.due_ms < due)
        due = a->gpus.due_ms;
    if (!a->has_identity && a->queue.n > 0 && a->lost_ms + NOTARY_WAIT_MS < due)
        due = a->lost_ms + NOTARY_WAIT_MS;
    if (may_look(a) && a->endorsing.look_ms < due)
        due = a->endorsing.look_ms;
    uint64_t renewal = renew_next_ms(&a->endorsing.renew, a->now_ms);
    if (renewal < due)
        due = renewal;
    if (due == UINT64_MAX)
        return -1;
    return due > a->now_ms ? (int)(due - a->now_ms) : 0;
}

static void on_time(struct attester *a)
{
    struct collector_result result;
    struct collector *c = &a->collector;

    if (collector_slow(c, a->now_ms))
        log_event(LOG_WARN, "slow", LOG_STR("step", collector_steps[c->step]),
                  LOG_NUM("limit_ms", c->limit_ms));
    if (collector_overrun(c, a->now_ms, &result)) {
        hear_collector(a);
        finish(a, &result);
    }
    if (!a->has_identity && a->now_ms >= a->lost_ms + NOTARY_WAIT_MS)
        give_up_waiting(a);
    hear_collector(a);
    recheck_gpu(a);
    endorsing_step(&a->endorsing, a->collector.subject_fd, clock_s(),
                   a->now_ms);
}

#define FIXED 4 /* descriptors before the workers' */

/* Control, notary, collector, renewal, then one a slot. A negative fd is
 * skipped by poll, and its revents are 0. */
static void one_turn(struct attester *a)
{
    struct pollfd p[FIXED + PEERS_MAX];
    unsigned n = a->peers.n;

    p[0] = (struct pollfd){.fd = a->control, .events = POLLIN};
    p[1] = (struct pollfd){.fd = a->notary, .events = POLLIN};
    p[2] = (struct pollfd){.fd = a->collector.fd, .events = POLLIN};
    p[3] = (struct pollfd){.fd = a->endorsing.renew.fd, .events = POLLIN};
    for (unsigned i = 0; i < n; i++)
        p[FIXED + i] = (struct pollfd){
            .fd = a->peers.slot[i].fd,
            .events = peers_has_kept(&a->peers, i) ? POLLOUT : POLLIN};
    int k = poll(p, FIXED + n, next_due(a));
    a->now_ms = clock_ms();
    if (k > 0) {
        /* The notary before the collector: a report about a key that is gone
         * is not given out. Workers before control, which may replace them. */
        if (p[1].revents)
            on_notary(a);
        if (p[2].revents)
            on_collector(a);
        if (p[3].revents)
            endorsing_read(&a->endorsing, a->now_ms);
        for (unsigned i = 0; i < n; i++) {
            if ((p[FIXED + i].revents & (POLLOUT | POLLERR | POLLHUP)) &&
                peers_flush(&a->peers, i) != 0)
                close_peer(a, i);
            if (p[FIXED + i].revents)
                on_worker(a, i);
        }
        if (p[0].revents)
            on_control(a);
    }
    on_time(a);
    pump(a);
}

/* In the collector: these are not its business, and held open they would hide
 * from their other ends that we are gone. */
static void shed(void *ctx)
{
    struct attester *a = ctx;

    close(a->control);
    if (a->notary >= 0)
        close(a->notary);
    for (unsigned i = 0; i < a->peers.n; i++)
        peers_close(&a->peers, i);
    cache_drop(&a->cache);
    if (a->endorsing.renew.fd >= 0)
        close(a->endorsing.renew.fd);
}

static void ignore_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGTERM, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

int attest_run(struct attest_backends *b, const struct attest_config *config,
               int control_fd)
{
    struct attester *a = calloc(1, sizeof(*a));

    if (!a)
        abort();
    harden_name("aver-attester");
    ignore_signals();
    a->backends = b;
    a->config = config;
    a->control = control_fd;
    a->notary = -1;
    a->now_ms = a->lost_ms = clock_ms();
    queue_init(&a->queue);
    cache_init(&a->cache);
    peers_init(&a->peers);
    a->collector = (struct collector){
        .backends = b, .config = config, .shed = shed, .ctx = a};
    collector_init(&a->collector);
    gpu_watch_init(&a->gpus, &b->gpu_status);
    endorsing_init(
        &a->endorsing, config,
        &(struct endorsing_kinds){.cpu_simulated = b->cpu->simulated,
                                  .gpus = strcmp(b->gpu->name, "none") != 0,
                                  .gpu_simulated = b->gpu->simulated});
    while (!a->done)
        one_turn(a);
    int status = a->exit_status;
    collector_stop(&a->collector);
    if (a->collector.subject_fd >= 0)
        close(a->collector.subject_fd);
    renew_stop(&a->endorsing.renew);
    cache_drop(&a->cache);
    for (unsigned i = 0; i < a->peers.n; i++)
        peers_close(&a->peers, i);
    if (a->notary >= 0)
        close(a->notary);
    attest_close(b);
    free(a);
    return status;
}
