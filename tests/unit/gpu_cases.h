/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_cases: tests/vectors/gpu/cases, one at a time or each in turn: what came
 * over the wire, what it is to be read as. */
#ifndef AVER_TESTS_GPU_CASES_H
#define AVER_TESTS_GPU_CASES_H

#include "folders.h"
#include "verify/gpu_evidence.h"

#define GPU_CASES 222

struct gpu_case {
    const char *id;
    struct aver_buf payload;
    json_t *expected;
    struct aver_gpu_evidence *evidence;
};

__attribute__((unused)) static void gpu_case_open(struct gpu_case *c,
                                                  const char *id)
{
    char name[512];

    c->id = id;
    snprintf(name, sizeof(name), "gpu/cases/%s/payload.json", id);
    c->payload = vectors_file(name);
    snprintf(name, sizeof(name), "gpu/cases/%s/expected.json", id);
    c->expected = vectors_index(name);
    c->evidence = aver_gpu_evidence_parse(aver_buf_view(&c->payload));
    if (c->evidence == NULL)
        vectors_broken("out of memory", id);
}

__attribute__((unused)) static void gpu_case_close(struct gpu_case *c)
{
    aver_gpu_evidence_free(c->evidence);
    json_decref(c->expected);
    aver_buf_clear(&c->payload);
}

/* Calls `f` with every case, in the order of their names. */
__attribute__((unused)) static void
gpu_cases_each(void (*f)(struct gpu_case *c))
{
    struct folders all = folders_list("gpu/cases");
    struct gpu_case c;

    if (all.n != GPU_CASES)
        vectors_broken("not all cases are there", "gpu/cases");
    for (int i = 0; i < all.n; i++) {
        gpu_case_open(&c, all.entry[i]->d_name);
        f(&c);
        gpu_case_close(&c);
    }
    folders_clear(&all);
}

/* The word for what is wrong with a case that must be refused, by the policy
 * if by nothing else; "" if nothing is. */
__attribute__((unused)) static const char *
gpu_case_cause(const struct gpu_case *c)
{
    const char *cause =
        json_string_value(json_object_get(c->expected, "reason_class"));

    return cause != NULL ? cause : "";
}

/* Facts of the i-th device; NULL where the case has none. */
__attribute__((unused)) static json_t *gpu_case_fields(const struct gpu_case *c,
                                                       unsigned i)
{
    json_t *fields = json_object_get(c->expected, "fields");

    return json_array_get(json_object_get(fields, "devices"), i);
}

/* True if `cause` is one of the words, which stand between blanks. */
__attribute__((unused)) static bool gpu_cause_among(const char *cause,
                                                    const char *words)
{
    char key[64];

    snprintf(key, sizeof(key), " %s ", cause);
    return cause[0] != '\0' && strstr(words, key) != NULL;
}

#endif
