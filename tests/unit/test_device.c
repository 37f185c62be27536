/* SPDX-License-Identifier: Apache-2.0
 *
 * device: what the certificates of every case say of the device, names and
 * numbers that no certificate of NVIDIA has, and the firmware's digest (fwid)
 * in every form that it may not have. */
#include "der_parts.h"
#include "gpu_cases.h"
#include "verify/device.h"
#include "verify/fwid.h"
#include "verify/gpu_chain.h"
#include "verify/spdm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_device read_device(struct aver_bytes pem)
{
    struct aver_ec *ec = aver_ec_new();
    struct aver_flaw flaw = {0};
    struct aver_device d;
    struct aver_chain c;

    aver_gpu_chain_read(&c, ec, pem, &flaw);
    aver_device_read(&d, &c);
    aver_chain_clear(&c);
    aver_ec_free(ec);
    return d;
}

static const char *fwid_cause(const struct aver_device *d,
                              const struct aver_opaque *o)
{
    if (!o->has_fwid)
        return "";
    if (d->fwid_state != AVER_FWID_OK)
        return "fwid_ext";
    return memcmp(d->fwid, o->fwid, 48) == 0 ? "" : "fwid";
}

static void check_fields(const struct aver_device *d,
                         const struct aver_opaque *o, const json_t *device)
{
    const char *arch = vectors_text(device, "arch");
    const json_t *fwid = json_object_get(device, "fwid");
    uint8_t want[48];

    assert_string_equal(aver_chip_name(d->chip), arch);
    assert_true(d->brom_agrees);
    assert_string_equal(d->id, vectors_text(device, "device_id"));
    assert_string_equal(d->leaf_serial, vectors_text(device, "leaf_serial"));
    assert_true(d->has_pdi);
    char hex[17];
    aver_hex_encode(hex, d->pdi, 8);
    assert_string_equal(hex, d->id + 2);
    assert_int_equal(o->has_fwid, json_is_string(fwid));
    assert_int_not_equal(d->fwid_state, AVER_FWID_BAD);
    if (!json_is_string(fwid))
        return;
    vectors_hex_n(want, 48, device, "fwid");
    assert_int_equal(d->fwid_state, AVER_FWID_OK);
    assert_memory_equal(d->fwid, want, 48);
}

static unsigned compared;

static void check_case(struct gpu_case *c)
{
    const char *want = gpu_case_cause(c), *got = "";

    for (unsigned i = 0; i < c->evidence->n; i++) {
        const struct aver_gpu_item *g = &c->evidence->item[i];
        struct aver_device d = read_device(aver_buf_view(&g->certificates));
        struct aver_flaw flaw = {0};
        struct aver_opaque o;
        struct aver_spdm s;

        if (d.chip == AVER_CHIP_UNKNOWN ||
            aver_spdm_parse(&s, aver_buf_view(&g->report), true, &flaw) != 0 ||
            aver_opaque_parse(&o, s.opaque, d.chip, &flaw) != 0)
            continue;
        if (gpu_case_fields(c, i) != NULL) {
            check_fields(&d, &o, gpu_case_fields(c, i));
            compared++;
        }
        if (fwid_cause(&d, &o)[0] != '\0')
            got = fwid_cause(&d, &o);
    }
    if (strcmp(c->id, "syn-fwid-ext-other") == 0)
        want = "fwid_ext"; /* it has the key of another boot ROM as well */
    if (gpu_cause_among(want, " fwid fwid_ext ") || got[0] != '\0')
        if (strcmp(got, want) != 0 && strncmp(c->id, "mut-chain-", 10) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", c->id, got, want);
}

static void all_cases(void **state)
{
    (void)state;
    gpu_cases_each(check_case);
    assert_true(compared > 100);
}

/* ---- by hand ---- */

struct rig {
    struct gpu_case c;
    struct aver_ec *ec;
    struct aver_chain chain;
};

static void rig_open(struct rig *r, const char *id)
{
    struct aver_flaw flaw = {0};

    gpu_case_open(&r->c, id);
    r->ec = aver_ec_new();
    aver_gpu_chain_read(&r->chain, r->ec,
                        aver_buf_view(&r->c.evidence->item[0].certificates),
                        &flaw);
    assert_null(flaw.cause);
}

static void rig_close(struct rig *r)
{
    aver_chain_clear(&r->chain);
    aver_ec_free(r->ec);
    gpu_case_close(&r->c);
}

static void names(void **state)
{
    static const struct {
        const char *leaf, *brom;
        enum aver_chip chip;
        const char *name;
        bool agrees;
    } cases[] = {
        {"GH100 A01 GSP FMC LF", "GH100 A01 GSP BROM", AVER_HOPPER, "GH100",
         true},
        {"LS_10 A01 FSP FMC LF", "LS_10 A01 FSP BROM", AVER_LS10, "LS_10",
         true},
        {"GB100 A01 GSP FMC LF", "GB100 A01 GSP BROM", AVER_BLACKWELL, "GB100",
         true},
        {"GB202 A01", "GB202 BROM", AVER_BLACKWELL, "GB202", true},
        {"GB202 A01", "GB100 A01 GSP BROM", AVER_BLACKWELL, "GB202", false},
        {"GH100 A01", "GB100 A01 GSP BROM", AVER_HOPPER, "GH100", false},
        {"GH100 A01", "GH100 A01 GSP FMC LF", AVER_HOPPER, "GH100", false},
        {"GH100 A01", "GH100", AVER_HOPPER, "GH100", false},
        {"GH100 A01", "", AVER_HOPPER, "GH100", false},
        {"GH100", "GH100 A01 GSP BROM", AVER_CHIP_UNKNOWN, "", false},
        {"GH1000 A01", "GH1000 A01 GSP BROM", AVER_CHIP_UNKNOWN, "", false},
        {"GB A01", "GB BROM", AVER_CHIP_UNKNOWN, "", false},
        {"GB10x A01", "GB10x BROM", AVER_CHIP_UNKNOWN, "", false},
        {"GB10000000000000 A", "GB10000000000000 BROM", AVER_CHIP_UNKNOWN, "",
         false},
        {"gh100 A01", "gh100 BROM", AVER_CHIP_UNKNOWN, "", false},
        {"HCC RIM L4 Signer", "NVIDIA BROM", AVER_CHIP_UNKNOWN, "", false},
        {"", "", AVER_CHIP_UNKNOWN, "", false},
    };
    struct aver_device d;
    struct rig r;

    (void)state;
    rig_open(&r, "real-nano-h100-570");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        r.chain.link[0].cert.common_name = aver_bytes_str(cases[i].leaf);
        r.chain.link[1].cert.common_name = aver_bytes_str(cases[i].brom);
        aver_device_read(&d, &r.chain);
        if (d.chip != cases[i].chip || d.brom_agrees != cases[i].agrees)
            fail_msg("%s, %s: %s", cases[i].leaf, cases[i].brom,
                     aver_chip_name(d.chip));
        assert_string_equal(d.chip_name, cases[i].name);
        assert_int_equal(d.has_pdi,
                         d.chip == AVER_HOPPER || d.chip == AVER_BLACKWELL);
    }
    rig_close(&r);
}

static void serials(void **state)
{
    static const struct {
        const char *hex, *id, *decimal;
        bool pdi;
    } cases[] = {
        {"410102030405060708", "410102030405060708", "1199110988650911237896",
         true},
        {"500102030405060708", "500102030405060708", NULL, false},
        {"4101020304050607", "4101020304050607", "4684027299417622023", false},
        {"41010203040506070809", "41010203040506070809", NULL, false},
        {"00", "00", "0", false},
        {"0a", "0a", "10", false},
        {"00ff", "ff", "255", false},
        {"0100000000", "0100000000", "4294967296", false},
        {"ff", "", "", false},
        {"7fffffffffffffffffffffffffffffffffffffff",
         "7fffffffffffffffffffffffffffffffffffffff",
         "730750818665451459101842416358141509827966271487", false},
        {"00ffffffffffffffffffffffffffffffffffffffff",
         "ffffffffffffffffffffffffffffffffffffffff",
         "1461501637330902918203684832716283019655932542975", false},
        {"7fffffffffffffffffffffffffffffffffffffffff", "", "", false},
    };
    struct aver_device d;
    uint8_t serial[32];
    struct rig r;

    (void)state;
    rig_open(&r, "real-nano-h100-570");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = strlen(cases[i].hex) / 2;

        assert_int_equal(
            aver_hex_decode(serial, n, aver_bytes_str(cases[i].hex)), 0);
        r.chain.link[0].cert.serial = aver_bytes_of(serial, n);
        r.chain.link[1].cert.serial = aver_bytes_of(serial, n);
        aver_device_read(&d, &r.chain);
        assert_string_equal(d.id, cases[i].id);
        if (cases[i].decimal != NULL)
            assert_string_equal(d.leaf_serial, cases[i].decimal);
        assert_int_equal(d.has_pdi, cases[i].pdi);
    }
    rig_close(&r);
}

static void other_lengths(void **state)
{
    struct aver_device d;
    struct rig r;

    (void)state;
    rig_open(&r, "real-nano-h100-570");
    for (r.chain.n = 0; r.chain.n < 7; r.chain.n++) {
        aver_device_read(&d, &r.chain);
        assert_int_equal(d.chip != AVER_CHIP_UNKNOWN, r.chain.n == 5);
        assert_int_equal(d.id[0] != '\0', r.chain.n == 5);
    }
    r.chain.n = 5;
    rig_close(&r);
}

/* A switch's serial number begins otherwise than a GPU's. */
static void kinds(void **state)
{
    struct aver_device d;
    struct rig r;

    (void)state;
    rig_open(&r, "real-ls10-single");
    aver_device_read(&d, &r.chain);
    assert_int_equal(d.chip, AVER_LS10);
    assert_true(d.has_pdi);
    assert_memory_equal(d.id, "50", 2);
    r.chain.link[0].cert.common_name = aver_bytes_str("GH100 A01 GSP FMC LF");
    aver_device_read(&d, &r.chain);
    assert_false(d.has_pdi);
    rig_close(&r);
}

/* ---- the firmware's digest ---- */

#define ALGORITHM "0609608648016503040202" /* SHA-384 */
#define ONES8 "0101010101010101"
#define ONES ONES8 ONES8 ONES8 ONES8 ONES8 ONES8
#define TWOS8 "0202020202020202"
#define TWOS TWOS8 TWOS8 TWOS8 TWOS8 TWOS8 TWOS8
#define FWID(digest) "303d" ALGORITHM "0430" digest
#define SHA256_FWID "302d06096086480165030402010420" ONES8 ONES8 ONES8 ONES8
#define KEY "30030c014b" /* stands for a SubjectPublicKeyInfo */
#define OID_KEY "0606678105050401"
#define OID_INFO "060767810505040101"
#define NONE "0603551d0e"

static void add_extension(struct aver_buf *out, const char *oid,
                          const char *content)
{
    struct aver_buf value, whole;

    aver_buf_init(&value, DER_PARTS_MAX);
    aver_buf_init(&whole, DER_PARTS_MAX);
    der_hex(&value, content);
    der_hex(&whole, oid);
    der_wrap(&whole, AVER_DER_OCTETS, aver_buf_view(&value));
    der_wrap(out, AVER_DER_SEQUENCE, aver_buf_view(&whole));
    aver_buf_clear(&value);
    aver_buf_clear(&whole);
}

/* What is read from one extension, or from two; 'x' for the digest of ones. */
static int fwid_of(const char *oid, const char *content, const char *second)
{
    struct aver_cert leaf = {0}, brom = {0};
    struct aver_buf extensions, key;
    const char *why = NULL;
    uint8_t digest[48], ones[48];

    aver_buf_init(&extensions, DER_PARTS_MAX);
    aver_buf_init(&key, DER_PARTS_MAX);
    der_hex(&key, KEY);
    add_extension(&extensions, oid, content);
    if (second != NULL)
        add_extension(&extensions, second, content);
    leaf.extensions = der_exact(&extensions);
    brom.spki = aver_buf_view(&key);
    int rc = aver_fwid_read(digest, &leaf, &brom, &why);
    memset(ones, 1, 48);
    if (rc == 1)
        assert_memory_equal(digest, ones, 48);
    assert_true(rc != -1 || strlen(why) > 10);
    der_done(leaf.extensions);
    aver_buf_clear(&extensions);
    aver_buf_clear(&key);
    return rc;
}

static void firmware(void **state)
{
    static const struct {
        const char *oid, *content, *second;
        int want;
    } cases[] = {
        {OID_KEY, "3047020101" KEY FWID(ONES), NULL, 1},
        {OID_KEY, "3047020101" KEY FWID(ONES), NONE, 1},
        {OID_KEY, "3047020101" KEY FWID(ONES), OID_KEY, -1},
        {OID_KEY, "3047020101" KEY FWID(ONES), OID_INFO, -1},
        {NONE, "3047020101" KEY FWID(ONES), NULL, 0},
        {OID_INFO, "3047020101" KEY FWID(ONES), NULL, -1},
        {OID_KEY, "3047020102" KEY FWID(ONES), NULL, -1},
        {OID_KEY, "3047020100" KEY FWID(ONES), NULL, -1},
        {OID_KEY, "304702010130030c014a" FWID(ONES), NULL, -1},
        {OID_KEY, "3042020101" FWID(ONES), NULL, -1},
        {OID_KEY, "3037020101" KEY SHA256_FWID, NULL, -1},
        {OID_KEY, "3049020101" KEY FWID(ONES) "0500", NULL, -1},
        {OID_KEY, "3047020101" KEY FWID(ONES) "0500", NULL, -1},
        {OID_KEY, "3049020101" KEY "303f" ALGORITHM "0430" ONES "0500", NULL,
         -1},
        {OID_KEY, "", NULL, -1},
        {OID_KEY, "3000", NULL, -1},
        {OID_INFO, "3041a63f" FWID(ONES), NULL, 1},
        {OID_INFO, "308180a67e" FWID(ONES) FWID(TWOS), NULL, 1},
        {OID_INFO, "308181a67f" FWID(ONES) FWID(TWOS), NULL, -1},
        {OID_INFO, "30820082a68100", NULL, -1},
        {OID_INFO, "304980014b830102a63f" FWID(ONES) "870100", NULL, -1},
        {OID_INFO, "304a80014b830102a63f" FWID(ONES) "870100", NULL, 1},
        {OID_INFO, "304787010080010aa63f" FWID(ONES), NULL, -1},
        {OID_INFO, "3044a63f" FWID(ONES) "850100", NULL, -1},
        {OID_INFO, "308182a63f" FWID(ONES) "a63f" FWID(ONES), NULL, -1},
        {OID_INFO, "3031a62f" SHA256_FWID, NULL, -1},
        {OID_INFO, "3070a66e" SHA256_FWID FWID(ONES), NULL, -1},
        {OID_INFO, "3070a66e" FWID(ONES) SHA256_FWID, NULL, 1},
        {OID_INFO, "3043a641" FWID(ONES) "0500", NULL, -1},
        {OID_INFO, "3002a600", NULL, -1},
        {OID_INFO, "300380014b", NULL, -1},
        {OID_INFO, "3000", NULL, -1},
        {OID_INFO, "3041863f" FWID(ONES), NULL, -1},
        {OID_INFO,
         "3043"
         "0500"
         "a63f" FWID(ONES),
         NULL, -1},
        {OID_INFO, "", NULL, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (fwid_of(cases[i].oid, cases[i].content, cases[i].second) !=
            cases[i].want)
            fail_msg("case %zu: not %d", i, cases[i].want);
}

/* The real one with each bit of its bytes changed: bad, or another digest. */
static void any_bit(void **state)
{
    struct aver_bytes oid = aver_bytes_of("\x67\x81\x05\x05\x04\x01", 6);
    struct aver_device good, d;
    struct rig r;

    (void)state;
    rig_open(&r, "real-nano-h100-570");
    aver_device_read(&good, &r.chain);
    struct aver_bytes at = aver_cert_extension(&r.chain.link[0].cert, oid);
    uint8_t *p = r.chain.store.p + (at.p - r.chain.store.p);
    assert_true(at.n > 100);
    for (size_t i = 0; i < 8 * at.n; i++) {
        p[i / 8] ^= (uint8_t)(1 << i % 8);
        aver_device_read(&d, &r.chain);
        p[i / 8] ^= (uint8_t)(1 << i % 8);
        if (d.fwid_state == AVER_FWID_BAD)
            assert_true(strlen(d.fwid_fault) > 10);
        else
            assert_memory_not_equal(d.fwid, good.fwid, 48);
    }
    rig_close(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases), cmocka_unit_test(names),
        cmocka_unit_test(serials),   cmocka_unit_test(other_lengths),
        cmocka_unit_test(kinds),     cmocka_unit_test(firmware),
        cmocka_unit_test(any_bit),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
