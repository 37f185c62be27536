/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements_read: the forms in which endorsements travel, told apart by
 * their first bytes and the names of their members. Signed texts are cut out
 * of what came by their place, never written anew. */
#include "verify/endorsements.h"

#include "base/text.h"
#include "crypto/sha2.h"
#include "verify/member.h"

#include <string.h>

/* Members of the bundle (the form of dcap-qvl, and two for NVIDIA), of Intel's
 * answers, and of NVIDIA's. */
enum {
    TCB_INFO,
    TCB_SIGNATURE,
    TCB_CHAIN,
    QE_IDENTITY,
    QE_SIGNATURE,
    QE_CHAIN,
    PCK_CRL,
    PCK_CRL_CHAIN,
    ROOT_CRL,
    RIMS,
    OCSP,
    ANSWER_TCB,
    ANSWER_QE,
    ANSWER_SIGNATURE,
    HEADERS,
    ANSWER_RIM,
    ANSWER_SHA256,
    ANSWER_FORMAT,
    MEMBERS
};
static const char *const names[MEMBERS] = {"tcb_info",
                                           "tcb_info_signature",
                                           "tcb_info_issuer_chain",
                                           "qe_identity",
                                           "qe_identity_signature",
                                           "qe_identity_issuer_chain",
                                           "pck_crl",
                                           "pck_crl_issuer_chain",
                                           "root_ca_crl",
                                           "rims",
                                           "ocsp",
                                           "tcbInfo",
                                           "enclaveIdentity",
                                           "signature",
                                           "headers",
                                           "rim",
                                           "sha256",
                                           "rim_format"};

static int full(struct aver_error *err)
{
    return aver_fail(err, AVER_ELIMIT,
                     "more endorsements than a set can hold (%u of a kind, %u "
                     "OCSP answers), or no memory for them",
                     AVER_DOCUMENTS_MAX, AVER_STAPLES_MAX);
}

static int unfit(struct aver_error *err, const char *name, const char *what)
{
    return aver_fail(err, AVER_EFORMAT, "the endorsements' member %s %s", name,
                     what);
}

/* [48, 130, …] */
static int read_numbers(struct aver_buf *out, struct aver_bytes array)
{
    struct aver_bytes element;
    uint64_t v;

    while (aver_array_next(&array, &element)) {
        while (element.n > 0 && element.p[element.n - 1] <= ' ')
            element.n--;
        if (aver_decimal(&v, element, UINT8_MAX) != 0)
            return -1;
        uint8_t byte = (uint8_t)v;
        if (aver_buf_append(out, &byte, 1) != 0)
            return -1;
    }
    return 0;
}

/* A text, without the NULs that some put at its end. */
static int read_text(struct aver_buf *out, const struct aver_json_member *m,
                     struct aver_bytes source)
{
    if (aver_member_text(out, m, source) != 0)
        return -1;
    while (out->n > 0 && out->p[out->n - 1] == '\0')
        out->n--;
    return 0;
}

/* Bytes, as hex or as an array of numbers. What is neither is left empty: a
 * fault of this part, which the parsers tell. */
static int read_bytes(struct aver_buf *out, const struct aver_json_member *m,
                      struct aver_bytes source)
{
    struct aver_buf text;
    int rc = 0;

    if (m->type == AVER_JSON_ARRAY) {
        if (read_numbers(out, aver_member_source(m, source)) != 0)
            out->n = 0;
        return 0;
    }
    aver_buf_init(&text, 2 * AVER_ENDORSEMENTS_MAX);
    rc = read_text(&text, m, source);
    if (rc == 0 && aver_hex_decode_buf(out, aver_buf_view(&text)) != 0)
        out->n = 0;
    aver_buf_clear(&text);
    return rc;
}

/* One of the lists, if it is there. */
static int bundle_list(struct aver_endorsements *e,
                       const struct aver_json_member *m,
                       struct aver_bytes source, struct aver_error *err)
{
    struct aver_buf der;
    int rc = -1;

    if (m->type == AVER_JSON_ABSENT || m->type == AVER_JSON_NULL)
        return 0;
    aver_buf_init(&der, AVER_ENDORSEMENTS_MAX);
    if (read_bytes(&der, m, source) != 0)
        unfit(err, m->name, "is neither text nor an array of bytes");
    else if (aver_endorsements_add_list(e, aver_buf_view(&der)) != 0)
        full(err);
    else
        rc = 0;
    aver_buf_clear(&der);
    return rc;
}

static int chain_of(struct aver_endorsements *e, struct aver_chain **out,
                    const struct aver_json_member *m, struct aver_bytes source,
                    struct aver_error *err)
{
    struct aver_buf pem;
    int rc = -1;

    *out = NULL;
    if (m->type == AVER_JSON_ABSENT || m->type == AVER_JSON_NULL)
        return 0;
    aver_buf_init(&pem, AVER_CHAIN_TEXT_MAX);
    if (read_text(&pem, m, source) != 0) {
        unfit(err, m->name, "is not a text of at most 32 KiB");
    } else {
        *out = aver_endorsements_chain(e, aver_buf_view(&pem));
        rc = *out != NULL ? 0 : full(err);
    }
    aver_buf_clear(&pem);
    return rc;
}

typedef int adder(struct aver_endorsements *, struct aver_bytes,
                  struct aver_bytes, struct aver_chain *);

/* A document of the bundle: m[0] text, m[1] signature, m[2] certificates. */
static int bundle_document(struct aver_endorsements *e, adder *add,
                           const struct aver_json_member *m,
                           struct aver_bytes source, struct aver_error *err)
{
    struct aver_chain *signers = NULL;
    struct aver_buf text, signature, hex;
    int rc = -1;

    if (m[0].type == AVER_JSON_ABSENT || m[0].type == AVER_JSON_NULL)
        return 0;
    aver_buf_init(&text, AVER_ENDORSEMENTS_MAX);
    aver_buf_init(&signature, AVER_ENDORSEMENTS_MAX);
    aver_buf_init(&hex, 2 * AVER_ENDORSEMENTS_MAX);
    if (chain_of(e, &signers, &m[2], source, err) != 0)
        goto out;
    if (read_text(&text, &m[0], source) != 0) {
        unfit(err, m[0].name, "is not a text");
        goto out;
    }
    if (read_bytes(&signature, &m[1], source) != 0)
        signature.n = 0;
    if (aver_hex_encode_buf(&hex, aver_buf_view(&signature)) != 0 ||
        add(e, aver_buf_view(&text), aver_buf_view(&hex), signers) != 0)
        full(err);
    else
        rc = 0;
out:
    aver_buf_clear(&text);
    aver_buf_clear(&signature);
    aver_buf_clear(&hex);
    return rc;
}

typedef int piece_adder(struct aver_endorsements *, struct aver_bytes);

/* A text of base64, as it stands in the source. What is none is left empty: a
 * fault of this piece, which its parser tells. */
static int add_base64(struct aver_endorsements *e, piece_adder *add,
                      struct aver_bytes quoted, struct aver_error *err)
{
    struct aver_buf text, bytes;
    int rc = 0;

    aver_buf_init(&text, AVER_ENDORSEMENTS_MAX);
    aver_buf_init(&bytes, AVER_ENDORSEMENTS_MAX);
    if (aver_json_unquote(&text, quoted) != 0 ||
        aver_base64_decode_buf(&bytes, aver_buf_view(&text)) != 0)
        bytes.n = 0;
    if (add(e, aver_buf_view(&bytes)) != 0)
        rc = full(err);
    aver_buf_clear(&text);
    aver_buf_clear(&bytes);
    return rc;
}

/* ["base64", …] */
static int bundle_array(struct aver_endorsements *e, piece_adder *add,
                        const struct aver_json_member *m,
                        struct aver_bytes source, struct aver_error *err)
{
    struct aver_bytes rest = aver_member_source(m, source), element;

    if (m->type == AVER_JSON_ABSENT || m->type == AVER_JSON_NULL)
        return 0;
    if (m->type != AVER_JSON_ARRAY)
        return unfit(err, m->name, "is no array of texts in base64");
    while (aver_array_next(&rest, &element))
        if (add_base64(e, add, aver_bytes_trim(element), err) != 0)
            return -1;
    return 0;
}

static int read_bundle(struct aver_endorsements *e,
                       const struct aver_json_member *m,
                       struct aver_bytes source, struct aver_error *err)
{
    struct aver_chain *unused;

    if (chain_of(e, &unused, &m[PCK_CRL_CHAIN], source, err) != 0 ||
        bundle_document(e, aver_endorsements_add_tcb, &m[TCB_INFO], source,
                        err) != 0 ||
        bundle_document(e, aver_endorsements_add_qe, &m[QE_IDENTITY], source,
                        err) != 0 ||
        bundle_list(e, &m[PCK_CRL], source, err) != 0 ||
        bundle_list(e, &m[ROOT_CRL], source, err) != 0 ||
        bundle_array(e, aver_endorsements_add_rim, &m[RIMS], source, err) != 0)
        return -1;
    return bundle_array(e, aver_endorsements_add_staple, &m[OCSP], source, err);
}

/* A header field that carries certificates, percent-encoded PEM. */
static int add_encoded(struct aver_endorsements *e, struct aver_bytes value,
                       struct aver_error *err)
{
    struct aver_buf pem;
    int rc = -1;

    aver_buf_init(&pem, AVER_CHAIN_TEXT_MAX);
    if (aver_percent_decode_buf(&pem, value) != 0)
        aver_fail(err, AVER_EFORMAT,
                  "the certificates in a header field are not percent-encoded");
    else if (aver_endorsements_chain(e, aver_buf_view(&pem)) == NULL)
        full(err);
    else
        rc = 0;
    aver_buf_clear(&pem);
    return rc;
}

/* Those of Intel's header fields that carry certificates. */
static bool carries_chain(struct aver_bytes name)
{
    static const char *const fields[] = {
        "TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain",
        "SGX-Enclave-Identity-Issuer-Chain", "SGX-PCK-CRL-Issuer-Chain"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (aver_bytes_is_nocase(name, fields[i]))
            return true;
    return false;
}

/* {"Name": "value"} or {"Name": ["value"]} */
static int read_header_object(struct aver_endorsements *e,
                              struct aver_bytes source, struct aver_error *err)
{
    json_t *tree = aver_json_parse(source, err), *value;
    const char *name;
    int rc = tree == NULL ? -1 : 0;

    json_object_foreach(tree, name, value)
    {
        const json_t *text =
            json_is_array(value) ? json_array_get(value, 0) : value;

        if (rc == 0 && carries_chain(aver_bytes_str(name)))
            rc = add_encoded(e,
                             aver_bytes_of(json_string_value(text),
                                           json_string_length(text)),
                             err);
    }
    json_decref(tree);
    return rc;
}

/* The body of an answer: {"tcbInfo": {…}, "signature": "…"}. */
static int answer_document(struct aver_endorsements *e, adder *add,
                           const struct aver_json_member *text,
                           const struct aver_json_member *signature,
                           struct aver_bytes source, struct aver_error *err)
{
    struct aver_bytes hex = {NULL, 0};

    if (text->type == AVER_JSON_ABSENT)
        return 0;
    if (!aver_member_short(signature, &hex))
        hex = aver_bytes_of(NULL, 0);
    if (add(e, aver_member_source(text, source), hex, NULL) != 0)
        return full(err);
    return 0;
}

static int read_answer(struct aver_endorsements *e,
                       const struct aver_json_member *m,
                       struct aver_bytes source, struct aver_error *err)
{
    if (answer_document(e, aver_endorsements_add_tcb, &m[ANSWER_TCB],
                        &m[ANSWER_SIGNATURE], source, err) != 0 ||
        answer_document(e, aver_endorsements_add_qe, &m[ANSWER_QE],
                        &m[ANSWER_SIGNATURE], source, err) != 0)
        return -1;
    if (m[HEADERS].type == AVER_JSON_OBJECT)
        return read_header_object(e, aver_member_source(&m[HEADERS], source),
                                  err);
    return 0;
}

/* Is this the digest that came with it? One that is not there need not be. */
static bool digest_fits(const struct aver_json_member *m, struct aver_bytes of)
{
    uint8_t is[32], said[32];
    struct aver_bytes hex;

    if (m->type == AVER_JSON_ABSENT)
        return true;
    aver_sha256(is, of);
    return aver_member_short(m, &hex) &&
           aver_hex_decode(said, sizeof(said), hex) == 0 &&
           memcmp(is, said, sizeof(is)) == 0;
}

/* {"id": …, "rim": "base64", "sha256": hex, "rim_format": "TCG"} */
static int read_rim_answer(struct aver_endorsements *e,
                           const struct aver_json_member *m,
                           struct aver_bytes source, struct aver_error *err)
{
    struct aver_bytes format = {NULL, 0};
    struct aver_buf text, xml;
    int rc = -1;

    if (m[ANSWER_RIM].type == AVER_JSON_ABSENT)
        return 0;
    if (m[ANSWER_FORMAT].type != AVER_JSON_ABSENT &&
        (!aver_member_short(&m[ANSWER_FORMAT], &format) ||
         !aver_bytes_is(format, "TCG")))
        return unfit(err, "rim_format", "is not TCG: of RIMs no other is read");
    aver_buf_init(&text, AVER_ENDORSEMENTS_MAX);
    aver_buf_init(&xml, AVER_ENDORSEMENTS_MAX);
    if (aver_member_text(&text, &m[ANSWER_RIM], source) != 0 ||
        aver_base64_decode_buf(&xml, aver_buf_view(&text)) != 0)
        unfit(err, "rim", "is no text in base64");
    else if (!digest_fits(&m[ANSWER_SHA256], aver_buf_view(&xml)))
        unfit(err, "sha256", "is not the SHA-256 of the RIM beside it");
    else if (aver_endorsements_add_rim(e, aver_buf_view(&xml)) != 0)
        full(err);
    else
        rc = 0;
    aver_buf_clear(&text);
    aver_buf_clear(&xml);
    return rc;
}

static int read_object(struct aver_endorsements *e, struct aver_bytes in,
                       struct aver_error *err)
{
    struct aver_json_member m[MEMBERS] = {0};
    bool any = false;

    for (unsigned i = 0; i < MEMBERS; i++)
        m[i].name = names[i];
    if (aver_members(m, MEMBERS, in, err) != 0)
        return -1;
    for (unsigned i = 0; i < MEMBERS; i++) {
        if (m[i].count > 1)
            return unfit(err, names[i], "stands there twice");
        any = any || m[i].count > 0;
    }
    if (!any)
        return aver_fail(err, AVER_EFORMAT,
                         "the JSON object holds no endorsements: no tcb_info, "
                         "tcbInfo, enclaveIdentity, pck_crl, rims, ocsp or the "
                         "like");
    if (read_bundle(e, m, in, err) != 0 || read_rim_answer(e, m, in, err) != 0)
        return -1;
    return read_answer(e, m, in, err);
}

static struct aver_bytes trimmed(struct aver_bytes in)
{
    while (in.n > 0 && in.p[0] <= ' ') {
        in.p++;
        in.n--;
    }
    while (in.n > 0 && in.p[in.n - 1] <= ' ')
        in.n--;
    return in;
}

/* An answer with its header in front (RFC 9112 2.1): the fields that carry
 * certificates; `in` is left at the body. */
static int skip_header(struct aver_endorsements *e, struct aver_bytes *in,
                       struct aver_error *err)
{
    while (in->n > 0) {
        const uint8_t *end = memchr(in->p, '\n', in->n), *colon;
        size_t n = end != NULL ? (size_t)(end - in->p) : in->n;
        struct aver_bytes line = aver_bytes_of(in->p, n);

        in->p += n + (end != NULL);
        in->n -= n + (end != NULL);
        while (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        if (line.n == 0)
            return 0;
        colon = memchr(line.p, ':', line.n);
        if (colon == NULL)
            continue;
        n = (size_t)(colon - line.p);
        struct aver_bytes value = aver_bytes_of(colon + 1, line.n - n - 1);
        if (carries_chain(aver_bytes_of(line.p, n)) &&
            add_encoded(e, trimmed(value), err) != 0)
            return -1;
    }
    return aver_fail(err, AVER_EFORMAT,
                     "an HTTP header without an end, and no body behind it");
}

/* A CRL as hex text. */
static int read_hex(struct aver_endorsements *e, struct aver_bytes in,
                    struct aver_error *err)
{
    struct aver_buf der;
    int rc = -1;

    aver_buf_init(&der, AVER_ENDORSEMENTS_MAX);
    if (aver_hex_decode_buf(&der, trimmed(in)) != 0 || der.n == 0)
        aver_fail(err, AVER_EFORMAT,
                  "no endorsements: neither JSON, nor a RIM (XML), nor an OCSP "
                  "answer (DER), nor a CRL (DER or hex), nor PEM certificates, "
                  "nor such an HTTP answer");
    else if (aver_endorsements_add_list(e, aver_buf_view(&der)) != 0)
        full(err);
    else
        rc = 0;
    aver_buf_clear(&der);
    return rc;
}

/* An OCSP answer begins with its status (RFC 6960 4.2.1), a CRL with its
 * signed part (RFC 5280 5.1): there is a number, or a SEQUENCE. */
static bool is_ocsp(struct aver_bytes in)
{
    size_t at = 2;

    if (in.n < 3 || in.p[0] != AVER_DER_SEQUENCE)
        return false;
    if (in.p[1] >= 0x80)
        at += in.p[1] & 0x7f;
    return at < in.n && in.p[at] == AVER_DER_ENUMERATED;
}

/* A body, by its first bytes. */
static int read_body(struct aver_endorsements *e, struct aver_bytes in,
                     struct aver_error *err)
{
    struct aver_bytes text = trimmed(in);

    if (is_ocsp(in))
        return aver_endorsements_add_staple(e, in) == 0 ? 0 : full(err);
    if (aver_bytes_starts(text, "<"))
        return aver_endorsements_add_rim(e, in) == 0 ? 0 : full(err);
    if (in.n > 1 && in.p[0] == 0x30 && in.p[1] >= 0x80)
        return aver_endorsements_add_list(e, in) == 0 ? 0 : full(err);
    if (aver_bytes_starts(text, "{"))
        return read_object(e, text, err);
    if (!aver_bytes_starts(text, "-----BEGIN CERTIFICATE-----"))
        return read_hex(e, in, err);
    struct aver_chain *c = aver_endorsements_chain(e, text);
    if (c == NULL)
        return full(err);
    if (c->fault[0] != '\0')
        return aver_fail(err, AVER_EFORMAT, "%s", c->fault);
    return 0;
}

int aver_endorsements_add(struct aver_endorsements *e, struct aver_bytes in,
                          struct aver_error *err)
{
    if (in.n > AVER_ENDORSEMENTS_MAX)
        return aver_fail(err, AVER_ELIMIT,
                         "too large for endorsements: more than 4 MiB");
    if (aver_bytes_starts(in, "HTTP/") && skip_header(e, &in, err) != 0)
        return -1;
    return read_body(e, in, err);
}
