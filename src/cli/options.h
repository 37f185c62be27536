/* SPDX-License-Identifier: Apache-2.0
 *
 * options: one table a verb. From it come the parsing, the lines of --help,
 * and the suggestion for a mistyped name. */
#ifndef AVER_CLI_OPTIONS_H
#define AVER_CLI_OPTIONS_H

#include <stdbool.h>

#define OPTION_MANY 32
/* `text` or `flag` is where the value goes. With both the option may stand
 * there up to OPTION_MANY times: `text` is an array of that size, filled from
 * its beginning, and the flag says that it was used. */
struct option {
    const char *name; /* without --; NULL ends the table */
    const char *arg;  /* what the value is called in --help; NULL: a flag */
    const char *help;
    const char **text;
    bool *flag;
};

/* What a verb says of itself. */
struct verb_help {
    const char *usage;        /* lines in front of the options */
    const char *const *later; /* names of options that other versions have */
    const char *tail;         /* lines behind the options, or NULL */
};

struct words {
    int n;
    char **word;
};

enum options_result { OPTIONS_OK = 0, OPTIONS_HELP, OPTIONS_BAD };
/* Takes `--name value`, `--name=value` and `--`; what else stands there is
 * left in `words` (a view of argv, which is permuted). An option for one value
 * that stands there twice is refused. On OPTIONS_HELP the help is printed, on
 * OPTIONS_BAD one line on stderr. */
enum options_result options_parse(const struct option *table,
                                  const struct verb_help *help, int argc,
                                  char **argv, struct words *words);

#endif
