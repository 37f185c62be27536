/* SPDX-License-Identifier: Apache-2.0
 *
 * supervisor_reload: SIGHUP. The same flags, environment and files are read
 * again; what may change takes effect in a new set of workers, and the older
 * ones finish what they have. Notary and receipts stay. The attester stays
 * too, unless the certificate it vouches for is another one. */
#include "serve/supervisor.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void take_over(struct config *now, struct config *before)
{
    now->nlisteners = before->nlisteners;
    memcpy(now->listener_url, before->listener_url, sizeof(now->listener_url));
    before->nlisteners = 0; /* they are `now`'s */
    now->metrics_listener = before->metrics_listener;
    now->start_ms = before->start_ms;
    now->slots = before->slots;
}

static bool same_identity(const struct config *a, const struct config *b)
{
    return a->has_spki == b->has_spki &&
           (!a->has_spki || memcmp(a->spki_sha256, b->spki_sha256, 32) == 0);
}

/* A slot for one more worker; the longest-draining one makes room. */
static struct child *free_slot(struct supervisor *s)
{
    struct child *oldest = NULL;
    for (unsigned i = 2; i < s->nchildren; i++) {
        struct child *c = &s->child[i];
        if (!c->wanted && c->pid == 0)
            return c;
        if (!c->wanted && (!oldest || c->started_ms < oldest->started_ms))
            oldest = c;
    }
    return oldest;
}

static void new_workers(struct supervisor *s)
{
    for (unsigned i = 2; i < s->nchildren; i++)
        s->child[i].wanted = false;
    for (unsigned i = 0; i < s->config.workers; i++) {
        struct child *c = free_slot(s);
        c->wanted = true;
        c->deaths = 0;
        c->restart_ms = 0;
        if (c->pid == 0) {
            supervisor_start(s, c);
            continue;
        }
        /* It is started again when its end is seen. */
        log_event(LOG_WARN, "drain_cut", LOG_NUM("pid", c->pid));
        c->draining = true;
        kill(c->pid, SIGKILL);
    }
}

/* It ends when its control pair closes, and is started again with the new
 * certificate. */
static void end_attester(struct child *c)
{
    log_event(LOG_INFO, "tls_identity",
              LOG_STR("note", "another key: the attester starts again"));
    if (c->pid == 0 || c->control < 0)
        return;
    c->draining = true;
    close(c->control);
    c->control = -1;
}

static int read_again(struct supervisor *s, struct config *now,
                      struct aver_error *err)
{
    enum config_action action;
    if (config_read(now, s->argc, s->argv, &s->config, &action, err) != 0 ||
        config_keep_fixed(now, &s->config, err) != 0 ||
        supervisor_read_identity(now, err) != 0)
        return -1;
    return 0;
}

void supervisor_reload(struct supervisor *s)
{
    struct config now = {0}, before = s->config;
    struct aver_error err;
    if (read_again(s, &now, &err) != 0) {
        log_event(LOG_ERROR, "reload_refused", LOG_STR("error", err.text));
        config_free(&now);
        return;
    }
    bool same = same_identity(&now, &before);
    take_over(&now, &before);
    s->config = now;
    if (supervisor_publish(s, &err) != 0) {
        log_event(LOG_ERROR, "reload_refused", LOG_STR("error", err.text));
        take_over(&before, &s->config);
        config_free(&s->config);
        s->config = before;
        return;
    }
    config_free(&before);
    log_setup((enum log_level)s->config.log_level, s->config.log_json,
              "supervisor");
    log_event(LOG_INFO, "reload", LOG_NUM("tokens", s->config.ntokens));
    if (!same)
        end_attester(&s->child[CHILD_ATTESTER]);
    new_workers(s);
}

void supervisor_reload_step(struct supervisor *s)
{
    for (unsigned i = 2; i < s->nchildren; i++)
        if (s->child[i].wanted && !s->child[i].ready)
            return;
    for (unsigned i = 2; i < s->nchildren; i++) {
        struct child *c = &s->child[i];
        if (!c->wanted && c->pid > 0 && !c->draining)
            supervisor_drain_child(c);
    }
}
