/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_info: the two documents in which Intel says which firmware is current:
 * TCB info (version 3) of a kind of platform, and the identity (version 2) of
 * the quoting enclave (Intel PCS API v4). Reads the signed text, and judges
 * neither signature nor date. */
#ifndef AVER_VERIFY_TCB_INFO_H
#define AVER_VERIFY_TCB_INFO_H

#include "base/json.h"
#include "verify/tcb_status.h"

#define AVER_TCB_TEXT_MAX ((size_t)1 << 20)

/* What holds from a security version on. */
struct aver_tcb_level {
    uint8_t sgx[16], tdx[16];
    uint16_t pcesvn;
    uint16_t isvsvn; /* of a module's or an enclave's level, alone */
    enum aver_tcb_status status;
    int64_t date;
    const json_t *advisories; /* array of ids, or NULL; views of the tree */
};

struct aver_tcb_levels {
    size_t n;
    struct aver_tcb_level *level; /* highest first */
};

struct aver_tdx_module {
    uint8_t mrsigner[48], attributes[8], mask[8];
    uint8_t version;               /* "TDX_xx" */
    struct aver_tcb_levels levels; /* none in the old form */
};

struct aver_tcb_info {
    json_t *tree;
    bool tdx; /* else of SGX */
    int64_t issued, next_update;
    uint8_t fmspc[6], pceid[2];
    uint64_t evaluation; /* number of the data set */
    struct aver_tdx_module module;
    size_t nmodules;
    struct aver_tdx_module *modules;
    struct aver_tcb_levels levels;
};

struct aver_qe_identity {
    json_t *tree;
    bool tdx; /* TD_QE, else QE */
    int64_t issued, next_update;
    uint64_t evaluation;
    uint8_t miscselect[4], miscselect_mask[4];
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mrsigner[32];
    uint16_t isvprodid;
    bool other; /* QVE: no quoting enclave */
    struct aver_tcb_levels levels;
};

/* 0; -1 with `err`, and nothing to clear. The text is the inner object, from
 * its { to its }. */
AVER_MUST_CHECK int aver_tcb_info_parse(struct aver_tcb_info *t,
                                        struct aver_bytes text,
                                        struct aver_error *err);
void aver_tcb_info_clear(struct aver_tcb_info *t);
AVER_MUST_CHECK int aver_qe_identity_parse(struct aver_qe_identity *q,
                                           struct aver_bytes text,
                                           struct aver_error *err);
void aver_qe_identity_clear(struct aver_qe_identity *q);

#endif
