/* SPDX-License-Identifier: Apache-2.0
 *
 * client_connect: TCP by name or address, each address in turn, and Unix
 * sockets. */
#include "net/client_connect.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int64_t client_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int client_poll(struct pollfd *p, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - client_now_ms();
        if (left <= 0)
            return 0;
        int n = poll(p, 1, left < INT_MAX ? (int)left : INT_MAX);
        if (n > 0 || (n < 0 && errno != EINTR))
            return n;
    }
}

/* Waits for a connection that is under way. 0, or an errno. */
static int wait_connected(int fd, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t n = sizeof error;

    int ready = client_poll(&p, deadline);
    if (ready == 0)
        return ETIMEDOUT;
    if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
        return errno;
    return error;
}

/* *fd becomes the socket. 0, or an errno. */
static int connect_tcp(int *fd, const struct addrinfo *a, int64_t deadline)
{
    int one = 1, error = 0;
    int s = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                   a->ai_protocol);

    if (s < 0)
        return errno;
    if (connect(s, a->ai_addr, a->ai_addrlen) != 0)
        error = errno == EINPROGRESS ? wait_connected(s, deadline) : errno;
    if (error != 0) {
        close(s);
        return error;
    }
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *fd = s;
    return 0;
}

/* A full backlog makes connect(2) to a Unix socket wait, without any sign for
 * poll(2); SO_SNDTIMEO bounds that wait. 0, or an errno. */
static int connect_unix(int *fd, const char *path, int64_t deadline)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int64_t left = deadline - client_now_ms();
    struct timeval t = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

    if (strlen(path) >= sizeof a.sun_path)
        return ENAMETOOLONG;
    if (left <= 0)
        return ETIMEDOUT;
    memcpy(a.sun_path, path, strlen(path));
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return errno;
    if (setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) != 0 ||
        connect(s, (const struct sockaddr *)&a, sizeof a) != 0 ||
        fcntl(s, F_SETFL, O_NONBLOCK) != 0) {
        int error = errno == EAGAIN ? ETIMEDOUT : errno;
        close(s);
        return error;
    }
    *fd = s;
    return 0;
}

/* The error of the last address is told. 0, or an errno. */
static int connect_any(int *fd, const struct addrinfo *list, int64_t deadline)
{
    int error = EADDRNOTAVAIL;

    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        error = connect_tcp(fd, a, deadline);
        if (error == 0 || error == ETIMEDOUT)
            break;
    }
    return error;
}

int client_connect(const struct client_url *u, const char *where,
                   int64_t deadline_ms, struct aver_error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int fd = -1, error;

    if (u->is_unix) {
        error = connect_unix(&fd, u->host, deadline_ms);
    } else {
        int lookup = getaddrinfo(u->host, u->port, &hints, &list);
        if (lookup != 0)
            return aver_fail(err, AVER_EIO, "connect to %s: %s", where,
                             gai_strerror(lookup));
        error = connect_any(&fd, list, deadline_ms);
        freeaddrinfo(list);
    }
    if (error != 0)
        return aver_fail(err, error == ETIMEDOUT ? AVER_ETIMEOUT : AVER_EIO,
                         "connect to %s: %s", where, strerror(error));
    return fd;
}
