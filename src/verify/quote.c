/* SPDX-License-Identifier: Apache-2.0
 *
 * quote: the layout of a TDX quote (DCAP quote format, versions 4 and 5) down
 * to the certificates that come with it. */
#include "verify/quote.h"

#include <string.h>

#define QUOTE_TEE_TDX 0x81u
#define QUOTE_TD_REPORT_10 584
#define QUOTE_TD_REPORT_15 648

static struct aver_bytes part(struct aver_bytes of, size_t at, size_t n)
{
    return aver_bytes_of(of.p + at, n);
}

/* Offsets within the TD report (TD quote body descriptor). */
static void place_fields(struct aver_quote *q)
{
    q->td_attributes = part(q->body, 120, 8);
    q->mrtd = part(q->body, 136, 48);
    q->mrconfigid = part(q->body, 184, 48);
    for (unsigned i = 0; i < 4; i++)
        q->rtmr[i] = part(q->body, 328 + 48u * i, 48);
    q->report_data = part(q->body, 520, 64);
}

/* The signature data: quote signature, attestation key, and, wrapped in
 * certification data of type 6, QE report, its signature, authentication data,
 * and certification data of type 5, the PCK chain as PEM. */
static struct aver_bytes find_chain(struct aver_reader *r)
{
    struct aver_bytes none = {NULL, 0};
    uint32_t all = aver_read_u32le(r);
    struct aver_reader data;

    aver_reader_init(&data, aver_read_bytes(r, all));
    aver_read_bytes(&data, 64 + 64);
    uint16_t outer = aver_read_u16le(&data);
    aver_read_u32le(&data);
    aver_read_bytes(&data, 384 + 64);
    aver_read_bytes(&data, aver_read_u16le(&data));
    uint16_t inner = aver_read_u16le(&data);
    struct aver_bytes pem = aver_read_bytes(&data, aver_read_u32le(&data));
    if (r->failed || data.failed || outer != 6 || inner != 5)
        return none;
    return pem;
}

/* Version 5 says what the body is: type 2 is a TD report 1.0, 3 one of 1.5. */
static size_t body_size(struct aver_reader *r, uint16_t version)
{
    if (version == 4)
        return QUOTE_TD_REPORT_10;
    uint16_t type = aver_read_u16le(r);
    uint32_t size = aver_read_u32le(r);
    if (type == 2 && size == QUOTE_TD_REPORT_10)
        return size;
    if (type == 3 && size == QUOTE_TD_REPORT_15)
        return size;
    return 0;
}

int aver_quote_parse(struct aver_quote *q, struct aver_bytes in,
                     struct aver_error *err)
{
    struct aver_reader r;

    memset(q, 0, sizeof(*q));
    aver_reader_init(&r, in);
    q->version = aver_read_u16le(&r);
    aver_read_u16le(&r); /* type of the attestation key */
    uint32_t tee = aver_read_u32le(&r);
    aver_read_bytes(&r, 40);
    if (r.failed)
        return aver_fail(err, AVER_EFORMAT, "%zu bytes are too few for a quote",
                         in.n);
    if (q->version != 4 && q->version != 5)
        return aver_fail(err, AVER_EFORMAT, "quote of version %u, not 4 or 5",
                         q->version);
    if (tee != QUOTE_TEE_TDX)
        return aver_fail(err, AVER_EFORMAT,
                         "quote of TEE type 0x%x, not TDX (0x81)", tee);
    size_t size = body_size(&r, q->version);
    q->body = aver_read_bytes(&r, size);
    if (r.failed || size == 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the quote holds no whole TD report");
    place_fields(q);
    q->chain = find_chain(&r);
    return 0;
}

struct aver_bytes aver_pem_last(struct aver_bytes pem)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    struct aver_bytes last = {NULL, 0};
    const uint8_t *p = pem.p;
    size_t left = pem.n;

    while (left >= sizeof(begin) - 1) {
        const uint8_t *hit = memmem(p, left, begin, sizeof(begin) - 1);

        if (hit == NULL)
            break;
        left -= (size_t)(hit - p);
        last = aver_bytes_of(hit, left);
        p = hit + 1;
        left--;
    }
    return last;
}
