/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_options: reads the options that say what is demanded. */
#include "attest/simulator.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/endorsements.h"
#include "cli/file.h"
#include "cli/judge.h"
#include "cli/print.h"
#include "verify/chain.h"
#include "verify/member.h"
#include "verify/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOT_MAX ((size_t)64 << 10)

const char *const judge_later[] = {"policy",  "offline",     "quote",
                                   "compose", "save-bodies", NULL};

static int read_trust(struct aver_policy *p, const char *trust)
{
    if (trust == NULL || strcmp(trust, "vendor") == 0)
        return 0;
    if (strcmp(trust, "simulator") != 0)
        return usage("--trust %.40s: expected vendor or simulator", trust);
    p->trust = AVER_TRUST_SIMULATOR;
    return 0;
}

static int read_32(bool *has, uint8_t out[static 32], const char *name,
                   const char *text)
{
    if (text == NULL)
        return 0;
    if (aver_hex_decode(out, 32, aver_bytes_str(text)) != 0)
        return usage("--%s: expected 64 hex digits", name);
    *has = true;
    return 0;
}

static int read_count(struct aver_policy *p, const char *text)
{
    uint64_t n = 0;

    if (text == NULL)
        return 0;
    if (aver_decimal(&n, aver_bytes_str(text), AVER_DEVICES_MAX) != 0)
        return usage("--gpu-count %.40s: expected a number up to %d", text,
                     AVER_DEVICES_MAX);
    p->has_gpu_count = true;
    p->gpu_count = (unsigned)n;
    return 0;
}

static int read_key(struct aver_policy *p, const struct judge_options *o)
{
    if (o->algo != NULL) {
        if (aver_algo_parse(&p->algo, aver_bytes_str(o->algo)) != 0)
            return usage("--signing-algo %.40s: expected ecdsa or ed25519",
                         o->algo);
        p->has_algo = true;
    }
    if (o->expect_address == NULL)
        return 0;
    if (aver_key_id_parse(&p->key, aver_bytes_str(o->expect_address)) != 0)
        return usage("--expect-address: expected 0x and 40 hex digits, or 64 "
                     "hex digits of an Ed25519 key");
    p->has_key = true;
    return 0;
}

int judge_expect(struct aver_policy *p, const struct judge_options *o)
{
    struct aver_error err;

    for (size_t i = 0; i < OPTION_MANY && o->expect[i] != NULL; i++)
        if (aver_policy_expect_text(p, o->expect[i], &err) != 0)
            return usage("--expect: %s", err.text);
    return 0;
}

/* The simulator is part of this program; its certificates can be read. (By
 * our own reader: OpenSSL's takes milliseconds to find all its parts.) */
static void know(uint8_t spki[static 32], const char *pem)
{
    struct aver_chain chain;

    aver_chain_init(&chain, aver_bytes_str(pem));
    if (chain.n != 1)
        abort();
    aver_link_spki(spki, &chain.link[0]);
    aver_chain_clear(&chain);
}

static void know_simulator(struct aver_policy *p)
{
    know(p->simulator_root, simulator_root_pem);
    know(p->simulator_gpu_root, simulator_gpu_root_pem);
    know(p->simulator_rim_root, simulator_rim_root_pem);
}

static int read_one_root(struct aver_policy *p, enum aver_root which,
                         const char *option, const char *path, bool json)
{
    struct aver_error err;
    struct aver_buf pem;
    int rc = 0;

    if (path == NULL)
        return 0;
    if (p->trust == AVER_TRUST_SIMULATOR)
        return usage("--trust simulator and --%s: one root at a time", option);
    aver_buf_init(&pem, ROOT_MAX);
    if (file_read(&pem, path, &err) != 0)
        rc = print_failure(err.text, json);
    else if (aver_policy_root(p, which, aver_buf_view(&pem), &err) != 0)
        rc = usage("--%s %.100s: %s", option, path, err.text);
    aver_buf_clear(&pem);
    return rc;
}

static int read_roots(struct aver_policy *p, const struct judge_options *o)
{
    int rc =
        read_one_root(p, AVER_ROOT_CPU, "trust-root", o->trust_root, o->json);

    if (rc == 0)
        rc = read_one_root(p, AVER_ROOT_GPU, "gpu-root", o->gpu_root, o->json);
    if (rc == 0)
        rc = read_one_root(p, AVER_ROOT_RIM, "rim-root", o->rim_root, o->json);
    return rc;
}

static int read_grace(struct aver_policy *p, const char *text)
{
    uint64_t seconds = 0;

    if (text == NULL)
        return 0;
    if (aver_decimal(&seconds, aver_bytes_str(text), UINT32_MAX) != 0)
        return usage("--ocsp-grace %.40s: expected a number of seconds", text);
    p->ocsp_grace = (int64_t)seconds;
    return 0;
}

static int read_time(struct aver_policy *p, const char *at)
{
    struct aver_error err;

    p->at = (int64_t)time(NULL);
    if (at != NULL && aver_policy_time(&p->at, at, &err) != 0)
        return usage("--at: %s", err.text);
    return 0;
}

static int read_allowed(struct aver_policy *p, const struct judge_options *o)
{
    struct aver_error err;

    for (size_t i = 0; i < OPTION_MANY && o->allow[i] != NULL; i++)
        if (aver_policy_allow(p, o->allow[i], &err) != 0)
            return usage("--allow: %s", err.text);
    return 0;
}

static int read_required(struct aver_policy *p, const struct judge_options *o)
{
    struct aver_error err;

    for (size_t i = 0; i < OPTION_MANY && o->require[i] != NULL; i++)
        if (aver_policy_require(p, o->require[i], &err) != 0)
            return usage("--require: %s", err.text);
    return 0;
}

static int read_policy(struct aver_policy *p, const struct judge_options *o)
{
    know_simulator(p);
    if (read_trust(p, o->trust) != 0 || read_count(p, o->gpu_count) != 0 ||
        read_32(&p->has_nonce, p->nonce, "nonce", o->nonce) != 0 ||
        read_32(&p->has_spki, p->spki, "tls-spki", o->tls_spki) != 0 ||
        read_key(p, o) != 0 || judge_expect(p, o) != 0 ||
        read_time(p, o->at) != 0 || read_allowed(p, o) != 0 ||
        read_required(p, o) != 0 || read_grace(p, o->ocsp_grace) != 0)
        return EXIT_USAGE;
    return read_roots(p, o);
}

/* The simulator's are built in: nobody else has any. */
static void add_simulated(struct aver_endorsements *e, int64_t at)
{
    struct aver_buf bundle;

    aver_buf_init(&bundle, AVER_ENDORSEMENTS_MAX);
    if (simulator_endorsements(at, &bundle, NULL) != 0 ||
        aver_endorsements_add(e, aver_buf_view(&bundle), NULL) != 0)
        abort();
    aver_buf_clear(&bundle);
}

/* Of a RIM's file, a RIM; of the other, answers or lists. */
static bool is_of_kind(const struct aver_endorsements *e, bool rims)
{
    return rims ? e->nrims > 0 : e->nstaples + e->nlists > 0;
}

/* One file, beside whatever else there is. By itself first, so that one of
 * another kind can be named. */
static int add_file(struct aver_endorsements *e, bool rims, const char *path,
                    struct aver_error *err)
{
    struct aver_endorsements *one = aver_endorsements_new();
    struct aver_error why;
    struct aver_buf in;
    int rc = -1;

    if (one == NULL)
        abort(); /* out of memory */
    aver_buf_init(&in, AVER_ENDORSEMENTS_MAX);
    if (file_read(&in, path, err) != 0)
        goto out;
    rc = aver_endorsements_add(one, aver_buf_view(&in), &why);
    if (rc == 0 && !is_of_kind(one, rims))
        rc = aver_fail(&why, AVER_EFORMAT, "there is no %s in it",
                       rims ? "RIM" : "OCSP answer, and no list");
    if (rc == 0)
        rc = aver_endorsements_add(e, aver_buf_view(&in), &why);
    if (rc != 0)
        aver_fail(err, why.code, "--%s %.100s: %.250s", rims ? "rim" : "ocsp",
                  path, why.text);
out:
    aver_buf_clear(&in);
    aver_endorsements_free(one);
    return rc;
}

static int add_files(struct aver_endorsements *e, bool rims,
                     const char *const *files, bool json)
{
    struct aver_error err;

    for (size_t i = 0; i < OPTION_MANY && files[i] != NULL; i++)
        if (add_file(e, rims, files[i], &err) != 0)
            return print_failure(err.text, json);
    return 0;
}

static int load_kept(struct judge *j, const struct judge_options *o)
{
    char folder[ENDORSEMENTS_PATH_MAX];
    struct aver_error err;
    size_t n = 0;

    j->e = aver_endorsements_new();
    if (j->e == NULL)
        abort();
    while (n < OPTION_MANY && o->collateral[n] != NULL)
        n++;
    if (j->policy.trust == AVER_TRUST_SIMULATOR && n == 0) {
        add_simulated(j->e, j->policy.at);
        return 0;
    }
    /* Without a home there is no folder, and then nothing in it. */
    bool has_folder = endorsements_folder(folder, NULL, &err) == 0;
    if (endorsements_load(j->e, o->collateral, n, has_folder ? folder : NULL,
                          &err) != 0)
        return print_failure(err.text, o->json);
    return 0;
}

static int load(struct judge *j, const struct judge_options *o)
{
    int rc = load_kept(j, o);

    if (rc == 0)
        rc = add_files(j->e, true, o->rim, o->json);
    return rc != 0 ? rc : add_files(j->e, false, o->ocsp, o->json);
}

int judge_open(struct judge *j, const struct judge_options *o)
{
    int rc;

    memset(j, 0, sizeof(*j));
    rc = read_policy(&j->policy, o);
    return rc != 0 ? rc : load(j, o);
}

void judge_close(struct judge *j)
{
    aver_endorsements_free(j->e);
    j->e = NULL;
}

void judge_carried(struct judge *j, struct aver_bytes report)
{
    struct aver_json_member m = {.name = "endorsements"};
    struct aver_error err;

    if (aver_members(&m, 1, report, NULL) != 0 || m.type == AVER_JSON_ABSENT ||
        m.type == AVER_JSON_NULL)
        return;
    if (aver_endorsements_add(j->e, aver_member_source(&m, report), &err) != 0)
        complain("the report's endorsements are passed over: %s", err.text);
}

void judge_gather(struct judge *j, struct aver_scopes *scopes)
{
    if (aver_scopes_gather(scopes, j->e, j->policy.at, NULL) != 0)
        abort(); /* out of memory */
}
