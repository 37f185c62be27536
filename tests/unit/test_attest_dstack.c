/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack: against a stand-in of the guest agent in a child, which answers
 * rightly or in one wrong way. What it was asked comes back over a pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/dstack.h"
#include "attest_fake.h"
#include "net/agent_socket.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

enum fault {
    GOOD,
    LEGACY_ONLY,    /* knows /prpc/Tappd.* alone */
    NO_LEGACY_INFO, /* nor Tappd.Info */
    WRONG_ECHO,
    ERROR_400,
    HTML_200,
    CUT_JSON,
    CLOSE_MID_BODY,
    SLOW_ANSWER,
    DEAF, /* accepts, says nothing */
    INFO_500,
    INFO_CUT,
};

static char folder[] = "/tmp/aver-dstack-XXXXXX";
static uint8_t report_data[64];

struct agent {
    char path[108];
    pid_t pid;
    int asked; /* pipe: a line "target body" an exchange */
};

/* --- in the child --- */

static const char refusal[] = "{\n  \"error\": \"no\x01 quote\"\n}";

static void say(int fd, const char *status, const char *body, size_t sent)
{
    char head[200];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                     status, strlen(body));

    if (write(fd, head, (size_t)n) != n || write(fd, body, sent) < 0)
        _exit(98);
}

static void say_quote(int fd, enum fault fault, const char *body)
{
    struct aver_buf quote, hex, text;
    uint8_t data[64];
    const char *digits = strstr(body, "\"report_data\":\"");

    if (!digits ||
        aver_hex_decode(data, 64, aver_bytes_of(digits + 15, 128)) != 0)
        _exit(97);
    aver_buf_init(&quote, 4096);
    aver_buf_init(&hex, 8192);
    aver_buf_init(&text, 65536);
    fake_quote(&quote, data);
    data[0] ^= fault == WRONG_ECHO;
    char echo[129];
    aver_hex_encode(echo, data, 64);
    if (aver_hex_encode_buf(&hex, aver_buf_view(&quote)) != 0 ||
        aver_buf_printf(&text,
                        "{\"quote\":\"%.*s\",\"event_log\":\"[ ]\","
                        "\"report_data\":\"%s\",\"vm_config\":\"{}\"}",
                        (int)hex.n, (char *)hex.p, echo) != 0 ||
        aver_buf_append(&text, "", 1) != 0)
        _exit(96);
    if (fault == CUT_JSON)
        text.p[text.n / 2] = 0;
    size_t all = strlen((char *)text.p);
    if (fault == SLOW_ANSWER)
        usleep(2000000);
    say(fd, "200 OK", (char *)text.p, fault == CLOSE_MID_BODY ? all / 2 : all);
    aver_buf_clear(&quote);
    aver_buf_clear(&hex);
    aver_buf_clear(&text);
}

static void reply(int fd, enum fault fault, const char *target,
                  const char *body)
{
    bool legacy = strncmp(target, "/prpc/Tappd.", 12) == 0;
    bool is_info = strstr(target, "Info") != NULL;
    const char *info = "{\"app_id\":\"a\",\"tcb_info\":\"{}\"}";

    if (fault == DEAF)
        usleep(5000000);
    else if (!legacy && (fault == LEGACY_ONLY || fault == NO_LEGACY_INFO))
        say(fd, "404 Not Found", "<html>", 6);
    else if (is_info && fault == NO_LEGACY_INFO)
        say(fd, "404 Not Found", "", 0);
    else if (is_info && fault == INFO_500)
        say(fd, "500 Internal Server Error", "oops", 4);
    else if (is_info)
        say(fd, "200 OK", fault == INFO_CUT ? "{\"app_id" : info,
            strlen(fault == INFO_CUT ? "{\"app_id" : info));
    else if (fault == ERROR_400)
        say(fd, "400 Bad Request", refusal, strlen(refusal));
    else if (fault == HTML_200)
        say(fd, "200 OK", "<html></html>", 13);
    else
        say_quote(fd, fault, body);
}

/* Reads one request; false if none comes. */
static bool read_request(int fd, char in[static 4096], char target[static 64],
                         const char **body)
{
    size_t n = 0;

    for (;;) {
        ssize_t k = read(fd, in + n, 4095 - n);
        if (k <= 0)
            return false;
        n += (size_t)k;
        in[n] = 0;
        const char *end = strstr(in, "\r\n\r\n");
        const char *length = strcasestr(in, "content-length:");
        if (!end || !length)
            continue;
        if ((size_t)(in + n - end - 4) < strtoul(length + 15, NULL, 10))
            continue;
        *body = end + 4;
        return sscanf(in, "POST %63s ", target) == 1;
    }
}

static _Noreturn void serve(int listener, int told, enum fault fault)
{
    char in[4096], target[64];
    const char *body;

    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && read_request(fd, in, target, &body)) {
            dprintf(told, "%s %s\n", target, body);
            reply(fd, fault, target, body);
        }
        if (fd >= 0)
            close(fd);
    }
}

/* --- in the test --- */

static struct agent agent_start(const char *name, enum fault fault)
{
    struct agent a;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int told[2], fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(a.path, sizeof(a.path), "%s/%s", folder, name);
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", a.path);
    unlink(a.path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    a.pid = fork();
    assert_true(a.pid >= 0);
    if (a.pid == 0)
        serve(fd, told[1], fault);
    close(fd);
    close(told[1]);
    a.asked = told[0];
    return a;
}

/* Ends the stand-in; what it was asked is in `asked`. */
static void agent_stop(struct agent *a, char asked[static 4096])
{
    size_t n = 0;
    ssize_t k;

    kill(a->pid, SIGKILL);
    waitpid(a->pid, NULL, 0);
    while ((k = read(a->asked, asked + n, 4095 - n)) > 0)
        n += (size_t)k;
    asked[n] = 0;
    close(a->asked);
    unlink(a->path);
}

static enum aver_error_code ask(const char *name, enum fault fault,
                                int limit_ms, struct cpu_evidence *e,
                                char asked[static 4096], struct aver_error *err)
{
    struct agent a = agent_start(name, fault);

    *err = (struct aver_error){.code = AVER_OK};
    cpu_evidence_init(e);
    int rc = dstack_quote(a.path, limit_ms, report_data, e, err);
    assert_int_equal(rc == 0, err->code == AVER_OK);
    agent_stop(&a, asked);
    return err->code;
}

static void current_form(void **state)
{
    struct cpu_evidence e;
    struct aver_error err;
    char asked[4096], want[512], hex[129];

    (void)state;
    assert_int_equal(ask("dstack.sock", GOOD, 5000, &e, asked, &err), AVER_OK);
    aver_hex_encode(hex, report_data, 64);
    snprintf(want, sizeof(want),
             "/GetQuote {\"report_data\":\"%s\"}\n/Info {}\n", hex);
    assert_string_equal(asked, want);
    assert_int_equal(e.quote.n, 1000);
    assert_memory_equal(e.quote.p + 568, report_data, 64);
    assert_true(aver_bytes_is(aver_buf_view(&e.event_log), "[ ]"));
    assert_true(aver_bytes_is(aver_buf_view(&e.vm_config), "{}"));
    assert_true(aver_bytes_is(aver_buf_view(&e.info),
                              "{\"app_id\":\"a\",\"tcb_info\":{}}"));
    cpu_evidence_clear(&e);
}

/* By the name of its socket, or because it does not know the newer path. */
static void legacy_form(void **state)
{
    static const struct {
        const char *name;
        enum fault fault;
        bool tries_current, info;
    } rows[] = {
        {"tappd.sock", LEGACY_ONLY, false, true},
        {"dstack.sock", LEGACY_ONLY, true, true},
        {"tappd.sock", NO_LEGACY_INFO, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cpu_evidence e;
        struct aver_error err;
        char asked[4096];
        assert_int_equal(
            ask(rows[i].name, rows[i].fault, 5000, &e, asked, &err), AVER_OK);
        assert_int_equal(strstr(asked, "/GetQuote") != NULL,
                         rows[i].tries_current);
        assert_non_null(strstr(asked, "/prpc/Tappd.TdxQuote "));
        assert_non_null(strstr(asked, ",\"hash_algorithm\":\"raw\"}"));
        assert_non_null(strstr(asked, "/prpc/Tappd.Info {}"));
        assert_int_equal(e.info.n > 0, rows[i].info);
        assert_int_equal(e.quote.n, 1000);
        cpu_evidence_clear(&e);
    }
}

static void faults(void **state)
{
    static const struct {
        enum fault fault;
        enum attest_status want;
    } rows[] = {
        {WRONG_ECHO, ATTEST_WRONG},
        {ERROR_400, ATTEST_WRONG},
        {HTML_200, ATTEST_WRONG},
        {CUT_JSON, ATTEST_WRONG},
        {CLOSE_MID_BODY, ATTEST_WRONG},
        {SLOW_ANSWER, ATTEST_SLOW},
        {DEAF, ATTEST_SLOW},
        {INFO_500, ATTEST_WRONG},
        {INFO_CUT, ATTEST_WRONG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct cpu_evidence e;
        struct aver_error err;
        char asked[4096];
        time_t start = time(NULL);
        bool slow = rows[i].want == ATTEST_SLOW;
        ask("dstack.sock", rows[i].fault, slow ? 300 : 5000, &e, asked, &err);
        assert_int_equal(attest_status_of(err.code), rows[i].want);
        assert_true(time(NULL) - start < 4);
        assert_true(strlen(err.text) > 0);
        for (const char *c = err.text; *c; c++)
            assert_true(*c >= 0x20 && *c < 0x7f);
        cpu_evidence_clear(&e);
    }
}

static void nobody_there(void **state)
{
    struct cpu_evidence e;
    struct aver_error err;
    char path[108], long_one[200], asked[4096];

    (void)state;
    cpu_evidence_init(&e);
    snprintf(path, sizeof(path), "%s/none.sock", folder);
    assert_int_equal(dstack_quote(path, 1000, report_data, &e, &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    assert_int_equal(dstack_quote(folder, 1000, report_data, &e, &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    assert_non_null(strstr(err.text, "is a directory"));
    memset(long_one, 'x', sizeof(long_one) - 1);
    long_one[sizeof(long_one) - 1] = 0;
    assert_int_equal(agent_socket_find(long_one, path, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    /* a socket whose owner has died */
    struct agent a = agent_start("dead.sock", GOOD);
    snprintf(path, sizeof(path), "%s/old.sock", folder);
    assert_int_equal(rename(a.path, path), 0);
    agent_stop(&a, asked);
    assert_int_equal(dstack_quote(path, 1000, report_data, &e, &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    unlink(path);
    cpu_evidence_clear(&e);
}

int main(void)
{
    for (int i = 0; i < 64; i++)
        report_data[i] = (uint8_t)(i * 3 + 1);
    if (!mkdtemp(folder))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(current_form),
        cmocka_unit_test(legacy_form),
        cmocka_unit_test(faults),
        cmocka_unit_test(nobody_there),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
