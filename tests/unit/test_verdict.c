/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict: which word follows from which results; that nothing but passed
 * checks verifies, and that a zeroed verdict is not trusted. */
#include "verify/rows.h"
#include "verify/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* One finding. */
static void add(struct aver_verdict *v, const struct aver_row *row,
                enum aver_result result, bool optional, const char *text)
{
    struct aver_note why = {.optional = optional};

    snprintf(why.text, sizeof(why.text), "%s", text);
    aver_verdict_add(v, row, result, &why);
}

static const struct aver_row needed = {.id = "a.needed", .required = true};
static const struct aver_row extra = {.id = "a.extra", .required = false};

static enum aver_word word_of(const enum aver_result *results, unsigned n)
{
    struct aver_verdict v = {0};

    for (unsigned i = 0; i < n; i++)
        add(&v, &needed, results[i], false, "");
    aver_verdict_close(&v);
    return v.word;
}

static void word_follows_from_results(void **state)
{
    static const struct {
        enum aver_result results[3];
        unsigned n;
        enum aver_word word;
    } cases[] = {
        {{AVER_PASS}, 1, AVER_VERIFIED},
        {{AVER_PASS, AVER_PASS}, 2, AVER_VERIFIED},
        {{AVER_PASS, AVER_NO_MATTER}, 2, AVER_VERIFIED},
        {{AVER_FAIL}, 1, AVER_REFUSED},
        {{AVER_PASS, AVER_FAIL, AVER_UNKNOWN}, 3, AVER_REFUSED},
        {{AVER_UNKNOWN, AVER_FAIL}, 2, AVER_REFUSED},
        {{AVER_PASS, AVER_SIMULATED}, 2, AVER_REFUSED},
        {{AVER_PASS, AVER_UNKNOWN}, 2, AVER_UNDECIDED},
        {{AVER_PASS, AVER_SKIP}, 2, AVER_UNDECIDED},
        {{AVER_UNKNOWN}, 1, AVER_UNDECIDED},
        {{AVER_NO_MATTER}, 1, AVER_UNDECIDED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(word_of(cases[i].results, cases[i].n), cases[i].word);
}

static void zeroed_is_not_trusted(void **state)
{
    struct aver_verdict v = {0};

    (void)state;
    assert_int_not_equal(v.word, AVER_VERIFIED);
    aver_verdict_close(&v);
    assert_int_not_equal(v.word, AVER_VERIFIED);
    assert_null(aver_verdict_reason(&v));
    struct aver_check c = {0};
    assert_int_not_equal(c.result, AVER_PASS);
}

static void what_is_not_required_decides_nothing(void **state)
{
    struct aver_verdict v = {0};

    (void)state;
    add(&v, &needed, AVER_PASS, false, "");
    add(&v, &extra, AVER_FAIL, false, "");
    add(&v, &needed, AVER_UNKNOWN, true, "");
    aver_verdict_close(&v);
    assert_int_equal(v.word, AVER_VERIFIED);
    assert_false(v.checks[1].required);
    assert_false(v.checks[2].required);

    memset(&v, 0, sizeof(v));
    add(&v, &extra, AVER_PASS, false, "");
    aver_verdict_close(&v);
    assert_int_equal(v.word, AVER_UNDECIDED);
}

static void reason_is_the_first_that_counts(void **state)
{
    struct aver_verdict v = {0};

    (void)state;
    add(&v, &needed, AVER_PASS, false, "");
    add(&v, &needed, AVER_UNKNOWN, false, "open");
    aver_verdict_close(&v);
    assert_string_equal(aver_verdict_reason(&v)->detail, "open");
    add(&v, &needed, AVER_FAIL, false, "bad");
    assert_int_equal(v.word, AVER_UNDECIDED);
    aver_verdict_close(&v);
    assert_int_equal(v.word, AVER_REFUSED);
    assert_string_equal(aver_verdict_reason(&v)->detail, "bad");
    assert_non_null(aver_verdict_find(&v, "a.needed"));
    assert_null(aver_verdict_find(&v, "a.extra"));
}

static void too_many_checks_never_verify(void **state)
{
    struct aver_verdict v = {0};

    (void)state;
    for (unsigned i = 0; i <= AVER_CHECKS_MAX; i++)
        add(&v, &needed, AVER_PASS, false, "");
    aver_verdict_close(&v);
    assert_true(v.overfull);
    assert_int_equal(v.word, AVER_UNDECIDED);
}

static void every_name_is_there(void **state)
{
    (void)state;
    for (int i = AVER_UNDECIDED; i <= AVER_VERIFIED; i++)
        assert_non_null(aver_word_name((enum aver_word)i));
    assert_string_equal(aver_word_name(AVER_VERIFIED), "VERIFIED");
    assert_string_equal(aver_result_name(AVER_NO_MATTER), "skip");
    for (int i = 0; i < AVER_GROUPS; i++) {
        assert_non_null(aver_group_name((enum aver_group)i));
        assert_non_null(aver_group_question((enum aver_group)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(word_follows_from_results),
        cmocka_unit_test(zeroed_is_not_trusted),
        cmocka_unit_test(what_is_not_required_decides_nothing),
        cmocka_unit_test(reason_is_the_first_that_counts),
        cmocka_unit_test(too_many_checks_never_verify),
        cmocka_unit_test(every_name_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
