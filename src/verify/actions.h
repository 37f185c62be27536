/* SPDX-License-Identifier: Apache-2.0
 *
 * actions: the list of what a compose manager did, hashed again, since the
 * hash that stands beside it is only a claim. */
#ifndef AVER_VERIFY_ACTIONS_H
#define AVER_VERIFY_ACTIONS_H

#include "base/bytes.h"
#include "base/error.h"

/* Ways in which managers write one list down: compact JSON with the names as
 * they stand in the report; sorted; in the order in which the manager declares
 * them (a proxy on the way may have sorted them). All say the same. */
enum { AVER_AS_GIVEN = 0, AVER_SORTED, AVER_DECLARED, AVER_SPELLINGS };

/* SHA-256 of each spelling of a JSON array that a scanner has been through.
 * -1 if it has no certain spelling (an element is no object, a name stands
 * there twice, a value is an object or a fraction), or more than 4096 elements
 * or 256 KiB. */
AVER_MUST_CHECK int aver_actions_hash(uint8_t out[static AVER_SPELLINGS][32],
                                      struct aver_bytes array,
                                      struct aver_error *err);

#endif
