/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_needs: what NVIDIA must have said of the devices in one piece of
 * evidence: the RIMs of their firmware, and of each certificate of theirs, and
 * of those who signed the RIMs, whether it was withdrawn. Which of it a set of
 * documents holds, genuine and valid, and when the rest is due. */
#ifndef AVER_ATTEST_GPU_NEEDS_H
#define AVER_ATTEST_GPU_NEEDS_H

#include "verify/gpus.h"

#define GPU_NEEDS_MAX AVER_STAPLES_MAX
#define GPU_NEED_NAME_MAX 128

/* SHA-256 of the keys of those who are trusted: for devices, for RIMs. */
struct gpu_roots {
    uint8_t device[32], rim[32];
};
/* NVIDIA's, or the simulator's. */
struct gpu_roots gpu_roots_of(bool simulated);

/* One document. */
struct gpu_need {
    bool is_rim; /* else an OCSP answer */
    /* "rim-NV_GPU_DRIVER_GH100_550.90.07", "ocsp-" and half the SHA-256 of
     * the certificate: the name of its file, without ".json". */
    char name[GPU_NEED_NAME_MAX];
    char what[160]; /* for people */
    /* A RIM: what it must be about. */
    char id[GPU_NEED_NAME_MAX]; /* what NVIDIA's service calls it */
    char version[32], product[16];
    const char *edition;
    /* An answer: about which certificate, and who issued that. */
    struct aver_link *cert, *by;
    /* What there is of it: one of the two, if anything. */
    struct aver_rim *rim;
    struct aver_staple *staple;
    bool revoked;
    int64_t issued, until, due; /* zero where there is nothing */
    char reason[256];           /* why there is nothing */
};

struct gpu_needs {
    struct aver_endorsements *e; /* where documents are put */
    struct aver_gpu_evidence *evidence;
    struct aver_gpus *gpus;
    int64_t at;
    struct gpu_roots roots;
    size_t n, own;         /* all; those that are known by the evidence alone */
    struct gpu_need *need; /* RIMs first, and their signers last */
};

/* Reads evidence in any form (verify/gpu_evidence.h), and finds out what is
 * needed: the devices must be genuine by their certificates. -1 with
 * AVER_EFORMAT if it cannot be read, AVER_ESIG if it is not genuine. Close it
 * in any case. */
AVER_MUST_CHECK int gpu_needs_open(struct gpu_needs *g,
                                   struct aver_bytes evidence,
                                   const struct gpu_roots *roots, int64_t at,
                                   struct aver_error *err);
void gpu_needs_close(struct gpu_needs *g);
/* Adds a document, in any of the forms of verify/endorsements.h, if all that
 * it holds of the kind is what is needed here: -1 with AVER_EFORMAT if it
 * cannot be read, with AVER_ESIG if it is not genuine, not valid now, or about
 * something else. Look again afterwards. */
AVER_MUST_CHECK int gpu_needs_take(struct gpu_needs *g,
                                   const struct gpu_need *need,
                                   struct aver_bytes document,
                                   struct aver_error *err);
/* Looks at what the set holds by now. A RIM that is there may bring new needs,
 * which come behind the others. */
void gpu_needs_look(struct gpu_needs *g);
/* The file that holds a document, of the name need->name and ".json"; appended
 * to `out`. -1 if there is none. */
typedef int gpu_needs_reader(void *ctx, const char *name, struct aver_buf *out);
/* Has all files read that may be there, and looks. */
void gpu_needs_load(struct gpu_needs *g, gpu_needs_reader *read, void *ctx);
/* Is everything there? */
bool gpu_needs_met(const struct gpu_needs *g);
/* The first end of what is there; and when the first of it is due, or of what
 * is missing: 0. INT64_MAX where nothing is needed. */
int64_t gpu_needs_until(const struct gpu_needs *g);
int64_t gpu_needs_due(const struct gpu_needs *g);
/* Appends what is there as members of an object, `"rims":[…],"ocsp":[…]`; or
 * one document alone. -1 if it does not fit. */
AVER_MUST_CHECK int gpu_needs_write(struct aver_buf *out,
                                    const struct gpu_needs *g,
                                    const struct gpu_need *only);

#endif
