/* SPDX-License-Identifier: Apache-2.0
 *
 * answer: the answers that aver makes itself: errors in OpenAI's shape
 * (PROTOCOL), signatures (PROTOCOL), reports, health, version, metrics. */
#include "base/text.h"
#include "base/version.h"
#include "crypto/k1.h"
#include "serve/worker.h"
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REPORT_MAX (16u << 20)

const struct early early_unreachable = {
    502, "upstream_error", "The inference engine cannot be reached", NULL,
    NULL};
const struct early early_draining = {503, "server_error",
                                     "The server is shutting down", NULL, NULL};
const struct early early_no_notary = {
    503, "server_error", "Signatures are not available at the moment", NULL,
    NULL};
const struct early early_no_attester = {
    503, "server_error", "Reports are not available at the moment", NULL, NULL};
const struct early early_too_large = {413, "payload_too_large",
                                      "Request body is too large", NULL, NULL};

static struct aver_bytes str(const char *text)
{
    return aver_bytes_str(text);
}

static void add(struct server_answer *a, const char *name, const char *value)
{
    bool room = server_answer_add(a, str(name), str(value));

    assert(room);
}

void answer_add_common(const struct exchange *x, struct server_answer *a)
{
    add(a, "X-Request-Id", x->request_id);
    if (x->client_request_id != NULL)
        add(a, "X-Client-Request-Id", x->client_request_id);
    add(a, "Access-Control-Allow-Origin", "*");
    add(a, "Access-Control-Expose-Headers",
        "X-Request-Id, X-Client-Request-Id, Retry-After");
}

static void send_whole(struct exchange *x, struct server_answer *a,
                       struct aver_bytes body)
{
    x->status = (uint16_t)a->status;
    x->answer_bytes = body.n;
    a->length = body.n;
    a->framing = HTTP_LENGTH;
    server_send(x->client, a, body, SERVER_END);
}

void answer_text(struct exchange *x, unsigned status, const char *type,
                 struct aver_bytes body)
{
    struct server_answer a = {.status = status};

    add(&a, "Content-Type", type);
    add(&a, "Cache-Control", "no-store");
    answer_add_common(x, &a);
    send_whole(x, &a, body);
}

void answer_json(struct exchange *x, unsigned status, struct aver_bytes body)
{
    answer_text(x, status, "application/json", body);
}

static void check(int rc)
{
    if (rc != 0)
        abort(); /* out of memory, or a bound of ours is wrong */
}

static void quote_or_null(struct aver_buf *b, const char *text)
{
    if (text == NULL)
        check(aver_buf_append_str(b, "null"));
    else
        check(aver_json_quote(b, str(text)));
}

static void error_with_retry(struct exchange *x, const struct early *e,
                             unsigned retry_after_s)
{
    struct server_answer a = {.status = e->status};
    struct aver_buf b;
    char seconds[16];

    aver_buf_init(&b, 4096);
    check(aver_buf_append_str(&b, "{\"error\":{\"message\":"));
    quote_or_null(&b, e->message);
    check(aver_buf_append_str(&b, ",\"type\":"));
    quote_or_null(&b, e->type);
    check(aver_buf_append_str(&b, ",\"param\":"));
    quote_or_null(&b, e->param);
    check(aver_buf_append_str(&b, ",\"code\":"));
    quote_or_null(&b, e->code);
    check(aver_buf_append_str(&b, "}}"));
    add(&a, "Content-Type", "application/json");
    if (e->status == 401)
        add(&a, "WWW-Authenticate", "Bearer");
    if (e->status == 503) {
        snprintf(seconds, sizeof(seconds), "%u",
                 retry_after_s > 0 ? retry_after_s : 1);
        add(&a, "Retry-After", seconds);
    }
    answer_add_common(x, &a);
    send_whole(x, &a, aver_buf_view(&b));
    aver_buf_clear(&b);
}

void answer_error(struct exchange *x, const struct early *e)
{
    error_with_retry(x, e, 0);
}

void answer_preflight(struct exchange *x, struct aver_bytes asked_headers)
{
    struct server_answer a = {.status = 204};

    add(&a, "Access-Control-Allow-Methods",
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    if (asked_headers.n > 0 && asked_headers.n <= 1024)
        server_answer_add(&a, str("Access-Control-Allow-Headers"),
                          asked_headers);
    else
        add(&a, "Access-Control-Allow-Headers",
            "Authorization, Content-Type, Accept, X-Request-Id");
    add(&a, "Access-Control-Max-Age", "86400");
    answer_add_common(x, &a);
    x->status = 204;
    server_send(x->client, &a, (struct aver_bytes){0}, SERVER_END);
}

/* Why there is no signature, by enum notary_status. */
static const struct early missing[] = {
    [NOTARY_MISSING] = {404, "not_found", "Chat id not found or expired", NULL,
                        NULL},
    [NOTARY_GONE_CLIENT] = {404, "not_found",
                            "No signature: the client left before the end of "
                            "the answer",
                            NULL, "stream_disconnected"},
    [NOTARY_GONE_CUT] = {404, "not_found",
                         "No signature: the engine's answer did not end as it "
                         "must",
                         NULL, "stream_incomplete"},
};

static void print_signature(const struct exchange *x,
                            const struct notary_answer *a, struct aver_buf *b)
{
    const struct notary_hello *who = &x->worker->identity;
    bool ecdsa = a->algo == NOTARY_ECDSA;
    char address[AVER_ADDRESS_TEXT], key[65], signature[131];

    aver_hex_encode(signature, a->signature, ecdsa ? 65 : 64);
    aver_hex_encode(key, who->ed_public, 32);
    aver_address_format(address, who->address);
    check(aver_buf_append_str(b, "{\"text\":"));
    check(aver_json_quote(b, aver_bytes_of(a->text, a->text_len)));
    check(aver_buf_printf(b,
                          ",\"signature\":\"%s%s\",\"signing_address\":\"%s\","
                          "\"signing_algo\":\"%s\"}",
                          ecdsa && !x->worker->config->compat_seed ? "0x" : "",
                          signature, ecdsa ? address : key,
                          ecdsa ? "ecdsa" : "ed25519"));
}

void answer_signature(struct exchange *x, const struct notary_answer *a)
{
    struct metrics *m = x->worker->metrics;
    struct aver_buf b;

    if (a->status != NOTARY_FOUND) {
        metric_add(m, METRIC_LOOKUPS_MISSED, 1);
        answer_error(x, &missing[a->status]);
        return;
    }
    metric_add(m, METRIC_LOOKUPS_FOUND, 1);
    metric_time_add(m, METRIC_TIME_LOOKUP,
                    x->worker->loop.now_us - x->start_us);
    aver_buf_init(&b, 8192);
    print_signature(x, a, &b);
    answer_json(x, 200, aver_buf_view(&b));
    aver_buf_clear(&b);
}

/* What a report's failure means over HTTP (DECISIONS 17). */
static const struct early report_errors[] = {
    [ATTEST_BUSY] = {503, "server_error",
                     "Too many reports are being made; try again", NULL, NULL},
    [ATTEST_ABSENT] = {503, "server_error",
                       "Evidence is not available at the moment", NULL, NULL},
    [ATTEST_WRONG] = {502, "attestation_error",
                      "The evidence that was made is not what was asked for",
                      NULL, NULL},
    [ATTEST_SLOW] = {504, "attestation_error", "Making evidence took too long",
                     NULL, NULL},
    [ATTEST_NO_TLS] = {400, "invalid_request_error",
                       "attestation version 2 requires a TLS certificate "
                       "(set tls-identity)",
                       "include_tls_fingerprint", NULL},
    [ATTEST_NO_NOTARY] = {503, "server_error",
                          "Reports are not available at the moment", NULL,
                          NULL},
};

/* The whole memfd; it is sealed against shrinking and writing. */
static int read_report(int fd, uint64_t size, struct aver_buf *b)
{
    int seals = fcntl(fd, F_GET_SEALS);
    uint64_t done = 0;

    if (seals < 0 || !(seals & F_SEAL_SHRINK) || !(seals & F_SEAL_WRITE) ||
        size == 0 || size > REPORT_MAX || aver_buf_reserve(b, size) != 0)
        return -1;
    while (done < size) {
        ssize_t n = pread(fd, b->p + done, size - done, (off_t)done);

        if (n <= 0)
            return -1;
        done += (uint64_t)n;
    }
    b->n = size;
    return 0;
}

void answer_report(struct exchange *x, const struct attest_reply *r, int fd)
{
    struct metrics *m = x->worker->metrics;
    struct aver_buf b;

    aver_buf_init(&b, REPORT_MAX);
    if (r->status == ATTEST_OK && fd >= 0 &&
        read_report(fd, r->size, &b) == 0) {
        metric_add(m, METRIC_REPORTS, 1);
        metric_time_add(m, METRIC_TIME_REPORT,
                        x->worker->loop.now_us - x->start_us);
        answer_json(x, 200, aver_buf_view(&b));
    } else {
        metric_add(m, METRIC_REPORTS_REFUSED, 1);
        error_with_retry(
            x,
            &report_errors[r->status == ATTEST_OK ? ATTEST_WRONG : r->status],
            r->retry_after_s);
    }
    aver_buf_clear(&b);
}

void answer_health(struct exchange *x, bool engine_up)
{
    const struct worker *w = x->worker;
    bool notary = w->notary.hello, attester = w->attester.watch.fd >= 0;
    bool ready = engine_up && notary && attester && !w->draining &&
                 !gpu_state_failed(w->gpu.state);
    uint64_t now = (uint64_t)time(NULL);
    const char *endorsements = w->endorsed_until == 0    ? "none"
                               : now > w->endorsed_until ? "expired"
                                                         : "valid";
    struct aver_buf b;

    aver_buf_init(&b, 1024);
    check(aver_buf_printf(
        &b,
        "{\"status\":\"%s\",\"live\":true,\"ready\":%s,"
        "\"engine\":\"%s\",\"notary\":\"%s\",\"attester\":\"%s\","
        "\"endorsements\":\"%s\",\"endorsements_valid_until\":%llu,"
        "\"draining\":%s,\"gpu\":",
        ready ? "ok" : "not ready", ready ? "true" : "false",
        engine_up ? "up" : "unreachable", notary ? "up" : "down",
        attester ? "up" : "down", endorsements,
        (unsigned long long)w->endorsed_until, w->draining ? "true" : "false"));
    check(gpu_status_write(&b, &w->gpu));
    check(aver_buf_append_str(&b, "}"));
    answer_json(x, ready ? 200 : 503, aver_buf_view(&b));
    aver_buf_clear(&b);
}

void answer_version(struct exchange *x)
{
    struct aver_buf b;

    aver_buf_init(&b, 1024);
    check(aver_buf_append_str(&b, "{\"version\":"));
    check(aver_json_quote(&b, str(aver_version)));
    check(aver_buf_append_str(&b, ",\"commit\":"));
    check(aver_json_quote(&b, str(aver_commit)));
    check(aver_buf_append_str(&b, ",\"type\":\"proxy\",\"name\":\"aver\"}"));
    answer_json(x, 200, aver_buf_view(&b));
    aver_buf_clear(&b);
}

void answer_metrics(struct exchange *x)
{
    const struct worker *w = x->worker;
    struct aver_buf b;

    aver_buf_init(&b, 1u << 20);
    check(metrics_print(w->metrics_shared, w->config->slots, &b));
    /* Of the attester, and so the same in every worker. */
    check(aver_buf_printf(
        &b,
        "# HELP aver_endorsements_valid_until_seconds Last second of the "
        "endorsements held, since 1970; 0: none are held.\n"
        "# TYPE aver_endorsements_valid_until_seconds gauge\n"
        "aver_endorsements_valid_until_seconds %llu\n"
        "# HELP aver_gpu_failed Whether GPU evidence could not be made the "
        "last time; the state as in /health.\n"
        "# TYPE aver_gpu_failed gauge\n"
        "aver_gpu_failed{state=\"%s\"} %d\n",
        (unsigned long long)w->endorsed_until, gpu_state_word(w->gpu.state),
        gpu_state_failed(w->gpu.state)));
    answer_text(x, 200, "text/plain; version=0.0.4; charset=utf-8",
                aver_buf_view(&b));
    aver_buf_clear(&b);
}
