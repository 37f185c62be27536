/* SPDX-License-Identifier: Apache-2.0
 *
 * genuine: for which platform endorsements are needed, and whether those that
 * came are what the vendor signed. */
#ifndef AVER_ATTEST_GENUINE_H
#define AVER_ATTEST_GENUINE_H

#include "attest/pcs.h"
#include "verify/quote.h"

/* The kind of platform that a parsed quote comes from, as its PCK certificate
 * names it. Believes the quote. */
AVER_MUST_CHECK int genuine_platform(struct pcs_platform *p,
                                     const struct aver_quote *q,
                                     struct aver_error *err);

/* That a bundle's text is genuine, and valid at `now`, beside this quote; not
 * that the quote itself is. `simulated`: the simulator's root stands in for
 * Intel's. `*until` becomes the last second in which all of it is valid. */
AVER_MUST_CHECK int genuine_bundle(struct aver_bytes text,
                                   struct aver_bytes quote, bool simulated,
                                   int64_t now, int64_t *until,
                                   struct aver_error *err);

#endif
