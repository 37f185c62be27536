/* SPDX-License-Identifier: Apache-2.0
 *
 * member: strings with and without escapes, and the walk over arrays. */
#include "verify/member.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int text_of(struct aver_buf *out, size_t max, const char *json)
{
    struct aver_json_member m = {.name = "a"};
    struct aver_bytes source = aver_bytes_str(json);

    aver_buf_init(out, max);
    assert_int_equal(aver_members(&m, 1, source, NULL), 0);
    return aver_member_text(out, &m, source);
}

static void strings(void **state)
{
    static const struct {
        const char *json, *text; /* NULL: refused */
    } cases[] = {
        {"{\"a\":\"\"}", ""},
        {"{\"a\": \"plain\" }", "plain"},
        {"{\"b\":1,\"a\":\"q\\\"\\u0041\\/\"}", "q\"A/"},
        {"{\"a\":\"123456789\"}", NULL},
        {"{\"a\":\"\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\"}",
         "11111111"},
        {"{\"a\":5}", NULL},
        {"{\"a\":null}", NULL},
        {"{}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf out;
        int rc = text_of(&out, 8, cases[i].json);

        assert_int_equal(rc, cases[i].text != NULL ? 0 : -1);
        if (rc == 0)
            assert_true(aver_bytes_is(aver_buf_view(&out), cases[i].text));
        aver_buf_clear(&out);
    }
}

static void arrays(void **state)
{
    static const struct {
        const char *json;
        const char *elements[4];
    } cases[] = {
        {"[]", {NULL}},
        {"[ ]", {NULL}},
        {"[1]", {"1"}},
        {"[ {\"a\":[1,2]} , \"x]\\\",\" ,[[],{}],4]",
         {"{\"a\":[1,2]} ", "\"x]\\\",\" ", "[[],{}]", "4"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_bytes rest = aver_bytes_str(cases[i].json), element;
        unsigned n = 0;

        while (aver_array_next(&rest, &element)) {
            assert_true(n < 4 && cases[i].elements[n] != NULL);
            assert_true(aver_bytes_is(element, cases[i].elements[n]));
            n++;
        }
        assert_true(n == 4 || cases[i].elements[n] == NULL);
    }
}

static void what_is_no_object(void **state)
{
    struct aver_json_member m = {.name = "a"};

    (void)state;
    assert_int_equal(aver_members(&m, 1, aver_bytes_str("[]"), NULL), -1);
    assert_int_equal(aver_members(&m, 1, aver_bytes_str("{"), NULL), -1);
    assert_int_equal(aver_members(&m, 1, aver_bytes_str(""), NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(arrays),
        cmocka_unit_test(what_is_no_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
