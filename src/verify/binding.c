/* SPDX-License-Identifier: Apache-2.0
 *
 * binding: the rules, a row each. */
#include "verify/binding.h"
#include "base/text.h"
#include "crypto/report_data.h"
#include "crypto/sha2.h"

#include <stdlib.h>
#include <string.h>

/* ---- a service's key (docs/PROTOCOL.md, layouts A and B) ---- */

static void make_address(const struct aver_report *r, const uint8_t *nonce,
                         struct aver_bound *b)
{
    (void)nonce;
    if (r->has_nonce != AVER_PRESENT || r->key.n == 0) {
        b->open = "without request_nonce the rule is not known";
        return;
    }
    b->n = 1;
    aver_report_data(b->want[0], aver_bytes_of(r->key.p, r->key.n),
                     r->has_spki ? r->spki : NULL, r->nonce);
}

/* ---- a statement that also covers the GPUs' evidence (layout C) ---- */

static void make_statement(const struct aver_report *r, const uint8_t *nonce,
                           struct aver_bound *b)
{
    struct aver_statement s = {
        .key_id = aver_bytes_of(r->key.p, r->key.n),
        .spki_sha256 = r->has_spki ? r->spki : NULL,
        .nonce = r->nonce,
        .gpu_sha256 = r->gpu_digest,
        .switch_sha256 =
            r->has_switch_digest == AVER_PRESENT ? r->switch_digest : NULL,
    };
    struct aver_buf text;

    (void)nonce;
    if (r->has_nonce != AVER_PRESENT || r->key.n == 0) {
        b->open = "without request_nonce the rule is not known";
        return;
    }
    b->n = 1;
    aver_buf_init(&text, 1024);
    if (aver_statement_write(&text, &s) != 0)
        abort(); /* out of memory */
    aver_report_data_stated(b->want[0], aver_buf_view(&text), r->nonce);
    aver_buf_clear(&text);
}

/* ---- the first generation ---- */

static void put(struct aver_buf *b, struct aver_bytes in)
{
    if (aver_buf_append(b, in.p, in.n) != 0)
        abort(); /* out of memory */
}

void aver_binding_content(uint8_t out[static 64], const char *tag,
                          struct aver_bytes content)
{
    struct aver_buf b;

    aver_buf_init(&b, strlen(tag) + 1 + content.n);
    put(&b, aver_bytes_str(tag));
    put(&b, aver_bytes_str(":"));
    put(&b, content);
    aver_sha512(out, aver_buf_view(&b));
    aver_buf_clear(&b);
}

/* The content is the hex text of the public key's Keccak-256, which is also
 * the GPUs' nonce, and whose last 20 bytes are the address. */
static void make_seed(const struct aver_report *r, const uint8_t *nonce,
                      struct aver_bound *b)
{
    char hex[65];

    (void)nonce;
    /* public: an address and a nonce */
    if (r->key.n != 20 || memcmp(r->gpu_nonce + 12, r->key.p, 20) != 0) {
        b->open = "there is no request_nonce, and the GPUs' nonce is not the "
                  "key's Keccak-256: no rule is known for that";
        return;
    }
    b->n = 1;
    aver_hex_encode(hex, r->gpu_nonce, 32);
    aver_binding_content(b->want[0], "app-data", aver_bytes_of(hex, 64));
}

/* ---- a compose manager's actions ---- */

static void make_compose_manager(const struct aver_report *r,
                                 const uint8_t *nonce, struct aver_bound *b)
{
    (void)nonce;
    if (r->has_nonce != AVER_PRESENT) {
        b->open = "without a nonce the rule is not known";
        return;
    }
    b->n = r->has_actions == AVER_PRESENT ? AVER_SPELLINGS : 1;
    for (unsigned i = 0; i < b->n; i++) {
        memcpy(b->want[i], r->actions[i], 32);
        memcpy(b->want[i] + 32, r->nonce, 32);
    }
    if (r->has_actions == AVER_PRESENT)
        return;
    b->open = "no actions are shown that can be hashed: what the quote binds "
              "is only claimed to be their hash";
    b->first_unknown = r->has_actions_hash != AVER_PRESENT;
    memcpy(b->want[0], r->actions_hash, 32);
}

/* ---- an instance of Chutes ---- */

static void make_chutes(const struct aver_report *r, const uint8_t *nonce,
                        struct aver_bound *b)
{
    struct aver_buf text;
    char hex[65];

    if (!r->has_spki) {
        b->open = "there is no certificate beside the quote";
        return;
    }
    b->n = 1;
    memcpy(b->want[0] + 32, r->spki, 32);
    b->first_unknown = nonce == NULL || r->e2e_key.n == 0;
    if (b->first_unknown) {
        b->open = nonce == NULL
                      ? "bytes 32 to 63 are the certificate's key; the others "
                        "need the nonce that was asked for"
                      : "bytes 32 to 63 are the certificate's key; the others "
                        "need the key for prompts, which is not in the "
                        "evidence";
        return;
    }
    aver_hex_encode(hex, nonce, 32);
    aver_buf_init(&text, 64 + r->e2e_key.n);
    put(&text, aver_bytes_of(hex, 64));
    put(&text, aver_buf_view(&r->e2e_key));
    aver_sha256(b->want[0], aver_buf_view(&text));
    aver_buf_clear(&text);
}

/* ---- a quote that was asked of a guest agent ---- */

static void make_raw(const struct aver_report *r, const uint8_t *nonce,
                     struct aver_bound *b)
{
    (void)r, (void)nonce;
    b->open = "the quote holds what its caller chose, and binds no key "
              "(--expect report-data=HEX says what it should be)";
}

enum {
    ADDRESS,
    ADDRESS_TLS,
    STATEMENT,
    SEED,
    COMPOSE_MANAGER,
    CHUTES,
    RAW,
};

const struct aver_binding aver_bindings[] = {
    [ADDRESS] = {"address",
                 "the key, zeros up to 32 bytes, the nonce (layout A)",
                 {"this key", "the nonce"},
                 false,
                 make_address},
    [ADDRESS_TLS] = {"address+tls",
                     "SHA-256 of key and TLS key, the nonce (layout B)",
                     {"SHA-256(key, TLS key)", "the nonce"},
                     false,
                     make_address},
    [STATEMENT] = {"statement",
                   "SHA-256 of a statement on key, TLS key and GPU evidence, "
                   "the nonce (layout C)",
                   {"SHA-256 of the statement", "the nonce"},
                   false,
                   make_statement},
    [SEED] = {"seed",
              "SHA-512 of \"app-data:\" and the key's Keccak-256 in hex",
              {"that", "that"},
              true,
              make_seed},
    [COMPOSE_MANAGER] = {"compose-manager",
                         "SHA-256 of the actions, the nonce",
                         {"SHA-256 of the actions", "the nonce"},
                         false,
                         make_compose_manager},
    [CHUTES] = {"chutes",
                "SHA-256 of nonce and key for prompts, SHA-256 of the "
                "certificate's key",
                {"SHA-256(nonce, key for prompts)",
                 "SHA-256 of the certificate's key"},
                false,
                make_chutes},
    [RAW] = {"raw", "what the quote's caller chose", {"", ""}, false, make_raw},
};

const unsigned aver_bindings_n =
    sizeof(aver_bindings) / sizeof(aver_bindings[0]);

static unsigned rule_of_service(const struct aver_report *r)
{
    if (r->has_gpu_digest == AVER_PRESENT)
        return STATEMENT;
    if (r->has_nonce == AVER_ABSENT && r->has_gpu_nonce == AVER_PRESENT &&
        !r->has_spki)
        return SEED;
    return r->has_spki ? ADDRESS_TLS : ADDRESS;
}

const struct aver_binding *aver_binding_of(const struct aver_report *r)
{
    static const unsigned rules[AVER_REPORT_KINDS] = {
        [AVER_COMPOSE_MANAGER] = COMPOSE_MANAGER,
        [AVER_INSTANCE] = CHUTES,
        [AVER_AGENT] = RAW,
    };

    if (aver_report_nature(r->kind)->key)
        return &aver_bindings[rule_of_service(r)];
    return &aver_bindings[rules[r->kind]];
}

/* Every spelling is compared, whatever the others were. */
int aver_bound_differs(const struct aver_bound *b,
                       const uint8_t report_data[static 64])
{
    bool first = b->first_unknown, whole = false, last = false;

    for (unsigned i = 0; i < b->n; i++) {
        bool head = b->first_unknown ||
                    aver_bytes_equal_ct(b->want[i], report_data, 32);
        bool tail = aver_bytes_equal_ct(b->want[i] + 32, report_data + 32, 32);

        first |= head;
        last |= tail;
        whole |= head & tail;
    }
    if (whole)
        return -1;
    return first && !last ? 1 : 0;
}

bool aver_report_data_zero(const uint8_t report_data[static 64])
{
    static const uint8_t zero[64];

    return aver_bytes_equal_ct(report_data, zero, 64);
}
