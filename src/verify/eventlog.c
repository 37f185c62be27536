/* SPDX-License-Identifier: Apache-2.0
 *
 * eventlog: the JSON of dstack's event logs. The array is walked element by
 * element and no tree is built, so that a hostile text costs little more
 * memory than its own size, and a complaint can name its event. */
#include "verify/eventlog.h"
#include "base/text.h"
#include "verify/member.h"

#include <stdlib.h>
#include <string.h>

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

enum { IMR, TYPE, DIGEST, NAME, PAYLOAD, VERSION, PREIMAGE, MEMBERS };

/* One element of the array. */
struct element {
    struct aver_json_member m[MEMBERS];
    struct aver_bytes source;
    unsigned i; /* which event it is */
};

static int wrong(struct aver_error *err, const struct element *e,
                 unsigned member, const char *expected)
{
    return aver_fail(err, AVER_EFORMAT, "event %u: %s: expected %s", e->i,
                     e->m[member].name, expected);
}

/* Digits alone: no sign, fraction or exponent, though JSON has them. */
static int take_number(uint32_t *out, const struct element *e, unsigned member,
                       uint32_t max, struct aver_error *err)
{
    const struct aver_json_member *m = &e->m[member];
    uint64_t v = 0;

    if (m->type != AVER_JSON_NUMBER ||
        aver_decimal(&v, aver_member_source(m, e->source), max) != 0)
        return aver_fail(err, AVER_EFORMAT,
                         "event %u: %s: expected a whole number from 0 to %u",
                         e->i, m->name, max);
    *out = (uint32_t)v;
    return 0;
}

/* What is between the quotes; hex needs no escapes, and may have none. */
static struct aver_bytes inside(const struct element *e, unsigned member)
{
    struct aver_bytes raw = aver_member_source(&e->m[member], e->source);

    return aver_bytes_of(raw.p + 1, raw.n - 2);
}

/* Keeps bytes; the buffer has room for all that the text can hold, so that
 * earlier views stay valid. */
static struct aver_bytes keep(struct aver_buf *texts, size_t from)
{
    return aver_bytes_of(texts->p + from, texts->n - from);
}

static int take_hex(struct aver_bytes *out, struct aver_buf *texts,
                    const struct element *e, unsigned member,
                    struct aver_error *err)
{
    size_t from = texts->n;

    if (e->m[member].type != AVER_JSON_STRING ||
        aver_hex_decode_buf(texts, inside(e, member)) != 0)
        return wrong(err, e, member, "a text of hex digits, two a byte");
    *out = keep(texts, from);
    return 0;
}

static int take_name(struct aver_bytes *out, struct aver_buf *texts,
                     const struct element *e, struct aver_error *err)
{
    size_t from = texts->n;

    if (aver_member_text(texts, &e->m[NAME], e->source) != 0 ||
        memchr(texts->p + from, '\0', texts->n - from) != NULL)
        return wrong(err, e, NAME, "a text without NUL");
    *out = keep(texts, from);
    return 0;
}

/* Of a boot event the digest is all there is: it must be there. */
static int take_digest(struct aver_event *out, const struct element *e,
                       struct aver_error *err)
{
    const struct aver_json_member *m = &e->m[DIGEST];
    bool runtime = out->type == AVER_EVENT_RUNTIME;

    if (runtime && m->type == AVER_JSON_ABSENT)
        return 0;
    if (m->type != AVER_JSON_STRING)
        return wrong(err, e, DIGEST, "a text");
    if (runtime && inside(e, DIGEST).n == 0)
        return 0;
    if (aver_hex_decode(out->digest, sizeof(out->digest), inside(e, DIGEST)) !=
        0)
        return wrong(err, e, DIGEST, "96 hex digits");
    out->has_digest = true;
    return 0;
}

static int take_version(struct aver_event *out, struct aver_buf *texts,
                        const struct element *e, struct aver_error *err)
{
    uint32_t version = 1;

    if (e->m[VERSION].type != AVER_JSON_ABSENT &&
        take_number(&version, e, VERSION, 2, err) != 0)
        return -1;
    if (version == 0)
        return wrong(err, e, VERSION, "1 or 2");
    out->version = version;
    out->has_preimage = e->m[PREIMAGE].type != AVER_JSON_ABSENT;
    if (out->has_preimage)
        return take_hex(&out->preimage, texts, e, PREIMAGE, err);
    if (version == 2 && out->type == AVER_EVENT_RUNTIME)
        return wrong(err, e, PREIMAGE,
                     "the bytes that were hashed, as version 2 has them");
    return 0;
}

/* Two readers of a name that stands twice might read two things. */
static int check_once(const struct element *e, struct aver_error *err)
{
    for (unsigned i = 0; i < MEMBERS; i++)
        if (e->m[i].count > 1)
            return aver_fail(err, AVER_EFORMAT,
                             "event %u: %s stands there more than once", e->i,
                             e->m[i].name);
    return 0;
}

static int take_event(struct aver_eventlog *log, const struct element *e,
                      struct aver_error *err)
{
    struct aver_event out = {0};
    uint32_t imr = 0;

    if (check_once(e, err) != 0 || take_number(&imr, e, IMR, 3, err) != 0 ||
        take_number(&out.type, e, TYPE, UINT32_MAX, err) != 0 ||
        take_digest(&out, e, err) != 0 ||
        take_name(&out.name, &log->texts, e, err) != 0 ||
        take_hex(&out.payload, &log->texts, e, PAYLOAD, err) != 0 ||
        take_version(&out, &log->texts, e, err) != 0)
        return -1;
    out.imr = (uint8_t)imr;
    return aver_eventlog_add(log, &out, err);
}

static int take_element(struct aver_eventlog *log, struct aver_bytes source,
                        struct aver_error *err)
{
    struct element e = {.m = {[IMR] = {.name = "imr"},
                              [TYPE] = {.name = "event_type"},
                              [DIGEST] = {.name = "digest"},
                              [NAME] = {.name = "event"},
                              [PAYLOAD] = {.name = "event_payload"},
                              [VERSION] = {.name = "version"},
                              [PREIMAGE] = {.name = "preimage"}},
                        .source = source,
                        .i = log->n};

    if (aver_members(e.m, MEMBERS, source, NULL) != 0)
        return aver_fail(err, AVER_EFORMAT, "event %u: expected an object",
                         e.i);
    return take_event(log, &e, err);
}

static enum aver_json_type type_of(struct aver_bytes in)
{
    struct aver_json_scan scan;

    aver_json_scan_init(&scan, NULL, 0);
    if (!aver_json_scan_feed(&scan, in) || !aver_json_scan_end(&scan))
        return AVER_JSON_ABSENT;
    return aver_json_scan_top(&scan);
}

/* `in` is a JSON array. */
static int take_array(struct aver_eventlog *log, struct aver_bytes in,
                      struct aver_error *err)
{
    struct aver_bytes rest = aver_bytes_trim(in), element;

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
    struct aver_buf inner;
    int rc = -1;

    aver_buf_init(&inner, AVER_EVENTLOG_MAX);
    if (aver_json_unquote(&inner, aver_bytes_trim(in)) != 0 ||
        type_of(aver_buf_view(&inner)) != AVER_JSON_ARRAY)
        aver_fail(err, AVER_EFORMAT,
                  "the event log is a text that holds no JSON array");
    else
        rc = take_array(log, aver_buf_view(&inner), err);
    aver_buf_clear(&inner);
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
