/* SPDX-License-Identifier: Apache-2.0
 *
 * report_checks: the functions behind the rows of report_rows.c, one a row.
 * Each looks at parsed facts alone. */
#ifndef AVER_VERIFY_REPORT_CHECKS_H
#define AVER_VERIFY_REPORT_CHECKS_H

#include "verify/rows.h"

#define AVER_CHECK(name)                                                       \
    enum aver_result name(const struct aver_subject *s, struct aver_note *why)

AVER_CHECK(aver_check_report_shape);
AVER_CHECK(aver_check_quote_agrees);
AVER_CHECK(aver_check_same_machine);
AVER_CHECK(aver_check_key_address);
AVER_CHECK(aver_check_report_data);
AVER_CHECK(aver_check_report_address);
AVER_CHECK(aver_check_tls_key);
AVER_CHECK(aver_check_nonce_echo);
AVER_CHECK(aver_check_fresh);

/* True if the report has a shape that the other rows can read. */
bool aver_report_usable(const struct aver_report *r);

/* True if GPUs are shown by the reports beside it, and not by this one; says
 * so. */
bool aver_report_others_have_gpus(const struct aver_subject *s,
                                  struct aver_note *why);
/* What the GPUs must have been asked with: the report's nonce; by an instance,
 * which names none, the first half of what its quote holds. NULL: not known. */
const uint8_t *aver_report_nonce_for_gpus(const struct aver_report *r);

#endif
