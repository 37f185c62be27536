/* SPDX-License-Identifier: Apache-2.0
 *
 * child: fork, exec of this very program (/proc/self/exe is the inode that
 * runs, whatever has been installed over it), and the control pair. A child
 * starts in a session of its own, so that Ctrl-C and signals to the process
 * group reach the supervisor alone; with an environment that holds nothing of
 * ours; and with the descriptors of net/channel.h and no others. */
#include "serve/child.h"

#include "net/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LETTERS_MAX 4096
#define LIVED_MS 10000 /* a death after this long is no crash at start */
#define PAUSE_MAX_MS 5000u

static const char *const role_names[] = {"notary", "attester", "worker"};

const char *child_role_name(const struct child *c)
{
    return role_names[c->role];
}

int child_fd_up(int fd)
{
    int up = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD_MIN);
    int why = errno;
    close(fd);
    errno = why;
    return up;
}

/* What a role may inherit: where its libraries are, and what a sanitizer is
 * told to do. No setting, no secret. */
static const char *const kept[] = {"LD_LIBRARY_PATH", "ASAN_OPTIONS",
                                   "UBSAN_OPTIONS", "LSAN_OPTIONS"};
#define NKEPT (sizeof(kept) / sizeof(kept[0]))

static void clean_environment(char *out[static NKEPT + 1])
{
    size_t n = 0;
    for (char **e = environ; *e; e++)
        for (size_t i = 0; i < NKEPT && n < NKEPT; i++)
            if (strncmp(*e, kept[i], strlen(kept[i])) == 0 &&
                (*e)[strlen(kept[i])] == '=')
                out[n++] = *e;
    out[n] = NULL;
}

/* Puts descriptors where the role expects them; closes all others. */
static int settle(const struct child *c, const struct child_estate *e,
                  int control)
{
    int last = ROLE_CONFIG_FD;
    if (dup2(e->null_fd, 0) < 0 || dup2(e->null_fd, 1) < 0 ||
        dup2(control, ROLE_CONTROL_FD) < 0 ||
        dup2(e->config_fd, ROLE_CONFIG_FD) < 0)
        return -1;
    if (c->role == CHILD_WORKER) {
        if (dup2(e->metrics_fd, ROLE_METRICS_FD) < 0)
            return -1;
        for (unsigned i = 0; i < e->nlisteners; i++)
            if (dup2(e->listen_fd[i], ROLE_LISTEN_FD + (int)i) < 0)
                return -1;
        last = ROLE_LISTEN_FD + (int)e->nlisteners - 1;
    }
    closefrom(last + 1);
    return 0;
}

/* In the new process. What stops or reloads the service is the supervisor's to
 * hear, also where a service manager signals every process of ours. */
__attribute__((noreturn)) static void become(const struct child *c,
                                             const struct child_estate *e,
                                             int control, uint64_t number,
                                             pid_t parent)
{
    char title[32], digits[24], *environment[NKEPT + 1];
    sigset_t none;
    snprintf(title, sizeof(title), "aver-%s", child_role_name(c));
    snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char role[16];
    snprintf(role, sizeof(role), "%s", child_role_name(c));
    char flag[] = "--role";
    char *const argv[] = {title, flag, role, digits, NULL};
    setsid();
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    clean_environment(environment);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
        settle(c, e, control) == 0)
        execve("/proc/self/exe", argv, environment);
    log_event(LOG_ERROR, "role_not_started", LOG_STR("role", role),
              LOG_STR("error", strerror(errno)));
    _exit(3);
}

int child_start(struct child *c, const struct child_estate *e, uint64_t number,
                uint64_t now_ms, struct aver_error *err)
{
    int pair[2];
    pid_t parent = getpid();
    if (channel_pair(pair, err) != 0)
        return -1;
    int theirs = child_fd_up(pair[1]);
    if (theirs < 0) {
        close(pair[0]);
        return aver_fail(err, AVER_EIO, "cannot hold another descriptor: %s",
                         strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0)
        become(c, e, theirs, number, parent);
    int why = errno;
    close(theirs);
    if (pid < 0) {
        close(pair[0]);
        return aver_fail(err, AVER_EIO, "cannot fork: %s", strerror(why));
    }
    c->pid = pid;
    c->control = pair[0];
    c->started_ms = now_ms;
    c->ready = c->draining = c->failing = false;
    return 0;
}

static bool keep_letter(struct child *c, const struct control *what, int pass)
{
    if (c->nletters == LETTERS_MAX)
        return false;
    if (c->nletters == c->cap) {
        unsigned cap = c->cap ? 2 * c->cap : 16;
        void *more = realloc(c->letters, cap * sizeof(*c->letters));
        if (!more)
            return false;
        c->letters = more;
        c->cap = cap;
    }
    c->letters[c->nletters++] = (struct child_letter){*what, pass};
    return true;
}

void child_tell(struct child *c, const struct control *what, int pass)
{
    int rc = -1; /* a peer that is gone is seen elsewhere */
    if (c->pid > 0 && c->control >= 0) {
        rc = c->nletters ? 1
                         : channel_send(c->control, what, sizeof(*what), pass);
        if (rc == 1 && keep_letter(c, what, pass))
            return;
        if (rc == 1)
            kill(c->pid, SIGKILL);
    }
    if (pass >= 0)
        close(pass);
}

void child_flush(struct child *c)
{
    unsigned sent = 0;
    while (sent < c->nletters) {
        struct child_letter *l = &c->letters[sent];
        if (channel_send(c->control, &l->control, sizeof(l->control),
                         l->pass) == 1)
            break;
        if (l->pass >= 0)
            close(l->pass);
        sent++;
    }
    c->nletters -= sent;
    memmove(c->letters, c->letters + sent, c->nletters * sizeof(*c->letters));
}

void child_buried(struct child *c)
{
    for (unsigned i = 0; i < c->nletters; i++)
        if (c->letters[i].pass >= 0)
            close(c->letters[i].pass);
    free(c->letters);
    c->letters = NULL;
    c->nletters = c->cap = 0;
    if (c->control >= 0)
        close(c->control);
    c->control = -1;
    c->pid = 0;
    c->ready = c->draining = c->failing = false;
}

unsigned child_pause_ms(struct child *c, uint64_t now_ms)
{
    if (now_ms - c->started_ms >= LIVED_MS)
        c->deaths = 0;
    c->deaths++;
    if (c->deaths < 5)
        return 0;
    unsigned doublings = c->deaths - 5;
    unsigned pause = doublings < 5 ? 250u << doublings : PAUSE_MAX_MS;
    return pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS;
}
