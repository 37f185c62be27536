/* SPDX-License-Identifier: Apache-2.0
 *
 * message: judges a packet before anyone reads a member of it. */
#include "attest/message.h"

#include <string.h>

const char *attest_status_word(enum attest_status status)
{
    static const char *const words[] = {
        [ATTEST_OK] = "ok",
        [ATTEST_BUSY] = "busy",
        [ATTEST_ABSENT] = "absent",
        [ATTEST_WRONG] = "wrong",
        [ATTEST_SLOW] = "slow",
        [ATTEST_NO_TLS] = "no_tls",
        [ATTEST_NO_NOTARY] = "no_notary",
    };

    return words[status];
}

static bool ask_ok(const void *p)
{
    struct attest_ask m;
    static const uint8_t zeros[32];

    memcpy(&m, p, sizeof(m));
    if (m.has_nonce > 1 || m.algo > ATTEST_ED25519 ||
        m.layout >= ATTEST_LAYOUTS || m.endorsements > 1)
        return false;
    if (memcmp(m.pad, zeros, sizeof(m.pad)) != 0)
        return false;
    return m.has_nonce || memcmp(m.nonce, zeros, sizeof(m.nonce)) == 0;
}

static bool reply_ok(const void *p)
{
    static const struct gpu_status none;
    struct attest_reply m;

    memcpy(&m, p, sizeof(m));
    return m.status <= ATTEST_NO_NOTARY && m.endorsed_until == 0 &&
           memcmp(&m.gpu, &none, sizeof(none)) == 0 &&
           (m.status == ATTEST_OK) == (m.size > 0);
}

static bool news_ok(const void *p)
{
    struct attest_reply m;

    memcpy(&m, p, sizeof(m));
    return m.seq == 0 && m.generation == 0 && m.status == ATTEST_OK &&
           m.retry_after_s == 0 && m.size == 0 &&
           m.endorsed_until <= INT64_MAX && gpu_status_ok(&m.gpu);
}

bool attest_message_ok(const void *p, size_t n)
{
    uint32_t head[2];

    if (n < sizeof(head))
        return false;
    memcpy(head, p, sizeof(head));
    if (head[0] != CHANNEL_VERSION)
        return false;
    if (head[1] == ATTEST_ASK)
        return n == sizeof(struct attest_ask) && ask_ok(p);
    if (head[1] == ATTEST_REPLY)
        return n == sizeof(struct attest_reply) && reply_ok(p);
    if (head[1] == ATTEST_NEWS)
        return n == sizeof(struct attest_reply) && news_ok(p);
    return false;
}
