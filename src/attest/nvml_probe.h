/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml_probe: is there a GPU that can attest? Asked once, at the start. */
#ifndef AVER_ATTEST_NVML_PROBE_H
#define AVER_ATTEST_NVML_PROBE_H

#include "attest/nvml.h"

/* With neither there is nothing here that could attest. */
struct nvml_probe {
    uint32_t found;
    uint32_t broken; /* there is a GPU, but it cannot or may not be used */
    struct gpu_status status;
    struct aver_error why; /* unless it is found */
};

/* Asks in a child, which is killed after `limit_ms`. 0, or -1 with `err` if
 * there is no child. */
AVER_MUST_CHECK int nvml_probe(struct nvml_probe *p, const char *path,
                               int limit_ms, struct aver_error *err);
/* Asks in this very process. */
void nvml_look(struct nvml_probe *p, struct nvml_library *l, const char *path);

#endif
