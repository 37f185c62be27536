/* SPDX-License-Identifier: Apache-2.0
 *
 * report: takes the members of a report apart. Whatever a member holds, it
 * is copied within fixed bounds; the first fault is kept in words that name
 * the member and never its content. */
#include "verify/report.h"
#include "base/text.h"
#include "crypto/k1.h"
#include "verify/gpu_payload.h"
#include "verify/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTE_TEXT_MAX ((size_t)256 << 10)

static void fault(struct aver_report *r, const char *name, const char *why)
{
    if (r->fault[0] == '\0')
        snprintf(r->fault, sizeof(r->fault), "%s %s", name, why);
}

/* The members that are evidence, or say what the evidence is about. */
enum {
    ADDRESS,
    ALGO,
    PUBLIC,
    NONCE,
    SPKI,
    INTEL_QUOTE,
    QUOTE,
    NVIDIA,
    EVIDENCE_N
};
static const char *const evidence_names[EVIDENCE_N] = {
    "signing_address", "signing_algo",         "signing_public_key",
    "request_nonce",   "tls_cert_fingerprint", "intel_quote",
    "quote",           "nvidia_payload"};

enum {
    GATEWAY,
    MODELS,
    TEE,
    SIMULATED,
    SERVING,
    BINDING,
    MODEL_NAME,
    VERSION_INFO,
    CLAIM_N
};
static const char *const claim_names[CLAIM_N] = {"gateway_attestation",
                                                 "model_attestations",
                                                 "tee",
                                                 "simulated",
                                                 "serving",
                                                 "engine_binding",
                                                 "model_name",
                                                 "version_info"};

static enum aver_presence read_32(uint8_t out[static 32],
                                  const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (m->type == AVER_JSON_ABSENT || m->type == AVER_JSON_NULL)
        return AVER_ABSENT;
    if (!aver_member_short(m, &text) || aver_hex_decode(out, 32, text) != 0)
        return AVER_MALFORMED;
    return AVER_PRESENT;
}

/* Without signing_algo (first generation) the address tells. */
static void read_key(struct aver_report *r, const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (!aver_member_short(&m[ADDRESS], &text) ||
        aver_key_id_parse(&r->key, text) != 0) {
        fault(r, "signing_address",
              "is not 0x and 40 hex digits, nor 64 hex digits");
        return;
    }
    r->algo = r->key.n == 20 ? AVER_ECDSA : AVER_ED25519;
    if (m[ALGO].type == AVER_JSON_ABSENT)
        return;
    enum aver_algo said;
    if (!aver_member_short(&m[ALGO], &text) ||
        aver_algo_parse(&said, text) != 0)
        fault(r, "signing_algo", "is neither ecdsa nor ed25519");
    else if (said != r->algo)
        fault(r, "signing_address", "has not the form that signing_algo has");
}

/* X and Y, with or without the 04 of an uncompressed point in front; or an
 * Ed25519 key. */
static void read_public(struct aver_report *r, const struct aver_json_member *m)
{
    struct aver_bytes text;
    uint8_t point[64];

    if (m->type == AVER_JSON_ABSENT || m->type == AVER_JSON_NULL)
        return;
    r->has_public = AVER_MALFORMED;
    if (!aver_member_short(m, &text))
        return;
    if (r->algo == AVER_ED25519) {
        if (aver_hex_decode(r->public_id.p, 32, text) != 0)
            return;
        r->public_id.n = 32;
    } else {
        if (text.n == 130 && aver_bytes_starts(text, "04"))
            text = aver_bytes_of(text.p + 2, 128);
        if (aver_hex_decode(point, 64, text) != 0)
            return;
        aver_address_of(r->public_id.p, point);
        r->public_id.n = 20;
    }
    r->has_public = AVER_PRESENT;
}

/* Hex in the current generation, base64 in the first. A quote begins with its
 * version, 4 or 5, so the two cannot be mixed up ("04…" or "BA…"). */
static int read_quote_text(struct aver_buf *out,
                           const struct aver_json_member *m,
                           struct aver_bytes source)
{
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, QUOTE_TEXT_MAX);
    if (aver_member_text(&text, m, source) == 0) {
        struct aver_bytes view = aver_buf_view(&text);

        rc = aver_hex_decode_buf(out, view);
        if (rc != 0)
            rc = aver_base64_decode_buf(out, view);
    }
    aver_buf_clear(&text);
    return rc;
}

static void read_quotes(struct aver_report *r, const struct aver_json_member *m,
                        struct aver_bytes source)
{
    struct aver_error why;

    if (read_quote_text(&r->quote_bytes, &m[INTEL_QUOTE], source) != 0)
        fault(r, "intel_quote", "is missing, or neither hex nor base64");
    else if (aver_quote_parse(&r->quote, aver_buf_view(&r->quote_bytes),
                              &why) == 0)
        r->quote_ok = true;
    else
        snprintf(r->quote_fault, sizeof(r->quote_fault), "intel_quote: %.100s",
                 why.text);
    if (m[QUOTE].type == AVER_JSON_ABSENT || m[QUOTE].type == AVER_JSON_NULL)
        return;
    r->has_second = read_quote_text(&r->second, &m[QUOTE], source) == 0
                        ? AVER_PRESENT
                        : AVER_MALFORMED;
}

static int read_evidence(struct aver_report *r, struct aver_bytes source,
                         struct aver_error *err)
{
    struct aver_json_member m[EVIDENCE_N] = {0};

    for (unsigned i = 0; i < EVIDENCE_N; i++)
        m[i].name = evidence_names[i];
    if (aver_members(m, EVIDENCE_N, source, err) != 0)
        return -1;
    for (unsigned i = 0; i < EVIDENCE_N; i++)
        if (m[i].count > 1)
            fault(r, evidence_names[i], "stands there more than once");
    read_key(r, m);
    read_public(r, &m[PUBLIC]);
    r->has_nonce = read_32(r->nonce, &m[NONCE]);
    enum aver_presence spki = read_32(r->spki, &m[SPKI]);
    r->has_spki = spki == AVER_PRESENT;
    if (spki == AVER_MALFORMED)
        fault(r, "tls_cert_fingerprint", "is not 64 hex digits");
    read_quotes(r, m, source);
    aver_gpu_payload_read(r, &m[NVIDIA], source);
    return 0;
}

/* Strings; true and false as words. Printable ASCII alone is kept. */
static void claim(char out[static AVER_CLAIM_MAX],
                  const struct aver_json_member *m)
{
    struct aver_bytes text = aver_bytes_of(NULL, 0);
    size_t n = 0;

    if (m->type == AVER_JSON_TRUE)
        text = aver_bytes_str("true");
    else if (m->type == AVER_JSON_FALSE)
        text = aver_bytes_str("false");
    else if (!aver_member_short(m, &text))
        return;
    for (; n < text.n && n < AVER_CLAIM_MAX - 1; n++)
        out[n] = text.p[n] > 0x20 && text.p[n] < 0x7f ? (char)text.p[n] : '?';
    out[n] = '\0';
}

static void read_version(struct aver_claims *c, struct aver_bytes object)
{
    struct aver_json_member m[3] = {
        {.name = "name"}, {.name = "version"}, {.name = "commit"}};

    if (aver_members(m, 3, object, NULL) != 0)
        return;
    claim(c->name, &m[0]);
    claim(c->version, &m[1]);
    claim(c->commit, &m[2]);
}

static int read_claims(struct aver_report *r, struct aver_bytes source,
                       struct aver_error *err)
{
    struct aver_json_member m[CLAIM_N] = {0};

    for (unsigned i = 0; i < CLAIM_N; i++)
        m[i].name = claim_names[i];
    if (aver_members(m, CLAIM_N, source, err) != 0)
        return -1;
    r->wrapped = m[GATEWAY].type == AVER_JSON_OBJECT ||
                 m[MODELS].type == AVER_JSON_ARRAY;
    claim(r->claims.tee, &m[TEE]);
    claim(r->claims.simulated, &m[SIMULATED]);
    claim(r->claims.serving, &m[SERVING]);
    claim(r->claims.engine_binding, &m[BINDING]);
    claim(r->claims.model_name, &m[MODEL_NAME]);
    if (m[VERSION_INFO].type == AVER_JSON_OBJECT)
        read_version(&r->claims, aver_member_source(&m[VERSION_INFO], source));
    return 0;
}

struct aver_report *aver_report_parse(struct aver_bytes in,
                                      struct aver_error *err)
{
    if (in.n > AVER_REPORT_MAX) {
        aver_fail(err, AVER_ELIMIT, "the report is larger than 16 MiB");
        return NULL;
    }
    struct aver_report *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        aver_fail(err, AVER_EMEM, "out of memory for a report");
        return NULL;
    }
    aver_buf_init(&r->quote_bytes, QUOTE_TEXT_MAX / 2);
    aver_buf_init(&r->second, QUOTE_TEXT_MAX / 2);
    struct aver_error why;
    if (read_claims(r, in, &why) == 0 && read_evidence(r, in, &why) == 0)
        return r;
    aver_fail(err, why.code, "the report is %.200s", why.text);
    aver_report_free(r);
    return NULL;
}

void aver_report_free(struct aver_report *r)
{
    if (r == NULL)
        return;
    for (unsigned i = 0; i < r->ngpus; i++) {
        aver_buf_clear(&r->gpus[i].evidence);
        aver_buf_clear(&r->gpus[i].certificate);
    }
    aver_buf_clear(&r->quote_bytes);
    aver_buf_clear(&r->second);
    free(r);
}
