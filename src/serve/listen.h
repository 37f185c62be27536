/* SPDX-License-Identifier: Apache-2.0
 *
 * listen: addresses to listen on, as text and as bound sockets. */
#ifndef AVER_SERVE_LISTEN_H
#define AVER_SERVE_LISTEN_H

#include "base/error.h"
#include <stdbool.h>

struct listen_addr {
    bool is_unix;
    char host[256]; /* without brackets; or the socket's path */
    char port[6];
};

/* HOST:PORT, [IPV6]:PORT, unix:PATH. AVER_ECONFIG otherwise. */
AVER_MUST_CHECK int listen_parse(struct listen_addr *addr, const char *text,
                                 struct aver_error *err);
/* Binds and listens, close-on-exec and non-blocking. *fd becomes the socket,
 * `url` how to reach it: "http://HOST:PORT" with the port really bound, or
 * "unix:PATH". A socket file on which nobody answers any more is replaced,
 * anything else at its path is left alone. AVER_EIO if this machine says no. */
#define LISTEN_URL_MAX 300
AVER_MUST_CHECK int listen_bind(const struct listen_addr *addr, int *fd,
                                char url[static LISTEN_URL_MAX],
                                struct aver_error *err);
/* Removes a Unix listener's file, if it is still a socket. */
void listen_unlink(const char *url);

#endif
