/* SPDX-License-Identifier: Apache-2.0
 *
 * queue: who waits for which report, and whose turn it is. No I/O, no clock.
 *
 * Asks for the same report (same algorithm, layout and nonce, or no nonce at
 * all; both with endorsements or both without) share one job. One job runs at a
 * time. Everything here is about the notary of the moment: when another takes
 * its place, the running job's asks are put back (queue_again) and are answered
 * with the new key. */
#ifndef AVER_ATTEST_QUEUE_H
#define AVER_ATTEST_QUEUE_H

#include "attest/message.h"

#define QUEUE_MAX 64       /* asks that wait, those of the running job too */
#define QUEUE_CLIENT_MAX 4 /* of them for one client */

struct queue_ask {
    uint32_t peer; /* who is answered; chosen by the caller */
    uint64_t seq;
    uint8_t algo, layout, endorsements, has_nonce;
    uint8_t nonce[32];
    uint8_t client[16];
};

struct queue_entry {
    struct queue_ask ask;
    uint64_t round, order;
    bool running;
};

struct queue {
    struct queue_entry entry[QUEUE_MAX];
    unsigned n;
    bool busy; /* a job runs */
    uint64_t round, order;
};

void queue_init(struct queue *q);
/* True if the ask now waits; false if the queue, or the client's share of it,
 * is full. It joins the running job if that makes the same report. */
bool queue_put(struct queue *q, const struct queue_ask *ask);
/* Starts the next job, unless one runs or nobody waits: true, with what it is
 * to make. Round robin: nobody's second ask goes before an earlier first ask
 * of another client, and no newcomer goes before who waits from an earlier
 * round. */
bool queue_start(struct queue *q, struct queue_ask *job);
/* The running job has ended: takes one of those who wait for it. False after
 * the last one; the next job may then start. */
bool queue_take(struct queue *q, struct queue_ask *out);
/* The running job has ended for nothing: who waits for it waits again, at
 * the head. */
void queue_again(struct queue *q);
/* Takes anyone. False when nobody is left; no job runs then. */
bool queue_take_any(struct queue *q, struct queue_ask *out);
/* Forgets the asks of a peer that has gone. */
void queue_drop_peer(struct queue *q, uint32_t peer);

/* An IPv4 address counts as a client, and so does an IPv6 network of 64 bits:
 * whoever has one address in it has them all. */
bool queue_same_client(const uint8_t a[static 16], const uint8_t b[static 16]);

#endif
