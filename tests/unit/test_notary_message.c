/* SPDX-License-Identifier: Apache-2.0
 *
 * notary/message: each type in its right form, and each way to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notary/message.h"
#include <stdlib.h>
#include <string.h>

static union {
    struct notary_header head;
    struct notary_hello hello;
    struct notary_put put;
    struct notary_lookup lookup;
    struct notary_answer answer;
    uint8_t bytes[sizeof(struct notary_put) + 8];
} m;

static void start(uint32_t type)
{
    memset(&m, 0, sizeof(m));
    m.head.version = CHANNEL_VERSION;
    m.head.type = type;
    m.head.generation = 7;
}

static size_t put_size(uint32_t count)
{
    return offsetof(struct notary_put, record) +
           count * sizeof(struct notary_record);
}

/* True for exactly one length. From a heap copy at an odd address, so that a
 * read beyond the end or an aligned read is seen by the sanitizers. */
static bool ok_at(size_t n)
{
    uint8_t *copy = malloc(n + 1);
    assert_non_null(copy);
    memcpy(copy + 1, m.bytes, n);
    bool ok = notary_message_ok(copy + 1, n);
    free(copy);
    return ok;
}

static void assert_only_length(size_t want)
{
    for (size_t n = 0; n < sizeof(m); n++)
        if (ok_at(n) != (n == want))
            fail_msg("length %zu of %zu", n, want);
}

static void test_lengths(void **state)
{
    (void)state;
    start(NOTARY_HELLO);
    assert_only_length(sizeof(m.hello));
    start(NOTARY_LOOKUP);
    assert_only_length(sizeof(m.lookup));
    start(NOTARY_ANSWER);
    m.answer.status = NOTARY_MISSING;
    assert_only_length(sizeof(m.answer));
    const uint32_t counts[] = {1, 2, NOTARY_BATCH_MAX};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        start(NOTARY_PUT);
        m.head.count = counts[i];
        assert_only_length(put_size(counts[i]));
    }
}

static void test_header(void **state)
{
    (void)state;
    start(NOTARY_LOOKUP);
    m.head.version ^= 0x100;
    assert_false(ok_at(sizeof(m.lookup)));
    for (uint32_t type = 0; type < 300; type++) {
        start(type);
        assert_int_equal(ok_at(sizeof(m.lookup)), type == NOTARY_LOOKUP);
    }
    const uint32_t types[] = {NOTARY_HELLO, NOTARY_LOOKUP, NOTARY_ANSWER};
    const size_t sizes[] = {sizeof(m.hello), sizeof(m.lookup),
                            sizeof(m.answer)};
    for (int i = 0; i < 3; i++) {
        start(types[i]);
        if (types[i] == NOTARY_ANSWER)
            m.answer.status = NOTARY_MISSING;
        assert_true(ok_at(sizes[i]));
        m.head.count = 1;
        assert_false(ok_at(sizes[i]));
    }
}

static void test_count(void **state)
{
    (void)state;
    start(NOTARY_PUT);
    assert_false(ok_at(put_size(0)));
    m.head.count = 2;
    assert_false(ok_at(put_size(1)));
    m.head.count = NOTARY_BATCH_MAX + 1;
    assert_false(ok_at(sizeof(m)));
    /* header + count * size would wrap to the length sent */
    m.head.count = UINT32_MAX;
    for (size_t n = 0; n <= sizeof(m); n += 4)
        assert_false(ok_at(n));
}

static void test_record(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 3; at++) {
        start(NOTARY_PUT);
        m.head.count = 3;
        m.put.record[at].id_len = NOTARY_ID_MAX;
        m.put.record[at].kind = NOTARY_CUT;
        assert_true(ok_at(put_size(3)));
        m.put.record[at].id_len = NOTARY_ID_MAX + 1;
        assert_false(ok_at(put_size(3)));
        m.put.record[at].id_len = 0;
        m.put.record[at].kind = NOTARY_CUT + 1;
        assert_false(ok_at(put_size(3)));
    }
}

static void test_lookup(void **state)
{
    (void)state;
    start(NOTARY_LOOKUP);
    m.lookup.algo = NOTARY_ED25519;
    m.lookup.id_len = NOTARY_ID_MAX;
    assert_true(ok_at(sizeof(m.lookup)));
    m.lookup.id_len++;
    assert_false(ok_at(sizeof(m.lookup)));
    m.lookup.id_len = 1;
    m.lookup.algo = NOTARY_ED25519 + 1;
    assert_false(ok_at(sizeof(m.lookup)));
}

static void test_answer(void **state)
{
    (void)state;
    start(NOTARY_ANSWER);
    assert_false(ok_at(sizeof(m.answer))); /* found, without a text */
    m.answer.text_len = sizeof(m.answer.text);
    assert_true(ok_at(sizeof(m.answer)));
    m.answer.text_len++;
    assert_false(ok_at(sizeof(m.answer)));
    m.answer.text_len = 129;
    m.answer.algo = NOTARY_ED25519 + 1;
    assert_false(ok_at(sizeof(m.answer)));
    m.answer.algo = NOTARY_ED25519;
    m.answer.status = NOTARY_MISSING;
    assert_false(ok_at(sizeof(m.answer))); /* a text, but not found */
    m.answer.text_len = 0;
    assert_true(ok_at(sizeof(m.answer)));
    m.answer.status = NOTARY_GONE_CUT;
    assert_true(ok_at(sizeof(m.answer)));
    m.answer.status = NOTARY_GONE_CUT + 1;
    assert_false(ok_at(sizeof(m.answer)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_header),
        cmocka_unit_test(test_count),   cmocka_unit_test(test_record),
        cmocka_unit_test(test_lookup),  cmocka_unit_test(test_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
