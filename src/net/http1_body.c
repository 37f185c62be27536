/* SPDX-License-Identifier: Apache-2.0
 *
 * http1_body: the body behind a head (RFC 9112 6 and 7). Body bytes are passed
 * over, never read one by one; chunk-size lines and trailers go through a
 * state machine a byte at a time, so that no cut matters. Chunk extensions
 * must be well-formed and are dropped, trailers likewise. */
#include "net/http1_chars.h"
#include <assert.h>
#include <string.h>

enum state {
    BODY_DATA, /* `left` bytes, or any number until the peer closes */
    BODY_DONE,
    CHUNK_SIZE,      /* hexadecimal digits */
    CHUNK_SPACE,     /* white space that a ; must follow */
    CHUNK_NAME_FROM, /* behind the ; of an extension */
    CHUNK_NAME,
    CHUNK_NAME_SPACE,
    CHUNK_VALUE_FROM, /* behind the = of an extension */
    CHUNK_VALUE,
    CHUNK_QUOTED,
    CHUNK_ESCAPE,
    CHUNK_QUOTED_END,
    CHUNK_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_FROM, /* at the start of a line */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
};

/* Names that may not stand in trailers (RFC 9110 6.5.1) and would matter. */
static const char *const forbidden[] = {"content-length", "transfer-encoding"};

void http_body_init(struct http_body *b, const struct http_head *h,
                    const struct http_limits *limits)
{
    assert(limits->chunk_line_max < UINT16_MAX);
    assert(limits->trailer_max < UINT32_MAX);
    *b = (struct http_body){
        .framing = (uint8_t)h->framing,
        .response = h->status != 0,
        .chunk_line_max = (uint16_t)limits->chunk_line_max,
        .trailer_max = (uint32_t)limits->trailer_max,
        .trailer_fields_max = (uint16_t)limits->fields_max,
        .max = limits->body_max < INT64_MAX ? limits->body_max : INT64_MAX,
    };
    if (h->framing == HTTP_CHUNKED)
        b->state = CHUNK_SIZE;
    if (h->framing == HTTP_LENGTH)
        b->left = h->length;
    if (h->framing == HTTP_UNTIL_CLOSE)
        b->left = b->max;
    if (h->framing == HTTP_NO_BODY || (h->framing == HTTP_LENGTH && !b->left))
        b->state = BODY_DONE;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* The state behind a complete extension, or -1. */
static int after_extension(uint8_t c)
{
    if (c == '\r')
        return CHUNK_LF;
    if (c == ';')
        return CHUNK_NAME_FROM;
    return is_space(c) ? CHUNK_SPACE : -1;
}

/* chunk-ext (RFC 9112 7.1.1). The next state, or -1. */
static int extension_step(enum state state, uint8_t c)
{
    bool token = http_char_is(c, HTTP_CHAR_TOKEN);
    bool text = http_char_is(c, HTTP_CHAR_TEXT);

    switch (state) {
    case CHUNK_SPACE:
        if (c == ';')
            return CHUNK_NAME_FROM;
        return is_space(c) ? CHUNK_SPACE : -1;
    case CHUNK_NAME_FROM:
        if (token)
            return CHUNK_NAME;
        return is_space(c) ? CHUNK_NAME_FROM : -1;
    case CHUNK_NAME:
        if (token)
            return CHUNK_NAME;
        if (c == '=')
            return CHUNK_VALUE_FROM;
        return is_space(c) ? CHUNK_NAME_SPACE : after_extension(c);
    case CHUNK_NAME_SPACE:
        if (c == '=')
            return CHUNK_VALUE_FROM;
        if (c == ';')
            return CHUNK_NAME_FROM;
        return is_space(c) ? CHUNK_NAME_SPACE : -1;
    case CHUNK_VALUE_FROM:
        if (token)
            return CHUNK_VALUE;
        if (c == '"')
            return CHUNK_QUOTED;
        return is_space(c) ? CHUNK_VALUE_FROM : -1;
    case CHUNK_VALUE:
        return token ? CHUNK_VALUE : after_extension(c);
    case CHUNK_QUOTED:
        if (c == '"')
            return CHUNK_QUOTED_END;
        if (c == '\\')
            return CHUNK_ESCAPE;
        return text ? CHUNK_QUOTED : -1;
    case CHUNK_ESCAPE:
        return text ? CHUNK_QUOTED : -1;
    default:
        return after_extension(c); /* CHUNK_QUOTED_END */
    }
}

/* The size is known and its line complete. */
static enum http_result chunk_begins(struct http_body *b,
                                     struct http_refusal *why)
{
    if (b->left > b->max - b->total)
        return http_refuse(why, 413, "the body is too large");
    b->line = 0;
    b->state = b->left == 0 ? TRAILER_FROM : CHUNK_DATA;
    return HTTP_MORE;
}

static enum http_result size_step(struct http_body *b, uint8_t c,
                                  struct http_refusal *why)
{
    if (b->state == CHUNK_LF) {
        if (c != '\n')
            return http_refuse(why, 400, "a CR without LF in a chunk line");
        return chunk_begins(b, why);
    }
    if (b->state == CHUNK_SIZE) {
        int digit = http_hex_digit(c);
        if (digit >= 0) {
            if (b->line == 16)
                return http_refuse(why, 400, "a chunk size of 17 digits");
            b->left = b->left << 4 | (unsigned)digit;
            b->line++;
            return HTTP_MORE;
        }
        if (b->line == 0)
            return http_refuse(why, 400, "a chunk without a size");
    }
    int next = b->state == CHUNK_SIZE ? after_extension(c)
                                      : extension_step(b->state, c);
    if (next < 0)
        return http_refuse(why, 400, "a malformed chunk line");
    b->state = (uint8_t)next;
    if (next != CHUNK_LF && b->line++ == b->chunk_line_max)
        return http_refuse(why, 400, "a chunk line is too long");
    return HTTP_MORE;
}

/* Keeps track of which forbidden names the current one still is. */
static void match_name(struct http_body *b, uint8_t c)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if (b->line >= strlen(forbidden[i]) ||
            !http_same_nocase(&c, forbidden[i] + b->line, 1))
            b->names &= (uint8_t) ~(1u << i);
}

static bool name_is_forbidden(const struct http_body *b)
{
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if ((b->names & 1u << i) && b->line == strlen(forbidden[i]))
            return true;
    return false;
}

/* A byte of a trailer line, line ends excepted. The next state, or -1. */
static int trailer_step(struct http_body *b, uint8_t c)
{
    if (b->state == TRAILER_VALUE)
        return http_char_is(c, HTTP_CHAR_TEXT) ? TRAILER_VALUE : -1;
    if (b->state == TRAILER_FROM) {
        b->names = 0xff;
        b->line = 0;
    }
    if (http_char_is(c, HTTP_CHAR_TOKEN)) {
        match_name(b, c);
        if (b->line < UINT16_MAX)
            b->line++;
        return TRAILER_NAME;
    }
    if (c != ':' || b->state == TRAILER_FROM || name_is_forbidden(b))
        return -1;
    return TRAILER_VALUE;
}

static enum http_result trailers_step(struct http_body *b, uint8_t c,
                                      struct http_refusal *why)
{
    if (b->state == LAST_LF || b->state == TRAILER_LF) {
        if (c != '\n')
            return http_refuse(why, 400, "a CR without LF in the trailers");
        b->state = b->state == LAST_LF ? BODY_DONE : TRAILER_FROM;
        return b->state == BODY_DONE ? HTTP_DONE : HTTP_MORE;
    }
    if (c == '\r' && b->state == TRAILER_FROM) {
        b->state = LAST_LF;
        return HTTP_MORE;
    }
    if (c == '\r' && b->state == TRAILER_VALUE) {
        b->state = TRAILER_LF;
        return HTTP_MORE;
    }
    bool first = b->state == TRAILER_FROM;
    int next = trailer_step(b, c);
    if (next < 0)
        return http_refuse(why, 400, "a malformed trailer");
    if (b->trailer++ == b->trailer_max ||
        (first && b->trailer_fields++ == b->trailer_fields_max))
        return http_refuse(why, 431, "the trailers are too large");
    b->state = (uint8_t)next;
    return HTTP_MORE;
}

/* One byte that is not body. */
static enum http_result chunk_step(struct http_body *b, uint8_t c,
                                   struct http_refusal *why)
{
    if (b->state >= TRAILER_FROM)
        return trailers_step(b, c, why);
    if (b->state < CHUNK_DATA)
        return size_step(b, c, why);
    if (c != (b->state == CHUNK_DATA_CR ? '\r' : '\n'))
        return http_refuse(why, 400, "a chunk does not end where it should");
    b->state = b->state == CHUNK_DATA_CR ? CHUNK_DATA_LF : CHUNK_SIZE;
    return HTTP_MORE;
}

/* The body bytes at the front of `in`, as far as `left` goes. */
static struct aver_bytes take_data(struct http_body *b, struct aver_bytes in)
{
    if (in.n > b->left)
        in.n = (size_t)b->left;
    b->left -= in.n;
    b->total += in.n;
    return in;
}

/* Framing, then at most one span of data, then framing again. */
static enum http_result feed_chunked(struct http_body *b, struct aver_bytes in,
                                     size_t *used, struct aver_bytes *data,
                                     struct http_refusal *why)
{
    bool given = false;
    size_t i = 0;

    while (i < in.n) {
        if (b->state == CHUNK_DATA) {
            if (given)
                break;
            *data = take_data(b, aver_bytes_of(in.p + i, in.n - i));
            given = true;
            i += data->n;
            if (b->left == 0)
                b->state = CHUNK_DATA_CR;
            continue;
        }
        enum http_result r = chunk_step(b, in.p[i++], why);
        if (r == HTTP_MORE)
            continue;
        *used = i;
        return r;
    }
    *used = i;
    return HTTP_MORE;
}

enum http_result http_body_feed(struct http_body *b, struct aver_bytes in,
                                size_t *used, struct aver_bytes *data,
                                struct http_refusal *why)
{
    *used = 0;
    *data = aver_bytes_of(in.p, 0);
    if (b->state == BODY_DONE)
        return HTTP_DONE;
    if (b->framing == HTTP_CHUNKED) {
        enum http_result r = feed_chunked(b, in, used, data, why);
        if (r == HTTP_BAD && b->response)
            why->status = 502;
        return r;
    }
    if (b->framing == HTTP_UNTIL_CLOSE && in.n > b->left)
        return http_refuse(why, 502, "the body is too large");
    *data = take_data(b, in);
    *used = data->n;
    if (b->framing == HTTP_UNTIL_CLOSE || b->left > 0)
        return HTTP_MORE;
    b->state = BODY_DONE;
    return HTTP_DONE;
}

bool http_body_close_ok(const struct http_body *b)
{
    return b->state == BODY_DONE || b->framing == HTTP_UNTIL_CLOSE;
}
