/* SPDX-License-Identifier: Apache-2.0
 *
 * gpus: see gpus.h. */
#include "verify/gpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool aver_is_switch(const struct aver_gpu_device *d)
{
    return d->id.chip == AVER_LS10;
}

unsigned aver_gpus_count(const struct aver_gpus *g, bool switches)
{
    unsigned n = 0;

    for (unsigned i = 0; i < g->n; i++)
        n += aver_is_switch(&g->device[i]) == switches;
    return n;
}

/* The first certificate with these bytes: of the set, or of the devices before
 * this one. */
static struct aver_link *same(struct aver_gpus *g, unsigned before,
                              struct aver_link *l)
{
    for (unsigned i = 0; i < before; i++)
        for (unsigned j = 0; j < g->device[i].nlinks; j++)
            if (aver_bytes_equal(g->device[i].link[j]->cert.der, l->cert.der))
                return g->device[i].link[j];
    return aver_endorsements_same(g->e, l);
}

static void read_chain(struct aver_gpus *g, unsigned i)
{
    struct aver_gpu_device *d = &g->device[i];

    aver_gpu_chain_read(&d->chain, g->e->ec,
                        aver_buf_view(&d->item->certificates), &d->chain_flaw);
    d->nlinks = d->chain_flaw.cause == NULL ? d->chain.n : 0;
    for (unsigned j = 0; j < d->nlinks; j++)
        d->link[j] = same(g, i, &d->chain.link[j]);
    if (d->nlinks > 0)
        aver_device_read(&d->id, &d->chain);
}

/* Zeros behind the report are for the row to judge. */
static void read_report(struct aver_gpu_device *d)
{
    if (aver_spdm_parse(&d->report, aver_buf_view(&d->item->report), true,
                        &d->report_flaw) != 0)
        return;
    if (aver_opaque_parse(&d->fields, d->report.opaque, d->id.chip,
                          &d->fields_flaw) != 0 &&
        d->fields_flaw.cause == NULL)
        aver_flaw(&d->fields_flaw, "opaque", "they cannot be read");
}

/* "96.00.9F.00.01" to "96009F0001". */
static void undotted(char out[static 32], const char *version)
{
    size_t n = 0;

    for (const char *p = version; *p != '\0' && n < 31; p++)
        if (*p != '.')
            out[n++] = *p;
    out[n] = '\0';
}

/* What NVIDIA calls the RIMs of such a device. */
static void name_rims(struct aver_gpu_device *d)
{
    const struct aver_opaque *o = &d->fields;
    size_t n = sizeof(d->driver_rim);
    char bios[32];

    undotted(bios, o->vbios);
    if (aver_is_switch(d)) {
        snprintf(d->vbios_rim, n, "NV_SWITCH_BIOS_5612_0002_890_%s", bios);
        return;
    }
    snprintf(d->vbios_rim, n, "NV_GPU_VBIOS_%s_%s_%s_%s", o->project,
             o->project_sku, o->chip_sku, bios);
    if (d->id.chip == AVER_HOPPER)
        snprintf(d->driver_rim, n, "NV_GPU_DRIVER_GH100_%s", o->driver);
    else
        snprintf(d->driver_rim, n, "NV_GPU_CC_DRIVER_%s_%s",
                 o->chip[0] != '\0' ? o->chip : "GB100", o->driver);
}

const char *aver_gpus_product(const struct aver_gpu_device *d)
{
    if (aver_is_switch(d))
        return "LS10";
    if (d->id.chip == AVER_HOPPER)
        return "GH100";
    return d->fields.chip[0] != '\0' ? d->fields.chip : "GB100";
}

const char *aver_gpus_edition(const struct aver_gpu_device *d)
{
    return aver_is_switch(d) ? "SWITCH" : "GPU";
}

static void find_rims(struct aver_gpu_device *d, struct aver_endorsements *e,
                      int64_t at)
{
    const char *product = aver_gpus_product(d);
    const char *edition = aver_gpus_edition(d);

    if (d->report_flaw.cause != NULL || d->fields_flaw.cause != NULL ||
        d->id.chip == AVER_CHIP_UNKNOWN)
        return;
    name_rims(d);
    if (!aver_is_switch(d))
        d->driver =
            aver_endorsements_rim(e, d->fields.driver, product, edition, at);
    d->vbios = aver_endorsements_rim(e, d->fields.vbios, product, edition, at);
}

struct aver_gpus *aver_gpus_new(const struct aver_gpu_evidence *evidence,
                                struct aver_endorsements *e, int64_t at)
{
    struct aver_gpus *g = calloc(1, sizeof(*g));
    unsigned n = evidence != NULL ? evidence->n : 0;

    if (g == NULL)
        return NULL;
    g->e = e;
    g->evidence = evidence;
    g->device = n > 0 ? calloc(n, sizeof(*g->device)) : NULL;
    if (n > 0 && g->device == NULL) {
        free(g);
        return NULL;
    }
    for (g->n = 0; g->n < n; g->n++) {
        struct aver_gpu_device *d = &g->device[g->n];

        d->item = &evidence->item[g->n];
        if (d->item->flaw.cause != NULL) {
            /* Nothing of it is there to be looked at. */
            d->chain_flaw = d->report_flaw = d->fields_flaw = d->item->flaw;
            continue;
        }
        read_chain(g, g->n);
        read_report(d);
        find_rims(d, e, at);
    }
    return g;
}

void aver_gpus_free(struct aver_gpus *g)
{
    if (g == NULL)
        return;
    for (unsigned i = 0; i < g->n; i++)
        aver_chain_clear(&g->device[i].chain);
    free(g->device);
    free(g);
}

const char *aver_layer_name(enum aver_layer layer)
{
    static const char *const names[] = {"authentic", "revocation",
                                        "measurements", "policy"};

    return names[layer];
}

/* Of a device's certificate, or of one that signed its RIMs. */
static bool is_revoked(const struct aver_layer_result *l)
{
    return l->result == AVER_FAIL && (strcmp(l->cause, "revoked") == 0 ||
                                      strcmp(l->cause, "rim_revoked") == 0);
}

const char *aver_layer_word(const struct aver_gpu_device *d,
                            enum aver_layer layer)
{
    const struct aver_layer_result *l = &d->layer[layer];
    enum aver_result r = l->asked ? l->result : AVER_UNKNOWN;

    if (layer == AVER_LAYER_REVOCATION)
        return r == AVER_PASS ? "good" : is_revoked(l) ? "revoked" : "unknown";
    if (layer != AVER_LAYER_MEASUREMENTS)
        return aver_result_name(r);
    if (r == AVER_PASS)
        return "match";
    return r == AVER_FAIL && d->compared.mismatches > 0 ? "mismatch"
                                                        : "no reference";
}
