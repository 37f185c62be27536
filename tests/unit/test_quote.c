/* SPDX-License-Identifier: Apache-2.0
 *
 * quote: fields of a captured quote, every truncation of it, versions, and
 * the pins of the vendors' roots. */
#include "crypto/sha2.h"
#include "crypto/x509.h"
#include "vectors.h"
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
    check_hex(q.td_attributes, "0000001000000000");
    check_hex(q.mrtd, "b24d3b24e9e3c16012376b52362ca09856c4adecb709d5fac33addf1"
                      "c47e193da075b125b6c364115771390a5461e217");
    check_hex(q.mrconfigid,
              "01cd5af14107fda0782665a90a48507ddfc99f37d3e6a22ce3df8802881c0b1a"
              "1a000000000000000000000000000000");
    check_hex(q.rtmr[3], "bb3903919b511de9542858731648b6e3cb16d387a3bfc59a2a58"
                         "fc8d76cae6490b91fc46a698470ae7b0be565b91618f");
    check_hex(q.report_data,
              "a6df16ebbc510d97a32b99b4dfd33793acc90e2b000000000000000000000000"
              "9a796732359e9324a45576a730e5a9c47bff518b8ee8bcb882d00b5b1ff6f39"
              "a");
    uint8_t root[32];
    assert_int_equal(aver_x509_spki_sha256(root, aver_pem_last(q.chain), NULL),
                     0);
    assert_memory_equal(root, aver_root_intel, 32);
    aver_buf_clear(&b);
}

/* A copy of exactly n bytes, so that a sanitizer sees a read past them. */
static int parse_cut(struct aver_quote *q, const struct aver_buf *b, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    memcpy(copy, b->p, n);
    int rc = aver_quote_parse(q, aver_bytes_of(copy, n), NULL);
    if (rc == 0)
        rc = q->chain.n > 0 ? 2 : 1;
    free(copy);
    return rc;
}

static void truncated_anywhere(void **state)
{
    struct aver_buf b = captured();
    struct aver_quote q;
    size_t zeros = 70; /* padding that this provider adds */

    (void)state;
    for (size_t n = 0; n < b.n; n++) {
        int rc = parse_cut(&q, &b, n);
        int want = n < 632 ? -1 : n < b.n - zeros ? 1 : 2;

        if (rc != want)
            fail_msg("%zu bytes: %d", n, rc);
    }
    aver_buf_clear(&b);
}

static void other_versions(void **state)
{
    struct aver_buf b = captured();
    struct aver_quote q;

    (void)state;
    b.p[0] = 3;
    assert_int_equal(aver_quote_parse(&q, aver_buf_view(&b), NULL), -1);
    b.p[0] = 4;
    b.p[4] = 0;
    assert_int_equal(aver_quote_parse(&q, aver_buf_view(&b), NULL), -1);
    /* Version 5: six bytes say which body follows. */
    b.p[4] = 0x81;
    b.p[0] = 5;
    static const struct {
        uint8_t descriptor[6];
        int rc;
    } cases[] = {
        {{2, 0, 0x48, 2, 0, 0}, 0},  {{3, 0, 0x88, 2, 0, 0}, 0},
        {{1, 0, 0x80, 1, 0, 0}, -1}, {{2, 0, 0x88, 2, 0, 0}, -1},
        {{3, 0, 0x48, 2, 0, 0}, -1}, {{2, 0, 0x48, 2, 1, 0}, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(b.p + 48, cases[i].descriptor, 6);
        assert_int_equal(aver_quote_parse(&q, aver_buf_view(&b), NULL),
                         cases[i].rc);
        if (cases[i].rc == 0)
            assert_ptr_equal(q.report_data.p, b.p + 54 + 520);
    }
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

static void last_of_a_pem(void **state)
{
    (void)state;
    assert_int_equal(aver_pem_last(aver_bytes_str("")).n, 0);
    assert_int_equal(aver_pem_last(aver_bytes_str("-----BEGIN")).n, 0);
    assert_true(aver_bytes_is(
        aver_pem_last(aver_bytes_str("-----BEGIN CERTIFICATE-----\nA\n"
                                     "-----BEGIN CERTIFICATE-----\nB\n")),
        "-----BEGIN CERTIFICATE-----\nB\n"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),         cmocka_unit_test(truncated_anywhere),
        cmocka_unit_test(other_versions), cmocka_unit_test(pins),
        cmocka_unit_test(last_of_a_pem),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
