/* SPDX-License-Identifier: Apache-2.0
 *
 * scopes: the captured reports of tests/vectors/tdx/reports, whole: which
 * reports are in them, what each is about, and that each holds; all forms in
 * small; limits. */
#include "scopes_rig.h"

/* ---- the captures, as they are ---- */

struct capture {
    const char *file, *scope, *path, *rule; /* rule NULL: it stays open */
    enum aver_report_kind kind;
    unsigned copies, gpus;
    bool log, compose, config, aggregated;
};
static const struct capture captures[] = {
    {"nanogpt-gemma-20260610", "report", "/", "address", AVER_SERVICE, 1, 1,
     true, true, true, true},
    {"venice-20260610", "report", "/", "address", AVER_SERVICE, 0, 8, true,
     true, true, true},
    {"venice-20260610", "report/compose-manager",
     "/compose_manager_attestation", "compose-manager", AVER_COMPOSE_MANAGER, 0,
     0, true, false, true, false},
    {"nearcloud-20260610", "gateway", "/gateway_attestation", "address+tls",
     AVER_GATEWAY, 0, 0, true, true, true, true},
    {"nearcloud-20260610", "model 1", "/model_attestations/0", "address+tls",
     AVER_MODEL, 0, 8, true, true, true, true},
    {"nearcloud-20260610", "model 1/compose-manager",
     "/model_attestations/0/compose_manager_attestation", "compose-manager",
     AVER_COMPOSE_MANAGER, 0, 0, true, false, true, false},
    {"chutes-20260520-instance0", "instance 1", "/evidence/0", NULL,
     AVER_INSTANCE, 0, 8, false, false, false, false},
    {"dstack-quote-report", "quote", "/", NULL, AVER_AGENT, 0, 0, true, false,
     true, false},
    {"dstack-tdx-lite-getquote", "quote", "/", NULL, AVER_AGENT, 0, 0, true,
     false, true, false},
};
#define CAPTURES (sizeof(captures) / sizeof(captures[0]))

static void same_hex(struct aver_bytes have, const json_t *o, const char *name)
{
    struct aver_buf want = vectors_hex(o, name);

    if (!aver_bytes_equal(have, aver_buf_view(&want)))
        fail_msg("another %s", name);
    aver_buf_clear(&want);
}

static void facts(const struct capture *c, const struct aver_scope *s)
{
    const struct aver_report *r = s->report;
    json_t *expected = expected_of(c->file);
    const json_t *a = attestation(expected, c->path);

    assert_string_equal(r->fault, "");
    assert_int_equal(r->kind, c->kind);
    assert_int_equal(s->copies, c->copies);
    assert_int_equal(r->gpu != NULL ? r->gpu->n : 0, c->gpus);
    assert_true(r->quote_ok);
    same_hex(r->quote.td.mrtd, a, "mr_td");
    same_hex(r->quote.td.mrconfigid, a, "mr_config_id");
    same_hex(r->quote.td.rtmr[3], a, "rtmr3");
    same_hex(r->quote.report_data, a, "report_data");
    assert_int_equal(r->event_log.n > 0, c->log);
    assert_int_equal(r->app_compose.n > 0, c->compose);
    assert_int_equal(r->vm_config.n > 0, c->config);
    if (c->aggregated)
        assert_true(aver_bytes_is(aver_buf_view(&r->claimed_aggregated),
                                  vectors_text(a, "mr_aggregated")));
    json_decref(expected);
}

/* The log is an array in the text, whichever way it stood there. */
static void log_is_an_array(const struct capture *c,
                            const struct aver_report *r)
{
    json_t *expected = expected_of(c->file);
    const json_t *e =
        json_object_get(attestation(expected, c->path), "event_log");
    json_t *list =
        json_loadb((const char *)r->event_log.p, r->event_log.n, 0, NULL);

    assert_true(json_is_array(list));
    assert_int_equal(json_array_size(list),
                     json_integer_value(json_object_get(e, "entries")));
    json_decref(list);
    json_decref(expected);
}

static unsigned reports_in(const char *file)
{
    unsigned n = 0;

    for (size_t i = 0; i < CAPTURES; i++)
        n += strcmp(captures[i].file, file) == 0;
    return n;
}

static void every_capture_is_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAPTURES; i++) {
        const struct capture *c = &captures[i];
        json_t *o = real(c->file);
        struct aver_scopes *s = parse(o);
        int at = find(s, c->scope);

        if (at < 0)
            fail_msg("%s: no scope %s", c->file, c->scope);
        assert_int_equal(s->n, reports_in(c->file));
        facts(c, &s->scope[at]);
        if (c->log)
            log_is_an_array(c, s->scope[at].report);
        aver_scopes_free(s);
        json_decref(o);
    }
}

/* All required rows of a scope pass but those that may not yet. */
static void holds(const struct capture *c, const struct aver_verdict *v,
                  bool gathered)
{
    for (unsigned i = 0; i < v->n; i++) {
        const struct aver_check *k = &v->checks[i];
        bool open = is_later(k) || (!gathered && is_gathered(k)) ||
                    (c->rule == NULL &&
                     (strcmp(k->row->id, "report.report_data") == 0 ||
                      strcmp(k->row->id, "report.fresh") == 0)) ||
                    (c->gpus == 0 && strncmp(k->row->id, "gpu.", 4) == 0) ||
                    (!c->log && strcmp(k->row->id, "code.log") == 0) ||
                    (!c->log && strncmp(k->row->id, "code.", 5) == 0 &&
                     k->result == AVER_SKIP);

        if (k->required && k->result != (open ? k->result : AVER_PASS))
            fail_msg("%s %s: %s: %s", c->file, c->scope, k->row->id, k->detail);
        assert_int_not_equal(k->result, AVER_FAIL);
    }
}

static void every_capture_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAPTURES; i++) {
        const struct capture *c = &captures[i];
        struct aver_policy policy = {0};
        json_t *o = real(c->file);
        struct aver_scopes *s = parse(o);
        const struct aver_verdict *v = &verdicts[find(s, c->scope)];
        char by[40];

        nonce_of(&policy, c->file);
        assert_int_equal(judge(s, &policy), AVER_UNDECIDED);
        const struct aver_check *bound =
            check(s, c->scope, "report.report_data");
        snprintf(by, sizeof(by), "by the rule %s:", c->rule ? c->rule : "");
        if (c->rule == NULL)
            assert_int_equal(bound->result, AVER_UNKNOWN);
        else
            assert_ptr_equal(strstr(bound->detail, by), bound->detail);
        holds(c, v, false);
        assert_int_equal(v->word, AVER_UNDECIDED);
        aver_scopes_free(s);
        json_decref(o);
    }
}

/* With what vouches for their platforms, hardware and code of every capture
 * are proven; the gateway's firmware was out of date. */
static void every_capture_is_proven(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAPTURES; i++) {
        const struct capture *c = &captures[i];
        struct aver_policy policy = {.statuses = 1U << AVER_TCB_OUT_OF_DATE,
                                     .allow = AVER_ALLOW_RIM_MISSING |
                                              AVER_ALLOW_REVOCATION_MISSING};
        json_t *o = real(c->file);
        struct aver_scopes *s = parse(o);
        struct aver_endorsements *e = gather(s, &policy, c->file);
        const struct aver_verdict *v = &verdicts[find(s, c->scope)];
        bool open = c->rule == NULL;

        nonce_of(&policy, c->file);
        judge(s, &policy);
        holds(c, v, true);
        assert_int_equal(v->word, open ? AVER_UNDECIDED : AVER_VERIFIED);
        if (c->log && c->kind != AVER_AGENT) /* a manager's: its report's */
            assert_int_equal(result(s, c->scope, "code.compose"), AVER_PASS);
        policy.statuses = 0;
        judge(s, &policy);
        assert_int_equal(result(s, c->scope, "tdx.tcb_status"),
                         c->kind == AVER_GATEWAY ? AVER_FAIL : AVER_PASS);
        aver_scopes_free(s);
        aver_endorsements_free(e);
        json_decref(o);
    }
}

/* ---- forms ---- */

#define A "\"signing_address\":\"0x0000000000000000000000000000000000000000\""
static void forms(void **state)
{
    static const struct {
        const char *text, *names;
    } cases[] = {
        {"{}", "report"},
        {"{" A "}", "report"},
        {"{\"quote\":\"0400\"}", "quote"},
        {"{\"quote\":\"0400\"," A "}", "report"},
        {"{\"quote\":\"0400\",\"intel_quote\":null}", "quote"},
        {"{\"quote\":\"0400\",\"nvidia_payload\":\"{}\"}", "report"},
        {"{\"gateway_attestation\":{}}", "gateway"},
        {"{\"gateway_attestation\":{},\"model_attestations\":[{},{}]}",
         "gateway model 1 model 2"},
        {"{\"gateway_attestation\":null,\"model_attestations\":[{}]}",
         "model 1"},
        {"{" A ",\"gateway_attestation\":{}}", "report gateway"},
        {"{\"evidence\":[{},{}]}", "instance 1 instance 2"},
        {"{\"evidence\":{}}", "instance"},
        {"{\"evidence\":[],\"evidence\":[]}", "instance"},
        {"{\"evidence\":[{}],\"model_attestations\":[{}]}",
         "instance 1 model 1"},
        {"{" A ",\"evidence\":[{}]}", "report"},
        {"{" A ",\"all_attestations\":[{},7]}", "report node 1 node 2"},
        {"{" A ",\"all_attestations\":7}", "report"},
        {"{\"model_attestations\":[{\"all_attestations\":[{}],"
         "\"compose_manager_attestation\":{}}]}",
         "model 1 model 1/compose-manager model 1/node 1"},
        {"{\"gateway_attestation\":{},\"gateway_attestation\":{}}", "gateway"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_scopes *s = parse_text(cases[i].text);
        struct aver_policy policy = {0};
        char names[200] = "";
        size_t at = 0;

        for (unsigned k = 0; k < s->n; k++)
            at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
                                   k > 0 ? " " : "", s->scope[k].name);
        if (strcmp(names, cases[i].names) != 0)
            fail_msg("%s: %s", cases[i].text, names);
        assert_int_not_equal(judge(s, &policy), AVER_VERIFIED);
        aver_scopes_free(s);
    }
}

static void what_stands_there_twice(void **state)
{
    static const char *const bad[] = {
        "{\"gateway_attestation\":{},\"gateway_attestation\":{}}",
        "{\"model_attestations\":[{}],\"model_attestations\":[{}]}",
        "{\"evidence\":[{}],\"evidence\":[{}]}",
        "{" A ",\"all_attestations\":[],\"all_attestations\":[]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct aver_scopes *s = parse_text(bad[i]);

        assert_int_equal(s->n, 1);
        if (strstr(s->scope[0].report->fault, "more than once") == NULL)
            fail_msg("%s: %s", bad[i], s->scope[0].report->fault);
        aver_scopes_free(s);
    }
}

static void what_is_no_report(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "7",
        "{",
        "{}x",
        "<html>",
        "{\"model_attestations\":[]}",
        "{\"evidence\":[]}",
    };
    struct aver_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err = (struct aver_error){0};
        if (aver_scopes_parse(aver_bytes_str(bad[i]), &err) != NULL)
            fail_msg("%s", bad[i]);
        assert_int_equal(err.code, AVER_EFORMAT);
        assert_true(strlen(err.text) > 10);
    }
}

/* `n` times `unit` between head and tail. */
static struct aver_scopes *parse_many(const char *head, const char *unit,
                                      size_t n, const char *tail,
                                      struct aver_error *err)
{
    struct aver_buf b;

    aver_buf_init(&b, 2 * AVER_REPORT_MAX);
    assert_int_equal(aver_buf_append_str(&b, head), 0);
    while (n-- > 0)
        assert_int_equal(aver_buf_append_str(&b, unit), 0);
    assert_int_equal(aver_buf_append_str(&b, tail), 0);
    struct aver_scopes *s = aver_scopes_parse(aver_buf_view(&b), err);
    aver_buf_clear(&b);
    return s;
}

static void limits(void **state)
{
    struct aver_error err = {0};
    struct aver_scopes *s =
        parse_many("{\"model_attestations\":[{}", ",{}", 31, "]}", &err);

    (void)state;
    assert_non_null(s);
    assert_int_equal(s->n, 32);
    aver_scopes_free(s);
    assert_null(
        parse_many("{\"model_attestations\":[{}", ",{}", 32, "]}", &err));
    assert_int_equal(err.code, AVER_ELIMIT);
    err = (struct aver_error){0};
    assert_null(parse_many("{" A ",\"all_attestations\":[{" A "}", ",{" A "}",
                           32, "]}", &err));
    assert_int_equal(err.code, AVER_ELIMIT);
    err = (struct aver_error){0};
    assert_null(parse_many("{\"x\":\"", "xxxxxxxxxxxxxxxx",
                           AVER_REPORT_MAX / 16, "\"}", &err));
    assert_int_equal(err.code, AVER_ELIMIT);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_capture_is_taken_apart),
        cmocka_unit_test(every_capture_holds),
        cmocka_unit_test(every_capture_is_proven),
        cmocka_unit_test(forms),
        cmocka_unit_test(what_stands_there_twice),
        cmocka_unit_test(what_is_no_report),
        cmocka_unit_test(limits),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
