/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: the verdict of every vector, as the functions give it. */
#include "folders.h"
#include "verify/replay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char folder[] = "tdx/eventlog";

/* The vectors whose runtime events do not hold together. */
static const char *const broken[] = {
    "ev-s-colon-resplit",
    "ev-s-duplicate-before-ready",
    "ev-s-v2-field-lie",
    "ev-v-digest-only",
    "ev-v-duplicated",
    "ev-v-event-renamed",
    "ev-v-imr-2",
    "ev-v-payload-only",
    "ev-v-runtime-type-changed",
};

static bool is_broken(const char *name)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        if (strcmp(broken[i], name) == 0)
            return true;
    return false;
}

static bool matches(const struct aver_replay *r, const json_t *rtmr, size_t i)
{
    uint8_t want[48];
    const char *hex = json_string_value(json_array_get(rtmr, i));

    assert_int_equal(aver_hex_decode(want, 48, aver_bytes_str(hex)), 0);
    return memcmp(r->rtmr[i], want, 48) == 0;
}

/* What the log says before system-ready. */
static void compare_fields(const struct aver_eventlog *log,
                           const json_t *fields, const char *name)
{
    static const struct {
        const char *member, *event;
    } map[] = {{"app_id", "app-id"},
               {"compose_hash", "compose-hash"},
               {"instance_id", "instance-id"}};

    for (size_t i = 0; i < 3; i++) {
        struct aver_buf want = vectors_hex(fields, map[i].member);
        const struct aver_event *e = aver_runtime_find(log, map[i].event);

        if (e == NULL || !aver_bytes_equal(e->payload, aver_buf_view(&want)))
            fail_msg("%s: %s", name, map[i].event);
        aver_buf_clear(&want);
    }
}

/* The whole verdict of a case: readable, held together, replayed, ready. */
static bool accepts(const struct aver_eventlog *log, const json_t *expected,
                    const char *name)
{
    const json_t *rtmr = json_object_get(expected, "rtmr");
    const json_t *match = json_object_get(expected, "rtmr_match");
    struct aver_replay r;
    struct aver_error err = {0};
    bool all = true;

    assert_int_equal(aver_replay(&r, log, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        bool same = matches(&r, rtmr, i);

        all = all && same;
        if (match != NULL && same != json_is_true(json_array_get(match, i)))
            fail_msg("%s: register %zu", name, i);
    }
    bool held = aver_runtime_check(log, &err) == 0;
    if (held == is_broken(name))
        fail_msg("%s: %s", name, err.text);
    if (!held)
        assert_true(strncmp(err.text, "event ", 6) == 0);
    if (held && json_object_get(expected, "fields") != NULL)
        compare_fields(log, json_object_get(expected, "fields"), name);
    return all && held && aver_runtime_ready(log);
}

static void every_vector_has_its_verdict(void **state)
{
    struct folders cases = folders_list(folder);

    (void)state;
    assert_int_equal(cases.n, 28);
    for (int i = 0; i < cases.n; i++) {
        const char *name = cases.entry[i]->d_name;
        struct aver_buf text =
            folders_file(folder, cases.entry[i], "event_log.json");
        json_t *expected =
            folders_json(folder, cases.entry[i], "expected.json");
        struct aver_eventlog log;
        bool good = false;

        if (aver_eventlog_parse(&log, aver_buf_view(&text), NULL) == 0) {
            good = accepts(&log, expected, name);
            aver_eventlog_free(&log);
        }
        /* What is left to policy is refused. */
        if (good != vectors_is(expected, "verdict", "accept"))
            fail_msg("%s: %s", name, vectors_text(expected, "verdict"));
        json_decref(expected);
        aver_buf_clear(&text);
    }
    folders_clear(&cases);
}

#define ZEROS                                                                  \
    "000000000000000000000000000000000000000000000000"                         \
    "000000000000000000000000000000000000000000000000"

static struct aver_eventlog parsed(const char *text)
{
    struct aver_eventlog log;
    struct aver_error err = {0};

    if (aver_eventlog_parse(&log, aver_bytes_str(text), &err) != 0)
        fail_msg("%s", err.text);
    return log;
}

#define RUN(name, payload)                                                     \
    "{\"imr\":3,\"event_type\":134217729,\"event\":\"" name                    \
    "\",\"event_payload\":\"" payload "\"}"

static void what_the_application_says_is_not_found(void **state)
{
    struct aver_eventlog log =
        parsed("[" RUN("a", "01") "," RUN("system-ready", "") "," RUN(
            "b", "02") "," RUN("a", "03") "," RUN("system-ready", "04") "]");

    (void)state;
    assert_int_equal(aver_runtime_check(&log, NULL), 0);
    assert_true(aver_bytes_equal(aver_runtime_find(&log, "a")->payload,
                                 aver_bytes_of("\1", 1)));
    assert_null(aver_runtime_find(&log, "b"));
    assert_int_equal(aver_runtime_find(&log, "system-ready")->payload.n, 0);
    assert_true(aver_runtime_ready(&log));
    aver_eventlog_free(&log);
    log = parsed("[" RUN("a", "01") "]");
    assert_false(aver_runtime_ready(&log));
    aver_eventlog_free(&log);
}

static void only_runtime_events_of_register_3_are_found(void **state)
{
    static const char *const others[] = {
        ("[{\"imr\":3,\"event_type\":7,\"digest\":\"" ZEROS
         "\",\"event\":\"a\",\"event_payload\":\"01\"}]"),
        ("[{\"imr\":2,\"event_type\":134217729,\"event\":\"a\","
         "\"event_payload\":\"01\"}]"),
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct aver_eventlog log = parsed(others[i]);

        assert_null(aver_runtime_find(&log, "a"));
        aver_eventlog_free(&log);
    }
}

/* Known answers, made with Python's hashlib and json. */
static void digests_of_both_versions(void **state)
{
    static const struct {
        const char *event, *digest;
    } known[] = {
        {"[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\\u001f\\\"\\\\"
         "\\u00e9\\n\",\"event_payload\":\"00FF\"}]",
         "e761f362b0a70d5aee453fe68ebd4b4ad06a1f80d8e7f527"
         "3ca04a1e24f40af04f8c360fa356593a42911a59e5b3c19c"},
        {"[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\\u001f\\\"\\\\"
         "\\u00e9\\n\",\"event_payload\":\"00FF\",\"version\":2,"
         "\"preimage\":\"\"}]",
         "3d6303911eae0fb3e59dc82c3743c80d7e0282d247050b9d"
         "641f718ab358ef0a459e84d5f3cbe7636f67c0e7ed85bc5e"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct aver_eventlog log = parsed(known[i].event);
        uint8_t digest[48];
        char hex[97];

        assert_int_equal(aver_event_digest(digest, &log.events[0], false, NULL),
                         0);
        aver_hex_encode(hex, digest, 48);
        assert_string_equal(hex, known[i].digest);
        aver_eventlog_free(&log);
    }
}

static void check_says(const char *text, const char *says)
{
    struct aver_eventlog log = parsed(text);
    struct aver_error err = {0};

    assert_int_equal(aver_runtime_check(&log, &err), -1);
    if (strstr(err.text, says) == NULL)
        fail_msg("not \"%s\" but \"%s\"", says, err.text);
    aver_eventlog_free(&log);
}

static void faults_are_named(void **state)
{
    (void)state;
    check_says("[{\"imr\":3,\"event_type\":1,\"digest\":\"" ZEROS
               "\",\"event\":\"\",\"event_payload\":\"\"}]",
               "event 0: no runtime event");
    check_says("[" RUN("a", "") ",{\"imr\":0,\"event_type\":134217729,"
                                "\"event\":\"\",\"event_payload\":\"\"}]",
               "event 1: a runtime event");
    check_says("[" RUN("a:b", "") "]", "colon");
    check_says("[" RUN("system-ready", "") "," RUN("a:b", "") "]", "colon");
    check_says("[" RUN("a", "") "," RUN("b", "") "," RUN("a", "") "]",
               "event 2: its name");
    check_says("[{\"imr\":3,\"event_type\":134217729,\"digest\":\"" ZEROS
               "\",\"event\":\"\",\"event_payload\":\"\"}]",
               "the digest");
    /* A preimage that comes with version 1 must be right too. */
    check_says("[{\"imr\":3,\"event_type\":134217729,\"preimage\":\"00\","
               "\"event\":\"\",\"event_payload\":\"\"}]",
               "the preimage");
    /* The order of members is part of the canonical form. */
    check_says("[{\"imr\":3,\"event_type\":134217729,\"event\":\"\","
               "\"event_payload\":\"\",\"version\":2,\"preimage\":"
               "\"7b2274797065223a3133343231373732392c226e616d65223a22222c"
               "227061796c6f6164223a22227d\"}]",
               "the preimage");
}

static void a_right_preimage_of_version_1_may_be_there(void **state)
{
    struct aver_eventlog log =
        parsed("[{\"imr\":3,\"event_type\":134217729,\"event\":\"a\","
               "\"event_payload\":\"ff\",\"preimage\":\"010000083a613aff\"}]");

    (void)state;
    assert_int_equal(aver_runtime_check(&log, NULL), 0);
    aver_eventlog_free(&log);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_has_its_verdict),
        cmocka_unit_test(what_the_application_says_is_not_found),
        cmocka_unit_test(only_runtime_events_of_register_3_are_found),
        cmocka_unit_test(digests_of_both_versions),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(a_right_preimage_of_version_1_may_be_there),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
