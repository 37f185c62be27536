/* SPDX-License-Identifier: Apache-2.0
 *
 * sse: looks at an event stream (WHATWG HTML 9.2.6) as it passes, in pieces
 * cut anywhere, and never changes a byte. The scanner answers two questions
 * for the relay: what is the answer's id, and how many bytes may be released
 * before the line "data: [DONE]". The reader gives whole events to a client. */
#ifndef AVER_NET_SSE_H
#define AVER_NET_SSE_H

#include "base/json.h"

/* Fields belong to sse.c, but for those named here. It points into itself:
 * not to be moved once fed. */
struct sse_scan {
    bool done; /* a line whose data is exactly [DONE] was seen */
    unsigned done_lines;
    uint64_t events; /* events with data that ended with a blank line */
    uint64_t comments;
    uint64_t offset;    /* bytes taken so far */
    uint64_t hold_from; /* bytes that may be released, from the start */
    bool at_boundary;   /* between events */
    /* private from here */
    bool cr, has_data, json_bad, id_final;
    uint8_t line_kind, line_pos;
    uint64_t line_start;
    struct aver_json_member id; /* first non-empty string member "id" */
    struct aver_json_scan json;
};

void sse_scan_init(struct sse_scan *s);
void sse_scan_feed(struct sse_scan *s, struct aver_bytes in);
/* The stream ended. Afterwards the fields above are final. */
void sse_scan_end(struct sse_scan *s);
/* The id: that of the first complete event with one. n = 0 while there is
 * none, or for good if it is not usable. View of *s. */
struct aver_bytes sse_scan_id(const struct sse_scan *s);
/* How many bytes of *s are still in use: all, until the id is final; then fewer
 * (the end of the id's room and the JSON scanner's state lie behind), and *s
 * may be moved. */
size_t sse_scan_size(const struct sse_scan *s);
/* May this id stand in a store, a header or a log: 1 to 256 bytes, no control
 * characters. For the ids of answers that are not streams, too. */
bool sse_id_usable(struct aver_bytes id);

/* Assembles events for a client. `on_event` gets the data of each event (its
 * lines joined by LF), [DONE] included; it returns 0 to go on. */
struct sse_reader {
    struct aver_buf line, data;
    bool bom_done, cr, has_data;
    int (*on_event)(void *ctx, struct aver_bytes data);
    void *ctx;
};
void sse_reader_init(struct sse_reader *r, size_t event_max,
                     int (*on_event)(void *, struct aver_bytes), void *ctx);
void sse_reader_clear(struct sse_reader *r);
/* 0, or -1 when an event is larger than event_max or on_event said stop. */
AVER_MUST_CHECK int sse_reader_feed(struct sse_reader *r, struct aver_bytes in);

#endif
