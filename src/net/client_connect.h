/* SPDX-License-Identifier: Apache-2.0
 *
 * client_connect: the socket under net/client.c, and waiting for it up to a
 * deadline on the monotonic clock. Not for use outside the client. */
#ifndef AVER_NET_CLIENT_CONNECT_H
#define AVER_NET_CLIENT_CONNECT_H

#include "net/client.h"
#include <poll.h>

int64_t client_now_ms(void);
/* poll(2) for one descriptor. 1; 0 at the deadline; -1 with errno. */
int client_poll(struct pollfd *p, int64_t deadline_ms);
/* A connected, non-blocking, close-on-exec socket; -1 with `err`, which names
 * `where`. Looking up a name may outlast the deadline. */
int client_connect(const struct client_url *u, const char *where,
                   int64_t deadline_ms, struct aver_error *err);

#endif
