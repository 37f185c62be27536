/* SPDX-License-Identifier: Apache-2.0
 *
 * notary/desk: answers, and that it makes no difference when they are signed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/ed25519.h"
#include "notary/desk.h"
#include <string.h>

/* A desk whose key is always the same. */
static void open_desk(struct desk *d, bool eager, size_t bytes,
                      const char *model)
{
    static const uint8_t secret[32] = {9, 8, 7};
    const struct store_limits l = {1000, 1000000, bytes, eager};
    uint8_t pub[32];
    struct keys *keys = keys_new(NULL);
    assert_non_null(keys);
    memcpy(keys->k1, secret, 32);
    aver_ed25519_from_seed(keys->ed, pub, secret);
    *d = (struct desk){.generation = 3, .eager = eager};
    assert_int_equal(signer_init(&d->signer, keys, model, NULL), 0);
    d->store = store_new(&l, NULL);
    assert_non_null(d->store);
}

static void close_desk(struct desk *d)
{
    store_free(d->store);
    signer_clear(&d->signer);
}

static void put(struct desk *d, const char *id, enum notary_kind kind)
{
    static struct notary_put p;
    static uint32_t unique;
    memset(&p, 0, sizeof(p));
    p.head.count = 1;
    struct notary_record *r = &p.record[0];
    unique++;
    memcpy(r->request_id, &unique, sizeof(unique));
    memset(r->request_sha256, id[0], 32);
    memset(r->response_sha256, id[1], 32);
    r->kind = (uint8_t)kind;
    r->id_len = (uint16_t)strlen(id);
    memcpy(r->id, id, r->id_len);
    desk_put(d, &p, 0);
}

static bool ask(struct desk *d, const char *id, enum notary_algo algo,
                bool final, struct notary_answer *a)
{
    struct notary_lookup l = {.seq = 77, .algo = (uint8_t)algo};
    l.id_len = (uint16_t)strlen(id);
    memcpy(l.id, id, l.id_len);
    return desk_answer(d, &l, final, 1, a);
}

static void assert_signed(const struct desk *d, const struct notary_answer *a)
{
    uint8_t digest[32], pub[64];
    struct aver_bytes text = aver_bytes_of(a->text, a->text_len);
    assert_int_equal(a->status, NOTARY_FOUND);
    if (a->algo == NOTARY_ED25519) {
        assert_true(
            aver_ed25519_verify(a->signature, d->signer.ed_public, text));
        return;
    }
    aver_eip191_digest(digest, text);
    assert_int_equal(aver_k1_recover(d->signer.k1, pub, a->signature, digest),
                     0);
    assert_memory_equal(pub, d->signer.k1_public, 64);
}

static void test_found(void **state)
{
    (void)state;
    struct desk d;
    struct notary_answer a;
    open_desk(&d, false, 1 << 20, NULL);
    put(&d, "ab", NOTARY_RECEIPT);
    for (int algo = NOTARY_ECDSA; algo <= NOTARY_ED25519; algo++) {
        assert_true(ask(&d, "ab", (enum notary_algo)algo, false, &a));
        assert_true(notary_message_ok(&a, sizeof(a)));
        assert_int_equal(a.seq, 77);
        assert_int_equal(a.head.generation, 3);
        assert_int_equal(a.algo, algo);
        assert_int_equal(a.text_len, 129);
        assert_memory_equal(a.text, "6161616161", 10);
        assert_memory_equal(a.text + 64, ":6262626262", 11);
        assert_signed(&d, &a);
    }
    close_desk(&d);
}

static void test_not_found(void **state)
{
    (void)state;
    static const uint8_t want[] = {NOTARY_GONE_CLIENT, NOTARY_GONE_CUT,
                                   NOTARY_MISSING};
    static const char *const ids[] = {"left", "cut", "none"};
    static const uint8_t zeros[65];
    struct desk d;
    struct notary_answer a;
    open_desk(&d, true, 1 << 20, NULL);
    put(&d, "left", NOTARY_CLIENT_LEFT);
    put(&d, "cut", NOTARY_CUT);
    for (int i = 0; i < 3; i++) {
        /* No is said only when it is final. */
        assert_false(ask(&d, ids[i], NOTARY_ECDSA, false, &a));
        assert_true(ask(&d, ids[i], NOTARY_ECDSA, true, &a));
        assert_int_equal(a.status, want[i]);
        assert_int_equal(a.text_len, 0);
        assert_memory_equal(a.signature, zeros, 65);
        assert_true(notary_message_ok(&a, sizeof(a)));
    }
    close_desk(&d);
}

static void test_eager_is_lazy(void **state)
{
    (void)state;
    struct desk d[3];
    struct notary_answer a[3];
    open_desk(&d[0], false, 1 << 20, "org/m:1");
    open_desk(&d[1], true, 1 << 20, "org/m:1");
    open_desk(&d[2], false, 64 << 10, "org/m:1");
    for (int i = 0; i < 1000; i++) /* no room to keep signatures */
        put(&d[2], "zz", NOTARY_RECEIPT);
    for (int i = 0; i < 3; i++)
        put(&d[i], "ab", NOTARY_RECEIPT);
    for (int algo = NOTARY_ECDSA; algo <= NOTARY_ED25519; algo++) {
        for (int again = 0; again < 2; again++) {
            for (int i = 0; i < 3; i++)
                assert_true(
                    ask(&d[i], "ab", (enum notary_algo)algo, false, &a[i]));
            assert_memory_equal(&a[0], &a[1], sizeof(a[0]));
            assert_memory_equal(&a[0], &a[2], sizeof(a[0]));
        }
        assert_int_equal(a[0].text_len, 8 + 129);
        assert_memory_equal(a[0].text, "org/m:1:6161", 12);
        assert_signed(&d[0], &a[0]);
    }
    for (int i = 0; i < 3; i++)
        close_desk(&d[i]);
}

/* Both signatures are there when the put has been dealt with. */
static void test_eager_signs_at_put(void **state)
{
    (void)state;
    for (int eager = 0; eager < 2; eager++) {
        struct desk d;
        open_desk(&d, eager, 1 << 20, NULL);
        put(&d, "ab", NOTARY_RECEIPT);
        struct store_entry *e = store_find(d.store, "ab", 2, 0);
        assert_non_null(e);
        assert_int_equal(e->signatures != 0, eager);
        const struct store_signatures *sigs = store_signatures(d.store, e);
        assert_int_equal(sigs->has_ecdsa, eager);
        assert_int_equal(sigs->has_ed25519, 0); /* when it is asked for */
        close_desk(&d);
    }
}

static void test_hello(void **state)
{
    (void)state;
    struct desk d;
    struct notary_hello h;
    uint8_t address[20];
    open_desk(&d, false, 1 << 20, NULL);
    desk_hello(&d, &h);
    assert_true(notary_message_ok(&h, sizeof(h)));
    assert_int_equal(h.head.generation, 3);
    aver_address_of(address, h.k1_public);
    assert_memory_equal(h.address, address, 20);
    assert_memory_equal(h.ed_public, d.signer.ed_public, 32);
    close_desk(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_eager_is_lazy),
        cmocka_unit_test(test_eager_signs_at_put),
        cmocka_unit_test(test_hello),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
