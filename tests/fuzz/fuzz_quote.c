/* SPDX-License-Identifier: Apache-2.0
 *
 * Quotes: whatever the bytes are, they are read or refused; the parts of what
 * was read lie in the input and add up; and judged with what Intel says about
 * three genuine quotes, one of each version, nothing is VERIFIED whose signed
 * parts are not those of the genuine one. Another spelling of what nobody
 * signs (line ends of the PEM text, zeros behind the quote), or the other s of
 * a signature, is the same evidence and may verify. */
#include "fuzz_vectors.h"

static struct tdx_case known[3]; /* of versions 3, 4, 5 */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const ids[] = {
        "real-dcapqvl-sgx-v3", "real-dcapqvl-tdx-v4", "real-gotdx-v5-uptodate"};

    (void)argc;
    (void)argv;
    for (unsigned i = 0; i < 3; i++) {
        fuzz_open(&known[i], ids[i]);
        assert(known[i].cpu->quote.version == i + 3);
    }
    return 0;
}

static void inside(struct aver_bytes in, struct aver_bytes part)
{
    assert(part.n == 0 || (part.p >= in.p && part.p + part.n <= in.p + in.n));
}

static void check_places(struct aver_bytes in, const struct aver_quote *q)
{
    const struct aver_td *t = &q->td;

    inside(in, q->user_data);
    inside(in, q->body);
    inside(q->body, q->report_data);
    inside(in, q->signature);
    inside(in, q->attestation_key);
    inside(in, q->qe_report);
    inside(q->qe_report, q->qe.mrsigner);
    inside(q->qe_report, q->qe.report_data);
    inside(in, q->qe_signature);
    inside(in, q->qe_auth);
    inside(in, q->chain);
    inside(in, q->trailing);
    inside(q->body, t->tee_tcb_svn);
    inside(q->body, t->mrownerconfig);
    for (unsigned i = 0; i < 4; i++)
        inside(q->body, t->rtmr[i]);
    inside(q->body, t->tee_tcb_svn2);
    inside(q->body, t->mrservicetd);
    inside(q->body, q->enclave.mrenclave);
    inside(q->body, q->enclave.report_data);
}

/* Header, body, signature data and what follows are all there is. */
static void check_lengths(struct aver_bytes in, const struct aver_quote *q)
{
    size_t wrapped = q->version == 3 ? 0 : 6;
    struct aver_reader r;

    assert(q->version >= 3 && q->version <= 5);
    assert(q->signed_part.p == in.p);
    assert(q->signed_part.n == 48u + (q->version == 5 ? 6 : 0) + q->body.n);
    aver_reader_init(&r, in);
    aver_read_bytes(&r, q->signed_part.n);
    size_t data = aver_read_u32le(&r);
    assert(!r.failed);
    assert(q->signed_part.n + 4 + data + q->trailing.n == in.n);
    assert(data == 64u + 64 + wrapped + 384 + 64 + 2 + q->qe_auth.n + 2 + 4 +
                       q->chain.n + q->slack);
    assert(q->report_data.n == 64 && q->signature.n == 64);
    assert(q->attestation_key.n == 64 && q->qe_signature.n == 64);
    assert(q->qe_report.n == 384);
    assert(q->body.n == (q->tee == AVER_TEE_SGX      ? 384u
                         : q->td.tee_tcb_svn2.n == 0 ? 584u
                                                     : 648u));
}

/* (r, s) or (r, n - s), n being the order of P-256: r || s as they stand. */
static bool same_signature(struct aver_bytes a, struct aver_bytes b)
{
    static const uint8_t order[32] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    unsigned carry = 0;

    if (aver_bytes_equal(a, b))
        return true;
    if (memcmp(a.p, b.p, 32) != 0)
        return false;
    for (unsigned i = 32; i-- > 0; carry >>= 8) {
        carry += a.p[32 + i] + (unsigned)b.p[32 + i];
        if ((carry & 0xff) != order[i])
            return false;
    }
    return carry == 0;
}

static void check_genuine(const struct aver_cpu *got,
                          const struct aver_cpu *want)
{
    const struct aver_quote *q = &got->quote, *k = &want->quote;
    const struct aver_chain *a = &got->platform->chain;
    const struct aver_chain *b = &want->platform->chain;

    assert(aver_bytes_equal(q->signed_part, k->signed_part));
    assert(aver_bytes_equal(q->attestation_key, k->attestation_key));
    assert(aver_bytes_equal(q->qe_report, k->qe_report));
    assert(aver_bytes_equal(q->qe_auth, k->qe_auth));
    assert(same_signature(q->signature, k->signature));
    assert(same_signature(q->qe_signature, k->qe_signature));
    assert(a->n == b->n);
    for (unsigned i = 0; i < a->n; i++)
        assert(aver_bytes_equal(a->link[i].cert.der, b->link[i].cert.der));
    assert(q->slack == 0);
    for (size_t i = 0; i < q->trailing.n; i++)
        assert(q->trailing.p[i] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_bytes in = aver_bytes_of(data, size);
    struct aver_quote q;
    struct aver_error err;
    bool read = aver_quote_parse(&q, in, &err) == 0;
    struct tdx_case *c = &known[read ? q.version - 3 : 1];

    if (read) {
        check_places(in, &q);
        check_lengths(in, &q);
    }
    struct aver_cpu *cpu = aver_cpu_new(in, c->e, c->policy.at);
    struct aver_subject s = {.policy = &c->policy, .cpu = cpu};
    assert(cpu != NULL && read == (cpu->quote_fault[0] == '\0'));
    aver_judge(&c->verdict, &s);
    assert(read || c->verdict.word == AVER_REFUSED);
    if (c->verdict.word == AVER_VERIFIED)
        check_genuine(cpu, c->cpu);
    aver_cpu_free(cpu);
    return 0;
}
