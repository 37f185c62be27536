/* SPDX-License-Identifier: Apache-2.0
 *
 * evidence: compares the 64 bytes inside the quote, and the nonce inside each
 * GPU's report, with what was asked for. Offsets: Intel's DCAP quote format
 * (versions 4 and 5); the SPDM GET_MEASUREMENTS request of DSP0274, whose
 * nonce begins at byte 4. */
#include "attest/evidence.h"

#include "base/json.h"
#include "base/text.h"
#include <string.h>

#define TEE_TDX 0x81u
#define HEADER_SIZE 48
#define DESCRIPTOR_SIZE 6 /* version 5 only */
#define TD_REPORT_10 584
#define TD_REPORT_15 648
#define TD_REPORT_DATA 520 /* in either TD report */

#define SPDM_NONCE 4
#define SPDM_REQUEST 37
#define GPU_REPORT_MAX ((size_t)64 << 10)

/* Where the TD report begins, 0 if the head is not one of a TDX quote. */
static size_t td_report_at(struct aver_reader *r)
{
    uint16_t version = aver_read_u16le(r);
    aver_read_u16le(r); /* kind of the attestation key */
    uint32_t tee = aver_read_u32le(r);
    aver_read_bytes(r, HEADER_SIZE - 8);
    if (tee != TEE_TDX)
        return 0;
    if (version == 4)
        return HEADER_SIZE;
    if (version != 5)
        return 0;
    uint16_t type = aver_read_u16le(r);
    uint32_t size = aver_read_u32le(r);
    bool known = (type == 2 && size == TD_REPORT_10) ||
                 (type == 3 && size == TD_REPORT_15);
    return known ? HEADER_SIZE + DESCRIPTOR_SIZE : 0;
}

int evidence_check_quote(struct aver_bytes quote,
                         const uint8_t report_data[static 64],
                         struct aver_error *err)
{
    struct aver_reader r;

    aver_reader_init(&r, quote);
    size_t at = td_report_at(&r);
    aver_read_bytes(&r, TD_REPORT_DATA);
    struct aver_bytes held = aver_read_bytes(&r, 64);
    if (at == 0 || r.failed)
        return aver_fail(err, AVER_EFORMAT,
                         "quote of %zu bytes is not a TDX quote of version 4 "
                         "or 5",
                         quote.n);
    if (!aver_bytes_equal(held, aver_bytes_of(report_data, 64)))
        return aver_fail(err, AVER_EMISMATCH,
                         "quote holds another report_data than was asked for");
    return 0;
}

/* Is the member a base64 text that is not empty? */
static const char *text_member(const json_t *gpu, const char *name)
{
    const char *text = json_string_value(json_object_get(gpu, name));

    return text && *text ? text : NULL;
}

static int check_gpu(const json_t *gpu, size_t i,
                     const uint8_t nonce[static 32], struct aver_error *err)
{
    const char *evidence = text_member(gpu, "evidence");
    const char *arch = text_member(gpu, "arch");
    struct aver_buf raw;
    int rc = -1;

    aver_buf_init(&raw, GPU_REPORT_MAX);
    if (!evidence || !arch || strlen(arch) >= EVIDENCE_ARCH_MAX ||
        !text_member(gpu, "certificate"))
        aver_fail(err, AVER_EFORMAT,
                  "evidence of GPU %zu lacks certificate, evidence or arch", i);
    else if (aver_base64_decode_buf(&raw, aver_bytes_str(evidence)) != 0 ||
             raw.n < SPDM_REQUEST)
        aver_fail(err, AVER_EFORMAT, "evidence of GPU %zu is no report", i);
    else if (memcmp(raw.p + SPDM_NONCE, nonce, 32) != 0)
        aver_fail(err, AVER_EMISMATCH,
                  "report of GPU %zu holds another nonce than was asked for",
                  i);
    else
        rc = 0;
    aver_buf_clear(&raw);
    return rc;
}

int evidence_check_gpus(struct aver_bytes list, const uint8_t nonce[static 32],
                        char arch[static EVIDENCE_ARCH_MAX],
                        struct aver_error *err)
{
    json_t *gpus = aver_json_parse(list, err);
    int rc = -1;

    if (!gpus)
        return -1;
    if (!json_is_array(gpus) || json_array_size(gpus) > EVIDENCE_GPU_MAX) {
        aver_fail(err, AVER_EFORMAT, "GPU evidence is not a short JSON array");
        goto out;
    }
    strncpy(arch, "NONE", EVIDENCE_ARCH_MAX);
    for (size_t i = 0; i < json_array_size(gpus); i++) {
        const json_t *gpu = json_array_get(gpus, i);
        if (check_gpu(gpu, i, nonce, err) != 0)
            goto out;
        if (i == 0)
            strncpy(arch, text_member(gpu, "arch"), EVIDENCE_ARCH_MAX - 1);
    }
    arch[EVIDENCE_ARCH_MAX - 1] = '\0';
    rc = 0;
out:
    json_decref(gpus);
    return rc;
}
