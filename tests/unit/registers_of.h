/* SPDX-License-Identifier: Apache-2.0
 *
 * registers_of: the registers of a TDX quote of version 4, read where they
 * stand (DCAP quote format, A.3.2). */
#ifndef AVER_TESTS_REGISTERS_OF_H
#define AVER_TESTS_REGISTERS_OF_H

#include "vectors.h"
#include "verify/registers.h"

__attribute__((unused)) static struct aver_registers
registers_of(struct aver_bytes quote)
{
    struct aver_registers r = {.has_mrtd = true,
                               .has_rtmr = {true, true, true, true},
                               .has_configid = true,
                               .has_mrseam = true,
                               .has_report_data = true};

    if (quote.n < 632 || quote.p[0] != 4)
        vectors_broken("no quote of version 4", "");
    const uint8_t *body = quote.p + 48;
    memcpy(r.mrseam, body + 16, 48);
    memcpy(r.mrtd, body + 136, 48);
    memcpy(r.mrconfigid, body + 184, 48);
    memcpy(r.mrowner, body + 232, 48);
    memcpy(r.mrownerconfig, body + 280, 48);
    memcpy(r.rtmr, body + 328, sizeof(r.rtmr));
    memcpy(r.report_data, body + 520, 64);
    return r;
}

#endif
