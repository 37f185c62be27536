/* SPDX-License-Identifier: Apache-2.0
 *
 * keccak: vectors/receipt/keccak256.json, and every length across two blocks
 * against a slow and plain second writing of the same function. */
#include "crypto/keccak.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_vectors(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/keccak256.json");
    size_t i;
    json_t *c;

    json_array_foreach(index, i, c)
    {
        struct aver_buf in = vectors_hex(c, "input");
        uint8_t want[32], got[32];
        vectors_hex_n(want, 32, c, "digest");
        aver_keccak256(got, aver_buf_view(&in));
        assert_memory_equal(got, want, 32);
        aver_buf_clear(&in);
    }
    assert_true(i >= 25);
    json_decref(index);
}

static uint64_t rotated(uint64_t v, unsigned n)
{
    n %= 64;
    return n == 0 ? v : v << n | v >> (64 - n);
}

/* FIPS 202 algorithm 5: bit t of the constants, by its shift register. */
static bool rc_bit(unsigned t)
{
    unsigned r = 1;

    for (t %= 255; t > 0; t--)
        r = r << 1 ^ (r >> 7) * 0x171;
    return (r & 1) != 0;
}

/* Section 3.2, step by step, with indices and offsets computed. */
static void plain_round(uint64_t a[5][5], unsigned round)
{
    uint64_t c[5], b[5][5];
    unsigned x = 1, y = 0;

    for (int i = 0; i < 5; i++)
        c[i] = a[i][0] ^ a[i][1] ^ a[i][2] ^ a[i][3] ^ a[i][4];
    for (int i = 0; i < 25; i++)
        a[i / 5][i % 5] ^= c[(i / 5 + 4) % 5] ^ rotated(c[(i / 5 + 1) % 5], 1);
    memcpy(b, a, sizeof(b));
    for (unsigned t = 0; t < 24; t++) {
        unsigned next = (2 * x + 3 * y) % 5;
        b[x][y] = rotated(a[x][y], (t + 1) * (t + 2) / 2);
        x = y;
        y = next;
    }
    uint64_t p[5][5];
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            p[i][j] = b[(i + 3 * j) % 5][i];
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++)
            a[i][j] = p[i][j] ^ (~p[(i + 1) % 5][j] & p[(i + 2) % 5][j]);
    for (unsigned j = 0; j <= 6; j++)
        a[0][0] ^= (uint64_t)rc_bit(j + 7 * round) << ((1u << j) - 1);
}

static void plain_keccak(uint8_t out[32], const uint8_t *in, size_t n)
{
    uint64_t a[5][5] = {0};
    size_t blocks = n / 136 + 1;

    for (size_t i = 0; i < blocks * 136; i++) {
        uint8_t byte = i < n ? in[i] : i == n ? 0x01 : 0;
        size_t lane = i % 136 / 8;
        if (i == blocks * 136 - 1)
            byte ^= 0x80;
        a[lane % 5][lane / 5] ^= (uint64_t)byte << 8 * (i % 8);
        if (i % 136 == 135)
            for (unsigned round = 0; round < 24; round++)
                plain_round(a, round);
    }
    for (unsigned i = 0; i < 32; i++)
        out[i] = (uint8_t)(a[i / 8][0] >> 8 * (i % 8));
}

static void test_every_length(void **state)
{
    (void)state;
    uint8_t in[300], want[32], got[32];

    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)(i * 151 + 17);
    for (size_t n = 0; n <= sizeof(in); n++) {
        plain_keccak(want, in, n);
        aver_keccak256(got, aver_bytes_of(in, n));
        assert_memory_equal(got, want, 32);
    }
}

static void test_in_pieces(void **state)
{
    (void)state;
    uint8_t in[300] = {1, 2, 3}, want[32], got[32];
    struct aver_keccak k;

    aver_keccak256(want, aver_bytes_of(in, sizeof(in)));
    for (size_t step = 1; step <= sizeof(in); step++) {
        aver_keccak_start(&k);
        for (size_t i = 0; i < sizeof(in); i += step) {
            size_t n = sizeof(in) - i < step ? sizeof(in) - i : step;
            aver_keccak_update(&k, aver_bytes_of(in + i, n));
        }
        aver_keccak_update(&k, (struct aver_bytes){0});
        aver_keccak_finish(&k, got);
        assert_memory_equal(got, want, 32);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_in_pieces),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
