/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_endorse: every signature in the bundle holds under the simulator's
 * root, and what the documents say fits the quote: platform, module and quoting
 * enclave stand on an UpToDate level, found the way Intel's library finds it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/simulator_pki.h"
#include "base/text.h"
#include "x509_check.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define NOW 1780272000 /* 2026-06-01 */
#define TEE_TCB_SVN 48
#define MRSIGNERSEAM (48 + 64)
#define SEAM_ATTRIBUTES (48 + 112)
#define QE_REPORT (636 + 134)
#define FMSPC_OID "\x06\x0a\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01\x04\x04\x06"
#define PCEID_OID "\x06\x0a\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01\x03\x04\x02"
#define SVN_OID "\x06\x0b\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01\x02"

struct rig {
    json_t *bundle, *info, *identity;
    struct aver_buf quote;
    X509 *root, *signer;
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    assert_non_null(text);
    return text;
}

static json_int_t number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static json_t *document(const json_t *bundle, const char *name)
{
    json_t *out =
        json_loads(text_of(bundle, name), JSON_REJECT_DUPLICATES, NULL);

    assert_true(json_is_object(out));
    return out;
}

static int setup(void **state)
{
    static struct rig r;
    static const uint8_t report_data[64] = {1};
    struct aver_buf text, rest[3];
    struct aver_error err;

    aver_buf_init(&text, 1 << 20);
    assert_int_equal(simulator_endorsements(NOW, &text, &err), 0);
    r.bundle = json_loadb((char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(r.bundle));
    aver_buf_clear(&text);
    r.info = document(r.bundle, "tcb_info");
    r.identity = document(r.bundle, "qe_identity");
    aver_buf_init(&r.quote, 1 << 20);
    for (unsigned i = 0; i < 3; i++)
        aver_buf_init(&rest[i], 1 << 20);
    assert_int_equal(simulator_quote(report_data, &r.quote, &rest[0], &rest[1],
                                     &rest[2], &err),
                     0);
    for (unsigned i = 0; i < 3; i++)
        aver_buf_clear(&rest[i]);
    r.root = x509_check_one(simulator_root_pem);
    r.signer = x509_check_one(simulator_tcb_signing_pem);
    assert_non_null(r.root);
    assert_non_null(r.signer);
    *state = &r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    json_decref(r->bundle);
    json_decref(r->info);
    json_decref(r->identity);
    aver_buf_clear(&r->quote);
    X509_free(r->root);
    X509_free(r->signer);
    return 0;
}

static void members_are_those_of_the_form(void **state)
{
    const struct rig *r = *state;
    static const char *const names[] = {
        "pck_crl_issuer_chain",     "root_ca_crl", "pck_crl",
        "tcb_info_issuer_chain",    "tcb_info",    "tcb_info_signature",
        "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        text_of(r->bundle, names[i]);
    /* NVIDIA's: five RIMs; answers about 14 devices, 5 CAs, 9 RIM signers. */
    assert_int_equal(json_array_size(json_object_get(r->bundle, "rims")), 5);
    assert_int_equal(json_array_size(json_object_get(r->bundle, "ocsp")), 28);
    assert_int_equal(json_object_size(r->bundle),
                     sizeof(names) / sizeof(names[0]) + 2);
}

static STACK_OF(X509) * chain_of(const struct rig *r, const char *name)
{
    const char *pem = text_of(r->bundle, name);

    return x509_check_chain(pem, strlen(pem));
}

static void check_chain(const struct rig *r, const char *member,
                        const char *common)
{
    STACK_OF(X509) *chain = chain_of(r, member);
    char name[64];

    assert_int_equal(sk_X509_num(chain), 2);
    X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(chain, 0)),
                              NID_commonName, name, sizeof(name));
    assert_string_equal(name, common);
    assert_int_equal(X509_cmp(sk_X509_value(chain, 1), r->root), 0);
    assert_int_equal(x509_check_verify(chain, r->root), X509_V_OK);
    sk_X509_pop_free(chain, X509_free);
}

static void chains_lead_to_the_root(void **state)
{
    check_chain(*state, "tcb_info_issuer_chain", "Intel SGX TCB Signing");
    check_chain(*state, "qe_identity_issuer_chain", "Intel SGX TCB Signing");
    check_chain(*state, "pck_crl_issuer_chain", "Intel SGX PCK Platform CA");
}

static void signer_only_signs(void **state)
{
    X509 *signer = ((struct rig *)*state)->signer;

    assert_int_equal(X509_get_version(signer), X509_VERSION_3);
    assert_int_equal(X509_get_signature_nid(signer), NID_ecdsa_with_SHA256);
    assert_int_equal(X509_check_ca(signer), 0);
    assert_true(X509_get_ext_by_NID(signer, NID_basic_constraints, -1) >= 0);
    assert_int_equal(X509_get_key_usage(signer),
                     KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
    assert_true(X509_get_ext_by_NID(signer, NID_crl_distribution_points, -1) >=
                0);
    assert_non_null(X509_get0_subject_key_id(signer));
    assert_non_null(X509_get0_authority_key_id(signer));
}

static void check_crl(const struct rig *r, const char *member, X509 *issuer)
{
    const char *hex = text_of(r->bundle, member);
    uint8_t der[1024];
    const uint8_t *p = der;
    size_t n = strlen(hex) / 2;
    time_t now = 1780272000; /* June 2026 */

    assert_true(n <= sizeof(der));
    assert_int_equal(aver_hex_decode(der, n, aver_bytes_str(hex)), 0);
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)n);
    assert_non_null(crl);
    assert_ptr_equal(p, der + n);
    assert_int_equal(X509_CRL_get_version(crl), X509_CRL_VERSION_2);
    assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(issuer)), 1);
    assert_int_equal(
        X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)),
        0);
    assert_int_equal(X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &now), -1);
    assert_int_equal(X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &now), 1);
    assert_true(X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1) >= 0);
    assert_true(
        X509_CRL_get_ext_by_NID(crl, NID_authority_key_identifier, -1) >= 0);
    assert_int_equal(X509_CRL_get_ext_count(crl), 2);
    X509_CRL_free(crl);
}

static void crls_are_signed_by_their_cas(void **state)
{
    const struct rig *r = *state;
    X509 *ca = x509_check_one(simulator_platform_ca_pem);

    check_crl(r, "root_ca_crl", r->root);
    check_crl(r, "pck_crl", ca);
    X509_free(ca);
}

static void check_signature(const struct rig *r, const char *member)
{
    EVP_PKEY *key = X509_get0_pubkey(r->signer);
    char *text = strdup(text_of(r->bundle, member)), name[64];
    uint8_t sig[64];

    snprintf(name, sizeof(name), "%s_signature", member);
    assert_int_equal(
        aver_hex_decode(sig, 64, aver_bytes_str(text_of(r->bundle, name))), 0);
    assert_true(x509_check_raw(key, aver_bytes_str(text), sig, 32));
    text[strlen(text) / 2] ^= 1;
    assert_false(x509_check_raw(key, aver_bytes_str(text), sig, 32));
    free(text);
}

static void documents_are_signed(void **state)
{
    check_signature(*state, "tcb_info");
    check_signature(*state, "qe_identity");
}

static void documents_are_of_their_kind(void **state)
{
    const struct rig *r = *state;

    assert_string_equal(text_of(r->info, "id"), "TDX");
    assert_int_equal(number_of(r->info, "version"), 3);
    assert_int_equal(number_of(r->info, "tcbType"), 0);
    assert_string_equal(text_of(r->identity, "id"), "TD_QE");
    assert_int_equal(number_of(r->identity, "version"), 2);
    for (unsigned i = 0; i < 2; i++) {
        const json_t *d = i == 0 ? r->info : r->identity;

        assert_true(number_of(d, "tcbEvaluationDataNumber") > 0);
        assert_string_equal(text_of(d, "issueDate"), "2024-01-01T00:00:00Z");
        assert_string_equal(text_of(d, "nextUpdate"), "2049-12-31T23:59:59Z");
    }
}

/* The n bytes behind the only place where `key` stands in the leaf's SGX
 * extension. */
static const uint8_t *behind(struct aver_bytes ext, const char *key, size_t n)
{
    size_t len = strlen(key);
    const uint8_t *p = memmem(ext.p, ext.n, key, len);

    assert_non_null(p);
    assert_true(p + len + n <= ext.p + ext.n);
    assert_null(memmem(p + 1, (size_t)(ext.p + ext.n - p - 1), key, len));
    return p + len;
}

static json_int_t svn_of_leaf(struct aver_bytes ext, unsigned which)
{
    char key[15] = SVN_OID;
    size_t n = strlen(key);

    key[n] = (char)which;
    key[n + 1] = 2; /* an INTEGER of one byte follows */
    key[n + 2] = '\0';
    const uint8_t *p = behind(ext, key, 2);
    assert_int_equal(p[0], 1);
    return p[1];
}

static struct aver_bytes sgx_extension(X509 *leaf)
{
    struct aver_bytes ext = x509_check_extension(leaf, "1.2.840.113741.1.13.1");

    assert_non_null(ext.p);
    return ext;
}

static void info_is_of_the_leafs_platform(void **state)
{
    const struct rig *r = *state;
    X509 *leaf = x509_check_one(simulator_pck_pem);
    struct aver_bytes ext = sgx_extension(leaf);
    uint8_t fmspc[6], pceid[2];

    assert_int_equal(
        aver_hex_decode(fmspc, 6, aver_bytes_str(text_of(r->info, "fmspc"))),
        0);
    assert_int_equal(
        aver_hex_decode(pceid, 2, aver_bytes_str(text_of(r->info, "pceId"))),
        0);
    assert_memory_equal(behind(ext, FMSPC_OID, 6), fmspc, 6);
    assert_memory_equal(behind(ext, PCEID_OID, 2), pceid, 2);
    X509_free(leaf);
}

static json_int_t component(const json_t *level, const char *list, unsigned i)
{
    const json_t *all = json_object_get(json_object_get(level, "tcb"), list);

    assert_int_equal(json_array_size(all), 16);
    return number_of(json_array_get(all, i), "svn");
}

/* SGX components and PCESVN of the leaf; of TDX's all but the first two, which
 * are the module's. */
static bool level_fits(const json_t *level, struct aver_bytes ext,
                       const uint8_t *tee_tcb_svn)
{
    const json_t *tcb = json_object_get(level, "tcb");
    bool fits = svn_of_leaf(ext, 17) >= number_of(tcb, "pcesvn");

    for (unsigned i = 0; i < 16; i++)
        fits = fits && svn_of_leaf(ext, i + 1) >=
                           component(level, "sgxtcbcomponents", i);
    for (unsigned i = 2; i < 16; i++)
        fits =
            fits && tee_tcb_svn[i] >= component(level, "tdxtcbcomponents", i);
    return fits;
}

static void platform_is_up_to_date(void **state)
{
    const struct rig *r = *state;
    const json_t *levels = json_object_get(r->info, "tcbLevels");
    X509 *leaf = x509_check_one(simulator_pck_pem);
    const json_t *best = json_array_get(levels, 0);

    assert_int_equal(json_array_size(levels), 2);
    assert_true(
        level_fits(best, sgx_extension(leaf), r->quote.p + TEE_TCB_SVN));
    assert_string_equal(text_of(best, "tcbStatus"), "UpToDate");
    assert_null(json_object_get(best, "advisoryIDs"));
    const json_t *lower = json_array_get(levels, 1);
    assert_string_equal(text_of(lower, "tcbStatus"), "OutOfDate");
    assert_int_equal(json_array_size(json_object_get(lower, "advisoryIDs")), 1);
    X509_free(leaf);
}

static void check_hex(const json_t *object, const char *name, const uint8_t *p,
                      size_t n)
{
    uint8_t value[64];

    assert_true(n <= sizeof(value));
    assert_int_equal(
        aver_hex_decode(value, n, aver_bytes_str(text_of(object, name))), 0);
    assert_memory_equal(value, p, n);
}

static void module_is_known_and_up_to_date(void **state)
{
    const struct rig *r = *state;
    const uint8_t *q = r->quote.p;
    const json_t *one =
        json_array_get(json_object_get(r->info, "tdxModuleIdentities"), 0);
    const json_t *level = json_array_get(json_object_get(one, "tcbLevels"), 0);
    const json_t *module = json_object_get(r->info, "tdxModule");
    char id[16];

    snprintf(id, sizeof(id), "TDX_%02X", q[TEE_TCB_SVN + 1]);
    assert_string_equal(text_of(one, "id"), id);
    check_hex(one, "mrsigner", q + MRSIGNERSEAM, 48);
    check_hex(one, "attributes", q + SEAM_ATTRIBUTES, 8);
    check_hex(module, "mrsigner", q + MRSIGNERSEAM, 48);
    check_hex(module, "attributes", q + SEAM_ATTRIBUTES, 8);
    assert_int_equal(number_of(json_object_get(level, "tcb"), "isvsvn"),
                     q[TEE_TCB_SVN]);
    assert_string_equal(text_of(level, "tcbStatus"), "UpToDate");
}

/* (report & mask) == value */
static void check_masked(const json_t *identity, const char *value_name,
                         const char *mask_name, const uint8_t *p, size_t n)
{
    uint8_t value[16], mask[16];

    assert_int_equal(
        aver_hex_decode(value, n,
                        aver_bytes_str(text_of(identity, value_name))),
        0);
    assert_int_equal(
        aver_hex_decode(mask, n, aver_bytes_str(text_of(identity, mask_name))),
        0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(p[i] & mask[i], value[i]);
}

static void identity_is_of_the_quoting_enclave(void **state)
{
    const struct rig *r = *state;
    const uint8_t *qe = r->quote.p + QE_REPORT;
    const json_t *level =
        json_array_get(json_object_get(r->identity, "tcbLevels"), 0);

    check_hex(r->identity, "mrsigner", qe + 128, 32);
    check_masked(r->identity, "miscselect", "miscselectMask", qe + 16, 4);
    check_masked(r->identity, "attributes", "attributesMask", qe + 48, 16);
    assert_int_equal(number_of(r->identity, "isvprodid"),
                     qe[256] | qe[257] << 8);
    assert_int_equal(number_of(json_object_get(level, "tcb"), "isvsvn"),
                     qe[258] | qe[259] << 8);
    assert_string_equal(text_of(level, "tcbStatus"), "UpToDate");
}

static void a_full_buffer_is_an_error(void **state)
{
    struct aver_error err = {0};
    struct aver_buf out;

    (void)state;
    aver_buf_init(&out, 100);
    assert_int_equal(simulator_endorsements(NOW, &out, &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_those_of_the_form),
        cmocka_unit_test(chains_lead_to_the_root),
        cmocka_unit_test(signer_only_signs),
        cmocka_unit_test(crls_are_signed_by_their_cas),
        cmocka_unit_test(documents_are_signed),
        cmocka_unit_test(documents_are_of_their_kind),
        cmocka_unit_test(info_is_of_the_leafs_platform),
        cmocka_unit_test(platform_is_up_to_date),
        cmocka_unit_test(module_is_known_and_up_to_date),
        cmocka_unit_test(identity_is_of_the_quoting_enclave),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
