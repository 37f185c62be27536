/* SPDX-License-Identifier: Apache-2.0
 *
 * conn: see conn.h. */
#include "net/conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

int conn_open(struct conn *c, struct loop *l, int fd,
              void (*on_event)(struct watch *, uint32_t))
{
    int on = 1;

    memset(c, 0, sizeof(*c));
    c->watch.fd = fd;
    c->watch.on_event = on_event;
    aver_buf_init(&c->out, CONN_OUT_MAX);
    /* Fails on a Unix socket, which does not need it. DECISIONS 21. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (loop_add(l, &c->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP) != 0) {
        close(fd);
        c->watch.fd = -1;
        return -1;
    }
    return 0;
}

void conn_close(struct conn *c, struct loop *l)
{
    loop_close_fd(l, &c->watch);
    aver_buf_wipe(&c->out);
}

void conn_note(struct conn *c, uint32_t events)
{
    if (events & EPOLLIN)
        c->readable = true;
    if (events & EPOLLOUT)
        c->writable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP))
        c->peer_ended = c->readable = true;
    if (events & EPOLLERR)
        c->broken = true;
}

ssize_t conn_read(struct conn *c, void *p, size_t cap)
{
    ssize_t n;

    if (!c->readable)
        return -1;
    do
        n = recv(c->watch.fd, p, cap, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        /* A short read emptied the socket; the next byte is a new edge. The
         * peer's end is no new edge once it was told of. */
        if ((size_t)n < cap && !c->peer_ended)
            c->readable = false;
        return n;
    }
    if (n == 0) {
        c->peer_ended = true;
        return 0;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        c->readable = false;
        return -1;
    }
    c->broken = true;
    return -2;
}

/* What sendmsg takes of the pieces; 0 if nothing goes now. */
static size_t send_now(struct conn *c, const struct iovec *iov, unsigned n)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                       .msg_iovlen = n};
    ssize_t sent;

    do
        sent = sendmsg(c->watch.fd, &m, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return (size_t)sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        c->writable = false;
    else
        c->broken = true;
    return 0;
}

size_t conn_push(struct conn *c, const struct iovec *iov, unsigned n)
{
    size_t total = 0, sent;

    if (c->watch.fd < 0 || c->broken || !c->writable)
        return 0;
    for (unsigned i = 0; i < n; i++)
        total += iov[i].iov_len;
    sent = send_now(c, iov, n);
    if (sent < total)
        c->writable = false; /* the socket's buffer is full */
    return sent;
}

static void keep(struct conn *c, const void *p, size_t n)
{
    if (n > 0 && aver_buf_append(&c->out, p, n) != 0)
        c->broken = true; /* over CONN_OUT_MAX: the owner ignored its mark */
}

void conn_writev(struct conn *c, const struct iovec *iov, unsigned n)
{
    size_t sent = 0;

    if (c->watch.fd < 0 || c->broken)
        return;
    if (c->out.n == 0)
        sent = conn_push(c, iov, n);
    for (unsigned i = 0; i < n && !c->broken; i++) {
        size_t skip = sent < iov[i].iov_len ? sent : iov[i].iov_len;

        sent -= skip;
        keep(c, (const char *)iov[i].iov_base + skip, iov[i].iov_len - skip);
    }
}

void conn_write(struct conn *c, const void *p, size_t n)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)p, .iov_len = n};

    conn_writev(c, &iov, 1);
}

void conn_flush(struct conn *c)
{
    size_t done = 0;

    while (c->writable && !c->broken && done < c->out.n) {
        struct iovec iov = {.iov_base = c->out.p + done,
                            .iov_len = c->out.n - done};

        done += send_now(c, &iov, 1);
    }
    if (done == c->out.n)
        aver_buf_wipe(&c->out); /* gives the memory back: idle is free */
    else
        aver_buf_consume(&c->out, done);
}
