/* SPDX-License-Identifier: Apache-2.0
 *
 * ocsp_check: whether OpenSSL reads an OCSP answer that we read, and reads the
 * same. For the unit test and the harness (tests/fuzz/fuzz_ocsp.c). */
#ifndef AVER_TESTS_OCSP_CHECK_H
#define AVER_TESTS_OCSP_CHECK_H

#include "crypto/ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static bool ocsp_is_string(struct aver_bytes ours, const ASN1_STRING *s)
{
    return aver_bytes_equal(ours, aver_bytes_of(ASN1_STRING_get0_data(s),
                                                (size_t)ASN1_STRING_length(s)));
}

static bool ocsp_is_time(int64_t ours, const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm;

    return ASN1_TIME_to_tm(t, &tm) == 1 && ours == (int64_t)timegm(&tm);
}

/* `ours` is the content of an INTEGER, at most 127 bytes. */
static bool ocsp_is_integer(struct aver_bytes ours, const ASN1_INTEGER *i)
{
    unsigned char *der = NULL;
    int n = i2d_ASN1_INTEGER(i, &der);
    bool same = n >= 0 && (size_t)n >= ours.n &&
                memcmp(der + n - ours.n, ours.p, ours.n) == 0 &&
                (ours.n > 127 || (size_t)n == ours.n + 2);

    OPENSSL_free(der);
    return same;
}

static bool ocsp_is_hash(int ours, const ASN1_OBJECT *oid)
{
    switch (OBJ_obj2nid(oid)) {
    case NID_sha1:
        return ours == AVER_ID_SHA1;
    case NID_sha256:
        return ours == AVER_ID_SHA256;
    case NID_sha384:
        return ours == AVER_ID_SHA384;
    case NID_sha512:
        return ours == AVER_ID_SHA512;
    default:
        return ours == AVER_ID_OTHER;
    }
}

static const char *ocsp_id_differs(const struct aver_ocsp_single *s,
                                   OCSP_SINGLERESP *x)
{
    ASN1_OCTET_STRING *name = NULL, *key = NULL;
    ASN1_INTEGER *serial = NULL;
    ASN1_OBJECT *hash = NULL;

    /* It takes no const pointer, and changes nothing. */
    OCSP_CERTID *id = OCSP_CERTID_dup(OCSP_SINGLERESP_get0_id(x));
    OCSP_id_get0_info(&name, &hash, &key, &serial, id);
    const char *what = NULL;
    if (!ocsp_is_string(s->issuer_name_hash, name) ||
        !ocsp_is_string(s->issuer_key_hash, key))
        what = "the issuer's hashes";
    else if (!ocsp_is_integer(s->serial, serial))
        what = "the serial number";
    else if (!ocsp_is_hash((int)s->hash, hash))
        what = "the hash";
    OCSP_CERTID_free(id);
    return what;
}

static const char *ocsp_single_differs(const struct aver_ocsp_single *s,
                                       OCSP_SINGLERESP *x)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *this = NULL, *next = NULL;
    int reason = -1;
    int status = OCSP_single_get0_status(x, &reason, &revoked, &this, &next);
    bool critical = false;

    if (status != (s->status == AVER_OCSP_GOOD ? V_OCSP_CERTSTATUS_GOOD
                   : s->status == AVER_OCSP_REVOKED
                       ? V_OCSP_CERTSTATUS_REVOKED
                       : V_OCSP_CERTSTATUS_UNKNOWN))
        return "the status";
    if (status == V_OCSP_CERTSTATUS_REVOKED &&
        (!ocsp_is_time(s->revoked_at, revoked) ||
         reason != (s->has_reason ? (int)s->reason : -1)))
        return "the withdrawal";
    if (!ocsp_is_time(s->this_update, this) ||
        s->has_next_update != (next != NULL) ||
        (next != NULL && !ocsp_is_time(s->next_update, next)))
        return "the window";
    for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(x); i++)
        critical = critical || X509_EXTENSION_get_critical(
                                   OCSP_SINGLERESP_get_ext(x, i)) != 0;
    if (critical != s->unknown_critical)
        return "an answer's extensions";
    return ocsp_id_differs(s, x);
}

static bool ocsp_is_responder(const struct aver_ocsp *o,
                              const OCSP_BASICRESP *b)
{
    const ASN1_OCTET_STRING *key = NULL;
    const X509_NAME *name = NULL;
    const unsigned char *p = NULL;
    size_t n = 0;

    if (OCSP_resp_get0_id(b, &key, &name) != 1 || o->by_name != (name != NULL))
        return false;
    if (name == NULL)
        return ocsp_is_string(o->responder, key);
    return X509_NAME_get0_der(name, &p, &n) == 1 &&
           aver_bytes_equal(o->responder, aver_bytes_of(p, n));
}

static bool ocsp_is_signed(const struct aver_ocsp *o, const OCSP_BASICRESP *b)
{
    int want = o->signed_on == AVER_P384 ? NID_ecdsa_with_SHA384
                                         : NID_ecdsa_with_SHA256;
    unsigned char *der = NULL;
    int n = i2d_OCSP_RESPDATA(OCSP_resp_get0_respdata(b), &der);
    bool same =
        n >= 0 && aver_bytes_equal(o->tbs, aver_bytes_of(der, (size_t)n));

    OPENSSL_free(der);
    return same &&
           OBJ_obj2nid(OCSP_resp_get0_tbs_sigalg(b)->algorithm) == want &&
           ocsp_is_string(o->signature, OCSP_resp_get0_signature(b));
}

static bool ocsp_has_certs(const struct aver_ocsp *o, const OCSP_BASICRESP *b)
{
    const STACK_OF(X509) *all = OCSP_resp_get0_certs(b);

    if (sk_X509_num(all) != (int)o->ncerts && (all != NULL || o->ncerts > 0))
        return false;
    for (unsigned i = 0; i < o->ncerts; i++) {
        unsigned char *der = NULL;
        int n = i2d_X509(sk_X509_value(all, (int)i), &der);
        bool same = n >= 0 && aver_bytes_equal(o->cert[i].der,
                                               aver_bytes_of(der, (size_t)n));

        OPENSSL_free(der);
        if (!same)
            return false;
    }
    return true;
}

static const char *ocsp_basic_differs(const struct aver_ocsp *o,
                                      OCSP_BASICRESP *b)
{
    bool critical = false;

    for (int i = 0; i < OCSP_BASICRESP_get_ext_count(b); i++)
        critical = critical || X509_EXTENSION_get_critical(
                                   OCSP_BASICRESP_get_ext(b, i)) != 0;
    if (critical != o->unknown_critical)
        return "the extensions";
    if (!ocsp_is_responder(o, b))
        return "the responder";
    if (!ocsp_is_time(o->produced_at, OCSP_resp_get0_produced_at(b)))
        return "producedAt";
    if (!ocsp_is_signed(o, b))
        return "the signed part";
    if (!ocsp_has_certs(o, b))
        return "the certificates";
    if (OCSP_resp_count(b) != (int)o->n)
        return "how many it is about";
    for (unsigned i = 0; i < o->n; i++) {
        const char *what =
            ocsp_single_differs(&o->single[i], OCSP_resp_get0(b, (int)i));

        if (what != NULL)
            return what;
    }
    return NULL;
}

/* What OpenSSL reads otherwise; NULL if nothing, or if we do not read it. */
__attribute__((unused)) static const char *ocsp_differs(struct aver_bytes der,
                                                        bool *taken)
{
    static struct aver_ocsp o;
    const unsigned char *p = der.p;
    const char *what = NULL;

    *taken = aver_ocsp_parse(&o, der, NULL) == 0;
    if (!*taken)
        return NULL;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
    OCSP_BASICRESP *b = r != NULL ? OCSP_response_get1_basic(r) : NULL;
    if (r == NULL || p != der.p + der.n)
        what = "OpenSSL refuses it";
    else if (OCSP_response_status(r) != (int)o.response_status)
        what = "the response's status";
    else if ((b != NULL) != (o.response_status == 0))
        what = "whether there is an answer in it";
    else if (b != NULL)
        what = ocsp_basic_differs(&o, b);
    OCSP_BASICRESP_free(b);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
    return what;
}

#endif
