/* SPDX-License-Identifier: Apache-2.0
 *
 * desk: what the notary does with a message that was judged and is meant for
 * it: keep a receipt, answer a lookup. It does no I/O and reads no clock. */
#ifndef AVER_NOTARY_DESK_H
#define AVER_NOTARY_DESK_H

#include "notary/sign.h"
#include "notary/store.h"

struct desk {
    uint64_t generation;
    bool eager; /* sign at put */
    struct signer signer;
    struct store *store;
};

/* Who the notary is, as a message. */
void desk_hello(const struct desk *d, struct notary_hello *hello);
/* Keeps the records of a batch. */
void desk_put(struct desk *d, const struct notary_put *put, uint64_t now_ms);
/* Answers a lookup. False, with `answer` unfilled, where the answer would be
 * no and `final` is not set: a put that says otherwise may still be under
 * way. */
bool desk_answer(struct desk *d, const struct notary_lookup *lookup, bool final,
                 uint64_t now_ms, struct notary_answer *answer);

#endif
