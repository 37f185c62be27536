/* SPDX-License-Identifier: Apache-2.0
 *
 * peers: the attester's pairs to the workers, and the replies that a worker
 * has not taken yet. A worker with such replies is not read from, so there are
 * never more of them than it had asks waiting. */
#ifndef AVER_ATTEST_PEERS_H
#define AVER_ATTEST_PEERS_H

#include "attest/message.h"

#define PEERS_MAX 1024 /* slots of workers */

struct peers_reply;
struct peer {
    int fd; /* -1: none */
    struct peers_reply *first, *last;
};

struct peers {
    unsigned n; /* slots ever used */
    struct peer slot[PEERS_MAX];
};

void peers_init(struct peers *p);
/* Takes `fd` over as the pair of `slot` (below PEERS_MAX, and free). */
void peers_set(struct peers *p, uint32_t slot, int fd);
void peers_close(struct peers *p, uint32_t slot);
/* Sends, or keeps for later. Borrows `pass` (-1: none). -1 if the worker is
 * gone: the caller closes the slot. Nothing happens on a free slot. */
AVER_MUST_CHECK int peers_send(struct peers *p, uint32_t slot,
                               const struct attest_reply *reply, int pass);
/* Sends what was kept, as far as it goes. -1 as above. */
AVER_MUST_CHECK int peers_flush(struct peers *p, uint32_t slot);
bool peers_has_kept(const struct peers *p, uint32_t slot);

#endif
