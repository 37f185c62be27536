/* SPDX-License-Identifier: Apache-2.0
 *
 * notary/dstack_key: against a stand-in for dstack's guest agent on a Unix
 * socket, with the keys that dstack's simulator derives, and with each way in
 * which an agent can answer badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "notary/dstack_key.h"
#include "notary/sign.h"
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* HKDF-SHA256(salt "RATLS", the simulator's application key, info = path) */
static const struct {
    const char *path, *key;
} derived[] = {
    {"test-model/ecdsa-signing-key",
     "f1bbd2eeed795e3d3c241821736b052dda4447d81145bc740e82da34658980d2"},
    {"test-model/ed25519-signing-key",
     "7e82dcfdd2bc57304142aa0760defa9376153fd2c143fac9d3c8d3cc80ea9bac"},
    {"aver/ecdsa-signing-key",
     "29ad775e5854bf82ff6ca5c36d32657b160c5f9da1deca3604066bb35832b16a"},
    {"aver/ed25519-signing-key",
     "5e58531cad270dfcbaafecc02971347c84b70b62e071eba788e8310c7fc9f8e7"},
};

enum agent_manner {
    AGENT_CURRENT = 0,
    AGENT_LEGACY, /* knows no GetKey */
    AGENT_DEAF,   /* 404 whatever it is asked */
    AGENT_REFUSES,
    AGENT_NOT_JSON,
    AGENT_CUT_JSON,
    AGENT_NO_MEMBER,
    AGENT_TWO_MEMBERS,
    AGENT_SHORT_KEY,
    AGENT_LONG_KEY,
    AGENT_ZERO_KEY,
    AGENT_SAME_KEY,
    AGENT_CUT_BODY, /* closes before its Content-Length is reached */
    AGENT_SILENT,   /* closes without a word */
    AGENT_HUGE,
};

/* ---- the agent: a child process ---- */

static const char *key_for(const json_t *question)
{
    const char *path = json_string_value(json_object_get(question, "path"));
    for (size_t i = 0; path && i < sizeof(derived) / sizeof(derived[0]); i++)
        if (strcmp(derived[i].path, path) == 0)
            return derived[i].key;
    return "unknown path";
}

/* What a question must look like, else the agent's process fails. */
static void judge_question(const json_t *q, bool current)
{
    const char *path = json_string_value(json_object_get(q, "path"));
    const char *algo = json_string_value(json_object_get(q, "algorithm"));
    const char *purpose = json_string_value(json_object_get(q, "purpose"));
    bool ed = path && strstr(path, "/ed25519-");
    if (!purpose || strcmp(purpose, "signing") != 0)
        _exit(20);
    if (current && (!algo || strcmp(algo, ed ? "ed25519" : "secp256k1") != 0))
        _exit(21);
    if (!current && algo)
        _exit(22);
}

static void say(int fd, unsigned status, const char *body, size_t missing)
{
    char head[256];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %u X\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     status, strlen(body) + missing);
    if (write(fd, head, (size_t)n) != n ||
        write(fd, body, strlen(body)) != (ssize_t)strlen(body))
        _exit(23);
    if (missing)
        _exit(0);
}

static void say_key(int fd, enum agent_manner manner, const json_t *question)
{
    static const char zeros[65] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    char body[1024];
    const char *key = key_for(question);
    const char *name = "key", *tail = ",\"signature_chain\":[\"00\",\"11\"]}";
    int len = 64;
    if (manner == AGENT_LEGACY)
        name = "k256_key";
    if (manner == AGENT_NO_MEMBER)
        name = "kee";
    if (manner == AGENT_ZERO_KEY)
        key = zeros;
    if (manner == AGENT_SAME_KEY)
        key = derived[0].key;
    if (manner == AGENT_SHORT_KEY)
        len = 62;
    if (manner == AGENT_LONG_KEY)
        tail = "00\"}";
    if (manner == AGENT_CUT_JSON)
        tail = ",\"signature_chain\":[";
    if (manner == AGENT_TWO_MEMBERS)
        tail = ",\"key\":\"00\"}";
    snprintf(body, sizeof(body), "{\n  \"%s\": \"%.*s%s%s", name, len, key,
             manner == AGENT_LONG_KEY ? "" : "\"", tail);
    say(fd, 200, body, manner == AGENT_CUT_BODY ? 9 : 0);
}

static void say_huge(int fd)
{
    static char body[200000];
    memset(body, ' ', sizeof(body) - 1);
    signal(SIGPIPE, SIG_DFL);
    say(fd, 200, body, 0);
}

static void answer_one(int fd, enum agent_manner manner, const char *head,
                       const char *body)
{
    json_t *question = json_loads(body, 0, NULL);
    bool current = strncmp(head, "POST /GetKey HTTP/1.1\r\n", 23) == 0;
    bool legacy =
        strncmp(head, "POST /prpc/Tappd.DeriveK256Key HTTP/1.1\r\n", 41) == 0;
    if (!question || (!current && !legacy) ||
        !strstr(head, "\r\nContent-Type: application/json\r\n"))
        _exit(24);
    judge_question(question, current);
    if (manner == AGENT_DEAF || (manner == AGENT_LEGACY && current))
        say(fd, 404, "<html>not found</html>", 0);
    else if (manner == AGENT_REFUSES)
        say(fd, 400, "{\"error\":\"no key\n for you\"}", 0);
    else if (manner == AGENT_NOT_JSON)
        say(fd, 200, "key", 0);
    else if (manner == AGENT_SILENT)
        _exit(0);
    else if (manner == AGENT_HUGE)
        say_huge(fd);
    else
        say_key(fd, manner, question);
    json_decref(question);
}

/* Requests on one connection, as they come. */
static void serve_connection(int fd, enum agent_manner manner)
{
    char in[8192];
    size_t n = 0;
    for (;;) {
        in[n] = '\0';
        char *end = strstr(in, "\r\n\r\n");
        char *length = strcasestr(in, "\r\ncontent-length: ");
        size_t body =
            end && length ? (size_t)strtoul(length + 18, NULL, 10) : 0;
        if (end && strlen(end + 4) >= body) {
            *(end + 2) = '\0';
            answer_one(fd, manner, in, end + 4);
            n = 0;
            continue;
        }
        ssize_t got = read(fd, in + n, sizeof(in) - 1 - n);
        if (got <= 0)
            return;
        n += (size_t)got;
    }
}

static char folder[] = "/tmp/aver-test-XXXXXX", place[64];

static pid_t agent_start(enum agent_manner manner)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof(a.sun_path), "%s", place);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 4), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (int c; (c = accept(fd, NULL, NULL)) >= 0; close(c))
            serve_connection(c, manner);
        _exit(25);
    }
    close(fd);
    return pid;
}

/* Ends the agent; fails the test if it was asked what it must not be. */
static void agent_stop(pid_t pid)
{
    int status = 0;
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(place);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- the tests ---- */

static struct aver_k1 *k1;

static void assert_keys(const struct keys *k, size_t first)
{
    static const uint8_t zeros[32];
    char hex[65];
    aver_hex_encode(hex, k->k1, 32);
    assert_string_equal(hex, derived[first].key);
    aver_hex_encode(hex, k->ed, 32);
    assert_string_equal(hex, derived[first + 1].key);
    assert_memory_equal(k->seed, zeros, 32);
}

static void fetch_well(enum agent_manner manner, const char *socket,
                       const char *model, size_t first)
{
    struct aver_error err = {0};
    pid_t agent = agent_start(manner);
    struct keys *k = keys_new(&err);
    assert_non_null(k);
    if (dstack_key_fetch(k, k1, socket, model, &err) != 0)
        fail_msg("%s", err.text);
    assert_keys(k, first);
    struct signer s;
    char address[AVER_ADDRESS_TEXT];
    assert_int_equal(signer_init(&s, k, NULL, &err), 0);
    aver_address_format(address, s.address);
    if (first == 0)
        assert_string_equal(address,
                            "0x4E522300aacDbD2FB000a7766d2363C3a933E090");
    signer_clear(&s);
    agent_stop(agent);
}

static void test_current_agent(void **state)
{
    (void)state;
    char url[80];
    fetch_well(AGENT_CURRENT, place, "test-model", 0);
    snprintf(url, sizeof(url), "unix:%s", place);
    fetch_well(AGENT_CURRENT, url, "test-model", 0);
}

static void test_without_model_name(void **state)
{
    (void)state;
    fetch_well(AGENT_CURRENT, place, "", 2);
}

static void test_legacy_agent(void **state)
{
    (void)state;
    fetch_well(AGENT_LEGACY, place, "test-model", 0);
}

static void test_bad_answers(void **state)
{
    (void)state;
    static const struct {
        enum agent_manner manner;
        enum aver_error_code code;
        const char *word;
    } rows[] = {
        {AGENT_DEAF, AVER_EIO, "404"},
        {AGENT_REFUSES, AVER_EIO, "no key? for you"},
        {AGENT_NOT_JSON, AVER_EFORMAT, "JSON"},
        {AGENT_CUT_JSON, AVER_EFORMAT, "JSON"},
        {AGENT_NO_MEMBER, AVER_EFORMAT, "member key"},
        {AGENT_TWO_MEMBERS, AVER_EFORMAT, "member key"},
        {AGENT_SHORT_KEY, AVER_EFORMAT, "member key"},
        {AGENT_LONG_KEY, AVER_EFORMAT, "member key"},
        {AGENT_ZERO_KEY, AVER_EFORMAT, "scalar"},
        {AGENT_SAME_KEY, AVER_EFORMAT, "same key"},
        {AGENT_CUT_BODY, AVER_OK, ""},
        {AGENT_SILENT, AVER_OK, ""},
        {AGENT_HUGE, AVER_ELIMIT, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aver_error err = {0};
        pid_t agent = agent_start(rows[i].manner);
        struct keys *k = keys_new(&err);
        assert_non_null(k);
        assert_int_equal(dstack_key_fetch(k, k1, place, "test-model", &err),
                         -1);
        assert_true(err.code != AVER_OK && err.text[0]);
        if (rows[i].code != AVER_OK)
            assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.text, rows[i].word));
        /* Never a piece of the key. */
        assert_null(strstr(err.text, "f1bbd2ee"));
        keys_free(k);
        agent_stop(agent);
    }
}

static void test_no_agent(void **state)
{
    (void)state;
    char deep[128];
    struct aver_error err = {0};
    struct keys *k = keys_new(&err);
    snprintf(deep, sizeof(deep), "%s/none.sock", folder);
    assert_int_equal(dstack_key_fetch(k, k1, deep, "m", &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    /* What docker makes where the socket to be mounted is missing. */
    assert_int_equal(mkdir(place, 0700), 0);
    assert_int_equal(dstack_key_fetch(k, k1, place, "m", &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    assert_non_null(strstr(err.text, place));
    rmdir(place);
    assert_int_equal(dstack_key_fetch(k, k1, "nonsense", "m", &err), -1);
    assert_int_not_equal(err.code, AVER_EABSENT);
    keys_free(k);
}

static int setup(void **state)
{
    (void)state;
    k1 = aver_k1_new();
    if (!k1 || !mkdtemp(folder))
        return -1;
    snprintf(place, sizeof(place), "%s/dstack.sock", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    aver_k1_free(k1);
    unlink(place);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_current_agent),
        cmocka_unit_test(test_without_model_name),
        cmocka_unit_test(test_legacy_agent),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_no_agent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
