/* SPDX-License-Identifier: Apache-2.0
 *
 * queue: at most QUEUE_MAX entries, so everything is a walk over an array.
 * Fairness: each ask gets a round, one later than its client's last waiting
 * ask, and later than the round that is being served; the lowest round goes
 * first, within a round the earliest. */
#include "attest/queue.h"

#include <string.h>

void queue_init(struct queue *q)
{
    memset(q, 0, sizeof(*q));
}

bool queue_same_client(const uint8_t a[static 16], const uint8_t b[static 16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    bool is_v4 = memcmp(a, mapped, sizeof(mapped)) == 0 ||
                 memcmp(b, mapped, sizeof(mapped)) == 0;
    return memcmp(a, b, is_v4 ? 16 : 8) == 0;
}

static bool same_report(const struct queue_ask *a, const struct queue_ask *b)
{
    return a->algo == b->algo && a->layout == b->layout &&
           a->endorsements == b->endorsements && a->has_nonce == b->has_nonce &&
           (!a->has_nonce || memcmp(a->nonce, b->nonce, 32) == 0);
}

/* Order of entries is free: `order` tells their age. */
static void remove_entry(struct queue *q, unsigned i)
{
    q->entry[i] = q->entry[--q->n];
}

bool queue_put(struct queue *q, const struct queue_ask *ask)
{
    uint64_t round = q->round;
    unsigned mine = 0;
    bool joins = false;

    for (unsigned i = 0; i < q->n; i++) {
        const struct queue_entry *e = &q->entry[i];
        if (e->running && same_report(&e->ask, ask))
            joins = true;
        if (!queue_same_client(e->ask.client, ask->client))
            continue;
        mine++;
        if (e->round > round)
            round = e->round;
    }
    if (q->n == QUEUE_MAX || mine >= QUEUE_CLIENT_MAX)
        return false;
    q->entry[q->n++] = (struct queue_entry){
        .ask = *ask, .round = round + 1, .order = q->order++, .running = joins};
    return true;
}

bool queue_start(struct queue *q, struct queue_ask *job)
{
    const struct queue_entry *first = NULL;

    if (q->busy || q->n == 0)
        return false;
    for (unsigned i = 0; i < q->n; i++) {
        const struct queue_entry *e = &q->entry[i];
        if (!first || e->round < first->round ||
            (e->round == first->round && e->order < first->order))
            first = e;
    }
    *job = first->ask;
    q->round = first->round;
    q->busy = true;
    for (unsigned i = 0; i < q->n; i++)
        q->entry[i].running = same_report(&q->entry[i].ask, job);
    return true;
}

bool queue_take(struct queue *q, struct queue_ask *out)
{
    for (unsigned i = 0; i < q->n; i++) {
        if (!q->entry[i].running)
            continue;
        *out = q->entry[i].ask;
        remove_entry(q, i);
        return true;
    }
    q->busy = false;
    return false;
}

void queue_again(struct queue *q)
{
    for (unsigned i = 0; i < q->n; i++)
        q->entry[i].running = false;
    q->busy = false;
}

bool queue_take_any(struct queue *q, struct queue_ask *out)
{
    q->busy = false;
    if (q->n == 0)
        return false;
    *out = q->entry[0].ask;
    remove_entry(q, 0);
    return true;
}

void queue_drop_peer(struct queue *q, uint32_t peer)
{
    for (unsigned i = q->n; i-- > 0;)
        if (q->entry[i].ask.peer == peer)
            remove_entry(q, i);
}
