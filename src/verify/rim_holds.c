/* SPDX-License-Identifier: Apache-2.0
 *
 * rim_holds: judges a RIM by itself: who signed it, that it is what was
 * signed, and that its list says one thing of each index. */
#include "verify/gpu_chain.h"
#include "verify/rim_signature.h"

#include <string.h>

static int signer_holds(struct aver_ec *ec, struct aver_rim *r,
                        const uint8_t pin[static 32], int64_t at,
                        struct aver_flaw *flaw)
{
    struct aver_link *l[AVER_CHAIN_MAX];
    struct aver_flaw own = {0};
    unsigned n = r->chain.n;

    for (unsigned i = 0; i < n; i++)
        l[i] = &r->chain.link[i];
    if (aver_gpu_chain_check(ec, l, n, AVER_RIM_CHAIN, pin, at, &own) == 0)
        return 0;
    return aver_flaw(flaw, aver_rim_chain_cause(own.cause),
                     "the chain of its signer: %.170s", own.text);
}

/* Twice is one too many even where one of them is not active: which of them
 * counts would depend on who reads it. */
static int list_holds(const struct aver_rim *r, struct aver_flaw *flaw)
{
    bool seen[AVER_RIM_ENTRIES_MAX] = {false}, any = false;

    for (unsigned i = 0; i < r->n; i++) {
        const struct aver_rim_entry *e = &r->entry[i];

        if (seen[e->index])
            return aver_flaw(flaw, "rim_dup", "index %u stands twice in it",
                             e->index);
        seen[e->index] = true;
        any = any || e->active;
    }
    return any ? 0 : aver_flaw(flaw, "rim_empty", "no entry of it is active");
}

int aver_rim_holds(struct aver_ec *ec, struct aver_rim *r,
                   const uint8_t pin[static 32], int64_t at,
                   struct aver_flaw *flaw)
{
    if (r->flaw.cause != NULL)
        return aver_flaw(flaw, r->flaw.cause, "%s", r->flaw.text);
    if (signer_holds(ec, r, pin, at, flaw) != 0)
        return -1;
    if (!aver_text_signed_by_link(
            ec, aver_buf_view(&r->info),
            aver_bytes_of(r->signature, sizeof(r->signature)), &r->memo,
            &r->chain.link[0]))
        return aver_flaw(flaw, "rim_signature",
                         "its SignedInfo is not signed by its signer's key");
    if (memcmp(r->document, r->claimed, sizeof(r->document)) != 0)
        return aver_flaw(flaw, "rim_digest",
                         "its digest is not the one that is signed");
    return list_holds(r, flaw);
}
