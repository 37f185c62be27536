/* SPDX-License-Identifier: Apache-2.0
 *
 * eventlog: what was extended into the runtime measurement registers (RTMR),
 * event by event. Reads the JSON of dstack (docs/VERIFYING.md); ccel.h reads
 * the binary log of firmware into the same list. Judges nothing: whether the
 * events are those that the registers hold is for replay.h. */
#ifndef AVER_VERIFY_EVENTLOG_H
#define AVER_VERIFY_EVENTLOG_H

#include "base/buf.h"

#define AVER_EVENTLOG_MAX ((size_t)1 << 20)
#define AVER_EVENTS_MAX 1024
#define AVER_EVENT_RUNTIME 0x08000001u /* written by the guest's programs */

struct aver_event {
    uint8_t imr; /* 0 to 3: into which RTMR */
    uint32_t type;
    bool has_digest; /* runtime events may come without */
    uint8_t digest[48];
    unsigned version;           /* 1 or 2: how a runtime event is hashed */
    struct aver_bytes name;     /* UTF-8 without NUL */
    struct aver_bytes payload;  /* decoded */
    bool has_preimage;          /* always with version 2 */
    struct aver_bytes preimage; /* decoded */
};

struct aver_eventlog {
    bool binary; /* digests alone: no name and no payload is kept */
    unsigned n;
    struct aver_event *events;
    struct aver_buf texts; /* what names, payloads and preimages are views of */
};

/* A JSON array, or a JSON string that holds one. 0 with the list, which
 * aver_eventlog_free releases; -1 with a sentence that names event and member,
 * and nothing to release. */
AVER_MUST_CHECK int aver_eventlog_parse(struct aver_eventlog *log,
                                        struct aver_bytes in,
                                        struct aver_error *err);
void aver_eventlog_free(struct aver_eventlog *log);

/* For parsers: an empty list, and one more event at its end. -1 with `err` if
 * there are too many, or memory is short. */
void aver_eventlog_init(struct aver_eventlog *log);
AVER_MUST_CHECK int aver_eventlog_add(struct aver_eventlog *log,
                                      const struct aver_event *e,
                                      struct aver_error *err);

#endif
