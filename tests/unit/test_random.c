/* SPDX-License-Identifier: Apache-2.0
 *
 * random: all bytes asked for are written, none beyond, never the same. */
#include "crypto/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_fills(void **state)
{
    (void)state;
    uint8_t seen[64] = {0}, buf[66];

    for (int round = 0; round < 32; round++) {
        memset(buf, 0, sizeof(buf));
        aver_random(buf + 1, 64);
        assert_int_equal(buf[0], 0);
        assert_int_equal(buf[65], 0);
        for (int i = 0; i < 64; i++)
            seen[i] |= buf[i + 1];
    }
    for (int i = 0; i < 64; i++)
        assert_int_not_equal(seen[i], 0); /* wrongly once in 2^250 */
    aver_random(buf, 0);
}

static void test_differs(void **state)
{
    (void)state;
    static uint8_t a[1000], b[1000];

    aver_random(a, sizeof(a));
    aver_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(a, a + 500, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills),
        cmocka_unit_test(test_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
