/* SPDX-License-Identifier: Apache-2.0
 *
 * device: which device it is, by its five certificates: the chip, the PDI
 * that its boot ROM's certificate carries, and the digest of the firmware
 * that the leaf was made for (TCG DICE). Reads, and judges nothing. */
#ifndef AVER_VERIFY_DEVICE_H
#define AVER_VERIFY_DEVICE_H

#include "verify/chain.h"
#include "verify/opaque.h"

struct aver_device {
    enum aver_chip chip; /* by the leaf's common name */
    char chip_name[16];  /* "GH100", "GB100", "LS_10" */
    bool brom_agrees;    /* the second certificate is of the same chip's BROM */
    /* Of the second certificate: its serial number as hex, and the PDI in it.
     * The device is this, not the leaf, which firmware makes anew. */
    char id[44];
    bool has_pdi;
    uint8_t pdi[AVER_PDI];
    char leaf_serial[64]; /* decimal, as NVIDIA's service has it ("ueid") */
    /* TCG DICE TcbInfo or FWID in the leaf. */
    enum { AVER_FWID_ABSENT = 0, AVER_FWID_OK, AVER_FWID_BAD } fwid_state;
    uint8_t fwid[48];
    char fwid_fault[128]; /* why it is bad */
};

/* Reads what there is: of a chain of another length than five, nothing. */
void aver_device_read(struct aver_device *d, const struct aver_chain *c);

#endif
