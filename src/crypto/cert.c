/* SPDX-License-Identifier: Apache-2.0
 *
 * cert: X.509 certificates, RFC 5280 section 4.1. */
#include "crypto/cert.h"

#include "base/text.h"

#include <string.h>

AVER_OID(oid_ec_key, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);
AVER_OID(oid_p256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);
AVER_OID(oid_p384, 0x2b, 0x81, 0x04, 0x00, 0x22);
AVER_OID(oid_sha256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
AVER_OID(oid_sha384, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03);
AVER_OID(oid_common_name, 0x55, 0x04, 0x03);

enum aver_curve aver_der_signature_algorithm(struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);
    struct aver_bytes oid = aver_der_take(&in, AVER_DER_OID);

    aver_der_end(&in);
    if (!AVER_IS_OID(oid, oid_sha256) && !AVER_IS_OID(oid, oid_sha384))
        aver_der_fail(d);
    return AVER_IS_OID(oid, oid_sha384) ? AVER_P384 : AVER_P256;
}

bool aver_der_extension(struct aver_der *list, struct aver_bytes *oid,
                        bool *critical, struct aver_bytes *content)
{
    if (aver_der_peek(list) == 0)
        return false;
    struct aver_der in = aver_der_enter(list, AVER_DER_SEQUENCE);
    *oid = aver_der_take(&in, AVER_DER_OID);
    *critical = false;
    if (aver_der_peek(&in) == AVER_DER_BOOLEAN) {
        *critical = aver_der_boolean(&in);
        if (!*critical) /* the default is not written: X.690 11.5 */
            aver_der_fail(list);
    }
    *content = aver_der_take(&in, AVER_DER_OCTETS);
    aver_der_end(&in);
    return !*list->failed;
}

/* AttributeTypeAndValue, its text of the types that RFC 5280 4.1.2.4 and
 * appendix A allow today: whoever reads another one might read another text. */
static struct aver_bytes read_attribute(struct aver_der *set,
                                        struct aver_bytes *oid)
{
    struct aver_der in = aver_der_enter(set, AVER_DER_SEQUENCE);
    uint8_t tag;

    *oid = aver_der_take(&in, AVER_DER_OID);
    tag = aver_der_peek(&in);
    struct aver_bytes text = aver_der_take(&in, tag);
    aver_der_end(&in);
    if ((tag != AVER_DER_UTF8 && tag != AVER_DER_PRINTABLE &&
         tag != AVER_DER_IA5) ||
        !aver_utf8_valid(text))
        aver_der_fail(set);
    return text;
}

struct aver_bytes aver_der_name(struct aver_der *d, struct aver_bytes *common)
{
    struct aver_der walk = *d;
    struct aver_bytes whole = aver_der_whole(d, AVER_DER_SEQUENCE);
    struct aver_der names = aver_der_enter(&walk, AVER_DER_SEQUENCE);

    *common = (struct aver_bytes){NULL, 0};
    while (aver_der_peek(&names) != 0) {
        struct aver_der set = aver_der_enter(&names, AVER_DER_SET);

        if (set.n == 0)
            aver_der_fail(d);
        while (aver_der_peek(&set) != 0) {
            struct aver_bytes oid, text = read_attribute(&set, &oid);

            if (!AVER_IS_OID(oid, oid_common_name))
                continue;
            if (common->p != NULL) /* which of the two would count? */
                aver_der_fail(d);
            *common = text;
        }
        aver_der_end(&set);
    }
    aver_der_end(&names);
    return whole;
}

static void read_key(struct aver_cert *c, struct aver_der *d)
{
    struct aver_der walk = *d;
    struct aver_der in = aver_der_enter(&walk, AVER_DER_SEQUENCE);
    struct aver_der algorithm = aver_der_enter(&in, AVER_DER_SEQUENCE);
    struct aver_bytes kind = aver_der_take(&algorithm, AVER_DER_OID);
    struct aver_bytes curve = aver_der_take(&algorithm, AVER_DER_OID);

    aver_der_end(&algorithm);
    c->point = aver_der_octet_bits(&in);
    aver_der_end(&in);
    c->spki = aver_der_whole(d, AVER_DER_SEQUENCE);
    c->curve = AVER_IS_OID(curve, oid_p384) ? AVER_P384 : AVER_P256;
    if (!AVER_IS_OID(kind, oid_ec_key) ||
        (!AVER_IS_OID(curve, oid_p256) && !AVER_IS_OID(curve, oid_p384)) ||
        c->point.n != 1 + 2 * aver_curve_size(c->curve) || c->point.p[0] != 4)
        aver_der_fail(d);
}

/* RFC 5280 4.2.1.9 */
static void read_constraints(struct aver_cert *c, struct aver_der *d)
{
    struct aver_der in = aver_der_enter(d, AVER_DER_SEQUENCE);

    if (aver_der_peek(&in) == AVER_DER_BOOLEAN) {
        c->ca = aver_der_boolean(&in);
        if (!c->ca)
            aver_der_fail(d);
    }
    if (aver_der_peek(&in) == AVER_DER_INTEGER) {
        c->has_path_max = true;
        c->path_max = (unsigned)aver_der_number(&in, AVER_DER_INTEGER, 255);
    }
    aver_der_end(&in);
    c->has_constraints = true;
}

/* RFC 5280 4.2.1.3: named bits, the first in the top bit. Those that are not
 * used are zero: X.690 11.2.1. */
static void read_usage(struct aver_cert *c, struct aver_der *d)
{
    struct aver_bytes bits = aver_der_take(d, AVER_DER_BITS);

    if (bits.n < 2 || bits.n > 3 || bits.p[0] > 7 ||
        (bits.p[bits.n - 1] & ((1U << bits.p[0]) - 1)) != 0) { /* X.690 11.2 */
        aver_der_fail(d);
        return;
    }
    for (unsigned i = 0; i < 8 * (bits.n - 1); i++)
        if (bits.p[1 + i / 8] & 0x80 >> i % 8)
            c->usage |= 1U << i;
    c->has_usage = true;
}

static void only_seen(struct aver_cert *c, struct aver_der *d)
{
    (void)c;
    d->n = 0;
}

static const struct known {
    uint8_t oid[3];
    void (*read)(struct aver_cert *c, struct aver_der *d);
    size_t seen; /* offset of the flag that it was there */
} known[] = {
    {{0x55, 0x1d, 0x0e}, only_seen, offsetof(struct aver_cert, has_subject_id)},
    {{0x55, 0x1d, 0x0f}, read_usage, offsetof(struct aver_cert, has_usage)},
    {{0x55, 0x1d, 0x13},
     read_constraints,
     offsetof(struct aver_cert, has_constraints)},
    {{0x55, 0x1d, 0x1f}, only_seen, offsetof(struct aver_cert, has_crl_points)},
    {{0x55, 0x1d, 0x23},
     only_seen,
     offsetof(struct aver_cert, has_authority_id)},
};

static const struct known *find_known(struct aver_bytes oid)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (AVER_IS_OID(oid, known[i].oid))
            return &known[i];
    return NULL;
}

static void read_extensions(struct aver_cert *c, struct aver_der *d)
{
    struct aver_der outer = aver_der_enter(d, AVER_DER_CONTEXT(3));
    struct aver_der list = aver_der_enter(&outer, AVER_DER_SEQUENCE);
    struct aver_bytes oid, content;
    bool critical;

    aver_der_end(&outer);
    c->extensions = (struct aver_bytes){list.p, list.n};
    while (aver_der_extension(&list, &oid, &critical, &content)) {
        const struct known *k = find_known(oid);
        struct aver_der in = {content.p, content.n, d->failed};

        if (k == NULL) {
            c->unknown_critical = c->unknown_critical || critical;
            continue;
        }
        bool *seen = (bool *)((char *)c + k->seen);
        if (*seen)
            aver_der_fail(d);
        k->read(c, &in);
        aver_der_end(&in);
        *seen = true;
    }
    aver_der_end(&list);
}

/* TBSCertificate */
static void read_tbs(struct aver_cert *c, struct aver_der *d)
{
    struct aver_bytes unused;
    struct aver_der version = aver_der_enter(d, AVER_DER_CONTEXT(0));

    if (aver_der_number(&version, AVER_DER_INTEGER, 2) != 2)
        aver_der_fail(d);
    aver_der_end(&version);
    c->serial = aver_der_take(d, AVER_DER_INTEGER);
    c->signed_on = aver_der_signature_algorithm(d);
    c->issuer = aver_der_name(d, &unused);
    struct aver_der validity = aver_der_enter(d, AVER_DER_SEQUENCE);
    c->not_before = aver_der_time(&validity);
    c->not_after = aver_der_time(&validity);
    aver_der_end(&validity);
    c->subject = aver_der_name(d, &c->common_name);
    read_key(c, d);
    read_extensions(c, d);
    aver_der_end(d);
}

int aver_cert_parse(struct aver_cert *c, struct aver_bytes der,
                    struct aver_error *err)
{
    struct aver_der top;
    bool failed;

    memset(c, 0, sizeof(*c));
    aver_der_init(&top, der, &failed);
    c->der = der;
    struct aver_der in = aver_der_enter(&top, AVER_DER_SEQUENCE);
    aver_der_end(&top);
    struct aver_der again = in;
    c->tbs = aver_der_whole(&in, AVER_DER_SEQUENCE);
    struct aver_der tbs = aver_der_enter(&again, AVER_DER_SEQUENCE);
    read_tbs(c, &tbs);
    if (aver_der_signature_algorithm(&in) != c->signed_on)
        aver_der_fail(&in);
    c->signature = aver_der_octet_bits(&in);
    aver_der_end(&in);
    if (failed)
        return aver_fail(err, AVER_EFORMAT,
                         "not an X.509 version 3 certificate in DER with an "
                         "ECDSA key and signature");
    return 0;
}

struct aver_bytes aver_cert_extension(const struct aver_cert *c,
                                      struct aver_bytes want)
{
    struct aver_bytes oid, content, found = {NULL, 0};
    struct aver_der list;
    bool failed, critical;

    aver_der_init(&list, c->extensions, &failed);
    while (aver_der_extension(&list, &oid, &critical, &content))
        if (aver_bytes_equal(oid, want)) {
            if (found.p != NULL)
                return (struct aver_bytes){NULL, 0};
            found = content;
        }
    return found;
}

/* The hash must be the one that goes with the issuer's curve. */
bool aver_cert_signed_by(struct aver_ec *ec, const struct aver_cert *c,
                         const struct aver_cert *issuer)
{
    return c->signed_on == issuer->curve &&
           aver_ec_verify(ec, issuer->curve, issuer->point, c->tbs,
                          c->signature);
}
