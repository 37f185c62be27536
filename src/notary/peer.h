/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: the notary's pairs to the workers and the attester. Order is all that
 * matters here (who must find what):
 *
 *   - a pair is read to its end, also after the peer died;
 *   - before a lookup is answered "no", a *sweep* takes what was queued at
 *     that moment in every pair, and no more, so that nobody can hold an
 *     answer back by sending on;
 *   - a peer that does not take its answers is not read any further, but for
 *     sweeps. */
#ifndef AVER_NOTARY_PEER_H
#define AVER_NOTARY_PEER_H

#include "notary/desk.h"
#include <poll.h>

#define PEERS_MAX 256

/* A lookup without its answer. */
struct peer_waiting {
    struct peer_waiting *next;
    uint64_t sweep; /* a "no" is final after this sweep */
    struct notary_lookup lookup;
};

struct peer {
    int fd;
    uint32_t slot;
    bool full; /* takes no answer at the moment */
    bool dead; /* will take none any more, but may have left puts */
    bool gone; /* read to its end, or refused: to be closed */
    size_t nwaiting;
    struct peer_waiting *first, *last;
};

struct peers {
    struct desk *desk;
    uint64_t now_ms; /* of this turn */
    size_t n;
    struct peer list[PEERS_MAX];
    /* Sweeps are numbered; a lookup waits for the next to begin. */
    uint64_t sweep_next, swept;
    union {
        struct notary_header head;
        struct notary_put put;
        struct notary_lookup lookup;
    } packet;
};

void notary_peers_init(struct peers *ps, struct desk *desk);
void notary_peers_clear(struct peers *ps);
/* Takes over `fd` and says HELLO on it. */
void notary_peers_add(struct peers *ps, int fd, uint32_t slot);
/* What to wait for; fills ps->n entries. True if there is work to do without
 * waiting. */
bool notary_peers_poll(const struct peers *ps, struct pollfd *polls);
/* Does what the ps->n entries of `polls` say is due. */
void notary_peers_turn(struct peers *ps, const struct pollfd *polls,
                       uint64_t now_ms);

#endif
