/* SPDX-License-Identifier: Apache-2.0
 *
 * NVIDIA's fields of a report, behind a byte for the kind of device: those
 * that are read fill the input, texts are plain, and what is well-formed for
 * a kind is so for a device of no known kind. */
#include "verify/opaque.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
    assert(memchr(text, '\0', size) != NULL);
    assert(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789._-") == strlen(text));
}

static void check_texts(const struct aver_opaque *o)
{
    check_text(o->driver, sizeof(o->driver));
    check_text(o->vbios, sizeof(o->vbios));
    check_text(o->project, sizeof(o->project));
    check_text(o->project_sku, sizeof(o->project_sku));
    check_text(o->chip_sku, sizeof(o->chip_sku));
    check_text(o->chip, sizeof(o->chip));
}

/* True if a field of the type is there. */
static bool has(struct aver_bytes in, unsigned type)
{
    size_t at = 0;
    bool found = false;

    while (at < in.n) {
        assert(in.n - at >= 4);
        size_t n = (size_t)(in.p[at + 2] | in.p[at + 3] << 8);
        assert(n <= in.n - at - 4);
        if ((unsigned)(in.p[at] | in.p[at + 1] << 8) == type) {
            assert(!found);
            found = true;
        }
        at += 4 + n;
    }
    return found;
}

static void check(const struct aver_opaque *o, struct aver_bytes in,
                  enum aver_chip chip)
{
    bool gpu = chip == AVER_HOPPER || chip == AVER_BLACKWELL;

    check_texts(o);
    assert(o->version <= 1 && o->nlinks <= AVER_SWITCH_LINKS);
    assert(o->has_fwid == has(in, 20));
    assert(o->has_flag == (gpu && o->version == 1 && has(in, 36)));
    assert(o->has_own_pdi == (chip == AVER_LS10 && has(in, 22)));
    assert(o->has_gpus == (chip == AVER_LS10 && has(in, 26)));
    assert((o->nvdec0 == AVER_SW_ON || o->nvdec0 == AVER_SW_OFF) == gpu);
    assert(!o->locked || o->has_lock);
    assert(o->mode == AVER_MODE_UNKNOWN || gpu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_opaque o, plain;
    struct aver_flaw flaw = {0}, other = {0};
    enum aver_chip chip;
    struct aver_bytes in;

    if (size == 0)
        return 0;
    chip = data[0] % 4;
    in = aver_bytes_of(data + 1, size - 1);
    if (aver_opaque_parse(&o, in, chip, &flaw) != 0) {
        assert(flaw.cause != NULL && flaw.text[0] != '\0');
        return 0;
    }
    assert(flaw.cause == NULL);
    check(&o, in, chip);
    assert(aver_opaque_parse(&plain, in, AVER_CHIP_UNKNOWN, &other) == 0);
    assert(plain.nunknown == o.nunknown && plain.version == o.version);
    assert(strcmp(plain.driver, o.driver) == 0);
    return 0;
}
