/* SPDX-License-Identifier: Apache-2.0
 *
 * client: blocking exchanges on one connection. One loop sends and receives
 * as the socket allows, so an answer that comes before the request is out is
 * read; every wait ends at the deadline. Connecting is in client_connect.c. */
#include "net/client.h"
#include "base/version.h"
#include "net/client_connect.h"
#include "net/http1_chars.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    REQUEST_HEAD_MAX = 64 * 1024,
    REPLY_HEAD_MAX = 1024 * 1024, /* the codec's limits are far below */
    READ_SIZE = 16 * 1024,
};

struct client {
    struct client_url url;
    char where[300]; /* for sentences */
    int fd;          /* -1: not connected */
    bool reused;
};

enum step { STEP_MORE, STEP_DONE, STEP_BROKEN, STEP_FAILED };

/* One request and its reply, on one connection. */
struct exchange {
    struct client *c;
    const struct client_request *q;
    struct client_reply *reply;
    struct aver_error *err;
    struct aver_buf out; /* the request's head */
    size_t sent;         /* of head and body together */
    struct aver_buf in;  /* the reply's head, and what came with it */
    struct http_cursor cursor;
    struct http_head head;
    struct http_body body;
    bool in_body, received, complete, send_failed;
    bool keep; /* the connection may serve another exchange */
    int64_t deadline;
};

struct client *client_new(const struct client_url *u)
{
    struct client *c = calloc(1, sizeof *c);

    if (c == NULL)
        abort();
    c->url = *u;
    c->fd = -1;
    if (u->is_unix)
        snprintf(c->where, sizeof c->where, "unix:%s", u->host);
    else
        snprintf(c->where, sizeof c->where,
                 strchr(u->host, ':') != NULL ? "[%s]:%s" : "%s:%s", u->host,
                 u->port);
    return c;
}

static void disconnect(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void client_free(struct client *c)
{
    if (c == NULL)
        return;
    disconnect(c);
    free(c);
}

bool client_was_reused(const struct client *c)
{
    return c->reused;
}

void client_reply_clear(struct client_reply *reply)
{
    aver_buf_wipe(&reply->body); /* it may have held a key */
}

/* ---- the request's head ---- */

/* "Name: value" without anything that would end the line. */
static bool header_ok(const char *header)
{
    const uint8_t *p = (const uint8_t *)header;

    while (http_char_is(*p, HTTP_CHAR_TOKEN))
        p++;
    if (*p != ':' || p == (const uint8_t *)header)
        return false;
    while (http_char_is(*p, HTTP_CHAR_TEXT))
        p++;
    return *p == '\0';
}

static bool given(const struct client_request *q, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++)
        if (strncasecmp(q->headers[i], name, n) == 0 && q->headers[i][n] == ':')
            return true;
    return false;
}

static int check_request(const struct client_request *q, struct aver_error *err)
{
    if (q->target[0] != '/' || !http_target_chars_ok(aver_bytes_str(q->target)))
        return aver_fail(err, AVER_EFORMAT, "\"%.200s\" is not a target",
                         q->target);
    for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++)
        if (!header_ok(q->headers[i])) /* not quoted: it may be a token */
            return aver_fail(err, AVER_EFORMAT,
                             "header number %zu is not \"Name: value\"", i + 1);
    return 0;
}

static int build_head(struct exchange *e)
{
    const struct client_request *q = e->q;
    const struct client_url *u = &e->c->url;
    struct aver_buf *b = &e->out;
    bool plain = u->is_unix || strcmp(u->port, "80") == 0;
    int bad = 0;

    if (check_request(q, e->err) != 0)
        return -1;
    bad |= aver_buf_printf(b, "%s %s%s HTTP/1.1\r\n", q->method, u->base,
                           q->target);
    if (!given(q, "Host"))
        bad |=
            aver_buf_printf(b,
                            strchr(u->host, ':') != NULL ? "Host: [%s]%s%s\r\n"
                                                         : "Host: %s%s%s\r\n",
                            u->is_unix ? "localhost" : u->host,
                            plain ? "" : ":", plain ? "" : u->port);
    if (!given(q, "User-Agent"))
        bad |= aver_buf_printf(b, "User-Agent: aver/%s\r\n", aver_version);
    if (!given(q, "Accept-Encoding"))
        bad |= aver_buf_append_str(b, "Accept-Encoding: identity\r\n");
    for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++)
        bad |= aver_buf_printf(b, "%s\r\n", q->headers[i]);
    if (q->has_body)
        bad |= aver_buf_printf(b, "Content-Length: %zu\r\n", q->body.n);
    bad |= aver_buf_append_str(b, "\r\n");
    return bad == 0 ? 0
                    : aver_fail(e->err, AVER_ELIMIT,
                                "the request's head is too large");
}

/* ---- sending ---- */

static size_t to_send(const struct exchange *e)
{
    if (e->send_failed)
        return 0;
    return e->out.n + (e->q->has_body ? e->q->body.n : 0) - e->sent;
}

/* A peer that does not read any more may still have answered: not an error. */
static void send_some(struct exchange *e)
{
    size_t of_head = e->sent < e->out.n ? e->out.n - e->sent : 0;
    size_t of_body = to_send(e) - of_head;
    struct iovec iov[2] = {
        {.iov_base = e->out.p + e->out.n - of_head, .iov_len = of_head},
        {.iov_base = NULL, .iov_len = of_body},
    };
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = of_body > 0 ? 2 : 1};

    if (of_body > 0) /* only read; iovec knows no const */
        iov[1].iov_base =
            (void *)(uintptr_t)(e->q->body.p + e->q->body.n - of_body);
    ssize_t n = sendmsg(e->c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0)
        e->sent += (size_t)n;
    else if (errno != EAGAIN && errno != EINTR)
        e->send_failed = true;
}

/* ---- receiving ---- */

static void copy_field(char *to, size_t size, const struct http_head *h,
                       const char *name)
{
    const struct http_field *f = http_find(h, name);

    to[0] = '\0';
    if (f == NULL || f->value.n >= size)
        return;
    memcpy(to, f->value.p, f->value.n);
    to[f->value.n] = '\0';
}

static enum step too_large(struct exchange *e)
{
    aver_fail(e->err, AVER_ELIMIT, "the answer of %s is larger than %zu bytes",
              e->c->where, e->q->body_max);
    return STEP_FAILED;
}

static enum step bad_answer(struct exchange *e, const struct http_refusal *why)
{
    aver_fail(e->err, AVER_EFORMAT, "bad answer from %s: %s", e->c->where,
              why->why);
    return STEP_FAILED;
}

static bool limited(const struct exchange *e)
{
    return e->q->on_body == NULL || e->q->body_max > 0;
}

static enum step head_done(struct exchange *e)
{
    struct client_reply *r = e->reply;
    const struct http_head *h = &e->head;

    r->status = h->status;
    copy_field(r->content_type, sizeof r->content_type, h, "content-type");
    copy_field(r->request_id, sizeof r->request_id, h, "x-request-id");
    copy_field(r->retry_after, sizeof r->retry_after, h, "retry-after");
    if (h->framing == HTTP_LENGTH && limited(e) && h->length > e->q->body_max)
        return too_large(e);
    http_body_init(&e->body, h, &http_response_limits);
    e->in_body = true;
    return STEP_MORE;
}

static enum step give(struct exchange *e, struct aver_bytes data)
{
    if (limited(e) && e->body.total > e->q->body_max)
        return too_large(e);
    if (data.n == 0)
        return STEP_MORE;
    if (e->q->on_body != NULL)
        return e->q->on_body(e->q->ctx, data) == 0 ? STEP_MORE : STEP_DONE;
    if (aver_buf_append(&e->reply->body, data.p, data.n) != 0)
        return too_large(e);
    return STEP_MORE;
}

static enum step body_bytes(struct exchange *e, struct aver_bytes in)
{
    struct http_refusal why;
    enum http_result r;

    do {
        struct aver_bytes data;
        size_t used;
        r = http_body_feed(&e->body, in, &used, &data, &why);
        enum step s = give(e, data);
        if (s != STEP_MORE)
            return s;
        if (r == HTTP_BAD)
            return bad_answer(e, &why);
        in = aver_bytes_of(in.p + used, in.n - used);
    } while (r == HTTP_MORE && in.n > 0);
    if (r == HTTP_MORE)
        return STEP_MORE;
    e->complete = true;
    e->keep =
        e->head.keep_alive && in.n == 0 && !e->send_failed && to_send(e) == 0;
    return STEP_DONE;
}

static enum step head_bytes(struct exchange *e, struct aver_bytes in)
{
    bool to_head = strcmp(e->q->method, "HEAD") == 0;
    struct http_refusal why;

    if (aver_buf_append(&e->in, in.p, in.n) != 0) {
        aver_fail(e->err, AVER_ELIMIT, "the head of the answer of %s is huge",
                  e->c->where);
        return STEP_FAILED;
    }
    struct aver_bytes all = aver_buf_view(&e->in);
    enum http_result r = http_response_parse(&e->head, &e->cursor, all, to_head,
                                             &http_response_limits, &why);
    if (r == HTTP_BAD)
        return bad_answer(e, &why);
    if (r == HTTP_MORE)
        return STEP_MORE;
    enum step s = head_done(e);
    if (s != STEP_MORE)
        return s;
    size_t n = e->head.size;
    return body_bytes(e, aver_bytes_of(all.p + n, all.n - n));
}

/* The peer closed or broke the connection. */
static enum step ended(struct exchange *e, int error)
{
    if (!e->received && e->c->reused)
        return STEP_BROKEN; /* the caller may connect again */
    if (error == 0 && e->in_body && http_body_close_ok(&e->body))
        return STEP_DONE;
    if (error != 0)
        aver_fail(e->err, AVER_EIO, "read from %s: %s", e->c->where,
                  strerror(error));
    else
        aver_fail(e->err, AVER_EIO, "%s closed the connection %s", e->c->where,
                  e->received ? "in the middle of its answer"
                              : "without an answer");
    return STEP_FAILED;
}

static enum step receive_some(struct exchange *e)
{
    uint8_t bytes[READ_SIZE];
    ssize_t n = recv(e->c->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return STEP_MORE;
    if (n <= 0)
        return ended(e, n < 0 ? errno : 0);
    e->received = true;
    struct aver_bytes in = aver_bytes_of(bytes, (size_t)n);
    enum step s = e->in_body ? body_bytes(e, in) : head_bytes(e, in);
    aver_wipe(bytes, (size_t)n);
    if (e->in_body && e->q->on_body != NULL)
        e->deadline = client_now_ms() + e->q->timeout_ms;
    return s;
}

/* ---- the exchange ---- */

static enum step wait_and_step(struct exchange *e)
{
    struct pollfd p = {.fd = e->c->fd, .events = POLLIN};

    if (to_send(e) > 0)
        p.events |= POLLOUT;
    int ready = client_poll(&p, e->deadline);
    if (ready < 0) {
        aver_fail(e->err, AVER_EIO, "poll: %s", strerror(errno));
        return STEP_FAILED;
    }
    if (ready == 0) {
        aver_fail(e->err, AVER_ETIMEOUT, "no %sanswer from %s within %d ms",
                  e->in_body ? "end of the " : "", e->c->where,
                  e->q->timeout_ms);
        return STEP_FAILED;
    }
    if (p.revents & POLLOUT)
        send_some(e);
    return p.revents & ~POLLOUT ? receive_some(e) : STEP_MORE;
}

static enum step attempt(struct exchange *e)
{
    struct client *c = e->c;
    enum step s = STEP_MORE;

    e->sent = 0;
    e->send_failed = false;
    if (c->fd < 0)
        c->fd = client_connect(&c->url, c->where, e->deadline, e->err);
    if (c->fd < 0)
        return STEP_FAILED;
    while (s == STEP_MORE)
        s = wait_and_step(e);
    if (s != STEP_DONE || !e->keep)
        disconnect(c);
    return s;
}

/* A kept connection on which something arrived unasked is of no use. */
static bool still_open(const struct client *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};

    return c->fd >= 0 && poll(&p, 1, 0) == 0;
}

static enum step not_again(struct exchange *e)
{
    aver_fail(e->err, AVER_EABSENT, "the connection to %s is closed",
              e->c->where);
    return STEP_FAILED;
}

int client_exchange(struct client *c, const struct client_request *request,
                    struct client_reply *reply, struct aver_error *err)
{
    struct exchange e = {.c = c, .q = request, .reply = reply, .err = err};
    enum step s = STEP_FAILED;

    assert(request->timeout_ms > 0);
    memset(reply, 0, sizeof *reply);
    aver_buf_init(&reply->body, request->body_max);
    aver_buf_init(&e.out, REQUEST_HEAD_MAX);
    aver_buf_init(&e.in, REPLY_HEAD_MAX);
    c->reused = false;
    if (build_head(&e) == 0) {
        e.deadline = client_now_ms() + request->timeout_ms;
        if (!still_open(c))
            disconnect(c);
        c->reused = c->fd >= 0;
        s = c->reused || !request->same_connection ? attempt(&e) : STEP_BROKEN;
        if (s == STEP_BROKEN) {
            c->reused = false;
            s = request->same_connection ? not_again(&e) : attempt(&e);
        }
    }
    reply->complete = e.complete;
    aver_buf_wipe(&e.out); /* it may hold a token */
    aver_buf_wipe(&e.in);
    if (s == STEP_DONE)
        return 0;
    client_reply_clear(reply);
    return -1;
}
