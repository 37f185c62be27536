/* SPDX-License-Identifier: Apache-2.0
 *
 * evidence: quotes and GPU reports over what was asked for, over something
 * else, and things that are neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/evidence.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

static uint8_t report_data[64], nonce[32];

static enum aver_error_code check(const uint8_t *quote, size_t n)
{
    struct aver_error err = {.code = AVER_OK};
    int rc = evidence_check_quote(aver_bytes_of(quote, n), report_data, &err);

    assert_int_equal(rc == 0, err.code == AVER_OK);
    return err.code;
}

static void version_4(void **state)
{
    uint8_t quote[1000] = {4, 0, 2, 0, 0x81};

    (void)state;
    memset(report_data, 0xab, 64);
    memcpy(quote + 568, report_data, 64);
    assert_int_equal(check(quote, sizeof(quote)), AVER_OK);
    assert_int_equal(check(quote, 632), AVER_OK);
    assert_int_equal(check(quote, 631), AVER_EFORMAT);
    assert_int_equal(check(quote, 0), AVER_EFORMAT);
    for (size_t i = 568; i < 632; i++) {
        quote[i] ^= 1;
        assert_int_equal(check(quote, sizeof(quote)), AVER_EMISMATCH);
        quote[i] ^= 1;
    }
    quote[4] = 0; /* SGX */
    assert_int_equal(check(quote, sizeof(quote)), AVER_EFORMAT);
    quote[4] = 0x81;
    quote[0] = 3;
    assert_int_equal(check(quote, sizeof(quote)), AVER_EFORMAT);
    quote[0] = 6;
    assert_int_equal(check(quote, sizeof(quote)), AVER_EFORMAT);
}

static void version_5(void **state)
{
    static const struct {
        uint8_t type, size[2];
        enum aver_error_code want;
    } rows[] = {
        {2, {0x48, 2}, AVER_OK},      /* 584 */
        {3, {0x88, 2}, AVER_OK},      /* 648 */
        {2, {0x88, 2}, AVER_EFORMAT}, /* size of the other */
        {3, {0x48, 2}, AVER_EFORMAT}, {1, {0x80, 1}, AVER_EFORMAT}, /* SGX */
        {4, {0x48, 2}, AVER_EFORMAT},
    };
    uint8_t quote[1000] = {5, 0, 2, 0, 0x81};

    (void)state;
    memcpy(quote + 574, report_data, 64);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        quote[48] = rows[i].type;
        memcpy(quote + 50, rows[i].size, 2);
        assert_int_equal(check(quote, sizeof(quote)), rows[i].want);
    }
    memcpy(quote + 48, "\x02\x00\x48\x02\x00\x00", 6);
    assert_int_equal(check(quote, 638), AVER_OK);
    assert_int_equal(check(quote, 637), AVER_EFORMAT);
    memset(quote + 574, 0, 64);
    memcpy(quote + 568, report_data, 64); /* where version 4 has it */
    assert_int_equal(check(quote, sizeof(quote)), AVER_EMISMATCH);
}

/* One GPU's member, evidence of `n` bytes with the nonce xor `flip`. */
static void put_gpu(struct aver_buf *b, const char *arch, size_t n,
                    uint8_t flip)
{
    uint8_t spdm[64] = {0x11, 0xe0, 1, 0xff};

    memcpy(spdm + 4, nonce, 32);
    spdm[35] ^= flip;
    assert_int_equal(aver_buf_printf(b,
                                     "{\"certificate\":\"QUJD\",\"arch\":"
                                     "\"%s\",\"evidence\":\"",
                                     arch),
                     0);
    assert_int_equal(aver_base64_encode_buf(b, aver_bytes_of(spdm, n)), 0);
    assert_int_equal(aver_buf_append_str(b, "\"}"), 0);
}

static enum aver_error_code check_list(struct aver_bytes list,
                                       const char *want_arch)
{
    struct aver_error err = {.code = AVER_OK};
    char arch[EVIDENCE_ARCH_MAX] = "";
    int rc = evidence_check_gpus(list, nonce, arch, &err);

    assert_int_equal(rc == 0, err.code == AVER_OK);
    if (rc == 0)
        assert_string_equal(arch, want_arch);
    return err.code;
}

static void gpus(void **state)
{
    static const struct {
        const char *arch;
        size_t n;
        uint8_t flip;
        enum aver_error_code want;
    } rows[] = {
        {"HOPPER", 64, 0, AVER_OK},
        {"BLACKWELL", 37, 0, AVER_OK},
        {"HOPPER", 36, 0, AVER_EFORMAT},
        {"HOPPER", 0, 0, AVER_EFORMAT},
        {"", 64, 0, AVER_EFORMAT},
        {"A-NAME-OF-16-BYT", 64, 0, AVER_EFORMAT},
        {"HOPPER", 64, 1, AVER_EMISMATCH},
    };

    (void)state;
    memset(nonce, 0xcd, 32);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct aver_buf b;
        aver_buf_init(&b, 4096);
        assert_int_equal(aver_buf_append_str(&b, "["), 0);
        put_gpu(&b, "HOPPER", 64, 0); /* a good one before it */
        assert_int_equal(aver_buf_append_str(&b, ","), 0);
        put_gpu(&b, rows[i].arch, rows[i].n, rows[i].flip);
        assert_int_equal(aver_buf_append_str(&b, "]"), 0);
        assert_int_equal(check_list(aver_buf_view(&b), "HOPPER"), rows[i].want);
        aver_buf_clear(&b);
    }
}

static void lists(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[",
        "[1]",
        "[{}]",
        "null",
        "[{\"certificate\":\"QUJD\",\"arch\":\"HOPPER\",\"evidence\":\"*\"}]",
        "[{\"arch\":\"HOPPER\",\"evidence\":\"QUJD\"}]",
    };

    (void)state;
    assert_int_equal(check_list(aver_bytes_str("[]"), "NONE"), AVER_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(check_list(aver_bytes_str(bad[i]), ""), AVER_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_4),
        cmocka_unit_test(version_5),
        cmocka_unit_test(gpus),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
