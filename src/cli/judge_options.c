/* SPDX-License-Identifier: Apache-2.0
 *
 * judge_options: reads the options that say what is demanded. */
#include "attest/simulator.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/judge.h"
#include "crypto/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const judge_later[] = {
    "collateral", "rim",      "ocsp",        "at",     "trust-root",
    "policy",     "allow",    "require",     "expect", "offline",
    "gpu-root",   "rim-root", "ocsp-grace",  "nras",   "jwks",
    "quote",      "compose",  "save-bodies", NULL};

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
    if (aver_decimal(&n, aver_bytes_str(text), AVER_GPUS_MAX) != 0)
        return usage("--gpu-count %.40s: expected a number up to %d", text,
                     AVER_GPUS_MAX);
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

/* "NAME=HEX" */
static int read_expected(struct aver_expect *e, const char *text)
{
    const char *equals = strchr(text, '=');
    struct aver_error err;
    char name[40];

    if (equals == NULL)
        return usage("--expect %.40s: expected NAME=HEX", text);
    snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
    if (aver_expect_set(e, name, aver_bytes_str(equals + 1), &err) != 0)
        return usage("--expect %s", err.text);
    return 0;
}

int judge_expect(struct aver_expect *e, const struct judge_options *o)
{
    for (size_t i = 0; i < OPTION_MANY && o->expect[i] != NULL; i++)
        if (read_expected(e, o->expect[i]) != 0)
            return EXIT_USAGE;
    return 0;
}

/* The simulator is part of this program; its certificates can be read. */
static void know_simulator(struct aver_policy *p)
{
    if (aver_x509_spki_sha256(p->simulator_root,
                              aver_bytes_str(simulator_root_pem), NULL) != 0 ||
        aver_x509_spki_sha256(p->simulator_gpu_root,
                              aver_bytes_str(simulator_gpu_root_pem),
                              NULL) != 0)
        abort();
}

int judge_policy(struct aver_policy *p, const struct judge_options *o)
{
    memset(p, 0, sizeof(*p));
    know_simulator(p);
    if (read_trust(p, o->trust) != 0 || read_count(p, o->gpu_count) != 0 ||
        read_32(&p->has_nonce, p->nonce, "nonce", o->nonce) != 0 ||
        read_32(&p->has_spki, p->spki, "tls-spki", o->tls_spki) != 0 ||
        read_key(p, o) != 0 || judge_expect(&p->expect, o) != 0)
        return EXIT_USAGE;
    return 0;
}
