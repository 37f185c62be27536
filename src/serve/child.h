/* SPDX-License-Identifier: Apache-2.0
 *
 * child: one process that the supervisor keeps alive: how it is started, what
 * is still to be told to it, and when it may be started again. It knows
 * nothing of what the roles do. */
#ifndef AVER_SERVE_CHILD_H
#define AVER_SERVE_CHILD_H

#include "net/channel.h"

/* Descriptors below this are the roles' fixed places (net/channel.h). */
#define CHILD_FD_MIN 64

enum child_role { CHILD_NOTARY = 0, CHILD_ATTESTER, CHILD_WORKER };

struct child_letter {
    struct control control;
    int pass; /* descriptor that rides along, owned, or -1 */
};

struct child {
    enum child_role role;
    unsigned slot; /* of a worker */
    pid_t pid;     /* 0 while there is no such process */
    int control;   /* the supervisor's end of its control pair, or -1 */
    bool wanted;   /* to be started again when it dies */
    bool ready;    /* it said that it works */
    bool draining; /* was told to finish and end */
    bool failing;  /* it said CONTROL_FAILED; its end comes next */
    uint64_t started_ms, restart_ms;
    unsigned deaths;              /* in a row, each soon after its start */
    struct child_letter *letters; /* that did not fit into the pair yet */
    unsigned nletters, cap;
};

/* What every child inherits; -1 ends a list early. */
struct child_estate {
    int null_fd, config_fd, metrics_fd;
    const int *listen_fd;
    unsigned nlisteners;
};

const char *child_role_name(const struct child *c);
/* Starts the process `aver-ROLE --role ROLE NUMBER`. Sets pid, control and
 * started_ms. Only a worker gets metrics and listeners. */
AVER_MUST_CHECK int child_start(struct child *c, const struct child_estate *e,
                                uint64_t number, uint64_t now_ms,
                                struct aver_error *err);
/* Tells it something, at once or when there is room; takes over `pass`. A
 * child that reads nothing for too long is killed. */
void child_tell(struct child *c, const struct control *what, int pass);
/* Sends what waits, as far as it fits. */
void child_flush(struct child *c);
/* The process is gone: closes and frees what belonged to it. */
void child_buried(struct child *c);
/* How long to wait before it is started again: not at all, until it died five
 * times within ten seconds of its starts; then up to five seconds. Counts the
 * death. */
unsigned child_pause_ms(struct child *c, uint64_t now_ms);
/* The same descriptor at or above CHILD_FD_MIN, close-on-exec; closes `fd`. */
int child_fd_up(int fd);

#endif
