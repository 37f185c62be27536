/* SPDX-License-Identifier: Apache-2.0
 *
 * target: request targets (RFC 9112 3.2, RFC 3986): their characters, the
 * authority, and splitting and decoding once. Nothing is normalised: what a
 * normaliser would rewrite is refused. */
#include "base/text.h"
#include "net/http1_chars.h"
#include <arpa/inet.h>
#include <string.h>

bool http_target_chars_ok(struct aver_bytes target)
{
    for (size_t i = 0; i < target.n; i++) {
        if (!http_char_is(target.p[i], HTTP_CHAR_TARGET))
            return false;
        if (target.p[i] == '%' &&
            (target.n - i < 3 || http_hex_digit(target.p[i + 1]) < 0 ||
             http_hex_digit(target.p[i + 2]) < 0))
            return false;
    }
    return target.n > 0;
}

/* Length of the address in brackets at the front, or 0. */
static size_t ip_literal(struct aver_bytes a)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    const uint8_t *close = memchr(a.p, ']', a.n);

    if (close == NULL)
        return 0;
    size_t n = (size_t)(close - a.p) - 1;
    if (n == 0 || n >= sizeof text || memchr(a.p, 0, a.n) != NULL)
        return 0;
    memcpy(text, a.p + 1, n);
    text[n] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1 ? n + 2 : 0;
}

bool http_authority_ok(struct aver_bytes a)
{
    size_t i = 0;

    if (a.n == 0)
        return false;
    if (a.p[0] == '[')
        i = ip_literal(a);
    else
        while (i < a.n && http_char_is(a.p[i], HTTP_CHAR_HOST))
            i++;
    if (i == 0)
        return false;
    if (i == a.n)
        return true;
    if (a.p[i] != ':' || a.n - i > 6) /* a colon and five digits */
        return false;
    for (i++; i < a.n; i++)
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
    return true;
}

bool http_target_absolute(struct aver_bytes target,
                          struct aver_bytes *authority, struct aver_bytes *rest)
{
    size_t from = 0;

    if (target.n > 7 && http_same_nocase(target.p, "http://", 7))
        from = 7;
    else if (target.n > 8 && http_same_nocase(target.p, "https://", 8))
        from = 8;
    else
        return false;
    size_t to = from;
    while (to < target.n && target.p[to] != '/' && target.p[to] != '?')
        to++;
    *authority = aver_bytes_of(target.p + from, to - from);
    *rest = aver_bytes_of(target.p + to, target.n - to);
    return http_authority_ok(*authority) &&
           (rest->n == 0 || http_target_chars_ok(*rest));
}

/* Decodes %HH, and + where it means a space, to the end of the store. -1 if
 * the result holds a control or is not UTF-8. */
static int decode(struct http_target *t, struct aver_bytes in, bool plus,
                  struct aver_bytes *out)
{
    uint8_t *start = t->store + t->rest_from, *to = start;

    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];
        if (c == '%') {
            c = (uint8_t)(http_hex_digit(in.p[i + 1]) << 4 |
                          http_hex_digit(in.p[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return -1;
        *to++ = c;
    }
    *out = aver_bytes_of(start, (size_t)(to - start));
    t->rest_from += out->n;
    return aver_utf8_valid(*out) ? 0 : -1;
}

static int refuse(struct http_refusal *why, const char *sentence)
{
    http_refuse(why, 400, sentence);
    return -1;
}

/* The decoded segments lie in the store with a slash between them. */
static int split_path(struct http_target *t, struct http_refusal *why)
{
    struct aver_bytes path = t->raw_path;
    size_t from = 1;

    for (size_t i = 1; i <= path.n; i++) {
        if (i < path.n && path.p[i] != '/')
            continue;
        if (t->nsegments == HTTP_SEGMENTS_MAX)
            return refuse(why, "the path has too many segments");
        struct aver_bytes *segment = &t->segments[t->nsegments++];
        if (decode(t, aver_bytes_of(path.p + from, i - from), false, segment) !=
            0)
            return refuse(why, "the path holds controls or is not UTF-8");
        if (aver_bytes_is(*segment, ".") || aver_bytes_is(*segment, ".."))
            return refuse(why, "the path holds dot segments");
        t->store[t->rest_from++] = '/';
        from = i + 1;
    }
    return 0;
}

static int add_query(struct http_target *t, struct aver_bytes pair,
                     struct http_refusal *why)
{
    if (t->nquery == HTTP_QUERY_MAX)
        return refuse(why, "the query has too many parameters");
    struct aver_bytes value = aver_bytes_of(pair.p + pair.n, 0);
    const uint8_t *equals = memchr(pair.p, '=', pair.n);
    if (equals != NULL) {
        value =
            aver_bytes_of(equals + 1, (size_t)(pair.p + pair.n - (equals + 1)));
        pair.n = (size_t)(equals - pair.p);
    }
    if (decode(t, pair, true, &t->query[t->nquery].name) != 0 ||
        decode(t, value, true, &t->query[t->nquery].value) != 0)
        return refuse(why, "the query holds controls or is not UTF-8");
    t->nquery++;
    return 0;
}

static int split_query(struct http_target *t, struct http_refusal *why)
{
    struct aver_bytes rest = t->raw_query;

    while (rest.n > 0) {
        const uint8_t *end = memchr(rest.p, '&', rest.n);
        size_t n = end != NULL ? (size_t)(end - rest.p) : rest.n;
        if (n > 0 && add_query(t, aver_bytes_of(rest.p, n), why) != 0)
            return -1;
        n += end != NULL;
        rest = aver_bytes_of(rest.p + n, rest.n - n);
    }
    return 0;
}

int http_target_parse(struct http_target *t, struct aver_bytes target,
                      struct http_refusal *why)
{
    struct aver_bytes authority, rest;

    t->nsegments = t->nquery = 0;
    t->rest_from = 0;
    t->has_query = false;
    t->raw_query = aver_bytes_of(NULL, 0);
    if (target.n >= sizeof t->store) { /* decoded: one byte more at most */
        http_refuse(why, 414, "the target is too long");
        return -1;
    }
    if (http_target_chars_ok(target) && target.p[0] == '/')
        rest = target;
    else if (!http_target_absolute(target, &authority, &rest))
        return refuse(why, "the target is not a URI");
    t->raw_path = rest;
    const uint8_t *question = memchr(rest.p, '?', rest.n);
    if (question != NULL) {
        t->has_query = true;
        t->raw_path.n = (size_t)(question - rest.p);
        t->raw_query = aver_bytes_of(question + 1, rest.n - t->raw_path.n - 1);
    }
    if (t->raw_path.n == 0) /* http://host?query */
        t->raw_path = aver_bytes_str("/");
    if (split_path(t, why) != 0)
        return -1;
    return split_query(t, why);
}

struct aver_bytes http_target_query(const struct http_target *t,
                                    const char *name)
{
    for (unsigned i = 0; i < t->nquery; i++)
        if (aver_bytes_is(t->query[i].name, name))
            return t->query[i].value;
    return aver_bytes_of(NULL, 0);
}

struct aver_bytes http_target_rest(const struct http_target *t, unsigned first)
{
    if (first >= t->nsegments)
        return aver_bytes_of(NULL, 0);
    const struct aver_bytes *last = &t->segments[t->nsegments - 1];
    const uint8_t *from = t->segments[first].p;
    return aver_bytes_of(from, (size_t)(last->p + last->n - from));
}
