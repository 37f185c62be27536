/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of withdrawn certificates: what we read, OpenSSL reads too, the same
 * way, and the two agree about who is on the list. */
#include "fuzz_x509.h"

static struct aver_bytes content(uint8_t **der, const ASN1_INTEGER *i)
{
    int n = i2d_ASN1_INTEGER(i, der);
    struct aver_der d;
    bool failed;

    assert(n > 0);
    aver_der_init(&d, aver_bytes_of(*der, (size_t)n), &failed);
    return aver_der_take(&d, AVER_DER_INTEGER);
}

static bool on_list(const STACK_OF(X509_REVOKED) * all,
                    struct aver_bytes serial)
{
    for (int i = 0; i < sk_X509_REVOKED_num(all); i++)
        if (is_integer(serial, X509_REVOKED_get0_serialNumber(
                                   sk_X509_REVOKED_value(all, i))))
            return true;
    return false;
}

/* Each entry is on the list. Its neighbour, one bit off, is where OpenSSL
 * says so. Not all pairs: that is the square of a long list. */
static void compare_entries(const struct aver_crl *c, X509_CRL *x)
{
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(x);
    bool critical = false;
    int n = sk_X509_REVOKED_num(all);
    static const int known[] = {NID_crl_reason};

    assert((c->entries.n > 0) == (n > 0));
    for (int i = 0; i < n; i++) {
        const X509_REVOKED *r = sk_X509_REVOKED_value(all, i);
        uint8_t *der = NULL;
        struct aver_bytes serial =
            content(&der, X509_REVOKED_get0_serialNumber(r));

        critical = critical ||
                   unknown_critical(X509_REVOKED_get0_extensions(r), known, 1);
        if (i < 16 || i == n - 1) {
            assert(aver_crl_lists(c, serial));
            der[serial.p + serial.n - 1 - der] ^= 1;
            assert(aver_crl_lists(c, serial) == on_list(all, serial));
        }
        OPENSSL_free(der);
    }
    assert(!critical || c->unknown_critical);
}

/* OpenSSL's own question, for each entry: it finds nothing that we do not. */
static void compare_question(const struct aver_crl *c, X509_CRL *x)
{
    STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(x);
    X509_REVOKED *unused;

    for (int i = 0; i < sk_X509_REVOKED_num(all) && i < 4; i++) {
        ASN1_INTEGER *serial = ASN1_INTEGER_dup(
            X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(all, i)));
        uint8_t *der = NULL;

        if (X509_CRL_get0_by_serial(x, &unused, serial) != 0)
            assert(aver_crl_lists(c, content(&der, serial)));
        OPENSSL_free(der);
        ASN1_INTEGER_free(serial);
    }
}

static void compare(const struct aver_crl *c, X509_CRL *x)
{
    static const int known[] = {NID_crl_number, NID_authority_key_identifier};
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);

    assert(X509_CRL_get_version(x) == X509_CRL_VERSION_2);
    assert(is_name(c->issuer, X509_CRL_get_issuer(x)));
    assert(is_time(c->this_update, X509_CRL_get0_lastUpdate(x)));
    assert(c->has_next_update == (next != NULL));
    if (next != NULL)
        assert(is_time(c->next_update, next));
    X509_CRL_get0_signature(x, &signature, &algorithm);
    assert(is_algorithm(c->signed_on, algorithm));
    assert(is_bits(c->signature, signature));
    assert(c->has_number == (X509_CRL_get_ext_by_NID(x, known[0], -1) >= 0));
    assert(c->has_authority_id ==
           (X509_CRL_get_ext_by_NID(x, known[1], -1) >= 0));
    if (unknown_critical(X509_CRL_get0_extensions(x), known, 2))
        assert(c->unknown_critical);
    compare_entries(c, x);
    compare_question(c, x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *p = data;
    struct aver_error err;
    struct aver_crl c;

    if (aver_crl_parse(&c, aver_bytes_of(data, size), &err) != 0)
        return 0;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)size);
    assert(x != NULL && p == data + size);
    compare(&c, x);
    X509_CRL_free(x);
    ERR_clear_error();
    return 0;
}
