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
#include <time.h>
#include <unistd.h>

#define FIRST_STEP_MS 10000 /* until the first step is told */
#define STEP_MAX_MS 600000
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

enum packet_type {
    COLLECT_JOB = 192,
    COLLECT_LOOK, /* the subject rides along */
    COLLECT_STEP,
    COLLECT_DONE,
    COLLECT_SUBJECT, /* of a new kind; it rides along */
    COLLECT_ENDORSED,
    COLLECT_GPU,
};

struct job_packet {
    uint32_t version, type;
    struct collector_job job;
};

struct note_packet {
    uint32_t version, type;
    uint32_t status;    /* DONE: enum attest_status */
    uint32_t step;      /* STEP: enum attest_step */
    uint32_t limit_ms;  /* STEP */
    uint64_t size;      /* DONE and SUBJECT: bytes in the memfd */
    int64_t until, due; /* ENDORSED */
    struct gpu_status gpu;
    char text[400]; /* DONE, ENDORSED and GPU: NUL-terminated */
};

const char *const collector_steps[ATTEST_STEPS] = {
    [ATTEST_STEP_NONE] = "start",
    [ATTEST_STEP_CPU] = "cpu",
    [ATTEST_STEP_GPU] = "gpu",
    [ATTEST_STEP_ENDORSEMENTS] = "endorsements",
};

/* --- the child --- */

static void tell(int fd, const struct note_packet *note, int pass)
{
    if (channel_send(fd, note, sizeof(*note), pass) != 0)
        _exit(1);
}

struct collecting {
    int fd;
    const struct holding *holding;
    bool told; /* of a subject of this kind */
    uint8_t kind[32];
};

static void tell_step(void *ctx, enum attest_step step, int limit_ms)
{
    const struct collecting *own = ctx;
    struct note_packet note = {.version = CHANNEL_VERSION,
                               .type = COLLECT_STEP,
                               .step = step,
                               .limit_ms = (uint32_t)limit_ms};

    tell(own->fd, &note, -1);
}

static void tell_gpu(void *ctx, const struct gpu_status *status,
                     const char *why)
{
    const struct collecting *own = ctx;
    struct note_packet note = {
        .version = CHANNEL_VERSION, .type = COLLECT_GPU, .gpu = *status};

    snprintf(note.text, sizeof(note.text), "%s", why);
    tell(own->fd, &note, -1);
}

static void tell_endorsements(void *ctx, const struct holding *h)
{
    const struct collecting *own = ctx;
    struct note_packet note = {.version = CHANNEL_VERSION,
                               .type = COLLECT_ENDORSED,
                               .until = h->until,
                               .due = h->due};

    snprintf(note.text, sizeof(note.text), "%.399s", h->reason);
    tell(own->fd, &note, -1);
}

/* Bytes as a memfd that nobody can change any more. */
static int seal(struct aver_bytes b)
{
    int fd = memfd_create("aver-report", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t done = 0;

    while (fd >= 0 && done < b.n) {
        ssize_t n = write(fd, b.p + done, b.n - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            break;
    }
    if (fd >= 0 && (done < b.n || fcntl(fd, F_ADD_SEALS, SEALS) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Endorsements are for a kind of platform, and for these GPUs: one subject of
 * it is enough. */
static void tell_subject(void *ctx, struct aver_bytes subject)
{
    struct collecting *own = ctx;
    struct note_packet note = {
        .version = CHANNEL_VERSION, .type = COLLECT_SUBJECT, .size = subject.n};
    uint8_t kind[32];

    if (!own->holding || !holding_configured(own->holding) ||
        holding_kind(kind, subject) != 0 ||
        (own->told && memcmp(own->kind, kind, sizeof(kind)) == 0))
        return;
    int fd = seal(subject);
    if (fd < 0)
        return;
    tell(own->fd, &note, fd);
    close(fd);
    own->told = true;
    memcpy(own->kind, kind, sizeof(kind));
}

/* -1: it is none. Closes `fd`. */
static int read_subject(struct aver_buf *out, int fd)
{
    struct stat st;
    ssize_t n = -1;

    if (fstat(fd, &st) == 0 && st.st_size > 0 &&
        st.st_size <= (off_t)HOLDING_SUBJECT_MAX &&
        aver_buf_reserve(out, (size_t)st.st_size) == 0)
        n = pread(fd, out->p, (size_t)st.st_size, 0);
    close(fd);
    if (n < 0)
        return -1;
    out->n = (size_t)n;
    return 0;
}

static void do_look(struct collecting *own, struct holding *h, int subject_fd)
{
    struct aver_buf subject;

    aver_buf_init(&subject, HOLDING_SUBJECT_MAX);
    if (read_subject(&subject, subject_fd) != 0)
        _exit(1);
    tell_step(own, ATTEST_STEP_ENDORSEMENTS, HELD_LIMIT_MS);
    holding_for(h, aver_buf_view(&subject), (int64_t)time(NULL));
    tell_endorsements(own, h);
    aver_buf_clear(&subject);
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
    note.status =
        attest_report(c->backends, c->config, &job->who, job->algo, job->layout,
                      job->endorsements, job->nonce, &report, &err);
    if (note.status == ATTEST_OK) {
        note.size = report.n;
        sealed = seal(aver_buf_view(&report));
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
    struct collecting own = {.fd = fd, .holding = c->backends->holding};
    struct job_packet packet;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    if (c->shed)
        c->shed(c->ctx);
    if (c->subject_fd >= 0)
        close(c->subject_fd);
    c->backends->on_step = tell_step;
    c->backends->on_gpu = tell_gpu;
    c->backends->on_subject = tell_subject;
    c->backends->on_endorsements = tell_endorsements;
    c->backends->ctx = &own;
    for (;;) {
        int subject = -1;
        ssize_t n = channel_recv(fd, &packet, sizeof(packet), &subject, true);
        if (n != (ssize_t)sizeof(packet) || packet.version != CHANNEL_VERSION)
            _exit(n == 0 ? 0 : 1);
        if (packet.type == COLLECT_JOB && subject < 0)
            do_job(c, &packet.job, fd);
        else if (packet.type == COLLECT_LOOK && subject >= 0 && own.holding)
            do_look(&own, c->backends->holding, subject);
        else
            _exit(1);
    }
}

/* --- the attester --- */

void collector_init(struct collector *c)
{
    c->fd = -1;
    c->pid = -1;
    c->busy = c->looking = c->new_subject = c->new_news = c->new_gpu = false;
    c->step = ATTEST_STEP_NONE;
    c->gpu = c->backends->gpu_status;
    c->subject_fd = -1;
    c->ndying = 0;
}

static void reap(struct collector *c)
{
    for (unsigned i = c->ndying; i-- > 0;)
        if (waitpid(c->dying[i], NULL, WNOHANG) != 0)
            c->dying[i] = c->dying[--c->ndying];
}

void collector_stop(struct collector *c)
{
    if (c->fd < 0)
        return;
    pid_t pid = c->pid;

    close(c->fd);
    kill(pid, SIGKILL);
    c->fd = -1;
    c->pid = -1;
    c->busy = false;
    c->dying[c->ndying++] = pid;
    reap(c);
}

static int spawn(struct collector *c, struct aver_error *err)
{
    int fd[2];
    pid_t parent = getpid();

    reap(c);
    /* A call that hangs in the kernel cannot be killed. */
    if (c->ndying >= COLLECTOR_DYING_MAX)
        return aver_fail(err, AVER_EABSENT, "%u collectors hang in the kernel",
                         c->ndying);
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

static void begin_step(struct collector *c, enum attest_step step,
                       uint32_t limit_ms, uint64_t now_ms)
{
    c->step = step;
    c->limit_ms = limit_ms < STEP_MAX_MS ? limit_ms : STEP_MAX_MS;
    c->deadline_ms = now_ms + c->limit_ms + COLLECTOR_GRACE_MS;
    c->slow_ms = now_ms + (uint64_t)attest_slow_ms((int)c->limit_ms);
}

static int give(struct collector *c, const struct job_packet *packet, int pass,
                uint64_t now_ms, struct aver_error *err)
{
    assert(!c->busy);
    if (c->fd < 0 && spawn(c, err) != 0)
        return -1;
    if (channel_send(c->fd, packet, sizeof(*packet), pass) != 0) {
        collector_stop(c); /* it died while it had nothing to do */
        if (spawn(c, err) != 0)
            return -1;
        if (channel_send(c->fd, packet, sizeof(*packet), pass) != 0)
            return aver_fail(err, AVER_EIO, "collector takes no job");
    }
    c->busy = true;
    c->looking = packet->type == COLLECT_LOOK;
    begin_step(c, ATTEST_STEP_NONE, FIRST_STEP_MS, now_ms);
    return 0;
}

int collector_start(struct collector *c, const struct collector_job *job,
                    uint64_t now_ms, struct aver_error *err)
{
    struct job_packet packet = {
        .version = CHANNEL_VERSION, .type = COLLECT_JOB, .job = *job};

    return give(c, &packet, -1, now_ms, err);
}

int collector_look(struct collector *c, uint64_t now_ms, struct aver_error *err)
{
    struct job_packet packet = {.version = CHANNEL_VERSION,
                                .type = COLLECT_LOOK};

    return give(c, &packet, c->subject_fd, now_ms, err);
}

/* The child has read answers from outside: its word is checked. */
static bool is_sealed(int fd, uint64_t size, uint64_t max)
{
    struct stat st;

    return fd >= 0 && size > 0 && size <= max && fstat(fd, &st) == 0 &&
           S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
           (fcntl(fd, F_GET_SEALS) & SEALS) == SEALS;
}

static void take_news(struct collector *c, int64_t until, int64_t due,
                      const char *why)
{
    c->news = (struct collector_news){.until = until, .due = due};
    snprintf(c->news.why, sizeof(c->news.why), "%s", why);
    c->new_news = true;
}

static void take_gpu(struct collector *c, const struct gpu_status *status,
                     const char *why)
{
    c->gpu = *status;
    snprintf(c->gpu_why, sizeof(c->gpu_why), "%s", why);
    c->new_gpu = true;
}

/* Whose fault it is that the child is gone. */
static const char *const parties[ATTEST_STEPS] = {
    [ATTEST_STEP_NONE] = "start",
    [ATTEST_STEP_CPU] = "CPU evidence",
    [ATTEST_STEP_GPU] = "GPU driver",
    [ATTEST_STEP_ENDORSEMENTS] = "endorsements",
};

/* The child went down with the GPUs' driver. */
static void blame_gpu(struct collector *c, enum attest_status status,
                      const char *text)
{
    struct gpu_status gpu = c->gpu;

    gpu.state = status == ATTEST_SLOW ? GPU_HANGS : GPU_CRASHED;
    gpu.error = 0;
    take_gpu(c, &gpu, text);
}

/* With the child gone, a look has found nothing. True for a report's job. */
static bool ended(struct collector *c, struct collector_result *result,
                  enum attest_status status, const char *what)
{
    bool looking = c->looking;
    char text[200];

    snprintf(text, sizeof(text), "%s: %s", parties[c->step], what);
    if (c->busy && !looking && c->step == ATTEST_STEP_GPU)
        blame_gpu(c, status, text);
    collector_stop(c);
    c->looking = false;
    if (looking) {
        take_news(c, 0, 0, text);
        return false;
    }
    *result = (struct collector_result){.status = status, .fd = -1};
    snprintf(result->text, sizeof(result->text), "%s", text);
    return true;
}

static bool take_done(struct collector *c, struct note_packet *note, int fd,
                      struct collector_result *result)
{
    bool ok = note->status == ATTEST_OK;

    note->text[sizeof(note->text) - 1] = '\0';
    if (note->status > ATTEST_NO_NOTARY || c->looking ||
        ok != is_sealed(fd, note->size, REPORT_MAX)) {
        if (fd >= 0)
            close(fd);
        return ended(c, result, ATTEST_WRONG, "collector talks nonsense");
    }
    c->busy = false;
    *result = (struct collector_result){
        .status = note->status, .fd = fd, .size = note->size};
    memcpy(result->text, note->text, sizeof(result->text));
    if (!ok && gpu_state_failed(c->gpu.state))
        collector_stop(c);
    return true;
}

static void take_subject(struct collector *c, int fd)
{
    if (c->subject_fd >= 0)
        close(c->subject_fd);
    c->subject_fd = fd;
    c->new_subject = true;
}

/* A note beside the report; false if there is no such note. */
static bool take_note(struct collector *c, struct note_packet *note, int fd,
                      uint64_t now_ms)
{
    if (note->type == COLLECT_SUBJECT &&
        is_sealed(fd, note->size, HOLDING_SUBJECT_MAX)) {
        take_subject(c, fd);
        return true;
    }
    if (fd >= 0)
        return false;
    if (note->type == COLLECT_STEP && note->step < ATTEST_STEPS) {
        begin_step(c, (enum attest_step)note->step, note->limit_ms, now_ms);
        return true;
    }
    if (note->type == COLLECT_GPU && gpu_status_ok(&note->gpu)) {
        note->text[sizeof(note->text) - 1] = '\0';
        take_gpu(c, &note->gpu, note->text);
        return true;
    }
    if (note->type != COLLECT_ENDORSED || note->until < 0)
        return false;
    note->text[sizeof(note->text) - 1] = '\0';
    take_news(c, note->until, note->due, note->text);
    if (c->looking)
        c->busy = c->looking = false;
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
        if (take_note(c, &note, fd, now_ms))
            return false;
    }
    if (fd >= 0)
        close(fd);
    return ended(c, result, ATTEST_WRONG, "collector died") && was_busy;
}

bool collector_slow(struct collector *c, uint64_t now_ms)
{
    if (!c->busy || now_ms < c->slow_ms)
        return false;
    c->slow_ms = UINT64_MAX;
    return true;
}

bool collector_overrun(struct collector *c, uint64_t now_ms,
                       struct collector_result *result)
{
    char what[64];

    if (!c->busy || now_ms < c->deadline_ms)
        return false;
    snprintf(what, sizeof(what), "no answer in %u ms, collector killed",
             (unsigned)c->limit_ms);
    return ended(c, result, ATTEST_SLOW, what);
}
