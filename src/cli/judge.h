/* SPDX-License-Identifier: Apache-2.0
 *
 * judge: from the options that verbs share to a policy. */
#ifndef AVER_CLI_JUDGE_H
#define AVER_CLI_JUDGE_H

#include "cli/options.h"
#include "verify/rows.h"

struct judge_options {
    const char *trust, *gpu_count, *nonce, *expect_address, *tls_spki, *algo;
    const char *expect[OPTION_MANY];
    bool expects, json, quiet;
};

/* Options of every verb that judges, for a table of options. */
#define JUDGE_TRUST(o)                                                         \
    {                                                                          \
        "trust", "NAME", "whose roots: vendor (default), or simulator",        \
            &(o).trust, NULL                                                   \
    }
#define JUDGE_GPUS(o)                                                          \
    {                                                                          \
        "gpu-count", "N",                                                      \
            "how many GPUs must show evidence (0: none is used)",              \
            &(o).gpu_count, NULL                                               \
    }
#define JUDGE_NONCE(o)                                                         \
    {                                                                          \
        "nonce", "HEX", "the nonce that was asked for, 64 digits", &(o).nonce, \
            NULL                                                               \
    }
#define JUDGE_ADDRESS(o)                                                       \
    {                                                                          \
        "expect-address", "ADDR",                                              \
            "the key must be this one (0x..., or Ed25519)",                    \
            &(o).expect_address, NULL                                          \
    }
#define JUDGE_SPKI(o)                                                          \
    {                                                                          \
        "tls-spki", "HEX", "SHA-256 of the TLS key that you saw",              \
            &(o).tls_spki, NULL                                                \
    }
#define JUDGE_ALGO(o)                                                          \
    {                                                                          \
        "signing-algo", "NAME", "ecdsa (default) or ed25519", &(o).algo, NULL  \
    }
#define JUDGE_EXPECT(o)                                                        \
    {                                                                          \
        "expect", "NAME=HEX",                                                  \
            "what must run: mrtd, rtmr0..., compose-hash, ...; repeatable",    \
            (o).expect, &(o).expects                                           \
    }
#define JUDGE_JSON(o)                                                          \
    {                                                                          \
        "json", NULL, "one JSON object", NULL, &(o).json                       \
    }
#define JUDGE_QUIET(o)                                                         \
    {                                                                          \
        "quiet", NULL, "the exit status alone", NULL, &(o).quiet               \
    }

/* Names of options that belong to rooms not built yet. */
extern const char *const judge_later[];

/* 0, or EXIT_USAGE after one line on stderr. */
int judge_policy(struct aver_policy *p, const struct judge_options *o);
/* Of these the values of --expect alone. */
int judge_expect(struct aver_expect *e, const struct judge_options *o);

#endif
