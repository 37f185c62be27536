/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml_library: finds NVML, calls it, and says what its numbers mean. Every
 * call may hang: whoever calls runs in a process that can be killed. */
#include "attest/nvml.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t at; /* of the pointer in struct nvml_library */
    bool optional;
} symbols[] = {
#define AT(member) offsetof(struct nvml_library, member)
    {"nvmlInitWithFlags", AT(init), false},
    {"nvmlDeviceGetCount_v2", AT(count), false},
    {"nvmlDeviceGetHandleByIndex_v2", AT(device), false},
    {"nvmlDeviceGetArchitecture", AT(arch), false},
    {"nvmlDeviceGetConfComputeGpuCertificate", AT(certificate), false},
    {"nvmlDeviceGetConfComputeGpuAttestationReport", AT(report), false},
    {"nvmlSystemGetConfComputeState", AT(cc_state), false},
    {"nvmlSystemGetConfComputeSettings", AT(cc_settings), true},
    {"nvmlSystemGetConfComputeCapabilities", AT(cc_capabilities), true},
    {"nvmlSystemGetConfComputeGpusReadyState", AT(ready_state), true},
    {"nvmlSystemGetDriverVersion", AT(driver_version), true},
#undef AT
};

static const struct {
    int number;
    enum gpu_state state;
    const char *text;
} numbers[] = {
    {1, GPU_UNINITIALISED, "not initialised"},
    {3, GPU_NOT_SUPPORTED,
     "not supported: confidential computing is off, or the driver is too old"},
    {4, GPU_NO_PERMISSION, "no permission on /dev/nvidia*"},
    {9, GPU_NO_DRIVER, "driver is not loaded"},
    {10, GPU_TIMEOUT, "driver timed out"},
    {15, GPU_LOST, "GPU is lost"},
    {16, GPU_RESET_REQUIRED, "GPU needs a reset"},
    {17, GPU_BLOCKED, "operating system has blocked the device"},
    {18, GPU_MISMATCH, "library and kernel module differ: restart"},
    {25, GPU_STRUCT_VERSION, "version of a struct is unknown to the driver"},
    {27, GPU_NOT_READY, "GPU is not ready"},
    {999, GPU_UNKNOWN_ERROR, "unknown error of the driver"},
};

int nvml_fail(struct gpu_status *s, struct aver_error *err, const char *call,
              int number)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (numbers[i].number == number)
            return gpu_fail(s, numbers[i].state, number, err,
                            "NVML %s: %s (%d)", call, numbers[i].text, number);
    return gpu_fail(s, GPU_ERROR, number, err, "NVML %s: error %d", call,
                    number);
}

int nvml_fail_gpu(struct gpu_status *s, struct aver_error *err,
                  const char *call, unsigned gpu, int number)
{
    char text[64];

    snprintf(text, sizeof(text), "%s of GPU %u", call, gpu);
    return nvml_fail(s, err, text, number);
}

void nvml_unload(struct nvml_library *l)
{
    if (l->handle)
        dlclose(l->handle);
    l->handle = NULL;
    l->started = false;
}

int nvml_load(struct nvml_library *l, const char *path, struct gpu_status *s,
              struct aver_error *err)
{
    l->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!l->handle) {
        const char *why = dlerror();
        return gpu_fail(s, GPU_NO_LIBRARY, 0, err, "no NVML: %.250s",
                        why ? why : "unknown reason");
    }
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *p = dlsym(l->handle, symbols[i].name);
        if (!p && !symbols[i].optional) {
            nvml_unload(l);
            return gpu_fail(s, GPU_OLD_DRIVER, 0, err,
                            "NVML lacks %s: driver is too old",
                            symbols[i].name);
        }
        memcpy((char *)l + symbols[i].at, &p, sizeof(p));
    }
    return 0;
}

int nvml_start(struct nvml_library *l, const char *path, struct gpu_status *s,
               struct aver_error *err)
{
    if (l->started)
        return 0;
    if (!l->handle && nvml_load(l, path, s, err) != 0)
        return -1;
    int e = l->init(0);
    if (e != 0)
        return nvml_fail(s, err, "init", e);
    l->started = true;
    return 0;
}

/* By the newer call, which knows the mode of several GPUs, else by the older
 * one. */
static int read_settings(const struct nvml_library *l,
                         struct nvml_cc_settings *out)
{
    struct nvml_cc_state old = {0};

    *out = (struct nvml_cc_settings){.version = NVML_SETTINGS_VERSION};
    if (l->cc_settings && l->cc_settings(out) == 0)
        return 0;
    int e = l->cc_state(&old);
    *out = (struct nvml_cc_settings){.environment = old.environment,
                                     .feature = old.feature,
                                     .dev_tools = old.dev_tools,
                                     .multi_gpu = UINT32_MAX};
    return e;
}

static enum gpu_multi multi_of(uint32_t number)
{
    return number <= NVML_MULTI_NVLE ? (enum gpu_multi)(number + GPU_SINGLE)
                                     : GPU_MULTI_UNKNOWN;
}

/* For people: a driver that keeps these to itself is no failure. */
static void read_about(const struct nvml_library *l, struct gpu_status *s)
{
    char version[NVML_DRIVER_MAX] = "";
    unsigned accepts = 0;

    if (l->driver_version && l->driver_version(version, sizeof(version)) == 0)
        gpu_status_driver(s, version, sizeof(version));
    s->ready = GPU_READY_UNKNOWN;
    if (l->ready_state && l->ready_state(&accepts) == 0)
        s->ready = accepts ? GPU_READY_YES : GPU_READY_NO;
}

/* A debugger sees into a GPU with developers' tools on, although confidential
 * computing is "on" there too, and its report does not say so. */
int nvml_mode(const struct nvml_library *l, struct gpu_status *s,
              struct aver_error *err)
{
    struct nvml_cc_settings cc;
    int e = read_settings(l, &cc);

    if (e != 0)
        return nvml_fail(s, err, "confidential computing state", e);
    s->environment = cc.environment <= GPU_ENV_PROD ? cc.environment : 0;
    s->multi = multi_of(cc.multi_gpu);
    read_about(l, s);
    if (cc.feature != 1)
        return gpu_fail(s, GPU_CC_OFF, 0, err,
                        "confidential computing is off on the GPU");
    if (cc.dev_tools != 0)
        return gpu_fail(s, GPU_DEVTOOLS, 0, err,
                        "the GPU is in devtools mode, in which its memory can "
                        "be read from outside");
    return 0;
}

int nvml_count(const struct nvml_library *l, unsigned *count,
               struct gpu_status *s, struct aver_error *err)
{
    int e = l->count(count);

    if (e != 0)
        return nvml_fail(s, err, "count", e);
    if (*count > NVML_GPU_MAX)
        return gpu_fail(s, GPU_COUNT, 0, err,
                        "NVML tells of %u GPUs, at most %u are possible",
                        *count, NVML_GPU_MAX);
    s->gpus = *count;
    return 0;
}

static const char *arch_name(unsigned arch)
{
    if (arch == NVML_HOPPER)
        return "HOPPER";
    return arch == NVML_BLACKWELL ? "BLACKWELL" : NULL;
}

int nvml_open_gpu(const struct nvml_library *l, unsigned i, void **device,
                  const char **arch, struct gpu_status *s,
                  struct aver_error *err)
{
    unsigned number = 0;
    int e = l->device(i, device);

    if (e != 0)
        return nvml_fail_gpu(s, err, "handle", i, e);
    e = l->arch(*device, &number);
    if (e != 0)
        return nvml_fail_gpu(s, err, "architecture", i, e);
    *arch = arch_name(number);
    if (*arch)
        return 0;
    return gpu_fail(s, GPU_ARCH, 0, err,
                    "GPU %u is of architecture %u, which cannot attest", i,
                    number);
}
