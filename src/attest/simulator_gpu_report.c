/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_gpu_report: what a GPU in confidential mode or an NVSwitch in a
 * protected system signs: an SPDM 1.1 GET_MEASUREMENTS request and the
 * response to it (DMTF DSP0274), with NVIDIA's fields in the opaque data, in
 * the order in which real devices have them. Versions and names are ones that
 * no real device has. */
#include "attest/simulator_gpu.h"

#include "attest/simulator_sign.h"
#include "crypto/random.h"
#include "crypto/sha2.h"
#include <stdio.h>
#include <string.h>

#define BLOCKS_MAX 64
#define BLOCK_SIZE 55 /* index, specification, size, DMTF head, SHA-384 */
#define SPDM_VERSION 0x11
#define GET_MEASUREMENTS 0xe0
#define MEASUREMENTS 0x60
#define SIGNATURE_SIZE 96
#define PDI 8
#define LINKS 18
#define PORT_TABLE 64
#define SWITCH_COUNTERS 27
#define NVDEC0_INDEX 35

/* Types of the opaque fields. */
enum opaque {
    DRIVER_VERSION = 3,
    GPU_INFO = 4,
    VBIOS_VERSION = 6,
    NVDEC0_STATUS = 11,
    MSR_COUNT = 12,
    CPR_INFO = 13,
    BOARD_ID = 14,
    CHIP_SKU = 15,
    CHIP_SKU_MODIFIER = 16,
    PROJECT = 17,
    PROJECT_SKU = 18,
    PROJECT_SKU_MODIFIER = 19,
    FWID = 20,
    PROTECTED_PCIE = 21,
    SWITCH_PDI = 22,
    DISABLED_PORTS = 23,
    POSITION = 24,
    LOCK_STATUS = 25,
    SWITCH_GPUS = 26,
    SYS_ENABLE = 33,
    OPAQUE_VERSION = 34,
    CHIP_INFO = 35,
    FEATURE_FLAG = 36,
};
#define ON "\xaa"
#define OFF "\x55"

/* A text is as long as its literal, NULs included. */
struct field {
    enum opaque type;
    const char *p; /* NULL: follows from the device */
    size_t n;
};

#define BOARD                                                                  \
    {BOARD_ID, "\xff\xff\0\0", 4}, {CHIP_SKU, "000\0\0\0\0\0\0", 9},           \
        {CHIP_SKU_MODIFIER, "0\0\0\0\0", 5}, {PROJECT, "SIM0\0", 5},           \
        {PROJECT_SKU, "0000\0", 5}, {PROJECT_SKU_MODIFIER, "\0\0", 2},         \
    {                                                                          \
        DRIVER_VERSION, "999.99.99\0", 10                                      \
    }
#define HOPPER                                                                 \
    {VBIOS_VERSION, "\xff\xff\x00\x96\xff\0\0\0", 8}, /* 96.00.FF.FF.FF */     \
        BOARD, {GPU_INFO, "\x80\x01\0\0\0\0\0\0", 8}, {MSR_COUNT, NULL, 0},    \
        {CPR_INFO, "\0\0\0\0", 4}, {NVDEC0_STATUS, OFF, 1},                    \
    {                                                                          \
        FWID, NULL, 0                                                          \
    }

static const struct field h100[] = {
    HOPPER,
    {PROTECTED_PCIE, OFF, 1},
    {OPAQUE_VERSION, "\x01\0", 2},
    {FEATURE_FLAG, "\0\0", 2}, /* SPT */
};
static const struct field hgx[] = {
    HOPPER,
    {PROTECTED_PCIE, ON, 1},
    {SWITCH_PDI, NULL, 0},
    {OPAQUE_VERSION, "\x01\0", 2},
    {FEATURE_FLAG, "\x02\0", 2}, /* PPCIE */
};
static const struct field b200[] = {
    {VBIOS_VERSION, "\xff\xff\x00\x97\xff\0\0\0", 8}, /* 97.00.FF.FF.FF */
    BOARD,
    {GPU_INFO, "\xa0\x01\0\0\0\0\0\0", 8},
    {MSR_COUNT, NULL, 0},
    {CPR_INFO, "\0\0\0\0", 4},
    {NVDEC0_STATUS, ON, 1},
    {FWID, NULL, 0},
    {SYS_ENABLE, "\x07\x07", 2},
    {CHIP_INFO, "GB100\0", 6},
    {OPAQUE_VERSION, "\x01\0", 2},
    {FEATURE_FLAG, "\x01\0", 2}, /* MPT */
};
static const struct field nvswitch[] = {
    {VBIOS_VERSION, "96.10.FF.FF.FF", 14},
    {SWITCH_PDI, NULL, 0},
    {MSR_COUNT, NULL, 0},
    {SWITCH_GPUS, NULL, 0},
    {DISABLED_PORTS, "\xec\0", 2},
    {POSITION, NULL, 0},
    {LOCK_STATUS, "\x01\0", 2},
};

#define ROW(chip, fields)                                                      \
    {                                                                          \
        chip, fields, sizeof(fields) / sizeof(fields[0])                       \
    }
static const struct {
    unsigned chip;
    const struct field *field;
    size_t n;
} kinds[KINDS] = {
    [KIND_H100] = ROW(SIMULATOR_GH100, h100),
    [KIND_HGX] = ROW(SIMULATOR_GH100, hgx),
    [KIND_B200] = ROW(SIMULATOR_GB100, b200),
    [KIND_SWITCH] = ROW(SIMULATOR_LS10, nvswitch),
};

const struct simulator_chip *simulator_chip_of(enum simulator_kind kind)
{
    return &simulator_chips[kinds[kind].chip];
}

/* SHA-384 of a name. Where a Hopper's NVDEC0 is off, and it always is here,
 * its measurement is none of the reference values. */
static void measure(uint8_t value[static 48], const struct simulator_chip *chip,
                    unsigned index)
{
    bool off =
        chip == &simulator_chips[SIMULATOR_GH100] && index == NVDEC0_INDEX;
    char name[80];

    memset(value, 0, 48);
    if ((chip->measured >> index & 1) == 0)
        return;
    snprintf(name, sizeof(name), "aver SIMULATOR %s measurement %u%s",
             chip->name, index, off ? ", NVDEC0 off" : "");
    aver_sha384(value, aver_bytes_str(name));
}

static int append_record(struct aver_buf *b, const struct simulator_chip *chip)
{
    uint8_t value[48];

    for (unsigned i = 0; i < chip->blocks; i++) {
        /* index from 1, DMTF, 51 bytes: type 1, 48 bytes */
        const uint8_t head[7] = {(uint8_t)(i + 1), 1, 51, 0, 1, 48, 0};

        measure(value, chip, i);
        if (aver_buf_append(b, head, sizeof(head)) != 0 ||
            aver_buf_append(b, value, sizeof(value)) != 0)
            return -1;
    }
    return 0;
}

static int append_le16(struct aver_buf *b, size_t value)
{
    const uint8_t le[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

    return aver_buf_append(b, le, 2);
}

static int append_field(struct aver_buf *b, enum opaque type, const void *p,
                        size_t n)
{
    if (append_le16(b, type) != 0 || append_le16(b, n) != 0)
        return -1;
    return aver_buf_append(b, p, n);
}

/* How often each measurement was extended: never where it is zero. */
static int append_extends(struct aver_buf *b, const struct simulator_chip *chip)
{
    unsigned n = chip->blocks == BLOCKS_MAX ? BLOCKS_MAX : SWITCH_COUNTERS;
    uint8_t extends[4 * BLOCKS_MAX] = {0};

    for (unsigned i = 0; i < n; i++)
        extends[4 * i] = (uint8_t)(chip->measured >> i & 1);
    return append_field(b, MSR_COUNT, extends, 4 * (size_t)n);
}

/* Of a GPU: which switch each link goes to, the bytes of its PDI reversed. */
static int append_links(struct aver_buf *b)
{
    uint8_t links[LINKS * PDI];

    for (unsigned i = 0; i < sizeof(links); i++)
        links[i] = simulator_chips[SIMULATOR_LS10]
                       .device[i / PDI % SIMULATOR_SWITCHES]
                       .pdi[PDI - 1 - i % PDI];
    return append_field(b, SWITCH_PDI, links, sizeof(links));
}

/* Of a switch: the eight GPUs, and which port leads where; of that only "not
 * in use" is known. */
static int append_gpus(struct aver_buf *b)
{
    uint8_t gpus[SIMULATOR_GPU_MAX * PDI + PORT_TABLE];

    memset(gpus, 0xff, sizeof(gpus));
    for (unsigned i = 0; i < SIMULATOR_GPU_MAX; i++)
        memcpy(gpus + PDI * (size_t)i,
               simulator_chips[SIMULATOR_GH100].device[i].pdi, PDI);
    return append_field(b, SWITCH_GPUS, gpus, sizeof(gpus));
}

static int append_computed(struct aver_buf *b, enum opaque type,
                           const struct simulator_chip *chip, unsigned index)
{
    const uint8_t position[2] = {(uint8_t)index, 0};
    bool is_switch = chip == &simulator_chips[SIMULATOR_LS10];

    switch (type) {
    case MSR_COUNT:
        return append_extends(b, chip);
    case FWID:
        return append_field(b, FWID, chip->fwid, sizeof(chip->fwid));
    case SWITCH_PDI:
        if (!is_switch)
            return append_links(b);
        return append_field(b, SWITCH_PDI, chip->device[index].pdi, PDI);
    case SWITCH_GPUS:
        return append_gpus(b);
    default:
        return append_field(b, POSITION, position, sizeof(position));
    }
}

static int append_opaque(struct aver_buf *b, enum simulator_kind kind,
                         unsigned index)
{
    for (size_t i = 0; i < kinds[kind].n; i++) {
        const struct field *f = &kinds[kind].field[i];
        int rc = f->p != NULL ? append_field(b, f->type, f->p, f->n)
                              : append_computed(b, f->type,
                                                simulator_chip_of(kind), index);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int append_request(struct aver_buf *b, const uint8_t nonce[static 32])
{
    /* with signature, all blocks; the last byte is the certificate slot */
    const uint8_t head[4] = {SPDM_VERSION, GET_MEASUREMENTS, 1, 0xff};

    if (aver_buf_append(b, head, sizeof(head)) != 0 ||
        aver_buf_append(b, nonce, 32) != 0)
        return -1;
    return aver_buf_append(b, "", 1);
}

static int append_response(struct aver_buf *b,
                           const struct simulator_chip *chip,
                           struct aver_bytes opaque)
{
    unsigned record = chip->blocks * BLOCK_SIZE;
    const uint8_t head[8] = {
        SPDM_VERSION,    MEASUREMENTS,           0, 0, (uint8_t)chip->blocks,
        (uint8_t)record, (uint8_t)(record >> 8), 0};
    uint8_t responder_nonce[32];

    aver_random(responder_nonce, sizeof(responder_nonce));
    if (aver_buf_append(b, head, sizeof(head)) != 0 ||
        append_record(b, chip) != 0 ||
        aver_buf_append(b, responder_nonce, sizeof(responder_nonce)) != 0 ||
        append_le16(b, opaque.n) != 0)
        return -1;
    return aver_buf_append(b, opaque.p, opaque.n);
}

/* Request and response without signature, the text that the device signs. */
static int append_transcript(struct aver_buf *b, enum simulator_kind kind,
                             unsigned index, const uint8_t nonce[static 32])
{
    struct aver_buf opaque;
    int rc = -1;

    aver_buf_init(&opaque, SIMULATOR_REPORT_MAX);
    if (append_opaque(&opaque, kind, index) == 0 &&
        append_request(b, nonce) == 0)
        rc =
            append_response(b, simulator_chip_of(kind), aver_buf_view(&opaque));
    aver_buf_clear(&opaque);
    return rc;
}

int simulator_report(struct aver_buf *out, enum simulator_kind kind,
                     unsigned index, const uint8_t nonce[static 32],
                     struct aver_error *err)
{
    const struct simulator_device *d = &simulator_chip_of(kind)->device[index];
    const struct simulator_key key = {48, d->key, d->point};
    uint8_t signature[SIGNATURE_SIZE];

    if (append_transcript(out, kind, index, nonce) != 0)
        return aver_fail(err, AVER_EMEM, "simulator: no room for a report");
    if (simulator_sign(&key, aver_buf_view(out), signature, err) != 0)
        return -1;
    if (aver_buf_append(out, signature, sizeof(signature)) != 0)
        return aver_fail(err, AVER_EMEM, "simulator: no room for a report");
    return 0;
}
