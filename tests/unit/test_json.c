/* SPDX-License-Identifier: Apache-2.0
 *
 * json: every body of vectors/json whole, byte by byte, and cut at every
 * offset: the answer may not depend on where the pieces end. */
#include "base/json.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define WANTED 3
/* Longer bodies are cut at some offsets only: at all it would be quadratic. */
#define CUT_EVERYWHERE 2048

static const char *const wanted[WANTED] = {"model", "stream", "id"};

struct result {
    bool valid;
    enum aver_json_type top;
    struct aver_json_member members[WANTED];
};

static void begin(struct aver_json_scan *s, struct result *r)
{
    memset(r, 0, sizeof(*r));
    for (int i = 0; i < WANTED; i++)
        r->members[i].name = wanted[i];
    aver_json_scan_init(s, r->members, WANTED);
}

/* Pieces are copied to memory of their own, so that a sanitizer sees a read
 * past the end of one. */
static bool feed_copy(struct aver_json_scan *s, const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    assert_non_null(copy);
    if (n > 0)
        memcpy(copy, p, n);
    bool ok = aver_json_scan_feed(s, aver_bytes_of(copy, n));
    free(copy);
    return ok;
}

static void finish(struct aver_json_scan *s, struct result *r)
{
    r->valid = aver_json_scan_end(s);
    r->top = aver_json_scan_top(s);
}

static void scan_cut(struct result *r, struct aver_bytes in, size_t at)
{
    struct aver_json_scan s;

    begin(&s, r);
    if (feed_copy(&s, in.p, at) && at < in.n)
        feed_copy(&s, in.p + at, in.n - at);
    finish(&s, r);
}

static void scan_steps(struct result *r, struct aver_bytes in, size_t step)
{
    struct aver_json_scan s;

    begin(&s, r);
    for (size_t i = 0; i < in.n; i += step) {
        size_t n = in.n - i < step ? in.n - i : step;
        if (!feed_copy(&s, in.p + i, n))
            break;
    }
    finish(&s, r);
}

static void assert_same(const struct result *a, const struct result *b)
{
    assert_int_equal(a->valid, b->valid);
    assert_int_equal(a->top, b->top);
    for (int i = 0; i < WANTED; i++) {
        const struct aver_json_member *x = &a->members[i], *y = &b->members[i];
        assert_int_equal(x->type, y->type);
        assert_int_equal(x->count, y->count);
        assert_int_equal(x->start, y->start);
        assert_int_equal(x->end, y->end);
        assert_int_equal(x->cut, y->cut);
        assert_int_equal(x->value_len, y->value_len);
        assert_memory_equal(x->value, y->value, x->value_len);
    }
}

static void check_pieces(const struct result *whole, struct aver_bytes in)
{
    struct result r;
    size_t stride = in.n > CUT_EVERYWHERE ? in.n / 256 : 1;

    for (size_t step = 1; step <= 17; step++) {
        scan_steps(&r, in, step);
        assert_same(whole, &r);
    }
    for (size_t at = 0; at <= in.n; at += stride) {
        scan_cut(&r, in, at);
        assert_same(whole, &r);
    }
}

/* The vectors say "boolean" of members and "true" at the top. */
static bool type_is(enum aver_json_type type, const char *word)
{
    static const char *const words[] = {"absent", "object", "array", "string",
                                        "number", "true",   "false", "null"};
    bool boolean = type == AVER_JSON_TRUE || type == AVER_JSON_FALSE;

    return strcmp(words[type], word) == 0 ||
           (boolean && strcmp(word, "boolean") == 0);
}

static void check_string(const struct aver_json_member *m, const json_t *want)
{
    const char *value = json_string_value(json_object_get(want, "value"));

    if (value != NULL && strlen(value) <= AVER_JSON_VALUE_MAX) {
        assert_false(m->cut);
        assert_int_equal(m->value_len, strlen(value));
        assert_string_equal(m->value, value);
    } else if (json_object_get(want, "value_hex") != NULL) {
        struct aver_buf hex = vectors_hex(want, "value_hex");
        assert_false(m->cut);
        assert_int_equal(m->value_len, hex.n);
        assert_memory_equal(m->value, hex.p, hex.n);
        aver_buf_clear(&hex);
    } else {
        assert_true(m->cut); /* too long, or half a surrogate pair */
        assert_int_equal(m->value_len, 0);
    }
}

static void check_member(const struct aver_json_member *m, const json_t *want,
                         struct aver_bytes in)
{
    if (json_is_null(want)) {
        assert_int_equal(m->type, AVER_JSON_ABSENT);
        assert_int_equal(m->count, 0);
        return;
    }
    json_t *span = json_object_get(want, "span");
    assert_true(type_is(m->type, vectors_text(want, "type")));
    assert_int_equal(m->count,
                     json_integer_value(json_object_get(want, "count")));
    assert_int_equal(m->start, json_integer_value(json_array_get(span, 0)));
    assert_int_equal(m->end, json_integer_value(json_array_get(span, 1)));
    if (m->type == AVER_JSON_STRING)
        check_string(m, want);
    if (m->type == AVER_JSON_NUMBER)
        assert_true(aver_bytes_is(
            aver_bytes_of(in.p + m->start, (size_t)(m->end - m->start)),
            vectors_text(want, "source")));
    if (m->type == AVER_JSON_TRUE || m->type == AVER_JSON_FALSE)
        assert_int_equal(m->type == AVER_JSON_TRUE,
                         vectors_true(want, "value"));
}

static void check_duplicates(const struct result *r, const json_t *list)
{
    for (int i = 0; i < WANTED; i++) {
        bool listed = false;
        size_t at;
        json_t *name;
        json_array_foreach(list, at, name) listed |=
            strcmp(json_string_value(name), wanted[i]) == 0;
        assert_int_equal(r->members[i].count > 1, listed);
    }
}

static void check_case(const json_t *c)
{
    struct aver_buf body = json_object_get(c, "file") != NULL
                               ? (struct aver_buf){0}
                               : vectors_base64(c, "body_base64");
    if (json_object_get(c, "file") != NULL) {
        char path[256];
        snprintf(path, sizeof(path), "json/%s", vectors_text(c, "file"));
        body = vectors_file(path);
    }
    struct aver_bytes in = aver_buf_view(&body);
    json_int_t depth = json_integer_value(json_object_get(c, "depth"));
    struct result r;

    scan_cut(&r, in, in.n);
    assert_int_equal(r.valid,
                     vectors_true(c, "valid") && depth <= AVER_JSON_DEPTH_MAX);
    if (r.valid) {
        assert_true(type_is(r.top, vectors_text(c, "top")));
        for (int i = 0; i < WANTED && r.top == AVER_JSON_OBJECT; i++)
            check_member(
                &r.members[i],
                json_object_get(json_object_get(c, "members"), wanted[i]), in);
        check_duplicates(&r, json_object_get(c, "duplicates"));
    }
    check_pieces(&r, in);
    aver_buf_clear(&body);
}

static void test_bodies(void **state)
{
    (void)state;
    json_t *index = vectors_index("json/bodies.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c)
    {
        print_message("  %s\n", vectors_text(c, "id"));
        check_case(c);
    }
    assert_true(i >= 165);
    json_decref(index);
}

static void test_value_of_256_bytes(void **state)
{
    (void)state;
    char text[600];

    for (int n = 255; n <= 257; n++) {
        struct result r;
        int len = snprintf(text, sizeof(text), "{\"id\":\"%0*d\"}", n, 7);
        scan_cut(&r, aver_bytes_of(text, (size_t)len), (size_t)len);
        assert_true(r.valid);
        assert_int_equal(r.members[2].cut, n > 256);
        assert_int_equal(r.members[2].value_len, n > 256 ? 0 : n);
        check_pieces(&r, aver_bytes_of(text, (size_t)len));
    }
}

static void test_names_of_32_bytes(void **state)
{
    (void)state;
    const char *in = "{\"abcdefghijklmnopqrstuvwxyz0123456\":1,"
                     "\"abcdefghijklmnopqrstuvwxyz012345\":\"x\"}";
    struct aver_json_member m = {.name = "abcdefghijklmnopqrstuvwxyz012345"};
    struct aver_json_scan s;

    aver_json_scan_init(&s, &m, 1);
    assert_true(aver_json_scan_feed(&s, aver_bytes_str(in)));
    assert_true(aver_json_scan_end(&s));
    assert_int_equal(m.count, 1);
    assert_string_equal(m.value, "x");
}

static void test_depth_limit(void **state)
{
    (void)state;
    uint8_t text[2 * (AVER_JSON_DEPTH_MAX + 1)];

    for (size_t depth = AVER_JSON_DEPTH_MAX; depth <= AVER_JSON_DEPTH_MAX + 1;
         depth++) {
        struct result r;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        scan_cut(&r, aver_bytes_of(text, 2 * depth), 2 * depth);
        assert_int_equal(r.valid, depth == AVER_JSON_DEPTH_MAX);
    }
}

/* Objects and arrays in each other: the scanner remembers which is which. */
static void test_nesting_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"[{\"a\":[{\"b\":[]}]},[{}],{}]", true},
        {"[{\"a\":[{\"b\":[}]}]", false},
        {"{\"a\":[1}", false},
        {"[{]", false},
        {"[1:2]", false},
        {"{\"a\":1]", false},
        {"{\"a\",1}", false},
        {"[,]", false},
        {"[tru]", false},
        {"[truee]", false},
        {"[-]", false},
        {"1.5e", false},
        {" -0.0E-0 ", true},
        {"[1e5,0,-0,10.01]", true},
        {"[\"\\ud83d\\ude00\\ud83d\"]", true},
        {"\"\\ud83d\\u00e9\"", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_bytes in = aver_bytes_str(rows[i].text);
        struct result r;
        scan_cut(&r, in, in.n);
        assert_int_equal(r.valid, rows[i].valid);
        check_pieces(&r, in);
    }
}

static void test_refused_for_good(void **state)
{
    (void)state;
    struct aver_json_scan s;

    aver_json_scan_init(&s, NULL, 0);
    assert_false(aver_json_scan_feed(&s, aver_bytes_str("x")));
    assert_false(aver_json_scan_feed(&s, aver_bytes_str("{}")));
    assert_false(aver_json_scan_end(&s));
    aver_json_scan_init(&s, NULL, 0);
    assert_int_equal(aver_json_scan_top(&s), AVER_JSON_ABSENT);
    assert_true(aver_json_scan_feed(&s, aver_bytes_str("{}")));
    assert_true(aver_json_scan_end(&s));
}

/* A scan lives in every stream: its size is part of the contract. */
static void test_size(void **state)
{
    (void)state;
    assert_true(sizeof(struct aver_json_scan) <= 256);
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason; /* NULL: accepted */
    } rows[] = {
        {"{\"a\":[1,2.5,null]}", NULL},
        {" [] ", NULL},
        {"", "too early"},
        {"7", "grammar"},
        {"{\"a\":1,\"a\":1}", "twice"},
        {"{\"a\":{\"b\":1,\"\\u0062\":1}}", "twice"},
        {"{\"a\":\"secret\\u0000\"}", "NUL"},
        {"{\"a\\u0000b\":1}", "NUL"},
        {"{\"a\":18446744073709551616}", "too large"},
        {"{\"a\":\"secret", "too early"},
        {"{} x", "follows"},
        {"{\"a\":\"\xff\"}", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_error err = {0};
        json_t *tree = aver_json_parse(aver_bytes_str(rows[i].text), &err);
        assert_int_equal(tree != NULL, rows[i].reason == NULL);
        if (tree == NULL) {
            assert_int_equal(err.code, AVER_EFORMAT);
            assert_non_null(strstr(err.text, rows[i].reason));
            assert_null(strstr(err.text, "secret"));
        }
        json_decref(tree);
    }
}

/* Found by fuzzing: jansson takes {"id":10} with a NUL behind the number. */
static void test_parse_refuses_nul(void **state)
{
    static const char text[] = "{\"id\":10\0}";
    struct aver_error err = {0};

    (void)state;
    assert_null(aver_json_parse(aver_bytes_of(text, sizeof(text) - 1), &err));
    assert_int_equal(err.code, AVER_EFORMAT);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_value_of_256_bytes),
        cmocka_unit_test(test_names_of_32_bytes),
        cmocka_unit_test(test_depth_limit),
        cmocka_unit_test(test_nesting_kinds),
        cmocka_unit_test(test_refused_for_good),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses_nul),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
