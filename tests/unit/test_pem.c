/* SPDX-License-Identifier: Apache-2.0
 *
 * pem: one form is taken, with LF or CRLF; every other one is refused, and no
 * bit of a real chain can be flipped without another chain, or none. */
#include "crypto/pem.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"
#define LINE48                                                                 \
    "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
#define A BEGIN "\nQUJD\n" END "\n"
#define B BEGIN "\n" LINE48 "\nWA==\n" END "\n"
#define TEXT(t) (t), sizeof(t) - 1

struct result {
    int rc;
    unsigned n;
    struct aver_bytes der[3];
    struct aver_buf store;
    struct aver_error err;
};

static struct result read_text(const void *p, size_t n)
{
    struct result r = {.rc = -1};
    uint8_t *copy = malloc(n > 0 ? n : 1);

    assert_non_null(copy);
    memcpy(copy, p, n);
    aver_buf_init(&r.store, 65536);
    r.rc = aver_pem_certificates(r.der, 3, &r.n, &r.store,
                                 aver_bytes_of(copy, n), &r.err);
    free(copy);
    return r;
}

static void taken(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        unsigned certificates;
        size_t first, last; /* sizes */
    } cases[] = {
        {TEXT(A), 1, 3, 3},
        {TEXT(A B), 2, 3, 49},
        {TEXT(B A A), 3, 49, 3},
        {TEXT(BEGIN "\nQUJD\n" END), 1, 3, 3},
        {TEXT(BEGIN "\n" LINE48 "\n" END), 1, 48, 48},
        {TEXT(BEGIN "\n" LINE48 "\n" LINE48 "\nQQ==\n" END), 1, 97, 97},
        {TEXT(A "\0"), 1, 3, 3},
        {TEXT(BEGIN "\nQUJD\n" END "\0"), 1, 3, 3},
        {TEXT(A "\n\n" B "\n"), 2, 3, 49},
        {TEXT("\n" A), 1, 3, 3},
        {TEXT(BEGIN "\r\nQUJD\r\n" END "\r\n\r\n" A), 2, 3, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result r = read_text(cases[i].text, cases[i].n);

        if (r.rc != 0 || r.n != cases[i].certificates)
            fail_msg("case %zu: %u, %s", i, r.n, r.err.text);
        assert_int_equal(r.der[0].n, cases[i].first);
        assert_int_equal(r.der[r.n - 1].n, cases[i].last);
        aver_buf_clear(&r.store);
    }
}

static void what_is_decoded(void **state)
{
    (void)state;
    struct result r = read_text(TEXT(A B));

    assert_int_equal(r.rc, 0);
    assert_true(aver_bytes_is(r.der[0], "ABC"));
    for (size_t i = 0; i < 48; i++)
        assert_int_equal(r.der[1].p[i], 'A');
    assert_int_equal(r.der[1].p[48], 'X');
    aver_buf_clear(&r.store);
}

static void refused(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        enum aver_error_code code;
    } cases[] = {
        {TEXT(""), AVER_EFORMAT},
        {TEXT("\0"), AVER_EFORMAT},
        {TEXT("\n\n"), AVER_EFORMAT},
        {TEXT("QUJD\n"), AVER_EFORMAT},
        {TEXT(BEGIN), AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJD\n"), AVER_EFORMAT},            /* no end */
        {TEXT(BEGIN "\n" END "\n"), AVER_EFORMAT},         /* nothing in it */
        {TEXT(BEGIN "\n\n" END "\n"), AVER_EFORMAT},       /* an empty line */
        {TEXT(BEGIN "\n\nQUJD\n" END "\n"), AVER_EFORMAT}, /* likewise */
        {TEXT(BEGIN "\nQUJD\n\n" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\n" BEGIN "\nQUJD\n" END "\n"), AVER_EFORMAT},
        {TEXT(A "text\n" A), AVER_EFORMAT},
        {TEXT("text\n" A), AVER_EFORMAT},
        {TEXT(A "text"), AVER_EFORMAT},
        {TEXT(A " \n"), AVER_EFORMAT},
        {TEXT(A "\0\0"), AVER_EFORMAT},
        {TEXT("\0" A), AVER_EFORMAT},
        {TEXT(A "\0" A), AVER_EFORMAT},
        {TEXT(A "\r"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJD\n" END "\r\r\n"), AVER_EFORMAT},
        {TEXT(BEGIN " \nQUJD\n" END "\n"), AVER_EFORMAT},
        {TEXT(" " BEGIN "\nQUJD\n" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJD\n" END " \n"), AVER_EFORMAT},
        {TEXT(BEGIN "QUJD\n" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJD" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJD \n" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJ\n" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJD=\n" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQQ==QUJD\n" END "\n"), AVER_EFORMAT}, /* in the middle */
        {TEXT(BEGIN "\nQQ==\nQUJD\n" END "\n"), AVER_EFORMAT},
        {TEXT(BEGIN "\nQR==\n" END "\n"), AVER_EFORMAT}, /* bits left over */
        {TEXT(BEGIN "\nQUJD\nQUJD\n" END "\n"), AVER_EFORMAT},  /* short line */
        {TEXT(BEGIN "\n" LINE48 "Q\n" END "\n"), AVER_EFORMAT}, /* 65 */
        {TEXT(BEGIN "\n" LINE48 "QUJD\n" END "\n"), AVER_EFORMAT}, /* 68 */
        {TEXT("-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"),
         AVER_EFORMAT},
        {TEXT(BEGIN "\nQUJD\n-----END PRIVATE KEY-----\n"), AVER_EFORMAT},
        {TEXT(A A A A), AVER_ELIMIT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result r = read_text(cases[i].text, cases[i].n);

        if (r.rc == 0 || r.err.code != cases[i].code)
            fail_msg("case %zu: %s", i, r.rc == 0 ? "taken" : r.err.text);
        aver_buf_clear(&r.store);
    }
}

static void too_long_for_its_buffer(void **state)
{
    struct aver_bytes der[3];
    struct aver_error err;
    struct aver_buf store;
    unsigned n;

    (void)state;
    aver_buf_init(&store, 16);
    assert_int_equal(
        aver_pem_certificates(der, 3, &n, &store, aver_bytes_str(A), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&store);
}

static bool same(const struct result *a, const struct result *b)
{
    if (b->rc != 0 || a->n != b->n)
        return false;
    for (unsigned i = 0; i < a->n; i++)
        if (!aver_bytes_equal(a->der[i], b->der[i]))
            return false;
    return true;
}

/* Whatever can be done to one bit, and to the end. */
static void every_bit_counts(void **state)
{
    json_t *bundle = vectors_index("tdx/collateral/90c06f-20260610.json");
    struct aver_buf text;

    (void)state;
    aver_buf_init(&text, 65536);
    assert_int_equal(aver_buf_append_str(
                         &text, vectors_text(bundle, "pck_crl_issuer_chain")),
                     0);
    struct result want = read_text(text.p, text.n);
    assert_int_equal(want.rc, 0);
    assert_int_equal(want.n, 2);
    for (size_t bit = 0; bit < 8 * text.n; bit++) {
        text.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct result r = read_text(text.p, text.n);
        if (same(&want, &r))
            fail_msg("bit %zu does not matter", bit);
        aver_buf_clear(&r.store);
        text.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    aver_buf_clear(&want.store);
    aver_buf_clear(&text);
    json_decref(bundle);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken),
        cmocka_unit_test(what_is_decoded),
        cmocka_unit_test(refused),
        cmocka_unit_test(too_long_for_its_buffer),
        cmocka_unit_test(every_bit_counts),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
