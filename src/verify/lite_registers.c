/* SPDX-License-Identifier: Apache-2.0
 *
 * lite_registers: what OVMF (before 202505) and the kernel's loader extend on
 * the way to the kernel, computed from the measurement of an image. */
#include "crypto/sha2.h"
#include "verify/lite.h"

#include <string.h>

#define GIB_2 0x80000000u
#define GIB_4 0x100000000u
#define PCI_HOLE 0xb0000000u

/* The configuration volume of the firmware. */
static const uint8_t cfv[48] = {
    0x34, 0x4b, 0xc5, 0x1c, 0x98, 0x0b, 0xa6, 0x21, 0xaa, 0xa0, 0x0d, 0xa3,
    0xed, 0x74, 0x36, 0xf7, 0xd6, 0xe5, 0x49, 0x19, 0x7d, 0xfe, 0x69, 0x95,
    0x15, 0xdf, 0xa2, 0xc6, 0x58, 0x3d, 0x95, 0xe6, 0x41, 0x2a, 0xf2, 0x1c,
    0x09, 0x7d, 0x47, 0x31, 0x55, 0x87, 0x5f, 0xfd, 0x56, 0x1d, 0x67, 0x90,
};
/* Boot0000: the firmware's own menu. */
static const uint8_t boot0000[48] = {
    0x23, 0xad, 0xa0, 0x7f, 0x52, 0x61, 0xf1, 0x2f, 0x34, 0xa0, 0xbd, 0x8e,
    0x46, 0x76, 0x09, 0x62, 0xd6, 0xb4, 0xd5, 0x76, 0xa4, 0x16, 0xf1, 0xfe,
    0xa1, 0xc6, 0x4b, 0xc6, 0x56, 0xb1, 0xd2, 0x8e, 0xac, 0xf7, 0x04, 0x7a,
    0xe6, 0xe9, 0x67, 0xc5, 0x8f, 0xd2, 0xa9, 0x8b, 0xfa, 0x74, 0xc2, 0x98,
};

/* 8BE4DF61-93CA-11D2-AA0D-00E098032B8C, D719B2CB-3D3A-4596-A3BC-DAD00E67656F */
static const uint8_t global[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93,
                                   0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0,
                                   0x98, 0x03, 0x2b, 0x8c};
static const uint8_t security[16] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d,
                                     0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0,
                                     0x0e, 0x67, 0x65, 0x6f};

static void extend(uint8_t rtmr[static 48], const uint8_t digest[static 48])
{
    uint8_t both[96];

    memcpy(both, rtmr, 48);
    memcpy(both + 48, digest, 48);
    aver_sha384(rtmr, aver_bytes_of(both, sizeof(both)));
}

static void extend_by(uint8_t rtmr[static 48], const void *p, size_t n)
{
    uint8_t digest[48];

    aver_sha384(digest, aver_bytes_of(p, n));
    extend(rtmr, digest);
}

static void put_le(uint8_t *at, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

/* An empty UEFI variable: GUID, length of the name in characters, length of
 * the data, name in UTF-16. */
static void extend_variable(uint8_t rtmr[static 48],
                            const uint8_t guid[static 16], const char *name)
{
    uint8_t text[16 + 8 + 8 + 2 * 16] = {0};
    size_t n = strlen(name);

    memcpy(text, guid, 16);
    put_le(text + 16, n, 8);
    for (size_t i = 0; i < n; i++)
        text[32 + 2 * i] = (uint8_t)name[i];
    extend_by(rtmr, text, 32 + 2 * n);
}

/* The list of memory that QEMU hands to the firmware: one block up front, a
 * block for each range before the last, at most two for the last. */
struct hob {
    uint8_t bytes[56 + 48 * (2 * AVER_LITE_RANGES + 2)];
    size_t n;
};

/* PI specification, EFI_HOB_RESOURCE_DESCRIPTOR. */
static void add_resource(struct hob *h, bool accepted, uint64_t start,
                         uint64_t end)
{
    uint8_t *at = h->bytes + h->n;

    put_le(at, 3, 2);
    put_le(at + 2, 48, 2);
    put_le(at + 24, accepted ? 0 : 7, 4);
    put_le(at + 28, 7, 4);
    put_le(at + 32, start, 8);
    put_le(at + 40, end - start, 8);
    h->n += 48;
}

/* What the firmware does not accept itself, up to the end of memory, which
 * from a certain size on goes on above 4 GiB. */
static void add_last(struct hob *h, uint64_t start, uint64_t memory)
{
    if (memory < PCI_HOLE) {
        add_resource(h, false, start, memory);
        return;
    }
    add_resource(h, false, start, GIB_2); /* ranges end below */
    add_resource(h, false, GIB_4, GIB_4 + memory - GIB_2);
}

static void extend_hob(uint8_t rtmr[static 48], const struct aver_lite *l)
{
    struct hob h = {.n = 56};
    uint64_t reached = 0;

    put_le(h.bytes, 1, 2);
    put_le(h.bytes + 2, 56, 2);
    put_le(h.bytes + 8, 9, 4);
    for (unsigned i = 0; i < l->m.n; i++) {
        if (l->m.range[i].start > reached)
            add_resource(&h, false, reached, l->m.range[i].start);
        add_resource(&h, true, l->m.range[i].start, l->m.range[i].end);
        reached = l->m.range[i].end;
    }
    add_last(&h, reached, l->memory_size);
    put_le(h.bytes + 48, l->m.hob + h.n + 8, 8);
    extend_by(rtmr, h.bytes, h.n);
}

void aver_lite_rtmr0(uint8_t out[static 48], const struct aver_lite *l,
                     const struct aver_acpi *acpi)
{
    memset(out, 0, 48);
    extend_hob(out, l);
    extend(out, cfv);
    extend_variable(out, global, "SecureBoot");
    extend_variable(out, global, "PK");
    extend_variable(out, global, "KEK");
    extend_variable(out, security, "db");
    extend_variable(out, security, "dbx");
    extend_by(out, "\0\0\0\0", 4); /* separator */
    extend(out, acpi->loader);
    extend(out, acpi->rsdp);
    extend(out, acpi->tables);
    extend_by(out, "\0\0", 2); /* BootOrder */
    extend(out, boot0000);
}

static void extend_action(uint8_t rtmr[static 48], const char *text)
{
    extend_by(rtmr, text, strlen(text));
}

void aver_lite_rtmr1(uint8_t out[static 48], const struct aver_lite *l)
{
    memset(out, 0, 48);
    extend(out, l->m.kernel);
    extend_action(out, "Calling EFI Application from Boot Option");
    extend_by(out, "\0\0\0\0", 4);
    extend_action(out, "Exit Boot Services Invocation");
    extend_action(out, "Exit Boot Services Returned with Success");
}

void aver_lite_rtmr2(uint8_t out[static 48], const struct aver_lite *l)
{
    memset(out, 0, 48);
    extend(out, l->m.cmdline);
    extend(out, l->m.initrd);
}
