/* SPDX-License-Identifier: Apache-2.0
 *
 * Intel's two documents: t and a TCB info, or q and a QE identity. What is
 * read is in order, and gives every genuine quote a status that follows from
 * the levels it matched; a status is never better than its parts. */
#include "fuzz_vectors.h"

#include "verify/tcb.h"

static struct tdx_case known[3];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_open(&known[0], "real-dcapqvl-sgx-v3");
    fuzz_open(&known[1], "real-dcapqvl-tdx-v4");
    fuzz_open(&known[2], "syn-v5-td15-uptodate");
    return 0;
}

static void check_advisories(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *id = json_string_value(json_array_get(list, i));

        assert(id != NULL && id[0] != '\0' && strlen(id) <= 32);
        for (; *id != '\0'; id++)
            assert(*id > 0x20 && *id < 0x7f);
    }
}

/* Above 0 if a is higher. */
static int order(const struct aver_tcb_level *a, const struct aver_tcb_level *b)
{
    int c = memcmp(a->sgx, b->sgx, 16);

    if (c == 0)
        c = a->pcesvn - b->pcesvn;
    if (c == 0)
        c = memcmp(a->tdx, b->tdx, 16);
    return c != 0 ? c : a->isvsvn - b->isvsvn;
}

static void check_levels(const struct aver_tcb_levels *l, bool part)
{
    assert(l->n > 0);
    for (size_t i = 0; i < l->n; i++) {
        const struct aver_tcb_level *one = &l->level[i];

        assert(i == 0 || order(&l->level[i - 1], one) > 0);
        assert(part ? aver_tcb_status_of_part(one->status)
                    : aver_tcb_status_of_level(one->status));
        check_advisories(one->advisories);
    }
}

static bool reached(const struct aver_quote *q, const struct aver_pck *p,
                    const struct aver_tcb_level *l)
{
    bool tdx = q->tee == AVER_TEE_TDX;

    for (unsigned i = 0; i < 16; i++)
        if (p->components[i] < l->sgx[i])
            return false;
    for (unsigned i = tdx && q->td.tee_tcb_svn.p[1] > 0 ? 2 : 0; i < 16; i++)
        if (tdx && q->td.tee_tcb_svn.p[i] < l->tdx[i])
            return false;
    return p->pcesvn >= l->pcesvn;
}

/* The first level that is reached, and no other, is the platform's. */
static void check_platform(const struct aver_tcb *t, const struct aver_cpu *c,
                           const struct aver_tcb_levels *l)
{
    size_t i = 0;

    while (i < l->n && !reached(&c->quote, &c->pck, &l->level[i]))
        i++;
    assert(t->platform == (i < l->n ? &l->level[i] : NULL));
}

static void check_status(const struct aver_tcb *t, bool has_module)
{
    bool whole = t->platform != NULL && t->qe != NULL && t->module_known &&
                 (!has_module || t->module != NULL);

    assert((t->status != AVER_TCB_NONE) == whole);
    if (!whole)
        return;
    bool all = t->platform->status == AVER_TCB_UP_TO_DATE &&
               t->qe->status == AVER_TCB_UP_TO_DATE &&
               (!has_module || t->module->status == AVER_TCB_UP_TO_DATE);
    bool revoked = t->platform->status == AVER_TCB_REVOKED ||
                   t->qe->status == AVER_TCB_REVOKED ||
                   (has_module && t->module->status == AVER_TCB_REVOKED);
    assert((t->status == AVER_TCB_UP_TO_DATE) == all);
    assert((t->status == AVER_TCB_REVOKED) == revoked);
}

static void evaluate(const struct aver_cpu *c, const struct aver_tcb_info *info,
                     const struct aver_qe_identity *qe)
{
    const char *ids[AVER_ADVISORIES_MAX];
    struct aver_tcb t;

    aver_tcb_evaluate(&t, &c->quote, &c->pck, info, qe);
    check_platform(&t, c, &info->levels);
    check_status(&t, info->tdx && c->quote.td.tee_tcb_svn.p[1] > 0);
    assert(aver_tcb_advisories(&t, ids) <= AVER_ADVISORIES_MAX);
}

static void take_info(struct aver_bytes text)
{
    struct aver_tcb_info t;
    struct aver_error err;

    if (aver_tcb_info_parse(&t, text, &err) != 0)
        return;
    check_levels(&t.levels, false);
    for (size_t i = 0; i < t.nmodules; i++) {
        check_levels(&t.modules[i].levels, true);
        for (size_t j = 0; j < i; j++)
            assert(t.modules[i].version != t.modules[j].version);
    }
    assert(t.tdx || t.nmodules == 0);
    for (unsigned i = 0; i < 3; i++) {
        const struct aver_cpu *c = known[i].cpu;

        if (t.tdx == (c->quote.tee == AVER_TEE_TDX))
            evaluate(c, &t, &c->qe_identity->qe);
    }
    aver_tcb_info_clear(&t);
}

static void take_identity(struct aver_bytes text)
{
    struct aver_qe_identity q;
    struct aver_error err;

    if (aver_qe_identity_parse(&q, text, &err) != 0)
        return;
    check_levels(&q.levels, true);
    assert(!q.tdx || !q.other);
    for (unsigned i = 0; i < 3; i++) {
        const struct aver_cpu *c = known[i].cpu;

        evaluate(c, &c->tcb_info->tcb, &q);
    }
    aver_qe_identity_clear(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 't')
        take_info(aver_bytes_of(data + 1, size - 1));
    else if (size > 0 && data[0] == 'q')
        take_identity(aver_bytes_of(data + 1, size - 1));
    return 0;
}
