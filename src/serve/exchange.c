/* SPDX-License-Identifier: Apache-2.0
 *
 * exchange: what aver does to one request and its answer: hashes the exact
 * bytes of both, finds the answer's id, and asks for a receipt when, and only
 * when, a well-framed answer has ended (PROTOCOL, what is signed; DECISIONS
 * 1-7). */
#include "crypto/sha2.h"
#include "serve/worker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Members of a JSON request that no engine may read in two ways. */
struct request_scan {
    struct aver_json_scan scan;
    struct aver_json_member member[2];
};

static struct exchange *of(struct relay *r)
{
    return container_of(r, struct exchange, relay);
}

static char *copy(struct aver_bytes text, size_t max)
{
    size_t n = text.n < max ? text.n : max;
    char *out = malloc(n + 1);

    if (out == NULL)
        abort();
    memcpy(out, text.p, n);
    out[n] = '\0';
    return out;
}

/* The path without its query, which may hold anything. */
static struct aver_bytes path_of(struct aver_bytes target)
{
    const uint8_t *q = memchr(target.p, '?', target.n);

    return aver_bytes_of(target.p, q ? (size_t)(q - target.p) : target.n);
}

struct exchange *exchange_new(struct worker *w, struct server_conn *c,
                              const struct http_head *h)
{
    struct exchange *x = calloc(1, sizeof(*x));
    const struct http_field *id = NULL;
    uint8_t id_bytes[16];

    if (x == NULL)
        abort();
    x->worker = w;
    x->client = c;
    x->start_us = w->loop.now_us;
    x->generation = w->identity.head.generation;
    worker_request_id(w, id_bytes);
    aver_hex_encode(x->request_id, id_bytes, sizeof(id_bytes));
    w->active++;
    c->user = x;
    if (h == NULL)
        return x;
    snprintf(x->method, sizeof(x->method), "%.*s", (int)h->method.n,
             (const char *)h->method.p);
    if (log_enabled(LOG_INFO)) /* nobody else wants to know */
        x->path = copy(path_of(h->target), 200);
    id = http_find(h, "X-Request-Id");
    if (id != NULL && id->value.n > 0 && sse_id_usable(id->value))
        x->client_request_id = copy(id->value, NOTARY_ID_MAX);
    return x;
}

/* What passes from client to engine (DECISIONS, HTTP). */
static const char *const request_fields[] = {
    "Content-Type", "Accept",     "User-Agent",
    "traceparent",  "tracestate", "baggage",
};

static void append(struct aver_buf *b, struct aver_bytes v)
{
    if (aver_buf_append(b, v.p, v.n) != 0)
        abort(); /* heads are bounded by the codec's limits */
}

static void append_str(struct aver_buf *b, const char *text)
{
    append(b, aver_bytes_str(text));
}

static void start_scan(struct exchange *x)
{
    struct request_scan *s = spare_take(&x->worker->scans, sizeof(*s));

    s->member[0].name = "model";
    s->member[1].name = "stream";
    aver_json_scan_init(&s->scan, s->member, 2);
    x->scan = s;
}

void exchange_relay_head(struct exchange *x, const struct http_head *h,
                         struct aver_bytes target)
{
    struct worker *w = x->worker;
    struct aver_buf *b = &x->relay.request_head;

    x->kind = EXCHANGE_RELAY;
    relay_init(&x->relay, &w->relays, x->client, &w->engine,
               w->config->body_max);
    x->relay.head_request = aver_bytes_is(h->method, "HEAD");
    x->has_body =
        h->framing != HTTP_NO_BODY || aver_bytes_is(h->method, "POST");
    append(b, h->method);
    append_str(b, " ");
    append_str(b, w->engine.base);
    append(b, target);
    append_str(b, " HTTP/1.1\r\nHost: ");
    append_str(b, w->engine.authority);
    append_str(b, "\r\nX-Request-Id: ");
    append_str(b, x->request_id);
    append_str(b, "\r\nAccept-Encoding: identity\r\n");
    for (size_t i = 0; i < sizeof(request_fields) / sizeof(*request_fields);
         i++) {
        const struct http_field *f = http_find(h, request_fields[i]);

        if (f == NULL || http_is_hop_by_hop(h, f->name))
            continue;
        append(b, f->name);
        append_str(b, ": ");
        append(b, f->value);
        append_str(b, "\r\n");
    }
    metric_add(w->metrics, METRIC_RELAYED, 1);
    metric_add(w->metrics, METRIC_ACTIVE, 1);
    x->hash = worker_hash_take(w);
    aver_sha256_start(x->hash);
    if (aver_bytes_is(h->method, "GET") && !x->has_body)
        aver_sha256_update(x->hash, h->target); /* DECISIONS 7 */
    if (x->has_body) /* whatever its type says: engines differ */
        start_scan(x);
}

bool exchange_body(struct exchange *x, struct aver_bytes piece)
{
    x->request_bytes += piece.n;
    if (x->kind != EXCHANGE_RELAY)
        return true; /* read and forgotten */
    aver_sha256_update(x->hash, piece);
    if (x->scan != NULL && !x->json_bad)
        x->json_bad = !aver_json_scan_feed(&x->scan->scan, piece);
    return aver_buf_append(&x->relay.request_body, piece.p, piece.n) == 0;
}

static const struct early twice_model = {
    400, "invalid_request_error", "The request names 'model' more than once",
    "model", NULL};
static const struct early twice_stream = {
    400, "invalid_request_error", "The request names 'stream' more than once",
    "stream", NULL};

const struct early *exchange_request(struct exchange *x)
{
    const struct early *e = NULL;

    aver_sha256_finish(x->hash, x->request_sha256);
    if (x->scan != NULL && !x->json_bad && aver_json_scan_end(&x->scan->scan)) {
        if (x->scan->member[0].count > 1)
            e = &twice_model;
        else if (x->scan->member[1].count > 1)
            e = &twice_stream;
    }
    spare_give(&x->worker->scans, x->scan);
    x->scan = NULL;
    return e;
}

/* What passes from engine to client (DECISIONS, HTTP). Content-Encoding too:
 * an engine may compress although it was asked not to. */
static bool passes(struct aver_bytes name)
{
    static const char *const names[] = {
        "Content-Type",     "Cache-Control",       "Content-Language",
        "Content-Encoding", "Content-Disposition", "Retry-After",
        "X-Accel-Buffering"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (aver_bytes_is_nocase(name, names[i]))
            return true;
    if (name.n > 7 && aver_bytes_is_nocase(aver_bytes_of(name.p, 7), "openai-"))
        return true;
    return name.n > 12 &&
           aver_bytes_is_nocase(aver_bytes_of(name.p, 12), "x-ratelimit-");
}

static void start_finder(struct exchange *x, bool is_sse)
{
    struct id_finder *f = spare_take(&x->worker->finders, sizeof(*f));

    f->is_sse = is_sse;
    if (is_sse) {
        sse_scan_init(&f->sse);
    } else {
        f->json.member.name = "id";
        aver_json_scan_init(&f->json.scan, &f->json.member, 1);
    }
    x->finder = f;
}

static void on_head(struct relay *r, const struct http_head *h,
                    struct server_answer *a)
{
    struct exchange *x = of(r);
    struct metrics *m = x->worker->metrics;
    const struct http_field *type = http_find(h, "Content-Type");
    bool is_sse =
        type != NULL && aver_bytes_starts(type->value, "text/event-stream");

    x->status = (uint16_t)h->status;
    for (unsigned i = 0; i < h->nfields; i++)
        if (passes(h->fields[i].name) && a->nfields < 40 &&
            !http_is_hop_by_hop(h, h->fields[i].name))
            server_answer_add(a, h->fields[i].name, h->fields[i].value);
    answer_add_common(x, a);
    metric_add(m, METRIC_STREAMS, is_sse);
    metric_time_add(m, METRIC_TIME_FIRST_BYTE, r->head_us - r->start_us);
    /* Errors, answers without a body, and those that end by closing are
     * relayed and never signed (DECISIONS 2). */
    x->sign = x->sign && h->status >= 200 && h->status < 300 &&
              h->framing != HTTP_NO_BODY && h->framing != HTTP_UNTIL_CLOSE &&
              !r->head_request;
    if (!x->sign && !is_sse)
        return;
    aver_sha256_start(x->hash);
    if (is_sse ||
        (type != NULL && aver_bytes_starts(type->value, "application/json")))
        start_finder(x, is_sse);
}

/* Once the id is known the state of the JSON scanner is dead weight, and there
 * may be many streams. */
static void shrink_finder(struct exchange *x)
{
    size_t n = offsetof(struct id_finder, sse) + sse_scan_size(&x->finder->sse);
    struct id_finder *small = NULL;

    if (x->shrunk || n >= sizeof(struct id_finder))
        return;
    small = malloc(n);
    if (small == NULL)
        abort();
    memcpy(small, x->finder, n);
    spare_give(&x->worker->finders, x->finder);
    x->finder = small;
    x->shrunk = true;
}

static uint64_t on_body(struct relay *r, struct aver_bytes piece)
{
    struct exchange *x = of(r);
    struct id_finder *f = x->finder;

    x->answer_bytes += piece.n;
    if (x->sign)
        aver_sha256_update(x->hash, piece);
    if (f == NULL)
        return UINT64_MAX;
    if (f->is_sse) {
        sse_scan_feed(&f->sse, piece);
        shrink_finder(x);
        return x->finder->sse.hold_from;
    }
    if (!f->json_bad)
        f->json_bad = !aver_json_scan_feed(&f->json.scan, piece);
    return UINT64_MAX;
}

static struct aver_bytes found_id(const struct exchange *x)
{
    const struct id_finder *f = x->finder;
    struct aver_bytes id = {0};

    if (f == NULL)
        return id;
    if (f->is_sse)
        return sse_scan_id(&f->sse);
    if (!f->json_bad && f->json.member.type == AVER_JSON_STRING &&
        !f->json.member.cut)
        id = aver_bytes_of(f->json.member.value, f->json.member.value_len);
    return sse_id_usable(id) ? id : (struct aver_bytes){0};
}

static bool on_complete(struct relay *r)
{
    struct exchange *x = of(r);

    if (!x->sign || x->generation == 0 ||
        x->generation != x->worker->identity.head.generation)
        return false;
    aver_sha256_finish(x->hash, x->response_sha256);
    if (x->finder != NULL && x->finder->is_sse)
        sse_scan_end(&x->finder->sse);
    else if (x->finder != NULL && !x->finder->json_bad)
        x->finder->json_bad = !aver_json_scan_end(&x->finder->json.scan);
    exchange_list_add(&x->worker->finishing, x);
    return true;
}

void exchange_record(const struct exchange *x, enum notary_kind kind,
                     struct notary_record *out)
{
    struct aver_bytes id = found_id(x);

    memset(out, 0, offsetof(struct notary_record, id));
    if (aver_hex_decode(out->request_id, 16,
                        aver_bytes_of(x->request_id, 32)) != 0)
        abort(); /* we wrote it */
    memcpy(out->request_sha256, x->request_sha256, 32);
    memcpy(out->response_sha256, x->response_sha256, 32);
    out->kind = (uint8_t)kind;
    out->id_len = (uint16_t)id.n;
    if (id.n > 0)
        memcpy(out->id, id.p, id.n);
    memset(out->id + id.n, 0, sizeof(out->id) - id.n);
}

static const struct early relay_errors[] = {
    [RELAY_NO_ENGINE] = {502, "upstream_error",
                         "The inference engine cannot be reached", NULL, NULL},
    [RELAY_ENGINE_SILENT] = {504, "upstream_error",
                             "The inference engine did not answer in time",
                             NULL, NULL},
    [RELAY_ENGINE_CUT] = {502, "upstream_error",
                          "The inference engine broke off", NULL, NULL},
    [RELAY_ENGINE_BAD] = {502, "upstream_error",
                          "The inference engine's answer is not well formed",
                          NULL, NULL},
    [RELAY_TOO_LONG] = {504, "upstream_error", "The request took too long",
                        NULL, NULL},
};

static void on_error(struct relay *r, enum relay_end why)
{
    answer_error(of(r), &relay_errors[why]);
}

static void on_end(struct relay *r, enum relay_end why)
{
    struct exchange *x = of(r);
    struct metrics *m = x->worker->metrics;
    bool failed = why == RELAY_NO_ENGINE || why == RELAY_ENGINE_SILENT ||
                  why == RELAY_ENGINE_CUT || why == RELAY_ENGINE_BAD ||
                  why == RELAY_TOO_LONG;

    exchange_list_remove(x);
    metric_sub(m, METRIC_ACTIVE, 1);
    if (failed)
        metric_add(m, METRIC_ENGINE_ERRORS, 1);
    if (why == RELAY_CLIENT_LEFT || why == RELAY_CLIENT_SLOW)
        metric_add(m, METRIC_CLIENTS_LEFT, 1);
    if (why != RELAY_OK && x->sign && r->status != 0)
        links_tombstone(x, failed ? NOTARY_CUT : NOTARY_CLIENT_LEFT);
    exchange_end(x, why);
}

const struct relay_hooks exchange_relay_hooks = {
    .on_head = on_head,
    .on_body = on_body,
    .on_complete = on_complete,
    .on_error = on_error,
    .on_end = on_end,
};

static void free_exchange(struct garbage *g)
{
    struct exchange *x = container_of(g, struct exchange, garbage);

    free(x->path);
    free(x->client_request_id);
    free(x);
}

static void count_answer(struct exchange *x)
{
    struct metrics *m = x->worker->metrics;

    metric_add(m, METRIC_REQUESTS, 1);
    metric_add(m, METRIC_BYTES_FROM_CLIENTS, x->request_bytes);
    metric_add(m, METRIC_BYTES_TO_CLIENTS, x->answer_bytes);
    if (x->status >= 200 && x->status < 600)
        metric_add(m, (enum metric)(METRIC_ANSWER_2XX + (x->status / 100 - 2)),
                   1);
    if (x->kind == EXCHANGE_RELAY)
        metric_time_add(m, METRIC_TIME_EXCHANGE,
                        x->worker->loop.now_us - x->start_us);
}

static void log_access(struct exchange *x, enum relay_end why)
{
    uint64_t now = x->worker->loop.now_us;
    uint64_t first_us = 0;

    if (!log_enabled(LOG_INFO))
        return;
    if (x->kind == EXCHANGE_RELAY && x->relay.head_us != 0)
        first_us = x->relay.head_us - x->start_us;
    log_event(LOG_INFO, "access", LOG_STR("method", x->method),
              LOG_STR("path", x->path != NULL ? x->path : "-"),
              LOG_NUM("status", x->status), LOG_STR("end", relay_end_word(why)),
              LOG_NUM("in", x->request_bytes), LOG_NUM("out", x->answer_bytes),
              LOG_STR("engine",
                      x->kind == EXCHANGE_RELAY ? x->worker->engine.url : "-"),
              LOG_NUM("first_us", first_us), LOG_NUM("us", now - x->start_us),
              LOG_STR("request_id", x->request_id),
              LOG_STR("client_request_id", x->client_request_id != NULL
                                               ? x->client_request_id
                                               : "-"));
}

void exchange_end(struct exchange *x, enum relay_end why)
{
    struct worker *w = x->worker;

    exchange_list_remove(x);
    if (x->kind == EXCHANGE_HEALTH)
        health_end(x);
    else if (x->kind != EXCHANGE_RELAY)
        timer_stop(&x->local.timer);
    count_answer(x);
    log_access(x, why);
    if (x->hash != NULL)
        worker_hash_give(w, x->hash);
    x->hash = NULL;
    spare_give(&w->scans, x->scan);
    if (x->shrunk)
        free(x->finder);
    else
        spare_give(&w->finders, x->finder);
    x->scan = NULL;
    x->finder = NULL;
    w->active--;
    w->busy_ms = w->loop.now_ms;
    loop_discard(&w->loop, &x->garbage, free_exchange);
}
