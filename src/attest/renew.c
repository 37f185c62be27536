/* SPDX-License-Identifier: Apache-2.0
 *
 * renew: its life is told by its standard error: the end of that is its end,
 * and what stands there is why it failed. */
#include "attest/renew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void renew_init(struct renew *r)
{
    r->pid = -1;
    r->fd = -1;
    r->not_before_ms = 0;
    r->failures = 0;
}

static bool asks(const struct renew *r)
{
    return r->from != NULL || r->gpu_from != NULL;
}

bool renew_wanted(const struct renew *r, int64_t until, int64_t due,
                  int64_t now, uint64_t now_ms)
{
    if (!asks(r) || r->pid >= 0 || now_ms < r->not_before_ms)
        return false;
    return until == 0 || now >= due;
}

uint64_t renew_next_ms(const struct renew *r, uint64_t now_ms)
{
    if (!asks(r))
        return UINT64_MAX;
    if (r->pid >= 0)
        return r->deadline_ms;
    return r->not_before_ms > now_ms ? r->not_before_ms : UINT64_MAX;
}

static uint64_t pause_ms(unsigned failures)
{
    uint64_t ms = RENEW_AGAIN_MS;

    while (failures-- > 1 && ms < RENEW_AGAIN_MAX)
        ms *= 2;
    return ms < RENEW_AGAIN_MAX ? ms : RENEW_AGAIN_MAX;
}

static void failed(struct renew *r, uint64_t now_ms,
                   struct renew_result *result, const char *why)
{
    r->failures++;
    *result = (struct renew_result){.again_ms = pause_ms(r->failures)};
    snprintf(result->text, sizeof(result->text), "%s", why);
    r->not_before_ms = now_ms + result->again_ms;
}

/* A word of the command line; argv is not written to. */
static char *word(const char *text)
{
    return (char *)(uintptr_t)text;
}

#define ARGS_MAX 20

static void command(const struct renew *r, char *argv[static ARGS_MAX])
{
    bool intel = r->from == NULL || strcmp(r->from, "intel") == 0;
    bool nvidia = r->gpu_from == NULL || strcmp(r->gpu_from, "nvidia") == 0;
    /* Pairs of an option and its value; without value it is left out. */
    const char *const options[][2] = {
        {"--cache", r->folder},
        {"--only", r->gpu_from == NULL ? "cpu"
                   : r->from == NULL   ? "gpu"
                                       : NULL},
        {"--pccs", intel ? NULL : r->from},
        {"--rim-service", nvidia ? NULL : r->gpu_from},
        {"--ocsp-service", nvidia ? NULL : r->gpu_from},
        {"--trust", r->simulated ? "simulator" : NULL},
    };
    int n = 0;

    argv[n++] = word("aver");
    argv[n++] = word("endorse");
    argv[n++] = word("--quiet");
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (options[i][1] == NULL)
            continue;
        argv[n++] = word(options[i][0]);
        argv[n++] = word(options[i][1]);
    }
    argv[n++] = word("-");
    argv[n] = NULL;
}

/* In the new process: the subject on standard input, and nothing of ours. */
static _Noreturn void become(const struct renew *r, int subject_fd,
                             int error_fd, pid_t parent)
{
    char *argv[ARGS_MAX];
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    command(r, argv);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
        null < 0 || dup2(subject_fd, 0) < 0 || dup2(null, 1) < 0 ||
        dup2(error_fd, 2) < 0)
        _exit(3);
    closefrom(3);
    execve(r->program != NULL ? r->program : "/proc/self/exe", argv, environ);
    dprintf(2, "aver: cannot run aver endorse: %s\n", strerror(errno));
    _exit(3);
}

int renew_start(struct renew *r, int subject_fd, uint64_t now_ms,
                struct renew_result *result)
{
    pid_t parent = getpid();
    int fd[2];

    if (lseek(subject_fd, 0, SEEK_SET) != 0 || pipe2(fd, O_CLOEXEC) != 0) {
        failed(r, now_ms, result, strerror(errno));
        return -1;
    }
    pid_t pid = fcntl(fd[0], F_SETFL, O_NONBLOCK) == 0 ? fork() : -1;
    if (pid == 0)
        become(r, subject_fd, fd[1], parent);
    close(fd[1]);
    if (pid < 0) {
        failed(r, now_ms, result, strerror(errno));
        close(fd[0]);
        return -1;
    }
    r->pid = pid;
    r->fd = fd[0];
    r->deadline_ms = now_ms + RENEW_LIMIT_MS;
    r->said_n = 0;
    return 0;
}

/* Keeps the last line that has something in it. */
static const char *sentence(struct renew *r)
{
    char *line;

    while (r->said_n > 0 && r->said[r->said_n - 1] == '\n')
        r->said_n--;
    r->said[r->said_n] = '\0';
    line = strrchr(r->said, '\n');
    line = line != NULL ? line + 1 : r->said;
    return strncmp(line, "aver: ", 6) == 0 ? line + 6 : line;
}

/* Nothing of it lives on. Its status as waitpid tells it. */
static int bury(struct renew *r)
{
    int status = -1;

    kill(r->pid, SIGKILL); /* if it only closed its standard error */
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(r->fd);
    r->pid = -1;
    r->fd = -1;
    return status;
}

static void end(struct renew *r, uint64_t now_ms, struct renew_result *result)
{
    int status = bury(r);
    const char *said = sentence(r);
    char text[64];

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        r->failures = 0;
        r->not_before_ms = now_ms + RENEW_PAUSE_MS;
        *result = (struct renew_result){.ok = true};
        return;
    }
    snprintf(text, sizeof(text), "aver endorse ended with %s %d",
             WIFSIGNALED(status) ? "signal" : "status",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    failed(r, now_ms, result, said[0] != '\0' ? said : text);
}

bool renew_read(struct renew *r, uint64_t now_ms, struct renew_result *result)
{
    char piece[512];
    ssize_t n = read(r->fd, piece, sizeof(piece));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n > 0) {
        size_t room = sizeof(r->said) - 1 - r->said_n;
        size_t some = (size_t)n < room ? (size_t)n : room;

        memcpy(r->said + r->said_n, piece, some);
        r->said_n += some;
        return false;
    }
    end(r, now_ms, result);
    return true;
}

bool renew_overrun(struct renew *r, uint64_t now_ms,
                   struct renew_result *result)
{
    char text[64];

    if (r->pid < 0 || now_ms < r->deadline_ms)
        return false;
    bury(r);
    snprintf(text, sizeof(text), "aver endorse took more than %d s",
             RENEW_LIMIT_MS / 1000);
    failed(r, now_ms, result, text);
    return true;
}

void renew_stop(struct renew *r)
{
    if (r->pid >= 0)
        bury(r);
}
