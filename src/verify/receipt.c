/* SPDX-License-Identifier: Apache-2.0
 *
 * receipt: strict about form, since a second spelling of a signed thing is a
 * second signed thing: lower-case hashes, s not above n/2, no EIP-2098, no
 * EIP-155. Signatures of the first generation have no 0x. */
#include "verify/receipt.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "crypto/k1.h"
#include "verify/member.h"

#include <stdio.h>
#include <string.h>

static bool is_lower_hex(struct aver_bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!(text.p[i] >= '0' && text.p[i] <= '9') &&
            !(text.p[i] >= 'a' && text.p[i] <= 'f'))
            return false;
    return true;
}

/* Takes ":" and the field behind it, or the whole, off the end of `text`. */
static struct aver_bytes take_last(struct aver_bytes *text, bool *had_colon)
{
    struct aver_bytes last = *text;
    const uint8_t *colon = text->n > 0 ? memrchr(text->p, ':', text->n) : NULL;

    *had_colon = colon != NULL;
    text->n = 0;
    if (colon == NULL)
        return last;
    text->n = (size_t)(colon - text->p);
    return aver_bytes_of(colon + 1, last.n - text->n - 1);
}

static int read_hash(uint8_t out[static 32], struct aver_bytes field,
                     const char *which, struct aver_error *err)
{
    if (!is_lower_hex(field) || aver_hex_decode(out, 32, field) != 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the text's %s hash is not 64 lower-case hex digits",
                         which);
    return 0;
}

static bool is_model(struct aver_bytes name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < 0x20 || name.p[i] == 0x7f)
            return false;
    return name.n > 0 && aver_utf8_valid(name);
}

int aver_receipt_text_parse(struct aver_receipt_text *t, struct aver_bytes text,
                            struct aver_error *err)
{
    bool more = false, colon = false;

    memset(t, 0, sizeof(*t));
    if (text.n > AVER_RECEIPT_TEXT_MAX)
        return aver_fail(err, AVER_ELIMIT, "the text has more than %d bytes",
                         AVER_RECEIPT_TEXT_MAX);
    struct aver_bytes response = take_last(&text, &colon);
    if (!colon)
        return aver_fail(err, AVER_EFORMAT, "the text has no two hashes");
    struct aver_bytes request = take_last(&text, &more);
    if (read_hash(t->response_sha256, response, "response", err) != 0 ||
        read_hash(t->request_sha256, request, "request", err) != 0)
        return -1;
    if (!more)
        return 0;
    if (!is_model(text))
        return aver_fail(err, AVER_EFORMAT,
                         "the text's model name is empty or holds controls");
    t->model = text;
    return 0;
}

enum { TEXT, SIGNATURE, ADDRESS, ALGO, ERROR_CODE, ERROR, MEMBERS };

static void fault(struct aver_receipt *r, const char *what)
{
    if (r->fault[0] == '\0')
        snprintf(r->fault, sizeof(r->fault), "%s", what);
}

/* A word that may be shown: letters, digits, _ and -, nothing that a body
 * could smuggle in. */
static void copy_word(char *out, size_t size, struct aver_bytes text)
{
    size_t n = 0;

    for (; n < text.n && n + 1 < size; n++) {
        uint8_t c = text.p[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || c == '_' || c == '-';
        out[n] = plain ? (char)c : '?';
    }
    out[n] = '\0';
}

static void read_refusal(struct aver_receipt *r, struct aver_json_member *m,
                         struct aver_bytes source)
{
    struct aver_json_member type = {.name = "type"};
    struct aver_bytes text;
    char word[64] = "error";

    if (aver_member_short(&m[ERROR_CODE], &text))
        copy_word(word, sizeof(word), text);
    else if (aver_members(&type, 1, aver_member_source(&m[ERROR], source),
                          NULL) == 0 &&
             aver_member_short(&type, &text))
        copy_word(word, sizeof(word), text);
    snprintf(r->absent, sizeof(r->absent), "the server has none: %s", word);
}

static void read_algo(struct aver_receipt *r, const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (m->type == AVER_JSON_ABSENT)
        return;
    if (!aver_member_short(m, &text) || aver_algo_parse(&r->algo, text) != 0)
        fault(r, "signing_algo is neither ecdsa nor ed25519");
    else
        r->has_algo = true;
}

static void read_address(struct aver_receipt *r,
                         const struct aver_json_member *m)
{
    struct aver_bytes text;

    if (m->type == AVER_JSON_ABSENT)
        return;
    if (!aver_member_short(m, &text) || aver_key_id_parse(&r->key, text) != 0)
        fault(r, "signing_address is no address and no Ed25519 key");
    else
        r->has_key = true;
}

static void read_signature(struct aver_receipt *r, struct aver_bytes text)
{
    bool prefixed = aver_bytes_starts(text, "0x");

    if (!r->has_algo)
        r->algo = text.n == 128 && !prefixed ? AVER_ED25519 : AVER_ECDSA;
    if (r->algo == AVER_ED25519) {
        r->signature_ok = aver_hex_decode(r->signature, 64, text) == 0;
        return;
    }
    if (prefixed)
        text = aver_bytes_of(text.p + 2, text.n - 2);
    r->signature_ok = aver_hex_decode(r->signature, 65, text) == 0;
}

static void read_text(struct aver_receipt *r, const struct aver_json_member *m,
                      struct aver_bytes source)
{
    struct aver_error why;

    if (aver_member_text(&r->text, m, source) != 0) {
        fault(r, "text is missing, no string, or too long");
        return;
    }
    r->text_ok =
        aver_receipt_text_parse(&r->parts, aver_buf_view(&r->text), &why) == 0;
    if (!r->text_ok)
        snprintf(r->text_fault, sizeof(r->text_fault), "%.120s", why.text);
}

int aver_receipt_parse(struct aver_receipt *r, struct aver_bytes in,
                       struct aver_error *err)
{
    struct aver_json_member m[MEMBERS] = {{.name = "text"},
                                          {.name = "signature"},
                                          {.name = "signing_address"},
                                          {.name = "signing_algo"},
                                          {.name = "error_code"},
                                          {.name = "error"}};
    struct aver_error why;
    struct aver_bytes signature;

    memset(r, 0, sizeof(*r));
    aver_buf_init(&r->text, AVER_RECEIPT_TEXT_MAX);
    if (in.n > AVER_RECEIPT_MAX)
        return aver_fail(err, AVER_ELIMIT, "the receipt is larger than 1 MiB");
    if (aver_members(m, MEMBERS, in, &why) != 0)
        return aver_fail(err, why.code, "the receipt is %.200s", why.text);
    if (m[TEXT].type == AVER_JSON_ABSENT &&
        (m[ERROR_CODE].type == AVER_JSON_STRING ||
         m[ERROR].type == AVER_JSON_OBJECT)) {
        read_refusal(r, m, in);
        return 0;
    }
    for (unsigned i = TEXT; i <= ALGO; i++)
        if (m[i].count > 1)
            fault(r, "a member stands there more than once");
    read_text(r, &m[TEXT], in);
    read_algo(r, &m[ALGO]);
    read_address(r, &m[ADDRESS]);
    if (aver_member_short(&m[SIGNATURE], &signature))
        read_signature(r, signature);
    else
        fault(r, "signature is missing, no string, or too long");
    return 0;
}

void aver_receipt_clear(struct aver_receipt *r)
{
    aver_buf_clear(&r->text);
}

static int recover(struct aver_key_id *signer, const struct aver_receipt *r,
                   struct aver_error *err)
{
    uint8_t digest[32], pub[64];
    struct aver_k1 *k = aver_k1_new();

    if (k == NULL)
        return aver_fail(err, AVER_EMEM, "out of memory for a signature");
    aver_eip191_digest(digest, aver_buf_view(&r->text));
    int rc = aver_k1_recover(k, pub, r->signature, digest);
    aver_k1_free(k);
    if (rc != 0)
        return aver_fail(err, AVER_ESIG, "no key can have made this signature");
    aver_address_of(signer->p, pub);
    signer->n = 20;
    return 0;
}

int aver_receipt_signer(struct aver_key_id *signer,
                        const struct aver_receipt *r,
                        const struct aver_key_id *expected,
                        struct aver_error *err)
{
    memset(signer, 0, sizeof(*signer));
    if (!r->signature_ok)
        return aver_fail(err, AVER_ESIG,
                         "the signature has not the form of %s: %s",
                         aver_algo_name(r->algo),
                         r->algo == AVER_ED25519 ? "128 hex digits"
                                                 : "0x and 130 hex digits");
    if (r->algo == AVER_ECDSA)
        return recover(signer, r, err);
    const struct aver_key_id *key = r->has_key ? &r->key : expected;
    if (key == NULL || key->n != 32)
        return aver_fail(err, r->has_key ? AVER_ESIG : AVER_EABSENT,
                         "no Ed25519 key to check the signature with");
    if (!aver_ed25519_verify(r->signature, key->p, aver_buf_view(&r->text)))
        return aver_fail(err, AVER_ESIG,
                         "the signature does not hold under the key named");
    *signer = *key;
    return 0;
}
