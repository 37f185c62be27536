/* SPDX-License-Identifier: Apache-2.0
 *
 * report_code: what a report holds about the code that runs, by dstack's
 * names: event_log, vm_config, and info, whose member tcb_info is an object, or
 * a string that holds one. Texts are taken as they are: their digests count.
 * Where the log stands there twice, one with fewer payloads, the member of the
 * report is taken: whichever it is, it is replayed against the quote. */
#include "verify/report_members.h"

#define LOG_MAX ((size_t)4 << 20)
#define COMPOSE_MAX ((size_t)1 << 20)
#define OBJECT_MAX (LOG_MAX + 2 * COMPOSE_MAX)
#define CONFIG_MAX ((size_t)64 << 10)
#define DIGEST_TEXT_MAX ((size_t)256)

/* A string is decoded; an object or array is taken as it stands. */
static void take(struct aver_report *r, struct aver_buf *out,
                 const struct aver_json_member *m, struct aver_bytes source)
{
    struct aver_bytes raw = aver_member_source(m, source);
    int rc = 0;

    if (!aver_member_is_there(m))
        return;
    if (m->type == AVER_JSON_ARRAY || m->type == AVER_JSON_OBJECT)
        rc = aver_buf_append(out, raw.p, raw.n);
    else
        rc = aver_member_text(out, m, source);
    if (rc != 0)
        aver_report_fault(r, m->name, "is too large, or of another type");
}

static void take_missing(struct aver_report *r, struct aver_buf *out,
                         const struct aver_json_member *m,
                         struct aver_bytes source)
{
    if (out->n == 0)
        take(r, out, m, source);
}

static void once(struct aver_report *r, const struct aver_json_member *m,
                 unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (m[i].count > 1)
            aver_report_fault(r, m[i].name, "stands there more than once");
}

static void read_tcb_info(struct aver_report *r, struct aver_bytes source)
{
    struct aver_json_member m[3] = {{.name = "event_log"},
                                    {.name = "app_compose"},
                                    {.name = "mr_aggregated"}};

    if (aver_members(m, 3, source, NULL) != 0) {
        aver_report_fault(r, "info.tcb_info", "holds no JSON object");
        return;
    }
    once(r, m, 3);
    take_missing(r, &r->event_log, &m[0], source);
    take(r, &r->app_compose, &m[1], source);
    take_missing(r, &r->claimed_aggregated, &m[2], source);
}

/* An object, or a string that holds one; "" where the machine's owner keeps
 * it to himself. */
static void take_object(struct aver_report *r, const struct aver_json_member *m,
                        struct aver_bytes source,
                        void (*read)(struct aver_report *r,
                                     struct aver_bytes object))
{
    struct aver_bytes raw = aver_member_source(m, source);
    struct aver_buf text;

    if (m->type == AVER_JSON_OBJECT && raw.n <= OBJECT_MAX) {
        read(r, raw);
        return;
    }
    aver_buf_init(&text, OBJECT_MAX);
    take(r, &text, m, source);
    if (text.n > 0)
        read(r, aver_buf_view(&text));
    aver_buf_clear(&text);
}

static void read_info(struct aver_report *r, struct aver_bytes source)
{
    struct aver_json_member m[3] = {
        {.name = "vm_config"}, {.name = "mr_aggregated"}, {.name = "tcb_info"}};

    if (aver_members(m, 3, source, NULL) != 0) {
        aver_report_fault(r, "info", "holds no JSON object");
        return;
    }
    once(r, m, 3);
    take_missing(r, &r->vm_config, &m[0], source);
    take(r, &r->claimed_aggregated, &m[1], source);
    take_object(r, &m[2], source, read_tcb_info);
}

void aver_report_read_code(struct aver_report *r,
                           const struct aver_json_member m[static M_N],
                           struct aver_bytes source)
{
    aver_buf_init(&r->event_log, LOG_MAX);
    aver_buf_init(&r->app_compose, COMPOSE_MAX);
    aver_buf_init(&r->vm_config, CONFIG_MAX);
    aver_buf_init(&r->claimed_aggregated, DIGEST_TEXT_MAX);
    take(r, &r->event_log, &m[M_EVENT_LOG], source);
    take(r, &r->vm_config, &m[M_VM_CONFIG], source);
    take_object(r, &m[M_INFO], source, read_info);
}
