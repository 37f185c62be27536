/* SPDX-License-Identifier: Apache-2.0
 *
 * https: requests against a scripted server in a thread, with the library that
 * is installed. (That certificates are judged is tested end to end.) */
#include "cli/https.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT_MS = 5000, SHORT_MS = 300 };

/* One connection: reads a request, says its text, then `body` spaces. Then it
 * closes, or with `stay` waits for the client to go, with `drip` saying a byte
 * now and then. */
struct script {
    const char *text;
    size_t body;
    bool stay, drip;
};

struct server {
    struct script script;
    int listener;
    char url[64];
    char request[4096];
    pthread_t thread;
};

/* The head, and as much behind it as it says. */
static bool is_whole(const struct server *s, size_t n)
{
    const char *end = strstr(s->request, "\r\n\r\n");
    const char *length = strstr(s->request, "Content-Length: ");

    return end != NULL &&
           n >= (size_t)(end + 4 - s->request) +
                    (length != NULL ? strtoul(length + 16, NULL, 10) : 0);
}

static void read_request(struct server *s, int fd)
{
    size_t n = 0;

    while (!is_whole(s, n)) {
        ssize_t got = recv(fd, s->request + n, sizeof(s->request) - 1 - n, 0);
        if (got <= 0)
            return;
        n += (size_t)got;
    }
}

static void say(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        p += done;
        n -= (size_t)done;
    }
}

static void *serve(void *ctx)
{
    static char spaces[65536];
    struct server *s = ctx;
    int fd = accept(s->listener, NULL, NULL);
    char byte;

    if (fd < 0)
        return NULL;
    memset(spaces, ' ', sizeof(spaces));
    read_request(s, fd);
    say(fd, s->script.text, strlen(s->script.text));
    for (size_t left = s->script.body; left > 0;) {
        size_t n = left < sizeof(spaces) ? left : sizeof(spaces);
        say(fd, spaces, n);
        left -= n;
    }
    while (s->script.drip && send(fd, "x", 1, MSG_NOSIGNAL) == 1)
        usleep(20000);
    while (s->script.stay && recv(fd, &byte, 1, 0) > 0)
        continue;
    close(fd);
    return NULL;
}

static void start(struct server *s, struct script script)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof(a);

    memset(s, 0, sizeof(*s));
    s->script = script;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &n), 0);
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/a?b=c",
             ntohs(a.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

/* A POST, and a GET with the same handle behind it. */
static void test_post(void **state)
{
    static const uint8_t body[] = {'3', '\0', 0xff, '\r', '\n'};
    struct script script = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                            "Connection: close\r\n\r\nok",
                            0, false, false};
    struct https_reply reply;
    struct aver_error err;
    struct server s;

    (void)state;
    struct https *h = https_new(&err);
    assert_non_null(h);
    https_limit(h, LIMIT_MS);
    start(&s, script);
    assert_int_equal(https_post(h, s.url, "application/ocsp-request",
                                aver_bytes_of(body, sizeof(body)), &reply,
                                &err),
                     0);
    stop(&s);
    assert_int_equal(reply.status, 200);
    assert_true(aver_bytes_is(aver_buf_view(&reply.body), "ok"));
    https_reply_clear(&reply);
    assert_memory_equal(s.request, "POST /a?b=c HTTP/1.1\r\n", 22);
    assert_non_null(
        strstr(s.request, "Content-Type: application/ocsp-request\r\n"));
    assert_non_null(strstr(s.request, "Content-Length: 5\r\n"));
    assert_null(strstr(s.request, "Expect:"));
    assert_memory_equal(strstr(s.request, "\r\n\r\n") + 4, body, sizeof(body));
    start(&s, script);
    assert_int_equal(https_get(h, s.url, &reply, &err), 0);
    stop(&s);
    https_reply_clear(&reply);
    assert_memory_equal(s.request, "GET /a?b=c HTTP/1.1\r\n", 21);
    assert_null(strstr(s.request, "Content-"));
    https_free(h);
}

/* One GET of a server with this script, within so many ms. */
static int get(struct script script, int ms, struct https_reply *reply,
               struct aver_error *err, char request[static 4096])
{
    struct https *h = https_new(err);
    struct server s;

    assert_non_null(h);
    start(&s, script);
    https_limit(h, ms);
    int rc = https_get(h, s.url, reply, err);
    https_free(h);
    stop(&s);
    memcpy(request, s.request, sizeof(s.request));
    if (rc != 0)
        assert_memory_equal(err->text, "127.0.0.1:", 10);
    return rc;
}

static void test_answer(void **state)
{
    struct script script = {"HTTP/1.1 103 Early Hints\r\nChain: early\r\n\r\n"
                            "HTTP/1.1 404 Not Found\r\nChain: late\r\n"
                            "Content-Length: 4\r\n\r\nbody",
                            0, false, false};
    struct https_reply reply;
    struct aver_error err;
    char request[4096];

    (void)state;
    assert_int_equal(get(script, LIMIT_MS, &reply, &err, request), 0);
    assert_int_equal(reply.status, 404);
    assert_true(aver_bytes_is(aver_buf_view(&reply.body), "body"));
    assert_true(aver_bytes_is(aver_buf_view(&reply.headers),
                              "HTTP/1.1 404 Not Found\r\nChain: late\r\n"
                              "Content-Length: 4\r\n\r\n"));
    https_reply_clear(&reply);
    assert_memory_equal(request, "GET /a?b=c HTTP/1.1\r\n", 21);
    assert_non_null(strstr(request, "User-Agent: aver\r\n"));
    assert_null(strcasestr(request, "Authorization"));
    assert_null(strcasestr(request, "Accept-Encoding"));
}

static void test_limits(void **state)
{
    static char head[HTTPS_HEADERS_MAX + 100];
    struct script body = {"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n",
                          HTTPS_BODY_MAX, false, false};
    struct script more = {"HTTP/1.1 200 OK\r\n\r\n", HTTPS_BODY_MAX + 1, false,
                          false};
    struct script heads = {head, 0, false, false};
    struct https_reply reply;
    struct aver_error err;
    char request[4096];

    (void)state;
    assert_int_equal(get(body, LIMIT_MS, &reply, &err, request), 0);
    assert_int_equal(reply.body.n, HTTPS_BODY_MAX);
    https_reply_clear(&reply);
    assert_int_equal(get(more, LIMIT_MS, &reply, &err, request), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    strncpy(head, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", 50);
    for (size_t n = strlen(head); n < HTTPS_HEADERS_MAX; n = strlen(head))
        memcpy(head + n, "A: aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 33);
    memcpy(head + strlen(head), "\r\n", 3);
    assert_int_equal(get(heads, LIMIT_MS, &reply, &err, request), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
}

static void test_cut(void **state)
{
    static const char *const texts[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfour",
        "SSH-2.0-OpenSSH_9.2\r\n",
    };
    struct https_reply reply;
    struct aver_error err;
    char request[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct script script = {texts[i], 0, false, false};

        if (get(script, LIMIT_MS, &reply, &err, request) != -1)
            fail_msg("case %zu", i);
        assert_int_equal(err.code, AVER_EIO);
        assert_int_equal(reply.body.n, 0);
    }
}

static void test_slow(void **state)
{
    const struct script scripts[] = {
        {"", 0, true, false},
        {"HTTP/1.1 200 OK\r\n", 0, true, false},
        {"HTTP/1.1 200 OK\r\n\r\n", 0, true, true},
    };
    struct https_reply reply;
    struct aver_error err;
    char request[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        time_t begin = time(NULL);

        if (get(scripts[i], SHORT_MS, &reply, &err, request) != -1)
            fail_msg("case %zu", i);
        assert_int_equal(err.code, AVER_ETIMEOUT);
        assert_true(time(NULL) - begin < 5);
    }
}

/* The limit is one for all GETs, and nobody is asked after it. */
static void test_too_late(void **state)
{
    struct https_reply reply;
    struct aver_error err;

    (void)state;
    struct https *h = https_new(&err);
    assert_non_null(h);
    https_limit(h, 0);
    assert_int_equal(https_get(h, "http://127.0.0.1:1/", &reply, &err), -1);
    assert_int_equal(err.code, AVER_ETIMEOUT);
    https_free(h);
}

static void test_nobody_there(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1:1/",
                                       "file:///etc/hostname",
                                       "ftp://127.0.0.1/x", "http://"};
    struct https_reply reply;
    struct aver_error err;

    (void)state;
    struct https *h = https_new(&err);
    assert_non_null(h);
    https_limit(h, LIMIT_MS);
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        assert_int_equal(https_get(h, urls[i], &reply, &err), -1);
        assert_int_equal(err.code, AVER_EIO);
    }
    https_free(h);
}

static void test_hosts(void **state)
{
    static const struct {
        const char *url, *host;
    } cases[] = {{"https://a.b:1/c?d", "a.b:1"},
                 {"http://[::1]?x", "[::1]"},
                 {"https://a", "a"},
                 {"a/b", "a"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(aver_bytes_is(https_host(cases[i].url), cases[i].host));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cut),      cmocka_unit_test(test_slow),
        cmocka_unit_test(test_too_late), cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_hosts),    cmocka_unit_test(test_post),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
