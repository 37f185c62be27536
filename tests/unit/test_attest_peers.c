/* SPDX-License-Identifier: Apache-2.0
 *
 * peers: a worker that does not take its replies gets them later, in order and
 * with their descriptors; one that is gone is told from one that is slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/peers.h"
#include <fcntl.h>
#include <unistd.h>

static struct peers peers;

static int open_slot(uint32_t slot)
{
    struct aver_error err;
    int fd[2];

    peers_init(&peers);
    assert_int_equal(channel_pair(fd, &err), 0);
    peers_set(&peers, slot, fd[0]);
    return fd[1];
}

static struct attest_reply reply_of(uint64_t seq)
{
    return (struct attest_reply){
        .version = CHANNEL_VERSION, .type = ATTEST_REPLY, .seq = seq};
}

static void kept_in_order(void **state)
{
    int other = open_slot(3), null = open("/dev/null", O_RDONLY), pass;
    uint64_t sent = 0, got = 0;
    struct attest_reply r;

    (void)state;
    while (sent < 100000 && !peers_has_kept(&peers, 3)) {
        r = reply_of(sent++);
        assert_int_equal(peers_send(&peers, 3, &r, -1), 0);
    }
    assert_true(peers_has_kept(&peers, 3));
    for (int i = 0; i < 5; i++) {
        r = reply_of(sent++);
        assert_int_equal(peers_send(&peers, 3, &r, null), 0);
    }
    close(null);
    while (got < sent) {
        assert_int_equal(peers_flush(&peers, 3), 0);
        assert_int_equal(channel_recv(other, &r, sizeof(r), &pass, false),
                         sizeof(r));
        assert_int_equal(r.seq, got++);
        assert_int_equal(pass >= 0, got > sent - 5);
        if (pass >= 0)
            close(pass);
    }
    assert_false(peers_has_kept(&peers, 3));
    peers_close(&peers, 3);
    close(other);
}

static void gone(void **state)
{
    int other = open_slot(0);
    struct attest_reply r = reply_of(1);

    (void)state;
    close(other);
    assert_int_equal(peers_send(&peers, 0, &r, -1), -1);
    peers_close(&peers, 0);
    assert_int_equal(peers_send(&peers, 0, &r, -1), 0);
    assert_int_equal(peers_flush(&peers, 0), 0);
}

static void closed_with_kept(void **state)
{
    int other = open_slot(PEERS_MAX - 1), null = open("/dev/null", O_RDONLY);
    struct attest_reply r = reply_of(1);

    (void)state;
    while (!peers_has_kept(&peers, PEERS_MAX - 1))
        assert_int_equal(peers_send(&peers, PEERS_MAX - 1, &r, null), 0);
    close(other);
    assert_int_equal(peers_flush(&peers, PEERS_MAX - 1), -1);
    peers_close(&peers, PEERS_MAX - 1);
    assert_false(peers_has_kept(&peers, PEERS_MAX - 1));
    close(null);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_in_order),
        cmocka_unit_test(gone),
        cmocka_unit_test(closed_with_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
