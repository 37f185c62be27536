/* SPDX-License-Identifier: Apache-2.0
 *
 * api: aver.h as a stranger uses it: policies, endorsements, quotes, and the
 * judgement. Reports and event logs: test_api_report.c; receipts:
 * test_api_receipt.c. */
#include "api_rig.h"

#include <dirent.h>

/* ---- every case of the vectors ---- */

struct one_case {
    char path[256];
    json_t *expected;
    struct api_file quote;
    struct aver_policy *policy;
    struct aver_endorsements *set;
    struct aver_judgement *j;
};

static const char *in_case(const struct one_case *c, const char *name)
{
    static char path[640];

    snprintf(path, sizeof(path), "%s/%s", c->path, name);
    return path;
}

static void take_root(struct one_case *c)
{
    const char *anchor = api_text(c->expected, "trust_anchor");
    struct aver_error err;

    if (strstr(anchor, "intel") != NULL)
        return;
    struct api_file pem = api_read(in_case(c, anchor));
    if (aver_policy_set_root(c->policy, pem.p, pem.n, &err) != 0)
        fail_msg("%s: %s", c->path, err.text);
    free(pem.p);
}

static void case_open(struct one_case *c, const char *folder, const char *id)
{
    memset(c, 0, sizeof(*c));
    snprintf(c->path, sizeof(c->path), "%s/%s", folder, id);
    c->expected = api_index(in_case(c, "expected.json"));
    c->quote = api_read(in_case(c, api_text(c->expected, "quote")));
    c->policy = aver_policy_new(
        json_integer_value(json_object_get(c->expected, "now")));
    take_root(c);
    c->set = api_endorse(NULL, in_case(c, api_text(c->expected, "collateral")));
}

static void case_judge(struct one_case *c)
{
    struct aver_error err = {0};

    aver_judgement_free(c->j);
    if (aver_judge_quote(c->policy, c->set, &c->j, c->quote.p, c->quote.n,
                         &err) != 0 &&
        (c->quote.n > 0 || err.code != AVER_EABSENT))
        fail_msg("%s: %s", c->path, err.text);
}

static void case_close(struct one_case *c)
{
    aver_judgement_free(c->j);
    aver_endorsements_free(c->set);
    aver_policy_free(c->policy);
    free(c->quote.p);
    json_decref(c->expected);
}

static void field_is(const struct one_case *c, const char *name,
                     const char *wanted)
{
    const char *have = aver_judgement_field(c->j, 0, name);
    const char *want = json_string_value(
        json_object_get(json_object_get(c->expected, "fields"), wanted));

    if (want != NULL && (have == NULL || strcmp(have, want) != 0))
        fail_msg("%s: %s is %s, not %s", c->path, name,
                 have != NULL ? have : "absent", want);
}

static void status_is(const struct one_case *c, const char *name,
                      const char *wanted)
{
    const char *have = aver_judgement_field(c->j, 0, name);
    const char *want = json_string_value(
        json_object_get(json_object_get(c->expected, "tcb"), wanted));

    if (want != NULL && strcmp(want, "None") != 0 &&
        (have == NULL || strcmp(have, want) != 0))
        fail_msg("%s: %s is %s, not %s", c->path, name,
                 have != NULL ? have : "absent", want);
}

static void advisories_are(const struct one_case *c)
{
    const json_t *tcb = json_object_get(c->expected, "tcb");
    size_t n = 0;

    while (aver_judgement_advisory(c->j, 0, n) != NULL)
        n++;
    if (n != json_array_size(json_object_get(tcb, "advisory_ids")))
        fail_msg("%s: %zu advisories", c->path, n);
}

static void check_accepted(const struct one_case *c)
{
    field_is(c, "report_data", "report_data");
    field_is(c, "mrtd", "mr_td");
    field_is(c, "rtmr3", "rtmr3");
    field_is(c, "td_attributes", "td_attributes");
    field_is(c, "tee_tcb_svn", "tee_tcb_svn");
    field_is(c, "mrenclave", "mrenclave");
    field_is(c, "mrsigner", "mrsigner");
    field_is(c, "fmspc", "fmspc");
    field_is(c, "ppid", "ppid");
    status_is(c, "tcb_status", "status");
    status_is(c, "tcb_platform", "platform_status");
    status_is(c, "tcb_qe", "qe_status");
    /* Modules of the first form have no status of their own. */
    if (aver_judgement_field(c->j, 0, "tcb_module") != NULL)
        status_is(c, "tcb_module", "tdx_module_status");
    advisories_are(c);
}

/* A case of which either word is right. */
static bool is_open(const struct one_case *c)
{
    const char *name =
        json_string_value(json_object_get(c->expected, "policy_switch"));

    return name != NULL && strcmp(name, "either") == 0;
}

/* Any status is put up with, as the vectors have it. */
static void check_case(struct one_case *c)
{
    bool accept = strcmp(api_text(c->expected, "verdict"), "accept") == 0;
    struct aver_error err;

    if (aver_policy_allow(c->policy, "tcb=any", &err) != 0)
        fail_msg("%s", err.text);
    case_judge(c);
    if ((aver_judgement_word(c->j) == AVER_VERIFIED) != accept && !is_open(c))
        fail_msg("%s: %s", c->path, aver_word_name(aver_judgement_word(c->j)));
    if (accept)
        check_accepted(c);
    else if (!is_open(c))
        assert_true(c->j == NULL || aver_judgement_reason(c->j) != NULL);
}

static unsigned walk(const char *folder, void (*check)(struct one_case *c))
{
    char path[512];
    struct dirent **names = NULL;
    unsigned n = 0;

    snprintf(path, sizeof(path), "%s/%s", api_folder, folder);
    int found = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < found; i++) {
        struct one_case c;

        if (names[i]->d_type == DT_DIR && names[i]->d_name[0] != '.') {
            case_open(&c, folder, names[i]->d_name);
            check(&c);
            case_close(&c);
            n++;
        }
        free(names[i]);
    }
    free(names);
    return n;
}

static void every_case(void **state)
{
    (void)state;
    assert_true(walk("tdx/cases", check_case) > 150);
    assert_true(walk("tdx/sim", check_case) > 50);
}

/* ---- policies ---- */

static void open_real(struct one_case *c, const char *id)
{
    case_open(c, "tdx/cases", id);
}

static void only_what_is_up_to_date(void **state)
{
    struct one_case c;

    (void)state;
    open_real(&c, "real-gcp-outofdate-july");
    assert_int_equal(aver_policy_allow(c.policy, "trailing-bytes", NULL), 0);
    case_judge(&c);
    api_word(c.j, AVER_REFUSED, "TCB_STATUS");
    /* Known all the same: it is authentic. */
    assert_string_equal(aver_judgement_field(c.j, 0, "tcb_status"),
                        "OutOfDate");
    assert_string_equal(aver_judgement_advisory(c.j, 0, 0), "INTEL-SA-00960");
    assert_int_equal(aver_policy_allow(c.policy, "tcb=outofdate", NULL), 0);
    case_judge(&c);
    api_word(c.j, AVER_VERIFIED, NULL);
    case_close(&c);
}

static void what_is_not_authentic_has_no_status(void **state)
{
    struct one_case c;

    (void)state;
    open_real(&c, "mut-d1-quote-sig-r");
    case_judge(&c);
    api_word(c.j, AVER_REFUSED, "QUOTE_SIG");
    assert_null(aver_judgement_field(c.j, 0, "tcb_status"));
    assert_null(aver_judgement_field(c.j, 0, "valid_until"));
    assert_null(aver_judgement_advisory(c.j, 0, 0));
    assert_non_null(aver_judgement_field(c.j, 0, "mrtd"));
    case_close(&c);
}

static void what_has_no_level_has_no_status(void **state)
{
    struct one_case c;

    (void)state;
    open_real(&c, "syn-tcb-no-match-sgx");
    case_judge(&c);
    api_word(c.j, AVER_REFUSED, "TCB_NOT_SUPPORTED");
    assert_non_null(aver_judgement_field(c.j, 0, "fmspc"));
    assert_null(aver_judgement_field(c.j, 0, "tcb_status"));
    assert_null(aver_judgement_field(c.j, 0, "tcb_evaluation"));
    case_close(&c);
}

static void relaxed_by_name(void **state)
{
    struct one_case c;
    struct aver_error err;

    (void)state;
    open_real(&c, "real-debug-td");
    assert_int_equal(aver_policy_allow(c.policy, "tcb=any", &err), 0);
    case_judge(&c);
    api_word(c.j, AVER_REFUSED, "DEBUG");
    assert_int_equal(aver_policy_allow(c.policy, "debug", &err), 0);
    case_judge(&c);
    api_word(c.j, AVER_VERIFIED, NULL);
    case_close(&c);
}

static void values_are_demanded(void **state)
{
    struct one_case c;
    struct aver_error err;
    char other[97] = {0};

    (void)state;
    open_real(&c, "real-20a06f-uptodate");
    assert_int_equal(
        aver_policy_expect(
            c.policy, "mrtd",
            api_text(json_object_get(c.expected, "fields"), "mr_td"), &err),
        0);
    case_judge(&c);
    api_word(c.j, AVER_VERIFIED, NULL);
    memset(other, 'a', 96);
    assert_int_equal(aver_policy_expect(c.policy, "rtmr1", other, &err), 0);
    case_judge(&c);
    api_word(c.j, AVER_REFUSED, "EXPECTED");
    case_close(&c);
}

static void platforms_are_demanded(void **state)
{
    struct one_case c;
    struct aver_error err;

    (void)state;
    open_real(&c, "real-20a06f-uptodate");
    assert_int_equal(aver_policy_require(c.policy, "fmspc=20a06f000000", &err),
                     0);
    case_judge(&c);
    api_word(c.j, AVER_VERIFIED, NULL);
    assert_int_equal(aver_policy_require(c.policy, "max-age=1", &err), 0);
    case_judge(&c);
    api_word(c.j, AVER_REFUSED, "TCB_RECENT");
    case_close(&c);
}

/* A root of one's own and the simulator's: one at a time. */
static void one_root_at_a_time(void **state)
{
    struct api_file pem = api_read("tdx/sim/root.pem");
    struct aver_error err;

    (void)state;
    struct aver_policy *p = aver_policy_new(1);
    assert_int_equal(aver_policy_set_root(p, pem.p, pem.n, &err), 0);
    assert_int_equal(aver_policy_trust_simulator_insecure(
                         p, pem.p, pem.n, pem.p, pem.n, pem.p, pem.n, &err),
                     -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    aver_policy_free(p);
    p = aver_policy_new(1);
    assert_int_equal(aver_policy_trust_simulator_insecure(
                         p, pem.p, pem.n, pem.p, pem.n, pem.p, pem.n, &err),
                     0);
    assert_int_equal(aver_policy_set_root(p, pem.p, pem.n, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    aver_policy_free(p);
    free(pem.p);
}

static void wrong_settings_are_named(void **state)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_error err;

    (void)state;
    assert_int_equal(aver_policy_allow(p, "debugg", &err), -1);
    assert_non_null(strstr(err.text, "debug"));
    assert_int_equal(err.code, AVER_ECONFIG);
    assert_int_equal(aver_policy_allow(p, "tcb=Revoked", &err), -1);
    assert_int_equal(aver_policy_require(p, "max-age=no", &err), -1);
    assert_int_equal(aver_policy_expect(p, "mrdt", "00", &err), -1);
    assert_non_null(strstr(err.text, "mrtd"));
    assert_int_equal(aver_policy_expect(p, "mrtd", "00", &err), -1);
    assert_int_equal(aver_policy_set_address(p, "0x12", &err), -1);
    assert_non_null(strstr(err.text, "0x12"));
    assert_int_equal(aver_policy_set_algo(p, "rsa", &err), -1);
    assert_non_null(strstr(err.text, "rsa"));
    assert_int_equal(aver_policy_set_root(p, "no PEM", 6, &err), -1);
    assert_int_equal(
        aver_policy_trust_simulator_insecure(p, "x", 1, "x", 1, "x", 1, &err),
        -1);
    /* Nobody has to be told. */
    assert_int_equal(aver_policy_allow(p, "debugg", NULL), -1);
    aver_policy_free(p);
}

/* What a failed `new` gives is never trusted, and never followed. */
static void handles_that_were_not_made(void **state)
{
    struct aver_judgement *j = NULL;
    struct aver_error err;
    uint8_t h[32] = {0};

    (void)state;
    aver_policy_set_nonce(NULL, h);
    aver_policy_set_tls_key(NULL, h);
    aver_policy_set_gpu_count(NULL, 1);
    assert_int_equal(aver_policy_set_address(NULL, "", &err), -1);
    assert_int_equal(aver_policy_set_algo(NULL, "ecdsa", &err), -1);
    assert_int_equal(aver_policy_expect(NULL, "mrtd", "", &err), -1);
    assert_int_equal(aver_policy_allow(NULL, "debug", &err), -1);
    assert_int_equal(aver_policy_require(NULL, "max-age=1", &err), -1);
    assert_int_equal(aver_policy_set_root(NULL, "", 0, &err), -1);
    assert_int_equal(
        aver_policy_trust_simulator_insecure(NULL, "", 0, "", 0, "", 0, &err),
        -1);
    assert_int_equal(aver_endorsements_read(NULL, "{}", 2, &err), -1);
    assert_int_equal(err.code, AVER_EMEM);
    api_fails(aver_judge_quote(NULL, NULL, &j, "x", 1, &err), j, err,
              AVER_EMEM);
    api_fails(aver_judge_report(NULL, NULL, &j, "{}", 2, &err), j, err,
              AVER_EMEM);
    api_fails(aver_judge_eventlog(NULL, &j, "[]", 2, NULL, 0, &err), j, err,
              AVER_EMEM);
    api_fails(aver_judge_receipt(NULL, &j, "{}", 2, h, h, &err), j, err,
              AVER_EMEM);
    api_fails(aver_judge_receipt_of_report(NULL, NULL, &j, "{}", 2, h, h, &err),
              j, err, AVER_EMEM);
    aver_policy_free(NULL);
    aver_endorsements_free(NULL);
    aver_judgement_free(NULL);
}

static void no_judgement_is_no_trust(void **state)
{
    (void)state;
    assert_int_equal(aver_judgement_word(NULL), AVER_UNDECIDED);
    assert_int_equal(aver_judgement_scope_word(NULL, 0), AVER_UNDECIDED);
    assert_false(aver_judgement_simulated(NULL));
    assert_null(aver_judgement_reason(NULL));
    assert_null(aver_judgement_scope(NULL, 0));
    assert_null(aver_judgement_finding(NULL, 0, 0));
    assert_null(aver_judgement_field(NULL, 0, "mrtd"));
    assert_null(aver_judgement_field_name(NULL, 0, 0));
    assert_null(aver_judgement_advisory(NULL, 0, 0));
}

/* ---- quotes ---- */

static void without_endorsements(void **state)
{
    struct aver_judgement *j = NULL;
    struct one_case c;

    (void)state;
    open_real(&c, "real-20a06f-uptodate");
    assert_int_equal(
        aver_judge_quote(c.policy, NULL, &j, c.quote.p, c.quote.n, NULL), 0);
    api_word(j, AVER_UNDECIDED, NULL);
    aver_judgement_free(j);
    case_close(&c);
}

static void what_is_no_quote(void **state)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;

    (void)state;
    assert_int_equal(aver_judge_quote(p, NULL, &j, "hello", 5, &err), 0);
    api_word(j, AVER_REFUSED, "FORMAT");
    assert_null(aver_judgement_field(j, 0, "tee"));
    aver_judgement_free(j);
    api_fails(aver_judge_quote(p, NULL, &j, "", 0, &err), j, err, AVER_EABSENT);
    api_fails(aver_judge_quote(p, NULL, &j, NULL, 0, &err), j, err,
              AVER_EABSENT);
    aver_policy_free(p);
}

static void what_is_no_endorsement(void **state)
{
    struct aver_endorsements *set = aver_endorsements_new();
    struct aver_error err;

    (void)state;
    assert_int_equal(aver_endorsements_read(set, "hello", 5, &err), -1);
    assert_true(strlen(err.text) > 10);
    assert_int_equal(aver_endorsements_read(set, NULL, 0, &err), -1);
    aver_endorsements_free(set);
}

/* ---- the judgement ---- */

static void the_judgement_outlives_the_rest(void **state)
{
    struct aver_judgement *j = NULL;
    struct one_case c;

    (void)state;
    open_real(&c, "real-20a06f-uptodate");
    assert_int_equal(
        aver_judge_quote(c.policy, c.set, &j, c.quote.p, c.quote.n, NULL), 0);
    case_close(&c);
    api_word(j, AVER_VERIFIED, NULL);
    assert_false(aver_judgement_simulated(j));
    assert_string_equal(aver_judgement_scope(j, 0), "quote");
    assert_null(aver_judgement_scope(j, 1));
    assert_int_equal(aver_judgement_scope_word(j, 0), AVER_VERIFIED);
    assert_int_equal(aver_judgement_scope_word(j, 1), AVER_UNDECIDED);
    assert_string_equal(aver_judgement_field(j, 0, "tee"), "tdx");
    assert_string_equal(aver_judgement_field(j, 0, "version"), "4");
    /* The first end: that of the documents, 30 days after their issue. */
    assert_in_range(
        strtoull(aver_judgement_field(j, 0, "valid_until"), NULL, 10),
        1758093775, 1758093775 + 31LL * 86400);
    assert_null(aver_judgement_field(j, 0, "no such"));
    assert_null(aver_judgement_field(j, 1, "tee"));
    aver_judgement_free(j);
}

static void every_finding_explains_itself(void **state)
{
    const struct aver_finding *f = NULL;
    struct one_case c;
    size_t n = 0;

    (void)state;
    open_real(&c, "real-20a06f-uptodate");
    case_judge(&c);
    for (; (f = aver_judgement_finding(c.j, 0, n)) != NULL; n++) {
        const char *proves = NULL, *without = NULL, *clause = NULL;

        assert_string_equal(f->scope, "quote");
        assert_true(strlen(f->group) > 2 && strlen(f->question) > 5);
        assert_true(strlen(f->sentence) > 5 && strlen(f->cause) > 2);
        assert_true(f->result == AVER_PASS || !f->required);
        assert_int_equal(aver_explain(&proves, &without, &clause, f->id, NULL),
                         0);
        assert_true(strlen(proves) > 10 && strlen(without) > 10);
        assert_true(strlen(clause) > 3);
    }
    assert_true(n > 20);
    assert_null(aver_judgement_finding(c.j, 1, 0));
    case_close(&c);
}

static void every_field_has_its_name(void **state)
{
    struct one_case c;
    const char *name = NULL;
    size_t n = 0;

    (void)state;
    open_real(&c, "real-dcapqvl-sgx-v3");
    case_judge(&c);
    for (; (name = aver_judgement_field_name(c.j, 0, n)) != NULL; n++)
        assert_true(strlen(aver_judgement_field(c.j, 0, name)) > 0);
    assert_true(n > 10);
    assert_string_equal(aver_judgement_field(c.j, 0, "tee"), "sgx");
    assert_string_equal(aver_judgement_field(c.j, 0, "isvsvn"), "0");
    assert_null(aver_judgement_field(c.j, 0, "mrtd"));
    assert_null(aver_judgement_field(c.j, 0, "tcb_module"));
    case_close(&c);
}

static void words(void **state)
{
    const char *proves = "x";
    struct aver_error err;

    (void)state;
    assert_string_equal(aver_word_name(AVER_VERIFIED), "VERIFIED");
    assert_string_equal(aver_word_name(AVER_REFUSED), "REFUSED");
    assert_string_equal(aver_word_name(AVER_UNDECIDED), "UNDECIDED");
    assert_string_equal(aver_result_name(AVER_PASS), "pass");
    assert_string_equal(aver_result_name(AVER_SIMULATED), "simulated");
    assert_true(strchr(aver_library_version(), '.') != NULL);
    assert_int_equal(aver_explain(&proves, NULL, NULL, "tdx.nothing", &err),
                     -1);
    assert_null(proves);
    assert_int_equal(err.code, AVER_EABSENT);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case),
        cmocka_unit_test(only_what_is_up_to_date),
        cmocka_unit_test(what_is_not_authentic_has_no_status),
        cmocka_unit_test(what_has_no_level_has_no_status),
        cmocka_unit_test(relaxed_by_name),
        cmocka_unit_test(values_are_demanded),
        cmocka_unit_test(platforms_are_demanded),
        cmocka_unit_test(one_root_at_a_time),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(handles_that_were_not_made),
        cmocka_unit_test(no_judgement_is_no_trust),
        cmocka_unit_test(without_endorsements),
        cmocka_unit_test(what_is_no_quote),
        cmocka_unit_test(what_is_no_endorsement),
        cmocka_unit_test(the_judgement_outlives_the_rest),
        cmocka_unit_test(every_finding_explains_itself),
        cmocka_unit_test(every_field_has_its_name),
        cmocka_unit_test(words),
    };

    api_folder = argc > 1 ? argv[1] : ".";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
