/* SPDX-License-Identifier: Apache-2.0
 *
 * api_report: reports, each with all that stands in it, and event logs, by
 * aver.h. */
#include "api_rig.h"

/* ---- a captured answer of a gateway, a model and its manager ---- */

static const char capture[] = "tdx/reports/nearcloud-20260610";

struct judged {
    json_t *expected;
    struct api_file json;
    struct aver_policy *policy;
    struct aver_endorsements *set;
    struct aver_judgement *j;
};

static const json_t *attestation(const struct judged *r, size_t i)
{
    return json_array_get(json_object_get(r->expected, "attestations"), i);
}

/* What vouches for all its platforms. */
static void endorse_all(struct judged *r)
{
    const json_t *a = NULL;
    char path[256];

    for (size_t i = 0; (a = attestation(r, i)) != NULL; i++) {
        snprintf(path, sizeof(path), "tdx/reports/%s",
                 api_text(a, "collateral"));
        r->set = api_endorse(r->set, path);
    }
}

static void set_nonce(struct judged *r)
{
    json_t *o = json_loadb(r->json.p, r->json.n, 0, NULL);
    uint8_t nonce[32];

    api_hex_32(nonce, api_text(json_object_get(o, "gateway_attestation"),
                               "request_nonce"));
    aver_policy_set_nonce(r->policy, nonce);
    json_decref(o);
}

static void judged_open(struct judged *r)
{
    char path[256];

    memset(r, 0, sizeof(*r));
    snprintf(path, sizeof(path), "%s.expected.json", capture);
    r->expected = api_index(path);
    snprintf(path, sizeof(path), "%s.json", capture);
    r->json = api_read(path);
    r->policy = aver_policy_new(
        json_integer_value(json_object_get(attestation(r, 0), "now")));
    endorse_all(r);
    set_nonce(r);
}

static void judged_judge(struct judged *r)
{
    struct aver_error err;

    aver_judgement_free(r->j);
    if (aver_judge_report(r->policy, r->set, &r->j, r->json.p, r->json.n,
                          &err) != 0)
        fail_msg("%s", err.text);
}

static void judged_close(struct judged *r)
{
    aver_judgement_free(r->j);
    aver_endorsements_free(r->set);
    aver_policy_free(r->policy);
    free(r->json.p);
    json_decref(r->expected);
}

static const struct aver_finding *find(const struct judged *r, size_t scope,
                                       const char *id)
{
    const struct aver_finding *f = NULL;

    for (size_t i = 0; (f = aver_judgement_finding(r->j, scope, i)) != NULL;
         i++)
        if (strcmp(f->id, id) == 0)
            return f;
    fail_msg("no finding %s", id);
    return NULL;
}

static void each_report_is_a_scope(void **state)
{
    static const char *const names[] = {"gateway", "model 1",
                                        "model 1/compose-manager"};
    struct judged r;

    (void)state;
    judged_open(&r);
    judged_judge(&r);
    for (size_t i = 0; i < 3; i++) {
        const json_t *a = attestation(&r, i);

        assert_string_equal(aver_judgement_scope(r.j, i), names[i]);
        assert_string_equal(find(&r, i, "report.shape")->scope, names[i]);
        assert_string_equal(aver_judgement_field(r.j, i, "mrtd"),
                            api_text(a, "mr_td"));
        assert_string_equal(aver_judgement_field(r.j, i, "tcb_status"),
                            api_text(a, "tcb_status"));
        assert_int_equal(find(&r, i, "report.fresh")->result, AVER_PASS);
    }
    assert_null(aver_judgement_scope(r.j, 3));
    judged_close(&r);
}

/* The gateway's firmware is out of date, GPUs are for a later version. */
static void the_whole_is_no_better_than_its_parts(void **state)
{
    struct judged r;

    (void)state;
    judged_open(&r);
    judged_judge(&r);
    api_word(r.j, AVER_REFUSED, "TCB_STATUS");
    assert_string_equal(aver_judgement_reason(r.j)->scope, "gateway");
    assert_int_equal(aver_policy_allow(r.policy, "tcb=OutOfDate", NULL), 0);
    judged_judge(&r);
    api_word(r.j, AVER_UNDECIDED, NULL);
    assert_int_equal(aver_judgement_scope_word(r.j, 0), AVER_VERIFIED);
    judged_close(&r);
}

static void values_that_a_report_holds(void **state)
{
    struct judged r;

    (void)state;
    judged_open(&r);
    judged_judge(&r);
    assert_string_equal(aver_judgement_field(r.j, 0, "compose_hash"),
                        api_text(attestation(&r, 0), "compose_hash"));
    assert_string_equal(aver_judgement_field(r.j, 0, "app_id"),
                        "f550fdfb4eb8ad787c1bcd423f091cbb4a4431ae");
    assert_string_equal(aver_judgement_field(r.j, 0, "signing_algo"),
                        "ed25519");
    assert_int_equal(strlen(aver_judgement_field(r.j, 0, "signing_address")),
                     64);
    assert_int_equal(strlen(aver_judgement_field(r.j, 0, "nonce")), 64);
    judged_close(&r);
}

static void what_is_demanded(void **state)
{
    uint8_t other[32] = {7};
    struct judged r;

    (void)state;
    judged_open(&r);
    aver_policy_set_gpu_count(r.policy, 3);
    aver_policy_set_nonce(r.policy, other);
    aver_policy_set_tls_key(r.policy, other);
    assert_int_equal(
        aver_policy_set_address(
            r.policy, "0x00000000000000000000000000000000000000aa", NULL),
        0);
    judged_judge(&r);
    assert_int_equal(aver_judgement_word(r.j), AVER_REFUSED);
    assert_int_equal(find(&r, 0, "report.fresh")->result, AVER_FAIL);
    assert_int_equal(find(&r, 0, "report.tls_key")->result, AVER_FAIL);
    assert_int_equal(find(&r, 0, "report.address")->result, AVER_FAIL);
    assert_int_equal(find(&r, 1, "gpu.count")->result, AVER_FAIL);
    judged_close(&r);
}

static void without_endorsements(void **state)
{
    struct judged r;

    (void)state;
    judged_open(&r);
    aver_endorsements_free(r.set);
    r.set = NULL;
    judged_judge(&r);
    api_word(r.j, AVER_UNDECIDED, NULL);
    assert_null(aver_judgement_field(r.j, 0, "tcb_status"));
    judged_close(&r);
}

static void what_is_no_report(void **state)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;

    (void)state;
    api_fails(aver_judge_report(p, NULL, &j, NULL, 0, &err), j, err,
              AVER_EABSENT);
    api_fails(aver_judge_report(p, NULL, &j, "[1]", 3, &err), j, err,
              AVER_EFORMAT);
    api_fails(aver_judge_report(p, NULL, &j, "{\"a\":", 5, &err), j, err,
              AVER_EFORMAT);
    assert_int_equal(aver_judge_report(p, NULL, &j, "{}", 2, &err), 0);
    api_word(j, AVER_REFUSED, "FORMAT");
    assert_null(aver_judgement_field(j, 0, "signing_address"));
    aver_judgement_free(j);
    aver_policy_free(p);
}

/* ---- event logs ---- */

static const char *const rtmrs[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

static struct aver_judgement *judge_log(const char *name)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;
    char path[256];

    snprintf(path, sizeof(path), "tdx/eventlog/%s/expected.json", name);
    json_t *expected = api_index(path);
    for (size_t i = 0; i < 4; i++) {
        const char *hex = json_string_value(
            json_array_get(json_object_get(expected, "rtmr"), i));

        if (aver_policy_expect(p, rtmrs[i], hex, &err) != 0)
            fail_msg("%s", err.text);
    }
    snprintf(path, sizeof(path), "tdx/eventlog/%s/event_log.json", name);
    struct api_file log = api_read(path);
    if (aver_judge_eventlog(p, &j, log.p, log.n, NULL, 0, &err) != 0)
        fail_msg("%s", err.text);
    free(log.p);
    json_decref(expected);
    aver_policy_free(p);
    return j;
}

static void a_log_against_registers_by_name(void **state)
{
    struct aver_judgement *j = judge_log("ev-v-good");

    (void)state;
    api_word(j, AVER_VERIFIED, NULL);
    assert_string_equal(aver_judgement_scope(j, 0), "eventlog");
    assert_int_equal(strlen(aver_judgement_field(j, 0, "compose_hash")), 64);
    assert_null(aver_judgement_field(j, 0, "mrtd"));
    aver_judgement_free(j);
    j = judge_log("ev-v-swapped");
    api_word(j, AVER_REFUSED, "RTMR");
    assert_null(aver_judgement_field(j, 0, "compose_hash"));
    aver_judgement_free(j);
}

static void a_log_against_a_quote(void **state)
{
    struct api_file log = api_read("tdx/ccel/cos-113/ccel_data.dat");
    struct api_file quote = api_read("tdx/ccel/cos-113/cos-113-tdx-quote.dat");
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;

    (void)state;
    if (aver_judge_eventlog(p, &j, log.p, log.n, quote.p, quote.n, &err) != 0)
        fail_msg("%s", err.text);
    api_word(j, AVER_VERIFIED, NULL);
    aver_judgement_free(j);
    log.p[90] ^= 1; /* in the first digest */
    assert_int_equal(
        aver_judge_eventlog(p, &j, log.p, log.n, quote.p, quote.n, &err), 0);
    assert_int_equal(aver_judgement_word(j), AVER_REFUSED);
    aver_judgement_free(j);
    free(log.p);
    free(quote.p);
    aver_policy_free(p);
}

static void logs_that_cannot_be_judged(void **state)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;
    char zeros[97];

    (void)state;
    memset(zeros, '0', 96);
    zeros[96] = '\0';
    api_fails(aver_judge_eventlog(p, &j, "", 0, NULL, 0, &err), j, err,
              AVER_EABSENT);
    api_fails(aver_judge_eventlog(p, &j, "[]", 2, NULL, 0, &err), j, err,
              AVER_EABSENT);
    api_fails(aver_judge_eventlog(p, &j, "[]", 2, "hello", 5, &err), j, err,
              AVER_EFORMAT);
    assert_int_equal(aver_policy_expect(p, "rtmr0", zeros, &err), 0);
    assert_int_equal(aver_judge_eventlog(p, &j, "hello", 5, NULL, 0, &err), 0);
    api_word(j, AVER_REFUSED, "EVENT_LOG");
    aver_judgement_free(j);
    assert_int_equal(aver_policy_expect(p, "mrtd", zeros, &err), 0);
    api_fails(aver_judge_eventlog(p, &j, "[]", 2, NULL, 0, &err), j, err,
              AVER_EABSENT);
    assert_non_null(strstr(err.text, "mrtd"));
    aver_policy_free(p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_report_is_a_scope),
        cmocka_unit_test(the_whole_is_no_better_than_its_parts),
        cmocka_unit_test(values_that_a_report_holds),
        cmocka_unit_test(what_is_demanded),
        cmocka_unit_test(without_endorsements),
        cmocka_unit_test(what_is_no_report),
        cmocka_unit_test(a_log_against_registers_by_name),
        cmocka_unit_test(a_log_against_a_quote),
        cmocka_unit_test(logs_that_cannot_be_judged),
    };

    api_folder = argc > 1 ? argv[1] : ".";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
