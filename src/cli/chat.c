/* SPDX-License-Identifier: Apache-2.0
 *
 * chat: asks a server one thing, and believes only what verifies. The report
 * is judged first, on the connection that the prompt then goes out on; a
 * prompt is sent only if the verdict is VERIFIED, or --send-anyway says so
 * (DECISIONS 31). Then the receipt is fetched and held against the exact bytes
 * that were sent and received. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/file.h"
#include "cli/judge.h"
#include "cli/print.h"
#include "crypto/random.h"
#include "crypto/sha2.h"
#include "net/sse.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX ((size_t)16 << 20)
#define ANSWER_MAX ((size_t)64 << 20)
#define TRIES 3

struct chat {
    struct judge_options judge;
    const char *url, *model, *token_file, *system;
    bool send_anyway;
    struct aver_policy policy;
    struct fetcher fetcher;
    struct aver_report *report;
    struct aver_receipt receipt;
    struct aver_verdict verdict;
    struct aver_buf message, request, json_body, text;
    struct aver_sha256 *hash;
    uint8_t request_sha256[32], response_sha256[32];
    struct sse_reader reader;
    bool begun, is_json, bad_event, sent;
    char model_name[300], request_id[129];
};

static void judge(struct chat *c)
{
    struct aver_subject s = {.policy = &c->policy, .report = c->report};

    aver_judge(&c->verdict, &s);
}

static struct outcome outcome_of(const struct chat *c, struct aver_subject *s)
{
    *s = (struct aver_subject){.policy = &c->policy, .report = c->report};
    if (c->sent) {
        s->receipt = &c->receipt;
        s->request_sha256 = c->request_sha256;
        s->response_sha256 = c->response_sha256;
    }
    return (struct outcome){&c->verdict, s, c->url, (int64_t)time(NULL)};
}

/* A fresh report on the connection in hand, judged. */
static int fetch_and_judge(struct chat *c, struct aver_error *err)
{
    struct aver_buf text;
    int rc = -1;

    c->policy.has_nonce = true;
    aver_random(c->policy.nonce, sizeof(c->policy.nonce));
    aver_report_free(c->report);
    c->report = NULL;
    aver_buf_init(&text, AVER_REPORT_MAX);
    if (fetch_report(&c->fetcher, &c->policy, &text, err) == 0) {
        c->report = aver_report_parse(aver_buf_view(&text), err);
        rc = c->report != NULL ? 0 : -1;
    }
    aver_buf_clear(&text);
    if (rc == 0)
        judge(c);
    return rc;
}

/* The first of /v1/models, if none was named. */
static int find_model(struct chat *c, struct aver_error *err)
{
    struct aver_buf body;
    unsigned status = 0;
    json_t *root = NULL, *id = NULL;
    int rc = -1;

    if (c->model != NULL)
        return 0;
    aver_buf_init(&body, 4u << 20);
    if (fetch_get(&c->fetcher, "/v1/models", &body, &status, err) != 0)
        goto out;
    if (status == 200)
        root = aver_json_parse(aver_buf_view(&body), err);
    id =
        json_object_get(json_array_get(json_object_get(root, "data"), 0), "id");
    if (!json_is_string(id) ||
        json_string_length(id) >= sizeof(c->model_name)) {
        aver_fail(err, AVER_EABSENT,
                  "the server names no model; say one with --model");
        goto out;
    }
    snprintf(c->model_name, sizeof(c->model_name), "%s", json_string_value(id));
    c->model = c->model_name;
    rc = 0;
out:
    json_decref(root);
    aver_buf_clear(&body);
    return rc;
}

static void add_message(json_t *list, const char *role, struct aver_bytes text)
{
    json_t *m = json_pack("{s:s, s:s%}", "role", role, "content",
                          (const char *)text.p, text.n);

    if (m == NULL || json_array_append_new(list, m) != 0)
        abort(); /* out of memory; the text is UTF-8 */
}

/* The body: exactly these bytes are sent and hashed. */
static void build_request(struct chat *c)
{
    json_t *list = json_array(), *root = NULL;
    char *text = NULL;

    if (c->system != NULL)
        add_message(list, "system", aver_bytes_str(c->system));
    add_message(list, "user", aver_buf_view(&c->message));
    root = json_pack("{s:s, s:o, s:b}", "model", c->model, "messages", list,
                     "stream", 1);
    text = json_dumps(root, JSON_COMPACT);
    if (text == NULL || aver_buf_append_str(&c->request, text) != 0)
        abort();
    free(text);
    json_decref(root);
    aver_sha256(c->request_sha256, aver_buf_view(&c->request));
}

/* An answer can hold anything: nothing of it steers a terminal. */
static void show(struct chat *c, const char *text, size_t n)
{
    bool terminal = isatty(STDOUT_FILENO) == 1;

    if (aver_buf_append(&c->text, text, n) != 0)
        c->bad_event = true;
    if (c->judge.json)
        return;
    for (size_t i = 0; i < n; i++) {
        unsigned char b = (unsigned char)text[i];

        if (terminal && ((b < 0x20 && b != '\n' && b != '\t') || b == 0x7f))
            b = '?';
        putchar(b);
    }
    fflush(stdout);
}

static void show_choice(struct chat *c, const json_t *root, const char *member)
{
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    const json_t *text =
        json_object_get(json_object_get(choice, member), "content");

    if (json_is_string(text))
        show(c, json_string_value(text), json_string_length(text));
}

static int on_event(void *ctx, struct aver_bytes data)
{
    struct chat *c = ctx;
    struct aver_error err;
    json_t *root = NULL;

    if (aver_bytes_is(data, "[DONE]"))
        return 0;
    root = aver_json_parse(data, &err);
    if (root == NULL || json_object_get(root, "error") != NULL)
        c->bad_event = true;
    show_choice(c, root, "delta");
    json_decref(root);
    return 0;
}

static int on_body(void *ctx, struct aver_bytes piece)
{
    struct chat *c = ctx;

    aver_sha256_update(c->hash, piece);
    if (!c->begun && piece.n > 0) {
        c->begun = true;
        c->is_json = piece.p[0] == '{';
    }
    if (c->is_json)
        return aver_buf_append(&c->json_body, piece.p, piece.n);
    return sse_reader_feed(&c->reader, piece);
}

static void show_json(struct chat *c)
{
    struct aver_error err;
    json_t *root =
        c->is_json ? aver_json_parse(aver_buf_view(&c->json_body), &err) : NULL;

    show_choice(c, root, "message");
    json_decref(root);
}

/* 0 sent and answered; 1 the connection was not there any more; -1. */
static int send_prompt(struct chat *c, struct aver_error *err)
{
    const char *headers[4] = {"Content-Type: application/json",
                              c->fetcher.headers[0], NULL, NULL};
    struct client_request rq = {
        .method = "POST",
        .target = "/v1/chat/completions",
        .headers = headers,
        .body = aver_buf_view(&c->request),
        .has_body = true,
        .timeout_ms = 600000,
        .body_max = ANSWER_MAX,
        .on_body = on_body,
        .ctx = c,
        .same_connection = true,
    };
    struct client_reply reply;
    int rc = 0;

    aver_sha256_start(c->hash);
    if (client_exchange(c->fetcher.client, &rq, &reply, err) != 0)
        return err->code == AVER_EABSENT ? 1 : -1;
    aver_sha256_finish(c->hash, c->response_sha256);
    snprintf(c->request_id, sizeof(c->request_id), "%s", reply.request_id);
    if (reply.status != 200)
        rc = aver_fail(err, AVER_EIO, "the server answered %u to the prompt",
                       reply.status);
    else if (!reply.complete)
        rc = aver_fail(err, AVER_EIO, "the answer was cut");
    client_reply_clear(&reply);
    if (rc == 0)
        show_json(c);
    if (!c->judge.json && c->text.n > 0)
        putchar('\n');
    return rc;
}

static int fetch_and_judge_receipt(struct chat *c, struct aver_error *err)
{
    struct aver_subject s;
    struct aver_buf text;
    int rc = -1;

    for (const char *p = c->request_id; *p != '\0'; p++)
        if (strchr("0123456789abcdefABCDEFghijklmnopqrstuvwxyz"
                   "GHIJKLMNOPQRSTUVWXYZ-_.",
                   *p) == NULL)
            return aver_fail(err, AVER_EFORMAT,
                             "the answer's X-Request-Id is no id");
    if (c->request_id[0] == '\0')
        return aver_fail(err, AVER_EABSENT,
                         "the answer came without an X-Request-Id");
    aver_buf_init(&text, AVER_RECEIPT_MAX);
    if (fetch_receipt(&c->fetcher, c->request_id,
                      c->policy.has_algo ? c->policy.algo : AVER_ECDSA, &text,
                      err) == 0)
        rc = aver_receipt_parse(&c->receipt, aver_buf_view(&text), err);
    aver_buf_clear(&text);
    if (rc != 0)
        return -1;
    c->sent = true;
    (void)outcome_of(c, &s);
    aver_judge(&c->verdict, &s);
    return 0;
}

static bool receipt_held(const struct chat *c)
{
    unsigned passed = 0;

    for (unsigned i = 0; i < c->verdict.n; i++) {
        const struct aver_check *k = &c->verdict.checks[i];

        if (k->row->group != AVER_ANSWER)
            continue;
        if (k->required && k->result != AVER_PASS)
            return false;
        passed += k->result == AVER_PASS;
    }
    return passed > 0;
}

/* One line: what held. */
static void say_receipt(const struct chat *c)
{
    char key[AVER_KEY_ID_TEXT], sentence[500];
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);

    aver_key_id_format(key, &c->report->key);
    print_sentence(sentence, sizeof(sentence), &o);
    if (receipt_held(c))
        fprintf(stderr,
                "aver: receipt holds: these exact bytes, both ways, were "
                "signed by %s, the key of the report; %s\n",
                key, sentence);
    else
        fprintf(stderr, "aver: receipt does NOT hold; %s\n", sentence);
}

static int finish(struct chat *c)
{
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);
    json_t *object = NULL;

    if (!c->judge.json) {
        if (!c->judge.quiet)
            say_receipt(c);
        return print_status(c->verdict.word);
    }
    object = print_object(&o);
    if (json_object_set_new(object, "receipt_held",
                            json_boolean(receipt_held(c))) != 0 ||
        json_object_set_new(object, "sent_anyway",
                            json_boolean(c->send_anyway)) != 0 ||
        json_object_set_new(object, "text",
                            json_stringn((const char *)c->text.p, c->text.n)) !=
            0)
        abort();
    print_json(object);
    return print_status(c->verdict.word);
}

/* Judged, and not good enough to be sent a prompt. */
static int hold_back(struct chat *c)
{
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);

    if (c->judge.json)
        print_json(print_object(&o));
    else if (!c->judge.quiet)
        print_text(stderr, &o);
    complain("nothing was sent: the server is not VERIFIED (--send-anyway "
             "sends all the same)");
    return print_status(c->verdict.word);
}

static void say_verdict(const struct chat *c)
{
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);
    char sentence[500];

    if (c->judge.json || c->judge.quiet)
        return;
    print_sentence(sentence, sizeof(sentence), &o);
    fprintf(stderr, "aver: %s%s\n", sentence,
            c->verdict.word == AVER_VERIFIED ? "" : "; sending anyway");
}

static int converse(struct chat *c)
{
    struct aver_error err = {0};
    int rc = 1;

    if (find_model(c, &err) != 0)
        return print_failure(err.text, c->judge.json);
    build_request(c);
    for (int i = 0; i < TRIES && rc == 1; i++) {
        if (fetch_and_judge(c, &err) != 0)
            return print_failure(err.text, c->judge.json);
        if (c->verdict.word != AVER_VERIFIED && !c->send_anyway)
            return hold_back(c);
        say_verdict(c);
        rc = send_prompt(c, &err);
    }
    if (rc != 0 || fetch_and_judge_receipt(c, &err) != 0)
        return print_failure(err.text, c->judge.json);
    if (c->bad_event)
        complain("the answer holds an error, or events that cannot be read");
    return finish(c);
}

static int read_message(struct chat *c, const struct words *words)
{
    struct aver_error err;

    if (words->n == 1 && file_read(&c->message, "-", &err) != 0)
        return usage("%s", err.text);
    for (int i = 1; i < words->n; i++)
        if ((i > 1 && aver_buf_append_str(&c->message, " ") != 0) ||
            aver_buf_append_str(&c->message, words->word[i]) != 0)
            return usage("the message is too long");
    if (!aver_utf8_valid(aver_buf_view(&c->message)) || c->message.n == 0 ||
        (c->system != NULL && !aver_utf8_valid(aver_bytes_str(c->system))))
        return usage("the message must be UTF-8 text, and not empty");
    if (memchr(c->message.p, '\0', c->message.n) != NULL)
        return usage("the message must not hold a NUL");
    return 0;
}

static void chat_init(struct chat *c)
{
    aver_buf_init(&c->message, MESSAGE_MAX);
    aver_buf_init(&c->request, 8 * MESSAGE_MAX);
    aver_buf_init(&c->json_body, ANSWER_MAX);
    aver_buf_init(&c->text, ANSWER_MAX);
    sse_reader_init(&c->reader, MESSAGE_MAX, on_event, c);
    c->hash = aver_sha256_new();
    if (c->hash == NULL)
        abort();
}

static void chat_clear(struct chat *c)
{
    aver_buf_wipe(&c->message);
    aver_buf_wipe(&c->request);
    aver_buf_wipe(&c->json_body);
    aver_buf_wipe(&c->text);
    sse_reader_clear(&c->reader);
    aver_sha256_free(c->hash);
    aver_report_free(c->report);
    aver_receipt_clear(&c->receipt);
    fetch_close(&c->fetcher);
}

static int run(struct chat *c, const struct words *words)
{
    struct aver_error err;

    if (words->n < 1)
        return usage("chat wants a URL and a message (or the message on "
                     "stdin)");
    c->url = words->word[0];
    if (judge_policy(&c->policy, &c->judge) != 0 || read_message(c, words) != 0)
        return EXIT_USAGE;
    if (fetch_open(&c->fetcher, c->url, c->token_file, &err) != 0)
        return usage("%s", err.text);
    return converse(c);
}

int chat_main(int argc, char **argv)
{
    static const char tail[] =
        "The token comes from --token-file or AVER_TOKEN. The answer goes to "
        "stdout, all else to stderr.\n";
    static const struct verb_help help = {
        "usage: aver chat URL [options] [MESSAGE...]\n\nJudges the server, "
        "sends the message (from stdin if none is given) only if the\nverdict "
        "is VERIFIED, prints the answer as it comes, and checks its receipt.\n",
        judge_later, tail};
    struct chat c = {0};
    const struct option table[] = {
        {"model", "NAME", "else the first that the server names", &c.model,
         NULL},
        {"system", "TEXT", "a system message in front", &c.system, NULL},
        {"token-file", "FILE", "bearer token, first line of it", &c.token_file,
         NULL},
        {"send-anyway", NULL, "send although the server is not VERIFIED", NULL,
         &c.send_anyway},
        JUDGE_ADDRESS(c.judge),
        JUDGE_ALGO(c.judge),
        JUDGE_TRUST(c.judge),
        JUDGE_GPUS(c.judge),
        JUDGE_JSON(c.judge),
        JUDGE_QUIET(c.judge),
        {NULL, NULL, NULL, NULL, NULL}};
    struct words words;
    int rc;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    chat_init(&c);
    rc = run(&c, &words);
    chat_clear(&c);
    return rc;
}
