/* SPDX-License-Identifier: Apache-2.0
 *
 * links: a worker's pairs to the notary and the attester, and what the
 * supervisor says. Receipts of all answers that ended in one turn of the loop
 * go to the notary in one message; only then their last bytes go to the
 * clients. A packet in the notary's queue is as good as stored: the notary
 * reads every queue to its end before it says that it does not know an id. */
#include "net/log.h"
#include "serve/worker.h"
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOOKUP_MS 10000
#define REPORT_MS 60000 /* and gpu-timeout: beyond the attester's limits */

void exchange_list_init(struct exchange_list *l)
{
    l->prev = l->next = l;
}

void exchange_list_add(struct exchange_list *l, struct exchange *x)
{
    assert(x->list.next == NULL);
    x->list.prev = l->prev;
    x->list.next = l;
    x->list.prev->next = x->list.next->prev = &x->list;
}

void exchange_list_remove(struct exchange *x)
{
    if (x->list.next == NULL)
        return;
    x->list.prev->next = x->list.next;
    x->list.next->prev = x->list.prev;
    x->list.prev = x->list.next = NULL;
}

static struct exchange *first(struct exchange_list *l)
{
    return l->next == l ? NULL : container_of(l->next, struct exchange, list);
}

static struct exchange *find(struct exchange_list *l, uint64_t seq)
{
    for (struct exchange_list *i = l->next; i != l; i = i->next)
        if (container_of(i, struct exchange, list)->seq == seq)
            return container_of(i, struct exchange, list);
    return NULL;
}

/* Takes the exchange off its list and gives it an error for an answer. */
static void answer_all(struct exchange_list *l, const struct early *e)
{
    struct exchange *x;

    while ((x = first(l)) != NULL) {
        exchange_list_remove(x);
        answer_error(x, e);
    }
}

static void notary_gone(struct worker *w)
{
    loop_close_fd(&w->loop, &w->notary.watch);
    w->notary.hello = w->notary.blocked = false;
    w->identity.head.generation = 0;
    w->tombstones = 0;
    answer_all(&w->asking, &early_no_notary);
    answer_all(&w->lookups, &early_no_notary);
    log_event(LOG_WARN, "notary_gone", LOG_NUM("slot", w->slot));
}

static void attester_gone(struct worker *w)
{
    loop_close_fd(&w->loop, &w->attester.watch);
    w->attester.blocked = false;
    w->endorsed_until = 0;
    w->gpu = (struct gpu_status){0};
    answer_all(&w->reports, &early_no_attester);
    log_event(LOG_WARN, "attester_gone", LOG_NUM("slot", w->slot));
}

static void start_packet(struct worker *w)
{
    memset(&w->put.head, 0, sizeof(w->put.head));
    w->put.head.version = CHANNEL_VERSION;
    w->put.head.type = NOTARY_PUT;
    w->put.head.generation = w->identity.head.generation;
}

/* 0 sent; 1 the pair is full, try when it has room; -1 nobody is there. */
static int send_packet(struct worker *w)
{
    size_t n = offsetof(struct notary_put, record) +
               w->put.head.count * sizeof(w->put.record[0]);
    int rc = channel_send(w->notary.watch.fd, &w->put, n, -1);

    if (rc == 1)
        w->notary.blocked = true;
    if (rc < 0)
        notary_gone(w);
    return rc;
}

/* As many of the waiting answers as one packet takes. */
static int flush_receipts(struct worker *w)
{
    struct exchange *x;
    struct exchange_list *i;
    uint32_t n = 0;
    int rc;

    start_packet(w);
    for (i = w->finishing.next; i != &w->finishing && n < NOTARY_BATCH_MAX;
         i = i->next) {
        x = container_of(i, struct exchange, list);
        /* Of this notary: when one goes, the list is emptied (links_flush). */
        exchange_record(x, NOTARY_RECEIPT, &w->put.record[n++]);
    }
    w->put.head.count = n;
    rc = send_packet(w);
    if (rc != 0)
        return rc;
    metric_add(w->metrics, METRIC_RECEIPTS, n);
    while (w->finishing.next != i) {
        x = first(&w->finishing);
        exchange_list_remove(x);
        relay_release(&x->relay);
    }
    return 0;
}

static void flush_tombstones(struct worker *w)
{
    while (w->tombstones > 0 && w->notary.hello && !w->notary.blocked) {
        uint32_t n =
            w->tombstones < NOTARY_BATCH_MAX ? w->tombstones : NOTARY_BATCH_MAX;

        start_packet(w);
        memcpy(w->put.record, w->tombstone + (w->tombstones - n),
               n * sizeof(w->put.record[0]));
        w->put.head.count = n;
        if (send_packet(w) != 0)
            return;
        metric_add(w->metrics, METRIC_TOMBSTONES, n);
        w->tombstones -= n;
    }
}

/* 0 sent; 1 the pair is full; -1 nobody is there. */
static int send_lookup(struct worker *w, struct exchange *x)
{
    struct notary_lookup m;
    int rc;

    memset(&m, 0, sizeof(m));
    m.head.version = CHANNEL_VERSION;
    m.head.type = NOTARY_LOOKUP;
    m.head.generation = w->identity.head.generation;
    m.seq = x->seq = ++w->seq;
    m.algo = x->local.algo;
    m.id_len = x->local.id_len;
    memcpy(m.id, x->local.id, x->local.id_len);
    rc = channel_send(w->notary.watch.fd, &m, sizeof(m), -1);
    if (rc == 1)
        w->notary.blocked = true;
    if (rc < 0)
        notary_gone(w);
    return rc;
}

static void flush_lookups(struct worker *w)
{
    struct exchange *x;

    while (w->notary.hello && !w->notary.blocked &&
           (x = first(&w->asking)) != NULL && send_lookup(w, x) == 0) {
        exchange_list_remove(x);
        exchange_list_add(&w->lookups, x);
    }
}

void links_flush(struct worker *w)
{
    struct exchange *x;

    while (w->finishing.next != &w->finishing && w->notary.hello &&
           !w->notary.blocked)
        if (flush_receipts(w) != 0)
            break;
    /* A worker whose notary is gone relays unsigned tails (DECISIONS 12). */
    while (!w->notary.hello && (x = first(&w->finishing)) != NULL) {
        exchange_list_remove(x);
        relay_release(&x->relay);
    }
    flush_tombstones(w);
    flush_lookups(w);
}

void links_tombstone(struct exchange *x, enum notary_kind kind)
{
    struct worker *w = x->worker;

    if (w->tombstones < TOMBSTONES_MAX && w->notary.hello &&
        x->generation == w->identity.head.generation)
        exchange_record(x, kind, &w->tombstone[w->tombstones++]);
}

/* Sent at the end of the turn, behind the receipts of all that ended in it. */
bool links_lookup(struct exchange *x)
{
    if (!x->worker->notary.hello)
        return false;
    exchange_list_add(&x->worker->asking, x);
    timer_arm(&x->worker->loop, &x->worker->lookup_queue, &x->local.timer);
    return true;
}

bool links_ask_report(struct exchange *x)
{
    struct worker *w = x->worker;
    struct attest_ask m;

    if (w->attester.watch.fd < 0)
        return false;
    memset(&m, 0, sizeof(m));
    m.version = CHANNEL_VERSION;
    m.type = ATTEST_ASK;
    m.seq = x->seq = ++w->seq;
    m.has_nonce = x->local.has_nonce;
    memcpy(m.nonce, x->local.nonce, sizeof(m.nonce));
    m.algo = x->local.algo;
    m.layout = x->local.layout;
    m.endorsements = x->local.endorsements;
    memcpy(m.client, x->client->peer, sizeof(m.client));
    if (channel_send(w->attester.watch.fd, &m, sizeof(m), -1) != 0)
        return false;
    exchange_list_add(&w->reports, x);
    timer_arm(&w->loop, &w->report_queue, &x->local.timer);
    return true;
}

static void on_hello(struct worker *w, const struct notary_hello *h)
{
    w->identity = *h;
    w->notary.hello = true;
    worker_open(w);
}

static void on_answer(struct worker *w, const struct notary_answer *a)
{
    struct exchange *x = find(&w->lookups, a->seq);

    if (x == NULL || a->head.generation != w->identity.head.generation)
        return; /* the client left meanwhile */
    exchange_list_remove(x);
    answer_signature(x, a);
}

static void on_notary(struct watch *watch, uint32_t events)
{
    struct link *l = container_of(watch, struct link, watch);
    struct worker *w = l->worker;
    union {
        struct notary_header head;
        struct notary_hello hello;
        struct notary_answer answer;
        struct notary_put put;
    } m;
    ssize_t n;

    if (events & EPOLLOUT)
        l->blocked = false; /* the turn's end flushes */
    while (watch->fd >= 0 &&
           (n = channel_recv(watch->fd, &m, sizeof(m), NULL, false)) >= 0) {
        /* It introduces itself once. */
        if (n == 0 || !notary_message_ok(&m, (size_t)n) ||
            (m.head.type == NOTARY_HELLO && l->hello)) {
            notary_gone(w);
            return;
        }
        if (m.head.type == NOTARY_HELLO)
            on_hello(w, &m.hello);
        else if (m.head.type == NOTARY_ANSWER)
            on_answer(w, &m.answer);
    }
}

static void on_attester(struct watch *watch, uint32_t events)
{
    struct link *l = container_of(watch, struct link, watch);
    struct worker *w = l->worker;
    struct attest_reply m;
    int fd = -1;
    ssize_t n;

    (void)events;
    while (watch->fd >= 0 &&
           (n = channel_recv(watch->fd, &m, sizeof(m), &fd, false)) >= 0) {
        struct exchange *x = NULL;

        if (n == 0 || !attest_message_ok(&m, (size_t)n) ||
            m.type == ATTEST_ASK || (m.type == ATTEST_NEWS && fd >= 0)) {
            if (fd >= 0)
                close(fd);
            attester_gone(w);
            return;
        }
        if (m.type == ATTEST_NEWS) {
            w->endorsed_until = m.endorsed_until;
            w->gpu = m.gpu;
            continue;
        }
        x = find(&w->reports, m.seq);
        if (x != NULL) {
            exchange_list_remove(x);
            answer_report(x, &m, fd);
        }
        if (fd >= 0)
            close(fd);
    }
}

static void take_link(struct link *l, int fd,
                      void (*on_event)(struct watch *, uint32_t))
{
    l->watch.fd = fd;
    l->watch.on_event = on_event;
    l->blocked = l->hello = false;
    if (fd >= 0 && loop_add(&l->worker->loop, &l->watch,
                            EPOLLIN | EPOLLOUT | EPOLLRDHUP) != 0)
        loop_close_fd(&l->worker->loop, &l->watch);
}

static void on_control(struct watch *watch, uint32_t events)
{
    struct worker *w = container_of(watch, struct link, watch)->worker;
    struct control m;
    int fd = -1;
    ssize_t n;

    (void)events;
    while ((n = channel_recv(watch->fd, &m, sizeof(m), &fd, false)) >= 0) {
        if (n != (ssize_t)sizeof(m) || m.version != CHANNEL_VERSION) {
            w->loop.stop = true; /* the supervisor is gone */
            return;
        }
        switch (m.type) {
        case CONTROL_NOTARY:
            if (w->notary.watch.fd >= 0)
                notary_gone(w);
            take_link(&w->notary, fd, on_notary);
            break;
        case CONTROL_ATTESTER:
            if (w->attester.watch.fd >= 0)
                attester_gone(w);
            take_link(&w->attester, fd, on_attester);
            break;
        case CONTROL_DRAIN:
            worker_drain(w);
            break;
        default:
            if (fd >= 0)
                close(fd);
        }
    }
}

/* A notary or attester that stands still must not hold a client for ever. */
static void on_slow(struct timer *t)
{
    static const struct early slow = {
        504, "server_error", "The server did not answer in time", NULL, NULL};
    struct exchange *x = container_of(t, struct exchange, local.timer);

    exchange_list_remove(x);
    answer_error(x, &slow);
}

void links_init(struct worker *w, int control_fd)
{
    timer_queue_init(&w->loop, &w->lookup_queue, LOOKUP_MS, on_slow);
    timer_queue_init(&w->loop, &w->report_queue,
                     REPORT_MS + w->config->gpu_timeout, on_slow);
    w->control.worker = w->notary.worker = w->attester.worker = w;
    w->notary.watch.fd = w->attester.watch.fd = -1;
    exchange_list_init(&w->finishing);
    exchange_list_init(&w->asking);
    exchange_list_init(&w->lookups);
    exchange_list_init(&w->reports);
    take_link(&w->control, control_fd, on_control);
}
