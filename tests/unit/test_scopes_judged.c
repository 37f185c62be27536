/* SPDX-License-Identifier: Apache-2.0
 *
 * scopes_judged: captured reports with one thing changed, which must be seen
 * in its scope; what is demanded of one of several; what a quote that binds no
 * key is worth. */
#include "scopes_rig.h"

/* Who asks a server for an answer wants the key that he named to sign it, not
 * one that merely stands beside it. */
static void the_key_of_a_node_does_not_sign_for_the_service(void **state)
{
    struct aver_policy p = {.has_key = true};
    json_t *o = real("nanogpt-gemma-20260610");
    json_t *node = json_array_get(json_object_get(o, "all_attestations"), 0);
    struct aver_scopes *s = NULL;

    (void)state;
    flip(node, "signing_address", 41);
    json_object_del(node, "signing_public_key");
    assert_int_equal(aver_key_id_parse(&p.key, aver_bytes_str(vectors_text(
                                                   node, "signing_address"))),
                     0);
    s = parse(o);
    judge(s, &p);
    assert_int_equal(result(s, "report", "report.address"), AVER_NO_MATTER);
    assert_int_equal(result(s, "node 1", "report.address"), AVER_PASS);
    p.key_signs = true;
    judge(s, &p);
    assert_int_equal(result(s, "report", "report.address"), AVER_FAIL);
    assert_int_equal(result(s, "node 1", "report.address"), AVER_PASS);
    aver_scopes_free(s);
    json_decref(o);
}

static void another_nonce_is_refused_in_each(void **state)
{
    struct aver_policy policy = {0};
    json_t *o = real("nearcloud-20260610");
    struct aver_scopes *s = parse(o);

    (void)state;
    nonce_of(&policy, "nearcloud-20260610");
    policy.nonce[31] ^= 1;
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    for (unsigned i = 0; i < s->n; i++) {
        assert_int_equal(verdicts[i].word, AVER_REFUSED);
        assert_string_equal(aver_verdict_reason(&verdicts[i])->row->id,
                            "report.fresh");
    }
    aver_scopes_free(s);
    json_decref(o);
}

/* ---- one thing changed ---- */

static json_t *near_model(json_t *o)
{
    return json_array_get(json_object_get(o, "model_attestations"), 0);
}

static json_t *manager(json_t *report)
{
    return json_object_get(report, "compose_manager_attestation");
}

static void gateway_key(json_t *o)
{
    flip(json_object_get(o, "gateway_attestation"), "signing_address", 0);
}

static void gateway_tls(json_t *o)
{
    flip(json_object_get(o, "gateway_attestation"), "tls_cert_fingerprint", 9);
}

static void gateway_echo(json_t *o)
{
    flip(json_object_get(o, "gateway_attestation"), "report_data", 127);
}

static void gateway_is_text(json_t *o)
{
    json_object_set_new(o, "gateway_attestation", json_string("{}"));
}

static void gateway_wraps(json_t *o)
{
    json_t *g = json_object_get(o, "gateway_attestation");

    json_object_set(g, "model_attestations",
                    json_object_get(o, "model_attestations"));
}

static void model_nonce(json_t *o)
{
    flip(near_model(o), "request_nonce", 0);
}

static void model_swapped_quote(json_t *o)
{
    json_t *g = json_object_get(o, "gateway_attestation");

    json_object_set(near_model(o), "intel_quote",
                    json_object_get(g, "intel_quote"));
}

static void models_are_text(json_t *o)
{
    json_object_set_new(o, "model_attestations", json_string("none"));
}

static void a_null_model(json_t *o)
{
    json_array_append_new(json_object_get(o, "model_attestations"),
                          json_null());
}

static void an_action_changed(json_t *o)
{
    json_t *list = json_object_get(manager(near_model(o)), "actions");

    json_object_set_new(json_array_get(list, 1), "container",
                        json_string("another"));
}

/* The hash is made right again; only the quote can tell. */
static void an_action_gone(json_t *o)
{
    json_t *m = manager(near_model(o));

    json_array_remove(json_object_get(m, "actions"), 3);
    json_object_del(m, "actions_hash");
}

static void a_lying_hash(json_t *o)
{
    flip(manager(near_model(o)), "actions_hash", 5);
}

static void actions_of_another_nonce(json_t *o)
{
    flip(manager(near_model(o)), "nonce", 60);
}

static void manager_is_a_list(json_t *o)
{
    json_object_set_new(near_model(o), "compose_manager_attestation",
                        json_array());
}

static void manager_elsewhere(json_t *o)
{
    json_t *m = manager(near_model(o));

    json_object_set(m, "quote",
                    json_object_get(json_object_get(o, "gateway_attestation"),
                                    "intel_quote"));
    json_object_del(m, "report_data");
}

static void log_is_a_number(json_t *o)
{
    json_object_set_new(near_model(o), "event_log", json_integer(7));
}

static const struct {
    const char *scope, *row;
    void (*spoil)(json_t *o);
} flaws[] = {
    {"gateway", "report.report_data", gateway_key},
    {"gateway", "report.report_data", gateway_tls},
    {"gateway", "report.report_data", gateway_echo},
    {"gateway", "report.shape", gateway_is_text},
    {"gateway", "report.shape", gateway_wraps},
    {"model 1", "report.report_data", model_nonce},
    {"model 1", "report.report_data", model_swapped_quote},
    {"model", "report.shape", models_are_text},
    {"model 2", "report.shape", a_null_model},
    {"model 1/compose-manager", "report.shape", an_action_changed},
    {"model 1/compose-manager", "report.report_data", an_action_gone},
    {"model 1/compose-manager", "report.shape", a_lying_hash},
    {"model 1/compose-manager", "report.report_data", actions_of_another_nonce},
    {"model 1/compose-manager", "report.shape", manager_is_a_list},
    {"model 1/compose-manager", "report.same_td", manager_elsewhere},
    {"model 1", "report.shape", log_is_a_number},
};

static void a_flaw_is_seen_in_its_scope(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
        struct aver_policy policy = {0};
        json_t *o = real("nearcloud-20260610");

        nonce_of(&policy, "nearcloud-20260610");
        flaws[i].spoil(o);
        struct aver_scopes *s = parse(o);
        assert_int_equal(judge(s, &policy), AVER_REFUSED);
        const struct aver_check *c = check(s, flaws[i].scope, flaws[i].row);
        if (c->result != AVER_FAIL)
            fail_msg("%zu: %s of %s is %s", i, flaws[i].row, flaws[i].scope,
                     aver_result_name(c->result));
        aver_scopes_free(s);
        json_decref(o);
    }
}

/* Endorsements of one platform do nothing for another; a log is held against
 * the quote beside it. */
static void hardware_and_code_are_kept_apart(void **state)
{
    struct aver_policy policy = {.statuses = ~0U};
    json_t *o = real("nearcloud-20260610");
    json_t *gateway = json_object_get(o, "gateway_attestation");
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_scopes *s = parse(o);

    (void)state;
    nonce_of(&policy, "nearcloud-20260610");
    policy.at = 1782349220;
    add_endorsements(e, "../collateral/90c06f-20260610.json");
    assert_int_equal(aver_scopes_gather(s, e, policy.at, NULL), 0);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(verdicts[0].word, AVER_UNDECIDED);
    assert_int_equal(result(s, "gateway", "tdx.tcb_match"), AVER_UNKNOWN);
    assert_int_equal(result(s, "model 1", "tdx.tcb_match"), AVER_PASS);
    assert_int_equal(verdicts[2].word, AVER_VERIFIED);
    assert_int_equal(result(s, "model 1", "code.replay"), AVER_PASS);
    aver_scopes_free(s);

    json_object_set(near_model(o), "event_log",
                    json_object_get(gateway, "event_log"));
    s = parse(o);
    assert_int_equal(aver_scopes_gather(s, e, policy.at, NULL), 0);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "model 1", "code.replay"), AVER_FAIL);
    assert_int_equal(result(s, "gateway", "code.replay"), AVER_PASS);
    aver_scopes_free(s);
    aver_endorsements_free(e);
    json_decref(o);
}

/* ---- what is demanded of one of several ---- */

static void demands(void **state)
{
    struct aver_policy policy = {.has_key = true, .has_spki = true};
    struct aver_endorsements *e = aver_endorsements_new();
    json_t *o = real("nearcloud-20260610");
    struct aver_scopes *s = parse(o);
    const struct aver_report *gateway = s->scope[0].report,
                             *model = s->scope[1].report;

    (void)state;
    nonce_of(&policy, "nearcloud-20260610");
    policy.key = model->key;
    memcpy(policy.spki, gateway->spki, 32);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "gateway", "report.address"), AVER_NO_MATTER);
    assert_int_equal(result(s, "model 1", "report.address"), AVER_PASS);
    assert_int_equal(result(s, "model 1/compose-manager", "report.address"),
                     AVER_NO_MATTER);
    assert_int_equal(result(s, "gateway", "report.tls_key"), AVER_PASS);
    assert_int_equal(result(s, "model 1", "report.tls_key"), AVER_NO_MATTER);

    /* TLS that ends in a model's host did not end in the gateway. */
    memcpy(policy.spki, model->spki, 32);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "gateway", "report.tls_key"), AVER_FAIL);
    policy.has_spki = false;
    policy.key.p[3] ^= 1;
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "gateway", "report.address"), AVER_FAIL);
    assert_int_equal(result(s, "model 1", "report.address"), AVER_FAIL);
    policy.has_key = false;
    policy.has_gpu_count = true;
    policy.gpu_count = 8;
    policy.at = 1780272000;
    gather_gpus(s, e);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "gateway", "gpu.count"), AVER_NO_MATTER);
    assert_int_equal(result(s, "gateway", "gpu.evidence"), AVER_NO_MATTER);
    assert_int_equal(result(s, "model 1", "gpu.count"), AVER_PASS);
    policy.gpu_count = 7;
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    aver_scopes_free(s);
    aver_endorsements_free(e);
    json_decref(o);
}

/* A gateway alone is not excused from showing GPUs, and a model's TLS key is
 * the one that counts where no gateway is shown. */
static void a_part_left_out(void **state)
{
    struct aver_policy policy = {.has_spki = true};
    struct aver_endorsements *e = aver_endorsements_new();
    json_t *o = real("nearcloud-20260610");

    (void)state;
    nonce_of(&policy, "nearcloud-20260610");
    json_t *models = json_incref(json_object_get(o, "model_attestations"));
    json_object_set_new(o, "model_attestations", json_array());
    struct aver_scopes *s = parse(o);
    assert_int_equal(s->n, 1);
    assert_int_equal(s->scope[0].report->kind, AVER_SERVICE);
    gather_gpus(s, e);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "gateway", "gpu.evidence"), AVER_UNKNOWN);
    aver_scopes_free(s);
    aver_endorsements_free(e);

    json_object_set_new(o, "model_attestations", models);
    json_object_del(o, "gateway_attestation");
    s = parse(o);
    assert_int_equal(s->n, 2);
    memcpy(policy.spki, s->scope[0].report->spki, 32);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "model 1", "report.tls_key"), AVER_PASS);
    policy.spki[0] ^= 1;
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    aver_scopes_free(s);
    json_decref(o);
}

/* Nobody else shows GPUs: then who has none by nature must say so. */
static void a_manager_alone(void **state)
{
    struct aver_policy policy = {0};
    json_t *o = real("nearcloud-20260610");
    struct aver_scopes *s = parse(o);
    struct aver_subject subject = {
        .policy = &policy,
        .report = s->scope[find(s, "model 1/compose-manager")].report};

    (void)state;
    aver_judge(&verdicts[0], &subject);
    assert_int_equal(aver_verdict_find(&verdicts[0], "gpu.evidence")->result,
                     AVER_UNKNOWN);
    assert_int_equal(verdicts[0].word, AVER_UNDECIDED);
    aver_scopes_free(s);
    json_decref(o);
}

/* ---- a guest agent's quote, an instance ---- */

static void a_quote_binds_no_key(void **state)
{
    struct aver_policy policy = {.has_gpu_count = true};
    struct aver_endorsements *e = aver_endorsements_new();
    json_t *o = real("dstack-tdx-lite-getquote");
    struct aver_scopes *s = parse(o);

    (void)state;
    gather_gpus(s, e);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "quote", "report.report_data"), AVER_UNKNOWN);
    assert_int_equal(result(s, "quote", "report.fresh"), AVER_UNKNOWN);
    assert_int_equal(result(s, "quote", "report.key_address"), AVER_NO_MATTER);
    assert_int_equal(result(s, "quote", "gpu.evidence"), AVER_NO_MATTER);
    policy.has_key = true;
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "quote", "report.address"), AVER_UNKNOWN);
    policy.has_key = false;
    policy.has_gpu_count = false;
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "quote", "gpu.evidence"), AVER_UNKNOWN);

    policy.expect.of[AVER_EXPECT_REPORT_DATA].set = true;
    memcpy(policy.expect.of[AVER_EXPECT_REPORT_DATA].v,
           s->scope[0].report->quote.report_data.p, 64);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "quote", "report.report_data"), AVER_PASS);
    assert_int_equal(result(s, "quote", "report.fresh"), AVER_NO_MATTER);
    policy.expect.of[AVER_EXPECT_REPORT_DATA].v[63] ^= 1;
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    aver_scopes_free(s);
    aver_endorsements_free(e);

    flip(o, "report_data", 0);
    policy.expect.of[AVER_EXPECT_REPORT_DATA].set = false;
    s = parse(o);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    aver_scopes_free(s);
    json_decref(o);
}

static void all_zero_binds_nothing(void **state)
{
    struct aver_policy policy = {.expect.of[AVER_EXPECT_REPORT_DATA].set =
                                     true};
    json_t *o = real("dstack-quote-report");
    char *hex = strdup(vectors_text(o, "quote"));

    (void)state;
    memset(hex + 2 * 568, '0', 128);
    json_object_set_new(o, "quote", json_string(hex));
    json_object_del(o, "report_data");
    struct aver_scopes *s = parse(o);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "quote", "report.report_data"), AVER_FAIL);
    aver_scopes_free(s);
    free(hex);
    json_decref(o);
}

/* With the key for prompts beside it an instance's quote is bound and fresh;
 * the capture has that key in another answer. */
static void an_instance(void **state)
{
    struct aver_policy policy = {.at = 1779243499};
    struct aver_endorsements *set = aver_endorsements_new();
    json_t *o = real("chutes-20260520-instance0");
    json_t *one = json_array_get(json_object_get(o, "evidence"), 0);
    json_t *expected = expected_of("chutes-20260520-instance0");
    const json_t *a = attestation(expected, "/evidence/0");

    (void)state;
    nonce_of(&policy, "chutes-20260520-instance0");
    struct aver_scopes *s = parse(o);
    judge(s, &policy);
    assert_int_equal(result(s, "instance 1", "report.fresh"), AVER_UNKNOWN);
    aver_scopes_free(s);
    json_object_set(one, "e2e_pubkey", json_object_get(a, "e2e_pubkey"));
    s = parse(o);
    gather_gpus(s, set);
    policy.has_spki = true;
    memcpy(policy.spki, s->scope[0].report->quote.report_data.p + 32, 32);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "instance 1", "report.report_data"), AVER_PASS);
    assert_int_equal(result(s, "instance 1", "report.fresh"), AVER_PASS);
    assert_int_equal(result(s, "instance 1", "report.tls_key"), AVER_PASS);
    assert_int_equal(result(s, "instance 1", "gpu.nonce"), AVER_PASS);
    assert_int_equal(result(s, "instance 1", "gpu.bound"), AVER_PASS);
    policy.nonce[0] ^= 1;
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "instance 1", "report.report_data"), AVER_FAIL);
    assert_int_equal(result(s, "instance 1", "report.fresh"), AVER_SKIP);
    policy.has_nonce = false;
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "instance 1", "report.report_data"),
                     AVER_UNKNOWN);
    aver_scopes_free(s);

    flip(json_array_get(json_object_get(one, "gpu_evidence"), 3), "evidence",
         9);
    s = parse(o);
    gather_gpus(s, set);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "instance 1", "gpu.nonce"), AVER_FAIL);
    aver_scopes_free(s);
    aver_endorsements_free(set);
    flip(one, "certificate", 100);
    s = parse(o);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    aver_scopes_free(s);
    json_decref(expected);
    json_decref(o);
}

/* TLS ended in one of them. */
static void two_instances(void **state)
{
    struct aver_policy policy = {.has_spki = true};
    json_t *o = real("chutes-20260520-instance0");
    json_t *list = json_object_get(o, "evidence");

    (void)state;
    json_array_append_new(list, json_deep_copy(json_array_get(list, 0)));
    json_object_del(json_array_get(list, 0), "certificate");
    struct aver_scopes *s = parse(o);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "instance 1", "report.tls_key"), AVER_FAIL);
    assert_int_equal(result(s, "instance 2", "report.tls_key"), AVER_FAIL);
    memcpy(policy.spki, s->scope[1].report->spki, 32);
    assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
    assert_int_equal(result(s, "instance 1", "report.tls_key"), AVER_NO_MATTER);
    assert_int_equal(result(s, "instance 2", "report.tls_key"), AVER_PASS);
    aver_scopes_free(s);
    json_decref(o);
}

/* ---- further nodes ---- */

static void nodes(void **state)
{
    struct aver_policy policy = {0};
    json_t *o = real("nanogpt-gemma-20260610");
    json_t *list = json_object_get(o, "all_attestations");
    json_t *venice = real("venice-20260610");

    (void)state;
    nonce_of(&policy, "nanogpt-gemma-20260610");
    json_array_append_new(list, json_deep_copy(json_array_get(list, 0)));
    json_array_append(list, venice);
    struct aver_scopes *s = parse(o);
    assert_int_equal(s->n, 3);
    assert_int_equal(s->scope[0].copies, 2);
    assert_int_equal(s->scope[1].report->kind, AVER_NODE);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(verdicts[0].word, AVER_UNDECIDED);
    assert_int_equal(result(s, "node 3", "report.fresh"), AVER_FAIL);
    assert_true(find(s, "node 3/compose-manager") == 2);
    aver_scopes_free(s);

    /* The same quote beside a stranger's key is no copy. */
    flip(json_array_get(list, 1), "signing_public_key", 0);
    s = parse(o);
    assert_int_equal(s->scope[0].copies, 1);
    assert_int_equal(judge(s, &policy), AVER_REFUSED);
    assert_int_equal(result(s, "node 2", "report.key_address"), AVER_FAIL);
    aver_scopes_free(s);
    json_decref(venice);
    json_decref(o);
}

/* Whatever is evidence must be the same in a copy. */
static void what_makes_no_copy(void **state)
{
    static const struct {
        const char *member;
        size_t at;
    } changes[] = {
        {"signing_address", 9}, {"signing_public_key", 9},
        {"request_nonce", 9},   {"intel_quote", 9000},
        {"quote", 9000},        {"nvidia_payload", 5000},
        {"event_log", 2000},    {"vm_config", 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        json_t *o = real("nanogpt-gemma-20260610");
        json_t *list = json_object_get(o, "all_attestations");

        flip(json_array_get(list, 0), changes[i].member, changes[i].at);
        struct aver_scopes *s = parse(o);
        if (s->n != 2 || s->scope[0].copies != 0)
            fail_msg("%s", changes[i].member);
        aver_scopes_free(s);
        json_decref(o);
    }
}

/* A copy of the report with a manager of its own. */
static void a_copy_with_another_manager(void **state)
{
    json_t *o = real("venice-20260610"), *copy = json_deep_copy(o);

    (void)state;
    json_object_set_new(o, "all_attestations", json_pack("[O]", copy));
    struct aver_scopes *s = parse(o);
    assert_int_equal(s->n, 2);
    assert_int_equal(s->scope[0].copies, 1);
    aver_scopes_free(s);
    flip(manager(copy), "nonce", 0);
    s = parse(o);
    assert_int_equal(s->n, 3);
    assert_true(find(s, "node 1/compose-manager") == 2);
    aver_scopes_free(s);
    json_object_set_new(copy, "all_attestations", json_array());
    s = parse(o);
    assert_true(find(s, "node 1") > 0);
    assert_true(s->scope[find(s, "node 1")].report->fault[0] != '\0');
    aver_scopes_free(s);
    json_decref(copy);
    json_decref(o);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_nonce_is_refused_in_each),
        cmocka_unit_test(the_key_of_a_node_does_not_sign_for_the_service),
        cmocka_unit_test(a_flaw_is_seen_in_its_scope),
        cmocka_unit_test(hardware_and_code_are_kept_apart),
        cmocka_unit_test(demands),
        cmocka_unit_test(a_part_left_out),
        cmocka_unit_test(a_manager_alone),
        cmocka_unit_test(a_quote_binds_no_key),
        cmocka_unit_test(all_zero_binds_nothing),
        cmocka_unit_test(an_instance),
        cmocka_unit_test(two_instances),
        cmocka_unit_test(nodes),
        cmocka_unit_test(what_makes_no_copy),
        cmocka_unit_test(a_copy_with_another_manager),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
