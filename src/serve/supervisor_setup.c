/* SPDX-License-Identifier: Apache-2.0
 *
 * supervisor_setup: what the supervisor makes once, before any role runs: the
 * listeners (shared by all workers), the workers' shared counters, the sealed
 * configuration, the signals. */
#include "serve/supervisor.h"

#include "crypto/x509.h"
#include "net/harden.h"
#include "serve/config_row.h"
#include "serve/listen.h"
#include "serve/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define STORE_MAX ((size_t)1 << 20)

int supervisor_read_identity(struct config *config, struct aver_error *err)
{
    struct aver_buf pem;
    struct aver_error reason;
    config->has_spki = false;
    if (!config->tls_identity)
        return 0;
    aver_buf_init(&pem, (size_t)1 << 20);
    int rc = config_slurp(&pem, config->tls_identity, &reason);
    if (rc != 0)
        rc = aver_fail(err, reason.code, "tls-identity: %.300s", reason.text);
    else if (aver_x509_spki_sha256(config->spki_sha256, aver_buf_view(&pem),
                                   &reason) != 0)
        rc = aver_fail(err, reason.code, "tls-identity: %.150s: %.200s",
                       config->tls_identity, reason.text);
    aver_buf_clear(&pem);
    if (rc != 0)
        return -1;
    config->has_spki = true;
    return 0;
}

/* A descriptor of a role's must not be 0, 1 or 2, and must not go out of
 * numbers: as many as the system allows. */
static int descriptors(struct supervisor *s, struct aver_error *err)
{
    struct rlimit files;
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
    s->estate.null_fd = fd < 0 ? -1 : child_fd_up(fd);
    if (s->estate.null_fd < 0)
        return aver_fail(err, AVER_EIO, "cannot open /dev/null: %s",
                         strerror(errno));
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0)
            log_event(LOG_WARN, "rlimit_nofile",
                      LOG_STR("error", strerror(errno)));
    }
    return 0;
}

static int listener(struct supervisor *s, const char *text,
                    struct aver_error *err)
{
    struct config *c = &s->config;
    struct listen_addr addr;
    char url[LISTEN_URL_MAX];
    int fd;
    if (listen_parse(&addr, text, err) != 0 ||
        listen_bind(&addr, &fd, url, err) != 0)
        return -1;
    fd = child_fd_up(fd);
    if (fd < 0)
        return aver_fail(err, AVER_EIO, "cannot listen on %.100s: %s", text,
                         strerror(errno));
    s->listen_fd[c->nlisteners] = fd;
    c->listener_url[c->nlisteners] = strdup(url);
    if (!c->listener_url[c->nlisteners])
        return aver_fail(err, AVER_EMEM, "out of memory");
    c->nlisteners++;
    s->estate.nlisteners = c->nlisteners;
    return 0;
}

static int listeners(struct supervisor *s, struct aver_error *err)
{
    struct config *c = &s->config;
    c->metrics_listener = -1;
    s->estate.listen_fd = s->listen_fd;
    for (unsigned i = 0; i < c->listen.n; i++)
        if (listener(s, c->listen.item[i], err) != 0)
            return -1;
    if (!c->metrics_listen)
        return 0;
    if (listener(s, c->metrics_listen, err) != 0)
        return -1;
    c->metrics_listener = (int)c->nlisteners - 1;
    return 0;
}

static int memory_fail(const char *what, struct aver_error *err)
{
    return aver_fail(err, AVER_EIO, "cannot make the %s: %s", what,
                     strerror(errno));
}

/* Sealed against shrinking: a worker must not be able to fault the others. */
static int counters(struct supervisor *s, struct aver_error *err)
{
    size_t size = metrics_size(s->config.slots);
    int fd = memfd_create("aver-metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0)
        fd = child_fd_up(fd);
    if (fd < 0)
        return memory_fail("shared counters", err);
    s->estate.metrics_fd = fd;
    void *p = MAP_FAILED;
    if (ftruncate(fd, (off_t)size) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return memory_fail("shared counters", err);
    metrics_init(p, s->config.slots);
    munmap(p, size);
    return 0;
}

static int write_sealed(int fd, struct aver_bytes text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);
        if (n <= 0)
            return -1;
        text = aver_bytes_of(text.p + n, text.n - (size_t)n);
    }
    return fcntl(fd, F_ADD_SEALS,
                 F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int supervisor_publish(struct supervisor *s, struct aver_error *err)
{
    struct aver_buf text;
    aver_buf_init(&text, STORE_MAX);
    if (config_store(&s->config, &text) != 0) {
        aver_buf_wipe(&text);
        return aver_fail(err, AVER_EMEM, "the configuration is too large");
    }
    int fd = memfd_create("aver-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0)
        fd = child_fd_up(fd);
    int rc = fd < 0 ? -1 : write_sealed(fd, aver_buf_view(&text));
    aver_buf_wipe(&text);
    if (rc != 0) {
        memory_fail("configuration's memory", err);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (s->estate.config_fd >= 0)
        close(s->estate.config_fd);
    s->estate.config_fd = fd;
    return 0;
}

static int signals(struct supervisor *s, struct aver_error *err)
{
    static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        signal(wanted[i], SIG_DFL); /* nohup and such ignored them */
        sigaddset(&set, wanted[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN); /* would reopen log files; there are none */
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return memory_fail("signal mask", err);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals < 0 ? memory_fail("signal descriptor", err) : 0;
}

/* As root there must be somebody to become. */
static int check_user(const struct config *c, struct aver_error *err)
{
    uid_t uid;
    gid_t gid;
    return geteuid() == 0 ? harden_find_user(c->user, &uid, &gid, err) : 0;
}

int supervisor_setup(struct supervisor *s, struct aver_error *err)
{
    s->estate.null_fd = s->estate.config_fd = s->estate.metrics_fd = -1;
    s->signals = -1;
    s->config.slots = SUPERVISOR_SLOTS * (unsigned)s->config.workers;
    s->nchildren = 2 + s->config.slots;
    for (unsigned i = 0; i < s->nchildren; i++) {
        s->child[i].role = i < 2 ? (enum child_role)i : CHILD_WORKER;
        s->child[i].slot = i < 2 ? 0 : i - 2;
        s->child[i].control = -1;
        s->child[i].wanted = i < 2 + s->config.workers;
    }
    if (check_user(&s->config, err) != 0 || descriptors(s, err) != 0 ||
        supervisor_read_identity(&s->config, err) != 0 ||
        listeners(s, err) != 0 || counters(s, err) != 0 || signals(s, err) != 0)
        return -1;
    return supervisor_publish(s, err);
}
