/* SPDX-License-Identifier: Apache-2.0
 *
 * PEM texts: what is read can be written anew and is read the same; and where
 * we read certificates, so does OpenSSL, the same ones. */
#include "base/text.h"
#include "crypto/pem.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append(struct aver_buf *out, const void *p, size_t n)
{
    assert(aver_buf_append(out, p, n) == 0);
}

static void write_one(struct aver_buf *out, struct aver_bytes der)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    static const char end[] = "-----END CERTIFICATE-----\n";
    struct aver_buf text;

    aver_buf_init(&text, SIZE_MAX / 2);
    assert(aver_base64_encode_buf(&text, der) == 0);
    append(out, begin, sizeof(begin) - 1);
    for (size_t at = 0; at < text.n; at += 64) {
        append(out, text.p + at, text.n - at < 64 ? text.n - at : 64);
        append(out, "\n", 1);
    }
    append(out, end, sizeof(end) - 1);
    aver_buf_clear(&text);
}

static void write_and_read(const struct aver_bytes *der, unsigned n)
{
    struct aver_bytes again[MAX];
    struct aver_buf text, store;
    unsigned m = 0;

    aver_buf_init(&text, SIZE_MAX / 2);
    aver_buf_init(&store, SIZE_MAX / 2);
    for (unsigned i = 0; i < n; i++)
        write_one(&text, der[i]);
    assert(aver_pem_certificates(again, MAX, &m, &store, aver_buf_view(&text),
                                 NULL) == 0);
    assert(m == n);
    for (unsigned i = 0; i < n; i++)
        assert(aver_bytes_equal(der[i], again[i]));
    aver_buf_clear(&text);
    aver_buf_clear(&store);
}

static void compare(const struct aver_bytes *der, unsigned n,
                    struct aver_bytes in)
{
    BIO *bio = BIO_new_mem_buf(in.p, (int)in.n);
    char *name = NULL, *header = NULL;
    uint8_t *other = NULL;
    long size = 0;

    for (unsigned i = 0; i < n; i++) {
        assert(PEM_read_bio(bio, &name, &header, &other, &size) == 1);
        assert(strcmp(name, "CERTIFICATE") == 0 && header[0] == '\0');
        assert(aver_bytes_equal(der[i], aver_bytes_of(other, (size_t)size)));
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(other);
    }
    assert(PEM_read_bio(bio, &name, &header, &other, &size) == 0);
    ERR_clear_error();
    BIO_free(bio);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_bytes der[MAX], in = aver_bytes_of(data, size);
    struct aver_buf store;
    struct aver_error err;
    unsigned n = 0;

    aver_buf_init(&store, 1 << 20);
    if (aver_pem_certificates(der, MAX, &n, &store, in, &err) == 0) {
        assert(n > 0 && n <= MAX);
        for (unsigned i = 0; i < n; i++)
            assert(der[i].n > 0 && der[i].p >= store.p &&
                   der[i].p + der[i].n <= store.p + store.n);
        write_and_read(der, n);
        compare(der, n, in);
    }
    aver_buf_clear(&store);
    return 0;
}
