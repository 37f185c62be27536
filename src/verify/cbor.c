/* SPDX-License-Identifier: Apache-2.0
 *
 * cbor: RFC 8949, 3: a head of major type (3 bits) and argument, then bytes. */
#include "verify/cbor.h"
#include "base/text.h"

enum { MAJOR_UINT = 0, MAJOR_BYTES = 2, MAJOR_TEXT = 3, MAJOR_MAP = 5 };

void aver_cbor_init(struct aver_cbor *c, struct aver_bytes in)
{
    aver_reader_init(&c->in, in);
}

static uint64_t read_be(struct aver_reader *r, size_t n)
{
    struct aver_bytes b = aver_read_bytes(r, n);
    uint64_t v = 0;

    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    return v;
}

/* The argument of a head of this major type. */
static uint64_t head(struct aver_cbor *c, unsigned major)
{
    /* What one, two, four and eight bytes are needed for. */
    static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
    uint8_t first = aver_read_u8(&c->in);
    unsigned info = first & 31u;
    uint64_t value = info;

    if (info >= 24 && info <= 27)
        value = read_be(&c->in, (size_t)1 << (info - 24));
    if (first >> 5 != major || info > 27 ||
        (info >= 24 && value < least[info - 24]))
        c->in.failed = true;
    return c->in.failed ? 0 : value;
}

uint64_t aver_cbor_uint(struct aver_cbor *c)
{
    return head(c, MAJOR_UINT);
}

static struct aver_bytes string(struct aver_cbor *c, unsigned major)
{
    uint64_t n = head(c, major);

    if (n > c->in.n)
        c->in.failed = true;
    return aver_read_bytes(&c->in, c->in.failed ? 0 : (size_t)n);
}

struct aver_bytes aver_cbor_bytes(struct aver_cbor *c)
{
    return string(c, MAJOR_BYTES);
}

struct aver_bytes aver_cbor_text(struct aver_cbor *c)
{
    struct aver_bytes text = string(c, MAJOR_TEXT);

    if (!aver_utf8_valid(text)) {
        c->in.failed = true;
        text = aver_bytes_of(NULL, 0);
    }
    return text;
}

uint64_t aver_cbor_map(struct aver_cbor *c)
{
    return head(c, MAJOR_MAP);
}

bool aver_cbor_done(const struct aver_cbor *c)
{
    return !c->in.failed && c->in.n == 0;
}
