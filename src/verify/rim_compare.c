/* SPDX-License-Identifier: Apache-2.0
 *
 * rim_compare: golden values against measured ones. A RIM counts its indices
 * from 0, SPDM its blocks from 1: entry i is about block i + 1, which is
 * place i of the list. */
#include "verify/rim.h"

#include <string.h>

static bool is_skipped(const struct aver_rim_skips *skips, unsigned index)
{
    return skips != NULL && (skips->set[index / 8] >> index % 8 & 1) != 0;
}

/* A digest of zeros is a value like any other. What a block is said to be
 * (its type) is not looked at: the value is. */
static bool agrees(const struct aver_rim_entry *e,
                   const struct aver_spdm *measured)
{
    struct aver_bytes value;

    if (e->index >= measured->n)
        return false;
    value = measured->block[e->index].value;
    if (value.n != e->size)
        return false;
    for (unsigned i = 0; i < e->n; i++)
        if (aver_bytes_equal(value,
                             aver_bytes_of(e->hash[i], sizeof(e->hash[i]))))
            return true;
    return false;
}

void aver_rim_compare(struct aver_rim_result *out, const struct aver_rim *r,
                      const struct aver_spdm *measured,
                      const struct aver_rim_skips *skips)
{
    const unsigned max = sizeof(out->mismatch) / sizeof(out->mismatch[0]);

    for (unsigned i = 0; i < r->n; i++) {
        const struct aver_rim_entry *e = &r->entry[i];

        if (!e->active || is_skipped(skips, e->index))
            continue;
        out->compared++;
        if (agrees(e, measured))
            continue;
        if (out->mismatches < max) {
            out->mismatch[out->mismatches].source = r;
            out->mismatch[out->mismatches].index = e->index;
        }
        out->mismatches++;
    }
}

static void mark_active(bool *set, const struct aver_rim *r)
{
    for (unsigned i = 0; i < r->n; i++)
        if (r->entry[i].active)
            set[r->entry[i].index] = true;
}

int aver_rim_conflict(const struct aver_rim *a, const struct aver_rim *b)
{
    bool in_a[AVER_RIM_ENTRIES_MAX] = {false};
    bool in_b[AVER_RIM_ENTRIES_MAX] = {false};

    mark_active(in_a, a);
    mark_active(in_b, b);
    for (int i = 0; i < AVER_RIM_ENTRIES_MAX; i++)
        if (in_a[i] && in_b[i])
            return i;
    return -1;
}
