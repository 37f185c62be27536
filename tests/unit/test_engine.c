/* SPDX-License-Identifier: Apache-2.0
 *
 * test_engine: the pool of connections towards an engine. */
#include "net_fake.h"

#include "net/engine.h"
#include <stdlib.h>

static struct engine engine;
static uint16_t port;
static int listener, steps, failures;
static enum engine_failure last;
static int owner; /* its address stands for an exchange */

static void on_step(struct engine_conn *ec)
{
    steps++;
    (void)ec;
}

static void on_failure(struct engine_conn *ec, enum engine_failure why)
{
    failures++;
    last = why;
    engine_drop(ec);
}

static const struct engine_hooks hooks = {on_step, on_failure};

static int start(void **state)
{
    char url[64];

    (void)state;
    fake_loop_start();
    steps = failures = 0;
    listener = fake_listen(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
    assert_int_equal(engine_init(&engine, &loop, &hooks, url, 100, 100, NULL),
                     0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    engine_close(&engine);
    loop_collect(&loop);
    loop_close(&loop);
    close(listener);
    return 0;
}

static int accept_one(void)
{
    int fd = -1;

    for (int i = 0; i < 1000 && fd < 0; i++) {
        loop_turn(&loop);
        fd = accept(listener, NULL, NULL);
    }
    assert_true(fd >= 0);
    return fd;
}

static struct engine_conn *connected(int *peer)
{
    struct engine_conn *ec = engine_take(&engine, true, &owner);

    assert_non_null(ec);
    *peer = accept_one();
    TURN_UNTIL(!ec->connecting);
    return ec;
}

static void a_kept_connection_is_used_again(void **state)
{
    int peer;
    struct engine_conn *ec = connected(&peer);

    (void)state;
    assert_int_equal(engine.health, ENGINE_UP);
    assert_false(ec->reused);
    engine_keep(ec);
    assert_int_equal(engine.idle_count, 1);
    assert_ptr_equal(engine_take(&engine, false, &owner), ec);
    assert_true(ec->reused);
    assert_int_equal(engine.idle_count, 0);
    engine_drop(ec);
    close(peer);
}

static void one_that_the_engine_closed_is_dropped_from_the_pool(void **state)
{
    int peer;
    struct engine_conn *ec = connected(&peer);

    (void)state;
    engine_keep(ec);
    close(peer);
    TURN_UNTIL(engine.idle_count == 0);
    assert_int_equal(failures, 0);
}

/* Bytes that nobody asked for: it cannot be trusted with another request. */
static void one_that_speaks_unasked_is_dropped_from_the_pool(void **state)
{
    int peer;
    struct engine_conn *ec = connected(&peer);

    (void)state;
    engine_keep(ec);
    fake_send(peer, "HTTP/1.1 200 OK\r\n\r\n");
    TURN_UNTIL(engine.idle_count == 0);
    close(peer);
}

static void one_with_an_unsent_rest_is_not_kept(void **state)
{
    static char junk[8 << 20];
    int peer;
    struct engine_conn *ec = connected(&peer);

    (void)state;
    conn_write(&ec->conn, junk, sizeof(junk));
    assert_true(conn_pending(&ec->conn) > 0);
    engine_keep(ec);
    assert_int_equal(engine.idle_count, 0);
    close(peer);
}

static void silence_is_told(void **state)
{
    int peer;
    struct engine_conn *ec = connected(&peer);

    (void)state;
    engine_expect(ec);
    TURN_UNTIL(failures == 1);
    assert_int_equal(last, ENGINE_SILENT);
    assert_int_equal(engine.health, ENGINE_UP);
    close(peer);
}

static void a_refused_connection_is_told(void **state)
{
    struct engine_conn *ec = NULL;

    (void)state;
    close(listener);
    ec = engine_take(&engine, false, &owner);
    if (ec != NULL)
        TURN_UNTIL(failures == 1);
    assert_int_equal(engine.health, ENGINE_DOWN);
    listener = fake_listen(&port);
}

static void a_name_that_is_not_known_is_no_error(void **state)
{
    struct engine e;

    (void)state;
    assert_int_equal(engine_init(&e, &loop, &hooks,
                                 "http://no-such-name.invalid:1", 100, 100,
                                 NULL),
                     0);
    assert_null(engine_take(&e, false, &owner));
    assert_int_equal(e.health, ENGINE_DOWN);
    engine_close(&e);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_kept_connection_is_used_again),
        T(one_that_the_engine_closed_is_dropped_from_the_pool),
        T(one_that_speaks_unasked_is_dropped_from_the_pool),
        T(one_with_an_unsent_rest_is_not_kept),
        T(silence_is_told),
        T(a_refused_connection_is_told),
        T(a_name_that_is_not_known_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
