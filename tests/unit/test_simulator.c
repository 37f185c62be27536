/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator: the quote is laid out as DCAP's version 4 is, every signature in
 * it holds under the simulator's root, and the guest agent's words agree with
 * the measurements in it. The expectations are written as offsets, apart from
 * the structs that the simulator fills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/simulator_pki.h"
#include "base/text.h"
#include "x509_check.h"
#include <jansson.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define SIGNED 632   /* header and TD report */
#define SIG_DATA 636 /* behind the size of the signature data */
#define QE_REPORT (SIG_DATA + 134)
#define PEM (SIG_DATA + 590 + 32)

struct evidence {
    struct aver_buf quote, log_text, info_text, vm_text;
    json_t *log, *info, *vm;
};

static void make(struct evidence *e, const uint8_t report_data[static 64])
{
    struct aver_error err;

    aver_buf_init(&e->quote, 65536);
    aver_buf_init(&e->log_text, 1 << 20);
    aver_buf_init(&e->info_text, 1 << 20);
    aver_buf_init(&e->vm_text, 65536);
    assert_int_equal(simulator_quote(report_data, &e->quote, &e->log_text,
                                     &e->info_text, &e->vm_text, &err),
                     0);
    e->log = json_loadb((char *)e->log_text.p, e->log_text.n,
                        JSON_REJECT_DUPLICATES, NULL);
    e->info = json_loadb((char *)e->info_text.p, e->info_text.n,
                         JSON_REJECT_DUPLICATES, NULL);
    e->vm = json_loadb((char *)e->vm_text.p, e->vm_text.n,
                       JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_array(e->log));
    assert_true(json_is_object(e->info));
    assert_true(json_is_object(e->vm));
}

static void drop(struct evidence *e)
{
    aver_buf_clear(&e->quote);
    aver_buf_clear(&e->log_text);
    aver_buf_clear(&e->info_text);
    aver_buf_clear(&e->vm_text);
    json_decref(e->log);
    json_decref(e->info);
    json_decref(e->vm);
}

static int setup(void **state)
{
    static struct evidence e;
    uint8_t report_data[64];

    for (unsigned i = 0; i < 64; i++)
        report_data[i] = (uint8_t)(i + 1);
    make(&e, report_data);
    *state = &e;
    return 0;
}

static int teardown(void **state)
{
    drop(*state);
    return 0;
}

static uint64_t le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static bool zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* The member of an object as bytes; it must be hex of exactly n of them. */
static void hex_member(uint8_t *out, size_t n, const json_t *object,
                       const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    assert_non_null(text);
    assert_int_equal(aver_hex_decode(out, n, aver_bytes_str(text)), 0);
}

static void header_and_body_are_a_td(void **state)
{
    const uint8_t *q = ((struct evidence *)*state)->quote.p;
    static const uint8_t vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c,
                                       0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3,
                                       0x95, 0x7f, 0x06, 0x07};

    assert_int_equal(le(q, 2), 4);
    assert_int_equal(le(q + 2, 2), 2);
    assert_int_equal(le(q + 4, 4), 0x81);
    assert_memory_equal(q + 12, vendor, 16);
    assert_false(zero(q + 28, 16));
    assert_false(zero(q + 48, 16));                  /* TEE_TCB_SVN */
    assert_false(zero(q + 64, 48));                  /* MRSEAM */
    assert_true(zero(q + 48 + 64, 48));              /* MRSIGNERSEAM */
    assert_true(zero(q + 48 + 112, 8));              /* SEAMATTRIBUTES */
    assert_int_equal(le(q + 48 + 120, 8), 1u << 28); /* SEPT_VE_DISABLE */
    assert_int_equal(le(q + 48 + 128, 8) & 3, 3);    /* XFAM: x87, SSE */
    assert_int_equal(le(q + 48 + 128, 8) & ~0x6DBE7ull, 0);
    assert_false(zero(q + 48 + 136, 48));    /* MRTD */
    assert_true(zero(q + 48 + 232, 2 * 48)); /* MROWNER, MROWNERCONFIG */
    for (unsigned i = 0; i < 4; i++)
        assert_false(zero(q + 48 + 328 + 48 * i, 48));
}

static void report_data_is_in_place(void **state)
{
    const struct evidence *e = *state;

    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(e->quote.p[568 + i], i + 1);
}

static void lengths_fill_the_quote_exactly(void **state)
{
    const struct evidence *e = *state;
    const uint8_t *s = e->quote.p + SIG_DATA;
    size_t all = le(e->quote.p + SIGNED, 4);

    assert_int_equal(SIG_DATA + all, e->quote.n);
    assert_int_equal(le(s + 128, 2), 6);
    assert_int_equal(134 + le(s + 130, 4), all);
    assert_int_equal(le(s + 582, 2), 32);
    assert_int_equal(le(s + 616, 2), 5);
    assert_int_equal(622 + le(s + 618, 4), all);
    assert_int_equal(e->quote.p[e->quote.n - 1], 0);
}

static void quote_is_signed_by_the_attestation_key(void **state)
{
    const struct evidence *e = *state;
    const uint8_t *s = e->quote.p + SIG_DATA;
    EVP_PKEY *key = x509_check_point(s + 64, 32);
    uint8_t changed[SIGNED];

    assert_non_null(key);
    assert_true(x509_check_raw(key, aver_bytes_of(e->quote.p, SIGNED), s, 32));
    memcpy(changed, e->quote.p, SIGNED);
    changed[568] ^= 1;
    assert_false(x509_check_raw(key, aver_bytes_of(changed, SIGNED), s, 32));
    EVP_PKEY_free(key);
}

static void qe_report_vouches_for_the_attestation_key(void **state)
{
    const uint8_t *s = ((struct evidence *)*state)->quote.p + SIG_DATA;
    const uint8_t *qe = s + 134;
    uint8_t bound[96], digest[32];

    memcpy(bound, s + 64, 64);
    memcpy(bound + 64, s + 584, 32);
    SHA256(bound, sizeof(bound), digest);
    assert_memory_equal(qe + 320, digest, 32);
    assert_true(zero(qe + 352, 32));
    assert_int_equal(qe[48] & 2, 0);      /* not a debug enclave */
    assert_int_equal(le(qe + 256, 2), 2); /* ISVPRODID of a TD QE */
    assert_false(zero(qe + 64, 32));      /* MRENCLAVE */
    assert_false(zero(qe + 128, 32));     /* MRSIGNER */
    assert_true(zero(qe + 96, 32));       /* reserved */
    assert_true(zero(qe + 160, 96));
    assert_true(zero(qe + 260, 60));
}

static STACK_OF(X509) * pck_chain(const struct evidence *e)
{
    return x509_check_chain(e->quote.p + PEM, e->quote.n - PEM);
}

static void qe_report_is_signed_by_the_pck_key(void **state)
{
    const struct evidence *e = *state;
    STACK_OF(X509) *chain = pck_chain(e);
    EVP_PKEY *pck = X509_get0_pubkey(sk_X509_value(chain, 0));

    assert_true(x509_check_raw(pck, aver_bytes_of(e->quote.p + QE_REPORT, 384),
                               e->quote.p + QE_REPORT + 384, 32));
    sk_X509_pop_free(chain, X509_free);
}

static void check_name(const X509 *cert, int nid, const char *want)
{
    char got[64];

    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), nid, got,
                              sizeof(got));
    assert_string_equal(got, want);
}

/* A verifier reads a certificate's role from its common name, which is
 * therefore Intel's; the organisation says whose it is. */
static void chain_leads_to_the_root(void **state)
{
    static const char *const names[] = {"Intel SGX PCK Certificate",
                                        "Intel SGX PCK Platform CA",
                                        "Intel SGX Root CA"};
    STACK_OF(X509) *chain = pck_chain(*state);
    X509 *root = x509_check_one(simulator_root_pem);

    assert_int_equal(sk_X509_num(chain), 3);
    for (int i = 0; i < 3; i++) {
        const X509 *cert = sk_X509_value(chain, i);

        check_name(cert, NID_commonName, names[i]);
        check_name(cert, NID_organizationName, "aver SIMULATOR");
        assert_int_equal(X509_get_signature_nid(cert), NID_ecdsa_with_SHA256);
        assert_int_equal(X509_get_version(cert), X509_VERSION_3);
        assert_true(
            X509_get_ext_by_NID(cert, NID_crl_distribution_points, -1) >= 0);
    }
    assert_int_equal(X509_cmp(sk_X509_value(chain, 2), root), 0);
    assert_int_equal(x509_check_verify(chain, root), X509_V_OK);
    X509_free(root);
    sk_X509_pop_free(chain, X509_free);
}

/* As in Intel's chain: path lengths 1 and 0, a leaf that issues nothing. */
static void roles_are_constrained(void **state)
{
    STACK_OF(X509) *chain = pck_chain(*state);
    X509 *leaf = sk_X509_value(chain, 0), *ca = sk_X509_value(chain, 1);
    X509 *root = sk_X509_value(chain, 2);
    const uint32_t signs = KU_KEY_CERT_SIGN | KU_CRL_SIGN;

    assert_int_equal(X509_check_ca(leaf), 0);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_check_ca(root), 1);
    assert_int_equal(X509_get_pathlen(ca), 0);
    assert_int_equal(X509_get_pathlen(root), 1);
    assert_int_equal(X509_get_key_usage(leaf),
                     KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
    assert_int_equal(X509_get_key_usage(ca), signs);
    assert_int_equal(X509_get_key_usage(root), signs);
    sk_X509_pop_free(chain, X509_free);
}

/* One entry SEQUENCE { OID, value }: checks the OID's last arcs, steps over
 * the entry, and gives the value's tag and content. */
static const uint8_t *entry(const uint8_t **p, const char *suffix, long *n,
                            int *tag)
{
    char want[64], got[64];
    const uint8_t *q = *p, *end = NULL;
    ASN1_OBJECT *oid = NULL;
    long len = 0;
    int class = 0;

    assert_int_equal(ASN1_get_object(&q, &len, tag, &class, 4096),
                     V_ASN1_CONSTRUCTED);
    end = q + len;
    oid = d2i_ASN1_OBJECT(NULL, &q, len);
    assert_non_null(oid);
    OBJ_obj2txt(got, sizeof(got), oid, 1);
    snprintf(want, sizeof(want), "1.2.840.113741.1.13.1%s", suffix);
    assert_string_equal(got, want);
    ASN1_OBJECT_free(oid);
    ASN1_get_object(&q, n, tag, &class, end - q);
    assert_ptr_equal(q + *n, end);
    *p = end;
    return q;
}

static void tcb_of_pck(const uint8_t *p)
{
    char suffix[16];
    uint8_t components[16];
    const uint8_t *v = NULL;
    long n = 0;
    int tag = 0;

    for (int i = 0; i < 16; i++) {
        snprintf(suffix, sizeof(suffix), ".2.%d", i + 1);
        v = entry(&p, suffix, &n, &tag);
        assert_int_equal(tag, V_ASN1_INTEGER);
        assert_int_equal(n, 1);
        components[i] = v[0];
    }
    entry(&p, ".2.17", &n, &tag);
    assert_int_equal(tag, V_ASN1_INTEGER);
    v = entry(&p, ".2.18", &n, &tag);
    assert_int_equal(n, 16);
    assert_memory_equal(v, components, 16); /* CPUSVN says the same */
    assert_false(zero(components, 16));
}

static void pck_names_the_platform(void **state)
{
    static const struct {
        const char *suffix;
        int tag;
        long n;
    } rest[] = {{".3", V_ASN1_OCTET_STRING, 2},
                {".4", V_ASN1_OCTET_STRING, 6},
                {".5", V_ASN1_ENUMERATED, 1},
                {".6", V_ASN1_OCTET_STRING, 16},
                {".7", V_ASN1_SEQUENCE, 54}};
    STACK_OF(X509) *chain = pck_chain(*state);
    struct aver_bytes ext =
        x509_check_extension(sk_X509_value(chain, 0), "1.2.840.113741.1.13.1");
    const uint8_t *p = ext.p;
    long n = 0;
    int tag = 0, class = 0;

    assert_int_equal(ext.n, 554); /* the size that Intel's have */
    ASN1_get_object(&p, &n, &tag, &class, (long)ext.n);
    assert_ptr_equal(p + n, ext.p + ext.n);
    entry(&p, ".1", &n, &tag);
    assert_int_equal(n, 16);
    tcb_of_pck(entry(&p, ".2", &n, &tag));
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        entry(&p, rest[i].suffix, &n, &tag);
        assert_int_equal(tag, rest[i].tag);
        assert_int_equal(n, rest[i].n);
    }
    assert_ptr_equal(p, ext.p + ext.n);
    sk_X509_pop_free(chain, X509_free);
}

/* Signed by its CA, still valid in a long while, and naming nobody. */
static void check_crl(struct aver_bytes der, const char *issuer_pem)
{
    const uint8_t *p = der.p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
    X509 *issuer = x509_check_one(issuer_pem);
    time_t when = 2208988800; /* 2040 */

    assert_non_null(crl);
    assert_ptr_equal(p, der.p + der.n);
    assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(issuer)), 1);
    assert_int_equal(
        X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)),
        0);
    assert_int_equal(X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &when), 1);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), -1);
    assert_true(X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1) >= 0);
    X509_CRL_free(crl);
    X509_free(issuer);
}

static void crls_are_of_their_cas(void **state)
{
    (void)state;
    check_crl(simulator_root_crl, simulator_root_pem);
    check_crl(simulator_pck_crl, simulator_platform_ca_pem);
}

static void registers_are_what_info_says(void **state)
{
    static const struct {
        const char *name;
        size_t at;
    } members[] = {{"mrtd", 184},
                   {"rtmr0", 376},
                   {"rtmr1", 424},
                   {"rtmr2", 472},
                   {"rtmr3", 520}};
    const struct evidence *e = *state;
    json_t *tcb = json_object_get(e->info, "tcb_info");
    uint8_t value[48];

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        hex_member(value, 48, tcb, members[i].name);
        assert_memory_equal(value, e->quote.p + members[i].at, 48);
    }
    assert_true(json_equal(json_object_get(tcb, "event_log"), e->log));
}

static void compose_hash_is_of_the_text(void **state)
{
    const struct evidence *e = *state;
    json_t *tcb = json_object_get(e->info, "tcb_info");
    json_t *text = json_object_get(tcb, "app_compose");
    const uint8_t *config = e->quote.p + 48 + 184;
    uint8_t hash[32], value[32], app[20];

    assert_true(json_is_string(text));
    SHA256((const uint8_t *)json_string_value(text), json_string_length(text),
           hash);
    assert_int_equal(config[0], 1);
    assert_memory_equal(config + 1, hash, 32);
    assert_true(zero(config + 33, 15));
    hex_member(value, 32, tcb, "compose_hash");
    assert_memory_equal(value, hash, 32);
    hex_member(value, 32, e->info, "compose_hash");
    assert_memory_equal(value, hash, 32);
    hex_member(app, 20, e->info, "app_id");
    assert_memory_equal(app, hash, 20);
    json_t *inner = json_loads(json_string_value(text), 0, NULL);
    assert_true(json_is_object(inner));
    json_decref(inner);
}

static void aggregates_follow_from_the_quote(void **state)
{
    const struct evidence *e = *state;
    uint8_t all[8 * 48], want[32], got[32];

    memcpy(all, e->quote.p + 48 + 136, 48);        /* MRTD */
    memcpy(all + 48, e->quote.p + 48 + 328, 192);  /* RTMR0 to 3 */
    memcpy(all + 240, e->quote.p + 48 + 184, 144); /* configuration */
    SHA256(all, sizeof(all), want);
    hex_member(got, 32, e->info, "mr_aggregated");
    assert_memory_equal(got, want, 32);
    SHA256(e->quote.p + 28, 20, want);
    hex_member(got, 32, e->info, "device_id");
    assert_memory_equal(got, want, 32);
    assert_non_null(strstr(
        json_string_value(json_object_get(e->info, "app_name")), "SIMULATED"));
}

/* dstack's "TDX lite": the image's hash covers a list of digests, in which
 * stands the digest of the measurements. */
static void image_hash_covers_the_measurements(void **state)
{
    const struct evidence *e = *state;
    json_t *lite = json_object_get(e->vm, "tdx_measurement");
    struct aver_buf sums, cbor;
    uint8_t want[32], got[32];
    char hex[65];

    aver_buf_init(&sums, 4096);
    aver_buf_init(&cbor, 4096);
    assert_int_equal(aver_base64_decode_buf(
                         &sums, aver_bytes_str(json_string_value(
                                    json_object_get(lite, "checksum_file")))),
                     0);
    assert_int_equal(aver_base64_decode_buf(
                         &cbor, aver_bytes_str(json_string_value(
                                    json_object_get(lite, "measurement")))),
                     0);
    SHA256(sums.p, sums.n, want);
    hex_member(got, 32, e->vm, "os_image_hash");
    assert_memory_equal(got, want, 32);
    SHA256(cbor.p, cbor.n, want);
    aver_hex_encode(hex, want, 32);
    assert_true(aver_bytes_starts(aver_buf_view(&sums), hex));
    assert_non_null(memmem(cbor.p, cbor.n, e->quote.p + 48 + 136, 48));
    assert_true(aver_bytes_is(
        aver_buf_view(&e->vm_text),
        json_string_value(json_object_get(e->info, "vm_config"))));
    aver_buf_clear(&sums);
    aver_buf_clear(&cbor);
}

/* Only report_data and the signature over it may change. */
static void two_quotes_differ_where_they_must(void **state)
{
    const struct evidence *a = *state;
    static const uint8_t other[64] = {0};
    struct evidence b;

    make(&b, other);
    assert_int_equal(a->quote.n, b.quote.n);
    for (size_t i = 0; i < a->quote.n; i++)
        if (i < 568 || i >= SIG_DATA + 64)
            assert_int_equal(a->quote.p[i], b.quote.p[i]);
    assert_true(zero(b.quote.p + 568, 64));
    assert_memory_not_equal(a->quote.p + SIG_DATA, b.quote.p + SIG_DATA, 64);
    assert_true(aver_bytes_equal(aver_buf_view(&a->log_text),
                                 aver_buf_view(&b.log_text)));
    assert_true(aver_bytes_equal(aver_buf_view(&a->info_text),
                                 aver_buf_view(&b.info_text)));
    drop(&b);
}

static void a_full_buffer_is_an_error(void **state)
{
    static const uint8_t report_data[64] = {1};
    struct aver_buf quote, log, info, vm;
    struct aver_error err = {0};

    (void)state;
    for (unsigned small = 0; small < 4; small++) {
        aver_buf_init(&quote, small == 0 ? 100 : 1 << 20);
        aver_buf_init(&log, small == 1 ? 100 : 1 << 20);
        aver_buf_init(&info, small == 2 ? 100 : 1 << 20);
        aver_buf_init(&vm, small == 3 ? 100 : 1 << 20);
        assert_int_equal(
            simulator_quote(report_data, &quote, &log, &info, &vm, &err), -1);
        assert_int_equal(err.code, AVER_ELIMIT);
        aver_buf_clear(&quote);
        aver_buf_clear(&log);
        aver_buf_clear(&info);
        aver_buf_clear(&vm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_body_are_a_td),
        cmocka_unit_test(report_data_is_in_place),
        cmocka_unit_test(lengths_fill_the_quote_exactly),
        cmocka_unit_test(quote_is_signed_by_the_attestation_key),
        cmocka_unit_test(qe_report_vouches_for_the_attestation_key),
        cmocka_unit_test(qe_report_is_signed_by_the_pck_key),
        cmocka_unit_test(chain_leads_to_the_root),
        cmocka_unit_test(roles_are_constrained),
        cmocka_unit_test(pck_names_the_platform),
        cmocka_unit_test(crls_are_of_their_cas),
        cmocka_unit_test(registers_are_what_info_says),
        cmocka_unit_test(compose_hash_is_of_the_text),
        cmocka_unit_test(aggregates_follow_from_the_quote),
        cmocka_unit_test(image_hash_covers_the_measurements),
        cmocka_unit_test(two_quotes_differ_where_they_must),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
