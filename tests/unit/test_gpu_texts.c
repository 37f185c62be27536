/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_texts: GPU evidence found in every form and at every depth in which it
 * comes, each once; and what holds none. */
#include "cli/gpu_texts.h"
#include "cli/tree.h"
#include "vectors.h"
#include "verify/gpu_evidence.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static size_t found_in(struct gpu_texts *t, const char *text)
{
    struct aver_error err;

    assert_int_equal(gpu_texts_add(t, aver_bytes_str(text), &err), 0);
    return t->n;
}

/* Every vector that has evidence in it, and as many devices as it has. */
static void test_vectors(void **state)
{
    static const struct {
        const char *name;
        unsigned devices;
    } cases[] = {
        {"real-nvtrust-550", 1},      {"real-near-8gpu-ppcie", 8},
        {"real-ds-4gpu-580", 4},      {"real-chutes-2gpu-595", 2},
        {"real-tinfoil-h100-595", 1}, {"real-ppcie-8gpu-4switch", 12},
        {"real-ls10-gpps4", 4},       {"mut-hex-direct", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gpu_texts t = {0};
        struct aver_error err;
        char path[128];

        snprintf(path, sizeof(path), "gpu/cases/%s/payload.json",
                 cases[i].name);
        struct aver_buf text = vectors_file(path);
        assert_int_equal(gpu_texts_add(&t, aver_buf_view(&text), &err), 0);
        assert_int_equal(t.n, 1);
        struct aver_gpu_evidence *e =
            aver_gpu_evidence_parse(aver_buf_view(&t.of[0]));
        assert_null(e->flaw.cause);
        assert_int_equal(e->n, cases[i].devices);
        aver_gpu_evidence_free(e);
        gpu_texts_clear(&t);
        aver_buf_clear(&text);
    }
}

#define DEVICE "{\"certificate\":\"c\",\"evidence\":\"e\"}"

static void test_places(void **state)
{
    static const struct {
        const char *text;
        size_t n;
    } cases[] = {
        {"[" DEVICE "]", 1},
        {" {\"evidence_list\":[" DEVICE "]}\n", 1},
        {"{\"gpu_evidence\":[" DEVICE "]}", 1},
        {"{\"device_evidence_list\":[" DEVICE "]}", 1},
        {"{\"gpu\":{\"evidences\":[" DEVICE "]}}", 1},
        {"{\"nvswitch\":{\"evidences\":[" DEVICE "]}}", 1},
        /* A report, and one in it that says the same. */
        {"{\"nvidia_payload\":\"{\\\"evidence_list\\\":[{\\\"certificate\\\":"
         "\\\"c\\\",\\\"evidence\\\":\\\"e\\\"}]}\",\"all_attestations\":[{"
         "\"nvidia_payload\":\"{\\\"evidence_list\\\":[{\\\"certificate\\\":"
         "\\\"c\\\",\\\"evidence\\\":\\\"e\\\"}]}\"}]}",
         1},
        {"{\"a\":[{\"gpu_evidence\":[" DEVICE "]},{\"gpu_evidence\":[" DEVICE
         "],\"b\":1}]}",
         2},
        {"[]", 0},
        {"{}", 0},
        {"{\"evidence_list\":[]}", 0},
        {"{\"evidence_list\":{}}", 0},
        {"[{\"certificate\":\"c\"}]", 0},
        {"{\"nvidia_payload\":\"{\\\"evidence_list\\\":[]}\"}", 0},
        {"{\"nvidia_payload\":\"{\"}", 0},
        {"\"[" DEVICE "]\"", 0},
        {"no JSON", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gpu_texts t = {0};

        if (found_in(&t, cases[i].text) != cases[i].n)
            fail_msg("%s: %zu", cases[i].text, t.n);
        assert_int_equal(found_in(&t, cases[i].text), cases[i].n);
        gpu_texts_clear(&t);
    }
}

static void test_too_many(void **state)
{
    struct gpu_texts t = {0};
    struct aver_error err = {0};
    char text[128];

    (void)state;
    for (unsigned i = 0; i < GPU_TEXTS_MAX; i++) {
        snprintf(text, sizeof(text), "{\"i\":%u,\"gpu_evidence\":[" DEVICE "]}",
                 i);
        assert_int_equal(found_in(&t, text), i + 1);
    }
    assert_int_equal(gpu_texts_add(&t, aver_bytes_str("[" DEVICE "]"), &err),
                     -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    gpu_texts_clear(&t);
}

/* JSON in texts in JSON is looked into, but not for ever. */
static void test_nested(void **state)
{
    struct aver_buf text, outer;
    struct gpu_texts t = {0};

    (void)state;
    aver_buf_init(&text, 1 << 20);
    aver_buf_init(&outer, 1 << 20);
    assert_int_equal(aver_buf_append_str(&text, "[" DEVICE "]"), 0);
    for (int depth = 0; depth < 6; depth++) {
        struct aver_error err;

        assert_int_equal(gpu_texts_add(&t, aver_buf_view(&text), &err), 0);
        assert_int_equal(t.n, depth < 3 ? 1 : 0);
        gpu_texts_clear(&t);
        outer.n = 0;
        assert_int_equal(aver_buf_append_str(&outer, "["), 0);
        assert_int_equal(aver_json_quote(&outer, aver_buf_view(&text)), 0);
        assert_int_equal(aver_buf_append_str(&outer, "]"), 0);
        text.n = 0;
        assert_int_equal(aver_buf_append(&text, outer.p, outer.n), 0);
    }
    aver_buf_clear(&text);
    aver_buf_clear(&outer);
}

/* A text whose tree would be many times as large as itself is not looked at;
 * commas in texts are none. */
static void test_heavy(void **state)
{
    static const char device[] = "{\"gpu_evidence\":[" DEVICE "],\"x\":";
    struct gpu_texts t = {0};
    struct aver_error err;
    struct aver_buf text;

    (void)state;
    for (int quoted = 0; quoted < 2; quoted++) {
        aver_buf_init(&text, 4 << 20);
        assert_int_equal(aver_buf_append_str(&text, device), 0);
        assert_int_equal(aver_buf_append_str(&text, quoted ? "\"\\\"" : "["),
                         0);
        for (int i = 0; i < TREE_VALUES_MAX; i++)
            assert_int_equal(aver_buf_append_str(&text, "0,"), 0);
        assert_int_equal(aver_buf_append_str(&text, quoted ? "\"}" : "0]}"), 0);
        assert_int_equal(gpu_texts_add(&t, aver_buf_view(&text), &err), 0);
        assert_int_equal(t.n, quoted);
        aver_buf_clear(&text);
    }
    gpu_texts_clear(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),  cmocka_unit_test(test_places),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_nested),
        cmocka_unit_test(test_heavy),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
