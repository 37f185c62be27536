/* SPDX-License-Identifier: Apache-2.0
 *
 * test_relay: one exchange after another through a server and a scripted
 * engine: what is passed on, when, and when it counts as whole. */
#include "net_fake.h"

#include "net/relay.h"
#include <stdlib.h>

static struct server server;
static struct server_listener listener;
static struct engine engine;
static struct relay_shared shared;
static uint16_t port, engine_port;
static int engine_listener;

struct exchange {
    struct relay relay;
    struct garbage garbage;
};

static struct exchange *current;
static uint64_t may; /* bytes of the body that may pass before the end */
static bool wait_at_end;
static int ended, completed;
static enum relay_end last_end;
static struct fake_text seen; /* body bytes that on_body saw */

static void free_exchange(struct garbage *g)
{
    free(container_of(g, struct exchange, garbage));
}

static void relay_head(struct relay *r, const struct http_head *h,
                       struct server_answer *a)
{
    (void)r;
    (void)h;
    (void)a;
}

static uint64_t relay_body(struct relay *r, struct aver_bytes piece)
{
    (void)r;
    for (size_t i = 0; i < piece.n && seen.n + 1 < sizeof(seen.text); i++)
        seen.text[seen.n++] = (char)piece.p[i];
    return may;
}

static bool relay_complete(struct relay *r)
{
    (void)r;
    completed++;
    return wait_at_end;
}

static void relay_error(struct relay *r, enum relay_end why)
{
    struct server_answer a = {.status = why == RELAY_ENGINE_SILENT ? 504 : 502,
                              .framing = HTTP_LENGTH,
                              .length = 3};

    server_send(r->client, &a, aver_bytes_str("bad"), SERVER_END);
}

static void relay_ended(struct relay *r, enum relay_end why)
{
    struct exchange *x = container_of(r, struct exchange, relay);

    ended++;
    last_end = why;
    current = NULL;
    loop_discard(&loop, &x->garbage, free_exchange);
}

static const struct relay_hooks relay_hooks = {
    relay_head, relay_body, relay_complete, relay_error, relay_ended};

static void on_head(struct server_conn *c, const struct http_head *h)
{
    struct exchange *x = calloc(1, sizeof(*x));

    relay_init(&x->relay, &shared, c, &engine, 1 << 20);
    assert_int_equal(aver_buf_append_str(&x->relay.request_head,
                                         "POST /e HTTP/1.1\r\nHost: e\r\n"),
                     0);
    c->user = current = x;
    (void)h;
}

static void on_body(struct server_conn *c, struct aver_bytes piece)
{
    struct exchange *x = c->user;

    assert_int_equal(aver_buf_append(&x->relay.request_body, piece.p, piece.n),
                     0);
}

static void on_request(struct server_conn *c)
{
    relay_start(&((struct exchange *)c->user)->relay, true);
}

static void on_writable(struct server_conn *c)
{
    relay_on_writable(&((struct exchange *)c->user)->relay);
}

static void on_gone(struct server_conn *c, enum server_gone why)
{
    relay_on_gone(&((struct exchange *)c->user)->relay,
                  why == SERVER_CLIENT_SLOW ? RELAY_CLIENT_SLOW
                                            : RELAY_CLIENT_LEFT);
}

static void on_answered(struct server_conn *c)
{
    (void)c;
}

static void on_refused(struct server_conn *c, const struct http_refusal *why)
{
    (void)c;
    (void)why;
    fail();
}

static const struct server_hooks server_hooks = {
    on_head, on_body,     on_request, on_writable,
    on_gone, on_answered, on_refused};

static int start(void **state)
{
    struct server_timeouts t = {5000, 5000, 5000, 400};
    char url[64];

    (void)state;
    fake_loop_start();
    may = UINT64_MAX;
    wait_at_end = false;
    ended = completed = 0;
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(
        server_init(&server, &loop, &server_hooks, &t, 1 << 20, NULL, NULL), 0);
    assert_int_equal(
        server_listen(&server, &listener, fake_listen(&port), false), 0);
    engine_listener = fake_listen(&engine_port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", engine_port);
    assert_int_equal(
        engine_init(&engine, &loop, &relay_engine_hooks, url, 200, 200, NULL),
        0);
    relay_shared_init(&shared, &loop, &relay_hooks, server.scratch, 2000);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_close(&server);
    server_unlisten(&server, &listener);
    engine_close(&engine);
    loop_collect(&loop);
    loop_close(&loop);
    close(engine_listener);
    return 0;
}

#define POST "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nping"
#define CHUNKED                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"                   \
    "Transfer-Encoding: chunked\r\n\r\n"

/* The engine's side of the next connection. */
static int engine_accept(void)
{
    int fd = -1;

    for (int i = 0; i < 1000 && fd < 0; i++) {
        loop_turn(&loop);
        fd = accept(engine_listener, NULL, NULL);
    }
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static int begin(int client)
{
    static struct fake_text t;
    int fd;

    memset(&t, 0, sizeof(t));
    fake_send(client, POST);
    fd = engine_accept();
    TURN_UNTIL(fake_has(fd, &t, "\r\n\r\nping"));
    assert_non_null(strstr(t.text, "Content-Length: 4\r\n"));
    return fd;
}

static void a_length_answer_passes_and_the_connection_is_kept(void **state)
{
    static struct fake_text t, u;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
    e = begin(client);
    fake_send(e, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
    fake_turns(2);
    fake_send(e, "lo");
    TURN_UNTIL(fake_has(client, &t, "\r\n\r\nhello"));
    TURN_UNTIL(ended == 1);
    assert_int_equal(last_end, RELAY_OK);
    assert_int_equal(completed, 1);
    assert_int_equal(engine.idle_count, 1);
    fake_send(client, POST); /* the same two connections again */
    TURN_UNTIL(fake_has(e, &u, "ping"));
    fake_send(e, "HTTP/1.1 204 No Content\r\n\r\n");
    TURN_UNTIL(ended == 2);
    assert_int_equal(last_end, RELAY_OK);
    close(client);
    close(e);
}

static void a_stale_kept_connection_is_tried_anew_once(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e, e2;

    (void)state;
    memset(&t, 0, sizeof(t));
    e = begin(client);
    fake_send(e, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    TURN_UNTIL(engine.idle_count == 1);
    /* The request is under way when the engine closes. */
    fake_send(client, POST);
    TURN_UNTIL(fake_has(e, &t, "ping"));
    close(e);
    e2 = engine_accept();
    memset(&t, 0, sizeof(t));
    TURN_UNTIL(fake_has(e2, &t, "ping"));
    close(e2); /* a fresh one that breaks is final */
    TURN_UNTIL(ended == 2);
    assert_int_equal(last_end, RELAY_ENGINE_CUT);
    TURN_UNTIL(fake_has(client, &t, "502") || fake_has(client, &t, "bad"));
    close(client);
}

/* Part of an answer was seen: the request was taken, and must not be sent
 * twice. */
static void one_that_breaks_in_its_answer_is_not_tried_anew(void **state)
{
    static struct fake_text t, u;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
    e = begin(client);
    fake_send(e, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    TURN_UNTIL(engine.idle_count == 1);
    fake_send(client, POST);
    TURN_UNTIL(fake_has(e, &t, "ping"));
    fake_send(e, "HTTP/1.1 200 OK\r\nContent-Le");
    fake_turns(2);
    close(e);
    TURN_UNTIL(ended == 2);
    assert_int_equal(last_end, RELAY_ENGINE_CUT);
    TURN_UNTIL(fake_has(client, &u, "HTTP/1.1 502 "));
    assert_int_equal(accept(engine_listener, NULL, NULL), -1);
    close(client);
}

static void chunks_of_one_read_become_one(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    e = begin(client);
    fake_send(e, CHUNKED "3\r\none\r\n3\r\ntwo\r\n");
    TURN_UNTIL(fake_has(client, &t, "\r\n6\r\nonetwo\r\n"));
    fake_send(e, "0\r\n\r\n");
    TURN_UNTIL(fake_has(client, &t, "0\r\n\r\n"));
    assert_string_equal(seen.text, "onetwo");
    close(client);
    close(e);
}

static void what_may_not_pass_is_held_to_the_end(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    may = 4;
    wait_at_end = true;
    e = begin(client);
    fake_send(e, CHUNKED "6\r\nabcdef\r\n");
    TURN_UNTIL(fake_has(client, &t, "4\r\nabcd\r\n"));
    fake_send(e, "2\r\ngh\r\n0\r\n\r\n");
    TURN_UNTIL(completed == 1);
    fake_turns(3);
    fake_read(client, &t);
    assert_null(strstr(t.text, "ef"));
    relay_release(&current->relay);
    TURN_UNTIL(fake_has(client, &t, "0\r\n\r\n"));
    assert_non_null(strstr(t.text, "2\r\nef\r\n2\r\ngh\r\n0\r\n\r\n"));
    assert_int_equal(ended, 1);
    close(client);
    close(e);
}

static void holding_ends_after_a_second_without_an_end(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    engine.silence_queue.duration_ms = 10000;
    may = 0;
    e = begin(client);
    fake_send(e, CHUNKED "6\r\n[DONE]\r\n");
    fake_turns(100);
    assert_false(fake_has(client, &t, "[DONE]"));
    TURN_UNTIL(fake_has(client, &t, "[DONE]"));
    assert_int_equal(completed, 0);
    fake_send(e, "0\r\n\r\n"); /* late, but an end */
    TURN_UNTIL(completed == 1);
    close(client);
    close(e);
}

static void a_cut_stream_is_cut_for_the_client_too(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    e = begin(client);
    fake_send(e, CHUNKED "3\r\none\r\n5\r\ncu");
    TURN_UNTIL(fake_has(client, &t, "one"));
    close(e);
    TURN_UNTIL(fake_ended(client, &t));
    assert_null(strstr(t.text, "0\r\n\r\n"));
    assert_int_equal(completed, 0);
    assert_int_equal(last_end, RELAY_ENGINE_CUT);
    close(client);
}

static void a_cut_json_answer_is_a_502(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    e = begin(client);
    fake_send(e, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Content-Length: 50\r\n\r\n{\"id\":");
    fake_turns(3);
    close(e);
    TURN_UNTIL(fake_has(client, &t, "HTTP/1.1 502 "));
    assert_null(strstr(t.text, "{\"id\""));
    assert_int_equal(completed, 0);
    close(client);
}

static void an_answer_that_ends_by_closing_never_counts(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    e = begin(client);
    fake_send(e, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nabc");
    TURN_UNTIL(fake_has(client, &t, "abc"));
    close(e);
    TURN_UNTIL(fake_ended(client, &t));
    assert_int_equal(completed, 0);
    assert_int_equal(last_end, RELAY_OK);
    close(client);
}

static void a_silent_engine_is_a_504(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    e = begin(client);
    TURN_UNTIL(fake_has(client, &t, "HTTP/1.1 504 "));
    assert_int_equal(last_end, RELAY_ENGINE_SILENT);
    close(client);
    close(e);
}

static void no_engine_is_a_502(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port);

    (void)state;
    memset(&t, 0, sizeof(t));
    close(engine_listener);
    fake_send(client, POST);
    TURN_UNTIL(fake_has(client, &t, "HTTP/1.1 502 "));
    assert_int_equal(last_end, RELAY_NO_ENGINE);
    assert_int_equal(engine.health, ENGINE_DOWN);
    engine_listener = fake_listen(&engine_port);
    close(client);
}

static void a_client_that_leaves_closes_the_engine(void **state)
{
    static struct fake_text t;
    int client = fake_connect(port), e;

    (void)state;
    memset(&t, 0, sizeof(t));
    e = begin(client);
    fake_send(e, CHUNKED "3\r\none\r\n");
    fake_turns(2);
    close(client);
    TURN_UNTIL(fake_ended(e, &t));
    assert_int_equal(last_end, RELAY_CLIENT_LEFT);
    close(e);
}

static void a_client_that_does_not_read_stops_the_engine(void **state)
{
    static char chunk[65536];
    int client = fake_connect(port), e;
    size_t sent = 0;
    ssize_t n;

    (void)state;
    may = UINT64_MAX;
    server.write_queue.duration_ms = 60000;
    e = begin(client);
    fake_send(e, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                 "Content-Length: 1000000000\r\n\r\n");
    memset(chunk, 'x', sizeof(chunk));
    for (int idle = 0; idle < 50;) {
        n = send(e, chunk, sizeof(chunk), MSG_NOSIGNAL);
        idle = n > 0 ? 0 : idle + 1;
        sent += n > 0 ? (size_t)n : 0;
        loop_turn(&loop);
    }
    assert_true(conn_pending(&current->relay.client->conn) <
                SERVER_HIGH_MARK + 2 * SERVER_SCRATCH);
    assert_true(sent < 64u << 20); /* the kernel's buffers and ours */
    /* It is not silent because we do not listen. */
    fake_turns(150);
    assert_int_equal(ended, 0);
    close(client);
    TURN_UNTIL(ended == 1);
    close(e);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_length_answer_passes_and_the_connection_is_kept),
        T(a_stale_kept_connection_is_tried_anew_once),
        T(one_that_breaks_in_its_answer_is_not_tried_anew),
        T(chunks_of_one_read_become_one),
        T(what_may_not_pass_is_held_to_the_end),
        T(holding_ends_after_a_second_without_an_end),
        T(a_cut_stream_is_cut_for_the_client_too),
        T(a_cut_json_answer_is_a_502),
        T(an_answer_that_ends_by_closing_never_counts),
        T(a_silent_engine_is_a_504),
        T(no_engine_is_a_502),
        T(a_client_that_leaves_closes_the_engine),
        T(a_client_that_does_not_read_stops_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
