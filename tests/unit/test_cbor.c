/* SPDX-License-Identifier: Apache-2.0
 *
 * cbor: the examples of RFC 8949, appendix A, as far as these forms go. */
#include "vectors.h"
#include "verify/cbor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_cbor from(struct aver_buf *bytes, const char *hex)
{
    struct aver_cbor c;

    aver_buf_init(bytes, 64);
    assert_int_equal(aver_hex_decode_buf(bytes, aver_bytes_str(hex)), 0);
    aver_cbor_init(&c, aver_buf_view(bytes));
    return c;
}

static void numbers(void **state)
{
    static const struct {
        const char *hex;
        uint64_t value;
    } right[] = {
        {"00", 0},
        {"17", 23},
        {"1818", 24},
        {"18ff", 255},
        {"190100", 256},
        {"1903e8", 1000},
        {"1a00010000", 65536},
        {"1a000f4240", 1000000},
        {"1b000000e8d4a51000", 1000000000000},
        {"1bffffffffffffffff", UINT64_MAX},
    };
    /* Longer than need be; negative; indefinite; reserved; cut. */
    static const char *const wrong[] = {
        "1800", "1817",   "1900ff", "1a0000ffff", "1b00000000ffffffff",
        "20",   "1f",     "1c",     "18",         "1b00000000",
        "",     "f90000", "40",     "60",         "a0",
    };
    struct aver_buf bytes;

    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        struct aver_cbor c = from(&bytes, right[i].hex);

        assert_true(aver_cbor_uint(&c) == right[i].value);
        assert_true(aver_cbor_done(&c));
        aver_buf_clear(&bytes);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct aver_cbor c = from(&bytes, wrong[i]);

        assert_int_equal(aver_cbor_uint(&c), 0);
        assert_true(c.in.failed && !aver_cbor_done(&c));
        aver_buf_clear(&bytes);
    }
}

static void strings(void **state)
{
    struct aver_buf bytes;
    struct aver_cbor c = from(&bytes, "4401020304");

    (void)state;
    assert_true(
        aver_bytes_equal(aver_cbor_bytes(&c), aver_bytes_of("\1\2\3\4", 4)));
    assert_true(aver_cbor_done(&c));
    aver_buf_clear(&bytes);
    c = from(&bytes, "62c3bc");
    assert_true(aver_bytes_is(aver_cbor_text(&c), "\xc3\xbc"));
    assert_true(aver_cbor_done(&c));
    aver_buf_clear(&bytes);
    static const char *const wrong[] = {"62c3",
                                        "62c328",
                                        "7f6161ff",
                                        "5b7fffffffffffffff",
                                        "7bffffffffffffffff",
                                        "41",
                                        "61"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        c = from(&bytes, wrong[i]);
        struct aver_bytes s = wrong[i][0] == '5' || wrong[i][0] == '4'
                                  ? aver_cbor_bytes(&c)
                                  : aver_cbor_text(&c);
        assert_int_equal(s.n, 0);
        assert_true(c.in.failed);
        aver_buf_clear(&bytes);
    }
}

static void maps(void **state)
{
    struct aver_buf bytes;
    struct aver_cbor c = from(&bytes, "a2616101616202");

    (void)state;
    assert_int_equal(aver_cbor_map(&c), 2);
    assert_true(aver_bytes_is(aver_cbor_text(&c), "a"));
    assert_int_equal(aver_cbor_uint(&c), 1);
    assert_false(aver_cbor_done(&c));
    assert_true(aver_bytes_is(aver_cbor_text(&c), "b"));
    assert_int_equal(aver_cbor_uint(&c), 2);
    assert_true(aver_cbor_done(&c));
    /* Past the end, and for good. */
    assert_int_equal(aver_cbor_uint(&c), 0);
    assert_false(aver_cbor_done(&c));
    aver_buf_clear(&bytes);
    c = from(&bytes, "bf616101ff"); /* indefinite */
    assert_int_equal(aver_cbor_map(&c), 0);
    assert_true(c.in.failed);
    assert_int_equal(aver_cbor_text(&c).n, 0);
    aver_buf_clear(&bytes);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings),
        cmocka_unit_test(maps),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
