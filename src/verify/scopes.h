/* SPDX-License-Identifier: Apache-2.0
 *
 * scopes: one answer, and every report in it. Whatever wraps whatever (a
 * gateway its models, a service its other nodes and its compose manager,
 * Chutes its instances), each report is a scope of its own, to be judged by
 * itself; the whole is no better than its parts. Takes apart, judges
 * nothing. */
#ifndef AVER_VERIFY_SCOPES_H
#define AVER_VERIFY_SCOPES_H

#include "verify/report.h"

#define AVER_SCOPES_MAX 32

struct aver_scope {
    char name[64];   /* "report", "gateway", "model 1/compose-manager" */
    unsigned copies; /* further times that its very evidence stands there */
    struct aver_report *report;
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
/* The report whose key signs receipts: that of a service which stands for
 * itself. NULL where a gateway and models have each their own, or none has. */
const struct aver_report *aver_scopes_signer(const struct aver_scopes *s);

#endif
