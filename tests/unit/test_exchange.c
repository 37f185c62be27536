/* SPDX-License-Identifier: Apache-2.0
 *
 * test_exchange: what reaches the engine and the client, what gets a receipt,
 * and over which bytes. */
#include "worker_rig.h"

static struct fake_text t, u;
static struct notary_put put;

static int begin(void **state)
{
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
    return rig_start(state);
}

/* Sends a request; the engine's side of it, when `until` was received there. */
static int relay(int client, const char *request, const char *until)
{
    int e;

    fake_send(client, request);
    e = rig_accept();
    RIG_READ(e, &u, until);
    return e;
}

static void only_what_may_pass_reaches_the_engine(void **state)
{
    static const char *const pass[] = {
        "Accept: x/y\r\n", "User-Agent: me\r\n", "traceparent: 00-1\r\n",
        "Content-Type: text/plain\r\n", "Accept-Encoding: identity\r\n"};
    static const char *const stay[] = {"Authorization",  "Cookie",  "Forwarded",
                                       "X-Request-Hash", "baggage", "gzip",
                                       "client-id"};
    int client = fake_connect(rig.port), e;

    (void)state;
    e = relay(client,
              "POST /v1/x?q=1 HTTP/1.1\r\nHost: a\r\nAccept: x/y\r\n"
              "User-Agent: me\r\ntraceparent: 00-1\r\nbaggage: b\r\n"
              "Connection: Baggage\r\nAuthorization: Bearer s\r\nCookie: c\r\n"
              "X-Forwarded-For: f\r\nX-Request-Hash: h\r\nAccept-Encoding: "
              "gzip\r\nX-Request-Id: client-id\r\nContent-Type: text/plain\r\n"
              "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n"
              "\r\n",
              "abcde");
    assert_non_null(strstr(u.text, "POST /v1/x?q=1 HTTP/1.1\r\nHost: 127"));
    assert_non_null(strstr(u.text, "Content-Length: 5\r\n\r\nabcde"));
    for (size_t i = 0; i < sizeof(pass) / sizeof(*pass); i++)
        assert_non_null(strstr(u.text, pass[i]));
    for (size_t i = 0; i < sizeof(stay) / sizeof(*stay); i++)
        if (strstr(u.text, stay[i]) != NULL)
            fail_msg("%s went on to the engine", stay[i]);
    close(client);
    close(e);
}

static void only_what_may_pass_reaches_the_client(void **state)
{
    int client = fake_connect(rig.port), e = rig_begin(client);

    (void)state;
    fake_send(e, "HTTP/1.1 201 Made\r\nContent-Type: text/plain\r\n"
                 "Set-Cookie: s\r\nServer: e\r\nX-Request-Id: theirs\r\n"
                 "openai-model: m\r\nX-RateLimit-Left: 1\r\n"
                 "Connection: openai-private\r\nopenai-private: p\r\n"
                 "Content-Length: 2\r\n\r\nok");
    RIG_READ(client, &t, "\r\n\r\nok");
    assert_non_null(strstr(t.text, "HTTP/1.1 201 "));
    assert_non_null(strstr(t.text, "openai-model: m\r\n"));
    assert_non_null(strstr(t.text, "X-RateLimit-Left: 1\r\n"));
    assert_null(strstr(t.text, "Set-Cookie"));
    assert_null(strstr(t.text, "Server"));
    assert_null(strstr(t.text, "theirs"));
    assert_null(strstr(t.text, "private"));
    close(client);
    close(e);
}

static const struct {
    const char *answer;
    bool close;     /* the engine closes behind it */
    const char *id; /* the receipt's; NULL: there is no receipt */
    const char *body;
} answers[] = {
    {RIG_JSON, false, "e", "{\"id\":\"e\"}"},
    {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
     "Content-Length: 9\r\n\r\n{\"id\": 1}",
     false, "", "{\"id\": 1}"},
    {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
     "Content-Length: 9\r\n\r\n{\"id\":\"x\"",
     false, "", "{\"id\":\"x\""},
    {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
     "Content-Length: 13\r\n\r\n{\"id\":\"a\\nb\"}",
     false, "", "{\"id\":\"a\\nb\"}"},
    {"HTTP/1.1 200 OK\r\nContent-Type: audio/x\r\nContent-Length: 3\r\n\r\nabc",
     false, "", "abc"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, "", ""},
    {RIG_SSE "18\r\ndata: {\"id\":\"s\",\"x\":1}\n\n\r\ne\r\ndata: [DONE]\n\n"
             "\r\n0\r\n\r\n",
     false, "s", "data: {\"id\":\"s\",\"x\":1}\n\ndata: [DONE]\n\n"},
    {"HTTP/1.1 204 No Content\r\n\r\n", false, NULL, NULL},
    {"HTTP/1.1 302 Found\r\nContent-Length: 2\r\n\r\nok", false, NULL, NULL},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", false, NULL,
     NULL},
    {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nabc", true, NULL,
     NULL},
};

static void a_receipt_is_given_for_a_good_end_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        uint8_t sha[32];
        int client = fake_connect(rig.port), e = rig_begin(client);

        memset(&t, 0, sizeof(t));
        fake_send(e, answers[i].answer);
        if (answers[i].close)
            close(e);
        RIG_UNTIL(fake_has(client, &t, "HTTP/1.1 ") && rig.w->active == 0);
        rig_turns(2);
        if (answers[i].id == NULL) {
            assert_int_equal(
                channel_recv(rig.notary, &put, sizeof(put), NULL, false), -1);
        } else {
            rig_from_notary(&put, sizeof(put));
            aver_sha256(sha, aver_bytes_str(answers[i].body));
            assert_memory_equal(put.record[0].response_sha256, sha, 32);
            assert_int_equal(put.record[0].id_len, strlen(answers[i].id));
            assert_memory_equal(put.record[0].id, answers[i].id,
                                strlen(answers[i].id));
        }
        close(client);
        if (!answers[i].close)
            close(e);
        RIG_UNTIL(rig.w->server.open == 0 && rig.w->engine.idle_count == 0);
    }
}

static void a_get_signs_its_target(void **state)
{
    uint8_t sha[32];
    int client = fake_connect(rig.port), e;

    (void)state;
    e = relay(client, "GET /v1/files?a=b HTTP/1.1\r\nHost: a\r\n\r\n",
              "\r\n\r\n");
    fake_send(e, RIG_JSON);
    rig_from_notary(&put, sizeof(put));
    aver_sha256(sha, aver_bytes_str("/v1/files?a=b"));
    assert_memory_equal(put.record[0].request_sha256, sha, 32);
    close(client);
    close(e);
}

static void what_is_open_is_never_signed(void **state)
{
    int client = fake_connect(rig.port), e;

    (void)state;
    e = relay(client, "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n");
    fake_send(e, RIG_JSON);
    RIG_READ(client, &t, "{\"id\":\"e\"}");
    rig_turns(2);
    assert_int_equal(channel_recv(rig.notary, &put, sizeof(put), NULL, false),
                     -1);
    close(client);
    close(e);
}

static void a_member_named_twice_is_refused(void **state)
{
    static const char *const bodies[] = {"{\"model\":1,\"model\":2}",
                                         "{\"stream\":1,\"\\u0073tream\":2}"};
    char request[300];

    (void)state;
    for (int i = 0; i < 2; i++) {
        int client = fake_connect(rig.port);

        memset(&t, 0, sizeof(t));
        snprintf(request, sizeof(request),
                 "POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n"
                 "%s",
                 strlen(bodies[i]), bodies[i]);
        fake_send(client, request);
        RIG_READ(client, &t, "HTTP/1.1 400 ");
        assert_non_null(strstr(t.text, i == 0 ? "\"param\":\"model\""
                                              : "\"param\":\"stream\""));
        close(client);
    }
    assert_int_equal(accept(rig.engine, NULL, NULL), -1);
}

static void a_body_over_the_limit_is_refused(void **state)
{
    static char request[6000];
    int client = fake_connect(rig.port), n;

    (void)state;
    n = snprintf(request, sizeof(request),
                 "POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
                 "\r\n\r\n1001\r\n");
    memset(request + n, 'x', 0x1001);
    fake_send(client, request);
    RIG_READ(client, &t, "HTTP/1.1 413 ");
    close(client);
    RIG_UNTIL(rig.w->active == 0);
}

static void a_clients_own_id_comes_back_under_another_name(void **state)
{
    int client = fake_connect(rig.port);

    (void)state;
    fake_send(client, "GET /version HTTP/1.1\r\nHost: a\r\n"
                      "X-Request-Id: mine\r\n\r\n");
    RIG_READ(client, &t, "X-Client-Request-Id: mine\r\n");
    assert_null(strstr(t.text, "X-Request-Id: mine\r\n"
                               "X-Client"));
    close(client);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(only_what_may_pass_reaches_the_engine),
        T(only_what_may_pass_reaches_the_client),
        T(a_receipt_is_given_for_a_good_end_alone),
        T(a_get_signs_its_target),
        T(what_is_open_is_never_signed),
        T(a_member_named_twice_is_refused),
        T(a_body_over_the_limit_is_refused),
        T(a_clients_own_id_comes_back_under_another_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
