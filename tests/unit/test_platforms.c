/* SPDX-License-Identifier: Apache-2.0
 *
 * platforms: quotes found in every form they come in, each kind of platform
 * once; and what holds none. */
#include "cli/platforms.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define QUOTE "tdx/cases/real-nanogpt-0610/quote.bin"
#define OTHER "tdx/cases/real-dcapqvl-tdx-v4/quote.bin"
#define ENCLAVE "tdx/cases/real-dcapqvl-sgx-v3/quote.bin"

static struct aver_buf hex_of(const char *name)
{
    struct aver_buf raw = vectors_file(name), out;

    aver_buf_init(&out, 1 << 20);
    if (aver_hex_encode_buf(&out, aver_buf_view(&raw)) != 0 ||
        aver_buf_append(&out, "", 1) != 0)
        abort();
    out.n--;
    aver_buf_clear(&raw);
    return out;
}

static void expect(const struct platforms *p, size_t i, bool sgx,
                   const char *fmspc, bool processor)
{
    char hex[13];

    assert_true(i < p->n);
    aver_hex_encode(hex, p->of[i].fmspc, 6);
    assert_string_equal(hex, fmspc);
    assert_int_equal(p->of[i].sgx, sgx);
    assert_int_equal(p->of[i].processor, processor);
}

static void test_raw_and_text(void **state)
{
    struct aver_buf raw = vectors_file(QUOTE), hex = hex_of(QUOTE), text;
    struct platforms p = {0};
    struct aver_error err;

    (void)state;
    aver_buf_init(&text, 1 << 20);
    assert_int_equal(platforms_add(&p, aver_buf_view(&raw), &err), 0);
    assert_int_equal(platforms_add(&p, aver_buf_view(&hex), &err), 0);
    assert_int_equal(aver_base64_encode_buf(&text, aver_buf_view(&raw)), 0);
    assert_int_equal(aver_buf_append_str(&text, "\r\n"), 0);
    assert_int_equal(platforms_add(&p, aver_buf_view(&text), &err), 0);
    assert_int_equal(p.n, 1);
    expect(&p, 0, false, "90c06f000000", false);
    platforms_clear(&p);
    aver_buf_clear(&text);
    aver_buf_clear(&hex);
    aver_buf_clear(&raw);
}

static void test_json(void **state)
{
    struct aver_buf a = hex_of(QUOTE), b = hex_of(OTHER), c = hex_of(ENCLAVE);
    json_t *report = json_pack(
        "{s:s,s:[{s:s,s:s},{s:s}],s:{s:s}}", "intel_quote", (char *)a.p,
        "model_attestations", "intel_quote", (char *)b.p, "quote", (char *)b.p,
        "intel_quote", (char *)a.p, "other", "deeper", (char *)c.p);
    char *text = json_dumps(report, JSON_INDENT(1));
    struct platforms p = {0};
    struct aver_error err;

    (void)state;
    assert_int_equal(platforms_add(&p, aver_bytes_str(text), &err), 0);
    assert_int_equal(p.n, 3);
    expect(&p, 0, false, "90c06f000000", false);
    expect(&p, 1, false, "b0c06f000000", false);
    expect(&p, 2, true, "00a067110000", true);
    assert_true(p.quote[2].n > 4000);
    platforms_clear(&p);
    free(text);
    json_decref(report);
    aver_buf_clear(&a);
    aver_buf_clear(&b);
    aver_buf_clear(&c);
}

static void test_nothing(void **state)
{
    struct aver_buf raw = vectors_file(QUOTE);
    struct aver_buf hex = hex_of(QUOTE);
    const struct aver_bytes cases[] = {
        aver_bytes_str(""),
        aver_bytes_str("{}"),
        aver_bytes_str("[[[\"x\"]], 1, null]"),
        aver_bytes_str("{\"quote\":\"00\"}"),
        aver_bytes_str("{\"quote\":"),
        aver_bytes_str("quote"),
        aver_bytes_of(raw.p, 2),
        aver_bytes_of(raw.p, 600),
        aver_bytes_of(raw.p + 1, raw.n - 1),
        aver_bytes_of(hex.p, 2000),
        aver_bytes_of(hex.p, 2001),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct platforms p = {0};
        struct aver_error err = {0};

        if (platforms_add(&p, cases[i], &err) != -1 || err.text[0] == '\0' ||
            p.n != 0)
            fail_msg("case %zu", i);
        platforms_clear(&p);
    }
    aver_buf_clear(&raw);
    aver_buf_clear(&hex);
}

/* A whole quote whose certificates are spoilt. */
static void test_spoilt_certificates(void **state)
{
    struct aver_buf raw = vectors_file(QUOTE);
    struct platforms p = {0};
    struct aver_error err;

    (void)state;
    uint8_t *pem = memmem(raw.p, raw.n, "-----BEGIN", 10);
    assert_non_null(pem);
    pem[0] = '+';
    assert_int_equal(platforms_add(&p, aver_buf_view(&raw), &err), -1);
    assert_non_null(strstr(err.text, "certificate"));
    assert_int_equal(p.n, 0);
    aver_buf_clear(&raw);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw_and_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_spoilt_certificates),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
