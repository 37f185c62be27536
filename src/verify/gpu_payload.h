/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_payload: GPU evidence inside a report: the member nvidia_payload, a
 * string that holds the JSON which NVIDIA's service takes, beside it the same
 * of switches, nvswitch_payload; or the list inside it, which Chutes shows as
 * it is. Part of the report parser. */
#ifndef AVER_VERIFY_GPU_PAYLOAD_H
#define AVER_VERIFY_GPU_PAYLOAD_H

#include "verify/member.h"
#include "verify/report.h"

/* Fills the members of `r` whose names begin with has_gpu and gpu. */
void aver_gpu_payload_read(struct aver_report *r,
                           const struct aver_json_member *gpus,
                           const struct aver_json_member *switches,
                           struct aver_bytes source);
/* The same from a list, beside which stands no nonce. */
void aver_gpu_list_read(struct aver_report *r, const struct aver_json_member *m,
                        struct aver_bytes source);

#endif
