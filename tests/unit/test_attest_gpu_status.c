/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_status: a word of its own for each state, and the object of /health. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/backend.h"
#include "attest/gpu_status.h"
#include <stdio.h>
#include <string.h>

static void words_are_words_and_differ(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < GPU_STATES; i++) {
        const char *word = gpu_state_word(i);
        assert_non_null(word);
        assert_true(strlen(word) > 1);
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(word));
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(word, gpu_state_word(k));
        assert_int_equal(gpu_state_failed(i), i > GPU_SIMULATED);
    }
    assert_string_equal(gpu_state_word(GPU_STATES), "unknown");
    assert_false(gpu_state_failed(GPU_STATES));
}

/* What a report's failure becomes over HTTP: 503, 504, else 502. */
static void each_has_its_status(void **state)
{
    static const struct {
        enum gpu_state state;
        enum attest_status status;
    } rows[] = {
        {GPU_LOST, ATTEST_ABSENT},         {GPU_CC_OFF, ATTEST_ABSENT},
        {GPU_NO_DRIVER, ATTEST_ABSENT},    {GPU_NOT_READY, ATTEST_ABSENT},
        {GPU_TIMEOUT, ATTEST_SLOW},        {GPU_HANGS, ATTEST_SLOW},
        {SWITCH_TIMEOUT, ATTEST_SLOW},     {GPU_WRONG_NONCE, ATTEST_WRONG},
        {GPU_UNKNOWN_ERROR, ATTEST_WRONG}, {GPU_NOT_SUPPORTED, ATTEST_WRONG},
        {SWITCH_NONE, ATTEST_ABSENT},      {SWITCH_BAD_REPORT, ATTEST_WRONG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct gpu_status s = {0};
        struct aver_error err = {0};

        assert_int_equal(
            gpu_fail(&s, rows[i].state, 7, &err, "%s %d", "GPU", 3), -1);
        assert_int_equal(s.state, rows[i].state);
        assert_int_equal(s.error, 7);
        assert_string_equal(err.text, "GPU 3");
        assert_int_equal(attest_status_of(err.code), rows[i].status);
    }
}

static void objects(void **state)
{
    static const struct {
        struct gpu_status s;
        const char *text;
    } rows[] = {
        {{0}, "{\"state\":\"unknown\"}"},
        {{.state = GPU_NONE, .missing = GPU_NO_LIBRARY},
         "{\"state\":\"none\",\"missing\":\"no_library\"}"},
        {{.state = GPU_SIMULATED, .gpus = 1},
         "{\"state\":\"simulated\",\"count\":1}"},
        {{.state = SWITCH_TIMEOUT, .error = -8},
         "{\"state\":\"nvswitch_timeout\",\"error\":-8}"},
        {{.state = GPU_OK,
          .gpus = 8,
          .switches = 4,
          .environment = GPU_ENV_PROD,
          .multi = GPU_PPCIE,
          .ready = GPU_READY_YES,
          .driver = "580.126.20"},
         "{\"state\":\"ok\",\"count\":8,\"nvswitches\":4,"
         "\"driver\":\"580.126.20\",\"environment\":\"production\","
         "\"multi_gpu\":\"protected_pcie\",\"ready\":true}"},
        {{.state = GPU_LOST,
          .error = 15,
          .environment = GPU_ENV_SIMULATION,
          .ready = GPU_READY_NO},
         "{\"state\":\"lost\",\"error\":15,\"environment\":\"simulation\","
         "\"multi_gpu\":\"unknown\",\"ready\":false}"},
    };
    struct aver_buf out;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        aver_buf_init(&out, 1000);
        assert_true(gpu_status_ok(&rows[i].s));
        assert_int_equal(gpu_status_write(&out, &rows[i].s), 0);
        assert_true(aver_bytes_is(aver_buf_view(&out), rows[i].text));
        aver_buf_clear(&out);
        aver_buf_init(&out, 10);
        assert_true(gpu_status_write(&out, &rows[i].s) != 0);
        aver_buf_clear(&out);
    }
}

/* A driver's word ends in JSON and in the log. */
static void versions(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"580.126.20", "580.126.20"},
        {"", ""},
        {"\"},{\n5\x80 0", "50"},
        {"0123456789012345678901234567890123456789",
         "0123456789012345678901234567890"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct gpu_status s = {0};
        gpu_status_driver(&s, rows[i].in, strlen(rows[i].in));
        assert_string_equal(s.driver, rows[i].out);
        assert_true(gpu_status_ok(&s));
    }
}

static void what_no_process_of_ours_writes(void **state)
{
    struct gpu_status s[7] = {{.state = GPU_STATES}, {.missing = GPU_STATES},
                              {.environment = 3},    {.multi = 4},
                              {.ready = 3},          {.driver = "a\"b"},
                              {.state = GPU_OK}};

    (void)state;
    memset(s[6].driver, 'a', sizeof(s[6].driver));
    for (size_t i = 0; i < 7; i++)
        assert_false(gpu_status_ok(&s[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_words_and_differ),
        cmocka_unit_test(each_has_its_status),
        cmocka_unit_test(objects),
        cmocka_unit_test(versions),
        cmocka_unit_test(what_no_process_of_ours_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
