/* SPDX-License-Identifier: Apache-2.0
 *
 * test_server: connections of clients: requests out of bytes, answers into
 * bytes, keep-alive, pipelining, holding, cutting, timeouts, leaving. */
#include "net_fake.h"

#include "net/server.h"
#include <sys/resource.h>

static struct server server;
static struct server_listener listener;
static uint16_t port;
static int heads, requests, gone, refused, writable, answered;
static size_t body_bytes;
static struct server_conn *current;

static void answer(struct server_conn *c, unsigned status, const char *text)
{
    struct server_answer a = {
        .status = status, .framing = HTTP_LENGTH, .length = strlen(text)};

    server_send(c, &a, aver_bytes_str(text), SERVER_END);
}

static void on_head(struct server_conn *c, const struct http_head *h)
{
    heads++;
    current = c;
    if (aver_bytes_is(h->target, "/early"))
        answer(c, 413, "early");
}

static void on_body(struct server_conn *c, struct aver_bytes piece)
{
    (void)c;
    body_bytes += piece.n;
}

static bool answer_now;

static void on_request(struct server_conn *c)
{
    requests++;
    if (answer_now)
        answer(c, 200, "hello");
}

static void on_writable(struct server_conn *c)
{
    (void)c;
    writable++;
}

static void on_gone(struct server_conn *c, enum server_gone why)
{
    (void)c;
    (void)why;
    gone++;
    current = NULL;
}

static void on_answered(struct server_conn *c)
{
    (void)c;
    answered++;
}

static void on_refused(struct server_conn *c, const struct http_refusal *why)
{
    refused++;
    answer(c, why->status, "refused");
}

static const struct server_hooks hooks = {on_head,     on_body, on_request,
                                          on_writable, on_gone, on_answered,
                                          on_refused};

static int start(void **state)
{
    struct server_timeouts t = {60, 60, 80, 60};

    (void)state;
    fake_loop_start();
    heads = requests = gone = refused = writable = answered = 0;
    body_bytes = 0;
    answer_now = true;
    assert_int_equal(server_init(&server, &loop, &hooks, &t, 1000, NULL, NULL),
                     0);
    assert_int_equal(
        server_listen(&server, &listener, fake_listen(&port), false), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_close(&server);
    server_unlisten(&server, &listener);
    loop_collect(&loop);
    loop_close(&loop);
    return 0;
}

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static void keeps_alive_and_answers_a_pipeline_in_order(void **state)
{
    static struct fake_text t;
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    fake_send(fd, GET GET "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3"
                          "\r\n\r\nabc" GET);
    TURN_UNTIL(requests == 4);
    fake_turns(2);
    fake_read(fd, &t);
    assert_int_equal(answered, 4);
    assert_int_equal(body_bytes, 3);
    assert_false(t.ended);
    assert_non_null(strstr(t.text, "Content-Length: 5\r\n"));
    assert_int_equal(server.open, 1);
    close(fd);
    TURN_UNTIL(server.open == 0);
    assert_int_equal(gone, 0); /* nothing was due */
}

static void takes_a_request_byte_by_byte(void **state)
{
    const char *text = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                       "\r\nhi";
    int fd = fake_connect(port);

    (void)state;
    for (size_t i = 0; text[i] != '\0'; i++) {
        assert_int_equal(send(fd, text + i, 1, 0), 1);
        loop_turn(&loop);
    }
    TURN_UNTIL(requests == 1);
    assert_int_equal(body_bytes, 2);
    close(fd);
}

static void refuses_and_lets_the_client_read_why(void **state)
{
    static struct fake_text t;
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    fake_send(fd, "GET / HTTP/1.1\nHost: a\n\n");
    TURN_UNTIL(fake_ended(fd, &t));
    assert_int_equal(refused, 1);
    assert_non_null(strstr(t.text, "HTTP/1.1 400 "));
    assert_non_null(strstr(t.text, "Connection: close"));
    close(fd);
    TURN_UNTIL(server.open == 0);
}

static void an_early_answer_is_not_reset_by_an_unread_body(void **state)
{
    static struct fake_text t;
    char junk[4096];
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    memset(junk, 'x', sizeof(junk));
    fake_send(fd, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n"
                  "\r\n");
    TURN_UNTIL(answered == 1);
    assert_true(send(fd, junk, sizeof(junk), MSG_NOSIGNAL) > 0);
    TURN_UNTIL(fake_ended(fd, &t));
    assert_non_null(strstr(t.text, "413"));
    assert_non_null(strstr(t.text, "early"));
    close(fd);
}

static void
an_answer_to_a_head_without_a_body_keeps_the_connection(void **state)
{
    static struct fake_text t;
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    fake_send(fd, "GET /early HTTP/1.1\r\nHost: a\r\n\r\n" GET);
    TURN_UNTIL(fake_has(fd, &t, "hello"));
    assert_int_equal(answered, 2);
    assert_null(strstr(t.text, "Connection: close"));
    assert_false(t.ended);
    close(fd);
}

static void what_is_held_waits_for_its_release(void **state)
{
    static struct fake_text t;
    struct server_answer a = {.status = 200, .framing = HTTP_CHUNKED};
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    answer_now = false;
    fake_send(fd, GET);
    TURN_UNTIL(requests == 1);
    server_send(current, &a, aver_bytes_str("one"), 0);
    server_send(current, NULL, aver_bytes_str("two"), SERVER_HOLD | SERVER_END);
    fake_turns(3);
    fake_read(fd, &t);
    assert_non_null(strstr(t.text, "\r\n3\r\none\r\n"));
    assert_null(strstr(t.text, "two"));
    assert_int_equal(answered, 0);
    server_release(current, true);
    TURN_UNTIL(fake_has(fd, &t, "3\r\ntwo\r\n0\r\n\r\n"));
    assert_int_equal(answered, 1);
    close(fd);
}

static void an_aborted_answer_is_visibly_cut(void **state)
{
    static struct fake_text t;
    struct server_answer a = {.status = 200, .framing = HTTP_CHUNKED};
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    answer_now = false;
    fake_send(fd, GET);
    TURN_UNTIL(requests == 1);
    server_send(current, &a, aver_bytes_str("part"), 0);
    server_abort(current);
    TURN_UNTIL(fake_ended(fd, &t));
    assert_non_null(strstr(t.text, "part"));
    assert_null(strstr(t.text, "0\r\n\r\n"));
    close(fd);
}

static void a_client_that_leaves_is_noticed_at_once(void **state)
{
    int fd = fake_connect(port);

    (void)state;
    answer_now = false;
    fake_send(fd, GET);
    TURN_UNTIL(requests == 1);
    shutdown(fd, SHUT_WR); /* the end of its sending side is enough */
    TURN_UNTIL(gone == 1);
    close(fd);
    TURN_UNTIL(server.open == 0);
}

static void a_client_that_does_not_read_is_given_up(void **state)
{
    struct server_answer a = {.status = 200, .framing = HTTP_CHUNKED};
    static char junk[1 << 20];
    int fd = fake_connect(port);

    (void)state;
    answer_now = false;
    fake_send(fd, GET);
    TURN_UNTIL(requests == 1);
    server_send(current, &a, (struct aver_bytes){0}, 0);
    for (int i = 0; i < 20 && !server_full(current); i++)
        server_send(current, NULL, aver_bytes_of(junk, sizeof(junk)), 0);
    assert_true(server_full(current));
    TURN_UNTIL(gone == 1); /* after write_ms */
    close(fd);
}

static void reading_again_makes_it_writable(void **state)
{
    struct server_answer a = {.status = 200, .framing = HTTP_CHUNKED};
    static char junk[1 << 20];
    int fd = fake_connect(port);

    (void)state;
    answer_now = false;
    fake_send(fd, GET);
    TURN_UNTIL(requests == 1);
    server_send(current, &a, (struct aver_bytes){0}, 0);
    for (int i = 0; i < 20 && !server_full(current); i++)
        server_send(current, NULL, aver_bytes_of(junk, sizeof(junk)), 0);
    for (int i = 0; i < 4000 && writable == 0; i++) {
        while (recv(fd, junk, sizeof(junk), 0) > 0)
            ;
        loop_turn(&loop);
    }
    assert_true(writable > 0);
    assert_int_equal(gone, 0);
    close(fd);
}

static void slow_requests_time_out(void **state)
{
    static struct fake_text t, u;
    int silent = fake_connect(port), half = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
    fake_send(half, "GET / HT");
    TURN_UNTIL(fake_ended(silent, &t) && fake_ended(half, &u));
    assert_int_equal(t.n, 0); /* it never said a word */
    assert_non_null(strstr(u.text, "HTTP/1.1 408 "));
    close(silent);
    close(half);
}

/* Without descriptors it must not spin on a listener that stays readable, and
 * must let them in once there are some again. */
static void without_descriptors_it_pauses(void **state)
{
    static struct fake_text t;
    struct rlimit old, low;
    int fd = fake_connect(port), next = dup(fd), turns = 0, end = ticks + 30;

    (void)state;
    memset(&t, 0, sizeof(t));
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = (rlim_t)next; /* the next one would be over it */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (ticks < end) {
        loop_turn(&loop);
        turns++;
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(server.open, 0);
    assert_true(turns < 100); /* 30 of them are the test's own ticks */
    fake_send(fd, GET);
    TURN_UNTIL(fake_has(fd, &t, "hello"));
    close(fd);
}

static void http_1_0_gets_its_framing(void **state)
{
    static struct fake_text t;
    struct server_answer a = {.status = 200, .framing = HTTP_CHUNKED};
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    answer_now = false;
    fake_send(fd, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    TURN_UNTIL(requests == 1);
    server_send(current, &a, aver_bytes_str("body"), SERVER_END);
    TURN_UNTIL(fake_ended(fd, &t));
    assert_null(strstr(t.text, "chunked"));
    assert_string_equal(t.text + t.n - 4, "body");
    close(fd);
}

static void expect_continue_is_met(void **state)
{
    static struct fake_text t;
    int fd = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    fake_send(fd, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                  "Content-Length: 2\r\n\r\n");
    TURN_UNTIL(fake_has(fd, &t, "HTTP/1.1 100 Continue\r\n\r\n"));
    fake_send(fd, "ok");
    TURN_UNTIL(fake_has(fd, &t, "hello"));
    close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(keeps_alive_and_answers_a_pipeline_in_order),
        T(takes_a_request_byte_by_byte),
        T(refuses_and_lets_the_client_read_why),
        T(an_early_answer_is_not_reset_by_an_unread_body),
        T(an_answer_to_a_head_without_a_body_keeps_the_connection),
        T(what_is_held_waits_for_its_release),
        T(an_aborted_answer_is_visibly_cut),
        T(a_client_that_leaves_is_noticed_at_once),
        T(a_client_that_does_not_read_is_given_up),
        T(reading_again_makes_it_writable),
        T(slow_requests_time_out),
        T(without_descriptors_it_pauses),
        T(http_1_0_gets_its_framing),
        T(expect_continue_is_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
