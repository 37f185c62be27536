/* SPDX-License-Identifier: Apache-2.0
 *
 * cert_edited: certificates of a real quote and a real list, with some bytes
 * replaced by as many others: forms that are not DER, or no name of RFC 5280,
 * as the harnesses (tests/fuzz/fuzz_cert.c, fuzz_crl.c) found them where this
 * parser was more liberal than OpenSSL. What is wrong with good DER is in the
 * cases of test_cpu_rows. */
#include "crypto/cert.h"
#include "crypto/pem.h"
#include "vectors.h"
#include "verify/quote.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct edit {
    const char *what, *from, *to; /* bytes in hex, equally many; "": none */
    bool ok;
};

/* Replaces the first place where `from` stands; it must stand somewhere. */
static void edit(struct aver_buf *der, const struct edit *e)
{
    uint8_t from[64], to[64];
    size_t n = strlen(e->from) / 2;

    assert_true(n <= sizeof(from) && strlen(e->to) == 2 * n);
    assert_int_equal(aver_hex_decode(from, n, aver_bytes_str(e->from)), 0);
    assert_int_equal(aver_hex_decode(to, n, aver_bytes_str(e->to)), 0);
    uint8_t *at = memmem(der->p, der->n, from, n);
    if (at == NULL)
        fail_msg("%s: %s stands nowhere", e->what, e->from);
    else
        memcpy(at, to, n);
}

static void copy(struct aver_buf *out, struct aver_bytes in)
{
    aver_buf_init(out, 65536);
    assert_int_equal(aver_buf_append(out, in.p, in.n), 0);
}

/* Certificate i of the quote's chain. */
static struct aver_buf certificate(unsigned i)
{
    struct aver_buf quote =
        vectors_file("tdx/cases/real-dcapqvl-tdx-v4/quote.bin");
    struct aver_buf store, out;
    struct aver_bytes der[3];
    struct aver_quote q;
    unsigned n = 0;

    aver_buf_init(&store, 65536);
    assert_int_equal(aver_quote_parse(&q, aver_buf_view(&quote), NULL), 0);
    assert_int_equal(aver_pem_certificates(der, 3, &n, &store, q.chain, NULL),
                     0);
    assert_int_equal(n, 3);
    copy(&out, der[i]);
    aver_buf_clear(&store);
    aver_buf_clear(&quote);
    return out;
}

#define CN "0603550403"
#define COUNTRY "0603550406"
#define USAGE "0603551d0f"
#define SGX "06092a864886f84d010d01"

static void check_certificate(unsigned i, const struct edit *e)
{
    struct aver_buf der = certificate(i);
    struct aver_error err = {0};
    struct aver_cert c;

    edit(&der, e);
    int rc = aver_cert_parse(&c, aver_buf_view(&der), &err);
    if (rc != (e->ok ? 0 : -1))
        fail_msg("%s: %d %s", e->what, rc, err.text);
    aver_buf_clear(&der);
}

static void leaf_edited(void **state)
{
    static const struct edit edits[] = {
        {"as it is", "", "", true},
        {"serial number with a zero too many", "02143c16", "02140016", false},
        {"serial number with a zero that is needed", "02143c16", "02140096",
         true},
        {"negative serial number", "02143c16", "0214ff16", true},
        {"negative, with too many ones", "02143c16", "0214ff96", false},
        {"common name that is bytes", CN "0c", CN "04", false},
        {"common name that is a number", CN "0c", CN "02", false},
        {"common name in another alphabet", CN "0c", CN "1e", false},
        {"common name in printable characters", CN "0c", CN "13", true},
        {"common name that is not UTF-8", CN "0c1949", CN "0c19c9", false},
        {"country that is bytes", COUNTRY "13", COUNTRY "04", false},
        {"attribute whose OID does not end", CN "0c", "06035504830c", false},
        {"attribute whose OID is padded", CN "0c", "06035580030c", false},
        {"extension whose OID does not end", SGX, "06092a864886f84d010d81",
         false},
        {"extension whose OID is padded", SGX, "06092a864886f84d018001", false},
        {"extension of another OID", SGX, "06092a864886f84d010d02", true},
        {"key usage, a bit that is not used", USAGE "0101ff0404030206c0",
         USAGE "0101ff0404030206e0", false},
        {"key usage, all eight bits", USAGE "0101ff0404030206c0",
         USAGE "0101ff0404030200e1", true},
        {"key usage, nine bits not used", USAGE "0101ff0404030206c0",
         USAGE "0101ff040403020900", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
        check_certificate(0, &edits[i]);
}

static void used(void **state)
{
    static const struct edit all = {"", USAGE "0101ff0404030206c0",
                                    USAGE "0101ff04040302008d", true};
    struct aver_buf der = certificate(0);
    struct aver_cert c;

    (void)state;
    assert_int_equal(aver_cert_parse(&c, aver_buf_view(&der), NULL), 0);
    assert_true(c.has_usage);
    assert_int_equal(c.usage, 0x3);
    edit(&der, &all);
    assert_int_equal(aver_cert_parse(&c, aver_buf_view(&der), NULL), 0);
    assert_int_equal(c.usage, 1 | 1 << 4 | 1 << 5 | 1 << 7);
    aver_buf_clear(&der);
}

/* A name's set of attributes with none in it: 0x31 0x00. */
static void name_with_an_empty_set(void **state)
{
    static const struct {
        const char *hex;
        bool ok;
    } names[] = {
        {"3000", true},
        {"30023100", false},
        {"3012310b3009" COUNTRY "130255533103", false},
        {"300d310b3009" COUNTRY "13025553", true},
        {"300f310b3009" COUNTRY "130255533100", false},
        {"301a3118300a0603550403130361626330"
         "0a06035504031303616263",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i].hex) / 2;
        uint8_t *p = malloc(n);
        struct aver_bytes common;
        struct aver_der d;
        bool failed;

        assert_int_equal(aver_hex_decode(p, n, aver_bytes_str(names[i].hex)),
                         0);
        aver_der_init(&d, aver_bytes_of(p, n), &failed);
        aver_der_name(&d, &common);
        aver_der_end(&d);
        if (failed == names[i].ok)
            fail_msg("%s", names[i].hex);
        free(p);
    }
}

static struct aver_buf list(void)
{
    json_t *o = vectors_index("tdx/collateral/b0c06f-20250619.json");
    struct aver_buf der = vectors_hex(o, "pck_crl");

    json_decref(o);
    return der;
}

static void list_edited(void **state)
{
    static const struct edit edits[] = {
        {"as it is", "", "", true},
        {"issuer's name that is bytes", CN "0c", CN "04", false},
        {"issuer's name that is not UTF-8", CN "0c1949", CN "0c19c9", false},
        {"entry with a zero too many", "02146fc3", "02140043", false},
        {"entry with a zero that is needed", "02146fc3", "021400c3", true},
        {"entry whose extension's OID does not end", "0603551d15", "0603551d95",
         false},
        {"extension whose OID does not end", "0603551d14", "0603551d94", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct aver_buf der = list();
        struct aver_error err = {0};
        struct aver_crl c;

        edit(&der, &edits[i]);
        int rc = aver_crl_parse(&c, aver_buf_view(&der), &err);
        if (rc != (edits[i].ok ? 0 : -1))
            fail_msg("%s: %d %s", edits[i].what, rc, err.text);
        aver_buf_clear(&der);
    }
}

/* The first and the last of the 44 entries that OpenSSL prints; and no other.
 */
static void listed(void **state)
{
    static const struct {
        const char *serial;
        bool want;
    } cases[] = {
        {"6fc34e5023e728923435d61aa4b83c618166ad35", true},
        {"00a17c51722ec1e0c3278fe8bdf052059cbec4e648", true},
        {"a17c51722ec1e0c3278fe8bdf052059cbec4e648", false},
        {"6fc34e5023e728923435d61aa4b83c618166ad34", false},
        {"6fc34e5023e728923435d61aa4b83c618166ad", false},
        {"", false},
    };
    struct aver_buf der = list();
    struct aver_crl c;

    (void)state;
    assert_int_equal(aver_crl_parse(&c, aver_buf_view(&der), NULL), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = strlen(cases[i].serial) / 2;
        uint8_t serial[32];

        assert_int_equal(
            aver_hex_decode(serial, n, aver_bytes_str(cases[i].serial)), 0);
        assert_int_equal(aver_crl_lists(&c, aver_bytes_of(serial, n)),
                         cases[i].want);
    }
    aver_buf_clear(&der);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_edited),
        cmocka_unit_test(used),
        cmocka_unit_test(name_with_an_empty_set),
        cmocka_unit_test(list_edited),
        cmocka_unit_test(listed),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
