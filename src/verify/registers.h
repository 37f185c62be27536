/* SPDX-License-Identifier: Apache-2.0
 *
 * registers: what a quote says about the TD that an event log or an image can
 * be held against. Filled from a quote that was judged elsewhere, or from what
 * somebody says the quote holds. */
#ifndef AVER_VERIFY_REGISTERS_H
#define AVER_VERIFY_REGISTERS_H

#include "verify/quote.h"

struct aver_registers {
    uint8_t mrtd[48], rtmr[4][48];
    uint8_t mrconfigid[48], mrowner[48], mrownerconfig[48];
    uint8_t mrseam[48], report_data[64];
    uint8_t mrenclave[32], mrsigner[32]; /* of an SGX enclave */
    bool has_mrtd, has_rtmr[4];
    bool has_configid; /* mrconfigid, mrowner and mrownerconfig */
    bool has_mrseam, has_report_data, has_enclave;
};

/* All that a quote says. */
void aver_registers_of(struct aver_registers *r, const struct aver_quote *q);

#endif
