/* SPDX-License-Identifier: Apache-2.0
 *
 * Event streams against tests/vectors/sse/streams.json: every stream whole,
 * byte by byte, cut in two, and with each list of splits. The scanner's answer
 * must be the index's, and while it is fed no byte beyond hold_from may ever
 * have been let go. What a client sees is judged through the reader. */
#include "http_vectors.h"
#include "net/sse.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a client learns from the events. */
struct client {
    unsigned events, undecodable;
    bool usage, done;
    json_t *errors;
    json_t *finished;    /* choice index -> boolean */
    struct aver_buf all; /* the data of all events, to compare feedings */
};

static void see_choices(struct client *v, const json_t *choices)
{
    size_t i;
    const json_t *choice;
    char key[32];

    json_array_foreach(choices, i, choice)
    {
        const json_t *reason = json_object_get(choice, "finish_reason");
        snprintf(key, sizeof key, "%lld",
                 json_integer_value(json_object_get(choice, "index")));
        bool finished = json_is_string(reason) ||
                        json_is_true(json_object_get(v->finished, key));
        json_object_set_new(v->finished, key, json_boolean(finished));
    }
}

static void see_object(struct client *v, json_t *o)
{
    json_t *error = json_object_get(o, "error");
    const char *object = json_string_value(json_object_get(o, "object"));

    if (error != NULL && !json_is_null(error))
        json_array_append(v->errors, error);
    else if (object != NULL && strcmp(object, "error") == 0)
        json_array_append(v->errors, o);
    if (json_is_object(json_object_get(o, "usage")))
        v->usage = true;
    see_choices(v, json_object_get(o, "choices"));
}

static int on_event(void *ctx, struct aver_bytes data)
{
    struct client *v = ctx;

    v->events++;
    assert_int_equal(aver_buf_append(&v->all, data.p, data.n), 0);
    assert_int_equal(aver_buf_append(&v->all, "\f", 1), 0);
    if (aver_bytes_is(data, "[DONE]")) {
        v->done = true;
        return 0;
    }
    json_t *tree = json_loadb((const char *)data.p, data.n,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (tree == NULL)
        v->undecodable++;
    else if (json_is_object(tree))
        see_object(v, tree);
    json_decref(tree);
    return 0;
}

static void client_init(struct client *v)
{
    *v = (struct client){.errors = json_array(), .finished = json_object()};
    aver_buf_init(&v->all, 8u << 20);
}

static void client_clear(struct client *v)
{
    json_decref(v->errors);
    json_decref(v->finished);
    aver_buf_clear(&v->all);
}

static bool all_finished(const struct client *v)
{
    const char *key;
    json_t *value;
    bool finished = json_object_size(v->finished) > 0;

    json_object_foreach(v->finished, key, value) finished &=
        json_is_true(value);
    return finished;
}

static uint64_t number(const json_t *o, const char *key)
{
    const json_t *n = json_object_get(o, key);

    if (!json_is_integer(n))
        vectors_broken("no such number", key);
    return (uint64_t)json_integer_value(n);
}

/* How many bytes from the start of the `fed` ones may be released at most:
 * not the last line if it begins like the mark. Written after the format's
 * definition, without the scanner's states. */
static uint64_t releasable(const uint8_t *p, uint64_t fed)
{
    static const char with[] = "data: [DONE]", without[] = "data:[DONE]";
    uint64_t line = fed;

    if (fed == 0)
        return 0;
    while (line > 0 && p[line - 1] != '\n' && p[line - 1] != '\r')
        line--;
    if (line == 0 && fed >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        line = 3;
    uint64_t n = fed - line;
    if ((n <= 12 && memcmp(p + line, with, n) == 0) ||
        (n <= 11 && memcmp(p + line, without, n) == 0))
        return line;
    return fed;
}

/* A stream, what is expected of it, and both readers of it. */
struct run {
    const struct aver_buf *in;
    const json_t *want;
    struct sse_scan scan;
    struct sse_reader reader;
    struct client client;
    size_t fed;
};

static void run_init(struct run *r, const struct aver_buf *in,
                     const json_t *want)
{
    r->in = in;
    r->want = want;
    r->fed = 0;
    memset(&r->scan, 0xa5, sizeof r->scan);
    sse_scan_init(&r->scan);
    client_init(&r->client);
    sse_reader_init(&r->reader, 2u << 20, on_event, &r->client);
}

static void run_to(struct run *r, size_t to)
{
    struct aver_bytes piece = aver_bytes_of(r->in->p + r->fed, to - r->fed);
    uint64_t hold = number(r->want, "hold_from");

    sse_scan_feed(&r->scan, piece);
    assert_int_equal(sse_reader_feed(&r->reader, piece), 0);
    r->fed = to;
    assert_int_equal(r->scan.offset, to);
    assert_true(r->scan.hold_from <= hold);
    uint64_t may = releasable(r->in->p, to);
    assert_int_equal(r->scan.hold_from, may < hold ? may : hold);
}

static void assert_id(const struct sse_scan *s, const json_t *want)
{
    struct aver_buf id;
    bool found;

    if (json_object_get(want, "id_hex") != NULL) {
        id = vectors_hex(want, "id_hex");
        found = true;
    } else {
        const json_t *text = json_object_get(want, "id");
        found = json_is_string(text);
        aver_buf_init(&id, 1u << 20);
        if (found)
            assert_int_equal(aver_buf_append_str(&id, json_string_value(text)),
                             0);
    }
    assert_int_equal(s->id_final, found);
    bool usable = found && sse_id_usable(aver_buf_view(&id));
    if (usable)
        assert_true(aver_bytes_equal(sse_scan_id(s), aver_buf_view(&id)));
    else
        assert_int_equal(sse_scan_id(s).n, 0);
    if (found && !usable && id.n <= AVER_JSON_VALUE_MAX)
        assert_true(aver_bytes_equal(
            aver_bytes_of(s->id.value, s->id.value_len), aver_buf_view(&id)));
    aver_buf_clear(&id);
}

static void run_end(struct run *r)
{
    const struct sse_scan *s = &r->scan;
    const json_t *want = r->want;

    sse_scan_end(&r->scan);
    assert_id(s, want);
    assert_int_equal(s->done, vectors_true(want, "done"));
    assert_int_equal(s->done_lines, number(want, "done_lines"));
    assert_int_equal(s->hold_from, number(want, "hold_from"));
    assert_int_equal(s->events, number(want, "events"));
    assert_int_equal(s->comments, number(want, "comments"));
    assert_int_equal(s->at_boundary, vectors_true(want, "at_boundary"));
    assert_int_equal(r->client.events, number(want, "events"));
    assert_int_equal(r->client.undecodable, number(want, "undecodable_events"));
    assert_int_equal(r->client.usage, vectors_true(want, "usage"));
    assert_int_equal(all_finished(&r->client), vectors_true(want, "finished"));
    assert_true(json_equal(r->client.errors, json_object_get(want, "errors")));
    sse_reader_clear(&r->reader);
    client_clear(&r->client);
}

static struct aver_buf made(const json_t *recipe)
{
    struct aver_buf out;
    const json_t *part;
    size_t i;

    aver_buf_init(&out, 8u << 20);
    json_array_foreach(recipe, i, part)
    {
        const char *text = json_string_value(json_array_get(part, 1));
        json_int_t times = 1;
        if (strcmp(json_string_value(json_array_get(part, 0)), "repeat") == 0)
            times = json_integer_value(json_array_get(part, 2));
        for (; times > 0; times--)
            assert_int_equal(aver_buf_append_str(&out, text), 0);
    }
    return out;
}

static struct aver_buf stream_of(const json_t *c)
{
    char path[256];

    if (json_object_get(c, "recipe") != NULL)
        return made(json_object_get(c, "recipe"));
    snprintf(path, sizeof path, "sse/%s", vectors_text(c, "file"));
    return vectors_file(path);
}

static void feed_splits(struct run *r, const struct aver_buf *in,
                        const json_t *c)
{
    const json_t *want = json_object_get(c, "expect"), *offset;
    const char *name;
    json_t *cuts;
    size_t i;

    json_object_foreach(json_object_get(c, "splits"), name, cuts)
    {
        run_init(r, in, want);
        json_array_foreach(cuts, i, offset)
            run_to(r, (size_t)json_integer_value(offset));
        run_to(r, in->n);
        run_end(r);
    }
}

static void one_stream(const json_t *c)
{
    const json_t *want = json_object_get(c, "expect");
    struct aver_buf in = stream_of(c);
    struct run r;

    assert_int_equal(in.n, number(c, "bytes"));
    run_init(&r, &in, want);
    run_to(&r, in.n);
    run_end(&r);
    if (in.n <= 100000) { /* `releasable` looks back to the line's start */
        run_init(&r, &in, want);
        for (size_t i = 1; i <= in.n; i++)
            run_to(&r, i);
        run_end(&r);
    }
    for (size_t cut = in.n > 1; cut != 0 && in.n <= 100000;
         cut = http_next_cut(cut, in.n)) {
        run_init(&r, &in, want);
        run_to(&r, cut);
        run_to(&r, in.n);
        run_end(&r);
    }
    feed_splits(&r, &in, c);
    aver_buf_clear(&in);
}

static void test_streams(void **state)
{
    (void)state;
    json_t *index = vectors_index("sse/streams.json"), *c;
    size_t i;

    assert_int_equal(json_array_size(index), 100);
    json_array_foreach(index, i, c)
    {
        print_message("  %s\n", vectors_text(c, "id"));
        one_stream(c);
    }
    json_decref(index);
}

static void test_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct sse_scan) < 900);
}

static void test_id_usable(void **state)
{
    uint8_t id[AVER_JSON_VALUE_MAX + 1];

    (void)state;
    memset(id, 'x', sizeof id);
    assert_true(sse_id_usable(aver_bytes_of(id, 1)));
    assert_true(sse_id_usable(aver_bytes_of(id, AVER_JSON_VALUE_MAX)));
    assert_false(sse_id_usable(aver_bytes_of(id, AVER_JSON_VALUE_MAX + 1)));
    assert_false(sse_id_usable(aver_bytes_of(id, 0)));
    assert_true(sse_id_usable(aver_bytes_str("\xc3\xa9 /?")));
    assert_false(sse_id_usable(aver_bytes_str("a\nb")));
    assert_false(sse_id_usable(aver_bytes_str("a\x7f")));
    assert_false(sse_id_usable(aver_bytes_of("a\0b", 3)));
}

/* An id that is there but not usable is not replaced by a later one. */
static void test_first_id_stays(void **state)
{
    struct sse_scan s;

    (void)state;
    sse_scan_init(&s);
    sse_scan_feed(&s, aver_bytes_str("data: {\"id\":\"a\\u0001\"}\n\n"
                                     "data: {\"id\":\"later\"}\n\n"));
    assert_int_equal(sse_scan_id(&s).n, 0);
    assert_int_equal(s.events, 2);
}

/* The id of an event counts once the event is complete. */
static void test_id_when_event_ends(void **state)
{
    struct sse_scan s;

    (void)state;
    sse_scan_init(&s);
    sse_scan_feed(&s, aver_bytes_str("data: {\"id\":\"x\"}\n"));
    assert_int_equal(sse_scan_id(&s).n, 0);
    sse_scan_feed(&s, aver_bytes_str("\n"));
    assert_true(aver_bytes_is(sse_scan_id(&s), "x"));
}

/* The lines of an event are joined by LF, which may not stand in a string. */
static void test_lines_are_joined(void **state)
{
    struct sse_scan s;

    (void)state;
    sse_scan_init(&s);
    sse_scan_feed(&s, aver_bytes_str("data: {\"id\":\"a\ndata: b\"}\n\n"));
    assert_int_equal(s.events, 1);
    assert_int_equal(sse_scan_id(&s).n, 0);
    sse_scan_feed(&s, aver_bytes_str("data: {\"id\":\ndata: \"b\"}\n\n"));
    assert_true(aver_bytes_is(sse_scan_id(&s), "b"));
}

static int refuse_second(void *ctx, struct aver_bytes data)
{
    unsigned *seen = ctx;

    (void)data;
    return ++*seen == 2;
}

static void test_reader_stops(void **state)
{
    struct sse_reader r;
    unsigned seen = 0;

    (void)state;
    sse_reader_init(&r, 16, refuse_second, &seen);
    assert_int_equal(sse_reader_feed(&r, aver_bytes_str("data:1\n\n")), 0);
    assert_int_equal(sse_reader_feed(&r, aver_bytes_str("data:2\n\n")), -1);
    assert_int_equal(seen, 2);
    sse_reader_clear(&r);
}

static void test_reader_limit(void **state)
{
    struct sse_reader r;
    unsigned seen = 5;

    (void)state;
    sse_reader_init(&r, 16, refuse_second, &seen);
    assert_int_equal(
        sse_reader_feed(&r, aver_bytes_str("data: 0123456789abcdef\n\n")), 0);
    assert_int_equal(seen, 6);
    assert_int_equal(
        sse_reader_feed(&r, aver_bytes_str("data: 0123456789abcdef0")), -1);
    sse_reader_clear(&r);
    sse_reader_init(&r, 16, refuse_second, &seen);
    assert_int_equal(sse_reader_feed(&r, aver_bytes_str("data: 01234567\n"
                                                        "data: 01234567\n")),
                     -1); /* 17 bytes with the LF between */
    sse_reader_clear(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_id_usable),
        cmocka_unit_test(test_first_id_stays),
        cmocka_unit_test(test_id_when_event_ends),
        cmocka_unit_test(test_lines_are_joined),
        cmocka_unit_test(test_reader_stops),
        cmocka_unit_test(test_reader_limit),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
