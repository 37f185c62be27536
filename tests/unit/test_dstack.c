/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack: the known answers of dstack's own test suites, and the aggregates
 * of real machines. */
#include "vectors.h"
#include "verify/dstack.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void is_hex(const uint8_t *p, size_t n, const char *want)
{
    char hex[2 * 64 + 1];

    aver_hex_encode(hex, p, n);
    assert_string_equal(hex, want);
}

#define REST "000000000000000000000000000000"

/* The known answers of the test suites of dstack's SDKs: compose hash 00..1f,
 * application id 00..13. */
static void config_ids(void **state)
{
    uint8_t compose[32], app[20], out[48];
    struct aver_key_provider p;

    (void)state;
    for (unsigned i = 0; i < 32; i++)
        compose[i] = (uint8_t)i;
    memcpy(app, compose, 20);
    aver_config_id_v1(out, compose);
    is_hex(out, 48,
           "01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1"
           "f" REST);
    assert_int_equal(
        aver_key_provider_parse(
            &p, aver_bytes_str("{\"name\":\"kms\",\"id\":\"aabbccdd\"}"), NULL),
        0);
    assert_int_equal(p.kind, 2);
    aver_config_id_v2(out, compose, app, &p);
    is_hex(out, 48,
           "02e472ed80a08042f044ba63b53b798e98e3ea5219cd078007b1ac8b3dfc762b9"
           "4" REST);
    aver_buf_clear(&p.id);
    assert_int_equal(
        aver_key_provider_parse(
            &p, aver_bytes_str("{\"name\":\"none\",\"id\":\"\"}"), NULL),
        0);
    aver_config_id_v2(out, compose, app, &p);
    is_hex(out, 48,
           "02b21a3a65891c2c3955d82000b30fab13f4adc1a12dc4a84793ea322b71f1882"
           "a" REST);
    aver_buf_clear(&p.id);
    assert_int_equal(
        aver_config_id_v3(
            out,
            aver_bytes_str(
                "{\"app_id\":\"1111111111111111111111111111111111111111\","
                "\"compose_hash\":\"22222222222222222222222222222222222222222"
                "22222222222222222222222\",\"key_provider\":\"none\","
                "\"version\":3}")),
        0);
    is_hex(out, 48,
           "0301d4d7e6ca2922bb80683c27fe1f4da318cf14d1c38db97563c2b6209af7dba"
           "5" REST);
}

static void providers(void **state)
{
    static const struct {
        const char *json;
        int kind; /* -1: refused */
    } cases[] = {
        {"{\"name\":\"none\",\"id\":\"\"}", 0},
        {"{\"name\":\"local-sgx\",\"id\":\"00\"}", 1},
        {"{\"id\":\"00\",\"name\":\"kms\",\"more\":1}", 2},
        {"{\"name\":\"tpm\",\"id\":\"00\"}", 3},
        {"{\"name\":\"KMS\",\"id\":\"00\"}", -1},
        {"{\"name\":\"kms\",\"id\":\"0\"}", -1},
        {"{\"name\":\"kms\",\"id\":7}", -1},
        {"{\"name\":\"kms\"}", -1},
        {"{\"id\":\"00\"}", -1},
        {"{\"name\":\"kms\",\"id\":\"00\",\"id\":\"01\"}", -1},
        {"[]", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_key_provider p;
        struct aver_error err;
        int rc =
            aver_key_provider_parse(&p, aver_bytes_str(cases[i].json), &err);

        if ((rc == 0) != (cases[i].kind >= 0))
            fail_msg("%s", cases[i].json);
        if (rc == 0)
            assert_int_equal(p.kind, cases[i].kind);
        aver_buf_clear(&p.id);
    }
    /* Longer than any key. */
    static char text[5000];
    struct aver_key_provider p;

    memset(text, ' ', sizeof(text));
    assert_int_equal(
        aver_key_provider_parse(&p, aver_bytes_of(text, sizeof(text)), NULL),
        -1);
}

static struct aver_registers registers_of(const json_t *a)
{
    struct aver_registers r = {0};

    vectors_hex_n(r.mrtd, 48, a, "mr_td");
    vectors_hex_n(r.rtmr[0], 48, a, "rtmr0");
    vectors_hex_n(r.rtmr[1], 48, a, "rtmr1");
    vectors_hex_n(r.rtmr[2], 48, a, "rtmr2");
    vectors_hex_n(r.rtmr[3], 48, a, "rtmr3");
    vectors_hex_n(r.mrconfigid, 48, a, "mr_config_id");
    return r;
}

/* MRCONFIGID is zero in one of them, and version 1 in the others. */
static void aggregates_of_real_machines(void **state)
{
    static const char *const files[] = {
        "dstack-quote-report", "dstack-tdx-lite-getquote",
        "nanogpt-gemma-20260610", "nearcloud-20260610", "venice-20260610"};
    unsigned seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[200];
        size_t j;
        json_t *a;

        snprintf(path, sizeof(path), "tdx/reports/%s.expected.json", files[i]);
        json_t *file = vectors_index(path);
        json_array_foreach(json_object_get(file, "attestations"), j, a)
        {
            struct aver_registers r = registers_of(a);
            uint8_t out[32];

            aver_mr_aggregated(out, &r);
            is_hex(out, 32, vectors_text(a, "mr_aggregated"));
            seen++;
        }
        json_decref(file);
    }
    assert_int_equal(seen, 8);
}

/* Every register counts; those of the owner only if one is not zero. */
static void what_aggregates_cover(void **state)
{
    struct aver_registers r = {0};
    uint8_t zero[32], out[32];
    uint8_t *const all[] = {r.mrtd,    r.rtmr[0],      r.rtmr[1],
                            r.rtmr[2], r.rtmr[3],      r.mrconfigid,
                            r.mrowner, r.mrownerconfig};

    (void)state;
    aver_mr_aggregated(zero, &r);
    for (size_t i = 0; i < 8; i++) {
        all[i][47] = 1;
        aver_mr_aggregated(out, &r);
        assert_memory_not_equal(out, zero, 32);
        all[i][47] = 0;
    }
    /* Known answers: Python's hashlib over 224, and 192 + 32 bytes. */
    aver_mr_system(out, &r, aver_bytes_of(NULL, 0));
    is_hex(out, 32,
           "6eb69e26de2a26eda48af77d4cec893aa0cf4748a64cbefcfe11a22c1e680ad9");
    aver_mr_system(out, &r, aver_bytes_str("{}"));
    is_hex(out, 32,
           "f5093219d15974c6a67034f37911b41e397d46090843eac3b419ee000fd50c38");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_ids),
        cmocka_unit_test(providers),
        cmocka_unit_test(aggregates_of_real_machines),
        cmocka_unit_test(what_aggregates_cover),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
