/* SPDX-License-Identifier: Apache-2.0
 *
 * nras_checks: the functions behind the rows of nras_rows.c, one a row. */
#ifndef AVER_VERIFY_NRAS_CHECKS_H
#define AVER_VERIFY_NRAS_CHECKS_H

#include "verify/nras.h"
#include "verify/report_checks.h"

AVER_CHECK(aver_check_nras_shape);
AVER_CHECK(aver_check_nras_signature);
AVER_CHECK(aver_check_nras_issuer);
AVER_CHECK(aver_check_nras_time);
AVER_CHECK(aver_check_nras_submods);
AVER_CHECK(aver_check_nras_nonce);
AVER_CHECK(aver_check_nras_result);

/* True if what the service says of it is what a sound GPU's token says. */
bool aver_nras_gpu_sound(const struct aver_nras_gpu *g);

#endif
