/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb: see tcb.h. Follows Intel's quote verification library, not its
 * imitators: the first two TDX components are the module's wherever the module
 * has a version, and statuses converge instead of the worst one winning. */
#include "verify/tcb.h"

#include <string.h>

/* Level L is met if each component is at least L's. */
static bool reaches(const uint8_t *have, const uint8_t *want, unsigned from)
{
    for (unsigned i = from; i < 16; i++)
        if (have[i] < want[i])
            return false;
    return true;
}

static bool sgx_reaches(const struct aver_pck *p,
                        const struct aver_tcb_level *l)
{
    return reaches(p->components, l->sgx, 0) && p->pcesvn >= l->pcesvn;
}

static const struct aver_tcb_level *sgx_level(const struct aver_pck *p,
                                              const struct aver_tcb_info *info)
{
    for (size_t i = 0; i < info->levels.n; i++)
        if (sgx_reaches(p, &info->levels.level[i]))
            return &info->levels.level[i];
    return NULL;
}

static const struct aver_tcb_level *tdx_level(const struct aver_quote *q,
                                              const struct aver_pck *p,
                                              const struct aver_tcb_info *info)
{
    const uint8_t *svn = q->td.tee_tcb_svn.p;
    unsigned from = svn[1] > 0 ? 2 : 0;

    for (size_t i = 0; i < info->levels.n; i++) {
        const struct aver_tcb_level *l = &info->levels.level[i];

        if (sgx_reaches(p, l) && reaches(svn, l->tdx, from))
            return l;
    }
    return NULL;
}

static const struct aver_tcb_level *part_level(const struct aver_tcb_levels *in,
                                               unsigned svn)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->level[i].isvsvn <= svn)
            return &in->level[i];
    return NULL;
}

static const struct aver_tdx_module *module_of(const struct aver_tcb_info *info,
                                               uint8_t version)
{
    for (size_t i = 0; i < info->nmodules; i++)
        if (info->modules[i].version == version)
            return &info->modules[i];
    return NULL;
}

static enum aver_tcb_status status_of(const struct aver_tcb_level *l)
{
    return l != NULL ? l->status : AVER_TCB_NONE;
}

static bool is_configuration(enum aver_tcb_status s)
{
    return s == AVER_TCB_CONFIGURATION || s == AVER_TCB_CONFIGURATION_SW ||
           s == AVER_TCB_OUT_OF_DATE_CONFIGURATION;
}

/* True if the module that runs now is current, although the one under which
 * this machine was started was not. */
static bool module_is_current(struct aver_tcb *t, const struct aver_quote *q,
                              const struct aver_tcb_info *info)
{
    const uint8_t *now = q->td.tee_tcb_svn2.p;
    const struct aver_tcb_level *newest = &info->levels.level[0];
    const struct aver_tdx_module *m;

    if (now[1] == 0)
        return now[0] >= newest->tdx[0] && now[2] >= newest->tdx[2];
    m = module_of(info, now[1]);
    t->relaunch_known = m != NULL;
    return m != NULL && now[0] >= m->levels.level[0].isvsvn &&
           now[2] >= newest->tdx[2];
}

/* A restart of the machine would make it current: TD report 1.5 alone. */
static enum aver_tcb_status relaunch(struct aver_tcb *t,
                                     enum aver_tcb_status status,
                                     const struct aver_quote *q,
                                     const struct aver_tcb_level *sgx,
                                     const struct aver_tcb_info *info)
{
    bool platform_is_current = sgx->status == AVER_TCB_UP_TO_DATE ||
                               sgx->status == AVER_TCB_SW_HARDENING ||
                               sgx->status == AVER_TCB_CONFIGURATION ||
                               sgx->status == AVER_TCB_CONFIGURATION_SW;

    if (q->td.tee_tcb_svn2.n == 0 || !platform_is_current ||
        (status != AVER_TCB_OUT_OF_DATE &&
         status != AVER_TCB_OUT_OF_DATE_CONFIGURATION) ||
        status_of(t->module) != AVER_TCB_OUT_OF_DATE ||
        status_of(t->qe) == AVER_TCB_OUT_OF_DATE ||
        status_of(t->qe) == AVER_TCB_REVOKED)
        return status;
    if (!module_is_current(t, q, info))
        return status;
    return is_configuration(sgx->status) || is_configuration(status)
               ? AVER_TCB_RELAUNCH_CONFIGURATION
               : AVER_TCB_RELAUNCH;
}

static void evaluate_tdx(struct aver_tcb *t, const struct aver_quote *q,
                         const struct aver_pck *pck,
                         const struct aver_tcb_info *info)
{
    const struct aver_tcb_level *sgx = sgx_level(pck, info);
    uint8_t version = q->td.tee_tcb_svn.p[1];
    bool whole;

    t->identity = version > 0 ? module_of(info, version) : &info->module;
    t->module_known = t->identity != NULL;
    if (version > 0 && t->identity != NULL)
        t->module = part_level(&t->identity->levels, q->td.tee_tcb_svn.p[0]);
    t->platform = tdx_level(q, pck, info);
    whole = t->platform != NULL && t->module_known && t->qe != NULL &&
            (version == 0 || t->module != NULL);
    if (!whole)
        return;
    enum aver_tcb_status s =
        aver_tcb_status_merge(t->platform->status, status_of(t->module));
    s = relaunch(t, s, q, sgx, info);
    t->status = aver_tcb_status_merge(s, t->qe->status);
}

void aver_tcb_evaluate(struct aver_tcb *out, const struct aver_quote *q,
                       const struct aver_pck *pck,
                       const struct aver_tcb_info *info,
                       const struct aver_qe_identity *qe)
{
    memset(out, 0, sizeof(*out));
    out->relaunch_known = true;
    out->qe = part_level(&qe->levels, q->qe.isvsvn);
    if (q->tee == AVER_TEE_TDX) {
        evaluate_tdx(out, q, pck, info);
        return;
    }
    out->module_known = true;
    out->platform = sgx_level(pck, info);
    if (out->platform != NULL && out->qe != NULL)
        out->status =
            aver_tcb_status_merge(out->platform->status, out->qe->status);
}

static size_t add_ids(const struct aver_tcb_level *l, size_t n,
                      const char *ids[static AVER_ADVISORIES_MAX])
{
    const json_t *list = l != NULL ? l->advisories : NULL;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));
        size_t j = 0;

        while (j < n && strcmp(ids[j], id) != 0)
            j++;
        if (j == n && n < AVER_ADVISORIES_MAX)
            ids[n++] = id;
    }
    return n;
}

size_t aver_tcb_advisories(const struct aver_tcb *t,
                           const char *ids[static AVER_ADVISORIES_MAX])
{
    size_t n = add_ids(t->platform, 0, ids);

    n = add_ids(t->module, n, ids);
    return add_ids(t->qe, n, ids);
}
