/* SPDX-License-Identifier: Apache-2.0
 *
 * verify_nras: judges an answer of NVIDIA's remote attestation service by a
 * set of its keys. Both are files: nothing is asked online. */
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/judge.h"
#include "cli/print.h"
#include "verify/nras.h"

#include <stdio.h>
#include <stdlib.h>

static int read_keys(struct aver_jwks *keys, const char *path,
                     struct aver_error *err)
{
    struct aver_error why;
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, AVER_JWKS_MAX);
    if (file_read(&text, path, err) == 0) {
        rc = aver_jwks_parse(keys, aver_buf_view(&text), &why);
        if (rc != 0)
            aver_fail(err, why.code, "--jwks %.100s: %.160s", path, why.text);
    }
    aver_buf_clear(&text);
    return rc;
}

static int read_answer(struct aver_nras **out, const char *path,
                       struct aver_error *err)
{
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, AVER_NRAS_MAX);
    if (file_read(&text, path, err) == 0) {
        *out = aver_nras_parse(aver_buf_view(&text));
        if (*out == NULL)
            abort(); /* out of memory */
        rc = 0;
    }
    aver_buf_clear(&text);
    return rc;
}

/* What is judged of evidence, and of no answer about it. */
static bool is_for_evidence(const struct judge_options *o)
{
    return o->rim[0] != NULL || o->ocsp[0] != NULL || o->require[0] != NULL ||
           o->allow[0] != NULL || o->collateral[0] != NULL ||
           o->ocsp_grace != NULL || o->gpu_root != NULL || o->rim_root != NULL;
}

int verify_nras(const char *nras, const char *jwks, struct judge *j,
                const struct judge_options *o)
{
    static struct aver_jwks keys;
    static struct aver_verdict v;
    struct aver_subject s = {.policy = &j->policy};
    struct outcome outcome = {&v, &s, nras, j->policy.at};
    struct aver_nras *answer = NULL;
    struct aver_error err;
    int rc;

    if (j->policy.trust == AVER_TRUST_SIMULATOR)
        return usage("verify gpu: --nras and --trust simulator: NVIDIA's "
                     "service knows no simulated GPUs");
    if (is_for_evidence(o))
        return usage("verify gpu: --nras: of the other options only --nonce, "
                     "--gpu-count and --at are looked at for an answer");
    if (read_keys(&keys, jwks, &err) != 0 ||
        read_answer(&answer, nras, &err) != 0)
        return print_failure(err.text, o->json);
    answer->ec = j->e->ec;
    answer->jwks = &keys;
    s.nras = answer;
    aver_judge(&v, &s);
    rc = print_outcome(&outcome, o->json, o->quiet);
    aver_nras_free(answer);
    return rc;
}
