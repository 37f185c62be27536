/* SPDX-License-Identifier: Apache-2.0
 *
 * report: takes the members of a report apart. Whatever a member holds, it
 * is copied within fixed bounds; the first fault is kept in words that name
 * the member and never its content. */
#include "verify/report.h"
#include "base/text.h"
#include "crypto/k1.h"
#include "crypto/x509.h"
#include "verify/gpu_payload.h"
#include "verify/report_members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTE_TEXT_MAX ((size_t)256 << 10)
#define CERTIFICATE_MAX ((size_t)64 << 10)
#define E2E_KEY_MAX ((size_t)8 << 10)

static const struct aver_report_nature natures[AVER_REPORT_KINDS] = {
    [AVER_SERVICE] = {"the service", "intel_quote", "quote", "request_nonce",
                      true, true, true},
    [AVER_GATEWAY] = {"the gateway", "intel_quote", "quote", "request_nonce",
                      true, false, true},
    [AVER_MODEL] = {"the model behind the gateway", "intel_quote", "quote",
                    "request_nonce", true, true, false},
    [AVER_NODE] = {"the other node", "intel_quote", "quote", "request_nonce",
                   true, true, false},
    [AVER_COMPOSE_MANAGER] = {"the compose manager", "quote", NULL, "nonce",
                              false, false, false},
    [AVER_INSTANCE] = {"the instance", "quote", NULL, NULL, false, true, true},
    [AVER_AGENT] = {"the guest agent's quote", "quote", NULL, NULL, false, true,
                    true},
};

const struct aver_report_nature *aver_report_nature(enum aver_report_kind kind)
{
    return &natures[kind];
}

static const char *const names[M_N] = {
    [M_ADDRESS] = "signing_address",
    [M_ALGO] = "signing_algo",
    [M_PUBLIC] = "signing_public_key",
    [M_REQUEST_NONCE] = "request_nonce",
    [M_SPKI] = "tls_cert_fingerprint",
    [M_INTEL_QUOTE] = "intel_quote",
    [M_QUOTE] = "quote",
    [M_NVIDIA] = "nvidia_payload",
    [M_NVSWITCH] = "nvswitch_payload",
    [M_GPU_DIGEST] = "gpu_evidence_sha256",
    [M_SWITCH_DIGEST] = "nvswitch_evidence_sha256",
    [M_NONCE] = "nonce",
    [M_ACTIONS] = "actions",
    [M_ACTIONS_HASH] = "actions_hash",
    [M_REPORT_DATA] = "report_data",
    [M_GPU_EVIDENCE] = "gpu_evidence",
    [M_CERTIFICATE] = "certificate",
    [M_E2E_KEY] = "e2e_pubkey",
    [M_EVENT_LOG] = "event_log",
    [M_VM_CONFIG] = "vm_config",
    [M_INFO] = "info",
    [M_GATEWAY] = "gateway_attestation",
    [M_MODELS] = "model_attestations",
    [M_ALL] = "all_attestations",
    [M_COMPOSE_MANAGER] = "compose_manager_attestation",
    [M_INSTANCES] = "evidence",
    [M_TEE] = "tee",
    [M_SIMULATED] = "simulated",
    [M_SERVING] = "serving",
    [M_BINDING] = "engine_binding",
    [M_MODEL_NAME] = "model_name",
    [M_INSTANCE] = "instance_id",
    [M_VERSION_INFO] = "version_info",
};

int aver_report_members(struct aver_json_member m[static M_N],
                        struct aver_bytes source, struct aver_error *err)
{
    for (unsigned i = 0; i < M_N; i++)
        m[i].name = names[i];
    return aver_members(m, M_N, source, err);
}

void aver_report_fault(struct aver_report *r, const char *name, const char *why)
{
    if (r->fault[0] == '\0')
        snprintf(r->fault, sizeof(r->fault), "%s %s", name, why);
}

static enum aver_presence read_32(uint8_t out[static 32],
                                  const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (!aver_member_is_there(m))
        return AVER_ABSENT;
    if (!aver_member_short(m, &text) || aver_hex_decode(out, 32, text) != 0)
        return AVER_MALFORMED;
    return AVER_PRESENT;
}

/* Without signing_algo (first generation) the address tells. */
static void read_key(struct aver_report *r, const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (!aver_member_short(&m[M_ADDRESS], &text) ||
        aver_key_id_parse(&r->key, text) != 0) {
        aver_report_fault(r, "signing_address",
                          "is not 0x and 40 hex digits, nor 64 hex digits");
        return;
    }
    r->algo = r->key.n == 20 ? AVER_ECDSA : AVER_ED25519;
    if (m[M_ALGO].type == AVER_JSON_ABSENT)
        return;
    enum aver_algo said;
    if (!aver_member_short(&m[M_ALGO], &text) ||
        aver_algo_parse(&said, text) != 0)
        aver_report_fault(r, "signing_algo", "is neither ecdsa nor ed25519");
    else if (said != r->algo)
        aver_report_fault(r, "signing_address",
                          "has not the form that signing_algo has");
}

/* X and Y, with or without the 04 of an uncompressed point in front; or an
 * Ed25519 key. */
static void read_public(struct aver_report *r, const struct aver_json_member *m)
{
    struct aver_bytes text;
    uint8_t point[64];

    if (!aver_member_is_there(m))
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
    const struct aver_report_nature *nature = aver_report_nature(r->kind);
    bool old_name = strcmp(nature->quote, names[M_QUOTE]) == 0;

    if (read_quote_text(&r->quote_bytes, &m[old_name ? M_QUOTE : M_INTEL_QUOTE],
                        source) != 0)
        aver_report_fault(r, nature->quote,
                          "is missing, or neither hex nor base64");
    else
        r->quote_ok = aver_quote_parse(
                          &r->quote, aver_buf_view(&r->quote_bytes), NULL) == 0;
    if (r->quote_ok && r->quote.tee != AVER_TEE_TDX)
        aver_report_fault(r, nature->quote,
                          "is of an SGX enclave, not of a TDX machine");
    if (nature->second == NULL || !aver_member_is_there(&m[M_QUOTE]))
        return;
    r->has_second = read_quote_text(&r->second, &m[M_QUOTE], source) == 0
                        ? AVER_PRESENT
                        : AVER_MALFORMED;
}

/* What the one who made the quote says that it asked for: at most 64 bytes,
 * zeros behind them. */
static void read_echo(struct aver_report *r, const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (!aver_member_is_there(m))
        return;
    r->has_echo = AVER_MALFORMED;
    if (aver_member_short(m, &text) && text.n % 2 == 0 && text.n <= 128 &&
        aver_hex_decode(r->echo, text.n / 2, text) == 0)
        r->has_echo = AVER_PRESENT;
    else
        aver_report_fault(r, "report_data", "is not hex of at most 64 bytes");
}

static void read_digest(struct aver_report *r, enum aver_presence *has,
                        uint8_t out[static 32],
                        const struct aver_json_member *m)
{
    *has = read_32(out, m);
    if (*has == AVER_MALFORMED)
        aver_report_fault(r, m->name, "is not 64 hex digits");
}

static void read_service(struct aver_report *r,
                         const struct aver_json_member *m,
                         struct aver_bytes source)
{
    read_key(r, m);
    read_public(r, &m[M_PUBLIC]);
    r->has_nonce = read_32(r->nonce, &m[M_REQUEST_NONCE]);
    enum aver_presence spki = read_32(r->spki, &m[M_SPKI]);
    r->has_spki = spki == AVER_PRESENT;
    if (spki == AVER_MALFORMED)
        aver_report_fault(r, "tls_cert_fingerprint", "is not 64 hex digits");
    read_digest(r, &r->has_gpu_digest, r->gpu_digest, &m[M_GPU_DIGEST]);
    read_digest(r, &r->has_switch_digest, r->switch_digest,
                &m[M_SWITCH_DIGEST]);
    if (r->has_switch_digest != AVER_ABSENT && r->has_gpu_digest == AVER_ABSENT)
        aver_report_fault(r, names[M_SWITCH_DIGEST],
                          "stands there without gpu_evidence_sha256");
    aver_gpu_payload_read(r, &m[M_NVIDIA], &m[M_NVSWITCH], source);
}

static bool hash_is_of_actions(const struct aver_report *r)
{
    bool found = false;

    for (int i = 0; i < AVER_SPELLINGS; i++)
        found = found || memcmp(r->actions[i], r->actions_hash, 32) == 0;
    return found;
}

static void read_compose_manager(struct aver_report *r,
                                 const struct aver_json_member *m,
                                 struct aver_bytes source)
{
    r->has_nonce = read_32(r->nonce, &m[M_NONCE]);
    r->has_actions_hash = read_32(r->actions_hash, &m[M_ACTIONS_HASH]);
    if (r->has_actions_hash == AVER_MALFORMED)
        aver_report_fault(r, "actions_hash", "is not 64 hex digits");
    if (!aver_member_is_there(&m[M_ACTIONS]))
        return;
    r->has_actions = AVER_MALFORMED;
    if (m[M_ACTIONS].type == AVER_JSON_ARRAY &&
        aver_actions_hash(r->actions, aver_member_source(&m[M_ACTIONS], source),
                          NULL) == 0)
        r->has_actions = AVER_PRESENT;
    if (r->has_actions == AVER_PRESENT && r->has_actions_hash == AVER_PRESENT &&
        !hash_is_of_actions(r))
        aver_report_fault(r, "actions_hash", "is not that of the actions");
}

/* Chutes: {quote, gpu_evidence, instance_id, certificate}, the certificate as
 * base64 of DER. Its key takes the place of a TLS key. */
static void read_instance(struct aver_report *r,
                          const struct aver_json_member *m,
                          struct aver_bytes source)
{
    struct aver_buf text, der;

    aver_gpu_list_read(r, &m[M_GPU_EVIDENCE], source);
    if (aver_member_is_there(&m[M_E2E_KEY]) &&
        aver_member_text(&r->e2e_key, &m[M_E2E_KEY], source) != 0)
        aver_report_fault(r, "e2e_pubkey", "is no text of at most 8 KiB");
    if (!aver_member_is_there(&m[M_CERTIFICATE]))
        return;
    aver_buf_init(&text, CERTIFICATE_MAX * 2);
    aver_buf_init(&der, CERTIFICATE_MAX);
    r->has_spki =
        aver_member_text(&text, &m[M_CERTIFICATE], source) == 0 &&
        aver_base64_decode_buf(&der, aver_buf_view(&text)) == 0 &&
        aver_x509_der_spki_sha256(r->spki, aver_buf_view(&der), NULL) == 0;
    if (!r->has_spki)
        aver_report_fault(r, "certificate", "is no certificate in base64");
    aver_buf_clear(&text);
    aver_buf_clear(&der);
}

static void read_nothing(struct aver_report *r,
                         const struct aver_json_member *m,
                         struct aver_bytes source)
{
    (void)r, (void)m, (void)source;
}

/* What each kind has besides a quote and what says which code runs. */
static void (*const readers[AVER_REPORT_KINDS])(
    struct aver_report *r, const struct aver_json_member *m,
    struct aver_bytes source) = {
    [AVER_SERVICE] = read_service,
    [AVER_GATEWAY] = read_service,
    [AVER_MODEL] = read_service,
    [AVER_NODE] = read_service,
    [AVER_COMPOSE_MANAGER] = read_compose_manager,
    [AVER_INSTANCE] = read_instance,
    [AVER_AGENT] = read_nothing,
};

static void read_evidence(struct aver_report *r,
                          const struct aver_json_member *m,
                          struct aver_bytes source)
{
    for (unsigned i = 0; i < M_CLAIMS; i++)
        if (m[i].count > 1)
            aver_report_fault(r, names[i], "stands there more than once");
    readers[r->kind](r, m, source);
    read_quotes(r, m, source);
    read_echo(r, &m[M_REPORT_DATA]);
    aver_report_read_code(r, m, source);
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

static void read_claims(struct aver_claims *c, const struct aver_json_member *m,
                        struct aver_bytes source)
{
    claim(c->tee, &m[M_TEE]);
    claim(c->simulated, &m[M_SIMULATED]);
    claim(c->serving, &m[M_SERVING]);
    claim(c->engine_binding, &m[M_BINDING]);
    claim(c->model_name, &m[M_MODEL_NAME]);
    claim(c->instance, &m[M_INSTANCE]);
    if (m[M_VERSION_INFO].type == AVER_JSON_OBJECT)
        read_version(c, aver_member_source(&m[M_VERSION_INFO], source));
}

static struct aver_report *report_new(enum aver_report_kind kind,
                                      struct aver_error *err)
{
    struct aver_report *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        aver_fail(err, AVER_EMEM, "out of memory for a report");
        return NULL;
    }
    r->kind = kind;
    aver_buf_init(&r->quote_bytes, QUOTE_TEXT_MAX / 2);
    aver_buf_init(&r->second, QUOTE_TEXT_MAX / 2);
    aver_buf_init(&r->e2e_key, E2E_KEY_MAX);
    return r;
}

struct aver_report *
aver_report_read(const struct aver_json_member m[static M_N],
                 struct aver_bytes source, enum aver_report_kind kind,
                 struct aver_error *err)
{
    struct aver_report *r = report_new(kind, err);

    if (r == NULL)
        return NULL;
    read_claims(&r->claims, m, source);
    read_evidence(r, m, source);
    return r;
}

struct aver_report *aver_report_broken(const char *fault,
                                       enum aver_report_kind kind,
                                       struct aver_error *err)
{
    struct aver_report *r = report_new(kind, err);

    if (r != NULL)
        snprintf(r->fault, sizeof(r->fault), "%s", fault);
    return r;
}

struct aver_report *aver_report_parse(struct aver_bytes in,
                                      struct aver_error *err)
{
    struct aver_json_member m[M_N];
    struct aver_error why;

    if (in.n > AVER_REPORT_MAX) {
        aver_fail(err, AVER_ELIMIT, "the report is larger than 16 MiB");
        return NULL;
    }
    if (aver_report_members(m, in, &why) == 0)
        return aver_report_read(m, in, AVER_SERVICE, err);
    aver_fail(err, why.code, "the report is %.200s", why.text);
    return NULL;
}

void aver_report_free(struct aver_report *r)
{
    if (r == NULL)
        return;
    aver_gpu_evidence_free(r->gpu);
    aver_buf_clear(&r->quote_bytes);
    aver_buf_clear(&r->second);
    aver_buf_clear(&r->e2e_key);
    aver_buf_clear(&r->event_log);
    aver_buf_clear(&r->app_compose);
    aver_buf_clear(&r->vm_config);
    aver_buf_clear(&r->claimed_aggregated);
    free(r);
}

static bool same_bytes(const struct aver_buf *a, const struct aver_buf *b)
{
    return aver_bytes_equal(aver_buf_view(a), aver_buf_view(b));
}

/* Members beside an absent one are zero. */
static bool same_facts(const struct aver_report *a, const struct aver_report *b)
{
    return strcmp(a->fault, b->fault) == 0 && a->algo == b->algo &&
           aver_key_id_equal(&a->key, &b->key) &&
           a->has_public == b->has_public &&
           aver_key_id_equal(&a->public_id, &b->public_id) &&
           a->has_nonce == b->has_nonce &&
           memcmp(a->nonce, b->nonce, 32) == 0 && a->has_spki == b->has_spki &&
           memcmp(a->spki, b->spki, 32) == 0 && a->has_echo == b->has_echo &&
           memcmp(a->echo, b->echo, 64) == 0;
}

static bool same_payload(const struct aver_gpu_evidence *a,
                         const struct aver_gpu_evidence *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return memcmp(a->digest, b->digest, 32) == 0 &&
           a->has_switch_digest == b->has_switch_digest &&
           memcmp(a->switch_digest, b->switch_digest, 32) == 0;
}

static bool same_gpus(const struct aver_report *a, const struct aver_report *b)
{
    return a->has_gpu == b->has_gpu &&
           strcmp(a->gpu_fault, b->gpu_fault) == 0 &&
           a->has_gpu_digest == b->has_gpu_digest &&
           memcmp(a->gpu_digest, b->gpu_digest, 32) == 0 &&
           a->has_switch_digest == b->has_switch_digest &&
           memcmp(a->switch_digest, b->switch_digest, 32) == 0 &&
           same_payload(a->gpu, b->gpu);
}

bool aver_report_same(const struct aver_report *a, const struct aver_report *b)
{
    return same_facts(a, b) && same_gpus(a, b) &&
           same_bytes(&a->quote_bytes, &b->quote_bytes) &&
           a->has_second == b->has_second &&
           same_bytes(&a->second, &b->second) &&
           same_bytes(&a->event_log, &b->event_log) &&
           same_bytes(&a->app_compose, &b->app_compose) &&
           same_bytes(&a->vm_config, &b->vm_config) &&
           same_bytes(&a->claimed_aggregated, &b->claimed_aggregated);
}
