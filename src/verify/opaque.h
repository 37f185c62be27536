/* SPDX-License-Identifier: Apache-2.0
 *
 * opaque: NVIDIA's part of an SPDM report: fields of type (16 bits), size (16
 * bits) and value, little endian, which fill it exactly. */
#ifndef AVER_VERIFY_OPAQUE_H
#define AVER_VERIFY_OPAQUE_H

#include "verify/flaw.h"

/* What kind of device it is, by its certificates. */
enum aver_chip {
    AVER_CHIP_UNKNOWN = 0,
    AVER_HOPPER,    /* GH100 */
    AVER_BLACKWELL, /* GB100, GB2xx */
    AVER_LS10,      /* an NVSwitch */
};

enum aver_switched { AVER_SW_ABSENT = 0, AVER_SW_ON, AVER_SW_OFF, AVER_SW_BAD };

/* How GPUs are passed to the machine (field 36). */
enum aver_gpu_mode {
    AVER_MODE_UNKNOWN = 0,
    AVER_MODE_SPT,   /* each by itself */
    AVER_MODE_MPT,   /* several, NVLink encrypted */
    AVER_MODE_PPCIE, /* eight with their switches, in the clear between them */
};

#define AVER_PDI 8
#define AVER_SWITCH_LINKS 18
#define AVER_SWITCH_GPUS 8

struct aver_opaque {
    /* Texts: "" if the field is absent. Only [A-Za-z0-9._-]. */
    char driver[32];                   /* field 3 */
    char vbios[32];                    /* field 6: "96.00.D9.00.02" */
    char project[16];                  /* 17 */
    char project_sku[16];              /* 18 */
    char chip_sku[16];                 /* 15 */
    char chip[16];                     /* 35 */
    enum aver_switched nvdec0;         /* 11 */
    enum aver_switched protected_pcie; /* 21 */
    bool has_fwid;
    uint8_t fwid[48]; /* 20 */
    /* 22 of a GPU: the switch behind each link, in the order in which the
     * switch's own serial number has the bytes; zeros: no link. */
    unsigned nlinks;
    uint8_t link[AVER_SWITCH_LINKS][AVER_PDI];
    /* 22, 26, 25 and 24 of a switch. */
    bool has_own_pdi, has_gpus, has_lock, locked;
    bool has_position;
    unsigned position; /* 24: which of the board's switches it is */
    uint8_t own_pdi[AVER_PDI];
    uint8_t gpu[AVER_SWITCH_GPUS][AVER_PDI];
    unsigned version; /* 34; 0 if absent */
    bool has_flag;
    enum aver_gpu_mode mode; /* by 36, else by 21; see GPU modes */
    unsigned nunknown;       /* fields of types that nobody has named */
    unsigned unknown[8];     /* the first of them */
};

/* 0; -1 with the flaw: "opaque" (the fields do not fill it exactly),
 * "opaque_duplicate", "opaque_value", "opaque_version". The chip says what
 * some of the fields mean; of an unknown one only those are read that are the
 * same for all. */
AVER_MUST_CHECK int aver_opaque_parse(struct aver_opaque *o,
                                      struct aver_bytes in, enum aver_chip chip,
                                      struct aver_flaw *flaw);
const char *aver_chip_name(enum aver_chip chip); /* "HOPPER"; "" if unknown */
const char *aver_gpu_mode_name(enum aver_gpu_mode mode); /* "SPT"; "" */

#endif
