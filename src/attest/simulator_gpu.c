/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_gpu: what NVML gives for a Hopper GPU in confidential mode: an
 * SPDM 1.1 GET_MEASUREMENTS request and its response (DMTF DSP0274), signed
 * by the device's leaf key, and the chain of five certificates above it.
 * Versions and names are ones that no real GPU has. */
#include "attest/simulator.h"

#include "attest/simulator_pki.h"
#include "attest/simulator_sign.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha2.h"
#include <stdio.h>
#include <string.h>

#define BLOCKS 64
#define BLOCK_SIZE 55 /* index, specification, size, DMTF head, SHA-384 */
#define RECORD_SIZE (BLOCKS * BLOCK_SIZE)
#define SPDM_VERSION 0x11
#define GET_MEASUREMENTS 0xe0
#define MEASUREMENTS 0x60
#define REPORT_MAX 8192 /* of the driver's buffer */
#define SIGNATURE_SIZE 96

/* Types of the opaque fields. */
enum opaque {
    DRIVER_VERSION = 3,
    GPU_INFO = 4,
    VBIOS_VERSION = 6,
    NVDEC0_STATUS = 11,
    MSR_COUNT = 12,
    CPR_INFO = 13,
    BOARD_ID = 14,
    CHIP_SKU = 15,
    CHIP_SKU_MODIFIER = 16,
    PROJECT = 17,
    PROJECT_SKU = 18,
    PROJECT_SKU_MODIFIER = 19,
    FWID = 20,
    PROTECTED_PCIE = 21,
    OPAQUE_VERSION = 34,
    FEATURE_FLAG = 36,
};
#define OFF 0x55

/* Hopper measures 28 things; the other blocks hold zeros. Index from 0, as
 * reference files count. */
static bool is_measured(unsigned index)
{
    return (index >= 1 && index <= 7) || index == 9 || index == 11 ||
           index == 12 || index == 21 || index == 22 ||
           (index >= 25 && index <= 27) || (index >= 29 && index <= 41);
}

/* SHA-384("aver SIMULATOR measurement N"): reference values for it can be
 * made from its name alone. */
static void measure(uint8_t value[static 48], unsigned index)
{
    char name[64];

    memset(value, 0, 48);
    if (!is_measured(index))
        return;
    snprintf(name, sizeof(name), "aver SIMULATOR measurement %u", index);
    aver_sha384(value, aver_bytes_str(name));
}

static int append_record(struct aver_buf *b)
{
    uint8_t value[48];

    for (unsigned i = 0; i < BLOCKS; i++) {
        /* index from 1, DMTF, 51 bytes: type 1, 48 bytes */
        const uint8_t head[7] = {(uint8_t)(i + 1), 1, 51, 0, 1, 48, 0};

        measure(value, i);
        if (aver_buf_append(b, head, sizeof(head)) != 0 ||
            aver_buf_append(b, value, sizeof(value)) != 0)
            return -1;
    }
    return 0;
}

static int append_le16(struct aver_buf *b, size_t value)
{
    const uint8_t le[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

    return aver_buf_append(b, le, 2);
}

static int append_field(struct aver_buf *b, enum opaque type, const void *p,
                        size_t n)
{
    if (append_le16(b, type) != 0 || append_le16(b, n) != 0)
        return -1;
    return aver_buf_append(b, p, n);
}

/* How often each measurement was extended: never where it is zero. */
static void count_extends(uint8_t out[static 4 * BLOCKS])
{
    memset(out, 0, 4 * BLOCKS);
    for (unsigned i = 0; i < BLOCKS; i++)
        out[4 * i] = is_measured(i) ? 1 : 0;
}

/* A text field is as long as its literal, NULs included. */
static int append_opaque(struct aver_buf *b)
{
    static const uint8_t off[1] = {OFF};
    uint8_t extends[4 * BLOCKS];
    const struct {
        enum opaque type;
        const void *p;
        size_t n;
    } fields[] = {
        {VBIOS_VERSION, "\xff\xff\x00\x96\xff\0\0\0", 8}, /* 96.00.FF.FF.FF */
        {BOARD_ID, "\xff\xff\0\0", 4},
        {CHIP_SKU, "000\0\0\0\0\0\0", 9},
        {CHIP_SKU_MODIFIER, "0\0\0\0\0", 5},
        {PROJECT, "SIM0\0", 5},
        {PROJECT_SKU, "0000\0", 5},
        {PROJECT_SKU_MODIFIER, "\0\0", 2},
        {DRIVER_VERSION, "999.99.99\0", 10},
        {GPU_INFO, "\x80\x01\0\0\0\0\0\0", 8}, /* Hopper */
        {MSR_COUNT, extends, sizeof(extends)},
        {CPR_INFO, "\0\0\0\0", 4},
        {NVDEC0_STATUS, off, 1},
        {FWID, simulator_gpu_fwid, 48},
        {PROTECTED_PCIE, off, 1},
        {OPAQUE_VERSION, "\x01\0", 2},
        {FEATURE_FLAG, "\0\0", 2}, /* single GPU passthrough */
    };

    count_extends(extends);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (append_field(b, fields[i].type, fields[i].p, fields[i].n) != 0)
            return -1;
    return 0;
}

static int append_request(struct aver_buf *b, const uint8_t nonce[static 32])
{
    /* with signature, all blocks; the last byte is the certificate slot */
    const uint8_t head[4] = {SPDM_VERSION, GET_MEASUREMENTS, 1, 0xff};

    if (aver_buf_append(b, head, sizeof(head)) != 0 ||
        aver_buf_append(b, nonce, 32) != 0)
        return -1;
    return aver_buf_append(b, "", 1);
}

static int append_response(struct aver_buf *b, struct aver_bytes opaque)
{
    const uint8_t head[8] = {SPDM_VERSION,       MEASUREMENTS,     0, 0, BLOCKS,
                             RECORD_SIZE & 0xff, RECORD_SIZE >> 8, 0};
    uint8_t responder_nonce[32];

    aver_random(responder_nonce, sizeof(responder_nonce));
    if (aver_buf_append(b, head, sizeof(head)) != 0 || append_record(b) != 0 ||
        aver_buf_append(b, responder_nonce, sizeof(responder_nonce)) != 0 ||
        append_le16(b, opaque.n) != 0)
        return -1;
    return aver_buf_append(b, opaque.p, opaque.n);
}

/* Request and response without signature, the text that the device signs. */
static int append_transcript(struct aver_buf *b, const uint8_t nonce[static 32])
{
    struct aver_buf opaque;
    int rc = -1;

    aver_buf_init(&opaque, REPORT_MAX);
    if (append_opaque(&opaque) == 0 && append_request(b, nonce) == 0)
        rc = append_response(b, aver_buf_view(&opaque));
    aver_buf_clear(&opaque);
    return rc;
}

static int append_report(struct aver_buf *b, const struct simulator_gpu *gpu,
                         const uint8_t nonce[static 32], struct aver_error *err)
{
    const struct simulator_key key = {48, gpu->key, gpu->point};
    uint8_t signature[SIGNATURE_SIZE];

    if (append_transcript(b, nonce) != 0)
        return aver_fail(err, AVER_EMEM, "simulator: no room for a report");
    if (simulator_sign(&key, aver_buf_view(b), signature, err) != 0)
        return -1;
    if (aver_buf_append(b, signature, sizeof(signature)) != 0)
        return aver_fail(err, AVER_EMEM, "simulator: no room for a report");
    return 0;
}

/* Leaf to root. */
static int append_chain(struct aver_buf *b, const struct simulator_gpu *gpu)
{
    const char *chain[] = {gpu->leaf_pem, gpu->brom_pem,
                           simulator_gpu_provisioner_pem,
                           simulator_gpu_identity_pem, simulator_gpu_root_pem};

    for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++)
        if (aver_buf_append_str(b, chain[i]) != 0)
            return -1;
    return 0;
}

static int append_item(struct aver_buf *out, struct aver_bytes chain,
                       struct aver_bytes report)
{
    if (aver_buf_append_str(out, "{\"certificate\":\"") != 0 ||
        aver_base64_encode_buf(out, chain) != 0 ||
        aver_buf_append_str(out, "\",\"evidence\":\"") != 0 ||
        aver_base64_encode_buf(out, report) != 0)
        return -1;
    return aver_buf_append_str(out, "\",\"arch\":\"HOPPER\"}");
}

static int append_gpu(struct aver_buf *out, const struct simulator_gpu *gpu,
                      const uint8_t nonce[static 32], struct aver_error *err)
{
    struct aver_buf chain, report;
    int rc = -1;

    aver_buf_init(&chain, REPORT_MAX);
    aver_buf_init(&report, REPORT_MAX);
    if (append_report(&report, gpu, nonce, err) == 0) {
        rc = append_chain(&chain, gpu);
        if (rc == 0)
            rc =
                append_item(out, aver_buf_view(&chain), aver_buf_view(&report));
        if (rc != 0)
            aver_fail(err, AVER_ELIMIT, "simulator: no room for evidence");
    }
    aver_buf_clear(&report);
    aver_buf_clear(&chain);
    return rc;
}

int simulator_gpu_evidence(const uint8_t nonce[static 32], unsigned count,
                           struct aver_buf *evidence_list_json,
                           struct aver_error *err)
{
    if (count < 1 || count > SIMULATOR_GPU_MAX)
        return aver_fail(err, AVER_ECONFIG,
                         "simulator: %u GPUs asked for, 1 to %d possible",
                         count, SIMULATOR_GPU_MAX);
    for (unsigned i = 0; i < count; i++) {
        if (aver_buf_append(evidence_list_json, i == 0 ? "[" : ",", 1) != 0)
            return aver_fail(err, AVER_ELIMIT,
                             "simulator: no room for evidence");
        if (append_gpu(evidence_list_json, &simulator_gpus[i], nonce, err) != 0)
            return -1;
    }
    if (aver_buf_append(evidence_list_json, "]", 1) != 0)
        return aver_fail(err, AVER_ELIMIT, "simulator: no room for evidence");
    return 0;
}
