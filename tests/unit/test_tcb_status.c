/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_status: Intel's words, and the whole table by which two of them
 * converge. */
#include "verify/tcb_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *word;
    bool of_level, of_part;
} words[AVER_TCB_STATUSES] = {
    [AVER_TCB_NONE] = {"none", false, false},
    [AVER_TCB_UP_TO_DATE] = {"UpToDate", true, true},
    [AVER_TCB_SW_HARDENING] = {"SWHardeningNeeded", true, false},
    [AVER_TCB_CONFIGURATION] = {"ConfigurationNeeded", true, false},
    [AVER_TCB_CONFIGURATION_SW] = {"ConfigurationAndSWHardeningNeeded", true,
                                   false},
    [AVER_TCB_OUT_OF_DATE] = {"OutOfDate", true, true},
    [AVER_TCB_OUT_OF_DATE_CONFIGURATION] = {"OutOfDateConfigurationNeeded",
                                            true, false},
    [AVER_TCB_RELAUNCH] = {"TDRelaunchAdvised", false, false},
    [AVER_TCB_RELAUNCH_CONFIGURATION] = {"TDRelaunchAdvisedConfigurationNeeded",
                                         false, false},
    [AVER_TCB_REVOKED] = {"Revoked", true, true},
};

static void each_word(void **state)
{
    (void)state;
    for (unsigned i = 0; i < AVER_TCB_STATUSES; i++) {
        enum aver_tcb_status s = AVER_TCB_NONE, have = i;
        int rc = aver_tcb_status_parse(&s, aver_bytes_str(words[i].word));

        assert_string_equal(aver_tcb_status_name(have), words[i].word);
        assert_int_equal(rc, i == AVER_TCB_NONE ? -1 : 0);
        assert_int_equal(s, have);
        assert_int_equal(aver_tcb_status_of_level(have), words[i].of_level);
        assert_int_equal(aver_tcb_status_of_part(have), words[i].of_part);
    }
}

static void no_words(void **state)
{
    static const char *const cases[] = {
        "",           "uptodate", "UPTODATE",    "UpToDate ",
        " UpToDate",  "UpToDat",  "UpToDates",   "OutofDate",
        "Unknown",    "None",     "OUT_OF_DATE", "Revoked\n",
        "TDRelaunch",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum aver_tcb_status s = AVER_TCB_REVOKED;

        assert_int_equal(aver_tcb_status_parse(&s, aver_bytes_str(cases[i])),
                         -1);
        assert_int_equal(s, AVER_TCB_REVOKED); /* untouched */
    }
    enum aver_tcb_status s;
    assert_int_equal(aver_tcb_status_parse(&s, aver_bytes_of("UpToDate", 9)),
                     -1);
}

/* Rows: a level; columns: what it becomes by a part that is OutOfDate. A part
 * that is UpToDate, or none, changes nothing; a withdrawn one all. */
static void whole_table(void **state)
{
    static const enum aver_tcb_status out_of_date[AVER_TCB_STATUSES] = {
        [AVER_TCB_UP_TO_DATE] = AVER_TCB_OUT_OF_DATE,
        [AVER_TCB_SW_HARDENING] = AVER_TCB_OUT_OF_DATE,
        [AVER_TCB_CONFIGURATION] = AVER_TCB_OUT_OF_DATE_CONFIGURATION,
        [AVER_TCB_CONFIGURATION_SW] = AVER_TCB_OUT_OF_DATE_CONFIGURATION,
        [AVER_TCB_OUT_OF_DATE] = AVER_TCB_OUT_OF_DATE,
        [AVER_TCB_OUT_OF_DATE_CONFIGURATION] =
            AVER_TCB_OUT_OF_DATE_CONFIGURATION,
        [AVER_TCB_RELAUNCH] = AVER_TCB_RELAUNCH,
        [AVER_TCB_RELAUNCH_CONFIGURATION] = AVER_TCB_RELAUNCH_CONFIGURATION,
        [AVER_TCB_REVOKED] = AVER_TCB_REVOKED,
    };

    (void)state;
    for (unsigned i = AVER_TCB_UP_TO_DATE; i < AVER_TCB_STATUSES; i++) {
        enum aver_tcb_status level = i;

        assert_int_equal(aver_tcb_status_merge(level, AVER_TCB_NONE), level);
        assert_int_equal(aver_tcb_status_merge(level, AVER_TCB_UP_TO_DATE),
                         level);
        assert_int_equal(aver_tcb_status_merge(level, AVER_TCB_OUT_OF_DATE),
                         out_of_date[i]);
        assert_int_equal(aver_tcb_status_merge(level, AVER_TCB_REVOKED),
                         AVER_TCB_REVOKED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_word),
        cmocka_unit_test(no_words),
        cmocka_unit_test(whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
