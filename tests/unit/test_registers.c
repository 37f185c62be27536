/* SPDX-License-Identifier: Apache-2.0
 *
 * registers: what is copied from a quote of a TD, and of an enclave. */
#include "registers_of.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void of_a_machine(void **state)
{
    json_t *report = vectors_index("tdx/reports/venice-20260610.json");
    struct aver_buf bytes = vectors_hex(report, "intel_quote");
    struct aver_registers want = registers_of(aver_buf_view(&bytes)), got;
    struct aver_quote q;

    (void)state;
    assert_int_equal(aver_quote_parse(&q, aver_buf_view(&bytes), NULL), 0);
    memset(&got, 0xff, sizeof(got));
    aver_registers_of(&got, &q);
    assert_memory_equal(&got, &want, sizeof(got));
    assert_true(got.mrconfigid[0] == 1 && got.mrtd[0] == 0xb2);
    aver_buf_clear(&bytes);
    json_decref(report);
}

static void of_an_enclave(void **state)
{
    struct aver_buf bytes =
        vectors_file("tdx/cases/real-dcapqvl-sgx-v3/quote.bin");
    struct aver_registers r;
    struct aver_quote q;

    (void)state;
    assert_int_equal(aver_quote_parse(&q, aver_buf_view(&bytes), NULL), 0);
    aver_registers_of(&r, &q);
    assert_true(r.has_report_data);
    assert_false(r.has_mrtd || r.has_rtmr[0] || r.has_rtmr[3] ||
                 r.has_configid || r.has_mrseam);
    aver_buf_clear(&bytes);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_machine),
        cmocka_unit_test(of_an_enclave),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
