/* SPDX-License-Identifier: Apache-2.0
 *
 * code_checks: the functions behind the rows of code_rows.c, one a row. Each
 * looks at parsed facts alone. */
#ifndef AVER_VERIFY_CODE_CHECKS_H
#define AVER_VERIFY_CODE_CHECKS_H

#include "verify/rows.h"

#define AVER_CODE_CHECK(name)                                                  \
    enum aver_result name(const struct aver_subject *s, struct aver_note *why)

AVER_CODE_CHECK(aver_check_code_log);
AVER_CODE_CHECK(aver_check_code_runtime);
AVER_CODE_CHECK(aver_check_code_replay);
AVER_CODE_CHECK(aver_check_code_ready);
AVER_CODE_CHECK(aver_check_code_compose);
AVER_CODE_CHECK(aver_check_code_config_id);
AVER_CODE_CHECK(aver_check_code_image);
AVER_CODE_CHECK(aver_check_code_aggregated);
AVER_CODE_CHECK(aver_check_code_expected);

/* True if the log is readable. */
bool aver_code_readable(const struct aver_subject *s);
/* True if register 3 holds exactly the runtime events of the log, so that
 * their names and payloads are the guest's own words. */
bool aver_code_proven(const struct aver_subject *s);
/* A value of those events, empty if it is not there or not proven. */
struct aver_bytes aver_code_fact(const struct aver_subject *s,
                                 enum aver_code_value i);
/* True if MRTD and RTMR 0 to 2 are those of the image that vm_config names. */
bool aver_code_image_holds(const struct aver_subject *s);

#endif
