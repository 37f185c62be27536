/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_status: words, and how two of them converge, as Intel's quote
 * verification library has it. */
#include "verify/tcb_status.h"

static const char *const names[AVER_TCB_STATUSES] = {
    [AVER_TCB_NONE] = "none",
    [AVER_TCB_UP_TO_DATE] = "UpToDate",
    [AVER_TCB_SW_HARDENING] = "SWHardeningNeeded",
    [AVER_TCB_CONFIGURATION] = "ConfigurationNeeded",
    [AVER_TCB_CONFIGURATION_SW] = "ConfigurationAndSWHardeningNeeded",
    [AVER_TCB_OUT_OF_DATE] = "OutOfDate",
    [AVER_TCB_OUT_OF_DATE_CONFIGURATION] = "OutOfDateConfigurationNeeded",
    [AVER_TCB_RELAUNCH] = "TDRelaunchAdvised",
    [AVER_TCB_RELAUNCH_CONFIGURATION] = "TDRelaunchAdvisedConfigurationNeeded",
    [AVER_TCB_REVOKED] = "Revoked",
};

const char *aver_tcb_status_name(enum aver_tcb_status s)
{
    return names[s];
}

int aver_tcb_status_parse(enum aver_tcb_status *s, struct aver_bytes text)
{
    for (unsigned i = AVER_TCB_UP_TO_DATE; i < AVER_TCB_STATUSES; i++)
        if (aver_bytes_is(text, names[i])) {
            *s = (enum aver_tcb_status)i;
            return 0;
        }
    return -1;
}

bool aver_tcb_status_of_level(enum aver_tcb_status s)
{
    return s != AVER_TCB_NONE && s != AVER_TCB_RELAUNCH &&
           s != AVER_TCB_RELAUNCH_CONFIGURATION;
}

bool aver_tcb_status_of_part(enum aver_tcb_status s)
{
    return s == AVER_TCB_UP_TO_DATE || s == AVER_TCB_OUT_OF_DATE ||
           s == AVER_TCB_REVOKED;
}

enum aver_tcb_status aver_tcb_status_merge(enum aver_tcb_status level,
                                           enum aver_tcb_status part)
{
    if (part == AVER_TCB_REVOKED)
        return AVER_TCB_REVOKED;
    if (part != AVER_TCB_OUT_OF_DATE)
        return level;
    switch (level) {
    case AVER_TCB_UP_TO_DATE:
    case AVER_TCB_SW_HARDENING:
        return AVER_TCB_OUT_OF_DATE;
    case AVER_TCB_CONFIGURATION:
    case AVER_TCB_CONFIGURATION_SW:
        return AVER_TCB_OUT_OF_DATE_CONFIGURATION;
    default:
        return level;
    }
}
