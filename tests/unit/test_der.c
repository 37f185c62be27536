/* SPDX-License-Identifier: Apache-2.0
 *
 * der: each element in its one form, and the forms that BER has besides. */
#include "base/text.h"
#include "crypto/der.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Bytes of hex in memory of exactly their size. */
static struct aver_bytes bytes(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *p = malloc(n > 0 ? n : 1);

    assert_int_equal(aver_hex_decode(p, n, aver_bytes_str(hex)), 0);
    return aver_bytes_of(p, n);
}

static void done(struct aver_bytes b)
{
    void *p;

    memcpy(&p, &b.p, sizeof(p));
    free(p);
}

static void lengths(void **state)
{
    static const struct {
        const char *hex;
        bool ok;
    } cases[] = {
        {"0400", true},
        {"040141", true},
        {"04", false},
        {"0401", false},
        {"04020000ff", false}, /* something follows */
        {"048101ff", false},   /* a shorter form exists */
        {"04820001ff", false},
        {"0480", false}, /* indefinite */
        {"0485000000000141", false},
        {"0484ffffffff41", false},
        {"1f0141", false}, /* tag of more than one byte */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_bytes in = bytes(cases[i].hex);
        struct aver_der d;
        bool failed;

        aver_der_init(&d, in, &failed);
        aver_der_take(&d, in.p[0] == 0x1f ? 0x1f : AVER_DER_OCTETS);
        aver_der_end(&d);
        if (failed == cases[i].ok)
            fail_msg("%s", cases[i].hex);
        done(in);
    }
}

/* INTEGERs of any size and OIDs have one form: X.690 8.3.2 and 8.19.2. */
static void one_form(void **state)
{
    static const struct {
        const char *hex;
        bool ok;
    } cases[] = {
        {"020100", true},
        {"0201ff", true},
        {"020180", true},
        {"02020080", true},
        {"0202ff7f", true},
        {"0200", false},
        {"02020000", false},
        {"0202007f", false},
        {"0202ffff", false},
        {"0202ff80", false},
        {"0603550403", true},
        {"0603558103", true},
        {"0604550481"
         "00",
         true},
        {"0600", false},
        {"060180", false},
        {"0603550483", false},
        {"060480550403", false},
        {"060455800403", false},
        {"0604558180"
         "03",
         true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_bytes in = bytes(cases[i].hex);
        struct aver_der d;
        bool failed;

        aver_der_init(&d, in, &failed);
        struct aver_bytes got = aver_der_take(&d, in.p[0]);
        if (failed == cases[i].ok || got.n != (failed ? 0 : in.n - 2))
            fail_msg("%s", cases[i].hex);
        done(in);
    }
}

static void long_lengths(void **state)
{
    uint8_t p[4 + 300] = {0x04, 0x82, 0x01, 0x2c};
    uint8_t q[3 + 200] = {0x04, 0x81, 0xc8};
    struct aver_der d;
    bool failed;

    (void)state;
    aver_der_init(&d, aver_bytes_of(p, sizeof(p)), &failed);
    assert_int_equal(aver_der_take(&d, AVER_DER_OCTETS).n, 300);
    assert_false(failed);
    aver_der_init(&d, aver_bytes_of(q, sizeof(q)), &failed);
    assert_int_equal(aver_der_whole(&d, AVER_DER_OCTETS).n, 203);
    aver_der_end(&d);
    assert_false(failed);
    aver_der_init(&d, aver_bytes_of(p, sizeof(p) - 1), &failed);
    assert_int_equal(aver_der_take(&d, AVER_DER_OCTETS).n, 0);
    assert_true(failed);
}

static void numbers(void **state)
{
    static const struct {
        const char *hex;
        bool ok;
        uint64_t want;
    } cases[] = {
        {"020100", true, 0},     {"02017f", true, 127},
        {"02020080", true, 128}, {"0209008000000000000000", true, 1ULL << 63},
        {"0200", false, 0},      {"020180", false, 0},
        {"02020001", false, 0},  {"0209018000000000000000", false, 0},
        {"030100", false, 0},    {"0209ff8000000000000000", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_bytes in = bytes(cases[i].hex);
        struct aver_der d;
        bool failed;

        aver_der_init(&d, in, &failed);
        uint64_t v = aver_der_number(&d, AVER_DER_INTEGER, UINT64_MAX);
        assert_int_equal(failed, !cases[i].ok);
        assert_true(v == cases[i].want);
        done(in);
    }
    struct aver_bytes in = bytes("02020100");
    struct aver_der d;
    bool failed;
    aver_der_init(&d, in, &failed);
    assert_int_equal(aver_der_number(&d, AVER_DER_INTEGER, 255), 0);
    assert_true(failed);
    done(in);
}

static void booleans_and_bits(void **state)
{
    static const struct {
        const char *hex;
        bool ok, value;
    } cases[] = {{"0101ff", true, true},
                 {"010100", true, false},
                 {"010101", false, false},
                 {"0100", false, false},
                 {"0102ffff", false, true}};
    struct aver_der d;
    bool failed;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_bytes in = bytes(cases[i].hex);

        aver_der_init(&d, in, &failed);
        bool v = aver_der_boolean(&d);
        assert_int_equal(failed, !cases[i].ok);
        if (cases[i].ok)
            assert_int_equal(v, cases[i].value);
        done(in);
    }
    struct aver_bytes in = bytes("0303004142");
    aver_der_init(&d, in, &failed);
    assert_int_equal(aver_der_octet_bits(&d).n, 2);
    assert_false(failed);
    done(in);
    in = bytes("03020141"); /* seven bits */
    aver_der_init(&d, in, &failed);
    assert_int_equal(aver_der_octet_bits(&d).n, 0);
    assert_true(failed);
    done(in);
}

static void integers_and_oids(void **state)
{
    static const struct {
        const char *hex;
        bool ok;
    } cases[] = {
        {"020100", true},       {"0201ff", true},    {"02020080", true},
        {"0202ff7f", true},     {"0202ff00", true},  {"0200", false},
        {"02020000", false},    {"0202007f", false}, {"0202ff80", false},
        {"0202ffff", false},    {"06012a", true},    {"06022a03", true},
        {"06032a8100", true},   {"0600", false},     {"060181", false},
        {"06022a81", false},    {"06028001", false}, {"06032a8001", false},
        {"06042a818001", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_bytes in = bytes(cases[i].hex);
        struct aver_der d;
        bool failed;

        aver_der_init(&d, in, &failed);
        struct aver_bytes got = aver_der_take(&d, in.p[0]);
        if (failed == cases[i].ok || got.n != (failed ? 0 : in.n - 2))
            fail_msg("%s", cases[i].hex);
        done(in);
    }
}

static void times(void **state)
{
    static const char utc[] = "\x17\x0d"
                              "260601000000Z";
    static const char general[] = "\x18\x0f"
                                  "20260601000000Z";
    static const char bad[] = "\x17\x0d"
                              "260631000000Z";
    struct aver_der d;
    bool failed;

    (void)state;
    aver_der_init(&d, aver_bytes_str(utc), &failed);
    assert_int_equal(aver_der_time(&d), 1780272000);
    assert_false(failed);
    aver_der_init(&d, aver_bytes_str(general), &failed);
    assert_int_equal(aver_der_time(&d), 1780272000);
    assert_false(failed);
    aver_der_init(&d, aver_bytes_str(bad), &failed);
    aver_der_time(&d);
    assert_true(failed);
}

/* What failed once reads as empty from then on, inside and outside. */
static void failure_stays(void **state)
{
    struct aver_bytes in = bytes("3006040141020101");
    struct aver_der top, list;
    bool failed;

    (void)state;
    aver_der_init(&top, in, &failed);
    list = aver_der_enter(&top, AVER_DER_SEQUENCE);
    aver_der_end(&top);
    assert_int_equal(aver_der_peek(&list), AVER_DER_OCTETS);
    assert_int_equal(aver_der_take(&list, AVER_DER_OCTETS).n, 1);
    assert_false(failed);
    assert_int_equal(aver_der_take(&list, AVER_DER_OID).n, 0);
    assert_true(failed);
    assert_int_equal(aver_der_peek(&list), 0);
    assert_int_equal(aver_der_peek(&top), 0);
    done(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(long_lengths),
        cmocka_unit_test(numbers),
        cmocka_unit_test(booleans_and_bits),
        cmocka_unit_test(integers_and_oids),
        cmocka_unit_test(times),
        cmocka_unit_test(one_form),
        cmocka_unit_test(failure_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
