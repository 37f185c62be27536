/* SPDX-License-Identifier: Apache-2.0
 *
 * server: accepting, reading requests, timers and closing. How an answer is
 * written stands in server_answer.c. */
#include "net/server.h"

#include "net/server_private.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINGER_MS 5000
#define ACCEPT_BURST 4
#define ACCEPT_PAUSE_MS 100

static void on_conn_event(struct watch *w, uint32_t events);

static void free_conn(struct garbage *g)
{
    free(container_of(g, struct server_conn, garbage));
}

void server_shut(struct server_conn *c, enum server_gone why)
{
    struct server *s = c->server;
    enum server_state was = c->state;

    if (was == SERVER_CLOSED)
        return;
    c->state = SERVER_CLOSED;
    if ((was == SERVER_BODY || was == SERVER_ANSWER) && !c->answered)
        s->hooks->on_gone(c, why);
    timer_stop(&c->timer);
    timer_stop(&c->write_timer);
    loop_again_cancel(&c->again);
    conn_close(&c->conn, s->loop);
    aver_buf_wipe(&c->in);
    aver_buf_wipe(&c->held);
    c->prev->next = c->next;
    c->next->prev = c->prev;
    s->open--;
    loop_discard(s->loop, &c->garbage, free_conn);
}

/* Reads on, so that the client is not reset before it read the answer
 * (RFC 9112 9.6). */
static void linger(struct server_conn *c)
{
    c->state = SERVER_LINGER;
    timer_stop(&c->write_timer);
    shutdown(c->conn.watch.fd, SHUT_WR);
    timer_arm(c->server->loop, &c->server->linger_queue, &c->timer);
    if (c->conn.readable && !c->parsing)
        loop_again(c->server->loop, &c->again, server_resume);
}

void server_next(struct server_conn *c)
{
    struct server *s = c->server;

    if (conn_pending(&c->conn) > 0) {
        c->state = SERVER_FLUSH;
        return;
    }
    if (!c->keep_alive) {
        linger(c);
        return;
    }
    c->state = SERVER_IDLE;
    memset(&c->cursor, 0, sizeof(c->cursor));
    timer_arm(s->loop, &s->idle_queue, &c->timer);
    if (!c->parsing && (c->in.n > 0 || c->conn.readable))
        loop_again(s->loop, &c->again, server_resume);
}

static void refuse(struct server_conn *c, const struct http_refusal *why)
{
    if (c->state != SERVER_BODY) { /* there is no request to speak of */
        c->http10 = c->head_only = c->answered = false;
        c->user = NULL;
    }
    c->state = SERVER_ANSWER;
    c->keep_alive = false;
    timer_stop(&c->timer);
    c->server->hooks->on_refused(c, why);
}

/* Takes a head from the front of `in`. Bytes used; 0 if more are needed. */
static size_t take_head(struct server_conn *c, struct aver_bytes in)
{
    struct server *s = c->server;
    struct http_refusal why = {0};
    struct http_head *h = &s->head;

    switch (http_request_parse(h, &c->cursor, in, &s->limits, &why)) {
    case HTTP_MORE:
        if (c->state == SERVER_IDLE) {
            c->state = SERVER_HEAD;
            timer_arm(s->loop, &s->head_queue, &c->timer);
        }
        return 0;
    case HTTP_BAD:
        refuse(c, &why);
        return in.n;
    case HTTP_DONE:
        break;
    }
    c->state = SERVER_BODY;
    c->http10 = h->minor == 0;
    c->keep_alive = h->keep_alive;
    c->no_body = h->framing == HTTP_NO_BODY;
    c->head_only = aver_bytes_is(h->method, "HEAD");
    c->answered = false;
    http_body_init(&c->body, h, &s->limits);
    timer_arm(s->loop, &s->body_queue, &c->timer);
    s->hooks->on_head(c, h);
    if (c->state == SERVER_BODY && h->expect_continue &&
        h->framing != HTTP_NO_BODY)
        conn_write(&c->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return h->size;
}

static size_t take_body(struct server_conn *c, struct aver_bytes in)
{
    struct server *s = c->server;
    struct http_refusal why = {0};
    struct aver_bytes piece = {0};
    size_t used = 0;
    enum http_result r = http_body_feed(&c->body, in, &used, &piece, &why);

    if (r == HTTP_BAD) {
        refuse(c, &why); /* the hooks hold a request that stays unfinished */
        return in.n;
    }
    if (piece.n > 0)
        s->hooks->on_body(c, piece);
    if (r == HTTP_DONE && c->state == SERVER_BODY) {
        c->state = SERVER_ANSWER;
        timer_stop(&c->timer);
        s->hooks->on_request(c);
    }
    return used;
}

/* Parses as far as it goes; bytes used. */
static size_t parse(struct server_conn *c, struct aver_bytes in)
{
    size_t done = 0;

    c->parsing = true;
    for (;;) {
        struct aver_bytes rest = {in.p + done, in.n - done};
        size_t used = 0;

        if (c->state == SERVER_BODY) {
            used = take_body(c, rest);
            done += used;
            if (c->state == SERVER_BODY && done == in.n)
                break;
            continue;
        }
        if ((c->state != SERVER_IDLE && c->state != SERVER_HEAD) || rest.n == 0)
            break;
        used = take_head(c, rest);
        if (used == 0)
            break;
        done += used;
    }
    c->parsing = false;
    if (c->state == SERVER_LINGER || c->state == SERVER_CLOSED)
        return in.n;
    return done;
}

static void take(struct server_conn *c, struct aver_bytes in)
{
    size_t used;

    if (c->state == SERVER_LINGER)
        return; /* read and forgotten */
    if (c->in.n == 0) {
        used = parse(c, in);
        if (used < in.n && c->state != SERVER_CLOSED &&
            aver_buf_append(&c->in, in.p + used, in.n - used) != 0)
            server_shut(c, SERVER_CLIENT_LEFT);
        return;
    }
    if (in.n > 0 && aver_buf_append(&c->in, in.p, in.n) != 0) {
        server_shut(c, SERVER_CLIENT_LEFT);
        return;
    }
    used = parse(c, aver_buf_view(&c->in));
    if (c->state == SERVER_CLOSED)
        return;
    if (used == c->in.n)
        aver_buf_wipe(&c->in);
    else
        aver_buf_consume(&c->in, used);
}

static bool wants_bytes(const struct server_conn *c)
{
    return c->state == SERVER_IDLE || c->state == SERVER_HEAD ||
           c->state == SERVER_BODY || c->state == SERVER_LINGER;
}

static void read_on(struct server_conn *c)
{
    struct server *s = c->server;
    unsigned rounds = 0;

    while (wants_bytes(c) && c->conn.readable) {
        ssize_t n = conn_read(&c->conn, s->scratch, SERVER_SCRATCH);

        if (n == -1)
            break;
        if (n <= 0) {
            server_shut(c, SERVER_CLIENT_LEFT);
            return;
        }
        if (c->state == SERVER_BODY) /* between reads, DECISIONS 20 */
            timer_arm(s->loop, &s->body_queue, &c->timer);
        take(c, aver_bytes_of(s->scratch, (size_t)n));
        if (++rounds == 16 && wants_bytes(c) && c->conn.readable) {
            loop_again(s->loop, &c->again, server_resume);
            break;
        }
    }
    /* While an answer is due, the end of its sending side means that the
     * client left (DECISIONS 22). */
    if (c->state == SERVER_ANSWER && c->conn.peer_ended)
        server_shut(c, SERVER_CLIENT_LEFT);
}

void server_resume(struct again *a)
{
    struct server_conn *c = container_of(a, struct server_conn, again);

    if (c->in.n > 0 && (c->state == SERVER_IDLE || c->state == SERVER_BODY))
        take(c, (struct aver_bytes){0});
    if (c->state != SERVER_CLOSED)
        read_on(c);
}

static void write_on(struct server_conn *c)
{
    struct server *s = c->server;
    size_t before = conn_pending(&c->conn);

    conn_flush(&c->conn);
    if (conn_pending(&c->conn) == before)
        return;
    if (conn_pending(&c->conn) > 0) {
        timer_arm(s->loop, &s->write_queue, &c->write_timer);
    } else {
        timer_stop(&c->write_timer);
        if (c->state == SERVER_FLUSH)
            server_next(c);
    }
    if (c->state == SERVER_ANSWER && before >= SERVER_HIGH_MARK / 2 &&
        conn_pending(&c->conn) < SERVER_HIGH_MARK / 2)
        s->hooks->on_writable(c);
}

static void on_conn_event(struct watch *w, uint32_t events)
{
    struct conn *conn = container_of(w, struct conn, watch);
    struct server_conn *c = container_of(conn, struct server_conn, conn);

    conn_note(&c->conn, events);
    if (c->conn.broken) {
        server_shut(c, SERVER_CLIENT_LEFT);
        return;
    }
    if (c->conn.writable && conn_pending(&c->conn) > 0)
        write_on(c);
    if (c->conn.broken)
        server_shut(c, SERVER_CLIENT_LEFT);
    else if (c->state != SERVER_CLOSED)
        read_on(c);
}

static void on_idle_timeout(struct timer *t)
{
    server_shut(container_of(t, struct server_conn, timer), SERVER_CLIENT_LEFT);
}

static void on_request_timeout(struct timer *t)
{
    static const struct http_refusal late = {
        408, "the request did not arrive in time"};
    struct server_conn *c = container_of(t, struct server_conn, timer);

    if (c->state == SERVER_HEAD && c->in.n == 0)
        server_shut(c, SERVER_CLIENT_LEFT); /* it never said a word */
    else
        refuse(c, &late);
}

static void on_write_timeout(struct timer *t)
{
    server_shut(container_of(t, struct server_conn, write_timer),
                SERVER_CLIENT_SLOW);
}

static void note_peer(struct server_conn *c, const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET6) {
        memcpy(c->peer, &((const struct sockaddr_in6 *)a)->sin6_addr, 16);
    } else if (a->ss_family == AF_INET) {
        c->peer[10] = c->peer[11] = 0xff;
        memcpy(c->peer + 12, &((const struct sockaddr_in *)a)->sin_addr, 4);
    }
}

static void open_conn(struct server_listener *w, int fd,
                      const struct sockaddr_storage *from)
{
    struct server *s = w->server;
    struct server_conn *c = calloc(1, sizeof(*c));

    if (c == NULL)
        abort();
    if (conn_open(&c->conn, s->loop, fd, on_conn_event) != 0) {
        free(c);
        return;
    }
    c->server = s;
    c->metrics_only = w->metrics_only;
    note_peer(c, from);
    /* One whole head, or what one read brought beside a request. */
    aver_buf_init(&c->in, SERVER_SCRATCH + s->limits.line_max +
                              s->limits.section_max + SERVER_SCRATCH);
    aver_buf_init(&c->held, CONN_OUT_MAX);
    c->prev = s->conns.prev;
    c->next = &s->conns;
    c->prev->next = c->next->prev = c;
    s->open++;
    s->accepted++;
    c->state = SERVER_HEAD;
    timer_arm(s->loop, &s->head_queue, &c->timer);
}

static int watch_listener(struct server_listener *w)
{
    return loop_add(w->server->loop, &w->watch, EPOLLIN | EPOLLEXCLUSIVE);
}

/* The kernel wakes the process that has waited longest in the listener's queue
 * for each new connection: who has had one goes to the end of it, so that
 * workers take turns. */
static void accept_on(struct server_listener *w)
{
    struct server *s = w->server;
    bool short_of = false;

    for (unsigned i = 0; i < ACCEPT_BURST; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof(from);
        int fd = accept4(w->watch.fd, (struct sockaddr *)&from, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            open_conn(w, fd, &from);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR && errno != ECONNABORTED)
            short_of = true; /* of descriptors or memory: try later */
    }
    loop_remove(s->loop, &w->watch);
    if (short_of)
        timer_arm(s->loop, &s->accept_queue, &w->pause);
    else if (watch_listener(w) != 0) /* tells at once of those still waiting */
        timer_arm(s->loop, &s->accept_queue, &w->pause);
}

static void on_accept_pause(struct timer *t)
{
    accept_on(container_of(t, struct server_listener, pause));
}

static void on_listener_event(struct watch *w, uint32_t events)
{
    (void)events;
    accept_on(container_of(w, struct server_listener, watch));
}

int server_listen(struct server *s, struct server_listener *w, int fd,
                  bool metrics_only)
{
    memset(w, 0, sizeof(*w));
    w->watch.fd = fd;
    w->watch.on_event = on_listener_event;
    w->server = s;
    w->metrics_only = metrics_only;
    return watch_listener(w);
}

void server_unlisten(struct server *s, struct server_listener *w)
{
    timer_stop(&w->pause);
    loop_close_fd(s->loop, &w->watch);
}

int server_init(struct server *s, struct loop *l,
                const struct server_hooks *hooks,
                const struct server_timeouts *t, uint64_t body_max, void *ctx,
                struct aver_error *err)
{
    memset(s, 0, sizeof(*s));
    s->loop = l;
    s->hooks = hooks;
    s->ctx = ctx;
    s->limits = http_request_limits;
    s->limits.body_max = body_max;
    s->conns.prev = s->conns.next = &s->conns;
    s->scratch = malloc(SERVER_SCRATCH);
    aver_buf_init(&s->head_text, SERVER_HEAD_MAX);
    if (s->scratch == NULL)
        return aver_fail(err, AVER_EMEM, "out of memory");
    timer_queue_init(l, &s->head_queue, t->head_ms, on_request_timeout);
    timer_queue_init(l, &s->body_queue, t->body_ms, on_request_timeout);
    timer_queue_init(l, &s->idle_queue, t->idle_ms, on_idle_timeout);
    timer_queue_init(l, &s->write_queue, t->write_ms, on_write_timeout);
    timer_queue_init(l, &s->linger_queue, LINGER_MS, on_idle_timeout);
    timer_queue_init(l, &s->accept_queue, ACCEPT_PAUSE_MS, on_accept_pause);
    return 0;
}

void server_close(struct server *s)
{
    while (s->conns.next != NULL && s->conns.next != &s->conns)
        server_shut(s->conns.next, SERVER_SHUTDOWN);
    if (s->scratch != NULL)
        aver_wipe(s->scratch, SERVER_SCRATCH);
    free(s->scratch);
    s->scratch = NULL;
    aver_buf_wipe(&s->head_text);
}
