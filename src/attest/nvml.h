/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml: what we use of NVIDIA's management library: struct layouts and
 * numbers. There is no package with the header; sizes are checked at compile
 * time. */
#ifndef AVER_ATTEST_NVML_H
#define AVER_ATTEST_NVML_H

#include <stdint.h>

#define NVML_REPORT_MAX 0x2000u
#define NVML_CHAIN_MAX 0x1400u
#define NVML_GPU_MAX 64u

enum nvml_arch { NVML_HOPPER = 9, NVML_BLACKWELL = 10 };

struct nvml_certificate {
    uint32_t chain_size, attestation_size;
    uint8_t chain[0x1000];
    uint8_t attestation[NVML_CHAIN_MAX];
};
_Static_assert(sizeof(struct nvml_certificate) == 9224, "as in nvml.h");

struct nvml_report {
    uint32_t is_cec_present, report_size, cec_size;
    uint8_t nonce[32]; /* in */
    uint8_t report[NVML_REPORT_MAX];
    uint8_t cec[0x1000];
};
_Static_assert(sizeof(struct nvml_report) == 12332, "as in nvml.h");

struct nvml_cc_state {
    uint32_t environment, feature, dev_tools;
};
_Static_assert(sizeof(struct nvml_cc_state) == 12, "as in nvml.h");

#endif
