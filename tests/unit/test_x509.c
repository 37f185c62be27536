/* SPDX-License-Identifier: Apache-2.0
 *
 * x509: two certificates made with openssl req; the digests are those of
 * `openssl x509 -pubkey -noout | openssl pkey -pubin -outform der`. */
#include "base/text.h"
#include "crypto/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BODY_P256                                                              \
    "MIIBgTCCASegAwIBAgIUIB6M7hbrhkV9KI8GEAXUWMGISEcwCgYIKoZIzj0EAwIw\n"       \
    "FTETMBEGA1UEAwwKZmlyc3QudGVzdDAgFw0yNjExMjQwODEzMzZaGA8yMTI2MTAz\n"       \
    "MTA4MTMzNlowFTETMBEGA1UEAwwKZmlyc3QudGVzdDBZMBMGByqGSM49AgEGCCqG\n"       \
    "SM49AwEHA0IABC68hwW/gJMGKZv5GvOu+IeojmrBZoSUH2/0O5+naI+DGi9VMX0I\n"       \
    "GZuTV74mL87EwzgKUAaeN/L8t+pFN4rQPY2jUzBRMB0GA1UdDgQWBBTo9/CjeslC\n"       \
    "yyIzNCHCY4v06azuxTAfBgNVHSMEGDAWgBTo9/CjeslCyyIzNCHCY4v06azuxTAP\n"       \
    "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCTbMp8V8Jw+QHOLmJf\n"       \
    "MllTI6U9RVpGUuE0jeF1dfEYYwIgeB/AdJpZF9WNbaZwlAoEwSXcDcwbUw/J3BwB\n"       \
    "JpeAuMQ=\n"
#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"
#define P256 BEGIN BODY_P256 END
#define ED25519                                                                \
    BEGIN "MIIBQjCB9aADAgECAhQ98ZukF9yrVDA/U2M9/9tEsCRWczAFBgMrZXAwFjEUMBIG\n" \
          "A1UEAwwLc2Vjb25kLnRlc3QwIBcNMjYxMTI0MDgxMzM2WhgPMjEyNjEwMzEwODEz\n" \
          "MzZaMBYxFDASBgNVBAMMC3NlY29uZC50ZXN0MCowBQYDK2VwAyEARKNikRszUC9k\n" \
          "0UJiuCoT6OGwu+2vuFOTH65Ox/s1s0WjUzBRMB0GA1UdDgQWBBT0gRo1HEtnieZo\n" \
          "DN6yKKLZU+wwzzAfBgNVHSMEGDAWgBT0gRo1HEtnieZoDN6yKKLZU+wwzzAPBgNV\n" \
          "HRMBAf8EBTADAQH/MAUGAytlcANBAKlBPQ9L3z4b1BB9DuOrs2B7kLZC9CorXSSR\n" \
          "E/RKYEMU3Wk3Swqx0rOKTodTHCwWFbDYzK7qKF/UxVUfiTQGDwg=\n" END
#define OTHER_BLOCK "-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n"

#define P256_DIGEST                                                            \
    "bbce4748e57dfd2e5dac7d4440ace6fd62a53e9961741b6f9d557bcf8b6c0568"
#define ED25519_DIGEST                                                         \
    "ad3472659342cd65af7cd64a0ff6129eb4a7003aa4378d6262010928a031bccb"

static void test_first_of_a_chain(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {P256, P256_DIGEST},
        {ED25519, ED25519_DIGEST},
        {P256 ED25519, P256_DIGEST},
        {ED25519 P256, ED25519_DIGEST},
        {"words before\n" OTHER_BLOCK P256 "words after", P256_DIGEST},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_error err = {0};
        uint8_t got[32], want[32];
        assert_int_equal(aver_hex_decode(want, 32, aver_bytes_str(rows[i][1])),
                         0);
        assert_int_equal(
            aver_x509_spki_sha256(got, aver_bytes_str(rows[i][0]), &err), 0);
        assert_memory_equal(got, want, 32);
        assert_int_equal(err.code, AVER_OK);
    }
}

static void test_der(void **state)
{
    static const char body[] = BODY_P256;
    char text[sizeof(body)];
    struct aver_error err = {0};
    struct aver_buf der;
    uint8_t got[32], want[32];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; body[i] != '\0'; i++)
        if (body[i] != '\n')
            text[n++] = body[i];
    aver_buf_init(&der, 4096);
    assert_int_equal(aver_base64_decode_buf(&der, aver_bytes_of(text, n)), 0);
    assert_int_equal(aver_hex_decode(want, 32, aver_bytes_str(P256_DIGEST)), 0);
    assert_int_equal(aver_x509_der_spki_sha256(got, aver_buf_view(&der), &err),
                     0);
    assert_memory_equal(got, want, 32);
    for (n = 0; n < der.n; n++)
        assert_int_equal(
            aver_x509_der_spki_sha256(got, aver_bytes_of(der.p, n), &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    assert_int_equal(aver_buf_append(&der, "", 1), 0);
    assert_int_equal(aver_x509_der_spki_sha256(got, aver_buf_view(&der), &err),
                     -1);
    aver_buf_clear(&der);
}

/* The one that says it is encrypted must not make a terminal ask. */
static void test_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "-",
        OTHER_BLOCK,
        BEGIN END,
        BEGIN BODY_P256,
        BEGIN "AAAA\n" END,
        BEGIN "????\n" END,
        BEGIN "Proc-Type: 4,ENCRYPTED\n"
              "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n"
              "\n" BODY_P256 END,
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_error err = {0};
        uint8_t out[32];
        assert_int_equal(
            aver_x509_spki_sha256(out, aver_bytes_str(rows[i]), &err), -1);
        assert_int_equal(err.code, AVER_EFORMAT);
        assert_int_not_equal(strlen(err.text), 0);
        assert_int_equal(
            aver_x509_spki_sha256(out, aver_bytes_str(rows[i]), NULL), -1);
    }
}

/* Cut anywhere: refused, never read past. */
static void test_cut(void **state)
{
    (void)state;
    size_t whole = strlen(P256) - 1; /* the last line feed may be missing */

    for (size_t n = 0; n < whole; n++) {
        uint8_t out[32];
        assert_int_equal(
            aver_x509_spki_sha256(out, aver_bytes_of(P256, n), NULL), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_of_a_chain),
        cmocka_unit_test(test_der),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
