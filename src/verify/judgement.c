/* SPDX-License-Identifier: Apache-2.0
 *
 * judgement: made once, then only read. */
#include "verify/judgement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct aver_judgement *aver_judgement_new(unsigned n)
{
    struct aver_judgement *j = calloc(1, sizeof(*j));

    if (j == NULL)
        return NULL;
    j->n = n;
    j->verdict = calloc(n, sizeof(*j->verdict));
    j->scope = calloc(n, sizeof(*j->scope));
    if (j->verdict != NULL && j->scope != NULL)
        return j;
    aver_judgement_free(j);
    return NULL;
}

void aver_judgement_free(struct aver_judgement *j)
{
    if (j == NULL)
        return;
    for (unsigned i = 0; j->scope != NULL && i < j->n; i++)
        free(j->scope[i].device);
    free(j->verdict);
    free(j->scope);
    free(j);
}

void aver_judgement_fill(struct aver_judgement *j, unsigned i, const char *name)
{
    const struct aver_verdict *v = &j->verdict[i];
    struct aver_judged *out = &j->scope[i];

    snprintf(out->name, sizeof(out->name), "%s", name);
    out->nfindings = v->n;
    for (unsigned k = 0; k < v->n; k++) {
        const struct aver_check *c = &v->checks[k];

        out->finding[k] = (struct aver_finding){
            .id = c->row->id,
            .scope = out->name,
            .group = aver_group_name(c->row->group),
            .question = aver_group_question(c->row->group),
            .sentence = c->row->sentence,
            .detail = c->detail,
            .cause = c->cause,
            .result = c->result,
            .required = c->required,
        };
    }
}

int aver_judgement_copy(struct aver_judgement *j, unsigned at,
                        const struct aver_judgement *from)
{
    for (unsigned i = 0; i < from->n; i++) {
        j->verdict[at + i] = from->verdict[i];
        j->scope[at + i] = from->scope[i];
        if (aver_judged_devices_copy(&j->scope[at + i], &from->scope[i]) != 0)
            return -1;
        /* Findings are views of the verdict beside them. */
        aver_judgement_fill(j, at + i, from->scope[i].name);
    }
    return 0;
}

static const struct aver_judged *scope_of(const struct aver_judgement *j,
                                          size_t scope)
{
    return j != NULL && scope < j->n ? &j->scope[scope] : NULL;
}

enum aver_word aver_judgement_word(const struct aver_judgement *j)
{
    return j != NULL ? aver_word_worst(j->verdict, j->n) : AVER_UNDECIDED;
}

bool aver_judgement_simulated(const struct aver_judgement *j)
{
    return j != NULL && j->simulated;
}

const char *aver_judgement_scope(const struct aver_judgement *j, size_t scope)
{
    const struct aver_judged *s = scope_of(j, scope);

    return s != NULL ? s->name : NULL;
}

enum aver_word aver_judgement_scope_word(const struct aver_judgement *j,
                                         size_t scope)
{
    return scope_of(j, scope) != NULL ? j->verdict[scope].word : AVER_UNDECIDED;
}

const struct aver_finding *
aver_judgement_finding(const struct aver_judgement *j, size_t scope, size_t i)
{
    const struct aver_judged *s = scope_of(j, scope);

    return s != NULL && i < s->nfindings ? &s->finding[i] : NULL;
}

const struct aver_finding *aver_judgement_reason(const struct aver_judgement *j)
{
    enum aver_word word = aver_judgement_word(j);
    unsigned i = 0;

    if (j == NULL || word == AVER_VERIFIED)
        return NULL;
    while (i + 1 < j->n && j->verdict[i].word != word)
        i++;
    const struct aver_verdict *v = &j->verdict[i];
    const struct aver_check *why = aver_verdict_reason(v);
    /* Where nothing was required, any finding says so. */
    return aver_judgement_finding(j, i,
                                  why != NULL ? (size_t)(why - v->checks) : 0);
}

const char *aver_judgement_field(const struct aver_judgement *j, size_t scope,
                                 const char *name)
{
    const struct aver_judged *s = scope_of(j, scope);

    for (unsigned i = 0; s != NULL && i < s->nfields; i++)
        if (strcmp(s->field[i].name, name) == 0)
            return s->field[i].value;
    return NULL;
}

const char *aver_judgement_field_name(const struct aver_judgement *j,
                                      size_t scope, size_t i)
{
    const struct aver_judged *s = scope_of(j, scope);

    return s != NULL && i < s->nfields ? s->field[i].name : NULL;
}

const char *aver_judgement_advisory(const struct aver_judgement *j,
                                    size_t scope, size_t i)
{
    const struct aver_judged *s = scope_of(j, scope);

    return s != NULL && i < s->nadvisories ? s->advisory[i] : NULL;
}
