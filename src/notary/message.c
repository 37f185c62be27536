/* SPDX-License-Identifier: Apache-2.0
 *
 * message: the judge of every packet between workers and the notary. It copies
 * members out one by one, so that it takes bytes from any address. */
#include "notary/message.h"

#include <string.h>

#define MEMBER(type, member, at)                                               \
    member_at((at), offsetof(type, member), sizeof(((type *)0)->member))

/* An unsigned member of 1 or 2 bytes, at `offset` of p. */
static unsigned member_at(const uint8_t *p, size_t offset, size_t size)
{
    uint16_t two;
    if (size == 1)
        return p[offset];
    memcpy(&two, p + offset, sizeof(two));
    return two;
}

static bool record_ok(const uint8_t *p)
{
    return MEMBER(struct notary_record, kind, p) <= NOTARY_CUT &&
           MEMBER(struct notary_record, id_len, p) <= NOTARY_ID_MAX;
}

static bool put_ok(const uint8_t *p, size_t n, uint32_t count)
{
    const size_t size = sizeof(struct notary_record);
    if (count < 1 || count > NOTARY_BATCH_MAX ||
        n != offsetof(struct notary_put, record) + count * size)
        return false;
    p += offsetof(struct notary_put, record);
    for (uint32_t i = 0; i < count; i++)
        if (!record_ok(p + i * size))
            return false;
    return true;
}

static bool lookup_ok(const uint8_t *p, size_t n)
{
    return n == sizeof(struct notary_lookup) &&
           MEMBER(struct notary_lookup, algo, p) <= NOTARY_ED25519 &&
           MEMBER(struct notary_lookup, id_len, p) <= NOTARY_ID_MAX;
}

static bool answer_ok(const uint8_t *p, size_t n)
{
    if (n != sizeof(struct notary_answer))
        return false;
    unsigned status = MEMBER(struct notary_answer, status, p);
    unsigned len = MEMBER(struct notary_answer, text_len, p);
    return status <= NOTARY_GONE_CUT &&
           MEMBER(struct notary_answer, algo, p) <= NOTARY_ED25519 &&
           len <= sizeof(((struct notary_answer *)0)->text) &&
           (status == NOTARY_FOUND) == (len > 0);
}

bool notary_message_ok(const void *p, size_t n)
{
    struct notary_header h;
    if (n < sizeof(h))
        return false;
    memcpy(&h, p, sizeof(h));
    if (h.version != CHANNEL_VERSION)
        return false;
    if (h.type == NOTARY_PUT)
        return put_ok(p, n, h.count);
    if (h.count != 0)
        return false;
    switch (h.type) {
    case NOTARY_HELLO:
        return n == sizeof(struct notary_hello);
    case NOTARY_LOOKUP:
        return lookup_ok(p, n);
    case NOTARY_ANSWER:
        return answer_ok(p, n);
    default:
        return false;
    }
}
