/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb: from the versions that a platform and a quote show to a status, by
 * Intel's rules. Pure arithmetic over parsed documents. */
#ifndef AVER_VERIFY_TCB_H
#define AVER_VERIFY_TCB_H

#include "verify/pck.h"
#include "verify/quote.h"
#include "verify/tcb_info.h"

struct aver_tcb {
    /* Levels that matched; NULL: none. They are views of the documents. */
    const struct aver_tcb_level *platform, *module, *qe;
    const struct aver_tdx_module *identity; /* of the TDX module; NULL: none */
    bool module_known;           /* the module's version is in the TCB info */
    bool relaunch_known;         /* likewise that of the module now running */
    enum aver_tcb_status status; /* merged; NONE unless all levels are there */
};

/* Borrows all, as long as `out` is used. */
void aver_tcb_evaluate(struct aver_tcb *out, const struct aver_quote *q,
                       const struct aver_pck *pck,
                       const struct aver_tcb_info *info,
                       const struct aver_qe_identity *qe);

#define AVER_ADVISORIES_MAX 64
/* Ids of all matched levels without repeats, of which the first
 * AVER_ADVISORIES_MAX are written; returns how many were. */
size_t aver_tcb_advisories(const struct aver_tcb *t,
                           const char *ids[static AVER_ADVISORIES_MAX]);

#endif
