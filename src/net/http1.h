/* SPDX-License-Identifier: Apache-2.0
 *
 * http1: a strict HTTP/1.1 codec (RFC 9110, RFC 9112) without I/O, for both
 * sides. It accepts a subset: CRLF only, tokens, one Content-Length or exactly
 * "chunked", Host exactly once, no folding, a limit on everything. It looks at
 * bytes and keeps none: heads are parsed in place, bodies are given as views
 * of the input. */
#ifndef AVER_NET_HTTP1_H
#define AVER_NET_HTTP1_H

#include "base/bytes.h"

#define HTTP_FIELDS_MAX 256
#define HTTP_INTERIM_MAX 10 /* 1xx heads before the final one */

struct http_limits {
    size_t line_max;    /* request or status line, without its CRLF */
    size_t section_max; /* sum of the field lines of a head */
    size_t trailer_max; /* the same, of trailers */
    size_t chunk_line_max;
    size_t method_max;
    unsigned fields_max; /* at most HTTP_FIELDS_MAX */
    uint64_t body_max;   /* requests: more is refused with 413 */
};

extern const struct http_limits http_request_limits;  /* DECISIONS 19 */
extern const struct http_limits http_response_limits; /* DECISIONS 19 */

enum http_result {
    HTTP_MORE = 0, /* well so far, more bytes are needed */
    HTTP_DONE,
    HTTP_BAD, /* refused; see struct http_refusal */
};

/* Why a message was refused: the status a server answers with (400, 413, 414,
 * 417, 431, 501, 505; 502 for a response) and a constant sentence. */
struct http_refusal {
    unsigned status;
    const char *why;
};

struct http_field {
    struct aver_bytes name, value; /* value without surrounding white space */
};

enum http_framing {
    HTTP_NO_BODY = 0,
    HTTP_LENGTH,
    HTTP_CHUNKED,
    HTTP_UNTIL_CLOSE, /* responses only; never counts as complete */
};

enum http_form { HTTP_ORIGIN = 0, HTTP_ABSOLUTE, HTTP_ASTERISK };

/* A parsed head: views into the bytes that were parsed. */
struct http_head {
    struct aver_bytes method, target, authority; /* requests */
    enum http_form form;
    unsigned status; /* responses: the final one; 1xx are skipped */
    struct aver_bytes reason;
    unsigned minor; /* HTTP/1.minor: 0 or 1 */
    unsigned interims;
    uint16_t interim[HTTP_INTERIM_MAX];
    bool keep_alive; /* may the connection be used again after this message */
    bool expect_continue;
    enum http_framing framing;
    uint64_t length; /* with HTTP_LENGTH */
    unsigned nfields;
    struct http_field fields[HTTP_FIELDS_MAX];
    size_t size; /* bytes up to and with the blank line, interims too */
};

/* Where parsing stands in a head that arrives in pieces, so that a head costs
 * linear time however it is cut. Zero it before a message's first byte. */
struct http_cursor {
    uint32_t line_start, scanned, section, start;
    uint16_t fields;
    uint8_t interims;
    uint8_t flags;
};

/* Parses the head at the start of `in`: all bytes of the message received so
 * far, the earlier ones included. `h` is valid on HTTP_DONE alone. Host, the
 * request target's form, Content-Length against body_max, Expect and
 * Transfer-Encoding are judged here. */
enum http_result http_request_parse(struct http_head *h, struct http_cursor *c,
                                    struct aver_bytes in,
                                    const struct http_limits *limits,
                                    struct http_refusal *why);

/* The same for a response to a request with the given method. 1xx heads are
 * skipped (101 is refused). */
enum http_result http_response_parse(struct http_head *h, struct http_cursor *c,
                                     struct aver_bytes in, bool to_head_request,
                                     const struct http_limits *limits,
                                     struct http_refusal *why);

/* First field of that name (any case), or NULL. */
const struct http_field *http_find(const struct http_head *h, const char *name);

/* Is the field named by a Connection field, and so for this connection alone
 * (RFC 9110 7.6.1)? */
bool http_is_hop_by_hop(const struct http_head *h, struct aver_bytes name);

/* A body being decoded. Fields belong to http1_body.c, but for `total` and
 * `trailer_fields`, which may be read. Trailers are checked and dropped. */
struct http_body {
    uint8_t framing, state;
    uint8_t names;    /* trailer names that the current one may still be */
    bool response;    /* refusals are 502 then */
    uint16_t line;    /* bytes of the current chunk-size or trailer line */
    uint32_t trailer; /* bytes of trailers so far */
    uint16_t trailer_fields, trailer_fields_max;
    uint16_t chunk_line_max;
    uint32_t trailer_max;
    uint64_t left;  /* of the length or of the current chunk */
    uint64_t total; /* body bytes given out so far */
    uint64_t max;   /* refused with 413 beyond it */
};

void http_body_init(struct http_body *b, const struct http_head *h,
                    const struct http_limits *limits);
/* Takes bytes from the front of `in`: sets *used to how many, and *data to the
 * body bytes among them (a view of `in`, possibly empty; at most one span a
 * call). HTTP_DONE when the message ended within `used`; a body of no length
 * is done at once with used = 0. Call again while *used < in.n. On HTTP_BAD
 * *data is what came before the fault. */
enum http_result http_body_feed(struct http_body *b, struct aver_bytes in,
                                size_t *used, struct aver_bytes *data,
                                struct http_refusal *why);
/* The peer closed: true if that is a way in which this body may end (only
 * HTTP_UNTIL_CLOSE, or when it was done already). */
bool http_body_close_ok(const struct http_body *b);

/* A request target, split and decoded once (RFC 3986). Refuses dot segments,
 * controls, bytes that are not UTF-8. */
#define HTTP_SEGMENTS_MAX 32
#define HTTP_QUERY_MAX 32
struct http_target {
    struct aver_bytes raw_path, raw_query; /* views of the target */
    bool has_query;
    unsigned nsegments, nquery;
    struct aver_bytes segments[HTTP_SEGMENTS_MAX]; /* views of `store` */
    struct {
        struct aver_bytes name, value;
    } query[HTTP_QUERY_MAX];
    size_t rest_from; /* bytes of the store in use */
    uint8_t store[8192];
};
/* Takes origin-form or absolute-form. -1 with *why otherwise. */
int http_target_parse(struct http_target *t, struct aver_bytes target,
                      struct http_refusal *why);
/* Value of the first query parameter of that name; .p is NULL if absent. */
struct aver_bytes http_target_query(const struct http_target *t,
                                    const char *name);
/* The path from segment `first` to its end, decoded: a/b of /v1/x/a/b for 2.
 * .p is NULL if there is no such segment. */
struct aver_bytes http_target_rest(const struct http_target *t, unsigned first);

#endif
