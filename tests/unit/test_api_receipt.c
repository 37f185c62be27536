/* SPDX-License-Identifier: Apache-2.0
 *
 * api_receipt: receipts by aver.h: published exchanges, and one with the
 * report whose key signed it. */
#include "api_rig.h"

/* ---- published exchanges ---- */

struct sample {
    char *json;
    uint8_t request[32], response[32];
    const char *address;
};

/* The hashes as the text has them; tests/e2e makes them of the bytes. */
static void take_hashes(uint8_t request[32], uint8_t response[32],
                        const json_t *receipt)
{
    char text[130];

    snprintf(text, sizeof(text), "%s", api_text(receipt, "text"));
    text[64] = '\0';
    api_hex_32(request, text);
    api_hex_32(response, text + 65);
}

static void sample_open(struct sample *s, const json_t *o)
{
    json_t *receipt =
        json_pack("{s:s, s:s, s:s}", "text", api_text(o, "text"), "signature",
                  api_text(o, "signature"), "signing_address",
                  api_text(o, "signing_address"));

    s->json = json_dumps(receipt, 0);
    s->address = api_text(o, "signing_address");
    take_hashes(s->request, s->response, receipt);
    json_decref(receipt);
}

static struct aver_judgement *sample_judge(const struct sample *s,
                                           const char *address,
                                           const uint8_t *response)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;

    if (address != NULL && aver_policy_set_address(p, address, &err) != 0)
        fail_msg("%s", err.text);
    if (aver_judge_receipt(p, &j, s->json, strlen(s->json), s->request,
                           response, &err) != 0)
        fail_msg("%s", err.text);
    aver_policy_free(p);
    return j;
}

static void check_sample(const struct sample *s)
{
    static const char other[] = "0x00000000000000000000000000000000000000aa";
    uint8_t wrong[32];

    struct aver_judgement *j = sample_judge(s, s->address, s->response);
    api_word(j, AVER_VERIFIED, NULL);
    assert_string_equal(aver_judgement_scope(j, 0), "receipt");
    assert_string_equal(aver_judgement_field(j, 0, "signer"), s->address);
    assert_string_equal(aver_judgement_field(j, 0, "signing_algo"), "ecdsa");
    aver_judgement_free(j);
    j = sample_judge(s, NULL, s->response);
    api_word(j, AVER_UNDECIDED, "address");
    aver_judgement_free(j);
    j = sample_judge(s, s->address, NULL);
    api_word(j, AVER_UNDECIDED, "response-hash");
    aver_judgement_free(j);
    j = sample_judge(s, other, s->response);
    api_word(j, AVER_REFUSED, "address");
    aver_judgement_free(j);
    memcpy(wrong, s->response, 32);
    wrong[31] ^= 1;
    j = sample_judge(s, s->address, wrong);
    api_word(j, AVER_REFUSED, "response-hash");
    aver_judgement_free(j);
}

static void published_exchanges(void **state)
{
    json_t *index = api_index("receipt/samples/index.json"), *o = NULL;
    size_t i = 0;

    (void)state;
    json_array_foreach(json_object_get(index, "samples"), i, o)
    {
        struct sample s;

        sample_open(&s, o);
        check_sample(&s);
        free(s.json);
    }
    assert_int_equal(i, 3);
    json_decref(index);
}

static void what_is_no_receipt(void **state)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;
    uint8_t h[32] = {0};

    (void)state;
    api_fails(aver_judge_receipt(p, &j, "", 0, h, h, &err), j, err,
              AVER_EABSENT);
    api_fails(aver_judge_receipt(p, &j, "hello", 5, h, h, &err), j, err,
              AVER_EFORMAT);
    assert_int_equal(aver_judge_receipt(p, &j, "{}", 2, h, h, &err), 0);
    api_word(j, AVER_REFUSED, "malformed");
    assert_null(aver_judgement_field(j, 0, "signer"));
    aver_judgement_free(j);
    aver_policy_free(p);
}

/* ---- an exchange and its report (vectors/exchange) ---- */

static const int64_t june_2026 = 1780272000;

struct exchange {
    struct aver_policy *policy;
    struct aver_endorsements *set;
    struct aver_judgement *report, *j;
    struct api_file receipt;
    uint8_t request[32], response[32];
};

static struct aver_policy *simulators_policy(void)
{
    struct aver_policy *p = aver_policy_new(june_2026);
    struct api_file cpu = api_read("tdx/sim/root.pem");
    struct api_file gpu = api_read("exchange/gpu-root.pem");
    struct api_file rim = api_read("gpu/sim/rim-root.pem");
    struct aver_error err;
    uint8_t nonce[32];

    memset(nonce, 0x5a, sizeof(nonce));
    aver_policy_set_nonce(p, nonce);
    aver_policy_set_gpu_count(p, 0);
    if (aver_policy_trust_simulator_insecure(p, cpu.p, cpu.n, gpu.p, gpu.n,
                                             rim.p, rim.n, &err) != 0)
        fail_msg("%s", err.text);
    free(cpu.p);
    free(gpu.p);
    free(rim.p);
    return p;
}

static void judge_report(struct exchange *x)
{
    struct api_file f = api_read("exchange/report.json");
    struct aver_error err;

    aver_judgement_free(x->report);
    if (aver_judge_report(x->policy, x->set, &x->report, f.p, f.n, &err) != 0)
        fail_msg("%s", err.text);
    free(f.p);
}

static void exchange_open(struct exchange *x)
{
    memset(x, 0, sizeof(*x));
    x->policy = simulators_policy();
    x->set = api_endorse(NULL, "exchange/endorsements.json");
    x->receipt = api_read("exchange/receipt.json");
    json_t *o = json_loadb(x->receipt.p, x->receipt.n, 0, NULL);
    take_hashes(x->request, x->response, o);
    json_decref(o);
    judge_report(x);
}

static int exchange_judge(struct exchange *x, struct aver_error *err)
{
    aver_judgement_free(x->j);
    return aver_judge_receipt_of_report(x->policy, x->report, &x->j,
                                        x->receipt.p, x->receipt.n, x->request,
                                        x->response, err);
}

static void exchange_close(struct exchange *x)
{
    aver_judgement_free(x->j);
    aver_judgement_free(x->report);
    aver_endorsements_free(x->set);
    aver_policy_free(x->policy);
    free(x->receipt.p);
}

static void signed_by_the_reports_key(void **state)
{
    struct exchange x;

    (void)state;
    exchange_open(&x);
    api_word(x.report, AVER_VERIFIED, NULL);
    assert_int_equal(exchange_judge(&x, NULL), 0);
    /* The report may go first. */
    aver_judgement_free(x.report);
    x.report = NULL;
    api_word(x.j, AVER_VERIFIED, NULL);
    assert_true(aver_judgement_simulated(x.j));
    assert_string_equal(aver_judgement_scope(x.j, 0), "receipt");
    assert_string_equal(aver_judgement_scope(x.j, 1), "report");
    assert_null(aver_judgement_scope(x.j, 2));
    assert_string_equal(aver_judgement_finding(x.j, 1, 0)->scope, "report");
    assert_string_equal(aver_judgement_field(x.j, 0, "signer"),
                        aver_judgement_field(x.j, 1, "signing_address"));
    exchange_close(&x);
}

static void another_answer(void **state)
{
    struct exchange x;

    (void)state;
    exchange_open(&x);
    x.response[0] ^= 1;
    assert_int_equal(exchange_judge(&x, NULL), 0);
    api_word(x.j, AVER_REFUSED, "response-hash");
    assert_string_equal(aver_judgement_reason(x.j)->scope, "receipt");
    assert_int_equal(aver_judgement_scope_word(x.j, 1), AVER_VERIFIED);
    exchange_close(&x);
}

/* A good signature of the same machine, by the key that the report is not
 * about. */
static void another_key(void **state)
{
    struct exchange x;

    (void)state;
    exchange_open(&x);
    free(x.receipt.p);
    x.receipt = api_read("exchange/receipt-ed25519.json");
    assert_int_equal(exchange_judge(&x, NULL), 0);
    api_word(x.j, AVER_REFUSED, "address");
    exchange_close(&x);
}

/* Whom the policy names and whom the report names: one key cannot be both. */
static void two_keys_are_demanded(void **state)
{
    static const char other[] = "0x00000000000000000000000000000000000000aa";
    struct exchange x;

    (void)state;
    exchange_open(&x);
    assert_int_equal(aver_policy_set_address(x.policy, other, NULL), 0);
    assert_int_equal(exchange_judge(&x, NULL), 0);
    api_word(x.j, AVER_REFUSED, "address");
    assert_string_equal(aver_judgement_reason(x.j)->scope, "receipt");
    exchange_close(&x);
}

/* The receipt is by the policy's key, and by none that was attested. */
static void the_policys_key_is_not_enough(void **state)
{
    struct exchange x;

    (void)state;
    exchange_open(&x);
    free(x.receipt.p);
    x.receipt = api_read("exchange/receipt-ed25519.json");
    json_t *o = json_loadb(x.receipt.p, x.receipt.n, 0, NULL);
    assert_int_equal(
        aver_policy_set_address(x.policy, api_text(o, "signing_address"), NULL),
        0);
    assert_int_equal(aver_judge_receipt(x.policy, &x.j, x.receipt.p,
                                        x.receipt.n, x.request, x.response,
                                        NULL),
                     0);
    api_word(x.j, AVER_VERIFIED, NULL);
    assert_int_equal(exchange_judge(&x, NULL), 0);
    api_word(x.j, AVER_REFUSED, "address");
    json_decref(o);
    exchange_close(&x);
}

/* The policy's and the report's key are the same: nothing changes. */
static void the_same_key_twice(void **state)
{
    struct exchange x;

    (void)state;
    exchange_open(&x);
    assert_int_equal(aver_policy_set_address(
                         x.policy,
                         aver_judgement_field(x.report, 0, "signing_address"),
                         NULL),
                     0);
    assert_int_equal(aver_policy_set_algo(x.policy, "ecdsa", NULL), 0);
    assert_int_equal(exchange_judge(&x, NULL), 0);
    api_word(x.j, AVER_VERIFIED, NULL);
    assert_int_equal(aver_policy_set_algo(x.policy, "ed25519", NULL), 0);
    assert_int_equal(exchange_judge(&x, NULL), 0);
    api_word(x.j, AVER_REFUSED, "algorithm");
    exchange_close(&x);
}

static void no_better_than_its_report(void **state)
{
    struct exchange x;

    (void)state;
    exchange_open(&x);
    aver_endorsements_free(x.set);
    x.set = NULL;
    judge_report(&x);
    assert_int_equal(exchange_judge(&x, NULL), 0);
    api_word(x.j, AVER_UNDECIDED, NULL);
    assert_int_equal(aver_judgement_scope_word(x.j, 0), AVER_VERIFIED);
    assert_string_equal(aver_judgement_reason(x.j)->scope, "report");
    exchange_close(&x);
}

static void reports_that_do_not_do(void **state)
{
    struct aver_judgement *receipt = NULL;
    struct aver_error err;
    struct exchange x;

    (void)state;
    exchange_open(&x);
    assert_int_equal(exchange_judge(&x, NULL), 0);
    receipt = x.report;
    x.report = x.j; /* a receipt's judgement is no report's */
    x.j = NULL;
    api_fails(exchange_judge(&x, &err), x.j, err, AVER_EABSENT);
    aver_judgement_free(x.report);
    x.report = NULL;
    api_fails(exchange_judge(&x, &err), x.j, err, AVER_EABSENT);
    x.report = receipt;
    aver_policy_free(x.policy);
    x.policy = aver_policy_new(june_2026);
    api_fails(exchange_judge(&x, &err), x.j, err, AVER_ECONFIG);
    exchange_close(&x);
}

/* Without being told, the simulator is nobody: not even known by name. */
static void the_simulator_is_not_trusted(void **state)
{
    struct exchange x;

    (void)state;
    exchange_open(&x);
    aver_policy_free(x.policy);
    x.policy = aver_policy_new(june_2026);
    judge_report(&x);
    api_word(x.report, AVER_REFUSED, "PCK_CHAIN");
    assert_false(aver_judgement_simulated(x.report));
    exchange_close(&x);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_exchanges),
        cmocka_unit_test(what_is_no_receipt),
        cmocka_unit_test(signed_by_the_reports_key),
        cmocka_unit_test(another_answer),
        cmocka_unit_test(another_key),
        cmocka_unit_test(two_keys_are_demanded),
        cmocka_unit_test(the_policys_key_is_not_enough),
        cmocka_unit_test(the_same_key_twice),
        cmocka_unit_test(no_better_than_its_report),
        cmocka_unit_test(reports_that_do_not_do),
        cmocka_unit_test(the_simulator_is_not_trusted),
    };

    api_folder = argc > 1 ? argv[1] : ".";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
