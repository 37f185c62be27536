/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_checks: whether Intel's documents are about this platform, and what
 * they say of it. */
#include "verify/cpu_checks.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char no_documents[] =
    "needs TCB info and QE identity that can be read";

AVER_CPU_CHECK(aver_check_tcb_match)
{
    const struct aver_cpu *c = s->cpu;
    char fmspc[13];

    if (c->leaf == NULL || c->pck_fault[0] != '\0')
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    aver_hex_encode(fmspc, c->pck.fmspc, 6);
    if (c->tcb_info == NULL && c->e->ntcb == 0)
        return aver_say(why, AVER_SKIP, "%s", no_documents);
    if (c->tcb_info == NULL)
        return aver_say(why, AVER_UNKNOWN,
                        "there is no TCB info of platforms %s (aver endorse "
                        "fetches it)",
                        fmspc);
    const struct aver_tcb_info *t = &c->tcb_info->tcb;
    if (t->tree == NULL)
        return aver_say(why, AVER_SKIP, "%s", no_documents);
    if (t->tdx != (c->quote.tee == AVER_TEE_TDX))
        return aver_say(why, AVER_FAIL,
                        "the TCB info is about %s, the quote is not",
                        t->tdx ? "TDX" : "SGX");
    if (memcmp(t->pceid, c->pck.pceid, 2) != 0)
        return aver_say(why, AVER_FAIL,
                        "the TCB info is about PCE id %02x%02x, the platform "
                        "has %02x%02x",
                        t->pceid[0], t->pceid[1], c->pck.pceid[0],
                        c->pck.pceid[1]);
    return aver_say(why, AVER_PASS, "platform %s", fmspc);
}

/* (have & mask) == want, as Intel has it. */
static bool masked_equal(struct aver_bytes have, const uint8_t *mask,
                         const uint8_t *want)
{
    for (size_t i = 0; i < have.n; i++)
        if ((have.p[i] & mask[i]) != want[i])
            return false;
    return true;
}

AVER_CPU_CHECK(aver_check_qe_identity)
{
    const struct aver_cpu *c = s->cpu;
    const struct aver_enclave *e = &c->quote.qe;

    if (c->quote_fault[0] != '\0' || c->qe_identity == NULL ||
        c->qe_identity->qe.tree == NULL)
        return aver_say(why, AVER_SKIP, "%s", no_documents);
    const struct aver_qe_identity *q = &c->qe_identity->qe;
    if (q->other || q->tdx != (c->quote.tee == AVER_TEE_TDX))
        return aver_say(why, AVER_FAIL,
                        "the identity is of another kind of enclave");
    if (memcmp(e->mrsigner.p, q->mrsigner, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the quoting enclave is signed by somebody else");
    if (e->isvprodid != q->isvprodid)
        return aver_say(why, AVER_FAIL,
                        "the quoting enclave is product %u, not %u",
                        e->isvprodid, q->isvprodid);
    if (!masked_equal(e->miscselect, q->miscselect_mask, q->miscselect) ||
        !masked_equal(e->attributes, q->attributes_mask, q->attributes))
        return aver_say(why, AVER_FAIL,
                        "the quoting enclave runs with other attributes");
    if (e->attributes.p[0] & 2)
        return aver_say(why, AVER_FAIL,
                        "the quoting enclave is a debug enclave");
    return AVER_PASS;
}

/* mrsignerseam and attributes; no module is one that the host's owner signed,
 * nor runs with attributes. */
static bool module_fits(const struct aver_td *td,
                        const struct aver_tdx_module *m)
{
    static const uint8_t none[8];

    return memcmp(td->mrsignerseam.p, m->mrsigner, 48) == 0 &&
           memcmp(td->seam_attributes.p, none, 8) == 0 &&
           memcmp(m->attributes, none, 8) == 0;
}

AVER_CPU_CHECK(aver_check_module)
{
    const struct aver_cpu *c = s->cpu;

    if (!c->evaluated)
        return aver_say(why, AVER_SKIP, "%s", no_documents);
    if (c->quote.tee != AVER_TEE_TDX)
        return aver_say(why, AVER_NO_MATTER, "an enclave has none");
    unsigned version = c->quote.td.tee_tcb_svn.p[1];
    if (!c->tcb.module_known)
        return aver_say(why, AVER_FAIL,
                        "the TCB info knows no TDX module of version %u",
                        version);
    if (!module_fits(&c->quote.td, c->tcb.identity))
        return aver_say(why, AVER_FAIL,
                        "its signer or attributes are not those of Intel's "
                        "module");
    if (!c->tcb.relaunch_known)
        return aver_say(why, AVER_FAIL,
                        "the TCB info knows no TDX module of version %u, "
                        "which is the one that runs now",
                        c->quote.td.tee_tcb_svn2.p[1]);
    return aver_say(why, AVER_PASS, "version %u.%u", version,
                    c->quote.td.tee_tcb_svn.p[0]);
}

AVER_CPU_CHECK(aver_check_tcb_level)
{
    const struct aver_cpu *c = s->cpu;
    bool has_module = c->evaluated && c->quote.tee == AVER_TEE_TDX &&
                      c->quote.td.tee_tcb_svn.p[1] > 0 && c->tcb.module_known;

    if (!c->evaluated)
        return aver_say(why, AVER_SKIP, "%s", no_documents);
    if (c->tcb.platform == NULL)
        return aver_say(why, AVER_FAIL,
                        "its firmware is older than any level of the TCB "
                        "info");
    if (has_module && c->tcb.module == NULL)
        return aver_say(why, AVER_FAIL,
                        "its TDX module is older than any level of the TCB "
                        "info");
    if (c->tcb.qe == NULL)
        return aver_say(why, AVER_FAIL,
                        "its quoting enclave is older than any level of the "
                        "QE identity");
    return AVER_PASS;
}

static bool has_status(const struct aver_cpu *c)
{
    return c->evaluated && c->tcb.status != AVER_TCB_NONE;
}

AVER_CPU_CHECK(aver_check_tcb_revoked)
{
    if (!has_status(s->cpu))
        return aver_say(why, AVER_SKIP, "it has no status");
    if (s->cpu->tcb.status == AVER_TCB_REVOKED)
        return aver_say(why, AVER_FAIL,
                        "Intel has withdrawn its trust in firmware of this "
                        "version");
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_tcb_status)
{
    const struct aver_cpu *c = s->cpu;
    const char *ids[AVER_ADVISORIES_MAX];

    if (!has_status(c) || c->tcb.status == AVER_TCB_REVOKED)
        return aver_say(why, AVER_SKIP, "it has no status to put up with");
    const char *name = aver_tcb_status_name(c->tcb.status);
    size_t n = aver_tcb_advisories(&c->tcb, ids);
    if (c->tcb.status != AVER_TCB_UP_TO_DATE &&
        !(s->policy->statuses & 1U << c->tcb.status))
        return aver_say(why, AVER_FAIL, "%s%s%s (--allow tcb=%s)", name,
                        n > 0 ? ", " : "", n > 0 ? ids[0] : "", name);
    return aver_say(why, AVER_PASS, "%s", name);
}

/* When the oldest of the documents that are written anew each month was. */
static int64_t oldest_issue(const struct aver_cpu *c)
{
    int64_t at = c->tcb_info->tcb.issued;

    if (c->qe_identity->qe.issued < at)
        at = c->qe_identity->qe.issued;
    if (c->pck_list != NULL && c->pck_list->fault[0] == '\0' &&
        c->pck_list->crl.this_update < at)
        at = c->pck_list->crl.this_update;
    return at;
}

/* Dates lie in the years 0 to 9999; the time to judge for is anybody's. */
static int64_t seconds_since(int64_t then, int64_t at)
{
    if (then < 0 && at > INT64_MAX + then)
        return INT64_MAX;
    return at < then ? 0 : at - then;
}

AVER_CPU_CHECK(aver_check_recent)
{
    const struct aver_cpu *c = s->cpu;
    const struct aver_policy *p = s->policy;

    if (p->min_evaluation == 0 && p->max_age == 0)
        return aver_say(why, AVER_NO_MATTER, "not demanded (--require)");
    if (!c->evaluated)
        return aver_say(why, AVER_SKIP, "%s", no_documents);
    uint64_t a = c->tcb_info->tcb.evaluation, b = c->qe_identity->qe.evaluation;
    if (a < p->min_evaluation || b < p->min_evaluation)
        return aver_say(why, AVER_FAIL, "of data set %llu, not %llu or later",
                        (unsigned long long)(a < b ? a : b),
                        (unsigned long long)p->min_evaluation);
    int64_t age = seconds_since(oldest_issue(c), p->at);
    if (p->max_age > 0 && age > p->max_age)
        return aver_say(why, AVER_FAIL,
                        "issued %lld seconds ago, not %lld or less",
                        (long long)age, (long long)p->max_age);
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_platform)
{
    const struct aver_cpu *c = s->cpu;
    char fmspc[13];

    if (!s->policy->has_fmspc)
        return aver_say(why, AVER_NO_MATTER, "not demanded (--require)");
    if (c->leaf == NULL || c->pck_fault[0] != '\0')
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    aver_hex_encode(fmspc, c->pck.fmspc, 6);
    if (memcmp(c->pck.fmspc, s->policy->fmspc, 6) != 0)
        return aver_say(why, AVER_FAIL, "it is a platform %s", fmspc);
    return AVER_PASS;
}
