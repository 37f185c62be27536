/* SPDX-License-Identifier: Apache-2.0
 *
 * report_data: layouts A and B as in tests/vectors/report_data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/k1.h"
#include "crypto/report_data.h"
#include "vectors.h"

static size_t key_id(uint8_t out[static 32], const json_t *inputs)
{
    const char *text = vectors_text(inputs, "signing_address");

    if (vectors_is(inputs, "signing_algo", "ed25519")) {
        vectors_hex_n(out, 32, inputs, "signing_address");
        return 32;
    }
    assert_int_equal(aver_address_parse(out, NULL, aver_bytes_str(text)), 0);
    return 20;
}

static void make(uint8_t out[static 64], const json_t *one, bool is_b)
{
    const json_t *inputs = json_object_get(one, "inputs");
    uint8_t id[32], spki[32], nonce[32];
    size_t n = key_id(id, inputs);

    vectors_hex_n(nonce, 32, inputs, "nonce");
    if (is_b)
        vectors_hex_n(spki, 32, inputs, "tls_spki_sha256");
    aver_report_data(out, aver_bytes_of(id, n), is_b ? spki : NULL, nonce);
}

static void layouts(void **state)
{
    json_t *index = vectors_index("report_data/layouts.json");
    size_t i, done = 0;
    json_t *one;

    (void)state;
    json_array_foreach(index, i, one)
    {
        bool is_b = vectors_is(one, "scheme", "B");
        uint8_t want[64], got[64];
        if (!is_b && !vectors_is(one, "scheme", "A"))
            continue;
        vectors_hex_n(want, 64, one, "report_data");
        make(got, one, is_b);
        assert_memory_equal(got, want, 64);
        done++;
    }
    json_decref(index);
    assert_int_equal(done, 11);
}

int main(int argc, char **argv)
{
    vectors_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
