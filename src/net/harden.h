/* SPDX-License-Identifier: Apache-2.0
 *
 * harden: what a process of aver gives up before it reads its first foreign
 * byte. Nothing here can be taken back. */
#ifndef AVER_NET_HARDEN_H
#define AVER_NET_HARDEN_H

#include "base/error.h"
#include <sys/types.h>

/* Not dumpable (so not traceable by its own user either), no core file, no
 * new privileges through exec. */
AVER_MUST_CHECK int harden_process(struct aver_error *err);
/* Who `user` is; NULL means "aver" if there is such a user, else "nobody".
 * -1 if there is none, or if it is root under whatever name. */
AVER_MUST_CHECK int harden_find_user(const char *user, uid_t *uid, gid_t *gid,
                                     struct aver_error *err);
/* Becomes that user for good if this process is root; a process that is not
 * root stays who it is. The process becomes not dumpable on the way. */
AVER_MUST_CHECK int harden_drop_user(const char *user, struct aver_error *err);
/* Name of the process in ps and /proc/PID/comm; at most 15 bytes count. */
void harden_name(const char *comm);

#endif
