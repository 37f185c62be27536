/* SPDX-License-Identifier: Apache-2.0
 *
 * receipt: vectors/receipt: texts, signatures, whole answers, and published
 * exchanges with their exact bytes. */
#include "crypto/sha2.h"
#include "vectors.h"
#include "verify/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A text member, or its _hex form where it would hold a NUL. */
static struct aver_buf text_of(const json_t *o)
{
    struct aver_buf out;

    if (json_object_get(o, "text_hex") != NULL)
        return vectors_hex(o, "text_hex");
    aver_buf_init(&out, 4096);
    assert_int_equal(aver_buf_append_str(&out, vectors_text(o, "text")), 0);
    return out;
}

static void check_parts(const json_t *c, const struct aver_receipt_text *t)
{
    uint8_t want[32];

    vectors_hex_n(want, 32, c, "request_sha256");
    assert_memory_equal(want, t->request_sha256, 32);
    vectors_hex_n(want, 32, c, "response_sha256");
    assert_memory_equal(want, t->response_sha256, 32);
    if (json_is_null(json_object_get(c, "model")))
        assert_int_equal(t->model.n, 0);
    else
        assert_true(aver_bytes_is(t->model, vectors_text(c, "model")));
}

static void texts(void **state)
{
    json_t *index = vectors_index("receipt/text.json"), *c = NULL;
    size_t i = 0;

    (void)state;
    json_array_foreach(index, i, c)
    {
        struct aver_buf text = text_of(c);
        struct aver_receipt_text t;
        struct aver_error err = {0};
        int rc = aver_receipt_text_parse(&t, aver_buf_view(&text), &err);

        if ((rc == 0) != vectors_is(c, "verdict", "accept"))
            fail_msg("%s: rc %d %s", vectors_text(c, "id"), rc, err.text);
        if (rc == 0)
            check_parts(c, &t);
        else
            assert_true(strlen(err.text) > 10);
        aver_buf_clear(&text);
    }
    json_decref(index);
}

/* A receipt's JSON with the members of a case that are there. */
static struct aver_receipt receipt_of(const char *text, const char *signature,
                                      const char *address)
{
    json_t *o = json_pack("{s:s, s:s, s:s}", "text", text, "signature",
                          signature, "signing_address", address);
    char *json = json_dumps(o, 0);
    struct aver_receipt r;

    if (aver_receipt_parse(&r, aver_bytes_str(json), NULL) != 0)
        snprintf(r.fault, sizeof(r.fault), "unreadable");
    free(json);
    json_decref(o);
    return r;
}

/* Judged with the address as the one expected, not as the one claimed. */
static bool accepted(const json_t *c)
{
    struct aver_receipt r =
        receipt_of(vectors_text(c, "text"), vectors_text(c, "signature"),
                   vectors_text(c, "signing_address"));
    struct aver_policy policy = {.has_key = true};
    struct aver_verdict v;

    bool named = aver_key_id_parse(
                     &policy.key,
                     aver_bytes_str(vectors_text(c, "signing_address"))) == 0;
    struct aver_subject s = {
        .policy = &policy,
        .receipt = &r,
        .request_sha256 = r.parts.request_sha256,
        .response_sha256 = r.parts.response_sha256,
    };
    aver_judge(&v, &s);
    aver_receipt_clear(&r);
    return named && v.word == AVER_VERIFIED;
}

static void signatures(void **state)
{
    json_t *index = vectors_index("receipt/verify.json"), *c = NULL;
    size_t i = 0;

    (void)state;
    json_array_foreach(index, i, c)
    {
        bool ok = accepted(c);

        if (vectors_is(c, "verdict", "either"))
            continue;
        if (ok != vectors_is(c, "verdict", "accept"))
            fail_msg("%s: accepted %d", vectors_text(c, "id"), ok);
    }
    json_decref(index);
}

static void judge_answer(const json_t *c, struct aver_verdict *v,
                         struct aver_receipt *r)
{
    struct aver_policy policy = {.has_key = true, .has_algo = true};
    uint8_t request[32], response[32];
    struct aver_error err;

    memset(v, 0, sizeof(*v));
    vectors_hex_n(request, 32, c, "request_sha256");
    vectors_hex_n(response, 32, c, "response_sha256");
    assert_int_equal(
        aver_key_id_parse(&policy.key,
                          aver_bytes_str(vectors_text(c, "attested_address"))),
        0);
    assert_int_equal(aver_algo_parse(&policy.algo, aver_bytes_str(vectors_text(
                                                       c, "asked_algo"))),
                     0);
    if (aver_receipt_parse(r, aver_bytes_str(vectors_text(c, "body")), &err) !=
        0) {
        assert_true(strlen(err.text) > 10);
        return;
    }
    struct aver_subject s = {.policy = &policy,
                             .receipt = r,
                             .request_sha256 = request,
                             .response_sha256 = response};
    aver_judge(v, &s);
}

static void answers(void **state)
{
    json_t *index = vectors_index("receipt/answers.json"), *c = NULL;
    size_t i = 0;

    (void)state;
    json_array_foreach(index, i, c)
    {
        struct aver_verdict v;
        struct aver_receipt r;
        const char *id = vectors_text(c, "id");

        judge_answer(c, &v, &r);
        bool absent = r.absent[0] != '\0';
        if ((v.word == AVER_VERIFIED) != vectors_is(c, "verdict", "accept"))
            fail_msg("%s: %s", id, aver_word_name(v.word));
        if (absent != (vectors_is(c, "verdict", "unavailable") ||
                       vectors_is(c, "verdict", "not-found")))
            fail_msg("%s: absent %d", id, absent);
        if (absent)
            assert_int_equal(v.word, AVER_UNDECIDED);
        aver_receipt_clear(&r);
    }
    json_decref(index);
}

static void hash_file(uint8_t out[static 32], const json_t *c, const char *key)
{
    char name[256];

    snprintf(name, sizeof(name), "receipt/%s", vectors_text(c, key));
    struct aver_buf file = vectors_file(name);
    aver_sha256(out, aver_buf_view(&file));
    aver_buf_clear(&file);
}

static void judge_sample(const json_t *c)
{
    struct aver_receipt r =
        receipt_of(vectors_text(c, "text"), vectors_text(c, "signature"),
                   vectors_text(c, "signing_address"));
    struct aver_policy policy = {.has_key = true, .key = r.key};
    uint8_t request[32], response[32];
    struct aver_verdict v;
    struct aver_subject s = {.policy = &policy, .receipt = &r};

    if (json_object_get(c, "request") != NULL) {
        hash_file(request, c, "request");
        hash_file(response, c, "response");
        s.request_sha256 = request;
        s.response_sha256 = response;
    }
    aver_judge(&v, &s);
    assert_int_equal(v.word,
                     s.request_sha256 != NULL ? AVER_VERIFIED : AVER_UNDECIDED);
    /* Without an address nobody knows whose key that is. */
    policy.has_key = false;
    aver_judge(&v, &s);
    assert_int_equal(v.word, AVER_UNDECIDED);
    assert_int_equal(aver_verdict_find(&v, "receipt.signer")->result,
                     AVER_UNKNOWN);
    aver_receipt_clear(&r);
}

static void samples(void **state)
{
    json_t *index = vectors_index("receipt/samples/index.json"), *c = NULL;
    json_t *list = json_object_get(index, "samples");
    size_t i = 0;

    (void)state;
    assert_int_equal(json_array_size(list), 3);
    json_array_foreach(list, i, c) judge_sample(c);
    json_decref(index);
}

static void large_and_odd_inputs(void **state)
{
    struct aver_receipt r;
    struct aver_buf big;

    (void)state;
    aver_buf_init(&big, AVER_RECEIPT_MAX + 2);
    assert_int_equal(aver_buf_reserve(&big, AVER_RECEIPT_MAX + 1), 0);
    memset(big.p, ' ', AVER_RECEIPT_MAX + 1);
    big.n = AVER_RECEIPT_MAX + 1;
    assert_int_equal(aver_receipt_parse(&r, aver_buf_view(&big), NULL), -1);
    aver_receipt_clear(&r);
    aver_buf_clear(&big);

    static const char *const odd[] = {
        "{\"text\":\"\\ud800\",\"signature\":\"00\"}",
        "{\"text\":\"a:b\",\"signature\":[]}",
        "{\"text\":\"a:b\",\"signature\":\"00\",\"signing_algo\":7}",
        "{\"text\":\"a:b\",\"signature\":\"00\",\"signing_address\":\"0x\"}",
        "{\"error\":7}",
    };
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        assert_int_equal(aver_receipt_parse(&r, aver_bytes_str(odd[i]), NULL),
                         0);
        assert_true(r.fault[0] != '\0');
        aver_receipt_clear(&r);
    }
}

/* An error's message may quote a prompt: it is never shown. */
static void a_refusal_shows_a_word_alone(void **state)
{
    struct aver_receipt r;

    (void)state;
    assert_int_equal(
        aver_receipt_parse(&r,
                           aver_bytes_str("{\"error\":{\"type\":\"no\\u001b["
                                          "31m\",\"message\":\"canary\"}}"),
                           NULL),
        0);
    assert_string_equal(r.absent, "the server has none: no??31m");
    aver_receipt_clear(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(signatures),
        cmocka_unit_test(answers),
        cmocka_unit_test(samples),
        cmocka_unit_test(large_and_odd_inputs),
        cmocka_unit_test(a_refusal_shows_a_word_alone),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
