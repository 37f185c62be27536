/* SPDX-License-Identifier: Apache-2.0
 *
 * Over 600 lines because the flaws of one scene belong together.
 *
 * rows: a flawless report and receipt made with the simulator, and for every
 * row of the tables a flaw that makes exactly this row fail. A row without
 * such a case fails the test; so does a row that is left unexplained. */
#include "attest/simulator.h"
#include "crypto/ed25519.h"
#include "crypto/k1.h"
#include "crypto/report_data.h"
#include "crypto/sha2.h"
#include "crypto/x509.h"
#include "vectors.h"
#include "verify/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a case may change before it is judged. */
struct scene {
    json_t *report, *payload, *receipt; /* payload becomes nvidia_payload */
    json_t *outer; /* the report that it stands in, as far as that matters */
    struct aver_policy policy;
    uint8_t request[32], response[32];
    struct aver_report *parsed, *parsed_outer;
    struct aver_receipt parsed_receipt;
    struct aver_endorsements *e;
    struct aver_gpus *gpus;
};

static const int64_t june_2026 = 1780272000;

static const uint8_t secret[32] = {1, 2, 3, 4, 5, 6, 7};
static const uint8_t stranger[32] = {9, 9, 9};

static json_t *hex_of(const void *p, size_t n)
{
    struct aver_buf b;

    aver_buf_init(&b, 2 * n + 1);
    assert_int_equal(aver_hex_encode_buf(&b, aver_bytes_of(p, n)), 0);
    json_t *out = json_stringn((const char *)b.p, b.n);
    aver_buf_clear(&b);
    return out;
}

static json_t *quote_over(const uint8_t report_data[static 64])
{
    struct aver_buf quote, rest[3];

    aver_buf_init(&quote, 1 << 20);
    for (int i = 0; i < 3; i++)
        aver_buf_init(&rest[i], 1 << 20);
    assert_int_equal(simulator_quote(report_data, &quote, &rest[0], &rest[1],
                                     &rest[2], NULL),
                     0);
    json_t *out = hex_of(quote.p, quote.n);
    aver_buf_clear(&quote);
    for (int i = 0; i < 3; i++)
        aver_buf_clear(&rest[i]);
    return out;
}

static json_t *payload_of(const uint8_t nonce[static 32])
{
    struct aver_buf list;

    aver_buf_init(&list, 1 << 20);
    assert_int_equal(
        simulator_gpu_evidence(nonce, SIMULATOR_H100, 2, &list, NULL), 0);
    json_t *out = json_pack(
        "{s:o, s:o, s:s}", "nonce", hex_of(nonce, 32), "evidence_list",
        json_loadb((char *)list.p, list.n, 0, NULL), "arch", "HOPPER");
    aver_buf_clear(&list);
    assert_non_null(out);
    return out;
}

static void sign(json_t *receipt, const char *text, const uint8_t key[32],
                 bool claim)
{
    struct aver_k1 *k = aver_k1_new();
    uint8_t digest[32], sig[65], pub[64], address[20];
    char name[AVER_ADDRESS_TEXT], hex[133] = "0x";

    aver_eip191_digest(digest, aver_bytes_str(text));
    assert_int_equal(aver_k1_sign(k, sig, key, digest), 0);
    assert_int_equal(aver_k1_public(k, pub, key), 0);
    aver_address_of(address, pub);
    aver_address_format(name, address);
    aver_hex_encode(hex + 2, sig, 65);
    json_object_set_new(receipt, "text", json_string(text));
    json_object_set_new(receipt, "signature", json_string(hex));
    if (claim)
        json_object_set_new(receipt, "signing_address", json_string(name));
    aver_k1_free(k);
}

static void text_of(char out[static 130], const struct scene *s)
{
    aver_hex_encode(out, s->request, 32);
    out[64] = ':';
    aver_hex_encode(out + 65, s->response, 32);
}

static void simulator_roots(struct aver_policy *p)
{
    assert_int_equal(aver_x509_spki_sha256(p->simulator_root,
                                           aver_bytes_str(simulator_root_pem),
                                           NULL),
                     0);
    assert_int_equal(
        aver_x509_spki_sha256(p->simulator_gpu_root,
                              aver_bytes_str(simulator_gpu_root_pem), NULL),
        0);
    assert_int_equal(
        aver_x509_spki_sha256(p->simulator_rim_root,
                              aver_bytes_str(simulator_rim_root_pem), NULL),
        0);
}

static struct aver_endorsements *simulators_documents(void)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_buf bundle;

    aver_buf_init(&bundle, AVER_ENDORSEMENTS_MAX);
    assert_int_equal(simulator_endorsements(june_2026, &bundle, NULL), 0);
    assert_int_equal(aver_endorsements_add(e, aver_buf_view(&bundle), NULL), 0);
    aver_buf_clear(&bundle);
    return e;
}

/* Layout B, so that a TLS key can be asked for. */
static void scene_new(struct scene *s)
{
    struct aver_k1 *k = aver_k1_new();
    uint8_t pub[64], data[64];
    char text[130];

    memset(s, 0, sizeof(*s));
    memset(s->request, 0x11, 32);
    memset(s->response, 0x22, 32);
    s->policy = (struct aver_policy){.trust = AVER_TRUST_SIMULATOR,
                                     .at = june_2026,
                                     .has_nonce = true,
                                     .has_gpu_count = true,
                                     .gpu_count = 2,
                                     .has_key = true,
                                     .has_spki = true,
                                     .has_algo = true};
    simulator_roots(&s->policy);
    memset(s->policy.nonce, 0x33, 32);
    memset(s->policy.spki, 0x44, 32);
    assert_int_equal(aver_k1_public(k, pub, secret), 0);
    aver_address_of(s->policy.key.p, pub);
    s->policy.key.n = 20;
    aver_report_data(data, aver_bytes_of(s->policy.key.p, 20), s->policy.spki,
                     s->policy.nonce);
    json_t *quote = quote_over(data);
    s->receipt = json_pack("{s:s}", "signing_algo", "ecdsa");
    text_of(text, s);
    sign(s->receipt, text, secret, true);
    s->payload = payload_of(s->policy.nonce);
    s->report =
        json_pack("{s:O, s:s, s:o, s:o, s:o, s:O, s:o, s:s}", "signing_address",
                  json_object_get(s->receipt, "signing_address"),
                  "signing_algo", "ecdsa", "signing_public_key",
                  hex_of(pub, 64), "request_nonce", hex_of(s->policy.nonce, 32),
                  "tls_cert_fingerprint", hex_of(s->policy.spki, 32),
                  "intel_quote", quote, "quote", quote, "tee", "simulator");
    s->outer = json_pack("{s:O}", "intel_quote", quote);
    assert_non_null(s->report);
    aver_k1_free(k);
}

static void scene_judge(struct scene *s, struct aver_verdict *v)
{
    struct aver_subject subject = {.policy = &s->policy,
                                   .request_sha256 = s->request,
                                   .response_sha256 = s->response};

    if (s->payload != NULL) {
        char *inner = json_dumps(s->payload, JSON_COMPACT);
        json_object_set_new(s->report, "nvidia_payload", json_string(inner));
        free(inner);
    }
    char *text = json_dumps(s->report, 0);
    s->parsed = aver_report_parse(aver_bytes_str(text), NULL);
    free(text);
    assert_non_null(s->parsed);
    text = json_dumps(s->outer, 0);
    s->parsed_outer = aver_report_parse(aver_bytes_str(text), NULL);
    free(text);
    assert_non_null(s->parsed_outer);
    s->parsed->outer = s->parsed_outer;
    text = json_dumps(s->receipt, 0);
    assert_int_equal(
        aver_receipt_parse(&s->parsed_receipt, aver_bytes_str(text), NULL), 0);
    free(text);
    s->e = simulators_documents();
    s->gpus = aver_gpus_new(s->parsed->gpu, s->e, s->policy.at);
    assert_non_null(s->gpus);
    subject.gpus = s->gpus;
    subject.report = s->parsed;
    subject.receipt = &s->parsed_receipt;
    aver_judge(v, &subject);
}

static void scene_clear(struct scene *s)
{
    json_decref(s->report);
    json_decref(s->payload);
    json_decref(s->receipt);
    json_decref(s->outer);
    aver_gpus_free(s->gpus);
    aver_endorsements_free(s->e);
    aver_report_free(s->parsed);
    aver_report_free(s->parsed_outer);
    aver_receipt_clear(&s->parsed_receipt);
}

/* The flaws. */

static void flip(json_t *o, const char *key, size_t at)
{
    char *text = strdup(vectors_text(o, key));

    text[at] = text[at] == '0' ? '1' : '0';
    json_object_set_new(o, key, json_string(text));
    free(text);
}

static void no_address(struct scene *s)
{
    json_object_del(s->report, "signing_address");
}

static void other_quote(struct scene *s)
{
    flip(s->report, "quote", 300);
}

/* RTMR3, 472 bytes into a version 4 quote. */
static void other_machine(struct scene *s)
{
    flip(s->outer, "intel_quote", 2 * (48 + 472));
}

static void trust_vendor(struct scene *s)
{
    s->policy.trust = AVER_TRUST_VENDOR;
}

static void evidence_is_text(struct scene *s)
{
    json_t *item =
        json_array_get(json_object_get(s->payload, "evidence_list"), 1);

    json_object_set_new(item, "evidence", json_string("bm90IFNQRE0="));
}

static void evidence_is_no_base64(struct scene *s)
{
    json_t *item =
        json_array_get(json_object_get(s->payload, "evidence_list"), 0);

    json_object_set_new(item, "evidence", json_string("!!"));
}

static void list_of_switches(struct scene *s)
{
    json_object_set_new(s->payload, "arch", json_string("LS10"));
}

static void one_gpu_wanted(struct scene *s)
{
    s->policy.gpu_count = 1;
}

static void other_public(struct scene *s)
{
    flip(s->report, "signing_public_key", 5);
}

static void quote_of_another_key(struct scene *s)
{
    uint8_t data[64];

    aver_report_data(data, aver_bytes_of(stranger, 20), s->policy.spki,
                     s->policy.nonce);
    json_t *quote = quote_over(data);
    json_object_set(s->report, "quote", quote);
    json_object_set_new(s->report, "intel_quote", quote);
}

/* Layout C: the quote covers a statement that names the GPUs' evidence. */
static void state(struct scene *s, const uint8_t digest[static 32])
{
    struct aver_statement about = {
        .key_id = aver_bytes_of(s->policy.key.p, 20),
        .spki_sha256 = s->policy.spki,
        .nonce = s->policy.nonce,
        .gpu_sha256 = digest,
    };
    struct aver_buf text;
    uint8_t data[64];

    aver_buf_init(&text, 4096);
    assert_int_equal(aver_statement_write(&text, &about), 0);
    aver_report_data_stated(data, aver_buf_view(&text), s->policy.nonce);
    aver_buf_clear(&text);
    json_t *quote = quote_over(data);
    json_object_set(s->report, "quote", quote);
    json_object_set_new(s->report, "intel_quote", quote);
    json_object_set_new(s->report, "gpu_evidence_sha256", hex_of(digest, 32));
}

static void statement_on_other_evidence(struct scene *s)
{
    uint8_t digest[32] = {1};

    state(s, digest);
}

static void statement_on_this_evidence(struct scene *s)
{
    char *text = json_dumps(s->payload, JSON_COMPACT);
    uint8_t digest[32];

    aver_sha256(digest, aver_bytes_str(text));
    free(text);
    state(s, digest);
}

static void other_address_wanted(struct scene *s)
{
    s->policy.key.p[19] ^= 1;
}

static void other_spki_seen(struct scene *s)
{
    s->policy.spki[31] ^= 1;
}

static void nonce_unreadable(struct scene *s)
{
    json_object_set_new(s->report, "request_nonce", json_string("33"));
}

static void gpu_of_another_nonce(struct scene *s)
{
    uint8_t old[32] = {7};
    json_t *other = payload_of(old);

    json_object_set(s->payload, "evidence_list",
                    json_object_get(other, "evidence_list"));
    json_decref(other);
}

static void payload_of_another_nonce(struct scene *s)
{
    flip(s->payload, "nonce", 63);
}

static void other_nonce_drawn(struct scene *s)
{
    s->policy.nonce[0] ^= 1;
}

static void receipt_without_text(struct scene *s)
{
    json_object_del(s->receipt, "text");
}

static void text_in_upper_case(struct scene *s)
{
    char text[130];

    text_of(text, s);
    text[0] = 'A';
    sign(s->receipt, text, secret, true);
    memset(s->request, 0xa1, 32);
}

static void signature_of_another_text(struct scene *s)
{
    json_object_set_new(s->receipt, "signature", json_string("0x00"));
}

static void signed_by_a_stranger(struct scene *s)
{
    char text[130];

    text_of(text, s);
    sign(s->receipt, text, stranger, true);
}

static void another_request(struct scene *s)
{
    s->request[0] ^= 1;
}

static void another_response(struct scene *s)
{
    s->response[0] ^= 1;
}

static void other_algorithm_wanted(struct scene *s)
{
    s->policy.algo = AVER_ED25519;
}

static const struct {
    const char *row;
    void (*spoil)(struct scene *s);
} cases[] = {
    {"report.shape", no_address},
    {"report.quote_agrees", other_quote},
    {"report.same_td", other_machine},
    {"gpu.report", evidence_is_text},
    {"gpu.count", one_gpu_wanted},
    {"gpu.bound", statement_on_other_evidence},
    {"report.key_address", other_public},
    {"report.report_data", quote_of_another_key},
    {"report.address", other_address_wanted},
    {"report.tls_key", other_spki_seen},
    {"report.nonce_echo", nonce_unreadable},
    {"gpu.nonce", gpu_of_another_nonce},
    {"gpu.nonce_envelope", payload_of_another_nonce},
    {"report.fresh", other_nonce_drawn},
    {"receipt.shape", receipt_without_text},
    {"receipt.text", text_in_upper_case},
    {"receipt.algorithm", other_algorithm_wanted},
    {"receipt.signature", signature_of_another_text},
    {"receipt.signer", signed_by_a_stranger},
    {"receipt.request_hash", another_request},
    {"receipt.response_hash", another_response},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* What was not looked at in this scene. */
static bool is_later(const char *id)
{
    return strncmp(id, "tdx.", 4) == 0 || strncmp(id, "code.", 5) == 0;
}

/* About switches, of which there are none. */
static bool is_of_switches(const char *id)
{
    return strcmp(id, "gpu.switch_pdi") == 0 || strcmp(id, "gpu.topology") == 0;
}

static void the_flawless_one_passes(void **state)
{
    struct scene s;
    struct aver_verdict v;

    (void)state;
    scene_new(&s);
    scene_judge(&s, &v);
    assert_int_equal(v.n, aver_cpu_rows_n + aver_gpu_rows_n +
                              aver_report_rows_n + aver_code_rows_n +
                              aver_receipt_rows_n);
    for (unsigned i = 0; i < v.n; i++) {
        const struct aver_check *c = &v.checks[i];
        enum aver_result want = is_later(c->row->id) ? AVER_UNKNOWN : AVER_PASS;

        if (is_of_switches(c->row->id))
            continue;
        if (c->result != want || !c->required)
            fail_msg("%s: %s %s", c->row->id, aver_result_name(c->result),
                     c->detail);
    }
    assert_int_equal(v.word, AVER_UNDECIDED);
    scene_clear(&s);
}

static void each_flaw_fails_its_row_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct scene s;
        struct aver_verdict v;

        scene_new(&s);
        cases[i].spoil(&s);
        scene_judge(&s, &v);
        assert_int_equal(v.word, AVER_REFUSED);
        assert_string_equal(aver_verdict_reason(&v)->row->id, cases[i].row);
        for (unsigned j = 0; j < v.n; j++) {
            const struct aver_check *c = &v.checks[j];
            bool bad = c->result == AVER_FAIL || c->result == AVER_SIMULATED;

            if (bad != (strcmp(c->row->id, cases[i].row) == 0))
                fail_msg("case %zu (%s): %s is %s: %s", i, cases[i].row,
                         c->row->id, aver_result_name(c->result), c->detail);
            if (bad && c->detail[0] == '\0')
                fail_msg("%s does not say why", c->row->id);
        }
        scene_clear(&s);
    }
}

/* The rows whose cases are in test_code_rows.c, test_cpu_rows.c,
 * test_gpu_rows.c and test_nras_rows.c. */
static bool is_elsewhere(const char *id)
{
    return strncmp(id, "code.", 5) == 0 || strncmp(id, "tdx.", 4) == 0 ||
           strncmp(id, "nras.", 5) == 0 ||
           (strncmp(id, "gpu.", 4) == 0 && strcmp(id, "gpu.bound") != 0);
}

static void no_row_is_without_a_case(void **state)
{
    const struct aver_row *row = NULL;

    (void)state;
    for (unsigned i = 0; (row = aver_row_at(i)) != NULL; i++) {
        bool found = is_elsewhere(row->id);

        for (size_t j = 0; j < CASES; j++)
            found = found || strcmp(cases[j].row, row->id) == 0;
        if (!found && !is_elsewhere(row->id))
            fail_msg("no case makes %s fail", row->id);
        assert_true(strlen(row->sentence) > 10 && strlen(row->proves) > 20);
        assert_true(strlen(row->without) > 20 && strlen(row->clause) > 5);
        assert_true(strlen(row->cause) > 2);
        assert_ptr_equal(aver_row_find(row->id), row);
    }
    assert_null(aver_row_find("no.such_row"));
}

static enum aver_result after(void (*change)(struct scene *), const char *id)
{
    struct scene s;
    struct aver_verdict v;

    scene_new(&s);
    change(&s);
    scene_judge(&s, &v);
    const struct aver_check *c = aver_verdict_find(&v, id);
    enum aver_result result = c->required ? c->result : AVER_NO_MATTER;
    scene_clear(&s);
    return result;
}

static void vendor_and_no_root(struct scene *s)
{
    s->policy.trust = AVER_TRUST_VENDOR;
    memset(s->policy.simulator_gpu_root, 0, 32);
}

static void foreign_root(struct scene *s)
{
    memset(s->policy.simulator_gpu_root, 0, 32);
}

static void no_certificates(struct scene *s)
{
    json_t *list = json_object_get(s->payload, "evidence_list");

    for (size_t i = 0; i < json_array_size(list); i++)
        json_object_set_new(json_array_get(list, i), "certificate",
                            json_string(""));
}

static void no_gpus(struct scene *s)
{
    json_decref(s->payload);
    s->payload =
        json_pack("{s:o, s:[], s:s}", "nonce", hex_of(s->policy.nonce, 32),
                  "evidence_list", "arch", "NONE");
    s->policy.gpu_count = 0;
}

static void no_gpus_unasked(struct scene *s)
{
    no_gpus(s);
    s->policy.has_gpu_count = false;
}

static void no_payload(struct scene *s)
{
    json_decref(s->payload);
    s->payload = NULL;
}

static void payload_is_an_object(struct scene *s)
{
    json_object_set(s->report, "nvidia_payload", s->payload);
    no_payload(s);
}

static void switches_alone(struct scene *s)
{
    no_payload(s);
    json_object_set_new(s->report, "nvswitch_payload", json_string("{}"));
}

static void nonce_of_the_list_unreadable(struct scene *s)
{
    json_object_set_new(s->payload, "nonce", json_string("33"));
}

static void no_nonce_given(struct scene *s)
{
    s->policy.has_nonce = false;
}

static void saved_before(struct scene *s)
{
    s->policy.as_of = true;
}

static void no_public_key(struct scene *s)
{
    json_object_del(s->report, "signing_public_key");
}

static void plain_layout_in_place_of_b(struct scene *s)
{
    json_object_del(s->report, "tls_cert_fingerprint");
}

static void what_else_rows_say(void **state)
{
    (void)state;
    assert_int_equal(after(trust_vendor, "gpu.root"), AVER_SIMULATED);
    assert_int_equal(after(trust_vendor, "gpu.rim"), AVER_SIMULATED);
    assert_int_equal(after(vendor_and_no_root, "gpu.root"), AVER_FAIL);
    assert_int_equal(after(foreign_root, "gpu.root"), AVER_FAIL);
    assert_int_equal(after(no_certificates, "gpu.certificates"), AVER_FAIL);
    assert_int_equal(after(no_certificates, "gpu.root"), AVER_SKIP);
    assert_int_equal(after(evidence_is_no_base64, "gpu.evidence"), AVER_FAIL);
    assert_int_equal(after(evidence_is_no_base64, "gpu.bound"), AVER_UNKNOWN);
    assert_int_equal(after(list_of_switches, "gpu.arch"), AVER_FAIL);
    assert_int_equal(after(no_gpus, "gpu.root"), AVER_NO_MATTER);
    assert_int_equal(after(no_gpus_unasked, "gpu.root"), AVER_SKIP);
    assert_int_equal(after(statement_on_this_evidence, "gpu.bound"), AVER_PASS);
    assert_int_equal(after(statement_on_this_evidence, "report.report_data"),
                     AVER_PASS);
    assert_int_equal(after(gpu_of_another_nonce, "gpu.bound"), AVER_UNKNOWN);
    assert_int_equal(after(no_gpus, "gpu.evidence"), AVER_NO_MATTER);
    assert_int_equal(after(no_gpus, "gpu.count"), AVER_PASS);
    assert_int_equal(after(no_gpus_unasked, "gpu.evidence"), AVER_UNKNOWN);
    assert_int_equal(after(no_payload, "gpu.evidence"), AVER_UNKNOWN);
    assert_int_equal(after(no_payload, "gpu.nonce"), AVER_SKIP);
    assert_int_equal(after(payload_is_an_object, "gpu.evidence"), AVER_FAIL);
    assert_int_equal(after(payload_is_an_object, "gpu.chain"), AVER_SKIP);
    assert_int_equal(after(switches_alone, "gpu.evidence"), AVER_FAIL);
    assert_int_equal(after(nonce_of_the_list_unreadable, "gpu.evidence"),
                     AVER_FAIL);
    assert_int_equal(after(no_nonce_given, "report.fresh"), AVER_UNKNOWN);
    assert_int_equal(after(saved_before, "report.fresh"), AVER_NO_MATTER);
    assert_int_equal(after(no_public_key, "report.key_address"),
                     AVER_NO_MATTER);
    assert_int_equal(after(plain_layout_in_place_of_b, "report.report_data"),
                     AVER_FAIL);
    assert_int_equal(after(plain_layout_in_place_of_b, "report.tls_key"),
                     AVER_FAIL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_flawless_one_passes),
        cmocka_unit_test(each_flaw_fails_its_row_alone),
        cmocka_unit_test(no_row_is_without_a_case),
        cmocka_unit_test(what_else_rows_say),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
