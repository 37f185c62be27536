/* SPDX-License-Identifier: Apache-2.0
 *
 * notary/store: the three bounds, ids that collide, tombstones; at last a
 * long random run beside a plain list that does the same, slowly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "notary/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct store *make(uint64_t ttl_ms, size_t count, size_t bytes)
{
    const struct store_limits l = {ttl_ms, count, bytes, false};
    struct aver_error err;
    struct store *s = store_new(&l, &err);
    if (!s)
        fail_msg("%s", err.text);
    return s;
}

/* A record whose request id and hashes are made of `n`. */
static struct notary_record record(uint32_t n, const char *id)
{
    struct notary_record r = {.kind = NOTARY_RECEIPT};
    memcpy(r.request_id, &n, sizeof(n));
    memset(r.request_sha256, (int)n, 32);
    memset(r.response_sha256, (int)~n, 32);
    r.id_len = (uint16_t)strlen(id);
    memcpy(r.id, id, r.id_len);
    return r;
}

static struct store_entry *put(struct store *s, uint32_t n, const char *id,
                               uint64_t now)
{
    struct notary_record r = record(n, id);
    return store_put(s, &r, now);
}

static struct store_entry *put_kind(struct store *s, uint32_t n, const char *id,
                                    enum notary_kind kind)
{
    struct notary_record r = record(n, id);
    r.kind = (uint8_t)kind;
    return store_put(s, &r, 0);
}

static struct store_entry *find(struct store *s, const char *id, uint64_t now)
{
    return store_find(s, id, strlen(id), now);
}

static struct store_entry *find_request(struct store *s, uint32_t n)
{
    uint8_t id[16] = {0};
    char hex[33];
    memcpy(id, &n, sizeof(n));
    aver_hex_encode(hex, id, sizeof(id));
    return store_find(s, hex, 32, 0);
}

static void test_put_and_find(void **state)
{
    (void)state;
    struct store *s = make(1000, 100, 1 << 20);
    assert_non_null(put(s, 1, "chatcmpl-1", 0));
    struct store_entry *e = find(s, "chatcmpl-1", 0);
    assert_non_null(e);
    struct notary_record r = record(1, "");
    assert_memory_equal(e->request_sha256, r.request_sha256, 32);
    assert_memory_equal(e->response_sha256, r.response_sha256, 32);
    assert_ptr_equal(find_request(s, 1), e);
    assert_null(find(s, "chatcmpl-", 0)); /* whole ids only */
    assert_null(find(s, "chatcmpl-12", 0));
    assert_null(find(s, "CHATCMPL-1", 0));
    assert_null(find(s, "", 0));
    store_free(s);
}

static void test_request_id_spelling(void **state)
{
    (void)state;
    struct store *s = make(1000, 100, 1 << 20);
    const char *low = "abcdef00000000000000000000000000";
    struct notary_record r = record(0, "");
    assert_int_equal(aver_hex_decode(r.request_id, 16, aver_bytes_str(low)), 0);
    assert_non_null(store_put(s, &r, 0));
    assert_non_null(find(s, low, 0));
    assert_null(find(s, "ABCDEF00000000000000000000000000", 0));
    assert_null(find(s, "abcdef0000000000000000000000000", 0));
    assert_null(find(s, "abcdef000000000000000000000000000", 0));
    /* An engine that takes another exchange's request id for its id does not
     * take that exchange's place. */
    assert_non_null(put(s, 2, low, 0));
    assert_memory_equal(find(s, low, 0)->request_id, r.request_id, 16);
    store_free(s);
}

static void test_id_lengths(void **state)
{
    (void)state;
    struct store *s = make(1000, 1000, 1 << 20);
    char id[NOTARY_ID_MAX + 1];
    memset(id, 'x', sizeof(id));
    for (uint32_t n = 1; n <= NOTARY_ID_MAX; n++) {
        struct notary_record r = record(n, "");
        r.id_len = (uint16_t)n;
        memcpy(r.id, id, n);
        r.id[n - 1] = 'y';
        assert_non_null(store_put(s, &r, 0));
    }
    for (uint32_t n = 1; n <= NOTARY_ID_MAX; n++) {
        id[n - 1] = 'y';
        struct store_entry *e = store_find(s, id, n, 0);
        assert_non_null(e);
        assert_memory_equal(e->request_id, &n, sizeof(n));
        id[n - 1] = 'z';
        assert_null(store_find(s, id, n, 0));
        id[n - 1] = 'x';
    }
    assert_null(store_find(s, id, NOTARY_ID_MAX + 1, 0));
    store_free(s);
}

static void test_age(void **state)
{
    (void)state;
    struct store *s = make(1000, 100, 1 << 20);
    assert_true(store_next_expiry(s) == UINT64_MAX);
    put(s, 1, "a", 5000);
    put(s, 2, "b", 5500);
    assert_int_equal(store_next_expiry(s), 6000);
    assert_non_null(find(s, "a", 5999)); /* looking does not prolong */
    assert_null(find(s, "a", 6000));
    assert_int_equal(store_count(s), 1);
    assert_non_null(find(s, "b", 6499));
    size_t used = store_bytes(s);
    store_expire(s, 6500);
    assert_int_equal(store_count(s), 0);
    assert_true(store_bytes(s) < used);
    store_free(s);
}

static void test_age_without_end(void **state)
{
    (void)state;
    struct store *s = make(UINT64_MAX, 100, 1 << 20);
    put(s, 1, "a", 5000);
    assert_non_null(find(s, "a", UINT64_MAX - 1));
    store_free(s);
}

static void test_count_drops_oldest(void **state)
{
    (void)state;
    char id[16];
    struct store *s = make(1000, 10, 1 << 20);
    for (uint32_t n = 1; n <= 25; n++) {
        snprintf(id, sizeof(id), "id-%u", n);
        assert_non_null(put(s, n, id, 0));
        assert_true(store_count(s) <= 10);
    }
    for (uint32_t n = 1; n <= 25; n++) {
        snprintf(id, sizeof(id), "id-%u", n);
        assert_int_equal(find(s, id, 0) != NULL, n > 15);
        assert_int_equal(find_request(s, n) != NULL, n > 15);
    }
    store_free(s);
}

/* Whatever is put, the sum of all memory stays under the bound. */
static void test_bytes_drop_oldest(void **state)
{
    (void)state;
    const size_t bytes = 64 << 10;
    char id[NOTARY_ID_MAX + 1];
    struct store *s = make(1000, 1000000, bytes);
    memset(id, 'i', sizeof(id));
    for (uint32_t n = 1; n <= 5000; n++) {
        id[n % 2 ? 10 : NOTARY_ID_MAX] = '\0';
        memcpy(id, &(uint32_t){n | 0x01010101u}, 4);
        struct store_entry *e = put(s, n, id, 0);
        assert_non_null(e);
        if (n % 3 == 0)
            (void)store_signatures(s, e);
        id[n % 2 ? 10 : NOTARY_ID_MAX] = 'i';
        assert_true(store_bytes(s) <= bytes);
        assert_non_null(find_request(s, n));
    }
    size_t kept = store_count(s);
    assert_true(kept > 100 && kept < 340);
    for (uint32_t n = 1; n <= 5000; n++)
        assert_int_equal(find_request(s, n) != NULL, n > 5000 - kept);
    store_free(s);
}

static void test_limits_refused(void **state)
{
    (void)state;
    static const struct store_limits rows[] = {
        {1000, 0, 1 << 20, false},
        {1000, 100, 0, false},
        {1000, 100, 191, false},
        {1000, 100, 8000, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_error err = {0};
        assert_null(store_new(&rows[i], &err));
        assert_int_equal(err.code, AVER_ECONFIG);
    }
    const struct store_limits one = {1000, 1, 1 << 20, true};
    struct store *s = store_new(&one, NULL);
    assert_non_null(s);
    put(s, 1, "a", 0);
    struct store_entry *e = put(s, 2, "b", 0);
    assert_non_null(store_signatures(s, e));
    assert_null(find(s, "a", 0));
    assert_non_null(find(s, "b", 0));
    store_free(s);
}

static void test_engine_id_twice(void **state)
{
    (void)state;
    struct store *s = make(1000, 3, 1 << 20);
    put(s, 1, "same", 0);
    put(s, 2, "same", 0);
    assert_ptr_equal(find(s, "same", 0), find_request(s, 2));
    assert_non_null(find_request(s, 1));
    assert_ptr_not_equal(find_request(s, 1), find_request(s, 2));
    /* Dropping the older one leaves the id to the newer. */
    put(s, 3, "c", 0);
    put(s, 4, "d", 0);
    assert_null(find_request(s, 1));
    assert_ptr_equal(find(s, "same", 0), find_request(s, 2));
    store_free(s);
}

static void test_receipt_is_never_altered(void **state)
{
    (void)state;
    struct store *s = make(1000, 10, 1 << 20);
    put(s, 1, "a", 0);
    assert_null(put_kind(s, 1, "a", NOTARY_CLIENT_LEFT));
    struct notary_record r = record(1, "b");
    memset(r.request_sha256, 0xee, 32);
    assert_null(store_put(s, &r, 0));
    assert_null(find(s, "b", 0));
    assert_int_equal(find_request(s, 1)->request_sha256[0], 1);
    assert_int_equal(store_count(s), 1);
    store_free(s);
}

static void test_tombstones(void **state)
{
    (void)state;
    struct store *s = make(1000, 10, 1 << 20);
    assert_non_null(put_kind(s, 1, "a", NOTARY_CLIENT_LEFT));
    assert_int_equal(find(s, "a", 0)->kind, NOTARY_CLIENT_LEFT);
    /* A receipt takes an id over from a tombstone… */
    put(s, 2, "a", 0);
    assert_int_equal(find(s, "a", 0)->kind, NOTARY_RECEIPT);
    /* …and never the other way; the tombstone keeps its request id. */
    assert_non_null(put_kind(s, 3, "a", NOTARY_CUT));
    assert_ptr_equal(find(s, "a", 0), find_request(s, 2));
    assert_int_equal(find_request(s, 3)->kind, NOTARY_CUT);
    /* A newer tombstone over an older one. */
    put_kind(s, 4, "t", NOTARY_CLIENT_LEFT);
    put_kind(s, 5, "t", NOTARY_CUT);
    assert_ptr_equal(find(s, "t", 0), find_request(s, 5));
    /* A receipt takes even the request id over; the entry is a new one. */
    assert_non_null(put(s, 1, "z", 0));
    assert_int_equal(find_request(s, 1)->kind, NOTARY_RECEIPT);
    assert_int_equal(store_count(s), 5);
    store_free(s);
}

static void test_tombstones_count(void **state)
{
    (void)state;
    struct store *s = make(1000, 4, 1 << 20);
    for (uint32_t n = 1; n <= 9; n++)
        put_kind(s, n, "", NOTARY_CUT);
    assert_int_equal(store_count(s), 4);
    assert_null(find_request(s, 5));
    assert_non_null(find_request(s, 6));
    store_free(s);
}

static void test_signatures_are_kept(void **state)
{
    (void)state;
    struct store *s = make(1000, 10, 1 << 20);
    struct store_entry *e = put(s, 1, "a", 0);
    struct store_signatures *sigs = store_signatures(s, e);
    assert_non_null(sigs);
    assert_false(sigs->has_ecdsa || sigs->has_ed25519);
    sigs->has_ecdsa = true;
    sigs->ecdsa[64] = 27;
    put(s, 2, "b", 0);
    assert_ptr_equal(store_signatures(s, find(s, "a", 0)), sigs);
    assert_int_equal(sigs->ecdsa[64], 27);
    store_free(s);
}

/* Without room nothing is pushed out for a signature made at lookup; with
 * signed_at_put there is always room. */
static void test_signature_room(void **state)
{
    (void)state;
    const struct store_limits eager = {1000, 1000000, 64 << 10, true};
    struct store *s = store_new(&eager, NULL);
    assert_non_null(s);
    for (uint32_t n = 1; n <= 2000; n++)
        assert_non_null(store_signatures(s, put(s, n, "", 0)));
    assert_true(store_count(s) > 150);
    assert_true(store_bytes(s) <= 64 << 10);
    store_free(s);
    s = make(1000, 1000000, 64 << 10);
    for (uint32_t n = 1; n <= 2000; n++)
        put(s, n, "", 0);
    size_t kept = store_count(s);
    assert_null(store_signatures(s, find_request(s, 2000)));
    assert_int_equal(store_count(s), kept);
    store_free(s);
}

/* ---- the same, slowly ---- */

#define MODEL_MAX 50
#define IDS 40

static struct {
    struct notary_record r;
    uint64_t born;
} model[MODEL_MAX + 1];
static size_t model_n;

static void model_drop(size_t i)
{
    memmove(&model[i], &model[i + 1], (model_n - i - 1) * sizeof(model[0]));
    model_n--;
}

static void model_put(const struct notary_record *r, uint64_t now)
{
    for (size_t i = 0; i < model_n; i++) {
        if (memcmp(model[i].r.request_id, r->request_id, 16) != 0)
            continue;
        if (model[i].r.kind == NOTARY_RECEIPT || r->kind != NOTARY_RECEIPT)
            return;
        model_drop(i);
        break;
    }
    if (model_n == MODEL_MAX)
        model_drop(0);
    model[model_n].r = *r;
    model[model_n++].born = now;
}

/* Newest receipt with that id, else newest tombstone. The exact rule of the
 * store differs in one thing: it forgets a tombstone's claim once a receipt
 * had the id. */
static const struct notary_record *model_find(const char *id, size_t n)
{
    const struct notary_record *found = NULL;
    for (size_t i = 0; i < model_n; i++) {
        const struct notary_record *r = &model[i].r;
        if (r->id_len != n || memcmp(r->id, id, n) != 0)
            continue;
        if (!found || r->kind == NOTARY_RECEIPT ||
            found->kind != NOTARY_RECEIPT)
            found = r;
    }
    return found;
}

static size_t make_id(char *id, uint32_t n)
{
    size_t len = (size_t)snprintf(id, NOTARY_ID_MAX, "id-%u-", n);
    size_t want = n * 7 % (NOTARY_ID_MAX - 8) + 8;
    memset(id + len, 'p', want - len);
    return want;
}

static void compare(struct store *s, uint64_t now)
{
    char id[NOTARY_ID_MAX];
    assert_int_equal(store_count(s), model_n);
    for (uint32_t k = 0; k < IDS; k++) {
        size_t n = make_id(id, k);
        struct store_entry *e = store_find(s, id, n, now);
        const struct notary_record *r = model_find(id, n);
        if (r && r->kind == NOTARY_RECEIPT) {
            assert_non_null(e);
            assert_memory_equal(e->request_id, r->request_id, 16);
        } else if (e) {
            assert_non_null(r);
            assert_int_not_equal(e->kind, NOTARY_RECEIPT);
        }
    }
    for (size_t i = 0; i < model_n; i++) {
        char hex[33];
        aver_hex_encode(hex, model[i].r.request_id, 16);
        struct store_entry *e = store_find(s, hex, 32, now);
        assert_non_null(e);
        assert_int_equal(e->kind, model[i].r.kind);
        assert_memory_equal(e->response_sha256, model[i].r.response_sha256, 32);
    }
}

/* Numbers that look random and are the same in every run. */
static uint32_t drawn;
static uint32_t draw(void)
{
    drawn = drawn * 1664525 + 1013904223;
    return drawn >> 8;
}

static void test_random_run(void **state)
{
    (void)state;
    struct store *s = make(100, MODEL_MAX, 1 << 20);
    uint64_t now = 0;
    drawn = 1;
    model_n = 0;
    for (int round = 0; round < 20000; round++) {
        struct notary_record r = record(draw() % 100, "");
        r.response_sha256[0] = (uint8_t)draw();
        r.kind = (uint8_t)(draw() % 5 > 2 ? draw() % 3 : 0);
        r.id_len = (uint16_t)make_id(r.id, draw() % IDS);
        now += (uint64_t)(draw() % 4);
        while (model_n && model[0].born + 100 <= now)
            model_drop(0);
        struct store_entry *e = store_put(s, &r, now);
        model_put(&r, now);
        if (e && draw() % 2)
            (void)store_signatures(s, e);
        if (round % 16 == 0)
            compare(s, now);
    }
    store_expire(s, now + 100);
    assert_int_equal(store_count(s), 0);
    assert_true(store_bytes(s) < 4096);
    store_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_find),
        cmocka_unit_test(test_request_id_spelling),
        cmocka_unit_test(test_id_lengths),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_age_without_end),
        cmocka_unit_test(test_count_drops_oldest),
        cmocka_unit_test(test_bytes_drop_oldest),
        cmocka_unit_test(test_limits_refused),
        cmocka_unit_test(test_engine_id_twice),
        cmocka_unit_test(test_receipt_is_never_altered),
        cmocka_unit_test(test_tombstones),
        cmocka_unit_test(test_tombstones_count),
        cmocka_unit_test(test_signatures_are_kept),
        cmocka_unit_test(test_signature_room),
        cmocka_unit_test(test_random_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
