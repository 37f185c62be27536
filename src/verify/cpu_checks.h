/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu_checks: the functions behind the rows of cpu_rows.c, one a row. Each
 * looks at parsed facts (cpu.h) and at signatures. */
#ifndef AVER_VERIFY_CPU_CHECKS_H
#define AVER_VERIFY_CPU_CHECKS_H

#include "verify/rows.h"

#define AVER_CPU_CHECK(name)                                                   \
    enum aver_result name(const struct aver_subject *s, struct aver_note *why)

/* cpu_checks.c: the quote, and what vouches for its platform */
AVER_CPU_CHECK(aver_check_quote_form);
AVER_CPU_CHECK(aver_check_trailing);
AVER_CPU_CHECK(aver_check_pck_chain);
AVER_CPU_CHECK(aver_check_qe_report_signature);
AVER_CPU_CHECK(aver_check_qe_report_data);
AVER_CPU_CHECK(aver_check_quote_signature);
AVER_CPU_CHECK(aver_check_debug);
AVER_CPU_CHECK(aver_check_attributes);
AVER_CPU_CHECK(aver_check_service_td);

/* endorsement_checks.c: what Intel says about it */
AVER_CPU_CHECK(aver_check_lists);
AVER_CPU_CHECK(aver_check_revoked);
AVER_CPU_CHECK(aver_check_tcb_signer);
AVER_CPU_CHECK(aver_check_tcb_info_signature);
AVER_CPU_CHECK(aver_check_qe_identity_signature);
AVER_CPU_CHECK(aver_check_endorsements);
AVER_CPU_CHECK(aver_check_begun);
AVER_CPU_CHECK(aver_check_not_expired);

/* tcb_checks.c: how well it is kept */
AVER_CPU_CHECK(aver_check_tcb_match);
AVER_CPU_CHECK(aver_check_qe_identity);
AVER_CPU_CHECK(aver_check_module);
AVER_CPU_CHECK(aver_check_tcb_level);
AVER_CPU_CHECK(aver_check_tcb_revoked);
AVER_CPU_CHECK(aver_check_tcb_status);
AVER_CPU_CHECK(aver_check_recent);
AVER_CPU_CHECK(aver_check_platform);

/* True if the key of the certificate is the root that the policy trusts. */
bool aver_is_root(const struct aver_link *l, const struct aver_policy *p);
/* True if the root's certificate is signed by itself. */
bool aver_root_signed(struct aver_ec *ec, struct aver_link *root);
/* The certificates of the platform, in the words of a row that needs them. */
extern const char aver_no_chain[];

#endif
