/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: see peer.h. */
#include "notary/peer.h"

#include "net/channel.h"
#include "net/log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TURN_PACKETS 64   /* from one peer before the others have their turn */
#define WAITING_PAUSE 256 /* lookups without answer: stop reading the peer */
/* Sweeps go on reading, and what one may find is bounded by the pair's buffer:
 * a peer that gets here sends without end and takes nothing. */
#define WAITING_MAX 2048

void notary_peers_init(struct peers *ps, struct desk *desk)
{
    *ps = (struct peers){.desk = desk, .sweep_next = 1};
}

static void drop_waiting(struct peer *p)
{
    while (p->first) {
        struct peer_waiting *w = p->first;
        p->first = w->next;
        free(w);
    }
    p->last = NULL;
    p->nwaiting = 0;
}

static void peer_close(struct peer *p)
{
    drop_waiting(p);
    close(p->fd);
}

void notary_peers_clear(struct peers *ps)
{
    for (size_t i = 0; i < ps->n; i++)
        peer_close(&ps->list[i]);
    ps->n = 0;
}

static void peer_send(struct peer *p, const void *message, size_t n)
{
    int rc = channel_send(p->fd, message, n, -1);
    p->full = rc > 0;
    if (rc < 0) {
        p->dead = true;
        drop_waiting(p);
    }
}

void notary_peers_add(struct peers *ps, int fd, uint32_t slot)
{
    struct notary_hello hello;
    if (ps->n == PEERS_MAX) {
        log_event(LOG_ERROR, "peer_refused", LOG_NUM("slot", slot),
                  LOG_NUM("peers", ps->n));
        close(fd);
        return;
    }
    struct peer *p = &ps->list[ps->n++];
    *p = (struct peer){.fd = fd, .slot = slot};
    desk_hello(ps->desk, &hello);
    peer_send(p, &hello, sizeof(hello));
}

/* ---- lookups ---- */

static void peer_refuse(struct peer *p, const char *why)
{
    log_event(LOG_ERROR, "peer_closed", LOG_NUM("slot", p->slot),
              LOG_STR("why", why));
    p->gone = true;
}

static void wait_for_sweep(struct peers *ps, struct peer *p,
                           const struct notary_lookup *lookup)
{
    if (p->nwaiting == WAITING_MAX) {
        peer_refuse(p, "asks without end and takes no answer");
        return;
    }
    struct peer_waiting *w = malloc(sizeof(*w));
    if (!w)
        abort();
    *w = (struct peer_waiting){.sweep = ps->sweep_next, .lookup = *lookup};
    if (p->last)
        p->last->next = w;
    else
        p->first = w;
    p->last = w;
    p->nwaiting++;
}

/* Every lookup waits for a sweep, also one that could be answered: a newer
 * receipt under the same id of the engine may be queued. The sweep comes in the
 * same turn. */
static void take_lookup(struct peers *ps, struct peer *p,
                        const struct notary_lookup *lookup)
{
    if (!p->dead)
        wait_for_sweep(ps, p, lookup);
}

/* Takes the waiting lookup behind `before` (NULL: the first) off the list. */
static void unwait(struct peer *p, struct peer_waiting *before)
{
    struct peer_waiting **at = before ? &before->next : &p->first;
    struct peer_waiting *w = *at;
    *at = w->next;
    if (p->last == w)
        p->last = before;
    p->nwaiting--;
    free(w);
}

/* Answers what can be answered by now. */
static void answer_waiting(struct peers *ps, struct peer *p)
{
    struct notary_answer answer;
    struct peer_waiting *before = NULL, *w = p->first, *next;
    for (; w && !p->full; w = next) {
        next = w->next;
        if (w->sweep > ps->swept ||
            !desk_answer(ps->desk, &w->lookup, true, ps->now_ms, &answer)) {
            before = w;
            continue;
        }
        peer_send(p, &answer, sizeof(answer));
        if (p->dead)
            return; /* and nothing waits any more */
        if (!p->full)
            unwait(p, before);
    }
}

/* ---- reading ---- */

/* False if the packet is not one that this peer may send. */
static bool take_packet(struct peers *ps, struct peer *p, size_t n)
{
    if (p->slot == CONTROL_SLOT_ATTESTER || !notary_message_ok(&ps->packet, n))
        return false;
    const struct notary_header *head = &ps->packet.head;
    if (head->type != NOTARY_PUT && head->type != NOTARY_LOOKUP)
        return false;
    if (head->generation != ps->desk->generation)
        return true; /* meant for a notary that is no more */
    if (head->type == NOTARY_PUT)
        desk_put(ps->desk, &ps->packet.put, ps->now_ms);
    else
        take_lookup(ps, p, &ps->packet.lookup);
    return true;
}

/* Reads at most so many packets, and begins none once `bytes` are read. */
static void peer_read(struct peers *ps, struct peer *p, size_t packets,
                      size_t bytes)
{
    while (!p->gone && packets-- > 0 && bytes > 0) {
        ssize_t n =
            channel_recv(p->fd, &ps->packet, sizeof(ps->packet), NULL, false);
        if (n < 0 && errno != EMSGSIZE)
            return;
        if (n == 0) {
            p->gone = true;
            return;
        }
        if (n < 0 || !take_packet(ps, p, (size_t)n)) {
            peer_refuse(p, "sent what is no message");
            return;
        }
        bytes -= (size_t)n < bytes ? (size_t)n : bytes;
    }
}

/* True if somebody could be told "no" after a sweep. Who takes no answers is
 * no reason for one: what he has queued may be more of the same. */
static bool sweep_is_due(const struct peers *ps)
{
    for (size_t i = 0; i < ps->n; i++) {
        const struct peer *p = &ps->list[i];
        if (!p->full && !p->gone && p->last && p->last->sweep > ps->swept)
            return true;
    }
    return false;
}

/* Takes what is queued now in every pair. A lookup that comes up waits for the
 * next sweep: what was queued at *its* moment may be more. */
static void sweep(struct peers *ps)
{
    uint64_t this = ps->sweep_next++;
    for (size_t i = 0; i < ps->n; i++) {
        struct peer *p = &ps->list[i];
        int queued = 0;
        if (!p->gone && ioctl(p->fd, FIONREAD, &queued) == 0 && queued > 0)
            peer_read(ps, p, SIZE_MAX, (size_t)queued);
    }
    ps->swept = this;
}

/* ---- turns ---- */

bool notary_peers_poll(const struct peers *ps, struct pollfd *polls)
{
    for (size_t i = 0; i < ps->n; i++) {
        const struct peer *p = &ps->list[i];
        short events = 0;
        if (p->nwaiting < WAITING_PAUSE)
            events |= POLLIN;
        if (p->full)
            events |= POLLOUT;
        polls[i] = (struct pollfd){.fd = p->fd, .events = events};
    }
    return sweep_is_due(ps);
}

static void peer_turn(struct peers *ps, struct peer *p, short revents)
{
    if (revents & (POLLHUP | POLLERR)) {
        p->dead = true;
        drop_waiting(p);
    }
    if (revents & POLLOUT)
        p->full = false;
    if (revents & (POLLIN | POLLHUP | POLLERR))
        peer_read(ps, p, TURN_PACKETS, SIZE_MAX);
}

static void reap(struct peers *ps)
{
    size_t kept = 0;
    for (size_t i = 0; i < ps->n; i++) {
        if (ps->list[i].gone)
            peer_close(&ps->list[i]);
        else
            ps->list[kept++] = ps->list[i];
    }
    ps->n = kept;
}

void notary_peers_turn(struct peers *ps, const struct pollfd *polls,
                       uint64_t now_ms)
{
    ps->now_ms = now_ms;
    for (size_t i = 0; i < ps->n; i++)
        if (polls[i].revents)
            peer_turn(ps, &ps->list[i], polls[i].revents);
    if (sweep_is_due(ps))
        sweep(ps);
    for (size_t i = 0; i < ps->n; i++)
        if (ps->list[i].first && !ps->list[i].gone)
            answer_waiting(ps, &ps->list[i]);
    reap(ps);
}
