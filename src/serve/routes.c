/* SPDX-License-Identifier: Apache-2.0
 *
 * routes: what is asked, and who may ask it (PROTOCOL; DECISIONS 7, 23). One
 * table; the hooks of the server's side look a request up in it, check its
 * token and its parameters, and hand it on. */
#include "base/text.h"
#include "crypto/sha2.h"
#include "serve/worker.h"
#include <stdio.h>
#include <string.h>

enum route_flags {
    ROUTE_OPEN = 1,   /* needs no token */
    ROUTE_SIGNED = 2, /* good answers get a receipt */
    ROUTE_PREFIX = 4, /* `path` is a beginning */
    ROUTE_GET = 8,    /* GET and HEAD alone */
};

struct route {
    const char *path;
    unsigned flags;
    enum exchange_kind kind;
    /* Reads the parameters of our own routes; NULL, or what is wrong. */
    const struct early *(*prepare)(struct exchange *x,
                                   const struct http_target *t);
    void (*answer)(struct exchange *x);
};

static void answer_root(struct exchange *x);
static const struct early *prepare_nothing(struct exchange *x,
                                           const struct http_target *t);
static const struct early *prepare_report(struct exchange *x,
                                          const struct http_target *t);
static const struct early *prepare_signature(struct exchange *x,
                                             const struct http_target *t);

/* The first that fits. */
static const struct route routes[] = {
    {"/v1/attestation/report", ROUTE_OPEN | ROUTE_GET, EXCHANGE_REPORT,
     prepare_report, NULL},
    {"/v1/attestation", ROUTE_PREFIX | ROUTE_OPEN, EXCHANGE_LOCAL,
     prepare_nothing, NULL},
    {"/v1/signature", ROUTE_PREFIX | ROUTE_GET, EXCHANGE_SIGNATURE,
     prepare_signature, NULL},
    {"/v1/models", ROUTE_OPEN | ROUTE_GET, EXCHANGE_RELAY, NULL, NULL},
    {"/v1/metrics", ROUTE_SIGNED | ROUTE_GET, EXCHANGE_RELAY, NULL, NULL},
    {"/v1", ROUTE_PREFIX | ROUTE_SIGNED, EXCHANGE_RELAY, NULL, NULL},
    {"/health", ROUTE_OPEN | ROUTE_GET, EXCHANGE_HEALTH, NULL, NULL},
    {"/version", ROUTE_OPEN | ROUTE_GET, EXCHANGE_LOCAL, NULL, answer_version},
    {"/metrics", ROUTE_OPEN | ROUTE_GET, EXCHANGE_LOCAL, NULL, answer_metrics},
    {"/", ROUTE_OPEN | ROUTE_GET, EXCHANGE_LOCAL, NULL, answer_root},
};

static const struct early bad_target = {
    400, "bad_request", "The request target is not acceptable", NULL, NULL};
static const struct early not_found = {404, "not_found", "No such path", NULL,
                                       NULL};
static const struct early bad_method = {405, "invalid_request_error",
                                        "Method not allowed for this path",
                                        NULL, NULL};
static const struct early unauthorized = {
    401, "unauthorized", "Invalid or missing Authorization header", NULL, NULL};
static const struct early bad_algo = {
    400, "invalid_signing_algo",
    "Invalid signing algorithm. Must be 'ed25519' or 'ecdsa'", "signing_algo",
    NULL};
static const struct early bad_nonce = {
    400, "bad_request", "Nonce must be 32 bytes (64 hex characters)", "nonce",
    NULL};
static const struct early bad_tls_flag = {
    400, "invalid_request_error",
    "include_tls_fingerprint must be true or false", "include_tls_fingerprint",
    NULL};
static const struct early bad_digest_flag = {
    400, "invalid_request_error", "include_gpu_digest must be true or false",
    "include_gpu_digest", NULL};
static const struct early two_layouts = {
    400, "invalid_request_error",
    "include_gpu_digest does not go with include_tls_fingerprint or version=2: "
    "its statement names the TLS key where there is one",
    "include_gpu_digest", NULL};
static const struct early bad_endorsements_flag = {
    400, "invalid_request_error", "endorsements must be true or false (1 or 0)",
    "endorsements", NULL};
static const struct early other_address = {
    404, "not_found", "Signing address not found on this server",
    "signing_address", NULL};
static const struct early bad_id = {
    400, "bad_request", "The id must have 1 to 256 bytes and no controls", NULL,
    NULL};

/* What is ours never reaches the engine, however it is spelt. */
static const struct early *prepare_nothing(struct exchange *x,
                                           const struct http_target *t)
{
    (void)x;
    (void)t;
    return &not_found;
}

static void answer_root(struct exchange *x)
{
    answer_json(x, 200, aver_bytes_str("{}"));
}

static bool same_text(struct aver_bytes a, const char *b)
{
    return aver_bytes_is_nocase(a, b);
}

static const struct early *read_algo(struct exchange *x,
                                     const struct http_target *t)
{
    struct aver_bytes v = http_target_query(t, "signing_algo");

    x->local.algo = NOTARY_ECDSA;
    if (v.p == NULL || same_text(v, "ecdsa"))
        return NULL;
    x->local.algo = NOTARY_ED25519;
    return same_text(v, "ed25519") ? NULL : &bad_algo;
}

/* The message names what was asked for, as the older servers' does. */
static const struct early *bad_version(struct exchange *x,
                                       struct aver_bytes version)
{
    snprintf(x->local.id, sizeof(x->local.id),
             "Unsupported attestation report version: %.*s",
             (int)(version.n < 32 ? version.n : 32), (const char *)version.p);
    x->local.early = (struct early){400, "invalid_request_error", x->local.id,
                                    "version", NULL};
    return &x->local.early;
}

static const struct early *read_layout(struct exchange *x,
                                       const struct http_target *t)
{
    struct aver_bytes tls = http_target_query(t, "include_tls_fingerprint");
    struct aver_bytes version = http_target_query(t, "version");

    x->local.layout = ATTEST_LAYOUT_A;
    if (version.p != NULL && aver_bytes_is(version, "2"))
        x->local.layout = ATTEST_LAYOUT_B;
    else if (version.p != NULL && !aver_bytes_is(version, "1"))
        return bad_version(x, version);
    if (tls.p == NULL || same_text(tls, "false"))
        return NULL;
    x->local.layout = ATTEST_LAYOUT_B;
    return same_text(tls, "true") ? NULL : &bad_tls_flag;
}

static const struct early *read_digest(struct exchange *x,
                                       const struct http_target *t)
{
    struct aver_bytes v = http_target_query(t, "include_gpu_digest");

    if (v.p == NULL || same_text(v, "false"))
        return NULL;
    if (!same_text(v, "true"))
        return &bad_digest_flag;
    if (x->local.layout == ATTEST_LAYOUT_B)
        return &two_layouts;
    x->local.layout = ATTEST_LAYOUT_C;
    return NULL;
}

static const struct early *read_endorsements(struct exchange *x,
                                             const struct http_target *t)
{
    struct aver_bytes v = http_target_query(t, "endorsements");

    if (v.p == NULL || same_text(v, "false") || same_text(v, "0"))
        return NULL;
    x->local.endorsements = true;
    return same_text(v, "true") || same_text(v, "1") ? NULL
                                                     : &bad_endorsements_flag;
}

/* The filter by which a client finds the node that has a key (PROTOCOL). */
static bool address_is_ours(const struct exchange *x, struct aver_bytes want)
{
    const struct notary_hello *who = &x->worker->identity;
    char text[65];

    if (x->local.algo == NOTARY_ED25519) {
        aver_hex_encode(text, who->ed_public, 32);
        return same_text(want, text);
    }
    aver_hex_encode(text, who->address, 20);
    if (want.n > 2 && same_text(aver_bytes_of(want.p, 2), "0x"))
        want = aver_bytes_of(want.p + 2, want.n - 2);
    return same_text(want, text);
}

static const struct early *prepare_report(struct exchange *x,
                                          const struct http_target *t)
{
    struct aver_bytes nonce = http_target_query(t, "nonce");
    struct aver_bytes address = http_target_query(t, "signing_address");
    const struct early *e = read_algo(x, t);

    if (e == NULL)
        e = read_layout(x, t);
    if (e == NULL)
        e = read_digest(x, t);
    if (e == NULL)
        e = read_endorsements(x, t);
    if (e != NULL)
        return e;
    if (nonce.p != NULL) {
        x->local.has_nonce = true;
        if (aver_hex_decode(x->local.nonce, sizeof(x->local.nonce), nonce) != 0)
            return &bad_nonce;
    }
    if (address.p != NULL && !x->worker->notary.hello)
        return &early_no_notary;
    if (address.p != NULL && !address_is_ours(x, address))
        return &other_address;
    return NULL;
}

/* The whole rest of the path is the id, decoded once (DECISIONS 7). */
static const struct early *prepare_signature(struct exchange *x,
                                             const struct http_target *t)
{
    struct aver_bytes id = http_target_rest(t, 2);
    const struct early *e = read_algo(x, t);

    if (e != NULL)
        return e;
    if (id.p == NULL || !sse_id_usable(id))
        return &bad_id;
    memcpy(x->local.id, id.p, id.n);
    x->local.id_len = (uint16_t)id.n;
    return NULL;
}

/* All tokens are compared, each in constant time (DECISIONS 25). */
static bool token_ok(const struct worker *w, const struct http_head *h)
{
    const struct http_field *f = http_find(h, "Authorization");
    struct aver_bytes token;
    unsigned fields = 0;
    uint8_t sha[32];
    bool ok = false;

    if (w->config->ntokens == 0)
        return true;
    for (unsigned i = 0; i < h->nfields; i++)
        fields += aver_bytes_is_nocase(h->fields[i].name, "Authorization");
    if (f == NULL || fields > 1 || f->value.n < 8 ||
        !same_text(aver_bytes_of(f->value.p, 7), "Bearer "))
        return false;
    token = aver_bytes_of(f->value.p + 7, f->value.n - 7);
    while (token.n > 0 && token.p[0] == ' ')
        token = aver_bytes_of(token.p + 1, token.n - 1);
    aver_sha256(sha, token);
    for (unsigned i = 0; i < w->config->ntokens; i++)
        ok |= aver_bytes_equal_ct(sha, w->config->token_sha256[i], 32);
    return ok;
}

/* One round of percent-decoding, in place; true if anything was decoded. */
static bool decode_once(char *text)
{
    char *to = text;
    bool any = false;

    for (const char *p = text; *p != '\0'; p++) {
        uint8_t byte;

        if (*p == '%' && p[1] != '\0' &&
            aver_hex_decode(&byte, 1, aver_bytes_of(p + 1, 2)) == 0 &&
            byte != 0) {
            *to++ = (char)byte;
            p += 2;
            any = true;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
    return any;
}

static bool has_dots(const char *path)
{
    for (const char *p = path; *p != '\0';) {
        size_t n = strcspn(p, "/\\");

        if ((n == 1 && p[0] == '.') || (n == 2 && strncmp(p, "..", 2) == 0))
            return true;
        p += n + (p[n] != '\0');
    }
    return false;
}

#define ENCODED_MAX 5 /* layers of percent-encoding that are looked through */

/* Does a path hide dot segments from us that an engine might find, by encoding
 * them, or the slashes around them, more than once? */
static bool hides_dots(const struct http_target *t)
{
    char path[sizeof(t->store)];
    struct aver_bytes rest = http_target_rest(t, 0);

    if (rest.p == NULL || rest.n >= sizeof(path))
        return true;
    memcpy(path, rest.p, rest.n);
    path[rest.n] = '\0';
    for (int i = 0; i < ENCODED_MAX; i++) {
        if (has_dots(path))
            return true;
        if (!decode_once(path))
            return false;
    }
    return true; /* nobody means that well */
}

static const struct route *find_route(const struct http_target *t)
{
    /* Compared after decoding: /v1/%6dodels is /v1/models. */
    char path[256];
    struct aver_bytes rest = http_target_rest(t, 0);

    if (rest.p == NULL || memchr(rest.p, '\0', rest.n) != NULL)
        return NULL;
    /* No route of the table is longer than this: the rest decides nothing. */
    if (rest.n > sizeof(path) - 2)
        rest.n = sizeof(path) - 2;
    path[0] = '/';
    memcpy(path + 1, rest.p, rest.n);
    path[rest.n + 1] = '\0';
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
        size_t n = strlen(routes[i].path);

        if (strncmp(path, routes[i].path, n) == 0 &&
            (path[n] == '\0' ||
             ((routes[i].flags & ROUTE_PREFIX) && path[n] == '/')))
            return &routes[i];
    }
    return NULL;
}

static bool is_get(const struct http_head *h)
{
    return aver_bytes_is(h->method, "GET") || aver_bytes_is(h->method, "HEAD");
}

static bool known_method(const struct http_head *h)
{
    static const char *const methods[] = {"GET", "HEAD",  "POST",
                                          "PUT", "PATCH", "DELETE"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (aver_bytes_is(h->method, methods[i]))
            return true;
    return false;
}

/* An absolute-form target is sent on in origin-form. */
static struct aver_bytes origin_form(const struct http_head *h,
                                     const struct http_target *t)
{
    const uint8_t *end = h->target.p + h->target.n;

    return aver_bytes_of(t->raw_path.p, (size_t)(end - t->raw_path.p));
}

/* Whether a request may go on; NULL if so. */
static const struct early *judge(struct exchange *x, const struct http_head *h,
                                 const struct http_target *t)
{
    const struct worker *w = x->worker;
    bool metrics_only = x->client->metrics_only, open = false;

    x->route = find_route(t);
    if (x->route == NULL ||
        (metrics_only && x->route->answer != answer_metrics))
        return &not_found;
    if (w->config->metrics_listener >= 0 && !metrics_only &&
        x->route->answer == answer_metrics)
        return &not_found;
    if (!known_method(h) || ((x->route->flags & ROUTE_GET) && !is_get(h)))
        return &bad_method;
    /* What is relayed raw is open in its plain spelling alone. */
    open = (x->route->flags & ROUTE_OPEN) &&
           (x->route->kind != EXCHANGE_RELAY ||
            aver_bytes_is(t->raw_path, x->route->path));
    if (!open && !token_ok(w, h)) {
        metric_add(w->metrics, METRIC_UNAUTHORIZED, 1);
        return &unauthorized;
    }
    if (x->route->kind == EXCHANGE_RELAY && hides_dots(t))
        return &bad_target;
    if (w->draining && x->route->kind == EXCHANGE_RELAY)
        return &early_draining;
    return x->route->prepare != NULL ? x->route->prepare(x, t) : NULL;
}

/* A small request is read whole before it is refused, so that the connection
 * stays usable; a large one is not waited for. */
static bool can_wait(const struct http_head *h)
{
    return h->framing == HTTP_NO_BODY ||
           (h->framing == HTTP_LENGTH && h->length <= 65536 &&
            !h->expect_continue);
}

static void refuse(struct exchange *x, const struct early *e)
{
    if (e == &early_draining)
        server_close_after(x->client);
    if (x->kind == EXCHANGE_RELAY) {
        answer_error(x, e);
        relay_cancel(&x->relay);
        return;
    }
    answer_error(x, e);
}

static void on_preflight(struct exchange *x, const struct http_head *h)
{
    const struct http_field *f = http_find(h, "Access-Control-Request-Headers");

    answer_preflight(x, f != NULL ? f->value : (struct aver_bytes){0});
}

static void on_head(struct server_conn *c, const struct http_head *h)
{
    struct worker *w = c->server->ctx;
    struct exchange *x = exchange_new(w, c, h);
    struct http_target t;
    struct http_refusal why = {0};
    const struct early *e = NULL;

    if (aver_bytes_is(h->method, "OPTIONS")) {
        on_preflight(x, h);
        return;
    }
    if (http_target_parse(&t, h->target, &why) != 0)
        e = &bad_target;
    else
        e = judge(x, h, &t);
    if (e != NULL && can_wait(h)) {
        x->early = e;
        return;
    }
    if (e != NULL) {
        refuse(x, e);
        return;
    }
    x->kind = (uint8_t)x->route->kind;
    x->sign = (x->route->flags & ROUTE_SIGNED) != 0;
    if (x->route->kind != EXCHANGE_RELAY)
        return;
    if (aver_bytes_is(t.raw_path, "/v1/metrics"))
        exchange_relay_head(x, h, aver_bytes_str("/metrics"));
    else
        exchange_relay_head(x, h, origin_form(h, &t));
}

static void on_body(struct server_conn *c, struct aver_bytes piece)
{
    struct exchange *x = c->user;

    if (x != NULL && !exchange_body(x, piece))
        refuse(x, &early_too_large);
}

static void on_request(struct server_conn *c)
{
    struct exchange *x = c->user;
    const struct early *e = x->early;

    if (e == NULL && x->kind == EXCHANGE_RELAY)
        e = exchange_request(x);
    if (e != NULL) {
        refuse(x, e);
        return;
    }
    switch ((enum exchange_kind)x->kind) {
    case EXCHANGE_RELAY:
        relay_start(&x->relay, x->has_body);
        break;
    case EXCHANGE_SIGNATURE:
        if (!links_lookup(x))
            answer_error(x, &early_no_notary);
        break;
    case EXCHANGE_REPORT:
        if (!links_ask_report(x))
            answer_error(x, &early_no_attester);
        break;
    case EXCHANGE_HEALTH:
        health_probe(x);
        break;
    case EXCHANGE_LOCAL:
        x->route->answer(x);
        break;
    }
}

static void on_writable(struct server_conn *c)
{
    struct exchange *x = c->user;

    if (x != NULL && x->kind == EXCHANGE_RELAY)
        relay_on_writable(&x->relay);
}

static void on_gone(struct server_conn *c, enum server_gone why)
{
    static const enum relay_end ends[] = {
        [SERVER_CLIENT_LEFT] = RELAY_CLIENT_LEFT,
        [SERVER_CLIENT_SLOW] = RELAY_CLIENT_SLOW,
        [SERVER_SHUTDOWN] = RELAY_SHUTDOWN,
    };
    struct exchange *x = c->user;

    if (x == NULL)
        return;
    x->client = NULL;
    if (x->kind == EXCHANGE_RELAY)
        relay_on_gone(&x->relay, ends[why]);
    else
        exchange_end(x, ends[why]);
}

static void on_answered(struct server_conn *c)
{
    struct exchange *x = c->user;

    if (x != NULL && x->kind != EXCHANGE_RELAY)
        exchange_end(x, RELAY_OK); /* a relay ends by itself */
}

static void on_refused(struct server_conn *c, const struct http_refusal *why)
{
    struct exchange *x = c->user;
    struct early e = {why->status, "invalid_request_error", why->why, NULL,
                      NULL};

    if (why->status == 413)
        e.type = "payload_too_large";
    if (x == NULL)
        x = exchange_new(c->server->ctx, c, NULL);
    refuse(x, &e);
}

const struct server_hooks worker_server_hooks = {
    .on_head = on_head,
    .on_body = on_body,
    .on_request = on_request,
    .on_writable = on_writable,
    .on_gone = on_gone,
    .on_answered = on_answered,
    .on_refused = on_refused,
};
