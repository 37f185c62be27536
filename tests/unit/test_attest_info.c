/* SPDX-License-Identifier: Apache-2.0
 *
 * info: which texts are opened, which stay, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/info.h"
#include <string.h>

static void rows(void **state)
{
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } table[] = {
        {"{}", "{}"},
        {"{ \"b\": 1, \"a\": 2 }", "{\"b\":1,\"a\":2}"},
        {"{\"tcb_info\":\"{\\\"mrtd\\\":\\\"00\\\"}\",\"x\":\"{}\"}",
         "{\"tcb_info\":{\"mrtd\":\"00\"},\"x\":\"{}\"}"},
        {"{\"tcb_info\":{\"mrtd\":\"00\"}}",
         "{\"tcb_info\":{\"mrtd\":\"00\"}}"},
        {"{\"tcb_info\":\"\"}", "{\"tcb_info\":\"\"}"},
        {"{\"tcb_info\":{\"event_log\":\"[{}]\"}}",
         "{\"tcb_info\":{\"event_log\":[{}]}}"},
        {"{\"tcb_info\":{\"event_log\":[1]}}",
         "{\"tcb_info\":{\"event_log\":[1]}}"},
        /* every character of app_compose: its digest is measured */
        {"{\"tcb_info\":{\"app_compose\":\"{\\n  \\\"a\\\" : \\u00e9\\/ }\"}}",
         "{\"tcb_info\":{\"app_compose\":\"{\\n  \\\"a\\\" : \xc3\xa9/ }\"}}"},
        {"", NULL},
        {"[]", NULL},
        {"{\"tcb_info\":\"[]\"}", NULL},
        {"{\"tcb_info\":\"{\"}", NULL},
        {"{\"tcb_info\":{\"event_log\":\"{}\"}}", NULL},
        {"{\"a\":1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct aver_error err;
        struct aver_buf out;
        aver_buf_init(&out, 4096);
        int rc = info_write(&out, aver_bytes_str(table[i].in), &err);
        assert_int_equal(rc, table[i].out ? 0 : -1);
        if (table[i].out)
            assert_true(aver_bytes_is(aver_buf_view(&out), table[i].out));
        aver_buf_clear(&out);
    }
}

static void too_large(void **state)
{
    struct aver_error err;
    struct aver_buf out;

    (void)state;
    aver_buf_init(&out, 8);
    assert_int_equal(
        info_write(&out, aver_bytes_str("{\"abc\":\"defghi\"}"), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
