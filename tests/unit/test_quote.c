/* SPDX-License-Identifier: Apache-2.0
 *
 * quote: fields of a captured quote, every truncation of it, what is said of
 * fields out of range, and the pins of the vendors' roots. Quotes of all
 * versions are in the cases of test_cpu_rows. */
#include "crypto/sha2.h"
#include "crypto/x509.h"
#include "vectors.h"
#include "verify/chain.h"
#include "verify/quote.h"
#include "verify/roots.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_buf captured(void)
{
    json_t *o = vectors_index("tdx/reports/nanogpt-gemma-20260610.json");
    struct aver_buf quote = vectors_hex(o, "intel_quote");

    json_decref(o);
    return quote;
}

static void check_hex(struct aver_bytes got, const char *want)
{
    char hex[200];

    assert_true(got.n < 100);
    aver_hex_encode(hex, got.p, got.n);
    assert_string_equal(hex, want);
}

static void fields(void **state)
{
    struct aver_buf b = captured();
    struct aver_quote q;

    (void)state;
    assert_int_equal(aver_quote_parse(&q, aver_buf_view(&b), NULL), 0);
    assert_int_equal(q.version, 4);
    check_hex(q.td.td_attributes, "0000001000000000");
    check_hex(q.td.mrtd,
              "b24d3b24e9e3c16012376b52362ca09856c4adecb709d5fac33addf1"
              "c47e193da075b125b6c364115771390a5461e217");
    check_hex(q.td.mrconfigid,
              "01cd5af14107fda0782665a90a48507ddfc99f37d3e6a22ce3df8802881c0b1a"
              "1a000000000000000000000000000000");
    check_hex(q.td.rtmr[3],
              "bb3903919b511de9542858731648b6e3cb16d387a3bfc59a2a58"
              "fc8d76cae6490b91fc46a698470ae7b0be565b91618f");
    check_hex(q.report_data,
              "a6df16ebbc510d97a32b99b4dfd33793acc90e2b000000000000000000000000"
              "9a796732359e9324a45576a730e5a9c47bff518b8ee8bcb882d00b5b1ff6f39"
              "a");
    struct aver_chain chain;
    uint8_t root[32];
    aver_chain_init(&chain, q.chain);
    assert_int_equal(chain.n, 3);
    aver_link_spki(root, &chain.link[2]);
    assert_memory_equal(root, aver_root_intel, 32);
    aver_chain_clear(&chain);
    aver_buf_clear(&b);
}

/* A copy of exactly n bytes, so that a sanitizer sees a read past them. */
static int parse_cut(struct aver_quote *q, const struct aver_buf *b, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    memcpy(copy, b->p, n);
    int rc = aver_quote_parse(q, aver_bytes_of(copy, n), NULL);
    free(copy);
    return rc;
}

#define PADDING 70 /* zeros that this provider adds */

static void truncated_anywhere(void **state)
{
    struct aver_buf b = captured();
    struct aver_quote q;

    (void)state;
    for (size_t n = 0; n < b.n; n++) {
        int rc = parse_cut(&q, &b, n);

        if (rc != (n < b.n - PADDING ? -1 : 0))
            fail_msg("%zu bytes: %d", n, rc);
        if (rc == 0)
            assert_int_equal(q.trailing.n, n - (b.n - PADDING));
    }
    aver_buf_clear(&b);
}

/* One field changed at a time: offset, new value, and what is said of it. */
static void fields_out_of_range(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *say;
    } cases[] = {
        {0, 2, "version 2"},       {0, 6, "version 6"},
        {1, 1, "version 260"},     {0, 3, "version 3, but not of SGX"},
        {2, 3, "type 3"},          {4, 0x82, "TEE type 0x82"},
        {7, 1, "TEE type"},        {12, 0, "vendor id"},
        {633, 0xff, "shorter"},    {633, 0, "too short"},
        {764, 5, "type 5 around"}, {767, 0xff, "too short"},
        {1219, 0xff, "too short"}, {1252, 4, "type 4, not a PCK"},
        {1255, 0xff, "too short"},
    };
    struct aver_buf b = captured();
    struct aver_quote q;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_error err = {0};
        uint8_t was = b.p[cases[i].at];

        b.p[cases[i].at] = cases[i].value;
        assert_int_equal(aver_quote_parse(&q, aver_buf_view(&b), &err), -1);
        if (strstr(err.text, cases[i].say) == NULL)
            fail_msg("byte %zu: %s", cases[i].at, err.text);
        b.p[cases[i].at] = was;
    }
    aver_buf_clear(&b);
}

/* Version 5: six bytes say which body follows. */
static void bodies_of_version_5(void **state)
{
    static const struct {
        uint8_t tee, descriptor[6];
        bool body_fits;
    } cases[] = {
        {0x81, {2, 0, 0x48, 2, 0, 0}, true},
        {0x81, {3, 0, 0x88, 2, 0, 0}, true},
        {0, {1, 0, 0x80, 1, 0, 0}, true},
        {0x81, {1, 0, 0x80, 1, 0, 0}, false},
        {0, {2, 0, 0x48, 2, 0, 0}, false},
        {0x81, {2, 0, 0x88, 2, 0, 0}, false},
        {0x81, {3, 0, 0x48, 2, 0, 0}, false},
        {0x81, {4, 0, 0x88, 2, 0, 0}, false},
        {0x81, {2, 0, 0x48, 2, 1, 0}, false},
    };
    struct aver_buf b = captured();
    struct aver_quote q;

    (void)state;
    b.p[0] = 5;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_error err = {0};

        b.p[4] = cases[i].tee;
        memcpy(b.p + 48, cases[i].descriptor, 6);
        assert_int_equal(aver_quote_parse(&q, aver_buf_view(&b), &err), -1);
        assert_int_equal(strstr(err.text, "do not fit") == NULL,
                         cases[i].body_fits);
    }
    aver_buf_clear(&b);
}

static void too_large(void **state)
{
    struct aver_buf b = captured();
    struct aver_quote q;
    struct aver_error err = {0};
    uint32_t more = 70000;
    uint8_t *big = calloc(1, b.n + more);

    (void)state;
    memcpy(big, b.p, b.n);
    for (unsigned i = 0; i < 3; i++) { /* the three lengths around the chain */
        static const size_t at[] = {632, 766, 1254};
        uint32_t n = 0;

        for (unsigned j = 0; j < 4; j++)
            n |= (uint32_t)big[at[i] + j] << 8 * j;
        for (unsigned j = 0; j < 4; j++)
            big[at[i] + j] = (uint8_t)((n + more) >> 8 * j);
    }
    assert_int_equal(aver_quote_parse(&q, aver_bytes_of(big, b.n + more), &err),
                     -1);
    assert_non_null(strstr(err.text, "64 KiB"));
    free(big);
    aver_buf_clear(&b);
}

/* The pins are SHA-256 of the SubjectPublicKeyInfo around these points. */
static void pins(void **state)
{
    static const char *const intel =
        "3059301306072a8648ce3d020106082a8648ce3d030107034200040ba9c4c0c0c86193"
        "a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f567918e2edc88e40d860bd0"
        "cc4ee26aacc988e505a953558c453f6b0904ae7394";
    static const char *const nvidia =
        "3076301006072a8648ce3d020106052b81040022036200040e4c14a33bf8a5626658db"
        "4129607e4cbf4519c4412716f4d0d917c4978005bdeabeaefd57bc66082d718a4f8b60"
        "52e1516ee8a7c422b84de857071bb58fd395bea0cfa1c63ee7c80d6bd63901d91cbbd1"
        "87d3857dc16b5cceaf238ff8c27dbd";
    uint8_t der[120], hash[32];

    (void)state;
    assert_int_equal(aver_hex_decode(der, 91, aver_bytes_str(intel)), 0);
    aver_sha256(hash, aver_bytes_of(der, 91));
    assert_memory_equal(hash, aver_root_intel, 32);
    assert_int_equal(aver_hex_decode(der, 120, aver_bytes_str(nvidia)), 0);
    aver_sha256(hash, aver_bytes_of(der, 120));
    assert_memory_equal(hash, aver_root_nvidia, 32);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(fields_out_of_range),
        cmocka_unit_test(bodies_of_version_5),
        cmocka_unit_test(too_large),
        cmocka_unit_test(pins),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
