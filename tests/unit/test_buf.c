/* SPDX-License-Identifier: Apache-2.0
 *
 * buf: growth up to the maximum, and nothing changed by a call that fails. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_append_until_full(void **state)
{
    (void)state;
    struct aver_buf b;
    uint8_t i = 0;

    aver_buf_init(&b, 200);
    assert_null(b.p);
    for (; aver_buf_append(&b, &i, 1) == 0; i++)
        ;
    assert_int_equal(i, 200);
    assert_int_equal(b.n, 200);
    assert_true(b.cap <= 200);
    for (i = 0; i < 200; i++)
        assert_int_equal(b.p[i], i);
    assert_int_equal(aver_buf_append(&b, NULL, 0), 0);
    aver_buf_clear(&b);
    assert_null(b.p);
    assert_int_equal(b.max, 200);
}

static void test_limits(void **state)
{
    (void)state;
    struct aver_buf b;

    aver_buf_init(&b, 10);
    assert_int_equal(aver_buf_append_str(&b, "12345"), 0);
    assert_int_equal(aver_buf_append_str(&b, "678901"), -1);
    assert_int_equal(aver_buf_reserve(&b, SIZE_MAX), -1);
    assert_int_equal(aver_buf_reserve(&b, 6), -1);
    assert_int_equal(aver_buf_reserve(&b, 5), 0);
    assert_true(b.cap <= 10);
    assert_true(aver_bytes_is(aver_buf_view(&b), "12345"));
    aver_buf_clear(&b);
    aver_buf_init(&b, 0);
    assert_int_equal(aver_buf_append_str(&b, ""), 0);
    assert_int_equal(aver_buf_append_str(&b, "x"), -1);
    assert_int_equal(aver_buf_view(&b).n, 0);
    aver_buf_clear(&b);
    aver_buf_init(&b, SIZE_MAX);
    assert_int_equal(aver_buf_append_str(&b, "x"), 0);
    assert_int_equal(aver_buf_reserve(&b, SIZE_MAX), -1);
    assert_true(aver_bytes_is(aver_buf_view(&b), "x"));
    aver_buf_clear(&b);
}

static void test_printf(void **state)
{
    (void)state;
    struct aver_buf b;

    aver_buf_init(&b, 2000);
    assert_int_equal(aver_buf_printf(&b, "%s=%d", "a", 7), 0);
    assert_true(aver_bytes_is(aver_buf_view(&b), "a=7"));
    assert_int_equal(aver_buf_printf(&b, "%0*d", 1997, 1), 0);
    assert_int_equal(b.n, 2000);
    assert_int_equal(b.p[1998], '0');
    assert_int_equal(b.p[1999], '1');
    assert_int_equal(aver_buf_printf(&b, "x"), -1);
    assert_int_equal(b.n, 2000);
    assert_int_equal(aver_buf_printf(&b, "%s", ""), 0);
    aver_buf_clear(&b);
    aver_buf_init(&b, 3);
    assert_int_equal(aver_buf_printf(&b, "%d", 1234), -1);
    assert_int_equal(b.n, 0);
    assert_int_equal(aver_buf_printf(&b, "%d", 123), 0);
    aver_buf_clear(&b);
}

static void test_consume(void **state)
{
    (void)state;
    struct aver_buf b;

    aver_buf_init(&b, 100);
    aver_buf_consume(&b, 3);
    assert_int_equal(aver_buf_append_str(&b, "abcdef"), 0);
    aver_buf_consume(&b, 0);
    aver_buf_consume(&b, 2);
    assert_true(aver_bytes_is(aver_buf_view(&b), "cdef"));
    aver_buf_consume(&b, 99);
    assert_int_equal(b.n, 0);
    assert_int_equal(aver_buf_append_str(&b, "g"), 0);
    assert_true(aver_bytes_is(aver_buf_view(&b), "g"));
    aver_buf_wipe(&b);
    assert_null(b.p);
    aver_buf_wipe(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_until_full),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_printf),
        cmocka_unit_test(test_consume),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
