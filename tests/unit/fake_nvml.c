/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_nvml: a libnvidia-ml.so.1 with the struct sizes of the real one. Knobs
 * by environment: FAKE_GPUS (number, default 1), FAKE_INIT (what nvmlInit
 * returns), FAKE_REPORT (what the report call returns), FAKE_FEATURE (is
 * confidential computing on, default 1), FAKE_NONCE (not empty: another nonce
 * in the last GPU's report), FAKE_NOISE (not empty: writes on stdout). */
#include "attest/nvml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int nvmlInitWithFlags(unsigned flags);
int nvmlSystemGetConfComputeState(struct nvml_cc_state *s);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device);
int nvmlDeviceGetArchitecture(void *device, unsigned *arch);
int nvmlDeviceGetConfComputeGpuCertificate(void *device,
                                           struct nvml_certificate *c);
int nvmlDeviceGetConfComputeGpuAttestationReport(void *device,
                                                 struct nvml_report *r);

static int inside; /* calls under way: there must never be two */

static int knob(const char *name, int otherwise)
{
    const char *text = getenv(name);

    return text != NULL && text[0] != '\0' ? (int)strtol(text, NULL, 10)
                                           : otherwise;
}

int nvmlInitWithFlags(unsigned flags)
{
    if (getenv("FAKE_NOISE") != NULL)
        puts("NVML says hello on stdout");
    return flags == 0 ? knob("FAKE_INIT", 0) : 2;
}

int nvmlSystemGetConfComputeState(struct nvml_cc_state *s)
{
    s->feature = (unsigned)knob("FAKE_FEATURE", 1);
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned *n)
{
    *n = (unsigned)knob("FAKE_GPUS", 1);
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device)
{
    *device = (void *)(uintptr_t)(i + 1);
    return 0;
}

int nvmlDeviceGetArchitecture(void *device, unsigned *arch)
{
    (void)device;
    *arch = NVML_HOPPER;
    return 0;
}

int nvmlDeviceGetConfComputeGpuCertificate(void *device,
                                           struct nvml_certificate *c)
{
    /* Padded with NULs, as newer drivers do. */
    c->chain_size = 12;
    snprintf((char *)c->chain, 12, "other chain");
    c->attestation_size = 100;
    snprintf((char *)c->attestation, 100, "-----BEGIN CERTIFICATE----- GPU %d",
             (int)(uintptr_t)device);
    return 0;
}

int nvmlDeviceGetConfComputeGpuAttestationReport(void *device,
                                                 struct nvml_report *r)
{
    static const uint8_t head[4] = {0x11, 0xe0, 0x01, 0xff};
    int last = knob("FAKE_GPUS", 1);

    if (inside++ > 0)
        return 999;
    memcpy(r->report, head, 4);
    memcpy(r->report + 4, r->nonce, 32);
    if (getenv("FAKE_NONCE") != NULL && (int)(uintptr_t)device == last)
        r->report[4] ^= 1;
    r->report_size = 4096;
    inside--;
    return knob("FAKE_REPORT", 0);
}
