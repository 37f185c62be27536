/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu_facts: a machine that is verified, with one of the facts that were read
 * of it exchanged, so that exactly one row sees it. Checks look at facts, so
 * a fact that no signed text could hold is as good as any. */
#ifndef AVER_TESTS_CPU_FACTS_H
#define AVER_TESTS_CPU_FACTS_H

#include "tdx_cases.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fact {
    const char *what;
    void (*change)(struct tdx_case *c);
    const char *row; /* the one that says something else than before */
    enum aver_result result;
    const char *told; /* part of its sentence */
};

__attribute__((unused)) static const struct aver_check *
fact_row(const struct aver_verdict *v, const char *id)
{
    for (unsigned i = 0; i < v->n; i++)
        if (strcmp(v->checks[i].row->id, id) == 0)
            return &v->checks[i];
    vectors_broken("no such row", id);
}

__attribute__((unused)) static void fact_judge(struct tdx_case *c)
{
    struct aver_subject s = {.policy = &c->policy, .cpu = c->cpu};

    aver_judge(&c->verdict, &s);
}

__attribute__((unused)) static void fact_open(struct tdx_case *c,
                                              const char *id)
{
    tdx_case_open(c, "tdx/cases", id);
    tdx_case_judge(c);
    assert_int_equal(c->verdict.word, AVER_VERIFIED);
}

__attribute__((unused)) static void fact_check(const char *id,
                                               const struct fact *f)
{
    struct tdx_case c;

    fact_open(&c, id);
    f->change(&c);
    fact_judge(&c);
    const struct aver_check *r = fact_row(&c.verdict, f->row);
    if (r->result != f->result || strstr(r->detail, f->told) == NULL)
        fail_msg("%s: %s %s: %s", f->what, f->row, aver_result_name(r->result),
                 r->detail);
    for (unsigned i = 0; i < c.verdict.n && f->result == AVER_FAIL; i++)
        if (&c.verdict.checks[i] != r &&
            c.verdict.checks[i].result == AVER_FAIL)
            fail_msg("%s: %s fails too", f->what, c.verdict.checks[i].row->id);
    tdx_case_close(&c);
}

__attribute__((unused)) static void
fact_check_all(const char *id, const struct fact *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fact_check(id, &f[i]);
}

/* A place in the quote that a view looks at, to be written to. */
__attribute__((unused)) static uint8_t *fact_place(struct tdx_case *c,
                                                   struct aver_bytes view)
{
    return c->quote.p + (view.p - c->quote.p);
}

#define FACT(name) static void name(struct tdx_case *c)

#endif
