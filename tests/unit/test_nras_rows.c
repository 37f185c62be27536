/* SPDX-License-Identifier: Apache-2.0
 *
 * nras_rows: every captured answer of NVIDIA's service with what it must be
 * judged, and for every row a flaw of a flawless answer that makes exactly
 * this row fail. The keys are drawn here. */
#include "jwt_made.h"
#include "vectors.h"
#include "verify/nras.h"
#include "verify/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_ec *ec;
static struct aver_jwks jwks; /* large */

/* What a case may change before it is judged. */
struct scene {
    struct nras_made made;
    struct aver_policy policy;
    struct aver_nras *nras;
};

static void scene_new(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    nras_made_new(&s->made);
    s->policy.at = NRAS_MADE_AT;
    s->policy.has_nonce = true;
    assert_int_equal(
        aver_hex_decode(s->policy.nonce, 32, aver_bytes_str(NRAS_MADE_NONCE)),
        0);
}

static void read_keys(const char *text)
{
    struct aver_error err;

    if (aver_jwks_parse(&jwks, aver_bytes_str(text), &err) != 0)
        fail_msg("%s", err.text);
}

static void scene_judge(struct scene *s, struct aver_verdict *v)
{
    char *text = nras_made_text(&s->made);
    char *keys = json_dumps(s->made.jwks, 0);
    struct aver_subject subject = {.policy = &s->policy};

    read_keys(keys);
    s->nras = aver_nras_parse(aver_bytes_str(text));
    assert_non_null(s->nras);
    s->nras->ec = ec;
    s->nras->jwks = &jwks;
    subject.nras = s->nras;
    aver_judge(v, &subject);
    free(text);
    free(keys);
}

static void scene_clear(struct scene *s)
{
    nras_made_clear(&s->made);
    aver_nras_free(s->nras);
}

/* The flaws. */

static json_t *gpu(struct scene *s, int i)
{
    return json_object_get(s->made.gpus, i == 0 ? "GPU-0" : "GPU-1");
}

static json_t *key_of(struct scene *s)
{
    return json_array_get(json_object_get(s->made.jwks, "keys"), 0);
}

static void put(json_t *o, const char *name, json_t *value)
{
    assert_int_equal(json_object_set_new(o, name, value), 0);
}

/* The header of one token alone; "" is the overall one. */
static void header(struct scene *s, const char *token, const char *name,
                   json_t *value)
{
    json_t *own = json_copy(s->made.header);

    put(own, name, value);
    put(s->made.header_of, token, own);
}

static void name_that_steers(struct scene *s)
{
    put(s->made.gpus, "\033[2J", json_incref(gpu(s, 0)));
}

static void no_gpus(struct scene *s)
{
    json_object_clear(s->made.gpus);
}

static void none(struct scene *s)
{
    header(s, "", "alg", json_string("none"));
}

static void es256_in_a_gpu(struct scene *s)
{
    header(s, "GPU-1", "alg", json_string("ES256"));
}

static void no_algorithm(struct scene *s)
{
    json_object_del(s->made.header, "alg");
}

static void critical(struct scene *s)
{
    header(s, "GPU-0", "crit", json_pack("[s]", "exp"));
}

static void other_kid(struct scene *s)
{
    header(s, "", "kid", json_string("key-2"));
}

static void other_kid_in_a_gpu(struct scene *s)
{
    header(s, "GPU-1", "kid", json_string("key-2"));
}

static void no_kid(struct scene *s)
{
    json_object_del(s->made.header, "kid");
}

static void two_keys_of_one_name(struct scene *s)
{
    json_array_append(json_object_get(s->made.jwks, "keys"), key_of(s));
}

static void key_for_encryption(struct scene *s)
{
    put(key_of(s), "use", json_string("enc"));
}

static void key_off_the_curve(struct scene *s)
{
    put(key_of(s), "y",
        json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                    "AAAAAAAAAAAAAAAAAAAAAA"));
}

static void strangers_key(struct scene *s)
{
    EVP_PKEY *key = jwt_key("P-384");

    json_object_update_new(key_of(s), jwk_of(key, "key-1"));
    EVP_PKEY_free(key);
}

/* Signed by nobody, but with the right digest in the overall token. */
static void unsigned_gpu(struct scene *s)
{
    char *head = json_dumps(s->made.header, 0), hex[65];
    uint8_t digest[32];
    json_t *submods = json_object();

    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? "GPU-0" : "GPU-1";
        char *claims = json_dumps(gpu(s, i), 0);
        char *token = jwt_token(i == 0 ? s->made.key : NULL, head, claims);

        aver_sha256(digest, aver_bytes_str(token));
        aver_hex_encode(hex, digest, 32);
        put(submods, name, json_pack("[s, [s, s]]", "DIGEST", "SHA-256", hex));
        put(s->made.instead, name, json_string(token));
        free(claims);
        free(token);
    }
    put(s->made.overall, "submods", submods);
    free(head);
}

static void other_issuer(struct scene *s)
{
    put(s->made.overall, "iss", json_string("https://nras.example"));
}

static void other_issuer_in_a_gpu(struct scene *s)
{
    put(gpu(s, 1), "iss",
        json_string("https://nras.attestation.nvidia.com.example"));
}

static void expired(struct scene *s)
{
    put(s->made.overall, "exp", json_integer(NRAS_MADE_AT));
}

static void gpu_expired(struct scene *s)
{
    put(gpu(s, 1), "exp", json_integer(NRAS_MADE_AT));
}

static void too_early(struct scene *s)
{
    put(s->made.overall, "nbf", json_integer(NRAS_MADE_AT + 1));
}

static void no_end(struct scene *s)
{
    json_object_del(gpu(s, 0), "exp");
}

/* The token of the first GPU, in the place of the second's. */
static void one_gpu_for_two(struct scene *s)
{
    char *head = json_dumps(s->made.header, 0);
    char *claims = json_dumps(gpu(s, 0), 0);
    char *token = jwt_token(s->made.key, head, claims);

    put(s->made.instead, "GPU-1", json_string(token));
    free(head);
    free(claims);
    free(token);
}

static json_t *no_digest(void)
{
    return json_pack("[s, [s, s]]", "DIGEST", "SHA-256", "00");
}

static void no_digests(struct scene *s)
{
    put(s->made.overall, "submods",
        json_pack("{s:o, s:o}", "GPU-0", no_digest(), "GPU-1", no_digest()));
}

static void not_listed(struct scene *s)
{
    put(s->made.overall, "submods", json_object());
}

static void one_of_them_alone(struct scene *s)
{
    s->policy.has_gpu_count = true;
    s->policy.gpu_count = 1;
}

static void other_nonce_drawn(struct scene *s)
{
    s->policy.nonce[31] ^= 1;
}

static void other_nonce_in_a_gpu(struct scene *s)
{
    put(gpu(s, 1), "eat_nonce",
        json_string("00000000000000000000000000000000"
                    "00000000000000000000000000000000"));
}

static void no_nonce(struct scene *s)
{
    json_object_del(s->made.overall, "eat_nonce");
}

static void short_nonce(struct scene *s)
{
    put(s->made.overall, "eat_nonce", json_string("00112233"));
}

static void overall_false(struct scene *s)
{
    put(s->made.overall, "x-nvidia-overall-att-result", json_false());
}

static void overall_silent(struct scene *s)
{
    json_object_del(s->made.overall, "x-nvidia-overall-att-result");
}

static void measured_otherwise(struct scene *s)
{
    put(gpu(s, 1), "measres", json_string("fail"));
}

static void not_measured(struct scene *s)
{
    json_object_del(gpu(s, 0), "measres");
}

static void debugging(struct scene *s)
{
    put(gpu(s, 1), "dbgstat", json_string("enabled"));
}

static void booted_otherwise(struct scene *s)
{
    put(gpu(s, 1), "secboot", json_false());
}

static void boot_as_text(struct scene *s)
{
    put(gpu(s, 1), "secboot", json_string("true"));
}

static void an_error(struct scene *s)
{
    put(gpu(s, 1), "x-nvidia-error-details",
        json_pack("{s:i, s:s}", "code", 4010, "message", "NO_GOOD"));
}

static const struct {
    const char *row, *cause;
    void (*spoil)(struct scene *s);
    const char *detail; /* part of what it says */
} cases[] = {
    {"nras.shape", NULL, name_that_steers, "short text"},
    {"nras.shape", NULL, no_gpus, "no GPU"},
    {"nras.signature", "nras_alg", none, "overall token is signed by \"none\""},
    {"nras.signature", "nras_alg", es256_in_a_gpu, "GPU-1 is signed by"},
    {"nras.signature", "nras_alg", no_algorithm, "by \"\""},
    {"nras.signature", "nras_alg", critical, "GPU-0 has a header"},
    {"nras.signature", "nras_key", other_kid, "of 1 keys 0 are called key-2"},
    {"nras.signature", "nras_key", other_kid_in_a_gpu, "GPU-1: of 1 keys"},
    {"nras.signature", "nras_key", no_kid, "names no key"},
    {"nras.signature", "nras_key", two_keys_of_one_name, "of 2 keys 2 are"},
    {"nras.signature", "nras_key", key_for_encryption, "something else"},
    {"nras.signature", "nras_key", key_off_the_curve, "no point"},
    {"nras.signature", NULL, strangers_key, "overall token does not hold"},
    {"nras.signature", NULL, unsigned_gpu, "GPU-1 does not hold"},
    {"nras.issuer", NULL, other_issuer, "https://nras.example"},
    {"nras.issuer", NULL, other_issuer_in_a_gpu, "GPU-1"},
    {"nras.time", NULL, expired, "overall token is valid from 2026-06-10"},
    {"nras.time", NULL, gpu_expired, "GPU-1 is valid"},
    {"nras.time", NULL, too_early, "overall token"},
    {"nras.time", NULL, no_end, "GPU-0 does not say"},
    {"nras.submods", NULL, one_gpu_for_two, "GPU-1"},
    {"nras.submods", NULL, no_digests, "without a SHA-256"},
    {"nras.submods", NULL, not_listed, "list of tokens alone"},
    {"nras.submods", "count", one_of_them_alone, "2 GPUs, not 1"},
    {"nras.nonce", NULL, other_nonce_drawn, "another nonce"},
    {"nras.nonce", NULL, other_nonce_in_a_gpu, "GPU-1 was made"},
    {"nras.nonce", NULL, no_nonce, "has no nonce"},
    {"nras.nonce", NULL, short_nonce, "64 hexadecimal"},
    {"nras.result", NULL, overall_false, "overall result is false"},
    {"nras.result", NULL, overall_silent, "overall result is absent"},
    {"nras.result", NULL, measured_otherwise, "GPU-1: measres is \"fail\""},
    {"nras.result", NULL, not_measured, "GPU-0: measres is \"\""},
    {"nras.result", NULL, debugging, "dbgstat is \"enabled\""},
    {"nras.result", NULL, booted_otherwise, "secboot is false"},
    {"nras.result", NULL, boot_as_text, "secboot is absent"},
    {"nras.result", NULL, an_error, "GPU-1: error 4010 NO_GOOD"},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void the_flawless_one_passes(void **state)
{
    struct scene s;
    struct aver_verdict v;

    (void)state;
    scene_new(&s);
    s.policy.has_gpu_count = true;
    s.policy.gpu_count = 2;
    scene_judge(&s, &v);
    assert_int_equal(v.n, aver_nras_rows_n);
    for (unsigned i = 0; i < v.n; i++)
        if (v.checks[i].result != AVER_PASS || !v.checks[i].required)
            fail_msg("%s: %s", v.checks[i].row->id, v.checks[i].detail);
    assert_int_equal(v.word, AVER_VERIFIED);
    /* Who vouches, and on whose word that is believed. */
    const struct aver_check *c = aver_verdict_find(&v, "nras.signature");
    assert_non_null(strstr(c->detail, "key key-1 of the file given, believed "
                                      "because of how it was fetched"));
    c = aver_verdict_find(&v, "nras.time");
    assert_string_equal(c->detail, "until 2026-06-10T01:51:02Z");
    c = aver_verdict_find(&v, "nras.result");
    assert_non_null(strstr(c->detail, "nothing was compared here"));
    scene_clear(&s);
}

/* The word for what failed: the row's, or the one that the check gives. */
static const char *cause_of(const struct scene *s, const struct aver_row *row)
{
    struct aver_subject subject = {.policy = &s->policy, .nras = s->nras};
    struct aver_note why = {0};

    assert_int_equal(row->check(&subject, &why), AVER_FAIL);
    return why.cause != NULL ? why.cause : row->cause;
}

static void each_flaw_fails_its_row_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        struct scene s;
        struct aver_verdict v;

        scene_new(&s);
        cases[i].spoil(&s);
        scene_judge(&s, &v);
        assert_int_equal(v.word, AVER_REFUSED);
        for (unsigned j = 0; j < v.n; j++) {
            const struct aver_check *c = &v.checks[j];

            if ((c->result == AVER_FAIL) !=
                (strcmp(c->row->id, cases[i].row) == 0))
                fail_msg("case %zu (%s): %s is %s: %s", i, cases[i].row,
                         c->row->id, aver_result_name(c->result), c->detail);
        }
        const struct aver_check *c = aver_verdict_find(&v, cases[i].row);
        if (strstr(c->detail, cases[i].detail) == NULL)
            fail_msg("case %zu: %s", i, c->detail);
        assert_string_equal(cause_of(&s, c->row), cases[i].cause != NULL
                                                      ? cases[i].cause
                                                      : c->row->cause);
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

        if (strncmp(row->id, "nras.", 5) != 0)
            continue;
        rows++;
        assert_true(row->required);
        assert_true(row->group == AVER_GPU || row->group == AVER_FRESH);
        assert_int_equal(strncmp(row->cause, "nras_", 5), 0);
        for (size_t j = 0; j < CASES; j++)
            found = found || strcmp(cases[j].row, row->id) == 0;
        if (!found)
            fail_msg("no case makes %s fail", row->id);
    }
    assert_int_equal(rows, aver_nras_rows_n);
}

static void without_a_nonce(void **state)
{
    struct scene s;
    struct aver_verdict v;

    (void)state;
    scene_new(&s);
    s.policy.has_nonce = false;
    scene_judge(&s, &v);
    assert_int_equal(v.word, AVER_UNDECIDED);
    assert_string_equal(aver_verdict_reason(&v)->row->id, "nras.nonce");
    assert_int_equal(aver_verdict_reason(&v)->result, AVER_UNKNOWN);
    scene_clear(&s);
    scene_new(&s);
    s.policy.has_nonce = false;
    s.policy.as_of = true;
    scene_judge(&s, &v);
    assert_int_equal(v.word, AVER_VERIFIED);
    assert_false(aver_verdict_find(&v, "nras.nonce")->required);
    scene_clear(&s);
}

/* The overall token vouches for the GPUs' by their digests. */
static void a_gpu_without_a_nonce(void **state)
{
    struct scene s;
    struct aver_verdict v;

    (void)state;
    scene_new(&s);
    json_object_del(gpu(&s, 0), "eat_nonce");
    s.policy.at = NRAS_MADE_AT - 60; /* the first moment */
    scene_judge(&s, &v);
    assert_int_equal(v.word, AVER_VERIFIED);
    scene_clear(&s);
    scene_new(&s);
    s.policy.at =
        NRAS_MADE_AT + 58; /* the last one, of a GPU that ends first */
    put(gpu(&s, 1), "exp", json_integer(NRAS_MADE_AT + 59));
    scene_judge(&s, &v);
    assert_int_equal(v.word, AVER_VERIFIED);
    assert_string_equal(aver_verdict_find(&v, "nras.time")->detail,
                        "until 2026-06-10T01:51:01Z");
    scene_clear(&s);
}

static void unreadable(void **state)
{
    struct aver_policy policy = {.has_nonce = true};
    struct aver_subject s = {.policy = &policy};
    struct aver_verdict v;

    (void)state;
    struct aver_nras *r = aver_nras_parse(aver_bytes_str("{}"));
    r->ec = ec;
    r->jwks = &jwks;
    s.nras = r;
    aver_judge(&v, &s);
    assert_int_equal(v.word, AVER_REFUSED);
    for (unsigned i = 0; i < v.n; i++)
        assert_int_equal(v.checks[i].result, i == 0 ? AVER_FAIL : AVER_SKIP);
    aver_nras_free(r);
}

/* The captured ones. */

static void load_keys(const char *id, const char *name)
{
    char path[160];

    if (strncmp(name, "../", 3) == 0)
        snprintf(path, sizeof(path), "gpu/nras/%s", name + 3);
    else
        snprintf(path, sizeof(path), "gpu/nras/%s/%s", id, name);
    struct aver_buf text = vectors_file(path);
    assert_int_equal(aver_buf_append(&text, "", 1), 0);
    read_keys((const char *)text.p);
    aver_buf_clear(&text);
}

static void judge_case(const char *id)
{
    char path[128];
    struct aver_policy policy = {.has_nonce = true};
    struct aver_verdict v;

    snprintf(path, sizeof(path), "gpu/nras/%s/expected.json", id);
    json_t *expected = vectors_index(path);
    load_keys(id, vectors_text(expected, "jwks"));
    policy.at = json_integer_value(json_object_get(expected, "now"));
    vectors_hex_n(policy.nonce, 32, expected, "nonce");
    snprintf(path, sizeof(path), "gpu/nras/%s/reply.json", id);
    struct aver_buf text = vectors_file(path);
    struct scene s = {.policy = policy};
    s.nras = aver_nras_parse(aver_buf_view(&text));
    s.nras->ec = ec;
    s.nras->jwks = &jwks;
    struct aver_subject subject = {.policy = &s.policy, .nras = s.nras};
    aver_judge(&v, &subject);
    bool accept = vectors_is(expected, "verdict", "accept");
    if ((v.word == AVER_VERIFIED) != accept)
        fail_msg("%s: %s", id, aver_word_name(v.word));
    if (strcmp(id, "submod-missing") == 0)
        assert_non_null(strstr(aver_verdict_reason(&v)->detail,
                               "is in the overall token alone"));
    if (!accept)
        assert_string_equal(cause_of(&s, aver_verdict_reason(&v)->row),
                            vectors_text(expected, "reason_class"));
    const json_t *fields = json_object_get(expected, "fields");
    assert_int_equal(json_integer_value(json_object_get(fields, "gpus")),
                     s.nras->n);
    assert_int_equal(s.nras->overall.expires,
                     json_integer_value(json_object_get(fields, "exp")));
    aver_nras_free(s.nras);
    aver_buf_clear(&text);
    json_decref(expected);
}

static void captured(void **state)
{
    static const char *const ids[] = {
        "true-1gpu",       "true-8gpu",   "alg-none",       "early",
        "expired",         "false-nonce", "kid-unknown",    "nonce-other",
        "payload-flipped", "sig-flipped", "submod-missing", "submod-exchanged",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        judge_case(ids[i]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_flawless_one_passes),
        cmocka_unit_test(each_flaw_fails_its_row_alone),
        cmocka_unit_test(no_row_is_without_a_case),
        cmocka_unit_test(without_a_nonce),
        cmocka_unit_test(a_gpu_without_a_nonce),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(captured),
    };

    vectors_start(argc, argv);
    ec = aver_ec_new();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    aver_ec_free(ec);
    return rc;
}
