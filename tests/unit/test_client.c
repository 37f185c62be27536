/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocking client against a scripted server in a thread: each connection
 * has a list of answers, one a request; after the last it closes.
 *
 * Over 600 lines because all tests share the one scripted server. */
#include "base/version.h"
#include "net/client.h"
#include "vectors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONNECTIONS = 4, ANSWERS = 4, WAIT_MS = 5000 };

/* Answers that are no bytes. */
static const char silence[] = "silence"; /* until the client leaves */
static const char reset[] = "reset";     /* RST instead of an answer */
static const char deaf[] = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n"
                           "\r\nno"; /* without reading the request */

struct server {
    int listener;
    struct client_url url;
    const char *answers[CONNECTIONS][ANSWERS];
    unsigned nconnections; /* begun */
    char requests[8192];   /* all bytes received */
    size_t received;
    pthread_t thread;
};

/* Reads one request; false if the client closed. */
static bool read_request(struct server *s, int fd)
{
    size_t from = s->received;

    for (;;) {
        char *start = s->requests + from;
        char *end = strstr(start, "\r\n\r\n");
        char *length = strstr(start, "Content-Length: ");
        size_t want = end != NULL ? (size_t)(end + 4 - start) : SIZE_MAX;
        if (end != NULL && length != NULL && length < end)
            want += strtoul(length + 16, NULL, 10);
        if (s->received - from >= want)
            return true;
        ssize_t n = recv(fd, s->requests + s->received,
                         sizeof s->requests - 1 - s->received, 0);
        if (n <= 0)
            return false;
        s->received += (size_t)n;
    }
}

static void wait_for_end(int fd)
{
    char c;

    while (recv(fd, &c, 1, 0) > 0)
        ;
}

static void serve_connection(struct server *s, int fd,
                             const char *const *answers)
{
    const struct linger now = {.l_onoff = 1};

    for (unsigned i = 0; i < ANSWERS && answers[i] != NULL; i++) {
        if (answers[i] != deaf && !read_request(s, fd))
            break;
        if (answers[i] == silence) {
            wait_for_end(fd);
        } else if (answers[i] == reset) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        } else {
            size_t n = strlen(answers[i]);
            if (send(fd, answers[i], n, MSG_NOSIGNAL) != (ssize_t)n)
                break;
        }
        if (answers[i] == deaf)
            wait_for_end(fd);
    }
    close(fd);
}

static void *serve(void *p)
{
    struct server *s = p;

    for (unsigned i = 0; i < CONNECTIONS && s->answers[i][0] != NULL; i++) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            break;
        s->nconnections++;
        serve_connection(s, fd, s->answers[i]);
    }
    return NULL;
}

static void listen_tcp(struct server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    char url[64];
    struct aver_error err;

    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &n), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/base/", ntohs(a.sin_port));
    assert_int_equal(client_url_parse(&s->url, url, &err), 0);
}

static void server_start(struct server *s)
{
    listen_tcp(s);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    close(s->listener);
}

static const struct client_request get = {.method = "GET",
                                          .target = "/x?y=1",
                                          .timeout_ms = WAIT_MS,
                                          .body_max = 1000};

/* One exchange with a server that has one connection with these answers. */
static int with_answers(const char *first, const char *second,
                        const struct client_request *q,
                        struct client_reply *reply, struct aver_error *err)
{
    struct server s = {.answers = {{first, second}}};

    server_start(&s);
    struct client *c = client_new(&s.url);
    int rc = client_exchange(c, q, reply, err);
    client_free(c);
    server_stop(&s);
    return rc;
}

static void test_request_bytes(void **state)
{
    static const char *const headers[] = {"Authorization: Bearer t", NULL};
    struct server s = {
        .answers = {{"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Request-Id: "
                     "r1\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok"}}};
    struct client_request q = get;
    struct client_reply reply;
    struct aver_error err;
    char want[512];

    (void)state;
    q.method = "POST";
    q.headers = headers;
    q.body = aver_bytes_str("{}");
    q.has_body = true;
    server_start(&s);
    struct client *c = client_new(&s.url);
    assert_int_equal(client_exchange(c, &q, &reply, &err), 0);
    client_free(c);
    server_stop(&s);
    snprintf(want, sizeof want,
             "POST /base/x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n"
             "User-Agent: aver/%s\r\nAccept-Encoding: identity\r\n"
             "Authorization: Bearer t\r\nContent-Length: 2\r\n\r\n{}",
             s.url.port, aver_version);
    assert_string_equal(s.requests, want);
    assert_int_equal(reply.status, 200);
    assert_true(reply.complete);
    assert_string_equal(reply.content_type, "a/b");
    assert_string_equal(reply.request_id, "r1");
    assert_string_equal(reply.retry_after, "7");
    assert_true(aver_bytes_is(aver_buf_view(&reply.body), "ok"));
    client_reply_clear(&reply);
}

static void test_kept_connection(void **state)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                             "\r\n2\r\nok\r\n0\r\n\r\n";
    struct server s = {.answers = {{ok, ok, ok}}};
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    server_start(&s);
    struct client *c = client_new(&s.url);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(client_exchange(c, &get, &reply, &err), 0);
        assert_true(aver_bytes_is(aver_buf_view(&reply.body), "ok"));
        assert_int_equal(client_was_reused(c), i > 0);
        client_reply_clear(&reply);
    }
    client_free(c);
    server_stop(&s);
    assert_int_equal(s.nconnections, 1);
}

/* Closed while it idled, and broken under the second request: both times the
 * client connects again, once. A second break is an error. */
static void test_retry(void **state)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    struct server s = {.answers = {{ok, reset}, {ok, reset}, {reset}, {ok}}};
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    server_start(&s);
    struct client *c = client_new(&s.url);
    assert_int_equal(client_exchange(c, &get, &reply, &err), 0);
    assert_int_equal(client_exchange(c, &get, &reply, &err), 0);
    assert_false(client_was_reused(c));
    assert_int_equal(s.nconnections, 2);
    assert_int_equal(client_exchange(c, &get, &reply, &err), -1);
    assert_int_equal(err.code, AVER_EIO);
    assert_int_equal(s.nconnections, 3);
    assert_int_equal(client_exchange(c, &get, &reply, &err), 0);
    client_free(c);
    server_stop(&s);
}

/* A broken new connection is not tried again. */
static void test_no_retry_when_new(void **state)
{
    struct server s = {.answers = {{reset}, {reset}}};
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    server_start(&s);
    struct client *c = client_new(&s.url);
    assert_int_equal(client_exchange(c, &get, &reply, &err), -1);
    assert_int_equal(err.code, AVER_EIO);
    assert_non_null(strstr(err.text, "127.0.0.1:"));
    client_free(c);
    server_stop(&s);
    assert_int_equal(s.nconnections, 1);
}

static void test_not_reused(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nextra",
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct server s = {.answers = {{answers[i]}, {answers[i]}}};
        struct client_reply reply;
        struct aver_error err;
        server_start(&s);
        struct client *c = client_new(&s.url);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(client_exchange(c, &get, &reply, &err), 0);
            assert_true(reply.complete);
            assert_false(client_was_reused(c));
        }
        client_free(c);
        server_stop(&s);
        assert_int_equal(s.nconnections, 2);
    }
}

static void test_close_delimited(void **state)
{
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    assert_int_equal(
        with_answers("HTTP/1.1 200 OK\r\n\r\nsome", NULL, &get, &reply, &err),
        0);
    assert_false(reply.complete);
    assert_true(aver_bytes_is(aver_buf_view(&reply.body), "some"));
    client_reply_clear(&reply);
}

static void test_bad_answers(void **state)
{
    static const struct {
        const char *answer;
        enum aver_error_code code;
        const char *says;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", AVER_EIO,
         "in the middle"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
         AVER_EIO, "in the middle"},
        {"HTTP/1.1 200 O", AVER_EIO, "in the middle"},
        {"", AVER_EIO, "without an answer"},
        {"nonsense\r\n", AVER_EFORMAT, "not a status line"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok",
         AVER_EFORMAT, "chunk"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", AVER_ELIMIT,
         "larger than 1000 bytes"},
        {"HTTP/1.1 101 Switching\r\n\r\n", AVER_EFORMAT, "status"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client_reply reply;
        struct aver_error err;
        assert_int_equal(
            with_answers(cases[i].answer, NULL, &get, &reply, &err), -1);
        assert_int_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_non_null(strstr(err.text, "127.0.0.1:"));
        assert_int_equal(reply.body.n, 0);
    }
}

static void test_body_max(void **state)
{
    struct client_request q = get;
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    q.body_max = 3;
    assert_int_equal(
        with_answers("HTTP/1.1 200 OK\r\n\r\nfour", NULL, &q, &reply, &err),
        -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    assert_int_equal(
        with_answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "2\r\nok\r\n2\r\nok\r\n0\r\n\r\n",
                     NULL, &q, &reply, &err),
        -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    assert_int_equal(
        with_answers("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", NULL,
                     &q, &reply, &err),
        0);
    client_reply_clear(&reply);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_timeout(void **state)
{
    struct client_request q = get;
    struct client_reply reply;
    struct aver_error err;
    int64_t start = now_ms();

    (void)state;
    q.timeout_ms = 50;
    assert_int_equal(with_answers(silence, NULL, &q, &reply, &err), -1);
    assert_int_equal(err.code, AVER_ETIMEOUT);
    assert_non_null(strstr(err.text, "within 50 ms"));
    assert_true(now_ms() - start >= 50);
    assert_true(now_ms() - start < WAIT_MS);
}

/* A large request whose answer comes while it is being sent. */
static void test_early_answer(void **state)
{
    struct aver_buf body;
    struct client_request q = get;
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    aver_buf_init(&body, 8u << 20);
    assert_int_equal(aver_buf_reserve(&body, 8u << 20), 0);
    memset(body.p, 'x', 8u << 20);
    body.n = 8u << 20;
    q.method = "POST";
    q.has_body = true;
    q.body = aver_buf_view(&body);
    assert_int_equal(with_answers(deaf, NULL, &q, &reply, &err), 0);
    assert_int_equal(reply.status, 413);
    assert_true(aver_bytes_is(aver_buf_view(&reply.body), "no"));
    client_reply_clear(&reply);
    aver_buf_clear(&body);
}

static int keep_pieces(void *ctx, struct aver_bytes piece)
{
    assert_true(piece.n > 0);
    return aver_buf_append(ctx, piece.p, piece.n);
}

static void test_on_body(void **state)
{
    struct aver_buf got;
    struct client_request q = get;
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    aver_buf_init(&got, 8);
    q.on_body = keep_pieces;
    q.ctx = &got;
    q.body_max = 0;
    assert_int_equal(
        with_answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
                     NULL, &q, &reply, &err),
        0);
    assert_true(reply.complete);
    assert_int_equal(reply.body.n, 0);
    assert_true(aver_bytes_is(aver_buf_view(&got), "abcd"));
    /* cut: an error, but the pieces stay */
    assert_int_equal(with_answers("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                                  "ef",
                                  NULL, &q, &reply, &err),
                     -1);
    assert_int_equal(err.code, AVER_EIO);
    assert_true(aver_bytes_is(aver_buf_view(&got), "abcdef"));
    /* the callback says stop: its buffer has no room */
    assert_int_equal(with_answers("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                                  "ghij",
                                  NULL, &q, &reply, &err),
                     0);
    assert_false(reply.complete);
    aver_buf_clear(&got);
}

static void test_head_and_interim(void **state)
{
    struct client_request q = get;
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    q.method = "HEAD";
    assert_int_equal(
        with_answers("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
                     silence, &q, &reply, &err),
        0);
    assert_true(reply.complete);
    assert_int_equal(reply.body.n, 0);
}

static void test_unix_socket(void **state)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    char folder[] = "/tmp/aver-test-XXXXXX";
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct server s = {.answers = {{ok, ok}}};
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(a.sun_path, sizeof a.sun_path, "%s/s", folder);
    s.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s.listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s.listener, 8), 0);
    assert_int_equal(client_url_parse(&s.url, a.sun_path, &err), 0);
    assert_int_equal(pthread_create(&s.thread, NULL, serve, &s), 0);
    struct client *c = client_new(&s.url);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(client_exchange(c, &get, &reply, &err), 0);
        client_reply_clear(&reply);
    }
    assert_true(client_was_reused(c));
    assert_non_null(
        strstr(s.requests, "GET /x?y=1 HTTP/1.1\r\nHost: localhost\r\n"));
    client_free(c);
    server_stop(&s);
    unlink(a.sun_path);
    rmdir(folder);
}

static void test_refused(void **state)
{
    struct server s = {0};
    struct client_reply reply;
    struct aver_error err;
    struct client_url u;
    char want[100];

    (void)state;
    listen_tcp(&s);
    close(s.listener);
    struct client *c = client_new(&s.url);
    assert_int_equal(client_exchange(c, &get, &reply, &err), -1);
    assert_int_equal(err.code, AVER_EIO);
    snprintf(want, sizeof want, "connect to 127.0.0.1:%s: Connection refused",
             s.url.port);
    assert_string_equal(err.text, want);
    client_free(c);
    assert_int_equal(client_url_parse(&u, "unix:/nowhere/s", &err), 0);
    c = client_new(&u);
    assert_int_equal(client_exchange(c, &get, &reply, &err), -1);
    assert_string_equal(
        err.text, "connect to unix:/nowhere/s: No such file or directory");
    client_free(c);
}

/* Nothing that would end a line gets into a request. */
static void test_no_injection(void **state)
{
    static const char *const bad[] = {"A: b\r\nC: d", "A: b\n", "no colon",
                                      ": x",          "A b: c", ""};
    struct client_request q = get;
    struct client_url u;
    struct client_reply reply;
    struct aver_error err;

    (void)state;
    assert_int_equal(client_url_parse(&u, "http://127.0.0.1:1", &err), 0);
    struct client *c = client_new(&u);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const headers[] = {bad[i], NULL};
        q.headers = headers;
        assert_int_equal(client_exchange(c, &q, &reply, &err), -1);
        assert_int_equal(err.code, AVER_EFORMAT);
    }
    q.headers = NULL;
    q.target = "/x y";
    assert_int_equal(client_exchange(c, &q, &reply, &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    client_free(c);
}

static void test_urls(void **state)
{
    static const struct {
        const char *text, *host, *port, *base;
    } good[] = {
        {"http://a.example", "a.example", "80", ""},
        {"http://a.example/", "a.example", "80", ""},
        {"http://a:8080/v1/", "a", "8080", "/v1"},
        {"http://[::1]:9/x/y", "::1", "9", "/x/y"},
        {"http://[::1]", "::1", "80", ""},
        {"http://a:", "a", "80", ""},
        {"http://a:0080", "a", "80", ""},
        {"unix:/run/x.sock", "/run/x.sock", "", ""},
        {"/run/x.sock", "/run/x.sock", "", ""},
    };
    struct client_url u;
    struct aver_error err;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(client_url_parse(&u, good[i].text, &err), 0);
        assert_string_equal(u.host, good[i].host);
        assert_string_equal(u.port, good[i].port);
        assert_string_equal(u.base, good[i].base);
        assert_int_equal(u.is_unix, good[i].host[0] == '/');
    }
}

static void test_bad_urls(void **state)
{
    static const char *const bad[] = {
        "",
        "a.example",
        "http://",
        "http:///x",
        "http://:80",
        "http://a:0",
        "http://a:65536",
        "http://a:1x",
        "http://a b",
        "http://u:p@h/",
        "http://a/?x",
        "http://a/#x",
        "unix:",
        "unix:relative",
        "ftp://a/",
        "http://[::1",
        "http://a\r\nX: y",
        "http://\xc3\xa9/",
    };
    struct client_url u;
    struct aver_error err;
    char path[200];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(client_url_parse(&u, bad[i], &err), -1);
        assert_int_equal(err.code, AVER_EFORMAT);
    }
    assert_int_equal(client_url_parse(&u, "https://a/", &err), -1);
    assert_int_equal(err.code, AVER_EUNSUPPORTED);
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[107] = '\0';
    assert_int_equal(client_url_parse(&u, path, &err), 0);
    path[107] = 'x';
    path[108] = '\0';
    assert_int_equal(client_url_parse(&u, path, &err), -1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_bytes),
        cmocka_unit_test(test_kept_connection),
        cmocka_unit_test(test_retry),
        cmocka_unit_test(test_no_retry_when_new),
        cmocka_unit_test(test_not_reused),
        cmocka_unit_test(test_close_delimited),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_body_max),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_on_body),
        cmocka_unit_test(test_head_and_interim),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_injection),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_bad_urls),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
