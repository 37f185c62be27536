/* SPDX-License-Identifier: Apache-2.0
 *
 * agent_socket: where the dstack guest agent listens. Attester and notary ask
 * the same agent: they look in the same places. */
#ifndef AVER_NET_AGENT_SOCKET_H
#define AVER_NET_AGENT_SOCKET_H

#include "base/error.h"
#include <stdbool.h>

/* 0 and the path of the socket to use: the one configured (a path, or
 * unix:PATH), else the first of the usual places that is a socket. -1 says what
 * stands there instead. */
AVER_MUST_CHECK int agent_socket_find(const char *configured,
                                      char path[static 108],
                                      struct aver_error *err);

#endif
