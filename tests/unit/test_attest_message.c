/* SPDX-License-Identifier: Apache-2.0
 *
 * message: what attest_message_ok lets through, and one flaw at a time of what
 * it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/message.h"
#include <string.h>

static struct attest_ask good_ask(void)
{
    return (struct attest_ask){.version = CHANNEL_VERSION,
                               .type = ATTEST_ASK,
                               .seq = 7,
                               .nonce = {1},
                               .has_nonce = 1,
                               .algo = ATTEST_ED25519,
                               .layout = ATTEST_LAYOUT_B};
}

static struct attest_reply good_reply(void)
{
    return (struct attest_reply){.version = CHANNEL_VERSION,
                                 .type = ATTEST_REPLY,
                                 .status = ATTEST_OK,
                                 .size = 5};
}

static void good_ones(void **state)
{
    struct attest_ask ask = good_ask();
    struct attest_reply reply = good_reply();

    (void)state;
    assert_true(attest_message_ok(&ask, sizeof(ask)));
    assert_true(attest_message_ok(&reply, sizeof(reply)));
    ask.has_nonce = 0;
    ask.nonce[0] = 0;
    ask.endorsements = 1;
    assert_true(attest_message_ok(&ask, sizeof(ask)));
    reply.status = ATTEST_NO_NOTARY;
    reply.size = 0;
    assert_true(attest_message_ok(&reply, sizeof(reply)));
}

static void lengths(void **state)
{
    uint8_t bytes[256] = {0};
    struct attest_ask ask = good_ask();

    (void)state;
    memcpy(bytes, &ask, sizeof(ask));
    for (size_t n = 0; n <= sizeof(bytes); n++)
        assert_int_equal(attest_message_ok(bytes, n), n == sizeof(ask));
    struct attest_reply reply = good_reply();
    memcpy(bytes, &reply, sizeof(reply));
    for (size_t n = 0; n <= sizeof(bytes); n++)
        assert_int_equal(attest_message_ok(bytes, n), n == sizeof(reply));
}

static void bad_asks(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } flaws[] = {
        {offsetof(struct attest_ask, version), 0},
        {offsetof(struct attest_ask, type), ATTEST_REPLY},
        {offsetof(struct attest_ask, type), 0},
        {offsetof(struct attest_ask, has_nonce), 2},
        {offsetof(struct attest_ask, has_nonce), 0}, /* yet there is one */
        {offsetof(struct attest_ask, algo), 2},
        {offsetof(struct attest_ask, layout), ATTEST_LAYOUTS},
        {offsetof(struct attest_ask, endorsements), 2},
        {offsetof(struct attest_ask, pad), 1},
        {offsetof(struct attest_ask, pad) + 3, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(flaws) / sizeof(*flaws); i++) {
        struct attest_ask ask = good_ask();
        memcpy((uint8_t *)&ask + flaws[i].at, &flaws[i].value, 1);
        assert_false(attest_message_ok(&ask, sizeof(ask)));
    }
}

static void bad_replies(void **state)
{
    struct attest_reply reply = good_reply();

    (void)state;
    reply.status = ATTEST_NO_NOTARY + 1;
    assert_false(attest_message_ok(&reply, sizeof(reply)));
    reply = good_reply();
    reply.size = 0;
    assert_false(attest_message_ok(&reply, sizeof(reply)));
    reply = good_reply();
    reply.status = ATTEST_BUSY;
    assert_false(attest_message_ok(&reply, sizeof(reply)));
    reply = good_reply();
    reply.endorsed_until = 1;
    assert_false(attest_message_ok(&reply, sizeof(reply)));
    reply = good_reply();
    reply.gpu.state = GPU_OK;
    assert_false(attest_message_ok(&reply, sizeof(reply)));
}

static void each_status_has_a_word(void **state)
{
    (void)state;
    assert_string_equal(attest_status_word(ATTEST_OK), "ok");
    for (int i = 0; i <= ATTEST_NO_NOTARY; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(attest_status_word((enum attest_status)i),
                                    attest_status_word((enum attest_status)k));
}

static void news(void **state)
{
    static const struct attest_reply good = {
        .version = CHANNEL_VERSION,
        .type = ATTEST_NEWS,
        .endorsed_until = INT64_MAX,
        .gpu = {.state = GPU_LOST, .error = 15}};
    static const size_t empty[] = {offsetof(struct attest_reply, seq),
                                   offsetof(struct attest_reply, generation),
                                   offsetof(struct attest_reply, status),
                                   offsetof(struct attest_reply, retry_after_s),
                                   offsetof(struct attest_reply, size)};
    struct attest_reply m = good;

    (void)state;
    assert_true(attest_message_ok(&m, sizeof(m)));
    assert_false(attest_message_ok(&m, sizeof(m) - 1));
    m.endorsed_until++;
    assert_false(attest_message_ok(&m, sizeof(m)));
    m = good;
    m.gpu.state = GPU_STATES;
    assert_false(attest_message_ok(&m, sizeof(m)));
    for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++) {
        m = good;
        ((uint8_t *)&m)[empty[i]] = 1;
        assert_false(attest_message_ok(&m, sizeof(m)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones), cmocka_unit_test(lengths),
        cmocka_unit_test(bad_asks),  cmocka_unit_test(bad_replies),
        cmocka_unit_test(news),      cmocka_unit_test(each_status_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
