/* SPDX-License-Identifier: Apache-2.0
 *
 * conn: a non-blocking socket. Writes at once; keeps only what the kernel did
 * not take. Knows from epoll's edges whether reading or writing is worth a
 * system call. */
#ifndef AVER_NET_CONN_H
#define AVER_NET_CONN_H

#include "base/buf.h"
#include "net/loop.h"
#include <sys/socket.h>
#include <sys/uio.h>

#define CONN_OUT_MAX (64u << 20) /* hard bound of what is kept */

struct conn {
    struct watch watch;
    bool readable, writable; /* no EAGAIN since the last edge */
    bool peer_ended;         /* the peer sends no more (EPOLLRDHUP, HUP) */
    bool broken;             /* error on the socket: nothing will work */
    struct aver_buf out;     /* accepted for writing, not yet written */
};

/* Takes over `fd` (closed on failure). */
AVER_MUST_CHECK int conn_open(struct conn *c, struct loop *l, int fd,
                              void (*on_event)(struct watch *, uint32_t));
void conn_close(struct conn *c, struct loop *l);
static inline bool conn_is_open(const struct conn *c)
{
    return c->watch.fd >= 0;
}

/* Notes what an edge says. Call first in every on_event. */
void conn_note(struct conn *c, uint32_t events);

/* Reads what is there, at most `cap` bytes: their number; 0 at the peer's
 * end; -1 if there is nothing now; -2 if the connection broke. */
ssize_t conn_read(struct conn *c, void *p, size_t cap);

/* Writes the pieces, or keeps what does not go out at once. Never blocks. A
 * broken connection swallows what it is given: see `broken`. */
void conn_writev(struct conn *c, const struct iovec *iov, unsigned n);
void conn_write(struct conn *c, const void *p, size_t n);
/* Writes what goes out at once and keeps nothing: how many bytes went. */
size_t conn_push(struct conn *c, const struct iovec *iov, unsigned n);
/* Writes what was kept. */
void conn_flush(struct conn *c);
static inline size_t conn_pending(const struct conn *c)
{
    return c->out.n;
}

#endif
