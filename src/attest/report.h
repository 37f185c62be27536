/* SPDX-License-Identifier: Apache-2.0
 *
 * report: the JSON around the evidence (docs/PROTOCOL.md, "report"). It only
 * writes; what it is given was checked before. */
#ifndef AVER_ATTEST_REPORT_H
#define AVER_ATTEST_REPORT_H

#include "attest/backend.h"
#include "attest/evidence.h"

struct report {
    const struct attest_config *config;
    const struct attest_identity *who;
    enum attest_algo algo;
    enum attest_layout layout;
    const uint8_t *nonce; /* 32 bytes */
    const struct cpu_evidence *cpu;
    struct aver_bytes gpu_list;     /* text of a JSON array */
    struct aver_bytes switch_list;  /* the same of NVSwitches, or empty */
    struct aver_bytes endorsements; /* text of a JSON object; empty: none */
    struct aver_bytes statement;    /* of layout C; else empty */
    uint8_t gpu_digest[32], switch_digest[32]; /* with it */
    char gpu_arch[EVIDENCE_ARCH_MAX], switch_arch[EVIDENCE_ARCH_MAX];
    bool cpu_simulated, gpu_simulated;
};

/* Fills digests and statement, into `text`: the GPUs' evidence must be there.
 * -1 with `err` when `text` reaches its maximum. */
AVER_MUST_CHECK int report_state(struct report *r, struct aver_buf *text,
                                 struct aver_error *err);
/* Appends the report. 0, or -1 with `err` when a part is not the JSON that it
 * must be, or `out` reaches its maximum. */
AVER_MUST_CHECK int report_write(struct aver_buf *out, const struct report *r,
                                 struct aver_error *err);

#endif
