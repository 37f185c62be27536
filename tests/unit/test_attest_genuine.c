/* SPDX-License-Identifier: Apache-2.0
 *
 * genuine: the platform that a quote names, and bundles that are, and are not,
 * what the vendor signed for it. */
#include "attest/genuine.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define QUOTE "tdx/cases/real-nanogpt-0610/quote.bin"
#define BUNDLE "tdx/collateral/90c06f-20260610.json"
#define SIM_QUOTE "tdx/sim/sim-good/quote.bin"
#define SIM_BUNDLE "tdx/sim/collateral.json"
#define NOW 1782349220   /* 2026-06-25 */
#define UNTIL 1783643788 /* 2026-07-10T00:36:28Z */
#define BEGUN 1781054653 /* 2026-06-10T01:24:13Z, the PCK CRL */

static int platform_of(struct pcs_platform *p, struct aver_bytes quote,
                       struct aver_error *err)
{
    struct aver_quote q;

    assert_int_equal(aver_quote_parse(&q, quote, err), 0);
    return genuine_platform(p, &q, err);
}

static void test_platforms(void **state)
{
    static const struct {
        const char *quote, *fmspc;
        bool sgx, processor;
    } cases[] = {
        {QUOTE, "90c06f000000", false, false},
        {SIM_QUOTE, "ff0a7e500000", false, false},
        {"tdx/cases/real-dcapqvl-sgx-v3/quote.bin", "00a067110000", true, true},
    };
    struct pcs_platform p;
    struct aver_error err;
    char fmspc[13];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf quote = vectors_file(cases[i].quote);
        assert_int_equal(platform_of(&p, aver_buf_view(&quote), &err), 0);
        aver_hex_encode(fmspc, p.fmspc, 6);
        assert_string_equal(fmspc, cases[i].fmspc);
        assert_int_equal(p.sgx, cases[i].sgx);
        assert_int_equal(p.processor, cases[i].processor);
        aver_buf_clear(&quote);
    }
}

static void test_no_platform(void **state)
{
    struct aver_buf quote = vectors_file(QUOTE);
    uint8_t *pem = memmem(quote.p, quote.n, "-----BEGIN", 10);
    struct pcs_platform p;
    struct aver_error err;

    (void)state;
    assert_non_null(pem);
    pem[100] = '!';
    assert_int_equal(platform_of(&p, aver_buf_view(&quote), &err), -1);
    assert_non_null(strstr(err.text, "cannot be read"));
    aver_buf_clear(&quote);
}

struct ask {
    const char *bundle, *quote;
    bool simulated;
    int64_t now;
};

static int judge(const struct ask *a, const char *from, const char *to,
                 int64_t *until, struct aver_error *err)
{
    struct aver_buf bundle = vectors_file(a->bundle);
    struct aver_buf quote = vectors_file(a->quote);
    uint8_t *at =
        from != NULL ? memmem(bundle.p, bundle.n, from, strlen(from)) : NULL;

    *err = (struct aver_error){0};
    assert_int_equal(from != NULL, at != NULL);
    if (at != NULL)
        memcpy(at, to, strlen(to));
    int rc = genuine_bundle(aver_buf_view(&bundle), aver_buf_view(&quote),
                            a->simulated, a->now, until, err);
    assert_int_equal(rc != 0, err->text[0] != '\0');
    aver_buf_clear(&bundle);
    aver_buf_clear(&quote);
    return rc;
}

static void expect(const struct ask *a, const char *why)
{
    struct aver_error err;
    int64_t until = -1;
    int rc = judge(a, NULL, NULL, &until, &err);

    assert_int_equal(rc, why == NULL ? 0 : -1);
    if (why != NULL && strstr(err.text, why) == NULL)
        fail_msg("%s is not in %s", why, err.text);
    if (why != NULL)
        assert_int_equal(until, 0);
}

static void test_real(void **state)
{
    const struct ask good = {BUNDLE, QUOTE, false, NOW};
    struct ask a = good;
    struct aver_error err;
    int64_t until;

    (void)state;
    assert_int_equal(judge(&good, NULL, NULL, &until, &err), 0);
    assert_int_equal(until, UNTIL);
    a.now = UNTIL;
    expect(&a, NULL);
    a.now = UNTIL + 1;
    expect(&a, "tdx.not_expired: ");
    a.now = BEGUN;
    expect(&a, NULL);
    a.now = BEGUN - 1;
    expect(&a, "tdx.begun: ");
    a = good;
    a.bundle = "tdx/collateral/b0c06f-20260610.json";
    expect(&a, "tdx.");
    a = good;
    a.quote = "tdx/cases/real-dcapqvl-sgx-v3/quote.bin";
    expect(&a, "tdx.");
    assert_int_equal(
        judge(&good, "OutOfDate\\\"", "UpToDate\\\" ", &until, &err), -1);
    assert_non_null(strstr(err.text, "tdx.tcb_info_signature: "));
}

/* Whose root counts is said, and one never stands in for the other. */
static void test_simulated(void **state)
{
    struct ask a = {SIM_BUNDLE, SIM_QUOTE, true, NOW};

    (void)state;
    expect(&a, NULL);
    a.simulated = false;
    expect(&a, "tdx.pck_chain: ");
    a = (struct ask){BUNDLE, QUOTE, true, NOW};
    expect(&a, "tdx.pck_chain: ");
    a = (struct ask){"tdx/sim/sim-pck-crl-expired/collateral.json", SIM_QUOTE,
                     true, NOW};
    expect(&a, "tdx.not_expired: ");
}

int main(int argc, char **argv)
{
    vectors_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_platforms),
        cmocka_unit_test(test_no_platform),
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_simulated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
