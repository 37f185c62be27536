/* SPDX-License-Identifier: Apache-2.0
 *
 * supervisor: the state of the process that everything else hangs on, for the
 * files supervisor*.c alone. */
#ifndef AVER_SERVE_SUPERVISOR_H
#define AVER_SERVE_SUPERVISOR_H

#include "crypto/k1.h"
#include "serve/child.h"
#include "serve/config.h"

/* Slots a worker: one that serves, and two for those that still drain after
 * reloads. All of them together fit the notary's and the attester's tables. */
#define SUPERVISOR_SLOTS 3

enum supervisor_state {
    STARTING, /* until every role said that it works */
    RUNNING,
    DRAINING, /* workers finish what runs */
    ENDING,   /* the other roles end */
};

struct supervisor {
    struct config config; /* in force */
    int argc;             /* of the call, for reloads */
    char **argv;
    enum supervisor_state state;
    int status;  /* with which the program ends */
    int signals; /* signalfd */
    struct child_estate estate;
    int listen_fd[CONFIG_LIST_MAX + 1];
    uint64_t generation;             /* of the notary */
    char address[AVER_ADDRESS_TEXT]; /* of the notary's key; "" before it */
    uint32_t tee;                    /* enum attest_tee */
    uint64_t deadline_ms;            /* of DRAINING and ENDING */
    bool reload_wanted;
    /* The notary, the attester, then the workers' slots. */
    struct child child[2 + SUPERVISOR_SLOTS * CONFIG_WORKERS_MAX];
    unsigned nchildren;
};

uint64_t supervisor_now_ms(void);
/* Starts a child and introduces it to those that run. On failure it is tried
 * again later. */
void supervisor_start(struct supervisor *s, struct child *c);
/* Tells workers to finish and end. */
void supervisor_drain_child(struct child *c);

/* supervisor_setup.c: what is made once, before the roles. */
AVER_MUST_CHECK int supervisor_setup(struct supervisor *s,
                                     struct aver_error *err);
/* Reads the tls-identity certificate, if any, into config->spki_sha256. */
AVER_MUST_CHECK int supervisor_read_identity(struct config *config,
                                             struct aver_error *err);
/* A new sealed memfd with the configuration in force. */
AVER_MUST_CHECK int supervisor_publish(struct supervisor *s,
                                       struct aver_error *err);

/* supervisor_reload.c: SIGHUP. A bad configuration changes nothing. */
void supervisor_reload(struct supervisor *s);
/* Once every worker of the new configuration works, the older ones drain. */
void supervisor_reload_step(struct supervisor *s);

/* supervisor_say.c: the ready line, and sd_notify(3). */
void supervisor_say_ready(const struct supervisor *s);
void supervisor_notify(const char *text);

#endif
