/* SPDX-License-Identifier: Apache-2.0
 *
 * judge: from the options that verbs share to a policy. */
#ifndef AVER_CLI_JUDGE_H
#define AVER_CLI_JUDGE_H

#include "cli/options.h"
#include "verify/rows.h"
#include "verify/scopes.h"

struct judge_options {
    const char *trust, *gpu_count, *nonce, *expect_address, *tls_spki, *algo;
    const char *at, *trust_root, *gpu_root, *rim_root, *ocsp_grace;
    const char *expect[OPTION_MANY], *collateral[OPTION_MANY];
    const char *allow[OPTION_MANY], *require[OPTION_MANY];
    const char *rim[OPTION_MANY], *ocsp[OPTION_MANY];
    bool expects, collaterals, allows, requires, rims, ocsps, json, quiet;
};

/* What evidence is judged by: what is demanded, and what vendors say. */
struct judge {
    struct aver_policy policy;
    struct aver_endorsements *e;
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
            "what must run: mrtd, rtmr0..., compose-hash, ...; repeatable\n"   \
            "                           (SCOPE:NAME=HEX: in that scope)",      \
            (o).expect, &(o).expects                                           \
    }
#define JUDGE_COLLATERAL(o)                                                    \
    {                                                                          \
        "collateral", "FILE",                                                  \
            "what Intel signs about the platform; repeatable (without:\n"      \
            "                           what `aver endorse` has kept)",        \
            (o).collateral, &(o).collaterals                                   \
    }
#define JUDGE_AT(o)                                                            \
    {                                                                          \
        "at", "TIME", "judge as of then (RFC 3339 in Z, or seconds)", &(o).at, \
            NULL                                                               \
    }
#define JUDGE_ROOT(o)                                                          \
    {                                                                          \
        "trust-root", "FILE", "PEM: the CPU's root in place of Intel's",       \
            &(o).trust_root, NULL                                              \
    }
#define JUDGE_ALLOW(o)                                                         \
    {                                                                          \
        "allow", "NAME",                                                       \
            "put up with it: tcb=STATUS, tcb=any, debug, ...; repeatable",     \
            (o).allow, &(o).allows                                             \
    }
#define JUDGE_REQUIRE(o)                                                       \
    {                                                                          \
        "require", "NAME",                                                     \
            "demand more: rim, revocation, topology, tcb-evaluation=N,\n"      \
            "                           max-age=SECONDS, fmspc=HEX",           \
            (o).require, &(o).requires                                         \
    }
/* What vouches for GPUs and switches. */
#define JUDGE_DEVICES(o)                                                       \
    {"rim", "FILE", "what NVIDIA signs that they must measure; repeatable",    \
     (o).rim, &(o).rims},                                                      \
        {"ocsp", "FILE", "whether a certificate is withdrawn; repeatable",     \
         (o).ocsp, &(o).ocsps},                                                \
        {"ocsp-grace", "SECONDS",                                              \
         "put up with answers so long past their end", &(o).ocsp_grace, NULL}, \
        {"gpu-root", "FILE", "PEM: the devices' root in place of NVIDIA's",    \
         &(o).gpu_root, NULL},                                                 \
    {                                                                          \
        "rim-root", "FILE", "PEM: the root of RIMs in place of NVIDIA's",      \
            &(o).rim_root, NULL                                                \
    }
/* Of every verb that judges a CPU's evidence. */
#define JUDGE_CPU(o)                                                           \
    JUDGE_COLLATERAL(o), JUDGE_AT(o), JUDGE_TRUST(o), JUDGE_ROOT(o),           \
        JUDGE_ALLOW(o), JUDGE_REQUIRE(o), JUDGE_EXPECT(o)
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

/* Reads options, and the files that they name. 0, or the exit status after
 * one line on stderr. Close it in any case. */
int judge_open(struct judge *j, const struct judge_options *o);
void judge_close(struct judge *j);
/* Endorsements that a report carries itself. They are judged like any others;
 * what cannot be read of them is said, and passed over. */
void judge_carried(struct judge *j, struct aver_bytes report);
/* Gives each scope its platform and its code. Aborts without memory. */
void judge_gather(struct judge *j, struct aver_scopes *scopes);
/* `aver verify gpu --nras FILE --jwks FILE`: judges an answer of NVIDIA's
 * service by a set of its keys; returns the exit status. */
int verify_nras(const char *nras, const char *jwks, struct judge *j,
                const struct judge_options *o);
/* Of these the values of --expect alone: 0, or EXIT_USAGE. */
int judge_expect(struct aver_policy *p, const struct judge_options *o);

#endif
