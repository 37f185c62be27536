/* SPDX-License-Identifier: Apache-2.0
 *
 * The SGX extension of a PCK certificate: what is read can be written anew,
 * in Intel's order, and is read the same. */
#include "base/buf.h"
#include "verify/pck.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t sgx[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                              0xf8, 0x4d, 0x01, 0x0d, 0x01};

static void append(struct aver_buf *out, const void *p, size_t n)
{
    assert(aver_buf_append(out, p, n) == 0);
}

/* Puts tag and length in front of what stands behind `from`. */
static void wrap(struct aver_buf *out, size_t from, uint8_t tag)
{
    size_t n = out->n - from;
    uint8_t head[5] = {tag, (uint8_t)n};
    size_t size = 2;

    if (n >= 0x80) {
        size_t octets = n >= 0x10000 ? 3 : n >= 0x100 ? 2 : 1;

        head[1] = (uint8_t)(0x80 | octets);
        for (size_t i = 0; i < octets; i++)
            head[2 + i] = (uint8_t)(n >> 8 * (octets - 1 - i));
        size += octets;
    }
    append(out, head, size);
    memmove(out->p + from + size, out->p + from, n);
    memcpy(out->p + from, head, size);
}

/* The OID of member i, or of member i of member `above`. */
static void oid(struct aver_buf *out, unsigned above, unsigned i)
{
    const uint8_t arcs[] = {(uint8_t)above, (uint8_t)i};
    size_t from = out->n;

    append(out, sgx + 2, sizeof(sgx) - 2);
    append(out, above > 0 ? arcs : arcs + 1, above > 0 ? 2 : 1);
    wrap(out, from, AVER_DER_OID);
}

static void member(struct aver_buf *out, unsigned above, unsigned i,
                   uint8_t tag, const void *value, size_t n)
{
    size_t from = out->n;

    oid(out, above, i);
    size_t at = out->n;
    append(out, value, n);
    wrap(out, at, tag);
    wrap(out, from, AVER_DER_SEQUENCE);
}

static void number(struct aver_buf *out, unsigned i, uint16_t v)
{
    const uint8_t bytes[] = {0, (uint8_t)(v >> 8), (uint8_t)v};
    size_t skip = v >= 0x8000 ? 0 : v >= 0x80 ? 1 : 2;

    member(out, 2, i, AVER_DER_INTEGER, bytes + skip, 3 - skip);
}

static void write_tcb(struct aver_buf *out, const struct aver_pck *p)
{
    size_t from = out->n;

    oid(out, 0, 2);
    size_t at = out->n;
    for (unsigned i = 0; i < 16; i++)
        number(out, i + 1, p->components[i]);
    number(out, 17, p->pcesvn);
    member(out, 2, 18, AVER_DER_OCTETS, p->cpusvn, 16);
    wrap(out, at, AVER_DER_SEQUENCE);
    wrap(out, from, AVER_DER_SEQUENCE);
}

static void write_setup(struct aver_buf *out, const struct aver_pck *p)
{
    const bool flags[] = {p->dynamic, p->cached_keys, p->smt};
    size_t from = out->n;

    oid(out, 0, 7);
    size_t at = out->n;
    for (unsigned i = 0; i < 3; i++)
        member(out, 7, i + 1, AVER_DER_BOOLEAN, flags[i] ? "\xff" : "\0", 1);
    wrap(out, at, AVER_DER_SEQUENCE);
    wrap(out, from, AVER_DER_SEQUENCE);
}

static void write_sgx(struct aver_buf *out, const struct aver_pck *p)
{
    uint8_t type = (uint8_t)p->sgx_type;

    member(out, 0, 1, AVER_DER_OCTETS, p->ppid, 16);
    write_tcb(out, p);
    member(out, 0, 3, AVER_DER_OCTETS, p->pceid, 2);
    member(out, 0, 4, AVER_DER_OCTETS, p->fmspc, 6);
    member(out, 0, 5, AVER_DER_ENUMERATED, &type, 1);
    if (p->has_instance)
        member(out, 0, 6, AVER_DER_OCTETS, p->instance, 16);
    if (p->has_setup)
        write_setup(out, p);
    wrap(out, 0, AVER_DER_SEQUENCE);
}

/* Parses `value` as the one extension of an otherwise empty certificate. */
static int parse(struct aver_pck *p, struct aver_bytes value)
{
    struct aver_cert c = {0};
    struct aver_buf list;
    struct aver_error err;

    aver_buf_init(&list, value.n + 64);
    append(&list, sgx, sizeof(sgx));
    append(&list, value.p, value.n);
    wrap(&list, sizeof(sgx), AVER_DER_OCTETS);
    wrap(&list, 0, AVER_DER_SEQUENCE);
    c.extensions = aver_buf_view(&list);
    int rc = aver_pck_parse(p, &c, &err);
    aver_buf_clear(&list);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_pck p, again;
    struct aver_buf text;

    if (size > 60000 || parse(&p, aver_bytes_of(data, size)) != 0)
        return 0;
    assert(p.sgx_type <= 2 && p.has_instance == p.has_setup);
    aver_buf_init(&text, 4096);
    write_sgx(&text, &p);
    assert(text.n == size); /* DER: the order alone may be another */
    assert(parse(&again, aver_buf_view(&text)) == 0);
    assert(memcmp(&p, &again, sizeof(p)) == 0);
    aver_buf_clear(&text);
    return 0;
}
