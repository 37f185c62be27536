/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: what the four registers must hold if an event log is true
 * (docs/VERIFYING.md). Digests of runtime events are recomputed from name
 * and payload, never believed; those of boot events can only be taken as they
 * are: their names and payloads are nobody's word. */
#ifndef AVER_VERIFY_REPLAY_H
#define AVER_VERIFY_REPLAY_H

#include "verify/eventlog.h"

/* What an event extends its register by: for a runtime event of a JSON log
 * recomputed, else the digest that the log gives. -1 if memory is short. */
AVER_MUST_CHECK int aver_event_digest(uint8_t out[static 48],
                                      const struct aver_event *e, bool binary,
                                      struct aver_error *err);

struct aver_replay {
    uint8_t rtmr[4][48];
    unsigned events[4]; /* how many each register has */
};
/* -1 if memory is short. */
AVER_MUST_CHECK int aver_replay(struct aver_replay *r,
                                const struct aver_eventlog *log,
                                struct aver_error *err);

/* Whether the runtime events of a JSON log hold together: all of them in
 * register 3 and nothing else there; digest and preimage, where they are
 * given, those of name and payload; no ":" in a name, since version 1 hashes
 * type:name:payload and the border could be moved; no name twice before the
 * system was ready. 0, or -1 with AVER_EMISMATCH and the first fault. */
AVER_MUST_CHECK int aver_runtime_check(const struct aver_eventlog *log,
                                       struct aver_error *err);
/* True if the log of runtime events reaches system-ready. */
bool aver_runtime_ready(const struct aver_eventlog *log);
/* The first runtime event of that name before system-ready, or NULL. What
 * comes later is the application's word. */
const struct aver_event *aver_runtime_find(const struct aver_eventlog *log,
                                           const char *name);

#endif
