/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_evidence: every payload of the vectors, each form in which evidence
 * travels, and what is said of texts that are none of them, or too large. */
#include "crypto/sha2.h"
#include "gpu_cases.h"
#include "short_memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What this parser finds; all else others do. */
#define CAUSES " json json_duplicate json_type empty size nonce_format base64 "

static const char *first_cause(const struct aver_gpu_evidence *e)
{
    if (e->flaw.cause != NULL)
        return e->flaw.cause;
    for (unsigned i = 0; i < e->n; i++)
        if (e->item[i].flaw.cause != NULL)
            return e->item[i].flaw.cause;
    return "";
}

static void check_fields(const struct gpu_case *c)
{
    const struct aver_gpu_evidence *e = c->evidence;
    json_t *device;

    for (unsigned i = 0; i < e->n; i++) {
        device = gpu_case_fields(c, i);
        if (device == NULL)
            return;
        assert_string_equal(aver_gpu_encoding_name(e->item[i].encoding),
                            vectors_text(device, "encoding"));
        if (e->item[i].flaw.cause == NULL)
            assert_true(e->item[i].report.n > 600 &&
                        e->item[i].certificates.n > 1000);
    }
    assert_null(gpu_case_fields(c, e->n));
}

static void check_case(struct gpu_case *c)
{
    const char *want = gpu_case_cause(c);

    if (!gpu_cause_among(want, CAUSES))
        want = "";
    if (strcmp(first_cause(c->evidence), want) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", c->id, first_cause(c->evidence),
                 want);
    if (want[0] == '\0')
        assert_true(c->evidence->n > 0);
    check_fields(c);
}

static void all_cases(void **state)
{
    (void)state;
    gpu_cases_each(check_case);
}

/* ---- forms ---- */

#define NONCE "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define DEVICE "{\"evidence\":\"EeAB\",\"certificate\":\"LS0t\"}"

static struct aver_gpu_evidence *parse(const char *text)
{
    struct aver_gpu_evidence *e = aver_gpu_evidence_parse(aver_bytes_str(text));

    assert_non_null(e);
    return e;
}

static void check_text(const char *text, unsigned n, const char *cause)
{
    struct aver_gpu_evidence *e = parse(text);

    if (e->n != n || strcmp(first_cause(e), cause) != 0)
        fail_msg("%s: %u devices, \"%s\"", text, e->n, first_cause(e));
    for (unsigned i = 0; cause[0] == '\0' && i < n; i++) {
        assert_int_equal(e->item[i].report.n, 3);
        assert_memory_equal(e->item[i].report.p, "\x11\xe0\x01", 3);
        assert_memory_equal(e->item[i].certificates.p, "---", 3);
    }
    aver_gpu_evidence_free(e);
}

static void forms(void **state)
{
    static const struct {
        const char *text;
        unsigned n;
        const char *cause;
    } cases[] = {
        {"{\"evidence_list\":[" DEVICE "]}", 1, ""},
        {"{\"gpu_evidence\":[" DEVICE "," DEVICE "],\"e2e_pubkey\":1}", 2, ""},
        {"{\"device_evidence_list\":[" DEVICE "]}", 1, ""},
        {"{\"gpu\":{\"evidences\":[" DEVICE "]}}", 1, ""},
        {"{\"gpu\":{\"evidences\":[" DEVICE "]},\"nvswitch\":null}", 1, ""},
        {"{\"gpu\":{\"evidences\":[" DEVICE "]},\"nvswitch\":"
         "{\"evidences\":[" DEVICE "," DEVICE "]}}",
         3, ""},
        {" [ " DEVICE " ,\n" DEVICE " ] ", 2, ""},
        {DEVICE, 1, ""},
        {"{\"evidence_list\":[" DEVICE "],\"nonce\":null,\"arch\":null}", 1,
         ""},
        {"[{\"evidence\":\"11E001\",\"certificate\":\"LS0t\"}]", 1, ""},
        {"[{\"evidence\":\"MTFlMDAx\",\"certificate\":\"LS0t\"}]", 1, ""},
        {"[{\"evidence\":\"MTFFMDAx\",\"certificate\":\"LS0t\"}]", 1, ""},
        {"", 0, "json"},
        {"[" DEVICE, 0, "json"},
        {"[" DEVICE "]]", 0, "json"},
        {"1", 0, "json"},
        {"\"x\"", 0, "json"},
        {"{}", 0, "json_type"},
        {"[]", 0, "empty"},
        {"{\"evidence_list\":[]}", 0, "empty"},
        {"{\"gpu\":{\"evidences\":[]}}", 0, "empty"},
        {"{\"evidence_list\":{}}", 0, "json_type"},
        {"{\"gpu\":null}", 0, "json_type"},
        {"{\"gpu\":[]}", 0, "json_type"},
        {"{\"gpu\":{}}", 0, "json_type"},
        {"{\"nvswitch\":{\"evidences\":[" DEVICE "]}}", 0, "json_type"},
        {"{\"evidence_list\":[" DEVICE "],\"gpu_evidence\":[]}", 0,
         "json_type"},
        {"{\"evidence_list\":[" DEVICE "],\"nvswitch\":{}}", 0, "json_type"},
        {"{\"evidence_list\":[" DEVICE "],\"nonce\":\"" NONCE "\"}", 1, ""},
        {"{\"evidence_list\":[" DEVICE "],\"nonce\":\"" NONCE "0\"}", 1,
         "nonce_format"},
        {"{\"evidence_list\":[" DEVICE "],\"nonce\":7}", 1, "nonce_format"},
        {"{\"evidence_list\":[" DEVICE "],\"nonce\":\"\"}", 1, "nonce_format"},
        {"{\"evidence_list\":[" DEVICE "],\"arch\":7}", 1, "json_type"},
        {"{\"evidence_list\":[" DEVICE "],\"x\":{\"y\":1,\"y\":1}}", 0,
         "json_duplicate"},
        {"{\"evidence_list\":[" DEVICE "],\"\\u0065vidence_list\":1}", 0,
         "json_duplicate"},
        {"{\"evidence_list\":[" DEVICE "],\"x\":1e999}", 0, "json"},
        {"{\"evidence_list\":[" DEVICE "],\"x\":\"\\ud800\"}", 0, "json"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_text(cases[i].text, cases[i].n, cases[i].cause);
}

/* A device's members that are wrong; those of others are read all the same. */
static void devices(void **state)
{
    static const struct {
        const char *device, *cause;
    } cases[] = {
        {"7", "json_type"},
        {"[]", "json_type"},
        {"{}", "json_type"},
        {"{\"evidence\":\"EeAB\"}", "json_type"},
        {"{\"evidence\":null,\"certificate\":\"LS0t\"}", "json_type"},
        {"{\"evidence\":[\"EeAB\"],\"certificate\":\"LS0t\"}", "json_type"},
        {"{\"evidence\":\"EeA\",\"certificate\":\"LS0t\"}", "base64"},
        {"{\"evidence\":\"Ee\\nAB\",\"certificate\":\"LS0t\"}", "base64"},
        {"{\"evidence\":\"Ee-_\",\"certificate\":\"LS0t\"}", "base64"},
        {"{\"evidence\":\"EeAB\",\"certificate\":\"---\"}", "base64"},
        {"{\"evidence\":\"EeAB\",\"certificate\":\"LS1=\"}", "base64"},
        {"{\"evidence\":\"11e0x1\",\"certificate\":\"LS0t\"}", "base64"},
        {"{\"evidence\":\"11e0x\",\"certificate\":\"LS0t\"}", "base64"},
        {"{\"evidence\":\"MTFlMHgx\",\"certificate\":\"LS0t\"}", "base64"},
        {"{\"evidence\":\"EeAB\",\"certificate\":\"LS0t\",\"nonce\":\"0x\"}",
         "nonce_format"},
        {"{\"evidence\":\"EeAB\",\"certificate\":\"LS0t\",\"arch\":[]}",
         "json_type"},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "[%s,%s]", cases[i].device, DEVICE);
        struct aver_gpu_evidence *e = parse(text);
        assert_int_equal(e->n, 2);
        assert_null(e->flaw.cause);
        if (e->item[0].flaw.cause == NULL)
            fail_msg("%s", text);
        assert_string_equal(e->item[0].flaw.cause, cases[i].cause);
        assert_true(strlen(e->item[0].flaw.text) > 10);
        assert_null(e->item[1].flaw.cause);
        assert_int_equal(e->item[1].report.n, 3);
        aver_gpu_evidence_free(e);
    }
}

static void claims(void **state)
{
    struct aver_gpu_evidence *e =
        parse("{\"nonce\":\"" NONCE "\",\"arch\":\"HOPPER\",\"evidence_list\":["
              "{\"evidence\":\"\",\"certificate\":\"\",\"nonce\":\"" NONCE
              "\",\"arch\":\"Ab_1-\\n\\u00e9 .234567890abcdef\"},"
              "{\"evidence\":\"\",\"certificate\":\"\",\"nonce\":\"\"}]}");
    char hex[65];

    (void)state;
    assert_string_equal(first_cause(e), "nonce_format");
    assert_int_equal(e->nonce.state, AVER_CLAIM_OK);
    aver_hex_encode(hex, e->nonce.nonce, 32);
    assert_true(aver_bytes_is_nocase(aver_bytes_str(hex), NONCE));
    assert_true(e->has_arch);
    assert_string_equal(e->arch, "HOPPER");
    assert_string_equal(e->item[0].arch, "Ab_1-?????234567890abcd");
    assert_int_equal(e->item[0].nonce.state, AVER_CLAIM_OK);
    assert_memory_equal(e->item[0].nonce.nonce, e->nonce.nonce, 32);
    assert_int_equal(e->item[0].report.n, 0);
    assert_false(e->item[1].has_arch);
    assert_int_equal(e->item[1].nonce.state, AVER_CLAIM_BAD);
    aver_gpu_evidence_free(e);
    e = parse(DEVICE);
    assert_int_equal(e->nonce.state, AVER_CLAIM_ABSENT);
    assert_false(e->has_arch);
    aver_gpu_evidence_free(e);
}

/* ---- limits ---- */

static void fill(struct aver_buf *b, const char *text, size_t times)
{
    while (times-- > 0)
        assert_int_equal(aver_buf_append_str(b, text), 0);
}

static void check_buf(struct aver_buf *b, unsigned n, const char *cause)
{
    struct aver_gpu_evidence *e = aver_gpu_evidence_parse(aver_buf_view(b));

    assert_non_null(e);
    assert_int_equal(e->n, n);
    assert_string_equal(first_cause(e), cause);
    aver_gpu_evidence_free(e);
    b->n = 0;
}

static void number_of_devices(void **state)
{
    struct aver_buf b;

    (void)state;
    aver_buf_init(&b, 1 << 20);
    for (unsigned n = 63; n < 67; n++) {
        fill(&b, "[" DEVICE, 1);
        fill(&b, "," DEVICE, n - 1);
        fill(&b, "]", 1);
        check_buf(&b, n < 65 ? n : 0, n < 65 ? "" : "size");
    }
    aver_buf_clear(&b);
}

/* `head`, `unit` n times, `tail` as evidence, and a certificate. */
static void check_size(const char *head, const char *unit, size_t n,
                       const char *tail, const char *cause)
{
    struct aver_buf b;

    aver_buf_init(&b, 1 << 20);
    fill(&b, "[{\"evidence\":\"", 1);
    fill(&b, head, 1);
    fill(&b, unit, n);
    fill(&b, tail, 1);
    fill(&b, "\",\"certificate\":\"LS0t\"}]", 1);
    check_buf(&b, 1, cause);
    aver_buf_clear(&b);
}

static void size_of_parts(void **state)
{
    struct aver_buf b;

    (void)state;
    check_size("", "AAAA", 5461, "AA==", ""); /* 16,384 bytes */
    check_size("", "AAAA", 5461, "AAA=", "size");
    check_size("", "AAAA", 10922, "AAA=", "size");
    check_size("", "AAAA", 20000, "", "size");
    check_size("11e0", "00", 16382, "", "");
    check_size("11e0", "00", 16382, "0", "size");
    check_size("11e0", "00", 16383, "", "size");
    check_size("MTFlMDAw", "MDAw", 10920, "MDA=", "");
    check_size("MTFlMDAw", "MDAw", 10920, "MDAw", "size");
    check_size("", "\\u0041", 16, "", ""); /* however it is spelt */
    aver_buf_init(&b, 1 << 20);
    for (unsigned more = 0; more < 4; more++) {
        fill(&b, "[{\"evidence\":\"EeAB\",\"certificate\":\"", 1);
        fill(&b, "AAAA", 5461);
        fill(&b,
             more == 0   ? "AA=="
             : more == 1 ? "AAA="
                         : "AAAA",
             more == 3 ? 2 : 1);
        fill(&b, "\"}]", 1);
        check_buf(&b, 1, more == 0 ? "" : "size");
    }
    aver_buf_clear(&b);
}

static void size_of_all(void **state)
{
    static const struct {
        const char *head, *unit, *tail, *cause;
    } cases[] = {
        {"[", " ", "]", "empty"},
        {"[7", ",7", "]", "size"},
        {"[{}", ",{}", "]", "size"},
        {"[", "[", "", "json"},
        {"{\"x\":\"", "x", "\"}", "json_type"},
        {"{\"x\":\"", "\\n", "\"}", "json_type"},
        {"{\"x\":1", ",\"x\":1", "}", "size"},
    };
    size_t max = (size_t)8 << 20;
    struct aver_buf b;

    (void)state;
    aver_buf_init(&b, 16 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t rest = max - strlen(cases[i].head) - strlen(cases[i].tail);

        for (unsigned over = 0; over < 2; over++) {
            fill(&b, cases[i].head, 1);
            fill(&b, cases[i].unit, rest / strlen(cases[i].unit) + over);
            fill(&b, cases[i].tail, 1);
            check_buf(&b, 0, over ? "size" : cases[i].cause);
        }
    }
    aver_buf_clear(&b);
}

/* ---- what a quote can vouch for ---- */

static void check_digest(const uint8_t *got, const char *text)
{
    uint8_t want[32];

    aver_sha256(want, aver_bytes_str(text));
    assert_memory_equal(got, want, 32);
}

static void digests(void **state)
{
#define PART "{ \"evidences\" : [" DEVICE "] }"
    struct aver_gpu_evidence *e = parse("{\"gpu\": " PART " }");

    (void)state;
    check_digest(e->digest, PART);
    assert_false(e->has_switch_digest);
    aver_gpu_evidence_free(e);
    e = parse("{\"nvswitch\":{\"evidences\":[" DEVICE "]},\"gpu\": " PART "}");
    check_digest(e->digest, PART);
    assert_true(e->has_switch_digest);
    check_digest(e->switch_digest, "{\"evidences\":[" DEVICE "]}");
    aver_gpu_evidence_free(e);
    e = parse(" [" DEVICE "]");
    check_digest(e->digest, " [" DEVICE "]");
    aver_gpu_evidence_free(e);
#undef PART
}

static void join(struct aver_gpu_evidence *e, const char *text)
{
    assert_int_equal(aver_gpu_evidence_join(e, aver_bytes_str(text)), 0);
}

#define OTHER "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFE"

static void joined(void **state)
{
    static const char switches[] =
        "{\"nonce\":\"" NONCE "\",\"arch\":\"LS10\",\"evidence_list\":["
        "{\"evidence\":\"EeAB\",\"certificate\":\"LS0t\"},"
        "{\"evidence\":\"EeAB\",\"certificate\":\"LS0t\",\"arch\":\"Hopper\"},"
        "{\"evidence\":\"EeAB\",\"certificate\":\"LS0t\",\"arch\":\"ls10\","
        "\"nonce\":\"" OTHER "\"}]}";
    struct aver_gpu_evidence *e = parse("[" DEVICE "]");

    (void)state;
    join(e, switches);
    assert_null(e->flaw.cause);
    assert_int_equal(e->n, 4);
    check_digest(e->digest, "[" DEVICE "]");
    assert_true(e->has_switch_digest);
    check_digest(e->switch_digest, switches);
    assert_false(e->item[0].has_arch);
    assert_int_equal(e->item[0].nonce.state, AVER_CLAIM_ABSENT);
    assert_null(e->item[1].flaw.cause);
    assert_string_equal(e->item[1].arch, "LS10");
    assert_int_equal(e->item[1].nonce.state, AVER_CLAIM_OK);
    assert_memory_equal(e->item[3].report.p, "\x11\xe0\x01", 3);
    assert_string_equal(e->item[2].flaw.cause, "arch");
    assert_string_equal(e->item[3].flaw.cause, "nonce_envelope");
    join(e, "[" DEVICE "]");
    assert_string_equal(e->flaw.cause, "json_type");
    assert_int_equal(e->n, 5);
    aver_gpu_evidence_free(e);
}

static void joined_badly(void **state)
{
    struct aver_gpu_evidence *e = parse("[" DEVICE "]");
    struct aver_buf many;

    (void)state;
    join(e, "[]");
    assert_string_equal(e->flaw.cause, "empty");
    assert_int_equal(e->n, 1);
    aver_gpu_evidence_free(e);
    e = parse("[" DEVICE "]");
    aver_buf_init(&many, 1 << 20);
    fill(&many, "[" DEVICE, 1);
    fill(&many, "," DEVICE, 63);
    fill(&many, "]", 1);
    assert_int_equal(aver_gpu_evidence_join(e, aver_buf_view(&many)), 0);
    assert_string_equal(e->flaw.cause, "size");
    assert_int_equal(e->n, 1);
    aver_gpu_evidence_free(e);
    aver_buf_clear(&many);
}

/* A copy of exactly n bytes, so that a sanitizer sees a read past them. */
static void cut_anywhere(void **state)
{
    struct gpu_case c;

    (void)state;
    gpu_case_open(&c, "real-tinfoil-h100-595");
    for (size_t n = 0; n < c.payload.n; n += n < 100 ? 1 : 97) {
        uint8_t *copy = malloc(n > 0 ? n : 1);

        memcpy(copy, c.payload.p, n);
        struct aver_gpu_evidence *e =
            aver_gpu_evidence_parse(aver_bytes_of(copy, n));
        assert_string_equal(first_cause(e), "json");
        aver_gpu_evidence_free(e);
        free(copy);
    }
    gpu_case_close(&c);
}

#define HEX_DEVICE "{\"evidence\":\"MTFlMDAx\",\"certificate\":\"LS0t\"}"

/* NULL where an allocation failed. For some of its own, jansson blames the
 * text. */
static struct aver_gpu_evidence *parse_short(const char *text)
{
    struct aver_gpu_evidence *e = aver_gpu_evidence_parse(aver_bytes_str(text));

    if (left > 0 || e == NULL)
        return e;
    assert_string_equal(first_cause(e), "json");
    aver_gpu_evidence_free(e);
    return NULL;
}

/* Each allocation fails in turn: nothing comes back, and nothing leaks. */
static void short_of_memory(void **state)
{
    static const char text[] = "[" HEX_DEVICE "," DEVICE "]";
    struct aver_gpu_evidence *e = NULL, *more;
    unsigned n = 0, joins = 0;
    int rc = -1;

    (void)state;
    for (; e == NULL; n++) {
        left = n + 1;
        e = parse_short(text);
    }
    assert_true(n > 12);
    assert_string_equal(first_cause(e), "");
    for (; joins <= n; joins++) {
        left = 0;
        more = parse("[" DEVICE "]");
        left = joins + 1;
        rc = aver_gpu_evidence_join(more, aver_bytes_str(text));
        assert_int_equal(more->n, left > 0 ? 3 : 1);
        assert_true((rc == 0 && more->flaw.cause == NULL) == (left > 0));
        aver_gpu_evidence_free(more);
    }
    assert_true(left > 0);
    left = 0;
    aver_gpu_evidence_free(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases),
        cmocka_unit_test(forms),
        cmocka_unit_test(devices),
        cmocka_unit_test(claims),
        cmocka_unit_test(number_of_devices),
        cmocka_unit_test(size_of_parts),
        cmocka_unit_test(size_of_all),
        cmocka_unit_test(digests),
        cmocka_unit_test(joined),
        cmocka_unit_test(joined_badly),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(short_of_memory),
    };

    vectors_start(argc, argv);
    json_set_alloc_funcs(__wrap_malloc, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
