/* SPDX-License-Identifier: Apache-2.0
 *
 * chain: what is wrong with a text is told, and what is remembered of a
 * signature holds under the key for which it was found out, and no other. */
#include "tdx_cases.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct tdx_case world;
static const char *pem; /* two certificates, of the CA and the root */

static void fault_of(const char *text, size_t n, const char *want)
{
    struct aver_chain c;

    aver_chain_init(&c, aver_bytes_of(text, n));
    assert_int_equal(c.n, 0);
    if (strstr(c.fault, want) == NULL)
        fail_msg("\"%s\" is not about %s", c.fault, want);
    aver_chain_clear(&c);
}

static void faults(void **state)
{
    char *text = malloc(AVER_CHAIN_TEXT_MAX + 1);
    size_t n = strlen(pem);

    (void)state;
    fault_of("", 0, "no certificate");
    fault_of("words", 5, "no certificate");
    fault_of("-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----", 58,
             "certificate 1:");
    fault_of(pem, n / 2, "base64");
    /* The second of them flipped in what it says its version is. */
    memcpy(text, pem, n + 1);
    char *second = strstr(text + 1, "-----BEGIN");
    second[29] = 'B';
    fault_of(text, n, "certificate 2:");
    memset(text, '\n', AVER_CHAIN_TEXT_MAX + 1);
    fault_of(text, AVER_CHAIN_TEXT_MAX + 1, "32 KiB");
    fault_of(text, AVER_CHAIN_TEXT_MAX, "no certificate");
    for (unsigned i = 0; i < 4; i++)
        memcpy(text + i * n, pem, n + 1);
    fault_of(text, 4 * n, "more than 6");
    free(text);
}

static void as_many_as_may_be(void **state)
{
    size_t n = strlen(pem);
    char *text = malloc(3 * n + 1);
    struct aver_chain c;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        memcpy(text + i * n, pem, n + 1);
    aver_chain_init(&c, aver_bytes_str(text));
    assert_string_equal(c.fault, "");
    assert_int_equal(c.n, 6);
    /* Views of its own copy: the text may go. */
    memset(text, 'x', 3 * n);
    assert_true(aver_link_named(&c.link[4], "Intel SGX PCK Platform CA"));
    assert_true(aver_link_named(&c.link[5], "Intel SGX Root CA"));
    assert_false(aver_link_named(&c.link[5], "Intel SGX Root C"));
    assert_false(aver_link_named(&c.link[5], "Intel SGX Root CA2"));
    assert_false(aver_link_named(&c.link[5], ""));
    aver_chain_clear(&c);
    assert_int_equal(c.n, 0);
    aver_chain_clear(&c);
    free(text);
}

/* The same certificates as DER; copies, and too many or too much of them. */
static void as_der(void **state)
{
    const struct aver_link *l = world.cpu->platform->chain.link;
    struct aver_bytes der[AVER_CHAIN_MAX + 1];
    struct aver_chain c;

    (void)state;
    for (unsigned i = 0; i <= AVER_CHAIN_MAX; i++)
        der[i] = l[i % 3].cert.der;
    for (unsigned n = 0; n <= AVER_CHAIN_MAX; n++) {
        assert_int_equal(aver_chain_init_der(&c, der, n), 0);
        assert_string_equal(c.fault, "");
        assert_int_equal(c.n, n);
        for (unsigned i = 0; i < n; i++) {
            assert_true(aver_bytes_equal(c.link[i].cert.der, der[i]));
            assert_true(c.link[i].cert.der.p != der[i].p);
        }
        aver_chain_clear(&c);
        assert_int_equal(c.n, 0);
    }
    assert_int_equal(aver_chain_init_der(&c, der, AVER_CHAIN_MAX + 1), 0);
    assert_int_equal(c.n, 0);
    assert_non_null(strstr(c.fault, "more than 6"));
    aver_chain_clear(&c);
    der[1].n--;
    assert_int_equal(aver_chain_init_der(&c, der, 3), 0);
    assert_int_equal(c.n, 0);
    assert_non_null(strstr(c.fault, "certificate 2:"));
    aver_chain_clear(&c);
    uint8_t *big = calloc(1, AVER_CHAIN_TEXT_MAX);
    der[1] = aver_bytes_of(big, AVER_CHAIN_TEXT_MAX);
    assert_int_equal(aver_chain_init_der(&c, der, 2), 0);
    assert_non_null(strstr(c.fault, "32 KiB"));
    aver_chain_clear(&c);
    free(big);
}

static void key_of_a_link(void **state)
{
    const struct aver_link *root = &world.cpu->platform->chain.link[2];
    uint8_t have[32], want[32];
    struct aver_buf text = vectors_file("tdx/roots/intel-sgx-root-ca.pem");

    (void)state;
    assert_int_equal(aver_x509_spki_sha256(want, aver_buf_view(&text), NULL),
                     0);
    aver_link_spki(have, root);
    assert_memory_equal(have, want, 32);
    aver_buf_clear(&text);
}

/* The same link asked about several signers, one after the other and again. */
static void remembered_under_its_key(void **state)
{
    static const unsigned order[] = {1, 0, 1, 1, 2, 2, 0, 1};
    struct aver_link *l = world.cpu->platform->chain.link;
    struct aver_link leaf = l[0];

    (void)state;
    leaf.memo = (struct aver_memo){0};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        assert_int_equal(aver_link_signed_by(world.e->ec, &leaf, &l[order[i]]),
                         order[i] == 1);
}

/* What is remembered is not computed again: a memo is believed. */
static void not_computed_again(void **state)
{
    struct aver_link *l = world.cpu->platform->chain.link;
    struct aver_link leaf = l[0];

    (void)state;
    leaf.memo = (struct aver_memo){0};
    assert_true(aver_link_signed_by(world.e->ec, &leaf, &l[1]));
    leaf.cert.signature = aver_bytes_of(NULL, 0);
    assert_true(aver_link_signed_by(world.e->ec, &leaf, &l[1]));
    assert_false(aver_link_signed_by(world.e->ec, &leaf, &l[2]));
    assert_false(aver_link_signed_by(world.e->ec, &leaf, &l[1]));
}

static void lists_and_texts(void **state)
{
    struct aver_link *l = world.cpu->platform->chain.link;
    struct aver_list *list = world.cpu->pck_list;
    struct aver_document *d = world.cpu->tcb_info;
    struct aver_link *signer = &world.cpu->tcb_signers->link[0];
    struct aver_bytes rs = aver_bytes_of(d->signature, 64);
    struct aver_bytes text = aver_buf_view(&d->text);
    struct aver_memo memo = {0};

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(
            aver_crl_signed_by_link(world.e->ec, &list->crl, &memo, &l[i % 2]),
            i % 2 == 1);
    memo = (struct aver_memo){0};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(aver_text_signed_by_link(world.e->ec, text, rs, &memo,
                                                  i % 2 ? signer : &l[0]),
                         i % 2 == 1);
    memo = (struct aver_memo){0};
    text.n--;
    assert_false(
        aver_text_signed_by_link(world.e->ec, text, rs, &memo, signer));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults),
        cmocka_unit_test(as_many_as_may_be),
        cmocka_unit_test(as_der),
        cmocka_unit_test(key_of_a_link),
        cmocka_unit_test(remembered_under_its_key),
        cmocka_unit_test(not_computed_again),
        cmocka_unit_test(lists_and_texts),
    };

    vectors_start(argc, argv);
    json_t *bundle = vectors_index("tdx/collateral/90c06f-20260610.json");
    pem = vectors_text(bundle, "pck_crl_issuer_chain");
    tdx_case_open(&world, "tdx/cases", "real-nanogpt-0610");
    tdx_case_judge(&world);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    tdx_case_close(&world);
    json_decref(bundle);
    return rc;
}
