/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_ocsp: an answer as NVIDIA's responder gives it (RFC 6960 4.2.1):
 * one certificate, "good", for 24 hours, signed by a responder whom that
 * certificate's issuer certified. DER is written from its end to its start,
 * so that each length is known when it is needed. */
#include "attest/simulator_gpu.h"

#include "attest/simulator_sign.h"
#include "base/time.h"
#include <assert.h>
#include <string.h>

#define DAY 86400
#define ANSWER_MAX 2048 /* about 1,100 are needed */

enum tag {
    INTEGER = 0x02,
    BIT_STRING = 0x03,
    OCTET_STRING = 0x04,
    GENERALIZED_TIME = 0x18,
    SEQUENCE = 0x30,
    TAGGED_0 = 0xa0,
    TAGGED_2 = 0xa2,
};

static const uint8_t algorithm_sha384[] = {0x30, 0x0b, 0x06, 0x09, 0x60,
                                           0x86, 0x48, 0x01, 0x65, 0x03,
                                           0x04, 0x02, 0x02};
static const uint8_t algorithm_ecdsa_sha384[] = {
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
static const uint8_t id_pkix_ocsp_basic[] = {0x06, 0x09, 0x2b, 0x06, 0x01, 0x05,
                                             0x05, 0x07, 0x30, 0x01, 0x01};
static const uint8_t status_good[] = {0x80, 0x00};
static const uint8_t successful[] = {0x0a, 0x01, 0x00};

/* Written so far: p[at .. ANSWER_MAX). */
struct der {
    size_t at;
    uint8_t p[ANSWER_MAX];
};

static void push(struct der *d, const void *p, size_t n)
{
    assert(n <= d->at); /* nothing here comes from outside */
    d->at -= n;
    memcpy(d->p + d->at, p, n);
}

static void push_byte(struct der *d, size_t byte)
{
    const uint8_t b = (uint8_t)byte;

    push(d, &b, 1);
}

/* Puts tag and length before what was written since `end`. */
static void wrap(struct der *d, enum tag tag, size_t end)
{
    size_t n = end - d->at;

    push_byte(d, n);
    if (n > 0xff)
        push_byte(d, n >> 8);
    if (n > 0x7f)
        push_byte(d, n > 0xff ? 0x82 : 0x81);
    push_byte(d, tag);
}

static void push_value(struct der *d, enum tag tag, const void *p, size_t n)
{
    size_t end = d->at;

    push(d, p, n);
    wrap(d, tag, end);
}

/* "2026-06-01T00:00:00Z" without its punctuation. */
static void push_time(struct der *d, int64_t at)
{
    char text[AVER_TIME_TEXT], out[15];
    size_t n = 0;

    aver_time_format(text, at);
    for (const char *p = text; *p != '\0' && n < sizeof(out); p++)
        if ((*p >= '0' && *p <= '9') || *p == 'Z')
            out[n++] = *p;
    push_value(d, GENERALIZED_TIME, out, n);
}

static void push_cert_id(struct der *d, const struct simulator_asked *about)
{
    const struct simulator_issuer *by = &simulator_issuers[about->issuer];
    size_t end = d->at;

    push_value(d, INTEGER, about->serial, about->n);
    push_value(d, OCTET_STRING, by->key_hash, sizeof(by->key_hash));
    push_value(d, OCTET_STRING, by->name_hash, sizeof(by->name_hash));
    push(d, algorithm_sha384, sizeof(algorithm_sha384));
    wrap(d, SEQUENCE, end);
}

/* ResponseData: who says it, when, and the one thing that is said. */
static void push_said(struct der *d, const struct simulator_asked *about,
                      int64_t at)
{
    const struct simulator_issuer *by = &simulator_issuers[about->issuer];
    size_t end = d->at;

    push_time(d, at + DAY);
    wrap(d, TAGGED_0, end);
    push_time(d, at);
    push(d, status_good, sizeof(status_good));
    push_cert_id(d, about);
    wrap(d, SEQUENCE, end);
    wrap(d, SEQUENCE, end);
    push_time(d, at);
    size_t id = d->at;
    push_value(d, OCTET_STRING, by->responder_id, sizeof(by->responder_id));
    wrap(d, TAGGED_2, id);
    wrap(d, SEQUENCE, end);
}

static void push_signature(struct der *d, const uint8_t *p, size_t n)
{
    size_t end = d->at;

    push(d, p, n);
    push_byte(d, 0); /* unused bits */
    wrap(d, BIT_STRING, end);
    push(d, algorithm_ecdsa_sha384, sizeof(algorithm_ecdsa_sha384));
}

int simulator_ocsp_answer(struct aver_buf *out,
                          const struct simulator_asked *about, int64_t at,
                          struct aver_error *err)
{
    const struct simulator_issuer *by = &simulator_issuers[about->issuer];
    const struct simulator_key key = {48, by->key, by->point};
    struct der said = {.at = ANSWER_MAX}, all = {.at = ANSWER_MAX};
    uint8_t signature[SIMULATOR_SIGNATURE_MAX];
    size_t n;

    push_said(&said, about, at);
    struct aver_bytes tbs =
        aver_bytes_of(said.p + said.at, ANSWER_MAX - said.at);
    if (simulator_sign_der(&key, tbs, signature, &n, err) != 0)
        return -1;
    push(&all, by->responder.p, by->responder.n);
    wrap(&all, SEQUENCE, ANSWER_MAX);
    wrap(&all, TAGGED_0, ANSWER_MAX);
    push_signature(&all, signature, n);
    push(&all, tbs.p, tbs.n);
    wrap(&all, SEQUENCE, ANSWER_MAX);
    wrap(&all, OCTET_STRING, ANSWER_MAX);
    push(&all, id_pkix_ocsp_basic, sizeof(id_pkix_ocsp_basic));
    wrap(&all, SEQUENCE, ANSWER_MAX);
    wrap(&all, TAGGED_0, ANSWER_MAX);
    push(&all, successful, sizeof(successful));
    wrap(&all, SEQUENCE, ANSWER_MAX);
    if (aver_buf_append(out, all.p + all.at, ANSWER_MAX - all.at) != 0)
        return aver_fail(err, AVER_ELIMIT, "simulator: no room for an answer");
    return 0;
}
