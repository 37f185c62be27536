/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_sign: raw signatures on both curves, judged by OpenSSL; a key
 * that is none is an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/simulator_pki.h"
#include "attest/simulator_sign.h"
#include "x509_check.h"

static void check_key(const struct simulator_key *key)
{
    EVP_PKEY *pub = x509_check_point(key->point + 1, key->n);
    struct aver_error err;
    uint8_t sig[96];

    assert_non_null(pub);
    /* Often enough that an r or s with leading zeros comes by. */
    for (unsigned i = 0; i < 300; i++) {
        struct aver_bytes message = aver_bytes_of(&i, sizeof(i));

        assert_int_equal(simulator_sign(key, message, sig, &err), 0);
        assert_true(x509_check_raw(pub, message, sig, key->n));
        message.n--;
        assert_false(x509_check_raw(pub, message, sig, key->n));
    }
    EVP_PKEY_free(pub);
}

static void p256_signs(void **state)
{
    (void)state;
    check_key(&(struct simulator_key){32, simulator_attestation_key,
                                      simulator_attestation_point});
}

static void p384_signs(void **state)
{
    (void)state;
    check_key(&(struct simulator_key){48, simulator_chips[0].device[0].key,
                                      simulator_chips[0].device[0].point});
}

static void a_point_off_the_curve_is_refused(void **state)
{
    uint8_t point[65], sig[64];
    struct aver_error err = {0};

    (void)state;
    memcpy(point, simulator_attestation_point, sizeof(point));
    point[64] ^= 1;
    assert_int_equal(
        simulator_sign(
            &(struct simulator_key){32, simulator_attestation_key, point},
            aver_bytes_str("x"), sig, &err),
        -1);
    assert_int_equal(err.code, AVER_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p256_signs),
        cmocka_unit_test(p384_signs),
        cmocka_unit_test(a_point_off_the_curve_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
