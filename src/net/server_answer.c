/* SPDX-License-Identifier: Apache-2.0
 *
 * server_answer: how an answer is framed and written (RFC 9112 6, 7.1). We
 * always write our own framing, whatever the engine's was. */
#include "net/server.h"

#include "net/server_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

bool server_answer_add(struct server_answer *a, struct aver_bytes name,
                       struct aver_bytes value)
{
    if (a->nfields == sizeof(a->fields) / sizeof(a->fields[0]))
        return false;
    a->fields[a->nfields++] = (struct http_field){name, value};
    return true;
}

/* RFC 9110 5.6.7, made once a second. */
static const char *date(struct server *s)
{
    struct timespec now;
    struct tm tm;

    if (s->date[0] != '\0' && s->loop->now_ms < s->date_at_ms + 1000)
        return s->date;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(s->date, sizeof(s->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    s->date_at_ms = s->loop->now_ms;
    return s->date;
}

static void add(struct aver_buf *b, const void *p, size_t n)
{
    if (aver_buf_append(b, p, n) != 0)
        abort(); /* fields are bounded by the codec's limits */
}

static void add_str(struct aver_buf *b, const char *text)
{
    add(b, text, strlen(text));
}

static bool bodiless(const struct server_answer *a)
{
    return a->status == 204 || a->status == 304;
}

/* How the body will be framed towards this client. */
static void choose_framing(struct server_conn *c, const struct server_answer *a)
{
    c->chunked = false;
    if (bodiless(a) || c->head_only || a->framing == HTTP_LENGTH)
        return;
    if (a->framing == HTTP_CHUNKED && !c->http10)
        c->chunked = true;
    else if (a->framing != HTTP_NO_BODY)
        c->keep_alive = false; /* the end is told by closing */
}

static void add_framing(struct server_conn *c, const struct server_answer *a,
                        struct aver_buf *b)
{
    char line[64];

    if (c->chunked || (c->head_only && a->framing == HTTP_CHUNKED))
        add_str(b, "Transfer-Encoding: chunked\r\n");
    if (!bodiless(a) && (a->framing == HTTP_LENGTH ||
                         (a->framing == HTTP_NO_BODY && !c->head_only))) {
        snprintf(line, sizeof(line), "Content-Length: %llu\r\n",
                 (unsigned long long)a->length);
        add_str(b, line);
    }
    if (!c->keep_alive)
        add_str(b, "Connection: close\r\n");
    else if (c->http10)
        add_str(b, "Connection: keep-alive\r\n");
}

static void format_head(struct server_conn *c, const struct server_answer *a,
                        struct aver_buf *b)
{
    char line[64];

    choose_framing(c, a);
    b->n = 0; /* the memory is kept: one head at a time */
    snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\nDate: ", a->status,
             reason_of(a->status));
    add_str(b, line);
    add_str(b, date(c->server));
    add_str(b, "\r\n");
    add_framing(c, a, b);
    for (unsigned i = 0; i < a->nfields; i++) {
        add(b, a->fields[i].name.p, a->fields[i].name.n);
        add(b, ": ", 2);
        add(b, a->fields[i].value.p, a->fields[i].value.n);
        add(b, "\r\n", 2);
    }
    add(b, "\r\n", 2);
}

/* All is handed over. */
static void finish(struct server_conn *c)
{
    if (!c->answered) {
        c->answered = true;
        c->server->hooks->on_answered(c);
        c->user = NULL;
    }
    if (c->state == SERVER_BODY) { /* answered before the request was whole */
        c->keep_alive = c->keep_alive && c->no_body;
        timer_stop(&c->timer);
    }
    server_next(c);
}

static void after_write(struct server_conn *c)
{
    if (conn_pending(&c->conn) > 0 && !timer_running(&c->write_timer))
        timer_arm(c->server->loop, &c->server->write_queue, &c->write_timer);
    /* A broken connection is shut when its event comes, not under the
     * caller's feet. */
}

/* "1a2b" CRLF; at most 18 bytes. */
static size_t chunk_size_line(char out[static 18], size_t n)
{
    size_t digits = 1;

    for (size_t rest = n >> 4; rest != 0; rest >>= 4)
        digits++;
    for (size_t i = digits; i-- > 0; n >>= 4)
        out[i] = "0123456789abcdef"[n & 15];
    out[digits] = '\r';
    out[digits + 1] = '\n';
    return digits + 2;
}

static unsigned put(struct iovec *iov, unsigned n, const void *p, size_t len)
{
    if (len > 0) {
        iov[n].iov_base = (void *)(uintptr_t)p;
        iov[n].iov_len = len;
        n++;
    }
    return n;
}

void server_send(struct server_conn *c, const struct server_answer *head,
                 struct aver_bytes piece, unsigned flags)
{
    struct aver_buf *text = &c->server->head_text;
    struct iovec iov[5];
    unsigned n = 0;
    char size[18];

    if (c->state == SERVER_CLOSED)
        return;
    if (head != NULL) {
        if (c->state == SERVER_BODY && !c->no_body) /* read no further */
            c->keep_alive = false;
        format_head(c, head, text);
        n = put(iov, n, text->p, text->n);
        if (bodiless(head))
            c->head_only = true;
    }
    if (piece.n > 0 && !c->head_only) {
        if (c->chunked)
            n = put(iov, n, size, chunk_size_line(size, piece.n));
        n = put(iov, n, piece.p, piece.n);
        if (c->chunked)
            n = put(iov, n, "\r\n", 2);
    }
    if ((flags & SERVER_END) && c->chunked)
        n = put(iov, n, "0\r\n\r\n", 5);
    if (flags & SERVER_HOLD) {
        for (unsigned i = 0; i < n; i++)
            add(&c->held, iov[i].iov_base, iov[i].iov_len);
        return;
    }
    conn_writev(&c->conn, iov, n);
    after_write(c);
    if (flags & SERVER_END)
        finish(c);
}

void server_release(struct server_conn *c, bool end)
{
    if (c->state == SERVER_CLOSED)
        return;
    conn_write(&c->conn, c->held.p, c->held.n);
    aver_buf_wipe(&c->held);
    after_write(c);
    if (end)
        finish(c);
}

void server_drop_held(struct server_conn *c)
{
    aver_buf_wipe(&c->held);
}

void server_abort(struct server_conn *c)
{
    if (c->state == SERVER_CLOSED)
        return;
    aver_buf_wipe(&c->held);
    c->keep_alive = false;
    finish(c);
}

void server_close_after(struct server_conn *c)
{
    c->keep_alive = false;
}
