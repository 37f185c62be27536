/* SPDX-License-Identifier: Apache-2.0
 *
 * report: reports of real services, the first generation's form, the layouts
 * of report_data, and inputs made to hurt. */
#include "crypto/report_data.h"
#include "vectors.h"
#include "verify/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_report *parse_json(const json_t *o)
{
    struct aver_error err;
    char *text = json_dumps(o, 0);
    struct aver_report *r = aver_report_parse(aver_bytes_str(text), &err);

    if (r == NULL)
        fail_msg("%s", err.text);
    free(text);
    return r;
}

static enum aver_result result_of(const struct aver_verdict *v, const char *id)
{
    const struct aver_check *c = aver_verdict_find(v, id);

    assert_non_null(c);
    return c->result;
}

/* Everything but CPU and GPU evidence itself is right in a captured report
 * that is judged with the nonce it was made for. */
static void judge_real(struct aver_report *r, unsigned gpus)
{
    struct aver_policy policy = {
        .has_nonce = true, .has_gpu_count = true, .gpu_count = gpus};
    struct aver_subject s = {.policy = &policy, .report = r};
    struct aver_verdict v;

    memcpy(policy.nonce, r->nonce, 32);
    aver_judge(&v, &s);
    assert_int_equal(v.word, AVER_UNDECIDED);
    for (unsigned i = 0; i < v.n; i++) {
        const struct aver_check *c = &v.checks[i];
        bool later = strncmp(c->row->id, "tdx.", 4) == 0 ||
                     strncmp(c->row->id, "code.", 5) == 0 ||
                     strncmp(c->row->id, "gpu.", 4) == 0;

        if (c->required && c->result != (later ? AVER_UNKNOWN : AVER_PASS))
            fail_msg("%s: %s %s", c->row->id, aver_result_name(c->result),
                     c->detail);
    }
    assert_int_equal(result_of(&v, "report.report_data"), AVER_PASS);
    policy.nonce[31] ^= 1;
    aver_judge(&v, &s);
    assert_int_equal(v.word, AVER_REFUSED);
}

static void real_flat_reports(void **state)
{
    static const struct {
        const char *file, *address;
        unsigned gpus;
    } cases[] = {
        {"tdx/reports/nanogpt-gemma-20260610.json",
         "0xa6df16ebBc510D97A32b99B4DFD33793acC90e2b", 1},
        {"tdx/reports/venice-20260610.json",
         "0x6525e128AFcFfEBf7EED05d485D7Be983cDaE934", 8},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct aver_buf file = vectors_file(cases[i].file);
        struct aver_report *r = aver_report_parse(aver_buf_view(&file), NULL);
        char address[AVER_KEY_ID_TEXT];

        assert_non_null(r);
        assert_string_equal(r->fault, "");
        aver_key_id_format(address, &r->key);
        assert_string_equal(address, cases[i].address);
        assert_int_equal(r->gpu->n, cases[i].gpus);
        assert_string_equal(r->gpu->item[0].arch, "HOPPER");
        assert_int_equal(r->quote.version, 4);
        judge_real(r, cases[i].gpus);
        aver_report_free(r);
        aver_buf_clear(&file);
    }
}

/* What says which code runs is kept as it stood before it was put into JSON,
 * wherever it stands. */
static void code_is_found(void **state)
{
    static const char key[] =
        "\"signing_address\":\"0x0000000000000000000000000000000000000000\","
        "\"intel_quote\":\"0400\"";
    static const struct {
        const char *members, *log, *compose, *config, *aggregated;
    } cases[] = {
        {"", "", "", "", ""},
        {",\"event_log\":\"[ 1]\",\"vm_config\":\"{}\"", "[ 1]", "", "{}", ""},
        {",\"event_log\":[ 2 ],\"info\":null", "[ 2 ]", "", "", ""},
        {",\"info\":{\"tcb_info\":{\"event_log\":[3],\"app_compose\":"
         "\"{\\n\\u0041\\/}\",\"mr_aggregated\":\"aa\"},\"vm_config\":\"v\"}",
         "[3]", "{\nA/}", "v", "aa"},
        {",\"info\":{\"tcb_info\":\"{\\\"app_compose\\\":\\\"x\\\"}\","
         "\"mr_aggregated\":\"bb\"}",
         "", "x", "", "bb"},
        {",\"info\":{\"tcb_info\":\"\"},\"vm_config\":{\"a\":1}", "", "",
         "{\"a\":1}", ""},
        {",\"event_log\":\"[4]\",\"vm_config\":\"w\",\"info\":{\"tcb_info\":"
         "{\"event_log\":[5],\"mr_aggregated\":\"cc\"},\"vm_config\":\"v\","
         "\"mr_aggregated\":\"dd\"}",
         "[4]", "", "w", "dd"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[600];

        snprintf(text, sizeof(text), "{%s%s}", key, cases[i].members);
        struct aver_report *r = aver_report_parse(aver_bytes_str(text), NULL);
        assert_non_null(r);
        assert_string_equal(r->fault, "");
        assert_true(
            aver_bytes_is(aver_buf_view(&r->event_log), cases[i].log) &&
            aver_bytes_is(aver_buf_view(&r->app_compose), cases[i].compose) &&
            aver_bytes_is(aver_buf_view(&r->vm_config), cases[i].config) &&
            aver_bytes_is(aver_buf_view(&r->claimed_aggregated),
                          cases[i].aggregated));
        aver_report_free(r);
    }
}

/* signing_address, nvidia_payload with evidence twice encoded, intel_quote in
 * base64, and nothing else. */
static void first_generation(void **state)
{
    json_t *o = vectors_index("tdx/reports/nanogpt-gemma-20260610.json");
    struct aver_report *now = parse_json(o);
    struct aver_buf text, hex;

    (void)state;
    aver_buf_init(&text, 1 << 20);
    aver_buf_init(&hex, 1 << 20);
    assert_int_equal(
        aver_base64_encode_buf(&text, aver_buf_view(&now->quote_bytes)), 0);
    json_t *old = json_pack("{s:O, s:s%}", "signing_address",
                            json_object_get(o, "signing_address"),
                            "intel_quote", text.p, text.n);
    aver_buf_consume(&text, text.n);
    assert_int_equal(
        aver_hex_encode_buf(&hex, aver_buf_view(&now->gpu->item[0].report)), 0);
    assert_int_equal(aver_base64_encode_buf(&text, aver_buf_view(&hex)), 0);
    json_t *payload =
        json_pack("{s:s, s:[{s:s%, s:s}], s:s}", "nonce",
                  vectors_text(o, "request_nonce"), "evidence_list", "evidence",
                  text.p, text.n, "certificate", "", "arch", "HOPPER");
    char *inner = json_dumps(payload, 0);
    json_object_set_new(old, "nvidia_payload", json_string(inner));

    struct aver_report *r = parse_json(old);
    assert_string_equal(r->fault, "");
    assert_true(r->quote_ok);
    assert_true(aver_bytes_equal(aver_buf_view(&r->quote_bytes),
                                 aver_buf_view(&now->quote_bytes)));
    assert_int_equal(r->gpu->item[0].encoding, AVER_GPU_BASE64_HEX);
    assert_memory_equal(r->gpu->item[0].report.p + 4, now->nonce, 32);
    assert_int_equal(r->has_nonce, AVER_ABSENT);
    struct aver_policy policy = {.has_nonce = true};
    struct aver_subject s = {.policy = &policy, .report = r};
    struct aver_verdict v;
    aver_judge(&v, &s);
    assert_int_equal(v.word, AVER_UNDECIDED);
    assert_int_equal(result_of(&v, "report.nonce_echo"), AVER_UNKNOWN);

    aver_report_free(r);
    aver_report_free(now);
    free(inner);
    json_decref(payload);
    json_decref(old);
    json_decref(o);
    aver_buf_clear(&text);
    aver_buf_clear(&hex);
}

/* Whether 64 bytes in a quote would be taken for these inputs. */
static bool layout_accepts(const json_t *c)
{
    const json_t *in = json_object_get(c, "inputs");
    bool b = vectors_is(c, "scheme", "B");
    uint8_t nonce[32], spki[32], want[64], have[64];
    struct aver_key_id key;

    if (aver_hex_decode(have, 64,
                        aver_bytes_str(vectors_text(c, "report_data"))) != 0 ||
        aver_hex_decode(nonce, 32, aver_bytes_str(vectors_text(in, "nonce"))) !=
            0)
        return false;
    assert_int_equal(aver_key_id_parse(&key, aver_bytes_str(vectors_text(
                                                 in, "signing_address"))),
                     0);
    if (b)
        vectors_hex_n(spki, 32, in, "tls_spki_sha256");
    aver_report_data(want, aver_bytes_of(key.p, key.n), b ? spki : NULL, nonce);
    return memcmp(want, have, 64) == 0;
}

static void layouts(void **state)
{
    json_t *index = vectors_index("report_data/verify.json"), *c = NULL;
    size_t i = 0;
    unsigned n = 0;

    (void)state;
    json_array_foreach(index, i, c)
    {
        if (!vectors_is(c, "scheme", "A") && !vectors_is(c, "scheme", "B"))
            continue;
        n++;
        if (layout_accepts(c) != vectors_is(c, "verdict", "accept"))
            fail_msg("%s", vectors_text(c, "id"));
    }
    assert_int_equal(n, 23);
    json_decref(index);
}

static void what_is_no_report(void **state)
{
    static const char *const bad[] = {
        "", "[]", "7", "\"x\"", "{", "{}x", "<html>", "{\"a\":1,}", "\xff\xfe",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct aver_error err = {0};

        assert_null(aver_report_parse(aver_bytes_str(bad[i]), &err));
        assert_int_equal(err.code, AVER_EFORMAT);
        assert_true(strlen(err.text) > 10);
    }
}

#define GOOD                                                                   \
    "{\"signing_address\":\"0x0000000000000000000000000000000000000000\","     \
    "\"intel_quote\":\"0400\""
static void faults_are_named(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"signing_address\":5}",
        "{\"signing_address\":\"0x12\"}",
        "{\"signing_address\":\"0x00000000000000000000000000000000000000\"}",
        "{\"signing_address\":\"0x0000000000000000000000000000000000000000\","
        "\"signing_algo\":\"rsa\"}",
        "{\"signing_address\":\"0x0000000000000000000000000000000000000000\","
        "\"signing_algo\":\"ed25519\"}",
        "{\"signing_address\":\"0x0000000000000000000000000000000000000000\","
        "\"intel_quote\":\"zz\"}",
        "{\"signing_address\":\"0x0000000000000000000000000000000000000000\","
        "\"intel_quote\":\"0400\",\"tls_cert_fingerprint\":\"00\"}",
        "{\"signing_address\":\"0x0000000000000000000000000000000000000000\","
        "\"intel_quote\":\"0400\",\"intel_quote\":\"0400\"}",
        GOOD ",\"event_log\":7}",
        GOOD ",\"event_log\":\"[]\",\"event_log\":\"[]\"}",
        GOOD ",\"info\":\"x\"}",
        GOOD ",\"info\":{\"tcb_info\":\"x\"}}",
        GOOD ",\"info\":{\"vm_config\":\"\",\"vm_config\":\"\"}}",
        GOOD ",\"info\":{\"tcb_info\":{\"app_compose\":1}}}",
        GOOD ",\"info\":{\"tcb_info\":{\"app_compose\":\"\","
             "\"app_compose\":\"\"}}}",
        GOOD ",\"report_data\":\"1\"}",
        GOOD ",\"compose_manager_attestation\":{},"
             "\"compose_manager_attestation\":{}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct aver_report *r = aver_report_parse(aver_bytes_str(bad[i]), NULL);

        assert_non_null(r);
        assert_true(r->fault[0] != '\0');
        aver_report_free(r);
    }
}

/* A genuine enclave's quote can hold any report_data, and proves nothing of a
 * machine. */
static void an_enclave_is_no_machine(void **state)
{
    struct aver_buf quote =
        vectors_file("tdx/cases/real-dcapqvl-sgx-v3/quote.bin");
    struct aver_buf text;

    (void)state;
    aver_buf_init(&text, 1 << 20);
    assert_int_equal(
        aver_buf_append_str(
            &text, "{\"signing_address\":\"0x00000000000000000000000000000000"
                   "00000000\",\"intel_quote\":\""),
        0);
    assert_int_equal(aver_hex_encode_buf(&text, aver_buf_view(&quote)), 0);
    assert_int_equal(aver_buf_append_str(&text, "\"}"), 0);
    struct aver_report *r = aver_report_parse(aver_buf_view(&text), NULL);
    assert_non_null(r);
    assert_non_null(strstr(r->fault, "SGX"));
    aver_report_free(r);
    aver_buf_clear(&text);
    aver_buf_clear(&quote);
}

/* 16 MiB of `unit` inside a report's member must be read or refused in time
 * and memory that grow with it, and never taken for evidence. */
static void big_inputs(void **state)
{
    static const char *const units[] = {"[", "[],", "{},", "1,", " ", "\""};

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct aver_buf b;

        aver_buf_init(&b, AVER_REPORT_MAX);
        assert_int_equal(
            aver_buf_append_str(&b, "{\"nvidia_payload\":\"{\\\"nonce\\\":1,"
                                    "\\\"evidence_list\\\":["),
            0);
        while (b.n + 16 < AVER_REPORT_MAX / 4)
            assert_int_equal(aver_buf_append_str(&b, units[i]), 0);
        assert_int_equal(aver_buf_append_str(&b, "1]}\"}"), 0);
        struct aver_report *r = aver_report_parse(aver_buf_view(&b), NULL);
        assert_true(r == NULL || r->has_gpu == AVER_MALFORMED ||
                    r->gpu->flaw.cause != NULL);
        aver_report_free(r);
        aver_buf_clear(&b);
    }
    uint8_t *big = calloc(1, AVER_REPORT_MAX + 1);
    struct aver_error err;
    assert_null(
        aver_report_parse(aver_bytes_of(big, AVER_REPORT_MAX + 1), &err));
    assert_int_equal(err.code, AVER_ELIMIT);
    free(big);
}

static void claims_are_cleaned(void **state)
{
    struct aver_report *r = aver_report_parse(
        aver_bytes_str("{\"tee\":\"tdx\\u001b[2J\",\"simulated\":true,"
                       "\"version_info\":{\"name\":\"aver\",\"version\":"
                       "\"1\",\"commit\":7}}"),
        NULL);

    (void)state;
    assert_non_null(r);
    assert_string_equal(r->claims.tee, "tdx?[2J");
    assert_string_equal(r->claims.simulated, "true");
    assert_string_equal(r->claims.name, "aver");
    assert_string_equal(r->claims.commit, "");
    aver_report_free(r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_flat_reports),
        cmocka_unit_test(code_is_found),
        cmocka_unit_test(first_generation),
        cmocka_unit_test(layouts),
        cmocka_unit_test(what_is_no_report),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(an_enclave_is_no_machine),
        cmocka_unit_test(big_inputs),
        cmocka_unit_test(claims_are_cleaned),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
