/* SPDX-License-Identifier: Apache-2.0
 *
 * print_cpu: what a judged quote says: status of the firmware, and what runs,
 * as lines for people and as members of the JSON object. */
#include "base/text.h"
#include "base/time.h"
#include "cli/members.h"
#include "cli/print.h"

#include <string.h>

static bool has_status(const struct outcome *o)
{
    const struct aver_cpu *c = o->subject->cpu;

    return c != NULL && c->evaluated && c->tcb.status != AVER_TCB_NONE &&
           aver_verdict_is_authentic(o->verdict);
}

static const char *status_of(const struct aver_tcb_level *l)
{
    return aver_tcb_status_name(l != NULL ? l->status : AVER_TCB_NONE);
}

static void print_status_lines(FILE *f, const struct aver_cpu *c)
{
    const char *ids[AVER_ADVISORIES_MAX];
    char until[AVER_TIME_TEXT], fmspc[13];
    size_t n = aver_tcb_advisories(&c->tcb, ids);

    aver_time_format(until, aver_cpu_valid_until(c));
    aver_hex_encode(fmspc, c->pck.fmspc, 6);
    fprintf(f, "tcb      %s (platform %s, module %s, QE %s)\n",
            aver_tcb_status_name(c->tcb.status), status_of(c->tcb.platform),
            status_of(c->tcb.module), status_of(c->tcb.qe));
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%s%s%s", i == 0 ? "advice   " : " ", ids[i],
                i + 1 == n ? "\n" : "");
    fprintf(f, "platform %s, by Intel's data set %llu, good until %s\n", fmspc,
            (unsigned long long)aver_cpu_evaluation(c), until);
}

static void print_hex(FILE *f, const char *name, struct aver_bytes b)
{
    char hex[2 * 64 + 1];

    if (b.n > 64)
        return;
    aver_hex_encode(hex, b.p, b.n);
    fprintf(f, "%-8s %s\n", name, hex);
}

/* Alone, a quote's measurements are all there is to show. */
static void print_measurements(FILE *f, const struct aver_quote *q)
{
    char name[] = "rtmr0";

    if (q->tee == AVER_TEE_SGX) {
        print_hex(f, "mrenclave", q->enclave.mrenclave);
        print_hex(f, "mrsigner", q->enclave.mrsigner);
    } else {
        print_hex(f, "mrtd", q->td.mrtd);
        for (unsigned i = 0; i < 4; i++) {
            name[4] = (char)('0' + i);
            print_hex(f, name, q->td.rtmr[i]);
        }
    }
    print_hex(f, "data", q->report_data);
}

void print_cpu(FILE *f, const struct outcome *o)
{
    const struct aver_cpu *c = o->subject->cpu;

    if (c == NULL)
        return;
    if (has_status(o))
        print_status_lines(f, c);
    if (o->subject->report == NULL && c->quote_fault[0] == '\0')
        print_measurements(f, &c->quote);
}

static json_t *advisories(const struct aver_tcb *t)
{
    const char *ids[AVER_ADVISORIES_MAX];
    size_t n = aver_tcb_advisories(t, ids);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        member_item(list, json_string(ids[i]));
    return list;
}

static json_t *tcb(const struct aver_cpu *c)
{
    json_t *o = json_object();

    member_put(o, "status", json_string(aver_tcb_status_name(c->tcb.status)));
    member_put(o, "platform", json_string(status_of(c->tcb.platform)));
    member_put(o, "module", json_string(status_of(c->tcb.module)));
    member_put(o, "qe", json_string(status_of(c->tcb.qe)));
    member_put(o, "advisories", advisories(&c->tcb));
    member_put(o, "evaluation",
               json_integer((json_int_t)aver_cpu_evaluation(c)));
    member_put(o, "valid_until", json_integer(aver_cpu_valid_until(c)));
    return o;
}

static void put_td(json_t *o, const struct aver_td *t)
{
    char name[] = "rtmr0";

    member_hex(o, "tee_tcb_svn", t->tee_tcb_svn);
    member_hex(o, "mrseam", t->mrseam);
    member_hex(o, "td_attributes", t->td_attributes);
    member_hex(o, "xfam", t->xfam);
    member_hex(o, "mrtd", t->mrtd);
    member_hex(o, "mrconfigid", t->mrconfigid);
    member_hex(o, "mrowner", t->mrowner);
    member_hex(o, "mrownerconfig", t->mrownerconfig);
    for (unsigned i = 0; i < 4; i++) {
        name[4] = (char)('0' + i);
        member_hex(o, name, t->rtmr[i]);
    }
    member_hex(o, "tee_tcb_svn2", t->tee_tcb_svn2);
    member_hex(o, "mrservicetd", t->mrservicetd);
}

static void put_enclave(json_t *o, const struct aver_enclave *e)
{
    member_hex(o, "attributes", e->attributes);
    member_hex(o, "mrenclave", e->mrenclave);
    member_hex(o, "mrsigner", e->mrsigner);
    member_put(o, "isvprodid", json_integer(e->isvprodid));
    member_put(o, "isvsvn", json_integer(e->isvsvn));
}

static json_t *fields(const struct aver_quote *q)
{
    bool sgx = q->tee == AVER_TEE_SGX;
    json_t *o = json_object();

    member_put(o, "version", json_integer(q->version));
    member_put(o, "tee", json_string(sgx ? "sgx" : "tdx"));
    if (sgx)
        put_enclave(o, &q->enclave);
    else
        put_td(o, &q->td);
    member_hex(o, "report_data", q->report_data);
    return o;
}

void print_cpu_members(json_t *object, const struct outcome *o)
{
    const struct aver_cpu *c = o->subject->cpu;

    if (c == NULL || c->quote_fault[0] != '\0')
        return;
    if (has_status(o))
        member_put(object, "tcb", tcb(c));
    json_t *members = fields(&c->quote);
    if (c->leaf != NULL && c->pck_fault[0] == '\0') {
        member_hex(members, "fmspc", aver_bytes_of(c->pck.fmspc, 6));
        member_hex(members, "ppid", aver_bytes_of(c->pck.ppid, 16));
    }
    member_put(object, "fields", members);
}
