/* SPDX-License-Identifier: Apache-2.0
 *
 * tool: see tool.h. */
#include "tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

unsigned number(const char *text, unsigned max)
{
    char *end;
    errno = 0;
    unsigned long v = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != 0 || errno != 0 || v > max)
        die("not a number from 0 to %u: %s", max, text);
    return (unsigned)v;
}

void raise_files(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0)
        die("getrlimit: %s", strerror(errno));
    l.rlim_cur = l.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &l) != 0)
        die("setrlimit: %s", strerror(errno));
}

static int local_socket(struct sockaddr_in *a, unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket: %s", strerror(errno));
    memset(a, 0, sizeof *a);
    a->sin_family = AF_INET;
    a->sin_port = htons((uint16_t)port);
    a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd;
}

int listen_local(unsigned *port)
{
    struct sockaddr_in a;
    int fd = local_socket(&a, *port), one = 1;
    socklen_t n = sizeof a;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(fd, 4096) != 0 || getsockname(fd, (struct sockaddr *)&a, &n))
        die("port %u: %s", *port, strerror(errno));
    *port = ntohs(a.sin_port);
    return fd;
}

int connect_local(unsigned port)
{
    struct sockaddr_in a;
    int fd = local_socket(&a, port), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
        die("connect to port %u: %s", port, strerror(errno));
    return fd;
}

void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        die("fcntl: %s", strerror(errno));
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void sort_u32(uint32_t *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
}

uint32_t permille(const uint32_t *sorted, size_t n, unsigned p)
{
    return n == 0 ? 0 : sorted[(n - 1) * p / 1000];
}
