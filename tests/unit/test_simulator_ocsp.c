/* SPDX-License-Identifier: Apache-2.0
 *
 * simulator_ocsp: for every certificate of every device there is one answer,
 * which OpenSSL reads, finds to be about it, and takes as signed by somebody
 * whom the issuer allowed to; it says "good" for a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/simulator_gpu.h"
#include "x509_check.h"
#include <openssl/ocsp.h>

#define AT 1780272000 /* 2026-06-01T00:00:00Z */
#define DAY 86400
#define ANSWERS_MAX 64

struct answers {
    size_t n;
    OCSP_BASICRESP *basic[ANSWERS_MAX];
};

static OCSP_BASICRESP *read_answer(const struct simulator_asked *about)
{
    struct aver_error err;
    struct aver_buf der;

    aver_buf_init(&der, 4096);
    assert_int_equal(simulator_ocsp_answer(&der, about, AT, &err), 0);
    const uint8_t *p = der.p;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
    assert_non_null(r);
    assert_ptr_equal(p, der.p + der.n);
    assert_int_equal(OCSP_response_status(r), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
    assert_non_null(basic);
    OCSP_RESPONSE_free(r);
    aver_buf_clear(&der);
    return basic;
}

static int setup(void **state)
{
    static struct answers all;

    assert_in_range(simulator_asked_count, 1, ANSWERS_MAX);
    for (all.n = 0; all.n < simulator_asked_count; all.n++)
        all.basic[all.n] = read_answer(&simulator_asked[all.n]);
    *state = &all;
    return 0;
}

static int teardown(void **state)
{
    struct answers *all = *state;

    for (size_t i = 0; i < all->n; i++)
        OCSP_BASICRESP_free(all->basic[i]);
    return 0;
}

/* Status and times; false if it is about another certificate. */
static bool says_good(OCSP_BASICRESP *basic, OCSP_CERTID *id)
{
    ASN1_GENERALIZEDTIME *since = NULL, *until = NULL;
    int status = -1;

    assert_int_equal(OCSP_resp_count(basic), 1);
    if (!OCSP_resp_find_status(basic, id, &status, NULL, NULL, &since, &until))
        return false;
    assert_int_equal(status, V_OCSP_CERTSTATUS_GOOD);
    assert_int_equal(ASN1_TIME_cmp_time_t(since, AT), 0);
    assert_int_equal(ASN1_TIME_cmp_time_t(until, AT + DAY), 0);
    assert_int_equal(
        ASN1_TIME_cmp_time_t(OCSP_resp_get0_produced_at(basic), AT), 0);
    return true;
}

static int verified(OCSP_BASICRESP *basic, STACK_OF(X509) * chain, int issuer)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

    X509_STORE_add_cert(store, sk_X509_value(chain, issuer));
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_time(param, AT);
    int rc = OCSP_basic_verify(basic, NULL, store, 0);
    X509_STORE_free(store);
    return rc;
}

/* The certificate with this number in its chain of five. */
static void check_one(const struct answers *all, STACK_OF(X509) * chain,
                      int number)
{
    OCSP_CERTID *id =
        OCSP_cert_to_id(EVP_sha384(), sk_X509_value(chain, number),
                        sk_X509_value(chain, number + 1));
    unsigned found = 0;

    for (size_t i = 0; i < all->n; i++) {
        if (!says_good(all->basic[i], id))
            continue;
        found++;
        assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(all->basic[i])), 1);
        assert_int_equal(verified(all->basic[i], chain, number + 1), 1);
    }
    assert_int_equal(found, 1);
    OCSP_CERTID_free(id);
}

static STACK_OF(X509) * chain_of(const struct simulator_chip *chip,
                                 const struct simulator_device *d)
{
    const char *parts[] = {d->leaf_pem, d->brom_pem, chip->provisioner_pem,
                           chip->identity_pem, simulator_gpu_root_pem};
    STACK_OF(X509) *chain = sk_X509_new_null();

    for (int i = 0; i < 5; i++)
        sk_X509_push(chain, x509_check_one(parts[i]));
    return chain;
}

static void every_device_has_its_answers(void **state)
{
    for (int c = 0; c < SIMULATOR_CHIPS; c++)
        for (unsigned i = 0; i < simulator_chips[c].n; i++) {
            STACK_OF(X509) *chain =
                chain_of(&simulator_chips[c], &simulator_chips[c].device[i]);

            for (int number = 1; number <= 3; number++)
                check_one(*state, chain, number);
            sk_X509_pop_free(chain, X509_free);
        }
}

/* Another issuer's certificate does not make it good. */
static void another_issuer_did_not_allow_it(void **state)
{
    const struct answers *all = *state;
    STACK_OF(X509) *chain =
        chain_of(&simulator_chips[SIMULATOR_GH100],
                 &simulator_chips[SIMULATOR_GH100].device[0]);

    /* The first answer is about this very device, by its provisioner's. */
    assert_int_equal(verified(all->basic[0], chain, 2), 1);
    assert_int_not_equal(verified(all->basic[0], chain, 0), 1);
    assert_int_not_equal(verified(all->basic[0], chain, 1), 1);
    sk_X509_pop_free(chain, X509_free);
}

static void a_full_buffer_is_an_error(void **state)
{
    struct aver_error err = {0};
    struct aver_buf der;

    (void)state;
    aver_buf_init(&der, 500);
    assert_int_equal(simulator_ocsp_answer(&der, &simulator_asked[0], AT, &err),
                     -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    aver_buf_clear(&der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_device_has_its_answers),
        cmocka_unit_test(another_issuer_did_not_allow_it),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
