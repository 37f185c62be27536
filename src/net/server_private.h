/* SPDX-License-Identifier: Apache-2.0
 *
 * server_private: what server.c and server_answer.c say to each other. */
#ifndef AVER_NET_SERVER_PRIVATE_H
#define AVER_NET_SERVER_PRIVATE_H

#include "net/server.h"

/* Closes the connection, tells the hooks if an answer was due. */
void server_shut(struct server_conn *c, enum server_gone why);
/* The answer was handed over: next request, or the end. */
void server_next(struct server_conn *c);
/* Goes on with what was received and not yet looked at. */
void server_resume(struct again *a);

#endif
