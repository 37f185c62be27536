/* SPDX-License-Identifier: Apache-2.0
 *
 * eventlog: the JSON of dstack's event logs (TDX.md 13.1). The array is walked
 * element by element, each parsed alone, so that a hostile text costs little
 * more memory than its own size, and a complaint can name its event. */
#include "verify/eventlog.h"
#include "base/text.h"
#include "verify/member.h"

#include <stdlib.h>
#include <string.h>

#define ELEMENT_MAX ((size_t)128 << 10)

void aver_eventlog_init(struct aver_eventlog *log)
{
    memset(log, 0, sizeof(*log));
    aver_buf_init(&log->texts, AVER_EVENTLOG_MAX);
}

void aver_eventlog_free(struct aver_eventlog *log)
{
    free(log->events);
    aver_buf_clear(&log->texts);
    aver_eventlog_init(log);
}

int aver_eventlog_add(struct aver_eventlog *log, const struct aver_event *e,
                      struct aver_error *err)
{
    if (log->n == AVER_EVENTS_MAX)
        return aver_fail(err, AVER_ELIMIT, "more than %d events",
                         AVER_EVENTS_MAX);
    if ((log->n & (log->n - 1)) == 0) { /* full at every power of two */
        size_t room = log->n == 0 ? 1 : (size_t)log->n * 2;
        void *p = realloc(log->events, room * sizeof(*log->events));

        if (p == NULL)
            return aver_fail(err, AVER_EMEM, "out of memory");
        log->events = p;
    }
    log->events[log->n++] = *e;
    return 0;
}

static int wrong(struct aver_error *err, unsigned i, const char *member,
                 const char *expected)
{
    return aver_fail(err, AVER_EFORMAT, "event %u: %s: expected %s", i, member,
                     expected);
}

/* A whole number up to `max`; absent where that is allowed. */
static int take_number(uint32_t *out, const json_t *o, const char *name,
                       uint32_t max, unsigned i, struct aver_error *err)
{
    const json_t *value = json_object_get(o, name);
    json_int_t v = json_integer_value(value);

    if (!json_is_integer(value) || v < 0 || v > (json_int_t)max)
        return aver_fail(err, AVER_EFORMAT,
                         "event %u: %s: expected a whole number from 0 to %u",
                         i, name, max);
    *out = (uint32_t)v;
    return 0;
}

/* Keeps bytes; the buffer has room for all that the text can hold, so that
 * earlier views stay valid. */
static struct aver_bytes keep(struct aver_buf *texts, size_t from)
{
    return aver_bytes_of(texts->p + from, texts->n - from);
}

static int take_hex(struct aver_bytes *out, struct aver_buf *texts,
                    const json_t *o, const char *name, unsigned i,
                    struct aver_error *err)
{
    const char *text = json_string_value(json_object_get(o, name));
    size_t from = texts->n;

    if (text == NULL || aver_hex_decode_buf(texts, aver_bytes_str(text)) != 0)
        return wrong(err, i, name, "a text of hex digits, two a byte");
    *out = keep(texts, from);
    return 0;
}

static int take_name(struct aver_event *e, struct aver_buf *texts,
                     const json_t *o, unsigned i, struct aver_error *err)
{
    const char *text = json_string_value(json_object_get(o, "event"));
    size_t from = texts->n;

    if (text == NULL || aver_buf_append_str(texts, text) != 0)
        return wrong(err, i, "event", "a text");
    e->name = keep(texts, from);
    return 0;
}

/* Of a boot event the digest is all there is: it must be there. */
static int take_digest(struct aver_event *e, const json_t *o, unsigned i,
                       struct aver_error *err)
{
    const json_t *value = json_object_get(o, "digest");
    const char *text = value == NULL ? "" : json_string_value(value);

    if (text == NULL)
        return wrong(err, i, "digest", "a text");
    if (text[0] == '\0' && e->type == AVER_EVENT_RUNTIME)
        return 0;
    if (aver_hex_decode(e->digest, sizeof(e->digest), aver_bytes_str(text)) !=
        0)
        return wrong(err, i, "digest", "96 hex digits");
    e->has_digest = true;
    return 0;
}

static int take_version(struct aver_event *e, struct aver_buf *texts,
                        const json_t *o, unsigned i, struct aver_error *err)
{
    uint32_t version = 1;

    if (json_object_get(o, "version") != NULL &&
        take_number(&version, o, "version", 2, i, err) != 0)
        return -1;
    if (version == 0)
        return wrong(err, i, "version", "1 or 2");
    e->version = version;
    e->has_preimage = json_object_get(o, "preimage") != NULL;
    if (e->has_preimage)
        return take_hex(&e->preimage, texts, o, "preimage", i, err);
    if (version == 2 && e->type == AVER_EVENT_RUNTIME)
        return wrong(err, i, "preimage",
                     "the bytes that were hashed, as version 2 has them");
    return 0;
}

static int take_event(struct aver_eventlog *log, const json_t *o,
                      struct aver_error *err)
{
    struct aver_event e = {0};
    unsigned i = log->n;
    uint32_t imr = 0;

    if (!json_is_object(o))
        return aver_fail(err, AVER_EFORMAT, "event %u: expected an object", i);
    if (take_number(&imr, o, "imr", 3, i, err) != 0 ||
        take_number(&e.type, o, "event_type", UINT32_MAX, i, err) != 0 ||
        take_digest(&e, o, i, err) != 0 ||
        take_name(&e, &log->texts, o, i, err) != 0 ||
        take_hex(&e.payload, &log->texts, o, "event_payload", i, err) != 0 ||
        take_version(&e, &log->texts, o, i, err) != 0)
        return -1;
    e.imr = (uint8_t)imr;
    return aver_eventlog_add(log, &e, err);
}

static int take_element(struct aver_eventlog *log, struct aver_bytes element,
                        struct aver_error *err)
{
    struct aver_error why;
    json_t *o = NULL;

    if (log->n == AVER_EVENTS_MAX)
        return aver_fail(err, AVER_ELIMIT, "more than %d events",
                         AVER_EVENTS_MAX);
    if (element.n > ELEMENT_MAX)
        return aver_fail(err, AVER_ELIMIT, "event %u: longer than %zu bytes",
                         log->n, ELEMENT_MAX);
    o = aver_json_parse(element, &why);
    if (o == NULL)
        return aver_fail(err, why.code, "event %u: %s", log->n, why.text);
    int rc = take_event(log, o, err);
    json_decref(o);
    return rc;
}

static enum aver_json_type type_of(struct aver_bytes in)
{
    struct aver_json_scan scan;

    aver_json_scan_init(&scan, NULL, 0);
    if (!aver_json_scan_feed(&scan, in) || !aver_json_scan_end(&scan))
        return AVER_JSON_ABSENT;
    return aver_json_scan_top(&scan);
}

static struct aver_bytes trim(struct aver_bytes in)
{
    while (in.n > 0 && strchr(" \t\r\n", in.p[0]) != NULL && in.p[0] != 0)
        in = aver_bytes_of(in.p + 1, in.n - 1);
    return in;
}

/* `in` is a JSON array. */
static int take_array(struct aver_eventlog *log, struct aver_bytes in,
                      struct aver_error *err)
{
    struct aver_bytes rest = trim(in), element;

    if (aver_buf_reserve(&log->texts, in.n) != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    while (aver_array_next(&rest, &element))
        if (take_element(log, element, err) != 0)
            return -1;
    return 0;
}

static int take_text(struct aver_eventlog *log, struct aver_bytes in,
                     struct aver_error *err)
{
    json_t *text = json_loadb((const char *)in.p, in.n, JSON_DECODE_ANY, NULL);
    struct aver_bytes inner;
    int rc = -1;

    /* NULL where the text holds a NUL: the scanner lets it pass. */
    inner = text == NULL ? aver_bytes_of(NULL, 0)
                         : aver_bytes_of(json_string_value(text),
                                         json_string_length(text));
    if (type_of(inner) == AVER_JSON_ARRAY)
        rc = take_array(log, inner, err);
    else
        aver_fail(err, AVER_EFORMAT,
                  "the event log is a text that holds no JSON array");
    json_decref(text);
    return rc;
}

int aver_eventlog_parse(struct aver_eventlog *log, struct aver_bytes in,
                        struct aver_error *err)
{
    int rc = -1;

    aver_eventlog_init(log);
    if (in.n > AVER_EVENTLOG_MAX)
        return aver_fail(err, AVER_ELIMIT,
                         "the event log is longer than %zu bytes",
                         AVER_EVENTLOG_MAX);
    switch (type_of(in)) {
    case AVER_JSON_ARRAY:
        rc = take_array(log, in, err);
        break;
    case AVER_JSON_STRING:
        rc = take_text(log, in, err);
        break;
    case AVER_JSON_ABSENT:
        aver_fail(err, AVER_EFORMAT, "the event log is not JSON");
        break;
    default:
        aver_fail(err, AVER_EFORMAT,
                  "the event log is neither a JSON array nor a text that "
                  "holds one");
    }
    if (rc != 0)
        aver_eventlog_free(log);
    return rc;
}
