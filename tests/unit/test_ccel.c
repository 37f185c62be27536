/* SPDX-License-Identifier: Apache-2.0
 *
 * ccel: a real binary log, and logs made by hand. */
#include "vectors.h"
#include "verify/ccel.h"
#include "verify/replay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char real[] = "tdx/ccel/cos-113/ccel_data.dat";

static void the_real_one_replays(void **state)
{
    struct aver_buf bytes = vectors_file(real);
    json_t *expected = vectors_index("tdx/ccel/cos-113/expected.json");
    const json_t *rtmr = json_object_get(expected, "rtmr");
    struct aver_eventlog log;
    struct aver_replay r;

    (void)state;
    assert_true(aver_ccel_is(aver_buf_view(&bytes)));
    assert_int_equal(aver_ccel_parse(&log, aver_buf_view(&bytes), NULL), 0);
    assert_true(log.binary);
    assert_int_equal(aver_replay(&r, &log, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        uint8_t want[48];

        assert_int_equal(aver_hex_decode(want, 48,
                                         aver_bytes_str(json_string_value(
                                             json_array_get(rtmr, i)))),
                         0);
        assert_memory_equal(r.rtmr[i], want, 48);
    }
    /* 43 records, the first of which names the form and extends nothing. */
    assert_int_equal(json_integer_value(json_object_get(expected, "events")),
                     43);
    assert_int_equal(r.events[0] + r.events[1] + r.events[2] + r.events[3],
                     log.n);
    assert_in_range(log.n, 30, 43);
    assert_int_equal(r.events[3], 0);
    for (unsigned i = 0; i < log.n; i++)
        assert_true(log.events[i].name.n == 0 && log.events[i].payload.n == 0);
    aver_eventlog_free(&log);
    aver_buf_clear(&bytes);
    json_decref(expected);
}

/* A log by hand. */

static void u16(struct aver_buf *b, unsigned v)
{
    uint8_t le[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

    assert_int_equal(aver_buf_append(b, le, 2), 0);
}

static void u32(struct aver_buf *b, uint32_t v)
{
    u16(b, v & 0xffff);
    u16(b, v >> 16);
}

static void fill(struct aver_buf *b, uint8_t c, size_t n)
{
    assert_int_equal(aver_buf_reserve(b, n), 0);
    memset(b->p + b->n, c, n);
    b->n += n;
}

static struct aver_buf begun(void)
{
    struct aver_buf b;

    aver_buf_init(&b, 4u << 20);
    u32(&b, 1);
    u32(&b, 3);
    fill(&b, 0, 20);
    u32(&b, 33);
    assert_int_equal(aver_buf_append(&b, "Spec ID Event03", 16), 0);
    fill(&b, 0, 17);
    return b;
}

static void record(struct aver_buf *b, uint32_t index, uint32_t type,
                   unsigned algorithm, size_t size)
{
    u32(b, index);
    u32(b, type);
    u32(b, 1);
    u16(b, algorithm);
    fill(b, 0xab, size);
    u32(b, 3);
    fill(b, 'x', 3);
}

static int parse(const struct aver_buf *b, struct aver_eventlog *log,
                 struct aver_error *err)
{
    uint8_t *copy = malloc(b->n);

    assert_non_null(copy);
    memcpy(copy, b->p, b->n);
    int rc = aver_ccel_parse(log, aver_bytes_of(copy, b->n), err);
    free(copy);
    return rc;
}

static void registers_begin_at_one(void **state)
{
    struct aver_buf b = begun();
    struct aver_eventlog log;

    (void)state;
    for (uint32_t index = 0; index <= 4; index++)
        record(&b, index, 7 + index, 0xc, 48);
    record(&b, 2, 3, 0xc, 48); /* EV_NO_ACTION */
    assert_int_equal(parse(&b, &log, NULL), 0);
    assert_int_equal(log.n, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(log.events[i].imr, i);
        assert_int_equal(log.events[i].type, 8 + i);
        assert_true(log.events[i].has_digest &&
                    log.events[i].digest[47] == 0xab);
    }
    aver_eventlog_free(&log);
    u32(&b, 0xffffffff); /* what follows is filler */
    fill(&b, 0x55, 5);
    assert_int_equal(parse(&b, &log, NULL), 0);
    assert_int_equal(log.n, 4);
    aver_eventlog_free(&log);
    aver_buf_clear(&b);
}

/* A type that is a runtime event's in JSON gives no name here to believe. */
static void no_digest_is_recomputed(void **state)
{
    struct aver_buf b = begun();
    struct aver_eventlog log;
    uint8_t digest[48], want[48];

    (void)state;
    memset(want, 0xab, 48);
    record(&b, 4, AVER_EVENT_RUNTIME, 0xc, 48);
    assert_int_equal(parse(&b, &log, NULL), 0);
    assert_int_equal(
        aver_event_digest(digest, &log.events[0], log.binary, NULL), 0);
    assert_memory_equal(digest, want, 48);
    assert_null(aver_runtime_find(&log, ""));
    aver_eventlog_free(&log);
    aver_buf_clear(&b);
}

static void wrong(struct aver_buf b, const char *says)
{
    struct aver_eventlog log;
    struct aver_error err = {0};

    assert_int_equal(parse(&b, &log, &err), -1);
    if (strstr(err.text, says) == NULL)
        fail_msg("not \"%s\" but \"%s\"", says, err.text);
    assert_null(log.events);
    aver_buf_clear(&b);
}

static void every_wrong_form_is_named(void **state)
{
    struct aver_buf b = begun();

    (void)state;
    b.p[40] ^= 1;
    wrong(b, "does not begin");
    b = begun();
    b.p[4] = 4;
    wrong(b, "first record has type 4");
    b = begun();
    memset(b.p + 28, 0xff, 4);
    wrong(b, "within its first record");
    b = begun();
    record(&b, 5, 1, 0xc, 48);
    wrong(b, "register index 5");
    b = begun();
    record(&b, 1, 1, 0xb, 32);
    wrong(b, "no SHA-384");
    b = begun();
    record(&b, 1, 1, 0x27, 32);
    wrong(b, "algorithm 0x27");
    b = begun();
    u32(&b, 1);
    u32(&b, 1);
    u32(&b, 0xffffffff);
    wrong(b, "4294967295 digests");
    b = begun();
    u32(&b, 1);
    u32(&b, 1);
    u32(&b, 2);
    for (int i = 0; i < 2; i++) {
        u16(&b, 0xc);
        fill(&b, 0, 48);
    }
    u32(&b, 0);
    wrong(b, "two SHA-384");
    b = begun();
    for (unsigned i = 0; i <= AVER_EVENTS_MAX; i++)
        record(&b, 1, 1, 0xc, 48);
    wrong(b, "more than");
    b = begun();
    fill(&b, 0, AVER_EVENTLOG_MAX);
    wrong(b, "longer than");
}

static void cut_within_a_record_it_is_refused(void **state)
{
    struct aver_buf b = begun();
    size_t borders[3] = {b.n};

    (void)state;
    record(&b, 1, 1, 0xc, 48);
    borders[1] = b.n;
    record(&b, 2, 1, 0xc, 48);
    borders[2] = b.n;
    for (size_t n = 0, border = 0; n <= borders[2]; n++) {
        struct aver_buf cut = b;
        struct aver_eventlog log;
        bool whole = n == borders[border];

        cut.n = n;
        if (n == 0)
            assert_int_equal(
                aver_ccel_parse(&log, aver_bytes_of(NULL, 0), NULL), -1);
        else
            assert_int_equal(parse(&cut, &log, NULL), whole ? 0 : -1);
        if (whole)
            aver_eventlog_free(&log);
        border += whole;
    }
    aver_buf_clear(&b);
}

static void flipped_bits_do_no_harm(void **state)
{
    struct aver_buf b = vectors_file(real);

    (void)state;
    b.n = 18200; /* 43 events and some filler */
    for (int i = 0; i < 3000; i++) {
        size_t at = (size_t)i * 7919 % b.n;
        uint8_t bit = (uint8_t)(1u << (i * 31 % 8));
        struct aver_eventlog log;

        b.p[at] ^= bit;
        if (parse(&b, &log, NULL) == 0)
            aver_eventlog_free(&log);
        b.p[at] ^= bit;
    }
    aver_buf_clear(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_one_replays),
        cmocka_unit_test(registers_begin_at_one),
        cmocka_unit_test(no_digest_is_recomputed),
        cmocka_unit_test(every_wrong_form_is_named),
        cmocka_unit_test(cut_within_a_record_it_is_refused),
        cmocka_unit_test(flipped_bits_do_no_harm),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
