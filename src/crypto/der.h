/* SPDX-License-Identifier: Apache-2.0
 *
 * der: walks over DER (X.690): one-byte tags, definite lengths in their
 * shortest form, nothing else. What is not DER sets a flag and then reads as
 * empty, so that a parser checks once, at its end. */
#ifndef AVER_CRYPTO_DER_H
#define AVER_CRYPTO_DER_H

#include "base/bytes.h"

enum {
    AVER_DER_BOOLEAN = 0x01,
    AVER_DER_INTEGER = 0x02,
    AVER_DER_BITS = 0x03,
    AVER_DER_OCTETS = 0x04,
    AVER_DER_NULL = 0x05,
    AVER_DER_OID = 0x06,
    AVER_DER_ENUMERATED = 0x0a,
    AVER_DER_UTF8 = 0x0c,
    AVER_DER_PRINTABLE = 0x13,
    AVER_DER_IA5 = 0x16,
    AVER_DER_UTC_TIME = 0x17,
    AVER_DER_GENERALIZED_TIME = 0x18,
    AVER_DER_SEQUENCE = 0x30,
    AVER_DER_SET = 0x31,
};
/* The constructed element [i] of a context. */
#define AVER_DER_CONTEXT(i) (0xa0 + (i))

/* What is left of an element's content. All that is taken out of one share
 * its flag. */
struct aver_der {
    const uint8_t *p;
    size_t n;
    bool *failed;
};

/* `failed` is cleared, and is the caller's. */
void aver_der_init(struct aver_der *d, struct aver_bytes in, bool *failed);
/* The tag of the next element; 0 at the end. */
uint8_t aver_der_peek(const struct aver_der *d);
/* Contents of the next element, which must have this tag, and be in its one
 * form if it is an INTEGER or an OID; else empty, and the flag is set. */
struct aver_bytes aver_der_take(struct aver_der *d, uint8_t tag);
/* The same as something to walk over. */
struct aver_der aver_der_enter(struct aver_der *d, uint8_t tag);
/* The next element whole, with tag and length. */
struct aver_bytes aver_der_whole(struct aver_der *d, uint8_t tag);
/* An INTEGER, or with `tag` an ENUMERATED, of 0 to `max`. */
uint64_t aver_der_number(struct aver_der *d, uint8_t tag, uint64_t max);
bool aver_der_boolean(struct aver_der *d);
/* Contents of a BIT STRING that has whole bytes. */
struct aver_bytes aver_der_octet_bits(struct aver_der *d);
/* UTCTime or GeneralizedTime, in seconds since 1970 (RFC 5280 4.1.2.5). */
int64_t aver_der_time(struct aver_der *d);
/* There must be nothing left. */
void aver_der_end(struct aver_der *d);
/* Sets the flag. */
void aver_der_fail(struct aver_der *d);

/* An OBJECT IDENTIFIER's content as a static object, and whether bytes are
 * it. */
#define AVER_OID(name, ...) static const uint8_t name[] = {__VA_ARGS__}
#define AVER_IS_OID(bytes, oid)                                                \
    aver_bytes_equal(bytes, aver_bytes_of(oid, sizeof(oid)))

#endif
