/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_x509: what OpenSSL read, in the form in which our parsers give it. */
#ifndef AVER_TESTS_FUZZ_X509_H
#define AVER_TESTS_FUZZ_X509_H

#include "crypto/cert.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Frees what an i2d function made; true if it is these bytes. */
__attribute__((unused)) static bool is_der(struct aver_bytes ours, uint8_t *der,
                                           int n)
{
    bool same = n >= 0 && aver_bytes_equal(ours, aver_bytes_of(der, (size_t)n));

    OPENSSL_free(der);
    return same;
}

__attribute__((unused)) static bool is_name(struct aver_bytes ours,
                                            const X509_NAME *name)
{
    uint8_t *der = NULL;
    int n = i2d_X509_NAME(name, &der);

    return is_der(ours, der, n);
}

/* `ours` is the content of an INTEGER. */
__attribute__((unused)) static bool is_integer(struct aver_bytes ours,
                                               const ASN1_INTEGER *i)
{
    uint8_t *der = NULL;
    int n = i2d_ASN1_INTEGER(i, &der);
    struct aver_der d;
    bool failed;

    assert(n > 0);
    aver_der_init(&d, aver_bytes_of(der, (size_t)n), &failed);
    bool same = aver_bytes_equal(ours, aver_der_take(&d, AVER_DER_INTEGER));
    assert(!failed);
    OPENSSL_free(der);
    return same;
}

__attribute__((unused)) static bool is_time(int64_t ours, const ASN1_TIME *t)
{
    struct tm tm;

    assert(ASN1_TIME_to_tm(t, &tm) == 1);
    return ours == (int64_t)timegm(&tm);
}

/* ecdsa-with-SHA256 goes with P-256 here, ecdsa-with-SHA384 with P-384. */
__attribute__((unused)) static bool is_algorithm(enum aver_curve ours,
                                                 const X509_ALGOR *a)
{
    const ASN1_OBJECT *oid;
    int type;

    X509_ALGOR_get0(&oid, &type, NULL, a);
    return type == V_ASN1_UNDEF &&
           OBJ_obj2nid(oid) == (ours == AVER_P256 ? NID_ecdsa_with_SHA256
                                                  : NID_ecdsa_with_SHA384);
}

__attribute__((unused)) static bool is_bits(struct aver_bytes ours,
                                            const ASN1_BIT_STRING *bits)
{
    return aver_bytes_equal(ours,
                            aver_bytes_of(ASN1_STRING_get0_data(bits),
                                          (size_t)ASN1_STRING_length(bits)));
}

/* True if one of them must be understood, and is not among `known`. */
__attribute__((unused)) static bool
unknown_critical(const STACK_OF(X509_EXTENSION) * all, const int *known,
                 size_t n)
{
    for (int i = 0; i < sk_X509_EXTENSION_num(all); i++) {
        X509_EXTENSION *e = sk_X509_EXTENSION_value(all, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
        bool is_known = false;

        for (size_t k = 0; k < n; k++)
            is_known = is_known || nid == known[k];
        if (X509_EXTENSION_get_critical(e) && !is_known)
            return true;
    }
    return false;
}

#endif
