/* SPDX-License-Identifier: Apache-2.0
 *
 * agent: reads what a dstack guest agent answers. No I/O. */
#ifndef AVER_ATTEST_AGENT_H
#define AVER_ATTEST_AGENT_H

#include "attest/backend.h"

/* The answer to GetQuote, or to the legacy TdxQuote. Fills quote, event_log
 * and vm_config of `out`. -1 if it is not of the right form, or echoes another
 * report_data. */
AVER_MUST_CHECK int agent_read_quote(struct cpu_evidence *out,
                                     struct aver_bytes body,
                                     const uint8_t report_data[static 64],
                                     struct aver_error *err);

/* The answer to Info: fills out->info, and out->vm_config if it is still
 * empty. */
AVER_MUST_CHECK int agent_read_info(struct cpu_evidence *out,
                                    struct aver_bytes body,
                                    struct aver_error *err);

#define AGENT_EXCERPT 200
/* The first bytes of an answer for the log: printable ASCII, all else as
 * dots. */
void agent_excerpt(char out[static AGENT_EXCERPT + 1], struct aver_bytes body);

#endif
