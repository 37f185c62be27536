/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack: quotes from the dstack guest agent, HTTP over a Unix socket. */
#ifndef AVER_ATTEST_DSTACK_H
#define AVER_ATTEST_DSTACK_H

#include "attest/backend.h"

/* Quote and info from the agent at `configured` (NULL: the usual places),
 * within `limit_ms` together. */
AVER_MUST_CHECK int dstack_quote(const char *configured, int limit_ms,
                                 const uint8_t report_data[static 64],
                                 struct cpu_evidence *out,
                                 struct aver_error *err);

#endif
