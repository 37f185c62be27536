/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: hashes an event log as the TDX module did. */
#include "verify/replay.h"
#include "base/text.h"
#include "crypto/sha2.h"

#include <string.h>

static const char ready_name[] = "system-ready";

static bool is_runtime(const struct aver_event *e)
{
    return e->type == AVER_EVENT_RUNTIME;
}

/* Version 1: type as 4 bytes LE ":" name ":" payload. */
static int preimage_1(struct aver_buf *out, const struct aver_event *e)
{
    if (aver_buf_append(out, "\x01\x00\x00\x08:", 5) != 0 ||
        aver_buf_append(out, e->name.p, e->name.n) != 0 ||
        aver_buf_append(out, ":", 1) != 0)
        return -1;
    return aver_buf_append(out, e->payload.p, e->payload.n);
}

/* Version 2: canonical JSON (RFC 8785); 134217729 is the runtime type. */
static int preimage_2(struct aver_buf *out, const struct aver_event *e)
{
    if (aver_buf_append_str(out, "{\"name\":") != 0 ||
        aver_json_quote(out, e->name) != 0 ||
        aver_buf_append_str(out, ",\"payload\":\"") != 0 ||
        aver_hex_encode_buf(out, e->payload) != 0)
        return -1;
    return aver_buf_append_str(out, "\",\"type\":134217729}");
}

/* What was hashed, by name and payload. */
static int preimage(struct aver_buf *out, const struct aver_event *e,
                    struct aver_error *err)
{
    aver_buf_init(out, 8 * AVER_EVENTLOG_MAX); /* "\u0001" is the longest */
    if ((e->version == 2 ? preimage_2 : preimage_1)(out, e) == 0)
        return 0;
    aver_buf_clear(out);
    return aver_fail(err, AVER_EMEM, "out of memory");
}

int aver_event_digest(uint8_t out[static 48], const struct aver_event *e,
                      bool binary, struct aver_error *err)
{
    struct aver_buf text;

    if (binary || !is_runtime(e)) {
        memcpy(out, e->digest, sizeof(e->digest));
        return 0;
    }
    if (preimage(&text, e, err) != 0)
        return -1;
    aver_sha384(out, aver_buf_view(&text));
    aver_buf_clear(&text);
    return 0;
}

int aver_replay(struct aver_replay *r, const struct aver_eventlog *log,
                struct aver_error *err)
{
    uint8_t both[96];

    memset(r, 0, sizeof(*r));
    for (unsigned i = 0; i < log->n; i++) {
        const struct aver_event *e = &log->events[i];

        memcpy(both, r->rtmr[e->imr], 48);
        if (aver_event_digest(both + 48, e, log->binary, err) != 0)
            return -1;
        aver_sha384(r->rtmr[e->imr], aver_bytes_of(both, sizeof(both)));
        r->events[e->imr]++;
    }
    return 0;
}

static int fault(struct aver_error *err, unsigned i, const char *what)
{
    return aver_fail(err, AVER_EMISMATCH, "event %u: %s", i, what);
}

static int check_hash(const struct aver_event *e, unsigned i,
                      struct aver_error *err)
{
    uint8_t digest[48];
    struct aver_buf text;
    bool same = true;

    if (preimage(&text, e, err) != 0)
        return -1;
    if (e->has_preimage)
        same = aver_bytes_equal(aver_buf_view(&text), e->preimage);
    aver_sha384(digest, aver_buf_view(&text));
    aver_buf_clear(&text);
    if (!same)
        return fault(err, i, "the preimage is not that of name and payload");
    if (e->has_digest && memcmp(digest, e->digest, sizeof(digest)) != 0)
        return fault(err, i, "the digest is not that of name and payload");
    return 0;
}

static int check_event(const struct aver_event *e, unsigned i,
                       struct aver_error *err)
{
    if (!is_runtime(e) && e->imr == 3)
        return fault(err, i, "no runtime event, but in register 3");
    if (!is_runtime(e))
        return 0;
    if (e->imr != 3)
        return fault(err, i, "a runtime event, but not in register 3");
    if (e->name.n > 0 && memchr(e->name.p, ':', e->name.n) != NULL)
        return fault(err, i, "there is a colon in its name");
    return check_hash(e, i, err);
}

/* A name that an event of register 3 before number i has had. */
static bool had(const struct aver_eventlog *log, unsigned i)
{
    for (unsigned j = 0; j < i; j++)
        if (is_runtime(&log->events[j]) &&
            aver_bytes_equal(log->events[j].name, log->events[i].name))
            return true;
    return false;
}

int aver_runtime_check(const struct aver_eventlog *log, struct aver_error *err)
{
    bool ready = false;

    for (unsigned i = 0; i < log->n; i++) {
        const struct aver_event *e = &log->events[i];

        if (check_event(e, i, err) != 0)
            return -1;
        if (!is_runtime(e) || ready)
            continue;
        if (had(log, i))
            return fault(err, i, "its name was there before");
        ready = aver_bytes_is(e->name, ready_name);
    }
    return 0;
}

const struct aver_event *aver_runtime_find(const struct aver_eventlog *log,
                                           const char *name)
{
    for (unsigned i = 0; i < log->n; i++) {
        const struct aver_event *e = &log->events[i];

        if (log->binary || !is_runtime(e) || e->imr != 3)
            continue;
        if (aver_bytes_is(e->name, name))
            return e;
        if (aver_bytes_is(e->name, ready_name))
            break;
    }
    return NULL;
}

bool aver_runtime_ready(const struct aver_eventlog *log)
{
    return aver_runtime_find(log, ready_name) != NULL;
}
