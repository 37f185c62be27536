/* SPDX-License-Identifier: Apache-2.0
 *
 * explain: each check in words, from the same table that runs it. */
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "verify/rows.h"

#include <stdio.h>

static void list_all(void)
{
    const struct aver_row *row = NULL;

    for (int g = 0; g < AVER_GROUPS; g++) {
        bool begun = false;

        for (unsigned i = 0; (row = aver_row_at(i)) != NULL; i++) {
            if ((int)row->group != g)
                continue;
            if (!begun)
                printf("%s\n", aver_group_question((enum aver_group)g));
            begun = true;
            printf("  %-25s %s%s\n", row->id, row->sentence,
                   row->required ? "" : " (not required)");
        }
    }
}

static int explain(const char *id)
{
    const struct aver_row *row = aver_row_find(id);
    struct aver_suggestion s;
    char near[80];

    if (row == NULL) {
        aver_suggest_start(&s, id);
        for (unsigned i = 0; (row = aver_row_at(i)) != NULL; i++)
            aver_suggest_offer(&s, row->id);
        return usage("there is no check \"%.60s\"%s (aver explain)", id,
                     aver_suggest_text(&s, near, sizeof(near)));
    }
    printf("%s: %s\n\nquestion   %s\nproves     %s\nwithout    %s\n"
           "cause      %s, if it fails%s\nclause     %s\n",
           row->id, row->sentence, aver_group_question(row->group), row->proves,
           row->without, row->cause, row->required ? "" : " (not required)",
           row->clause);
    return EXIT_OK;
}

int explain_main(int argc, char **argv)
{
    static const struct verb_help help = {
        "usage: aver explain [CHECK]\n\nWithout a name: all checks, by the "
        "question that they answer.\n",
        NULL, NULL};
    const struct option table[] = {{NULL, NULL, NULL, NULL, NULL}};
    struct words words;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    if (words.n > 1)
        return usage("explain takes one check: %.40s", words.word[1]);
    if (words.n == 1)
        return explain(words.word[0]);
    list_all();
    return EXIT_OK;
}
