/* SPDX-License-Identifier: Apache-2.0
 *
 * options: reads a verb's arguments by its table. */
#include "cli/options.h"
#include "base/suggest.h"
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void print_help(const struct option *table, const struct verb_help *help)
{
    printf("%s\n", help->usage);
    for (const struct option *o = table; o->name != NULL; o++) {
        char left[40];

        snprintf(left, sizeof(left), "--%s%s%s", o->name,
                 o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
        printf("  %-24s %s\n", left, o->help);
    }
    printf("  %-24s %s\n", "--help", "this text");
    if (help->tail != NULL)
        printf("\n%s", help->tail);
}

static const struct option *find(const struct option *table, const char *name,
                                 size_t n)
{
    for (const struct option *o = table; o->name != NULL; o++)
        if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
            return o;
    return NULL;
}

static int unknown(const struct option *table, const struct verb_help *help,
                   const char *verb, const char *name, size_t n)
{
    char typed[64], text[80];
    struct aver_suggestion s;
    size_t shown = 0;

    /* What cannot be a name may be a message that begins with dashes. */
    while (shown < n && shown < 60 &&
           (isalnum((unsigned char)name[shown]) || name[shown] == '-'))
        shown++;
    snprintf(typed, sizeof(typed), "%.*s", (int)shown, name);
    for (const char *const *l = help->later; l != NULL && *l != NULL; l++)
        if (strcmp(*l, typed) == 0)
            return usage("--%s is not available in this version", typed);
    aver_suggest_start(&s, typed);
    for (const struct option *o = table; o->name != NULL; o++)
        aver_suggest_offer(&s, o->name);
    aver_suggest_offer(&s, "help");
    if (s.best == NULL)
        return usage("%s has no option --%s (aver %s --help)", verb, typed,
                     verb);
    snprintf(text, sizeof(text), "--%s", s.best);
    return usage("%s has no option --%s; did you mean %s?", verb, typed, text);
}

/* One more value of an option that may be repeated. */
static int take_another(const struct option *o, const char *value)
{
    size_t n = 0;

    while (n < OPTION_MANY && o->text[n] != NULL)
        n++;
    if (n == OPTION_MANY)
        return usage("--%s stands there more than %d times", o->name,
                     OPTION_MANY);
    o->text[n] = value;
    *o->flag = true;
    return 0;
}

/* One option at argv[*i]; moves *i to its last argument. */
static int take(const struct option *table, const struct verb_help *help,
                int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t n = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct option *o = find(table, name, n);

    if (o == NULL)
        return unknown(table, help, argv[0], name, n);
    if (o->text == NULL && equals != NULL)
        return usage("--%s takes no value", o->name);
    if (o->text == NULL) {
        *o->flag = true;
        return 0;
    }
    if (equals == NULL && *i + 1 >= argc)
        return usage("--%s wants a value: %s", o->name, o->arg);
    const char *value = equals != NULL ? equals + 1 : argv[++*i];
    if (o->flag != NULL)
        return take_another(o, value);
    if (*o->text != NULL)
        return usage("--%s stands there twice", o->name);
    *o->text = value;
    return 0;
}

enum options_result options_parse(const struct option *table,
                                  const struct verb_help *help, int argc,
                                  char **argv, struct words *words)
{
    bool only_words = false;

    *words = (struct words){.word = argv + 1};
    for (int i = 1; i < argc; i++) {
        char *a = argv[i];

        if (only_words || a[0] != '-' || a[1] == '\0') {
            words->word[words->n++] = a;
        } else if (strcmp(a, "--") == 0) {
            only_words = true;
        } else if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
            print_help(table, help);
            return OPTIONS_HELP;
        } else if (a[1] != '-') {
            usage("%s has no short options: %.2s (aver %s --help)", argv[0], a,
                  argv[0]);
            return OPTIONS_BAD;
        } else if (take(table, help, argc, argv, &i) != 0) {
            return OPTIONS_BAD;
        }
    }
    return OPTIONS_OK;
}
