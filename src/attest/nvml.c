/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml: evidence of every GPU from NVIDIA's driver, through
 * libnvidia-ml.so.1, one call at a time, and of the NVSwitches between them
 * (nscq.c). Calls can hang for good when a GPU is loaded or falls off its bus,
 * so none is made in the attester itself: whether there is a GPU is asked in a
 * child of its own, evidence is made in the collector. The GPUs' ready state
 * is never touched. */
#include "attest/backend.h"
#include "attest/nscq.h"
#include "attest/nvml_probe.h"
#include "attest/quiet.h"
#include <stdlib.h>
#include <string.h>

#define NVML_LIBRARY "libnvidia-ml.so.1"

/* State of the backend. The library is loaded and started at the first
 * evidence, once in the life of a collector. */
struct nvml {
    char *path, *nscq_path;
    enum attest_nvswitch_choice nvswitch;
    int limit_ms;
    unsigned expected; /* GPUs at the start */
    struct nvml_library library;
    struct nscq nscq;
};

static int put_gpu(const struct nvml *n, unsigned i,
                   const uint8_t nonce[static 32], struct gpu_evidence *out,
                   struct aver_error *err)
{
    const struct nvml_library *l = &n->library;
    struct nvml_certificate chain = {0};
    struct nvml_report report = {0};
    struct gpu_item item = {.kind = "GPU",
                            .index = i,
                            .chain = chain.attestation,
                            .report = report.report,
                            .bad_chain = GPU_BAD_CHAIN,
                            .bad_report = GPU_BAD_REPORT,
                            .wrong_nonce = GPU_WRONG_NONCE};
    void *device = NULL;

    if (nvml_open_gpu(l, i, &device, &item.arch, &out->status, err) != 0)
        return -1;
    int e = l->certificate(device, &chain);
    if (e != 0)
        return nvml_fail_gpu(&out->status, err, "certificate", i, e);
    memcpy(report.nonce, nonce, 32);
    e = l->report(device, &report);
    if (e != 0)
        return nvml_fail_gpu(&out->status, err, "report", i, e);
    item.chain_size = chain.attestation_size;
    item.report_size = report.report_size;
    return gpu_item_put(&out->gpus, &item, nonce, &out->status, err);
}

/* A verifier does not see a GPU that is missing from the list. */
static int check_count(const struct nvml *n, unsigned count,
                       struct gpu_status *s, struct aver_error *err)
{
    if (count == 0)
        return gpu_fail(s, GPU_NO_GPU, 0, err, "NVML finds no GPU any more");
    if (count < n->expected)
        return gpu_fail(s, GPU_MISSING, 0, err,
                        "NVML finds %u GPUs, there were %u at the start", count,
                        n->expected);
    return 0;
}

static int list_gpus(struct nvml *n, const uint8_t nonce[static 32],
                     struct gpu_evidence *out, struct aver_error *err)
{
    struct gpu_status *s = &out->status;
    unsigned count = 0;

    if (nvml_start(&n->library, n->path, s, err) != 0 ||
        nvml_mode(&n->library, s, err) != 0 ||
        nvml_count(&n->library, &count, s, err) != 0 ||
        check_count(n, count, s, err) != 0)
        return -1;
    if (aver_buf_append_str(&out->gpus, "[") != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    for (unsigned i = 0; i < count; i++)
        if (put_gpu(n, i, nonce, out, err) != 0)
            return -1;
    if (aver_buf_append_str(&out->gpus, "]") != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    return 0;
}

static int list_switches(struct nvml *n, const uint8_t nonce[static 32],
                         struct gpu_evidence *out, struct aver_error *err)
{
    bool demanded = n->nvswitch == ATTEST_NVSWITCH_REQUIRED ||
                    out->status.multi == GPU_PPCIE;

    if (n->nvswitch == ATTEST_NVSWITCH_NONE)
        return 0;
    return nscq_evidence(&n->nscq, demanded, nonce, &out->switches,
                         &out->status, err);
}

static int nvml_evidence(void *state, const uint8_t nonce[static 32],
                         struct gpu_evidence *out, struct aver_error *err)
{
    struct quiet quiet;

    quiet_begin(&quiet);
    int rc = list_gpus(state, nonce, out, err);
    if (rc == 0)
        rc = list_switches(state, nonce, out, err);
    quiet_end(&quiet);
    if (rc != 0)
        return -1;
    out->status.state = GPU_OK;
    out->status.error = 0;
    return 0;
}

static void nvml_close(void *state)
{
    struct nvml *n = state;

    if (!n)
        return;
    nscq_close(&n->nscq);
    nvml_unload(&n->library);
    free(n->path);
    free(n->nscq_path);
    free(n);
}

static char *copy(const char *text)
{
    char *out = strdup(text);

    if (!out)
        abort(); /* out of memory */
    return out;
}

static struct nvml *nvml_new(const struct attest_config *c)
{
    struct nvml *n = calloc(1, sizeof(*n));

    if (!n)
        abort(); /* out of memory */
    n->path = copy(c->nvml_library ? c->nvml_library : NVML_LIBRARY);
    n->nscq_path = copy(c->nscq_library ? c->nscq_library : NSCQ_LIBRARY);
    n->nscq.path = n->nscq_path;
    n->nvswitch = c->nvswitch;
    n->limit_ms = c->gpu_limit_ms ? c->gpu_limit_ms : NVML_LIMIT_MS;
    return n;
}

static int nvml_open(void **state, const struct attest_config *config,
                     bool *found, struct gpu_status *status,
                     struct aver_error *err)
{
    struct nvml *n = nvml_new(config);
    struct nvml_probe p;

    int rc = nvml_probe(&p, n->path, n->limit_ms, err);
    *status = p.status;
    *found = rc == 0 && p.found;
    if (*found) {
        n->expected = p.status.gpus;
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
