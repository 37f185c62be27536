/* SPDX-License-Identifier: Apache-2.0
 *
 * cli: the verbs of the program, and what it ends with. */
#ifndef AVER_CLI_CLI_H
#define AVER_CLI_CLI_H

#include "base/error.h"

enum exit_status {
    EXIT_OK = 0, /* VERIFIED, or the verb did what it should */
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_UNDECIDED = 3,
};

/* argv[0] is the verb. Each returns the exit status. */
int chat_main(int argc, char **argv);
int verify_main(int argc, char **argv);
int endorse_main(int argc, char **argv);
int attest_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int version_main(int argc, char **argv);

/* `aver verify eventlog`; argv[0] is what its complaints call it. */
int verify_eventlog_main(int argc, char **argv);
int verify_quote_main(int argc, char **argv);
int verify_gpu_main(int argc, char **argv);

/* One line on stderr; EXIT_USAGE. */
int usage(const char *fmt, ...) AVER_PRINTF(1, 2);
/* One line on stderr. */
void complain(const char *fmt, ...) AVER_PRINTF(1, 2);

#endif
