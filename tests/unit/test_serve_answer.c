/* SPDX-License-Identifier: Apache-2.0
 *
 * test_serve_answer: the answers that a worker makes itself (serve/answer.c,
 * serve/health.c): their bodies and statuses. */
#include "worker_rig.h"

#include "base/json.h"

static struct fake_text t;
static int client;

static int begin(void **state)
{
    memset(&t, 0, sizeof(t));
    rig_start(state);
    client = fake_connect(rig.port);
    return 0;
}

static int end(void **state)
{
    close(client);
    return rig_stop(state);
}

static void get(const char *target)
{
    char request[400];

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
             target);
    fake_send(client, request);
}

/* The whole answer's body as a tree; its length is what the head says. */
static json_t *body(void)
{
    struct aver_error err;
    const char *length = NULL, *start = NULL;
    json_t *tree = NULL;

    RIG_READ(client, &t, "\r\n\r\n");
    length = strstr(t.text, "Content-Length: ");
    start = strstr(t.text, "\r\n\r\n") + 4;
    assert_non_null(length);
    RIG_UNTIL((fake_read(client, &t),
               strlen(start) == strtoul(length + 16, NULL, 10)));
    tree = aver_json_parse(aver_bytes_str(start), &err);
    assert_non_null(tree);
    return tree;
}

static const char *text_of(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static void sign(enum notary_algo algo)
{
    struct notary_lookup l;
    struct notary_answer a = {.head = {.version = CHANNEL_VERSION,
                                       .type = NOTARY_ANSWER,
                                       .generation = 7},
                              .status = NOTARY_FOUND,
                              .algo = (uint8_t)algo,
                              .text_len = 4,
                              .text = "\"m:x"};

    memset(a.signature, 0x5a, algo == NOTARY_ECDSA ? 65 : 64);
    get(algo == NOTARY_ECDSA ? "/v1/signature/x"
                             : "/v1/signature/x?signing_algo=ed25519");
    rig_from_notary(&l, sizeof(l));
    a.seq = l.seq;
    assert_int_equal(channel_send(rig.notary, &a, sizeof(a), -1), 0);
}

static void a_signature_has_its_four_members(void **state)
{
    json_t *o = NULL;

    (void)state;
    sign(NOTARY_ECDSA);
    o = body();
    assert_string_equal(text_of(o, "text"), "\"m:x");
    assert_int_equal(strncmp(text_of(o, "signature"), "0x5a5a", 6), 0);
    assert_int_equal(strlen(text_of(o, "signature")), 132);
    assert_string_equal(text_of(o, "signing_algo"), "ecdsa");
    assert_int_equal(strlen(text_of(o, "signing_address")), 42);
    assert_int_equal(json_object_size(o), 4);
    json_decref(o);
}

static void the_first_generation_has_no_prefix(void **state)
{
    json_t *o = NULL;

    (void)state;
    rig.config.compat_seed = true;
    sign(NOTARY_ECDSA);
    o = body();
    assert_int_equal(strlen(text_of(o, "signature")), 130);
    json_decref(o);
}

static void ed25519_is_named_by_its_key(void **state)
{
    json_t *o = NULL;

    (void)state;
    sign(NOTARY_ED25519);
    o = body();
    assert_int_equal(strlen(text_of(o, "signature")), 128);
    assert_int_equal(strncmp(text_of(o, "signing_address"), "edededed", 8), 0);
    assert_int_equal(strlen(text_of(o, "signing_address")), 64);
    json_decref(o);
}

/* What the attester says, and what it becomes. */
static const struct {
    enum attest_status status;
    unsigned http;
    const char *type;
    bool retry;
} endings[] = {
    {ATTEST_BUSY, 503, "server_error", true},
    {ATTEST_ABSENT, 503, "server_error", true},
    {ATTEST_WRONG, 502, "attestation_error", false},
    {ATTEST_SLOW, 504, "attestation_error", false},
    {ATTEST_NO_TLS, 400, "invalid_request_error", false},
    {ATTEST_NO_NOTARY, 503, "server_error", true},
};

static void reply(enum attest_status status, uint64_t size, int fd)
{
    struct attest_ask ask;
    struct attest_reply r = {.version = CHANNEL_VERSION,
                             .type = ATTEST_REPLY,
                             .status = (uint32_t)status,
                             .retry_after_s = 9,
                             .generation = 7,
                             .size = size};

    memset(&t, 0, sizeof(t));
    get("/v1/attestation/report");
    RIG_UNTIL(channel_recv(rig.attester, &ask, sizeof(ask), NULL, false) > 0);
    r.seq = ask.seq;
    assert_int_equal(channel_send(rig.attester, &r, sizeof(r), fd), 0);
}

static void a_report_that_was_not_made_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        json_t *o = NULL;

        reply(endings[i].status, 0, -1);
        o = body();
        assert_int_equal(strtoul(t.text + 9, NULL, 10), endings[i].http);
        assert_string_equal(text_of(json_object_get(o, "error"), "type"),
                            endings[i].type);
        assert_int_equal(strstr(t.text, "Retry-After: 9\r\n") != NULL,
                         endings[i].retry);
        json_decref(o);
    }
}

static int report_file(const char *text, int seals)
{
    int fd = memfd_create("report", MFD_ALLOW_SEALING);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static void a_report_passes_as_it_is(void **state)
{
    int fd = report_file("{\"a\": 1}", F_SEAL_WRITE | F_SEAL_SHRINK);

    (void)state;
    reply(ATTEST_OK, 8, fd);
    RIG_READ(client, &t, "\r\n\r\n{\"a\": 1}");
    assert_non_null(strstr(t.text, "HTTP/1.1 200 "));
    close(fd);
}

/* A file that could still change, or is shorter than it is said to be. */
static void a_report_that_could_change_is_refused(void **state)
{
    int open = report_file("{\"a\": 1}", F_SEAL_SHRINK);
    int loose = report_file("{\"a\": 1}", F_SEAL_WRITE);
    int brief = report_file("{}", F_SEAL_WRITE | F_SEAL_SHRINK);

    (void)state;
    reply(ATTEST_OK, 8, open);
    RIG_READ(client, &t, "HTTP/1.1 502 ");
    reply(ATTEST_OK, 8, loose);
    RIG_READ(client, &t, "HTTP/1.1 502 ");
    reply(ATTEST_OK, 8, brief);
    RIG_READ(client, &t, "HTTP/1.1 502 ");
    reply(ATTEST_OK, 8, -1);
    RIG_READ(client, &t, "HTTP/1.1 502 ");
    close(open);
    close(loose);
    close(brief);
}

static void health_names_each_part(void **state)
{
    json_t *o = NULL;

    (void)state;
    get("/health");
    o = body();
    assert_non_null(strstr(t.text, "HTTP/1.1 200 "));
    assert_string_equal(text_of(o, "engine"), "up");
    json_decref(o);
    close(rig.engine);
    rig.engine = -1;
    close(rig.attester);
    rig.attester = -1;
    RIG_UNTIL(rig.w->attester.watch.fd < 0);
    memset(&t, 0, sizeof(t));
    get("/health");
    o = body();
    assert_non_null(strstr(t.text, "HTTP/1.1 503 "));
    assert_string_equal(text_of(o, "engine"), "unreachable");
    assert_string_equal(text_of(o, "attester"), "down");
    assert_string_equal(text_of(o, "notary"), "up");
    assert_true(json_is_false(json_object_get(o, "ready")));
    json_decref(o);
}

static void endorsements_are_told(void **state)
{
    static const struct {
        uint64_t until;
        const char *word, *metric;
    } rows[] = {
        {0, "none", "aver_endorsements_valid_until_seconds 0\n"},
        {9, "expired", "aver_endorsements_valid_until_seconds 9\n"},
        {4102444800, "valid",
         "aver_endorsements_valid_until_seconds 4102444800\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        rig.w->endorsed_until = rows[i].until;
        memset(&t, 0, sizeof(t));
        get("/health");
        json_t *o = body();
        assert_non_null(strstr(t.text, "HTTP/1.1 200 ")); /* ready anyhow */
        assert_string_equal(text_of(o, "endorsements"), rows[i].word);
        assert_int_equal(
            json_integer_value(json_object_get(o, "endorsements_valid_until")),
            rows[i].until);
        json_decref(o);
        memset(&t, 0, sizeof(t));
        get("/metrics");
        RIG_READ(client, &t, rows[i].metric);
    }
}

/* 503 where reports cannot be made; the state by its word in any case. */
static void gpus_are_told(void **state)
{
    static const struct {
        struct gpu_status gpu;
        const char *status, *text, *metric;
    } rows[] = {
        {{.state = GPU_UNKNOWN},
         "200",
         "\"gpu\":{\"state\":\"unknown\"}}",
         "aver_gpu_failed{state=\"unknown\"} 0\n"},
        {{.state = GPU_NONE, .missing = GPU_NO_LIBRARY},
         "200",
         "\"gpu\":{\"state\":\"none\",\"missing\":\"no_library\"}}",
         "aver_gpu_failed{state=\"none\"} 0\n"},
        {{.state = GPU_OK, .gpus = 8},
         "200",
         "\"gpu\":{\"state\":\"ok\",\"count\":8}}",
         "aver_gpu_failed{state=\"ok\"} 0\n"},
        {{.state = GPU_LOST, .error = 15},
         "503",
         "\"gpu\":{\"state\":\"lost\",\"error\":15}}",
         "aver_gpu_failed{state=\"lost\"} 1\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        rig.w->gpu = rows[i].gpu;
        memset(&t, 0, sizeof(t));
        get("/health");
        RIG_READ(client, &t, rows[i].text);
        assert_memory_equal(t.text + 9, rows[i].status, 3);
        memset(&t, 0, sizeof(t));
        get("/metrics");
        RIG_READ(client, &t, rows[i].metric);
    }
}

static void a_preflight_gets_back_what_it_asked_for(void **state)
{
    (void)state;
    fake_send(client, "OPTIONS /v1/x HTTP/1.1\r\nHost: a\r\n"
                      "Access-Control-Request-Headers: x-a, x-b\r\n\r\n");
    RIG_READ(client, &t, "Access-Control-Allow-Headers: x-a, x-b\r\n");
    assert_non_null(strstr(t.text, "Access-Control-Allow-Origin: *\r\n"));
    assert_null(strstr(t.text, "Content-Length"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_signature_has_its_four_members),
        T(the_first_generation_has_no_prefix),
        T(ed25519_is_named_by_its_key),
        T(a_report_that_was_not_made_says_why),
        T(a_report_passes_as_it_is),
        T(a_report_that_could_change_is_refused),
        T(health_names_each_part),
        T(endorsements_are_told),
        T(gpus_are_told),
        T(a_preflight_gets_back_what_it_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
