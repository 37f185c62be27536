/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_nvml: a libnvidia-ml.so.1 with the struct sizes of the real one, and
 * its strictness: no call before init, none beside another, structs zeroed.
 * FAKE_OLD leaves out what a driver without confidential computing lacks,
 * FAKE_EARLY what early drivers with it lack.
 *
 * Knobs (fake_knobs.h), what a call returns: FAKE_INIT, FAKE_COUNT,
 * FAKE_HANDLE, FAKE_ARCHITECTURE, FAKE_STATE, FAKE_SETTINGS, FAKE_CERTIFICATE,
 * FAKE_REPORT (the last two of the GPU FAKE_AT alone, if that is set). What it
 * tells: FAKE_GPUS, FAKE_ARCH, FAKE_FEATURE, FAKE_DEVTOOLS, FAKE_ENVIRONMENT,
 * FAKE_MULTI, FAKE_READY, FAKE_CAPABLE, FAKE_DRIVER, FAKE_CHAIN_SIZE,
 * FAKE_CHAIN_EMPTY (NULs), FAKE_REPORT_SIZE, FAKE_NONCE (another one in the
 * last GPU's report). Mischief: FAKE_NOISE; FAKE_HANG and FAKE_CRASH with the
 * name of a call. */
#include "attest/nvml.h"
#include "fake_knobs.h"

int nvmlInitWithFlags(unsigned flags);
int nvmlSystemGetConfComputeState(struct nvml_cc_state *s);
int nvmlSystemGetConfComputeSettings(struct nvml_cc_settings *s);
int nvmlSystemGetConfComputeCapabilities(struct nvml_cc_capabilities *c);
int nvmlSystemGetConfComputeGpusReadyState(unsigned *ready);
int nvmlSystemSetConfComputeGpusReadyState(unsigned ready);
int nvmlSystemGetDriverVersion(char *out, unsigned n);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device);
int nvmlDeviceGetArchitecture(void *device, unsigned *arch);
int nvmlDeviceGetConfComputeGpuCertificate(void *device,
                                           struct nvml_certificate *c);
int nvmlDeviceGetConfComputeGpuAttestationReport(void *device,
                                                 struct nvml_report *r);

#define INVALID 2
#define UNINITIALISED 1
#define UNKNOWN 999

static bool started;
static int inside; /* calls under way: there must never be two */

/* What `call` returns before it does anything. */
static int begin(const char *call, const char *result)
{
    if (inside++ > 0)
        return UNKNOWN;
    knob_mischief(call);
    inside--;
    return started ? knob(result, 0) : UNINITIALISED;
}

__attribute__((unused)) static bool is_zero(const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        if (b[i] != 0)
            return false;
    return true;
}

/* Once in the life of a process. */
int nvmlInitWithFlags(unsigned flags)
{
    if (started || flags != 0)
        return UNKNOWN;
    started = true;
    int rc = begin("init", "FAKE_INIT");
    started = rc == 0;
    return rc;
}

int nvmlDeviceGetCount_v2(unsigned *n)
{
    *n = (unsigned)knob("FAKE_GPUS", 1);
    return begin("count", "FAKE_COUNT");
}

int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device)
{
    *device = (void *)(uintptr_t)(i + 1);
    return begin("handle", "FAKE_HANDLE");
}

int nvmlDeviceGetArchitecture(void *device, unsigned *arch)
{
    (void)device;
    *arch = (unsigned)knob("FAKE_ARCH", NVML_HOPPER);
    return begin("architecture", "FAKE_ARCHITECTURE");
}

#ifndef FAKE_OLD
int nvmlSystemGetConfComputeState(struct nvml_cc_state *s)
{
    if (!is_zero(s, sizeof(*s)))
        return INVALID;
    s->environment = (unsigned)knob("FAKE_ENVIRONMENT", 2);
    s->feature = (unsigned)knob("FAKE_FEATURE", 1);
    s->dev_tools = (unsigned)knob("FAKE_DEVTOOLS", 0);
    return begin("state", "FAKE_STATE");
}

static bool is_mine(void *device)
{
    int at = knob("FAKE_AT", -1);

    return at < 0 || (uintptr_t)device == (uintptr_t)at + 1;
}

/* Padded with NULs, as newer drivers do. */
int nvmlDeviceGetConfComputeGpuCertificate(void *device,
                                           struct nvml_certificate *c)
{
    if (!is_zero(c, sizeof(*c)))
        return INVALID;
    c->chain_size = 12;
    snprintf((char *)c->chain, 12, "other chain");
    c->attestation_size = (unsigned)knob("FAKE_CHAIN_SIZE", 200);
    snprintf((char *)c->attestation, 200,
             "-----BEGIN CERTIFICATE-----\nGPU %d\n"
             "-----END CERTIFICATE-----\n",
             (int)(uintptr_t)device);
    if (knob("FAKE_CHAIN_EMPTY", 0))
        memset(c->attestation, 0, 200);
    int rc = begin("certificate", "FAKE_CERTIFICATE");
    return is_mine(device) ? rc : 0;
}

int nvmlDeviceGetConfComputeGpuAttestationReport(void *device,
                                                 struct nvml_report *r)
{
    static const uint8_t head[4] = {0x11, 0xe0, 0x01, 0xff};
    int last = knob("FAKE_GPUS", 1);

    if (!is_zero(r, 12) || !is_zero(r->report, sizeof(r->report)))
        return INVALID;
    memcpy(r->report, head, 4);
    memcpy(r->report + 4, r->nonce, 32);
    r->report[37] = 0x11;
    r->report[38] = 0x60;
    if (knob("FAKE_NONCE", 0) && (int)(uintptr_t)device == last)
        r->report[35] ^= 1;
    r->report_size = (unsigned)knob("FAKE_REPORT_SIZE", 4096);
    int rc = begin("report", "FAKE_REPORT");
    return is_mine(device) ? rc : 0;
}
#endif

#if !defined(FAKE_OLD) && !defined(FAKE_EARLY)
int nvmlSystemGetConfComputeSettings(struct nvml_cc_settings *s)
{
    if (s->version != 0x01000014)
        return 25;
    s->environment = (unsigned)knob("FAKE_ENVIRONMENT", 2);
    s->feature = (unsigned)knob("FAKE_FEATURE", 1);
    s->dev_tools = (unsigned)knob("FAKE_DEVTOOLS", 0);
    s->multi_gpu = (unsigned)knob("FAKE_MULTI", 0);
    return begin("settings", "FAKE_SETTINGS");
}

int nvmlSystemGetConfComputeCapabilities(struct nvml_cc_capabilities *c)
{
    c->cpu = 2;
    c->gpus = (unsigned)knob("FAKE_CAPABLE", 1);
    return begin("capabilities", "FAKE_CAPABILITIES");
}

int nvmlSystemGetConfComputeGpusReadyState(unsigned *ready)
{
    *ready = (unsigned)knob("FAKE_READY", 1);
    return begin("ready", "FAKE_READY_STATE");
}

/* Nobody may touch it. */
int nvmlSystemSetConfComputeGpusReadyState(unsigned ready)
{
    (void)ready;
    abort();
}

int nvmlSystemGetDriverVersion(char *out, unsigned n)
{
    const char *version = knob_text("FAKE_DRIVER");

    snprintf(out, n, "%s", version ? version : "580.126.20");
    return begin("driver", "FAKE_DRIVER_RC");
}
#endif
