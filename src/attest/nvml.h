/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml: what we use of NVIDIA's management library: struct layouts and
 * numbers of nvml.h. There is no package with the header; sizes are checked at
 * compile time. */
#ifndef AVER_ATTEST_NVML_H
#define AVER_ATTEST_NVML_H

#include "attest/gpu_item.h"

#define NVML_GPU_MAX 64u
#define NVML_SETTINGS_VERSION 0x01000014u
#define NVML_DRIVER_MAX 80

enum nvml_arch { NVML_HOPPER = 9, NVML_BLACKWELL = 10 };
enum nvml_multi_gpu { NVML_MULTI_NONE = 0, NVML_MULTI_PPCIE, NVML_MULTI_NVLE };

struct nvml_certificate {
    uint32_t chain_size, attestation_size;
    uint8_t chain[0x1000]; /* of the session's key; not ours to give out */
    uint8_t attestation[GPU_CHAIN_MAX];
};
_Static_assert(sizeof(struct nvml_certificate) == 9224, "as in nvml.h");

struct nvml_report {
    uint32_t is_cec_present, report_size, cec_size;
    uint8_t nonce[32]; /* in */
    uint8_t report[GPU_REPORT_MAX];
    uint8_t cec[0x1000];
};
_Static_assert(sizeof(struct nvml_report) == 12332, "as in nvml.h");

struct nvml_cc_state {
    uint32_t environment, feature, dev_tools;
};
_Static_assert(sizeof(struct nvml_cc_state) == 12, "as in nvml.h");

/* Of newer drivers. */
struct nvml_cc_settings {
    uint32_t version; /* in: NVML_SETTINGS_VERSION */
    uint32_t environment, feature, dev_tools, multi_gpu;
};
_Static_assert(sizeof(struct nvml_cc_settings) == 20, "as in nvml.h");

struct nvml_cc_capabilities {
    uint32_t cpu, gpus;
};
_Static_assert(sizeof(struct nvml_cc_capabilities) == 8, "as in nvml.h");

/* The library, and what we call of it; nothing that changes a GPU. */
struct nvml_library {
    void *handle;
    bool started;
    int (*init)(unsigned flags);
    int (*count)(unsigned *);
    int (*device)(unsigned, void **);
    int (*arch)(void *, unsigned *);
    int (*certificate)(void *, struct nvml_certificate *);
    int (*report)(void *, struct nvml_report *);
    int (*cc_state)(struct nvml_cc_state *);
    /* NULL where the driver has it not. */
    int (*cc_settings)(struct nvml_cc_settings *);
    int (*cc_capabilities)(struct nvml_cc_capabilities *);
    int (*ready_state)(unsigned *);
    int (*driver_version)(char *, unsigned);
};

/* Finds library and functions. 0, or -1 with `err`, and the state in `s`. */
AVER_MUST_CHECK int nvml_load(struct nvml_library *l, const char *path,
                              struct gpu_status *s, struct aver_error *err);
void nvml_unload(struct nvml_library *l);
/* Loads and initialises it, once in its life; can take seconds. */
AVER_MUST_CHECK int nvml_start(struct nvml_library *l, const char *path,
                               struct gpu_status *s, struct aver_error *err);
/* Fails with what this number of a call means. */
int nvml_fail(struct gpu_status *s, struct aver_error *err, const char *call,
              int number);
/* The same of a call about one GPU. */
int nvml_fail_gpu(struct gpu_status *s, struct aver_error *err,
                  const char *call, unsigned gpu, int number);

/* What the driver says of itself, into `s`: version, environment, mode, does
 * it accept work. -1 if GPUs in this mode are not confidential. */
AVER_MUST_CHECK int nvml_mode(const struct nvml_library *l,
                              struct gpu_status *s, struct aver_error *err);
AVER_MUST_CHECK int nvml_count(const struct nvml_library *l, unsigned *count,
                               struct gpu_status *s, struct aver_error *err);
/* A GPU's handle, and what its kind is called in evidence. */
AVER_MUST_CHECK int nvml_open_gpu(const struct nvml_library *l, unsigned i,
                                  void **device, const char **arch,
                                  struct gpu_status *s, struct aver_error *err);

#endif
