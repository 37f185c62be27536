/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_td: the event log replays to the registers, its runtime events
 * have dstack's digest, and they stand in dstack's order. Hashes are taken
 * from OpenSSL directly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/simulator_td.h"
#include "base/text.h"
#include <openssl/sha.h>
#include <string.h>

#define RUNTIME 0x08000001

static int setup(void **state)
{
    static struct simulator_td td;
    struct aver_error err;

    *state = &td;
    return simulator_td_boot(&td, &err);
}

static int teardown(void **state)
{
    simulator_td_clear(*state);
    return 0;
}

static const char *text_of(const json_t *event, const char *member)
{
    const char *text = json_string_value(json_object_get(event, member));

    assert_non_null(text);
    return text;
}

static long long number_of(const json_t *event, const char *member)
{
    json_t *value = json_object_get(event, member);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void log_replays_to_the_registers(void **state)
{
    const struct simulator_td *td = *state;
    uint8_t rtmr[4][48] = {{0}}, both[96];
    unsigned seen[4] = {0};
    size_t i = 0;
    json_t *event = NULL;

    json_array_foreach(td->log, i, event)
    {
        long long imr = number_of(event, "imr");

        assert_in_range(imr, 0, 3);
        memcpy(both, rtmr[imr], 48);
        assert_int_equal(
            aver_hex_decode(both + 48, 48,
                            aver_bytes_str(text_of(event, "digest"))),
            0);
        SHA384(both, sizeof(both), rtmr[imr]);
        seen[imr]++;
    }
    assert_memory_equal(rtmr, td->rtmr, sizeof(rtmr));
    assert_int_equal(seen[0], 13);
    assert_int_equal(seen[1], 5);
    assert_int_equal(seen[2], 2);
    assert_int_equal(seen[3], 9);
}

/* LE32(type) ":" name ":" payload, written out here once more. */
static void check_runtime(const json_t *event)
{
    const char *name = text_of(event, "event");
    struct aver_bytes hex = aver_bytes_str(text_of(event, "event_payload"));
    uint8_t text[512] = {0x01, 0x00, 0x00, 0x08, ':'}, want[48], got[48];
    size_t n = strlen(name);

    assert_null(strchr(name, ':'));
    memcpy(text + 5, name, n);
    text[5 + n] = ':';
    assert_int_equal(aver_hex_decode(text + 6 + n, hex.n / 2, hex), 0);
    SHA384(text, 6 + n + hex.n / 2, want);
    assert_int_equal(
        aver_hex_decode(got, 48, aver_bytes_str(text_of(event, "digest"))), 0);
    assert_memory_equal(got, want, 48);
}

static void runtime_digests_follow_the_formula(void **state)
{
    const struct simulator_td *td = *state;
    unsigned runtime = 0;
    size_t i = 0;
    json_t *event = NULL;

    json_array_foreach(td->log, i, event)
    {
        bool is_runtime = number_of(event, "event_type") == RUNTIME;

        assert_int_equal(is_runtime, number_of(event, "imr") == 3);
        if (!is_runtime)
            continue;
        check_runtime(event);
        runtime++;
    }
    assert_int_equal(runtime, 9);
}

static void runtime_events_keep_their_order(void **state)
{
    static const char *const names[] = {
        "system-preparing", "app-id",       "compose-hash",
        "instance-id",      "boot-mr-done", "os-image-hash",
        "key-provider",     "storage-fs",   "system-ready"};
    const struct simulator_td *td = *state;
    size_t i = 0, next = 0;
    json_t *event = NULL;

    json_array_foreach(td->log, i, event) if (number_of(event, "imr") == 3)
        assert_string_equal(text_of(event, "event"), names[next++]);
    assert_int_equal(next, 9);
}

/* The payload of the runtime event with that name, n bytes. */
static void payload_of(const struct simulator_td *td, const char *name,
                       uint8_t *out, size_t n)
{
    size_t i = 0;
    json_t *event = NULL;

    json_array_foreach(td->log, i,
                       event) if (strcmp(text_of(event, "event"), name) == 0)
    {
        assert_int_equal(
            aver_hex_decode(out, n,
                            aver_bytes_str(text_of(event, "event_payload"))),
            0);
        return;
    }
    fail_msg("no event %s", name);
}

static void identities_are_in_the_log(void **state)
{
    const struct simulator_td *td = *state;
    uint8_t hash[32], value[32];

    SHA256((const uint8_t *)simulator_app_compose,
           strlen(simulator_app_compose), hash);
    assert_memory_equal(td->compose_hash, hash, 32);
    payload_of(td, "compose-hash", value, 32);
    assert_memory_equal(value, hash, 32);
    payload_of(td, "app-id", value, 20);
    assert_memory_equal(value, hash, 20);
    payload_of(td, "instance-id", value, 20);
    assert_memory_equal(value, td->instance_id, 20);
    assert_memory_not_equal(td->instance_id, td->app_id, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_replays_to_the_registers),
        cmocka_unit_test(runtime_digests_follow_the_formula),
        cmocka_unit_test(runtime_events_keep_their_order),
        cmocka_unit_test(identities_are_in_the_log),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
