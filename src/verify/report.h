/* SPDX-License-Identifier: Apache-2.0
 *
 * report: the answer of GET /v1/attestation/report, taken apart. Reads the
 * flat form (current and first generation); says of the form that wraps
 * several reports only that it is one. Judges nothing: a report with a fault
 * is still parsed, and the rows say what the fault is. */
#ifndef AVER_VERIFY_REPORT_H
#define AVER_VERIFY_REPORT_H

#include "base/buf.h"
#include "verify/keyid.h"
#include "verify/quote.h"

#define AVER_REPORT_MAX ((size_t)16 << 20)
#define AVER_GPUS_MAX 64
#define AVER_CLAIM_MAX 80

/* Something that may be absent, or present and wrong. */
enum aver_presence { AVER_ABSENT = 0, AVER_PRESENT, AVER_MALFORMED };

struct aver_gpu {
    char arch[16]; /* as claimed */
    bool readable; /* evidence and certificate could be decoded */
    bool was_hex;  /* first generation: base64 of hex */
    struct aver_buf evidence, certificate; /* SPDM bytes; PEM text */
    uint8_t nonce[32];                     /* the one inside the evidence */
};

/* Unsigned members: what the server says of itself. "" if it says nothing. */
struct aver_claims {
    char tee[AVER_CLAIM_MAX], simulated[AVER_CLAIM_MAX];
    char serving[AVER_CLAIM_MAX], engine_binding[AVER_CLAIM_MAX];
    char model_name[AVER_CLAIM_MAX];
    char name[AVER_CLAIM_MAX], version[AVER_CLAIM_MAX];
    char commit[AVER_CLAIM_MAX];
};

struct aver_report {
    bool wrapped;    /* gateway_attestation or model_attestations */
    char fault[128]; /* why it is no proper report; "" if it is one */
    enum aver_algo algo;
    struct aver_key_id key;        /* signing_address */
    enum aver_presence has_public; /* signing_public_key */
    struct aver_key_id public_id;  /* the key id that it gives */
    enum aver_presence has_nonce;  /* request_nonce */
    uint8_t nonce[32];
    bool has_spki; /* tls_cert_fingerprint */
    uint8_t spki[32];
    struct aver_buf quote_bytes; /* intel_quote */
    bool quote_ok;               /* `quote` is valid */
    char quote_fault[128];
    struct aver_quote quote;       /* views of quote_bytes */
    enum aver_presence has_second; /* the member `quote` */
    struct aver_buf second;
    enum aver_presence has_gpu; /* nvidia_payload */
    enum aver_presence has_gpu_nonce;
    uint8_t gpu_nonce[32];
    char gpu_fault[128]; /* why nvidia_payload could not be taken apart */
    unsigned ngpus;
    struct aver_gpu gpus[AVER_GPUS_MAX];
    struct aver_claims claims;
};

/* Parses; copies what it keeps. NULL with `err` if the bytes are no JSON
 * object, are too many, or memory is short. The caller frees. */
struct aver_report *aver_report_parse(struct aver_bytes in,
                                      struct aver_error *err);
void aver_report_free(struct aver_report *r);

#endif
