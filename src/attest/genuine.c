/* SPDX-License-Identifier: Apache-2.0
 *
 * genuine: see genuine.h. */
#include "attest/genuine.h"

#include "attest/simulator.h"
#include "crypto/x509.h"
#include "verify/pck.h"
#include "verify/rows.h"

#include <stdlib.h>
#include <string.h>

static bool issued_by(const struct aver_cert *c, const char *ca)
{
    return memmem(c->issuer.p, c->issuer.n, ca, strlen(ca)) != NULL;
}

static int read_leaf(struct pcs_platform *p, const struct aver_chain *chain,
                     struct aver_error *err)
{
    struct aver_error why = {0};
    struct aver_pck pck;

    if (chain->fault[0] != '\0' || chain->n == 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the quote's certificates cannot be read: %.160s",
                         chain->fault);
    const struct aver_cert *leaf = &chain->link[0].cert;
    if (aver_pck_parse(&pck, leaf, &why) != 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the quote's certificate names no platform of "
                         "Intel's: %.160s",
                         why.text);
    memcpy(p->fmspc, pck.fmspc, sizeof(p->fmspc));
    p->processor = issued_by(leaf, "Intel SGX PCK Processor CA");
    if (!p->processor && !issued_by(leaf, "Intel SGX PCK Platform CA"))
        return aver_fail(err, AVER_EFORMAT,
                         "the quote's certificate is of neither the Platform "
                         "CA nor the Processor CA");
    return 0;
}

int genuine_platform(struct pcs_platform *p, const struct aver_quote *q,
                     struct aver_error *err)
{
    struct aver_chain *chain = calloc(1, sizeof(*chain));

    if (chain == NULL)
        abort(); /* out of memory */
    *p = (struct pcs_platform){.sgx = q->tee == AVER_TEE_SGX};
    aver_chain_init(chain, q->chain);
    int rc = read_leaf(p, chain, err);
    aver_chain_clear(chain);
    free(chain);
    return rc;
}

/* Of the rows that judge a quote, those that judge what Intel says about its
 * platform. (That the platform itself is withdrawn makes it no less genuine.)
 */
static const char *const rows[] = {
    "tdx.pck_chain",
    "tdx.endorsements",
    "tdx.tcb_match",
    "tdx.lists",
    "tdx.tcb_signer",
    "tdx.tcb_info_signature",
    "tdx.qe_identity_signature",
    "tdx.begun",
    "tdx.not_expired",
};

static int check_rows(const struct aver_verdict *v, struct aver_error *err)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct aver_check *c = aver_verdict_find(v, rows[i]);

        if (c == NULL || c->result != AVER_PASS)
            return aver_fail(err, AVER_ESIG, "%s: %s", rows[i],
                             c != NULL ? c->detail : "was not judged");
    }
    return 0;
}

static void choose_root(struct aver_policy *p, bool simulated)
{
    if (aver_x509_spki_sha256(p->simulator_root,
                              aver_bytes_str(simulator_root_pem), NULL) != 0)
        abort(); /* it is part of this program */
    p->trust = simulated ? AVER_TRUST_SIMULATOR : AVER_TRUST_VENDOR;
}

static int64_t first_end(const struct aver_cpu *cpu)
{
    struct aver_window w[AVER_WINDOWS_MAX];
    const struct aver_window *first =
        aver_window_first_end(w, aver_cpu_windows(cpu, w));

    return first != NULL ? first->end : 0;
}

int genuine_bundle(struct aver_bytes text, struct aver_bytes quote,
                   bool simulated, int64_t now, int64_t *until,
                   struct aver_error *err)
{
    struct aver_policy policy = {.at = now};
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_verdict *v = calloc(1, sizeof(*v));
    struct aver_cpu *cpu = NULL;
    int rc = -1;

    if (e == NULL || v == NULL)
        abort(); /* out of memory */
    choose_root(&policy, simulated);
    if (aver_endorsements_add(e, text, err) == 0) {
        cpu = aver_cpu_new(quote, e, now);
        if (cpu == NULL)
            abort();
        struct aver_subject s = {.policy = &policy, .cpu = cpu};
        aver_judge(v, &s);
        rc = check_rows(v, err);
        *until = rc == 0 ? first_end(cpu) : 0;
    }
    aver_cpu_free(cpu);
    aver_endorsements_free(e);
    free(v);
    return rc;
}
