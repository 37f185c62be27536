/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: what somebody demands, from words. */
#ifndef AVER_VERIFY_POLICY_H
#define AVER_VERIFY_POLICY_H

#include "verify/rows.h"

/* One relaxation by its name: "debug", "trailing-bytes",
 * "sept-ve-disable-clear", "service-td", "auth-slack", "qe-report-data-tail",
 * "root-self-revocation", "tcb=STATUS" (as Intel spells it, of any case), or
 * "tcb=any"; of GPUs "rim-missing", "revocation-missing", "rim-hold", and
 * "rim-index=N" (this measurement may differ). -1 with `err` for another name;
 * the nearest is offered. */
AVER_MUST_CHECK int aver_policy_allow(struct aver_policy *p, const char *name,
                                      struct aver_error *err);
/* One expectation: "NAME=HEX" of every scope, or "SCOPE:NAME=HEX" of the scope
 * of that name ("gateway", "model 1"), or of all of that kind ("model"). -1
 * with `err` if it is none. */
AVER_MUST_CHECK int aver_policy_expect_text(struct aver_policy *p,
                                            const char *text,
                                            struct aver_error *err);
/* The same in two parts: "NAME" or "SCOPE:NAME", and the hex. */
AVER_MUST_CHECK int aver_policy_expect_named(struct aver_policy *p,
                                             struct aver_bytes name,
                                             struct aver_bytes hex,
                                             struct aver_error *err);
/* One demand by its name: "tcb-evaluation=N" (documents of at least this data
 * set), "max-age=SECONDS" (none of them issued longer ago), "fmspc=HEX" (this
 * kind of platform), and of GPUs "rim", "revocation", "topology" (what is
 * missing is refused); each once. -1 with `err` for anything else. */
AVER_MUST_CHECK int aver_policy_require(struct aver_policy *p, const char *name,
                                        struct aver_error *err);
/* A time: RFC 3339 (YYYY-MM-DDThh:mm:ssZ), or seconds since 1970. */
AVER_MUST_CHECK int aver_policy_time(int64_t *at, const char *text,
                                     struct aver_error *err);
/* A root that takes the place of a pinned one: PEM, of which the first
 * certificate counts. */
enum aver_root { AVER_ROOT_CPU = 0, AVER_ROOT_GPU, AVER_ROOT_RIM };
AVER_MUST_CHECK int aver_policy_root(struct aver_policy *p,
                                     enum aver_root which,
                                     struct aver_bytes pem,
                                     struct aver_error *err);

#endif
