/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_options: what the options demand, and what is no demand at all. */
#include "cli/cli.h"
#include "cli/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX32 "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void nothing_asked(void **state)
{
    static const uint8_t zero[32];
    const struct judge_options o = {0};
    struct judge j;
    const struct aver_policy p_zero = {0};

    (void)state;
    memset(&j, 0xff, sizeof(j));
    assert_int_equal(judge_open(&j, &o), 0);
    const struct aver_policy p = j.policy;
    judge_close(&j);
    assert_int_equal(p.trust, AVER_TRUST_VENDOR);
    assert_int_equal(p.allow, p_zero.allow);
    assert_int_equal(p.statuses, 0);
    assert_false(p.has_root);
    assert_true(p.at > 1780272000); /* now */
    assert_false(p.has_nonce || p.has_key || p.has_spki || p.has_algo ||
                 p.has_gpu_count || p.as_of);
    assert_false(aver_expect_any(&p.expect));
    assert_memory_not_equal(p.simulator_root, zero, 32);
    assert_memory_not_equal(p.simulator_gpu_root, zero, 32);
}

static void all_asked(void **state)
{
    const struct judge_options o = {
        .trust = "simulator",
        .gpu_count = "8",
        .nonce = HEX32,
        .tls_spki = HEX32,
        .expect_address = "0xCaAA4842758658A85785Ad15367a700C601ffEA5",
        .expect = {"compose-hash=" HEX32,
                   "app-id=00112233445566778899aabbccddeeff00112233"},
        .algo = "ECDSA",
        .at = "2026-06-01T00:00:00Z",
        .allow = {"debug", "tcb=OutOfDate"}};
    struct judge j;

    (void)state;
    assert_int_equal(judge_open(&j, &o), 0);
    const struct aver_policy p = j.policy;
    assert_int_equal(j.e->ntcb, 1); /* the simulator's are built in */
    judge_close(&j);
    assert_int_equal(p.at, 1780272000);
    assert_int_equal(p.allow, AVER_ALLOW_DEBUG);
    assert_int_equal(p.statuses, 1U << AVER_TCB_OUT_OF_DATE);
    assert_int_equal(p.trust, AVER_TRUST_SIMULATOR);
    assert_true(p.has_gpu_count && p.gpu_count == 8);
    assert_true(p.has_nonce && p.nonce[1] == 0x11 && p.nonce[31] == 0xff);
    assert_true(p.has_spki && p.spki[1] == 0x11);
    assert_true(p.has_key && p.key.n == 20 && p.key.p[0] == 0xca);
    assert_true(p.has_algo && p.algo == AVER_ECDSA);
    assert_true(p.expect.of[AVER_EXPECT_COMPOSE_HASH].set &&
                p.expect.of[AVER_EXPECT_COMPOSE_HASH].v[31] == 0xff);
    assert_true(p.expect.of[AVER_EXPECT_APP_ID].set);
    assert_false(p.expect.of[AVER_EXPECT_MRTD].set);
}

static void refused(void **state)
{
    static const struct judge_options cases[] = {
        {.trust = "nobody"},
        {.trust = ""},
        {.trust = "Simulator"},
        {.gpu_count = ""},
        {.gpu_count = "-1"},
        {.gpu_count = "65"},
        {.gpu_count = "1x"},
        {.nonce = ""},
        {.nonce = "0x" HEX32},
        {.nonce = HEX32 "00"},
        {.tls_spki = "12"},
        {.algo = "rsa"},
        {.expect_address = ""},
        {.expect_address = "0x1234"},
        {.expect_address = HEX32 "0"},
        {.expect = {"compose-hash"}},
        {.expect = {"compose-hash="}},
        {.expect = {"compose-hash=" HEX32 "00"}},
        {.expect = {"=" HEX32}},
        {.expect = {"compose-hsah=" HEX32}},
        {.expect = {"compose-hash=" HEX32, "compose-hash=" HEX32}},
        {.at = "tomorrow"},
        {.allow = {"debug", "everything"}},
        {.allow = {"tcb=Revoked"}},
        {.trust = "simulator", .trust_root = "/dev/null"},
        {.trust_root = "/dev/null"}, /* no PEM */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct judge j;

        assert_int_equal(judge_open(&j, &cases[i]), EXIT_USAGE);
        judge_close(&j);
    }
}

static void files_that_are_not_there(void **state)
{
    static const struct judge_options cases[] = {
        {.trust_root = "/nonexistent"},
        {.collateral = {"/nonexistent"}},
        {.collateral = {"/dev/null"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct judge j;

        assert_int_equal(judge_open(&j, &cases[i]), EXIT_UNDECIDED);
        judge_close(&j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked),
        cmocka_unit_test(all_asked),
        cmocka_unit_test(refused),
        cmocka_unit_test(files_that_are_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
