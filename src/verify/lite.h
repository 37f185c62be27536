/* SPDX-License-Identifier: Apache-2.0
 *
 * lite: dstack's "TDX lite": from an operating system image's hash to MRTD and
 * RTMR 0 to 2, without the image (docs/VERIFYING.md). The hash commits to a
 * list of checksums, the list to a measurement of the image, and from the
 * measurement and the size of memory the registers follow; only the digests of
 * the ACPI tables come from the event log. Computes, compares no register. */
#ifndef AVER_VERIFY_LITE_H
#define AVER_VERIFY_LITE_H

#include "base/buf.h"

#define AVER_LITE_RANGES 32

/* What the measurement of an image says. */
struct aver_measurement {
    /* MRTD by the order in which QEMU adds pages: before 9.0 two passes. */
    uint8_t mrtd_two_pass[48], mrtd_single_pass[48];
    uint8_t kernel[48], cmdline[48], initrd[48];
    uint64_t hob; /* address of the TD HOB */
    unsigned n;   /* memory that the firmware accepts, ascending */
    struct {
        uint64_t start, end;
    } range[AVER_LITE_RANGES];
};

struct aver_lite {
    uint8_t os_image_hash[32]; /* of the checksum file that came along */
    uint64_t memory_size;
    struct aver_measurement m;
};

/* Reads a vm_config and follows the hashes down to the measurement. -1 with
 * AVER_EABSENT if it holds no tdx_measurement, AVER_EUNSUPPORTED for a shape
 * of machine or firmware that cannot be computed, AVER_EMISMATCH where a hash
 * does not fit, else AVER_EFORMAT. */
AVER_MUST_CHECK int aver_lite_parse(struct aver_lite *l,
                                    struct aver_bytes vm_config,
                                    struct aver_error *err);
/* The measurement alone: CBOR. */
AVER_MUST_CHECK int aver_measurement_parse(struct aver_measurement *m,
                                           struct aver_bytes cbor,
                                           struct aver_error *err);

/* Digests of what the host gives the firmware of ACPI, from the event log. */
struct aver_acpi {
    uint8_t loader[48], rsdp[48], tables[48];
};

void aver_lite_rtmr0(uint8_t out[static 48], const struct aver_lite *l,
                     const struct aver_acpi *acpi);
void aver_lite_rtmr1(uint8_t out[static 48], const struct aver_lite *l);
void aver_lite_rtmr2(uint8_t out[static 48], const struct aver_lite *l);

#endif
