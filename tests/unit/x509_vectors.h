/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_vectors: every certificate and every list of withdrawn ones that the
 * cases of tests/vectors/tdx hold, each DER once. */
#ifndef AVER_TESTS_X509_VECTORS_H
#define AVER_TESTS_X509_VECTORS_H

#include "tdx_cases.h"

#define X509_VECTORS_MAX 512

struct x509_vectors {
    unsigned ncerts, ncrls;
    struct aver_buf cert[X509_VECTORS_MAX], crl[X509_VECTORS_MAX];
};

static struct x509_vectors *x509_into;

__attribute__((unused)) static void
x509_note(struct aver_buf *list, unsigned *n, struct aver_bytes der)
{
    for (unsigned i = 0; i < *n; i++)
        if (aver_bytes_equal(aver_buf_view(&list[i]), der))
            return;
    if (*n == X509_VECTORS_MAX)
        vectors_broken("more certificates than fit", "tdx");
    aver_buf_init(&list[*n], der.n);
    if (aver_buf_append(&list[(*n)++], der.p, der.n) != 0)
        vectors_broken("no memory", "tdx");
}

static void x509_note_chain(const struct aver_chain *c)
{
    for (unsigned i = 0; i < c->n; i++)
        x509_note(x509_into->cert, &x509_into->ncerts, c->link[i].cert.der);
}

static void x509_note_case(struct tdx_case *c)
{
    tdx_case_judge(c);
    for (unsigned i = 0; i < c->e->nchains; i++)
        x509_note_chain(c->e->chain[i]);
    for (unsigned i = 0; i < c->e->nlists; i++)
        x509_note(x509_into->crl, &x509_into->ncrls,
                  aver_buf_view(&c->e->list[i]->der));
    if (c->cpu->platform != NULL)
        x509_note_chain(&c->cpu->platform->chain);
}

/* Free with x509_vectors_clear. */
__attribute__((unused)) static void x509_vectors_read(struct x509_vectors *v)
{
    memset(v, 0, sizeof(*v));
    x509_into = v;
    tdx_cases("tdx/cases", x509_note_case);
    tdx_cases("tdx/sim", x509_note_case);
}

__attribute__((unused)) static void x509_vectors_clear(struct x509_vectors *v)
{
    for (unsigned i = 0; i < v->ncerts; i++)
        aver_buf_clear(&v->cert[i]);
    for (unsigned i = 0; i < v->ncrls; i++)
        aver_buf_clear(&v->crl[i]);
}

#endif
