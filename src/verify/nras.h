/* SPDX-License-Identifier: Apache-2.0
 *
 * nras: what NVIDIA's remote attestation service says about GPUs, to which
 * somebody sent their evidence:
 *   [["JWT", OVERALL], {"GPU-0": JWT, ...}]
 * OVERALL names the others and their digests. Takes all of it apart, and
 * judges nothing: nras_rows.c does. */
#ifndef AVER_VERIFY_NRAS_H
#define AVER_VERIFY_NRAS_H

#include "crypto/ec.h"
#include "verify/jwt.h"

#define AVER_NRAS_MAX ((size_t)512 << 10)
#define AVER_NRAS_GPUS_MAX 64

/* A member that is true, false, or neither. */
enum aver_nras_says {
    AVER_NRAS_SILENT = 0, /* absent, or of another type */
    AVER_NRAS_TRUE,
    AVER_NRAS_FALSE
};

/* What every token of it says. Texts: cut; other characters than printable
 * ones as '?'; "" if absent. */
struct aver_nras_token {
    struct aver_jwt jwt;
    char issuer[64];
    bool has_times; /* nbf and exp, both */
    int64_t not_before, expires;
    enum { AVER_NRAS_NO_NONCE = 0, AVER_NRAS_NONCE, AVER_NRAS_BAD_NONCE } nonce;
    uint8_t eat_nonce[32];
};

struct aver_nras_gpu {
    char name[32]; /* "GPU-0" */
    bool came;     /* its token came along: what follows but the digest */
    struct aver_nras_token token;
    char measres[24], dbgstat[24];
    enum aver_nras_says secboot;
    char hwmodel[48], driver[32], vbios[32], ueid[64];
    char error[96]; /* why the service says nothing about it */
    bool listed;    /* the overall token names it: what follows */
    bool has_digest;
    uint8_t digest[32]; /* SHA-256 of its token's text */
};

struct aver_nras {
    struct aver_ec *ec;           /* the two are the caller's to set, */
    const struct aver_jwks *jwks; /* before rows look at them */
    char fault[200];              /* why it cannot be read; "" if it can */
    struct aver_nras_token overall;
    enum aver_nras_says result;
    char version[16]; /* of the claims: "2.0" */
    unsigned n;
    struct aver_nras_gpu gpu[AVER_NRAS_GPUS_MAX];
};

/* NULL when memory is short, and then alone. Copies what it keeps. */
struct aver_nras *aver_nras_parse(struct aver_bytes in);
void aver_nras_free(struct aver_nras *r);

#endif
