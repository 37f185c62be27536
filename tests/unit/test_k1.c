/* SPDX-License-Identifier: Apache-2.0
 *
 * k1: keys, signatures and recovery against vectors/receipt, and the second
 * spellings of a signature that must be refused. */
#include "crypto/k1.h"
#include "crypto/random.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct aver_k1 *k1;

static void check_key(const json_t *c)
{
    struct aver_buf secret = vectors_hex(c, "private_key");
    bool accept = vectors_is(c, "verdict", "accept");
    uint8_t pub[64], want[64];

    if (secret.n == 32) {
        assert_int_equal(aver_k1_secret_ok(k1, secret.p), accept);
        assert_int_equal(aver_k1_public(k1, pub, secret.p), accept ? 0 : -1);
    } else {
        assert_false(accept); /* the type of the argument refuses it */
    }
    if (accept) {
        vectors_hex_n(want, 64, c, "public_key");
        assert_memory_equal(pub, want, 64);
    }
    aver_buf_clear(&secret);
}

static void test_keys(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/keys.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c) check_key(c);
    assert_true(i >= 21);
    json_decref(index);
}

static void check_sign(const json_t *c)
{
    uint8_t secret[32], digest[32], want[65], got[65], pub[64], back[64];
    const char *text = vectors_text(c, "signature");

    vectors_hex_n(secret, 32, c, "private_key");
    vectors_hex_n(digest, 32, c, "digest");
    assert_int_equal(aver_hex_decode(want, 65, aver_bytes_str(text + 2)), 0);
    assert_int_equal(aver_k1_sign(k1, got, secret, digest), 0);
    assert_memory_equal(got, want, 65);
    assert_int_equal(got[64], json_integer_value(json_object_get(c, "v")));
    assert_int_equal(aver_k1_public(k1, pub, secret), 0);
    assert_int_equal(aver_k1_recover(k1, back, got, digest), 0);
    assert_memory_equal(back, pub, 64);
    assert_true(aver_k1_verify(k1, pub, got, digest));
    digest[31] ^= 1;
    assert_false(aver_k1_verify(k1, pub, got, digest));
    if (aver_k1_recover(k1, back, got, digest) == 0)
        assert_memory_not_equal(back, pub, 64);
}

static void test_sign(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/sign.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c) check_sign(c);
    assert_true(i >= 26);
    json_decref(index);
}

/* A signature of another length than 64 is refused by the caller, who cannot
 * even pass it on. */
static void check_verify(const json_t *c)
{
    struct aver_buf rs = vectors_hex(c, "signature_rs");
    bool accept = vectors_is(c, "verdict", "accept");
    uint8_t pub[64], digest[32], sig[65], back[64];
    bool recovered = false;

    vectors_hex_n(pub, 64, c, "public_key");
    vectors_hex_n(digest, 32, c, "digest");
    if (rs.n != 64) {
        assert_false(accept);
        aver_buf_clear(&rs);
        return;
    }
    assert_int_equal(aver_k1_verify(k1, pub, rs.p, digest), accept);
    memcpy(sig, rs.p, 64);
    for (int v = 27; v <= 28; v++) {
        sig[64] = (uint8_t)v;
        recovered |= aver_k1_recover(k1, back, sig, digest) == 0 &&
                     memcmp(back, pub, 64) == 0;
    }
    /* Verification takes r = x mod n; recovery by v 27 or 28 only r = x. */
    if (recovered)
        assert_true(accept);
    aver_buf_clear(&rs);
}

static void test_verify(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/ecdsa-verify.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c) check_verify(c);
    assert_true(i >= 168);
    json_decref(index);
}

/* n - s makes the other spelling of the same signature, with v flipped. */
static void negate_s(uint8_t sig[65])
{
    static const uint8_t order[32] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
        0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    int borrow = 0;

    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - sig[32 + i] - borrow;
        borrow = digit < 0;
        sig[32 + i] = (uint8_t)(digit + 256 * borrow);
    }
    sig[64] = (uint8_t)(27 + 28 - sig[64]);
}

static void test_other_spellings(void **state)
{
    (void)state;
    uint8_t secret[32] = {[31] = 7}, digest[32] = {1, 2, 3};
    uint8_t pub[64], sig[65], back[64];

    assert_int_equal(aver_k1_public(k1, pub, secret), 0);
    assert_int_equal(aver_k1_sign(k1, sig, secret, digest), 0);
    uint8_t v = sig[64];
    for (int i = 0; i < 256; i++) {
        sig[64] = (uint8_t)i;
        bool read = aver_k1_recover(k1, back, sig, digest) == 0 &&
                    memcmp(back, pub, 64) == 0;
        assert_int_equal(read, i == v || i == v - 27);
        if (i > 28)
            assert_int_equal(aver_k1_recover(k1, back, sig, digest), -1);
    }
    sig[64] = v;
    negate_s(sig);
    assert_int_equal(aver_k1_recover(k1, back, sig, digest), -1);
    assert_false(aver_k1_verify(k1, pub, sig, digest));
    negate_s(sig);
    assert_int_equal(aver_k1_recover(k1, back, sig, digest), 0);
    assert_true(aver_k1_verify(k1, pub, sig, digest));
}

static void test_bad_input(void **state)
{
    (void)state;
    uint8_t zero[65] = {0}, ones[65], digest[32] = {9}, out[65];
    uint8_t secret[32] = {[31] = 1}, pub[64];

    memset(ones, 0xff, sizeof(ones));
    assert_int_equal(aver_k1_sign(k1, out, zero, digest), -1);
    assert_int_equal(aver_k1_sign(k1, out, ones, digest), -1);
    zero[64] = ones[64] = 27;
    assert_int_equal(aver_k1_recover(k1, out, zero, digest), -1);
    assert_int_equal(aver_k1_recover(k1, out, ones, digest), -1);
    assert_int_equal(aver_k1_public(k1, pub, secret), 0);
    assert_int_equal(aver_k1_sign(k1, out, secret, digest), 0);
    assert_true(aver_k1_verify(k1, pub, out, digest));
    pub[63] ^= 1; /* no longer on the curve */
    assert_false(aver_k1_verify(k1, pub, out, digest));
    assert_false(aver_k1_verify(k1, zero, out, digest));
}

/* Blinding differs from context to context, signatures do not. */
static void test_two_contexts(void **state)
{
    (void)state;
    struct aver_k1 *other = aver_k1_new();
    uint8_t secret[32], digest[32], a[65], b[65];

    assert_non_null(other);
    for (int i = 0; i < 100; i++) {
        aver_random(secret, sizeof(secret));
        aver_random(digest, sizeof(digest));
        assert_int_equal(aver_k1_sign(k1, a, secret, digest), 0);
        assert_int_equal(aver_k1_sign(other, b, secret, digest), 0);
        assert_memory_equal(a, b, 65);
    }
    aver_k1_free(other);
    aver_k1_free(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_two_contexts),
    };

    vectors_start(argc, argv);
    k1 = aver_k1_new();
    if (k1 == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aver_k1_free(k1);
    return failed;
}
