/* SPDX-License-Identifier: Apache-2.0
 *
 * ccel: the binary event log that firmware leaves behind (TCG2 crypto agile
 * log in the CCEL of ACPI), read into the list of eventlog.h: register, type
 * and SHA-384 digest. What it says of an event beyond that is not measured
 * and not kept. */
#ifndef AVER_VERIFY_CCEL_H
#define AVER_VERIFY_CCEL_H

#include "verify/eventlog.h"

/* True if the bytes begin as such a log does. */
bool aver_ccel_is(struct aver_bytes in);
/* As aver_eventlog_parse. */
AVER_MUST_CHECK int aver_ccel_parse(struct aver_eventlog *log,
                                    struct aver_bytes in,
                                    struct aver_error *err);

#endif
