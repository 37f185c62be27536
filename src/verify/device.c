/* SPDX-License-Identifier: Apache-2.0
 *
 * device: names and numbers as NVIDIA's device certificates carry them: the
 * leaf ("GH100 A01 GSP FMC LF"), and the boot ROM's above it ("GH100 A01 GSP
 * BROM"), whose serial number is a letter for the kind and the PDI. */
#include "verify/device.h"

#include "base/text.h"
#include "verify/fwid.h"
#include "verify/gpu_chain.h"

#include <stdio.h>
#include <string.h>

#define SERIAL_MAX 20 /* RFC 5280 4.1.2.2 */

static struct aver_bytes first_word(struct aver_bytes in)
{
    const uint8_t *blank = in.n > 0 ? memchr(in.p, ' ', in.n) : NULL;

    return aver_bytes_of(in.p, blank != NULL ? (size_t)(blank - in.p) : 0);
}

/* "GB" and digits. */
static bool is_blackwell(struct aver_bytes word)
{
    if (word.n < 3 || !aver_bytes_starts(word, "GB"))
        return false;
    for (size_t i = 2; i < word.n; i++)
        if (word.p[i] < '0' || word.p[i] > '9')
            return false;
    return true;
}

static enum aver_chip chip_of(struct aver_bytes word)
{
    if (aver_bytes_is(word, "GH100"))
        return AVER_HOPPER;
    if (aver_bytes_is(word, "LS_10"))
        return AVER_LS10;
    return is_blackwell(word) ? AVER_BLACKWELL : AVER_CHIP_UNKNOWN;
}

static bool ends_in(struct aver_bytes in, const char *tail)
{
    size_t n = strlen(tail);

    return in.n >= n && memcmp(in.p + in.n - n, tail, n) == 0;
}

static void read_names(struct aver_device *d, const struct aver_cert *leaf,
                       const struct aver_cert *brom)
{
    struct aver_bytes word = first_word(leaf->common_name);

    if (word.n >= sizeof(d->chip_name))
        return;
    d->chip = chip_of(word);
    if (d->chip == AVER_CHIP_UNKNOWN)
        return;
    memcpy(d->chip_name, word.p, word.n);
    d->brom_agrees = aver_bytes_equal(word, first_word(brom->common_name)) &&
                     ends_in(brom->common_name, " BROM");
}

/* The number's bytes, without the zero that keeps it positive; none if it is
 * negative or longer than it may be. */
static struct aver_bytes serial(const struct aver_cert *c)
{
    struct aver_bytes s = c->serial;

    if (s.p[0] >= 0x80)
        return aver_bytes_of(NULL, 0);
    if (s.n > 1 && s.p[0] == 0) {
        s.p++;
        s.n--;
    }
    return s.n <= SERIAL_MAX ? s : aver_bytes_of(NULL, 0);
}

static void read_brom_serial(struct aver_device *d, struct aver_bytes s)
{
    uint8_t kind = d->chip == AVER_LS10 ? 0x50 : 0x41;

    aver_hex_encode(d->id, s.p, s.n);
    d->has_pdi =
        d->chip != AVER_CHIP_UNKNOWN && s.n == 1 + AVER_PDI && s.p[0] == kind;
    if (d->has_pdi)
        memcpy(d->pdi, s.p + 1, AVER_PDI);
}

/* By long division, a digit at a time, from the last one. */
static void to_decimal(char *out, size_t size, struct aver_bytes s)
{
    uint8_t number[SERIAL_MAX];
    size_t at = size - 1, from = 0;

    memcpy(number, s.p, s.n);
    out[at] = '\0';
    while (from < s.n) {
        unsigned rest = 0;

        for (size_t i = from; i < s.n; i++) {
            rest = rest << 8 | number[i];
            number[i] = (uint8_t)(rest / 10);
            rest %= 10;
        }
        out[--at] = (char)('0' + rest);
        while (from < s.n && number[from] == 0)
            from++;
    }
    memmove(out, out + at, size - at);
}

static void read_fwid(struct aver_device *d, const struct aver_cert *leaf,
                      const struct aver_cert *brom)
{
    const char *why;
    int found = aver_fwid_read(d->fwid, leaf, brom, &why);

    if (found == 0)
        return;
    d->fwid_state = found > 0 ? AVER_FWID_OK : AVER_FWID_BAD;
    if (found < 0)
        snprintf(d->fwid_fault, sizeof(d->fwid_fault), "%s", why);
}

void aver_device_read(struct aver_device *d, const struct aver_chain *c)
{
    const struct aver_cert *leaf = &c->link[0].cert, *brom = &c->link[1].cert;
    struct aver_bytes s;

    memset(d, 0, sizeof(*d));
    if (c->n != AVER_DEVICE_CHAIN)
        return;
    read_names(d, leaf, brom);
    if ((s = serial(brom)).n > 0)
        read_brom_serial(d, s);
    if ((s = serial(leaf)).n > 0)
        to_decimal(d->leaf_serial, sizeof(d->leaf_serial), s);
    read_fwid(d, leaf, brom);
}
