/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_item: one device's evidence as a vendor's library handed it out: is it
 * of a possible size, is it about our nonce? Then it becomes an item of
 * evidence_list. Whether it is genuine is for verifiers to judge. */
#ifndef AVER_ATTEST_GPU_ITEM_H
#define AVER_ATTEST_GPU_ITEM_H

#include "attest/gpu_status.h"

/* Sizes of the libraries' buffers, the same for GPUs and NVSwitches. */
#define GPU_CHAIN_MAX 0x1400u
#define GPU_REPORT_MAX 0x2000u

struct gpu_item {
    const char *kind; /* "GPU" or "NVSwitch" */
    unsigned index;
    const char *arch; /* as NVIDIA's service calls it */
    const uint8_t *chain, *report;
    uint32_t chain_size, report_size; /* as the library says */
    /* What is wrong if something is. */
    enum gpu_state bad_chain, bad_report, wrong_nonce;
};

/* Appends it to the open JSON array `list`. 0, or -1 with `err`, and the state
 * in `s`. */
AVER_MUST_CHECK int gpu_item_put(struct aver_buf *list,
                                 const struct gpu_item *item,
                                 const uint8_t nonce[static 32],
                                 struct gpu_status *s, struct aver_error *err);

#endif
