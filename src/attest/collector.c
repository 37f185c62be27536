/* SPDX-License-Identifier: Apache-2.0
 *
 * collector: both ends of the pair between the attester and its child. */
#include "attest/collector.h"

#include "net/channel.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_STEP_MS 10000 /* until the first step is told */
#define STEP_MAX_MS 120000
#define DYING_MAX 4
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

enum packet_type { COLLECT_JOB = 192, COLLECT_STEP, COLLECT_DONE };

struct job_packet {
    uint32_t version, type;
    struct collector_job job;
};

struct note_packet {
    uint32_t version, type;
    uint32_t status;   /* DONE: enum attest_status */
    uint32_t limit_ms; /* STEP */
    uint64_t size;     /* DONE: bytes in the memfd */
    char text[400];    /* DONE: NUL-terminated */
};

/* --- the child --- */

static void tell(int fd, const struct note_packet *note, int pass)
{
    if (channel_send(fd, note, sizeof(*note), pass) != 0)
        _exit(1);
}

static void tell_step(void *ctx, int limit_ms)
{
    struct note_packet note = {.version = CHANNEL_VERSION,
                               .type = COLLECT_STEP,
                               .limit_ms = (uint32_t)limit_ms};

    tell(*(int *)ctx, &note, -1);
}

/* The report as a memfd that nobody can change any more. */
static int seal(const struct aver_buf *report)
{
    int fd = memfd_create("aver-report", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t done = 0;

    while (fd >= 0 && done < report->n) {
        ssize_t n = write(fd, report->p + done, report->n - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            break;
    }
    if (fd >= 0 && (done < report->n || fcntl(fd, F_ADD_SEALS, SEALS) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void do_job(const struct collector *c, const struct collector_job *job,
                   int fd)
{
    struct note_packet note = {.version = CHANNEL_VERSION,
                               .type = COLLECT_DONE};
    struct aver_error err = {0};
    struct aver_buf report;
    int sealed = -1;

    aver_buf_init(&report, REPORT_MAX);
    note.status = attest_report(c->backends, c->config, &job->who, job->algo,
                                job->layout, job->nonce, &report, &err);
    if (note.status == ATTEST_OK) {
        note.size = report.n;
        sealed = seal(&report);
        if (sealed < 0) {
            note.status = ATTEST_WRONG;
            note.size = 0;
            aver_fail(&err, AVER_EIO, "memfd: %s", strerror(errno));
        }
    }
    snprintf(note.text, sizeof(note.text), "%s", err.text);
    tell(fd, &note, sealed);
    if (sealed >= 0)
        close(sealed);
    aver_buf_clear(&report);
}

static _Noreturn void child(struct collector *c, int fd, pid_t parent)
{
    struct job_packet packet;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    c->shed(c->ctx);
    c->backends->on_step = tell_step;
    c->backends->ctx = &fd;
    for (;;) {
        ssize_t n = channel_recv(fd, &packet, sizeof(packet), NULL, true);
        if (n != (ssize_t)sizeof(packet) || packet.version != CHANNEL_VERSION ||
            packet.type != COLLECT_JOB)
            _exit(n == 0 ? 0 : 1);
        do_job(c, &packet.job, fd);
    }
}

/* --- the attester --- */

void collector_init(struct collector *c)
{
    c->fd = -1;
    c->pid = -1;
    c->busy = false;
    c->dying = 0;
}

static void reap(struct collector *c)
{
    while (c->dying > 0 && waitpid(-1, NULL, WNOHANG) > 0)
        c->dying--;
}

void collector_stop(struct collector *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    kill(c->pid, SIGKILL);
    c->fd = -1;
    c->pid = -1;
    c->busy = false;
    c->dying++;
    reap(c);
}

static int spawn(struct collector *c, struct aver_error *err)
{
    int fd[2];
    pid_t parent = getpid();

    reap(c);
    /* A call that hangs in the kernel cannot be killed. */
    if (c->dying >= DYING_MAX)
        return aver_fail(err, AVER_EABSENT, "%u collectors hang in the kernel",
                         c->dying);
    if (channel_pair(fd, err) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(fd[0]);
        child(c, fd[1], parent);
    }
    close(fd[1]);
    if (pid < 0) {
        close(fd[0]);
        return aver_fail(err, AVER_EABSENT, "fork: %s", strerror(errno));
    }
    c->fd = fd[0];
    c->pid = pid;
    return 0;
}

int collector_start(struct collector *c, const struct collector_job *job,
                    uint64_t now_ms, struct aver_error *err)
{
    struct job_packet packet = {
        .version = CHANNEL_VERSION, .type = COLLECT_JOB, .job = *job};

    assert(!c->busy);
    if (c->fd < 0 && spawn(c, err) != 0)
        return -1;
    if (channel_send(c->fd, &packet, sizeof(packet), -1) != 0) {
        collector_stop(c); /* it died while it had nothing to do */
        if (spawn(c, err) != 0)
            return -1;
        if (channel_send(c->fd, &packet, sizeof(packet), -1) != 0)
            return aver_fail(err, AVER_EIO, "collector takes no job");
    }
    c->busy = true;
    c->deadline_ms = now_ms + FIRST_STEP_MS + COLLECTOR_GRACE_MS;
    return 0;
}

/* The child has read answers from outside: its word is checked. */
static bool is_report(int fd, uint64_t size)
{
    struct stat st;

    return fd >= 0 && size > 0 && size <= REPORT_MAX && fstat(fd, &st) == 0 &&
           S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
           (fcntl(fd, F_GET_SEALS) & SEALS) == SEALS;
}

static bool ended(struct collector *c, struct collector_result *result,
                  enum attest_status status, const char *text)
{
    collector_stop(c);
    *result = (struct collector_result){.status = status, .fd = -1};
    snprintf(result->text, sizeof(result->text), "%s", text);
    return true;
}

static bool take_done(struct collector *c, struct note_packet *note, int fd,
                      struct collector_result *result)
{
    bool ok = note->status == ATTEST_OK;

    note->text[sizeof(note->text) - 1] = '\0';
    if (note->status > ATTEST_NO_NOTARY || ok != is_report(fd, note->size)) {
        if (fd >= 0)
            close(fd);
        return ended(c, result, ATTEST_WRONG, "collector talks nonsense");
    }
    c->busy = false;
    *result = (struct collector_result){
        .status = note->status, .fd = fd, .size = note->size};
    memcpy(result->text, note->text, sizeof(result->text));
    return true;
}

bool collector_read(struct collector *c, uint64_t now_ms,
                    struct collector_result *result)
{
    struct note_packet note;
    bool was_busy = c->busy;
    int fd = -1;
    ssize_t n = channel_recv(c->fd, &note, sizeof(note), &fd, false);

    if (n < 0 && errno == EAGAIN)
        return false;
    if (n == (ssize_t)sizeof(note) && note.version == CHANNEL_VERSION &&
        was_busy) {
        if (note.type == COLLECT_DONE)
            return take_done(c, &note, fd, result);
        if (note.type == COLLECT_STEP && fd < 0) {
            uint32_t limit =
                note.limit_ms < STEP_MAX_MS ? note.limit_ms : STEP_MAX_MS;
            c->deadline_ms = now_ms + limit + COLLECTOR_GRACE_MS;
            return false;
        }
    }
    if (fd >= 0)
        close(fd);
    ended(c, result, ATTEST_WRONG, "collector died");
    return was_busy;
}

bool collector_overrun(struct collector *c, uint64_t now_ms,
                       struct collector_result *result)
{
    if (!c->busy || now_ms < c->deadline_ms)
        return false;
    return ended(c, result, ATTEST_SLOW, "collector was too slow, and killed");
}
