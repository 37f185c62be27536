/* SPDX-License-Identifier: Apache-2.0
 *
 * cache: the last report of each kind (algorithm, layout, with endorsements or
 * without) that was made for nobody's nonce, as a sealed memfd. Reports for a
 * client's nonce never get here. All of it is about the notary of the moment;
 * what a report depends on beside (certificate, compat) does not change while
 * the process lives. */
#ifndef AVER_ATTEST_CACHE_H
#define AVER_ATTEST_CACHE_H

#include "attest/message.h"

#define CACHE_TTL_MS (300 * 1000)

struct cache_kind {
    uint8_t algo, layout, endorsements;
};

struct cache {
    struct cache_entry {
        int fd; /* -1: none */
        uint64_t size, made_ms;
    } entry[2][ATTEST_LAYOUTS][2]; /* by algorithm, layout, endorsements */
};

void cache_init(struct cache *c);
/* The entry, valid until the next cache_put or cache_drop; NULL if there is
 * none that is young enough. */
const struct cache_entry *cache_get(const struct cache *c,
                                    struct cache_kind kind, uint64_t now_ms);
/* Takes the descriptor over. */
void cache_put(struct cache *c, struct cache_kind kind, uint64_t now_ms, int fd,
               uint64_t size);
void cache_drop(struct cache *c);
/* Drops those with endorsements: there are others now, or none. */
void cache_drop_endorsed(struct cache *c);

#endif
