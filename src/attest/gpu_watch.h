/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_watch: how the GPUs are, as of the last report; what of that is logged;
 * and when to try again after they failed. No I/O but lines for the log. */
#ifndef AVER_ATTEST_GPU_WATCH_H
#define AVER_ATTEST_GPU_WATCH_H

#include "attest/collector.h"

#define GPU_WATCH_MIN_MS 5000 /* between tries, while they fail */
#define GPU_WATCH_MAX_MS 60000

struct gpu_watch {
    struct gpu_status status;
    uint64_t due_ms, pause_ms; /* due: UINT64_MAX while they are well */
};

void gpu_watch_init(struct gpu_watch *w, const struct gpu_status *status);
/* What a report found out; `why`: of a failure. True if that is other than
 * before. */
bool gpu_watch_hear(struct gpu_watch *w, const struct gpu_status *status,
                    const char *why, uint64_t now_ms);
/* True if a report should be tried now, so that it is known when they are well
 * again; not again before gpu_watch_hear or gpu_watch_later. */
bool gpu_watch_due(struct gpu_watch *w, uint64_t now_ms);
void gpu_watch_later(struct gpu_watch *w, uint64_t now_ms);

#endif
