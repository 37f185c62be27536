/* SPDX-License-Identifier: Apache-2.0
 *
 * scopes: one answer, and every report in it. Whatever wraps whatever (a
 * gateway its models, a service its other nodes and its compose manager,
 * Chutes its instances), each report is a scope of its own, to be judged by
 * itself; the whole is no better than its parts. Takes apart, judges
 * nothing. */
#ifndef AVER_VERIFY_SCOPES_H
#define AVER_VERIFY_SCOPES_H

#include "verify/code.h"
#include "verify/cpu.h"
#include "verify/gpus.h"
#include "verify/registers.h"
#include "verify/report.h"

#define AVER_SCOPES_MAX 32

struct aver_scope {
    char name[64];   /* "report", "gateway", "model 1/compose-manager" */
    unsigned copies; /* further times that its very evidence stands there */
    struct aver_report *report;
    /* What goes with it, once gathered: its quote beside what vouches for the
     * platform, its GPUs likewise, its code, and the registers to hold it
     * against. */
    struct aver_cpu *cpu;
    struct aver_gpus *gpus;
    struct aver_code *code;
    struct aver_registers registers;
};

struct aver_scopes {
    unsigned n; /* at least 1 */
    struct aver_scope scope[AVER_SCOPES_MAX];
};

/* Parses; copies what it keeps. NULL with `err` if the bytes are no JSON
 * object or too many, if they hold more than AVER_SCOPES_MAX reports, or when
 * memory is short. What stands where a report should, and is none, is a scope
 * with a fault. The caller frees. */
struct aver_scopes *aver_scopes_parse(struct aver_bytes in,
                                      struct aver_error *err);
void aver_scopes_free(struct aver_scopes *s);
/* Finds for each report what vouches for its platform at the time `at`, and
 * reads what it says of its code. Borrows `e` until the end. Rows about what
 * was not gathered are unknown. -1 when memory is short. */
AVER_MUST_CHECK int aver_scopes_gather(struct aver_scopes *s,
                                       struct aver_endorsements *e, int64_t at,
                                       struct aver_error *err);
/* The report whose key signs receipts: that of a service which stands for
 * itself. NULL where a gateway and models have each their own, or none has. */
const struct aver_report *aver_scopes_signer(const struct aver_scopes *s);

#endif
