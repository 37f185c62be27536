/* SPDX-License-Identifier: Apache-2.0
 *
 * crl: lists of withdrawn certificates, version 2 (RFC 5280 section 5). */
#include "crypto/cert.h"

#include <string.h>

AVER_OID(oid_crl_number, 0x55, 0x1d, 0x14);
AVER_OID(oid_authority_id, 0x55, 0x1d, 0x23);

/* One entry: its serial number. Its date and reason do not matter, but that
 * nothing in it has to be understood. */
static struct aver_bytes read_entry(struct aver_der *list,
                                    bool *unknown_critical)
{
    static const uint8_t reason[] = {0x55, 0x1d, 0x15};
    struct aver_der in = aver_der_enter(list, AVER_DER_SEQUENCE);
    struct aver_bytes serial = aver_der_take(&in, AVER_DER_INTEGER);
    struct aver_bytes oid, content;
    bool critical;

    aver_der_time(&in);
    if (in.n == 0)
        return serial;
    struct aver_der extensions = aver_der_enter(&in, AVER_DER_SEQUENCE);
    while (aver_der_extension(&extensions, &oid, &critical, &content))
        if (critical && !AVER_IS_OID(oid, reason))
            *unknown_critical = true;
    aver_der_end(&extensions);
    aver_der_end(&in);
    return serial;
}

static void read_entries(struct aver_crl *c, struct aver_der *d)
{
    if (aver_der_peek(d) != AVER_DER_SEQUENCE)
        return;
    struct aver_der list = aver_der_enter(d, AVER_DER_SEQUENCE);
    if (list.n == 0) /* then it is left out: RFC 5280 5.1.2.6 */
        aver_der_fail(d);
    c->entries = (struct aver_bytes){list.p, list.n};
    while (aver_der_peek(&list) != 0)
        read_entry(&list, &c->unknown_critical);
    aver_der_end(&list);
}

static void read_extensions(struct aver_crl *c, struct aver_der *d)
{
    struct aver_bytes oid, content;
    bool critical;

    if (aver_der_peek(d) == 0)
        return;
    struct aver_der outer = aver_der_enter(d, AVER_DER_CONTEXT(0));
    struct aver_der list = aver_der_enter(&outer, AVER_DER_SEQUENCE);
    aver_der_end(&outer);
    while (aver_der_extension(&list, &oid, &critical, &content)) {
        if (AVER_IS_OID(oid, oid_crl_number))
            c->has_number = true;
        else if (AVER_IS_OID(oid, oid_authority_id))
            c->has_authority_id = true;
        else if (critical)
            c->unknown_critical = true;
    }
    aver_der_end(&list);
}

static void read_tbs(struct aver_crl *c, struct aver_der *d)
{
    struct aver_bytes unused;

    if (aver_der_number(d, AVER_DER_INTEGER, 1) != 1)
        aver_der_fail(d);
    c->signed_on = aver_der_signature_algorithm(d);
    c->issuer = aver_der_name(d, &unused);
    c->this_update = aver_der_time(d);
    c->has_next_update = aver_der_peek(d) == AVER_DER_UTC_TIME ||
                         aver_der_peek(d) == AVER_DER_GENERALIZED_TIME;
    if (c->has_next_update)
        c->next_update = aver_der_time(d);
    read_entries(c, d);
    read_extensions(c, d);
    aver_der_end(d);
}

int aver_crl_parse(struct aver_crl *c, struct aver_bytes der,
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
                         "not a list of withdrawn certificates (CRL version "
                         "2) in DER with an ECDSA signature");
    return 0;
}

bool aver_crl_lists(const struct aver_crl *c, struct aver_bytes serial)
{
    struct aver_der list;
    bool failed, unused = false;

    aver_der_init(&list, c->entries, &failed);
    while (aver_der_peek(&list) != 0)
        if (aver_bytes_equal(read_entry(&list, &unused), serial))
            return true;
    return false;
}

bool aver_crl_signed_by(struct aver_ec *ec, const struct aver_crl *c,
                        const struct aver_cert *issuer)
{
    return c->signed_on == issuer->curve &&
           aver_ec_verify(ec, issuer->curve, issuer->point, c->tbs,
                          c->signature);
}
