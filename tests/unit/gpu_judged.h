/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_judged: the cases of tests/vectors/gpu, one after the other: evidence,
 * what vouches for it, a time, roots, and what a right verifier says. */
#ifndef AVER_TESTS_GPU_JUDGED_H
#define AVER_TESTS_GPU_JUDGED_H

#include "folders.h"
#include "verify/rows.h"

struct gpu_case {
    char folder[128], id[256]; /* "gpu/cases", "real-nvtrust-550" */
    json_t *expected;
    struct aver_gpu_evidence *evidence;
    struct aver_endorsements *e;
    struct aver_policy policy;
    struct aver_gpus *gpus;
    struct aver_verdict verdict;
};

/* Relative to the case where it begins with "./", else to the folder above
 * all cases. */
__attribute__((unused)) static void
gpu_path(char out[static 512], const struct gpu_case *c, const char *name)
{
    int n = strncmp(name, "./", 2) == 0
                ? snprintf(out, 512, "%s/%s/%s", c->folder, c->id, name + 2)
                : snprintf(out, 512, "%.*s%s",
                           (int)(strrchr(c->folder, '/') + 1 - c->folder),
                           c->folder, name);

    if (n >= 512)
        vectors_broken("path too long", c->id);
}

__attribute__((unused)) static void gpu_add(struct gpu_case *c,
                                            const char *kind)
{
    const json_t *all = json_object_get(c->expected, "collateral");
    const json_t *list = json_object_get(all, kind);

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct aver_error err;
        char path[512];

        gpu_path(path, c, json_string_value(json_array_get(list, i)));
        struct aver_buf in = vectors_file(path);
        if (aver_endorsements_add(c->e, aver_buf_view(&in), &err) != 0)
            vectors_broken(path, err.text);
        aver_buf_clear(&in);
    }
}

__attribute__((unused)) static void gpu_root(bool *has, uint8_t out[static 32],
                                             const struct gpu_case *c,
                                             const char *which)
{
    const json_t *anchor = json_object_get(c->expected, "trust_anchor");
    const char *text = vectors_text(anchor, which);

    *has = strcmp(text, "nvidia") != 0;
    if (*has)
        vectors_hex_n(out, 32, anchor, which);
}

__attribute__((unused)) static void gpu_policy(struct gpu_case *c)
{
    const json_t *p = json_object_get(c->expected, "policy");
    struct aver_policy *to = &c->policy;

    to->at = json_integer_value(json_object_get(c->expected, "now"));
    to->has_nonce = true;
    vectors_hex_n(to->nonce, 32, c->expected, "nonce");
    gpu_root(&to->has_gpu_root, to->gpu_root, c, "device");
    gpu_root(&to->has_rim_root, to->rim_root, c, "rim");
    if (json_is_true(json_object_get(p, "require_rim")))
        to->require |= AVER_REQUIRE_RIM;
    else
        to->allow |= AVER_ALLOW_RIM_MISSING;
    if (json_is_true(json_object_get(p, "require_revocation")))
        to->require |= AVER_REQUIRE_REVOCATION;
    else
        to->allow |= AVER_ALLOW_REVOCATION_MISSING;
    if (json_is_true(json_object_get(p, "topology")))
        to->require |= AVER_REQUIRE_TOPOLOGY;
    if (json_is_true(json_object_get(p, "allow_hold")))
        to->allow |= AVER_ALLOW_RIM_HOLD;
    to->ocsp_grace =
        json_integer_value(json_object_get(p, "revocation_grace_s"));
    to->has_gpu_count = json_object_get(p, "gpu_count") != NULL;
    to->gpu_count =
        (unsigned)json_integer_value(json_object_get(p, "gpu_count"));
}

__attribute__((unused)) static void
gpu_case_open(struct gpu_case *c, const char *folder, const char *id)
{
    char path[512];

    memset(c, 0, sizeof(*c));
    snprintf(c->folder, sizeof(c->folder), "%s", folder);
    snprintf(c->id, sizeof(c->id), "%s", id);
    gpu_path(path, c, "./expected.json");
    c->expected = vectors_index(path);
    gpu_path(path, c, "./payload.json");
    struct aver_buf text = vectors_file(path);
    c->evidence = aver_gpu_evidence_parse(aver_buf_view(&text));
    aver_buf_clear(&text);
    c->e = aver_endorsements_new();
    gpu_add(c, "rims");
    gpu_add(c, "ocsp");
    gpu_policy(c);
}

__attribute__((unused)) static void gpu_case_judge(struct gpu_case *c)
{
    aver_gpus_free(c->gpus);
    c->gpus = aver_gpus_new(c->evidence, c->e, c->policy.at);
    struct aver_subject s = {.policy = &c->policy, .gpus = c->gpus};
    aver_judge(&c->verdict, &s);
}

__attribute__((unused)) static void gpu_case_close(struct gpu_case *c)
{
    aver_gpus_free(c->gpus);
    aver_gpu_evidence_free(c->evidence);
    aver_endorsements_free(c->e);
    json_decref(c->expected);
}

/* Folders beside the cases, with what some of them share. */
__attribute__((unused)) static bool gpu_is_shared(const char *name)
{
    return strcmp(name, "ocsp") == 0 || strcmp(name, "rims") == 0;
}

/* Calls `each` for every folder; returns how many there were. */
__attribute__((unused)) static unsigned
gpu_cases(const char *folder, void (*each)(struct gpu_case *c))
{
    struct folders all = folders_list(folder);
    unsigned n = 0;

    for (int i = 0; i < all.n; i++) {
        struct gpu_case c;

        if (gpu_is_shared(all.entry[i]->d_name))
            continue;
        gpu_case_open(&c, folder, all.entry[i]->d_name);
        each(&c);
        gpu_case_close(&c);
        n++;
    }
    folders_clear(&all);
    return n;
}

#endif
