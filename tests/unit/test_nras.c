/* SPDX-License-Identifier: Apache-2.0
 *
 * nras: answers of NVIDIA's service taken apart, as captured and as made here,
 * and forms that are none. What they mean is in test_nras_rows. */
#include "jwt_made.h"
#include "vectors.h"
#include "verify/nras.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_nras *read_case(const char *id)
{
    char path[128];

    snprintf(path, sizeof(path), "gpu/nras/%s/reply.json", id);
    struct aver_buf text = vectors_file(path);
    struct aver_nras *r = aver_nras_parse(aver_buf_view(&text));
    aver_buf_clear(&text);
    assert_non_null(r);
    return r;
}

static void one_gpu(void **state)
{
    struct aver_nras *r = read_case("true-1gpu");
    const struct aver_nras_gpu *g = &r->gpu[0];

    (void)state;
    assert_string_equal(r->fault, "");
    assert_int_equal(r->n, 1);
    assert_int_equal(r->result, AVER_NRAS_TRUE);
    assert_string_equal(r->version, "2.0");
    assert_string_equal(r->overall.issuer,
                        "https://nras.attestation.nvidia.com");
    assert_true(r->overall.has_times);
    assert_int_equal(r->overall.expires, 1781059742);
    assert_int_equal(r->overall.not_before, 1781059742 - 3600);
    assert_string_equal(r->overall.jwt.alg, "ES384");
    assert_int_equal(r->overall.jwt.signature.n, 96);
    assert_int_equal(r->overall.nonce, AVER_NRAS_NONCE);
    assert_int_equal(r->overall.eat_nonce[0], 0x9a);
    assert_string_equal(g->name, "GPU-0");
    assert_true(g->came && g->listed && g->has_digest);
    assert_string_equal(g->measres, "success");
    assert_string_equal(g->dbgstat, "disabled");
    assert_int_equal(g->secboot, AVER_NRAS_TRUE);
    assert_string_equal(g->hwmodel, "GH100");
    assert_string_equal(g->driver, "570.172.08");
    assert_string_equal(g->vbios, "96.00.D0.00.03");
    assert_string_equal(g->ueid,
                        "482873259178876764428644219417865506940909712063");
    assert_string_equal(g->error, "");
    assert_int_equal(g->token.nonce, AVER_NRAS_NONCE);
    assert_true(g->token.has_times);
    aver_nras_free(r);
    aver_nras_free(NULL);
}

static void eight_gpus(void **state)
{
    struct aver_nras *r = read_case("true-8gpu");

    (void)state;
    assert_int_equal(r->n, 8);
    for (unsigned i = 0; i < r->n; i++) {
        char name[16];

        snprintf(name, sizeof(name), "GPU-%u", i);
        assert_string_equal(r->gpu[i].name, name);
        assert_true(r->gpu[i].came && r->gpu[i].listed);
    }
    aver_nras_free(r);
    r = read_case("submod-missing");
    unsigned missing = 0;
    for (unsigned i = 0; i < r->n; i++)
        missing += !r->gpu[i].came;
    assert_int_equal(r->n, 8);
    assert_int_equal(missing, 1);
    aver_nras_free(r);
}

static void a_refusal(void **state)
{
    struct aver_nras *r = read_case("false-nonce");

    (void)state;
    assert_string_equal(r->fault, "");
    assert_int_equal(r->n, 8);
    assert_int_equal(r->result, AVER_NRAS_FALSE);
    assert_string_equal(r->gpu[0].error, "error 4010 NONCE_NOT_MATCHING");
    assert_string_equal(r->gpu[0].measres, "");
    assert_int_equal(r->gpu[0].secboot, AVER_NRAS_SILENT);
    assert_int_equal(r->gpu[0].token.nonce, AVER_NRAS_NO_NONCE);
    aver_nras_free(r);
}

/* Tokens that say nothing and are signed by nobody: O (overall) and G in a
 * form are put in their place. */
static const struct {
    const char *what, *text, *overall, *gpu;
    const char *fault; /* ""; or part of it */
} forms[] = {
    {"as it should be", "[[\"JWT\",\"O\"],{\"GPU-0\":\"G\"}]", "{}", "{}", ""},
    {"no GPU", "[[\"JWT\",\"O\"],{}]", "{}", "{}", ""},
    {"nothing", "", "{}", "{}", "not JSON"},
    {"something behind it", "[[\"JWT\",\"O\"],{}] 7", "{}", "{}", "not JSON"},
    {"an object", "{\"JWT\":\"O\"}", "{}", "{}", "array of two"},
    {"one part", "[[\"JWT\",\"O\"]]", "{}", "{}", "array of two"},
    {"three parts", "[[\"JWT\",\"O\"],{},{}]", "{}", "{}", "array of two"},
    {"parts exchanged", "[{\"GPU-0\":\"G\"},[\"JWT\",\"O\"]]", "{}", "{}",
     "second part"},
    {"another kind", "[[\"CBOR\",\"O\"],{}]", "{}", "{}", "begin with"},
    {"no kind", "[[7,\"O\"],{}]", "{}", "{}", "begin with"},
    {"the overall token alone", "[\"O\",{}]", "{}", "{}", "begin with"},
    {"two overall tokens", "[[\"JWT\",\"O\",\"O\"],{}]", "{}", "{}",
     "begin with"},
    {"an overall token that is no text", "[[\"JWT\",7],{}]", "{}", "{}",
     "overall token is no text"},
    {"a GPU's token that is no text", "[[\"JWT\",\"O\"],{\"GPU-0\":{}}]", "{}",
     "{}", "GPU-0 is no text"},
    {"a GPU's token that is none", "[[\"JWT\",\"O\"],{\"GPU-0\":\"a.b\"}]",
     "{}", "{}", "GPU-0: the token"},
    {"an overall token that is none", "[[\"JWT\",\"ab\"],{}]", "{}", "{}",
     "overall token: the token"},
    {"a GPU twice", "[[\"JWT\",\"O\"],{\"GPU-0\":\"G\",\"GPU-0\":\"G\"}]", "{}",
     "{}", "twice"},
    {"a GPU without a name", "[[\"JWT\",\"O\"],{\"\":\"G\"}]", "{}", "{}",
     "short text"},
    {"a GPU with a name that steers",
     "[[\"JWT\",\"O\"],{\"\\u001b[2J\":\"G\"}]", "{}", "{}", "short text"},
    {"a GPU with a long name",
     "[[\"JWT\",\"O\"],{\"01234567890123456789012345678901\":\"G\"}]", "{}",
     "{}", "short text"},
    {"a long name in the overall token", "[[\"JWT\",\"O\"],{}]",
     "{\"submods\":{\"01234567890123456789012345678901\":7}}", "{}",
     "short text"},
    {"claims of the overall token that are none", "[[\"JWT\",\"O\"],{}]", "[]",
     "{}", "overall token: its payload"},
    {"claims twice", "[[\"JWT\",\"O\"],{\"GPU-0\":\"G\"}]", "{}",
     "{\"measres\":\"fail\",\"measres\":\"success\"}", "GPU-0: its payload"},
};

static struct aver_nras *parse_form(const char *text, const char *overall,
                                    const char *gpu)
{
    char *o = jwt_token(NULL, "{}", overall), *g = jwt_token(NULL, "{}", gpu);
    struct aver_buf out;

    aver_buf_init(&out, 65536);
    for (const char *p = text; *p != '\0'; p++) {
        bool token =
            (*p == 'O' || *p == 'G') && p > text && p[-1] == '"' && p[1] == '"';

        if (token)
            assert_int_equal(aver_buf_append_str(&out, *p == 'O' ? o : g), 0);
        else
            assert_int_equal(aver_buf_append(&out, p, 1), 0);
    }
    struct aver_nras *r = aver_nras_parse(aver_buf_view(&out));
    assert_non_null(r);
    aver_buf_clear(&out);
    free(o);
    free(g);
    return r;
}

static void known_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct aver_nras *r =
            parse_form(forms[i].text, forms[i].overall, forms[i].gpu);

        if (forms[i].fault[0] == '\0'
                ? r->fault[0] != '\0'
                : strstr(r->fault, forms[i].fault) == NULL)
            fail_msg("%s: \"%s\"", forms[i].what, r->fault);
        aver_nras_free(r);
    }
}

/* A member of the overall claims, and what is read of it. */
static void claims(void **state)
{
    static const struct {
        const char *claims;
        bool has_times;
        int nonce;
        enum aver_nras_says result;
    } rows[] = {
        {"{}", false, AVER_NRAS_NO_NONCE, AVER_NRAS_SILENT},
        {"{\"nbf\":1,\"exp\":2}", true, AVER_NRAS_NO_NONCE, AVER_NRAS_SILENT},
        {"{\"nbf\":1}", false, AVER_NRAS_NO_NONCE, AVER_NRAS_SILENT},
        {"{\"exp\":1}", false, AVER_NRAS_NO_NONCE, AVER_NRAS_SILENT},
        {"{\"nbf\":1,\"exp\":2.5}", false, AVER_NRAS_NO_NONCE,
         AVER_NRAS_SILENT},
        {"{\"nbf\":\"1\",\"exp\":2}", false, AVER_NRAS_NO_NONCE,
         AVER_NRAS_SILENT},
        {"{\"eat_nonce\":\"00\"}", false, AVER_NRAS_BAD_NONCE,
         AVER_NRAS_SILENT},
        {"{\"eat_nonce\":[]}", false, AVER_NRAS_BAD_NONCE, AVER_NRAS_SILENT},
        {"{\"eat_nonce\":null}", false, AVER_NRAS_BAD_NONCE, AVER_NRAS_SILENT},
        {"{\"eat_nonce\":\"" NRAS_MADE_NONCE "\"}", false, AVER_NRAS_NONCE,
         AVER_NRAS_SILENT},
        {"{\"x-nvidia-overall-att-result\":true}", false, AVER_NRAS_NO_NONCE,
         AVER_NRAS_TRUE},
        {"{\"x-nvidia-overall-att-result\":false}", false, AVER_NRAS_NO_NONCE,
         AVER_NRAS_FALSE},
        {"{\"x-nvidia-overall-att-result\":\"true\"}", false,
         AVER_NRAS_NO_NONCE, AVER_NRAS_SILENT},
        {"{\"x-nvidia-overall-att-result\":1}", false, AVER_NRAS_NO_NONCE,
         AVER_NRAS_SILENT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_nras *r =
            parse_form("[[\"JWT\",\"O\"],{}]", rows[i].claims, "{}");

        if (r->overall.has_times != rows[i].has_times ||
            (int)r->overall.nonce != rows[i].nonce ||
            r->result != rows[i].result || r->fault[0] != '\0')
            fail_msg("%s", rows[i].claims);
        aver_nras_free(r);
    }
}

#define ZERO32                                                                 \
    "0000000000000000000000000000000000000000000000000000000000000000"

static void digests(void **state)
{
    static const struct {
        const char *submod;
        bool ok;
    } rows[] = {
        {"[\"DIGEST\",[\"SHA-256\",\"" ZERO32 "\"]]", true},
        {"[\"DIGEST\",[\"SHA-256\",\"00\"]]", false},
        {"[\"DIGEST\",[\"SHA-256\",7]]", false},
        {"[\"DIGEST\",[\"SHA-1\",\"" ZERO32 "\"]]", false},
        {"[\"DIGEST\",[7,\"" ZERO32 "\"]]", false},
        {"[\"DIGEST\",[\"SHA-256\",\"" ZERO32 "\",7]]", false},
        {"[\"DIGEST\",[\"SHA-256\"]]", false},
        {"[\"DIGEST\",\"" ZERO32 "\"]", false},
        {"[\"DIGEST\",[\"SHA-256\",\"" ZERO32 "\"],7]", false},
        {"[\"JWT\",[\"SHA-256\",\"" ZERO32 "\"]]", false},
        {"[7,[\"SHA-256\",\"" ZERO32 "\"]]", false},
        {"{}", false},
        {"null", false},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text), "{\"submods\":{\"GPU-0\":%s}}",
                 rows[i].submod);
        struct aver_nras *r = parse_form("[[\"JWT\",\"O\"],{}]", text, "{}");
        assert_int_equal(r->n, 1);
        assert_true(r->gpu[0].listed && !r->gpu[0].came);
        if (r->gpu[0].has_digest != rows[i].ok)
            fail_msg("%s", rows[i].submod);
        aver_nras_free(r);
    }
    struct aver_nras *r =
        parse_form("[[\"JWT\",\"O\"],{}]", "{\"submods\":[\"GPU-0\"]}", "{}");
    assert_int_equal(r->n, 0);
    aver_nras_free(r);
}

/* Texts are cut, and cannot steer a terminal. */
static void cleaned(void **state)
{
    struct aver_nras *r = parse_form(
        "[[\"JWT\",\"O\"],{\"GPU-0\":\"G\"}]", "{\"iss\":7}",
        "{\"measres\":\"suc\\u001bcess\",\"dbgstat\":"
        "\"0123456789012345678901234567890\",\"hwmodel\":null,\"secboot\":"
        "false,\"x-nvidia-error-details\":{\"message\":\"\\u0007\"}}");

    (void)state;
    assert_string_equal(r->overall.issuer, "");
    assert_string_equal(r->gpu[0].measres, "suc?cess");
    assert_string_equal(r->gpu[0].dbgstat, "01234567890123456789012");
    assert_string_equal(r->gpu[0].hwmodel, "");
    assert_int_equal(r->gpu[0].secboot, AVER_NRAS_FALSE);
    assert_string_equal(r->gpu[0].error, "error ?");
    aver_nras_free(r);
}

static void limits(void **state)
{
    static char large[AVER_NRAS_MAX + 1];
    struct nras_made m;

    (void)state;
    nras_made_new(&m);
    json_t *one = json_incref(json_object_get(m.gpus, "GPU-0"));
    for (unsigned i = 2; i <= AVER_NRAS_GPUS_MAX; i++) {
        char name[16];

        char *text = nras_made_text(&m);
        struct aver_nras *r = aver_nras_parse(aver_bytes_str(text));
        assert_string_equal(r->fault, "");
        assert_int_equal(r->n, i);
        aver_nras_free(r);
        free(text);
        json_object_del(m.overall, "submods");
        snprintf(name, sizeof(name), "GPU-%u", i);
        json_object_set(m.gpus, name, one);
    }
    char *text = nras_made_text(&m);
    struct aver_nras *r = aver_nras_parse(aver_bytes_str(text));
    assert_non_null(strstr(r->fault, "more than 64"));
    aver_nras_free(r);
    memset(large, ' ', sizeof(large));
    r = aver_nras_parse(aver_bytes_of(large, sizeof(large)));
    assert_non_null(strstr(r->fault, "more than 524288 bytes"));
    aver_nras_free(r);
    r = aver_nras_parse(aver_bytes_of(large, sizeof(large) - 1));
    assert_non_null(strstr(r->fault, "not JSON"));
    aver_nras_free(r);
    free(text);
    json_decref(one);
    nras_made_clear(&m);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_gpu),   cmocka_unit_test(eight_gpus),
        cmocka_unit_test(a_refusal), cmocka_unit_test(known_forms),
        cmocka_unit_test(claims),    cmocka_unit_test(digests),
        cmocka_unit_test(cleaned),   cmocka_unit_test(limits),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
