/* SPDX-License-Identifier: Apache-2.0
 *
 * quote: the layout of DCAP quotes (Intel SGX and TDX DCAP quote library API,
 * appendix A), down to the certificates that come with them. Little endian. */
#include "verify/quote.h"

#include <string.h>

#define KEY_ECDSA_P256 2
#define ENCLAVE_SIZE 384
#define TD_10_SIZE 584
#define TD_15_SIZE 648
#define CERTIFICATION_CHAIN 5
#define CERTIFICATION_QE_REPORT 6

static struct aver_bytes part(struct aver_bytes of, size_t at, size_t n)
{
    return aver_bytes_of(of.p + at, n);
}

static uint16_t u16(struct aver_bytes of, size_t at)
{
    return (uint16_t)(of.p[at] | of.p[at + 1] << 8);
}

static void place_enclave(struct aver_enclave *e, struct aver_bytes b)
{
    e->cpusvn = part(b, 0, 16);
    e->miscselect = part(b, 16, 4);
    e->attributes = part(b, 48, 16);
    e->mrenclave = part(b, 64, 32);
    e->mrsigner = part(b, 128, 32);
    e->isvprodid = u16(b, 256);
    e->isvsvn = u16(b, 258);
    e->report_data = part(b, 320, 64);
}

static void place_td(struct aver_td *t, struct aver_bytes b)
{
    t->tee_tcb_svn = part(b, 0, 16);
    t->mrseam = part(b, 16, 48);
    t->mrsignerseam = part(b, 64, 48);
    t->seam_attributes = part(b, 112, 8);
    t->td_attributes = part(b, 120, 8);
    t->xfam = part(b, 128, 8);
    t->mrtd = part(b, 136, 48);
    t->mrconfigid = part(b, 184, 48);
    t->mrowner = part(b, 232, 48);
    t->mrownerconfig = part(b, 280, 48);
    for (unsigned i = 0; i < 4; i++)
        t->rtmr[i] = part(b, 328 + 48u * i, 48);
    if (b.n == TD_15_SIZE) {
        t->tee_tcb_svn2 = part(b, 584, 16);
        t->mrservicetd = part(b, 600, 48);
    }
}

static int read_header(struct aver_quote *q, struct aver_reader *r,
                       struct aver_error *err)
{
    static const uint8_t intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c,
                                      0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3,
                                      0x95, 0x7f, 0x06, 0x07};
    size_t n = r->n;

    q->version = aver_read_u16le(r);
    uint16_t key = aver_read_u16le(r);
    q->tee = aver_read_u32le(r);
    aver_read_bytes(r, 4);
    struct aver_bytes vendor = aver_read_bytes(r, 16);
    q->user_data = aver_read_bytes(r, 20);
    if (r->failed)
        return aver_fail(err, AVER_EFORMAT, "%zu bytes are too few for a quote",
                         n);
    if (q->version < 3 || q->version > 5)
        return aver_fail(err, AVER_EFORMAT, "quote of version %u, not 3, 4, 5",
                         q->version);
    if (key != KEY_ECDSA_P256)
        return aver_fail(err, AVER_EFORMAT,
                         "attestation key of type %u, not ECDSA P-256 (2)",
                         key);
    if (q->tee != AVER_TEE_TDX && q->tee != AVER_TEE_SGX)
        return aver_fail(err, AVER_EFORMAT,
                         "quote of TEE type 0x%x, not SGX (0) or TDX (0x81)",
                         q->tee);
    if (q->version == 3 && q->tee != AVER_TEE_SGX)
        return aver_fail(err, AVER_EFORMAT,
                         "quote of version 3, but not of SGX");
    if (!aver_bytes_equal(vendor, aver_bytes_of(intel, 16)))
        return aver_fail(err, AVER_EFORMAT,
                         "the quoting enclave is not of Intel's vendor id");
    return 0;
}

/* Version 5 says what the body is (A.3.2); before, the TEE type tells. 0 if
 * type, size and TEE do not fit each other. */
static size_t body_size(const struct aver_quote *q, struct aver_reader *r)
{
    static const struct {
        uint16_t type;
        uint32_t tee;
        size_t size;
    } bodies[] = {
        {1, AVER_TEE_SGX, ENCLAVE_SIZE},
        {2, AVER_TEE_TDX, TD_10_SIZE},
        {3, AVER_TEE_TDX, TD_15_SIZE},
    };

    if (q->version < 5)
        return q->tee == AVER_TEE_SGX ? ENCLAVE_SIZE : TD_10_SIZE;
    uint16_t type = aver_read_u16le(r);
    uint32_t size = aver_read_u32le(r);
    for (unsigned i = 0; i < 3; i++)
        if (bodies[i].type == type && bodies[i].tee == q->tee &&
            bodies[i].size == size)
            return size;
    return 0;
}

static int read_body(struct aver_quote *q, struct aver_reader *r,
                     struct aver_error *err)
{
    size_t size = body_size(q, r);

    if (!r->failed && size == 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the type and size of the quote's body do not fit "
                         "its TEE type");
    q->body = aver_read_bytes(r, size);
    if (r->failed)
        return aver_fail(err, AVER_EFORMAT, "the quote ends in its body");
    if (q->tee == AVER_TEE_SGX) {
        place_enclave(&q->enclave, q->body);
        q->report_data = q->enclave.report_data;
    } else {
        place_td(&q->td, q->body);
        q->report_data = part(q->body, 520, 64);
    }
    return 0;
}

/* QE report, its signature, authentication data, and the certificates. */
static int read_certification(struct aver_quote *q, struct aver_reader *r,
                              struct aver_error *err)
{
    q->qe_report = aver_read_bytes(r, ENCLAVE_SIZE);
    q->qe_signature = aver_read_bytes(r, 64);
    q->qe_auth = aver_read_bytes(r, aver_read_u16le(r));
    uint16_t type = aver_read_u16le(r);
    q->chain = aver_read_bytes(r, aver_read_u32le(r));
    q->slack += r->n;
    if (r->failed)
        return aver_fail(err, AVER_EFORMAT,
                         "the quote's signature data is too short for what "
                         "it says is in it");
    if (type != CERTIFICATION_CHAIN)
        return aver_fail(err, AVER_EFORMAT,
                         "certification data of type %u, not a PCK "
                         "certificate chain (5)",
                         type);
    place_enclave(&q->qe, q->qe_report);
    return 0;
}

/* A.3.8 to A.3.11: from version 4 on, what certifies the attestation key is
 * wrapped once more. */
static int read_signature(struct aver_quote *q, struct aver_reader *r,
                          struct aver_error *err)
{
    struct aver_reader data, inner;
    uint16_t type = CERTIFICATION_QE_REPORT;

    aver_reader_init(&data, aver_read_bytes(r, aver_read_u32le(r)));
    q->trailing = aver_bytes_of(r->p, r->n);
    if (r->failed)
        return aver_fail(err, AVER_EFORMAT,
                         "the quote is shorter than its signature data says");
    q->signature = aver_read_bytes(&data, 64);
    q->attestation_key = aver_read_bytes(&data, 64);
    if (q->version == 3)
        return read_certification(q, &data, err);
    type = aver_read_u16le(&data);
    aver_reader_init(&inner, aver_read_bytes(&data, aver_read_u32le(&data)));
    q->slack = data.n;
    if (data.failed)
        return aver_fail(err, AVER_EFORMAT,
                         "the quote's signature data is too short for what "
                         "it says is in it");
    if (type != CERTIFICATION_QE_REPORT)
        return aver_fail(err, AVER_EFORMAT,
                         "certification data of type %u around the QE "
                         "report, not 6",
                         type);
    return read_certification(q, &inner, err);
}

int aver_quote_parse(struct aver_quote *q, struct aver_bytes in,
                     struct aver_error *err)
{
    struct aver_reader r;

    memset(q, 0, sizeof(*q));
    aver_reader_init(&r, in);
    if (read_header(q, &r, err) != 0 || read_body(q, &r, err) != 0)
        return -1;
    q->signed_part = aver_bytes_of(in.p, in.n - r.n);
    if (read_signature(q, &r, err) != 0)
        return -1;
    if (in.n - q->trailing.n > AVER_QUOTE_MAX)
        return aver_fail(err, AVER_ELIMIT, "a quote of more than 64 KiB");
    return 0;
}
