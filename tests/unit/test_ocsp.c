/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp: NVIDIA's answers with what `openssl ocsp -text` says of them, every
 * bit of one flipped as OpenSSL reads it, and forms that nobody issues. */
#define _DEFAULT_SOURCE
#include "ocsp_check.h"
#include "vectors.h"
#include "x509_parts.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_ocsp ocsp; /* large */

static const struct real {
    const char *file, *serial, *responder, *common_name;
    int64_t this_update; /* and produced at */
} reals[] = {
    {"device-brom", "41431d480fe5e87274",
     "a151d53e8dcb39a7aabffcb6a71093f47db5b682",
     "NVIDIA OCSP Responder L3 GH100 ICA1 Identity", 1755758827},
    {"device-identity", "4c255ede3bd001bf3f4a3b605fca898a",
     "2401f7a0bd4a1ecacab50979770441a2c4e12db3",
     "NVIDIA OCSP Responder L1-A 02", 1755758828},
    {"device-provisioner", "6afe7184f92232c8df7b242261776e56",
     "3b96f9438476d282db9a548bc6e5d7e01c781be2",
     "NVIDIA OCSP Responder L2 GH100 Identity", 1755758827},
    {"rim-l2", "00c6dbf0754093fdeb4333f34ba205b4dc",
     "d2a9df785eb1e8cc6f47f4f634fcd14c1d88996b",
     "NVIDIA OCSP Responder L1 CoRIM Root", 1761305541},
    {"rim-l3", "00b4ebf6542022fdec4512f24ba503a3cb",
     "954455dad79a420a211aa096c5dd36549be77f91",
     "NVIDIA OCSP Responder L2 Reference Value GH100", 1761305541},
    {"rim-l4-driver-550.90.07", "00d69f10b46c05d201",
     "9c88e9c064bb5de772d4d9c494e5f760be5e1da0",
     "NVIDIA OCSP Responder L3 GH100 002", 1761305541},
    {"rim-l4-vbios-96009F0001", "0089624ede804c3916",
     "9c88e9c064bb5de772d4d9c494e5f760be5e1da0",
     "NVIDIA OCSP Responder L3 GH100 002", 1761305542},
};

static bool is_hex(struct aver_bytes b, const char *hex)
{
    char text[256];

    assert_true(b.n < 128);
    aver_hex_encode(text, b.p, b.n);
    return strcmp(text, hex) == 0;
}

static struct aver_buf answer(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "gpu/ocsp/%s.der", name);
    return vectors_file(path);
}

static void as_openssl_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        struct aver_buf der = answer(reals[i].file);
        const struct aver_ocsp_single *s = &ocsp.single[0];

        assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), NULL), 0);
        assert_int_equal(ocsp.response_status, 0);
        assert_int_equal(ocsp.n, 1);
        assert_int_equal(ocsp.ncerts, 1);
        assert_int_equal(s->hash, AVER_ID_SHA384);
        assert_int_equal(s->status, AVER_OCSP_GOOD);
        assert_true(is_hex(s->serial, reals[i].serial));
        assert_false(ocsp.by_name);
        assert_true(is_hex(ocsp.responder, reals[i].responder));
        assert_int_equal(ocsp.produced_at, reals[i].this_update);
        assert_int_equal(s->this_update, reals[i].this_update);
        assert_true(s->has_next_update);
        assert_int_equal(s->next_update, reals[i].this_update + 24 * 3600);
        assert_int_equal(ocsp.signed_on, AVER_P384);
        assert_true(
            aver_bytes_is(ocsp.cert[0].common_name, reals[i].common_name));
        assert_true(aver_ocsp_responder_is(&ocsp, &ocsp.cert[0]));
        assert_true(aver_cert_may_sign_ocsp(&ocsp.cert[0]));
        assert_false(ocsp.unknown_critical || s->unknown_critical);
        aver_buf_clear(&der);
    }
}

/* Every answer of a folder as OpenSSL reads it; how many we take. */
static unsigned compare_folder(const char *folder)
{
    char path[512];
    struct dirent **names = NULL;
    unsigned all = 0;

    snprintf(path, sizeof(path), "%s/%s", vectors_folder, folder);
    int n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *end = strstr(names[i]->d_name, ".der");
        bool taken = false;

        if (end != NULL && strncmp(names[i]->d_name, "crl-", 4) != 0) {
            snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
            struct aver_buf der = vectors_file(path);
            const char *what = ocsp_differs(aver_buf_view(&der), &taken);
            if (what != NULL)
                fail_msg("%s: %s", path, what);
            aver_buf_clear(&der);
        }
        all += taken;
        free(names[i]);
    }
    free(names);
    return all;
}

static void as_openssl_reads(void **state)
{
    (void)state;
    assert_int_equal(compare_folder("gpu/ocsp"), 13);
    assert_int_equal(compare_folder("gpu/revocation"), 58);
}

static void flipped_as_openssl_reads(void **state)
{
    struct aver_buf der = answer("device-brom");
    unsigned all = 0;

    (void)state;
    for (size_t bit = 0; bit < 8 * der.n; bit++) {
        bool taken;

        der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const char *what = ocsp_differs(aver_buf_view(&der), &taken);
        if (what != NULL)
            fail_msg("byte %zu now %02x: %s", bit / 8, der.p[bit / 8], what);
        all += taken;
        der.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(all > 500);
    aver_buf_clear(&der);
}

enum part {
    STATUS,
    TYPE,
    RESPONDER,
    PRODUCED,
    ID, /* the CertID's content */
    CERT_STATUS,
    THIS,
    NEXT,
    MORE,   /* singleExtensions */
    SECOND, /* another SingleResponse */
    EXTENSIONS,
    ALGORITHM,
    SIGNATURE,
    CERTS,
    BEHIND, /* responseBytes */
    PARTS
};

#define ZERO20 ZERO8 ZERO8 "00000000"
#define WHEN "180f32303236303630313132303030305a"
#define SHA1_ID "300906052b0e03021a0500"
#define HASHES                                                                 \
    "0401aa"                                                                   \
    "0401bb"
#define EXTENSION "3009060329010104020500"
#define EXTENSION_CRITICAL                                                     \
    "300c0603290101"                                                           \
    "0101ff"                                                                   \
    "04020500"

static const char *const parts[PARTS] = {
    "0a0100",
    "06092b0601050507300101",
    "a2160414" ZERO20,
    WHEN,
    SHA1_ID HASHES "020105",
    "8000",
    WHEN,
    "a011" WHEN,
    "",
    "",
    "",
    ECDSA_SHA384,
    "030900" ZERO8,
    "",
    "",
};

static void append(struct aver_buf *out, const struct aver_buf *in)
{
    assert_int_equal(aver_buf_append(out, in->p, in->n), 0);
}

/* An answer with `part` exchanged for other hex; PARTS: none. */
static struct aver_buf of_parts(enum part part, const char *hex)
{
    struct aver_buf out, data, single, id;

    aver_buf_init(&out, DER_PARTS_MAX);
    aver_buf_init(&data, DER_PARTS_MAX);
    aver_buf_init(&single, DER_PARTS_MAX);
    aver_buf_init(&id, DER_PARTS_MAX);
#define PART(into, i) der_hex(into, part == (i) ? hex : parts[i])
    PART(&id, ID);
    der_close(&id, 0x30);
    append(&single, &id);
    PART(&single, CERT_STATUS);
    PART(&single, THIS);
    PART(&single, NEXT);
    PART(&single, MORE);
    der_close(&single, 0x30);
    PART(&single, SECOND);
    der_close(&single, 0x30);
    PART(&data, RESPONDER);
    PART(&data, PRODUCED);
    append(&data, &single);
    PART(&data, EXTENSIONS);
    der_close(&data, 0x30);
    PART(&data, ALGORITHM);
    PART(&data, SIGNATURE);
    PART(&data, CERTS);
    der_close(&data, 0x30);
    der_close(&data, 0x04);
    PART(&out, TYPE);
    append(&out, &data);
    der_close(&out, 0x30);
    der_close(&out, 0xa0);
    aver_buf_clear(&data);
    aver_buf_clear(&single);
    aver_buf_clear(&id);
    PART(&data, STATUS);
    append(&data, &out);
    PART(&data, BEHIND);
    der_close(&data, 0x30);
    aver_buf_clear(&out);
    return data;
#undef PART
}

#define REVOKED "a111" WHEN
#define REASON(n) "a116" WHEN "a0030a01" n

static const struct form {
    const char *what;
    enum part part;
    const char *hex;
    bool ok, critical;
} forms[] = {
    {"as it is", PARTS, NULL, true, false},
    {"an error with an answer", STATUS, "0a0101", false, false},
    {"no status", STATUS, "", false, false},
    {"a status that is none", STATUS, "0a0104", false, false},
    {"a status beyond", STATUS, "0a0107", false, false},
    {"a status as an INTEGER", STATUS, "020100", false, false},
    {"a status in two bytes", STATUS, "0a020000", false, false},
    {"another type of answer", TYPE, "06092b0601050507300102", false, false},
    {"no type", TYPE, "", false, false},
    {"version 1, written", RESPONDER, "a003020100a2160414" ZERO20, false,
     false},
    {"version 2", RESPONDER, "a003020101a2160414" ZERO20, false, false},
    {"no responder", RESPONDER, "", false, false},
    {"a responder of a third kind", RESPONDER, "a3160414" ZERO20, false, false},
    {"a key's hash that is short", RESPONDER, "a20a0408" ZERO8, false, false},
    {"a key's hash, implicit", RESPONDER, "8214" ZERO20, false, false},
    {"more behind a key's hash", RESPONDER, "a2180414" ZERO20 "0500", false,
     false},
    {"a name", RESPONDER, "a10e300c" CN("0a", "08", "0c0149"), true, false},
    {"an empty name", RESPONDER, "a1023000", true, false},
    {"a name that is none", RESPONDER, "a1020500", false, false},
    {"producedAt with two digits", PRODUCED, "170d3236303630313132303030305a",
     false, false},
    {"producedAt with a fraction", PRODUCED,
     "181132303236303630313132303030302e355a", false, false},
    {"no producedAt", PRODUCED, "", false, false},
    {"no CertID", ID, "", false, false},
    {"a hash without NULL", ID, "300706052b0e03021a" HASHES "020105", true,
     false},
    {"a hash with an OCTET STRING", ID,
     "300906052b0e03021a0400" HASHES "020105", false, false},
    {"a hash with a NULL that is not empty", ID,
     "300a06052b0e03021a050100" HASHES "020105", false, false},
    {"a hash with two NULLs", ID, "300b06052b0e03021a05000500" HASHES "020105",
     false, false},
    {"another hash with bytes", ID, "300a06052b0e03021b040100" HASHES "020105",
     false, false},
    {"another hash with an empty number", ID,
     "300906052b0e03021b0200" HASHES "020105", false, false},
    {"another hash with NULL", ID, "300906052b0e03021b0500" HASHES "020105",
     true, false},
    {"another hash without anything", ID, "300706052b0e03021b" HASHES "020105",
     true, false},
    {"one hash", ID,
     SHA1_ID "0401aa"
             "020105",
     false, false},
    {"an empty serial", ID, SHA1_ID HASHES "0200", false, false},
    {"a padded serial", ID, SHA1_ID HASHES "02020005", false, false},
    {"more behind the serial", ID, SHA1_ID HASHES "0201050500", false, false},
    {"unknown", CERT_STATUS, "8200", true, false},
    {"good with a byte in it", CERT_STATUS, "800100", false, false},
    {"unknown with a byte in it", CERT_STATUS, "820100", false, false},
    {"good, constructed", CERT_STATUS, "a000", false, false},
    {"a fourth status", CERT_STATUS, "8300", false, false},
    {"no status of it", CERT_STATUS, "", false, false},
    {"revoked", CERT_STATUS, REVOKED, true, false},
    {"revoked at no time", CERT_STATUS, "a100", false, false},
    {"revoked, primitive", CERT_STATUS, "8111" WHEN, false, false},
    {"revoked with a reason", CERT_STATUS, REASON("0a"), true, false},
    {"revoked with a reason that is none", CERT_STATUS, REASON("07"), false,
     false},
    {"revoked with a reason beyond", CERT_STATUS, REASON("0b"), false, false},
    {"revoked with two reasons", CERT_STATUS, "a119" WHEN "a0060a01010a0101",
     false, false},
    {"revoked, and more", CERT_STATUS, "a113" WHEN "0500", false, false},
    {"no thisUpdate", THIS, "", false, false},
    {"thisUpdate with two digits", THIS, "170d3236303630313132303030305a",
     false, false},
    {"no nextUpdate", NEXT, "", true, false},
    {"nextUpdate with two digits", NEXT, "a00f170d3236303630313132303030305a",
     false, false},
    {"two nextUpdates", NEXT, "a022" WHEN WHEN, false, false},
    {"an extension of it", MORE, "a10d300b" EXTENSION, true, false},
    {"a critical one of it", MORE, "a110300e" EXTENSION_CRITICAL, true, true},
    {"no list of extensions", MORE, "a100", false, false},
    {"two lists of extensions", MORE, "a11a300b" EXTENSION "300b" EXTENSION,
     false, false},
    {"an empty extension", MORE, "a10430023000", false, false},
    {"extensions in [2]", MORE, "a20d300b" EXTENSION, false, false},
    {"a second that is empty", SECOND, "3000", false, false},
    {"a NULL as a second", SECOND, "0500", false, false},
    {"an extension", EXTENSIONS, "a10d300b" EXTENSION, true, false},
    {"a critical one", EXTENSIONS, "a110300e" EXTENSION_CRITICAL, true, true},
    {"an extension in [0]", EXTENSIONS, "a00d300b" EXTENSION, false, false},
    {"RSA", ALGORITHM, "300d06092a864886f70d01010b0500", false, false},
    {"SHA-256", ALGORITHM, ECDSA_SHA256, true, false},
    {"no signature", SIGNATURE, "", false, false},
    {"a signature of seven bits", SIGNATURE, "03020180", false, false},
    {"no list of certificates", CERTS, "a000", false, false},
    {"an empty list of certificates", CERTS, "a0023000", true, false},
    {"a certificate that is none", CERTS, "a00430023000", false, false},
    {"two lists of certificates", CERTS, "a00430003000", false, false},
    {"certificates in [1]", CERTS, "a1023000", false, false},
    {"no certificate but a byte", CERTS, "a003300100", false, false},
    {"more behind all", BEHIND, "0500", false, false},
};

static void known_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct aver_buf der = of_parts(forms[i].part, forms[i].hex);
        struct aver_bytes in = der_exact(&der);
        bool taken;

        if ((aver_ocsp_parse(&ocsp, in, NULL) == 0) != forms[i].ok)
            fail_msg("%s", forms[i].what);
        if (forms[i].ok &&
            (ocsp.unknown_critical || ocsp.single[0].unknown_critical) !=
                forms[i].critical)
            fail_msg("%s: critical", forms[i].what);
        const char *what = ocsp_differs(in, &taken);
        if (what != NULL)
            fail_msg("%s: %s", forms[i].what, what);
        der_done(in);
        aver_buf_clear(&der);
    }
}

static void cut(void **state)
{
    struct aver_buf der = of_parts(PARTS, NULL);

    (void)state;
    for (size_t n = 0; n < der.n; n++) {
        struct aver_buf part = der;

        part.n = n;
        struct aver_bytes in = der_exact(&part);
        assert_int_equal(aver_ocsp_parse(&ocsp, in, NULL), -1);
        der_done(in);
    }
    assert_int_equal(aver_buf_append(&der, "", 1), 0);
    assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), NULL), -1);
    aver_buf_clear(&der);
}

static void errors_are_read(void **state)
{
    static const char *const hex[] = {"30030a0101", "30030a0102", "30030a0103",
                                      "30030a0105", "30030a0106"};
    struct aver_buf der;

    (void)state;
    aver_buf_init(&der, 64);
    for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
        bool taken;

        aver_buf_clear(&der);
        der_hex(&der, hex[i]);
        assert_null(ocsp_differs(aver_buf_view(&der), &taken));
        assert_true(taken);
        assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), NULL), 0);
        assert_int_equal(ocsp.response_status, der.p[4]);
        assert_int_equal(ocsp.n, 0);
    }
    aver_buf_clear(&der);
    der_hex(&der, "30030a0100"); /* successful, and nothing in it */
    assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), NULL), -1);
    der.p[4] = 4; /* not used: RFC 6960 4.2.1 */
    assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), NULL), -1);
    aver_buf_clear(&der);
}

/* Hex of as many SingleResponses behind the first; large enough. */
static const char *seconds(unsigned n)
{
    static const char one[] = "3029"
                              "3014" SHA1_ID HASHES "020105"
                              "8000" WHEN;
    static char out[sizeof(one) * AVER_OCSP_SINGLES_MAX];

    out[0] = '\0';
    for (unsigned i = 0; i < n; i++)
        memcpy(out + i * (sizeof(one) - 1), one, sizeof(one));
    return out;
}

static void limits(void **state)
{
    static uint8_t large[AVER_OCSP_MAX + 1];
    struct aver_error err = {0};
    struct aver_buf der;

    (void)state;
    der = of_parts(SECOND, seconds(AVER_OCSP_SINGLES_MAX - 1));
    assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), &err), 0);
    assert_int_equal(ocsp.n, AVER_OCSP_SINGLES_MAX);
    aver_buf_clear(&der);
    der = of_parts(SECOND, seconds(AVER_OCSP_SINGLES_MAX));
    assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    assert_non_null(strstr(err.text, "OCSP"));
    aver_buf_clear(&der);
    assert_int_equal(
        aver_ocsp_parse(&ocsp, aver_bytes_of(large, sizeof(large)), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
}

static void append_hex(char *out, const struct aver_buf *in)
{
    aver_hex_encode(out + strlen(out), in->p, in->n);
}

/* As many certificates as may come along, and one more. */
static void certificates(void **state)
{
    static char hex[8192];

    (void)state;
    for (unsigned n = 1; n <= AVER_OCSP_CERTS_MAX + 1; n++) {
        struct aver_buf list, cert = cert_of_parts(CERT_PARTS, NULL);

        aver_buf_init(&list, DER_PARTS_MAX);
        for (unsigned i = 0; i < n; i++)
            append(&list, &cert);
        der_close(&list, 0x30);
        der_close(&list, 0xa0);
        hex[0] = '\0';
        append_hex(hex, &list);
        struct aver_buf der = of_parts(CERTS, hex);
        assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), NULL),
                         n <= AVER_OCSP_CERTS_MAX ? 0 : -1);
        if (n <= AVER_OCSP_CERTS_MAX)
            assert_int_equal(ocsp.ncerts, n);
        aver_buf_clear(&der);
        aver_buf_clear(&list);
        aver_buf_clear(&cert);
    }
}

static struct aver_cert cert_file(struct aver_buf *der, const char *name)
{
    struct aver_cert c;

    *der = vectors_file(name);
    if (aver_cert_parse(&c, aver_buf_view(der), NULL) != 0)
        vectors_broken("no certificate", name);
    return c;
}

/* Whom the CertID means: either hash, the serial number, the algorithm. */
static void about(void **state)
{
    struct aver_buf ca_der, leaf_der,
        der = vectors_file("gpu/revocation/ocsp-good-sha256.der");
    struct aver_cert ca = cert_file(&ca_der, "gpu/revocation/ca.der");
    struct aver_cert leaf = cert_file(&leaf_der, "gpu/revocation/leaf.der");
    struct aver_ocsp_single s;

    (void)state;
    assert_int_equal(aver_ocsp_parse(&ocsp, aver_buf_view(&der), NULL), 0);
    s = ocsp.single[0];
    assert_true(aver_ocsp_about(&s, &leaf, &ca));
    assert_false(aver_ocsp_about(&s, &ca, &ca));
    assert_false(aver_ocsp_about(&s, &leaf, &leaf));
    s.issuer_name_hash = ocsp.single[0].issuer_key_hash;
    assert_false(aver_ocsp_about(&s, &leaf, &ca));
    s = ocsp.single[0];
    s.issuer_key_hash.n--;
    assert_false(aver_ocsp_about(&s, &leaf, &ca));
    s = ocsp.single[0];
    s.serial.n--;
    assert_false(aver_ocsp_about(&s, &leaf, &ca));
    for (int hash = AVER_ID_OTHER; hash <= AVER_ID_SHA512; hash++) {
        s = ocsp.single[0];
        s.hash = hash;
        assert_int_equal(aver_ocsp_about(&s, &leaf, &ca),
                         hash == AVER_ID_SHA256);
    }
    aver_buf_clear(&der);
    aver_buf_clear(&ca_der);
    aver_buf_clear(&leaf_der);
}

/* The extended key usage of a certificate put together. */
static void may_sign(void **state)
{
    static const struct {
        const char *what, *extensions;
        bool ok;
    } rows[] = {
        {"none", "300e0603551d0f0101ff040403020780", false},
        {"OCSP signing", "30130603551d25040c300a06082b06010505070309", true},
        {"something behind it",
         "30150603551d25040e300a06082b060105050703090500", false},
        {"not a list", "30110603551d25040a06082b06010505070309", false},
        {"a list with a NULL", "30150603551d25040e300c06082b060105050703090500",
         false},
        {"an empty list", "30090603551d2504023000", false},
        {"twice there",
         "30130603551d25040c300a06082b06010505070309"
         "30130603551d25040c300a06082b06010505070309",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_buf der =
            cert_of_parts(CERT_EXTENSIONS, rows[i].extensions);
        struct aver_cert c;

        assert_int_equal(aver_cert_parse(&c, aver_buf_view(&der), NULL), 0);
        if (aver_cert_may_sign_ocsp(&c) != rows[i].ok)
            fail_msg("%s", rows[i].what);
        aver_buf_clear(&der);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_openssl_says),
        cmocka_unit_test(as_openssl_reads),
        cmocka_unit_test(flipped_as_openssl_reads),
        cmocka_unit_test(known_forms),
        cmocka_unit_test(cut),
        cmocka_unit_test(errors_are_read),
        cmocka_unit_test(limits),
        cmocka_unit_test(certificates),
        cmocka_unit_test(about),
        cmocka_unit_test(may_sign),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
