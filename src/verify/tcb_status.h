/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_status: how well a platform is kept, in Intel's words. */
#ifndef AVER_VERIFY_TCB_STATUS_H
#define AVER_VERIFY_TCB_STATUS_H

#include "base/bytes.h"
#include "base/error.h"

enum aver_tcb_status {
    AVER_TCB_NONE = 0, /* there is no such part, or it was not judged */
    AVER_TCB_UP_TO_DATE,
    AVER_TCB_SW_HARDENING,
    AVER_TCB_CONFIGURATION,
    AVER_TCB_CONFIGURATION_SW,
    AVER_TCB_OUT_OF_DATE,
    AVER_TCB_OUT_OF_DATE_CONFIGURATION,
    AVER_TCB_RELAUNCH,
    AVER_TCB_RELAUNCH_CONFIGURATION,
    AVER_TCB_REVOKED,
    AVER_TCB_STATUSES,
};

/* "UpToDate", …; "none". */
const char *aver_tcb_status_name(enum aver_tcb_status s);
/* -1 for a word that is no status. */
AVER_MUST_CHECK int aver_tcb_status_parse(enum aver_tcb_status *s,
                                          struct aver_bytes text);
/* Of a level of a platform (TCB info): the relaunch ones never stand there. */
bool aver_tcb_status_of_level(enum aver_tcb_status s);
/* Of a TDX module or a quoting enclave: UpToDate, OutOfDate or Revoked. */
bool aver_tcb_status_of_part(enum aver_tcb_status s);
/* What a platform's status becomes by that of one of its parts (Intel's
 * convergence). */
enum aver_tcb_status aver_tcb_status_merge(enum aver_tcb_status level,
                                           enum aver_tcb_status part);

#endif
