/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_payload: {"nonce", "evidence_list": [{"certificate", "evidence", …}]}.
 * The evidence is an SPDM 1.1 GET_MEASUREMENTS request (37 bytes, its nonce at
 * offset 4) with the response behind it, in base64; in the first generation
 * base64 of the same in hex. */
#include "verify/gpu_payload.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define PAYLOAD_MAX ((size_t)8 << 20)
#define ITEM_MAX ((size_t)64 << 10)
#define SPDM_REQUEST 37

static void fault(struct aver_report *r, const char *why)
{
    r->has_gpu = AVER_MALFORMED;
    if (r->gpu_fault[0] == '\0')
        snprintf(r->gpu_fault, sizeof(r->gpu_fault), "%s %s",
                 r->kind == AVER_INSTANCE ? "gpu_evidence" : "nvidia_payload",
                 why);
}

static int read_base64(struct aver_buf *out, const struct aver_json_member *m,
                       struct aver_bytes source)
{
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, ITEM_MAX * 2);
    if (aver_member_text(&text, m, source) == 0)
        rc = aver_base64_decode_buf(out, aver_buf_view(&text));
    aver_buf_clear(&text);
    return rc;
}

static void unhex(struct aver_gpu *g)
{
    struct aver_bytes view = aver_buf_view(&g->evidence);
    struct aver_buf raw;

    if (!aver_bytes_starts(view, "11e0"))
        return;
    aver_buf_init(&raw, ITEM_MAX);
    if (aver_hex_decode_buf(&raw, view) != 0) {
        aver_buf_clear(&raw);
        return;
    }
    aver_buf_clear(&g->evidence);
    g->evidence = raw;
    g->was_hex = true;
}

static bool is_spdm_request(const struct aver_buf *b)
{
    return b->n >= SPDM_REQUEST && b->p[0] == 0x11 && b->p[1] == 0xe0;
}

static void read_arch(struct aver_gpu *g, const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (!aver_member_short(m, &text) || text.n >= sizeof(g->arch))
        return;
    for (size_t i = 0; i < text.n; i++)
        g->arch[i] =
            text.p[i] > 0x20 && text.p[i] < 0x7f ? (char)text.p[i] : '?';
}

static void read_item(struct aver_gpu *g, struct aver_bytes source)
{
    struct aver_json_member m[3] = {
        {.name = "evidence"}, {.name = "certificate"}, {.name = "arch"}};

    aver_buf_init(&g->evidence, ITEM_MAX * 2);
    aver_buf_init(&g->certificate, ITEM_MAX);
    if (aver_members(m, 3, source, NULL) != 0 || m[0].count > 1 ||
        m[1].count > 1)
        return;
    read_arch(g, &m[2]);
    if (read_base64(&g->evidence, &m[0], source) != 0 ||
        read_base64(&g->certificate, &m[1], source) != 0)
        return;
    unhex(g);
    g->readable = is_spdm_request(&g->evidence);
    if (g->readable)
        memcpy(g->nonce, g->evidence.p + 4, 32);
}

static void read_list(struct aver_report *r, struct aver_bytes list)
{
    struct aver_bytes element;

    while (aver_array_next(&list, &element)) {
        if (r->ngpus == AVER_GPUS_MAX) {
            fault(r, "lists more than 64 devices");
            return;
        }
        read_item(&r->gpus[r->ngpus++], element);
    }
}

static void read_payload(struct aver_report *r, struct aver_bytes source)
{
    struct aver_json_member m[2] = {{.name = "nonce"},
                                    {.name = "evidence_list"}};
    struct aver_bytes text;

    if (aver_members(m, 2, source, NULL) != 0) {
        fault(r, "holds no JSON object");
        return;
    }
    if (m[0].count > 1 || m[1].count > 1)
        fault(r, "names a member twice");
    if (m[0].type != AVER_JSON_ABSENT) {
        r->has_gpu_nonce = AVER_MALFORMED;
        if (aver_member_short(&m[0], &text) &&
            aver_hex_decode(r->gpu_nonce, 32, text) == 0)
            r->has_gpu_nonce = AVER_PRESENT;
    }
    if (m[1].type == AVER_JSON_ARRAY)
        read_list(r, aver_member_source(&m[1], source));
    else
        fault(r, "has no evidence_list");
}

void aver_gpu_payload_read(struct aver_report *r,
                           const struct aver_json_member *m,
                           struct aver_bytes source)
{
    struct aver_buf payload;

    if (m->type == AVER_JSON_ABSENT || m->type == AVER_JSON_NULL)
        return;
    r->has_gpu = AVER_PRESENT;
    aver_buf_init(&payload, PAYLOAD_MAX);
    if (aver_member_text(&payload, m, source) == 0)
        read_payload(r, aver_buf_view(&payload));
    else
        fault(r, "is not a string of at most 8 MiB");
    aver_buf_clear(&payload);
}

void aver_gpu_list_read(struct aver_report *r, const struct aver_json_member *m,
                        struct aver_bytes source)
{
    if (m->type == AVER_JSON_ABSENT || m->type == AVER_JSON_NULL)
        return;
    r->has_gpu = AVER_PRESENT;
    if (m->type == AVER_JSON_ARRAY)
        read_list(r, aver_member_source(m, source));
    else
        fault(r, "is no array");
}
