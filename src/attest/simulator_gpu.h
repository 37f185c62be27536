/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_gpu: the parts of the simulator's GPU evidence, between its own
 * source files. */
#ifndef AVER_ATTEST_SIMULATOR_GPU_H
#define AVER_ATTEST_SIMULATOR_GPU_H

#include "attest/simulator_pki.h"

#define SIMULATOR_REPORT_MAX 8192 /* the driver's buffer */

/* What makes a report: the chip and the mode. The first three are those of
 * enum simulator_gpus. */
enum simulator_kind {
    KIND_H100 = SIMULATOR_H100,
    KIND_HGX = SIMULATOR_HGX,
    KIND_B200 = SIMULATOR_B200,
    KIND_SWITCH,
    KINDS,
};
const struct simulator_chip *simulator_chip_of(enum simulator_kind kind);

/* Appends the signed report of a device: `index` is its place among its
 * chip's. */
AVER_MUST_CHECK int simulator_report(struct aver_buf *out,
                                     enum simulator_kind kind, unsigned index,
                                     const uint8_t nonce[static 32],
                                     struct aver_error *err);

/* Appends an OCSP response that says "good", DER. */
AVER_MUST_CHECK int simulator_ocsp_answer(struct aver_buf *out,
                                          const struct simulator_asked *about,
                                          int64_t at, struct aver_error *err);

#endif
