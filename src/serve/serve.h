/* SPDX-License-Identifier: Apache-2.0
 *
 * serve: the supervisor and the roles it starts. Each role is a fresh exec of
 * this program (its own address layout): `aver --role NAME NUMBER`. */
#ifndef AVER_SERVE_SERVE_H
#define AVER_SERVE_SERVE_H

#include "serve/config.h"

/* `aver serve`: argv[0] is "serve". Returns the exit status. */
int serve_main(int argc, char **argv);
/* `aver --role NAME NUMBER`: descriptors as in net/channel.h. The number is a
 * worker's slot, the notary's generation, 0 for the attester; NULL is refused.
 * Returns the exit status. */
int role_main(const char *name, const char *number);
/* The worker (worker.c). Returns the exit status. */
int worker_run(const struct config *config, int control_fd, unsigned slot);

#endif
