/* SPDX-License-Identifier: Apache-2.0
 *
 * keccak: Keccak-f[1600] and the sponge with capacity 512, after FIPS 202
 * sections 3 and 4, but with the padding of the 2011 submission (a single 1
 * bit, so 0x01 where SHA3-256 has 0x06). Lane (x, y) is a[x + 5 * y].
 * Constant indices throughout: the compiler keeps lanes in registers. */
#include "crypto/keccak.h"

#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define RATE 136 /* bytes: (1600 - 2 * 256) / 8 */

/* FIPS 202 section 3.2.5 */
static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a,
    0x8000000080008000, 0x000000000000808b, 0x0000000080000001,
    0x8000000080008081, 0x8000000000008009, 0x000000000000008a,
    0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
    0x000000000000800a, 0x800000008000000a, 0x8000000080008081,
    0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

ALWAYS_INLINE uint64_t rotl(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

/* chi on one plane (section 3.2.4). */
ALWAYS_INLINE void chi(uint64_t out[5], uint64_t b0, uint64_t b1, uint64_t b2,
                       uint64_t b3, uint64_t b4)
{
    out[0] = b0 ^ (~b1 & b2);
    out[1] = b1 ^ (~b2 & b3);
    out[2] = b2 ^ (~b3 & b4);
    out[3] = b3 ^ (~b4 & b0);
    out[4] = b4 ^ (~b0 & b1);
}

/* One round from `a` into `e`: theta, then plane by plane rho and pi (which
 * lane moves here, rotated by how much) and chi, last iota. */
ALWAYS_INLINE void keccak_round(uint64_t e[25], const uint64_t a[25],
                                uint64_t constant)
{
    uint64_t c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
    uint64_t c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
    uint64_t c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
    uint64_t c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
    uint64_t c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
    uint64_t d0 = c4 ^ rotl(c1, 1), d1 = c0 ^ rotl(c2, 1);
    uint64_t d2 = c1 ^ rotl(c3, 1), d3 = c2 ^ rotl(c4, 1);
    uint64_t d4 = c3 ^ rotl(c0, 1);

    chi(e, a[0] ^ d0, rotl(a[6] ^ d1, 44), rotl(a[12] ^ d2, 43),
        rotl(a[18] ^ d3, 21), rotl(a[24] ^ d4, 14));
    chi(e + 5, rotl(a[3] ^ d3, 28), rotl(a[9] ^ d4, 20), rotl(a[10] ^ d0, 3),
        rotl(a[16] ^ d1, 45), rotl(a[22] ^ d2, 61));
    chi(e + 10, rotl(a[1] ^ d1, 1), rotl(a[7] ^ d2, 6), rotl(a[13] ^ d3, 25),
        rotl(a[19] ^ d4, 8), rotl(a[20] ^ d0, 18));
    chi(e + 15, rotl(a[4] ^ d4, 27), rotl(a[5] ^ d0, 36), rotl(a[11] ^ d1, 10),
        rotl(a[17] ^ d2, 15), rotl(a[23] ^ d3, 56));
    chi(e + 20, rotl(a[2] ^ d2, 62), rotl(a[8] ^ d3, 55), rotl(a[14] ^ d4, 39),
        rotl(a[15] ^ d0, 41), rotl(a[21] ^ d1, 2));
    e[0] ^= constant;
}

/* chi wants "and not", which x86-64 has as one instruction from BMI1 on: a
 * second copy of the same code for such processors is an eighth faster, and
 * the dynamic linker takes it where it runs. */
#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("bmi", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

FOR_EACH_PROCESSOR static void keccak_f(uint64_t a[25])
{
    uint64_t e[25];

    for (int i = 0; i < 24; i += 2) {
        keccak_round(e, a, round_constants[i]);
        keccak_round(a, e, round_constants[i + 1]);
    }
}

static inline uint64_t load(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
           (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
           (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static void absorb(uint64_t a[25], const uint8_t block[RATE])
{
    for (int i = 0; i < RATE / 8; i++)
        a[i] ^= load(block + 8 * i);
    keccak_f(a);
}

void aver_keccak_start(struct aver_keccak *k)
{
    memset(k->lanes, 0, sizeof(k->lanes));
    k->n = 0;
}

void aver_keccak_update(struct aver_keccak *k, struct aver_bytes in)
{
    while (in.n > 0) {
        size_t n = in.n < RATE - k->n ? in.n : RATE - k->n;
        memcpy(k->block + k->n, in.p, n);
        k->n += n;
        in.p += n;
        in.n -= n;
        if (k->n < RATE)
            return;
        absorb(k->lanes, k->block);
        k->n = 0;
    }
}

void aver_keccak_finish(struct aver_keccak *k, uint8_t out[static 32])
{
    memset(k->block + k->n, 0, RATE - k->n);
    k->block[k->n] = 0x01;
    k->block[RATE - 1] |= 0x80;
    absorb(k->lanes, k->block);
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(k->lanes[i / 8] >> (8 * (i % 8)));
}

void aver_keccak256(uint8_t out[static 32], struct aver_bytes in)
{
    struct aver_keccak k;

    aver_keccak_start(&k);
    aver_keccak_update(&k, in);
    aver_keccak_finish(&k, out);
}
