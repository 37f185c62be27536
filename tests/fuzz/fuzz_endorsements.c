/* SPDX-License-Identifier: Apache-2.0
 *
 * Endorsements: files in any form, one behind the other with a line "--"
 * between them, and a genuine quote judged with what they say. VERIFIED only
 * with documents, lists and signers that are, to the byte, Intel's. RIMs and
 * OCSP answers among them stand there once each. */
#include "fuzz_vectors.h"

#include "verify/roots.h"

static struct tdx_case good;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_open(&good, "real-dcapqvl-tdx-v4");
    return 0;
}

static void take(struct aver_endorsements *e, struct aver_bytes in)
{
    static const char between[] = "\n--\n";
    struct aver_error err;

    for (;;) {
        const uint8_t *end =
            in.n > 0 ? memmem(in.p, in.n, between, sizeof(between) - 1) : NULL;
        size_t n = end != NULL ? (size_t)(end - in.p) : in.n;

        if (aver_endorsements_add(e, aver_bytes_of(in.p, n), &err) != 0)
            assert(err.text[0] != '\0');
        if (end == NULL)
            return;
        n += sizeof(between) - 1;
        in = aver_bytes_of(in.p + n, in.n - n);
    }
}

static void same(const struct aver_buf *a, const struct aver_buf *b)
{
    assert(aver_bytes_equal(aver_buf_view(a), aver_buf_view(b)));
}

static void same_document(const struct aver_document *a,
                          const struct aver_document *b)
{
    assert(a->has_signature && a->fault[0] == '\0');
    same(&a->text, &b->text);
    assert(memcmp(a->signature, b->signature, sizeof(a->signature)) == 0);
}

static void same_leaf(const struct aver_chain *a, const struct aver_chain *b)
{
    assert(a->n > 0);
    assert(aver_bytes_equal(a->link[0].cert.der, b->link[0].cert.der));
}

static void check_genuine(const struct aver_cpu *c)
{
    const struct aver_cpu *k = good.cpu;

    same_document(c->tcb_info, k->tcb_info);
    same_document(c->qe_identity, k->qe_identity);
    same_leaf(c->tcb_signers, k->tcb_signers);
    same_leaf(c->qe_signers, k->qe_signers);
    same(&c->root_list->der, &k->root_list->der);
    same(&c->pck_list->der, &k->pck_list->der);
}

static void check_bounds(const struct aver_endorsements *e)
{
    assert(e->ntcb <= AVER_DOCUMENTS_MAX && e->nqe <= AVER_DOCUMENTS_MAX);
    assert(e->nlists <= AVER_DOCUMENTS_MAX);
    assert(e->nchains <= AVER_DOCUMENTS_MAX);
    for (unsigned i = 0; i < e->ntcb; i++)
        assert((e->tcb[i]->fault[0] == '\0') ==
               (e->tcb[i]->tcb.tree != NULL && e->tcb[i]->has_signature));
    for (unsigned i = 0; i < e->nqe; i++)
        assert((e->qe[i]->fault[0] == '\0') ==
               (e->qe[i]->qe.tree != NULL && e->qe[i]->has_signature));
    assert(e->nrims <= AVER_RIMS_MAX && e->nstaples <= AVER_STAPLES_MAX);
    for (unsigned i = 0; i < e->nrims; i++)
        for (unsigned j = 0; j < i; j++)
            assert(!aver_bytes_equal(aver_buf_view(&e->rim[i]->text),
                                     aver_buf_view(&e->rim[j]->text)));
    for (unsigned i = 0; i < e->nstaples; i++)
        for (unsigned j = 0; j < i; j++)
            assert(!aver_bytes_equal(aver_buf_view(&e->staple[i]->der),
                                     aver_buf_view(&e->staple[j]->der)));
    for (unsigned i = 0; i < e->nchains; i++)
        assert((e->chain[i]->n == 0) == (e->chain[i]->fault[0] != '\0'));
}

/* A RIM that holds under NVIDIA's root is, to the byte of what it says, one of
 * those that NVIDIA signed. */
static void check_rims(struct aver_endorsements *e)
{
    static const char *const versions[] = {"550.90.07", "96.00.9F.00.01"};

    for (unsigned i = 0; i < e->nrims; i++) {
        struct aver_flaw flaw = {0};
        struct aver_rim *r = e->rim[i];

        if (aver_rim_holds(e->ec, r, aver_root_rim, 1755777600, &flaw) != 0) {
            assert(flaw.cause != NULL);
            continue;
        }
        assert(memcmp(r->document, r->claimed, sizeof(r->document)) == 0);
        assert(strcmp(r->product, "GH100") == 0 ||
               strcmp(r->product, "LS10") == 0);
        for (unsigned j = 0; j < 2; j++)
            if (strcmp(r->version, versions[j]) == 0)
                assert(aver_endorsements_rim(e, versions[j], "GH100", "GPU",
                                             1755777600) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct aver_verdict v;
    struct aver_endorsements *e = aver_endorsements_new();

    assert(e != NULL);
    take(e, aver_bytes_of(data, size));
    check_bounds(e);
    check_rims(e);
    struct aver_cpu *cpu =
        aver_cpu_new(aver_buf_view(&good.quote), e, good.policy.at);
    struct aver_subject s = {.policy = &good.policy, .cpu = cpu};
    assert(cpu != NULL);
    aver_judge(&v, &s);
    if (v.word == AVER_VERIFIED)
        check_genuine(cpu);
    aver_cpu_free(cpu);
    aver_endorsements_free(e);
    return 0;
}
