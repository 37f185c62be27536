/* SPDX-License-Identifier: Apache-2.0
 *
 * judgement_devices: the values of a judgement about each GPU and switch, by
 * the names that aver.h lists. */
#include "verify/judgement.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct aver_judged_device *out, const char *name,
                const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    assert(out->n < AVER_DEVICE_FIELDS_MAX);
    struct aver_field *f = &out->field[out->n++];
    f->name = name;
    snprintf(f->value, sizeof(f->value), "%s", text);
}

static void describe(struct aver_judged_device *out,
                     const struct aver_gpu_device *d)
{
    char fwid[97] = "";

    put(out, "arch", aver_chip_name(d->id.chip));
    put(out, "device_id", d->id.id);
    put(out, "leaf_serial", d->id.leaf_serial);
    put(out, "driver", d->fields.driver);
    put(out, "vbios", d->fields.vbios);
    put(out, "mode", aver_gpu_mode_name(d->fields.mode));
    if (d->fields.has_fwid)
        aver_hex_encode(fwid, d->fields.fwid, 48);
    put(out, "fwid", fwid);
    put(out, "driver_rim", d->driver_rim);
    put(out, "vbios_rim", d->vbios_rim);
    put(out, "reason", d->cause);
    for (int i = 0; i < AVER_LAYERS; i++)
        put(out, aver_layer_name((enum aver_layer)i),
            aver_layer_word(d, (enum aver_layer)i));
}

int aver_judged_devices(struct aver_judged *out, const struct aver_gpus *g)
{
    if (g == NULL || g->n == 0)
        return 0;
    out->device = calloc(g->n, sizeof(*out->device));
    if (out->device == NULL)
        return -1;
    for (unsigned i = 0; i < g->n; i++)
        describe(&out->device[i], &g->device[i]);
    out->ndevices = g->n;
    return 0;
}

int aver_judged_devices_copy(struct aver_judged *to,
                             const struct aver_judged *from)
{
    to->device = NULL;
    to->ndevices = 0;
    if (from->ndevices == 0)
        return 0;
    to->device = calloc(from->ndevices, sizeof(*to->device));
    if (to->device == NULL)
        return -1;
    memcpy(to->device, from->device, from->ndevices * sizeof(*to->device));
    to->ndevices = from->ndevices;
    return 0;
}

const char *aver_judgement_gpu(const struct aver_judgement *j, size_t scope,
                               size_t gpu, const char *name)
{
    if (j == NULL || scope >= j->n || gpu >= j->scope[scope].ndevices)
        return NULL;
    const struct aver_judged_device *d = &j->scope[scope].device[gpu];
    for (unsigned i = 0; i < d->n; i++)
        if (strcmp(d->field[i].name, name) == 0)
            return d->field[i].value;
    return NULL;
}
