/* SPDX-License-Identifier: Apache-2.0
 *
 * once: a single report for who has no loop of its own. */
#ifndef AVER_ATTEST_ONCE_H
#define AVER_ATTEST_ONCE_H

#include "attest/collector.h"

/* Makes one report in a collector, which is killed if it hangs; JSON appended
 * to `out`. Returns an enum attest_status; unless it is ATTEST_OK, `err` says
 * why. */
enum attest_status attest_once(struct attest_backends *b,
                               const struct attest_config *config,
                               const struct collector_job *job,
                               struct aver_buf *out, struct aver_error *err);

#endif
