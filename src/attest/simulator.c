/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator: a TDX quote of version 4 with a TD report 1.0, laid out and
 * signed as Intel's quoting enclave does it, and a guest agent's words beside
 * it. Per quote only report_data and the quote's signature change, as on a
 * real machine. Every field is bytes, so the structs have no padding. */
#include "attest/simulator.h"

#include "attest/simulator_pki.h"
#include "attest/simulator_sign.h"
#include "attest/simulator_td.h"
#include "base/text.h"
#include "crypto/sha2.h"
#include <stdlib.h>
#include <string.h>

#define QUOTE_VERSION 4
#define KEY_ECDSA_P256 2
#define TEE_TDX 0x81
#define CERTIFICATION_PCK_CHAIN 5
#define CERTIFICATION_QE_REPORT 6
#define TD_SEPT_VE_DISABLE (1U << 28)
#define TD_XFAM 0x602e7U /* as Linux guests on a Sapphire Rapids have it */

/* DCAP quote v4, A.3.1 */
struct quote_header {
    uint8_t version[2], key_type[2], tee_type[4], reserved[4];
    uint8_t qe_vendor_id[16];
    uint8_t user_data[20]; /* QE id, 4 zeros */
};

/* DCAP quote v4, A.3.2 */
struct td_report {
    uint8_t tee_tcb_svn[16];
    uint8_t mrseam[48], mrsignerseam[48], seam_attributes[8];
    uint8_t td_attributes[8], xfam[8], mrtd[48];
    uint8_t mrconfigid[48], mrowner[48], mrownerconfig[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64];
};

/* DCAP quote v4, A.3.8 to A.3.11: all but the certificates at the end. */
struct quote {
    struct quote_header header;
    struct td_report body;
    uint8_t signature_data_size[4];
    uint8_t signature[64], attestation_key[64];
    uint8_t outer_type[2], outer_size[4];
    uint8_t qe_report[384], qe_signature[64];
    uint8_t auth_size[2], auth_data[32];
    uint8_t inner_type[2], inner_size[4];
};
#define QUOTE_SIGNED offsetof(struct quote, signature_data_size)

_Static_assert(sizeof(struct quote_header) == 48, "quote header");
_Static_assert(sizeof(struct td_report) == 584, "TD report 1.0");
_Static_assert(offsetof(struct quote, body.report_data) == 568, "report_data");
_Static_assert(sizeof(struct quote) == 1258, "quote without certificates");

static const uint8_t intel_qe_vendor[16] = {
    0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
    0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07,
};

static void put_le(uint8_t *out, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static void fill_header(struct quote_header *h)
{
    put_le(h->version, 2, QUOTE_VERSION);
    put_le(h->key_type, 2, KEY_ECDSA_P256);
    put_le(h->tee_type, 4, TEE_TDX);
    memcpy(h->qe_vendor_id, intel_qe_vendor, 16);
    memcpy(h->user_data, simulator_qe_id, 16);
}

static void fill_body(struct td_report *b, const struct simulator_td *td,
                      const uint8_t report_data[static 64])
{
    memcpy(b->tee_tcb_svn, simulator_tee_tcb_svn, 16);
    memcpy(b->mrseam, simulator_mrseam, 48);
    put_le(b->td_attributes, 8, TD_SEPT_VE_DISABLE);
    put_le(b->xfam, 8, TD_XFAM);
    memcpy(b->mrtd, simulator_mrtd, 48);
    b->mrconfigid[0] = 1; /* dstack V1: 01 || compose hash || zeros */
    memcpy(b->mrconfigid + 1, td->compose_hash, 32);
    memcpy(b->rtmr, td->rtmr, sizeof(b->rtmr));
    memcpy(b->report_data, report_data, 64);
}

/* Everything behind the signed part but the signature. */
static void fill_certification(struct quote *q, size_t pem_size)
{
    size_t inner = sizeof(*q) - offsetof(struct quote, qe_report) + pem_size;
    size_t all = sizeof(*q) - offsetof(struct quote, signature) + pem_size;

    put_le(q->signature_data_size, 4, all);
    memcpy(q->attestation_key, simulator_attestation_point + 1, 64);
    put_le(q->outer_type, 2, CERTIFICATION_QE_REPORT);
    put_le(q->outer_size, 4, inner);
    memcpy(q->qe_report, simulator_qe_report, 384);
    memcpy(q->qe_signature, simulator_qe_signature, 64);
    put_le(q->auth_size, 2, sizeof(q->auth_data));
    memcpy(q->auth_data, simulator_qe_auth_data, sizeof(q->auth_data));
    put_le(q->inner_type, 2, CERTIFICATION_PCK_CHAIN);
    put_le(q->inner_size, 4, pem_size);
}

/* PCK leaf, intermediate, root, and the NUL that real quotes end with. */
static int append_chain(struct aver_buf *out)
{
    if (aver_buf_append_str(out, simulator_pck_pem) != 0 ||
        aver_buf_append_str(out, simulator_platform_ca_pem) != 0 ||
        aver_buf_append_str(out, simulator_root_pem) != 0)
        return -1;
    return aver_buf_append(out, "", 1);
}

static int append_quote(struct quote *q, const struct simulator_td *td,
                        const uint8_t report_data[static 64],
                        struct aver_buf *out, struct aver_error *err)
{
    const struct simulator_key key = {32, simulator_attestation_key,
                                      simulator_attestation_point};

    memset(q, 0, sizeof(*q));
    fill_header(&q->header);
    fill_body(&q->body, td, report_data);
    fill_certification(q, strlen(simulator_pck_pem) +
                              strlen(simulator_platform_ca_pem) +
                              strlen(simulator_root_pem) + 1);
    if (simulator_sign(&key, aver_bytes_of(q, QUOTE_SIGNED), q->signature,
                       err) != 0)
        return -1;
    if (aver_buf_append(out, q, sizeof(*q)) != 0 || append_chain(out) != 0)
        return aver_fail(err, AVER_ELIMIT, "simulator: no room for a quote");
    return 0;
}

/* NULL when memory is short, as with jansson's own constructors. */
static json_t *json_hex(const void *p, size_t n)
{
    char text[2 * 64 + 1];

    if (n > 64)
        return NULL;
    aver_hex_encode(text, p, n);
    return json_string(text);
}

static json_t *vm_config(void)
{
    return json_pack(
        "{s:i, s:o, s:i, s:I, s:s, s:i, s:b, s:b, s:s, s:s, s:s, s:s,"
        " s:{s:s, s:s}}",
        "spec_version", 1, "os_image_hash",
        json_hex(simulator_os_image_hash, 32), "cpu_count", 2, "memory_size",
        (json_int_t)2 << 30, "qemu_version", "9.2.1", "pci_hole64_size", 0,
        "hugepages", 0, "hotplug_off", 0, "image", "aver-simulator",
        "host_share_mode", "9p", "ovmf_variant", "pre202505",
        "tdx_attestation_variant", "lite", "tdx_measurement", "measurement",
        simulator_measurement_base64, "checksum_file",
        simulator_checksums_base64);
}

/* SHA-256(MRTD || RTMR0..3 || MRCONFIGID || MROWNER || MROWNERCONFIG), the
 * last three because one of them is set. */
static void aggregate(uint8_t out[static 32], const struct td_report *b)
{
    uint8_t all[8 * 48];

    memcpy(all, b->mrtd, 48);
    memcpy(all + 48, b->rtmr, 4 * 48);
    memcpy(all + 240, b->mrconfigid, 48);
    memcpy(all + 288, b->mrowner, 48);
    memcpy(all + 336, b->mrownerconfig, 48);
    aver_sha256(out, aver_bytes_of(all, sizeof(all)));
}

static json_t *tcb_info(const struct td_report *b,
                        const struct simulator_td *td,
                        const uint8_t aggregated[static 32],
                        const uint8_t device_id[static 32])
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:s}", "mrtd",
        json_hex(b->mrtd, 48), "rtmr0", json_hex(b->rtmr[0], 48), "rtmr1",
        json_hex(b->rtmr[1], 48), "rtmr2", json_hex(b->rtmr[2], 48), "rtmr3",
        json_hex(b->rtmr[3], 48), "mr_aggregated", json_hex(aggregated, 32),
        "os_image_hash", json_hex(simulator_os_image_hash, 32), "compose_hash",
        json_hex(td->compose_hash, 32), "device_id", json_hex(device_id, 32),
        "event_log", td->log, "app_compose", simulator_app_compose);
}

/* What the agent's /Info tells. There is no certificate authority behind the
 * simulator, so app_cert is empty. */
static json_t *info(const struct quote *q, const struct simulator_td *td,
                    const char *vm_config_text)
{
    uint8_t aggregated[32], device_id[32];

    aggregate(aggregated, &q->body);
    aver_sha256(device_id, aver_bytes_of(q->header.user_data, 20));
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:s, s:o, s:s}", "app_id",
        json_hex(td->app_id, 20), "instance_id", json_hex(td->instance_id, 20),
        "app_cert", "", "tcb_info",
        tcb_info(&q->body, td, aggregated, device_id), "app_name",
        "aver-simulator (SIMULATED, no TEE)", "device_id",
        json_hex(device_id, 32), "mr_aggregated", json_hex(aggregated, 32),
        "os_image_hash", json_hex(simulator_os_image_hash, 32),
        "key_provider_info", simulator_key_provider, "compose_hash",
        json_hex(td->compose_hash, 32), "vm_config", vm_config_text);
}

/* Appends the compact text of `tree` (may be NULL: no memory); frees it. */
static int append_json(struct aver_buf *out, json_t *tree,
                       struct aver_error *err)
{
    char *text = tree == NULL ? NULL : json_dumps(tree, JSON_COMPACT);
    int rc = -1;

    json_decref(tree);
    if (text != NULL)
        rc = aver_buf_append_str(out, text);
    free(text);
    if (rc != 0)
        return aver_fail(err, AVER_ELIMIT, "simulator: no room for JSON");
    return 0;
}

static int append_info(struct aver_buf *out, const struct quote *q,
                       const struct simulator_td *td, struct aver_error *err)
{
    struct aver_buf config;
    int rc = -1;

    aver_buf_init(&config, 8192);
    if (append_json(&config, vm_config(), err) == 0 &&
        aver_buf_append(&config, "", 1) == 0)
        rc = append_json(out, info(q, td, (const char *)config.p), err);
    aver_buf_clear(&config);
    return rc;
}

int simulator_quote(const uint8_t report_data[static 64],
                    struct aver_buf *quote, struct aver_buf *event_log_json,
                    struct aver_buf *info_json, struct aver_buf *vm_config_json,
                    struct aver_error *err)
{
    struct simulator_td td;
    struct quote q;
    int rc = -1;

    if (simulator_td_boot(&td, err) != 0)
        return -1;
    if (append_quote(&q, &td, report_data, quote, err) == 0 &&
        append_json(event_log_json, json_incref(td.log), err) == 0 &&
        append_json(vm_config_json, vm_config(), err) == 0)
        rc = append_info(info_json, &q, &td, err);
    simulator_td_clear(&td);
    return rc;
}
