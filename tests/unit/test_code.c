/* SPDX-License-Identifier: Apache-2.0
 *
 * code: what is taken from the reports of real services, against what is
 * known of them; and faults that are kept where they belong. */
#include "registers_of.h"
#include "verify/code.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* "/model_attestations/0" */
static const json_t *follow(const json_t *root, const char *path)
{
    char text[200], *step = text, *next = NULL;

    snprintf(text, sizeof(text), "%s", path + 1);
    for (; step != NULL && *step != '\0'; step = next) {
        next = strchr(step, '/');
        if (next != NULL)
            *next++ = '\0';
        root = json_is_array(root)
                   ? json_array_get(root, strtoul(step, NULL, 10))
                   : json_object_get(root, step);
    }
    if (root == NULL)
        vectors_broken("no such path", path);
    return root;
}

/* What a report holds, as texts. */
struct parts {
    char *log;
    const char *compose, *vm, *aggregated;
    struct aver_buf quote;
};

static struct parts parts_of(const json_t *o)
{
    const json_t *tcb = json_object_get(json_object_get(o, "info"), "tcb_info");
    const char *quote =
        json_object_get(o, "intel_quote") != NULL ? "intel_quote" : "quote";
    struct parts p = {
        .log = json_dumps(json_object_get(o, "event_log"), JSON_ENCODE_ANY),
        .compose = json_string_value(json_object_get(tcb, "app_compose")),
        .vm = json_string_value(json_object_get(o, "vm_config")),
        .aggregated = json_string_value(
            json_object_get(json_object_get(o, "info"), "mr_aggregated")),
        .quote = vectors_hex(o, quote),
    };

    assert_non_null(p.log);
    return p;
}

static struct aver_bytes text_or_none(const char *text)
{
    return text != NULL ? aver_bytes_str(text) : aver_bytes_of(NULL, 0);
}

static struct aver_code *code_of(const struct parts *p)
{
    struct aver_code_source src = {
        .event_log = aver_bytes_str(p->log),
        .app_compose = text_or_none(p->compose),
        .vm_config = text_or_none(p->vm),
        .claimed_aggregated = text_or_none(p->aggregated),
    };
    struct aver_code *c = aver_code_parse(&src);

    assert_non_null(c);
    assert_string_equal(c->log_fault, "");
    assert_string_equal(c->runtime_fault, "");
    assert_true(c->ready);
    return c;
}

static void compare_events(const struct aver_code *c, const json_t *want)
{
    const char *name;
    json_t *value;
    size_t found = 0;

    json_object_foreach((json_t *)want, name, value)
    {
        const struct aver_event *e = aver_runtime_find(&c->log, name);
        struct aver_buf payload = vectors_hex(want, name);

        if (e == NULL || !aver_bytes_equal(e->payload, aver_buf_view(&payload)))
            fail_msg("%s", name);
        for (unsigned i = 0; i < AVER_CODE_VALUES; i++)
            if (strcmp(aver_code_value_name(i), name) == 0) {
                assert_ptr_equal(c->value[i], e);
                found++;
            }
        aver_buf_clear(&payload);
    }
    assert_in_range(found, 4, AVER_CODE_VALUES);
}

static void compare(const struct aver_code *c, const struct parts *p,
                    const json_t *a)
{
    struct aver_registers r = registers_of(aver_buf_view(&p->quote));
    const json_t *log = json_object_get(a, "event_log");
    uint8_t want[32], mine[48];

    assert_int_equal(c->log.n,
                     json_integer_value(json_object_get(log, "entries")));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(memcmp(c->replay.rtmr[i], r.rtmr[i], 48) == 0,
                         json_is_true(json_array_get(
                             json_object_get(log, "rtmr_match"), i)));
    compare_events(c, json_object_get(a, "events_before_system_ready"));
    aver_mr_aggregated(mine, &r);
    vectors_hex_n(want, 32, a, "mr_aggregated");
    assert_memory_equal(mine, want, 32);
    if (json_object_get(a, "mr_aggregated_equals_reported") != NULL)
        assert_true(c->has_aggregated && c->aggregated_ok &&
                    memcmp(c->aggregated, want, 32) == 0);
    if (json_object_get(a, "compose_hash") == NULL)
        return;
    vectors_hex_n(want, 32, a, "compose_hash");
    assert_true(c->has_compose);
    assert_memory_equal(c->compose_hash, want, 32);
    aver_config_id_v1(mine, want);
    assert_int_equal(memcmp(mine, r.mrconfigid, 48) == 0,
                     vectors_true(a, "mr_config_id_v1_equals_compose_hash"));
}

static void reports_of_real_services(void **state)
{
    static const char *const names[] = {
        "dstack-quote-report", "dstack-tdx-lite-getquote",
        "nanogpt-gemma-20260610", "nearcloud-20260610", "venice-20260610"};
    unsigned seen = 0, composed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[200];
        size_t j;
        json_t *a;

        snprintf(path, sizeof(path), "tdx/reports/%s.json", names[i]);
        json_t *report = vectors_index(path);
        snprintf(path, sizeof(path), "tdx/reports/%s.expected.json", names[i]);
        json_t *expected = vectors_index(path);
        json_array_foreach(json_object_get(expected, "attestations"), j, a)
        {
            struct parts p =
                parts_of(follow(report, vectors_text(a, "json_path")));
            struct aver_code *c = code_of(&p);

            compare(c, &p, a);
            seen++;
            composed += c->has_compose;
            aver_code_free(c);
            aver_buf_clear(&p.quote);
            free(p.log);
        }
        json_decref(report);
        json_decref(expected);
    }
    assert_int_equal(seen, 8);
    assert_in_range(composed, 4, 8);
}

static void tdx_lite_of_a_real_machine(void **state)
{
    json_t *report = vectors_index("tdx/reports/dstack-tdx-lite-getquote.json");
    struct parts p = parts_of(report);
    struct aver_code *c = code_of(&p);
    struct aver_registers r = registers_of(aver_buf_view(&p.quote));

    (void)state;
    assert_int_equal(c->image, AVER_IMAGE_READ);
    assert_true(c->has_acpi);
    assert_memory_equal(c->image_rtmr, r.rtmr, sizeof(c->image_rtmr));
    assert_memory_equal(c->lite.m.mrtd_two_pass, r.mrtd, 48);
    aver_code_free(c);
    aver_buf_clear(&p.quote);
    free(p.log);
    json_decref(report);
}

static struct aver_code *code_from(struct aver_bytes log, const char *vm,
                                   const char *aggregated)
{
    struct aver_code_source src = {
        .event_log = log,
        .vm_config = text_or_none(vm),
        .claimed_aggregated = text_or_none(aggregated),
    };
    struct aver_code *c = aver_code_parse(&src);

    assert_non_null(c);
    return c;
}

static void nothing_at_all(void **state)
{
    struct aver_code *c = code_from(aver_bytes_of(NULL, 0), NULL, NULL);

    (void)state;
    assert_false(c->has_log || c->has_compose || c->has_acpi || c->ready);
    assert_false(c->has_aggregated || c->aggregated_ok);
    assert_int_equal(c->image, AVER_IMAGE_ABSENT);
    aver_code_free(c);
    aver_code_free(NULL);
}

static void faults_stay_where_they_belong(void **state)
{
    struct aver_code *c =
        code_from(aver_bytes_str("[3]"), "{\"mr_config\":\"x\"}", "00");

    (void)state;
    assert_true(c->has_log && c->has_aggregated && !c->aggregated_ok);
    assert_non_null(strstr(c->log_fault, "event 0"));
    assert_int_equal(c->image, AVER_IMAGE_ABSENT);
    assert_int_equal(c->config.n, 1);
    assert_false(c->has_config_compose);
    aver_code_free(c);
    c = code_from(aver_bytes_str("[]"), "{", NULL);
    assert_string_equal(c->log_fault, "");
    assert_int_equal(c->image, AVER_IMAGE_BAD);
    assert_non_null(strstr(c->image_fault, "vm_config"));
    aver_code_free(c);
}

static void documents_of_version_3(void **state)
{
    static const struct {
        const char *vm;
        bool compose;
    } cases[] = {
#define HASH "2222222222222222222222222222222222222222222222222222222222222222"
        {"{\"mr_config\":\"{\\\"compose_hash\\\":\\\"" HASH "\\\"}\"}", true},
        {"{\"mr_config\":\"{\\\"compose_hash\\\":\\\"" HASH
         "\\\",\\\"compose_hash\\\":\\\"" HASH "\\\"}\"}",
         false},
        {"{\"mr_config\":\"{\\\"compose_hash\\\":\\\"22\\\"}\"}", false},
        {"{\"mr_config\":\"{}\"}", false},
        {"{\"mr_config\":{}}", false},
        {"{\"mr_config\":\"{}\",\"mr_config\":\"{}\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_code *c =
            code_from(aver_bytes_of(NULL, 0), cases[i].vm, NULL);

        if (c->has_config_compose != cases[i].compose)
            fail_msg("%s", cases[i].vm);
        aver_code_free(c);
    }
}

static void a_binary_log_is_known_by_its_beginning(void **state)
{
    struct aver_buf bytes = vectors_file("tdx/ccel/cos-113/ccel_data.dat");
    struct aver_code *c = code_from(aver_buf_view(&bytes), NULL, NULL);

    (void)state;
    assert_true(c->log.binary && c->log.n > 30);
    assert_string_equal(c->log_fault, "");
    assert_false(c->ready || c->has_acpi);
    aver_code_free(c);
    bytes.p[4] = 9; /* still one, but a broken one */
    c = code_from(aver_buf_view(&bytes), NULL, NULL);
    assert_non_null(strstr(c->log_fault, "first record"));
    aver_code_free(c);
    aver_buf_clear(&bytes);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_of_real_services),
        cmocka_unit_test(tdx_lite_of_a_real_machine),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(faults_stay_where_they_belong),
        cmocka_unit_test(documents_of_version_3),
        cmocka_unit_test(a_binary_log_is_known_by_its_beginning),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
