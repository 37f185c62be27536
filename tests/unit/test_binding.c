/* SPDX-License-Identifier: Apache-2.0
 *
 * binding: every rule against vectors/report_data (real quotes' bytes where a
 * capture has them), the halves that cannot be known, and the spellings of a
 * list of actions. */
#include "crypto/keccak.h"
#include "crypto/sha2.h"
#include "vectors.h"
#include "verify/binding.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A report of its own storage: nothing of it is on the heap but e2e_key. */
static struct aver_report report;
static uint8_t asked[32];

static bool read_nonce(const json_t *in, const char *name)
{
    struct aver_bytes text = aver_bytes_str(vectors_text(in, name));

    return aver_hex_decode(asked, 32, text) == 0;
}

static bool service(const json_t *in)
{
    struct aver_bytes address =
        aver_bytes_str(vectors_text(in, "signing_address"));

    report.kind = AVER_SERVICE;
    if (aver_key_id_parse(&report.key, address) != 0 ||
        !read_nonce(in, "nonce"))
        return false;
    report.has_nonce = AVER_PRESENT;
    memcpy(report.nonce, asked, 32);
    return true;
}

static bool service_with_tls(const json_t *in)
{
    report.has_spki = true;
    vectors_hex_n(report.spki, 32, in, "tls_spki_sha256");
    return service(in);
}

static bool seed(const json_t *in)
{
    uint8_t point[64];

    vectors_hex_n(point, 64, in, "public_key");
    report.kind = AVER_SERVICE;
    report.has_gpu_nonce = AVER_PRESENT;
    aver_keccak256(report.gpu_nonce, aver_bytes_of(point, 64));
    report.key.n = 20;
    memcpy(report.key.p, report.gpu_nonce + 12, 20);
    return true;
}

static bool compose_manager(const json_t *in)
{
    struct aver_bytes actions =
        aver_bytes_str(vectors_text(in, "actions_text"));

    report.kind = AVER_COMPOSE_MANAGER;
    report.has_actions = AVER_PRESENT;
    report.has_nonce = AVER_PRESENT;
    assert_int_equal(aver_actions_hash(report.actions, actions, NULL), 0);
    assert_true(read_nonce(in, "nonce"));
    memcpy(report.nonce, asked, 32);
    return true;
}

static bool chutes(const json_t *in)
{
    struct aver_bytes key = aver_bytes_str(vectors_text(in, "e2e_pubkey_text"));

    report.kind = AVER_INSTANCE;
    assert_true(read_nonce(in, "nonce_text"));
    assert_int_equal(aver_buf_append(&report.e2e_key, key.p, key.n), 0);
    report.has_spki = true;
    struct aver_buf der = vectors_base64(in, "spki_der_base64");
    aver_sha256(report.spki, aver_buf_view(&der));
    aver_buf_clear(&der);
    return true;
}

static const struct {
    const char *scheme, *rule;
    bool (*read)(const json_t *in);
} schemes[] = {
    {"A", "address", service},    {"B", "address+tls", service_with_tls},
    {"C", "seed", seed},          {"E", "compose-manager", compose_manager},
    {"chutes", "chutes", chutes},
};
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static int scheme_of(const json_t *c)
{
    for (size_t i = 0; i < SCHEMES; i++)
        if (vectors_is(c, "scheme", schemes[i].scheme))
            return (int)i;
    return -1;
}

/* Whether the rule for these inputs takes the bytes that the case has. */
static bool accepts(const json_t *c, int scheme)
{
    struct aver_bytes hex = aver_bytes_str(vectors_text(c, "report_data"));
    struct aver_bound bound = {0};
    uint8_t have[64];
    bool good = false;

    memset(&report, 0, sizeof(report));
    aver_buf_init(&report.e2e_key, 8192);
    if (aver_hex_decode(have, 64, hex) == 0 &&
        schemes[scheme].read(json_object_get(c, "inputs"))) {
        aver_binding_of(&report)->make(&report, asked, &bound);
        assert_true(bound.n > 0 && bound.open == NULL);
        good = aver_bound_differs(&bound, have) < 0;
    }
    aver_buf_clear(&report.e2e_key);
    return good;
}

static void layouts(void **state)
{
    json_t *index = vectors_index("report_data/layouts.json"), *c = NULL;
    unsigned n[SCHEMES] = {0};
    size_t i = 0;

    (void)state;
    json_array_foreach(index, i, c)
    {
        int scheme = scheme_of(c);

        if (scheme < 0)
            continue;
        n[scheme]++;
        if (!accepts(c, scheme))
            fail_msg("%s", vectors_text(c, "id"));
        assert_string_equal(aver_binding_of(&report)->name,
                            schemes[scheme].rule);
    }
    assert_int_equal(n[0] + n[1], 11);
    assert_int_equal(n[2], 2);
    assert_int_equal(n[3], 4);
    assert_int_equal(n[4], 4);
    json_decref(index);
}

/* A list is spelled anew before it is hashed: what white space it had on the
 * way does not matter, as E-actions-spaces has it. */
static void verdicts(void **state)
{
    json_t *index = vectors_index("report_data/verify.json"), *c = NULL;
    unsigned n = 0;
    size_t i = 0;

    (void)state;
    json_array_foreach(index, i, c)
    {
        int scheme = scheme_of(c);
        bool want = vectors_is(c, "verdict", "accept") ||
                    vectors_is(c, "id", "E-actions-spaces");

        if (scheme < 0)
            continue;
        n++;
        if (accepts(c, scheme) != want)
            fail_msg("%s", vectors_text(c, "id"));
    }
    assert_int_equal(n, 30);
    json_decref(index);
}

static void contents(void **state)
{
    json_t *index = vectors_index("report_data/layouts.json"), *c = NULL;
    unsigned n = 0;
    size_t i = 0;

    (void)state;
    json_array_foreach(index, i, c)
    {
        const json_t *in = json_object_get(c, "inputs");
        uint8_t want[64], have[64];

        if (!vectors_is(c, "scheme", "dstack-content"))
            continue;
        struct aver_buf content = vectors_hex(in, "content");
        vectors_hex_n(want, 64, c, "report_data");
        aver_binding_content(have, vectors_text(in, "tag"),
                             aver_buf_view(&content));
        assert_memory_equal(have, want, 64);
        aver_buf_clear(&content);
        n++;
    }
    assert_int_equal(n, 3);
    json_decref(index);
}

static void what_a_rule_cannot_say(void **state)
{
    struct aver_bound b = {0};
    uint8_t data[64] = {0};

    (void)state;
    memset(&report, 0, sizeof(report));
    report.key.n = 20;
    aver_binding_of(&report)->make(&report, NULL, &b);
    assert_true(b.n == 0 && b.open != NULL);

    /* A GPU nonce that is not the key's: no rule of the first generation. */
    report.has_gpu_nonce = AVER_PRESENT;
    report.key.p[0] = 1;
    assert_string_equal(aver_binding_of(&report)->name, "seed");
    b = (struct aver_bound){0};
    aver_binding_of(&report)->make(&report, NULL, &b);
    assert_true(b.n == 0 && b.open != NULL);

    /* No actions: the hash is compared and stays a claim. */
    memset(&report, 0, sizeof(report));
    report.kind = AVER_COMPOSE_MANAGER;
    report.has_nonce = AVER_PRESENT;
    report.has_actions_hash = AVER_PRESENT;
    report.actions_hash[0] = 9;
    b = (struct aver_bound){0};
    aver_binding_of(&report)->make(&report, NULL, &b);
    assert_true(b.n == 1 && b.open != NULL && !b.first_unknown);
    assert_int_equal(aver_bound_differs(&b, data), 0);
    data[0] = 9;
    assert_int_equal(aver_bound_differs(&b, data), -1);
    data[63] = 1;
    assert_int_equal(aver_bound_differs(&b, data), 1);

    /* An instance without its key for prompts: half of it is compared. */
    memset(&report, 0, sizeof(report));
    report.kind = AVER_INSTANCE;
    b = (struct aver_bound){0};
    aver_binding_of(&report)->make(&report, asked, &b);
    assert_true(b.n == 0 && b.open != NULL);
    report.has_spki = true;
    b = (struct aver_bound){0};
    aver_binding_of(&report)->make(&report, asked, &b);
    assert_true(b.n == 1 && b.open != NULL && b.first_unknown);
    assert_int_equal(aver_bound_differs(&b, data), 1);
    data[63] = 0;
    assert_int_equal(aver_bound_differs(&b, data), -1);

    report.kind = AVER_AGENT;
    b = (struct aver_bound){0};
    aver_binding_of(&report)->make(&report, asked, &b);
    assert_true(b.n == 0 && b.open != NULL);
}

/* Halves of two spellings do not make a whole. */
static void spellings_are_not_mixed(void **state)
{
    struct aver_bound b = {.n = 2};
    uint8_t data[64] = {0};

    (void)state;
    b.want[0][0] = 1;
    b.want[1][32] = 1;
    data[0] = 1;
    assert_int_equal(aver_bound_differs(&b, data), -1);
    data[32] = 1;
    assert_true(aver_bound_differs(&b, data) >= 0);
    data[0] = 0;
    assert_int_equal(aver_bound_differs(&b, data), -1);
    b.n = 0;
    assert_true(aver_bound_differs(&b, data) >= 0);
}

static void check_spelling(const char *list, int which, const char *spelled)
{
    uint8_t out[AVER_SPELLINGS][32], want[32];

    assert_int_equal(aver_actions_hash(out, aver_bytes_str(list), NULL), 0);
    aver_sha256(want, aver_bytes_str(spelled));
    assert_memory_equal(out[which], want, 32);
}

static void spellings(void **state)
{
    static const char list[] =
        "[ {\"tag\" : \"v1\", \"zeta\":[2, null, \"b\"],\r\n"
        "\"action\":\"\\u00e9\\/\\n\"} , {\"timestamp\":true}]";

    (void)state;
    check_spelling(list, AVER_AS_GIVEN,
                   "[{\"tag\":\"v1\",\"zeta\":[2,null,\"b\"],"
                   "\"action\":\"\xc3\xa9/\\n\"},{\"timestamp\":true}]");
    check_spelling(list, AVER_SORTED,
                   "[{\"action\":\"\xc3\xa9/\\n\",\"tag\":\"v1\","
                   "\"zeta\":[2,null,\"b\"]},{\"timestamp\":true}]");
    check_spelling(list, AVER_DECLARED,
                   "[{\"action\":\"\xc3\xa9/\\n\",\"tag\":\"v1\","
                   "\"zeta\":[2,null,\"b\"]},{\"timestamp\":true}]");
    check_spelling("[]", AVER_SORTED, "[]");
    check_spelling("[{}]", AVER_DECLARED, "[{}]");
}

static void what_has_no_spelling(void **state)
{
    static const char *const bad[] = {
        "[1]",
        "[\"x\"]",
        "[[]]",
        "[null]",
        "[{},7]",
        "[{\"a\":1.5}]",
        "[{\"a\":{}}]",
        "[{\"a\":[{}]}]",
        "[{\"a\":[[]]}]",
        "[{\"a\":[0,1e3]}]",
        "[{\"a\":1,\"a\":2}]",
        "[{\"a\":99999999999999999999}]",
        "[{\"a\":\"\\u0000\"}]",
    };
    uint8_t out[AVER_SPELLINGS][32];
    struct aver_error err;
    struct aver_buf many;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (aver_actions_hash(out, aver_bytes_str(bad[i]), &err) == 0)
            fail_msg("%s", bad[i]);
    aver_buf_init(&many, 1 << 20);
    assert_int_equal(aver_buf_append_str(&many, "[{}"), 0);
    for (int i = 1; i < 4096; i++)
        assert_int_equal(aver_buf_append_str(&many, ",{}"), 0);
    assert_int_equal(aver_buf_append_str(&many, "]"), 0);
    assert_int_equal(aver_actions_hash(out, aver_buf_view(&many), &err), 0);
    many.n--;
    assert_int_equal(aver_buf_append_str(&many, ",{}]"), 0);
    assert_int_equal(aver_actions_hash(out, aver_buf_view(&many), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_consume(&many, many.n);
    assert_int_equal(aver_buf_append_str(&many, "[{\"a\":\""), 0);
    while (many.n < (256 << 10) - 4)
        assert_int_equal(aver_buf_append_str(&many, "x"), 0);
    assert_int_equal(aver_buf_append_str(&many, "\"}]"), 0);
    assert_int_equal(aver_actions_hash(out, aver_buf_view(&many), &err), 0);
    many.n -= 3;
    assert_int_equal(aver_buf_append_str(&many, "xx\"}]"), 0);
    assert_int_equal(aver_actions_hash(out, aver_buf_view(&many), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&many);
}

static void the_table_is_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < aver_bindings_n; i++) {
        assert_true(strlen(aver_bindings[i].name) > 2);
        assert_true(strlen(aver_bindings[i].sentence) > 10);
        assert_non_null(aver_bindings[i].make);
    }
    for (int k = 0; k < AVER_REPORT_KINDS; k++) {
        memset(&report, 0, sizeof(report));
        report.kind = (enum aver_report_kind)k;
        assert_non_null(aver_binding_of(&report)->name);
        assert_true(strlen(aver_report_nature(report.kind)->words) > 5);
        assert_non_null(aver_report_nature(report.kind)->quote);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(contents),
        cmocka_unit_test(what_a_rule_cannot_say),
        cmocka_unit_test(spellings_are_not_mixed),
        cmocka_unit_test(spellings),
        cmocka_unit_test(what_has_no_spelling),
        cmocka_unit_test(the_table_is_whole),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
