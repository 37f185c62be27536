/* SPDX-License-Identifier: Apache-2.0
 *
 * held_gpus: see held_gpus.h. */
#include "attest/held_gpus.h"

#include "attest/gpu_needs.h"
#include "attest/held.h"
#include "crypto/sha2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void held_gpus_init(struct held_gpus *h)
{
    aver_buf_init(&h->text, AVER_ENDORSEMENTS_MAX);
}

void held_gpus_clear(struct held_gpus *h)
{
    aver_buf_clear(&h->text);
}

int held_gpus_chains(uint8_t out[static 32], struct aver_bytes evidence)
{
    struct aver_gpu_evidence *e = aver_gpu_evidence_parse(evidence);
    struct aver_sha256 *h = aver_sha256_new();
    int rc = -1;

    if (e == NULL || h == NULL)
        abort(); /* out of memory */
    aver_sha256_start(h);
    for (unsigned i = 0; e->flaw.cause == NULL && i < e->n; i++) {
        aver_sha256_update(h, aver_buf_view(&e->item[i].certificates));
        rc = 0;
    }
    aver_sha256_finish(h, out);
    aver_sha256_free(h);
    aver_gpu_evidence_free(e);
    return rc;
}

static int read_document(void *ctx, const char *name, struct aver_buf *out)
{
    const struct held_gpus *h = ctx;
    char path[HELD_PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s.json", h->path, name);

    if (!S_ISDIR(h->stat.st_mode) || n < 0 || n >= HELD_PATH_MAX)
        return -1;
    return held_read_file(out, path, &st, NULL);
}

static int read_none(void *ctx, const char *name, struct aver_buf *out)
{
    (void)ctx, (void)name, (void)out;
    return -1;
}

/* A file, or what is built in, holds everything at once. */
static void load_whole(struct held_gpus *h, struct gpu_needs *g)
{
    struct aver_error why = {0};
    struct aver_buf text;
    struct stat st;

    aver_buf_init(&text, AVER_ENDORSEMENTS_MAX);
    int rc = h->path != NULL ? held_read_file(&text, h->path, &st, &why)
                             : h->built_in(g->at, &text, &why);
    if (rc != 0 || aver_endorsements_add(g->e, aver_buf_view(&text), &why) != 0)
        snprintf(h->reason, sizeof(h->reason), "%.290s", why.text);
    aver_buf_clear(&text);
    gpu_needs_look(g);
    gpu_needs_load(g, read_none, NULL);
}

/* The first thing that is missing. */
static void say_missing(struct held_gpus *h, const struct gpu_needs *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct gpu_need *n = &g->need[i];

        if (n->rim != NULL || n->staple != NULL)
            continue;
        if (h->reason[0] == '\0')
            snprintf(h->reason, sizeof(h->reason), "%.120s: %.170s", n->what,
                     n->reason);
        return;
    }
}

static void look(struct held_gpus *h, struct aver_bytes evidence, int64_t now)
{
    const struct gpu_roots roots = gpu_roots_of(h->simulated);
    struct aver_error err = {0};
    struct gpu_needs g;

    if (gpu_needs_open(&g, evidence, &roots, now, &err) != 0) {
        snprintf(h->reason, sizeof(h->reason), "%.299s", err.text);
    } else {
        if (h->path != NULL && S_ISDIR(h->stat.st_mode))
            gpu_needs_load(&g, read_document, h);
        else
            load_whole(h, &g);
        h->met = gpu_needs_met(&g);
        say_missing(h, &g);
        h->due = h->met ? gpu_needs_due(&g) : 0;
        h->until = gpu_needs_until(&g);
        if (h->until == INT64_MAX || gpu_needs_write(&h->text, &g, NULL) != 0) {
            aver_buf_clear(&h->text);
            h->until = h->due = 0;
        }
    }
    gpu_needs_close(&g);
}

static bool same_stat(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Does what was found last still stand? `st`: of the path, or NULL. A folder
 * changes when a file in it is exchanged; who writes into a file in place
 * waits for the next look. */
static bool stands(const struct held_gpus *h, const uint8_t chains[static 32],
                   const struct stat *st, int64_t now)
{
    int64_t again = !h->met             ? h->looked_at + HELD_AGAIN_S
                    : h->path != NULL   ? h->until + 1
                    : h->due < h->until ? h->due
                                        : h->until + 1;

    return h->looked && now >= h->looked_at && now < again &&
           (h->until == 0 || now <= h->until) &&
           memcmp(h->chains, chains, 32) == 0 && h->has_stat == (st != NULL) &&
           (st == NULL || same_stat(&h->stat, st));
}

bool held_gpus_for(struct held_gpus *h, struct aver_bytes evidence, int64_t now)
{
    uint8_t chains[32];
    struct stat st;
    bool has_stat = h->path != NULL && stat(h->path, &st) == 0;

    if (held_gpus_chains(chains, evidence) == 0 &&
        stands(h, chains, has_stat ? &st : NULL, now))
        return h->text.n > 0;
    memcpy(h->chains, chains, sizeof(chains));
    aver_buf_clear(&h->text);
    h->met = false;
    h->until = h->due = 0;
    h->reason[0] = '\0';
    h->looked = true;
    h->looked_at = now;
    h->has_stat = has_stat;
    if (has_stat)
        h->stat = st;
    if (h->path == NULL && h->built_in == NULL)
        snprintf(h->reason, sizeof(h->reason),
                 "no endorsements are configured (endorsements PATH)");
    else if (h->path != NULL && !has_stat)
        snprintf(h->reason, sizeof(h->reason), "%.200s is not there", h->path);
    else
        look(h, evidence, now);
    return h->text.n > 0;
}
