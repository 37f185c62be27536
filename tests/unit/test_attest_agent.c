/* SPDX-License-Identifier: Apache-2.0
 *
 * agent: answers of the guest agent that are right, and one flaw at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/agent.h"
#include <string.h>

#define ECHO_1 "00000000000000000000000000000000000000000000000000000000000000"
#define ECHO_0 ECHO_1 ECHO_1 "0000"

static const uint8_t zeros[64];

static void quotes(void **state)
{
    static const struct {
        const char *in;
        enum aver_error_code want;
    } table[] = {
        {"{\"quote\":\"0400\"}", AVER_OK},
        {"{\"quote\":\"0x0400\",\"report_data\":\"" ECHO_0 "\"}", AVER_OK},
        {"{\"quote\":\"04\",\"event_log\":\"[]\",\"vm_config\":\"{}\"}",
         AVER_OK},
        {"{\"quote\":\"04\",\"event_log\":\"\",\"hash_algorithm\":\"raw\"}",
         AVER_OK},
        {"{\"quote\":\"04\",\"report_data\":\"" ECHO_1 "\"}", AVER_EMISMATCH},
        {"{\"quote\":\"04\",\"report_data\":\"" ECHO_1 ECHO_1 "0001\"}",
         AVER_EMISMATCH},
        {"{\"quote\":\"04\",\"report_data\":7}", AVER_EMISMATCH},
        {"{\"quote\":\"\"}", AVER_EFORMAT},
        {"{\"quote\":\"0\"}", AVER_EFORMAT},
        {"{\"quote\":\"0g\"}", AVER_EFORMAT},
        {"{\"quote\":4}", AVER_EFORMAT},
        {"{}", AVER_EFORMAT},
        {"{\"quote\":\"04\",\"event_log\":\"{}\"}", AVER_EFORMAT},
        {"{\"quote\":\"04\",\"event_log\":\"[\"}", AVER_EFORMAT},
        {"[]", AVER_EFORMAT},
        {"{\"quote\":\"04", AVER_EFORMAT},
        {"", AVER_EFORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct aver_error err = {.code = AVER_OK};
        struct cpu_evidence e;
        cpu_evidence_init(&e);
        int rc = agent_read_quote(&e, aver_bytes_str(table[i].in), zeros, &err);
        assert_int_equal(err.code, table[i].want);
        assert_int_equal(rc, table[i].want == AVER_OK ? 0 : -1);
        if (rc == 0)
            assert_int_equal(e.quote.p[0], 4);
        cpu_evidence_clear(&e);
    }
}

static void exact_texts(void **state)
{
    static const char in[] =
        "{\"quote\":\"04\",\"event_log\":\"[ {\\\"imr\\\" : 3} ]\","
        "\"vm_config\":\"{ \\\"a\\\":1 }\"}";
    struct cpu_evidence e;
    struct aver_error err;

    (void)state;
    cpu_evidence_init(&e);
    assert_int_equal(agent_read_quote(&e, aver_bytes_str(in), zeros, &err), 0);
    assert_true(
        aver_bytes_is(aver_buf_view(&e.event_log), "[ {\"imr\" : 3} ]"));
    assert_true(aver_bytes_is(aver_buf_view(&e.vm_config), "{ \"a\":1 }"));
    /* info does not overwrite what came with the quote */
    assert_int_equal(
        agent_read_info(&e, aver_bytes_str("{\"vm_config\":\"other\"}"), &err),
        0);
    assert_true(aver_bytes_is(aver_buf_view(&e.vm_config), "{ \"a\":1 }"));
    assert_true(
        aver_bytes_is(aver_buf_view(&e.info), "{\"vm_config\":\"other\"}"));
    cpu_evidence_clear(&e);
}

static void infos(void **state)
{
    struct cpu_evidence e;
    struct aver_error err;

    (void)state;
    cpu_evidence_init(&e);
    assert_int_equal(
        agent_read_info(&e, aver_bytes_str("{\"vm_config\":\"x\"}"), &err), 0);
    assert_true(aver_bytes_is(aver_buf_view(&e.vm_config), "x"));
    assert_int_equal(agent_read_info(&e, aver_bytes_str("[1]"), &err), -1);
    assert_int_equal(agent_read_info(&e, aver_bytes_str("<html>"), &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    cpu_evidence_clear(&e);
}

static void excerpts(void **state)
{
    char out[AGENT_EXCERPT + 1];
    uint8_t long_one[1000];

    (void)state;
    agent_excerpt(out, aver_bytes_str("a\n\x1b[1m\xc3\xa9 z"));
    assert_string_equal(out, "a..[1m.. z");
    memset(long_one, 'x', sizeof(long_one));
    agent_excerpt(out, aver_bytes_of(long_one, sizeof(long_one)));
    assert_int_equal(strlen(out), AGENT_EXCERPT);
    agent_excerpt(out, aver_bytes_of(NULL, 0));
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes),
        cmocka_unit_test(exact_texts),
        cmocka_unit_test(infos),
        cmocka_unit_test(excerpts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
