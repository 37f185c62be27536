/* SPDX-License-Identifier: Apache-2.0
 *
 * registers: copied out of a quote. */
#include "verify/registers.h"

#include <string.h>

static bool take(uint8_t *out, size_t n, struct aver_bytes from)
{
    if (from.n != n)
        return false;
    memcpy(out, from.p, n);
    return true;
}

void aver_registers_of(struct aver_registers *r, const struct aver_quote *q)
{
    memset(r, 0, sizeof(*r));
    r->has_report_data = take(r->report_data, 64, q->report_data);
    r->has_enclave = take(r->mrenclave, 32, q->enclave.mrenclave) &&
                     take(r->mrsigner, 32, q->enclave.mrsigner);
    r->has_mrseam = take(r->mrseam, 48, q->td.mrseam);
    r->has_mrtd = take(r->mrtd, 48, q->td.mrtd);
    for (int i = 0; i < 4; i++)
        r->has_rtmr[i] = take(r->rtmr[i], 48, q->td.rtmr[i]);
    r->has_configid = take(r->mrconfigid, 48, q->td.mrconfigid) &&
                      take(r->mrowner, 48, q->td.mrowner) &&
                      take(r->mrownerconfig, 48, q->td.mrownerconfig);
}
