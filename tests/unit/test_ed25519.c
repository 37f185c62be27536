/* SPDX-License-Identifier: Apache-2.0
 *
 * ed25519: RFC 8032 7.1 and others to sign; keys and signatures that must be
 * refused (small order, S + L, non-canonical forms) among those to verify. */
#include "crypto/ed25519.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_sign(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/ed25519-sign.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c)
    {
        uint8_t seed[32], pub[32], want_pub[32], secret[64], sig[64], want[64];
        struct aver_buf message = vectors_hex(c, "message");
        vectors_hex_n(seed, 32, c, "seed");
        vectors_hex_n(want_pub, 32, c, "public_key");
        vectors_hex_n(want, 64, c, "signature");
        aver_ed25519_from_seed(secret, pub, seed);
        assert_memory_equal(pub, want_pub, 32);
        assert_memory_equal(secret, seed, 32);
        assert_memory_equal(secret + 32, pub, 32);
        aver_ed25519_sign(sig, secret, aver_buf_view(&message));
        assert_memory_equal(sig, want, 64);
        assert_true(aver_ed25519_verify(sig, pub, aver_buf_view(&message)));
        sig[i] ^= 1;
        assert_false(aver_ed25519_verify(sig, pub, aver_buf_view(&message)));
        aver_buf_clear(&message);
    }
    assert_true(i >= 11);
    json_decref(index);
}

static void test_verify(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/ed25519-verify.json");
    size_t i, accepted = 0;
    json_t *c;

    json_array_foreach(index, i, c)
    {
        struct aver_buf pub = vectors_hex(c, "public_key");
        struct aver_buf sig = vectors_hex(c, "signature");
        struct aver_buf message = vectors_hex(c, "message");
        bool sizes = pub.n == 32 && sig.n == 64; /* else the caller refuses */
        bool good =
            sizes && aver_ed25519_verify(sig.p, pub.p, aver_buf_view(&message));
        assert_int_equal(good, vectors_is(c, "verdict", "accept"));
        accepted += good;
        aver_buf_clear(&pub);
        aver_buf_clear(&sig);
        aver_buf_clear(&message);
    }
    assert_true(i >= 121 && accepted >= 61);
    json_decref(index);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_verify),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
