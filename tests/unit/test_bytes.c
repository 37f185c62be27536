/* SPDX-License-Identifier: Apache-2.0
 *
 * bytes: comparisons, and a reader that stops at the end for good. */
#include "base/bytes.h"
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_compare(void **state)
{
    (void)state;
    struct aver_bytes a = aver_bytes_str("Content-Type");
    struct aver_bytes none = {0};

    assert_int_equal(a.n, 12);
    assert_true(aver_bytes_is(a, "Content-Type"));
    assert_false(aver_bytes_is(a, "content-type"));
    assert_false(aver_bytes_is(a, "Content-Typ"));
    assert_true(aver_bytes_is_nocase(a, "cONTENT-tYPE"));
    assert_false(aver_bytes_is_nocase(a, "content-typf"));
    assert_false(aver_bytes_is_nocase(a, "content-type2"));
    assert_true(aver_bytes_starts(a, "Content"));
    assert_true(aver_bytes_starts(a, ""));
    assert_false(aver_bytes_starts(a, "content"));
    assert_false(aver_bytes_starts(a, "Content-Type:"));
    assert_true(aver_bytes_equal(none, aver_bytes_str("")));
    assert_true(aver_bytes_starts(none, ""));
    assert_false(aver_bytes_equal(none, a));
}

/* Only letters fold: '@' and '`', '[' and '{' differ by the same bit. */
static void test_nocase_letters_only(void **state)
{
    (void)state;
    assert_false(aver_bytes_is_nocase(aver_bytes_str("@["), "`{"));
    assert_true(aver_bytes_is_nocase(aver_bytes_str("aZ09"), "Az09"));
    assert_false(aver_bytes_is_nocase(aver_bytes_of("a\0b", 3), "a"));
}

static void test_equal_ct(void **state)
{
    (void)state;
    uint8_t a[32] = {1, 2, 3}, b[32] = {1, 2, 3};

    assert_true(aver_bytes_equal_ct(a, b, sizeof(a)));
    for (size_t i = 0; i < sizeof(a); i++) {
        b[i] ^= 0x80;
        assert_false(aver_bytes_equal_ct(a, b, sizeof(a)));
        b[i] ^= 0x80;
    }
    assert_true(aver_bytes_equal_ct(a, b, 0));
}

static void test_wipe(void **state)
{
    (void)state;
    uint8_t a[8], zero[8] = {0};

    memset(a, 7, sizeof(a));
    aver_wipe(a, sizeof(a));
    assert_memory_equal(a, zero, sizeof(a));
    aver_wipe(NULL, 0);
}

static void test_reader(void **state)
{
    (void)state;
    uint8_t in[21];
    struct aver_reader r;

    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)(i + 1);
    aver_reader_init(&r, aver_bytes_of(in, sizeof(in)));
    assert_int_equal(aver_read_u8(&r), 0x01);
    assert_int_equal(aver_read_u16le(&r), 0x0302);
    assert_int_equal(aver_read_u32le(&r), 0x07060504);
    assert_true(aver_read_u64le(&r) == 0x0f0e0d0c0b0a0908);
    assert_int_equal(aver_read_u16be(&r), 0x1011);
    assert_int_equal(aver_read_u32be(&r), 0x12131415);
    assert_int_equal(r.n, 0);
    assert_false(r.failed);
    assert_int_equal(aver_read_bytes(&r, 0).n, 0);
    assert_false(r.failed);
}

static void test_reader_past_end(void **state)
{
    (void)state;
    static const uint8_t in[] = {1, 2, 3};
    struct aver_reader r;

    aver_reader_init(&r, aver_bytes_of(in, sizeof(in)));
    assert_int_equal(aver_read_u32le(&r), 0);
    assert_true(r.failed);
    assert_int_equal(aver_read_u8(&r), 0); /* though three bytes are left */
    assert_int_equal(aver_read_bytes(&r, 1).n, 0);
    aver_reader_init(&r, aver_bytes_of(in, sizeof(in)));
    assert_null(aver_read_bytes(&r, SIZE_MAX).p);
    assert_true(r.failed);
    aver_reader_init(&r, (struct aver_bytes){0});
    assert_int_equal(aver_read_u8(&r), 0);
    assert_true(r.failed);
}

static void test_fail(void **state)
{
    (void)state;
    struct aver_error err;

    assert_int_equal(aver_fail(NULL, AVER_EIO, "nobody listens"), -1);
    assert_int_equal(aver_fail(&err, AVER_ELIMIT, "a\nb %d", 7), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    assert_string_equal(err.text, "a?b 7");
    assert_int_equal(aver_fail(&err, AVER_EIO, "%01000d", 7), -1);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void trimmed(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},    {" ", ""},       {"\r\n\t ", ""},     {"a", "a"},
        {" a", "a"}, {"a \r\n", "a"}, {"\t a b\n", "a b"}, {"\va", "\va"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(aver_bytes_is(aver_bytes_trim(aver_bytes_str(cases[i][0])),
                                  cases[i][1]));
    assert_int_equal(aver_bytes_trim(aver_bytes_of(NULL, 0)).n, 0);
}

static void test_order(void **state)
{
    static const char *const sorted[] = {"", "a", "a\x01", "ab", "b", "\xff"};

    (void)state;
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            int d = aver_bytes_compare(aver_bytes_str(sorted[i]),
                                       aver_bytes_str(sorted[j]));
            assert_int_equal((d > 0) - (d < 0), (i > j) - (i < j));
        }
    assert_int_equal(
        aver_bytes_compare(aver_bytes_of(NULL, 0), aver_bytes_str("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(trimmed),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_nocase_letters_only),
        cmocka_unit_test(test_equal_ct),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_reader),
        cmocka_unit_test(test_reader_past_end),
        cmocka_unit_test(test_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
