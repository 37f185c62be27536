/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_gpu: reports are laid out as those of Hopper and Blackwell GPUs
 * and of NVSwitches, filled exactly, signed by the leaf over everything before
 * the signature; the chain of five holds under the simulator's GPU root; no
 * two devices are the same; GPUs and switches name each other. */
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

static const uint8_t nonce[32] = "0123456789abcdef0123456789ABCDE";

struct item {
    struct aver_buf pem, report;
    STACK_OF(X509) * chain;
    size_t record; /* bytes of the measurement record */
};

/* The simulator's machines: three of GPUs, and the switches. */
static const struct machine {
    int which; /* -1: switches */
    unsigned n, blocks;
    const char *arch;
    const char *names[4]; /* of the certificates, leaf first */
    uint8_t mark;
} machines[] = {
    {SIMULATOR_H100,
     8,
     64,
     "HOPPER",
     {"GH100 A01 GSP FMC LF", "GH100 A01 GSP BROM",
      "NVIDIA GH100 Provisioner ICA 1", "NVIDIA GH100 Identity"},
     0x41},
    {SIMULATOR_HGX,
     8,
     64,
     "HOPPER",
     {"GH100 A01 GSP FMC LF", "GH100 A01 GSP BROM",
      "NVIDIA GH100 Provisioner ICA 1", "NVIDIA GH100 Identity"},
     0x41},
    {SIMULATOR_B200,
     2,
     64,
     "BLACKWELL",
     {"GB100 A01 GSP FMC LF", "GB100 A01 GSP BROM",
      "NVIDIA GB100 Provisioner ICA 00000", "NVIDIA GB100 Identity"},
     0x41},
    {-1,
     4,
     31,
     "LS10",
     {"LS_10 A01 FSP FMC LF", "LS_10 A01 FSP BROM",
      "NVIDIA LS_10 Provisioner ICA 1", "NVIDIA GH100 Identity"},
     0x50},
};
#define MACHINES (sizeof(machines) / sizeof(machines[0]))

static json_t *make_of(const struct machine *m, unsigned count)
{
    struct aver_buf text;
    struct aver_error err;

    aver_buf_init(&text, 1 << 20);
    if (m->which < 0)
        assert_int_equal(simulator_switch_evidence(nonce, &text, &err), 0);
    else
        assert_int_equal(simulator_gpu_evidence(nonce,
                                                (enum simulator_gpus)m->which,
                                                count, &text, &err),
                         0);
    json_t *list =
        json_loadb((char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_array_size(list), count);
    aver_buf_clear(&text);
    return list;
}

static json_t *make(unsigned count)
{
    return make_of(&machines[0], count);
}

static void open_item_of(struct item *it, const struct machine *m,
                         const json_t *list, size_t index)
{
    const char *pem = NULL, *report = NULL, *arch = NULL;

    assert_int_equal(json_unpack(json_array_get(list, index),
                                 "{s:s, s:s, s:s !}", "certificate", &pem,
                                 "evidence", &report, "arch", &arch),
                     0);
    assert_string_equal(arch, m->arch);
    aver_buf_init(&it->pem, 65536);
    aver_buf_init(&it->report, 65536);
    assert_int_equal(aver_base64_decode_buf(&it->pem, aver_bytes_str(pem)), 0);
    assert_int_equal(
        aver_base64_decode_buf(&it->report, aver_bytes_str(report)), 0);
    it->chain = x509_check_chain(it->pem.p, it->pem.n);
    assert_int_equal(sk_X509_num(it->chain), 5);
    it->record = 55 * (size_t)m->blocks;
}

static void open_item(struct item *it, const json_t *list, size_t index)
{
    open_item_of(it, &machines[0], list, index);
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
    const uint8_t *p = it->report.p + 79 + it->record;
    const uint8_t *end = p + le16(p - 2);
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
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_organizationName,
                              got, sizeof(got));
    assert_string_equal(got, "aver SIMULATOR");
}

static void check_chain(const struct item *it, const struct machine *m)
{
    X509 *root = x509_check_one(simulator_gpu_root_pem);

    for (int i = 0; i < 5; i++) {
        X509 *cert = sk_X509_value(it->chain, i);
        X509 *above = sk_X509_value(it->chain, i < 4 ? i + 1 : 4);

        check_certificate(cert,
                          i < 4 ? m->names[i] : "NVIDIA Device Identity CA");
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

static void chain_of_five_leads_to_the_root(void **state)
{
    check_chain(*state, &machines[0]);
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
    assert_memory_equal(ext.p + 141, simulator_chips[SIMULATOR_GH100].fwid, 48);
    assert_true(
        aver_bytes_equal(field(it, 20), aver_bytes_of(ext.p + 141, 48)));
    OPENSSL_free(spki);
}

/* The serial of a device certificate: its kind's mark, and the PDI. */
static void serial_of(uint8_t out[static 9], const struct item *it,
                      const struct machine *m)
{
    const ASN1_INTEGER *serial =
        X509_get0_serialNumber(sk_X509_value(it->chain, 1));

    assert_int_equal(ASN1_STRING_length(serial), 9);
    memcpy(out, ASN1_STRING_get0_data(serial), 9);
    assert_int_equal(out[0], m->mark);
}

static void check_machine(const struct machine *m)
{
    json_t *list = make_of(m, m->n);
    struct item all[SIMULATOR_GPU_MAX];
    uint8_t serial[SIMULATOR_GPU_MAX][9];

    for (unsigned i = 0; i < m->n; i++) {
        open_item_of(&all[i], m, list, i);
        serial_of(serial[i], &all[i], m);
        report_is_signed_by_the_leaf((void *[]){&all[i]});
        check_chain(&all[i], m);
        assert_memory_equal(all[i].report.p + 4, nonce, 32);
        assert_int_equal(all[i].report.p[RECORD - 4], m->blocks);
        assert_int_equal(le16(all[i].report.p + RECORD - 3), all[i].record);
        assert_int_equal(field(&all[i], 6).n, m->mark == 0x41 ? 8 : 14);
        for (unsigned k = 0; k < i; k++) {
            assert_memory_not_equal(serial[i], serial[k], 9);
            assert_int_not_equal(
                EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(all[i].chain, 0)),
                            X509_get0_pubkey(sk_X509_value(all[k].chain, 0))),
                1);
        }
    }
    for (unsigned i = 0; i < m->n; i++)
        close_item(&all[i]);
    json_decref(list);
}

static void devices_are_distinct(void **state)
{
    (void)state;
    for (size_t i = 0; i < MACHINES; i++)
        check_machine(&machines[i]);
}

/* What field 36 of a GPU's report says. */
static void modes_are_told(void **state)
{
    static const uint8_t flags[] = {0, 2, 1}; /* SPT, PPCIE, MPT */

    (void)state;
    for (size_t i = 0; i < sizeof(flags); i++) {
        json_t *list = make_of(&machines[i], 1);
        struct item it;

        open_item_of(&it, &machines[i], list, 0);
        assert_int_equal(field(&it, 36).n, 2);
        assert_int_equal(le16(field(&it, 36).p), flags[i]);
        close_item(&it);
        json_decref(list);
    }
}

static bool reversed(const uint8_t *a, const uint8_t *b)
{
    for (int i = 0; i < 8; i++)
        if (a[i] != b[7 - i])
            return false;
    return true;
}

/* Every GPU's links lead to all the switches, and to nothing else; every
 * switch knows itself and the GPUs, by the serials of the certificates. */
static void gpus_and_switches_name_each_other(void **state)
{
    const struct machine *hgx = &machines[1], *sw = &machines[3];
    json_t *gpus = make_of(hgx, 8), *switches = make_of(sw, 4);
    struct item g, s;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t mine[9], theirs[9];

        open_item_of(&s, sw, switches, i);
        serial_of(mine, &s, sw);
        assert_int_equal(field(&s, 22).n, 8);
        assert_memory_equal(field(&s, 22).p, mine + 1, 8);
        assert_int_equal(field(&s, 26).n, 128);
        for (unsigned k = 0; k < 8; k++) {
            unsigned found = 0;

            open_item_of(&g, hgx, gpus, k);
            serial_of(theirs, &g, hgx);
            assert_memory_equal(field(&s, 26).p + 8 * k, theirs + 1, 8);
            assert_int_equal(field(&g, 22).n, 144);
            for (unsigned link = 0; link < 18; link++)
                found += reversed(field(&g, 22).p + 8 * link, mine + 1);
            assert_in_range(found, 4, 5);
            close_item(&g);
        }
        close_item(&s);
    }
    json_decref(gpus);
    json_decref(switches);
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
    assert_int_equal(
        simulator_gpu_evidence(nonce, SIMULATOR_H100, 0, &text, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    assert_int_equal(simulator_gpu_evidence(nonce, SIMULATOR_HGX,
                                            SIMULATOR_GPU_MAX + 1, &text, &err),
                     -1);
    aver_buf_clear(&text);
    aver_buf_init(&text, 10000);
    assert_int_equal(
        simulator_gpu_evidence(nonce, SIMULATOR_H100, 1, &text, &err), -1);
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
        cmocka_unit_test(modes_are_told),
        cmocka_unit_test(gpus_and_switches_name_each_other),
        cmocka_unit_test(two_reports_differ_where_they_must),
        cmocka_unit_test(bad_calls_are_errors),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
