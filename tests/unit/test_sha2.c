/* SPDX-License-Identifier: Apache-2.0
 *
 * sha2: the examples of FIPS 180 and the published exchanges, whole and in
 * pieces, with one context used again and again. */
#include "crypto/sha2.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_hex(const uint8_t *digest, size_t n, const char *hex)
{
    char text[129];

    aver_hex_encode(text, digest, n);
    assert_string_equal(text, hex);
}

static void test_one_shot(void **state)
{
    (void)state;
    uint8_t out[64];
    struct aver_bytes abc = aver_bytes_str("abc"), none = {0};

    aver_sha256(out, abc);
    assert_hex(
        out, 32,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    aver_sha256(out, none);
    assert_hex(
        out, 32,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    aver_sha384(out, abc);
    assert_hex(out, 48,
               "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5b"
               "ed8086072ba1e7cc2358baeca134c825a7");
    aver_sha384(out, none);
    assert_hex(out, 48,
               "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1"
               "da274edebfe76f65fbd51ad2f14898b95b");
    aver_sha512(out, abc);
    assert_hex(out, 64,
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d3"
               "9a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54c"
               "a49f");
    aver_sha512(out, none);
    assert_hex(out, 64,
               "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9"
               "ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927"
               "da3e");
}

/* One context for all: what came before must leave no trace. */
static void check_file(struct aver_sha256 *h, const char *file,
                       const char *want)
{
    char path[256];
    uint8_t digest[32];

    snprintf(path, sizeof(path), "receipt/%s", file);
    struct aver_buf bytes = vectors_file(path);
    aver_sha256(digest, aver_buf_view(&bytes));
    assert_hex(digest, 32, want);
    for (size_t step = 1; step < 200; step += 7) {
        aver_sha256_start(h);
        for (size_t i = 0; i < bytes.n; i += step) {
            size_t n = bytes.n - i < step ? bytes.n - i : step;
            aver_sha256_update(h, aver_bytes_of(bytes.p + i, n));
            aver_sha256_update(h, (struct aver_bytes){0});
        }
        aver_sha256_finish(h, digest);
        assert_hex(digest, 32, want);
    }
    aver_sha256_start(h); /* left half way on purpose */
    aver_sha256_update(h, aver_buf_view(&bytes));
    aver_buf_clear(&bytes);
}

static void test_published_exchanges(void **state)
{
    (void)state;
    json_t *index = vectors_index("receipt/samples/index.json");
    struct aver_sha256 *h = aver_sha256_new();
    size_t i, files = 0;
    json_t *c;

    assert_non_null(h);
    json_array_foreach(json_object_get(index, "samples"), i, c)
    {
        if (json_object_get(c, "request") == NULL)
            continue;
        check_file(h, vectors_text(c, "request"),
                   vectors_text(c, "request_sha256"));
        check_file(h, vectors_text(c, "response"),
                   vectors_text(c, "response_sha256"));
        files += 2;
    }
    assert_int_equal(files, 4);
    aver_sha256_free(h);
    aver_sha256_free(NULL);
    json_decref(index);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_shot),
        cmocka_unit_test(test_published_exchanges),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
