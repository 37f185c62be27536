/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements: the set, and how parts of it are found. How they come is in
 * endorsements_read.c. */
#include "verify/endorsements.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct aver_endorsements *aver_endorsements_new(void)
{
    struct aver_endorsements *e = calloc(1, sizeof(*e));

    if (e == NULL)
        return NULL;
    e->ec = aver_ec_new();
    if (e->ec == NULL) {
        free(e);
        e = NULL;
    }
    return e;
}

static void document_free(struct aver_document *d)
{
    if (d == NULL)
        return;
    aver_buf_clear(&d->text);
    aver_tcb_info_clear(&d->tcb);
    aver_qe_identity_clear(&d->qe);
    free(d);
}

static void list_free(struct aver_list *l)
{
    if (l != NULL)
        aver_buf_clear(&l->der);
    free(l);
}

static void chain_free(struct aver_chain *c)
{
    if (c != NULL)
        aver_chain_clear(c);
    free(c);
}

void aver_endorsements_free(struct aver_endorsements *e)
{
    if (e == NULL)
        return;
    for (unsigned i = 0; i < AVER_DOCUMENTS_MAX; i++) {
        document_free(e->tcb[i]);
        document_free(e->qe[i]);
        list_free(e->list[i]);
        chain_free(e->chain[i]);
    }
    for (unsigned i = 0; i < e->nplatforms; i++)
        aver_platform_free(e->platform[i]);
    for (unsigned i = 0; i < e->nrims; i++)
        aver_rim_free(e->rim[i]);
    for (unsigned i = 0; i < e->nstaples; i++)
        aver_staple_free(e->staple[i]);
    aver_ec_free(e->ec);
    free(e);
}

static struct aver_chain *chain_new(struct aver_bytes pem)
{
    struct aver_chain *c = malloc(sizeof(*c));

    if (c != NULL)
        aver_chain_init(c, pem);
    return c;
}

struct aver_chain *aver_endorsements_chain(struct aver_endorsements *e,
                                           struct aver_bytes pem)
{
    struct aver_chain *c = NULL;

    for (unsigned i = 0; i < e->nchains; i++)
        if (pem.n > 0 &&
            aver_bytes_equal(aver_buf_view(&e->chain[i]->text), pem))
            return e->chain[i];
    if (e->nchains == AVER_DOCUMENTS_MAX || (c = chain_new(pem)) == NULL)
        return NULL;
    e->chain[e->nchains++] = c;
    return c;
}

/* A document with its text and signature; NULL when memory is short. */
static struct aver_document *document_new(struct aver_bytes text,
                                          struct aver_bytes signature_hex,
                                          struct aver_chain *signers)
{
    struct aver_document *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return NULL;
    aver_buf_init(&d->text, AVER_ENDORSEMENTS_MAX);
    if (aver_buf_append(&d->text, text.p, text.n) != 0) {
        document_free(d);
        return NULL;
    }
    d->signers = signers;
    d->has_signature = aver_hex_decode(d->signature, 64, signature_hex) == 0;
    if (!d->has_signature)
        snprintf(d->fault, sizeof(d->fault),
                 "its signature is not 64 bytes in hex");
    return d;
}

/* Keeps a document whose parser said `rc`. */
static int keep(struct aver_document **set, unsigned *n,
                struct aver_document *d, int rc, const struct aver_error *why)
{
    if (rc != 0 && d->fault[0] == '\0')
        snprintf(d->fault, sizeof(d->fault), "%.190s", why->text);
    set[(*n)++] = d;
    return 0;
}

int aver_endorsements_add_tcb(struct aver_endorsements *e,
                              struct aver_bytes text,
                              struct aver_bytes signature_hex,
                              struct aver_chain *signers)
{
    struct aver_error why = {0};
    struct aver_document *d = NULL;

    if (e->ntcb == AVER_DOCUMENTS_MAX ||
        (d = document_new(text, signature_hex, signers)) == NULL)
        return -1;
    int rc = aver_tcb_info_parse(&d->tcb, aver_buf_view(&d->text), &why);
    return keep(e->tcb, &e->ntcb, d, rc, &why);
}

int aver_endorsements_add_qe(struct aver_endorsements *e,
                             struct aver_bytes text,
                             struct aver_bytes signature_hex,
                             struct aver_chain *signers)
{
    struct aver_error why = {0};
    struct aver_document *d = NULL;

    if (e->nqe == AVER_DOCUMENTS_MAX ||
        (d = document_new(text, signature_hex, signers)) == NULL)
        return -1;
    int rc = aver_qe_identity_parse(&d->qe, aver_buf_view(&d->text), &why);
    return keep(e->qe, &e->nqe, d, rc, &why);
}

int aver_endorsements_add_list(struct aver_endorsements *e,
                               struct aver_bytes der)
{
    struct aver_error why;
    struct aver_list *l = NULL;

    if (e->nlists == AVER_DOCUMENTS_MAX || (l = calloc(1, sizeof(*l))) == NULL)
        return -1;
    aver_buf_init(&l->der, AVER_ENDORSEMENTS_MAX);
    if (aver_buf_append(&l->der, der.p, der.n) != 0) {
        list_free(l);
        return -1;
    }
    if (aver_crl_parse(&l->crl, aver_buf_view(&l->der), &why) != 0)
        snprintf(l->fault, sizeof(l->fault), "%.190s", why.text);
    e->list[e->nlists++] = l;
    return 0;
}

int aver_endorsements_add_rim(struct aver_endorsements *e,
                              struct aver_bytes xml)
{
    struct aver_rim *r = NULL;

    for (unsigned i = 0; i < e->nrims; i++)
        if (aver_bytes_equal(aver_buf_view(&e->rim[i]->text), xml))
            return 0;
    if (e->nrims == AVER_RIMS_MAX || (r = aver_rim_parse(xml, e->ec)) == NULL)
        return -1;
    e->rim[e->nrims++] = r;
    return 0;
}

int aver_endorsements_add_staple(struct aver_endorsements *e,
                                 struct aver_bytes der)
{
    struct aver_staple *s = NULL;

    for (unsigned i = 0; i < e->nstaples; i++)
        if (aver_bytes_equal(aver_buf_view(&e->staple[i]->der), der))
            return 0;
    if (e->nstaples == AVER_STAPLES_MAX || (s = aver_staple_new(der)) == NULL)
        return -1;
    e->staple[e->nstaples++] = s;
    return 0;
}

/* Which of two to take. */
struct choice {
    bool fits, valid;
    int64_t issued;
};

static bool better(const struct choice *a, const struct choice *b)
{
    if (a->fits != b->fits)
        return a->fits;
    if (a->valid != b->valid)
        return a->valid;
    return a->issued > b->issued;
}

static bool within(int64_t at, int64_t start, int64_t end)
{
    return start <= at && at <= end;
}

struct aver_document *aver_endorsements_tcb(const struct aver_endorsements *e,
                                            bool tdx,
                                            const uint8_t fmspc[static 6],
                                            const uint8_t pceid[static 2],
                                            int64_t at)
{
    struct aver_document *best = NULL;
    struct choice had = {0};

    for (unsigned i = 0; i < e->ntcb; i++) {
        const struct aver_tcb_info *t = &e->tcb[i]->tcb;
        struct choice c = {.valid = within(at, t->issued, t->next_update),
                           .issued = t->issued};

        /* One that cannot be read may be the one: it comes last. */
        if (t->tree != NULL && memcmp(t->fmspc, fmspc, 6) != 0)
            continue;
        c.fits =
            t->tree != NULL && t->tdx == tdx && memcmp(t->pceid, pceid, 2) == 0;
        if (best == NULL || better(&c, &had)) {
            best = e->tcb[i];
            had = c;
        }
    }
    return best;
}

struct aver_document *aver_endorsements_qe(const struct aver_endorsements *e,
                                           bool tdx, int64_t at)
{
    struct aver_document *best = NULL;
    struct choice had = {0};

    for (unsigned i = 0; i < e->nqe; i++) {
        const struct aver_qe_identity *q = &e->qe[i]->qe;
        struct choice c = {.fits =
                               q->tree != NULL && !q->other && q->tdx == tdx,
                           .valid = within(at, q->issued, q->next_update),
                           .issued = q->issued};

        if (best == NULL || better(&c, &had)) {
            best = e->qe[i];
            had = c;
        }
    }
    return best;
}

struct aver_list *aver_endorsements_list(const struct aver_endorsements *e,
                                         struct aver_bytes issuer, int64_t at)
{
    struct aver_list *best = NULL;
    struct choice had = {0};

    for (unsigned i = 0; i < e->nlists; i++) {
        struct aver_list *l = e->list[i];
        struct choice c = {
            .fits = l->fault[0] == '\0',
            .valid = within(at, l->crl.this_update, l->crl.next_update),
            .issued = l->crl.this_update};

        if (c.fits && !aver_bytes_equal(l->crl.issuer, issuer))
            continue;
        if (best == NULL || better(&c, &had)) {
            best = l;
            had = c;
        }
    }
    return best;
}

static bool chain_within(const struct aver_chain *c, int64_t at)
{
    for (unsigned i = 0; i < c->n; i++)
        if (!within(at, c->link[i].cert.not_before, c->link[i].cert.not_after))
            return false;
    return c->n > 0;
}

/* One that cannot be read, or whose version cannot, may be the one. */
static bool may_be(const struct aver_rim *r, const char *version)
{
    return strcmp(r->version, version) == 0 ||
           (r->flaw.cause != NULL && r->version[0] == '\0');
}

/* It is rather this one than another product's. */
static bool is_flawed_one(const struct aver_rim *r, const char *product)
{
    return r->flaw.cause != NULL &&
           (r->product[0] == '\0' || strcmp(r->product, product) == 0);
}

struct aver_rim *aver_endorsements_rim(const struct aver_endorsements *e,
                                       const char *version, const char *product,
                                       const char *edition, int64_t at)
{
    struct aver_rim *best = NULL;
    struct choice had = {0};

    for (unsigned i = 0; i < e->nrims; i++) {
        struct aver_rim *r = e->rim[i];
        const struct aver_chain *by = &r->chain;
        bool fits = r->flaw.cause == NULL &&
                    aver_rim_about(r, version, product, edition);
        struct choice c = {
            .fits = fits,
            .valid = fits ? chain_within(by, at) : is_flawed_one(r, product),
            .issued = by->n > 0 ? by->link[0].cert.not_before : INT64_MIN};

        if (!may_be(r, version))
            continue;
        if (best == NULL || better(&c, &had)) {
            best = r;
            had = c;
        }
    }
    return best;
}

struct aver_chain *aver_endorsements_signers(const struct aver_endorsements *e,
                                             struct aver_document *d)
{
    struct aver_bytes rs = aver_bytes_of(d->signature, sizeof(d->signature));

    while (d->signers == NULL && d->tried < e->nchains) {
        struct aver_chain *c = e->chain[d->tried++];

        if (c->n == 0 || c->link[0].cert.curve != AVER_P256)
            continue;
        d->last_tried = c;
        if (aver_text_signed_by_link(e->ec, aver_buf_view(&d->text), rs,
                                     &d->memo, &c->link[0]))
            d->signers = c;
    }
    return d->signers != NULL ? d->signers : d->last_tried;
}

struct aver_platform *aver_platform_new(struct aver_bytes pem)
{
    struct aver_platform *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return NULL;
    aver_chain_init(&p->chain, pem);
    return p;
}

void aver_platform_free(struct aver_platform *p)
{
    if (p == NULL)
        return;
    aver_chain_clear(&p->chain);
    free(p);
}

struct aver_platform *aver_endorsements_platform(struct aver_endorsements *e,
                                                 struct aver_bytes pem)
{
    struct aver_platform *p = NULL;

    for (unsigned i = 0; i < e->nplatforms; i++)
        if (pem.n > 0 &&
            aver_bytes_equal(aver_buf_view(&e->platform[i]->chain.text), pem))
            return e->platform[i];
    if (e->nplatforms == AVER_DOCUMENTS_MAX)
        return NULL;
    p = aver_platform_new(pem);
    if (p != NULL)
        e->platform[e->nplatforms++] = p;
    return p;
}

struct aver_link *aver_endorsements_same(struct aver_endorsements *e,
                                         struct aver_link *l)
{
    for (unsigned i = 0; i < e->nchains; i++)
        for (unsigned j = 0; j < e->chain[i]->n; j++)
            if (aver_bytes_equal(e->chain[i]->link[j].cert.der, l->cert.der))
                return &e->chain[i]->link[j];
    return l;
}
