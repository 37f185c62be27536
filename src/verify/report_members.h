/* SPDX-License-Identifier: Apache-2.0
 *
 * report_members: the members that a report of any kind may have, found in
 * one pass. Between the parsers of reports (report.c, report_code.c,
 * scopes.c); nobody else needs it. */
#ifndef AVER_VERIFY_REPORT_MEMBERS_H
#define AVER_VERIFY_REPORT_MEMBERS_H

#include "verify/member.h"
#include "verify/report.h"

enum {
    /* Evidence, and what says what it is about. */
    M_ADDRESS = 0,
    M_ALGO,
    M_PUBLIC,
    M_REQUEST_NONCE,
    M_SPKI,
    M_INTEL_QUOTE,
    M_QUOTE,
    M_NVIDIA,
    M_NVSWITCH,
    M_GPU_DIGEST,
    M_SWITCH_DIGEST,
    M_NONCE,
    M_ACTIONS,
    M_ACTIONS_HASH,
    M_REPORT_DATA,
    M_GPU_EVIDENCE,
    M_CERTIFICATE,
    M_E2E_KEY,
    M_EVENT_LOG,
    M_VM_CONFIG,
    M_INFO,
    /* Reports inside. */
    M_GATEWAY,
    M_MODELS,
    M_ALL,
    M_COMPOSE_MANAGER,
    M_INSTANCES,
    /* Claims: a second one of these is nobody's loss. */
    M_CLAIMS,
    M_TEE = M_CLAIMS,
    M_SIMULATED,
    M_SERVING,
    M_BINDING,
    M_MODEL_NAME,
    M_INSTANCE,
    M_VERSION_INFO,
    M_N,
};

/* Finds them all. -1 if `source` is no JSON object. */
AVER_MUST_CHECK int aver_report_members(struct aver_json_member m[static M_N],
                                        struct aver_bytes source,
                                        struct aver_error *err);
/* The report that these members make; what wraps others is not looked at.
 * NULL with `err` when memory is short. */
struct aver_report *
aver_report_read(const struct aver_json_member m[static M_N],
                 struct aver_bytes source, enum aver_report_kind kind,
                 struct aver_error *err);
/* A report that is none: with `fault`, and nothing else. */
struct aver_report *aver_report_broken(const char *fault,
                                       enum aver_report_kind kind,
                                       struct aver_error *err);
/* Keeps the first fault. */
void aver_report_fault(struct aver_report *r, const char *name,
                       const char *why);
/* Reads what says which code runs (report_code.c). */
void aver_report_read_code(struct aver_report *r,
                           const struct aver_json_member m[static M_N],
                           struct aver_bytes source);

#endif
