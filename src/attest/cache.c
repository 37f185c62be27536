/* SPDX-License-Identifier: Apache-2.0
 *
 * cache: four slots. */
#include "attest/cache.h"

#include <assert.h>
#include <unistd.h>

void cache_init(struct cache *c)
{
    for (int i = 0; i < 4; i++)
        c->entry[i / 2][i % 2] = (struct cache_entry){.fd = -1};
}

const struct cache_entry *cache_get(const struct cache *c, uint8_t algo,
                                    uint8_t layout, uint64_t now_ms)
{
    assert(algo < 2 && layout < 2);
    const struct cache_entry *e = &c->entry[algo][layout];
    return e->fd >= 0 && now_ms - e->made_ms < CACHE_TTL_MS ? e : NULL;
}

void cache_put(struct cache *c, uint8_t algo, uint8_t layout, uint64_t now_ms,
               int fd, uint64_t size)
{
    assert(algo < 2 && layout < 2);
    struct cache_entry *e = &c->entry[algo][layout];
    if (e->fd >= 0)
        close(e->fd);
    *e = (struct cache_entry){.fd = fd, .size = size, .made_ms = now_ms};
}

void cache_drop(struct cache *c)
{
    for (int i = 0; i < 4; i++)
        if (c->entry[i / 2][i % 2].fd >= 0)
            close(c->entry[i / 2][i % 2].fd);
    cache_init(c);
}
