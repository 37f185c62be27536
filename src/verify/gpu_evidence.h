/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_evidence: the forms in which GPU evidence travels, all of them lists of
 * devices, each with a report (SPDM) and certificates (PEM):
 * - {"nonce", "evidence_list": [{certificate, evidence, arch, nonce}], "arch"}:
 *   what NVIDIA's service takes;
 * - the list alone;
 * - {"gpu": {"evidences": […]}, "nvswitch": {"evidences": […]}} (Tinfoil);
 * - {"gpu_evidence": […]} (Chutes); {"device_evidence_list": […]} (CoCo).
 * Takes apart and decodes; judges nothing. */
#ifndef AVER_VERIFY_GPU_EVIDENCE_H
#define AVER_VERIFY_GPU_EVIDENCE_H

#include "base/buf.h"
#include "verify/flaw.h"
#include "verify/member.h"

#define AVER_DEVICES_MAX 64
#define AVER_DEVICE_BLOB_MAX ((size_t)16 << 10)

enum aver_gpu_encoding {
    AVER_GPU_BASE64 = 0, /* of the bytes */
    AVER_GPU_BASE64_HEX, /* of their hex (servers of 2024) */
    AVER_GPU_HEX,        /* plain hex (trustee) */
};

/* A nonce beside the evidence, which nobody signed. */
struct aver_gpu_claim {
    enum { AVER_CLAIM_ABSENT = 0, AVER_CLAIM_OK, AVER_CLAIM_BAD } state;
    uint8_t nonce[32];
};

struct aver_gpu_item {
    struct aver_flaw flaw; /* "json_type", "size", "base64", "empty" … */
    bool has_arch;
    char arch[24]; /* as claimed; other characters than [A-Za-z0-9_-] as '?' */
    struct aver_gpu_claim nonce;
    enum aver_gpu_encoding encoding;
    struct aver_buf report, certificates; /* SPDM bytes; PEM text */
};

struct aver_gpu_evidence {
    struct aver_flaw flaw; /* of the whole: then there may be no items */
    bool has_arch;
    char arch[24];
    struct aver_gpu_claim nonce;
    /* SHA-256 of the JSON text of "gpu", and of "nvswitch", as they came; of
     * the other forms, of the whole text. */
    uint8_t digest[32], switch_digest[32];
    bool has_switch_digest;
    /* Of two texts: how many devices are of the first, of GPUs. */
    bool joined;
    unsigned first;
    unsigned n;
    struct aver_gpu_item *item; /* n of them; owned */
};

/* Never NULL but when memory is short: what is wrong is in the flaws: "json",
 * "json_duplicate", "json_type", "empty", "size", "nonce_format", "base64".
 * Copies what it keeps. The caller frees. */
struct aver_gpu_evidence *aver_gpu_evidence_parse(struct aver_bytes in);
/* Appends the devices of a second text (nvswitch_payload beside
 * nvidia_payload), whose digest becomes switch_digest. -1 when memory is
 * short. */
AVER_MUST_CHECK int aver_gpu_evidence_join(struct aver_gpu_evidence *e,
                                           struct aver_bytes in);
void aver_gpu_evidence_free(struct aver_gpu_evidence *e);
const char *aver_gpu_encoding_name(enum aver_gpu_encoding e);

#endif
