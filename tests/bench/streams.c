/* SPDX-License-Identifier: Apache-2.0
 *
 * streams: many clients of one event stream each, in one thread.
 *
 *     streams PORT COUNT RAMP_MS
 *
 * Opens COUNT streams, evenly over RAMP_MS so that their events do not come in
 * step, and reads them to their ends. Prints "open" once each has had an event,
 * and at last one line: streams that ended as they should, events, and how
 * long the events were under way, median and 99 of 100, in us. */
#include "tool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum part { HEAD, SIZE, DATA, DATA_END, TRAILER };

/* Bytes of a line that is not whole yet. */
struct line {
    size_t n;
    char text[512];
};

/* The framing and the events have lines of their own: a line of an event may
 * go on in the next chunk. */
struct stream {
    int fd;
    enum part part;
    bool chunked, event, done, over;
    size_t left; /* bytes of the chunk */
    struct line frame, text;
};

static const char request[] =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Content-Type: application/json\r\nContent-Length: 95\r\n\r\n"
    "{\"model\":\"bench\",\"stream\":true,\"messages\":"
    "[{\"role\":\"user\",\"content\":\"Say something, please.\"}]}";

static uint32_t *times; /* us under way */
static size_t time_count, time_room;
static unsigned begun, complete, gone;

static void note_time(uint64_t sent)
{
    if (time_count == time_room) {
        time_room = time_room == 0 ? 1 << 16 : time_room * 2;
        times = realloc(times, time_room * sizeof *times);
        if (times == NULL)
            die("streams: out of memory");
    }
    times[time_count++] = (uint32_t)((now_ns() - sent) / 1000);
}

static void on_text(struct stream *s, const char *line)
{
    const char *t = strstr(line, "\"t\":");
    if (t != NULL) {
        note_time(strtoull(t + 4, NULL, 10));
        begun += !s->event;
        s->event = true;
    }
    if (strcmp(line, "data: [DONE]") == 0)
        s->done = true;
}

static void on_head_line(struct stream *s, const char *line)
{
    if (strncmp(line, "HTTP/", 5) == 0 && strstr(line, " 200") == NULL)
        die("streams: answered %s", line);
    if (strcasecmp(line, "transfer-encoding: chunked") == 0)
        s->chunked = true;
    if (line[0] != 0)
        return;
    if (!s->chunked)
        die("streams: the answer is not chunked");
    s->part = SIZE;
}

static void on_line(struct stream *s, const char *line)
{
    switch (s->part) {
    case HEAD:
        on_head_line(s, line);
        break;
    case SIZE:
        s->left = strtoul(line, NULL, 16);
        s->part = s->left > 0 ? DATA : TRAILER;
        break;
    case DATA:
        on_text(s, line);
        break;
    case DATA_END:
        s->part = SIZE;
        break;
    case TRAILER:
        s->over = line[0] == 0;
        break;
    }
}

static void take_byte(struct stream *s, struct line *l, char c)
{
    if (c == '\n') {
        if (l->n > 0 && l->text[l->n - 1] == '\r')
            l->n--;
        l->text[l->n] = 0;
        l->n = 0;
        on_line(s, l->text);
        return;
    }
    if (l->n + 1 >= sizeof l->text)
        die("streams: a line is too long");
    l->text[l->n++] = c;
}

static void take(struct stream *s, const char *data, size_t n)
{
    for (size_t i = 0; i < n && !s->over; i++) {
        if (s->part != DATA) {
            take_byte(s, &s->frame, data[i]);
            continue;
        }
        take_byte(s, &s->text, data[i]);
        if (--s->left == 0)
            s->part = DATA_END;
    }
}

static void on_readable(struct stream *s)
{
    static char buf[65536];
    ssize_t n = recv(s->fd, buf, sizeof buf, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n > 0)
        take(s, buf, (size_t)n);
    if (n > 0 && !s->over)
        return;
    complete += s->over && s->done;
    gone++;
    close(s->fd);
}

static void start(int epoll, struct stream *s, unsigned port)
{
    s->fd = connect_local(port);
    if (send(s->fd, request, sizeof request - 1, 0) != sizeof request - 1)
        die("streams: send: %s", strerror(errno));
    set_nonblocking(s->fd);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = s};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &e) != 0)
        die("streams: epoll_ctl: %s", strerror(errno));
}

/* One turn: at most until `due`, or for ever when that is 0. */
static void turn(int epoll, uint64_t due)
{
    struct epoll_event e[256];
    struct timespec t = {0};
    uint64_t now = now_ns();
    if (due > now) {
        t.tv_sec = (time_t)((due - now) / NS_PER_S);
        t.tv_nsec = (long)((due - now) % NS_PER_S);
    }
    int n = epoll_pwait2(epoll, e, 256, due == 0 ? NULL : &t, NULL);
    for (int i = 0; i < n; i++)
        on_readable(e[i].data.ptr);
}

static void say_open(unsigned count)
{
    static bool said;
    if (said || begun < count)
        return;
    said = true;
    puts("open");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage: streams PORT COUNT RAMP_MS");
    unsigned port = number(argv[1], 65535), count = number(argv[2], 60000);
    uint64_t step =
        number(argv[3], 60000) * (uint64_t)NS_PER_MS / (count > 0 ? count : 1);
    raise_files();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct stream *all = calloc(count, sizeof *all);
    if (epoll < 0 || all == NULL)
        die("streams: cannot start");
    uint64_t begin = now_ns();
    for (unsigned opened = 0; gone < count; say_open(count)) {
        while (opened < count && now_ns() >= begin + opened * step)
            start(epoll, &all[opened++], port);
        turn(epoll, opened < count ? begin + opened * step : 0);
    }
    sort_u32(times, time_count);
    printf("%u %zu %u %u\n", complete, time_count,
           permille(times, time_count, 500), permille(times, time_count, 990));
    free(times);
    free(all);
    return 0;
}
