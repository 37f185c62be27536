/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml_probe: a child, and what it writes into a pipe. */
#include "attest/nvml_probe.h"

#include "attest/backend.h"
#include "attest/quiet.h"
#include "net/log.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLED_MS 1000 /* until what was killed is gone */

/* Confidential computing is off. Where the GPU could do it, that is a mistake
 * to be told; any other GPU counts as none, whatever we do. */
static bool is_capable(const struct nvml_library *l)
{
    struct nvml_cc_capabilities can = {0};
    struct gpu_status s = {0};
    const char *arch;
    void *device;

    if (l->cc_capabilities && l->cc_capabilities(&can) == 0)
        return can.gpus != 0;
    return nvml_open_gpu(l, 0, &device, &arch, &s, NULL) == 0;
}

/* Nothing there, or something broken? */
void nvml_look(struct nvml_probe *p, struct nvml_library *l, const char *path)
{
    struct gpu_status *s = &p->status;
    unsigned count = 0;
    const char *arch;
    void *device;

    if (nvml_start(l, path, s, &p->why) != 0) {
        p->broken = s->state != GPU_NO_LIBRARY && s->state != GPU_OLD_DRIVER &&
                    s->state != GPU_NO_DRIVER;
        return;
    }
    p->broken = 1;
    if (nvml_count(l, &count, s, &p->why) != 0)
        return;
    if (count == 0) {
        p->broken = 0;
        gpu_fail(s, GPU_NO_GPU, 0, &p->why, "NVML finds no GPU");
    } else if (nvml_mode(l, s, &p->why) != 0) {
        p->broken = s->state == GPU_CC_OFF ? is_capable(l)
                                           : s->state != GPU_NOT_SUPPORTED;
    } else {
        p->found = nvml_open_gpu(l, 0, &device, &arch, s, &p->why) == 0;
    }
}

static bool is_readable(int fd, int ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int k;

    do
        k = poll(&wait, 1, ms);
    while (k < 0 && errno == EINTR);
    return k == 1;
}

static void read_probe(int fd, int limit_ms, struct nvml_probe *p)
{
    int slow_ms = attest_slow_ms(limit_ms);
    bool came = is_readable(fd, slow_ms);
    ssize_t n = 0;

    if (!came) {
        log_event(LOG_WARN, "slow", LOG_STR("step", "gpu"),
                  LOG_NUM("ms", slow_ms), LOG_NUM("limit_ms", limit_ms));
        came = is_readable(fd, limit_ms - slow_ms);
    }
    if (came)
        n = read(fd, p, sizeof(*p));
    if (n != (ssize_t)sizeof(*p) || !gpu_status_ok(&p->status)) {
        *p = (struct nvml_probe){.broken = 1};
        gpu_fail(&p->status, came ? GPU_CRASHED : GPU_HANGS, 0, &p->why,
                 came ? "NVML crashes" : "NVML does not answer in %d ms",
                 limit_ms);
    }
    p->why.text[sizeof(p->why.text) - 1] = '\0';
}

/* What hangs in the kernel outlives its killing: it is left alone then. */
static void bury(pid_t pid)
{
    kill(pid, SIGKILL);
    for (int i = 0; i < KILLED_MS && waitpid(pid, NULL, WNOHANG) == 0; i++)
        usleep(1000);
}

int nvml_probe(struct nvml_probe *p, const char *path, int limit_ms,
               struct aver_error *err)
{
    struct nvml_library library = {0};
    int fd[2];

    *p = (struct nvml_probe){0};
    if (pipe2(fd, O_CLOEXEC) != 0)
        return aver_fail(err, AVER_EIO, "pipe: %s", strerror(errno));
    fflush(stdout); /* or the child writes it too */
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        /* Should it hang beyond killing, it holds nobody's sockets. */
        if (fd[1] > 3)
            close_range(3, (unsigned)fd[1] - 1, 0);
        close_range((unsigned)fd[1] + 1, ~0u, 0);
        quiet_for_good();
        nvml_look(p, &library, path);
        _exit(write(fd[1], p, sizeof(*p)) == (ssize_t)sizeof(*p) ? 0 : 1);
    }
    close(fd[1]);
    if (pid > 0) {
        read_probe(fd[0], limit_ms, p);
        bury(pid);
    }
    close(fd[0]);
    return pid > 0 ? 0 : aver_fail(err, AVER_EIO, "fork: %s", strerror(errno));
}
