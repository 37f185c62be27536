/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml: evidence of every GPU from NVIDIA's driver, through
 * libnvidia-ml.so.1, one call at a time. Calls can hang for good when a GPU is
 * loaded or falls off its bus, so none is made in the attester itself: whether
 * there is a GPU is asked in a child of its own, evidence is made in the
 * collector. The GPUs' ready state is never touched. */
#include "attest/nvml.h"

#include "attest/backend.h"
#include "base/text.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NVML_NO_DRIVER 9
#define NVML_LIBRARY "libnvidia-ml.so.1"

/* State of the backend. The library is loaded and started at the
 * first evidence. */
struct nvml {
    char *path;
    void *library;
    bool started;
    int (*init)(unsigned flags);
    int (*cc_state)(struct nvml_cc_state *);
    int (*count)(unsigned *);
    int (*handle)(unsigned, void **);
    int (*arch)(void *, unsigned *);
    int (*certificate)(void *, struct nvml_certificate *);
    int (*report)(void *, struct nvml_report *);
};

static const struct {
    const char *name;
    size_t at; /* of the pointer in struct nvml */
} symbols[] = {
    {"nvmlInitWithFlags", offsetof(struct nvml, init)},
    {"nvmlSystemGetConfComputeState", offsetof(struct nvml, cc_state)},
    {"nvmlDeviceGetCount_v2", offsetof(struct nvml, count)},
    {"nvmlDeviceGetHandleByIndex_v2", offsetof(struct nvml, handle)},
    {"nvmlDeviceGetArchitecture", offsetof(struct nvml, arch)},
    {"nvmlDeviceGetConfComputeGpuCertificate",
     offsetof(struct nvml, certificate)},
    {"nvmlDeviceGetConfComputeGpuAttestationReport",
     offsetof(struct nvml, report)},
};

static const struct {
    int number;
    enum aver_error_code code;
    const char *text;
} nvml_errors[] = {
    {1, AVER_EABSENT, "not initialised"},
    {3, AVER_EUNSUPPORTED,
     "not supported: confidential computing is off, or "
     "the driver is too old"},
    {4, AVER_EIO, "no permission on /dev/nvidia*"},
    {NVML_NO_DRIVER, AVER_EABSENT, "driver is not loaded"},
    {10, AVER_ETIMEOUT, "driver timed out"},
    {15, AVER_EABSENT, "GPU is lost"},
    {16, AVER_EABSENT, "GPU needs a reset"},
    {17, AVER_EABSENT, "operating system has blocked the device"},
    {18, AVER_EABSENT, "library and kernel module differ: restart"},
    {25, AVER_EUNSUPPORTED, "version of a struct is unknown to the driver"},
    {27, AVER_EABSENT, "GPU is not ready"},
};

static int nvml_fail(struct aver_error *err, const char *call, int number)
{
    for (size_t i = 0; i < sizeof(nvml_errors) / sizeof(*nvml_errors); i++)
        if (nvml_errors[i].number == number)
            return aver_fail(err, nvml_errors[i].code, "NVML %s: %s (%d)", call,
                             nvml_errors[i].text, number);
    return aver_fail(err, AVER_EIO, "NVML %s: error %d", call, number);
}

static const char *dl_reason(void)
{
    const char *text = dlerror();

    return text ? text : "unknown reason";
}

/* Finds the library and what we call of it. */
static int load(struct nvml *n, struct aver_error *err)
{
    void *library = dlopen(n->path, RTLD_NOW | RTLD_LOCAL);

    if (!library)
        return aver_fail(err, AVER_EABSENT, "no NVML: %.300s", dl_reason());
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *p = dlsym(library, symbols[i].name);
        if (!p) {
            dlclose(library);
            return aver_fail(err, AVER_EUNSUPPORTED,
                             "NVML lacks %s: driver is too old",
                             symbols[i].name);
        }
        memcpy((char *)n + symbols[i].at, &p, sizeof(p));
    }
    n->library = library;
    return 0;
}

/* Once; can take seconds. */
static int start(struct nvml *n, struct aver_error *err)
{
    if (n->started)
        return 0;
    if (!n->library && load(n, err) != 0)
        return -1;
    int e = n->init(0);
    if (e != 0)
        return nvml_fail(err, "init", e);
    n->started = true;
    return 0;
}

static const char *arch_name(unsigned arch)
{
    if (arch == NVML_HOPPER)
        return "HOPPER";
    return arch == NVML_BLACKWELL ? "BLACKWELL" : NULL;
}

static int count_gpus(const struct nvml *n, unsigned *count,
                      struct aver_error *err)
{
    int e = n->count(count);

    if (e != 0)
        return nvml_fail(err, "count", e);
    if (*count > NVML_GPU_MAX)
        return aver_fail(err, AVER_EFORMAT, "NVML tells of %u GPUs", *count);
    return 0;
}

/* A GPU's handle and what its kind is called in evidence. */
static int open_gpu(const struct nvml *n, unsigned i, void **device,
                    const char **arch, struct aver_error *err)
{
    unsigned number = 0;
    int e = n->handle(i, device);

    if (e != 0)
        return nvml_fail(err, "handle", e);
    e = n->arch(*device, &number);
    if (e != 0)
        return nvml_fail(err, "architecture", e);
    *arch = arch_name(number);
    if (*arch)
        return 0;
    return aver_fail(err, AVER_EUNSUPPORTED,
                     "GPU %u is of architecture %u, which cannot attest", i,
                     number);
}

/* PEM text of the attestation chain. The driver pads it with NULs. */
static int get_chain(const struct nvml *n, void *device,
                     struct nvml_certificate *c, struct aver_error *err)
{
    memset(c, 0, sizeof(*c));
    int e = n->certificate(device, c);
    if (e != 0)
        return nvml_fail(err, "certificate", e);
    if (c->attestation_size > NVML_CHAIN_MAX)
        return aver_fail(err, AVER_EFORMAT, "NVML: chain of %u bytes",
                         c->attestation_size);
    while (c->attestation_size > 0 &&
           c->attestation[c->attestation_size - 1] == 0)
        c->attestation_size--;
    if (c->attestation_size == 0)
        return aver_fail(err, AVER_EFORMAT, "NVML: chain is empty");
    return 0;
}

static int get_report(const struct nvml *n, void *device,
                      const uint8_t nonce[static 32], struct nvml_report *r,
                      struct aver_error *err)
{
    memset(r, 0, sizeof(*r));
    memcpy(r->nonce, nonce, 32);
    int e = n->report(device, r);
    if (e != 0)
        return nvml_fail(err, "report", e);
    if (r->report_size == 0 || r->report_size > NVML_REPORT_MAX)
        return aver_fail(err, AVER_EFORMAT, "NVML: report of %u bytes",
                         r->report_size);
    return 0;
}

static int put_gpu(const struct nvml *n, unsigned i,
                   const uint8_t nonce[static 32], struct aver_buf *list,
                   struct aver_error *err)
{
    struct nvml_certificate chain;
    struct nvml_report report;
    const char *arch;
    void *device = NULL;

    if (open_gpu(n, i, &device, &arch, err) != 0 ||
        get_chain(n, device, &chain, err) != 0 ||
        get_report(n, device, nonce, &report, err) != 0)
        return -1;
    struct aver_bytes pem =
        aver_bytes_of(chain.attestation, chain.attestation_size);
    struct aver_bytes spdm = aver_bytes_of(report.report, report.report_size);
    if (aver_buf_append_str(list, i > 0 ? "," : "") != 0 ||
        aver_buf_append_str(list, "{\"certificate\":\"") != 0 ||
        aver_base64_encode_buf(list, pem) != 0 ||
        aver_buf_append_str(list, "\",\"evidence\":\"") != 0 ||
        aver_base64_encode_buf(list, spdm) != 0 ||
        aver_buf_printf(list, "\",\"arch\":\"%s\"}", arch) != 0)
        return aver_fail(err, AVER_ELIMIT, "GPU evidence is too large");
    return 0;
}

static int list_gpus(struct nvml *n, const uint8_t nonce[static 32],
                     struct aver_buf *list, struct aver_error *err)
{
    unsigned count = 0;

    if (start(n, err) != 0 || count_gpus(n, &count, err) != 0)
        return -1;
    if (count == 0)
        return aver_fail(err, AVER_EABSENT, "NVML finds no GPU any more");
    if (aver_buf_append_str(list, "[") != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    for (unsigned i = 0; i < count; i++)
        if (put_gpu(n, i, nonce, list, err) != 0)
            return -1;
    if (aver_buf_append_str(list, "]") != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    return 0;
}

/* NVML writes to whatever it finds on 1 and 2: while it works, /dev/null. */
struct quiet {
    int kept[2];
};

static void hush(struct quiet *q)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int i = 0; i < 2; i++) {
        q->kept[i] = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 3);
        if (null >= 0)
            dup2(null, STDOUT_FILENO + i);
    }
    if (null >= 0)
        close(null);
}

static void unhush(struct quiet *q)
{
    fflush(stdout); /* what the library left there goes where it belongs */
    for (int i = 0; i < 2; i++) {
        if (q->kept[i] < 0)
            continue;
        dup2(q->kept[i], STDOUT_FILENO + i);
        close(q->kept[i]);
    }
}

static int nvml_evidence(void *state, const uint8_t nonce[static 32],
                         struct aver_buf *list, struct aver_error *err)
{
    struct quiet quiet;

    fflush(stdout);
    hush(&quiet);
    int rc = list_gpus(state, nonce, list, err);
    unhush(&quiet);
    return rc;
}

/* What the probing child found. */
struct probe {
    uint32_t found;
    uint32_t broken; /* there is a GPU, but it cannot be used */
    struct aver_error why;
};

/* Nothing there, or something broken? A GPU that is not in confidential mode
 * counts as none: it could not attest, whatever we do. */
static void look(struct nvml *n, struct probe *p)
{
    struct nvml_cc_state cc = {0};
    unsigned count = 0;
    const char *arch;
    void *device;

    if (load(n, &p->why) != 0)
        return;
    p->broken = 1;
    int e = n->init(0);
    if (e != 0) {
        p->broken = e != NVML_NO_DRIVER;
        nvml_fail(&p->why, "init", e);
        return;
    }
    if (count_gpus(n, &count, &p->why) != 0)
        return;
    p->broken = 0;
    e = count > 0 ? n->cc_state(&cc) : 0;
    if (count == 0)
        aver_fail(&p->why, AVER_EABSENT, "NVML finds no GPU");
    else if (e != 0 || cc.feature != 1)
        aver_fail(&p->why, AVER_EABSENT,
                  "confidential computing is off on the GPU (NVML says %d)", e);
    else
        p->found = open_gpu(n, 0, &device, &arch, &p->why) == 0;
    p->broken = count > 0 && e == 0 && cc.feature == 1 && !p->found;
}

static void read_probe(int fd, struct probe *p)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    if (poll(&wait, 1, NVML_LIMIT_MS) != 1 ||
        read(fd, p, sizeof(*p)) != (ssize_t)sizeof(*p)) {
        *p = (struct probe){.broken = 1};
        aver_fail(&p->why, AVER_ETIMEOUT,
                  "NVML does not answer, or crashes; --gpu none goes without");
    }
    p->why.text[sizeof(p->why.text) - 1] = '\0';
}

/* Asks in a child, which is killed if it hangs. */
static int probe(struct nvml *n, struct probe *p, struct aver_error *err)
{
    struct quiet quiet;
    int fd[2];

    if (pipe2(fd, O_CLOEXEC) != 0)
        return aver_fail(err, AVER_EIO, "pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        /* Should it hang beyond killing, it holds nobody's sockets. */
        if (fd[1] > 3)
            close_range(3, (unsigned)fd[1] - 1, 0);
        close_range((unsigned)fd[1] + 1, ~0u, 0);
        hush(&quiet);
        look(n, p);
        _exit(write(fd[1], p, sizeof(*p)) == (ssize_t)sizeof(*p) ? 0 : 1);
    }
    close(fd[1]);
    if (pid > 0) {
        read_probe(fd[0], p);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, p->why.code == AVER_ETIMEOUT ? WNOHANG : 0);
    }
    close(fd[0]);
    return pid > 0 ? 0 : aver_fail(err, AVER_EIO, "fork: %s", strerror(errno));
}

static void nvml_close(void *state)
{
    struct nvml *n = state;

    if (!n)
        return;
    if (n->library)
        dlclose(n->library);
    free(n->path);
    free(n);
}

static int nvml_open(void **state, const struct attest_config *config,
                     bool *found, struct aver_error *err)
{
    const char *path =
        config->nvml_library ? config->nvml_library : NVML_LIBRARY;
    struct nvml *n = calloc(1, sizeof(*n));
    struct probe p = {0};

    if (!n || !(n->path = strdup(path))) {
        nvml_close(n);
        return aver_fail(err, AVER_EMEM, "out of memory");
    }
    int rc = probe(n, &p, err);
    *found = rc == 0 && p.found;
    if (*found) {
        *state = n;
        return 0;
    }
    nvml_close(n);
    if (rc == 0)
        aver_fail(err, p.why.code, "%s", p.why.text);
    return rc == 0 && !p.broken ? 0 : -1;
}

const struct gpu_backend gpu_nvml = {
    .name = "nvml",
    .limit_ms = NVML_LIMIT_MS,
    .open = nvml_open,
    .evidence = nvml_evidence,
    .close = nvml_close,
};
