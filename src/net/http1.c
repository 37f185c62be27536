/* SPDX-License-Identifier: Apache-2.0
 *
 * http1: message heads (RFC 9112 2 to 6). One line is taken at a time; every
 * byte is looked at once as it arrives, and once more when the head is
 * complete if it came in pieces (the views in struct http_head must point into
 * the bytes of the last call). Bodies are in http1_body.c, targets in
 * target.c. The order of checks depends on the bytes alone, never on how they
 * were cut, so a message is refused for the same reason in any case. */
#include "base/text.h"
#include "net/http1_chars.h"
#include <string.h>

/* flags of struct http_cursor */
enum {
    CURSOR_CRLF = 1,    /* the one empty line allowed in front was skipped */
    CURSOR_FIELDS = 2,  /* the start line was accepted */
    CURSOR_INTERIM = 4, /* ... and has a status of 1xx */
};

const struct http_limits http_request_limits = {
    .line_max = 8192,
    .section_max = 32768,
    .trailer_max = 8192,
    .chunk_line_max = 256,
    .method_max = 32,
    .fields_max = 100,
    .body_max = 32u << 20,
};

const struct http_limits http_response_limits = {
    .line_max = 8192,
    .section_max = 65536,
    .trailer_max = 8192,
    .chunk_line_max = 256,
    .method_max = 32,
    .fields_max = HTTP_FIELDS_MAX,
    .body_max = INT64_MAX,
};

/* The two kinds of head, and what their lines are parsed into. */
struct parser {
    struct http_head *h;
    struct http_cursor *c;
    const struct http_limits *limits;
    struct http_refusal *why;
    enum http_result (*start_line)(struct parser *s, struct aver_bytes line);
    bool empty_ok; /* an empty line in front (RFC 9112 2.2) */
};

/* True if no byte of eight is a control; tabs count as controls here. */
static bool eight_are_text(const uint8_t *p)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t x;

    memcpy(&x, p, sizeof x);
    uint64_t del = x ^ (0x7f * ones);
    uint64_t low = (x - 0x20 * ones) & ~x;
    return ((low | ((del - ones) & ~del)) & (0x80 * ones)) == 0;
}

/* Index of the first byte in [from, to) that may not stand in a line, or to. */
static size_t skip_text(const uint8_t *p, size_t from, size_t to)
{
    while (to - from >= 8) {
        if (!eight_are_text(p + from)) {
            for (size_t end = from + 8; from < end; from++)
                if (!http_char_is(p[from], HTTP_CHAR_TEXT))
                    return from;
            continue;
        }
        from += 8;
    }
    while (from < to && http_char_is(p[from], HTTP_CHAR_TEXT))
        from++;
    return from;
}

/* Takes the next line if its end is there. `max` is its longest length. */
static enum http_result next_line(struct http_cursor *c, struct aver_bytes in,
                                  size_t max, struct http_refusal *why,
                                  struct aver_bytes *line)
{
    size_t end = c->line_start + max;
    size_t at = skip_text(in.p, c->scanned, end < in.n ? end : in.n);

    c->scanned = (uint32_t)at;
    if (at == in.n)
        return HTTP_MORE;
    if (in.p[at] != '\r') {
        if (at != end)
            return http_refuse(why, 400,
                               in.p[at] == '\n'
                                   ? "a line ends with LF alone"
                                   : "a control character in the head");
        if (c->flags & CURSOR_FIELDS)
            return http_refuse(why, 431, "the header section is too large");
        return http_refuse(why, 414, "the start line is too long");
    }
    if (at + 1 == in.n)
        return HTTP_MORE;
    if (in.p[at + 1] != '\n')
        return http_refuse(why, 400, "a CR without LF in the head");
    *line = aver_bytes_of(in.p + c->line_start, at - c->line_start);
    c->line_start = c->scanned = (uint32_t)at + 2;
    return HTTP_DONE;
}

static enum http_result field_line(struct http_field *f, struct aver_bytes line,
                                   struct http_refusal *why)
{
    const uint8_t *p = line.p, *end = line.p + line.n;

    if (*p == ' ' || *p == '\t') /* RFC 9112 5.2: obs-fold */
        return http_refuse(why, 400, "a folded header line");
    while (p < end && http_char_is(*p, HTTP_CHAR_TOKEN))
        p++;
    if (p == end || *p != ':' || p == line.p)
        return http_refuse(why, 400, "a header line without a proper name");
    f->name = aver_bytes_of(line.p, (size_t)(p - line.p));
    p++;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    f->value = aver_bytes_of(p, (size_t)(end - p));
    return HTTP_DONE;
}

/* "HTTP/1.0" or "HTTP/1.1" (RFC 9112 2.3). */
static enum http_result version(struct parser *s, const uint8_t *p)
{
    if (memcmp(p, "HTTP/", 5) != 0 || p[5] < '0' || p[5] > '9' || p[6] != '.' ||
        p[7] < '0' || p[7] > '9')
        return http_refuse(s->why, 400, "the start line has no HTTP version");
    if (p[5] != '1' || p[7] > '1')
        return http_refuse(s->why, 505, "only HTTP/1.1 and HTTP/1.0");
    s->h->minor = (unsigned)(p[7] - '0');
    return HTTP_DONE;
}

static enum http_result target_form(struct parser *s)
{
    struct http_head *h = s->h;
    struct aver_bytes rest;

    h->form = HTTP_ORIGIN;
    if (aver_bytes_is(h->method, "CONNECT"))
        return http_refuse(s->why, 501, "CONNECT is not supported");
    if (http_target_absolute(h->target, &h->authority, &rest)) {
        h->form = HTTP_ABSOLUTE;
        return HTTP_DONE;
    }
    h->authority = aver_bytes_of(NULL, 0);
    if (aver_bytes_is(h->target, "*") && aver_bytes_is(h->method, "OPTIONS")) {
        h->form = HTTP_ASTERISK;
        return HTTP_DONE;
    }
    if (http_target_chars_ok(h->target) && h->target.p[0] == '/')
        return HTTP_DONE;
    return http_refuse(s->why, 400, "the target is not a URI");
}

/* method SP request-target SP HTTP-version (RFC 9112 3) */
static enum http_result request_line(struct parser *s, struct aver_bytes line)
{
    const uint8_t *p = line.p, *end = line.p + line.n;

    while (p < end && http_char_is(*p, HTTP_CHAR_TOKEN))
        p++;
    if (p == line.p || p == end || *p != ' ')
        return http_refuse(s->why, 400, "the request line has no method");
    s->h->method = aver_bytes_of(line.p, (size_t)(p - line.p));
    p++;
    const uint8_t *space = memchr(p, ' ', (size_t)(end - p));
    if (space == NULL || space == p || end - space != 9)
        return http_refuse(s->why, 400, "the request line has not three parts");
    s->h->target = aver_bytes_of(p, (size_t)(space - p));
    if (version(s, space + 1) != HTTP_DONE)
        return HTTP_BAD;
    if (s->h->method.n > s->limits->method_max)
        return http_refuse(s->why, 501, "the method is too long");
    return target_form(s);
}

/* HTTP-version SP status-code [ SP reason-phrase ] (RFC 9112 4) */
static enum http_result status_line(struct parser *s, struct aver_bytes line)
{
    struct http_head *h = s->h;
    const uint8_t *p = line.p;
    unsigned status = 0;

    if (line.n < 12 || p[8] != ' ' || (line.n > 12 && p[12] != ' '))
        return http_refuse(s->why, 502, "not a status line");
    if (version(s, p) != HTTP_DONE)
        return HTTP_BAD;
    for (size_t i = 9; i < 12; i++) {
        if (p[i] < '0' || p[i] > '9')
            return http_refuse(s->why, 502, "the status is not a number");
        status = status * 10 + (unsigned)(p[i] - '0');
    }
    if (status < 100 || status > 599 || status == 101)
        return http_refuse(s->why, 502, "a status that cannot be answered");
    h->status = status;
    h->reason = line.n > 13 ? aver_bytes_of(p + 13, line.n - 13)
                            : aver_bytes_of(p + line.n, 0);
    if (status >= 200)
        return HTTP_DONE;
    if (s->c->interims == HTTP_INTERIM_MAX)
        return http_refuse(s->why, 502, "too many interim responses");
    h->interim[s->c->interims++] = (uint16_t)status;
    s->c->flags |= CURSOR_INTERIM;
    return HTTP_DONE;
}

/* A line that is not the start line. HTTP_DONE when it ended the head. */
static enum http_result header_line(struct parser *s, struct aver_bytes line)
{
    struct http_cursor *c = s->c;

    if (line.n != 0) {
        if (field_line(&s->h->fields[c->fields], line, s->why) != HTTP_DONE)
            return HTTP_BAD;
        c->fields++;
        c->section += (uint32_t)line.n;
        return HTTP_MORE;
    }
    if (c->flags & CURSOR_INTERIM) { /* the next head follows */
        c->flags = 0;
        c->fields = 0;
        c->start = c->line_start;
        return HTTP_MORE;
    }
    s->h->nfields = c->fields;
    s->h->interims = c->interims;
    s->h->size = c->line_start;
    return HTTP_DONE;
}

/* Takes line after line until the head or the bytes end. */
static enum http_result take_lines(struct parser *s, struct aver_bytes in)
{
    struct http_cursor *c = s->c;
    unsigned fields_max = s->limits->fields_max;

    if (fields_max > HTTP_FIELDS_MAX)
        fields_max = HTTP_FIELDS_MAX;
    for (;;) {
        struct aver_bytes line;
        bool in_fields = c->flags & CURSOR_FIELDS;
        size_t max = s->limits->line_max;
        if (in_fields)
            max = c->fields < fields_max ? s->limits->section_max - c->section
                                         : 0;
        enum http_result r = next_line(c, in, max, s->why, &line);
        if (r != HTTP_DONE)
            return r;
        if (in_fields) {
            r = header_line(s, line);
            if (r != HTTP_MORE)
                return r;
            continue;
        }
        if (line.n == 0 && s->empty_ok && !(c->flags & CURSOR_CRLF)) {
            c->flags |= CURSOR_CRLF;
            c->start = c->line_start;
            continue;
        }
        if (s->start_line(s, line) != HTTP_DONE)
            return HTTP_BAD;
        c->flags |= CURSOR_FIELDS;
    }
}

/* If the head came in pieces, the views of earlier calls are stale: the lines,
 * all of them accepted, are read again. */
static enum http_result take_head(struct parser *s, struct aver_bytes in)
{
    bool at_once = s->c->scanned == 0;
    enum http_result r = take_lines(s, in);

    if (r != HTTP_DONE || at_once)
        return r;
    *s->c = (struct http_cursor){0};
    return take_lines(s, in);
}

/* What the fields that matter to the codec say. */
struct framing_fields {
    unsigned hosts, lengths, codings;
    struct aver_bytes host, length, coding;
    bool close, keep_alive, expect, expect_unknown;
};

/* True if the list of connection options holds the name, in any case (RFC
 * 9110 7.6.1). */
static bool list_has(struct aver_bytes list, struct aver_bytes name)
{
    const uint8_t *p = list.p, *end = list.p + list.n;

    while (p < end) {
        const uint8_t *comma = memchr(p, ',', (size_t)(end - p));
        const uint8_t *last = comma != NULL ? comma : end;
        const uint8_t *next = comma != NULL ? comma + 1 : end;

        while (p < last && (*p == ' ' || *p == '\t'))
            p++;
        while (last > p && (last[-1] == ' ' || last[-1] == '\t'))
            last--;
        if ((size_t)(last - p) == name.n && http_same_nocase(p, name.p, name.n))
            return true;
        p = next;
    }
    return false;
}

static void note_field(struct framing_fields *ff, const struct http_field *f)
{
    const uint8_t *name = f->name.p;

    switch (f->name.n) {
    case 4:
        if (http_same_nocase(name, "host", 4)) {
            ff->hosts++;
            ff->host = f->value;
        }
        break;
    case 6:
        if (http_same_nocase(name, "expect", 6)) {
            ff->expect = aver_bytes_is_nocase(f->value, "100-continue");
            ff->expect_unknown |= !ff->expect;
        }
        break;
    case 10:
        if (http_same_nocase(name, "connection", 10)) {
            ff->close |= list_has(f->value, aver_bytes_str("close"));
            ff->keep_alive |= list_has(f->value, aver_bytes_str("keep-alive"));
        }
        break;
    case 14:
        if (http_same_nocase(name, "content-length", 14)) {
            ff->lengths++;
            ff->length = f->value;
        }
        break;
    case 17:
        if (http_same_nocase(name, "transfer-encoding", 17)) {
            ff->codings++;
            ff->coding = f->value;
        }
        break;
    default:
        break;
    }
}

/* Content-Length and Transfer-Encoding (RFC 9112 6), where several may stand
 * only one is accepted; HTTP_NO_BODY if neither is there. */
static enum http_result judge_framing(struct http_head *h,
                                      const struct framing_fields *ff,
                                      struct http_refusal *why)
{
    h->framing = HTTP_NO_BODY;
    h->length = 0;
    if (ff->lengths > 1)
        return http_refuse(why, 400, "more than one Content-Length");
    if (ff->codings > 0) {
        if (ff->lengths > 0 || ff->codings > 1 || h->minor == 0)
            return http_refuse(why, 400,
                               "Transfer-Encoding stands beside "
                               "another framing or in HTTP/1.0");
        if (!aver_bytes_is_nocase(ff->coding, "chunked"))
            return http_refuse(why, 501,
                               "a transfer coding other than chunked");
        h->framing = HTTP_CHUNKED;
        return HTTP_DONE;
    }
    if (ff->lengths == 1) {
        if (aver_decimal(&h->length, ff->length, INT64_MAX) != 0)
            return http_refuse(why, 400, "Content-Length is not a number");
        h->framing = HTTP_LENGTH;
    }
    return HTTP_DONE;
}

/* Host, RFC 9112 3.2: exactly one in HTTP/1.1, at most one in HTTP/1.0. */
static enum http_result judge_host(struct http_head *h,
                                   const struct framing_fields *ff,
                                   struct http_refusal *why)
{
    if (ff->hosts > 1)
        return http_refuse(why, 400, "more than one Host");
    if (ff->hosts == 0 && h->minor == 1)
        return http_refuse(why, 400, "no Host");
    if (ff->host.n != 0 && !http_authority_ok(ff->host))
        return http_refuse(why, 400, "Host is not a host and port");
    if (h->form != HTTP_ABSOLUTE)
        h->authority = ff->host;
    return HTTP_DONE;
}

static void collect(struct framing_fields *ff, struct http_head *h)
{
    for (unsigned i = 0; i < h->nfields; i++)
        note_field(ff, &h->fields[i]);
    h->keep_alive = !ff->close && (h->minor == 1 || ff->keep_alive);
}

enum http_result http_request_parse(struct http_head *h, struct http_cursor *c,
                                    struct aver_bytes in,
                                    const struct http_limits *limits,
                                    struct http_refusal *why)
{
    struct parser s = {h, c, limits, why, request_line, true};
    struct framing_fields ff = {0};

    enum http_result r = take_head(&s, in);
    if (r != HTTP_DONE)
        return r;
    h->status = 0;
    h->reason = aver_bytes_of(NULL, 0);
    collect(&ff, h);
    if (judge_framing(h, &ff, why) != HTTP_DONE ||
        judge_host(h, &ff, why) != HTTP_DONE)
        return HTTP_BAD;
    if (h->length > limits->body_max)
        return http_refuse(why, 413, "the body is too large");
    if (ff.expect_unknown)
        return http_refuse(why, 417, "an expectation other than 100-continue");
    h->expect_continue =
        ff.expect && h->minor == 1 &&
        (h->framing == HTTP_CHUNKED || h->length > 0); /* RFC 9110 10.1.1 */
    return HTTP_DONE;
}

enum http_result http_response_parse(struct http_head *h, struct http_cursor *c,
                                     struct aver_bytes in, bool to_head_request,
                                     const struct http_limits *limits,
                                     struct http_refusal *why)
{
    struct parser s = {h, c, limits, why, status_line, false};
    struct framing_fields ff = {0};

    enum http_result r = take_head(&s, in);
    if (r == HTTP_DONE) {
        h->method = h->target = h->authority = aver_bytes_of(NULL, 0);
        h->form = HTTP_ORIGIN;
        h->expect_continue = false;
        collect(&ff, h);
        r = judge_framing(h, &ff, why);
    }
    if (r == HTTP_BAD)
        why->status = 502;
    if (r != HTTP_DONE)
        return r;
    if (to_head_request || h->status == 204 || h->status == 304) {
        h->framing = HTTP_NO_BODY; /* RFC 9112 6.3, rule 1 */
        h->length = 0;
    } else if (h->framing == HTTP_NO_BODY) {
        h->framing = HTTP_UNTIL_CLOSE;
        h->keep_alive = false;
    }
    return HTTP_DONE;
}

const struct http_field *http_find(const struct http_head *h, const char *name)
{
    size_t n = strlen(name);

    for (unsigned i = 0; i < h->nfields; i++) {
        const struct http_field *f = &h->fields[i];
        if (f->name.n == n && aver_bytes_is_nocase(f->name, name))
            return f;
    }
    return NULL;
}

bool http_is_hop_by_hop(const struct http_head *h, struct aver_bytes name)
{
    for (unsigned i = 0; i < h->nfields; i++)
        if (h->fields[i].name.n == 10 &&
            aver_bytes_is_nocase(h->fields[i].name, "Connection") &&
            list_has(h->fields[i].value, name))
            return true;
    return false;
}
