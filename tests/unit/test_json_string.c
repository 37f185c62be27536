/* SPDX-License-Identifier: Apache-2.0
 *
 * json_string: every escape, pairs and halves of them; and any string of a
 * text that jansson reads, as jansson reads it. */
#include "base/json.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(t) (t), sizeof(t) - 1

/* From memory of exactly its size. */
static int unquote(struct aver_buf *out, const char *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    assert_non_null(copy);
    memcpy(copy, p, n);
    int rc = aver_json_unquote(out, aver_bytes_of(copy, n));
    free(copy);
    return rc;
}

static void strings(void **state)
{
    static const struct {
        const char *in;
        size_t n;
        const char *out;
        size_t out_n;
    } cases[] = {
        {TEXT("\"\""), TEXT("")},
        {TEXT("\"a\""), TEXT("a")},
        {TEXT("\"\\\"\""), TEXT("\"")},
        {TEXT("\"\\\\\""), TEXT("\\")},
        {TEXT("\"\\/\""), TEXT("/")},
        {TEXT("\"\\b\\f\\n\\r\\t\""), TEXT("\b\f\n\r\t")},
        {TEXT("\"x\\ny\""), TEXT("x\ny")},
        {TEXT("\"\\\\n\""), TEXT("\\n")},
        {TEXT("\"\\u0041\""), TEXT("A")},
        {TEXT("\"\\u0000\""), TEXT("\0")},
        {TEXT("\"a\\u0000b\""), TEXT("a\0b")},
        {TEXT("\"\\u007f\\u0080\""), TEXT("\x7f\xc2\x80")},
        {TEXT("\"\\u07ff\\u0800\""), TEXT("\xdf\xbf\xe0\xa0\x80")},
        {TEXT("\"\\uD7FF\\ue000\""), TEXT("\xed\x9f\xbf\xee\x80\x80")},
        {TEXT("\"\\uffff\""), TEXT("\xef\xbf\xbf")},
        {TEXT("\"\\ud800\\udc00\""), TEXT("\xf0\x90\x80\x80")},
        {TEXT("\"\\uDBFF\\uDFFF\""), TEXT("\xf4\x8f\xbf\xbf")},
        {TEXT("\"\\ud83d\\ude00!\""), TEXT("\xf0\x9f\x98\x80!")},
        {TEXT("\"\xf0\x9f\x98\x80\""), TEXT("\xf0\x9f\x98\x80")},
        {TEXT("\"\\ud800\\udc00\\ud800\\udc01\""),
         TEXT("\xf0\x90\x80\x80\xf0\x90\x80\x81")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf out;

        aver_buf_init(&out, 64);
        assert_int_equal(aver_buf_append(&out, ">", 1), 0);
        if (unquote(&out, cases[i].in, cases[i].n) != 0)
            fail_msg("%s is refused", cases[i].in);
        assert_int_equal(out.n, 1 + cases[i].out_n);
        assert_memory_equal(out.p + 1, cases[i].out, cases[i].out_n);
        aver_buf_clear(&out);
    }
}

static void no_strings(void **state)
{
    static const struct {
        const char *in;
        size_t n;
    } cases[] = {
        {TEXT("")},
        {TEXT("\"")},
        {TEXT("a")},
        {TEXT("ab")},
        {TEXT("\"a")},
        {TEXT("a\"")},
        {TEXT("'a'")},
        {TEXT("\"\\\"")},
        {TEXT("\"\\x\"")},
        {TEXT("\"\\0\"")},
        {TEXT("\"\\\0\"")},
        {TEXT("\"\\N\"")},
        {TEXT("\"\\u\"")},
        {TEXT("\"\\u1\"")},
        {TEXT("\"\\u123\"")},
        {TEXT("\"\\u12g4\"")},
        {TEXT("\"\\u 123\"")},
        {TEXT("\"\\U0041\"")},
        {TEXT("\"\\ud800\"")}, /* halves */
        {TEXT("\"\\udc00\"")},
        {TEXT("\"\\udfff\"")},
        {TEXT("\"\\ud800x\"")},
        {TEXT("\"\\ud800\\n\"")},
        {TEXT("\"\\ud800\\\"")},
        {TEXT("\"\\ud800\\u\"")},
        {TEXT("\"\\ud800\\u0\"")},
        {TEXT("\"\\ud800\\udc0\"")},
        {TEXT("\"\\ud800xudc00\"")},
        {TEXT("\"\\ud800\\xdc00\"")},
        {TEXT("\"\\ud800\\u0041\"")},
        {TEXT("\"\\ud800\\ud800\"")},
        {TEXT("\"\\ud800\\ue000\"")},
        {TEXT("\"\\udc00\\ud800\"")},
        {TEXT("\"abc\\ud800\"")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf out;

        aver_buf_init(&out, 64);
        assert_int_equal(aver_buf_append(&out, ">", 1), 0);
        if (unquote(&out, cases[i].in, cases[i].n) == 0)
            fail_msg("%s is taken", cases[i].in);
        assert_int_equal(out.n, 1); /* and nothing appended */
        aver_buf_clear(&out);
    }
}

static void too_long(void **state)
{
    static const char *const cases[] = {"\"abcd\"", "\"ab\\ncd\"",
                                        "\"abc\\ud800\\udc00\"", "\"abc\\n\""};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf out;

        aver_buf_init(&out, 3);
        assert_int_equal(unquote(&out, cases[i], strlen(cases[i])), -1);
        assert_int_equal(out.n, 0);
        aver_buf_clear(&out);
    }
}

/* A string of pieces, some of them no good, from a seed; its quotes are where
 * a scanner has seen them. */
static size_t make(char out[static 256], uint32_t *seed)
{
    static const char *const pieces[] = {
        "a",
        "\\n",
        "\\\\",
        "\\\"",
        "\\/",
        "\\u0041",
        "\\u00e9",
        "\\u20ac",
        "\\ud83d",
        "\\ude00",
        "\\u0000",
        "\\uDBFF",
        "\\uDFFF",
        "\xc3\xa9",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        " ",
        "u",
        "\\t",
        "\\b",
        "\\f",
        "\\r",
        "\\uD800\\uDC00",
        "\\ud83d\\ude00",
        "\\uffff",
        "\\x",
        "\\u12",
        "{",
        "\x7f",
    };
    size_t n = 0;

    out[n++] = '"';
    for (unsigned i = *seed >> 28; i > 0; i--) {
        *seed = *seed * 1664525 + 1013904223;
        const char *piece =
            pieces[(*seed >> 16) % (sizeof(pieces) / sizeof(pieces[0]))];

        memcpy(out + n, piece, strlen(piece));
        n += strlen(piece);
    }
    *seed = *seed * 1664525 + 1013904223;
    out[n++] = '"';
    return n;
}

static void as_jansson_reads(void **state)
{
    uint32_t seed = 1;
    unsigned both = 0, neither = 0;

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        char text[256];
        struct aver_buf out;
        size_t n = make(text, &seed);
        json_t *want =
            json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        aver_buf_init(&out, 256);
        int rc = unquote(&out, text, n);
        if ((rc == 0) != (want != NULL))
            fail_msg("%.*s: %d", (int)n, text, rc);
        if (want != NULL)
            assert_true(aver_bytes_equal(
                aver_buf_view(&out), aver_bytes_of(json_string_value(want),
                                                   json_string_length(want))));
        both += want != NULL;
        neither += want == NULL;
        json_decref(want);
        aver_buf_clear(&out);
    }
    assert_true(both > 10000 && neither > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(no_strings),
        cmocka_unit_test(too_long),
        cmocka_unit_test(as_jansson_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
