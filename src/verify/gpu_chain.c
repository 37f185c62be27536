/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_chain: see gpu_chain.h. Written out by hand (RFC 5280, 6.1), since a
 * store of certificates would look for roots by name and for the time on the
 * clock. */
#include "verify/gpu_chain.h"

#include "crypto/pem.h"

#include <inttypes.h>
#include <string.h>

/* Why aver_chain_init could not read a text. */
static const char *unread(struct aver_bytes pem)
{
    struct aver_bytes der[AVER_CHAIN_MAX];
    struct aver_error why = {0};
    struct aver_buf store;
    unsigned n;

    aver_buf_init(&store, AVER_CHAIN_TEXT_MAX);
    int rc = aver_pem_certificates(der, AVER_CHAIN_MAX, &n, &store, pem, &why);
    aver_buf_clear(&store);
    if (rc == 0)
        return "cert_format";
    return why.code == AVER_ELIMIT ? "chain_length" : "pem";
}

/* Of the keys only the leaf's is looked at: the others verify a certificate
 * here, which a point that is not on the curve cannot. */
void aver_gpu_chain_read(struct aver_chain *c, struct aver_ec *ec,
                         struct aver_bytes pem, struct aver_flaw *flaw)
{
    const struct aver_cert *leaf = &c->link[0].cert;

    while (pem.n > 0 && pem.p[pem.n - 1] == '\0')
        pem.n--;
    aver_chain_init(c, pem);
    if (c->fault[0] != '\0')
        aver_flaw(flaw, unread(pem), "the certificates cannot be read: %s",
                  c->fault);
    else if (!aver_ec_point_ok(ec, leaf->curve, leaf->point))
        aver_flaw(flaw, "cert_key",
                  "the key of certificate 1 is no point of its curve");
}

static int check_length(unsigned n, unsigned want, struct aver_flaw *flaw)
{
    if (n == want)
        return 0;
    return aver_flaw(flaw, "chain_length",
                     "%u certificates, not %u: from the leaf to the root", n,
                     want);
}

/* What keeps a certificate from its place, the leaf's being 0; NULL: nothing.
 * RFC 5280 4.2.1.3 and 4.2.1.9. */
static const char *misfit(const struct aver_cert *c, unsigned place)
{
    if (c->curve != AVER_P384)
        return "its key is not on P-384";
    if (c->signed_on != AVER_P384)
        return "it is not signed with ecdsa-with-SHA384";
    if (c->unknown_critical)
        return "it has a critical extension that is not known here";
    if (place == 0 && (!c->has_usage || (c->usage & AVER_USE_SIGNATURE) == 0))
        return "it is the leaf, and not meant for signatures";
    if (place == 0 && (c->ca || (c->usage & AVER_USE_CERT_SIGN) != 0))
        return "it is the leaf, and could issue certificates";
    if (place > 0 && !c->ca)
        return "it issues certificates, and is no CA";
    if (place > 0 && (c->usage & AVER_USE_CERT_SIGN) == 0)
        return "it issues certificates, and its key usage does not allow it";
    if (c->has_path_max && c->path_max + 1 < place)
        return "more certificates stand below it than it allows";
    return NULL;
}

static int check_profile(struct aver_link *const *l, unsigned n,
                         struct aver_flaw *flaw)
{
    for (unsigned i = 0; i < n; i++) {
        const char *why = misfit(&l[i]->cert, i);

        if (why != NULL)
            return aver_flaw(flaw, "cert_profile", "certificate %u: %s", i + 1,
                             why);
    }
    return 0;
}

static int check_order(struct aver_link *const *l, unsigned n,
                       struct aver_flaw *flaw)
{
    for (unsigned i = 0; i + 1 < n; i++)
        if (!aver_bytes_equal(l[i]->cert.issuer, l[i + 1]->cert.subject))
            return aver_flaw(flaw, "chain_order",
                             "certificate %u names another issuer than "
                             "certificate %u",
                             i + 1, i + 2);
    return 0;
}

int aver_gpu_chain_shape(struct aver_link *const *l, unsigned n, unsigned want,
                         struct aver_flaw *flaw)
{
    if (check_length(n, want, flaw) != 0 || check_profile(l, n, flaw) != 0)
        return -1;
    return check_order(l, n, flaw);
}

int aver_gpu_chain_root(struct aver_link *const *l, unsigned n,
                        const uint8_t pin[static 32], struct aver_flaw *flaw)
{
    uint8_t spki[32] = {0};

    if (n > 0)
        aver_link_spki(spki, l[n - 1]);
    if (n > 0 && memcmp(spki, pin, 32) == 0)
        return 0;
    return aver_flaw(flaw, "root",
                     "the last certificate is not of the root's key");
}

int aver_gpu_chain_signatures(struct aver_ec *ec, struct aver_link *const *l,
                              unsigned n, struct aver_flaw *flaw)
{
    for (unsigned i = 0; i + 1 < n; i++)
        if (!aver_link_signed_by(ec, l[i], l[i + 1]))
            return aver_flaw(flaw, "cert_signature",
                             "certificate %u is not signed by the key of "
                             "certificate %u",
                             i + 1, i + 2);
    return 0;
}

int aver_gpu_chain_times(struct aver_link *const *l, unsigned n, int64_t at,
                         struct aver_flaw *flaw)
{
    for (unsigned i = 0; i < n; i++) {
        const struct aver_cert *c = &l[i]->cert;

        if (at < c->not_before || at > c->not_after)
            return aver_flaw(
                flaw, "cert_time",
                "certificate %u %s at the time that is judged "
                "for (%" PRId64 ")",
                i + 1, at < c->not_before ? "is not valid yet" : "has ended",
                at);
    }
    return 0;
}

int aver_gpu_chain_check(struct aver_ec *ec, struct aver_link *const *l,
                         unsigned n, unsigned want,
                         const uint8_t pin[static 32], int64_t at,
                         struct aver_flaw *flaw)
{
    if (check_length(n, want, flaw) != 0 ||
        aver_gpu_chain_root(l, n, pin, flaw) != 0 ||
        check_profile(l, n, flaw) != 0 || check_order(l, n, flaw) != 0 ||
        aver_gpu_chain_signatures(ec, l, n, flaw) != 0)
        return -1;
    return aver_gpu_chain_times(l, n, at, flaw);
}
