/* SPDX-License-Identifier: Apache-2.0
 *
 * engine: a model server without a model, cheap enough to stand behind what is
 * measured. One thread, epoll, keep-alive.
 *
 *     engine EVENTS INTERVAL_MS      prints its port
 *
 * A POST is answered by 1.5 KB of JSON with an id of its own; one whose body
 * says "stream":true by EVENTS events of about 180 bytes, one in INTERVAL_MS,
 * each a chunk and a write of its own, with the time it left in member "t". */
#include "tool.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    IN_MAX = 16384,
    JSON_SIZE = 1536,
    OUT_MAX = 4096,
};

/* One client. While it is sent a stream it waits in the queue below. */
struct conn {
    int fd;
    size_t n; /* bytes of in */
    bool streaming, gone;
    unsigned left; /* events to send */
    uint64_t id, due;
    struct conn *next;
    char in[IN_MAX];
};

/* All streams have one interval, so who was served last is due last. */
static struct conn *first, **last = &first;
static unsigned events;
static uint64_t interval, ids;
static char padding[JSON_SIZE];
static int epoll;

static void enqueue(struct conn *c)
{
    c->next = NULL;
    *last = c;
    last = &c->next;
}

static struct conn *dequeue(void)
{
    struct conn *c = first;
    first = c->next;
    if (first == NULL)
        last = &first;
    return c;
}

/* Frees now, or when the queue comes to it. */
static void drop(struct conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->gone = true;
    if (!c->streaming)
        free(c);
}

/* A peer that takes nothing for so long that its buffers are full would be
 * measured wrongly: better no figure than that one. */
static bool put(struct conn *c, const char *data, int n)
{
    ssize_t sent = send(c->fd, data, (size_t)n, MSG_NOSIGNAL);
    if (sent == n)
        return true;
    if (sent >= 0 || errno == EAGAIN)
        die("engine: a peer does not keep up");
    return false;
}

static bool send_json(struct conn *c)
{
    char body[OUT_MAX], out[OUT_MAX];
    int n = snprintf(
        body, sizeof body,
        "{\"id\":\"chatcmpl-%016llx\",\"object\":\"chat.completion\","
        "\"created\":1753000000,\"model\":\"bench\",\"choices\":[{\"index\":0,"
        "\"message\":{\"role\":\"assistant\",\"content\":\"",
        (unsigned long long)++ids);
    static const char tail[] =
        "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":300,"
        "\"completion_tokens\":300,\"total_tokens\":600}}";
    int fill = JSON_SIZE - n - (int)(sizeof tail - 1);
    n = snprintf(out, sizeof out,
                 "HTTP/1.1 200 OK\r\nServer: bench\r\n"
                 "Content-Type: application/json\r\n"
                 "Content-Length: %d\r\n\r\n%s%.*s%s",
                 JSON_SIZE, body, fill, padding, tail);
    return put(c, out, n);
}

static bool start_stream(struct conn *c)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nServer: bench\r\n"
                               "Content-Type: text/event-stream\r\n"
                               "Cache-Control: no-cache\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    c->id = ++ids;
    c->left = events;
    c->due = now_ns() + interval;
    c->streaming = true;
    enqueue(c);
    return put(c, head, sizeof head - 1);
}

static bool send_event(struct conn *c)
{
    char event[512], out[1024];
    int n = snprintf(
        event, sizeof event,
        "data: {\"id\":\"chatcmpl-%016llx\",\"object\":"
        "\"chat.completion.chunk\",\"model\":\"bench\",\"t\":%llu,"
        "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}\n\n",
        (unsigned long long)c->id, (unsigned long long)now_ns());
    n = snprintf(out, sizeof out, "%x\r\n%s\r\n", (unsigned)n, event);
    return put(c, out, n);
}

/* Sends what is due; returns the ns until the next is, or UINT64_MAX. */
static uint64_t send_due(void)
{
    static const char end[] = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
    while (first != NULL) {
        uint64_t now = now_ns();
        if (!first->gone && first->due > now)
            return first->due - now;
        struct conn *c = dequeue();
        bool ok = !c->gone;
        if (ok && c->left > 0) {
            ok = send_event(c);
            c->left--;
            c->due += interval;
        }
        bool over = c->left == 0;
        if (ok && over)
            ok = put(c, end, sizeof end - 1);
        if (ok && !over) {
            enqueue(c);
            continue;
        }
        c->streaming = false;
        if (!ok)
            drop(c);
    }
    return UINT64_MAX;
}

/* The length of the whole request in c->in, 0 if it is not there yet. */
static size_t request_size(const struct conn *c)
{
    const char *end = memmem(c->in, c->n, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t size = (size_t)(end + 4 - c->in);
    for (const char *line = c->in; line < end;) {
        line = (const char *)memchr(line, '\n', c->n) + 1;
        if (strncasecmp(line, "content-length:", 15) == 0)
            size += strtoul(line + 15, NULL, 10);
        if (strncasecmp(line, "transfer-encoding:", 18) == 0)
            die("engine: reads no chunked requests");
    }
    if (size > IN_MAX)
        die("engine: request of %zu bytes", size);
    return size <= c->n ? size : 0;
}

static void answer(struct conn *c, size_t size)
{
    bool stream = memmem(c->in, size, "\"stream\":true", 13) != NULL;
    bool ok = stream ? start_stream(c) : send_json(c);
    memmove(c->in, c->in + size, c->n - size);
    c->n -= size;
    if (!ok)
        drop(c);
}

static void on_readable(struct conn *c)
{
    ssize_t n = recv(c->fd, c->in + c->n, IN_MAX - c->n, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        drop(c);
        return;
    }
    c->n += (size_t)n;
    size_t size = c->streaming ? 0 : request_size(c);
    if (size > 0)
        answer(c, size);
}

static void on_client(int listener)
{
    int one = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL)
        die("engine: out of memory");
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        die("engine: epoll_ctl: %s", strerror(errno));
}

static int wait_until(struct epoll_event *e, int max, uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S),
                         .tv_nsec = (long)(ns % NS_PER_S)};
    return epoll_pwait2(epoll, e, max, ns == UINT64_MAX ? NULL : &t, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage: engine EVENTS INTERVAL_MS");
    unsigned port = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* ends with whoever started it */
    events = number(argv[1], 1000000);
    interval = (uint64_t)number(argv[2], 60000) * NS_PER_MS;
    ids = now_ns() << 20;
    memset(padding, 'x', sizeof padding);
    raise_files();
    int listener = listen_local(&port);
    set_nonblocking(listener);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e[64] = {{.events = EPOLLIN, .data.ptr = NULL}};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, e) != 0)
        die("engine: epoll: %s", strerror(errno));
    printf("%u\n", port);
    fflush(stdout);
    for (;;) {
        int n = wait_until(e, 64, send_due());
        for (int i = 0; i < n; i++) {
            if (e[i].data.ptr == NULL)
                on_client(listener);
            else
                on_readable(e[i].data.ptr);
        }
    }
}
