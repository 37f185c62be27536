/* SPDX-License-Identifier: Apache-2.0
 *
 * jwt: a token of OpenSSL's making and one of NVIDIA's taken apart, forms that
 * are none, and sets of keys. */
#include "crypto/ec.h"
#include "jwt_made.h"
#include "vectors.h"
#include "verify/jwt.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_jwks jwks; /* large */

static void taken_apart(void **state)
{
    EVP_PKEY *key = jwt_key("P-384");
    char *token = jwt_token(key, "{\"alg\":\"ES384\",\"kid\":\"k-1\"}", "{}");
    struct aver_ec *ec = aver_ec_new();
    struct aver_jwt t;
    uint8_t point[97];
    size_t n = 0;

    (void)state;
    assert_int_equal(aver_jwt_parse(&t, aver_bytes_str(token), NULL), 0);
    assert_string_equal(t.alg, "ES384");
    assert_string_equal(t.kid, "k-1");
    assert_false(t.has_critical);
    assert_true(aver_bytes_is(aver_buf_view(&t.payload), "{}"));
    assert_int_equal(t.signature.n, 96);
    assert_true(aver_bytes_is(aver_buf_view(&t.text), token));
    assert_int_equal(aver_jwt_signed(&t).n, strrchr(token, '.') - token);
    EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &n);
    assert_true(aver_ec_verify_raw(ec, AVER_P384, aver_bytes_of(point, n),
                                   aver_jwt_signed(&t),
                                   aver_buf_view(&t.signature)));
    aver_jwt_clear(&t);
    aver_ec_free(ec);
    free(token);
    EVP_PKEY_free(key);
}

/* {"alg":"ES384"} and {} */
#define HEADER "eyJhbGciOiJFUzM4NCJ9"
#define BODY "e30"

static const struct form {
    const char *what, *token;
    bool ok;
} forms[] = {
    {"as it should be", HEADER "." BODY ".AAAA", true},
    {"without a signature", HEADER "." BODY ".", true},
    {"without a payload", HEADER "..AAAA", true},
    {"a payload that is no JSON", HEADER ".AAAA.AAAA", true},
    {"nothing", "", false},
    {"dots", "..", false},
    {"one part", HEADER, false},
    {"two parts", HEADER "." BODY, false},
    {"four parts", HEADER "." BODY ".AAAA.AAAA", false},
    {"four parts, the last empty", HEADER "." BODY ".AAAA.", false},
    {"five parts, as encrypted ones have", HEADER "....", false},
    {"a blank in front", " " HEADER "." BODY ".AAAA", false},
    {"a line's end behind", HEADER "." BODY ".AAAA\n", false},
    {"padding", HEADER "." BODY "=.AAAA", false},
    {"the other alphabet", HEADER "." BODY ".AA+/", false},
    {"the right alphabet", HEADER "." BODY ".AA-_", true},
    {"a digit too many", HEADER "." BODY ".AAAAA", false},
    {"bits that say nothing", HEADER ".e31.AAAA", false},
    {"a header that is no JSON", "AAAA." BODY ".AAAA", false},
    {"a header that is an array", "W10." BODY ".AAAA", false},
    {"a header that is empty", "e30." BODY ".AAAA", true},
};

static void known_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct aver_error err = {0};
        struct aver_jwt t;
        int rc = aver_jwt_parse(&t, aver_bytes_str(forms[i].token), &err);

        if (rc != (forms[i].ok ? 0 : -1))
            fail_msg("%s: %s", forms[i].what, err.text);
        if (rc != 0)
            assert_true(strstr(err.text, "token") != NULL);
        aver_jwt_clear(&t);
    }
}

static const struct {
    const char *what, *header;
    const char *alg, *kid; /* NULL: refused */
    bool critical;
} headers[] = {
    {"nothing in it", "{}", "", "", false},
    {"none", "{\"alg\":\"none\"}", "none", "", false},
    {"a number", "{\"alg\":384}", "", "", false},
    {"blanks", "{\"alg\":\"ES384 \"}", "ES384?", "", false},
    {"control characters", "{\"alg\":\"\\u001b[31m\"}", "?[31m", "", false},
    {"other letters", "{\"alg\":\"\\u00c9S384\"}", "??S384", "", false},
    {"a long one", "{\"alg\":\"0123456789012345678901234567\"}",
     "01234567890123456789012", "", false},
    {"a key", "{\"kid\":\"nv-eat-kid-1\"}", "", "nv-eat-kid-1", false},
    {"a key's name of nothing", "{\"kid\":\"\"}", "", NULL, false},
    {"a key's name that is a number", "{\"kid\":1}", "", NULL, false},
    {"a key's name that is null", "{\"kid\":null}", "", NULL, false},
    {"a key's name with a blank", "{\"kid\":\"a b\"}", "", NULL, false},
    {"a key's name in other letters", "{\"kid\":\"\\u00e9\"}", "", NULL, false},
    {"a key named twice", "{\"kid\":\"a\",\"kid\":\"a\"}", "", NULL, false},
    {"an algorithm twice", "{\"alg\":\"none\",\"alg\":\"ES384\"}", "", NULL,
     false},
    {"something to be understood", "{\"crit\":[\"b64\"],\"b64\":false}", "", "",
     true},
    {"that in an odd form", "{\"crit\":null}", "", "", true},
};

static void read_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        char *token = jwt_token(NULL, headers[i].header, "{}");
        struct aver_jwt t;
        int rc = aver_jwt_parse(&t, aver_bytes_str(token), NULL);

        if (rc != (headers[i].kid != NULL ? 0 : -1))
            fail_msg("%s", headers[i].what);
        if (rc == 0 && (strcmp(t.alg, headers[i].alg) != 0 ||
                        strcmp(t.kid, headers[i].kid) != 0 ||
                        t.has_critical != headers[i].critical))
            fail_msg("%s: \"%s\" \"%s\"", headers[i].what, t.alg, t.kid);
        aver_jwt_clear(&t);
        free(token);
    }
}

static void lengths(void **state)
{
    char header[200];
    struct aver_error err;
    struct aver_jwt t;

    (void)state;
    for (int n = AVER_JWT_KID_MAX - 1; n <= AVER_JWT_KID_MAX; n++) {
        snprintf(header, sizeof(header), "{\"kid\":\"%0*d\"}", n, 7);
        char *token = jwt_token(NULL, header, "{}");
        assert_int_equal(aver_jwt_parse(&t, aver_bytes_str(token), NULL),
                         n < AVER_JWT_KID_MAX ? 0 : -1);
        aver_jwt_clear(&t);
        free(token);
    }
    for (size_t n = AVER_JWT_MAX; n <= AVER_JWT_MAX + 1; n++) {
        char *text = malloc(n);

        memset(text, 'A', n);
        memcpy(text, HEADER "..", strlen(HEADER) + 2);
        size_t rest = (n - strlen(HEADER) - 2) % 4;
        if (rest == 1)
            memcpy(text, HEADER ".AA.", strlen(HEADER) + 4);
        assert_int_equal(aver_jwt_parse(&t, aver_bytes_of(text, n), &err),
                         n <= AVER_JWT_MAX ? 0 : -1);
        if (n > AVER_JWT_MAX)
            assert_int_equal(err.code, AVER_ELIMIT);
        aver_jwt_clear(&t);
        free(text);
    }
}

static int parse_keys(json_t *keys)
{
    json_t *set = json_pack("{s:o}", "keys", keys);
    char *text = json_dumps(set, 0);
    int rc = aver_jwks_parse(&jwks, aver_bytes_str(text), NULL);

    free(text);
    json_decref(set);
    return rc;
}

static json_t *changed(json_t *key, const char *name, json_t *value)
{
    json_t *out = json_copy(key);

    if (value != NULL)
        json_object_set_new(out, name, value);
    else
        json_object_del(out, name);
    return out;
}

static void keys_of_a_set(void **state)
{
    EVP_PKEY *key = jwt_key("P-384"), *small = jwt_key("P-256");
    json_t *good = jwk_of(key, "a"), *p256 = jwk_of(small, "a");
    const struct {
        const char *what;
        json_t *key;
        bool usable;
    } rows[] = {
        {"good", json_incref(good), true},
        {"for signatures", changed(good, "use", json_string("sig")), true},
        {"for ES384", changed(good, "alg", json_string("ES384")), true},
        {"for encryption", changed(good, "use", json_string("enc")), false},
        {"for ES256", changed(good, "alg", json_string("ES256")), false},
        {"for a number", changed(good, "alg", json_integer(384)), false},
        {"RSA", changed(good, "kty", json_string("RSA")), false},
        {"of no kind", changed(good, "kty", NULL), false},
        {"P-256", changed(good, "crv", json_string("P-256")), false},
        {"of no curve", changed(good, "crv", NULL), false},
        {"coordinates of P-256", p256, false},
        {"no x", changed(good, "x", NULL), false},
        {"no y", changed(good, "y", NULL), false},
        {"x a number", changed(good, "x", json_integer(1)), false},
        {"x not base64url", changed(good, "x", json_string("+++")), false},
        {"x of 47 bytes", changed(good, "x", json_sprintf("%063d", 0)), false},
        {"x of 49 bytes", changed(good, "x", json_sprintf("%065dA", 0)), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned n = 0;

        assert_int_equal(parse_keys(json_pack("[o]", rows[i].key)), 0);
        const struct aver_jwk *k = aver_jwks_find(&jwks, "a", &n);
        if (k == NULL || n != 1 || (k->fault[0] == '\0') != rows[i].usable)
            fail_msg("%s: %s", rows[i].what, k != NULL ? k->fault : "none");
    }
    json_decref(good);
    EVP_PKEY_free(key);
    EVP_PKEY_free(small);
}

static void keys_by_name(void **state)
{
    EVP_PKEY *key = jwt_key("P-384");
    json_t *a = jwk_of(key, "a"), *b = jwk_of(key, "b");
    unsigned n = 0;

    (void)state;
    assert_int_equal(parse_keys(json_pack("[O, O, O]", a, b, a)), 0);
    assert_null(aver_jwks_find(&jwks, "a", &n));
    assert_int_equal(n, 2);
    assert_ptr_equal(aver_jwks_find(&jwks, "b", &n), &jwks.key[1]);
    assert_int_equal(n, 1);
    assert_null(aver_jwks_find(&jwks, "c", &n));
    assert_int_equal(n, 0);
    assert_null(aver_jwks_find(&jwks, "", &n));
    /* What has no name, or none that a token can name, is passed over. */
    assert_int_equal(parse_keys(json_pack(
                         "[o, o, o, i, s, n, [], O]", changed(a, "kid", NULL),
                         changed(a, "kid", json_string("a ")),
                         changed(a, "kid", json_integer(7)), 7, "a", a)),
                     0);
    assert_int_equal(jwks.n, 1);
    assert_non_null(aver_jwks_find(&jwks, "a", &n));
    json_decref(a);
    json_decref(b);
    EVP_PKEY_free(key);
}

static void sets_that_are_none(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{}",
        "[]",
        "7",
        "{\"keys\":7}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":[],\"keys\":[]}",
        "{\"keys\":[{\"kid\":\"a\",\"kid\":\"b\"}]}"};
    static char large[AVER_JWKS_MAX + 1];
    struct aver_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (aver_jwks_parse(&jwks, aver_bytes_str(texts[i]), &err) == 0)
            fail_msg("%s", texts[i]);
    assert_int_equal(
        aver_jwks_parse(&jwks, aver_bytes_str("{\"keys\":[]}"), NULL), 0);
    assert_int_equal(jwks.n, 0);
    memset(large, ' ', sizeof(large));
    memcpy(large, "{\"keys\":[]}", 11);
    assert_int_equal(
        aver_jwks_parse(&jwks, aver_bytes_of(large, AVER_JWKS_MAX), &err), 0);
    assert_int_equal(
        aver_jwks_parse(&jwks, aver_bytes_of(large, AVER_JWKS_MAX + 1), &err),
        -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    json_t *keys = json_array();
    for (unsigned i = 0; i <= AVER_JWKS_KEYS_MAX; i++) {
        json_array_append_new(keys, json_pack("{s:s}", "kid", "a"));
        assert_int_equal(parse_keys(json_incref(keys)),
                         i < AVER_JWKS_KEYS_MAX ? 0 : -1);
    }
    json_decref(keys);
}

static void nvidias_keys(void **state)
{
    struct aver_buf text =
        vectors_file("gpu/nras/jwks-neardirect-20260610015359.json");
    unsigned n = 0;

    (void)state;
    assert_int_equal(aver_jwks_parse(&jwks, aver_buf_view(&text), NULL), 0);
    assert_int_equal(jwks.n, 36);
    for (unsigned i = 0; i < jwks.n; i++) {
        assert_string_equal(jwks.key[i].fault, "");
        assert_ptr_equal(aver_jwks_find(&jwks, jwks.key[i].kid, &n),
                         &jwks.key[i]);
    }
    aver_buf_clear(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_apart),        cmocka_unit_test(known_forms),
        cmocka_unit_test(read_headers),       cmocka_unit_test(lengths),
        cmocka_unit_test(keys_of_a_set),      cmocka_unit_test(keys_by_name),
        cmocka_unit_test(sets_that_are_none), cmocka_unit_test(nvidias_keys),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
