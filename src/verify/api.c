/* SPDX-License-Identifier: Apache-2.0
 *
 * api: the functions of aver.h that judge: parse, gather, run the rows, and
 * keep a copy of what they found. No I/O, no clock. */
#include "verify/judgement.h"
#include "verify/report_checks.h"

#include <string.h>

static int no_memory(struct aver_error *err)
{
    return aver_fail(err, AVER_EMEM, "out of memory for the judgement");
}

/* What every judgement needs. */
static int ready(const struct aver_policy *p, struct aver_judgement **out,
                 struct aver_error *err)
{
    *out = NULL;
    if (p == NULL)
        return aver_fail(err, AVER_EMEM, "there is no policy: it was not made");
    return 0;
}

static int needs_bytes(const char *what, const void *p, size_t n,
                       struct aver_error *err)
{
    if (p == NULL || n == 0)
        return aver_fail(err, AVER_EABSENT, "there is no %s: no bytes at all",
                         what);
    return 0;
}

int aver_endorsements_read(struct aver_endorsements *set, const void *data,
                           size_t size, struct aver_error *err)
{
    if (set == NULL)
        return aver_fail(err, AVER_EMEM,
                         "there is no set of endorsements: it was not made");
    if (needs_bytes("file", data, size, err) != 0)
        return -1;
    return aver_endorsements_add(set, aver_bytes_of(data, size), err);
}

/* Judges a subject without scopes. */
static int judge_one(struct aver_judgement **out, const struct aver_subject *s,
                     const char *name, struct aver_error *err)
{
    struct aver_judgement *j = aver_judgement_new(1);

    if (j == NULL)
        return no_memory(err);
    j->simulated = s->policy->trust == AVER_TRUST_SIMULATOR;
    aver_judge(&j->verdict[0], s);
    aver_judgement_fill(j, 0, name);
    if (aver_judged_describe(&j->scope[0], s, &j->verdict[0]) != 0) {
        aver_judgement_free(j);
        return no_memory(err);
    }
    *out = j;
    return 0;
}

/* The caller's set, or an empty one, to be freed. */
static struct aver_endorsements *set_or(struct aver_endorsements *set,
                                        struct aver_endorsements **own)
{
    *own = set == NULL ? aver_endorsements_new() : NULL;
    return set != NULL ? set : *own;
}

int aver_judge_quote(const struct aver_policy *policy,
                     struct aver_endorsements *set, struct aver_judgement **out,
                     const void *quote, size_t quote_size,
                     struct aver_error *err)
{
    struct aver_subject s = {.policy = policy};
    struct aver_endorsements *own = NULL;
    struct aver_registers registers;
    struct aver_cpu *cpu = NULL;
    int rc = -1;

    if (ready(policy, out, err) != 0 ||
        needs_bytes("quote", quote, quote_size, err) != 0)
        return -1;
    set = set_or(set, &own);
    if (set != NULL)
        cpu = aver_cpu_new(aver_bytes_of(quote, quote_size), set, policy->at);
    if (cpu == NULL) {
        no_memory(err);
        goto out;
    }
    s.cpu = cpu;
    if (cpu->quote_fault[0] == '\0') {
        aver_registers_of(&registers, &cpu->quote);
        s.registers = &registers;
    }
    rc = judge_one(out, &s, "quote", err);
out:
    aver_cpu_free(cpu);
    aver_endorsements_free(own);
    return rc;
}

int aver_judge_gpu(const struct aver_policy *policy,
                   struct aver_endorsements *set, struct aver_judgement **out,
                   const void *json, size_t json_size, struct aver_error *err)
{
    struct aver_subject s = {.policy = policy};
    struct aver_endorsements *own = NULL;
    struct aver_gpu_evidence *evidence = NULL;
    int rc = -1;

    if (ready(policy, out, err) != 0 ||
        needs_bytes("GPU evidence", json, json_size, err) != 0)
        return -1;
    set = set_or(set, &own);
    if (set != NULL)
        evidence = aver_gpu_evidence_parse(aver_bytes_of(json, json_size));
    if (evidence != NULL)
        s.gpus = aver_gpus_new(evidence, set, policy->at);
    rc = s.gpus != NULL ? judge_one(out, &s, "gpu", err) : no_memory(err);
    aver_gpus_free(s.gpus);
    aver_gpu_evidence_free(evidence);
    aver_endorsements_free(own);
    return rc;
}

static int judge_scopes(struct aver_judgement **out,
                        const struct aver_policy *policy,
                        const struct aver_scopes *scopes,
                        struct aver_error *err)
{
    const struct aver_report *signer = aver_scopes_signer(scopes);
    struct aver_subject s = {
        .policy = policy, .report = scopes->scope[0].report, .scopes = scopes};
    struct aver_judgement *j = aver_judgement_new(scopes->n);

    if (j == NULL)
        return no_memory(err);
    j->simulated = policy->trust == AVER_TRUST_SIMULATOR;
    if (signer != NULL && aver_report_usable(signer) && signer->key.n > 0) {
        j->has_signer = true;
        j->signer = signer->key;
    }
    aver_judge_all(j->verdict, &s);
    for (unsigned i = 0; i < scopes->n; i++) {
        struct aver_subject one = aver_subject_of(&s, i);

        aver_judgement_fill(j, i, scopes->scope[i].name);
        if (aver_judged_describe(&j->scope[i], &one, &j->verdict[i]) != 0) {
            aver_judgement_free(j);
            return no_memory(err);
        }
    }
    *out = j;
    return 0;
}

int aver_judge_report(const struct aver_policy *policy,
                      struct aver_endorsements *set,
                      struct aver_judgement **out, const void *json,
                      size_t json_size, struct aver_error *err)
{
    struct aver_endorsements *own = NULL;
    struct aver_scopes *scopes = NULL;
    int rc = -1;

    if (ready(policy, out, err) != 0 ||
        needs_bytes("report", json, json_size, err) != 0)
        return -1;
    set = set_or(set, &own);
    if (set == NULL) {
        no_memory(err);
        goto out;
    }
    scopes = aver_scopes_parse(aver_bytes_of(json, json_size), err);
    if (scopes != NULL && aver_scopes_gather(scopes, set, policy->at, err) == 0)
        rc = judge_scopes(out, policy, scopes, err);
out:
    aver_scopes_free(scopes);
    aver_endorsements_free(own);
    return rc;
}

/* Without a quote the registers are those that are expected; these cannot be
 * held against themselves, and others cannot be held against anything. */
static int take_expected(struct aver_registers *r, struct aver_expect *e,
                         struct aver_error *err)
{
    bool any = false;

    memset(r, 0, sizeof(*r));
    for (unsigned i = 0; i < 4; i++) {
        r->has_rtmr[i] = e->of[AVER_EXPECT_RTMR0 + i].set;
        e->of[AVER_EXPECT_RTMR0 + i].set = false;
        memcpy(r->rtmr[i], e->of[AVER_EXPECT_RTMR0 + i].v, 48);
        any = any || r->has_rtmr[i];
    }
    if (!any)
        return aver_fail(err, AVER_EABSENT,
                         "an event log needs a quote, or an rtmr that is "
                         "expected, to be held against");
    for (unsigned i = 0; i <= AVER_EXPECT_REPORT_DATA; i++)
        if (e->of[i].set)
            return aver_fail(err, AVER_EABSENT,
                             "%s is expected, and there is no quote that could "
                             "have it",
                             aver_expect_name((enum aver_expect_name)i));
    return 0;
}

static int registers_of(struct aver_registers *r, struct aver_expect *e,
                        struct aver_bytes quote, struct aver_error *err)
{
    struct aver_quote q;

    if (quote.p == NULL)
        return take_expected(r, e, err);
    if (aver_quote_parse(&q, quote, err) != 0)
        return -1;
    aver_registers_of(r, &q);
    return 0;
}

int aver_judge_eventlog(const struct aver_policy *policy,
                        struct aver_judgement **out, const void *log,
                        size_t log_size, const void *quote, size_t quote_size,
                        struct aver_error *err)
{
    struct aver_code_source source = {.event_log =
                                          aver_bytes_of(log, log_size)};
    struct aver_registers registers;
    struct aver_policy p;

    if (ready(policy, out, err) != 0 ||
        needs_bytes("event log", log, log_size, err) != 0)
        return -1;
    p = *policy;
    if (registers_of(&registers, &p.expect, aver_bytes_of(quote, quote_size),
                     err) != 0)
        return -1;
    struct aver_code *code = aver_code_parse(&source);
    if (code == NULL)
        return no_memory(err);
    struct aver_subject s = {
        .policy = &p, .code = code, .registers = &registers};
    int rc = judge_one(out, &s, "eventlog", err);
    aver_code_free(code);
    return rc;
}

/* One receipt, once it is parsed. With a report its key must have signed; and
 * so must the policy's, if it names one: where these are two, no signature is
 * both, and the rows say whose it is not. */
static int judge_receipt(struct aver_judgement **out, struct aver_subject *s,
                         const struct aver_judgement *report,
                         struct aver_error *err)
{
    struct aver_policy p = *s->policy;
    bool other = false;

    if (report != NULL) {
        other = p.has_key && !aver_key_id_equal(&p.key, &report->signer);
        p.has_key = true;
        p.key = report->signer;
    }
    if (other) {
        struct aver_verdict first;

        aver_judge(&first, s);
        if (first.word != AVER_VERIFIED)
            p.key = s->policy->key;
    }
    s->policy = &p;
    return judge_one(out, s, "receipt", err);
}

/* Puts the scopes of the report behind the receipt's. */
static int add_report(struct aver_judgement **receipt,
                      const struct aver_judgement *report,
                      struct aver_error *err)
{
    struct aver_judgement *both = aver_judgement_new(1 + report->n);

    if (both == NULL)
        return no_memory(err);
    both->simulated = (*receipt)->simulated;
    if (aver_judgement_copy(both, 0, *receipt) != 0 ||
        aver_judgement_copy(both, 1, report) != 0) {
        aver_judgement_free(both);
        return no_memory(err);
    }
    aver_judgement_free(*receipt);
    *receipt = both;
    return 0;
}

static int receipt_of(const struct aver_policy *policy,
                      const struct aver_judgement *report,
                      struct aver_judgement **out, struct aver_bytes json,
                      const uint8_t *request_sha256,
                      const uint8_t *response_sha256, struct aver_error *err)
{
    struct aver_receipt r = {0};
    struct aver_subject s = {.policy = policy,
                             .receipt = &r,
                             .request_sha256 = request_sha256,
                             .response_sha256 = response_sha256};
    int rc = -1;

    if (needs_bytes("receipt", json.p, json.n, err) == 0 &&
        aver_receipt_parse(&r, json, err) == 0)
        rc = judge_receipt(out, &s, report, err);
    aver_receipt_clear(&r);
    if (rc == 0 && report != NULL && add_report(out, report, err) != 0) {
        aver_judgement_free(*out);
        *out = NULL;
        rc = -1;
    }
    return rc;
}

int aver_judge_receipt(const struct aver_policy *policy,
                       struct aver_judgement **out, const void *json,
                       size_t json_size, const uint8_t *request_sha256,
                       const uint8_t *response_sha256, struct aver_error *err)
{
    if (ready(policy, out, err) != 0)
        return -1;
    return receipt_of(policy, NULL, out, aver_bytes_of(json, json_size),
                      request_sha256, response_sha256, err);
}

int aver_judge_receipt_of_report(const struct aver_policy *policy,
                                 const struct aver_judgement *report,
                                 struct aver_judgement **out, const void *json,
                                 size_t json_size,
                                 const uint8_t *request_sha256,
                                 const uint8_t *response_sha256,
                                 struct aver_error *err)
{
    if (ready(policy, out, err) != 0)
        return -1;
    if (report == NULL || !report->has_signer)
        return aver_fail(err, AVER_EABSENT,
                         "there is no report that names one signing key");
    if (report->simulated != (policy->trust == AVER_TRUST_SIMULATOR))
        return aver_fail(err, AVER_ECONFIG,
                         "only one of policy and report trusts the simulator");
    return receipt_of(policy, report, out, aver_bytes_of(json, json_size),
                      request_sha256, response_sha256, err);
}

int aver_explain(const char **proves, const char **without, const char **clause,
                 const char *id, struct aver_error *err)
{
    const struct aver_row *row = aver_row_find(id);

    if (proves != NULL)
        *proves = row != NULL ? row->proves : NULL;
    if (without != NULL)
        *without = row != NULL ? row->without : NULL;
    if (clause != NULL)
        *clause = row != NULL ? row->clause : NULL;
    if (row == NULL)
        return aver_fail(err, AVER_EABSENT, "no check is called \"%.60s\"", id);
    return 0;
}
