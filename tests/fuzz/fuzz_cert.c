/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates: what we read, OpenSSL reads too, and every part of it the
 * same. It reads more than we do: BER, other keys, other versions. */
#include "fuzz_x509.h"

#include "verify/pck.h"

static void compare_tbs(const struct aver_cert *c, X509 *x)
{
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    uint8_t *der = NULL;

    assert(X509_get_version(x) == X509_VERSION_3);
    assert(is_integer(c->serial, X509_get0_serialNumber(x)));
    assert(is_name(c->issuer, X509_get_issuer_name(x)));
    assert(is_name(c->subject, X509_get_subject_name(x)));
    assert(is_time(c->not_before, X509_get0_notBefore(x)));
    assert(is_time(c->not_after, X509_get0_notAfter(x)));
    X509_get0_signature(&signature, &algorithm, x);
    assert(is_algorithm(c->signed_on, algorithm));
    assert(is_algorithm(c->signed_on, X509_get0_tbs_sigalg(x)));
    assert(is_bits(c->signature, signature));
    assert(is_bits(c->point, X509_get0_pubkey_bitstr(x)));
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    assert(is_der(c->spki, der, n));
    der = NULL;
    n = i2d_re_X509_tbs(x, &der);
    assert(is_der(c->tbs, der, n));
}

static void compare_common_name(const struct aver_cert *c, X509 *x)
{
    const X509_NAME *name = X509_get_subject_name(x);
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);

    if (at < 0) {
        assert(c->common_name.n == 0);
        return;
    }
    const ASN1_STRING *s =
        X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    assert(is_bits(c->common_name, s));
}

/* A point that OpenSSL makes a key of is on the curve, and the other way. */
static void compare_key(const struct aver_cert *c, X509 *x)
{
    static struct aver_ec *ec;
    EVP_PKEY *key = X509_get0_pubkey(x);

    if (ec == NULL)
        ec = aver_ec_new();
    assert(ec != NULL);
    assert(aver_ec_point_ok(ec, c->curve, c->point) == (key != NULL));
    if (key != NULL)
        assert(EVP_PKEY_get_bits(key) == (c->curve == AVER_P256 ? 256 : 384));
}

static void compare_constraints(const struct aver_cert *c, X509 *x)
{
    int critical = -1;
    BASIC_CONSTRAINTS *b =
        X509_get_ext_d2i(x, NID_basic_constraints, &critical, NULL);

    assert(c->has_constraints == (b != NULL));
    assert(b != NULL || critical == -1);
    if (b == NULL)
        return;
    assert(c->ca == (b->ca != 0));
    assert(c->has_path_max == (b->pathlen != NULL));
    if (b->pathlen != NULL)
        assert(ASN1_INTEGER_get(b->pathlen) == (long)c->path_max);
    BASIC_CONSTRAINTS_free(b);
}

static void compare_usage(const struct aver_cert *c, X509 *x)
{
    int critical = -1;
    ASN1_BIT_STRING *bits = X509_get_ext_d2i(x, NID_key_usage, &critical, NULL);

    assert(c->has_usage == (bits != NULL));
    assert(bits != NULL || critical == -1);
    for (int i = 0; bits != NULL && i < 16; i++)
        assert(ASN1_BIT_STRING_get_bit(bits, i) == (int)(c->usage >> i & 1));
    ASN1_BIT_STRING_free(bits);
}

static void compare_extensions(const struct aver_cert *c, X509 *x)
{
    static const int known[] = {
        NID_subject_key_identifier, NID_key_usage, NID_basic_constraints,
        NID_crl_distribution_points, NID_authority_key_identifier};
    const bool seen[] = {c->has_subject_id, c->has_usage, c->has_constraints,
                         c->has_crl_points, c->has_authority_id};

    for (unsigned i = 0; i < 5; i++) {
        int at = X509_get_ext_by_NID(x, known[i], -1);

        assert(seen[i] == (at >= 0));
        assert(at < 0 || X509_get_ext_by_NID(x, known[i], at) < 0);
    }
    assert(c->unknown_critical ==
           unknown_critical(X509_get0_extensions(x), known, 5));
    compare_constraints(c, x);
    compare_usage(c, x);
}

/* Each extension is found by its name, unless that stands there twice. */
static void compare_found(const struct aver_cert *c, X509 *x)
{
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *e = X509_get_ext(x, i);
        const ASN1_OBJECT *oid = X509_EXTENSION_get_object(e);
        struct aver_bytes got = aver_cert_extension(
            c, aver_bytes_of(OBJ_get0_data(oid), OBJ_length(oid)));
        bool twice = X509_get_ext_by_OBJ(x, oid, -1) != i ||
                     X509_get_ext_by_OBJ(x, oid, i) >= 0;

        if (!twice)
            assert(is_bits(got, X509_EXTENSION_get_data(e)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *p = data;
    struct aver_error err;
    struct aver_cert c;
    struct aver_pck pck;

    if (aver_cert_parse(&c, aver_bytes_of(data, size), &err) != 0)
        return 0;
    X509 *x = d2i_X509(NULL, &p, (long)size);
    assert(x != NULL && p == data + size);
    compare_tbs(&c, x);
    compare_common_name(&c, x);
    compare_key(&c, x);
    compare_extensions(&c, x);
    compare_found(&c, x);
    X509_free(x);
    ERR_clear_error();
    if (aver_pck_parse(&pck, &c, &err) == 0)
        assert(pck.sgx_type <= 2 && pck.has_instance == pck.has_setup);
    return 0;
}
