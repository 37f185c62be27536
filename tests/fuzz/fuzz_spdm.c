/* SPDX-License-Identifier: Apache-2.0
 *
 * SPDM reports: the parts of what is read stand in the input one behind the
 * other, each where the lengths before it put it, and nothing is left over. */
#include "verify/spdm.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_head(const struct aver_spdm *s, const uint8_t *p)
{
    assert(p[0] == 0x11 && p[1] == 0xe0 && (p[2] & 1) != 0 && p[3] == 0xff);
    assert(p[37] == 0x11 && p[38] == 0x60);
    assert(s->n > 0 && s->n == p[41]);
    assert(s->nonce.p == p + 4 && s->nonce.n == 32);
}

/* Byte by byte, as a device writes it. */
static void check_places(const struct aver_spdm *s, struct aver_bytes in)
{
    const uint8_t *p = in.p + 45;

    for (unsigned i = 0; i < s->n; i++) {
        const struct aver_spdm_block *b = &s->block[i];
        size_t n = b->value.n;

        assert(p[0] == i + 1 && p[1] == 1 && p[4] == b->type);
        assert((size_t)(p[2] | p[3] << 8) == n + 3);
        assert((size_t)(p[5] | p[6] << 8) == n);
        assert(n == 0 || b->value.p == p + 7);
        p += 7 + n;
    }
    size_t record = (size_t)(p - in.p) - 45;
    assert(record == (size_t)(in.p[42] | in.p[43] << 8 | in.p[44] << 16));
    assert((size_t)(p[32] | p[33] << 8) == s->opaque.n);
    p += 34;
    assert(s->opaque.n == 0 || s->opaque.p == p);
    p += s->opaque.n;
    assert(s->message.p == in.p && s->message.p + s->message.n == p);
    assert(s->signature.p == p && s->signature.n == 96);
    assert(p + 96 + s->trailing == in.p + in.n);
    for (size_t i = 0; i < s->trailing; i++)
        assert(p[96 + i] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_bytes in = aver_bytes_of(data, size);
    struct aver_flaw strict = {0}, loose = {0};
    struct aver_spdm s;
    bool read = aver_spdm_parse(&s, in, false, &strict) == 0;

    assert(read == (strict.cause == NULL));
    if (read)
        assert(s.trailing == 0);
    if (aver_spdm_parse(&s, in, true, &loose) != 0) {
        assert(!read && loose.cause != NULL);
        assert(strcmp(strict.cause, loose.cause) == 0);
        return 0;
    }
    assert(read == (s.trailing == 0));
    assert(read || strcmp(strict.cause, "trailing") == 0);
    check_head(&s, data);
    check_places(&s, in);
    return 0;
}
