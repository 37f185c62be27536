/* SPDX-License-Identifier: Apache-2.0
 *
 * The codec against tests/vectors/http1: a little server and a little client
 * read every case whole, byte by byte, cut in two at every offset, and message
 * by message, and write down what came out. The record must say what the index
 * says and must not depend on the cuts.
 *
 * Over 600 lines because both sides share the record. */
#include "http_vectors.h"
#include "net/http1.h"
#include "net/http1_chars.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One message as it came out of the codec; views are copied. */
struct message {
    struct aver_buf text; /* all that must not depend on the cuts */
    struct http_head head;
    uint8_t *bytes; /* what the views of `head` point into */
    struct aver_buf body;
    unsigned trailers;
    bool complete;
};

enum phase { IN_HEAD, IN_BODY, CLOSED, REFUSED };

/* One side of a connection. */
struct peer {
    const struct http_limits *limits;
    bool client, to_head; /* reads responses; its request was HEAD */
    enum phase phase;
    struct aver_buf pending; /* received, not yet used */
    struct http_cursor cursor;
    struct http_body body;
    struct http_refusal why;
    struct message messages[12];
    unsigned nmessages; /* begun ones */
    unsigned interims;
    size_t consumed[12];
};

static void record_head(struct peer *p, uint8_t *bytes)
{
    struct message *m = &p->messages[p->nmessages];
    struct http_head *h = &m->head;

    m->bytes = bytes;
    aver_buf_init(&m->text, 1u << 20);
    aver_buf_init(&m->body, 4u << 20);
    assert_int_equal(aver_buf_printf(&m->text, "%u %u %u %d %d %d %llu %zu %u|",
                                     h->status, h->minor, h->form,
                                     h->keep_alive, h->expect_continue,
                                     h->framing, (unsigned long long)h->length,
                                     h->size, h->interims),
                     0);
    const struct aver_bytes parts[] = {h->method, h->target, h->authority,
                                       h->reason};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(aver_buf_append(&m->text, parts[i].p, parts[i].n), 0);
        assert_int_equal(aver_buf_append(&m->text, "|", 1), 0);
    }
    for (unsigned i = 0; i < h->nfields; i++) {
        const struct http_field *f = &h->fields[i];
        assert_int_equal(aver_buf_append(&m->text, f->name.p, f->name.n), 0);
        assert_int_equal(aver_buf_append(&m->text, ":", 1), 0);
        assert_int_equal(aver_buf_append(&m->text, f->value.p, f->value.n), 0);
        assert_int_equal(aver_buf_append(&m->text, "\n", 1), 0);
    }
}

static bool peer_head(struct peer *p)
{
    /* An allocation of exactly these bytes: a sanitizer sees reads beyond. */
    struct message *m = &p->messages[p->nmessages];
    uint8_t *exact = malloc(p->pending.n != 0 ? p->pending.n : 1);
    assert_non_null(exact);
    if (p->pending.n != 0)
        memcpy(exact, p->pending.p, p->pending.n);
    struct aver_bytes in = aver_bytes_of(exact, p->pending.n);

    memset(&m->head, 0xa5, sizeof m->head);
    enum http_result r =
        p->client
            ? http_response_parse(&m->head, &p->cursor, in, p->to_head,
                                  p->limits, &p->why)
            : http_request_parse(&m->head, &p->cursor, in, p->limits, &p->why);
    p->interims = p->cursor.interims;
    if (r == HTTP_BAD)
        p->phase = REFUSED;
    if (r != HTTP_DONE) {
        free(exact);
        return false;
    }
    record_head(p, exact);
    p->consumed[p->nmessages] = m->head.size;
    p->nmessages++;
    assert_true(p->nmessages < 12);
    http_body_init(&p->body, &m->head, p->limits);
    aver_buf_consume(&p->pending, m->head.size);
    p->cursor = (struct http_cursor){0};
    p->phase = IN_BODY;
    return true;
}

static bool peer_body(struct peer *p)
{
    struct message *m = &p->messages[p->nmessages - 1];
    struct aver_bytes data;
    size_t used;

    enum http_result r = http_body_feed(&p->body, aver_buf_view(&p->pending),
                                        &used, &data, &p->why);
    assert_int_equal(aver_buf_append(&m->body, data.p, data.n), 0);
    m->trailers = p->body.trailer_fields;
    if (r == HTTP_BAD) {
        p->phase = REFUSED;
        return false;
    }
    assert_true(used <= p->pending.n);
    assert_true(r == HTTP_DONE || p->pending.n == 0 || used > 0);
    aver_buf_consume(&p->pending, used);
    p->consumed[p->nmessages - 1] += used;
    m->complete = r == HTTP_DONE;
    if (r == HTTP_DONE)
        p->phase = m->head.keep_alive && !p->client ? IN_HEAD : CLOSED;
    return r == HTTP_DONE || p->pending.n > 0;
}

static void peer_feed(struct peer *p, const uint8_t *bytes, size_t n)
{
    bool more = true;

    assert_int_equal(aver_buf_append(&p->pending, bytes, n), 0);
    while (more && p->phase < CLOSED)
        more = p->phase == IN_HEAD ? peer_head(p) : peer_body(p);
}

static struct peer *peer_new(const struct http_limits *limits, bool client,
                             bool to_head)
{
    struct peer *p = calloc(1, sizeof *p);

    assert_non_null(p);
    p->limits = limits;
    p->client = client;
    p->to_head = to_head;
    aver_buf_init(&p->pending, 8u << 20);
    return p;
}

static void peer_free(struct peer *p)
{
    for (unsigned i = 0; i < p->nmessages; i++) {
        aver_buf_clear(&p->messages[i].text);
        aver_buf_clear(&p->messages[i].body);
        free(p->messages[i].bytes);
    }
    aver_buf_clear(&p->pending);
    free(p);
}

/* The same record as of another feeding. Of a refused connection, bytes that
 * follow the refusal may have stayed unread. */
static void assert_same_record(const struct peer *a, const struct peer *b)
{
    assert_int_equal(a->phase, b->phase);
    assert_int_equal(a->nmessages, b->nmessages);
    assert_int_equal(a->interims, b->interims);
    if (a->phase == REFUSED) {
        assert_int_equal(a->why.status, b->why.status);
        assert_string_equal(a->why.why, b->why.why);
    } else {
        assert_int_equal(a->pending.n, b->pending.n);
    }
    for (unsigned i = 0; i < a->nmessages; i++) {
        const struct message *m = &a->messages[i], *n = &b->messages[i];
        assert_true(
            aver_bytes_equal(aver_buf_view(&m->text), aver_buf_view(&n->text)));
        assert_true(
            aver_bytes_equal(aver_buf_view(&m->body), aver_buf_view(&n->body)));
        assert_int_equal(m->complete, n->complete);
        assert_int_equal(m->trailers, n->trailers);
        if (m->complete)
            assert_int_equal(a->consumed[i], b->consumed[i]);
    }
}

/* Feeds the case in every other way and compares with `whole`. */
static void feed_otherwise(const struct peer *whole, const struct aver_buf *in)
{
    struct peer *p = peer_new(whole->limits, whole->client, whole->to_head);

    for (size_t i = 0; i < in->n; i++)
        peer_feed(p, in->p + i, 1);
    assert_same_record(whole, p);
    peer_free(p);
    for (size_t cut = in->n > 1; cut != 0; cut = http_next_cut(cut, in->n)) {
        p = peer_new(whole->limits, whole->client, whole->to_head);
        peer_feed(p, in->p, cut);
        peer_feed(p, in->p + cut, in->n - cut);
        assert_same_record(whole, p);
        peer_free(p);
    }
    size_t from = 0;
    p = peer_new(whole->limits, whole->client, whole->to_head);
    for (unsigned i = 0; i < whole->nmessages; i++) {
        peer_feed(p, in->p + from, whole->consumed[i]);
        from += whole->consumed[i];
    }
    peer_feed(p, in->p + from, in->n - from);
    assert_same_record(whole, p);
    peer_free(p);
}

static void assert_head(const struct message *m, const json_t *want)
{
    const struct http_head *h = &m->head;
    const json_t *headers = json_object_get(want, "headers");
    const json_t *count = json_object_get(want, "header_count");
    size_t i;
    json_t *pair;

    assert_true(vectors_is(want, "version", h->minor ? "1.1" : "1.0"));
    if (count != NULL)
        assert_int_equal(h->nfields, json_integer_value(count));
    if (headers == NULL) /* too many to list */
        assert_non_null(count);
    if (json_array_size(headers) != 0)
        assert_int_equal(h->nfields, json_array_size(headers));
    json_array_foreach(headers, i, pair)
    {
        json_t *field = json_pack("{s:O,s:O}", "name", json_array_get(pair, 0),
                                  "value", json_array_get(pair, 1));
        assert_true(http_vector_equals(h->fields[i].name, field, "name"));
        assert_true(http_vector_equals(h->fields[i].value, field, "value"));
        json_decref(field);
    }
}

static void assert_request(const struct message *m, const json_t *want,
                           size_t consumed)
{
    static const char *const forms[] = {"origin", "absolute", "asterisk"};
    static const char *const framings[] = {"none", "length", "chunked"};
    const struct http_head *h = &m->head;

    assert_true(http_vector_equals(h->method, want, "method"));
    assert_true(http_vector_equals(h->target, want, "target"));
    assert_true(vectors_is(want, "form", forms[h->form]));
    assert_true(vectors_is(want, "framing", framings[h->framing]));
    if (json_is_null(json_object_get(want, "authority")))
        assert_null(h->authority.p);
    else
        assert_true(http_vector_equals(h->authority, want, "authority"));
    assert_head(m, want);
    assert_int_equal(h->keep_alive, vectors_true(want, "keep_alive"));
    assert_int_equal(h->expect_continue, vectors_true(want, "expect_continue"));
    assert_int_equal(json_array_size(json_object_get(want, "trailers")),
                     m->trailers);
    assert_true(http_vector_equals(aver_buf_view(&m->body), want, "body"));
    assert_int_equal(consumed,
                     json_integer_value(json_object_get(want, "consumed")));
}

static bool status_allowed(const json_t *then, unsigned status)
{
    const json_t *also = json_object_get(then, "refuse_also"), *one;
    size_t i;

    if (json_integer_value(json_object_get(then, "refuse")) == status)
        return true;
    json_array_foreach(also, i,
                       one) if (json_integer_value(one) == status) return true;
    return false;
}

static void assert_request_end(const struct peer *p, const json_t *then,
                               unsigned complete)
{
    if (json_is_object(then)) {
        assert_int_equal(p->phase, REFUSED);
        assert_true(status_allowed(then, p->why.status));
        assert_true(strlen(p->why.why) > 5);
        return;
    }
    const char *how = json_string_value(then);
    assert_int_not_equal(p->phase, REFUSED);
    if (strcmp(how, "closed") == 0) {
        assert_int_equal(p->phase, CLOSED);
        assert_true(p->pending.n > 0);
    } else if (strcmp(how, "end") == 0) {
        assert_true(p->phase == CLOSED || p->phase == IN_HEAD);
        assert_int_equal(p->pending.n, 0);
        assert_int_equal(p->nmessages, complete);
    } else {
        assert_string_equal(how, "incomplete");
        assert_true(p->phase == IN_BODY || p->pending.n > 0);
    }
}

static void one_request(const json_t *c, const struct http_limits *limits)
{
    const json_t *messages = json_object_get(c, "messages");
    struct aver_buf in = vectors_file(vectors_text(c, "name"));
    struct peer *p = peer_new(limits, false, false);
    unsigned complete = 0;

    assert_int_equal(in.n, json_integer_value(json_object_get(c, "bytes")));
    peer_feed(p, in.p, in.n);
    for (unsigned i = 0; i < p->nmessages; i++)
        complete += p->messages[i].complete;
    assert_int_equal(complete, json_array_size(messages));
    for (unsigned i = 0; i < complete; i++)
        assert_request(&p->messages[i], json_array_get(messages, i),
                       p->consumed[i]);
    assert_request_end(p, json_object_get(c, "then"), complete);
    feed_otherwise(p, &in);
    peer_free(p);
    aver_buf_clear(&in);
}

static unsigned limit(const json_t *index, const char *key)
{
    const json_t *n = json_object_get(json_object_get(index, "limits"), key);

    if (!json_is_integer(n))
        vectors_broken("no such limit", key);
    return (unsigned)json_integer_value(n);
}

/* Runs `one` over the cases of an index; they get the path as "name". */
static void each_case(const json_t *index, size_t expected,
                      const struct http_limits *limits,
                      void (*one)(const json_t *, const struct http_limits *))
{
    const json_t *cases = json_object_get(index, "cases");
    char path[256];
    size_t i;
    json_t *c;

    assert_int_equal(json_array_size(cases), expected);
    json_array_foreach(cases, i, c)
    {
        print_message("  %s\n", vectors_text(c, "id"));
        snprintf(path, sizeof path, "http1/%s", vectors_text(c, "file"));
        json_object_set_new(c, "name", json_string(path));
        one(c, limits);
    }
}

static void test_requests(void **state)
{
    (void)state;
    json_t *index = vectors_index("http1/requests.json");
    struct http_limits limits = {
        .line_max = limit(index, "max_request_line"),
        .section_max = limit(index, "max_header_section"),
        .trailer_max = limit(index, "max_trailer_section"),
        .chunk_line_max = limit(index, "max_chunk_line"),
        .method_max = limit(index, "max_method"),
        .fields_max = limit(index, "max_field_lines"),
        .body_max = limit(index, "max_body"),
    };

    each_case(index, 351, &limits, one_request);
    json_decref(index);
}

static const char *response_result(const struct peer *p, bool eof)
{
    if (p->phase == REFUSED)
        return "error";
    if (p->phase == CLOSED)
        return "complete";
    if (!eof)
        return "incomplete";
    if (p->phase == IN_BODY && http_body_close_ok(&p->body))
        return "close-delimited";
    return "error";
}

static void assert_response(const struct peer *p, const json_t *want, bool eof)
{
    static const char *const framings[] = {"none", "length", "chunked",
                                           "close"};
    const struct message *m = &p->messages[0];
    const struct http_head *h = &m->head;
    const json_t *interim = json_object_get(want, "interim");
    bool has_body = json_object_get(want, "body_so_far") == NULL;

    assert_int_equal(h->status,
                     json_integer_value(json_object_get(want, "status")));
    assert_true(http_vector_equals(h->reason, want, "reason"));
    assert_true(vectors_is(want, "framing", framings[h->framing]));
    assert_head(m, want);
    assert_int_equal(h->interims, json_array_size(interim));
    for (unsigned i = 0; i < h->interims; i++)
        assert_int_equal(h->interim[i],
                         json_integer_value(json_array_get(interim, i)));
    assert_true(http_vector_equals(aver_buf_view(&m->body), want,
                                   has_body ? "body" : "body_so_far"));
    if (json_object_get(want, "trailers") != NULL)
        assert_int_equal(json_array_size(json_object_get(want, "trailers")),
                         m->trailers);
    if (json_object_get(want, "reuse") != NULL)
        assert_int_equal(h->keep_alive && p->pending.n == 0 && !eof,
                         vectors_true(want, "reuse"));
    if (json_object_get(want, "leftover") != NULL)
        assert_int_equal(p->pending.n,
                         json_integer_value(json_object_get(want, "leftover")));
}

static void one_response(const json_t *c, const struct http_limits *limits)
{
    const json_t *want = json_object_get(c, "expect");
    const json_t *interim = json_object_get(want, "interim");
    bool eof = vectors_true(c, "eof");
    struct aver_buf in = vectors_file(vectors_text(c, "name"));
    struct peer *p =
        peer_new(limits, true, vectors_is(c, "request_method", "HEAD"));

    assert_int_equal(in.n, json_integer_value(json_object_get(c, "bytes")));
    peer_feed(p, in.p, in.n);
    assert_true(vectors_is(want, "result", response_result(p, eof)));
    if (json_object_get(want, "status") != NULL) {
        assert_int_equal(p->nmessages, 1);
        assert_response(p, want, eof);
    } else if (p->phase == IN_HEAD) {
        assert_int_equal(p->interims, json_array_size(interim));
    } else {
        assert_int_equal(p->phase, REFUSED);
    }
    if (p->phase == REFUSED) {
        assert_int_equal(p->why.status, 502);
        assert_true(strlen(p->why.why) > 5);
    }
    feed_otherwise(p, &in);
    peer_free(p);
    aver_buf_clear(&in);
}

static void test_responses(void **state)
{
    (void)state;
    json_t *index = vectors_index("http1/responses.json");
    struct http_limits limits = {
        .line_max = limit(index, "max_status_line"),
        .section_max = limit(index, "max_header_section"),
        .trailer_max = limit(index, "max_trailer_section"),
        .chunk_line_max = limit(index, "max_chunk_line"),
        .method_max = 32,
        .fields_max = limit(index, "max_field_lines"),
        .body_max = INT64_MAX,
    };

    each_case(index, 114, &limits, one_response);
    json_decref(index);
}

static enum http_result parse(struct http_head *h, const char *text,
                              struct http_refusal *why)
{
    struct http_cursor c = {0};

    return http_request_parse(h, &c, aver_bytes_str(text), &http_request_limits,
                              why);
}

/* Refused before the blank line came, and before the line's end where a byte
 * can stand in no line. */
static void test_refuses_early(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } cases[] = {
        {"GET / HTTP/1.1\n", 400},
        {"\n", 400},
        {"GET /\x01", 400},
        {"GET / HTTP/1.1\rX", 400},
        {"G@T / HTTP/1.1\r\n", 400},
        {"GET / HTTP/3.0\r\n", 505},
        {"CONNECT a:1 HTTP/1.1\r\n", 501},
        {"\r\n\r\n", 400},
        {"\x16\x03\x01", 400},
        {"GET / HTTP/1.1\r\nA b: c\r\n", 400},
        {"GET / HTTP/1.1\r\nA:\x7f", 400},
        {"GET / HTTP/1.1\r\n\tA: b\r\n", 400},
    };
    struct http_head h;
    struct http_refusal why;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse(&h, cases[i].text, &why), HTTP_BAD);
        assert_int_equal(why.status, cases[i].status);
    }
}

/* No limit lets more through than the largest head has room for. */
static void test_fields_max(void **state)
{
    struct http_limits limits = http_request_limits;
    struct http_head h;
    struct http_refusal why;
    struct http_cursor c = {0};
    struct aver_buf b;

    (void)state;
    limits.fields_max = 100000;
    aver_buf_init(&b, 65536);
    assert_int_equal(aver_buf_append_str(&b, "GET / HTTP/1.1\r\nHost: a\r\n"),
                     0);
    for (int i = 1; i < HTTP_FIELDS_MAX; i++)
        assert_int_equal(aver_buf_append_str(&b, "a:\r\n"), 0);
    size_t all = b.n;
    assert_int_equal(aver_buf_append_str(&b, "\r\n"), 0);
    assert_int_equal(
        http_request_parse(&h, &c, aver_buf_view(&b), &limits, &why),
        HTTP_DONE);
    assert_int_equal(h.nfields, HTTP_FIELDS_MAX);
    b.n = all;
    assert_int_equal(aver_buf_append_str(&b, "a"), 0);
    c = (struct http_cursor){0};
    assert_int_equal(
        http_request_parse(&h, &c, aver_buf_view(&b), &limits, &why), HTTP_BAD);
    assert_int_equal(why.status, 431);
    aver_buf_clear(&b);
}

static void test_find(void **state)
{
    struct http_head h;
    struct http_refusal why;

    (void)state;
    assert_int_equal(parse(&h,
                           "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n"
                           "X-AB: 3\r\n\r\n",
                           &why),
                     HTTP_DONE);
    assert_true(aver_bytes_is(http_find(&h, "x-A")->value, "1"));
    assert_true(aver_bytes_is(http_find(&h, "x-ab")->value, "3"));
    assert_null(http_find(&h, "x-"));
    assert_null(http_find(&h, "x-abc"));
}

/* Whatever the case of either, and only whole names of the list. */
static void test_hop_by_hop(void **state)
{
    struct http_head h;
    struct http_refusal why;

    (void)state;
    assert_int_equal(parse(&h,
                           "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: u\r\n"
                           "Connection: keep-alive ,\tuser-AGENT\r\n"
                           "connection: X-B,\r\nx-b: 1\r\nX-C: 2\r\n\r\n",
                           &why),
                     HTTP_DONE);
    assert_true(http_is_hop_by_hop(&h, aver_bytes_str("User-Agent")));
    assert_true(http_is_hop_by_hop(&h, aver_bytes_str("x-b")));
    assert_false(http_is_hop_by_hop(&h, aver_bytes_str("X-C")));
    assert_false(http_is_hop_by_hop(&h, aver_bytes_str("User")));
    assert_false(http_is_hop_by_hop(&h, aver_bytes_str("")));
    assert_true(h.keep_alive);
}

/* The table against the lists of RFC 9110 5.6.2 and RFC 3986 2.2, 2.3. */
static void test_characters(void **state)
{
    static const char alnum[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        bool letter = c != 0 && strchr(alnum, (int)c) != NULL;
        bool token = letter || (c != 0 && strchr("!#$%&'*+-.^_`|~", (int)c));
        bool host = letter || (c != 0 && strchr("-._~!$&'()*+,;=", (int)c));
        bool target = host || (c != 0 && strchr(":@/?%", (int)c));
        bool text = c == '\t' || (c >= 0x20 && c != 0x7f);
        assert_int_equal(http_char_is((uint8_t)c, HTTP_CHAR_TOKEN), token);
        assert_int_equal(http_char_is((uint8_t)c, HTTP_CHAR_HOST), host);
        assert_int_equal(http_char_is((uint8_t)c, HTTP_CHAR_TARGET), target);
        assert_int_equal(http_char_is((uint8_t)c, HTTP_CHAR_TEXT), text);
    }
}

/* Every byte that may not stand in a value is found, wherever it stands. */
static void test_controls_everywhere(void **state)
{
    struct http_head h;
    struct http_refusal why;
    char text[128];

    (void)state;
    for (unsigned c = 1; c < 256; c++)
        for (size_t at = 0; at < 40; at++) {
            snprintf(text, sizeof text,
                     "GET / HTTP/1.1\r\nHost: a\r\nX:%s\r\n\r\n",
                     "0123456789012345678901234567890123456789");
            text[27 + at] = (char)c;
            bool text_byte = c == '\t' || (c >= 0x20 && c != 0x7f);
            assert_int_equal(parse(&h, text, &why),
                             text_byte ? HTTP_DONE : HTTP_BAD);
        }
}

/* The refusal that a chunked (or unframed) body ends in, once all of `text` was
 * fed; 0 if there is none. */
static unsigned body_refusal(enum http_framing framing, unsigned status,
                             const struct http_limits *limits, const char *text)
{
    struct http_head h = {.framing = framing, .status = status};
    struct aver_bytes in = aver_bytes_str(text), data;
    struct http_body b;
    struct http_refusal why;
    enum http_result r;
    size_t used;

    http_body_init(&b, &h, limits);
    do {
        r = http_body_feed(&b, in, &used, &data, &why);
        in = aver_bytes_of(in.p + used, in.n - used);
    } while (r == HTTP_MORE && in.n > 0);
    return r == HTTP_BAD ? why.status : 0;
}

static void test_body_limits(void **state)
{
    struct http_limits limits = http_response_limits;

    (void)state;
    limits.body_max = UINT64_MAX; /* sums beyond 2^63 and 2^64 all the same */
    assert_int_equal(body_refusal(HTTP_CHUNKED, 200, &limits,
                                  "1\r\nx\r\n7fffffffffffffff\r\n"),
                     502);
    assert_int_equal(body_refusal(HTTP_CHUNKED, 0, &limits,
                                  "1\r\nx\r\nffffffffffffffff\r\n"),
                     413);
    limits.body_max = 4;
    assert_int_equal(body_refusal(HTTP_UNTIL_CLOSE, 200, &limits, "four"), 0);
    assert_int_equal(body_refusal(HTTP_UNTIL_CLOSE, 200, &limits, "fives"),
                     502);
    limits.fields_max = 2;
    assert_int_equal(
        body_refusal(HTTP_CHUNKED, 0, &limits, "0\r\na:\r\nb:\r\n\r\n"), 0);
    assert_int_equal(
        body_refusal(HTTP_CHUNKED, 0, &limits, "0\r\na:\r\nb:\r\nc:\r\n"), 431);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_refuses_early),
        cmocka_unit_test(test_fields_max),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_hop_by_hop),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_controls_everywhere),
        cmocka_unit_test(test_body_limits),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests_name("http1", tests, NULL, NULL);
}
