/* SPDX-License-Identifier: Apache-2.0
 *
 * cert: every certificate of the vectors as OpenSSL reads it, every bit of one
 * flipped likewise (what we read, OpenSSL reads, and the same), and forms that
 * nobody issues, which are refused. */
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

static bool is_name(struct aver_bytes have, const X509_NAME *want)
{
    const unsigned char *p = NULL;
    size_t n = 0;

    assert_int_equal(X509_NAME_get0_der(want, &p, &n), 1);
    return aver_bytes_equal(have, aver_bytes_of(p, n));
}

static bool is_serial(struct aver_bytes have, const ASN1_INTEGER *want)
{
    unsigned char *der = NULL;
    int n = i2d_ASN1_INTEGER(want, &der);
    bool same =
        n > 2 && aver_bytes_equal(have, aver_bytes_of(der + 2, (size_t)n - 2));

    OPENSSL_free(der);
    return same;
}

static bool is_string(struct aver_bytes have, const ASN1_STRING *want)
{
    return aver_bytes_equal(have,
                            aver_bytes_of(ASN1_STRING_get0_data(want),
                                          (size_t)ASN1_STRING_length(want)));
}

static bool is_common_name(struct aver_bytes have, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

    if (at < 0)
        return have.n == 0;
    return is_string(have,
                     X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

static bool is_constraints(const struct aver_cert *c, const X509 *x)
{
    int critical;
    BASIC_CONSTRAINTS *b =
        X509_get_ext_d2i(x, NID_basic_constraints, &critical, NULL);
    bool same = c->has_constraints == (critical != -1);

    if (b == NULL)
        return same && critical == -1;
    same = same && c->ca == (b->ca != 0) &&
           c->has_path_max == (b->pathlen != NULL) &&
           (b->pathlen == NULL ||
            ASN1_INTEGER_get(b->pathlen) == (long)c->path_max);
    BASIC_CONSTRAINTS_free(b);
    return same;
}

static bool is_usage(const struct aver_cert *c, const X509 *x)
{
    int critical;
    ASN1_BIT_STRING *b = X509_get_ext_d2i(x, NID_key_usage, &critical, NULL);
    bool same = c->has_usage == (critical != -1);

    if (b == NULL)
        return same && critical == -1;
    for (int i = 0; i < 16; i++)
        same =
            same && ASN1_BIT_STRING_get_bit(b, i) == (int)(c->usage >> i & 1);
    ASN1_BIT_STRING_free(b);
    return same;
}

static bool is_unknown_critical(const struct aver_cert *c, const X509 *x)
{
    static const int known[] = {
        NID_key_usage, NID_basic_constraints, NID_subject_key_identifier,
        NID_authority_key_identifier, NID_crl_distribution_points};
    bool unknown = false;

    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *e = X509_get_ext(x, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
        bool is_known = false;

        for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++)
            is_known = is_known || nid == known[j];
        unknown = unknown || (X509_EXTENSION_get_critical(e) && !is_known);
    }
    return c->unknown_critical == unknown;
}

static bool is_key(const struct aver_cert *c, X509 *x)
{
    const ASN1_BIT_STRING *point = X509_get0_pubkey_bitstr(x);
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    bool same = n > 0 &&
                aver_bytes_equal(c->spki, aver_bytes_of(der, (size_t)n)) &&
                is_string(c->point, point);

    OPENSSL_free(der);
    return same;
}

static bool is_signed_part(const struct aver_cert *c, X509 *x)
{
    const ASN1_BIT_STRING *sig = NULL;
    const X509_ALGOR *alg = NULL;
    unsigned char *der = NULL;
    int n = i2d_re_X509_tbs(x, &der);
    bool same =
        n > 0 && aver_bytes_equal(c->tbs, aver_bytes_of(der, (size_t)n));

    OPENSSL_free(der);
    X509_get0_signature(&sig, &alg, x);
    return same && is_string(c->signature, sig) &&
           OBJ_obj2nid(alg->algorithm) == (c->signed_on == AVER_P384
                                               ? NID_ecdsa_with_SHA384
                                               : NID_ecdsa_with_SHA256);
}

static bool has(const X509 *x, int nid)
{
    return X509_get_ext_by_NID(x, nid, -1) >= 0;
}

/* What OpenSSL reads otherwise; NULL: all is the same. */
static const char *differs(const struct aver_cert *c, X509 *x)
{
    const struct {
        const char *what;
        bool same;
    } rows[] = {
        {"serial", is_serial(c->serial, X509_get0_serialNumber(x))},
        {"issuer", is_name(c->issuer, X509_get_issuer_name(x))},
        {"subject", is_name(c->subject, X509_get_subject_name(x))},
        {"common name",
         is_common_name(c->common_name, X509_get_subject_name(x))},
        {"notBefore", c->not_before == seconds(X509_get0_notBefore(x))},
        {"notAfter", c->not_after == seconds(X509_get0_notAfter(x))},
        {"key", is_key(c, x)},
        {"signed part", is_signed_part(c, x)},
        {"constraints", is_constraints(c, x)},
        {"usage", is_usage(c, x)},
        {"authority id",
         c->has_authority_id == has(x, NID_authority_key_identifier)},
        {"subject id", c->has_subject_id == has(x, NID_subject_key_identifier)},
        {"crl points",
         c->has_crl_points == has(x, NID_crl_distribution_points)},
        {"unknown critical", is_unknown_critical(c, x)},
        {"version", X509_get_version(x) == X509_VERSION_3},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!rows[i].same)
            return rows[i].what;
    return NULL;
}

/* NULL if what we read is what OpenSSL reads, or we refuse it. */
static const char *compared(struct aver_bytes der, bool *taken)
{
    const unsigned char *p = der.p;
    const char *what = NULL;
    struct aver_cert c;

    *taken = aver_cert_parse(&c, der, NULL) == 0;
    if (!*taken)
        return NULL;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    if (x == NULL || p != der.p + der.n)
        what = "OpenSSL refuses it";
    else
        what = differs(&c, x);
    X509_free(x);
    ERR_clear_error();
    return what;
}

static void as_openssl_reads(void **state)
{
    static struct x509_vectors v;

    (void)state;
    x509_vectors_read(&v);
    for (unsigned i = 0; i < v.ncerts; i++) {
        bool taken;
        const char *what = compared(aver_buf_view(&v.cert[i]), &taken);

        assert_true(taken);
        if (what != NULL)
            fail_msg("certificate %u: %s", i, what);
    }
    if (v.ncerts < 60)
        fail_msg("only %u certificates", v.ncerts);
    x509_vectors_clear(&v);
}

static void flipped_as_openssl_reads(void **state)
{
    struct tdx_case c;
    unsigned all = 0;

    (void)state;
    tdx_case_open(&c, "tdx/cases", "real-dcapqvl-tdx-v4");
    tdx_case_judge(&c);
    for (unsigned i = 0; i < 3; i++) {
        struct aver_buf der;
        struct aver_bytes from = c.cpu->platform->chain.link[i].cert.der;
        bool taken;

        aver_buf_init(&der, from.n);
        assert_int_equal(aver_buf_append(&der, from.p, from.n), 0);
        for (size_t bit = 0; bit < 8 * der.n; bit++) {
            der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
            const char *what = compared(aver_buf_view(&der), &taken);
            if (what != NULL)
                fail_msg("certificate %u, byte %zu now %02x: %s", i, bit / 8,
                         der.p[bit / 8], what);
            all += taken;
            der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        aver_buf_clear(&der);
    }
    assert_true(all > 1000); /* names, key, signature */
    tdx_case_close(&c);
}

static void cut(void **state)
{
    struct aver_buf der = cert_of_parts(CERT_PARTS, NULL);
    struct aver_cert c;

    (void)state;
    assert_int_equal(aver_cert_parse(&c, aver_buf_view(&der), NULL), 0);
    for (size_t n = 0; n < der.n; n++) {
        struct aver_buf part = der;

        part.n = n;
        struct aver_bytes in = der_exact(&part);
        assert_int_equal(aver_cert_parse(&c, in, NULL), -1);
        der_done(in);
    }
    assert_int_equal(aver_buf_append(&der, "", 1), 0);
    assert_int_equal(aver_cert_parse(&c, aver_buf_view(&der), NULL), -1);
    aver_buf_clear(&der);
}

#define USAGE(bits) "300e0603551d0f0101ff0404" bits
#define CONSTRAINTS "300c0603551d130101ff04023000"
#define POINT_P384 "04" ZERO64 ZERO8 ZERO8 ZERO8 ZERO8

static const struct form {
    const char *what;
    enum x509_part part;
    const char *hex;
    bool ok;
} forms[] = {
    {"version 1, not written", CERT_VERSION, "", false},
    {"version 1, written", CERT_VERSION, "a003020100", false},
    {"version 2", CERT_VERSION, "a003020101", false},
    {"version 4", CERT_VERSION, "a003020103", false},
    {"version and more", CERT_VERSION, "a006020102020102", false},
    {"a longer serial", CERT_SERIAL,
     "021500ffffffffffffffffffffffffffffffffffffffff", true},
    {"an empty serial", CERT_SERIAL, "0200", false},
    {"a padded serial", CERT_SERIAL, "02020005", false},
    {"a serial of another type", CERT_SERIAL, "040105", false},
    {"SHA-384 inside alone", CERT_INNER, ECDSA_SHA384, false},
    {"SHA-384 outside alone", CERT_OUTER, ECDSA_SHA384, false},
    {"SHA-1", CERT_INNER, "300906072a8648ce3d0401", false},
    {"RSA", CERT_INNER, "300d06092a864886f70d01010b0500", false},
    {"parameters", CERT_INNER, "300c06082a8648ce3d0403020500", false},
    {"two common names", CERT_SUBJECT,
     "3018" CN("0a", "08", "0c0153") CN("0a", "08", "0c0153"), false},
    {"two, the first of them empty", CERT_SUBJECT,
     "3017" CN("09", "07", "0c00") CN("0a", "08", "0c0153"), false},
    {"two in one set", CERT_SUBJECT,
     "3016311430080603550403"
     "0c015330080603550403"
     "0c0154",
     false},
    {"a printable one", CERT_SUBJECT, "300c" CN("0a", "08", "130153"), true},
    {"one of bytes", CERT_SUBJECT, "300c" CN("0a", "08", "040153"), false},
    {"one of 16 bit units", CERT_SUBJECT, "300d" CN("0b", "09", "1e020053"),
     false},
    {"one that is not UTF-8", CERT_SUBJECT, "300c" CN("0a", "08", "0c01ff"),
     false},
    {"an OID without an end", CERT_SUBJECT, "300c310a300806035504830c0153",
     false},
    {"an OID padded", CERT_SUBJECT,
     "300d310b300906045580040"
     "30c0153",
     false},
    {"no name", CERT_SUBJECT, "3000", true},
    {"no common name", CERT_SUBJECT, "300d310b3009060355040613025553", true},
    {"a name with a hole", CERT_SUBJECT, "300b310930070603550403", false},
    {"a common name with more behind", CERT_SUBJECT,
     "300f310d300b0603550403"
     "0c01530c0153",
     false},
    {"two issuers' common names", CERT_ISSUER,
     "3018" CN("0a", "08", "0c0149") CN("0a", "08", "0c0149"), false},
    {"years by four digits", CERT_VALIDITY,
     "3022180f32303236303130313030303030305a180f32303237303130313030303030305a",
     true},
    {"one time alone", CERT_VALIDITY, "300f170d3236303130313030303030305a",
     false},
    {"three times", CERT_VALIDITY,
     "302d170d3236303130313030303030305a170d3237303130313030303030305a"
     "170d3237303130313030303030305a",
     false},
    {"a day that is none", CERT_VALIDITY,
     "301e170d3236303230333030303030305a170d3237303233303030303030305a", false},
    {"P-384", CERT_KEY, "3076" KEY_P384 "036200" POINT_P384, true},
    {"P-384 by name, P-256 by size", CERT_KEY,
     "3056" KEY_P384 "034200"
     "04" ZERO64,
     false},
    {"a compressed point", CERT_KEY,
     "3039" KEY_P256 "032200"
     "02" ZERO8 ZERO8 ZERO8 ZERO8,
     false},
    {"no point", CERT_KEY, "3018" KEY_P256 "030100", false},
    {"a point with bits left over", CERT_KEY,
     "3059" KEY_P256 "034201"
     "04" ZERO64,
     false},
    {"a point one byte longer", CERT_KEY,
     "305a" KEY_P256 "034300"
     "04" ZERO64 "00",
     false},
    {"another kind of key, same curve", CERT_KEY,
     "3059301306072a8648ce3d020206082a8648ce3d030107034200"
     "04" ZERO64,
     false},
    {"secp256k1", CERT_KEY,
     "3056301006072a8648ce3d020106052b8104000a034200"
     "04" ZERO64,
     false},
    {"RSA key", CERT_KEY, "301a300d06092a864886f70d0101010500030900" ZERO8,
     false},
    {"more behind the point", CERT_KEY,
     "305b" KEY_P256 "034200"
     "04" ZERO64 "0500",
     false},
    {"no extension", CERT_EXTENSIONS, "", true},
    {"usage twice", CERT_EXTENSIONS, USAGE("03020780") USAGE("03020780"),
     false},
    {"constraints twice", CERT_EXTENSIONS, CONSTRAINTS CONSTRAINTS, false},
    {"usage of nine bits", CERT_EXTENSIONS,
     "300f0603551d0f0101ff04050303078080", true},
    {"usage of no bit", CERT_EXTENSIONS, "300d0603551d0f0101ff0403030100",
     false},
    {"usage with eight bits left over", CERT_EXTENSIONS, USAGE("03020880"),
     false},
    {"usage with bits set that are none", CERT_EXTENSIONS, USAGE("030207ff"),
     false},
    {"usage of three bytes", CERT_EXTENSIONS,
     "30100603551d0f0101ff04060304078080ff", false},
    {"usage of another type", CERT_EXTENSIONS, USAGE("04020780"), false},
    {"more behind usage", CERT_EXTENSIONS,
     "30100603551d0f0101ff0406030207800500", false},
    {"not critical, written", CERT_EXTENSIONS,
     "300e0603551d0f010100040403020780", false},
    {"critical as 1", CERT_EXTENSIONS, "300e0603551d0f010101040403020780",
     false},
    {"critical twice", CERT_EXTENSIONS,
     "30110603551d0f0101ff0101ff040403020780", false},
    {"no CA, written", CERT_EXTENSIONS, "300f0603551d130101ff04053003010100",
     false},
    {"a CA with a path", CERT_EXTENSIONS,
     "30120603551d130101ff040830060101ff020100", true},
    {"a path below zero", CERT_EXTENSIONS,
     "30120603551d130101ff040830060101ff0201ff", false},
    {"a path of 256", CERT_EXTENSIONS,
     "30130603551d130101ff040930070101ff02020100", false},
    {"more behind constraints", CERT_EXTENSIONS,
     "300e0603551d130101ff040430000500", false},
    {"constraints and more", CERT_EXTENSIONS,
     "300e0603551d130101ff040430020500", false},
    {"an extension without content", CERT_EXTENSIONS, "300506032a0304", false},
    {"more behind an extension", CERT_EXTENSIONS, "300906032a030404000500",
     false},
    {"an empty one", CERT_EXTENSIONS, "3000", false},
    {"no sequence", CERT_EXTENSIONS, "0500", false},
    {"a byte zero", CERT_EXTENSIONS, "0000", false},
    {"no signature", CERT_SIGNATURE, "", false},
    {"a signature of seven bits", CERT_SIGNATURE, "03020180", false},
    {"more behind the signature", CERT_SIGNATURE,
     "0303000000"
     "0500",
     false},
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

static void known_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < FORMS; i++) {
        struct aver_buf der = cert_of_parts(forms[i].part, forms[i].hex);
        struct aver_bytes in = der_exact(&der);
        struct aver_cert c;

        if ((aver_cert_parse(&c, in, NULL) == 0) != forms[i].ok)
            fail_msg("%s", forms[i].what);
        der_done(in);
        aver_buf_clear(&der);
    }
}

static void fault_is_told(void **state)
{
    struct aver_error err = {0};
    struct aver_cert c;

    (void)state;
    assert_int_equal(aver_cert_parse(&c, aver_bytes_str(""), &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    assert_non_null(strstr(err.text, "certificate"));
}

/* Any OID can be asked for; one that stands there twice is not there. */
static void extension_by_oid(void **state)
{
    static const struct {
        const char *what, *list, *want;
    } cases[] = {
        {"not there", "300706032a03050400", ""},
        {"there", "300906032a03040402abcd", "abcd"},
        {"second", "300706032a03050400300906032a03040402abcd", "abcd"},
        {"critical", "300c06032a03040101ff0402abcd", "abcd"},
        {"twice", "300906032a03040402abcd300906032a03040402abcd", ""},
        {"three times",
         "300906032a03040402abcd300906032a03040402abcd300906032a03040402abcd",
         ""},
        {"twice, the first empty", "300706032a03040400300906032a03040402abcd",
         ""},
        {"a longer OID", "300a06042a0304010402abcd", ""},
    };
    static const uint8_t oid[] = {0x2a, 0x03, 0x04};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf der = cert_of_parts(CERT_EXTENSIONS, cases[i].list);
        struct aver_cert c;
        char hex[64] = "";

        assert_int_equal(aver_cert_parse(&c, aver_buf_view(&der), NULL), 0);
        struct aver_bytes got =
            aver_cert_extension(&c, aver_bytes_of(oid, sizeof(oid)));
        assert_true(got.n < 16);
        aver_hex_encode(hex, got.p, got.n);
        if (strcmp(hex, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].what, hex);
        assert_int_equal(c.unknown_critical, i == 3);
        aver_buf_clear(&der);
    }
}

/* Each link under each key of its chain: signed by the next alone. */
static void signed_by_the_next(void **state)
{
    struct tdx_case c;

    (void)state;
    tdx_case_open(&c, "tdx/cases", "real-dcapqvl-tdx-v4");
    tdx_case_judge(&c);
    const struct aver_link *l = c.cpu->platform->chain.link;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned j = 0; j < 3; j++)
            assert_int_equal(
                aver_cert_signed_by(c.e->ec, &l[i].cert, &l[j].cert),
                j == i + 1 || (i == 2 && j == 2));
    struct aver_cert other = l[0].cert;
    other.signed_on = AVER_P384; /* the hash goes with the curve */
    assert_false(aver_cert_signed_by(c.e->ec, &other, &l[1].cert));
    tdx_case_close(&c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_openssl_reads),
        cmocka_unit_test(flipped_as_openssl_reads),
        cmocka_unit_test(cut),
        cmocka_unit_test(known_forms),
        cmocka_unit_test(fault_is_told),
        cmocka_unit_test(extension_by_oid),
        cmocka_unit_test(signed_by_the_next),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
