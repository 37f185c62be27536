/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp: see ocsp.h. RFC 6960 section 4.2.1 for the answer, 4.1.1 for the
 * CertID, 4.4 for extensions. */
#include "crypto/ocsp.h"

#include <openssl/evp.h>
#include <string.h>

AVER_OID(oid_basic, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01);
AVER_OID(oid_ocsp_signing, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09);
AVER_OID(oid_extended_usage, 0x55, 0x1d, 0x25);
AVER_OID(oid_key_usage, 0x55, 0x1d, 0x0f);
AVER_OID(oid_constraints, 0x55, 0x1d, 0x13);
AVER_OID(oid_sha1, 0x2b, 0x0e, 0x03, 0x02, 0x1a);
AVER_OID(oid_sha256, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01);
AVER_OID(oid_sha384, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02);
AVER_OID(oid_sha512, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03);

/* The implicit [0] and [2] of a CertStatus: NULL, primitive. */
enum { STATUS_GOOD = 0x80, STATUS_REVOKED = 0xa1, STATUS_UNKNOWN = 0x82 };

/* X.690 11.7 and RFC 6960 4.2.2.1: never the form with two digits of a year. */
static int64_t read_time(struct aver_der *d)
{
    if (aver_der_peek(d) != AVER_DER_GENERALIZED_TIME) {
        aver_der_fail(d);
        return 0;
    }
    return aver_der_time(d);
}

/* Extensions in [1], if there are any: none of them is understood here. True
 * if one of them has to be. */
static bool read_extensions(struct aver_der *d)
{
    struct aver_bytes oid, content;
    bool critical, must = false;

    if (aver_der_peek(d) != AVER_DER_CONTEXT(1))
        return false;
    struct aver_der outer = aver_der_enter(d, AVER_DER_CONTEXT(1));
    struct aver_der list = aver_der_enter(&outer, AVER_DER_SEQUENCE);
    aver_der_end(&outer);
    while (aver_der_extension(&list, &oid, &critical, &content))
        must = must || critical;
    aver_der_end(&list);
    return must;
}

static const struct hash {
    int id; /* AVER_ID_… */
    const uint8_t *oid;
    size_t n;
    const EVP_MD *(*md)(void);
} hashes[] = {
    {AVER_ID_SHA1, oid_sha1, sizeof(oid_sha1), EVP_sha1},
    {AVER_ID_SHA256, oid_sha256, sizeof(oid_sha256), EVP_sha256},
    {AVER_ID_SHA384, oid_sha384, sizeof(oid_sha384), EVP_sha384},
    {AVER_ID_SHA512, oid_sha512, sizeof(oid_sha512), EVP_sha512},
};

/* An AlgorithmIdentifier without parameters: absent, or NULL (RFC 4055 2.1). */
static void read_hash(struct aver_ocsp_single *s, struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);
    struct aver_bytes oid = aver_der_take(&in, AVER_DER_OID);

    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
        if (aver_bytes_equal(oid, aver_bytes_of(hashes[i].oid, hashes[i].n)))
            s->hash = hashes[i].id;
    if (in.n > 0 && aver_der_take(&in, AVER_DER_NULL).n > 0)
        aver_der_fail(d);
    aver_der_end(&in);
}

static void read_id(struct aver_ocsp_single *s, struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);

    read_hash(s, &in);
    s->issuer_name_hash = aver_der_take(&in, AVER_DER_OCTETS);
    s->issuer_key_hash = aver_der_take(&in, AVER_DER_OCTETS);
    s->serial = aver_der_take(&in, AVER_DER_INTEGER);
    aver_der_end(&in);
}

/* RevokedInfo; the reasons of RFC 5280 5.3.1 are 0 to 10 without 7. */
static void read_revoked(struct aver_ocsp_single *s, struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, STATUS_REVOKED);

    s->status = AVER_OCSP_REVOKED;
    s->revoked_at = read_time(&in);
    if (aver_der_peek(&in) == AVER_DER_CONTEXT(0)) {
        struct aver_der reason = aver_der_enter(&in, AVER_DER_CONTEXT(0));

        s->has_reason = true;
        s->reason = (unsigned)aver_der_number(&reason, AVER_DER_ENUMERATED, 10);
        if (s->reason == 7)
            aver_der_fail(d);
        aver_der_end(&reason);
    }
    aver_der_end(&in);
}

static void read_status(struct aver_ocsp_single *s, struct aver_der *d)
{
    uint8_t tag = aver_der_peek(d);

    if (tag == STATUS_REVOKED) {
        read_revoked(s, d);
        return;
    }
    s->status = tag == STATUS_GOOD ? AVER_OCSP_GOOD : AVER_OCSP_UNKNOWN;
    if ((tag != STATUS_GOOD && tag != STATUS_UNKNOWN) ||
        aver_der_take(d, tag).n > 0)
        aver_der_fail(d);
}

static void read_single(struct aver_ocsp_single *s, struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);

    read_id(s, &in);
    read_status(s, &in);
    s->this_update = read_time(&in);
    s->has_next_update = aver_der_peek(&in) == AVER_DER_CONTEXT(0);
    if (s->has_next_update) {
        struct aver_der next = aver_der_enter(&in, AVER_DER_CONTEXT(0));

        s->next_update = read_time(&next);
        aver_der_end(&next);
    }
    s->unknown_critical = read_extensions(&in);
    aver_der_end(&in);
}

/* A CHOICE, so its tags are explicit: X.680 31.2.7. */
static void read_responder(struct aver_ocsp *o, struct aver_der *d)
{
    struct aver_bytes unused;

    o->by_name = aver_der_peek(d) == AVER_DER_CONTEXT(1);
    struct aver_der in =
        aver_der_enter(d, AVER_DER_CONTEXT(o->by_name ? 1 : 2));
    if (o->by_name) {
        o->responder = aver_der_name(&in, &unused);
    } else {
        o->responder = aver_der_take(&in, AVER_DER_OCTETS);
        if (o->responder.n != 20)
            aver_der_fail(d);
    }
    aver_der_end(&in);
}

/* ResponseData. Its version is 1, which DER leaves out (X.690 11.5). */
static void read_data(struct aver_ocsp *o, struct aver_der *d)
{
    read_responder(o, d);
    o->produced_at = read_time(d);
    struct aver_der list = aver_der_enter(d, AVER_DER_SEQUENCE);
    while (aver_der_peek(&list) != 0) {
        if (o->n == AVER_OCSP_SINGLES_MAX) {
            aver_der_fail(d);
            return;
        }
        read_single(&o->single[o->n++], &list);
    }
    aver_der_end(&list);
    o->unknown_critical = read_extensions(d);
    aver_der_end(d);
}

static void read_certs(struct aver_ocsp *o, struct aver_der *d)
{
    if (aver_der_peek(d) == 0)
        return;
    struct aver_der outer = aver_der_enter(d, AVER_DER_CONTEXT(0));
    struct aver_der list = aver_der_enter(&outer, AVER_DER_SEQUENCE);
    aver_der_end(&outer);
    while (aver_der_peek(&list) != 0) {
        struct aver_bytes der = aver_der_whole(&list, AVER_DER_SEQUENCE);

        if (o->ncerts == AVER_OCSP_CERTS_MAX ||
            aver_cert_parse(&o->cert[o->ncerts++], der, NULL) != 0) {
            aver_der_fail(d);
            return;
        }
    }
    aver_der_end(&list);
}

/* BasicOCSPResponse */
static void read_basic(struct aver_ocsp *o, struct aver_der *top)
{
    struct aver_der in = aver_der_enter(top, AVER_DER_SEQUENCE);
    struct aver_der again = in;

    o->tbs = aver_der_whole(&in, AVER_DER_SEQUENCE);
    struct aver_der data = aver_der_enter(&again, AVER_DER_SEQUENCE);
    read_data(o, &data);
    o->signed_on = aver_der_signature_algorithm(&in);
    o->signature = aver_der_octet_bits(&in);
    read_certs(o, &in);
    aver_der_end(&in);
    aver_der_end(top);
}

/* OCSPResponse. An error has no ResponseBytes, and is never 4. */
static void read_response(struct aver_ocsp *o, struct aver_der *top)
{
    struct aver_der in = aver_der_enter(top, AVER_DER_SEQUENCE);

    aver_der_end(top);
    o->response_status = (unsigned)aver_der_number(&in, AVER_DER_ENUMERATED, 6);
    if (o->response_status == 4)
        aver_der_fail(top);
    if (o->response_status == 0) {
        struct aver_der outer = aver_der_enter(&in, AVER_DER_CONTEXT(0));
        struct aver_der bytes = aver_der_enter(&outer, AVER_DER_SEQUENCE);

        aver_der_end(&outer);
        if (!AVER_IS_OID(aver_der_take(&bytes, AVER_DER_OID), oid_basic))
            aver_der_fail(top);
        struct aver_der basic = aver_der_enter(&bytes, AVER_DER_OCTETS);
        aver_der_end(&bytes);
        read_basic(o, &basic);
    }
    aver_der_end(&in);
}

int aver_ocsp_parse(struct aver_ocsp *o, struct aver_bytes der,
                    struct aver_error *err)
{
    struct aver_der top;
    bool failed;

    memset(o, 0, sizeof(*o));
    if (der.n > AVER_OCSP_MAX)
        return aver_fail(err, AVER_ELIMIT, "more than %zu bytes",
                         AVER_OCSP_MAX);
    aver_der_init(&top, der, &failed);
    o->der = der;
    read_response(o, &top);
    if (failed)
        return aver_fail(err, AVER_EFORMAT,
                         "not a basic OCSP response in DER with an ECDSA "
                         "signature, of at most %d certificates",
                         AVER_OCSP_SINGLES_MAX);
    return 0;
}

static bool is_digest(const EVP_MD *md, struct aver_bytes digest,
                      struct aver_bytes of)
{
    uint8_t out[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    return EVP_Digest(of.p, of.n, out, &n, md, NULL) == 1 &&
           aver_bytes_equal(digest, aver_bytes_of(out, n));
}

bool aver_ocsp_about(const struct aver_ocsp_single *s,
                     const struct aver_cert *cert,
                     const struct aver_cert *issuer)
{
    if (!aver_bytes_equal(s->serial, cert->serial))
        return false;
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
        if (hashes[i].id == (int)s->hash)
            return is_digest(hashes[i].md(), s->issuer_name_hash,
                             cert->issuer) &&
                   is_digest(hashes[i].md(), s->issuer_key_hash, issuer->point);
    return false;
}

/* The key's hash is over the point: without tag, length and unused bits. */
bool aver_ocsp_responder_is(const struct aver_ocsp *o,
                            const struct aver_cert *cert)
{
    if (o->by_name)
        return aver_bytes_equal(o->responder, cert->subject);
    return is_digest(EVP_sha1(), o->responder, cert->point);
}

/* Content of an ExtKeyUsageSyntax (RFC 5280 4.2.1.12). */
static bool has_ocsp_signing(struct aver_bytes content)
{
    struct aver_der top;
    bool failed, found = false;

    aver_der_init(&top, content, &failed);
    struct aver_der list = aver_der_enter(&top, AVER_DER_SEQUENCE);
    aver_der_end(&top);
    while (aver_der_peek(&list) != 0)
        if (AVER_IS_OID(aver_der_take(&list, AVER_DER_OID), oid_ocsp_signing))
            found = true;
    return found && !failed;
}

bool aver_cert_may_sign_ocsp(const struct aver_cert *cert)
{
    struct aver_bytes oid, content, usage;
    struct aver_der list;
    bool failed, critical;

    aver_der_init(&list, cert->extensions, &failed);
    while (aver_der_extension(&list, &oid, &critical, &content))
        if (critical && !AVER_IS_OID(oid, oid_key_usage) &&
            !AVER_IS_OID(oid, oid_constraints) &&
            !AVER_IS_OID(oid, oid_extended_usage))
            return false;
    usage = aver_cert_extension(
        cert, aver_bytes_of(oid_extended_usage, sizeof(oid_extended_usage)));
    if (cert->has_usage && (cert->usage & AVER_USE_SIGNATURE) == 0)
        return false;
    return has_ocsp_signing(usage);
}
