/* SPDX-License-Identifier: Apache-2.0
 *
 * scopes_rig: the captured reports of tests/vectors/tdx/reports, parsed and
 * judged whole. */
#ifndef AVER_TESTS_SCOPES_RIG_H
#define AVER_TESTS_SCOPES_RIG_H

#include "vectors.h"
#include "verify/rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_verdict verdicts[AVER_SCOPES_MAX];

__attribute__((unused)) static struct aver_scopes *parse(const json_t *o)
{
    struct aver_error err;
    char *text = json_dumps(o, JSON_COMPACT);
    struct aver_scopes *s = aver_scopes_parse(aver_bytes_str(text), &err);

    if (s == NULL)
        fail_msg("%s", err.text);
    free(text);
    return s;
}

__attribute__((unused)) static struct aver_scopes *parse_text(const char *text)
{
    struct aver_error err;
    struct aver_scopes *s = aver_scopes_parse(aver_bytes_str(text), &err);

    if (s == NULL)
        fail_msg("%s: %s", text, err.text);
    return s;
}

__attribute__((unused)) static json_t *real(const char *name)
{
    char path[96];

    snprintf(path, sizeof(path), "tdx/reports/%s.json", name);
    return vectors_index(path);
}

__attribute__((unused)) static json_t *expected_of(const char *name)
{
    char path[96];

    snprintf(path, sizeof(path), "tdx/reports/%s.expected.json", name);
    return vectors_index(path);
}

/* The scope of that name; -1 if there is none. */
__attribute__((unused)) static int find(const struct aver_scopes *s,
                                        const char *name)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->scope[i].name, name) == 0)
            return (int)i;
    return -1;
}

__attribute__((unused)) static const struct aver_check *
check(const struct aver_scopes *s, const char *scope, const char *id)
{
    int i = find(s, scope);

    if (i < 0)
        fail_msg("no scope %s", scope);
    const struct aver_check *c = aver_verdict_find(&verdicts[i], id);
    assert_non_null(c);
    return c;
}

/* Result of a row in a scope; AVER_NO_MATTER where it need not pass. */
__attribute__((unused)) static enum aver_result
result(const struct aver_scopes *s, const char *scope, const char *id)
{
    const struct aver_check *c = check(s, scope, id);

    return c->required ? c->result : AVER_NO_MATTER;
}

__attribute__((unused)) static enum aver_word judge(const struct aver_scopes *s,
                                                    const struct aver_policy *p)
{
    struct aver_subject subject = {
        .policy = p, .report = s->scope[0].report, .scopes = s};

    return aver_judge_all(verdicts, &subject);
}

/* The GPUs alone, with nothing that vouches for them but their certificates.
 * The set is the caller's. */
__attribute__((unused)) static void gather_gpus(struct aver_scopes *s,
                                                struct aver_endorsements *e)
{
    for (unsigned i = 0; i < s->n; i++)
        s->scope[i].gpus = aver_gpus_new(s->scope[i].report->gpu, e, 0);
}

/* What nobody says of these captures; and what is open where nothing was
 * gathered. */
__attribute__((unused)) static bool is_later(const struct aver_check *c)
{
    return strcmp(c->row->id, "gpu.rim") == 0 ||
           strcmp(c->row->id, "gpu.revocation") == 0;
}

__attribute__((unused)) static bool is_gathered(const struct aver_check *c)
{
    return strncmp(c->row->id, "tdx.", 4) == 0 ||
           strncmp(c->row->id, "gpu.", 4) == 0 ||
           strncmp(c->row->id, "code.", 5) == 0;
}

__attribute__((unused)) static const json_t *attestation(const json_t *expected,
                                                         const char *path)
{
    const json_t *list = json_object_get(expected, "attestations"), *a = NULL;
    size_t i = 0;

    json_array_foreach(list, i, a)
    {
        if (vectors_is(a, "json_path", path))
            return a;
    }
    fail_msg("nothing is expected of %s", path);
    return NULL;
}

/* The nonce that a capture was made for. */
__attribute__((unused)) static void nonce_of(struct aver_policy *p,
                                             const char *file)
{
    json_t *o = real(file), *in = json_object_get(o, "gateway_attestation");
    json_t *expected = expected_of(file);
    const json_t *a =
        json_array_get(json_object_get(expected, "attestations"), 0);

    if (json_object_get(a, "nonce") != NULL)
        vectors_hex_n(p->nonce, 32, a, "nonce");
    else if (json_object_get(in != NULL ? in : o, "request_nonce") != NULL)
        vectors_hex_n(p->nonce, 32, in != NULL ? in : o, "request_nonce");
    p->has_nonce = true;
    json_decref(expected);
    json_decref(o);
}

__attribute__((unused)) static void flip(json_t *o, const char *key, size_t at)
{
    char *text = strdup(vectors_text(o, key));

    text[at] = text[at] == '0' ? '1' : '0';
    json_object_set_new(o, key, json_string(text));
    free(text);
}

__attribute__((unused)) static void
add_endorsements(struct aver_endorsements *e, const char *collateral)
{
    char path[96];
    struct aver_error err;

    /* "../collateral/x.json", seen from the folder of reports */
    snprintf(path, sizeof(path), "tdx/reports/%s", collateral);
    struct aver_buf text = vectors_file(path);
    if (aver_endorsements_add(e, aver_buf_view(&text), &err) != 0)
        vectors_broken(path, err.text);
    aver_buf_clear(&text);
}

/* Everything that vouches for the platforms of a capture, as of the time at
 * which it did. Free when the scopes are gone. */
__attribute__((unused)) static struct aver_endorsements *
gather(struct aver_scopes *s, struct aver_policy *p, const char *file)
{
    struct aver_endorsements *e = aver_endorsements_new();
    json_t *expected = expected_of(file), *a = NULL;
    size_t i = 0;

    json_array_foreach(json_object_get(expected, "attestations"), i, a)
    {
        add_endorsements(e, vectors_text(a, "collateral"));
        p->at = json_integer_value(json_object_get(a, "now"));
    }
    assert_int_equal(aver_scopes_gather(s, e, p->at, NULL), 0);
    json_decref(expected);
    return e;
}

#endif
