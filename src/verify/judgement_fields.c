/* SPDX-License-Identifier: Apache-2.0
 *
 * judgement_fields: the values of a judgement, by the names that aver.h
 * lists. Copies, and judges nothing: what counts only if something holds is
 * asked of the verdict. */
#include "verify/code_checks.h"
#include "verify/judgement.h"
#include "verify/report_checks.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static char *put(struct aver_judged *out, const char *name)
{
    assert(out->nfields < AVER_FIELDS_MAX);
    struct aver_field *f = &out->field[out->nfields++];

    f->name = name;
    return f->value;
}

static void put_text(struct aver_judged *out, const char *name,
                     const char *text)
{
    snprintf(put(out, name), AVER_FIELD_TEXT, "%s", text);
}

static void put_number(struct aver_judged *out, const char *name,
                       long long number)
{
    snprintf(put(out, name), AVER_FIELD_TEXT, "%lld", number);
}

/* Absent ones are left out, and so are longer ones, which are an application's
 * affair. */
static void put_hex(struct aver_judged *out, const char *name,
                    struct aver_bytes b)
{
    if (b.n > 0 && b.n <= 64)
        aver_hex_encode(put(out, name), b.p, b.n);
}

static void put_td(struct aver_judged *out, const struct aver_td *td)
{
    static const char *const rtmr[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

    put_hex(out, "mrtd", td->mrtd);
    for (int i = 0; i < 4; i++)
        put_hex(out, rtmr[i], td->rtmr[i]);
    put_hex(out, "mrconfigid", td->mrconfigid);
    put_hex(out, "mrowner", td->mrowner);
    put_hex(out, "mrownerconfig", td->mrownerconfig);
    put_hex(out, "mrseam", td->mrseam);
    put_hex(out, "mrsignerseam", td->mrsignerseam);
    put_hex(out, "seam_attributes", td->seam_attributes);
    put_hex(out, "td_attributes", td->td_attributes);
    put_hex(out, "xfam", td->xfam);
    put_hex(out, "tee_tcb_svn", td->tee_tcb_svn);
    put_hex(out, "tee_tcb_svn2", td->tee_tcb_svn2);
    put_hex(out, "mrservicetd", td->mrservicetd);
}

static void put_enclave(struct aver_judged *out, const struct aver_enclave *e)
{
    put_hex(out, "mrenclave", e->mrenclave);
    put_hex(out, "mrsigner", e->mrsigner);
    put_hex(out, "attributes", e->attributes);
    put_number(out, "isvprodid", e->isvprodid);
    put_number(out, "isvsvn", e->isvsvn);
}

static void put_quote(struct aver_judged *out, const struct aver_quote *q)
{
    bool tdx = q->tee == AVER_TEE_TDX;

    put_number(out, "version", q->version);
    put_text(out, "tee", tdx ? "tdx" : "sgx");
    put_hex(out, "report_data", q->report_data);
    if (tdx)
        put_td(out, &q->td);
    else
        put_enclave(out, &q->enclave);
}

static void put_status(struct aver_judged *out, const char *name,
                       enum aver_tcb_status status)
{
    if (status != AVER_TCB_NONE)
        put_text(out, name, aver_tcb_status_name(status));
}

static enum aver_tcb_status status_of(const struct aver_tcb_level *l)
{
    return l != NULL ? l->status : AVER_TCB_NONE;
}

/* What certificates say of the platform. */
static void put_platform(struct aver_judged *out, const struct aver_cpu *c)
{
    if (c->leaf == NULL || c->pck_fault[0] != '\0')
        return;
    put_hex(out, "fmspc", aver_bytes_of(c->pck.fmspc, sizeof(c->pck.fmspc)));
    put_hex(out, "ppid", aver_bytes_of(c->pck.ppid, sizeof(c->pck.ppid)));
}

static void put_tcb(struct aver_judged *out, const struct aver_cpu *c)
{
    const char *ids[AVER_ADVISORIES_MAX];

    put_status(out, "tcb_status", c->tcb.status);
    put_status(out, "tcb_platform", status_of(c->tcb.platform));
    put_status(out, "tcb_module", status_of(c->tcb.module));
    put_status(out, "tcb_qe", status_of(c->tcb.qe));
    put_number(out, "tcb_evaluation", (long long)aver_cpu_evaluation(c));
    put_number(out, "valid_until", aver_cpu_valid_until(c));
    size_t n = aver_tcb_advisories(&c->tcb, ids);
    for (size_t i = 0; i < n; i++)
        snprintf(out->advisory[i], sizeof(out->advisory[i]), "%s", ids[i]);
    out->nadvisories = (unsigned)n;
}

static void put_code(struct aver_judged *out, const struct aver_subject *s)
{
    put_hex(out, "app_id", aver_code_fact(s, AVER_CODE_APP_ID));
    put_hex(out, "compose_hash", aver_code_fact(s, AVER_CODE_COMPOSE_HASH));
    put_hex(out, "instance_id", aver_code_fact(s, AVER_CODE_INSTANCE_ID));
    put_hex(out, "mr_kms", aver_code_fact(s, AVER_CODE_MR_KMS));
    if (aver_code_image_holds(s))
        put_hex(out, "os_image_hash",
                aver_bytes_of(s->code->lite.os_image_hash, 32));
}

static void put_key(struct aver_judged *out, const char *name,
                    const struct aver_key_id *key, enum aver_algo algo)
{
    char text[AVER_KEY_ID_TEXT];

    if (key->n == 0)
        return;
    aver_key_id_format(text, key);
    put_text(out, name, text);
    put_text(out, "signing_algo", aver_algo_name(algo));
}

static void put_receipt(struct aver_judged *out, const struct aver_subject *s)
{
    const struct aver_receipt *r = s->receipt;
    struct aver_key_id signer;

    if (r->absent[0] == '\0' && r->fault[0] == '\0' &&
        aver_receipt_signer(&signer, r, &s->policy->key, NULL) == 0)
        put_key(out, "signer", &signer, r->algo);
}

static void put_cpu(struct aver_judged *out, const struct aver_cpu *c,
                    const struct aver_verdict *v)
{
    if (c->quote_fault[0] != '\0')
        return;
    put_quote(out, &c->quote);
    put_platform(out, c);
    if (c->evaluated && c->tcb.status != AVER_TCB_NONE &&
        aver_verdict_is_authentic(v))
        put_tcb(out, c);
}

int aver_judged_describe(struct aver_judged *out, const struct aver_subject *s,
                         const struct aver_verdict *v)
{
    if (s->cpu != NULL)
        put_cpu(out, s->cpu, v);
    if (s->code != NULL)
        put_code(out, s);
    if (s->report != NULL && aver_report_usable(s->report)) {
        put_key(out, "signing_address", &s->report->key, s->report->algo);
        if (s->report->has_nonce == AVER_PRESENT)
            put_hex(out, "nonce", aver_bytes_of(s->report->nonce, 32));
    }
    if (s->receipt != NULL)
        put_receipt(out, s);
    return aver_judged_devices(out, s->gpus);
}
