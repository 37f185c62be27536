/* SPDX-License-Identifier: Apache-2.0
 *
 * pck: a SEQUENCE of { OID, value }, each OID 1.2.840.113741.1.13.1.i, where
 * i says what the value is; the members of member 2 and 7 likewise. */
#include "verify/pck.h"

#include <string.h>

/* DER content of 1.2.840.113741.1.13.1 */
static const uint8_t sgx[] = {0x2a, 0x86, 0x48, 0x86, 0xf8,
                              0x4d, 0x01, 0x0d, 0x01};

enum { PPID = 1, TCB, PCEID, FMSPC, SGX_TYPE, INSTANCE, SETUP };
#define TCB_PCESVN 17
#define TCB_CPUSVN 18

/* The arcs behind the extension's own OID: one, or two below `above`. 0 if it
 * is another OID. */
static unsigned arc(struct aver_bytes oid, unsigned above)
{
    size_t n = sizeof(sgx);

    if (oid.n != n + (above > 0) + 1 || memcmp(oid.p, sgx, n) != 0 ||
        (above > 0 && oid.p[n] != above) || oid.p[oid.n - 1] >= 0x80)
        return 0;
    return oid.p[oid.n - 1];
}

/* The next member of a list: which one it is, with its value left in `in`. 0
 * at the end, and where the flag of `list` is set. */
static unsigned member(struct aver_der *list, unsigned above,
                       struct aver_der *in)
{
    if (aver_der_peek(list) == 0) {
        aver_der_end(list);
        return 0;
    }
    *in = aver_der_enter(list, AVER_DER_SEQUENCE);
    unsigned i = arc(aver_der_take(in, AVER_DER_OID), above);
    if (i == 0)
        aver_der_fail(list);
    return *list->failed ? 0 : i;
}

static void octets(uint8_t *out, size_t n, struct aver_der *in)
{
    struct aver_bytes v = aver_der_take(in, AVER_DER_OCTETS);

    if (v.n != n)
        aver_der_fail(in);
    else
        memcpy(out, v.p, n);
}

/* Notes that member i was seen; no member stands there twice. */
static void once(uint32_t *seen, unsigned i, struct aver_der *in)
{
    if (i > 31 || *seen >> i & 1)
        aver_der_fail(in);
    else
        *seen |= UINT32_C(1) << i;
}

static void read_tcb(struct aver_pck *p, struct aver_der *d)
{
    struct aver_der list = aver_der_enter(d, AVER_DER_SEQUENCE), in;
    uint32_t seen = 0;
    unsigned i;

    while ((i = member(&list, TCB, &in)) != 0) {
        once(&seen, i, &in);
        if (i <= 16)
            p->components[i - 1] =
                (uint8_t)aver_der_number(&in, AVER_DER_INTEGER, UINT8_MAX);
        else if (i == TCB_PCESVN)
            p->pcesvn =
                (uint16_t)aver_der_number(&in, AVER_DER_INTEGER, UINT16_MAX);
        else if (i == TCB_CPUSVN)
            octets(p->cpusvn, 16, &in);
        aver_der_end(&in);
    }
    if (seen != 0x7fffe) /* 1 to 18 */
        aver_der_fail(d);
}

static void read_setup(struct aver_pck *p, struct aver_der *d)
{
    struct aver_der list = aver_der_enter(d, AVER_DER_SEQUENCE), in;
    bool *const flags[] = {&p->dynamic, &p->cached_keys, &p->smt};
    uint32_t seen = 0;
    unsigned i;

    while ((i = member(&list, SETUP, &in)) != 0) {
        once(&seen, i, &in);
        if (i <= 3)
            *flags[i - 1] = aver_der_boolean(&in);
        aver_der_end(&in);
    }
    if (seen != 0xe)
        aver_der_fail(d);
    p->has_setup = true;
}

static void read_member(struct aver_pck *p, unsigned i, struct aver_der *in)
{
    switch (i) {
    case PPID:
        octets(p->ppid, 16, in);
        break;
    case TCB:
        read_tcb(p, in);
        break;
    case PCEID:
        octets(p->pceid, 2, in);
        break;
    case FMSPC:
        octets(p->fmspc, 6, in);
        break;
    case SGX_TYPE:
        p->sgx_type = (unsigned)aver_der_number(in, AVER_DER_ENUMERATED, 2);
        break;
    case INSTANCE:
        octets(p->instance, 16, in);
        p->has_instance = true;
        break;
    case SETUP:
        read_setup(p, in);
        break;
    default:
        aver_der_fail(in);
    }
    aver_der_end(in);
}

int aver_pck_parse(struct aver_pck *p, const struct aver_cert *leaf,
                   struct aver_error *err)
{
    struct aver_bytes extension =
        aver_cert_extension(leaf, aver_bytes_of(sgx, sizeof(sgx)));
    struct aver_der top, in;
    uint32_t seen = 0;
    bool failed;
    unsigned i;

    memset(p, 0, sizeof(*p));
    if (extension.n == 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the PCK certificate has no SGX extension");
    aver_der_init(&top, extension, &failed);
    struct aver_der list = aver_der_enter(&top, AVER_DER_SEQUENCE);
    aver_der_end(&top);
    while ((i = member(&list, 0, &in)) != 0) {
        once(&seen, i, &in);
        read_member(p, i, &in);
    }
    /* Members 1 to 5, and of the Platform CA 6 and 7. */
    if (failed || (seen != 0x3e && seen != 0xfe))
        return aver_fail(err, AVER_EFORMAT,
                         "the SGX extension of the PCK certificate is not of "
                         "the form that Intel gives it");
    return 0;
}
