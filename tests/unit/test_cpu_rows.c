/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu_rows: every case of the vectors, real, broken and made: verdict, parts
 * of the status, advisories as a set, fields, cause; and that no row is
 * without a case that makes exactly this row fail. */
#include "tdx_cases.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const folders[] = {"tdx/cases", "tdx/sim"};

/* Cases that name a cause which is the second one here, or goes by another
 * name: each with the one that is told. */
static const struct {
    const char *id, *cause;
} other_causes[] = {
    /* The key is flipped: it is not the one vouched for, nor a key at all. */
    {"mut-d1-ak-flip", "QE_REPORT_DATA"},
    {"mut-d1-col-tcbinfo-dup-member", "COLLATERAL_FORMAT"},
    {"real-spr-e4-nomatch", "TRAILING"},
    {"syn-tcbinfo-version-2", "COLLATERAL_FORMAT"},
    {"syn-td15-mrservicetd", "SERVICE_TD"},
};

static const struct {
    const char *name;
    unsigned bit;
} switches[] = {
    {"allow_debug", AVER_ALLOW_DEBUG},
    {"allow_trailing_garbage", AVER_ALLOW_TRAILING_BYTES},
    {"allow_sept_ve_disable_clear", AVER_ALLOW_SEPT_VE_DISABLE_CLEAR},
    {"allow_service_td", AVER_ALLOW_SERVICE_TD},
    {"allow_auth_slack", AVER_ALLOW_AUTH_SLACK},
    {"allow_qe_report_data_tail", AVER_ALLOW_QE_REPORT_DATA_TAIL},
    {"skip_root_self_revocation", AVER_ALLOW_ROOT_SELF_REVOCATION},
};

static unsigned switch_of(const char *name)
{
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
        if (strcmp(switches[i].name, name) == 0)
            return switches[i].bit;
    fail_msg("the switch %s is not known", name);
    return 0;
}

static const char *text_or(const json_t *o, const char *key, const char *none)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : none;
}

static void check_word(const struct tdx_case *c, bool verified)
{
    const struct aver_check *r = aver_verdict_reason(&c->verdict);

    if ((c->verdict.word == AVER_VERIFIED) != verified)
        fail_msg("%s is %s (%s: %s)", c->id, aver_word_name(c->verdict.word),
                 r != NULL ? r->row->id : "-", r != NULL ? r->detail : "-");
}

static void check_status(const struct tdx_case *c, const json_t *tcb,
                         const char *key, enum aver_tcb_status have)
{
    const char *want = text_or(tcb, key, NULL);

    if (want == NULL || strcmp(want, "None") == 0)
        return;
    if (strcmp(aver_tcb_status_name(have), want) != 0)
        fail_msg("%s: %s is %s, not %s", c->id, key, aver_tcb_status_name(have),
                 want);
}

static enum aver_tcb_status of(const struct aver_tcb_level *l)
{
    return l != NULL ? l->status : AVER_TCB_NONE;
}

static void check_advisories(const struct tdx_case *c, const json_t *want)
{
    const char *ids[AVER_ADVISORIES_MAX];
    size_t n = aver_tcb_advisories(&c->cpu->tcb, ids);

    if (n != json_array_size(want))
        fail_msg("%s: %zu advisories, not %zu", c->id, n,
                 json_array_size(want));
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;

        while (j < n &&
               strcmp(ids[i], json_string_value(json_array_get(want, j))) != 0)
            j++;
        if (j == n)
            fail_msg("%s: advisory %s is not expected", c->id, ids[i]);
    }
}

static void check_tcb(const struct tdx_case *c)
{
    const json_t *tcb = json_object_get(c->expected, "tcb");
    const struct aver_tcb *have = &c->cpu->tcb;

    if (!json_is_object(tcb))
        return;
    check_status(c, tcb, "status", have->status);
    check_status(c, tcb, "platform_status", of(have->platform));
    check_status(c, tcb, "tdx_module_status",
                 have->module == NULL ? AVER_TCB_UP_TO_DATE
                                      : have->module->status);
    check_status(c, tcb, "qe_status", of(have->qe));
    check_advisories(c, json_object_get(tcb, "advisory_ids"));
}

static void check_bytes(const struct tdx_case *c, const char *name,
                        struct aver_bytes have)
{
    const json_t *fields = json_object_get(c->expected, "fields");
    const char *want = text_or(fields, name, NULL);
    uint8_t bytes[64];

    if (want == NULL)
        return;
    if (have.n > 64 || aver_hex_decode(bytes, have.n, aver_bytes_str(want)) ||
        memcmp(bytes, have.p, have.n) != 0)
        fail_msg("%s: %s is not %s", c->id, name, want);
}

static void check_number(const struct tdx_case *c, const char *name,
                         size_t have)
{
    const json_t *fields = json_object_get(c->expected, "fields");
    const json_t *want = json_object_get(fields, name);

    if (want != NULL && json_integer_value(want) != (json_int_t)have)
        fail_msg("%s: %s is %zu", c->id, name, have);
}

static void check_td(const struct tdx_case *c)
{
    const struct aver_td *t = &c->cpu->quote.td;

    check_bytes(c, "tee_tcb_svn", t->tee_tcb_svn);
    check_bytes(c, "mr_seam", t->mrseam);
    check_bytes(c, "mr_signer_seam", t->mrsignerseam);
    check_bytes(c, "seam_attributes", t->seam_attributes);
    check_bytes(c, "td_attributes", t->td_attributes);
    check_bytes(c, "xfam", t->xfam);
    check_bytes(c, "mr_td", t->mrtd);
    check_bytes(c, "mr_config_id", t->mrconfigid);
    check_bytes(c, "mr_owner", t->mrowner);
    check_bytes(c, "mr_owner_config", t->mrownerconfig);
    check_bytes(c, "rtmr0", t->rtmr[0]);
    check_bytes(c, "rtmr1", t->rtmr[1]);
    check_bytes(c, "rtmr2", t->rtmr[2]);
    check_bytes(c, "rtmr3", t->rtmr[3]);
    check_bytes(c, "tee_tcb_svn2", t->tee_tcb_svn2);
    check_bytes(c, "mr_service_td", t->mrservicetd);
}

static void check_enclave(const struct tdx_case *c)
{
    const struct aver_enclave *e = &c->cpu->quote.enclave;

    check_bytes(c, "cpusvn", e->cpusvn);
    check_bytes(c, "miscselect", e->miscselect);
    check_bytes(c, "attributes", e->attributes);
    check_bytes(c, "mrenclave", e->mrenclave);
    check_bytes(c, "mrsigner", e->mrsigner);
    check_number(c, "isvprodid", e->isvprodid);
    check_number(c, "isvsvn", e->isvsvn);
}

static void check_platform(const struct tdx_case *c)
{
    const struct aver_cpu *cpu = c->cpu;

    if (cpu->leaf == NULL || cpu->pck_fault[0] != '\0')
        return;
    check_bytes(c, "fmspc", aver_bytes_of(cpu->pck.fmspc, 6));
    check_bytes(c, "pceid", aver_bytes_of(cpu->pck.pceid, 2));
    check_bytes(c, "ppid", aver_bytes_of(cpu->pck.ppid, 16));
    check_bytes(c, "pck_cpusvn", aver_bytes_of(cpu->pck.cpusvn, 16));
    check_number(c, "pck_pcesvn", cpu->pck.pcesvn);
}

static void check_fields(const struct tdx_case *c)
{
    const struct aver_quote *q = &c->cpu->quote;

    if (c->cpu->quote_fault[0] != '\0')
        return;
    check_number(c, "version", q->version);
    check_number(c, "tee_type", q->tee);
    check_number(c, "trailing_len", q->trailing.n);
    check_number(c, "quote_len", c->quote.n - q->trailing.n);
    check_number(c, "qe_isvsvn", q->qe.isvsvn);
    check_bytes(c, "report_data", q->report_data);
    if (q->tee == AVER_TEE_TDX)
        check_td(c);
    else
        check_enclave(c);
    check_platform(c);
}

static void check_cause(const struct tdx_case *c)
{
    const char *want = text_or(c->expected, "reason_class", NULL);
    const struct aver_check *r = aver_verdict_reason(&c->verdict);

    for (size_t i = 0; i < sizeof(other_causes) / sizeof(other_causes[0]); i++)
        if (strcmp(other_causes[i].id, c->id) == 0)
            want = other_causes[i].cause;
    if (want == NULL || c->verdict.word == AVER_VERIFIED)
        return;
    assert_non_null(r);
    if (strcmp(r->cause, want) != 0)
        fail_msg("%s: %s (%s), not %s", c->id, r->cause, r->detail, want);
}

/* With its switch a case that policy alone refuses is accepted. */
static void check_switch(struct tdx_case *c, const char *name)
{
    c->policy.allow = switch_of(name);
    tdx_case_judge(c);
    check_word(c, true);
    check_tcb(c);
    /* It relaxes its own check, and no other. */
    c->policy.allow = ~c->policy.allow;
    tdx_case_judge(c);
    check_word(c, false);
}

static void check_case(struct tdx_case *c)
{
    const char *verdict = vectors_text(c->expected, "verdict");
    const char *name = text_or(c->expected, "policy_switch", NULL);
    bool either = name != NULL && strcmp(name, "either") == 0;

    tdx_case_judge(c);
    check_fields(c);
    check_cause(c);
    if (c->verdict.word == AVER_VERIFIED)
        check_tcb(c);
    if (!either)
        check_word(c, strcmp(verdict, "accept") == 0);
    if (name != NULL && !either)
        check_switch(c, name);
}

static void every_case(void **state)
{
    (void)state;
    assert_true(tdx_cases(folders[0], check_case) == 188);
    assert_true(tdx_cases(folders[1], check_case) >= 100);
}

/* Only UpToDate is put up with where nothing else is said. */
static void check_default(struct tdx_case *c)
{
    tdx_case_judge(c);
    bool accepted = c->verdict.word == AVER_VERIFIED;
    enum aver_tcb_status status = c->cpu->tcb.status;

    c->policy.statuses = 0;
    tdx_case_judge(c);
    check_word(c, accepted && status == AVER_TCB_UP_TO_DATE);
    if (!accepted)
        return;
    c->policy.statuses = 1U << status;
    tdx_case_judge(c);
    check_word(c, true);
    c->policy.statuses = ~(1U << status);
    tdx_case_judge(c);
    check_word(c, status == AVER_TCB_UP_TO_DATE);
}

static void statuses_are_chosen_one_by_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        tdx_cases(folders[i], check_default);
}

static bool fails_alone[AVER_CHECKS_MAX];

static void note_row(struct tdx_case *c)
{
    unsigned bad = 0, which = 0;

    tdx_case_judge(c);
    for (unsigned i = 0; i < c->verdict.n; i++) {
        const struct aver_check *k = &c->verdict.checks[i];

        if (k->result != AVER_FAIL)
            continue;
        bad++;
        which = i;
        if (k->detail[0] == '\0')
            fail_msg("%s: %s does not say why", c->id, k->row->id);
    }
    if (bad == 1)
        fails_alone[which] = true;
}

/* Statuses are refused by default alone. */
static void note_default(struct tdx_case *c)
{
    c->policy.statuses = 0;
    note_row(c);
}

/* What somebody may demand besides, of a case in which all else holds. */
static void note_demands(struct tdx_case *c)
{
    if (strcmp(c->id, "real-dcapqvl-tdx-v4") != 0)
        return;
    c->policy.min_evaluation = 17; /* as it is */
    c->policy.max_age = 2591999;   /* of the CA's list, the oldest */
    c->policy.has_fmspc = true;
    memcpy(c->policy.fmspc, "\xb0\xc0\x6f\0\0", 6);
    tdx_case_judge(c);
    check_word(c, true);
    c->policy.min_evaluation = 18;
    note_row(c);
    assert_string_equal(aver_verdict_reason(&c->verdict)->row->id,
                        "tdx.recent");
    c->policy.min_evaluation = 0;
    c->policy.max_age--;
    note_row(c);
    assert_string_equal(aver_verdict_reason(&c->verdict)->row->id,
                        "tdx.recent");
    c->policy.max_age = 0;
    c->policy.fmspc[5] = 1;
    note_row(c);
    assert_string_equal(aver_verdict_reason(&c->verdict)->row->id,
                        "tdx.platform");
}

static void no_row_is_without_a_case(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        tdx_cases(folders[i], note_default);
    tdx_cases(folders[0], note_demands);
    for (unsigned i = 0; i < aver_cpu_rows_n; i++) {
        const struct aver_row *row = &aver_cpu_rows[i];

        if (!fails_alone[i])
            fail_msg("no case makes %s fail, and nothing else", row->id);
        assert_true(strlen(row->sentence) > 10 && strlen(row->proves) > 20);
        assert_true(strlen(row->without) > 20 && strlen(row->clause) > 3);
        assert_ptr_equal(aver_row_find(row->id), row);
    }
}

/* No two dates are too far apart to be subtracted. */
static void the_age_of_a_document_from_the_year_0(void **state)
{
    static const int64_t times[] = {INT64_MAX, INT64_MIN};
    struct tdx_case c;

    (void)state;
    tdx_case_open(&c, "tdx/cases", "real-dcapqvl-tdx-v4");
    c.e->tcb[0]->tcb.issued = -62167219200;
    c.policy.max_age = 1;
    for (size_t i = 0; i < 2; i++) {
        c.policy.at = times[i];
        tdx_case_judge(&c);
        const struct aver_check *k =
            aver_verdict_find(&c.verdict, "tdx.recent");
        assert_int_equal(k->result, i == 0 ? AVER_FAIL : AVER_PASS);
        assert_int_equal(c.verdict.word, AVER_REFUSED);
    }
    tdx_case_close(&c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case),
        cmocka_unit_test(the_age_of_a_document_from_the_year_0),
        cmocka_unit_test(statuses_are_chosen_one_by_one),
        cmocka_unit_test(no_row_is_without_a_case),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
