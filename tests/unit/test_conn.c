/* SPDX-License-Identifier: Apache-2.0
 *
 * test_conn: a socket that writes at once and keeps only leftovers. */
#include "net_fake.h"

#include "net/conn.h"
#include <stdlib.h>

static struct conn conn;
static int other, events_seen;

static void on_event(struct watch *w, uint32_t events)
{
    events_seen++;
    conn_note(container_of(w, struct conn, watch), events);
}

static int start(void **state)
{
    int fd[2];

    (void)state;
    fake_loop_start();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd),
                     0);
    assert_int_equal(conn_open(&conn, &loop, fd[0], on_event), 0);
    other = fd[1];
    TURN_UNTIL(conn.writable);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    conn_close(&conn, &loop);
    assert_false(conn_is_open(&conn));
    close(other);
    loop_close(&loop);
    return 0;
}

static void writes_go_out_at_once(void **state)
{
    static struct fake_text t;
    struct iovec iov[2] = {{(void *)(uintptr_t) "ab", 2},
                           {(void *)(uintptr_t) "cd", 2}};

    (void)state;
    memset(&t, 0, sizeof(t));
    conn_writev(&conn, iov, 2);
    conn_write(&conn, "e", 1);
    assert_int_equal(conn_pending(&conn), 0);
    fake_read(other, &t);
    assert_string_equal(t.text, "abcde");
}

/* What does not go out is kept, in order, and its memory given back. */
static void leftovers_are_kept_and_flushed(void **state)
{
    static char out[1 << 20], in[1 << 20];
    size_t got = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = (char)(i * 7 >> 3);
    conn_write(&conn, out, sizeof(out) / 2);
    assert_true(conn_pending(&conn) > 0);
    conn_write(&conn, out + sizeof(out) / 2, sizeof(out) / 2);
    for (int i = 0; i < 10000 && got < sizeof(in); i++) {
        ssize_t n = recv(other, in + got, sizeof(in) - got, 0);

        got += n > 0 ? (size_t)n : 0;
        loop_turn(&loop);
        conn_flush(&conn);
    }
    assert_int_equal(got, sizeof(in));
    assert_memory_equal(in, out, sizeof(in));
    assert_int_equal(conn_pending(&conn), 0);
    assert_null(conn.out.p);
}

static void a_push_keeps_nothing(void **state)
{
    static char out[1 << 20];
    struct iovec iov = {out, sizeof(out)};
    size_t n = conn_push(&conn, &iov, 1);

    (void)state;
    assert_true(n > 0 && n < sizeof(out));
    assert_int_equal(conn_pending(&conn), 0);
    assert_false(conn.writable);
    assert_int_equal(conn_push(&conn, &iov, 1), 0);
}

static void reading_knows_when_nothing_is_there(void **state)
{
    char in[8];

    (void)state;
    assert_int_equal(conn_read(&conn, in, sizeof(in)), -1);
    fake_send(other, "hello");
    TURN_UNTIL(conn.readable);
    assert_int_equal(conn_read(&conn, in, sizeof(in)), 5);
    assert_false(conn.readable); /* a short read emptied it */
    assert_int_equal(conn_read(&conn, in, sizeof(in)), -1);
    fake_send(other, "again");
    TURN_UNTIL(conn.readable);
    assert_int_equal(conn_read(&conn, in, 2), 2);
    assert_true(conn.readable);
}

static void the_peers_end_comes_after_its_bytes(void **state)
{
    char in[8];

    (void)state;
    fake_send(other, "bye");
    shutdown(other, SHUT_WR);
    TURN_UNTIL(conn.peer_ended);
    assert_int_equal(conn_read(&conn, in, sizeof(in)), 3);
    assert_int_equal(conn_read(&conn, in, sizeof(in)), 0);
    conn_write(&conn, "x", 1); /* it may still listen */
    assert_false(conn.broken);
}

static void a_broken_connection_swallows_writes(void **state)
{
    (void)state;
    close(other);
    other = -1;
    TURN_UNTIL(conn.peer_ended);
    conn_write(&conn, "x", 1);
    conn_write(&conn, "y", 1);
    assert_true(conn.broken);
    assert_int_equal(conn_pending(&conn), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(writes_go_out_at_once),
        T(leftovers_are_kept_and_flushed),
        T(a_push_keeps_nothing),
        T(reading_knows_when_nothing_is_there),
        T(the_peers_end_comes_after_its_bytes),
        T(a_broken_connection_swallows_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
