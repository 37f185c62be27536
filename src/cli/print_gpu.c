/* SPDX-License-Identifier: Apache-2.0
 *
 * print_gpu: what judged GPUs and switches say: which they are, what runs on
 * them, and the four answers about each, as lines for people and as members of
 * the JSON object. */
#include "base/text.h"
#include "cli/members.h"
#include "cli/print.h"

#include <string.h>

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static bool readable(const struct aver_gpu_device *d)
{
    return d->item->flaw.cause == NULL && d->report_flaw.cause == NULL &&
           d->fields_flaw.cause == NULL;
}

static const char *arch_of(const struct aver_gpu_device *d)
{
    return d->id.chip != AVER_CHIP_UNKNOWN ? aver_chip_name(d->id.chip)
                                           : or_dash(d->item->arch);
}

static const char *mode_of(const struct aver_gpu_device *d)
{
    return or_dash(aver_gpu_mode_name(d->fields.mode));
}

static void print_device(FILE *f, const struct aver_gpu_device *d, unsigned i)
{
    fprintf(f, "%s %-*u %s %s", aver_is_switch(d) ? "switch" : "gpu",
            aver_is_switch(d) ? 1 : 4, i, arch_of(d), or_dash(d->id.id));
    if (readable(d) && aver_is_switch(d))
        fprintf(f, ", BIOS %s", or_dash(d->fields.vbios));
    else if (readable(d))
        fprintf(f, ", driver %s, VBIOS %s, mode %s", or_dash(d->fields.driver),
                or_dash(d->fields.vbios), mode_of(d));
    for (int l = 0; l < AVER_LAYERS; l++)
        fprintf(f, "%s%s %s", l == 0 ? "\n         " : ", ",
                aver_layer_name((enum aver_layer)l),
                aver_layer_word(d, (enum aver_layer)l));
    fprintf(f, "\n");
}

void print_gpus(FILE *f, const struct outcome *o)
{
    const struct aver_gpus *g = o->subject->gpus;

    for (unsigned i = 0; g != NULL && i < g->n; i++)
        print_device(f, &g->device[i], i);
}

/* ---- JSON ---- */

static void put_switched(json_t *o, const char *name, enum aver_switched s)
{
    if (s == AVER_SW_ON || s == AVER_SW_OFF)
        member_put(o, name, json_boolean(s == AVER_SW_ON));
}

static const struct aver_rim_entry *golden(const struct aver_rim *r,
                                           unsigned index)
{
    for (unsigned i = 0; i < r->n; i++)
        if (r->entry[i].active && r->entry[i].index == index)
            return &r->entry[i];
    return NULL;
}

/* A measurement that is not one of NVIDIA's values: both sides of it. */
static json_t *mismatch(const struct aver_gpu_device *d, unsigned i)
{
    const struct aver_rim *source = d->compared.mismatch[i].source;
    unsigned index = d->compared.mismatch[i].index;
    const struct aver_rim_entry *e = golden(source, index);
    json_t *o = json_object(), *values = json_array();
    char hex[97];

    member_put(o, "index", json_integer(index));
    member_put(o, "source",
               json_string(source == d->driver ? d->driver_rim : d->vbios_rim));
    if (index < d->report.n && d->report.block[index].value.n <= 64)
        member_hex(o, "measured", d->report.block[index].value);
    for (unsigned v = 0; e != NULL && v < e->n; v++) {
        aver_hex_encode(hex, e->hash[v], 48);
        member_item(values, json_string(hex));
    }
    member_put(o, "expected", values);
    return o;
}

static void put_measurements(json_t *o, const struct aver_gpu_device *d)
{
    const struct aver_rim_result *r = &d->compared;
    json_t *list = json_array(), *rims = json_array();
    unsigned room = sizeof(r->mismatch) / sizeof(r->mismatch[0]);

    if (d->driver_rim[0] != '\0')
        member_item(rims, json_string(d->driver_rim));
    if (d->vbios_rim[0] != '\0')
        member_item(rims, json_string(d->vbios_rim));
    member_put(o, "rims", rims);
    member_put(o, "compared", json_integer(r->compared));
    for (unsigned i = 0; i < r->mismatches && i < room; i++)
        member_item(list, mismatch(d, i));
    member_put(o, "mismatches", list);
}

static void put_fields(json_t *o, const struct aver_gpu_device *d)
{
    const struct aver_opaque *f = &d->fields;

    member_hex(o, "nonce", d->report.nonce);
    member_put(o, "measurement_count", json_integer(d->report.n));
    member_text(o, "driver", f->driver);
    member_text(o, "vbios", f->vbios);
    member_text(o, "mode", aver_gpu_mode_name(f->mode));
    put_switched(o, "nvdec0", f->nvdec0);
    put_switched(o, "protected_pcie", f->protected_pcie);
    if (f->has_fwid)
        member_hex(o, "fwid", aver_bytes_of(f->fwid, 48));
    put_measurements(o, d);
}

/* The worst of its layers, as far as they must pass. */
static enum aver_result worst(const struct aver_gpu_device *d)
{
    enum aver_result result = AVER_PASS;

    for (int i = 0; i < AVER_LAYERS; i++) {
        const struct aver_layer_result *l = &d->layer[i];

        if (!l->asked || l->optional || l->result == AVER_PASS)
            continue;
        if (l->result == AVER_FAIL || l->result == AVER_SIMULATED)
            return l->result;
        result = AVER_UNKNOWN;
    }
    return result;
}

static json_t *device(const struct aver_gpu_device *d, unsigned i)
{
    json_t *o = json_object();

    member_put(o, "index", json_integer(i));
    member_text(o, "arch", arch_of(d));
    member_put(o, "result", json_string(aver_result_name(worst(d))));
    if (d->cause != NULL)
        member_put(o, "reason", json_string(d->cause));
    for (int l = 0; l < AVER_LAYERS; l++)
        member_put(o, aver_layer_name((enum aver_layer)l),
                   json_string(aver_layer_word(d, (enum aver_layer)l)));
    member_text(o, "device_id", d->id.id);
    member_text(o, "leaf_serial", d->id.leaf_serial);
    member_put(o, "encoding",
               json_string(aver_gpu_encoding_name(d->item->encoding)));
    if (readable(d))
        put_fields(o, d);
    return o;
}

void print_gpu_members(json_t *object, const struct outcome *o)
{
    const struct aver_gpus *g = o->subject->gpus;
    json_t *list;

    if (g == NULL || g->evidence == NULL)
        return;
    list = json_array();
    for (unsigned i = 0; i < g->n; i++)
        member_item(list, device(&g->device[i], i));
    member_put(object, "gpus", list);
}
