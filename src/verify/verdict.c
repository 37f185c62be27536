/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict: collects what the rows found and settles the word over them. It
 * knows no evidence. */
#include "verify/verdict.h"
#include "verify/rows.h"

#include <stdio.h>
#include <string.h>

void aver_verdict_add(struct aver_verdict *v, const struct aver_row *row,
                      enum aver_result result, const struct aver_note *why)
{
    v->word = AVER_UNDECIDED;
    if (v->n >= AVER_CHECKS_MAX) {
        v->overfull = true;
        return;
    }
    struct aver_check *c = &v->checks[v->n++];
    c->row = row;
    c->required = row->required && !why->optional && result != AVER_NO_MATTER;
    c->result = result == AVER_NO_MATTER ? AVER_SKIP : result;
    c->cause = why->cause != NULL ? why->cause : row->cause;
    snprintf(c->detail, sizeof(c->detail), "%s", why->text);
}

static bool refuses(const struct aver_check *c)
{
    return c->required &&
           (c->result == AVER_FAIL || c->result == AVER_SIMULATED);
}

static bool leaves_open(const struct aver_check *c)
{
    return c->required && c->result != AVER_PASS;
}

static const struct aver_check *first(const struct aver_verdict *v,
                                      bool (*which)(const struct aver_check *))
{
    for (unsigned i = 0; i < v->n; i++)
        if (which(&v->checks[i]))
            return &v->checks[i];
    return NULL;
}

static bool unknown(const struct aver_check *c)
{
    return c->required && c->result == AVER_UNKNOWN;
}

static bool passed(const struct aver_check *c)
{
    return c->required && c->result == AVER_PASS;
}

void aver_verdict_close(struct aver_verdict *v)
{
    v->word = AVER_UNDECIDED;
    if (first(v, refuses) != NULL)
        v->word = AVER_REFUSED;
    else if (first(v, leaves_open) == NULL && first(v, passed) != NULL &&
             !v->overfull)
        v->word = AVER_VERIFIED;
}

const struct aver_check *aver_verdict_reason(const struct aver_verdict *v)
{
    const struct aver_check *c = first(v, refuses);

    /* What was skipped follows from something else. */
    if (c == NULL)
        c = first(v, unknown);
    return c != NULL ? c : first(v, leaves_open);
}

const struct aver_check *aver_verdict_find(const struct aver_verdict *v,
                                           const char *id)
{
    for (unsigned i = 0; i < v->n; i++)
        if (strcmp(v->checks[i].row->id, id) == 0)
            return &v->checks[i];
    return NULL;
}

enum aver_word aver_word_worst(const struct aver_verdict *v, unsigned n)
{
    enum aver_word worst = n > 0 ? AVER_VERIFIED : AVER_UNDECIDED;

    for (unsigned i = 0; i < n; i++)
        if (v[i].word == AVER_REFUSED ||
            (v[i].word == AVER_UNDECIDED && worst == AVER_VERIFIED))
            worst = v[i].word;
    return worst;
}

const char *aver_word_name(enum aver_word word)
{
    static const char *const names[] = {"UNDECIDED", "REFUSED", "VERIFIED"};

    return names[word];
}

const char *aver_result_name(enum aver_result result)
{
    static const char *const names[] = {"unknown", "pass",      "fail",
                                        "skip",    "simulated", "skip"};

    return names[result];
}

const char *aver_group_name(enum aver_group group)
{
    static const char *const names[] = {"hardware", "code",   "gpu",
                                        "key",      "answer", "fresh"};

    return names[group];
}

const char *aver_group_question(enum aver_group group)
{
    static const char *const questions[] = {"Is it real hardware?",
                                            "Is it the right code?",
                                            "Is the GPU in confidential mode?",
                                            "Is this key its key?",
                                            "Did it sign this answer?",
                                            "Is it fresh?"};

    return questions[group];
}
