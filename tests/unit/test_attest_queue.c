/* SPDX-License-Identifier: Apache-2.0
 *
 * queue: who is served when, who shares a job, and who is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/queue.h"
#include <string.h>

/* An ask of the IPv4 client 10.0.0.`client`, for a nonce that begins with
 * `nonce`; 0 means none. */
static struct queue_ask ask_of(uint8_t client, uint8_t nonce, uint64_t seq)
{
    struct queue_ask a = {.peer = client, .seq = seq, .has_nonce = nonce != 0};

    a.client[10] = a.client[11] = 0xff;
    a.client[12] = 10;
    a.client[15] = client;
    a.nonce[0] = nonce;
    return a;
}

static bool put(struct queue *q, uint8_t client, uint8_t nonce, uint64_t seq)
{
    struct queue_ask a = ask_of(client, nonce, seq);

    return queue_put(q, &a);
}

/* Ends the running job; how many shared it. The sum of their seq is kept. */
static unsigned end_job(struct queue *q, uint64_t *sum)
{
    struct queue_ask a;
    unsigned n = 0;

    *sum = 0;
    while (queue_take(q, &a)) {
        n++;
        *sum += a.seq;
    }
    return n;
}

static void same_nonce_shares(void **state)
{
    struct queue q;
    struct queue_ask job;
    uint64_t sum;

    (void)state;
    queue_init(&q);
    assert_false(queue_start(&q, &job));
    assert_true(put(&q, 1, 9, 1));
    assert_true(put(&q, 2, 9, 2));
    assert_true(put(&q, 3, 8, 4));
    assert_true(queue_start(&q, &job));
    assert_int_equal(job.nonce[0], 9);
    assert_false(queue_start(&q, &job)); /* one at a time */
    assert_true(put(&q, 4, 9, 8));       /* joins what runs */
    assert_true(put(&q, 6, 8, 32));      /* waits with its like */
    assert_int_equal(end_job(&q, &sum), 3);
    assert_int_equal(sum, 11);
    assert_true(put(&q, 5, 9, 16)); /* too late: a job of its own */
    assert_true(queue_start(&q, &job));
    assert_int_equal(job.nonce[0], 8);
    assert_int_equal(end_job(&q, &sum), 2);
    assert_int_equal(sum, 36);
    assert_true(queue_start(&q, &job));
    assert_int_equal(end_job(&q, &sum), 1);
    assert_int_equal(sum, 16);
    assert_false(queue_start(&q, &job));
}

/* With endorsements it is another report. */
static void endorsements_do_not_share(void **state)
{
    struct queue_ask with = ask_of(2, 9, 2), job;
    struct queue q;
    uint64_t sum;

    (void)state;
    with.endorsements = 1;
    queue_init(&q);
    assert_true(put(&q, 1, 9, 1));
    assert_true(queue_put(&q, &with));
    assert_true(queue_start(&q, &job));
    assert_int_equal(job.endorsements, 0);
    assert_int_equal(end_job(&q, &sum), 1);
    assert_true(queue_start(&q, &job));
    assert_int_equal(job.endorsements, 1);
    with.peer = 3;
    with.seq = 4;
    assert_true(queue_put(&q, &with)); /* these two do */
    assert_int_equal(end_job(&q, &sum), 2);
    assert_int_equal(sum, 6);
}

static void no_nonce_shares(void **state)
{
    struct queue q;
    struct queue_ask job, other = ask_of(3, 0, 4);
    uint64_t sum;

    (void)state;
    queue_init(&q);
    other.algo = ATTEST_ED25519;
    assert_true(put(&q, 1, 0, 1));
    assert_true(put(&q, 2, 0, 2));
    assert_true(queue_put(&q, &other));
    other = ask_of(4, 0, 8);
    other.layout = ATTEST_LAYOUT_B;
    assert_true(queue_put(&q, &other));
    assert_true(queue_start(&q, &job));
    assert_false(job.has_nonce);
    assert_int_equal(end_job(&q, &sum), 2);
    assert_true(queue_start(&q, &job));
    assert_int_equal(job.algo, ATTEST_ED25519);
    assert_int_equal(end_job(&q, &sum), 1);
    assert_true(queue_start(&q, &job));
    assert_int_equal(job.layout, ATTEST_LAYOUT_B);
    assert_int_equal(end_job(&q, &sum), 1);
}

/* A nonce of 32 zeros is a nonce, and shares nothing with none. */
static void zero_nonce_is_a_nonce(void **state)
{
    struct queue q;
    struct queue_ask job, zero = ask_of(1, 0, 1);
    uint64_t sum;

    (void)state;
    queue_init(&q);
    zero.has_nonce = 1;
    assert_true(queue_put(&q, &zero));
    assert_true(put(&q, 2, 0, 2));
    assert_true(queue_start(&q, &job));
    assert_int_equal(end_job(&q, &sum), 1);
    assert_int_equal(sum, 1);
}

static void caps(void **state)
{
    struct queue q;
    struct queue_ask job;
    uint64_t sum;

    (void)state;
    queue_init(&q);
    for (uint8_t i = 1; i <= QUEUE_CLIENT_MAX; i++)
        assert_true(put(&q, 1, i, i));
    assert_false(put(&q, 1, 99, 1));
    assert_true(queue_start(&q, &job));
    assert_false(put(&q, 1, 1, 1)); /* what runs counts, shared or not */
    assert_int_equal(end_job(&q, &sum), 1);
    assert_true(put(&q, 1, 99, 1));
    for (unsigned i = q.n; i < QUEUE_MAX; i++)
        assert_true(put(&q, (uint8_t)(i + 2), 50, 1));
    assert_int_equal(q.n, QUEUE_MAX);
    assert_false(put(&q, 200, 50, 1)); /* a newcomer too */
}

/* One client fills its share first; others are not behind all of it. */
static void round_robin(void **state)
{
    static const uint8_t want[] = {1, 1, 2, 3, 1, 2, 1};
    struct queue q;
    struct queue_ask job;
    uint64_t sum;

    (void)state;
    queue_init(&q);
    for (uint8_t i = 1; i <= 4; i++)
        assert_true(put(&q, 1, i, 0));
    for (size_t i = 0; i < sizeof(want); i++) {
        assert_true(queue_start(&q, &job));
        if (i == 0) {
            assert_true(put(&q, 2, 11, 0));
            assert_true(put(&q, 2, 12, 0));
            assert_true(put(&q, 3, 21, 0));
        }
        assert_int_equal(job.peer, want[i]);
        assert_int_equal(end_job(&q, &sum), 1);
    }
    assert_int_equal(q.n, 0);
}

/* Whoever asks again and again does not keep others from their turn. */
static void nobody_starves(void **state)
{
    struct queue q;
    struct queue_ask job;
    uint64_t sum;
    unsigned turns = 0, served = 0;

    (void)state;
    queue_init(&q);
    for (uint8_t i = 1; i <= 4; i++)
        assert_true(put(&q, 1, i, 0));
    for (; served < 4 && turns < 100; turns++) {
        for (uint8_t c = 2; c < 12; c++)
            put(&q, c, (uint8_t)(100 + c), 0);
        assert_true(queue_start(&q, &job));
        served += job.peer == 1;
        end_job(&q, &sum);
    }
    assert_int_equal(served, 4);
    assert_true(turns <= 4 * 11);
}

static void again_keeps_the_turn(void **state)
{
    struct queue q;
    struct queue_ask job;
    uint64_t sum;

    (void)state;
    queue_init(&q);
    assert_true(put(&q, 1, 1, 1));
    assert_true(put(&q, 2, 2, 2));
    assert_true(queue_start(&q, &job));
    queue_again(&q);
    assert_true(queue_start(&q, &job));
    assert_int_equal(job.nonce[0], 1);
    assert_int_equal(end_job(&q, &sum), 1);
    assert_int_equal(q.n, 1);
}

static void peers_go(void **state)
{
    struct queue q;
    struct queue_ask job, a;
    uint64_t sum;

    (void)state;
    queue_init(&q);
    assert_true(put(&q, 1, 9, 1));
    assert_true(put(&q, 2, 9, 2));
    assert_true(put(&q, 1, 8, 4));
    assert_true(queue_start(&q, &job));
    queue_drop_peer(&q, 1);
    assert_int_equal(end_job(&q, &sum), 1);
    assert_int_equal(sum, 2);
    assert_false(queue_start(&q, &job));
    assert_true(put(&q, 3, 1, 1));
    assert_true(queue_take_any(&q, &a));
    assert_false(queue_take_any(&q, &a));
}

static void clients(void **state)
{
    uint8_t a[16] = {0x20, 0x01, [7] = 5, [15] = 1};
    uint8_t b[16] = {0x20, 0x01, [7] = 5, [15] = 2};
    uint8_t c[16] = {0x20, 0x01, [7] = 6, [15] = 1};
    struct queue_ask x = ask_of(1, 0, 0), y = ask_of(2, 0, 0);

    (void)state;
    assert_true(queue_same_client(a, b)); /* one network of 64 bits */
    assert_false(queue_same_client(a, c));
    assert_true(queue_same_client(x.client, x.client));
    assert_false(queue_same_client(x.client, y.client));
    uint8_t loopback[16] = {[15] = 1};
    assert_false(queue_same_client(x.client, loopback));
    assert_false(queue_same_client(loopback, x.client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_nonce_shares),
        cmocka_unit_test(no_nonce_shares),
        cmocka_unit_test(endorsements_do_not_share),
        cmocka_unit_test(zero_nonce_is_a_nonce),
        cmocka_unit_test(caps),
        cmocka_unit_test(round_robin),
        cmocka_unit_test(nobody_starves),
        cmocka_unit_test(again_keeps_the_turn),
        cmocka_unit_test(peers_go),
        cmocka_unit_test(clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
