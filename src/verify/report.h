/* SPDX-License-Identifier: Apache-2.0
 *
 * report: one report, taken apart: an answer of GET /v1/attestation/report,
 * one that stands inside another, or what others give in its place (kinds,
 * below). What wraps several is for scopes.h. Judges nothing: a report with a
 * fault is still parsed, and the rows say what the fault is. */
#ifndef AVER_VERIFY_REPORT_H
#define AVER_VERIFY_REPORT_H

#include "base/buf.h"
#include "verify/actions.h"
#include "verify/gpu_evidence.h"
#include "verify/keyid.h"
#include "verify/quote.h"

#define AVER_REPORT_MAX ((size_t)16 << 20)
#define AVER_CLAIM_MAX 80

/* Something that may be absent, or present and wrong. */
enum aver_presence { AVER_ABSENT = 0, AVER_PRESENT, AVER_MALFORMED };

/* Whose report it is. The kind says where members stand and what the report
 * cannot have by nature; it follows from the place where the report stands. */
enum aver_report_kind {
    AVER_SERVICE = 0,     /* a model's service, reached without a gateway */
    AVER_GATEWAY,         /* in front of models whose reports stand beside */
    AVER_MODEL,           /* behind that gateway */
    AVER_NODE,            /* another machine of the same service */
    AVER_COMPOSE_MANAGER, /* which actions the machine's manager took */
    AVER_INSTANCE,        /* a machine of Chutes */
    AVER_AGENT,           /* the answer of a guest agent's GetQuote */
    AVER_REPORT_KINDS,
};

struct aver_report_nature {
    const char *words;                  /* "the gateway" */
    const char *quote, *second, *nonce; /* names of members; NULL: has none */
    bool key;                           /* it names a signing key */
    bool gpus;                          /* GPUs do its work */
    bool tls; /* the connection that you saw may end in it */
};
const struct aver_report_nature *aver_report_nature(enum aver_report_kind kind);

/* Unsigned members: what the server says of itself. "" if it says nothing. */
struct aver_claims {
    char tee[AVER_CLAIM_MAX], simulated[AVER_CLAIM_MAX];
    char serving[AVER_CLAIM_MAX], engine_binding[AVER_CLAIM_MAX];
    char model_name[AVER_CLAIM_MAX], instance[AVER_CLAIM_MAX];
    char name[AVER_CLAIM_MAX], version[AVER_CLAIM_MAX];
    char commit[AVER_CLAIM_MAX];
};

struct aver_report {
    enum aver_report_kind kind;
    /* The one that it stands in, where it says something about that machine;
     * borrowed, NULL if it speaks for itself. */
    const struct aver_report *outer;
    char fault[128]; /* why it is no proper report; "" if it is one */
    enum aver_algo algo;
    struct aver_key_id key;        /* signing_address */
    enum aver_presence has_public; /* signing_public_key */
    struct aver_key_id public_id;  /* the key id that it gives */
    enum aver_presence has_nonce;  /* request_nonce; a manager's nonce */
    uint8_t nonce[32];
    bool has_spki; /* tls_cert_fingerprint; an instance's certificate */
    uint8_t spki[32];
    struct aver_buf quote_bytes;   /* intel_quote, or by kind */
    bool quote_ok;                 /* `quote` is valid */
    struct aver_quote quote;       /* views of quote_bytes */
    enum aver_presence has_second; /* the member `quote` beside intel_quote */
    struct aver_buf second;
    enum aver_presence has_echo; /* report_data: what the quote should hold */
    uint8_t echo[64];            /* padded with zeros */
    enum aver_presence has_gpu;  /* nvidia_payload; an instance's list */
    enum aver_presence has_gpu_nonce;
    uint8_t gpu_nonce[32];
    char gpu_fault[128]; /* why the GPUs' list could not be taken apart */
    struct aver_gpu_evidence *gpu; /* NULL if there is none */
    /* What the statement says that the quote is about (layout C). */
    enum aver_presence has_gpu_digest, has_switch_digest;
    uint8_t gpu_digest[32], switch_digest[32];
    /* A compose manager's: the list's digest in each of its spellings, and
     * the one that it names. */
    enum aver_presence has_actions, has_actions_hash;
    uint8_t actions[AVER_SPELLINGS][32], actions_hash[32];
    struct aver_buf e2e_key; /* an instance's key for prompts, as base64 */
    /* What says which code runs; empty if the report does not say. The texts
     * are as they were before they were put into JSON. */
    struct aver_buf event_log;   /* a JSON array */
    struct aver_buf app_compose; /* info.tcb_info.app_compose */
    struct aver_buf vm_config;
    struct aver_buf claimed_aggregated; /* mr_aggregated, hex */
    struct aver_claims claims;
};

/* Parses a service's report; the other kinds come out of aver_scopes_parse.
 * Copies what it keeps. NULL with `err` if the bytes are no JSON object, are
 * too many, or memory is short. The caller frees. */
struct aver_report *aver_report_parse(struct aver_bytes in,
                                      struct aver_error *err);
void aver_report_free(struct aver_report *r);
/* True if all that is evidence is the same in both. */
bool aver_report_same(const struct aver_report *a, const struct aver_report *b);

#endif
