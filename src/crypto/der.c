/* SPDX-License-Identifier: Apache-2.0
 *
 * der: see der.h. X.690 section 8 for the forms, 10.1 and 11 for what DER
 * allows of them. */
#include "crypto/der.h"

#include "base/time.h"

void aver_der_init(struct aver_der *d, struct aver_bytes in, bool *failed)
{
    *failed = false;
    *d = (struct aver_der){.p = in.p, .n = in.n, .failed = failed};
}

void aver_der_fail(struct aver_der *d)
{
    *d->failed = true;
    d->n = 0;
}

uint8_t aver_der_peek(const struct aver_der *d)
{
    return d->n > 0 && !*d->failed ? d->p[0] : 0;
}

/* Size of tag and length at d->p; the content's size is left in `n`. 0 if
 * they are not DER, or promise more than there is. */
static size_t header(const struct aver_der *d, size_t *n)
{
    size_t octets, length = 0;

    if (d->n < 2 || (d->p[0] & 0x1f) == 0x1f)
        return 0;
    if (d->p[1] < 0x80) {
        *n = d->p[1];
        return d->n - 2 >= *n ? 2 : 0;
    }
    octets = d->p[1] & 0x7f;
    if (octets == 0 || octets > 4 || d->n - 2 < octets)
        return 0;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | d->p[2 + i];
    if (length < 0x80 || length >> 8 * (octets - 1) == 0)
        return 0; /* there is a shorter form */
    *n = length;
    return d->n - 2 - octets >= length ? 2 + octets : 0;
}

static struct aver_bytes next(struct aver_der *d, uint8_t tag, bool whole)
{
    size_t n = 0, head;

    if (aver_der_peek(d) != tag || (head = header(d, &n)) == 0) {
        aver_der_fail(d);
        return (struct aver_bytes){NULL, 0};
    }
    struct aver_bytes out = {whole ? d->p : d->p + head, whole ? head + n : n};
    d->p += head + n;
    d->n -= head + n;
    return out;
}

/* 8.3.2: at least one octet, and none that says nothing. */
static bool integer_ok(struct aver_bytes in)
{
    return in.n > 0 && (in.n == 1 || (in.p[0] != 0x00 && in.p[0] != 0xff) ||
                        in.p[0] >> 7 != in.p[1] >> 7);
}

/* 8.19.2: every arc ends, and none begins with zeros. */
static bool oid_ok(struct aver_bytes in)
{
    for (size_t i = 0; i < in.n; i++)
        if (in.p[i] == 0x80 && (i == 0 || in.p[i - 1] < 0x80))
            return false;
    return in.n > 0 && in.p[in.n - 1] < 0x80;
}

struct aver_bytes aver_der_take(struct aver_der *d, uint8_t tag)
{
    struct aver_bytes in = next(d, tag, false);

    if ((tag == AVER_DER_INTEGER && !integer_ok(in)) ||
        (tag == AVER_DER_OID && !oid_ok(in))) {
        aver_der_fail(d);
        return (struct aver_bytes){NULL, 0};
    }
    return in;
}

struct aver_bytes aver_der_whole(struct aver_der *d, uint8_t tag)
{
    return next(d, tag, true);
}

struct aver_der aver_der_enter(struct aver_der *d, uint8_t tag)
{
    struct aver_bytes in = next(d, tag, false);

    return (struct aver_der){.p = in.p, .n = in.n, .failed = d->failed};
}

uint64_t aver_der_number(struct aver_der *d, uint8_t tag, uint64_t max)
{
    struct aver_bytes in = next(d, tag, false);
    uint64_t v = 0;

    /* Two's complement, as short as can be: 8.3.2. */
    if (in.n == 0 || in.n > 9 || in.p[0] >= 0x80 ||
        (in.n > 1 && in.p[0] == 0 && in.p[1] < 0x80) ||
        (in.n == 9 && in.p[0] != 0)) {
        aver_der_fail(d);
        return 0;
    }
    for (size_t i = 0; i < in.n; i++)
        v = v << 8 | in.p[i];
    if (v > max)
        aver_der_fail(d);
    return v <= max ? v : 0;
}

bool aver_der_boolean(struct aver_der *d)
{
    struct aver_bytes in = next(d, AVER_DER_BOOLEAN, false);

    if (in.n != 1 || (in.p[0] != 0 && in.p[0] != 0xff)) /* 11.1 */
        aver_der_fail(d);
    return in.n == 1 && in.p[0] == 0xff;
}

struct aver_bytes aver_der_octet_bits(struct aver_der *d)
{
    struct aver_bytes in = next(d, AVER_DER_BITS, false);

    if (in.n == 0 || in.p[0] != 0) {
        aver_der_fail(d);
        return (struct aver_bytes){NULL, 0};
    }
    return aver_bytes_of(in.p + 1, in.n - 1);
}

int64_t aver_der_time(struct aver_der *d)
{
    bool utc = aver_der_peek(d) == AVER_DER_UTC_TIME;
    struct aver_bytes in =
        aver_der_take(d, utc ? AVER_DER_UTC_TIME : AVER_DER_GENERALIZED_TIME);
    int64_t at = 0;

    if ((utc ? aver_time_utc(&at, in) : aver_time_generalized(&at, in)) != 0)
        aver_der_fail(d);
    return at;
}

void aver_der_end(struct aver_der *d)
{
    if (d->n > 0)
        aver_der_fail(d);
}
