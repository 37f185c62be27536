/* SPDX-License-Identifier: Apache-2.0
 *
 * channel: one packet in, one packet out, over SOCK_SEQPACKET pairs, with at
 * most one descriptor beside it. It knows no message; see unix(7), cmsg(3). */
#include "net/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_pair(int fd[2], struct aver_error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == 0)
        return 0;
    fd[0] = fd[1] = -1;
    return aver_fail(err, AVER_EIO, "cannot make a pair of sockets: %s",
                     strerror(errno));
}

/* Room for one descriptor, aligned as cmsg(3) wants it. */
union channel_ride {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int))];
};

int channel_send(int fd, const void *p, size_t n, int pass)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)p, .iov_len = n};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    union channel_ride ride;
    if (pass >= 0) {
        memset(&ride, 0, sizeof(ride));
        m.msg_control = ride.space;
        m.msg_controllen = sizeof(ride.space);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass, sizeof(int));
    }
    for (;;) {
        if (sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return 0;
        if (errno == EINTR || errno == ECONNRESET)
            continue;
        /* The kernel's shortage passes like a full queue does. */
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ||
            errno == ETOOMANYREFS)
            return 1;
        return -1;
    }
}

/* Keeps the first descriptor of `m` in *pass, if asked for, and closes the
 * others. */
static void take_descriptors(struct msghdr *m, int *pass)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (pass && *pass < 0)
                *pass = fd;
            else
                close(fd);
        }
    }
}

ssize_t channel_recv(int fd, void *p, size_t cap, int *pass, bool wait)
{
    union channel_ride ride;
    struct iovec part = {.iov_base = p, .iov_len = cap};
    struct msghdr m;
    ssize_t n;
    if (pass)
        *pass = -1;
    do {
        m = (struct msghdr){.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = ride.space,
                            .msg_controllen = sizeof(ride.space)};
        n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
        /* ECONNRESET says once that the peer closed with something of ours
         * unread. What it had sent before is still there, behind it. */
    } while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n < 0)
        return errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS ? -1 : 0;
    take_descriptors(&m, pass);
    if (!(m.msg_flags & MSG_TRUNC))
        return n;
    if (pass && *pass >= 0) {
        close(*pass);
        *pass = -1;
    }
    errno = EMSGSIZE;
    return -1;
}
