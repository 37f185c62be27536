/* SPDX-License-Identifier: Apache-2.0
 *
 * tdx_cases: the cases of tests/vectors/tdx/cases, one after the other: a
 * quote, its endorsements, a time, a root, and what a right verifier says. */
#ifndef AVER_TESTS_TDX_CASES_H
#define AVER_TESTS_TDX_CASES_H

#include "crypto/x509.h"
#include "folders.h"
#include "verify/rows.h"

struct tdx_case {
    char folder[128], id[256];
    json_t *expected;
    struct aver_buf quote;
    struct aver_endorsements *e;
    struct aver_policy policy; /* any status is put up with */
    struct aver_cpu *cpu;
    struct aver_verdict verdict;
};

__attribute__((unused)) static void
tdx_path(char out[static 512], const struct tdx_case *c, const char *name)
{
    if (snprintf(out, 512, "%s/%s/%s", c->folder, c->id, name) >= 512)
        vectors_broken("path too long", c->id);
}

__attribute__((unused)) static void tdx_add(struct aver_endorsements *e,
                                            const char *path)
{
    struct aver_buf text = vectors_file(path);
    struct aver_error err;

    if (aver_endorsements_add(e, aver_buf_view(&text), &err) != 0)
        vectors_broken(path, err.text);
    aver_buf_clear(&text);
}

__attribute__((unused)) static void
tdx_case_open(struct tdx_case *c, const char *folder, const char *id)
{
    char path[512];

    memset(c, 0, sizeof(*c));
    snprintf(c->folder, sizeof(c->folder), "%s", folder);
    snprintf(c->id, sizeof(c->id), "%s", id);
    tdx_path(path, c, "expected.json");
    c->expected = vectors_index(path);
    tdx_path(path, c, vectors_text(c->expected, "quote"));
    c->quote = vectors_file(path);
    c->e = aver_endorsements_new();
    tdx_path(path, c, vectors_text(c->expected, "collateral"));
    tdx_add(c->e, path);
    c->policy.at = json_integer_value(json_object_get(c->expected, "now"));
    c->policy.statuses = ~0U;
    if (strstr(vectors_text(c->expected, "trust_anchor"), "intel") == NULL) {
        tdx_path(path, c, vectors_text(c->expected, "trust_anchor"));
        struct aver_buf pem = vectors_file(path);
        c->policy.has_root = true;
        if (aver_x509_spki_sha256(c->policy.root, aver_buf_view(&pem), NULL) !=
            0)
            vectors_broken("no root", path);
        aver_buf_clear(&pem);
    }
}

__attribute__((unused)) static void tdx_case_judge(struct tdx_case *c)
{
    aver_cpu_free(c->cpu);
    c->cpu = aver_cpu_new(aver_buf_view(&c->quote), c->e, c->policy.at);
    struct aver_subject s = {.policy = &c->policy, .cpu = c->cpu};
    aver_judge(&c->verdict, &s);
}

__attribute__((unused)) static void tdx_case_close(struct tdx_case *c)
{
    aver_cpu_free(c->cpu);
    aver_endorsements_free(c->e);
    aver_buf_clear(&c->quote);
    json_decref(c->expected);
}

/* Calls `each` for every folder; returns how many there were. */
__attribute__((unused)) static unsigned
tdx_cases(const char *folder, void (*each)(struct tdx_case *c))
{
    struct folders all = folders_list(folder);
    unsigned n = (unsigned)all.n;

    for (int i = 0; i < all.n; i++) {
        struct tdx_case c;

        tdx_case_open(&c, folder, all.entry[i]->d_name);
        each(&c);
        tdx_case_close(&c);
    }
    folders_clear(&all);
    return n;
}

#endif
