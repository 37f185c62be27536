/* SPDX-License-Identifier: Apache-2.0
 *
 * address: EIP-55 spelling, EIP-191 digests and addresses of keys against
 * vectors/receipt. */
#include "crypto/k1.h"
#include "crypto/keccak.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_eip55(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/eip55.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c)
    {
        struct aver_bytes text = aver_bytes_str(vectors_text(c, "text"));
        uint8_t address[20];
        bool checked = false;
        int rc = aver_address_parse(address, &checked, text);
        assert_int_equal(rc == 0, vectors_true(c, "well_formed"));
        assert_int_equal(checked, vectors_true(c, "eip55_valid"));
        assert_int_equal(aver_address_parse(address, NULL, text), rc);
        if (rc != 0)
            continue;
        char spelling[AVER_ADDRESS_TEXT];
        aver_address_format(spelling, address);
        assert_string_equal(spelling, vectors_text(c, "eip55"));
    }
    assert_true(i >= 15);
    json_decref(index);
}

static void test_addresses_of_keys(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/keys.json");
    size_t i, seen = 0;
    json_t *c;

    json_array_foreach(index, i, c)
    {
        if (!vectors_is(c, "verdict", "accept"))
            continue;
        uint8_t pub[64], digest[32], want[32], address[20];
        char spelling[AVER_ADDRESS_TEXT];
        vectors_hex_n(pub, 64, c, "public_key");
        vectors_hex_n(want, 32, c, "keccak");
        aver_keccak256(digest, aver_bytes_of(pub, 64));
        assert_memory_equal(digest, want, 32);
        aver_address_of(address, pub);
        aver_address_format(spelling, address);
        assert_string_equal(spelling, vectors_text(c, "address"));
        seen++;
    }
    assert_int_equal(seen, 14);
    json_decref(index);
}

static void test_eip191(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/eip191.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c)
    {
        struct aver_buf message = vectors_hex(c, "message");
        uint8_t got[32], want[32];
        vectors_hex_n(want, 32, c, "digest");
        aver_eip191_digest(got, aver_buf_view(&message));
        assert_memory_equal(got, want, 32);
        aver_buf_clear(&message);
    }
    assert_true(i >= 14);
    json_decref(index);
}

/* Longer texts than the digest keeps on its stack. */
static void test_eip191_lengths(void **state)
{
    (void)state;
    struct aver_buf text, whole;
    uint8_t got[32], want[32];

    aver_buf_init(&text, 5000);
    for (size_t n = 0; n <= 5000; n += n < 1100 ? 1 : 371) {
        aver_buf_init(&whole, 6000);
        while (text.n < n)
            assert_int_equal(aver_buf_append_str(&text, "x"), 0);
        assert_int_equal(aver_buf_printf(&whole,
                                         "\x19"
                                         "Ethereum Signed Message:\n%zu%.*s",
                                         n, (int)n,
                                         n > 0 ? (const char *)text.p : ""),
                         0);
        aver_eip191_digest(got, aver_buf_view(&text));
        aver_keccak256(want, aver_buf_view(&whole));
        assert_memory_equal(got, want, 32);
        aver_buf_clear(&whole);
    }
    aver_buf_clear(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eip55),
        cmocka_unit_test(test_addresses_of_keys),
        cmocka_unit_test(test_eip191),
        cmocka_unit_test(test_eip191_lengths),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
