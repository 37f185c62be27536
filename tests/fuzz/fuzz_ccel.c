/* SPDX-License-Identifier: Apache-2.0
 *
 * Binary event logs: read or refused, and every event that was read can be
 * replayed. */
#include "verify/ccel.h"
#include "verify/replay.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_eventlog log;
    struct aver_replay r;
    struct aver_error err;

    if (aver_ccel_parse(&log, aver_bytes_of(data, size), &err) != 0)
        return 0;
    assert(log.binary && log.n <= AVER_EVENTS_MAX);
    assert(aver_replay(&r, &log, &err) == 0);
    assert(r.events[0] + r.events[1] + r.events[2] + r.events[3] == log.n);
    aver_eventlog_free(&log);
    return 0;
}
