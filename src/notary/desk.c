/* SPDX-License-Identifier: Apache-2.0
 *
 * desk: see desk.h. Signatures are kept beside their receipt once made. */
#include "notary/desk.h"

#include <string.h>

static struct notary_header header(const struct desk *d, uint32_t type)
{
    return (struct notary_header){
        .version = CHANNEL_VERSION, .type = type, .generation = d->generation};
}

void desk_hello(const struct desk *d, struct notary_hello *hello)
{
    *hello = (struct notary_hello){.head = header(d, NOTARY_HELLO)};
    memcpy(hello->k1_public, d->signer.k1_public, sizeof(hello->k1_public));
    memcpy(hello->address, d->signer.address, sizeof(hello->address));
    memcpy(hello->ed_public, d->signer.ed_public, sizeof(hello->ed_public));
}

/* Makes the signature of that algorithm, unless it was made before. */
static void fill(const struct desk *d, struct store_signatures *sigs,
                 enum notary_algo algo, struct aver_bytes text)
{
    if (algo == NOTARY_ECDSA && !sigs->has_ecdsa) {
        sign_ecdsa(&d->signer, sigs->ecdsa, text);
        sigs->has_ecdsa = true;
    }
    if (algo == NOTARY_ED25519 && !sigs->has_ed25519) {
        sign_ed25519(&d->signer, sigs->ed25519, text);
        sigs->has_ed25519 = true;
    }
}

/* The algorithm that is asked for unless another is named; Ed25519 when it is
 * asked for, with the same result. */
static void sign_early(struct desk *d, struct store_entry *e)
{
    char text[SIGN_TEXT_MAX];
    struct store_signatures *sigs = store_signatures(d->store, e);
    size_t n =
        sign_text(&d->signer, text, e->request_sha256, e->response_sha256);
    if (!sigs)
        return;
    fill(d, sigs, NOTARY_ECDSA, aver_bytes_of(text, n));
}

void desk_put(struct desk *d, const struct notary_put *put, uint64_t now_ms)
{
    for (uint32_t i = 0; i < put->head.count; i++) {
        struct store_entry *e = store_put(d->store, &put->record[i], now_ms);
        if (d->eager && e && e->kind == NOTARY_RECEIPT)
            sign_early(d, e);
    }
}

static enum notary_status status_of(const struct store_entry *e)
{
    if (!e)
        return NOTARY_MISSING;
    switch ((enum notary_kind)e->kind) {
    case NOTARY_RECEIPT:
        return NOTARY_FOUND;
    case NOTARY_CLIENT_LEFT:
        return NOTARY_GONE_CLIENT;
    case NOTARY_CUT:
        return NOTARY_GONE_CUT;
    }
    return NOTARY_MISSING;
}

static void answer_found(struct desk *d, struct store_entry *e,
                         struct notary_answer *a)
{
    struct store_signatures once = {0};
    struct store_signatures *sigs = store_signatures(d->store, e);
    if (!sigs)
        sigs = &once; /* no room to keep it */
    size_t n =
        sign_text(&d->signer, a->text, e->request_sha256, e->response_sha256);
    a->text_len = (uint16_t)n;
    fill(d, sigs, a->algo, aver_bytes_of(a->text, n));
    if (a->algo == NOTARY_ECDSA)
        memcpy(a->signature, sigs->ecdsa, sizeof(sigs->ecdsa));
    else
        memcpy(a->signature, sigs->ed25519, sizeof(sigs->ed25519));
}

bool desk_answer(struct desk *d, const struct notary_lookup *lookup, bool final,
                 uint64_t now_ms, struct notary_answer *answer)
{
    struct store_entry *e =
        store_find(d->store, lookup->id, lookup->id_len, now_ms);
    enum notary_status status = status_of(e);
    if (status != NOTARY_FOUND && !final)
        return false;
    *answer = (struct notary_answer){.head = header(d, NOTARY_ANSWER),
                                     .seq = lookup->seq,
                                     .status = (uint8_t)status,
                                     .algo = lookup->algo};
    if (status == NOTARY_FOUND)
        answer_found(d, e, answer);
    return true;
}
