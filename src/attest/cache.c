/* SPDX-License-Identifier: Apache-2.0
 *
 * cache: eight slots. */
#include "attest/cache.h"

#include <assert.h>
#include <unistd.h>

static struct cache_entry *slot(struct cache *c, int i)
{
    return &c->entry[i >> 2 & 1][i >> 1 & 1][i & 1];
}

void cache_init(struct cache *c)
{
    for (int i = 0; i < 8; i++)
        *slot(c, i) = (struct cache_entry){.fd = -1};
}

const struct cache_entry *cache_get(const struct cache *c,
                                    struct cache_kind kind, uint64_t now_ms)
{
    assert(kind.algo < 2 && kind.layout < ATTEST_LAYOUTS &&
           kind.endorsements < 2);
    const struct cache_entry *e =
        &c->entry[kind.algo][kind.layout][kind.endorsements];
    return e->fd >= 0 && now_ms - e->made_ms < CACHE_TTL_MS ? e : NULL;
}

static void drop(struct cache_entry *e)
{
    if (e->fd >= 0)
        close(e->fd);
    *e = (struct cache_entry){.fd = -1};
}

void cache_put(struct cache *c, struct cache_kind kind, uint64_t now_ms, int fd,
               uint64_t size)
{
    assert(kind.algo < 2 && kind.layout < ATTEST_LAYOUTS &&
           kind.endorsements < 2);
    struct cache_entry *e =
        &c->entry[kind.algo][kind.layout][kind.endorsements];
    drop(e);
    *e = (struct cache_entry){.fd = fd, .size = size, .made_ms = now_ms};
}

void cache_drop(struct cache *c)
{
    for (int i = 0; i < 8; i++)
        drop(slot(c, i));
}

void cache_drop_endorsed(struct cache *c)
{
    for (int i = 1; i < 8; i += 2)
        drop(slot(c, i));
}
