/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu: see cpu.h. */
#include "verify/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find_platform(struct aver_cpu *c)
{
    c->platform = aver_endorsements_platform(c->e, c->quote.chain);
    if (c->platform == NULL)
        c->platform = c->own = aver_platform_new(c->quote.chain);
    return c->platform != NULL ? 0 : -1;
}

static void find_chain(struct aver_cpu *c)
{
    struct aver_chain *chain = &c->platform->chain;
    struct aver_error why;

    if (chain->n != 3)
        return;
    c->leaf = &chain->link[0];
    c->ca = aver_endorsements_same(c->e, &chain->link[1]);
    c->root = aver_endorsements_same(c->e, &chain->link[2]);
    if (aver_pck_parse(&c->pck, &c->leaf->cert, &why) != 0)
        snprintf(c->pck_fault, sizeof(c->pck_fault), "%.190s", why.text);
}

static void find_endorsements(struct aver_cpu *c, int64_t at)
{
    bool tdx = c->quote.tee == AVER_TEE_TDX;

    if (c->leaf == NULL || c->pck_fault[0] != '\0')
        return;
    c->tcb_info =
        aver_endorsements_tcb(c->e, tdx, c->pck.fmspc, c->pck.pceid, at);
    c->qe_identity = aver_endorsements_qe(c->e, tdx, at);
    if (c->tcb_info != NULL)
        c->tcb_signers = aver_endorsements_signers(c->e, c->tcb_info);
    if (c->qe_identity != NULL)
        c->qe_signers = aver_endorsements_signers(c->e, c->qe_identity);
    c->root_list = aver_endorsements_list(c->e, c->root->cert.subject, at);
    c->pck_list = aver_endorsements_list(c->e, c->ca->cert.subject, at);
    c->evaluated = c->tcb_info != NULL && c->tcb_info->tcb.tree != NULL &&
                   c->qe_identity != NULL && c->qe_identity->qe.tree != NULL &&
                   c->tcb_info->tcb.tdx == tdx;
    if (c->evaluated)
        aver_tcb_evaluate(&c->tcb, &c->quote, &c->pck, &c->tcb_info->tcb,
                          &c->qe_identity->qe);
}

struct aver_cpu *aver_cpu_new(struct aver_bytes quote,
                              struct aver_endorsements *e, int64_t at)
{
    struct aver_cpu *c = calloc(1, sizeof(*c));
    struct aver_error why;

    if (c == NULL)
        return NULL;
    c->e = e;
    if (aver_quote_parse(&c->quote, quote, &why) != 0) {
        snprintf(c->quote_fault, sizeof(c->quote_fault), "%.190s", why.text);
        return c;
    }
    if (find_platform(c) != 0) {
        free(c);
        return NULL;
    }
    find_chain(c);
    find_endorsements(c, at);
    c->attestation_point[0] = 4;
    memcpy(c->attestation_point + 1, c->quote.attestation_key.p, 64);
    return c;
}

void aver_cpu_free(struct aver_cpu *c)
{
    if (c == NULL)
        return;
    aver_platform_free(c->own);
    free(c);
}

struct windows {
    struct aver_window *w;
    unsigned n;
};

static void add(struct windows *w, const char *what, int64_t start, int64_t end)
{
    if (w->n < AVER_WINDOWS_MAX)
        w->w[w->n++] = (struct aver_window){what, start, end};
}

static void add_cert(struct windows *w, const char *what,
                     const struct aver_link *l)
{
    add(w, what, l->cert.not_before, l->cert.not_after);
}

static void add_list(struct windows *w, const char *what,
                     const struct aver_list *l)
{
    if (l != NULL && l->fault[0] == '\0')
        add(w, what, l->crl.this_update, l->crl.next_update);
}

static void add_signers(struct windows *w, const char *what,
                        const struct aver_chain *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < c->n && i < 2; i++)
        add_cert(w, what, &c->link[i]);
}

unsigned aver_cpu_windows(const struct aver_cpu *c,
                          struct aver_window w[static AVER_WINDOWS_MAX])
{
    struct windows all = {w, 0};

    if (c->leaf == NULL)
        return 0;
    add_cert(&all, "the PCK certificate", c->leaf);
    add_cert(&all, "the certificate of the PCK CA", c->ca);
    add_cert(&all, "the root certificate", c->root);
    add_list(&all, "the PCK CA's list of withdrawn certificates", c->pck_list);
    add_list(&all, "the root's list of withdrawn certificates", c->root_list);
    add_signers(&all, "a certificate of the TCB info's signer", c->tcb_signers);
    if (c->qe_signers != c->tcb_signers)
        add_signers(&all, "a certificate of the QE identity's signer",
                    c->qe_signers);
    if (c->tcb_info != NULL && c->tcb_info->tcb.tree != NULL)
        add(&all, "the TCB info", c->tcb_info->tcb.issued,
            c->tcb_info->tcb.next_update);
    if (c->qe_identity != NULL && c->qe_identity->qe.tree != NULL)
        add(&all, "the QE identity", c->qe_identity->qe.issued,
            c->qe_identity->qe.next_update);
    return all.n;
}

const struct aver_window *aver_window_first_end(const struct aver_window *w,
                                                unsigned n)
{
    const struct aver_window *first = NULL;

    for (unsigned i = 0; i < n; i++)
        if (first == NULL || w[i].end < first->end)
            first = &w[i];
    return first;
}

int64_t aver_cpu_valid_until(const struct aver_cpu *c)
{
    struct aver_window w[AVER_WINDOWS_MAX];
    const struct aver_window *first =
        aver_window_first_end(w, aver_cpu_windows(c, w));

    return first != NULL ? first->end : 0;
}

uint64_t aver_cpu_evaluation(const struct aver_cpu *c)
{
    uint64_t a = c->tcb_info->tcb.evaluation, b = c->qe_identity->qe.evaluation;

    return a < b ? a : b;
}
