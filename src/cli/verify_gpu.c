/* SPDX-License-Identifier: Apache-2.0
 *
 * verify_gpu: judges the evidence of GPUs and switches, with all that vouches
 * for them, or the answer of NVIDIA's service about such evidence. Which CPU
 * they belong to, no GPU says: that is for a report. */
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/judge.h"
#include "cli/print.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)64 << 20)

static int judge(struct judge *j, struct aver_bytes text, const char *source,
                 const struct judge_options *o)
{
    static struct aver_verdict v;
    struct aver_gpu_evidence *evidence = aver_gpu_evidence_parse(text);
    struct aver_gpus *gpus =
        evidence != NULL ? aver_gpus_new(evidence, j->e, j->policy.at) : NULL;
    struct aver_subject s = {.policy = &j->policy, .gpus = gpus};
    struct outcome outcome = {&v, &s, source, j->policy.at};
    int rc;

    if (gpus == NULL)
        abort(); /* out of memory */
    aver_judge(&v, &s);
    rc = print_outcome(&outcome, o->json, o->quiet);
    aver_gpus_free(gpus);
    aver_gpu_evidence_free(evidence);
    return rc;
}

static int judge_file(struct judge *j, const char *path,
                      const struct judge_options *o)
{
    struct aver_error err;
    struct aver_buf text;
    int rc;

    aver_buf_init(&text, FILE_MAX);
    if (file_read(&text, path, &err) != 0)
        rc = print_failure(err.text, o->json);
    else
        rc = judge(j, aver_buf_view(&text), path, o);
    aver_buf_clear(&text);
    return rc;
}

/* Either a FILE of evidence, or --nras and --jwks. */
static int check_words(const struct words *words, const char *nras,
                       const char *jwks)
{
    if (nras == NULL && jwks == NULL)
        return words->n == 1 ? 0
                             : usage("verify gpu wants one FILE, or - for "
                                     "stdin");
    if (nras == NULL || jwks == NULL)
        return usage("verify gpu: --nras and --jwks go together: an answer of "
                     "NVIDIA's service, and the keys that may have signed it");
    return words->n == 0 ? 0
                         : usage("verify gpu: a FILE of evidence, or --nras: "
                                 "one at a time");
}

/* What is demanded of a CPU would not be looked at. */
static int check_demands(const struct aver_policy *p)
{
    if (p->min_evaluation > 0 || p->max_age > 0 || p->has_fmspc)
        return usage("verify gpu: GPUs say nothing of the CPU: --require "
                     "tcb-evaluation, max-age and fmspc are for verify quote "
                     "and reports");
    return 0;
}

int verify_gpu_main(int argc, char **argv)
{
    static const struct verb_help help = {
        "usage: aver verify gpu FILE|- [options]\n"
        "       aver verify gpu --nras FILE --jwks FILE [options]\n\n"
        "FILE: what a report holds as nvidia_payload, or a list of evidence of "
        "GPUs and switches.\n",
        judge_later,
        "What NVIDIA signs about them comes with --rim and --ocsp, or from "
        "what `aver endorse` has\nkept. Without, they are genuine at best, and "
        "the verdict is UNDECIDED: confidential mode\nshows in the "
        "measurements "
        "alone.\n"};
    struct judge_options o = {0};
    const char *nras = NULL, *jwks = NULL;
    const struct option table[] = {
        JUDGE_NONCE(o),
        JUDGE_GPUS(o),
        JUDGE_DEVICES(o),
        {"collateral", "FILE",
         "what NVIDIA signs, in one file; repeatable (without: what\n"
         "                           `aver endorse` has kept)",
         o.collateral, &o.collaterals},
        JUDGE_AT(o),
        JUDGE_TRUST(o),
        {"allow", "NAME",
         "put up with it: rim-missing, revocation-missing, rim-hold,\n"
         "                           rim-index=N, trailing-bytes; repeatable",
         o.allow, &o.allows},
        JUDGE_REQUIRE(o),
        {"nras", "FILE", "judge this answer of NVIDIA's service instead", &nras,
         NULL},
        {"jwks", "FILE", "the keys of that service", &jwks, NULL},
        JUDGE_JSON(o),
        JUDGE_QUIET(o),
        {NULL, NULL, NULL, NULL, NULL}};
    struct judge j;
    struct words words;
    int rc;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    if (check_words(&words, nras, jwks) != 0)
        return EXIT_USAGE;
    rc = judge_open(&j, &o);
    if (rc == 0)
        rc = check_demands(&j.policy);
    if (rc == 0)
        rc = nras != NULL ? verify_nras(nras, jwks, &j, &o)
                          : judge_file(&j, words.word[0], &o);
    judge_close(&j);
    return rc;
}
