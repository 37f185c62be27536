/* SPDX-License-Identifier: Apache-2.0
 *
 * serve: the supervisor and the roles it starts. Each role is a fresh exec of
 * this program (its own address layout): `aver --role NAME`. */
#ifndef AVER_SERVE_SERVE_H
#define AVER_SERVE_SERVE_H

#include "serve/config.h"

/* `aver serve`: argv[0] is "serve". Returns the exit status. */
int serve_main(int argc, char **argv);
/* `aver --role NAME`: descriptors as in net/channel.h. */
int role_main(const char *name);
/* The worker (worker.c). Returns the exit status. */
int worker_run(const struct config *config, int control_fd, unsigned slot);

#endif
