/* SPDX-License-Identifier: Apache-2.0
 *
 * code_rows: a flawless machine, made of a real boot and an application of
 * our own, and for every row about the code a flaw that makes exactly this
 * row fail. Then every vector of event logs, as rows.
 *
 * Over 600 lines because a case is a function of a few lines, and the table
 * that names them belongs to the scene that they change. */
#include "attest/simulator.h"
#include "crypto/sha2.h"
#include "folders.h"
#include "registers_of.h"
#include "verify/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What a case may change before it is judged. */
struct scene {
    json_t *log, *vm;
    char compose[64];
    struct aver_registers registers;
    char aggregated[65];
    struct aver_policy policy;
    bool no_registers, no_code;
};

static json_t *runtime_event(const char *name, struct aver_bytes payload)
{
    char text[200], digest_hex[97], payload_hex[129];
    uint8_t digest[48];

    int n = snprintf(text, sizeof(text), "%s:", name);
    struct aver_buf all;
    aver_buf_init(&all, 4096);
    assert_int_equal(aver_buf_append(&all, "\1\0\0\10:", 5), 0);
    assert_int_equal(aver_buf_append(&all, text, (size_t)n), 0);
    assert_int_equal(aver_buf_append(&all, payload.p, payload.n), 0);
    aver_sha384(digest, aver_buf_view(&all));
    aver_buf_clear(&all);
    aver_hex_encode(digest_hex, digest, 48);
    aver_hex_encode(payload_hex, payload.p, payload.n);
    json_t *e = json_pack("{s:i, s:I, s:s, s:s, s:s}", "imr", 3, "event_type",
                          (json_int_t)AVER_EVENT_RUNTIME, "digest", digest_hex,
                          "event", name, "event_payload", payload_hex);
    assert_non_null(e);
    return e;
}

static void append(struct scene *s, const char *name, struct aver_bytes payload)
{
    json_array_append_new(s->log, runtime_event(name, payload));
}

/* The registers follow the log, and the aggregate the registers. */
static void settle(struct scene *s)
{
    char *text = json_dumps(s->log, 0);
    struct aver_eventlog log;
    struct aver_replay r;
    uint8_t hash[32];

    assert_int_equal(aver_eventlog_parse(&log, aver_bytes_str(text), NULL), 0);
    assert_int_equal(aver_replay(&r, &log, NULL), 0);
    memcpy(s->registers.rtmr[3], r.rtmr[3], 48);
    aver_eventlog_free(&log);
    free(text);
    aver_mr_aggregated(hash, &s->registers);
    aver_hex_encode(s->aggregated, hash, 32);
}

static void expect(struct scene *s, enum aver_expect_name i, const void *p)
{
    s->policy.expect.of[i].set = true;
    memcpy(s->policy.expect.of[i].v, p, aver_expect_size(i));
}

static void boot(struct scene *s)
{
    json_t *report = vectors_index("tdx/reports/dstack-tdx-lite-getquote.json");
    struct aver_buf quote = vectors_hex(report, "quote");
    json_t *all = json_loads(vectors_text(report, "event_log"), 0, NULL), *e;
    size_t i;

    s->registers = registers_of(aver_buf_view(&quote));
    s->vm = json_loads(vectors_text(report, "vm_config"), 0, NULL);
    s->log = json_array();
    json_array_foreach(all, i, e)
    {
        if (json_integer_value(json_object_get(e, "imr")) < 3)
            json_array_append(s->log, e);
    }
    assert_int_equal(json_array_size(s->log), 20);
    json_decref(all);
    json_decref(report);
    aver_buf_clear(&quote);
}

static const char provider[] = "{\"name\":\"kms\",\"id\":\"aabb\"}";

static void scene_new(struct scene *s)
{
    uint8_t hash[32];

    memset(s, 0, sizeof(*s));
    boot(s);
    snprintf(s->compose, sizeof(s->compose), "{\"name\":\"test\"}");
    aver_sha256(hash, aver_bytes_str(s->compose));
    append(s, "system-preparing", aver_bytes_of("", 0));
    append(s, "app-id", aver_bytes_of(hash, 20));
    append(s, "compose-hash", aver_bytes_of(hash, 32));
    append(s, "key-provider", aver_bytes_str(provider));
    append(s, "system-ready", aver_bytes_of("", 0));
    append(s, "app-id", aver_bytes_str("of the application"));
    aver_config_id_v1(s->registers.mrconfigid, hash);
    settle(s);
    expect(s, AVER_EXPECT_MRTD, s->registers.mrtd);
    expect(s, AVER_EXPECT_RTMR3, s->registers.rtmr[3]);
    expect(s, AVER_EXPECT_MRSEAM, s->registers.mrseam);
    expect(s, AVER_EXPECT_REPORT_DATA, s->registers.report_data);
    expect(s, AVER_EXPECT_MROWNER, s->registers.mrowner);
    expect(s, AVER_EXPECT_COMPOSE_HASH, hash);
    expect(s, AVER_EXPECT_APP_ID, hash);
    vectors_hex_n(hash, 32, s->vm, "os_image_hash");
    expect(s, AVER_EXPECT_OS_IMAGE_HASH, hash);
}

static void scene_judge(struct scene *s, struct aver_verdict *v)
{
    char *log = json_dumps(s->log, JSON_ENCODE_ANY);
    char *vm = json_dumps(s->vm, JSON_ENCODE_ANY);
    struct aver_code_source src = {
        .event_log = aver_bytes_str(log != NULL ? log : ""),
        .app_compose = aver_bytes_str(s->compose),
        .vm_config = aver_bytes_str(vm != NULL ? vm : ""),
        .claimed_aggregated = aver_bytes_str(s->aggregated),
    };
    struct aver_code *code = aver_code_parse(&src);
    struct aver_subject subject = {
        .policy = &s->policy,
        .code = s->no_code ? NULL : code,
        .registers = s->no_registers ? NULL : &s->registers,
    };

    assert_non_null(code);
    aver_judge(v, &subject);
    aver_code_free(code);
    free(log);
    free(vm);
}

static void scene_clear(struct scene *s)
{
    json_decref(s->log);
    json_decref(s->vm);
}

/* The flaws. The application's events are numbers 20 to 25. */

enum { APP_ID = 21, COMPOSE = 22, PROVIDER = 23, READY = 24 };

static json_t *event(struct scene *s, size_t i)
{
    return json_array_get(s->log, i);
}

static void flip(json_t *o, const char *key, size_t at)
{
    char *text = strdup(vectors_text(o, key));

    text[at] = text[at] == '0' ? '1' : '0';
    json_object_set_new(o, key, json_string(text));
    free(text);
}

static void imr_4(struct scene *s)
{
    json_object_set_new(event(s, 3), "imr", json_integer(4));
}

static void log_is_a_number(struct scene *s)
{
    json_decref(s->log);
    s->log = json_integer(7);
}

static void other_payload(struct scene *s)
{
    flip(event(s, COMPOSE), "event_payload", 9);
}

static void colon_moved(struct scene *s)
{
    json_object_set_new(event(s, PROVIDER), "event",
                        json_string("key-provider:{\"name\""));
    json_object_set_new(event(s, PROVIDER), "event_payload",
                        json_string("226b6d73222c226964223a2261616262227d"));
}

static void runtime_type_gone(struct scene *s)
{
    json_object_set_new(event(s, COMPOSE), "event_type", json_integer(7));
}

static void two_compose_hashes(struct scene *s)
{
    json_array_insert_new(s->log, READY,
                          runtime_event("compose-hash", aver_bytes_str("x")));
    settle(s);
    expect(s, AVER_EXPECT_RTMR3, s->registers.rtmr[3]);
}

static void runtime_in_register_2(struct scene *s)
{
    json_object_set_new(event(s, APP_ID), "imr", json_integer(2));
}

static void boot_event_altered(struct scene *s)
{
    flip(event(s, 11), "digest", 0);
}

static void boot_event_missing(struct scene *s)
{
    json_array_remove(s->log, 0);
}

static void runtime_event_missing(struct scene *s)
{
    json_array_remove(s->log, PROVIDER);
}

static void acpi_digest_altered(struct scene *s)
{
    flip(event(s, 9), "digest", 0);
}

static void cut_before_ready(struct scene *s)
{
    json_array_remove(s->log, READY + 1);
    json_array_remove(s->log, READY);
    settle(s);
    expect(s, AVER_EXPECT_RTMR3, s->registers.rtmr[3]);
}

static void other_compose(struct scene *s)
{
    s->compose[2] ^= 1;
}

static void other_config(struct scene *s)
{
    s->registers.mrconfigid[32] ^= 1;
    settle(s);
}

static void config_has_a_tail(struct scene *s)
{
    s->registers.mrconfigid[47] ^= 1;
    settle(s);
}

static void other_memory(struct scene *s)
{
    json_object_set_new(s->vm, "memory_size", json_integer(3LL << 30));
}

static void vm_is_no_object(struct scene *s)
{
    json_decref(s->vm);
    s->vm = json_array();
}

/* As logs for TDX lite come: of the boot only the ACPI digests. */
static void keep_acpi_alone(struct scene *s)
{
    for (size_t i = 20; i-- > 0;)
        if (strncmp(vectors_text(event(s, i), "event"), "acpi-", 5) != 0)
            json_array_remove(s->log, i);
    assert_int_equal(json_array_size(s->log), 9);
}

static void acpi_of_a_lite_log(struct scene *s)
{
    keep_acpi_alone(s);
    flip(event(s, 1), "digest", 5);
}

static void other_aggregate(struct scene *s)
{
    s->aggregated[0] = s->aggregated[0] == '0' ? '1' : '0';
}

static void aggregate_is_short(struct scene *s)
{
    s->aggregated[1] = '\0';
}

static void other_compose_expected(struct scene *s)
{
    s->policy.expect.of[AVER_EXPECT_COMPOSE_HASH].v[0] ^= 1;
}

static void other_register_expected(struct scene *s)
{
    s->policy.expect.of[AVER_EXPECT_MRSEAM].v[47] ^= 1;
}

static void other_image_expected(struct scene *s)
{
    s->policy.expect.of[AVER_EXPECT_OS_IMAGE_HASH].v[0] ^= 1;
}

static const struct {
    const char *row;
    void (*spoil)(struct scene *s);
} cases[] = {
    {"code.log", imr_4},
    {"code.log", log_is_a_number},
    {"code.runtime", other_payload},
    {"code.runtime", colon_moved},
    {"code.runtime", runtime_type_gone},
    {"code.runtime", two_compose_hashes},
    {"code.runtime", runtime_in_register_2},
    {"code.replay", boot_event_altered},
    {"code.replay", boot_event_missing},
    {"code.replay", runtime_event_missing},
    {"code.replay", acpi_digest_altered},
    {"code.ready", cut_before_ready},
    {"code.compose", other_compose},
    {"code.config_id", other_config},
    {"code.config_id", config_has_a_tail},
    {"code.image", other_memory},
    {"code.image", vm_is_no_object},
    {"code.image", acpi_of_a_lite_log},
    {"code.aggregated", other_aggregate},
    {"code.aggregated", aggregate_is_short},
    {"code.expected", other_compose_expected},
    {"code.expected", other_register_expected},
    {"code.expected", other_image_expected},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void the_flawless_one_passes(void **state)
{
    struct scene s;
    struct aver_verdict v;

    (void)state;
    scene_new(&s);
    scene_judge(&s, &v);
    assert_int_equal(v.n, aver_code_rows_n + aver_expect_rows_n);
    for (unsigned i = 0; i < v.n; i++)
        if (v.checks[i].result != AVER_PASS || !v.checks[i].required)
            fail_msg("%s: %s %s", v.checks[i].row->id,
                     aver_result_name(v.checks[i].result), v.checks[i].detail);
    assert_int_equal(v.word, AVER_VERIFIED);
    scene_clear(&s);
}

static void fails_alone(const struct aver_verdict *v, const char *row,
                        const char *where)
{
    assert_int_equal(v->word, AVER_REFUSED);
    for (unsigned j = 0; j < v->n; j++) {
        const struct aver_check *c = &v->checks[j];
        bool bad = c->result == AVER_FAIL;

        if (bad != (row == NULL ? c == aver_verdict_reason(v)
                                : strcmp(c->row->id, row) == 0))
            fail_msg("%s: %s is %s: %s", where, c->row->id,
                     aver_result_name(c->result), c->detail);
        if (bad && c->detail[0] == '\0')
            fail_msg("%s does not say why", c->row->id);
    }
}

static void each_flaw_fails_its_row_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct scene s;
        struct aver_verdict v;
        char where[60];

        snprintf(where, sizeof(where), "case %zu (%s)", i, cases[i].row);
        scene_new(&s);
        cases[i].spoil(&s);
        scene_judge(&s, &v);
        fails_alone(&v, cases[i].row, where);
        scene_clear(&s);
    }
}

static void no_row_is_without_a_case(void **state)
{
    const struct aver_row *row = NULL;
    unsigned rows = 0;

    (void)state;
    for (unsigned i = 0; (row = aver_row_at(i)) != NULL; i++) {
        bool found = false;

        if (strncmp(row->id, "code.", 5) != 0)
            continue;
        rows++;
        assert_int_equal(row->group, AVER_CODE);
        for (size_t j = 0; j < CASES; j++)
            found = found || strcmp(cases[j].row, row->id) == 0;
        if (!found)
            fail_msg("no case makes %s fail", row->id);
    }
    assert_int_equal(rows, aver_code_rows_n + aver_expect_rows_n);
}

/* ---- what else rows say ---- */

static void nothing(struct scene *s)
{
    (void)s;
}

static void no_registers(struct scene *s)
{
    s->no_registers = true;
}

static void no_code(struct scene *s)
{
    s->no_code = true;
}

static void no_log(struct scene *s)
{
    json_decref(s->log);
    s->log = NULL;
}

static void no_compose_text(struct scene *s)
{
    s->compose[0] = '\0';
}

static void expect_nothing(struct scene *s)
{
    memset(&s->policy.expect, 0, sizeof(s->policy.expect));
}

/* A machine that keeps no log: who names every register needs none. */
static void registers_in_place_of_a_log(struct scene *s)
{
    no_log(s);
    no_compose_text(s);
    expect_nothing(s);
    json_decref(s->vm);
    s->vm = NULL;
    expect(s, AVER_EXPECT_MRTD, s->registers.mrtd);
    for (unsigned i = 0; i < 4; i++)
        expect(s, AVER_EXPECT_RTMR0 + i, s->registers.rtmr[i]);
}

static void all_registers_but_one(struct scene *s)
{
    registers_in_place_of_a_log(s);
    s->policy.expect.of[AVER_EXPECT_RTMR2].set = false;
}

static void other_register_in_place_of_a_log(struct scene *s)
{
    registers_in_place_of_a_log(s);
    s->registers.rtmr[2][0] ^= 1;
}

/* Only registers are expected, and there is no log. */
static void registers_without_a_log(struct scene *s)
{
    uint8_t rtmr[48];

    memcpy(rtmr, s->registers.rtmr[3], 48);
    expect_nothing(s);
    expect(s, AVER_EXPECT_RTMR3, rtmr);
    s->no_code = true;
}

static void other_register_without_a_log(struct scene *s)
{
    registers_without_a_log(s);
    s->registers.rtmr[3][0] ^= 1;
}

static void rtmr_0_alone(struct scene *s)
{
    memset(s->registers.has_rtmr, 0, sizeof(s->registers.has_rtmr));
    s->registers.has_rtmr[0] = true;
}

static void rtmr_3_alone(struct scene *s)
{
    rtmr_0_alone(s);
    s->registers.has_rtmr[0] = false;
    s->registers.has_rtmr[3] = true;
}

static void no_rtmr(struct scene *s)
{
    rtmr_3_alone(s);
    s->registers.has_rtmr[3] = false;
}

static void no_measurement(struct scene *s)
{
    json_object_del(s->vm, "tdx_measurement");
}

static void lite_log_without_measurement(struct scene *s)
{
    keep_acpi_alone(s);
    no_measurement(s);
}

/* Then it is for code.expected to compare. */
static void lite_log_with_expected_registers(struct scene *s)
{
    lite_log_without_measurement(s);
    for (unsigned i = 0; i < 3; i++)
        expect(s, AVER_EXPECT_RTMR0 + i, s->registers.rtmr[i]);
    s->policy.expect.of[AVER_EXPECT_OS_IMAGE_HASH].set = false;
}

static void acpi_not_named(struct scene *s)
{
    json_object_set_new(event(s, 9), "event", json_string(""));
}

static void memory_in_between(struct scene *s)
{
    json_object_set_new(s->vm, "memory_size", json_integer(0x90000000));
}

static void no_config_id(struct scene *s)
{
    memset(s->registers.mrconfigid, 0, 48);
    settle(s);
}

static void config_version_7(struct scene *s)
{
    s->registers.mrconfigid[0] = 7;
    settle(s);
}

static void config_version_2(struct scene *s)
{
    struct aver_key_provider p;
    uint8_t hash[32];

    aver_sha256(hash, aver_bytes_str(s->compose));
    assert_int_equal(
        aver_key_provider_parse(&p, aver_bytes_str(provider), NULL), 0);
    aver_config_id_v2(s->registers.mrconfigid, hash, hash, &p);
    aver_buf_clear(&p.id);
    settle(s);
}

static void config_version_2_of_another(struct scene *s)
{
    config_version_2(s);
    json_array_set_new(
        s->log, PROVIDER,
        runtime_event("key-provider",
                      aver_bytes_str("{\"name\":\"tpm\",\"id\":\"aabb\"}")));
    settle(s);
}

static void config_version_2_of_a_short_name(struct scene *s)
{
    config_version_2(s);
    json_array_set_new(
        s->log, APP_ID,
        runtime_event(
            "app-id",
            aver_bytes_of(s->policy.expect.of[AVER_EXPECT_APP_ID].v, 19)));
    settle(s);
}

static void config_version_3_alone(struct scene *s)
{
    s->registers.mrconfigid[0] = 3;
    settle(s);
}

static void config_document(struct scene *s, const char *compose_hex)
{
    char document[200];

    snprintf(document, sizeof(document), "{\"compose_hash\":\"%s\"}",
             compose_hex);
    assert_int_equal(
        aver_config_id_v3(s->registers.mrconfigid, aver_bytes_str(document)),
        0);
    json_object_set_new(s->vm, "mr_config", json_string(document));
    settle(s);
}

static void config_version_3(struct scene *s)
{
    config_document(s, vectors_text(event(s, COMPOSE), "event_payload"));
}

static void config_version_3_of_another(struct scene *s)
{
    config_document(s, "00");
}

static void config_version_3_altered(struct scene *s)
{
    config_version_3(s);
    s->registers.mrconfigid[32] ^= 1;
    settle(s);
}

/* The image's hash as the guest says it: of no use unless the image is known
 * by other means. */
static void image_by_the_guests_word(struct scene *s)
{
    no_measurement(s);
    json_array_insert_new(
        s->log, READY,
        runtime_event(
            "os-image-hash",
            aver_bytes_of(s->policy.expect.of[AVER_EXPECT_OS_IMAGE_HASH].v,
                          32)));
    settle(s);
    expect(s, AVER_EXPECT_RTMR3, s->registers.rtmr[3]);
}

static void image_by_word_and_registers(struct scene *s)
{
    image_by_the_guests_word(s);
    expect(s, AVER_EXPECT_RTMR1, s->registers.rtmr[1]);
    expect(s, AVER_EXPECT_RTMR2, s->registers.rtmr[2]);
}

static void other_image_by_word(struct scene *s)
{
    image_by_the_guests_word(s);
    s->policy.expect.of[AVER_EXPECT_OS_IMAGE_HASH].v[0] ^= 1;
}

static void image_expected_and_bad(struct scene *s)
{
    expect_nothing(s);
    expect(s, AVER_EXPECT_OS_IMAGE_HASH, s->registers.mrtd);
    other_memory(s);
}

/* Though the guest's word fits and the registers are named. */
static void image_bad_and_said(struct scene *s)
{
    json_array_insert_new(
        s->log, READY,
        runtime_event(
            "os-image-hash",
            aver_bytes_of(s->policy.expect.of[AVER_EXPECT_OS_IMAGE_HASH].v,
                          32)));
    settle(s);
    expect(s, AVER_EXPECT_RTMR1, s->registers.rtmr[1]);
    expect(s, AVER_EXPECT_RTMR2, s->registers.rtmr[2]);
    other_memory(s);
    s->policy.expect.of[AVER_EXPECT_RTMR3].set = false;
}

static void compose_hash_is_short(struct scene *s)
{
    json_array_set_new(
        s->log, COMPOSE,
        runtime_event(
            "compose-hash",
            aver_bytes_of(s->policy.expect.of[AVER_EXPECT_COMPOSE_HASH].v,
                          31)));
    settle(s);
    s->policy.expect.of[AVER_EXPECT_RTMR3].set = false;
}

static void no_runtime_events(struct scene *s)
{
    while (json_array_size(s->log) > 20)
        json_array_remove(s->log, 20);
    s->policy.expect.of[AVER_EXPECT_RTMR3].set = false;
}

/* The names of ACPI digests on events of another kind, before the real ones. */
static void acpi_names_elsewhere(struct scene *s)
{
    json_object_set_new(event(s, 0), "event", json_string("acpi-loader"));
    json_object_set_new(event(s, 1), "event", json_string("acpi-tables"));
}

static void two_others_expected(struct scene *s)
{
    other_register_expected(s);
    s->policy.expect.of[AVER_EXPECT_MRTD].v[0] ^= 1;
    s->no_code = true;
}

static enum aver_result after(void (*change)(struct scene *), const char *id)
{
    struct scene s;
    struct aver_verdict v;

    scene_new(&s);
    change(&s);
    scene_judge(&s, &v);
    const struct aver_check *c = aver_verdict_find(&v, id);
    enum aver_result result = c == NULL     ? AVER_SIMULATED
                              : c->required ? c->result
                                            : AVER_NO_MATTER;
    scene_clear(&s);
    return result;
}

/* One change each, and what a row then says. */
static const struct {
    void (*change)(struct scene *);
    const char *row;
    enum aver_result result;
} say[] = {
    {no_registers, "code.log", AVER_PASS},
    {no_registers, "code.runtime", AVER_PASS},
    {no_registers, "code.replay", AVER_SKIP},
    {no_registers, "code.ready", AVER_SKIP},
    {no_registers, "code.compose", AVER_SKIP},
    {no_registers, "code.config_id", AVER_NO_MATTER},
    {no_registers, "code.image", AVER_SKIP},
    {no_registers, "code.aggregated", AVER_SKIP},
    {no_registers, "code.expected", AVER_UNKNOWN},
    {no_log, "code.log", AVER_UNKNOWN},
    {no_log, "code.replay", AVER_SKIP},
    {no_log, "code.compose", AVER_SKIP},
    {no_log, "code.image", AVER_SKIP},
    {no_log, "code.aggregated", AVER_PASS},
    {no_log, "code.expected", AVER_UNKNOWN},
    {registers_in_place_of_a_log, "code.log", AVER_NO_MATTER},
    {registers_in_place_of_a_log, "code.runtime", AVER_NO_MATTER},
    {registers_in_place_of_a_log, "code.replay", AVER_NO_MATTER},
    {registers_in_place_of_a_log, "code.ready", AVER_NO_MATTER},
    {registers_in_place_of_a_log, "code.config_id", AVER_NO_MATTER},
    {registers_in_place_of_a_log, "code.expected", AVER_PASS},
    {all_registers_but_one, "code.log", AVER_UNKNOWN},
    {all_registers_but_one, "code.replay", AVER_SKIP},
    {other_register_in_place_of_a_log, "code.expected", AVER_FAIL},
    {no_compose_text, "code.compose", AVER_NO_MATTER},
    {expect_nothing, "code.expected", AVER_NO_MATTER},
    {no_code, "code.log", AVER_SIMULATED}, /* no such row */
    {no_code, "code.expected", AVER_UNKNOWN},
    {registers_without_a_log, "code.expected", AVER_PASS},
    {other_register_without_a_log, "code.expected", AVER_FAIL},
    {rtmr_0_alone, "code.replay", AVER_UNKNOWN},
    {rtmr_0_alone, "code.ready", AVER_SKIP},
    {rtmr_3_alone, "code.replay", AVER_PASS},
    {rtmr_3_alone, "code.ready", AVER_PASS},
    {no_rtmr, "code.replay", AVER_SKIP},
    {no_measurement, "code.image", AVER_NO_MATTER},
    {no_measurement, "code.expected", AVER_UNKNOWN},
    {keep_acpi_alone, "code.replay", AVER_PASS},
    {keep_acpi_alone, "code.image", AVER_PASS},
    {lite_log_without_measurement, "code.replay", AVER_UNKNOWN},
    {lite_log_with_expected_registers, "code.replay", AVER_PASS},
    {lite_log_with_expected_registers, "code.expected", AVER_PASS},
    {acpi_not_named, "code.image", AVER_UNKNOWN},
    {memory_in_between, "code.image", AVER_UNKNOWN},
    {acpi_digest_altered, "code.image", AVER_SKIP},
    {no_config_id, "code.config_id", AVER_NO_MATTER},
    {config_version_7, "code.config_id", AVER_UNKNOWN},
    {config_version_2, "code.config_id", AVER_PASS},
    {config_version_2_of_another, "code.config_id", AVER_FAIL},
    {config_version_2_of_a_short_name, "code.config_id", AVER_FAIL},
    {config_version_3_alone, "code.config_id", AVER_NO_MATTER},
    {config_version_3, "code.config_id", AVER_PASS},
    {config_version_3_of_another, "code.config_id", AVER_FAIL},
    {config_version_3_altered, "code.config_id", AVER_FAIL},
    {image_by_the_guests_word, "code.expected", AVER_UNKNOWN},
    {image_by_word_and_registers, "code.expected", AVER_PASS},
    {other_image_by_word, "code.expected", AVER_FAIL},
    {image_expected_and_bad, "code.expected", AVER_UNKNOWN},
    {image_bad_and_said, "code.expected", AVER_UNKNOWN},
    {compose_hash_is_short, "code.expected", AVER_FAIL},
    {compose_hash_is_short, "code.compose", AVER_FAIL},
    {no_runtime_events, "code.runtime", AVER_NO_MATTER},
    {no_runtime_events, "code.replay", AVER_UNKNOWN},
    {acpi_names_elsewhere, "code.image", AVER_PASS},
    {two_others_expected, "code.expected", AVER_FAIL},
};

static void what_else_rows_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(say) / sizeof(say[0]); i++) {
        enum aver_result got = after(say[i].change, say[i].row);

        if (got != say[i].result)
            fail_msg("case %zu: %s is %s", i, say[i].row,
                     aver_result_name(got));
    }
}

static void detail_after(char out[static 256], void (*change)(struct scene *),
                         const char *id)
{
    struct scene s;
    struct aver_verdict v;

    scene_new(&s);
    change(&s);
    scene_judge(&s, &v);
    snprintf(out, 256, "%s", aver_verdict_find(&v, id)->detail);
    scene_clear(&s);
}

/* Who names no image is told what the guest's word is worth. */
static void details(void **state)
{
    char text[256];

    (void)state;
    detail_after(text, nothing, "code.expected");
    assert_string_equal(text, "mrtd, rtmr3, mrowner, mrseam, report-data, "
                              "os-image-hash, compose-hash, app-id");
    detail_after(text, lite_log_with_expected_registers, "code.expected");
    assert_null(strstr(text, "guest"));
    detail_after(text, expect_nothing, "code.expected");
    assert_non_null(strstr(text, "you named nothing; it is compose-hash "));
    detail_after(text, rtmr_3_alone, "code.replay");
    assert_string_equal(text, "RTMR 3; not given: RTMR 0, 1, 2");
    detail_after(text, keep_acpi_alone, "code.replay");
    assert_string_equal(text, "RTMR 3; left out of it: RTMR 0, 1, 2");
    detail_after(text, two_others_expected, "code.expected");
    assert_true(strncmp(text, "mrtd is ", 8) == 0);
    detail_after(text, runtime_event_missing, "code.replay");
    assert_string_equal(text, "RTMR 3: the log gives another value");
}

static void only_the_application_expected(struct scene *s)
{
    uint8_t hash[32];

    expect_nothing(s);
    aver_sha256(hash, aver_bytes_str(s->compose));
    expect(s, AVER_EXPECT_COMPOSE_HASH, hash);
}

static void the_guests_word_is_called_so(void **state)
{
    char text[256];

    (void)state;
    assert_int_equal(after(only_the_application_expected, "code.expected"),
                     AVER_PASS);
    detail_after(text, only_the_application_expected, "code.expected");
    assert_string_equal(
        text, "compose-hash (by a guest whose image you did not name)");
}

/* ---- the vectors ---- */

static void judge_vector(struct aver_bytes log, const char *compose,
                         const json_t *expected, struct aver_verdict *v)
{
    struct aver_code_source src = {.event_log = log,
                                   .app_compose = aver_bytes_str(compose)};
    struct aver_registers r = {.has_rtmr = {true, true, true, true}};
    struct aver_policy p = {0};
    struct aver_code *code = aver_code_parse(&src);
    struct aver_subject s = {.policy = &p, .code = code, .registers = &r};
    const json_t *rtmr = json_object_get(expected, "rtmr");

    assert_non_null(code);
    for (size_t i = 0; i < 4; i++) {
        const char *hex = json_string_value(json_array_get(rtmr, i));

        assert_int_equal(aver_hex_decode(r.rtmr[i], 48, aver_bytes_str(hex)),
                         0);
    }
    aver_judge(v, &s);
    aver_code_free(code);
}

static void vectors_of_event_logs(void **state)
{
    struct folders all = folders_list("tdx/eventlog");

    (void)state;
    for (int i = 0; i < all.n; i++) {
        const char *name = all.entry[i]->d_name;
        struct aver_buf log =
            folders_file("tdx/eventlog", all.entry[i], "event_log.json");
        json_t *expected =
            folders_json("tdx/eventlog", all.entry[i], "expected.json");
        struct aver_verdict v;

        judge_vector(aver_buf_view(&log), "", expected, &v);
        if (!vectors_is(expected, "verdict", "accept"))
            fails_alone(&v, NULL, name);
        else if (v.word != AVER_VERIFIED)
            fail_msg("%s: %s", name, aver_verdict_reason(&v)->detail);
        json_decref(expected);
        aver_buf_clear(&log);
    }
    folders_clear(&all);
}

static void the_vector_of_binary_logs(void **state)
{
    struct aver_buf log = vectors_file("tdx/ccel/cos-113/ccel_data.dat");
    json_t *expected = vectors_index("tdx/ccel/cos-113/expected.json");
    struct aver_verdict v;

    (void)state;
    judge_vector(aver_buf_view(&log), "", expected, &v);
    assert_int_equal(v.word, AVER_VERIFIED);
    assert_false(aver_verdict_find(&v, "code.ready")->required);
    /* What a text is to be compared with is not in it. */
    judge_vector(aver_buf_view(&log), "{}", expected, &v);
    assert_int_equal(aver_verdict_find(&v, "code.compose")->result, AVER_SKIP);
    assert_int_equal(v.word, AVER_UNDECIDED);
    log.p[100] ^= 1; /* a digest */
    judge_vector(aver_buf_view(&log), "", expected, &v);
    fails_alone(&v, "code.replay", "cos-113");
    json_decref(expected);
    aver_buf_clear(&log);
}

/* What the simulator shows is as consistent as the real thing. */
static void the_simulators_machine(void **state)
{
    uint8_t report_data[64] = {1, 2, 3};
    struct aver_buf quote, log, info, vm;
    struct aver_policy p = {0};
    struct aver_registers r;
    struct aver_quote q;
    struct aver_verdict v;

    (void)state;
    aver_buf_init(&quote, 1 << 20);
    aver_buf_init(&log, 1 << 20);
    aver_buf_init(&info, 1 << 20);
    aver_buf_init(&vm, 1 << 20);
    assert_int_equal(
        simulator_quote(report_data, &quote, &log, &info, &vm, NULL), 0);
    json_t *o = json_loadb((const char *)info.p, info.n, 0, NULL);
    const json_t *tcb = json_object_get(o, "tcb_info");
    struct aver_code_source src = {
        .event_log = aver_buf_view(&log),
        .app_compose = aver_bytes_str(vectors_text(tcb, "app_compose")),
        .vm_config = aver_buf_view(&vm),
        .claimed_aggregated = aver_bytes_str(vectors_text(o, "mr_aggregated")),
    };
    struct aver_code *code = aver_code_parse(&src);
    struct aver_subject s = {.policy = &p, .code = code, .registers = &r};

    assert_int_equal(aver_quote_parse(&q, aver_buf_view(&quote), NULL), 0);
    aver_registers_of(&r, &q);
    assert_non_null(code);
    aver_judge(&v, &s);
    for (unsigned i = 0; i < v.n; i++)
        if (v.checks[i].required && v.checks[i].result != AVER_PASS)
            fail_msg("%s: %s", v.checks[i].row->id, v.checks[i].detail);
    assert_int_equal(aver_verdict_find(&v, "code.image")->result, AVER_PASS);
    assert_int_equal(aver_verdict_find(&v, "code.compose")->result, AVER_PASS);
    assert_int_equal(aver_verdict_find(&v, "code.aggregated")->result,
                     AVER_PASS);
    aver_code_free(code);
    json_decref(o);
    aver_buf_clear(&quote);
    aver_buf_clear(&log);
    aver_buf_clear(&info);
    aver_buf_clear(&vm);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_flawless_one_passes),
        cmocka_unit_test(each_flaw_fails_its_row_alone),
        cmocka_unit_test(no_row_is_without_a_case),
        cmocka_unit_test(what_else_rows_say),
        cmocka_unit_test(details),
        cmocka_unit_test(the_guests_word_is_called_so),
        cmocka_unit_test(vectors_of_event_logs),
        cmocka_unit_test(the_vector_of_binary_logs),
        cmocka_unit_test(the_simulators_machine),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
