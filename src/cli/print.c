/* SPDX-License-Identifier: Apache-2.0
 *
 * print: text for people. Colour only on a terminal without NO_COLOR; marks in
 * ASCII where the locale is not UTF-8. All that is printed is ours, hex, or
 * cleaned by the parser: nothing here can steer a terminal. */
#include "cli/print.h"
#include "base/text.h"
#include "cli/cli.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct style {
    bool colour, utf8;
};

static struct style style_of(FILE *f)
{
    const char *no = getenv("NO_COLOR");

    setlocale(LC_CTYPE, "");
    return (struct style){
        .colour = isatty(fileno(f)) == 1 && (no == NULL || no[0] == '\0'),
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
}

static const struct {
    const char *utf8, *ascii, *colour;
} marks[] = {
    [AVER_UNKNOWN] = {"?", "?", "33"},   [AVER_PASS] = {"\u2713", "+", "32"},
    [AVER_FAIL] = {"\u2717", "X", "31"}, [AVER_SKIP] = {"\u2013", "-", "2"},
    [AVER_SIMULATED] = {"!", "!", "35"}, [AVER_NO_MATTER] = {"-", "-", "2"},
};

static void print_row(FILE *f, const struct style *s,
                      const struct aver_check *c)
{
    const char *mark = s->utf8 ? marks[c->result].utf8 : marks[c->result].ascii;
    bool sentence = c->result == AVER_PASS;

    if (s->colour)
        fprintf(f, "  \033[%sm%s\033[0m ", marks[c->result].colour, mark);
    else
        fprintf(f, "  %s ", mark);
    fprintf(f, "%-25s %s%s%s\n", c->row->id, sentence ? c->row->sentence : "",
            sentence && c->detail[0] != '\0' ? ": " : "", c->detail);
}

static void print_groups(FILE *f, const struct style *s,
                         const struct aver_verdict *v)
{
    for (int g = 0; g < AVER_GROUPS; g++) {
        bool begun = false;

        for (unsigned i = 0; i < v->n; i++) {
            if ((int)v->checks[i].row->group != g)
                continue;
            if (!begun)
                fprintf(f, "%s\n", aver_group_question((enum aver_group)g));
            begun = true;
            print_row(f, s, &v->checks[i]);
        }
    }
}

static void print_claim(FILE *f, bool *begun, const char *name,
                        const char *value)
{
    if (value[0] == '\0')
        return;
    fprintf(f, "%s %s=%s", *begun ? "" : "claimed ", name, value);
    *begun = true;
}

static void print_claims(FILE *f, const struct aver_claims *c)
{
    bool begun = false;

    print_claim(f, &begun, "tee", c->tee);
    print_claim(f, &begun, "simulated", c->simulated);
    print_claim(f, &begun, "serving", c->serving);
    print_claim(f, &begun, "engine_binding", c->engine_binding);
    print_claim(f, &begun, "model", c->model_name);
    print_claim(f, &begun, "instance", c->instance);
    print_claim(f, &begun, "server", c->name);
    print_claim(f, &begun, "version", c->version);
    print_claim(f, &begun, "commit", c->commit);
    if (begun)
        fprintf(f, "\n");
}

static void print_report_facts(FILE *f, const struct aver_report *r)
{
    char key[AVER_KEY_ID_TEXT], hex[97];

    aver_key_id_format(key, &r->key);
    if (key[0] != '\0')
        fprintf(f, "key      %s (%s)\n", key, aver_algo_name(r->algo));
    if (r->has_nonce == AVER_PRESENT) {
        aver_hex_encode(hex, r->nonce, 32);
        fprintf(f, "nonce    %s\n", hex);
    }
    if (r->quote_ok && r->quote.tee == AVER_TEE_TDX) {
        aver_hex_encode(hex, r->quote.td.mrtd.p, 48);
        fprintf(f, "mrtd     %s\n", hex);
    }
    print_claims(f, &r->claims);
}

static const struct aver_report *report_of(const struct outcome *o)
{
    return o->subject->report;
}

/* Said with every verdict on a CPU's or GPU's evidence. */
static const char *whose_roots(const struct outcome *o)
{
    const struct aver_policy *p = o->subject->policy;

    if (report_of(o) == NULL && o->subject->cpu == NULL &&
        o->subject->gpus == NULL)
        return "";
    if (p->trust == AVER_TRUST_SIMULATOR)
        return " (SIMULATED)";
    return p->has_root || p->has_gpu_root || p->has_rim_root
               ? " (BY A ROOT OF YOUR OWN)"
               : "";
}

/* "not settled: the first and why, and 3 more" */
static void list_open(char *out, size_t n, const struct aver_verdict *v)
{
    const struct aver_check *first = aver_verdict_reason(v);
    unsigned more = 0;

    for (unsigned i = 0; i < v->n; i++)
        more += v->checks[i].required && v->checks[i].result != AVER_PASS &&
                &v->checks[i] != first;
    if (first == NULL)
        snprintf(out, n, "not settled: nothing was judged");
    else if (more == 0)
        snprintf(out, n, "not settled: %s: %s", first->row->id, first->detail);
    else
        snprintf(out, n, "not settled: %s: %s; and %u more", first->row->id,
                 first->detail, more);
}

/* "the first cause and why; and also a, b" */
static void list_refused(char *out, size_t n, const struct aver_verdict *v)
{
    const struct aver_check *first = aver_verdict_reason(v);
    size_t at =
        (size_t)snprintf(out, n, "%s: %s", first->row->id, first->detail);
    bool more = false;

    for (unsigned i = 0; i < v->n && at < n; i++) {
        const struct aver_check *c = &v->checks[i];

        if (c == first || !c->required ||
            (c->result != AVER_FAIL && c->result != AVER_SIMULATED))
            continue;
        at += (size_t)snprintf(out + at, n - at, "%s%s",
                               more ? ", " : "; and also ", c->row->id);
        more = true;
    }
}

static unsigned count_passed(const struct aver_verdict *v)
{
    unsigned passed = 0;

    for (unsigned i = 0; i < v->n; i++)
        passed += v->checks[i].required && v->checks[i].result == AVER_PASS;
    return passed;
}

static bool did_not_pass(const struct aver_verdict *v, const char *id)
{
    const struct aver_check *c = aver_verdict_find(v, id);

    return c != NULL && c->result != AVER_PASS;
}

/* What a relaxation, or the kind of evidence, leaves open of GPUs. Only
 * measurements say that they are in confidential mode. */
static const struct {
    const char *id, *text;
} open_of_gpus[] = {
    {"gpu.measurements",
     "the GPUs are genuine, what runs on them is not known"},
    {"gpu.revocation",
     "whether a certificate of the GPUs was withdrawn is not known"},
    {"gpu.bound", "which machine they belong to was not asked"},
};

static bool is_unknown(const struct aver_verdict *v, const char *id)
{
    const struct aver_check *c = aver_verdict_find(v, id);

    return c != NULL && c->result == AVER_UNKNOWN;
}

static void add(char *out, size_t n, const char *text)
{
    size_t at = strlen(out);

    snprintf(out + at, n - at, "; %s", text);
}

/* VERIFIED is an answer to what was asked, and says what was not. */
static void what_was_not_asked(char *out, size_t n, const struct outcome *o)
{
    const struct aver_subject *s = o->subject;
    const struct aver_gpus *g = s->gpus == NULL && s->scopes != NULL
                                    ? s->scopes->scope[0].gpus
                                    : s->gpus;

    out[0] = '\0';
    if (print_is_log_alone(o->subject))
        snprintf(out, n, " of the log alone, the quote was not judged");
    else if (did_not_pass(o->verdict, "code.expected"))
        add(out, n, "which code it is was not asked (--expect)");
    if (o->subject->nras != NULL)
        add(out, n,
            "NVIDIA's online service vouches, by a key of the file "
            "given");
    if (g == NULL || g->n == 0)
        return;
    for (size_t i = 0; i < sizeof(open_of_gpus) / sizeof(open_of_gpus[0]); i++)
        if (did_not_pass(o->verdict, open_of_gpus[i].id))
            add(out, n, open_of_gpus[i].text);
    if (is_unknown(o->verdict, "gpu.topology"))
        add(out, n, "the switches between the GPUs were not shown");
}

static void say_one(char *out, size_t n, const struct outcome *o)
{
    const struct aver_verdict *v = o->verdict;
    char text[500], not_asked[400];

    what_was_not_asked(not_asked, sizeof(not_asked), o);
    if (v->word == AVER_VERIFIED)
        snprintf(text, sizeof(text), "all %u required checks passed%s",
                 count_passed(v), not_asked);
    else if (v->word == AVER_REFUSED)
        list_refused(text, sizeof(text), v);
    else
        list_open(text, sizeof(text), v);
    snprintf(out, n, "%s%s: %s", aver_word_name(v->word), whose_roots(o), text);
}

static unsigned scopes_of(const struct outcome *o)
{
    return o->subject->scopes != NULL ? o->subject->scopes->n : 1;
}

enum aver_word print_word(const struct outcome *o)
{
    return aver_word_worst(o->verdict, scopes_of(o));
}

/* "gateway, model 1": those that are as bad as the whole. */
static void list_scopes(char *out, size_t n, const struct outcome *o,
                        enum aver_word word)
{
    size_t at = 0;

    for (unsigned i = 0; i < scopes_of(o) && at < n; i++)
        if (o->verdict[i].word == word)
            at += (size_t)snprintf(out + at, n - at, "%s%s", at > 0 ? ", " : "",
                                   o->subject->scopes->scope[i].name);
}

static void say_whole(char *out, size_t n, const struct outcome *o)
{
    static const char *const what[] = {"not settled", "refused", "all of"};
    enum aver_word word = print_word(o);
    char text[400];

    list_scopes(text, sizeof(text), o, word);
    snprintf(out, n, "%s%s: %s %s", aver_word_name(word), whose_roots(o),
             what[word], text);
}

void print_sentence(char *out, size_t n, const struct outcome *o)
{
    if (scopes_of(o) == 1)
        say_one(out, n, o);
    else
        say_whole(out, n, o);
}

static void print_one(FILE *f, const struct style *style,
                      const struct outcome *o, unsigned copies)
{
    if (report_of(o) != NULL)
        print_report_facts(f, report_of(o));
    print_cpu(f, o);
    print_gpus(f, o);
    if (o->subject->code != NULL)
        print_code(f, o->subject);
    if (copies > 0)
        fprintf(f, "copies   %u more of this report, the same evidence\n",
                copies);
    print_nras(f, o);
    print_groups(f, style, o->verdict);
}

static void print_scope(FILE *f, const struct style *style,
                        const struct outcome *o, unsigned i)
{
    const struct aver_scope *scope = &o->subject->scopes->scope[i];
    struct aver_subject s = aver_subject_of(o->subject, i);
    struct outcome one = {&o->verdict[i], &s, o->source, o->at};
    char sentence[500];

    fprintf(f, "\nscope    %s\n", scope->name);
    print_one(f, style, &one, scope->copies);
    say_one(sentence, sizeof(sentence), &one);
    fprintf(f, "%s: %s\n", scope->name, sentence);
}

/* What is judged without scopes, or in one. */
static void print_only(FILE *f, const struct style *style,
                       const struct outcome *o)
{
    const struct aver_scopes *scopes = o->subject->scopes;
    struct aver_subject s =
        scopes != NULL ? aver_subject_of(o->subject, 0) : *o->subject;
    struct outcome one = {o->verdict, &s, o->source, o->at};

    print_one(f, style, &one, scopes != NULL ? scopes->scope->copies : 0);
}

void print_text(FILE *f, const struct outcome *o)
{
    struct style style = style_of(f);
    char sentence[500];
    unsigned n = scopes_of(o);

    fprintf(f, "judged   %s\n", o->source);
    for (unsigned i = 0; n > 1 && i < n; i++)
        print_scope(f, &style, o, i);
    if (n == 1)
        print_only(f, &style, o);
    else
        fprintf(f, "\n");
    print_sentence(sentence, sizeof(sentence), o);
    fprintf(f, "%s\n", sentence);
}

int print_status(enum aver_word word)
{
    if (word == AVER_VERIFIED)
        return EXIT_OK;
    return word == AVER_REFUSED ? EXIT_REFUSED : EXIT_UNDECIDED;
}

int print_outcome(const struct outcome *o, bool json, bool quiet)
{
    if (json && !quiet)
        print_json(print_object(o));
    else if (!quiet)
        print_text(stdout, o);
    return print_status(print_word(o));
}

int print_failure(const char *why, bool json)
{
    if (json)
        print_json(print_undecided(why));
    complain("UNDECIDED: %s", why);
    return EXIT_UNDECIDED;
}
