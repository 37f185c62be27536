/* SPDX-License-Identifier: Apache-2.0
 *
 * spdm: GET_MEASUREMENTS, MEASUREMENTS and its blocks as DSP0274 1.1 has them
 * (10.11). Little endian. */
#include "verify/spdm.h"

#include <string.h>

#define VERSION 0x11
#define GET_MEASUREMENTS 0xe0
#define MEASUREMENTS 0x60
#define SIGNATURE_REQUESTED 1
#define ALL_BLOCKS 0xff
#define DMTF 1

#define REQUEST 37
#define RESPONSE_HEAD 4 /* what an ERROR has as well */
#define RECORD (REQUEST + 8)
#define SIGNATURE 96
#define SMALLEST (RECORD + 32 + 2 + SIGNATURE)

static int read_request(struct aver_spdm *s, struct aver_reader *r,
                        struct aver_flaw *flaw)
{
    unsigned version = aver_read_u8(r), code = aver_read_u8(r);
    unsigned param1 = aver_read_u8(r), param2 = aver_read_u8(r);

    s->nonce = aver_read_bytes(r, 32);
    aver_read_u8(r); /* the slot of the certificates that sign */
    if (version != VERSION)
        return aver_flaw(flaw, "req_version",
                         "the request is of SPDM version 0x%02x, not 1.1",
                         version);
    if (code != GET_MEASUREMENTS)
        return aver_flaw(flaw, "req_code",
                         "the request is of code 0x%02x, not GET_MEASUREMENTS "
                         "(0xe0)",
                         code);
    if ((param1 & SIGNATURE_REQUESTED) == 0)
        return aver_flaw(flaw, "req_params",
                         "the request asks for no signature");
    if (param2 != ALL_BLOCKS)
        return aver_flaw(flaw, "req_params",
                         "the request asks for block %u, not for all (255)",
                         param2);
    return 0;
}

static int read_response_head(struct aver_reader *r, struct aver_flaw *flaw)
{
    unsigned version = aver_read_u8(r), code = aver_read_u8(r);

    aver_read_bytes(r, 2); /* reserved where all were asked for; the slot */
    if (version != VERSION)
        return aver_flaw(flaw, "rsp_version",
                         "the response is of SPDM version 0x%02x, not 1.1",
                         version);
    if (code != MEASUREMENTS)
        return aver_flaw(flaw, "rsp_code",
                         "the response is of code 0x%02x, not MEASUREMENTS "
                         "(0x60)",
                         code);
    return 0;
}

/* Blocks count from 1. That they come in order is what every device does; it
 * leaves no second value of an index, and none that is missing. */
static int check_index(unsigned index, unsigned place, struct aver_flaw *flaw)
{
    if (index > 0 && index < place)
        return aver_flaw(flaw, "dup_index",
                         "block %u of the record has index %u, as one before "
                         "it has",
                         place, index);
    if (index != place)
        return aver_flaw(flaw, "block", "block %u of the record has index %u",
                         place, index);
    return 0;
}

static int read_block(struct aver_spdm *s, struct aver_reader *r,
                      struct aver_flaw *flaw)
{
    struct aver_spdm_block *b = &s->block[s->n];
    unsigned index = aver_read_u8(r), spec = aver_read_u8(r);
    unsigned size = aver_read_u16le(r), place = ++s->n;
    struct aver_reader value;

    aver_reader_init(&value, aver_read_bytes(r, size));
    b->type = aver_read_u8(&value);
    unsigned inner = aver_read_u16le(&value);
    b->value = aver_read_bytes(&value, value.n);
    if (r->failed || value.failed)
        return aver_flaw(flaw, "block",
                         "block %u does not fit in the record, or is of less "
                         "than 3 bytes",
                         place);
    if (check_index(index, place, flaw) != 0)
        return -1;
    if (spec != DMTF)
        return aver_flaw(flaw, "spec",
                         "block %u is of measurement specification %u, not "
                         "DMTF's (1)",
                         place, spec);
    if (inner != b->value.n)
        return aver_flaw(flaw, "dmtf_size",
                         "block %u says that its value has %u bytes; there "
                         "are %zu",
                         place, inner, b->value.n);
    return 0;
}

static int read_record(struct aver_spdm *s, unsigned n, struct aver_bytes in,
                       struct aver_flaw *flaw)
{
    struct aver_reader r;

    aver_reader_init(&r, in);
    while (r.n > 0 && s->n < AVER_SPDM_BLOCKS_MAX)
        if (read_block(s, &r, flaw) != 0)
            return -1;
    if (s->n != n || r.n > 0 || n == 0)
        return aver_flaw(flaw, "block_count",
                         "the record is said to have %u blocks; it has %s%u", n,
                         r.n > 0 ? "more than " : "", s->n);
    return 0;
}

/* The signature is where the lengths put it, and ends the report: what stands
 * behind it nobody signed. */
static int read_signature(struct aver_spdm *s, struct aver_reader *r,
                          struct aver_bytes in, bool slack,
                          struct aver_flaw *flaw)
{
    aver_read_bytes(r, 32); /* the responder's nonce */
    unsigned size = aver_read_u16le(r);
    s->opaque = aver_read_bytes(r, size);
    s->message = aver_bytes_of(in.p, in.n - r->n);
    s->signature = aver_read_bytes(r, SIGNATURE);
    if (r->failed)
        return aver_flaw(flaw, "opaque_length",
                         "the report ends before the %u bytes of opaque data "
                         "and the signature do",
                         size);
    s->trailing = r->n;
    if (r->n > 0 && !slack)
        return aver_flaw(flaw, "trailing", "%zu bytes follow the signature",
                         r->n);
    for (size_t i = 0; i < r->n; i++)
        if (r->p[i] != 0)
            return aver_flaw(flaw, "trailing",
                             "other bytes than zeros follow the signature");
    return 0;
}

int aver_spdm_parse(struct aver_spdm *s, struct aver_bytes in, bool slack,
                    struct aver_flaw *flaw)
{
    struct aver_reader r;

    memset(s, 0, sizeof(*s));
    aver_reader_init(&r, in);
    if (in.n < REQUEST + RESPONSE_HEAD)
        return aver_flaw(flaw, "short",
                         "%zu bytes are too few for a request and a response",
                         in.n);
    if (read_request(s, &r, flaw) != 0 || read_response_head(&r, flaw) != 0)
        return -1;
    if (in.n < SMALLEST)
        return aver_flaw(flaw, "short",
                         "%zu bytes are too few for a signed report", in.n);
    unsigned n = aver_read_u8(&r);
    size_t length = aver_read_u16le(&r);
    length |= (size_t)aver_read_u8(&r) << 16;
    struct aver_bytes record = aver_read_bytes(&r, length);
    if (r.failed)
        return aver_flaw(flaw, "record_length",
                         "the record is said to have %zu bytes; there are not "
                         "as many",
                         length);
    if (read_record(s, n, record, flaw) != 0)
        return -1;
    return read_signature(s, &r, in, slack, flaw);
}
