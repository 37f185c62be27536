/* SPDX-License-Identifier: Apache-2.0
 *
 * test_links: a worker between its clients and the notary and attester: the
 * receipt goes first, then the last bytes; what happens when a pair is full,
 * when the other end is gone, or says what it must not. */
#include "worker_rig.h"

static struct notary_put put;
static struct fake_text t;

static int begin(void **state)
{
    memset(&t, 0, sizeof(t));
    memset(&put, 0, sizeof(put));
    return rig_start(state);
}

static void the_receipt_is_there_before_the_last_bytes(void **state)
{
    uint8_t request[32], response[32];
    int client = fake_connect(rig.port), e = rig_begin(client);

    (void)state;
    fake_send(e, RIG_JSON);
    rig_from_notary(&put, sizeof(put));
    RIG_READ(client, &t, "{\"id\":\"e\"}");
    aver_sha256(request, aver_bytes_str("{}"));
    aver_sha256(response, aver_bytes_str("{\"id\":\"e\"}"));
    assert_int_equal(put.head.type, NOTARY_PUT);
    assert_int_equal(put.head.generation, 7);
    assert_int_equal(put.head.count, 1);
    assert_int_equal(put.record[0].kind, NOTARY_RECEIPT);
    assert_memory_equal(put.record[0].request_sha256, request, 32);
    assert_memory_equal(put.record[0].response_sha256, response, 32);
    assert_int_equal(put.record[0].id_len, 1);
    assert_int_equal(put.record[0].id[0], 'e');
    close(client);
    close(e);
}

#define MANY 300
#define ANSWER "{\"id\":\"e\"}"

/* Counts the receipts that came through; each must be right. */
static int take_receipts(void)
{
    uint8_t response[32];
    int got = 0;

    aver_sha256(response, aver_bytes_str(ANSWER));
    while (channel_recv(rig.notary, &put, sizeof(put), NULL, false) > 0)
        for (uint32_t k = 0; k < put.head.count; k++, got++)
            assert_memory_equal(put.record[k].response_sha256, response, 32);
    return got;
}

static bool is_held(void)
{
    return rig.w->finishing.next != &rig.w->finishing;
}

/* A pair that takes no more holds last bytes back; every receipt that comes
 * through later is right, the one that was refused at first among them. */
static void a_full_pair_holds_the_last_bytes(void **state)
{
    int client[MANY], n = 0, got = 0, small = 1;

    (void)state;
    setsockopt(rig.w->notary.watch.fd, SOL_SOCKET, SO_SNDBUF, &small,
               sizeof(small));
    for (int held = 0; n < MANY && held < 5; n++) {
        int e;

        client[n] = fake_connect(rig.port);
        e = rig_begin(client[n]);
        fake_send(e, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Connection: close\r\nContent-Length: 10\r\n\r\n" ANSWER);
        close(e);
        rig_turns(2);
        held += is_held();
    }
    assert_true(rig.w->notary.blocked && is_held());
    memset(&t, 0, sizeof(t));
    assert_false(fake_has(client[n - 1], &t, ANSWER));
    for (int end = rig.ticks + 500; got < n && rig.ticks < end;) {
        got += take_receipts();
        loop_turn(&rig.w->loop);
    }
    assert_int_equal(got, n);
    assert_false(is_held());
    for (int i = 0; i < n; i++) {
        memset(&t, 0, sizeof(t));
        RIG_READ(client[i], &t, ANSWER);
        close(client[i]);
    }
}

static void an_exchange_that_saw_two_notaries_gets_no_receipt(void **state)
{
    int client = fake_connect(rig.port), e = rig_begin(client);

    (void)state;
    close(rig.notary);
    RIG_UNTIL(!rig.w->notary.hello);
    rig.notary = rig_link(CONTROL_NOTARY);
    rig_hello(8);
    RIG_UNTIL(rig.w->notary.hello);
    fake_send(e, RIG_JSON);
    RIG_READ(client, &t, "{\"id\":\"e\"}");
    rig_turns(2);
    assert_int_equal(channel_recv(rig.notary, &put, sizeof(put), NULL, false),
                     -1);
    close(client);
    close(e);
}

static void without_a_notary_tails_leave_unsigned(void **state)
{
    int client = fake_connect(rig.port), other = fake_connect(rig.port);
    int e = rig_begin(client);

    (void)state;
    close(rig.notary);
    rig.notary = -1;
    RIG_UNTIL(!rig.w->notary.hello);
    fake_send(e, RIG_JSON);
    RIG_READ(client, &t, "{\"id\":\"e\"}");
    memset(&t, 0, sizeof(t));
    fake_send(other, "GET /v1/signature/x HTTP/1.1\r\nHost: a\r\n\r\n");
    RIG_READ(other, &t, "HTTP/1.1 503 ");
    close(client);
    close(other);
    close(e);
}

static void tombstones_say_who_broke_off(void **state)
{
    int client = fake_connect(rig.port), e = rig_begin(client);

    (void)state;
    fake_send(e, RIG_SSE "18\r\ndata: {\"id\":\"s\",\"x\":1}\n\n\r\n");
    RIG_READ(client, &t, "\"s\"");
    close(client);
    rig_from_notary(&put, sizeof(put));
    assert_int_equal(put.record[0].kind, NOTARY_CLIENT_LEFT);
    assert_int_equal(put.record[0].id[0], 's');
    close(e);
    client = fake_connect(rig.port);
    e = rig_begin(client);
    fake_send(e, RIG_SSE "18\r\ndata: {\"id\":\"u\",\"x\":1}\n\n\r\n");
    memset(&t, 0, sizeof(t));
    RIG_READ(client, &t, "\"u\"");
    close(e);
    rig_from_notary(&put, sizeof(put));
    assert_int_equal(put.record[0].kind, NOTARY_CUT);
    assert_int_equal(put.record[0].id[0], 'u');
    close(client);
}

static void answer(const struct notary_lookup *l, uint64_t generation)
{
    struct notary_answer a = {.head = {.version = CHANNEL_VERSION,
                                       .type = NOTARY_ANSWER,
                                       .generation = generation},
                              .seq = l->seq,
                              .status = NOTARY_MISSING,
                              .algo = l->algo};

    assert_int_equal(channel_send(rig.notary, &a, sizeof(a), -1), 0);
}

static void a_lookup_is_asked_and_answered(void **state)
{
    struct notary_lookup l, stranger = {.seq = 12345};
    int client = fake_connect(rig.port);

    (void)state;
    fake_send(client, "GET /v1/signature/a%2Fb?signing_algo=ed25519 HTTP/1.1"
                      "\r\nHost: a\r\n\r\n");
    rig_from_notary(&l, sizeof(l));
    assert_int_equal(l.algo, NOTARY_ED25519);
    assert_int_equal(l.id_len, 3);
    assert_memory_equal(l.id, "a/b", 3);
    answer(&stranger, 7); /* nobody asked */
    answer(&l, 6);        /* of another notary */
    rig_turns(3);
    assert_false(fake_has(client, &t, "HTTP/1.1"));
    answer(&l, 7);
    RIG_READ(client, &t, "HTTP/1.1 404 ");
    close(client);
}

static void a_client_that_left_is_not_answered(void **state)
{
    struct notary_lookup l;
    int client = fake_connect(rig.port);

    (void)state;
    fake_send(client, "GET /v1/signature/x HTTP/1.1\r\nHost: a\r\n\r\n");
    rig_from_notary(&l, sizeof(l));
    close(client);
    RIG_UNTIL(rig.w->server.open == 0);
    answer(&l, 7);
    rig_turns(3);
    assert_int_equal(rig.w->active, 0);
}

static void rubbish_ends_a_pair(void **state)
{
    (void)state;
    assert_int_equal(channel_send(rig.notary, "rubbish", 7, -1), 0);
    RIG_UNTIL(rig.w->notary.watch.fd < 0);
    close(rig.notary);
    rig.notary = rig_link(CONTROL_NOTARY);
    rig_hello(8);
    RIG_UNTIL(rig.w->notary.hello);
    rig_hello(9); /* nobody changes who he is */
    RIG_UNTIL(rig.w->notary.watch.fd < 0);
    assert_int_equal(channel_send(rig.attester, "rubbish", 7, -1), 0);
    RIG_UNTIL(rig.w->attester.watch.fd < 0);
}

static void a_report_is_asked_for_a_client(void **state)
{
    struct attest_ask ask = {0};
    int client = fake_connect(rig.port);

    (void)state;
    fake_send(client, "GET /v1/attestation/report?signing_algo=ed25519&version"
                      "=2 HTTP/1.1\r\nHost: a\r\n\r\n");
    RIG_UNTIL(channel_recv(rig.attester, &ask, sizeof(ask), NULL, false) > 0);
    assert_true(attest_message_ok(&ask, sizeof(ask)));
    assert_int_equal(ask.algo, ATTEST_ED25519);
    assert_int_equal(ask.layout, ATTEST_LAYOUT_B);
    assert_int_equal(ask.has_nonce, 0);
    assert_int_equal(ask.endorsements, 0);
    assert_memory_equal(ask.client + 12, "\x7f\0\0\1", 4);
    close(rig.attester); /* it dies before it answers */
    rig.attester = -1;
    RIG_READ(client, &t, "HTTP/1.1 503 ");
    close(client);
}

static void endorsements_are_asked_for(void **state)
{
    static const struct {
        const char *query;
        uint8_t want;
    } rows[] = {{"endorsements=1", 1},
                {"endorsements=TRUE", 1},
                {"endorsements=0", 0},
                {"endorsements=false", 0}};
    char request[200];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct attest_ask ask = {0};
        int client = fake_connect(rig.port);
        snprintf(request, sizeof(request),
                 "GET /v1/attestation/report?%s HTTP/1.1\r\nHost: a\r\n\r\n",
                 rows[i].query);
        fake_send(client, request);
        RIG_UNTIL(channel_recv(rig.attester, &ask, sizeof(ask), NULL, false) >
                  0);
        assert_true(attest_message_ok(&ask, sizeof(ask)));
        assert_int_equal(ask.endorsements, rows[i].want);
        close(client);
    }
}

static void news_of_endorsements(void **state)
{
    struct attest_reply news = {.version = CHANNEL_VERSION,
                                .type = ATTEST_NEWS,
                                .endorsed_until = 77,
                                .gpu = {.state = GPU_LOST, .error = 15}};

    (void)state;
    assert_int_equal(rig.w->endorsed_until, 0);
    assert_int_equal(channel_send(rig.attester, &news, sizeof(news), -1), 0);
    RIG_UNTIL(rig.w->endorsed_until == 77);
    assert_int_equal(rig.w->gpu.state, GPU_LOST);
    close(rig.attester); /* what another one holds, it will say */
    rig.attester = -1;
    RIG_UNTIL(rig.w->attester.watch.fd < 0);
    assert_int_equal(rig.w->endorsed_until, 0);
    assert_int_equal(rig.w->gpu.state, GPU_UNKNOWN);
    rig.attester = rig_link(CONTROL_ATTESTER);
    RIG_UNTIL(rig.w->attester.watch.fd >= 0);
    assert_int_equal(channel_send(rig.attester, &news, sizeof(news), 0), 0);
    RIG_UNTIL(rig.w->attester.watch.fd < 0); /* news bring nothing along */
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, rig_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_receipt_is_there_before_the_last_bytes),
        T(a_full_pair_holds_the_last_bytes),
        T(an_exchange_that_saw_two_notaries_gets_no_receipt),
        T(without_a_notary_tails_leave_unsigned),
        T(tombstones_say_who_broke_off),
        T(a_lookup_is_asked_and_answered),
        T(a_client_that_left_is_not_answered),
        T(rubbish_ends_a_pair),
        T(a_report_is_asked_for_a_client),
        T(endorsements_are_asked_for),
        T(news_of_endorsements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
