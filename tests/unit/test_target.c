/* SPDX-License-Identifier: Apache-2.0
 *
 * Request targets against tests/vectors/http1/targets.json, and the limits. */
#include "http_vectors.h"
#include "net/http1.h"
#include "net/http1_chars.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct http_target t;

static void assert_pair(unsigned i, const json_t *pair)
{
    json_t *o = json_pack("{s:O,s:O}", "name", json_array_get(pair, 0), "value",
                          json_array_get(pair, 1));

    assert_true(aver_bytes_is(t.query[i].name, vectors_text(o, "name")));
    assert_true(aver_bytes_is(t.query[i].value, vectors_text(o, "value")));
    json_decref(o);
}

static void assert_parts(const json_t *c)
{
    const json_t *segments = json_object_get(c, "segments");
    const json_t *query = json_object_get(c, "query");
    bool has_query = !json_is_null(json_object_get(c, "raw_query"));

    assert_true(aver_bytes_is(t.raw_path, vectors_text(c, "raw_path")));
    assert_int_equal(t.has_query, has_query);
    if (has_query)
        assert_true(aver_bytes_is(t.raw_query, vectors_text(c, "raw_query")));
    assert_int_equal(t.nsegments, json_array_size(segments));
    for (unsigned i = 0; i < t.nsegments; i++)
        assert_true(aver_bytes_is(
            t.segments[i], json_string_value(json_array_get(segments, i))));
    assert_int_equal(t.nquery, json_array_size(query));
    for (unsigned i = 0; i < t.nquery; i++)
        assert_pair(i, json_array_get(query, i));
}

static void test_vectors(void **state)
{
    (void)state;
    json_t *index = vectors_index("http1/targets.json"), *c;
    struct http_refusal why;
    size_t i;

    assert_int_equal(json_array_size(index), 46);
    json_array_foreach(index, i, c)
    {
        print_message("  %s\n", vectors_text(c, "id"));
        struct aver_bytes text = aver_bytes_str(vectors_text(c, "target"));
        int rc = http_target_parse(&t, text, &why);
        assert_int_equal(rc, vectors_is(c, "verdict", "accept") ? 0 : -1);
        if (rc == 0)
            assert_parts(c);
        else
            assert_int_equal(why.status,
                             json_integer_value(json_object_get(c, "status")));
    }
    json_decref(index);
}

static int parse(const char *text)
{
    struct http_refusal why;

    return http_target_parse(&t, aver_bytes_str(text), &why);
}

static void test_not_a_target(void **state)
{
    static const char *const bad[] = {
        "",
        "*",
        "a.example:80",
        "v1/models",
        "/a b",
        "/a\tb",
        "/%",
        "/%4",
        "/%4g",
        "/a#b",
        "/\xc3\xa9",
        "http://",
        "http:///",
        "http://u@h/",
        "ftp://h/x",
        "http://h:x/",
        "http://[/",
        "http://[::1/",
        "http://h:123456/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(bad[i]), -1);
}

/* Brackets belong into the authority and nowhere else. */
static void test_absolute(void **state)
{
    (void)state;
    assert_int_equal(parse("http://[::1]:80/a?b"), 0);
    assert_true(aver_bytes_is(t.raw_path, "/a"));
    assert_true(aver_bytes_is(t.raw_query, "b"));
    assert_int_equal(parse("HTTPS://a"), 0);
    assert_true(aver_bytes_is(t.raw_path, "/"));
    assert_int_equal(parse("http://a/[x]"), -1);
    assert_int_equal(parse("/[x]"), -1);
}

static void test_query_lookup(void **state)
{
    (void)state;
    assert_int_equal(parse("/x?a=1&b&a=2&c="), 0);
    assert_true(aver_bytes_is(http_target_query(&t, "a"), "1"));
    assert_int_equal(http_target_query(&t, "b").n, 0);
    assert_non_null(http_target_query(&t, "b").p);
    assert_non_null(http_target_query(&t, "c").p);
    assert_null(http_target_query(&t, "d").p);
}

static void test_rest(void **state)
{
    (void)state;
    assert_int_equal(parse("/v1/signature/a%2Fb/c//d%20?x=1"), 0);
    assert_true(aver_bytes_is(http_target_rest(&t, 2), "a/b/c//d "));
    assert_true(aver_bytes_is(http_target_rest(&t, 5), "d "));
    assert_null(http_target_rest(&t, 6).p);
    assert_int_equal(parse("/v1/signature/"), 0);
    assert_int_equal(http_target_rest(&t, 2).n, 0);
    assert_non_null(http_target_rest(&t, 2).p);
}

/* `times` times `part`, to be freed. */
static char *repeated(const char *part, size_t times)
{
    size_t n = strlen(part);
    char *text = malloc(n * times + 1);

    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, part, n);
    text[n * times] = '\0';
    return text;
}

static int parse_repeated(const char *first, const char *part, size_t times)
{
    struct http_refusal why;
    struct aver_buf b;
    char *text = repeated(part, times);

    aver_buf_init(&b, 65536);
    assert_int_equal(aver_buf_append_str(&b, first), 0);
    assert_int_equal(aver_buf_append_str(&b, text), 0);
    int rc = http_target_parse(&t, aver_buf_view(&b), &why);
    aver_buf_clear(&b);
    free(text);
    return rc == 0 ? 0 : (int)why.status;
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("", "/a", HTTP_SEGMENTS_MAX), 0);
    assert_int_equal(parse_repeated("", "/a", HTTP_SEGMENTS_MAX + 1), 400);
    assert_int_equal(parse_repeated("/?", "a&", HTTP_QUERY_MAX), 0);
    assert_int_equal(parse_repeated("/?", "a&", HTTP_QUERY_MAX + 1), 400);
    assert_int_equal(parse_repeated("/", "a", sizeof t.store - 2), 0);
    assert_int_equal(t.segments[0].n, sizeof t.store - 2);
    assert_int_equal(parse_repeated("/", "a", sizeof t.store - 1), 414);
    /* the longest one whose path is not written out */
    assert_int_equal(parse_repeated("http://a?", "a", sizeof t.store - 10), 0);
}

static void test_authority(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } cases[] = {
        {"a", true},
        {"a.b:1", true},
        {"a:", true},
        {"[::1]", true},
        {"[::1]:80", true},
        {"[::ffff:1.2.3.4]", true},
        {"[::1]:", true},
        {"1.2.3.4:65535", true},
        {"", false},
        {":80", false},
        {"[]", false},
        {"[::1]x", false},
        {"[::1", false},
        {"[1.2.3.4]", false},
        {"[::g]", false},
        {"a:b", false},
        {"a:123456", false},
        {"a/b", false},
        {"a@b", false},
        {"a%41", false},
        {"a b", false},
        {"[::1%25eth0]", false},
        {"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(http_authority_ok(aver_bytes_str(cases[i].text)),
                         cases[i].ok);
    assert_false(http_authority_ok(aver_bytes_of("[::1\0]", 6)));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),   cmocka_unit_test(test_not_a_target),
        cmocka_unit_test(test_absolute),  cmocka_unit_test(test_query_lookup),
        cmocka_unit_test(test_rest),      cmocka_unit_test(test_limits),
        cmocka_unit_test(test_authority),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
