/* SPDX-License-Identifier: Apache-2.0
 *
 * sse: the event stream format of WHATWG HTML 9.2.6, read line by line. The
 * first few bytes of a line decide what it is; the rest of it is passed over
 * with memchr, or given to the JSON scanner while the answer's id is still
 * wanted. No byte is changed or kept, but for the id. */
#include "net/sse.h"
#include "base/bytes.h"
#include <string.h>

/* What the line is, as far as it was read. */
enum line {
    LINE_BOM,   /* the stream's first three bytes may be a byte order mark */
    LINE_NAME,  /* `line_pos` bytes of "data" */
    LINE_SPACE, /* "data:", of which one space may be taken off */
    LINE_DONE,  /* ... and `line_pos` bytes of "[DONE]" */
    LINE_DATA,  /* ... and something else */
    LINE_COMMENT,
    LINE_OTHER,
};

static const char bom[] = "\xef\xbb\xbf", name[] = "data", mark[] = "[DONE]";

/* Index of the first CR or LF, or n. In blocks, so that looking for the one
 * that does not come costs no more than the block. */
static size_t line_end(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t block = n - i < 512 ? n - i : 512;
        const uint8_t *lf = memchr(p + i, '\n', block);
        if (lf != NULL)
            block = (size_t)(lf - (p + i));
        const uint8_t *cr = memchr(p + i, '\r', block);
        if (cr != NULL)
            return (size_t)(cr - p);
        if (lf != NULL)
            return (size_t)(lf - p);
        i += block;
    }
    return n;
}

void sse_scan_init(struct sse_scan *s)
{
    memset(s, 0, sizeof *s);
    s->at_boundary = true;
    s->line_kind = LINE_BOM;
    s->id.name = "id";
}

static void feed_json(struct sse_scan *s, const void *p, size_t n)
{
    if (!s->id_final && !s->json_bad)
        s->json_bad = !aver_json_scan_feed(&s->json, aver_bytes_of(p, n));
}

/* A data line begins: of a new event, or one more of the same. */
static void data_begins(struct sse_scan *s)
{
    if (s->has_data)
        feed_json(s, "\n", 1);
    else if (!s->id_final) {
        aver_json_scan_init(&s->json, &s->id, 1);
        s->json_bad = false;
    }
    s->has_data = true;
}

/* A blank line: the event is complete, so its id counts. */
static void event_ends(struct sse_scan *s)
{
    if (!s->has_data)
        return;
    s->has_data = false;
    s->events++;
    if (s->id_final)
        return;
    s->id_final = !s->json_bad && aver_json_scan_end(&s->json) &&
                  aver_json_scan_top(&s->json) == AVER_JSON_OBJECT &&
                  s->id.type == AVER_JSON_STRING &&
                  (s->id.cut || s->id.value_len > 0);
}

/* At a CR or LF; `next` is the offset behind it. */
static void line_ends(struct sse_scan *s, uint64_t next)
{
    if (s->line_kind == LINE_NAME && s->line_pos == 0)
        event_ends(s);
    else if (s->line_kind == LINE_NAME && name[s->line_pos] == '\0')
        data_begins(s); /* "data" without a colon: an empty data line */
    else if (s->line_kind == LINE_COMMENT)
        s->comments++;
    if (s->line_kind == LINE_DONE) {
        feed_json(s, mark, s->line_pos);
        if (mark[s->line_pos] == '\0') {
            s->done_lines++;
            if (!s->done)
                s->hold_from = s->line_start;
            s->done = true;
        }
    }
    s->line_kind = LINE_NAME;
    s->line_pos = 0;
    s->line_start = next;
}

static void line_becomes(struct sse_scan *s, enum line kind)
{
    s->line_kind = (uint8_t)kind;
    s->line_pos = 0;
}

/* A byte that matters and ends no line. False if the state it led to has to
 * look at it again. */
static bool step(struct sse_scan *s, uint8_t c)
{
    switch (s->line_kind) {
    case LINE_BOM:
        if (c != (uint8_t)bom[s->line_pos]) {
            line_becomes(s, s->line_pos == 0 ? LINE_NAME : LINE_OTHER);
            return false;
        }
        if (bom[++s->line_pos] == '\0') {
            line_becomes(s, LINE_NAME);
            s->line_start = 3;
        }
        return true;
    case LINE_NAME:
        if (c == ':' && name[s->line_pos] == '\0') {
            data_begins(s);
            line_becomes(s, LINE_SPACE);
        } else if (c == ':' && s->line_pos == 0) {
            line_becomes(s, LINE_COMMENT);
        } else if (c == (uint8_t)name[s->line_pos] && c != '\0') {
            s->line_pos++;
        } else {
            line_becomes(s, LINE_OTHER);
        }
        return true;
    case LINE_SPACE:
        line_becomes(s, LINE_DONE);
        return c == ' ';
    default: /* LINE_DONE */
        if (c == (uint8_t)mark[s->line_pos] && c != '\0') {
            s->line_pos++;
            return true;
        }
        feed_json(s, mark, s->line_pos);
        line_becomes(s, LINE_DATA);
        return false;
    }
}

/* Bytes that do not matter, up to the end of the line. */
static size_t skip(struct sse_scan *s, const uint8_t *p, size_t n)
{
    size_t run = line_end(p, n);

    if (s->line_kind == LINE_DATA)
        feed_json(s, p, run);
    return run;
}

/* May the line, as far as it was read, become "data: [DONE]"? */
static bool may_be_mark(const struct sse_scan *s)
{
    return s->line_kind == LINE_NAME || s->line_kind == LINE_SPACE ||
           s->line_kind == LINE_DONE;
}

void sse_scan_feed(struct sse_scan *s, struct aver_bytes in)
{
    for (size_t i = 0; i < in.n;) {
        uint8_t c = in.p[i];
        bool after_cr = s->cr;
        s->cr = false;
        if (c == '\n' && after_cr) { /* the second half of CRLF */
            i++;
            s->line_start = s->offset + i;
        } else if (c == '\n' || c == '\r') {
            i++;
            s->cr = c == '\r';
            if (s->line_kind == LINE_BOM)
                line_becomes(s, s->line_pos == 0 ? LINE_NAME : LINE_OTHER);
            line_ends(s, s->offset + i);
        } else if (s->line_kind >= LINE_DATA) {
            i += skip(s, in.p + i, in.n - i);
        } else if (step(s, c)) {
            i++;
        }
    }
    s->offset += in.n;
    s->at_boundary = s->line_start == s->offset && !s->has_data;
    if (!s->done)
        s->hold_from = may_be_mark(s) ? s->line_start : s->offset;
}

void sse_scan_end(struct sse_scan *s)
{
    if (!s->done)
        s->hold_from = s->offset;
}

size_t sse_scan_size(const struct sse_scan *s)
{
    return s->id_final
               ? offsetof(struct sse_scan, id.value) + s->id.value_len + 1
               : sizeof(*s);
}

bool sse_id_usable(struct aver_bytes id)
{
    if (id.n == 0 || id.n > AVER_JSON_VALUE_MAX)
        return false;
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] < 0x20 || id.p[i] == 0x7f)
            return false;
    return true;
}

struct aver_bytes sse_scan_id(const struct sse_scan *s)
{
    struct aver_bytes id = aver_bytes_of(s->id.value, s->id.value_len);

    return s->id_final && !s->id.cut && sse_id_usable(id)
               ? id
               : aver_bytes_of(s->id.value, 0);
}

void sse_reader_init(struct sse_reader *r, size_t event_max,
                     int (*on_event)(void *, struct aver_bytes), void *ctx)
{
    *r = (struct sse_reader){.on_event = on_event, .ctx = ctx};
    aver_buf_init(&r->line, event_max + sizeof "data: " - 1);
    aver_buf_init(&r->data, event_max);
}

void sse_reader_clear(struct sse_reader *r)
{
    aver_buf_clear(&r->line);
    aver_buf_clear(&r->data);
}

static struct aver_bytes drop(struct aver_bytes b, size_t n)
{
    return aver_bytes_of(b.p + n, b.n - n);
}

static int reader_event(struct sse_reader *r)
{
    if (!r->has_data)
        return 0;
    int rc = r->on_event(r->ctx, aver_buf_view(&r->data));
    aver_buf_consume(&r->data, r->data.n);
    r->has_data = false;
    return rc != 0 ? -1 : 0;
}

static int reader_data(struct sse_reader *r, struct aver_bytes value)
{
    if (r->has_data && aver_buf_append(&r->data, "\n", 1) != 0)
        return -1;
    r->has_data = true;
    return aver_buf_append(&r->data, value.p, value.n);
}

static int reader_line(struct sse_reader *r)
{
    struct aver_bytes line = aver_buf_view(&r->line);
    int rc = 0;

    if (!r->bom_done && aver_bytes_starts(line, bom))
        line = drop(line, sizeof bom - 1);
    r->bom_done = true;
    if (line.n == 0)
        rc = reader_event(r);
    else if (aver_bytes_starts(line, "data: "))
        rc = reader_data(r, drop(line, 6));
    else if (aver_bytes_starts(line, "data:"))
        rc = reader_data(r, drop(line, 5));
    else if (aver_bytes_is(line, "data"))
        rc = reader_data(r, drop(line, 4));
    aver_buf_consume(&r->line, r->line.n);
    return rc;
}

int sse_reader_feed(struct sse_reader *r, struct aver_bytes in)
{
    while (in.n > 0) {
        bool after_cr = r->cr;
        r->cr = false;
        if (after_cr && in.p[0] == '\n') {
            in = drop(in, 1);
            continue;
        }
        size_t run = line_end(in.p, in.n);
        if (aver_buf_append(&r->line, in.p, run) != 0)
            return -1;
        in = drop(in, run);
        if (in.n == 0)
            return 0;
        r->cr = in.p[0] == '\r';
        in = drop(in, 1);
        if (reader_line(r) != 0)
            return -1;
    }
    return 0;
}
