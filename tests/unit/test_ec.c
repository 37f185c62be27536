/* SPDX-License-Identifier: Apache-2.0
 *
 * ec: known answers (RFC 6979, A.2.5 and A.2.6), signatures by OpenSSL, and
 * all that is no signature; and that one object, which keeps a key of each
 * curve, never answers for a key that it was not given. */
#include "base/text.h"
#include "crypto/ec.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define P256_KEY                                                               \
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"         \
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define P384_KEY                                                               \
    "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"         \
    "def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c62189"         \
    "6708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"

static const struct answer {
    enum aver_curve curve;
    const char *key, *message, *rs;
} answers[] = {
    {AVER_P256, P256_KEY, "sample",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {AVER_P256, P256_KEY, "test",
     "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
     "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    {AVER_P384, P384_KEY, "sample",
     "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
     "81a648152e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f"
     "130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
    {AVER_P384, P384_KEY, "test",
     "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb"
     "0542a7f0812998da8f1dd3ca3cf023dbddd0760448d42d8a43af45af836fce4d"
     "e8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5"},
};
#define ANSWERS (sizeof(answers) / sizeof(answers[0]))

/* The orders of the two groups (SEC 2, 2.4.2 and 2.5.1). */
static const char *const orders[] = {
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
    "581a0db248b0a77aecec196accc52973"};

/* An answer in bytes. */
struct given {
    enum aver_curve curve;
    size_t size;
    uint8_t point[AVER_EC_POINT_MAX], rs[96], order[48];
    struct aver_bytes message;
};

static struct given give(const struct answer *a)
{
    struct given g = {.curve = a->curve,
                      .size = aver_curve_size(a->curve),
                      .point = {4},
                      .message = aver_bytes_str(a->message)};

    assert_int_equal(
        aver_hex_decode(g.point + 1, 2 * g.size, aver_bytes_str(a->key)), 0);
    assert_int_equal(aver_hex_decode(g.rs, 2 * g.size, aver_bytes_str(a->rs)),
                     0);
    assert_int_equal(
        aver_hex_decode(g.order, g.size, aver_bytes_str(orders[a->curve])), 0);
    return g;
}

static struct aver_bytes point_of(const struct given *g)
{
    return aver_bytes_of(g->point, 1 + 2 * g->size);
}

static bool holds(struct aver_ec *ec, const struct given *g)
{
    return aver_ec_verify_raw(ec, g->curve, point_of(g), g->message,
                              aver_bytes_of(g->rs, 2 * g->size));
}

static void known_answers(void **state)
{
    struct aver_ec *ec = aver_ec_new();

    (void)state;
    assert_int_equal(aver_curve_size(AVER_P256), 32);
    assert_int_equal(aver_curve_size(AVER_P384), 48);
    /* Twice, and so with every change of key and curve that there is. */
    for (size_t i = 0; i < 2 * ANSWERS; i++) {
        struct given g = give(&answers[i * 3 % ANSWERS]);

        assert_true(holds(ec, &g));
        g.message = aver_bytes_str("Sample");
        assert_false(holds(ec, &g));
    }
    aver_ec_free(ec);
    aver_ec_free(NULL);
}

static void every_bit_counts(void **state)
{
    struct aver_ec *ec = aver_ec_new();

    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        struct given g = give(&answers[i]);

        for (size_t bit = 0; bit < 16 * g.size; bit++) {
            g.rs[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (holds(ec, &g))
                fail_msg("answer %zu: bit %zu does not matter", i, bit);
            g.rs[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    aver_ec_free(ec);
}

/* n - s verifies as well as s: FIPS 186-5 knows no low form. */
static void high_s(void **state)
{
    struct aver_ec *ec = aver_ec_new();

    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        struct given g = give(&answers[i]);
        unsigned borrow = 0;

        for (size_t j = g.size; j-- > 0;) {
            int d = g.order[j] - g.rs[g.size + j] - (int)borrow;

            g.rs[g.size + j] = (uint8_t)d;
            borrow = d < 0;
        }
        assert_true(holds(ec, &g));
    }
    aver_ec_free(ec);
}

/* 0 < r, s < n */
static void out_of_range(void **state)
{
    struct aver_ec *ec = aver_ec_new();

    (void)state;
    for (size_t i = 0; i < ANSWERS; i++)
        for (unsigned which = 0; which < 2; which++)
            for (unsigned value = 0; value < 4; value++) {
                struct given g = give(&answers[i]);
                uint8_t *at = g.rs + which * g.size;

                memset(at, value == 1 ? 0xff : 0, g.size);
                if (value >= 2) /* n, n + 1 */
                    memcpy(at, g.order, g.size);
                at[g.size - 1] = (uint8_t)(at[g.size - 1] + (value == 3));
                assert_false(holds(ec, &g));
            }
    struct given g = give(&answers[0]);
    memset(g.rs, 0, sizeof(g.rs));
    assert_false(holds(ec, &g));
    aver_ec_free(ec);
}

static void lengths(void **state)
{
    struct aver_ec *ec = aver_ec_new();
    struct given g = give(&answers[0]);

    (void)state;
    for (size_t n = 0; n <= 96; n++)
        assert_int_equal(aver_ec_verify_raw(ec, AVER_P256, point_of(&g),
                                            g.message, aver_bytes_of(g.rs, n)),
                         n == 64);
    for (size_t n = 0; n <= AVER_EC_POINT_MAX; n++)
        assert_int_equal(
            aver_ec_point_ok(ec, AVER_P256, aver_bytes_of(g.point, n)),
            n == 65);
    assert_false(aver_ec_point_ok(ec, AVER_P384, point_of(&g)));
    assert_false(aver_ec_verify(ec, AVER_P256, point_of(&g), g.message,
                                aver_bytes_of(NULL, 0)));
    aver_ec_free(ec);
}

/* Points that are none: other first bytes, off the curve, zero, beyond p. */
static void spoil(struct given *g, unsigned how)
{
    static const uint8_t first[] = {0, 2, 3, 5, 6, 7, 0x84, 0xff};

    if (how < 8)
        g->point[0] = first[how];
    else if (how == 8)
        g->point[2 * g->size] ^= 1;
    else if (how == 9)
        g->point[1] ^= 0x80;
    else
        memset(g->point + 1, how == 10 ? 0 : 0xff, 2 * g->size);
}

/* What cannot be imported must not leave the key before it in its place. */
static void no_old_key_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++)
        for (unsigned how = 0; how < 12; how++) {
            struct aver_ec *ec = aver_ec_new();
            struct given good = give(&answers[i]), bad = good;

            spoil(&bad, how);
            assert_false(aver_ec_point_ok(ec, bad.curve, point_of(&bad)));
            assert_false(holds(ec, &bad)); /* the first that it is given */
            assert_true(holds(ec, &good));
            assert_false(holds(ec, &bad));
            assert_false(aver_ec_point_ok(ec, bad.curve, point_of(&bad)));
            assert_false(holds(ec, &bad));
            assert_true(aver_ec_point_ok(ec, good.curve, point_of(&good)));
            assert_true(holds(ec, &good));
            aver_ec_free(ec);
        }
}

struct signer {
    EVP_PKEY *key;
    uint8_t point[AVER_EC_POINT_MAX];
    size_t n;
};

static struct signer signer(enum aver_curve curve)
{
    struct signer s = {.key =
                           EVP_EC_gen(curve == AVER_P384 ? "P-384" : "P-256")};
    uint8_t *point = NULL;

    assert_non_null(s.key);
    s.n = EVP_PKEY_get1_encoded_public_key(s.key, &point);
    assert_int_equal(s.n, 1 + 2 * aver_curve_size(curve));
    memcpy(s.point, point, s.n);
    OPENSSL_free(point);
    return s;
}

/* DER in `der`, r || s in `rs`. */
static size_t sign(const struct signer *s, enum aver_curve curve,
                   struct aver_bytes message, uint8_t der[static 112],
                   uint8_t rs[static 96])
{
    int size = (int)aver_curve_size(curve);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const uint8_t *p = der;
    size_t n = 112;

    assert_int_equal(EVP_DigestSignInit_ex(
                         ctx, NULL, curve == AVER_P384 ? "SHA384" : "SHA256",
                         NULL, NULL, s->key, NULL),
                     1);
    assert_int_equal(EVP_DigestSign(ctx, der, &n, message.p, message.n), 1);
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    assert_non_null(sig);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, size);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + size, size);
    ECDSA_SIG_free(sig);
    return n;
}

/* Until each of r and s began with a zero byte and with a high bit. */
static void as_openssl_signs(enum aver_curve curve)
{
    struct signer a = signer(curve), b = signer(curve);
    struct aver_ec *ec = aver_ec_new();
    size_t size = aver_curve_size(curve);
    unsigned seen = 0;

    for (unsigned i = 0; i < 20000 && (i < 50 || seen != 15); i++) {
        const struct signer *s = i % 2 ? &a : &b, *other = i % 2 ? &b : &a;
        uint8_t der[112], rs[96];
        struct aver_bytes m = aver_bytes_of(&i, sizeof(i));
        struct aver_bytes point = aver_bytes_of(s->point, s->n);
        struct aver_bytes raw = aver_bytes_of(rs, 2 * size);
        size_t n = sign(s, curve, m, der, rs);

        seen |= (rs[0] == 0) | (rs[0] >= 0x80) << 1 | (rs[size] == 0) << 2 |
                (rs[size] >= 0x80) << 3;
        assert_true(aver_ec_verify(ec, curve, point, m, aver_bytes_of(der, n)));
        assert_true(aver_ec_verify_raw(ec, curve, point, m, raw));
        point = aver_bytes_of(other->point, other->n);
        assert_false(aver_ec_verify_raw(ec, curve, point, m, raw));
    }
    assert_int_equal(seen, 15);
    EVP_PKEY_free(a.key);
    EVP_PKEY_free(b.key);
    aver_ec_free(ec);
}

static void random_keys(void **state)
{
    (void)state;
    as_openssl_signs(AVER_P256);
    as_openssl_signs(AVER_P384);
}

/* The DER form: nothing behind it, no other length, no BER. */
static void der_form(void **state)
{
    struct signer s = signer(AVER_P256);
    struct aver_ec *ec = aver_ec_new();
    struct aver_bytes m = aver_bytes_str("m");
    struct aver_bytes point = aver_bytes_of(s.point, s.n);
    uint8_t der[112], rs[96], longer[120];

    (void)state;
    size_t n = sign(&s, AVER_P256, m, der, rs);
    for (size_t i = 0; i < n; i++)
        assert_false(
            aver_ec_verify(ec, AVER_P256, point, m, aver_bytes_of(der, i)));
    memcpy(longer, der, n);
    longer[n] = 0;
    assert_false(
        aver_ec_verify(ec, AVER_P256, point, m, aver_bytes_of(longer, n + 1)));
    longer[0] = 0x30; /* a length that has a shorter form */
    longer[1] = 0x81;
    memcpy(longer + 2, der + 1, n - 1);
    assert_false(
        aver_ec_verify(ec, AVER_P256, point, m, aver_bytes_of(longer, n + 1)));
    assert_true(aver_ec_verify(ec, AVER_P256, point, m, aver_bytes_of(der, n)));
    EVP_PKEY_free(s.key);
    aver_ec_free(ec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers), cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(high_s),        cmocka_unit_test(out_of_range),
        cmocka_unit_test(lengths),       cmocka_unit_test(no_old_key_answers),
        cmocka_unit_test(random_keys),   cmocka_unit_test(der_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
