/* SPDX-License-Identifier: Apache-2.0
 *
 * evidence: is what came back what was asked for? Only that: whether it is
 * genuine is for verifiers to judge. */
#ifndef AVER_ATTEST_EVIDENCE_H
#define AVER_ATTEST_EVIDENCE_H

#include "base/buf.h"

#define EVIDENCE_ARCH_MAX 16
#define EVIDENCE_GPU_MAX 64

/* 0 if `quote` is a TDX quote (version 4, or 5 with a TD report) over exactly
 * these 64 bytes. */
AVER_MUST_CHECK int evidence_check_quote(struct aver_bytes quote,
                                         const uint8_t report_data[static 64],
                                         struct aver_error *err);

/* 0 if `list` is a JSON array of GPU evidence in which every report holds
 * `nonce`. `arch` becomes the first GPU's, "NONE" when the list is empty. */
AVER_MUST_CHECK int evidence_check_gpus(struct aver_bytes list,
                                        const uint8_t nonce[static 32],
                                        char arch[static EVIDENCE_ARCH_MAX],
                                        struct aver_error *err);

#endif
