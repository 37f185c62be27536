/* SPDX-License-Identifier: Apache-2.0
 *
 * crl: every list of the vectors as OpenSSL reads it, every bit of one flipped
 * likewise, and forms that nobody issues. */
#define _DEFAULT_SOURCE
#include "x509_parts.h"
#include "x509_vectors.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static int64_t seconds(const ASN1_TIME *t)
{
    struct tm tm;

    assert_int_equal(ASN1_TIME_to_tm(t, &tm), 1);
    return timegm(&tm);
}

/* The content of a serial number, at most 64 bytes. */
static size_t content(uint8_t out[static 64], const ASN1_INTEGER *serial)
{
    unsigned char *der = NULL;
    int n = i2d_ASN1_INTEGER(serial, &der);

    assert_true(n > 2 && n < 66);
    memcpy(out, der + 2, (size_t)n - 2);
    OPENSSL_free(der);
    return (size_t)n - 2;
}

/* Each that OpenSSL lists we list, and none that differs in its last bit,
 * unless OpenSSL lists that one too. */
static bool same_entries(const struct aver_crl *c, X509_CRL *x)
{
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(x);
    uint8_t serial[64];

    for (int i = 0; i < sk_X509_REVOKED_num(all); i++) {
        const X509_REVOKED *r = sk_X509_REVOKED_value(all, i);
        size_t n = content(serial, X509_REVOKED_get0_serialNumber(r));
        X509_REVOKED *found = NULL;

        if (!aver_crl_lists(c, aver_bytes_of(serial, n)))
            return false;
        serial[n - 1] ^= 1;
        ASN1_INTEGER *other =
            ASN1_INTEGER_dup(X509_REVOKED_get0_serialNumber(r));
        other->data[other->length - 1] ^= 1;
        bool listed = X509_CRL_get0_by_serial(x, &found, other) != 0;
        n = content(serial, other);
        ASN1_INTEGER_free(other);
        if (aver_crl_lists(c, aver_bytes_of(serial, n)) != listed)
            return false;
    }
    return (sk_X509_REVOKED_num(all) > 0) == (c->entries.n > 0);
}

static bool is_name(struct aver_bytes have, const X509_NAME *want)
{
    const unsigned char *p = NULL;
    size_t n = 0;

    assert_int_equal(X509_NAME_get0_der(want, &p, &n), 1);
    return aver_bytes_equal(have, aver_bytes_of(p, n));
}

static bool is_signed_part(const struct aver_crl *c, X509_CRL *x)
{
    const ASN1_BIT_STRING *sig = NULL;
    unsigned char *der = NULL;
    int n = i2d_re_X509_CRL_tbs(x, &der);
    bool same =
        n > 0 && aver_bytes_equal(c->tbs, aver_bytes_of(der, (size_t)n));

    OPENSSL_free(der);
    X509_CRL_get0_signature(x, &sig, NULL);
    return same &&
           aver_bytes_equal(c->signature,
                            aver_bytes_of(ASN1_STRING_get0_data(sig),
                                          (size_t)ASN1_STRING_length(sig)));
}

static bool is_next_update(const struct aver_crl *c, const X509_CRL *x)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);

    return c->has_next_update == (next != NULL) &&
           (next == NULL || c->next_update == seconds(next));
}

static const char *differs(const struct aver_crl *c, X509_CRL *x)
{
    bool signed_part = is_signed_part(c, x); /* before a search sorts it */
    const struct {
        const char *what;
        bool same;
    } rows[] = {
        {"issuer", is_name(c->issuer, X509_CRL_get_issuer(x))},
        {"thisUpdate", c->this_update == seconds(X509_CRL_get0_lastUpdate(x))},
        {"nextUpdate", is_next_update(c, x)},
        {"entries", same_entries(c, x)},
        {"number", c->has_number ==
                       (X509_CRL_get_ext_by_NID(x, NID_crl_number, -1) >= 0)},
        {"authority id", c->has_authority_id ==
                             (X509_CRL_get_ext_by_NID(
                                  x, NID_authority_key_identifier, -1) >= 0)},
        {"signed part", signed_part},
        {"version", X509_CRL_get_version(x) == X509_CRL_VERSION_2},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!rows[i].same)
            return rows[i].what;
    return NULL;
}

static const char *compared(struct aver_bytes der, bool *taken)
{
    const unsigned char *p = der.p;
    const char *what = NULL;
    struct aver_crl c;

    *taken = aver_crl_parse(&c, der, NULL) == 0;
    if (!*taken)
        return NULL;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.n);
    if (x == NULL || p != der.p + der.n)
        what = "OpenSSL refuses it";
    else
        what = differs(&c, x);
    X509_CRL_free(x);
    ERR_clear_error();
    return what;
}

static void as_openssl_reads(void **state)
{
    static struct x509_vectors v;
    unsigned taken_n = 0;

    (void)state;
    x509_vectors_read(&v);
    for (unsigned i = 0; i < v.ncrls; i++) {
        bool taken;
        const char *what = compared(aver_buf_view(&v.crl[i]), &taken);

        if (what != NULL)
            fail_msg("list %u: %s", i, what);
        taken_n += taken;
    }
    if (taken_n < 30)
        fail_msg("only %u lists", taken_n);
    x509_vectors_clear(&v);
}

static void flipped_as_openssl_reads(void **state)
{
    struct tdx_case c;
    unsigned all = 0;

    (void)state;
    tdx_case_open(&c, "tdx/cases", "real-dcapqvl-tdx-v4");
    for (unsigned i = 0; i < c.e->nlists; i++) {
        struct aver_buf *der = &c.e->list[i]->der;

        for (size_t bit = 0; bit < 8 * der->n; bit++) {
            bool taken;

            der->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            const char *what = compared(aver_buf_view(der), &taken);
            if (what != NULL)
                fail_msg("list %u, byte %zu now %02x: %s", i, bit / 8,
                         der->p[bit / 8], what);
            all += taken;
            der->p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    assert_true(all > 500);
    tdx_case_close(&c);
}

static void cut(void **state)
{
    struct aver_buf der = crl_of_parts(CRL_PARTS, NULL);
    struct aver_crl c;

    (void)state;
    assert_int_equal(aver_crl_parse(&c, aver_buf_view(&der), NULL), 0);
    for (size_t n = 0; n < der.n; n++) {
        struct aver_buf part = der;

        part.n = n;
        struct aver_bytes in = der_exact(&part);
        assert_int_equal(aver_crl_parse(&c, in, NULL), -1);
        der_done(in);
    }
    assert_int_equal(aver_buf_append(&der, "", 1), 0);
    assert_int_equal(aver_crl_parse(&c, aver_buf_view(&der), NULL), -1);
    aver_buf_clear(&der);
}

#define WHEN "170d3236303130313030303030305a"
/* One entry of serial 5, with this behind its date. */
#define REASON "300a0603551d1504030a0101"
#define REASON_CRITICAL "300d0603551d150101ff04030a0101"
#define OTHER_CRITICAL "300a06032a03040101ff0400"

static const struct form {
    const char *what;
    enum crl_part part;
    const char *hex;
    bool ok, unknown;
} forms[] = {
    {"version 1", CRL_VERSION, "", false, false},
    {"version 1, written", CRL_VERSION, "020100", false, false},
    {"version 3", CRL_VERSION, "020102", false, false},
    {"SHA-384 inside alone", CRL_INNER, ECDSA_SHA384, false, false},
    {"SHA-384 outside alone", CRL_OUTER, ECDSA_SHA384, false, false},
    {"RSA", CRL_INNER, "300d06092a864886f70d01010b0500", false, false},
    {"no issuer", CRL_ISSUER, "", false, false},
    {"no time", CRL_THIS, "", true, false}, /* the next one is taken for it */
    {"no end", CRL_NEXT, "", true, false},
    {"an end by four digits", CRL_NEXT, "180f32303237303130313030303030305a",
     true, false},
    {"an end that is none", CRL_NEXT, "170d3237303233303030303030305a", false,
     false},
    {"no entries", CRL_ENTRIES, "", true, false},
    {"entries, but none", CRL_ENTRIES, "3000", false, false},
    {"an empty entry", CRL_ENTRIES, "30023000", false, false},
    {"an entry without a date", CRL_ENTRIES, "30053003020105", false, false},
    {"an entry without a serial", CRL_ENTRIES, "3011300f" WHEN, false, false},
    {"an empty serial", CRL_ENTRIES, "301330110200" WHEN, false, false},
    {"a padded serial", CRL_ENTRIES, "3015301302020005" WHEN, false, false},
    {"no entry but a byte", CRL_ENTRIES, "300100", false, false},
    {"bytes zero behind a date", CRL_ENTRIES, "30163014020105" WHEN "0000",
     false, false},
    {"more behind a date", CRL_ENTRIES, "30163014020105" WHEN "0500", false,
     false},
    {"a reason", CRL_ENTRIES, "30223020020105" WHEN "300c" REASON, true, false},
    {"a critical reason", CRL_ENTRIES,
     "30253023020105" WHEN "300f" REASON_CRITICAL, true, false},
    {"something critical", CRL_ENTRIES,
     "30223020020105" WHEN "300c" OTHER_CRITICAL, true, true},
    {"a reason, then something critical", CRL_ENTRIES,
     "302e302c020105" WHEN "3018" REASON OTHER_CRITICAL, true, true},
    {"more behind the reason", CRL_ENTRIES,
     "30243022020105" WHEN "300c" REASON "0500", false, false},
    {"no extension", CRL_EXTENSIONS, "", true, false},
    {"a critical one", CRL_EXTENSIONS,
     "a028302"
     "6" CRL_NUMBER AUTHORITY_ID OTHER_CRITICAL,
     true, true},
    {"another place for them", CRL_EXTENSIONS, "a10e300c" CRL_NUMBER, false,
     false},
    {"two lists of them", CRL_EXTENSIONS,
     "a01c300c" CRL_NUMBER "300c" CRL_NUMBER, false, false},
    {"an empty extension", CRL_EXTENSIONS, "a00430023000", false, false},
    {"bytes zero for them", CRL_EXTENSIONS, "0000", false, false},
    {"no signature", CRL_SIGNATURE, "", false, false},
    {"a signature of seven bits", CRL_SIGNATURE, "03020180", false, false},
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

static void known_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        struct aver_buf der = crl_of_parts(forms[i].part, forms[i].hex);
        struct aver_bytes in = der_exact(&der);
        struct aver_crl c;

        if ((aver_crl_parse(&c, in, NULL) == 0) != forms[i].ok)
            fail_msg("%s", forms[i].what);
        if (forms[i].ok)
            assert_int_equal(c.unknown_critical, forms[i].unknown);
        der_done(in);
        aver_buf_clear(&der);
    }
}

static void what_is_read(void **state)
{
    static const uint8_t serials[] = {5, 0x77, 6, 0};
    struct aver_buf der = crl_of_parts(CRL_PARTS, NULL);
    struct aver_crl c;

    (void)state;
    assert_int_equal(aver_crl_parse(&c, aver_buf_view(&der), NULL), 0);
    assert_true(c.has_number && c.has_authority_id && c.has_next_update);
    assert_false(c.unknown_critical);
    assert_int_equal(c.this_update, 1767225600);
    assert_int_equal(c.next_update, 1798761600);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(aver_crl_lists(&c, aver_bytes_of(&serials[i], 1)),
                         i < 2);
    assert_false(aver_crl_lists(&c, aver_bytes_of(serials, 2)));
    assert_false(aver_crl_lists(&c, aver_bytes_of(NULL, 0)));
    aver_buf_clear(&der);
    der = crl_of_parts(CRL_ENTRIES, "");
    assert_int_equal(aver_crl_parse(&c, aver_buf_view(&der), NULL), 0);
    assert_false(aver_crl_lists(&c, aver_bytes_of(serials, 1)));
    aver_buf_clear(&der);
    der = crl_of_parts(CRL_EXTENSIONS, "a00e300c" CRL_NUMBER);
    assert_int_equal(aver_crl_parse(&c, aver_buf_view(&der), NULL), 0);
    assert_true(c.has_number && !c.has_authority_id);
    aver_buf_clear(&der);
}

static void fault_is_told(void **state)
{
    struct aver_error err = {0};
    struct aver_crl c;

    (void)state;
    assert_int_equal(aver_crl_parse(&c, aver_bytes_str("0"), &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    assert_non_null(strstr(err.text, "CRL"));
}

/* Each list under each key of the platform's chain. */
static void signed_by_its_issuer(void **state)
{
    struct tdx_case c;
    unsigned held = 0;

    (void)state;
    tdx_case_open(&c, "tdx/cases", "real-dcapqvl-tdx-v4");
    tdx_case_judge(&c);
    for (unsigned i = 0; i < c.e->nlists; i++)
        for (unsigned j = 0; j < 3; j++) {
            const struct aver_cert *by = &c.cpu->platform->chain.link[j].cert;
            struct aver_crl crl = c.e->list[i]->crl;
            bool mine = aver_bytes_equal(crl.issuer, by->subject);

            assert_int_equal(aver_crl_signed_by(c.e->ec, &crl, by), mine);
            held += mine;
            crl.signed_on = AVER_P384;
            assert_false(aver_crl_signed_by(c.e->ec, &crl, by));
        }
    assert_int_equal(held, 2);
    tdx_case_close(&c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_openssl_reads),
        cmocka_unit_test(flipped_as_openssl_reads),
        cmocka_unit_test(cut),
        cmocka_unit_test(known_forms),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(fault_is_told),
        cmocka_unit_test(signed_by_its_issuer),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
