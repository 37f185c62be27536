/* SPDX-License-Identifier: Apache-2.0
 *
 * relay: see relay.h.
 *
 *   RECEIVE --> CONNECT --> SEND --> HEAD --> BODY --> FINISH --> DONE
 *                  ^          |        |        |
 *                  +----------+--------+        |   once, on a fresh
 *                  a kept connection was stale  |   connection
 *                                               |
 *   any of them ------------------------------> FAILED
 *
 * One way out: relay_end. Back-pressure is one rule: the engine is not read
 * while the client's unwritten bytes are above the mark. The last bytes of a
 * well-framed answer leave only after on_complete had its way. */
#include "net/relay.h"

#include "net/log.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD_MS 1000            /* DECISIONS 1 */
#define HOLD_MAX (64u << 10)    /* PROTOCOL */
#define BUFFER_MAX (256u << 10) /* of an answer that is no stream */

/* Legal moves: bit n of row m set means m -> n. */
#define TO(state) (1u << (state))
static const uint16_t moves[] = {
    [RELAY_RECEIVE] = TO(RELAY_CONNECT) | TO(RELAY_DONE) | TO(RELAY_FAILED),
    [RELAY_CONNECT] = TO(RELAY_SEND) | TO(RELAY_FAILED),
    [RELAY_SEND] =
        TO(RELAY_HEAD) | TO(RELAY_CONNECT) | TO(RELAY_BODY) | TO(RELAY_FAILED),
    [RELAY_HEAD] = TO(RELAY_BODY) | TO(RELAY_CONNECT) | TO(RELAY_FAILED),
    [RELAY_BODY] = TO(RELAY_FINISH) | TO(RELAY_DONE) | TO(RELAY_FAILED),
    [RELAY_FINISH] = TO(RELAY_DONE) | TO(RELAY_FAILED),
    [RELAY_DONE] = 0,
    [RELAY_FAILED] = 0,
};

static void become(struct relay *r, enum relay_state next)
{
    assert(moves[r->state] & TO(next));
    r->state = (uint8_t)next;
}

const char *relay_end_word(enum relay_end why)
{
    static const char *const words[] = {
        [RELAY_OK] = "ok",
        [RELAY_CLIENT_LEFT] = "client_left",
        [RELAY_CLIENT_SLOW] = "client_slow",
        [RELAY_NO_ENGINE] = "engine_unreachable",
        [RELAY_ENGINE_SILENT] = "engine_silent",
        [RELAY_ENGINE_CUT] = "engine_cut",
        [RELAY_ENGINE_BAD] = "engine_bad_framing",
        [RELAY_TOO_LONG] = "exchange_too_long",
        [RELAY_SHUTDOWN] = "shutdown",
    };
    return words[why];
}

/* Frees everything but the struct, tells the owner. `keep`: the engine's
 * connection is good for another exchange. */
static void relay_end(struct relay *r, enum relay_end why, bool keep)
{
    struct engine_conn *ec = r->ec;

    become(r, why == RELAY_OK ? RELAY_DONE : RELAY_FAILED);
    r->why = (uint8_t)why;
    r->ec = NULL;
    if (ec != NULL && keep)
        engine_keep(ec);
    else if (ec != NULL)
        engine_drop(ec);
    timer_stop(&r->exchange_timer);
    timer_stop(&r->hold_timer);
    loop_again_cancel(&r->again);
    aver_buf_wipe(&r->request_head);
    aver_buf_wipe(&r->request_body);
    aver_buf_wipe(&r->held);
    r->shared->hooks->on_end(r, why);
}

/* The engine let us down, or time is up. */
static void fail(struct relay *r, enum relay_end why)
{
    struct server_conn *c = r->client;

    if (!r->begun) {
        server_drop_held(c);
        r->shared->hooks->on_error(r, why);
    } else {
        server_abort(c);
    }
    relay_end(r, why, false);
}

static void connect_to(struct relay *r, bool fresh)
{
    become(r, RELAY_CONNECT);
    r->sent = 0;
    r->ec = engine_take(r->engine, fresh, r);
    if (r->ec == NULL) {
        fail(r, RELAY_NO_ENGINE);
        return;
    }
    if (!r->ec->connecting)
        relay_engine_hooks.on_step(r->ec);
}

/* A kept connection that breaks before a byte of the answer was stale: try
 * once more, on a fresh one. Any other break is final. */
static void engine_broke(struct relay *r, enum relay_end why)
{
    if (r->ec->reused && !r->answered_any && !r->retried) {
        r->retried = true;
        engine_drop(r->ec);
        r->ec = NULL;
        connect_to(r, true);
        return;
    }
    fail(r, why);
}

static void send_request(struct relay *r)
{
    size_t head = r->request_head.n, total = head + r->request_body.n;

    while (r->sent < total && r->ec->conn.writable && !r->ec->conn.broken) {
        struct iovec iov[2];
        unsigned n = 0;

        if (r->sent < head)
            iov[n++] =
                (struct iovec){r->request_head.p + r->sent, head - r->sent};
        if (r->request_body.n > 0) {
            size_t from = r->sent > head ? r->sent - head : 0;

            iov[n++] = (struct iovec){r->request_body.p + from,
                                      r->request_body.n - from};
        }
        r->sent += conn_push(&r->ec->conn, iov, n);
    }
    if (r->sent == total) {
        become(r, RELAY_HEAD);
    }
}

/* What may reach the client now; the rest of `piece` is held. */
static void pass_on(struct relay *r, const struct server_answer *a,
                    struct aver_bytes piece, uint64_t may)
{
    unsigned flags = r->buffered ? SERVER_HOLD : 0;
    uint64_t from_held = 0, from_piece;

    if (r->give_up_hold)
        may = UINT64_MAX;
    if (may > r->received)
        may = r->received;
    if (may < r->released)
        may = r->released;
    if (may - r->released < r->held.n)
        from_held = may - r->released;
    else
        from_held = r->held.n;
    from_piece = may - r->released - from_held;
    /* Nothing can be held before the head was sent: head and first bytes are
     * one write. */
    if (from_held > 0)
        server_send(r->client, NULL, aver_bytes_of(r->held.p, from_held),
                    flags);
    if (a != NULL || from_piece > 0)
        server_send(r->client, a, aver_bytes_of(piece.p, from_piece), flags);
    aver_buf_consume(&r->held, from_held);
    if (piece.n > from_piece && aver_buf_append(&r->held, piece.p + from_piece,
                                                piece.n - from_piece) != 0)
        abort(); /* bounded by HOLD_MAX and one read */
    r->released = may;
    if (r->held.n > 0 && !timer_running(&r->hold_timer))
        timer_arm(r->shared->loop, &r->shared->hold_queue, &r->hold_timer);
}

static void begin(struct relay *r)
{
    if (!r->begun) {
        r->begun = true;
        r->buffered = false;
        server_release(r->client, false);
    }
}

/* Bytes went to the client, or are staged for it. */
static void after_pass(struct relay *r)
{
    if (r->held.n > HOLD_MAX) {
        r->give_up_hold = true;
        pass_on(r, NULL, (struct aver_bytes){0}, UINT64_MAX);
    }
    if (!r->buffered)
        r->begun = true;
    else if (r->client->held.n > BUFFER_MAX)
        begin(r);
}

/* The engine's message has ended as its framing demands. */
static void complete(struct relay *r, const struct server_answer *a,
                     struct aver_bytes piece, bool clean)
{
    struct server_conn *c = r->client;

    timer_stop(&r->hold_timer);
    timer_stop(&r->exchange_timer);
    if (r->held.n > 0)
        server_send(c, NULL, aver_buf_view(&r->held), SERVER_HOLD);
    server_send(c, a, piece, SERVER_HOLD | SERVER_END);
    aver_buf_clear(&r->held);
    r->engine_keep_alive = clean && r->engine_keep_alive;
    become(r, RELAY_FINISH);
    timer_stop(&r->ec->timer);
    if (!r->shared->hooks->on_complete(r))
        relay_release(r);
}

void relay_release(struct relay *r)
{
    struct server_conn *c = r->client;
    bool keep = r->engine_keep_alive;

    assert(r->state == RELAY_FINISH);
    relay_end(r, RELAY_OK, keep);
    server_release(c, true);
}

/* An answer that ends by closing is relayed and never counts as whole
 * (DECISIONS 2): the client's ends by closing too. */
static void closed_as_it_may(struct relay *r)
{
    struct server_conn *c = r->client;

    begin(r);
    pass_on(r, NULL, (struct aver_bytes){0}, UINT64_MAX);
    server_close_after(c);
    become(r, RELAY_FINISH);
    relay_end(r, RELAY_OK, false);
    server_send(c, NULL, (struct aver_bytes){0}, SERVER_END);
}

/* Moves the body bytes in `in` together, at its front: one read becomes one
 * chunk and one write. */
static enum http_result decode(struct relay *r, struct aver_bytes in,
                               struct aver_bytes *piece, size_t *used)
{
    uint8_t *to = (uint8_t *)(uintptr_t)in.p;
    struct http_refusal why = {0};
    enum http_result result = HTTP_MORE;
    size_t n = 0;

    *used = 0;
    do {
        struct aver_bytes span = {0};
        size_t took = 0;

        result =
            http_body_feed(&r->body, aver_bytes_of(in.p + *used, in.n - *used),
                           &took, &span, &why);
        *used += took;
        if (span.n > 0 && n == 0) {
            to = (uint8_t *)(uintptr_t)span.p;
            n = span.n;
        } else if (span.n > 0) {
            memmove(to + n, span.p, span.n);
            n += span.n;
        }
    } while (result == HTTP_MORE && *used < in.n);
    *piece = aver_bytes_of(to, n);
    if (result == HTTP_BAD)
        log_event(LOG_WARN, "engine_framing", LOG_STR("engine", r->engine->url),
                  LOG_STR("why", why.why));
    return result;
}

/* Takes body bytes; `a` is the answer's head if it was not sent yet. */
static void take_body(struct relay *r, const struct server_answer *a,
                      struct aver_bytes in)
{
    struct aver_bytes piece;
    size_t used;
    enum http_result result = decode(r, in, &piece, &used);
    uint64_t may = r->received;

    if (piece.n > 0) {
        r->received += piece.n;
        may = r->shared->hooks->on_body(r, piece);
    }
    if (result == HTTP_DONE) {
        complete(r, a, piece, used == in.n);
        return;
    }
    if (a != NULL || piece.n > 0) {
        pass_on(r, a, piece, may);
        after_pass(r);
    }
    if (result == HTTP_BAD)
        fail(r, RELAY_ENGINE_BAD);
}

static bool is_stream(const struct http_head *h)
{
    const struct http_field *f = http_find(h, "Content-Type");

    /* Only what a client waits to see whole is kept back until it is. */
    return f == NULL || !aver_bytes_starts(f->value, "application/json");
}

static void take_head(struct relay *r, const struct http_head *h,
                      struct aver_bytes in)
{
    struct server_answer a = {.status = h->status, .framing = h->framing};

    r->head_us = r->shared->loop->now_us;
    r->status = (uint16_t)h->status;
    r->engine_keep_alive = h->keep_alive && r->state == RELAY_HEAD;
    a.length = h->length;
    r->buffered = !is_stream(h);
    http_body_init(&r->body, h, &http_response_limits);
    become(r, RELAY_BODY);
    aver_buf_wipe(&r->request_head);
    aver_buf_wipe(&r->request_body);
    r->shared->hooks->on_head(r, h, &a);
    take_body(r, &a, aver_bytes_of(in.p + h->size, in.n - h->size));
}

/* Bytes of the answer's head, or its head and more. */
static void take_first(struct relay *r, struct aver_bytes in)
{
    struct engine_conn *ec = r->ec;
    struct http_head *h = &r->shared->head;
    struct http_refusal why = {0};
    struct aver_buf kept;

    r->answered_any = true;
    if (ec->in.n > 0) {
        if (aver_buf_append(&ec->in, in.p, in.n) != 0) {
            fail(r, RELAY_ENGINE_BAD);
            return;
        }
        in = aver_buf_view(&ec->in);
    }
    switch (http_response_parse(h, &ec->cursor, in, r->head_request,
                                &http_response_limits, &why)) {
    case HTTP_MORE:
        if (ec->in.n == 0 && aver_buf_append(&ec->in, in.p, in.n) != 0)
            fail(r, RELAY_ENGINE_BAD);
        return;
    case HTTP_BAD:
        log_event(LOG_WARN, "engine_framing", LOG_STR("engine", r->engine->url),
                  LOG_STR("why", why.why));
        fail(r, RELAY_ENGINE_BAD);
        return;
    case HTTP_DONE:
        break;
    }
    /* The views in `h` must outlive the connection, which may be gone after
     * take_head. */
    kept = ec->in;
    aver_buf_init(&ec->in, kept.max);
    take_head(r, h, in);
    aver_buf_wipe(&kept);
}

static void engine_ended(struct relay *r)
{
    if (r->state == RELAY_BODY && http_body_close_ok(&r->body))
        closed_as_it_may(r);
    else if (r->state == RELAY_BODY)
        fail(r, RELAY_ENGINE_CUT);
    else
        engine_broke(r, RELAY_ENGINE_CUT);
}

static void read_again(struct again *a);

static bool may_read(const struct relay *r)
{
    return (r->state == RELAY_SEND || r->state == RELAY_HEAD ||
            r->state == RELAY_BODY) &&
           r->ec->conn.readable && !server_full(r->client);
}

static void read_engine(struct relay *r)
{
    uint8_t *scratch = r->shared->scratch;
    unsigned rounds = 0;

    while (may_read(r)) {
        ssize_t n = conn_read(&r->ec->conn, scratch, SERVER_SCRATCH);

        if (n == -1)
            break;
        if (n <= 0) {
            engine_ended(r);
            return;
        }
        engine_expect(r->ec);
        if (r->state == RELAY_BODY)
            take_body(r, NULL, aver_bytes_of(scratch, (size_t)n));
        else
            take_first(r, aver_bytes_of(scratch, (size_t)n));
        if (++rounds == 8 && may_read(r)) { /* others want their turn */
            loop_again(r->shared->loop, &r->again, read_again);
            return;
        }
    }
    /* It cannot be silent while we do not listen. */
    if (r->state == RELAY_BODY && server_full(r->client))
        timer_stop(&r->ec->timer);
}

static void read_again(struct again *a)
{
    read_engine(container_of(a, struct relay, again));
}

static void on_step(struct engine_conn *ec)
{
    struct relay *r = ec->user;

    if (r->state == RELAY_CONNECT) {
        become(r, RELAY_SEND);
        engine_expect(ec);
    }
    if (r->state == RELAY_SEND && ec->conn.writable) {
        send_request(r);
        engine_expect(ec);
    }
    /* What came before it broke is still there to be read; the reading finds
     * the break. */
    if (ec->conn.broken)
        ec->conn.readable = true;
    read_engine(r);
}

static void on_failure(struct engine_conn *ec, enum engine_failure why)
{
    struct relay *r = ec->user;

    if (why == ENGINE_NO_CONNECT)
        fail(r, RELAY_NO_ENGINE);
    else
        fail(r, RELAY_ENGINE_SILENT);
}

const struct engine_hooks relay_engine_hooks = {
    .on_step = on_step,
    .on_failure = on_failure,
};

static void on_exchange_timeout(struct timer *t)
{
    fail(container_of(t, struct relay, exchange_timer), RELAY_TOO_LONG);
}

/* The engine said [DONE] and then nothing: pass it on, keep waiting for the
 * end of the message (DECISIONS 1). */
static void on_hold_timeout(struct timer *t)
{
    struct relay *r = container_of(t, struct relay, hold_timer);

    r->give_up_hold = true;
    pass_on(r, NULL, (struct aver_bytes){0}, UINT64_MAX);
}

void relay_shared_init(struct relay_shared *s, struct loop *l,
                       const struct relay_hooks *hooks, uint8_t *scratch,
                       uint64_t exchange_ms)
{
    memset(s, 0, sizeof(*s));
    s->loop = l;
    s->hooks = hooks;
    s->scratch = scratch;
    timer_queue_init(l, &s->exchange_queue, exchange_ms, on_exchange_timeout);
    timer_queue_init(l, &s->hold_queue, HOLD_MS, on_hold_timeout);
}

void relay_init(struct relay *r, struct relay_shared *s, struct server_conn *c,
                struct engine *e, size_t body_max)
{
    memset(r, 0, sizeof(*r));
    r->shared = s;
    r->client = c;
    r->engine = e;
    r->start_us = s->loop->now_us;
    aver_buf_init(&r->request_head, 64u << 10);
    aver_buf_init(&r->request_body, body_max);
    aver_buf_init(&r->held, HOLD_MAX + SERVER_SCRATCH);
}

void relay_start(struct relay *r, bool has_body)
{
    int rc = has_body ? aver_buf_printf(&r->request_head,
                                        "Content-Length: %zu\r\n\r\n",
                                        r->request_body.n)
                      : aver_buf_append_str(&r->request_head, "\r\n");

    if (rc != 0)
        abort(); /* request fields are bounded by the codec's limits */
    timer_arm(r->shared->loop, &r->shared->exchange_queue, &r->exchange_timer);
    connect_to(r, false);
}

void relay_on_writable(struct relay *r)
{
    if (r->state != RELAY_BODY)
        return;
    engine_expect(r->ec);
    read_engine(r);
}

void relay_on_gone(struct relay *r, enum relay_end why)
{
    r->client = NULL;
    relay_end(r, why, false);
}

void relay_cancel(struct relay *r)
{
    relay_end(r, RELAY_OK, false);
}
