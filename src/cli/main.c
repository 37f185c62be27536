/* SPDX-License-Identifier: Apache-2.0
 *
 * main: the verbs, one row each. */
#include "base/suggest.h"
#include "cli/cli.h"
#include "serve/serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct verb {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *help;
} verbs[] = {
    {"serve", serve_main, "run the API server"},
    {"chat", chat_main, "talk to a server, and believe only what verifies"},
    {"verify", verify_main, "judge a live server, a report, or evidence alone"},
    {"endorse", endorse_main, "fetch what vendors sign about their hardware"},
    {"attest", attest_main, "make evidence here and print it"},
    {"explain", explain_main, "what a check proves, and what can break it"},
    {"version", version_main, "version, and the libraries it runs on"},
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(FILE *f)
{
    fprintf(f, "aver: a confidential AI API whose every answer can be "
               "proven\n\nusage: aver VERB [...]\n\n");
    for (size_t i = 0; i < VERBS; i++)
        fprintf(f, "  aver %-10s %s\n", verbs[i].name, verbs[i].help);
    fprintf(f, "\n`aver VERB --help` tells more. Exit status: 0 verified (or "
               "done), 1 refused,\n2 wrong call or configuration, 3 could not "
               "judge (or this machine says no).\n");
}

static int unknown(const char *typed)
{
    struct aver_suggestion s;
    char near[80];

    aver_suggest_start(&s, typed);
    for (size_t i = 0; i < VERBS; i++)
        aver_suggest_offer(&s, verbs[i].name);
    return usage("there is no verb \"%.40s\"%s (aver --help)", typed,
                 aver_suggest_text(&s, near, sizeof(near)));
}

/* What was said must have arrived: a full disk is no success. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    complain("stdout: %s", strerror(errno));
    return status == EXIT_OK ? EXIT_UNDECIDED : status;
}

static int run(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : NULL;

    if (verb == NULL) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 ||
        strcmp(verb, "help") == 0) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(verb, "--version") == 0)
        verb = "version";
    if (strcmp(verb, "--role") == 0) /* the supervisor starts its roles so */
        return role_main(argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : NULL);
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verb, verbs[i].name) == 0)
            return verbs[i].main(argc - 1, argv + 1);
    return unknown(verb);
}

int main(int argc, char **argv)
{
    return flushed(run(argc, argv));
}
