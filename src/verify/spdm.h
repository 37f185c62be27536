/* SPDX-License-Identifier: Apache-2.0
 *
 * spdm: one GPU's or switch's report: an SPDM 1.1 GET_MEASUREMENTS request
 * and the MEASUREMENTS response to it (DMTF DSP0274 1.1, 10.11), which must
 * fill the input exactly. Reads, and judges nothing. */
#ifndef AVER_VERIFY_SPDM_H
#define AVER_VERIFY_SPDM_H

#include "verify/flaw.h"

#define AVER_SPDM_BLOCKS_MAX 255

/* A measurement; its index is its place in the list, counted from 1. */
struct aver_spdm_block {
    uint8_t type;            /* DMTF's; bit 7: bytes instead of a digest */
    struct aver_bytes value; /* 48 bytes where it is a SHA-384 */
};

/* Views of the input. */
struct aver_spdm {
    struct aver_bytes nonce; /* 32 bytes, the requester's */
    unsigned n;
    struct aver_spdm_block block[AVER_SPDM_BLOCKS_MAX];
    struct aver_bytes opaque;
    struct aver_bytes message;   /* what is signed: all before the signature */
    struct aver_bytes signature; /* r || s, 96 bytes */
    size_t trailing;             /* zeros behind it; 0 unless allowed */
};

/* 0; -1 with the flaw: "short", "req_version", "req_code", "req_params",
 * "rsp_version", "rsp_code", "record_length", "block", "spec", "dmtf_size",
 * "dup_index", "block_count", "opaque_length", "trailing". Borrows `in` as
 * long as the result is used. `slack`: zeros may stand behind the signature. */
AVER_MUST_CHECK int aver_spdm_parse(struct aver_spdm *r, struct aver_bytes in,
                                    bool slack, struct aver_flaw *flaw);

#endif
