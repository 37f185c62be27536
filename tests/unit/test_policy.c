/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: every name of a relaxation, names that are none, times, roots. */
#include "vectors.h"
#include "verify/policy.h"
#include "verify/roots.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_name(void **state)
{
    static const struct {
        const char *name;
        unsigned allow, statuses;
    } cases[] = {
        {"debug", AVER_ALLOW_DEBUG, 0},
        {"trailing-bytes", AVER_ALLOW_TRAILING_BYTES, 0},
        {"sept-ve-disable-clear", AVER_ALLOW_SEPT_VE_DISABLE_CLEAR, 0},
        {"service-td", AVER_ALLOW_SERVICE_TD, 0},
        {"auth-slack", AVER_ALLOW_AUTH_SLACK, 0},
        {"qe-report-data-tail", AVER_ALLOW_QE_REPORT_DATA_TAIL, 0},
        {"root-self-revocation", AVER_ALLOW_ROOT_SELF_REVOCATION, 0},
        {"tcb=any", 0, ~0U},
        {"tcb=OutOfDate", 0, 1U << AVER_TCB_OUT_OF_DATE},
        {"tcb=outofdate", 0, 1U << AVER_TCB_OUT_OF_DATE},
        {"tcb=TDRelaunchAdvised", 0, 1U << AVER_TCB_RELAUNCH},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_policy p = {0};

        assert_int_equal(aver_policy_allow(&p, cases[i].name, NULL), 0);
        assert_int_equal(p.allow, cases[i].allow);
        assert_true(p.statuses == cases[i].statuses);
    }
}

static void they_add_up(void **state)
{
    struct aver_policy p = {0};

    (void)state;
    assert_int_equal(aver_policy_allow(&p, "debug", NULL), 0);
    assert_int_equal(aver_policy_allow(&p, "service-td", NULL), 0);
    assert_int_equal(aver_policy_allow(&p, "tcb=OutOfDate", NULL), 0);
    assert_int_equal(aver_policy_allow(&p, "tcb=SWHardeningNeeded", NULL), 0);
    assert_int_equal(p.allow, AVER_ALLOW_DEBUG | AVER_ALLOW_SERVICE_TD);
    assert_int_equal(p.statuses,
                     1U << AVER_TCB_OUT_OF_DATE | 1U << AVER_TCB_SW_HARDENING);
}

static void no_name(void **state)
{
    static const struct {
        const char *name, *say;
    } cases[] = {
        {"", "nothing is relaxed"},
        {"debugg", "did you mean debug?"},
        {"Debug", "did you mean debug?"},
        {"everything", "nothing is relaxed"},
        {"tcb", "nothing is relaxed"},
        {"tcb=", "no status"},
        {"tcb=OutOfDat", "did you mean OutOfDate?"},
        {"tcb=Revoked", "no status that can be allowed"},
        {"tcb=none", "no status that can be allowed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_policy p = {0};
        struct aver_error err = {0};

        assert_int_equal(aver_policy_allow(&p, cases[i].name, &err), -1);
        if (strstr(err.text, cases[i].say) == NULL)
            fail_msg("%s: %s", cases[i].name, err.text);
        assert_int_equal(p.allow, 0);
        assert_int_equal(p.statuses, 0);
    }
}

static void demands(void **state)
{
    static const char *const bad[] = {"",
                                      "fmspc",
                                      "fmspc=",
                                      "fmspc=b0c06f0000",
                                      "max-age=0",
                                      "max-age",
                                      "max-age=x",
                                      "tcb-evaluation=",
                                      "tcb-evaluation=-1",
                                      "age=5"};
    struct aver_policy p = {0};
    struct aver_error err;

    (void)state;
    assert_int_equal(aver_policy_require(&p, "tcb-evaluation=17", NULL), 0);
    assert_int_equal(aver_policy_require(&p, "max-age=604800", NULL), 0);
    assert_int_equal(aver_policy_require(&p, "fmspc=B0C06F000000", NULL), 0);
    assert_true(p.min_evaluation == 17 && p.max_age == 604800);
    assert_true(p.has_fmspc && p.fmspc[0] == 0xb0 && p.fmspc[2] == 0x6f);
    /* The weaker of two would undo the stricter. */
    assert_int_equal(aver_policy_require(&p, "tcb-evaluation=1", NULL), -1);
    assert_int_equal(aver_policy_require(&p, "max-age=999999999", NULL), -1);
    assert_int_equal(aver_policy_require(&p, "fmspc=00806f050000", NULL), -1);
    assert_true(p.min_evaluation == 17 && p.max_age == 604800);
    assert_true(p.fmspc[0] == 0xb0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        p = (struct aver_policy){0};
        assert_int_equal(aver_policy_require(&p, bad[i], &err), -1);
        assert_false(p.has_fmspc);
    }
    assert_int_equal(aver_policy_require(&p, "tcb-evaluatio=1", &err), -1);
    assert_non_null(strstr(err.text, "did you mean tcb-evaluation?"));
}

static void expectations(void **state)
{
    static const char *const bad[] = {
        "", "mrtd", ":app-id=00", "gateway:", "gateway:app-id", "nothing=00"};
    static const char value[] = "0102030405060708090a0b0c0d0e0f1011121314";
    struct aver_policy p = {0};
    struct aver_error err;
    char text[120];

    (void)state;
    snprintf(text, sizeof(text), "app-id=%s", value);
    assert_int_equal(aver_policy_expect_text(&p, text, NULL), 0);
    assert_true(p.expect.of[AVER_EXPECT_APP_ID].set);
    assert_int_equal(p.nscopes, 0);
    for (unsigned i = 0; i < AVER_EXPECT_SCOPES; i++) {
        snprintf(text, sizeof(text), "model %u:app-id=%s", i, value);
        assert_int_equal(aver_policy_expect_text(&p, text, NULL), 0);
        assert_int_equal(aver_policy_expect_text(&p, text, NULL), -1);
    }
    assert_int_equal(p.nscopes, AVER_EXPECT_SCOPES);
    assert_string_equal(p.scope[7].name, "model 7");
    assert_int_equal(p.scope[7].expect.of[AVER_EXPECT_APP_ID].v[19], 0x14);
    snprintf(text, sizeof(text), "gateway:app-id=%s", value);
    assert_int_equal(aver_policy_expect_text(&p, text, &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct aver_policy q = {0};

        assert_int_equal(aver_policy_expect_text(&q, bad[i], &err), -1);
        assert_false(aver_expect_any(&q.expect));
    }
}

static void times(void **state)
{
    int64_t at = 0;

    (void)state;
    assert_int_equal(aver_policy_time(&at, "1780272000", NULL), 0);
    assert_int_equal(at, 1780272000);
    assert_int_equal(aver_policy_time(&at, "2026-06-01T00:00:01Z", NULL), 0);
    assert_int_equal(at, 1780272001);
    static const char *const bad[] = {"", "-1", "yesterday",
                                      "2026-06-01T00:00:00+02:00",
                                      "99999999999999999999"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(aver_policy_time(&at, bad[i], NULL), -1);
}

static void roots(void **state)
{
    static const struct {
        const char *file;
        const uint8_t *pin;
    } all[] = {
        {"tdx/roots/intel-sgx-root-ca.pem", aver_root_intel},
        {"gpu/roots/nvidia-device-identity-root.pem", aver_root_nvidia},
        {"gpu/roots/nvidia-corim-signing-root.pem", aver_root_rim},
    };
    struct aver_policy p = {0};
    const bool *const has[] = {&p.has_root, &p.has_gpu_root, &p.has_rim_root};
    const uint8_t *const root[] = {p.root, p.gpu_root, p.rim_root};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct aver_buf pem = vectors_file(all[i].file);

        assert_int_equal(aver_policy_root(&p, (enum aver_root)i,
                                          aver_bytes_str("no PEM"), NULL),
                         -1);
        assert_false(*has[i]);
        assert_int_equal(
            aver_policy_root(&p, (enum aver_root)i, aver_buf_view(&pem), NULL),
            0);
        assert_true(*has[i]);
        assert_memory_equal(root[i], all[i].pin, 32);
        aver_buf_clear(&pem);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name),   cmocka_unit_test(they_add_up),
        cmocka_unit_test(no_name),      cmocka_unit_test(times),
        cmocka_unit_test(expectations), cmocka_unit_test(demands),
        cmocka_unit_test(roots),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
