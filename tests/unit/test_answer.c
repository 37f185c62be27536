/* SPDX-License-Identifier: Apache-2.0
 *
 * answer: the text of event streams and of JSON objects, whole and byte by
 * byte; errors inside; and what a terminal never gets. */
#include "cli/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void count_pieces(void *ctx, const char *text, size_t n)
{
    (void)text;
    assert_true(n > 0);
    ++*(unsigned *)ctx;
}

static void feed(struct answer *a, const char *body, size_t step)
{
    size_t n = strlen(body);

    for (size_t i = 0; i < n; i += step)
        assert_int_equal(
            answer_feed(a, aver_bytes_of((const uint8_t *)body + i,
                                         n - i < step ? n - i : step)),
            0);
    answer_end(a);
}

static const struct {
    bool is_json;
    const char *body, *text;
    unsigned pieces;
    bool faulty;
} cases[] = {
    {false,
     "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
     "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
     ": ping\n\n"
     "data: {\"choices\":[{\"delta\":{\"content\":\"lo \\u00fc\"}}]}\r\n\r\n"
     "data: {\"choices\":[],\"usage\":{}}\n\n"
     "data: [DONE]\n\n",
     "Hello \u00fc", 2, false},
    {false, "data: {\"error\":{\"message\":\"no\"}}\n\ndata: [DONE]\n\n", "", 0,
     true},
    {false, "data: nonsense\n\ndata: [DONE]\n\n", "", 0, true},
    {false, "", "", 0, false},
    {true, "{\"choices\":[{\"message\":{\"content\":\"Hello.\"}}]}", "Hello.",
     1, false},
    {true, " \n{\"choices\":[{\"message\":{\"content\":\"Hi\"}}]}\n", "Hi", 1,
     false},
    {true, "{\"choices\":[{\"message\":{\"content\":null}}]}", "", 0, false},
    {true, "{\"choices\":[{\"message\":{\"content\":[1]}}]}", "", 0, false},
    {true,
     "{\"error\":null,\"choices\":[ {\"x\":[1,{}],\"message\":{\"content\":"
     "\"a\\n\\\"b\"} } , {\"message\":{\"content\":\"second\"}}]}",
     "a\n\"b", 1, false},
    {true, "{\"choices\":[{\"message\":{\"content\":\"\\ud800\"}}]}", "", 0,
     true},
    {true, "{\"choices\":[]}", "", 0, false},
    {true, "{\"choices\":[7]}", "", 0, false},
    {true, "[]", "", 0, true},
    {true, "{\"error\":{}}", "", 0, true},
    {true, "{\"choices\":[", "", 0, true},
    {true, "", "", 0, true},
};

static void texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t step = 1; step < 2000; step = step * 5 + 2) {
            unsigned pieces = 0;
            struct answer a;

            answer_init(&a, count_pieces, &pieces);
            a.is_json = cases[i].is_json;
            feed(&a, cases[i].body, step);
            assert_true(aver_bytes_is(aver_buf_view(&a.text), cases[i].text));
            assert_int_equal(pieces, cases[i].pieces);
            assert_int_equal(a.faulty, cases[i].faulty);
            answer_clear(&a);
        }
    }
}

static void an_event_without_end_is_refused(void **state)
{
    static uint8_t piece[1 << 20];
    unsigned pieces = 0, fed = 0;
    struct answer a;

    (void)state;
    memset(piece, 'x', sizeof(piece));
    answer_init(&a, count_pieces, &pieces);
    while (fed < 64 &&
           answer_feed(&a, aver_bytes_of(piece, sizeof(piece))) == 0)
        fed++;
    assert_true(fed < 32);
    answer_clear(&a);
}

static void print(bool terminal, const char *text, const char *want)
{
    char *out = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&out, &n);

    assert_non_null(f);
    answer_print(f, terminal, text, strlen(text));
    fclose(f);
    assert_string_equal(out, want);
    free(out);
}

static void terminals(void **state)
{
    (void)state;
    print(true, "a\tb\n", "a\tb\n");
    print(true, "a\033[2Jb\r\a\177", "a?[2Jb???");
    print(true,
          "c\xc2\x9b"
          "2J\xc2\x80\xc2\xa0",
          "c?2J?\xc2\xa0");
    print(true, "gr\u00fc\u00dfe \u65e5", "gr\u00fc\u00dfe \u65e5");
    print(true, "\xc2", "\xc2");
    print(true, "", "");
    print(false, "a\033[2J\xc2\x9b", "a\033[2J\xc2\x9b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(an_event_without_end_is_refused),
        cmocka_unit_test(terminals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
