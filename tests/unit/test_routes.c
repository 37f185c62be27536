/* SPDX-License-Identifier: Apache-2.0
 *
 * test_routes: which request goes where, who may ask it, and what is said to
 * the rest. */
#include "worker_rig.h"

enum goes { ANSWERED, TO_ENGINE, TO_NOTARY, TO_ATTESTER };

static uint8_t token[1][32];
static struct fake_text t;

/* Takes what the worker has sent to whom, if anything. */
static enum goes look(int client)
{
    char packet[sizeof(struct notary_put)];

    for (int end = rig.ticks + 250; rig.ticks < end;) {
        int e = accept4(rig.engine, NULL, NULL, SOCK_NONBLOCK);

        if (e >= 0) {
            close(e);
            return TO_ENGINE;
        }
        if (channel_recv(rig.notary, packet, sizeof(packet), NULL, false) > 0)
            return TO_NOTARY;
        if (channel_recv(rig.attester, packet, sizeof(packet), NULL, false) > 0)
            return TO_ATTESTER;
        if (fake_has(client, &t, "\r\n\r\n"))
            return ANSWERED;
        loop_turn(&rig.w->loop);
    }
    fail_msg("went nowhere");
    return ANSWERED;
}

static enum goes ask(const char *method, const char *target, const char *fields,
                     unsigned *status)
{
    char request[9000];
    int client = fake_connect(rig.port);
    enum goes where;

    memset(&t, 0, sizeof(t));
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n",
             method, target, fields);
    fake_send(client, request);
    where = look(client);
    *status = where == ANSWERED ? (unsigned)strtoul(t.text + 9, NULL, 10) : 0;
    close(client);
    RIG_UNTIL(rig.w->server.open == 0);
    return where;
}

static const struct {
    const char *method, *target;
    bool token;
    enum goes where;
    unsigned status;
} rows[] = {
    {"GET", "/version", false, ANSWERED, 200},
    {"HEAD", "/version", false, ANSWERED, 200},
    {"GET", "/metrics", false, ANSWERED, 200},
    {"GET", "/", false, ANSWERED, 200},
    {"GET", "/nowhere", false, ANSWERED, 404},
    {"GET", "/versions", false, ANSWERED, 404},
    {"POST", "/version", false, ANSWERED, 405},
    {"BREW", "/v1/models", false, ANSWERED, 405},
    {"OPTIONS", "/v1/chat/completions", false, ANSWERED, 204},
    {"GET", "/v1/models", false, TO_ENGINE, 0},
    {"GET", "/v1/%6dodels", false, ANSWERED, 401},
    {"GET", "/v1/%6dodels", true, TO_ENGINE, 0},
    {"GET", "/v1/models/m", false, ANSWERED, 401},
    {"POST", "/v1/models", true, ANSWERED, 405},
    {"POST", "/v1/chat/completions", false, ANSWERED, 401},
    {"POST", "/v1/chat/completions", true, TO_ENGINE, 0},
    {"DELETE", "/v1/files/x", true, TO_ENGINE, 0},
    {"GET", "/v1/files?a=b", true, TO_ENGINE, 0},
    {"GET", "/v1/metrics", true, TO_ENGINE, 0},
    {"GET", "/v1/metrics", false, ANSWERED, 401},
    {"GET", "/v1/signature/x", false, ANSWERED, 401},
    {"GET", "/v1/signature/x", true, TO_NOTARY, 0},
    {"GET", "/v1/%73ignature/x", true, TO_NOTARY, 0},
    {"GET", "/v1/signature/a/b", true, TO_NOTARY, 0},
    {"GET", "/v1/signature/", true, ANSWERED, 400},
    {"GET", "/v1/signature", true, ANSWERED, 400},
    {"GET", "/v1/signature/a%0ab", true, ANSWERED, 400},
    {"GET", "/v1/signature/x?signing_algo=rsa", true, ANSWERED, 400},
    {"POST", "/v1/signature/x", true, ANSWERED, 405},
    {"GET", "/v1/attestation/report", false, TO_ATTESTER, 0},
    {"GET", "/v1/attestation/report?model=x&SIGNING_algo=y", false, TO_ATTESTER,
     0},
    {"GET", "/v1/attestation/report?signing_algo=ED25519", false, TO_ATTESTER,
     0},
    {"GET", "/v1/attestation/report?signing_algo=x", false, ANSWERED, 400},
    {"GET", "/v1/attestation/report?nonce=12", false, ANSWERED, 400},
    {"GET", "/v1/attestation/report?version=3", false, ANSWERED, 400},
    {"GET", "/v1/attestation/report?include_tls_fingerprint=maybe", false,
     ANSWERED, 400},
    {"GET", "/v1/attestation/report?endorsements=1", false, TO_ATTESTER, 0},
    {"GET", "/v1/attestation/report?endorsements=False", false, TO_ATTESTER, 0},
    {"GET", "/v1/attestation/report?endorsements=yes", false, ANSWERED, 400},
    {"GET", "/v1/attestation/report?endorsements=", false, ANSWERED, 400},
    {"GET", "/v1/attestation/report?endorsements=11", false, ANSWERED, 400},
    {"GET",
     "/v1/attestation/report?signing_address="
     "0xA1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
     false, TO_ATTESTER, 0},
    {"GET",
     "/v1/attestation/report?signing_address="
     "0xb1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
     false, ANSWERED, 404},
    {"GET", "/v1/attestation", false, ANSWERED, 404},
    {"GET", "/v1/attestation/other", false, ANSWERED, 404},
    {"GET", "/v1/../version", true, ANSWERED, 400},
    {"GET", "/v1/..%2fversion", true, ANSWERED, 400},
    {"GET", "/v1/%252e%252e/version", true, ANSWERED, 400},
    {"GET", "/v1/a..b/...", true, TO_ENGINE, 0},
    {"GET", "http://other.example/v1/models", false, TO_ENGINE, 0},
};

static void every_request_finds_its_place(void **state)
{
    (void)state;
    rig.config.ntokens = 1;
    rig.config.token_sha256 = token;
    aver_sha256(token[0], aver_bytes_str("sesame"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        unsigned status = 0;
        enum goes where = ask(
            rows[i].method, rows[i].target,
            rows[i].token ? "Authorization: bearer  sesame\r\n" : "", &status);

        if (where != rows[i].where || status != rows[i].status)
            fail_msg("%s %s: went %d with %u, expected %d with %u",
                     rows[i].method, rows[i].target, where, status,
                     rows[i].where, rows[i].status);
    }
}

static void only_the_token_itself_opens(void **state)
{
    static const char *const wrong[] = {
        "",
        "Authorization: Bearer sesam\r\n",
        "Authorization: Bearer sesamee\r\n",
        "Authorization: sesame\r\n",
        "Authorization: Basic sesame\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer sesame\r\nAuthorization: Bearer sesame\r\n"};
    unsigned status = 0;

    (void)state;
    rig.config.ntokens = 1;
    rig.config.token_sha256 = token;
    aver_sha256(token[0], aver_bytes_str("sesame"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_int_equal(ask("GET", "/v1/signature/x", wrong[i], &status),
                         ANSWERED);
        assert_int_equal(status, 401);
        assert_non_null(strstr(t.text, "WWW-Authenticate: Bearer\r\n"));
    }
}

static void a_metrics_listener_serves_nothing_else(void **state)
{
    unsigned status = 0;

    (void)state;
    rig.w->listener[0].metrics_only = true;
    rig.config.metrics_listener = 0;
    assert_int_equal(ask("GET", "/metrics", "", &status), ANSWERED);
    assert_int_equal(status, 200);
    assert_int_equal(ask("GET", "/version", "", &status), ANSWERED);
    assert_int_equal(status, 404);
    rig.w->listener[0].metrics_only = false; /* the others have none then */
    assert_int_equal(ask("GET", "/metrics", "", &status), ANSWERED);
    assert_int_equal(status, 404);
}

static void while_draining_only_inference_is_refused(void **state)
{
    unsigned status = 0;

    (void)state;
    rig.w->draining = true;
    assert_int_equal(ask("POST", "/v1/x", "", &status), ANSWERED);
    assert_int_equal(status, 503);
    assert_non_null(strstr(t.text, "Connection: close"));
    assert_int_equal(ask("GET", "/v1/signature/x", "", &status), TO_NOTARY);
    assert_int_equal(ask("GET", "/v1/attestation/report", "", &status),
                     TO_ATTESTER);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_request_finds_its_place),
        T(only_the_token_itself_opens),
        T(a_metrics_listener_serves_nothing_else),
        T(while_draining_only_inference_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
