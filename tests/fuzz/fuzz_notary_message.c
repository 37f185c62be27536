/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets from workers: what notary_message_ok lets through goes to a desk
 * with a small store, so that what is done with a judged message is fuzzed
 * too. The input is a row of packets, each after two bytes of length. */
#include "crypto/ed25519.h"
#include "notary/desk.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct desk desk;
static uint64_t now_ms;

static void open_desk(void)
{
    static const uint8_t secret[32] = {1};
    const struct store_limits limits = {50, 40, 40000, false};
    uint8_t pub[32];
    struct keys *keys = keys_new(NULL);
    if (!keys)
        abort();
    memcpy(keys->k1, secret, sizeof(secret));
    aver_ed25519_from_seed(keys->ed, pub, secret);
    desk.store = store_new(&limits, NULL);
    if (!desk.store || signer_init(&desk.signer, keys, "m", NULL) != 0)
        abort();
}

static void take(const uint8_t *p, size_t n)
{
    static union {
        struct notary_header head;
        struct notary_put put;
        struct notary_lookup lookup;
    } packet;
    struct notary_answer answer;
    if (!notary_message_ok(p, n))
        return;
    assert(n <= sizeof(packet) || n == sizeof(answer));
    memcpy(&packet, p, n < sizeof(packet) ? n : sizeof(packet));
    if (packet.head.type == NOTARY_PUT)
        desk_put(&desk, &packet.put, now_ms);
    if (packet.head.type != NOTARY_LOOKUP)
        return;
    bool done = desk_answer(&desk, &packet.lookup, true, now_ms, &answer);
    assert(done && notary_message_ok(&answer, sizeof(answer)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!desk.store)
        open_desk();
    while (size >= 2) {
        size_t n = data[0] | (size_t)data[1] << 8;
        data += 2;
        size -= 2;
        n = n < size ? n : size;
        take(data, n);
        data += n;
        size -= n;
        now_ms++;
    }
    assert(store_bytes(desk.store) <= 40000 && store_count(desk.store) <= 40);
    /* Each input starts with an empty store. */
    now_ms += 100;
    store_expire(desk.store, now_ms);
    assert(store_count(desk.store) == 0);
    return 0;
}
