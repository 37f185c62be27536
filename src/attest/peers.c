/* SPDX-License-Identifier: Apache-2.0
 *
 * peers: one socket and one list of kept replies a slot. */
#include "attest/peers.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct peers_reply {
    struct peers_reply *next;
    struct attest_reply reply;
    int pass; /* ours, or -1 */
};

void peers_init(struct peers *p)
{
    p->n = 0;
    for (unsigned i = 0; i < PEERS_MAX; i++)
        p->slot[i] = (struct peer){.fd = -1};
}

void peers_set(struct peers *p, uint32_t slot, int fd)
{
    assert(slot < PEERS_MAX && p->slot[slot].fd < 0);
    p->slot[slot].fd = fd;
    if (slot >= p->n)
        p->n = slot + 1;
}

static void drop_first(struct peer *w)
{
    struct peers_reply *r = w->first;

    w->first = r->next;
    if (!w->first)
        w->last = NULL;
    if (r->pass >= 0)
        close(r->pass);
    free(r);
}

void peers_close(struct peers *p, uint32_t slot)
{
    struct peer *w = &p->slot[slot];

    while (w->first)
        drop_first(w);
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

static int keep(struct peer *w, const struct attest_reply *reply, int pass)
{
    struct peers_reply *r = calloc(1, sizeof(*r));

    assert(r);
    r->reply = *reply;
    r->pass = pass >= 0 ? fcntl(pass, F_DUPFD_CLOEXEC, 3) : -1;
    if (pass >= 0 && r->pass < 0) {
        free(r);
        return -1;
    }
    if (w->last)
        w->last->next = r;
    else
        w->first = r;
    w->last = r;
    return 0;
}

int peers_send(struct peers *p, uint32_t slot, const struct attest_reply *reply,
               int pass)
{
    struct peer *w = &p->slot[slot];

    if (w->fd < 0)
        return 0;
    if (!w->first) {
        int rc = channel_send(w->fd, reply, sizeof(*reply), pass);
        if (rc <= 0)
            return rc;
    }
    return keep(w, reply, pass);
}

int peers_flush(struct peers *p, uint32_t slot)
{
    struct peer *w = &p->slot[slot];

    while (w->fd >= 0 && w->first) {
        int rc = channel_send(w->fd, &w->first->reply, sizeof(w->first->reply),
                              w->first->pass);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
        drop_first(w);
    }
    return 0;
}

bool peers_has_kept(const struct peers *p, uint32_t slot)
{
    return p->slot[slot].first != NULL;
}
