/* SPDX-License-Identifier: Apache-2.0
 *
 * test_worker: when a worker lets clients in, how it drains, and when it
 * ends. */
#include "worker_rig.h"

static struct fake_text t;

static int begin(void **state)
{
    memset(&t, 0, sizeof(t));
    return rig_start(state);
}

static int begin_bare(void **state)
{
    memset(&t, 0, sizeof(t));
    return rig_bare(state);
}

/* Otherwise the first exchanges would be relayed unsigned. */
static void nobody_is_let_in_before_the_notary_spoke(void **state)
{
    struct control m;
    int client = fake_connect(rig.port);

    (void)state;
    fake_send(client, "GET /version HTTP/1.1\r\nHost: a\r\n\r\n");
    rig.notary = rig_link(CONTROL_NOTARY);
    rig.attester = rig_link(CONTROL_ATTESTER);
    rig_turns(10);
    assert_int_equal(rig.w->server.open, 0);
    assert_int_equal(channel_recv(rig.supervisor, &m, sizeof(m), NULL, false),
                     -1);
    rig_hello(7);
    RIG_READ(client, &t, "HTTP/1.1 200 ");
    assert_int_equal(channel_recv(rig.supervisor, &m, sizeof(m), NULL, false),
                     (ssize_t)sizeof(m));
    assert_int_equal(m.type, CONTROL_READY);
    close(client);
}

static void drain(void)
{
    struct control m = {.version = CHANNEL_VERSION, .type = CONTROL_DRAIN};

    assert_int_equal(channel_send(rig.supervisor, &m, sizeof(m), -1), 0);
    RIG_UNTIL(rig.w->draining);
}

static void draining_waits_for_what_runs(void **state)
{
    struct notary_put put;
    int client = fake_connect(rig.port), e = rig_begin(client);

    (void)state;
    drain();
    rig_turns(60);
    assert_false(rig.w->loop.stop);
    fake_send(e, RIG_JSON);
    rig_from_notary(&put, sizeof(put)); /* signed like any other */
    RIG_READ(client, &t, "{\"id\":\"e\"}");
    assert_false(rig.w->loop.stop); /* the client may ask for its receipt */
    close(client);
    RIG_UNTIL(rig.w->loop.stop);
    close(e);
}

static void draining_does_not_wait_for_idle_clients_for_ever(void **state)
{
    int client = fake_connect(rig.port);

    (void)state;
    fake_send(client, "GET /version HTTP/1.1\r\nHost: a\r\n\r\n");
    RIG_READ(client, &t, "HTTP/1.1 200 ");
    drain();
    RIG_UNTIL(rig.w->loop.stop);
    close(client);
}

static void it_ends_with_its_supervisor(void **state)
{
    (void)state;
    shutdown(rig.supervisor, SHUT_RDWR);
    RIG_UNTIL(rig.w->loop.stop);
}

static void request_ids_do_not_repeat(void **state)
{
    static uint8_t ids[64][16];

    (void)state;
    for (int i = 0; i < 64; i++) {
        worker_request_id(rig.w, ids[i]);
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(ids[i], ids[k], 16);
    }
}

static void spare_blocks_come_back_zeroed(void **state)
{
    struct spare s = {0};
    char *p = spare_take(&s, 100), *q = NULL;

    (void)state;
    memset(p, 'x', 100);
    spare_give(&s, p);
    q = spare_take(&s, 100);
    assert_ptr_equal(q, p);
    for (int i = 0; i < 100; i++)
        assert_int_equal(q[i], 0);
    spare_give(&s, q);
    spare_give(&s, NULL);
    assert_int_equal(s.n, 1);
    spare_clear(&s);
    assert_int_equal(s.n, 0);
}

/* No counters to map: it says so instead of running without. */
static void a_worker_that_cannot_work_is_none(void **state)
{
    struct aver_error err = {0};
    int pair[2];

    (void)state;
    assert_int_equal(channel_pair(pair, &err), 0);
    assert_null(worker_new(&rig.config, pair[1], 1, &err)); /* no such slot */
    assert_non_null(strstr(err.text, "counters"));
    close(pair[0]);
    close(pair[1]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            nobody_is_let_in_before_the_notary_spoke, begin_bare, rig_stop),
        T(draining_waits_for_what_runs),
        T(draining_does_not_wait_for_idle_clients_for_ever),
        T(it_ends_with_its_supervisor),
        T(request_ids_do_not_repeat),
        T(spare_blocks_come_back_zeroed),
        T(a_worker_that_cannot_work_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
