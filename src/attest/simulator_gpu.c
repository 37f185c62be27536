/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_gpu: what NVML and NSCQ give for GPUs and switches: for each its
 * signed report, and the chain of five certificates above it. */
#include "attest/simulator_gpu.h"

#include "base/text.h"

static const char *const archs[SIMULATOR_CHIPS] = {
    [SIMULATOR_GH100] = "HOPPER",
    [SIMULATOR_GB100] = "BLACKWELL",
    [SIMULATOR_LS10] = "LS10",
};

/* Leaf to root. */
static int append_chain(struct aver_buf *b, const struct simulator_chip *chip,
                        unsigned index)
{
    const struct simulator_device *d = &chip->device[index];
    const char *chain[] = {d->leaf_pem, d->brom_pem, chip->provisioner_pem,
                           chip->identity_pem, simulator_gpu_root_pem};

    for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++)
        if (aver_buf_append_str(b, chain[i]) != 0)
            return -1;
    return 0;
}

static int append_item(struct aver_buf *out, struct aver_bytes chain,
                       struct aver_bytes report, const char *arch)
{
    if (aver_buf_append_str(out, "{\"certificate\":\"") != 0 ||
        aver_base64_encode_buf(out, chain) != 0 ||
        aver_buf_append_str(out, "\",\"evidence\":\"") != 0 ||
        aver_base64_encode_buf(out, report) != 0)
        return -1;
    return aver_buf_printf(out, "\",\"arch\":\"%s\"}", arch);
}

static int append_device(struct aver_buf *out, enum simulator_kind kind,
                         unsigned index, const uint8_t nonce[static 32],
                         struct aver_error *err)
{
    const struct simulator_chip *chip = simulator_chip_of(kind);
    struct aver_buf chain, report;
    int rc = -1;

    aver_buf_init(&chain, SIMULATOR_REPORT_MAX);
    aver_buf_init(&report, SIMULATOR_REPORT_MAX);
    if (simulator_report(&report, kind, index, nonce, err) == 0) {
        rc = append_chain(&chain, chip, index);
        if (rc == 0)
            rc = append_item(out, aver_buf_view(&chain), aver_buf_view(&report),
                             archs[chip - simulator_chips]);
        if (rc != 0)
            aver_fail(err, AVER_ELIMIT, "simulator: no room for evidence");
    }
    aver_buf_clear(&report);
    aver_buf_clear(&chain);
    return rc;
}

static int append_list(struct aver_buf *out, enum simulator_kind kind,
                       unsigned count, const uint8_t nonce[static 32],
                       struct aver_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        if (aver_buf_append(out, i == 0 ? "[" : ",", 1) != 0)
            return aver_fail(err, AVER_ELIMIT,
                             "simulator: no room for evidence");
        if (append_device(out, kind, i, nonce, err) != 0)
            return -1;
    }
    if (aver_buf_append(out, "]", 1) != 0)
        return aver_fail(err, AVER_ELIMIT, "simulator: no room for evidence");
    return 0;
}

int simulator_gpu_evidence(const uint8_t nonce[static 32],
                           enum simulator_gpus which, unsigned count,
                           struct aver_buf *evidence_list_json,
                           struct aver_error *err)
{
    enum simulator_kind kind = (enum simulator_kind)which;
    unsigned most = simulator_chip_of(kind)->n;

    if (count < 1 || count > most)
        return aver_fail(err, AVER_ECONFIG,
                         "simulator: %u GPUs asked for, 1 to %u possible",
                         count, most);
    return append_list(evidence_list_json, kind, count, nonce, err);
}

int simulator_switch_evidence(const uint8_t nonce[static 32],
                              struct aver_buf *evidence_list_json,
                              struct aver_error *err)
{
    return append_list(evidence_list_json, KIND_SWITCH, SIMULATOR_SWITCHES,
                       nonce, err);
}
