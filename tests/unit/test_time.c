/* SPDX-License-Identifier: Apache-2.0
 *
 * time: known dates, days that do not exist, other spellings; every day of
 * 400 years against timegm. */
#define _DEFAULT_SOURCE
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void known(void **state)
{
    static const struct {
        const char *text;
        int64_t at;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1},
        {"2026-06-01T00:00:00Z", 1780272000},
        {"2000-02-29T12:00:00Z", 951825600},
        {"2038-01-19T03:14:08Z", INT64_C(1) << 31},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"0000-01-01T00:00:00Z", -62167219200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[AVER_TIME_TEXT];
        int64_t at = 7;

        assert_int_equal(aver_time_parse(&at, aver_bytes_str(cases[i].text)),
                         0);
        assert_int_equal(at, cases[i].at);
        aver_time_format(text, at);
        assert_string_equal(text, cases[i].text);
    }
}

static void no_such_date(void **state)
{
    static const char *const cases[] = {
        "",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00z",
        "2026-01-01t00:00:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00.0Z",
        "2026-01-01T00:00:00Zx",
        "+026-01-01T00:00:00Z",
        "2026-1 -01T00:00:00Z",
        "2026/01/01T00:00:00Z",
        "2026-01-01T00-00:00Z",
        "2026-01-01T00:00-00Z",
    };
    int64_t at;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (aver_time_parse(&at, aver_bytes_str(cases[i])) != -1)
            fail_msg("%s is taken", cases[i]);
}

static void of_certificates(void **state)
{
    int64_t at;

    (void)state;
    assert_int_equal(aver_time_utc(&at, aver_bytes_str("491231235959Z")), 0);
    assert_int_equal(at, 2524607999); /* 2049 */
    assert_int_equal(aver_time_utc(&at, aver_bytes_str("500101000000Z")), 0);
    assert_int_equal(at, -631152000); /* 1950 */
    assert_int_equal(
        aver_time_generalized(&at, aver_bytes_str("20500101000000Z")), 0);
    assert_int_equal(at, 2524608000);
    static const char *const bad[] = {"",
                                      "4912312359Z",
                                      "491231235959",
                                      "4912312359590",
                                      "49123123595xZ",
                                      "491331235959Z"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char longer[32];

        snprintf(longer, sizeof(longer), "20%s", bad[i]);
        assert_int_equal(aver_time_utc(&at, aver_bytes_str(bad[i])), -1);
        assert_int_equal(aver_time_generalized(&at, aver_bytes_str(longer)),
                         -1);
    }
}

static void every_day(void **state)
{
    (void)state;
    for (int64_t at = -6000000000; at < 12000000000; at += 86399) {
        char text[AVER_TIME_TEXT], want[64];
        time_t t = (time_t)at;
        struct tm tm;
        int64_t back;

        assert_non_null(gmtime_r(&t, &tm));
        snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
        aver_time_format(text, at);
        assert_string_equal(text, want);
        assert_int_equal(aver_time_parse(&back, aver_bytes_str(text)), 0);
        assert_int_equal(back, at);
    }
}

static void beyond_four_digits(void **state)
{
    char text[AVER_TIME_TEXT];

    (void)state;
    aver_time_format(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    aver_time_format(text, INT64_MIN);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(no_such_date),
        cmocka_unit_test(of_certificates),
        cmocka_unit_test(every_day),
        cmocka_unit_test(beyond_four_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
