/* SPDX-License-Identifier: Apache-2.0
 *
 * judge: the loop over the tables of rows. */
#include "verify/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum aver_result aver_say(struct aver_note *why, enum aver_result result,
                          const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
    return result;
}

static bool has_cpu(const struct aver_subject *s)
{
    return s->cpu != NULL;
}

static bool has_gpus(const struct aver_subject *s)
{
    return s->gpus != NULL;
}

static bool has_report(const struct aver_subject *s)
{
    return s->report != NULL;
}

static bool has_code(const struct aver_subject *s)
{
    return s->code != NULL;
}

/* Registers can be held against what is expected without an event log; and an
 * expectation that nothing answers must not be passed over. */
static bool has_expectation(const struct aver_subject *s)
{
    return s->code != NULL || s->registers != NULL || s->policy->nscopes > 0 ||
           aver_expect_any(&s->policy->expect);
}

static bool has_receipt(const struct aver_subject *s)
{
    return s->receipt != NULL;
}

static bool has_nras(const struct aver_subject *s)
{
    return s->nras != NULL;
}

/* A report is about a machine and its code: where these were not looked at,
 * that is unknown, and no reason to be silent about them. */
static bool wants_cpu(const struct aver_subject *s)
{
    return has_cpu(s) || has_report(s);
}

static bool wants_gpus(const struct aver_subject *s)
{
    return has_gpus(s) || has_report(s);
}

static bool wants_code(const struct aver_subject *s)
{
    return has_code(s) || has_report(s);
}

/* One table a scope, in the order in which its rows are shown. */
static const struct {
    const struct aver_row *rows;
    const unsigned *n;
    bool (*applies)(const struct aver_subject *s);
    bool (*given)(const struct aver_subject *s); /* what its checks look at */
} tables[] = {
    {aver_cpu_rows, &aver_cpu_rows_n, wants_cpu, has_cpu},
    {aver_gpu_rows, &aver_gpu_rows_n, wants_gpus, has_gpus},
    {aver_report_rows, &aver_report_rows_n, has_report, has_report},
    {aver_code_rows, &aver_code_rows_n, wants_code, has_code},
    {aver_expect_rows, &aver_expect_rows_n, has_expectation, has_expectation},
    {aver_receipt_rows, &aver_receipt_rows_n, has_receipt, has_receipt},
    {aver_nras_rows, &aver_nras_rows_n, has_nras, has_nras},
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void run(struct aver_verdict *v, const struct aver_subject *s,
                const struct aver_row *rows, unsigned n, bool given)
{
    for (unsigned i = 0; i < n; i++) {
        struct aver_note why = {0};
        enum aver_result result =
            given ? rows[i].check(s, &why)
                  : aver_say(&why, AVER_UNKNOWN, "it was not looked at");

        aver_verdict_add(v, &rows[i], result, &why);
    }
}

void aver_judge(struct aver_verdict *v, const struct aver_subject *s)
{
    memset(v, 0, sizeof(*v));
    for (size_t i = 0; i < TABLES; i++)
        if (tables[i].applies(s))
            run(v, s, tables[i].rows, *tables[i].n, tables[i].given(s));
    aver_verdict_close(v);
}

struct aver_subject aver_subject_of(const struct aver_subject *s, unsigned i)
{
    const struct aver_scope *scope = &s->scopes->scope[i];
    struct aver_subject one = *s;

    one.report = scope->report;
    one.scope = scope->name;
    one.cpu = scope->cpu;
    one.gpus = scope->gpus;
    one.code = scope->code;
    one.registers = scope->report->quote_ok ? &scope->registers : NULL;
    if (i > 0) {
        one.receipt = NULL;
        one.request_sha256 = NULL;
        one.response_sha256 = NULL;
    }
    return one;
}

enum aver_word aver_judge_all(struct aver_verdict *v,
                              const struct aver_subject *s)
{
    if (s->scopes == NULL) {
        aver_judge(v, s);
        return v->word;
    }
    for (unsigned i = 0; i < s->scopes->n; i++) {
        struct aver_subject one = aver_subject_of(s, i);

        aver_judge(&v[i], &one);
    }
    return aver_word_worst(v, s->scopes->n);
}

const struct aver_row *aver_row_at(unsigned i)
{
    for (size_t t = 0; t < TABLES; t++) {
        if (i < *tables[t].n)
            return &tables[t].rows[i];
        i -= *tables[t].n;
    }
    return NULL;
}

const struct aver_row *aver_row_find(const char *id)
{
    const struct aver_row *row = NULL;

    for (unsigned i = 0; (row = aver_row_at(i)) != NULL; i++)
        if (strcmp(row->id, id) == 0)
            break;
    return row;
}
