/* SPDX-License-Identifier: Apache-2.0
 *
 * endorse: what the parts of `aver endorse` share: what was asked for, what was
 * done about one platform, or the devices of one list of GPUs, and how it says
 * so. */
#ifndef AVER_CLI_ENDORSE_H
#define AVER_CLI_ENDORSE_H

#include "attest/bundle.h"
#include "attest/gpu_needs.h"
#include "cli/endorsements.h"
#include "cli/gpu_texts.h"
#include "cli/https.h"
#include "cli/platforms.h"

#include <jansson.h>

#define ENDORSE_LIMIT_MS 30000 /* for one platform, or one list of GPUs */

struct endorse_options {
    const char *pccs, *rim_service, *ocsp_service, *only, *cache, *update, *out,
        *at, *trust, *gpu_root, *rim_root;
    bool refresh, offline, json, quiet;
};

struct job {
    const struct endorse_options *o;
    char folder[ENDORSEMENTS_PATH_MAX];
    int64_t now;
    struct https *https; /* loaded when first needed */
    struct platforms platforms;
    struct gpu_texts gpus;
    struct aver_buf before; /* --out: what the file held */
    json_t *rims, *ocsp;    /* --out: what goes into it, of NVIDIA's */
    json_t *said;           /* for --json */
    struct gpu_roots roots;
    bool simulated, refused, failed;
};

enum endorse_result {
    ENDORSE_FAILED = 0, /* there is nothing valid: could not be fetched */
    ENDORSE_REFUSED,    /* something came, and is not genuine */
    ENDORSE_KEPT,       /* there, and not due */
    ENDORSE_FETCHED,    /* fetched and written */
};

struct endorsed {
    struct pcs_platform platform;
    struct aver_bytes quote;          /* a view of one of such a platform */
    char path[ENDORSEMENTS_PATH_MAX]; /* of the file */
    struct bundle bundle;             /* understood, if `result` is one of the
                                         last two */
    char from[PCS_ITEMS][128]; /* hosts that answered; "" if none was asked */
    enum endorse_result result;
    char reason[400]; /* why it failed or was refused, or is not renewed */
};

/* The same for the devices of one list; said[i] is about needs.need[i]. */
struct endorsed_gpus {
    struct gpu_needs needs;
    const char *place;          /* the folder, or the file, for people */
    enum endorse_result result; /* the worst of all */
    char reason[400];           /* why there are no needs */
    struct endorsed_document {
        enum endorse_result result;
        char from[128]; /* the host that answered; "" if none was asked */
        char reason[400];
    } said[GPU_NEEDS_MAX];
};

/* endorse.c: loads libcurl, if that is not done yet, and sets the limit. */
AVER_MUST_CHECK int endorse_connect(struct job *job, struct aver_error *err);
/* endorse_gpu.c: everything about the evidence in one text. */
void endorse_gpus(struct job *job, struct aver_bytes evidence);
/* With --out: what has been gathered, into the file. */
AVER_MUST_CHECK int endorse_gpus_out(struct job *job, struct aver_error *err);
/* Removes answers from the folder that ended long ago. */
void endorse_gpus_prune(const struct job *job);

/* endorse_print.c: an item a line. */
void endorse_print(const struct endorsed *e);
void endorse_print_gpus(const struct endorsed_gpus *e);
/* The same as an object; the caller owns it. */
json_t *endorse_object(const struct endorsed *e);
json_t *endorse_gpus_object(const struct endorsed_gpus *e);

#endif
