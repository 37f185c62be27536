/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_payload: see gpu_payload.h. */
#include "verify/gpu_payload.h"

#include <stdio.h>
#include <string.h>

#define PAYLOAD_MAX ((size_t)8 << 20)

static void fault(struct aver_report *r, const char *name, const char *why)
{
    r->has_gpu = AVER_MALFORMED;
    if (r->gpu_fault[0] == '\0')
        snprintf(r->gpu_fault, sizeof(r->gpu_fault), "%s %s", name, why);
}

/* The list's nonce, which the first generation's quotes are about. */
static void note_nonce(struct aver_report *r)
{
    const struct aver_gpu_claim *c = &r->gpu->nonce;

    if (c->state == AVER_CLAIM_BAD)
        r->has_gpu_nonce = AVER_MALFORMED;
    if (c->state != AVER_CLAIM_OK)
        return;
    r->has_gpu_nonce = AVER_PRESENT;
    memcpy(r->gpu_nonce, c->nonce, 32);
}

static void keep(struct aver_report *r, const char *name,
                 struct aver_gpu_evidence *e)
{
    r->gpu = e;
    if (e == NULL) {
        fault(r, name, "does not fit into memory");
        return;
    }
    r->has_gpu = AVER_PRESENT;
    note_nonce(r);
}

/* A string with JSON in it; behind the first one come the switches. */
static void read_text(struct aver_report *r, const struct aver_json_member *m,
                      struct aver_bytes source)
{
    struct aver_buf text;

    aver_buf_init(&text, PAYLOAD_MAX);
    if (aver_member_text(&text, m, source) != 0)
        fault(r, m->name, "is not a string of at most 8 MiB");
    else if (r->gpu == NULL)
        keep(r, m->name, aver_gpu_evidence_parse(aver_buf_view(&text)));
    else if (aver_gpu_evidence_join(r->gpu, aver_buf_view(&text)) != 0)
        fault(r, m->name, "does not fit into memory");
    aver_buf_clear(&text);
}

void aver_gpu_payload_read(struct aver_report *r,
                           const struct aver_json_member *gpus,
                           const struct aver_json_member *switches,
                           struct aver_bytes source)
{
    if (aver_member_is_there(gpus))
        read_text(r, gpus, source);
    if (!aver_member_is_there(switches) || r->has_gpu == AVER_MALFORMED)
        return;
    if (r->has_gpu == AVER_ABSENT)
        fault(r, switches->name, "stands there without nvidia_payload");
    else
        read_text(r, switches, source);
}

void aver_gpu_list_read(struct aver_report *r, const struct aver_json_member *m,
                        struct aver_bytes source)
{
    if (!aver_member_is_there(m))
        return;
    if (m->type == AVER_JSON_ARRAY)
        keep(r, m->name,
             aver_gpu_evidence_parse(aver_member_source(m, source)));
    else
        fault(r, m->name, "is no array");
}
