/* SPDX-License-Identifier: Apache-2.0
 *
 * eventlog: every vector, every member, every wrong form. */
#include "folders.h"
#include "verify/eventlog.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char folder[] = "tdx/eventlog";

/* The vectors whose flaw is one of form. */
static const char *const unreadable[] = {
    "ev-s-v2-missing-preimage", "ev-v-digest-47-bytes",
    "ev-v-digest-not-hex",      "ev-v-imr-4",
    "ev-v-imr-negative",        "ev-v-payload-odd-hex",
};

static bool is_unreadable(const char *name)
{
    for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++)
        if (strcmp(unreadable[i], name) == 0)
            return true;
    return false;
}

static void vectors_are_read_or_refused(void **state)
{
    struct folders cases = folders_list(folder);

    (void)state;
    assert_int_equal(cases.n, 28);
    for (int i = 0; i < cases.n; i++) {
        const char *name = cases.entry[i]->d_name;
        struct aver_buf text =
            folders_file(folder, cases.entry[i], "event_log.json");
        struct aver_eventlog log;
        struct aver_error err = {0};
        int rc = aver_eventlog_parse(&log, aver_buf_view(&text), &err);

        if ((rc != 0) != is_unreadable(name))
            fail_msg("%s: %d %s", name, rc, err.text);
        if (rc == 0)
            assert_true(log.n >= 6 && !log.binary);
        if (rc == 0)
            aver_eventlog_free(&log);
        else if (strncmp(err.text, "event ", 6) != 0)
            fail_msg("%s: no event is named: %s", name, err.text);
        aver_buf_clear(&text);
    }
    folders_clear(&cases);
}

#define DIGEST                                                                 \
    "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"         \
    "00112233445566778899aabbccddeeff"

static int parse(struct aver_eventlog *log, const char *text,
                 struct aver_error *err)
{
    return aver_eventlog_parse(log, aver_bytes_str(text), err);
}

static void each_member_is_kept(void **state)
{
    static const char text[] =
        " [ {\"imr\":2,\"event_type\":4294967295,\"digest\":\"" DIGEST
        "\",\"event\":\"caf\\u00e9\",\"event_payload\":\"00fF\",\"more\":[1]},"
        "{\"imr\":3,\"event_type\":134217729,\"event\":\"\",\"version\":2,"
        "\"event_payload\":\"\",\"preimage\":\"7b7d\"} ] ";
    struct aver_eventlog log;

    (void)state;
    assert_int_equal(parse(&log, text, NULL), 0);
    assert_int_equal(log.n, 2);
    const struct aver_event *e = &log.events[0];
    assert_int_equal(e->imr, 2);
    assert_int_equal(e->type, 0xffffffff);
    assert_true(e->has_digest && e->digest[1] == 0x11 && e->digest[47] == 0xff);
    assert_true(aver_bytes_is(e->name, "caf\xc3\xa9"));
    assert_true(aver_bytes_equal(e->payload, aver_bytes_of("\x00\xff", 2)));
    assert_int_equal(e->version, 1);
    assert_false(e->has_preimage);
    e = &log.events[1];
    assert_false(e->has_digest);
    assert_int_equal(e->version, 2);
    assert_true(e->has_preimage && aver_bytes_is(e->preimage, "{}"));
    aver_eventlog_free(&log);
}

static void a_text_that_holds_the_array_is_the_same(void **state)
{
    struct aver_buf text =
        vectors_file("tdx/eventlog/ev-v-good/event_log.json");
    struct aver_buf quoted;
    struct aver_eventlog a, b;

    (void)state;
    aver_buf_init(&quoted, AVER_EVENTLOG_MAX);
    assert_int_equal(aver_json_quote(&quoted, aver_buf_view(&text)), 0);
    assert_int_equal(aver_eventlog_parse(&a, aver_buf_view(&text), NULL), 0);
    assert_int_equal(aver_eventlog_parse(&b, aver_buf_view(&quoted), NULL), 0);
    assert_int_equal(a.n, b.n);
    for (unsigned i = 0; i < a.n; i++) {
        assert_memory_equal(a.events[i].digest, b.events[i].digest, 48);
        assert_true(aver_bytes_equal(a.events[i].payload, b.events[i].payload));
    }
    aver_eventlog_free(&a);
    aver_eventlog_free(&b);
    aver_buf_clear(&quoted);
    aver_buf_clear(&text);
}

#define EVENT(imr, type, digest, event, payload, more)                         \
    "[{\"imr\":" imr ",\"event_type\":" type ",\"digest\":" digest             \
    ",\"event\":" event ",\"event_payload\":" payload more "}]"
#define RUNTIME "134217729"

static void every_wrong_form_is_named(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "not JSON"},
        {"[", "not JSON"},
        {"[]]", "not JSON"},
        {"{}", "neither"},
        {"7", "neither"},
        {"\"\"", "no JSON array"},
        {"\"{}\"", "no JSON array"},
        {"\"\\\"[]\\\"\"", "no JSON array"}, /* a text in a text */
        {"\"[]\\u0000\"", "no JSON array"},
        {"[3]", "event 0"},
        {"[[]]", "event 0: expected an object"},
        {"[{}]", "event 0: imr"},
        {EVENT("4", "1", "\"" DIGEST "\"", "\"\"", "\"\"", ""), "imr"},
        {EVENT("-1", "1", "\"" DIGEST "\"", "\"\"", "\"\"", ""), "imr"},
        {EVENT("0.0", "1", "\"" DIGEST "\"", "\"\"", "\"\"", ""), "imr"},
        {EVENT("0e0", "1", "\"" DIGEST "\"", "\"\"", "\"\"", ""), "imr"},
        {EVENT("\"0\"", "1", "\"" DIGEST "\"", "\"\"", "\"\"", ""), "imr"},
        {EVENT("true", "1", "\"" DIGEST "\"", "\"\"", "\"\"", ""), "imr"},
        {EVENT("0", "4294967296", "\"" DIGEST "\"", "\"\"", "\"\"", ""),
         "event_type"},
        {EVENT("0", "null", "\"" DIGEST "\"", "\"\"", "\"\"", ""),
         "event_type"},
        {EVENT("0", "1", "\"\"", "\"\"", "\"\"", ""), "digest"},
        {EVENT("0", "1", "null", "\"\"", "\"\"", ""), "digest"},
        {EVENT("0", "1", "\"" DIGEST "00\"", "\"\"", "\"\"", ""), "digest"},
        {EVENT("3", RUNTIME, "\"00\"", "\"\"", "\"\"", ""), "digest"},
        {EVENT("3", RUNTIME, "\"\"", "7", "\"\"", ""), "event:"},
        {EVENT("3", RUNTIME, "\"\"", "\"a\\u0000b\"", "\"\"", ""), "NUL"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"0\"", ""), "event_payload"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"0x00\"", ""), "event_payload"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "[]", ""), "event_payload"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"\"", ",\"version\":0"),
         "version"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"\"", ",\"version\":3"),
         "version"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"\"", ",\"version\":\"2\""),
         "version"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"\"", ",\"version\":2"),
         "preimage"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"\"", ",\"preimage\":\"7\""),
         "preimage"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"\"", ",\"preimage\":null"),
         "preimage"},
        {EVENT("3", RUNTIME, "\"\"", "\"\"", "\"\"", ",\"imr\":3"),
         "imr stands there more than once"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct aver_eventlog log;
        struct aver_error err = {0};

        assert_int_equal(parse(&log, wrong[i].text, &err), -1);
        if (strstr(err.text, wrong[i].says) == NULL)
            fail_msg("%s: %s", wrong[i].text, err.text);
        assert_int_equal(log.n, 0);
        assert_null(log.events);
    }
}

static void what_is_right_is_taken(void **state)
{
    static const char *const right[] = {
        "[]",
        "\"[]\"",
        EVENT("3", RUNTIME, "\"\"", "\"a\"", "\"00\"", ""),
        EVENT("3", RUNTIME, "\"\"", "\"a\"", "\"00\"", ",\"version\":1"),
        EVENT("0", "1", "\"" DIGEST "\"", "\"\"", "\"\"", ",\"version\":2"),
        ("[{\"imr\":3,\"event_type\":134217729,\"event\":\"\","
         "\"event_payload\":\"\"}]"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        struct aver_eventlog log;
        struct aver_error err = {0};

        if (parse(&log, right[i], &err) != 0)
            fail_msg("%s: %s", right[i], err.text);
        aver_eventlog_free(&log);
    }
}

/* n times one event. */
static struct aver_buf many(unsigned n)
{
    static const char one[] = "{\"imr\":3,\"event_type\":134217729,"
                              "\"event\":\"\",\"event_payload\":\"\"}";
    struct aver_buf text;

    aver_buf_init(&text, 64u << 20);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(
            aver_buf_printf(&text, "%c%s", i == 0 ? '[' : ',', one), 0);
    assert_int_equal(aver_buf_append_str(&text, "]"), 0);
    return text;
}

static void there_are_limits(void **state)
{
    struct aver_eventlog log;
    struct aver_error err;
    struct aver_buf text = many(AVER_EVENTS_MAX);

    (void)state;
    assert_int_equal(aver_eventlog_parse(&log, aver_buf_view(&text), NULL), 0);
    assert_int_equal(log.n, AVER_EVENTS_MAX);
    aver_eventlog_free(&log);
    aver_buf_clear(&text);
    text = many(AVER_EVENTS_MAX + 1);
    assert_int_equal(aver_eventlog_parse(&log, aver_buf_view(&text), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&text);
    /* 64 MiB of anything */
    aver_buf_init(&text, 64u << 20);
    assert_int_equal(aver_buf_reserve(&text, 64u << 20), 0);
    memset(text.p, '[', 64u << 20);
    text.n = 64u << 20;
    assert_int_equal(aver_eventlog_parse(&log, aver_buf_view(&text), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&text);
}

/* One element full of little objects: it may not cost what its tree costs. */
static void one_event_is_not_everything(void **state)
{
    struct aver_eventlog log;
    struct aver_error err;
    struct aver_buf text;

    (void)state;
    aver_buf_init(&text, AVER_EVENTLOG_MAX);
    assert_int_equal(aver_buf_append_str(&text, "[{\"a\":[{}"), 0);
    while (text.n < AVER_EVENTLOG_MAX - 10)
        assert_int_equal(aver_buf_append_str(&text, ",{}"), 0);
    assert_int_equal(aver_buf_append_str(&text, "]}]"), 0);
    assert_int_equal(aver_eventlog_parse(&log, aver_buf_view(&text), &err), -1);
    assert_non_null(strstr(err.text, "event 0: imr"));
    aver_buf_clear(&text);
}

/* A copy of exactly n bytes, so that a sanitizer sees the first byte read
 * beyond. */
static int parse_copy(const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    struct aver_eventlog log;

    assert_non_null(copy);
    memcpy(copy, p, n);
    int rc = aver_eventlog_parse(&log, aver_bytes_of(copy, n), NULL);
    if (rc == 0)
        aver_eventlog_free(&log);
    free(copy);
    return rc;
}

static void cut_anywhere_it_is_refused(void **state)
{
    struct aver_buf text = vectors_file("tdx/eventlog/ev-s-v2/event_log.json");

    (void)state;
    while (text.n > 0 && text.p[text.n - 1] != ']')
        text.n--;
    assert_int_equal(parse_copy(text.p, text.n), 0);
    for (size_t n = 0; n < text.n; n++)
        assert_int_equal(parse_copy(text.p, n), -1);
    aver_buf_clear(&text);
}

static void flipped_bits_do_no_harm(void **state)
{
    struct aver_buf text = vectors_file("tdx/eventlog/ev-s-v2/event_log.json");

    (void)state;
    for (int i = 0; i < 3000; i++) {
        size_t at = (size_t)i * 7919 % text.n;
        uint8_t bit = (uint8_t)(1u << (i * 31 % 8));

        text.p[at] ^= bit;
        (void)parse_copy(text.p, text.n);
        text.p[at] ^= bit;
    }
    aver_buf_clear(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_read_or_refused),
        cmocka_unit_test(each_member_is_kept),
        cmocka_unit_test(a_text_that_holds_the_array_is_the_same),
        cmocka_unit_test(every_wrong_form_is_named),
        cmocka_unit_test(what_is_right_is_taken),
        cmocka_unit_test(there_are_limits),
        cmocka_unit_test(one_event_is_not_everything),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(flipped_bits_do_no_harm),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
