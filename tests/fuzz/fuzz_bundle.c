/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of endorsements: read, understood, and what was understood written
 * and read again. */
#include "attest/bundle.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct aver_buf *a, const struct aver_buf *b)
{
    assert(aver_bytes_equal(aver_buf_view(a), aver_buf_view(b)));
}

static void write_and_read(const struct bundle *b)
{
    struct bundle again;
    struct aver_buf text;

    aver_buf_init(&text, (size_t)16 << 20);
    bundle_init(&again);
    assert(bundle_write(&text, b, 0, NULL) == 0);
    assert(bundle_read(&again, aver_buf_view(&text), NULL) == 0);
    for (int i = 0; i < PCS_ITEMS; i++) {
        same(&b->part[i].chain, &again.part[i].chain);
        same(&b->part[i].document, &again.part[i].document);
        same(&b->part[i].signature, &again.part[i].signature);
    }
    bundle_clear(&again);
    aver_buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_error err;
    struct bundle b;

    bundle_init(&b);
    if (bundle_read(&b, aver_bytes_of(data, size), &err) == 0 &&
        bundle_understand(&b, &err) == 0) {
        assert(bundle_due(&b) <= bundle_until(&b));
        write_and_read(&b);
    }
    bundle_clear(&b);
    return 0;
}
