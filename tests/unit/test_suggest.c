/* SPDX-License-Identifier: Apache-2.0
 *
 * suggest: near words are offered, far ones are not. */
#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *best(const char *typed)
{
    static const char *const words[] = {"serve",   "chat",    "verify",
                                        "attest",  "explain", "version",
                                        "receipt", "json"};
    struct aver_suggestion s;

    aver_suggest_start(&s, typed);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        aver_suggest_offer(&s, words[i]);
    return s.best;
}

static void near_words(void **state)
{
    static const char *const cases[][2] = {
        {"verfy", "verify"},     {"evrify", "verify"}, {"veriffy", "verify"},
        {"serv", "serve"},       {"server", "serve"},  {"caht", "chat"},
        {"reciept", "receipt"},  {"jsn", "json"},      {"exp", "explain"},
        {"versoin", "version"},  {"att", "attest"},    {"chat", "chat"},
        {"explanin", "explain"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *b = best(cases[i][0]);

        assert_non_null(b);
        assert_string_equal(b, cases[i][1]);
    }
}

static void far_words(void **state)
{
    static const char *const cases[] = {
        "",
        "x",
        "zz",
        "frobnicate",
        "proxy-everything",
        "a-word-that-is-much-longer-than-any-word-there-is-here"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_null(best(cases[i]));
}

static void in_words(void **state)
{
    struct aver_suggestion s;
    char out[80], tight[8];

    (void)state;
    aver_suggest_start(&s, "jsn");
    assert_string_equal(aver_suggest_text(&s, out, sizeof(out)), "");
    aver_suggest_offer(&s, "json");
    assert_string_equal(aver_suggest_text(&s, out, sizeof(out)),
                        "; did you mean json?");
    aver_suggest_text(&s, tight, sizeof(tight));
    assert_int_equal(strlen(tight), sizeof(tight) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_words),
        cmocka_unit_test(far_words),
        cmocka_unit_test(in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
