/* SPDX-License-Identifier: Apache-2.0
 *
 * opaque: a table of the fields that are read, by kind of device; what they
 * are called and how long they are is NVIDIA's (nvtrust, attestation-sdk),
 * checked against captured reports. Others are walked over. */
#include "verify/opaque.h"

#include <stdio.h>
#include <string.h>

enum {
    DRIVER = 3,
    VBIOS = 6,
    NVDEC0 = 11,
    CHIP_SKU = 15,
    PROJECT = 17,
    PROJECT_SKU = 18,
    FWID = 20,
    PROTECTED_PCIE = 21,
    PDI = 22,
    POSITION = 24,
    LOCK = 25,
    GPU_PDIS = 26,
    VERSION = 34,
    CHIP = 35,
    FLAG = 36,
};

#define VERSION_MAX 1
#define BIT(chip) (1U << (chip))
#define GPUS (BIT(AVER_HOPPER) | BIT(AVER_BLACKWELL))
#define ALL (GPUS | BIT(AVER_LS10) | BIT(AVER_CHIP_UNKNOWN))

/* -1 if the value cannot be. */
typedef int reader(struct aver_opaque *o, struct aver_bytes v);

/* They end up in ids, file names and lines of logs. */
static int text(char *out, size_t size, struct aver_bytes v)
{
    while (v.n > 0 && v.p[v.n - 1] == '\0')
        v.n--;
    if (v.n >= size)
        return -1;
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i], letter = c | 0x20;

        if (!(c >= '0' && c <= '9') && !(letter >= 'a' && letter <= 'z') &&
            c != '.' && c != '_' && c != '-')
            return -1;
        out[i] = (char)c;
    }
    out[v.n] = '\0';
    return 0;
}

static int read_driver(struct aver_opaque *o, struct aver_bytes v)
{
    return text(o->driver, sizeof(o->driver), v);
}

/* "96.00.D9.00.02" from 00 d9 00 96 02 00 00 00. */
static int read_gpu_vbios(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n != 8)
        return -1;
    snprintf(o->vbios, sizeof(o->vbios), "%02X.%02X.%02X.%02X.%02X", v.p[3],
             v.p[2], v.p[1], v.p[0], v.p[4]);
    return 0;
}

static int read_switch_bios(struct aver_opaque *o, struct aver_bytes v)
{
    return text(o->vbios, sizeof(o->vbios), v);
}

static int read_chip_sku(struct aver_opaque *o, struct aver_bytes v)
{
    return text(o->chip_sku, sizeof(o->chip_sku), v);
}

static int read_project(struct aver_opaque *o, struct aver_bytes v)
{
    return text(o->project, sizeof(o->project), v);
}

static int read_project_sku(struct aver_opaque *o, struct aver_bytes v)
{
    return text(o->project_sku, sizeof(o->project_sku), v);
}

static int read_chip(struct aver_opaque *o, struct aver_bytes v)
{
    return text(o->chip, sizeof(o->chip), v);
}

static int switched(enum aver_switched *out, struct aver_bytes v)
{
    *out = AVER_SW_BAD;
    if (v.n == 1 && v.p[0] == 0xaa)
        *out = AVER_SW_ON;
    if (v.n == 1 && v.p[0] == 0x55)
        *out = AVER_SW_OFF;
    return *out == AVER_SW_BAD ? -1 : 0;
}

static int read_nvdec0(struct aver_opaque *o, struct aver_bytes v)
{
    return switched(&o->nvdec0, v);
}

static int read_protected_pcie(struct aver_opaque *o, struct aver_bytes v)
{
    return switched(&o->protected_pcie, v);
}

static int read_fwid(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n != sizeof(o->fwid))
        return -1;
    memcpy(o->fwid, v.p, v.n);
    o->has_fwid = true;
    return 0;
}

/* A GPU has the switches' PDIs as little-endian numbers; certificates, and the
 * switches themselves, have the bytes the other way round. */
static int read_links(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n % AVER_PDI != 0 || v.n > sizeof(o->link))
        return -1;
    o->nlinks = (unsigned)(v.n / AVER_PDI);
    for (size_t i = 0; i < v.n; i++)
        o->link[i / AVER_PDI][AVER_PDI - 1 - i % AVER_PDI] = v.p[i];
    return 0;
}

static int read_own_pdi(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n != AVER_PDI)
        return -1;
    memcpy(o->own_pdi, v.p, v.n);
    o->has_own_pdi = true;
    return 0;
}

static uint16_t u16(struct aver_bytes v)
{
    return (uint16_t)(v.p[0] | v.p[1] << 8);
}

static int read_position(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n != 2)
        return -1;
    o->has_position = true;
    o->position = u16(v);
    return 0;
}

static int read_lock(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n != 2)
        return -1;
    o->has_lock = true;
    o->locked = u16(v) == 1;
    return 0;
}

/* Behind the PDIs stands a table of ports that nobody has explained. */
static int read_gpu_pdis(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n != 128)
        return -1;
    memcpy(o->gpu, v.p, sizeof(o->gpu));
    o->has_gpus = true;
    return 0;
}

static int read_version(struct aver_opaque *o, struct aver_bytes v)
{
    if (v.n != 2)
        return -1;
    o->version = u16(v);
    return 0;
}

static int read_flag(struct aver_opaque *o, struct aver_bytes v)
{
    static const enum aver_gpu_mode modes[] = {AVER_MODE_SPT, AVER_MODE_MPT,
                                               AVER_MODE_PPCIE};

    if (v.n != 2 || u16(v) >= sizeof(modes) / sizeof(modes[0]))
        return -1;
    o->has_flag = true;
    o->mode = modes[u16(v)];
    return 0;
}

static const struct field {
    unsigned type;
    unsigned chips;
    const char *name;
    reader *read;
} fields[] = {
    {DRIVER, ALL, "driver version", read_driver},
    {VBIOS, GPUS, "VBIOS version", read_gpu_vbios},
    {VBIOS, BIT(AVER_LS10), "BIOS version", read_switch_bios},
    {NVDEC0, GPUS, "NVDEC0 status", read_nvdec0},
    {CHIP_SKU, ALL, "chip SKU", read_chip_sku},
    {PROJECT, ALL, "project", read_project},
    {PROJECT_SKU, ALL, "project SKU", read_project_sku},
    {FWID, ALL, "FWID", read_fwid},
    {PROTECTED_PCIE, GPUS, "protected PCIe", read_protected_pcie},
    {PDI, GPUS, "switch PDIs", read_links},
    {PDI, BIT(AVER_LS10), "PDI", read_own_pdi},
    {POSITION, BIT(AVER_LS10), "position", read_position},
    {LOCK, BIT(AVER_LS10), "lock status", read_lock},
    {GPU_PDIS, BIT(AVER_LS10), "GPU PDIs", read_gpu_pdis},
    {VERSION, ALL, "opaque version", read_version},
    {CHIP, ALL, "chip info", read_chip},
    {FLAG, GPUS, "feature flag", read_flag},
};

static bool is_named(unsigned type)
{
    return (type >= 1 && type <= 27) || (type >= 32 && type <= 36) ||
           type == 255;
}

static int read_field(struct aver_opaque *o, unsigned type, struct aver_bytes v,
                      enum aver_chip chip, struct aver_flaw *flaw)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (fields[i].type == type && (fields[i].chips & BIT(chip)) != 0 &&
            fields[i].read(o, v) != 0)
            return aver_flaw(flaw, "opaque_value",
                             "field %u (%s) has a value of %zu bytes that "
                             "cannot be",
                             type, fields[i].name, v.n);
    if (is_named(type))
        return 0;
    if (o->nunknown < sizeof(o->unknown) / sizeof(o->unknown[0]))
        o->unknown[o->nunknown] = type;
    o->nunknown++;
    return 0;
}

/* True if the type was there before. */
static bool mark(uint8_t seen[static 0x10000 / 8], unsigned type)
{
    uint8_t bit = (uint8_t)(1U << type % 8);
    bool was = (seen[type / 8] & bit) != 0;

    seen[type / 8] |= bit;
    return was;
}

static int walk(struct aver_opaque *o, struct aver_bytes in,
                enum aver_chip chip, struct aver_flaw *flaw)
{
    uint8_t seen[0x10000 / 8] = {0};
    struct aver_reader r;

    aver_reader_init(&r, in);
    while (r.n > 0) {
        unsigned type = aver_read_u16le(&r), size = aver_read_u16le(&r);
        struct aver_bytes v = aver_read_bytes(&r, size);

        if (r.failed)
            return aver_flaw(flaw, "opaque",
                             "the fields of the opaque data do not fill it: "
                             "%zu bytes are left",
                             r.n);
        if (mark(seen, type))
            return aver_flaw(flaw, "opaque_duplicate",
                             "field %u is there twice", type);
        if (read_field(o, type, v, chip, flaw) != 0)
            return -1;
    }
    return 0;
}

int aver_opaque_parse(struct aver_opaque *o, struct aver_bytes in,
                      enum aver_chip chip, struct aver_flaw *flaw)
{
    memset(o, 0, sizeof(*o));
    if (walk(o, in, chip, flaw) != 0)
        return -1;
    if (o->version > VERSION_MAX)
        return aver_flaw(flaw, "opaque_version",
                         "the opaque data is of version %u, not 0 or 1",
                         o->version);
    /* Whether measurement 35 counts hangs on it. */
    if ((GPUS & BIT(chip)) != 0 && o->nvdec0 == AVER_SW_ABSENT)
        return aver_flaw(flaw, "opaque_value",
                         "field %d (NVDEC0 status) is not there", NVDEC0);
    if (o->version == 0) { /* the flag came with version 1 */
        o->has_flag = false;
        o->mode = AVER_MODE_UNKNOWN;
    }
    if (!o->has_flag && o->protected_pcie == AVER_SW_ON)
        o->mode = AVER_MODE_PPCIE;
    return 0;
}

const char *aver_chip_name(enum aver_chip chip)
{
    static const char *const names[] = {"", "HOPPER", "BLACKWELL", "LS10"};

    return names[chip];
}

const char *aver_gpu_mode_name(enum aver_gpu_mode mode)
{
    static const char *const names[] = {"", "SPT", "MPT", "PPCIE"};

    return names[mode];
}
