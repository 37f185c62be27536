/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_needs: see gpu_needs.h. Every document is judged by itself, by the same
 * functions by which verifiers judge it. */
#include "attest/gpu_needs.h"

#include "attest/simulator.h"
#include "base/text.h"
#include "crypto/sha2.h"
#include "crypto/x509.h"
#include "verify/roots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY ((int64_t)86400)
#define ANSWER_DUE (DAY / 2) /* an answer of a day is asked for again */
#define RIM_DUE (30 * DAY)   /* before the end of its signer's certificate */
#define FOREVER INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static void spki_of(uint8_t out[static 32], const char *pem)
{
    if (aver_x509_spki_sha256(out, aver_bytes_str(pem), NULL) != 0)
        abort(); /* it is part of this program */
}

struct gpu_roots gpu_roots_of(bool simulated)
{
    struct gpu_roots r;

    memcpy(r.device, aver_root_nvidia, 32);
    memcpy(r.rim, aver_root_rim, 32);
    if (simulated) {
        spki_of(r.device, simulator_gpu_root_pem);
        spki_of(r.rim, simulator_rim_root_pem);
    }
    return r;
}

/* That NVIDIA made the device, by its certificates alone. */
static int check_device(const struct gpu_needs *g,
                        const struct aver_gpu_device *d, struct aver_flaw *flaw)
{
    const struct aver_flaw *const read[] = {&d->item->flaw, &d->chain_flaw,
                                            &d->report_flaw, &d->fields_flaw};

    for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
        if (read[i]->cause != NULL) {
            *flaw = *read[i];
            return -1;
        }
    if (aver_gpu_chain_shape(d->link, d->nlinks, AVER_DEVICE_CHAIN, flaw) !=
            0 ||
        aver_gpu_chain_root(d->link, d->nlinks, g->roots.device, flaw) != 0 ||
        aver_gpu_chain_signatures(g->e->ec, d->link, d->nlinks, flaw) != 0)
        return -1;
    return aver_gpu_chain_times(d->link, d->nlinks, g->at, flaw);
}

static int check_devices(const struct gpu_needs *g, struct aver_error *err)
{
    for (unsigned i = 0; i < g->gpus->n; i++) {
        struct aver_flaw flaw = {0};

        if (check_device(g, &g->gpus->device[i], &flaw) != 0)
            return aver_fail(
                err, AVER_ESIG,
                "the evidence of GPU %u is not genuine: %s: %.150s", i,
                flaw.cause, flaw.text);
    }
    return 0;
}

/* A need of that name that is new; NULL if there is one, or no room. */
static struct gpu_need *add(struct gpu_needs *g, const char *prefix,
                            const char *name)
{
    char whole[GPU_NEED_NAME_MAX];

    snprintf(whole, sizeof(whole), "%s%s", prefix, name);
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->need[i].name, whole) == 0)
            return NULL;
    if (g->n == GPU_NEEDS_MAX)
        return NULL;
    struct gpu_need *need = &g->need[g->n++];
    *need = (struct gpu_need){0};
    memcpy(need->name, whole, sizeof(whole));
    return need;
}

static void need_rim(struct gpu_needs *g, const struct aver_gpu_device *d,
                     const char *id, const char *version)
{
    struct gpu_need *need = id[0] != '\0' ? add(g, "rim-", id) : NULL;

    if (need == NULL)
        return;
    need->is_rim = true;
    need->edition = aver_gpus_edition(d);
    snprintf(need->id, sizeof(need->id), "%s", id);
    snprintf(need->version, sizeof(need->version), "%s", version);
    snprintf(need->product, sizeof(need->product), "%s", aver_gpus_product(d));
    snprintf(need->what, sizeof(need->what), "RIM %s", id);
}

static void need_answer(struct gpu_needs *g, struct aver_link *cert,
                        struct aver_link *by)
{
    const struct aver_bytes *cn = &cert->cert.common_name;
    char serial[41], hex[33];
    uint8_t hash[32];
    struct aver_bytes s = cert->cert.serial;

    aver_sha256(hash, cert->cert.der);
    aver_hex_encode(hex, hash, 16);
    struct gpu_need *need = add(g, "ocsp-", hex);
    if (need == NULL)
        return;
    aver_hex_encode(serial, s.p, s.n < 20 ? s.n : 20);
    need->cert = cert;
    need->by = by;
    snprintf(need->what, sizeof(need->what), "OCSP of %.*s, %s",
             cn->n < 64 ? (int)cn->n : 64, (const char *)cn->p, serial);
    for (char *p = need->what; *p != '\0'; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
}

static void need_all(struct gpu_needs *g)
{
    for (unsigned i = 0; i < g->gpus->n; i++) {
        const struct aver_gpu_device *d = &g->gpus->device[i];

        need_rim(g, d, d->driver_rim, d->fields.driver);
        need_rim(g, d, d->vbios_rim, d->fields.vbios);
    }
    /* Of the leaf the service says nothing: the device made it itself. */
    for (unsigned i = 0; i < g->gpus->n; i++)
        for (unsigned j = 1; j + 1 < g->gpus->device[i].nlinks; j++)
            need_answer(g, g->gpus->device[i].link[j],
                        g->gpus->device[i].link[j + 1]);
}

int gpu_needs_open(struct gpu_needs *g, struct aver_bytes evidence,
                   const struct gpu_roots *roots, int64_t at,
                   struct aver_error *err)
{
    *g = (struct gpu_needs){
        .at = at, .roots = *roots, .e = aver_endorsements_new()};
    g->need = calloc(GPU_NEEDS_MAX, sizeof(*g->need));
    g->evidence = aver_gpu_evidence_parse(evidence);
    if (g->e == NULL || g->need == NULL || g->evidence == NULL)
        abort(); /* out of memory */
    if (g->evidence->flaw.cause != NULL)
        return aver_fail(err, AVER_EFORMAT,
                         "the GPU evidence cannot be read: %s: %.150s",
                         g->evidence->flaw.cause, g->evidence->flaw.text);
    g->gpus = aver_gpus_new(g->evidence, g->e, at);
    if (g->gpus == NULL)
        abort();
    if (check_devices(g, err) != 0)
        return -1;
    need_all(g);
    g->own = g->n;
    gpu_needs_look(g);
    return 0;
}

void gpu_needs_close(struct gpu_needs *g)
{
    aver_gpus_free(g->gpus);
    aver_gpu_evidence_free(g->evidence);
    aver_endorsements_free(g->e);
    free(g->need);
    *g = (struct gpu_needs){0};
}

static int flawed(struct aver_error *err, const struct aver_flaw *flaw)
{
    return aver_fail(err, AVER_ESIG, "%s: %.180s", flaw->cause, flaw->text);
}

static int64_t first_end(const struct aver_chain *c)
{
    int64_t end = FOREVER;

    for (unsigned i = 0; i < c->n; i++)
        if (c->link[i].cert.not_after < end)
            end = c->link[i].cert.not_after;
    return end;
}

/* What this RIM is worth for the need; into `out` if it is better than what
 * stands there. */
static int weigh_rim(const struct gpu_needs *g, struct gpu_need *out,
                     struct aver_rim *r, struct aver_error *err)
{
    struct aver_flaw flaw = {0};

    if (r->flaw.cause != NULL)
        return flawed(err, &r->flaw);
    if (!aver_rim_about(r, out->version, out->product, out->edition))
        return aver_fail(err, AVER_ESIG,
                         "it is about %s %s (%s), not about %s %s (%s)",
                         r->product, r->version, r->edition, out->product,
                         out->version, out->edition);
    if (aver_rim_holds(g->e->ec, r, g->roots.rim, g->at, &flaw) != 0)
        return flawed(err, &flaw);
    int64_t until = first_end(&r->chain);
    if (out->rim != NULL && until <= out->until)
        return 0;
    out->rim = r;
    out->issued = r->chain.link[0].cert.not_before;
    out->until = until;
    out->due = until - RIM_DUE;
    return 0;
}

/* What the answer says of the certificate; NULL: nothing. */
static const struct aver_ocsp_single *single_of(const struct aver_staple *s,
                                                const struct gpu_need *need)
{
    for (unsigned i = 0; s->fault[0] == '\0' && i < s->ocsp.n; i++)
        if (aver_ocsp_about(&s->ocsp.single[i], &need->cert->cert,
                            &need->by->cert))
            return &s->ocsp.single[i];
    return NULL;
}

static int64_t answer_due(const struct aver_ocsp_single *one, int64_t until)
{
    int64_t half = until > one->this_update && until < FOREVER
                       ? (until - one->this_update) / 2
                       : ANSWER_DUE;

    return one->this_update + (half < ANSWER_DUE ? half : ANSWER_DUE);
}

/* The same for an answer. One that says revoked is as good as any, and does
 * not age: but NVIDIA may take back a hold. */
static int weigh_answer(const struct gpu_needs *g, struct gpu_need *out,
                        struct aver_staple *s, struct aver_error *err)
{
    const struct aver_ocsp_single *one = single_of(s, out);
    struct aver_staple *const alone[] = {s};
    struct aver_revocation r = {
        .ec = g->e->ec, .staple = alone, .n = 1, .at = g->at};
    struct aver_flaw flaw = {0};
    int64_t until = FOREVER;

    if (s->fault[0] != '\0')
        return aver_fail(err, AVER_EFORMAT, "%.160s", s->fault);
    if (s->ocsp.response_status != 0)
        return aver_fail(err, AVER_EIO,
                         "the service said no: OCSP status %u (RFC 6960 "
                         "4.2.1)",
                         s->ocsp.response_status);
    if (one == NULL)
        return aver_fail(err, AVER_ESIG, "it is about another certificate");
    enum aver_standing standing =
        aver_revocation_of(&r, out->cert, out->by, &until, &flaw);
    if (standing == AVER_STANDING_UNKNOWN)
        return flawed(err, &flaw);
    bool revoked = standing == AVER_STANDING_REVOKED;
    if (revoked)
        until = FOREVER;
    if (out->staple != NULL &&
        (out->revoked > revoked ||
         (out->revoked == revoked && until <= out->until)))
        return 0;
    out->staple = s;
    out->revoked = revoked;
    out->issued = one->this_update;
    out->until = until;
    out->due = answer_due(one, until);
    return 0;
}

/* Finds the best of the set. */
static void find(struct gpu_needs *g, struct gpu_need *need)
{
    struct aver_error why = {0}, last = {0};
    unsigned n = need->is_rim ? g->e->nrims : g->e->nstaples;

    need->rim = NULL;
    need->staple = NULL;
    need->revoked = false;
    need->issued = need->until = need->due = 0;
    for (unsigned i = 0; i < n; i++) {
        if (need->is_rim ? strcmp(g->e->rim[i]->version, need->version) != 0
                         : single_of(g->e->staple[i], need) == NULL)
            continue;
        if ((need->is_rim ? weigh_rim(g, need, g->e->rim[i], &why)
                          : weigh_answer(g, need, g->e->staple[i], &why)) != 0)
            last = why;
    }
    if (need->rim != NULL || need->staple != NULL)
        need->reason[0] = '\0';
    else if (last.text[0] != '\0')
        snprintf(need->reason, sizeof(need->reason), "%.250s", last.text);
    else if (need->reason[0] == '\0')
        snprintf(need->reason, sizeof(need->reason), "it is not there");
}

void gpu_needs_look(struct gpu_needs *g)
{
    /* Those who signed RIMs are known by what is found, which may be another
     * RIM than before. */
    g->n = g->own;
    for (size_t i = 0; i < g->n; i++) {
        find(g, &g->need[i]);
        struct aver_rim *r = g->need[i].rim;
        for (unsigned j = 0; r != NULL && j + 1 < r->chain.n; j++)
            need_answer(g, &r->chain.link[j], &r->chain.link[j + 1]);
    }
}

int gpu_needs_take(struct gpu_needs *g, const struct gpu_need *need,
                   struct aver_bytes document, struct aver_error *err)
{
    struct aver_endorsements *one = aver_endorsements_new();
    struct gpu_need as = {.is_rim = need->is_rim,
                          .edition = need->edition,
                          .cert = need->cert,
                          .by = need->by};
    int rc = -1;

    if (one == NULL)
        abort(); /* out of memory */
    memcpy(as.version, need->version, sizeof(as.version));
    memcpy(as.product, need->product, sizeof(as.product));
    if (aver_endorsements_add(one, document, err) != 0)
        goto out;
    if (need->is_rim ? one->nrims != 1 : one->nstaples != 1) {
        aver_fail(err, AVER_EFORMAT, "it is no %s",
                  need->is_rim ? "RIM" : "OCSP answer");
        goto out;
    }
    if ((need->is_rim ? weigh_rim(g, &as, one->rim[0], err)
                      : weigh_answer(g, &as, one->staple[0], err)) != 0)
        goto out;
    rc =
        need->is_rim
            ? aver_endorsements_add_rim(g->e, aver_buf_view(&one->rim[0]->text))
            : aver_endorsements_add_staple(g->e,
                                           aver_buf_view(&one->staple[0]->der));
    if (rc != 0)
        aver_fail(err, AVER_ELIMIT,
                  "there are more documents than can be held");
out:
    aver_endorsements_free(one);
    return rc;
}

void gpu_needs_load(struct gpu_needs *g, gpu_needs_reader *read, void *ctx)
{
    struct aver_buf text;
    size_t from = 0;

    aver_buf_init(&text, AVER_ENDORSEMENTS_MAX);
    while (from < g->n) {
        size_t to = g->n;

        for (; from < to; from++) {
            struct aver_error why = {0};

            aver_buf_clear(&text);
            if (read(ctx, g->need[from].name, &text) == 0 &&
                aver_endorsements_add(g->e, aver_buf_view(&text), &why) != 0)
                snprintf(g->need[from].reason, sizeof(g->need[from].reason),
                         "%.200s", why.text);
        }
        gpu_needs_look(g);
    }
    aver_buf_clear(&text);
}

static bool is_there(const struct gpu_need *n)
{
    return n->rim != NULL || n->staple != NULL;
}

bool gpu_needs_met(const struct gpu_needs *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (!is_there(&g->need[i]))
            return false;
    return true;
}

int64_t gpu_needs_until(const struct gpu_needs *g)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < g->n; i++)
        if (is_there(&g->need[i]) && g->need[i].until < first)
            first = g->need[i].until;
    return first;
}

int64_t gpu_needs_due(const struct gpu_needs *g)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < g->n; i++)
        if (g->need[i].due < first)
            first = g->need[i].due;
    return first;
}

static int write_array(struct aver_buf *out, const struct gpu_needs *g,
                       const struct gpu_need *only, bool rims)
{
    bool first = true;

    if (aver_buf_append_str(out, rims ? "\"rims\":[" : "\"ocsp\":[") != 0)
        return -1;
    for (size_t i = 0; i < g->n; i++) {
        const struct gpu_need *n = &g->need[i];

        if (!is_there(n) || n->is_rim != rims || (only != NULL && only != n))
            continue;
        if (aver_buf_append_str(out, first ? "\"" : ",\"") != 0 ||
            aver_base64_encode_buf(
                out, aver_buf_view(rims ? &n->rim->text : &n->staple->der)) !=
                0 ||
            aver_buf_append_str(out, "\"") != 0)
            return -1;
        first = false;
    }
    return aver_buf_append_str(out, "]");
}

int gpu_needs_write(struct aver_buf *out, const struct gpu_needs *g,
                    const struct gpu_need *only)
{
    if ((only == NULL || only->is_rim) && write_array(out, g, only, true) != 0)
        return -1;
    if (only == NULL && aver_buf_append_str(out, ",") != 0)
        return -1;
    return only == NULL || !only->is_rim ? write_array(out, g, only, false) : 0;
}
