/* SPDX-License-Identifier: Apache-2.0
 *
 * text: each spelling there and back, and the spellings that are refused. */
#include "base/text.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_hex(void **state)
{
    (void)state;
    static const uint8_t in[] = {0x00, 0x9a, 0xff};
    uint8_t back[3];
    char out[7];
    struct aver_buf b;

    aver_hex_encode(out, in, sizeof(in));
    assert_string_equal(out, "009aff");
    assert_int_equal(aver_hex_decode(back, 3, aver_bytes_str("009AfF")), 0);
    assert_memory_equal(back, in, 3);
    aver_buf_init(&b, 9);
    assert_int_equal(aver_hex_decode_buf(&b, aver_bytes_str("009aff")), 0);
    assert_int_equal(aver_hex_decode_buf(&b, aver_bytes_str("")), 0);
    assert_true(aver_bytes_equal(aver_buf_view(&b), aver_bytes_of(in, 3)));
    assert_int_equal(aver_hex_encode_buf(&b, aver_bytes_of(in, 3)), 0);
    assert_memory_equal(b.p + 3, "009aff", 6);
    assert_int_equal(aver_hex_encode_buf(&b, aver_bytes_of(in, 1)), -1);
    assert_int_equal(b.n, 9);
    aver_buf_clear(&b);
}

static void test_hex_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"0",   "0g",  "g0",   "0x", "00 ",
                                       " 00", "/0",  ":0",   "@0", "`0",
                                       "0G",  "000", "0000", ""};
    uint8_t out[1] = {7};

    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(aver_hex_decode(out, 1, aver_bytes_str(rows[i])), -1);
    assert_int_equal(out[0], 7);
    struct aver_buf b;
    aver_buf_init(&b, 1);
    assert_int_equal(aver_hex_decode_buf(&b, aver_bytes_str("0")), -1);
    assert_int_equal(aver_hex_decode_buf(&b, aver_bytes_str("0q")), -1);
    assert_int_equal(aver_hex_decode_buf(&b, aver_bytes_str("0011")), -1);
    assert_int_equal(b.n, 0);
    aver_buf_clear(&b);
}

static void test_base64(void **state)
{
    (void)state;
    /* RFC 4648 section 10, and the last two digits of the alphabet */
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    struct aver_buf b;

    aver_buf_init(&b, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(aver_base64_encode_buf(&b, aver_bytes_str(rows[i][0])),
                         0);
        assert_true(aver_bytes_is(aver_buf_view(&b), rows[i][1]));
        aver_buf_clear(&b);
        assert_int_equal(aver_base64_decode_buf(&b, aver_bytes_str(rows[i][1])),
                         0);
        assert_true(aver_bytes_is(aver_buf_view(&b), rows[i][0]));
        aver_buf_clear(&b);
    }
}

static void test_base64_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Z",    "Zg",   "Zg=",  "Zg==\n",   "Z===",   "====",
        "=",    "Zh==", "Zm9=", "Zg==Zg==", "Zm8=AA", "Zm8=Zm8=",
        "Zg=a", "Zm-_", "Zm 9", " Zm9v",    "Zm9v ",  "Zm9\x80"};
    struct aver_buf b;

    aver_buf_init(&b, 100);
    assert_int_equal(aver_buf_append_str(&b, "kept"), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(aver_base64_decode_buf(&b, aver_bytes_str(rows[i])),
                         -1);
        assert_true(aver_bytes_is(aver_buf_view(&b), "kept"));
    }
    aver_buf_clear(&b);
    aver_buf_init(&b, 4);
    assert_int_equal(aver_base64_decode_buf(&b, aver_bytes_str("Zm9vYg==")), 0);
    assert_int_equal(aver_base64_decode_buf(&b, aver_bytes_str("Zg==")), -1);
    assert_int_equal(aver_base64_encode_buf(&b, aver_bytes_str("f")), -1);
    aver_buf_clear(&b);
}

/* The same bytes by the other alphabet, and what is only in the first. */
static void test_base64url(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},        {"f", "Zg"},        {"fo", "Zm8"},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"\xfb\xff\xbf", "-_-_"},
    };
    static const char *const bad[] = {"Z",     "Zg==", "Zm8=", "+/+/",
                                      "Zm9-/", "Zh",   "Zm9",  "Zg\n",
                                      "Zm 9",  "ZgZ=", "Zm9vY"};
    struct aver_buf b;

    aver_buf_init(&b, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(
            aver_base64url_decode_buf(&b, aver_bytes_str(rows[i][1])), 0);
        assert_true(aver_bytes_is(aver_buf_view(&b), rows[i][0]));
        aver_buf_clear(&b);
    }
    assert_int_equal(aver_buf_append_str(&b, "kept"), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(aver_base64url_decode_buf(&b, aver_bytes_str(bad[i])),
                         -1);
        assert_true(aver_bytes_is(aver_buf_view(&b), "kept"));
    }
    aver_buf_clear(&b);
    aver_buf_init(&b, 3);
    assert_int_equal(aver_base64url_decode_buf(&b, aver_bytes_str("Zm9vYg")),
                     -1);
    assert_int_equal(aver_base64url_decode_buf(&b, aver_bytes_str("Zm9v")), 0);
    aver_buf_clear(&b);
}

static void test_base64_all_bytes(void **state)
{
    (void)state;
    uint8_t in[256];
    struct aver_buf text, back;

    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)i;
    for (size_t n = 0; n <= sizeof(in); n++) {
        aver_buf_init(&text, 400);
        aver_buf_init(&back, n);
        assert_int_equal(aver_base64_encode_buf(&text, aver_bytes_of(in, n)),
                         0);
        assert_int_equal(aver_base64_decode_buf(&back, aver_buf_view(&text)),
                         0);
        assert_true(
            aver_bytes_equal(aver_buf_view(&back), aver_bytes_of(in, n)));
        aver_buf_clear(&text);
        aver_buf_clear(&back);
    }
}

static void test_decimal(void **state)
{
    (void)state;
    uint64_t v = 1;

    assert_int_equal(aver_decimal(&v, aver_bytes_str("0"), 0), 0);
    assert_int_equal(v, 0);
    assert_int_equal(aver_decimal(&v, aver_bytes_str("007"), 7), 0);
    assert_int_equal(v, 7);
    assert_int_equal(
        aver_decimal(&v, aver_bytes_str("18446744073709551615"), UINT64_MAX),
        0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(
        aver_decimal(&v, aver_bytes_str("18446744073709551616"), UINT64_MAX),
        -1);
    assert_int_equal(
        aver_decimal(&v, aver_bytes_str("99999999999999999999"), UINT64_MAX),
        -1);
    assert_int_equal(aver_decimal(&v, aver_bytes_str("256"), 255), -1);
    assert_int_equal(aver_decimal(&v, aver_bytes_str("1"), 0), -1);
    static const char *const rows[] = {"",   "+1",  "-1", " 1", "1 ",
                                       "1x", "0x1", "1.", "/",  ":"};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(aver_decimal(&v, aver_bytes_str(rows[i]), 100), -1);
    assert_true(v == UINT64_MAX);
}

/* RFC 3629 section 4: each row of the grammar, and one byte beside it. */
static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"", true},
        {"\x01 az\x7f", true},
        {"\xc2\x80\xdf\xbf", true},
        {"\xe0\xa0\x80\xe0\xbf\xbf", true},
        {"\xec\xbf\xbf\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80\xf3\xbf\xbf\xbf\xf4\x8f\xbf\xbf", true},
        {"\x80", false},
        {"\xbf", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xc2", false},
        {"\xc2\x7f", false},
        {"\xc2\xc0", false},
        {"\xe0\x9f\xbf", false},
        {"\xe1\x80", false},
        {"\xe1\x80\xc0", false},
        {"\xed\xa0\x80", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf0\x90\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"a\xc2", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(aver_utf8_valid(aver_bytes_str(rows[i].text)),
                         rows[i].valid);
}

static void test_quote(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "\"\""},
        {"plain and longer than sixteen", "\"plain and longer than sixteen\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"a\xff"
         "b\xc3",
         "\"a\xef\xbf\xbd"
         "b\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    struct aver_buf b;

    aver_buf_init(&b, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(aver_json_quote(&b, aver_bytes_str(rows[i][0])), 0);
        assert_true(aver_bytes_is(aver_buf_view(&b), rows[i][1]));
        aver_buf_clear(&b);
    }
    assert_int_equal(aver_json_quote(&b, aver_bytes_of("a\0b", 3)), 0);
    assert_true(aver_bytes_is(aver_buf_view(&b), "\"a\\u0000b\""));
    aver_buf_clear(&b);
    aver_buf_init(&b, 4);
    assert_int_equal(aver_json_quote(&b, aver_bytes_str("abc")), -1);
    assert_int_equal(b.n, 0);
    aver_buf_clear(&b);
}

/* Whatever the bytes, a JSON reader accepts the outcome. */
static void test_quote_is_json(void **state)
{
    (void)state;
    struct aver_buf b;

    aver_buf_init(&b, 1000);
    for (unsigned i = 0; i < 65536; i++) {
        uint8_t in[4] = {'x', (uint8_t)(i >> 8), (uint8_t)i, 'y'};
        b.n = 0;
        assert_int_equal(aver_json_quote(&b, aver_bytes_of(in, 4)), 0);
        json_t *v = json_loadb((const char *)b.p, b.n,
                               JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(v);
        json_decref(v);
    }
    aver_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_hex_refused),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_refused),
        cmocka_unit_test(test_base64url),
        cmocka_unit_test(test_base64_all_bytes),
        cmocka_unit_test(test_decimal),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_quote_is_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
