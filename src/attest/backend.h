/* SPDX-License-Identifier: Apache-2.0
 *
 * backend: who makes evidence. One row a kind of TEE, one row a kind of GPU;
 * a new kind is a new row in backend.c. Rows answer in plain blocking code:
 * they run in the collector, which is killed when it overruns. */
#ifndef AVER_ATTEST_BACKEND_H
#define AVER_ATTEST_BACKEND_H

#include "attest/attest.h"
#include "attest/gpu_status.h"
#include "attest/holding.h"

#define REPORT_MAX ((size_t)16 << 20)  /* bytes of a report */
#define EVIDENCE_MAX ((size_t)4 << 20) /* bytes of each part of it */
#define QUOTE_MAX ((size_t)1 << 20)

#define DSTACK_LIMIT_MS 30000
#define TSM_LIMIT_MS 30000
#define NVML_LIMIT_MS 60000
#define SIMULATOR_LIMIT_MS 10000

/* When a step that may last so long is said to be slow. */
static inline int attest_slow_ms(int limit_ms)
{
    return limit_ms < 60000 ? limit_ms / 6 : 10000;
}

/* What a CPU backend gives. Parts that it has not stay empty. */
struct cpu_evidence {
    struct aver_buf quote;     /* raw bytes */
    struct aver_buf event_log; /* text of a JSON array */
    struct aver_buf info;      /* text of a JSON object: dstack's /Info */
    struct aver_buf vm_config; /* text, as the agent gave it */
};
void cpu_evidence_init(struct cpu_evidence *e);
void cpu_evidence_clear(struct cpu_evidence *e);

/* Each function: 0, or -1 with `err`, whose code tells what happened (see
 * attest_status_of). `state` is what open left there; close takes NULL. */
struct cpu_backend {
    const char *name; /* as in the option `tee` */
    enum attest_tee_choice choice;
    enum attest_tee tee;
    bool simulated;
    int limit_ms; /* for one quote */
    /* Is it on this machine? Asked for `tee auto`; NULL: never chosen. */
    bool (*present)(const struct attest_config *config);
    int (*open)(void **state, const struct attest_config *config, unsigned uid,
                unsigned gid, struct aver_error *err);
    int (*quote)(void *state, const uint8_t report_data[static 64],
                 struct cpu_evidence *out, struct aver_error *err);
    void (*close)(void *state);
    /* Appends what a verifier needs beside its quotes at that time, if it is
     * known without asking anybody; NULL: it is not. */
    int (*endorsements)(int64_t at, struct aver_buf *out,
                        struct aver_error *err);
};

/* What a GPU backend gives: texts of JSON arrays, {certificate, evidence,
 * arch} a device, as in nvidia_payload. */
struct gpu_evidence {
    struct aver_buf gpus, switches; /* of NVSwitches; empty: there are none */
    struct gpu_status status;       /* also where it fails */
};
void gpu_evidence_init(struct gpu_evidence *e);
void gpu_evidence_clear(struct gpu_evidence *e);

struct gpu_backend {
    const char *name; /* as in the option `gpu` */
    bool simulated;
    int limit_ms; /* for all GPUs together */
    /* With `*found` false there is nothing here that could attest, which is
     * no failure; `err` and `status` say what is missing. */
    int (*open)(void **state, const struct attest_config *config, bool *found,
                struct gpu_status *status, struct aver_error *err);
    /* out->status comes as it was left the last time. */
    int (*evidence)(void *state, const uint8_t nonce[static 32],
                    struct gpu_evidence *out, struct aver_error *err);
    void (*close)(void *state);
};

extern const struct cpu_backend cpu_dstack, cpu_tsm;
extern const struct gpu_backend gpu_nvml;

enum attest_step {
    ATTEST_STEP_NONE = 0,
    ATTEST_STEP_CPU,
    ATTEST_STEP_GPU,
    ATTEST_STEP_ENDORSEMENTS,
    ATTEST_STEPS
};

/* Complete here, so that tests can put a backend of their own in. */
struct attest_backends {
    const struct cpu_backend *cpu;
    void *cpu_state;
    const struct gpu_backend *gpu;
    void *gpu_state;
    int gpu_limit_ms; /* 0: the backend's own */
    struct gpu_status gpu_status;
    /* If set, told before each step how long it may take. */
    void (*on_step)(void *ctx, enum attest_step step, int limit_ms);
    /* If set, told how the GPUs are after each question to them; `why`: of a
     * failure. */
    void (*on_gpu)(void *ctx, const struct gpu_status *status, const char *why);
    /* If set, told of each report's subject (holding.h), and of each look at
     * the endorsements. */
    void (*on_subject)(void *ctx, struct aver_bytes subject);
    void (*on_endorsements)(void *ctx, const struct holding *h);
    void *ctx;
    struct holding *holding; /* NULL: no endorsements */
};

enum attest_status attest_status_of(enum aver_error_code code);

#endif
