/* SPDX-License-Identifier: Apache-2.0
 *
 * notary/sign: texts and signatures of the vectors, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/ed25519.h"
#include "notary/sign.h"
#include "vectors.h"

/* A signer with these keys; the Ed25519 seed is the same bytes. */
static int make(struct signer *s, const uint8_t secret[static 32],
                const char *model, struct aver_error *err)
{
    uint8_t pub[32];
    struct keys *keys = keys_new(err);
    assert_non_null(keys);
    memcpy(keys->k1, secret, 32);
    aver_ed25519_from_seed(keys->ed, pub, secret);
    return signer_init(s, keys, model, err);
}

static const uint8_t some_secret[32] = {1, 2, 3};

/* The rows of text.json that a signer of ours can write. */
static void test_texts(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/text.json"), *row;
    size_t i, tried[2] = {0, 0};
    json_array_foreach(index, i, row)
    {
        uint8_t request[32], response[32];
        char out[SIGN_TEXT_MAX];
        struct signer s;
        if (!vectors_is(row, "verdict", "accept"))
            continue;
        const char *model = json_string_value(json_object_get(row, "model"));
        if (model && strlen(model) > NOTARY_MODEL_MAX)
            continue; /* others may sign it; we refuse such a setting */
        const char *text = vectors_text(row, "text");
        vectors_hex_n(request, 32, row, "request_sha256");
        vectors_hex_n(response, 32, row, "response_sha256");
        assert_int_equal(make(&s, some_secret, model, NULL), 0);
        size_t n = sign_text(&s, out, request, response);
        assert_int_equal(n, strlen(text));
        assert_memory_equal(out, text, n);
        tried[model != NULL]++;
        signer_clear(&s);
    }
    assert_true(tried[0] > 0 && tried[1] > 2);
    json_decref(index);
}

static void test_ecdsa(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/sign.json"), *row;
    size_t i;
    json_array_foreach(index, i, row)
    {
        uint8_t secret[32], sig[65];
        char address[AVER_ADDRESS_TEXT], hex[2 * 65 + 1];
        struct signer s;
        struct aver_buf message = vectors_hex(row, "message");
        vectors_hex_n(secret, 32, row, "private_key");
        assert_int_equal(make(&s, secret, NULL, NULL), 0);
        aver_address_format(address, s.address);
        assert_string_equal(address, vectors_text(row, "address"));
        sign_ecdsa(&s, sig, aver_buf_view(&message));
        aver_hex_encode(hex, sig, sizeof(sig));
        assert_string_equal(hex, vectors_text(row, "signature") + 2);
        aver_buf_clear(&message);
        signer_clear(&s);
    }
    assert_true(i > 3);
    json_decref(index);
}

static void test_ed25519(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/ed25519-sign.json"), *row;
    size_t i;
    json_array_foreach(index, i, row)
    {
        uint8_t seed[32], pub[32], sig[64], want[64];
        struct signer s;
        struct aver_buf message = vectors_hex(row, "message");
        vectors_hex_n(seed, 32, row, "seed");
        vectors_hex_n(pub, 32, row, "public_key");
        vectors_hex_n(want, 64, row, "signature");
        assert_int_equal(make(&s, seed, NULL, NULL), 0);
        assert_memory_equal(s.ed_public, pub, 32);
        sign_ed25519(&s, sig, aver_buf_view(&message));
        assert_memory_equal(sig, want, 64);
        aver_buf_clear(&message);
        signer_clear(&s);
    }
    assert_true(i > 2);
    json_decref(index);
}

static void test_model_name(void **state)
{
    (void)state;
    char model[NOTARY_MODEL_MAX + 2];
    char out[SIGN_TEXT_MAX];
    struct aver_error err = {0};
    struct signer s;
    memset(model, 'm', sizeof(model));
    model[NOTARY_MODEL_MAX + 1] = '\0';
    assert_int_equal(make(&s, some_secret, model, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    signer_clear(&s);
    assert_int_equal(make(&s, some_secret, "", &err), -1);
    signer_clear(&s);
    model[NOTARY_MODEL_MAX] = '\0';
    assert_int_equal(make(&s, some_secret, model, &err), 0);
    assert_int_equal(sign_text(&s, out, some_secret, some_secret),
                     SIGN_TEXT_MAX);
    signer_clear(&s);
}

static void test_bad_key(void **state)
{
    (void)state;
    static const uint8_t zero[32];
    struct aver_error err = {0};
    struct signer s;
    assert_int_equal(make(&s, zero, NULL, &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    signer_clear(&s);
}

int main(int argc, char **argv)
{
    vectors_start(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),   cmocka_unit_test(test_ecdsa),
        cmocka_unit_test(test_ed25519), cmocka_unit_test(test_model_name),
        cmocka_unit_test(test_bad_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
