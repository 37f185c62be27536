/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_gpu: the report is laid out as a Hopper GPU's, filled exactly,
 * signed by the leaf over everything before the signature; the chain of five
 * holds under the simulator's GPU root; no two devices are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/simulator_pki.h"
#include "base/text.h"
#include "x509_check.h"
#include <jansson.h>

#define RECORD 45
#define RECORD_SIZE 3520
#define OPAQUE (79 + RECORD_SIZE)

static const uint8_t nonce[32] = "0123456789abcdef0123456789ABCDE";

struct item {
    struct aver_buf pem, report;
    STACK_OF(X509) * chain;
};

static json_t *make(unsigned count)
{
    struct aver_buf text;
    struct aver_error err;

    aver_buf_init(&text, 1 << 20);
    assert_int_equal(simulator_gpu_evidence(nonce, count, &text, &err), 0);
    json_t *list =
        json_loadb((char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_array_size(list), count);
    aver_buf_clear(&text);
    return list;
}

static void open_item(struct item *it, const json_t *list, size_t index)
{
    const char *pem = NULL, *report = NULL, *arch = NULL;

    assert_int_equal(json_unpack(json_array_get(list, index),
                                 "{s:s, s:s, s:s !}", "certificate", &pem,
                                 "evidence", &report, "arch", &arch),
                     0);
    assert_string_equal(arch, "HOPPER");
    aver_buf_init(&it->pem, 65536);
    aver_buf_init(&it->report, 65536);
    assert_int_equal(aver_base64_decode_buf(&it->pem, aver_bytes_str(pem)), 0);
    assert_int_equal(
        aver_base64_decode_buf(&it->report, aver_bytes_str(report)), 0);
    it->chain = x509_check_chain(it->pem.p, it->pem.n);
    assert_int_equal(sk_X509_num(it->chain), 5);
}

static void close_item(struct item *it)
{
    aver_buf_clear(&it->pem);
    aver_buf_clear(&it->report);
    sk_X509_pop_free(it->chain, X509_free);
}

static int setup(void **state)
{
    static struct item it;
    json_t *list = make(1);

    open_item(&it, list, 0);
    json_decref(list);
    *state = &it;
    return 0;
}

static int teardown(void **state)
{
    close_item(*state);
    return 0;
}

static size_t le16(const uint8_t *p)
{
    return (size_t)p[0] | (size_t)p[1] << 8;
}

static void request_and_response_are_spdm_1_1(void **state)
{
    const uint8_t *r = ((struct item *)*state)->report.p;
    static const uint8_t request[4] = {0x11, 0xe0, 0x01, 0xff};
    static const uint8_t response[8] = {0x11, 0x60, 0, 0, 64, 0xc0, 0x0d, 0};

    assert_memory_equal(r, request, 4);
    assert_memory_equal(r + 4, nonce, 32);
    assert_int_equal(r[36], 0);
    assert_memory_equal(r + 37, response, 8);
}

static void record_has_64_digests(void **state)
{
    const uint8_t *b = ((struct item *)*state)->report.p + RECORD;
    unsigned measured = 0;

    for (unsigned i = 0; i < 64; i++, b += 55) {
        static const uint8_t head[6] = {1, 51, 0, 1, 48, 0};
        static const uint8_t zeros[48];

        assert_int_equal(b[0], i + 1);
        assert_memory_equal(b + 1, head, 6);
        measured += memcmp(b + 7, zeros, 48) != 0;
    }
    assert_int_equal(measured, 28);
}

/* Finds a field, checking on the way that the fields fill their space exactly
 * and that none comes twice. */
static struct aver_bytes field(const struct item *it, size_t type)
{
    const uint8_t *p = it->report.p + OPAQUE;
    const uint8_t *end = p + le16(it->report.p + OPAQUE - 2);
    struct aver_bytes found = {NULL, 0};

    assert_ptr_equal(end + 96, it->report.p + it->report.n);
    while (p < end) {
        size_t n = le16(p + 2);

        assert_true(n <= (size_t)(end - p) - 4);
        if (le16(p) == type) {
            assert_null(found.p);
            found = aver_bytes_of(p + 4, n);
        }
        p += 4 + n;
    }
    assert_ptr_equal(p, end);
    return found;
}

static void opaque_fields_have_their_sizes(void **state)
{
    static const struct {
        size_t type, n;
    } want[] = {{3, 10},  {4, 8},  {6, 8},  {11, 1}, {12, 256}, {13, 4},
                {14, 4},  {15, 9}, {16, 5}, {17, 5}, {18, 5},   {19, 2},
                {20, 48}, {21, 1}, {34, 2}, {36, 2}};
    const struct item *it = *state;

    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_int_equal(field(it, want[i].type).n, want[i].n);
    assert_true(aver_bytes_equal(field(it, 3), aver_bytes_of("999.99.99", 10)));
    assert_null(field(it, 22).p); /* no switches */
}

static void extend_counts_agree_with_the_record(void **state)
{
    const struct item *it = *state;
    struct aver_bytes counts = field(it, 12);

    for (unsigned i = 0; i < 64; i++) {
        static const uint8_t zeros[48];
        const uint8_t *value = it->report.p + RECORD + 55 * i + 7;

        assert_int_equal(memcmp(value, zeros, 48) != 0,
                         memcmp(counts.p + 4 * i, zeros, 4) != 0);
    }
}

static void report_is_signed_by_the_leaf(void **state)
{
    const struct item *it = *state;
    size_t n = it->report.n - 96;
    EVP_PKEY *leaf = X509_get0_pubkey(sk_X509_value(it->chain, 0));

    assert_true(x509_check_raw(leaf, aver_bytes_of(it->report.p, n),
                               it->report.p + n, 48));
    it->report.p[4] ^= 1;
    assert_false(x509_check_raw(leaf, aver_bytes_of(it->report.p, n),
                                it->report.p + n, 48));
    it->report.p[4] ^= 1;
}

static void check_certificate(const X509 *cert, const char *name)
{
    char got[64];

    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, got,
                              sizeof(got));
    assert_string_equal(got, name);
    assert_int_equal(X509_get_signature_nid(cert), NID_ecdsa_with_SHA384);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(cert)), 384);
}

static void chain_of_five_leads_to_the_root(void **state)
{
    static const char *const names[5] = {
        "GH100 A01 GSP FMC LF SIMULATOR", "GH100 A01 GSP BROM SIMULATOR",
        "SIMULATOR GH100 Provisioner ICA 1", "SIMULATOR GH100 Identity",
        "aver SIMULATOR Device Identity CA"};
    const struct item *it = *state;
    X509 *root = x509_check_one(simulator_gpu_root_pem);

    for (int i = 0; i < 5; i++) {
        X509 *cert = sk_X509_value(it->chain, i);
        X509 *above = sk_X509_value(it->chain, i < 4 ? i + 1 : 4);

        check_certificate(cert, names[i]);
        assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(cert),
                                       X509_get_subject_name(above)),
                         0);
        assert_int_equal(X509_verify(cert, X509_get0_pubkey(above)), 1);
        assert_int_equal((X509_get_extension_flags(cert) & EXFLAG_CA) != 0,
                         i > 0);
    }
    assert_int_equal(X509_get_key_usage(sk_X509_value(it->chain, 0)),
                     KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_cmp(sk_X509_value(it->chain, 4), root), 0);
    assert_int_equal(x509_check_verify(it->chain, root), X509_V_OK);
    X509_free(root);
}

/* SEQUENCE { 1, key of the BROM certificate, { sha384, FWID } }, to the byte.
 */
static void leaf_names_firmware_and_device(void **state)
{
    static const uint8_t middle[] = {0x30, 0x3d, 0x06, 0x09, 0x60,
                                     0x86, 0x48, 0x01, 0x65, 0x03,
                                     0x04, 0x02, 0x02, 0x04, 0x30};
    const struct item *it = *state;
    struct aver_bytes ext =
        x509_check_extension(sk_X509_value(it->chain, 0), "2.23.133.5.4.1");
    uint8_t *spki = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(sk_X509_value(it->chain, 1)),
                            &spki);

    assert_int_equal(n, 120);
    assert_int_equal(ext.n, 189); /* as real ones */
    assert_memory_equal(ext.p, "\x30\x81\xba\x02\x01\x01", 6);
    assert_memory_equal(ext.p + 6, spki, 120);
    assert_memory_equal(ext.p + 126, middle, sizeof(middle));
    assert_memory_equal(ext.p + 141, simulator_gpu_fwid, 48);
    assert_true(
        aver_bytes_equal(field(it, 20), aver_bytes_of(ext.p + 141, 48)));
    OPENSSL_free(spki);
}

/* The serial of a device certificate: 0x41, then 8 bytes of its own. */
static void serial_of(uint8_t out[static 9], const struct item *it)
{
    const ASN1_INTEGER *serial =
        X509_get0_serialNumber(sk_X509_value(it->chain, 1));

    assert_int_equal(ASN1_STRING_length(serial), 9);
    memcpy(out, ASN1_STRING_get0_data(serial), 9);
    assert_int_equal(out[0], 0x41);
}

static void devices_are_distinct(void **state)
{
    json_t *list = make(SIMULATOR_GPU_MAX);
    struct item all[SIMULATOR_GPU_MAX];
    uint8_t serial[SIMULATOR_GPU_MAX][9];

    (void)state;
    for (unsigned i = 0; i < SIMULATOR_GPU_MAX; i++) {
        open_item(&all[i], list, i);
        serial_of(serial[i], &all[i]);
        report_is_signed_by_the_leaf((void *[]){&all[i]});
        chain_of_five_leads_to_the_root((void *[]){&all[i]});
        leaf_names_firmware_and_device((void *[]){&all[i]});
        assert_memory_equal(all[i].report.p + 4, nonce, 32);
        for (unsigned k = 0; k < i; k++) {
            assert_memory_not_equal(serial[i], serial[k], 9);
            assert_int_not_equal(
                EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(all[i].chain, 0)),
                            X509_get0_pubkey(sk_X509_value(all[k].chain, 0))),
                1);
        }
    }
    for (unsigned i = 0; i < SIMULATOR_GPU_MAX; i++)
        close_item(&all[i]);
    json_decref(list);
}

/* Only the responder's nonce and the signature may change. */
static void two_reports_differ_where_they_must(void **state)
{
    const struct item *a = *state;
    json_t *list = make(1);
    struct item b;

    open_item(&b, list, 0);
    assert_int_equal(a->report.n, b.report.n);
    for (size_t i = 0; i < a->report.n - 96; i++)
        if (i < RECORD + RECORD_SIZE || i >= RECORD + RECORD_SIZE + 32)
            assert_int_equal(a->report.p[i], b.report.p[i]);
    assert_memory_not_equal(a->report.p + RECORD + RECORD_SIZE,
                            b.report.p + RECORD + RECORD_SIZE, 32);
    close_item(&b);
    json_decref(list);
}

static void bad_calls_are_errors(void **state)
{
    struct aver_buf text;
    struct aver_error err = {0};

    (void)state;
    aver_buf_init(&text, 1 << 20);
    assert_int_equal(simulator_gpu_evidence(nonce, 0, &text, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    assert_int_equal(
        simulator_gpu_evidence(nonce, SIMULATOR_GPU_MAX + 1, &text, &err), -1);
    aver_buf_clear(&text);
    aver_buf_init(&text, 10000);
    assert_int_equal(simulator_gpu_evidence(nonce, 1, &text, &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_and_response_are_spdm_1_1),
        cmocka_unit_test(record_has_64_digests),
        cmocka_unit_test(opaque_fields_have_their_sizes),
        cmocka_unit_test(extend_counts_agree_with_the_record),
        cmocka_unit_test(report_is_signed_by_the_leaf),
        cmocka_unit_test(chain_of_five_leads_to_the_root),
        cmocka_unit_test(leaf_names_firmware_and_device),
        cmocka_unit_test(devices_are_distinct),
        cmocka_unit_test(two_reports_differ_where_they_must),
        cmocka_unit_test(bad_calls_are_errors),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
