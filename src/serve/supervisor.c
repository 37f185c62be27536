/* SPDX-License-Identifier: Apache-2.0
 *
 * supervisor: starts the roles, introduces them to each other, starts again
 * what dies, passes on SIGHUP and SIGTERM. It holds no key and reads no byte
 * of a client or an engine; what it hears comes from the roles, in messages
 * of fixed size.
 *
 *   STARTING --all roles work--> RUNNING --SIGTERM--> DRAINING --> ENDING
 *      any --a role cannot work at the start, or a second SIGTERM--> ENDING
 *
 * All roles are started at once; each pair of sockets lies in their control
 * pairs before they look. */
#include "serve/supervisor.h"

#include "attest/message.h"
#include "base/version.h"
#include "net/harden.h"
#include "notary/message.h"
#include "serve/listen.h"
#include "serve/serve.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ENDING_MS 1000 /* for notary and attester to end by themselves */
#define RETRY_MS 1000  /* after a fork that failed */
#define HEAR_MAX 64    /* messages of one child before others get a turn */

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t supervisor_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

static void kill_all(struct supervisor *s, unsigned from)
{
    for (unsigned i = from; i < s->nchildren; i++)
        if (s->child[i].pid > 0)
            kill(s->child[i].pid, SIGKILL);
}

/* Closes the control pairs, on which notary and attester end; a worker could
 * be in the middle of anything. */
static void begin_end(struct supervisor *s, int status)
{
    if (s->state == ENDING)
        return;
    s->state = ENDING;
    s->status = status;
    s->deadline_ms = supervisor_now_ms() + ENDING_MS;
    kill_all(s, 2);
    for (unsigned i = 0; i < s->nchildren; i++) {
        struct child *c = &s->child[i];
        c->wanted = false;
        if (c->control >= 0)
            close(c->control);
        c->control = -1;
    }
}

/* One line for whoever started the service; only the first cause is told. */
static void refuse_start(struct supervisor *s, int status, const char *why)
{
    if (s->state == ENDING)
        return;
    fprintf(stderr, "aver: %s\n", why);
    begin_end(s, status);
}

static void introduce(struct supervisor *s, struct child *service,
                      struct child *peer)
{
    struct aver_error err;
    int pair[2];
    struct control to_service = {.version = CHANNEL_VERSION,
                                 .type = CONTROL_PEER,
                                 .slot = peer->role == CHILD_ATTESTER
                                             ? CONTROL_SLOT_ATTESTER
                                             : peer->slot,
                                 .generation = s->generation};
    struct control to_peer = {.version = CHANNEL_VERSION,
                              .type = service->role == CHILD_NOTARY
                                          ? CONTROL_NOTARY
                                          : CONTROL_ATTESTER,
                              .generation = s->generation};
    if (service->pid == 0 || peer->pid == 0)
        return;
    if (channel_pair(pair, &err) != 0) {
        log_event(LOG_ERROR, "no_pair", LOG_STR("error", err.text));
        kill(peer->pid, SIGKILL); /* its next start tries again */
        return;
    }
    child_tell(service, &to_service, pair[0]);
    child_tell(peer, &to_peer, pair[1]);
}

static void introduce_all(struct supervisor *s, struct child *c)
{
    struct child *notary = &s->child[CHILD_NOTARY];
    struct child *attester = &s->child[CHILD_ATTESTER];
    if (c->role != CHILD_WORKER)
        introduce(s, notary, attester);
    for (unsigned i = 2; i < s->nchildren; i++) {
        struct child *worker = &s->child[i];
        if (c->role == CHILD_NOTARY || c == worker)
            introduce(s, notary, worker);
        if (c->role == CHILD_ATTESTER || c == worker)
            introduce(s, attester, worker);
    }
}

void supervisor_start(struct supervisor *s, struct child *c)
{
    struct aver_error err;
    uint64_t number = c->slot;
    if (c->role == CHILD_NOTARY)
        number = ++s->generation;
    if (c->role == CHILD_ATTESTER)
        number = s->state > STARTING;
    uint64_t now = supervisor_now_ms();
    if (child_start(c, &s->estate, number, now, &err) == 0) {
        introduce_all(s, c);
        return;
    }
    if (s->state == STARTING) {
        refuse_start(s, 3, err.text);
        return;
    }
    log_event(LOG_ERROR, "role_not_started",
              LOG_STR("role", child_role_name(c)), LOG_STR("error", err.text));
    c->restart_ms = now + RETRY_MS;
}

void supervisor_drain_child(struct child *c)
{
    const struct control drain = {.version = CHANNEL_VERSION,
                                  .type = CONTROL_DRAIN};
    c->draining = true;
    child_tell(c, &drain, -1);
}

static void begin_drain(struct supervisor *s)
{
    s->state = DRAINING;
    s->deadline_ms = supervisor_now_ms() + s->config.drain_timeout;
    log_event(LOG_INFO, "drain",
              LOG_NUM("timeout_ms", s->config.drain_timeout));
    supervisor_notify("STOPPING=1");
    for (unsigned i = 0; i < s->estate.nlisteners; i++)
        close(s->listen_fd[i]);
    s->estate.nlisteners = 0;
    for (unsigned i = 2; i < s->nchildren; i++) {
        struct child *c = &s->child[i];
        c->wanted = false;
        if (c->pid > 0 && !c->draining)
            supervisor_drain_child(c);
    }
}

static void on_hello(struct supervisor *s, struct child *c,
                     const struct notary_hello *hello)
{
    char address[AVER_ADDRESS_TEXT];
    if (c->ready || hello->head.generation != s->generation)
        return;
    aver_address_format(address, hello->address);
    if (s->address[0] && strcmp(s->address, address) != 0)
        log_event(LOG_ERROR, "new_key", LOG_STR("old_address", s->address),
                  LOG_STR("address", address));
    memcpy(s->address, address, sizeof(address));
    c->ready = true;
    log_event(LOG_INFO, "notary", LOG_NUM("generation", s->generation),
              LOG_STR("address", address));
}

static void on_failed(struct supervisor *s, struct child *c, struct control *m)
{
    m->text[sizeof(m->text) - 1] = '\0';
    if (s->state == STARTING) {
        refuse_start(s, m->value == 2 ? 2 : 3, m->text);
        return;
    }
    c->failing = true;
    log_event(LOG_ERROR, "role_failed", LOG_STR("role", child_role_name(c)),
              LOG_STR("error", m->text));
}

static void on_control(struct supervisor *s, struct child *c, struct control *m)
{
    if (m->version != CHANNEL_VERSION)
        return;
    if (m->type == CONTROL_FAILED)
        on_failed(s, c, m);
    if (m->type != CONTROL_READY || c->role == CHILD_NOTARY)
        return;
    if (c->role == CHILD_ATTESTER && m->value <= ATTEST_TEE_TSM)
        s->tee = m->value;
    c->ready = true;
}

/* Reads what a child says, up to a bound. */
static void hear(struct supervisor *s, struct child *c)
{
    union {
        struct control control;
        struct notary_hello hello;
        uint8_t raw[1024];
    } m;
    for (int i = 0; i < HEAR_MAX && c->control >= 0; i++) {
        ssize_t n = channel_recv(c->control, &m, sizeof(m), NULL, false);
        if (n < 0)
            return;
        if (n == 0) {
            close(c->control);
            c->control = -1;
            if (!c->draining) /* it ends, or it cannot be spoken to */
                kill(c->pid, SIGKILL);
        } else if ((size_t)n == sizeof(m.control)) {
            on_control(s, c, &m.control);
        } else if (c->role == CHILD_NOTARY &&
                   notary_message_ok(&m, (size_t)n) &&
                   m.hello.head.type == NOTARY_HELLO) {
            on_hello(s, c, &m.hello);
        }
    }
}

static void log_death(const struct supervisor *s, const struct child *c,
                      int how)
{
    bool orderly = c->draining || s->state >= DRAINING;
    log_event(orderly ? LOG_INFO : LOG_ERROR,
              orderly ? "role_ended" : "role_died",
              LOG_STR("role", child_role_name(c)), LOG_NUM("slot", c->slot),
              LOG_NUM("pid", c->pid),
              LOG_NUM(WIFSIGNALED(how) ? "signal" : "status",
                      WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how)));
    if (!orderly && c->role == CHILD_NOTARY)
        log_event(LOG_ERROR, "key_lost", LOG_STR("address", s->address),
                  LOG_STR("note", "its receipts are gone"));
}

static void on_death(struct supervisor *s, struct child *c, int how)
{
    char why[64];
    uint64_t now = supervisor_now_ms();
    if (c->control >= 0)
        hear(s, c); /* its last words */
    if (s->state != STARTING && s->state != ENDING)
        log_death(s, c, how);
    snprintf(why, sizeof(why), "the %s died at its start (%s %d)",
             child_role_name(c), WIFSIGNALED(how) ? "signal" : "status",
             WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
    unsigned pause = c->draining ? 0 : child_pause_ms(c, now);
    child_buried(c);
    if (s->state == STARTING)
        refuse_start(s, 3, why);
    if (!c->wanted)
        return;
    c->restart_ms = now + pause;
    if (pause)
        log_event(LOG_ERROR, "crash_loop", LOG_STR("role", child_role_name(c)),
                  LOG_NUM("slot", c->slot), LOG_NUM("deaths", c->deaths),
                  LOG_NUM("pause_ms", pause));
}

static void reap(struct supervisor *s)
{
    int how;
    pid_t pid;
    while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
        for (unsigned i = 0; i < s->nchildren; i++)
            if (s->child[i].pid == pid)
                on_death(s, &s->child[i], how);
}

static void on_terminate(struct supervisor *s)
{
    if (s->state == RUNNING)
        begin_drain(s);
    else
        begin_end(s, s->status);
}

/* SIGTERM first: then a death beside it is no accident. */
static void on_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;
    bool died = false;
    while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            on_terminate(s);
        if (info.ssi_signo == SIGHUP)
            s->reload_wanted = true;
        if (info.ssi_signo == SIGCHLD)
            died = true;
    }
    if (died)
        reap(s);
}

static bool any_alive(const struct supervisor *s, unsigned from)
{
    for (unsigned i = from; i < s->nchildren; i++)
        if (s->child[i].pid > 0)
            return true;
    return false;
}

static bool all_ready(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->nchildren; i++)
        if (s->child[i].wanted && !s->child[i].ready)
            return false;
    return true;
}

static void start_due(struct supervisor *s, uint64_t now)
{
    for (unsigned i = 0; i < s->nchildren; i++) {
        struct child *c = &s->child[i];
        if (c->wanted && c->pid == 0 && c->restart_ms <= now)
            supervisor_start(s, c);
    }
}

/* What the state asks for, after each turn of the loop. */
static void step(struct supervisor *s)
{
    uint64_t now = supervisor_now_ms();
    if (s->state == STARTING && all_ready(s)) {
        s->state = RUNNING;
        log_event(LOG_INFO, "ready", LOG_STR("address", s->address),
                  LOG_NUM("ms", clock_ms(CLOCK_REALTIME) - s->config.start_ms));
        supervisor_say_ready(s);
    }
    if (s->state <= RUNNING)
        start_due(s, now);
    if (s->state == RUNNING && s->reload_wanted) {
        s->reload_wanted = false;
        supervisor_reload(s);
    }
    if (s->state == RUNNING)
        supervisor_reload_step(s);
    if (s->state == DRAINING && !any_alive(s, 2))
        begin_end(s, 0);
    if (s->state == DRAINING && now >= s->deadline_ms) {
        log_event(LOG_WARN, "drain_timeout",
                  LOG_NUM("timeout_ms", s->config.drain_timeout));
        begin_end(s, 0);
    }
    if (s->state == ENDING && now >= s->deadline_ms)
        kill_all(s, 0);
}

/* Milliseconds until step has something to do by the clock, -1: never. */
static int patience(const struct supervisor *s)
{
    uint64_t now = supervisor_now_ms(), next = UINT64_MAX;
    if (s->state >= DRAINING)
        next = s->deadline_ms;
    if (s->state == ENDING && now >= next)
        next = now + ENDING_MS; /* what was killed is about to be reaped */
    for (unsigned i = 0; i < s->nchildren; i++) {
        const struct child *c = &s->child[i];
        if (c->wanted && c->pid == 0 && c->restart_ms < next)
            next = c->restart_ms;
    }
    if (next == UINT64_MAX)
        return -1;
    return next <= now ? 0 : next - now > 60000 ? 60000 : (int)(next - now);
}

static void wait_and_hear(struct supervisor *s)
{
    static struct pollfd fds[1 + sizeof(s->child) / sizeof(s->child[0])];
    fds[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    for (unsigned i = 0; i < s->nchildren; i++) {
        const struct child *c = &s->child[i];
        short events = c->nletters ? POLLIN | POLLOUT : POLLIN;
        fds[1 + i] = (struct pollfd){.fd = c->control, .events = events};
    }
    if (poll(fds, 1 + s->nchildren, patience(s)) < 0)
        return;
    for (unsigned i = 0; i < s->nchildren; i++) {
        struct child *c = &s->child[i];
        if (fds[1 + i].revents & POLLOUT && c->control >= 0)
            child_flush(c);
        if (fds[1 + i].revents & ~POLLOUT && c->control >= 0)
            hear(s, c);
    }
    if (fds[0].revents)
        on_signals(s);
}

static void log_start(const struct supervisor *s)
{
    const struct config *c = &s->config;
    log_event(LOG_INFO, "start", LOG_STR("version", aver_version),
              LOG_STR("commit", aver_commit),
              LOG_STR("engine", c->engine.item[0]),
              LOG_NUM("workers", c->workers), LOG_NUM("tokens", c->ntokens),
              LOG_STR("config", c->file ? c->file : "none"));
    for (unsigned i = 0; i < c->nlisteners; i++)
        log_event(LOG_INFO, "listening", LOG_STR("url", c->listener_url[i]),
                  LOG_STR("serves",
                          (int)i == c->metrics_listener ? "metrics" : "all"));
    config_log_aliases(c);
    if (!c->ntokens)
        log_event(LOG_WARN, "open",
                  LOG_STR("note", "no tokens: everybody is served"));
}

static int run(struct supervisor *s)
{
    struct aver_error err;
    s->config.start_ms = clock_ms(CLOCK_REALTIME);
    harden_name("aver");
    log_setup((enum log_level)s->config.log_level, s->config.log_json,
              "supervisor");
    if (supervisor_setup(s, &err) != 0) {
        fprintf(stderr, "aver: %s\n", err.text);
        s->status = config_status(&err);
    } else {
        log_start(s);
        start_due(s, supervisor_now_ms());
        while (s->state != ENDING || any_alive(s, 0)) {
            wait_and_hear(s);
            step(s);
        }
    }
    for (unsigned i = 0; i < s->config.nlisteners; i++)
        listen_unlink(s->config.listener_url[i]);
    return s->status;
}

int serve_main(int argc, char **argv)
{
    struct aver_error err;
    enum config_action action;
    struct supervisor *s = calloc(1, sizeof(*s));
    if (!s) {
        fputs("aver: out of memory\n", stderr);
        return 3;
    }
    s->argc = argc;
    s->argv = argv;
    int status = 0;
    if (config_read(&s->config, argc, argv, NULL, &action, &err) != 0) {
        fprintf(stderr, "aver: %s\n", err.text);
        status = config_status(&err);
    } else if (action == CONFIG_HELP) {
        config_help();
    } else if (action == CONFIG_PRINT) {
        config_print(&s->config);
    } else {
        status = run(s);
    }
    config_free(&s->config);
    free(s);
    return status;
}
