/* SPDX-License-Identifier: Apache-2.0
 *
 * chat: asks a server one thing, and believes only what verifies. The report
 * is judged first, on the connection that the prompt then goes out on; a
 * prompt is sent only if the verdict is VERIFIED, or --send-anyway says so
 * (DECISIONS 31). Then the receipt is fetched and held against the exact bytes
 * that were sent and received. */
#include "base/text.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/file.h"
#include "cli/judge.h"
#include "cli/print.h"
#include "crypto/random.h"
#include "crypto/sha2.h"
#include "verify/member.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MESSAGE_MAX ((size_t)16 << 20)
#define TRIES 3

struct chat {
    struct judge_options options;
    const char *url, *model, *token_file, *system;
    bool send_anyway;
    struct judge judge;
    struct fetcher fetcher;
    struct aver_scopes *scopes;
    struct aver_receipt receipt;
    struct aver_verdict *verdict; /* one a scope; the first signs receipts */
    enum aver_word word;          /* for the whole */
    struct aver_buf message, request;
    struct answer answer;
    struct client_reply reply;
    struct aver_sha256 *hash;
    uint8_t request_sha256[32], response_sha256[32];
    bool sent, sent_anyway; /* the prompt went out; to one not VERIFIED */
    char model_name[300];
};

static struct outcome outcome_of(const struct chat *c, struct aver_subject *s)
{
    *s = (struct aver_subject){.policy = &c->judge.policy,
                               .report = c->scopes->scope[0].report,
                               .scopes = c->scopes};
    if (c->sent) {
        s->receipt = &c->receipt;
        s->request_sha256 = c->request_sha256;
        s->response_sha256 = c->response_sha256;
    }
    return (struct outcome){c->verdict, s, c->url, c->judge.policy.at};
}

static void judge_now(struct chat *c)
{
    struct aver_subject s;

    (void)outcome_of(c, &s);
    c->word = aver_judge_all(c->verdict, &s);
}

static int parse_report(struct chat *c, struct aver_bytes text,
                        struct aver_error *err)
{
    aver_scopes_free(c->scopes);
    c->scopes = aver_scopes_parse(text, err);
    if (c->scopes == NULL)
        return -1;
    if (aver_scopes_signer(c->scopes) == NULL)
        return aver_fail(err, AVER_EUNSUPPORTED,
                         "the server's report names no one key that signs "
                         "receipts (a gateway with models?): aver verify URL "
                         "judges it, chat cannot use it yet");
    judge_carried(&c->judge, text);
    judge_gather(&c->judge, c->scopes);
    return 0;
}

/* A fresh report on the connection in hand, judged. */
static int fetch_and_judge(struct chat *c, struct aver_error *err)
{
    struct aver_buf text;
    int rc = -1;

    c->judge.policy.has_nonce = true;
    aver_random(c->judge.policy.nonce, sizeof(c->judge.policy.nonce));
    aver_buf_init(&text, AVER_REPORT_MAX);
    if (fetch_report(&c->fetcher, &c->judge.policy, &text, err) == 0)
        rc = parse_report(c, aver_buf_view(&text), err);
    aver_buf_clear(&text);
    if (rc == 0)
        judge_now(c);
    return rc;
}

/* The id of the first model in the answer of /v1/models. */
static bool first_model(char *out, size_t size, struct aver_bytes body)
{
    struct aver_json_member data = {.name = "data"}, id = {.name = "id"};
    struct aver_bytes list, model, name;

    if (aver_members(&data, 1, body, NULL) != 0 || data.type != AVER_JSON_ARRAY)
        return false;
    list = aver_member_source(&data, body);
    if (!aver_array_next(&list, &model) ||
        aver_members(&id, 1, model, NULL) != 0 ||
        !aver_member_short(&id, &name) || name.n == 0 || name.n >= size ||
        memchr(name.p, '\0', name.n) != NULL)
        return false;
    memcpy(out, name.p, name.n);
    out[name.n] = '\0';
    return true;
}

/* The first of /v1/models, if none was named. */
static int find_model(struct chat *c, struct aver_error *err)
{
    struct aver_buf body;
    unsigned status = 0;
    int rc;

    if (c->model != NULL)
        return 0;
    aver_buf_init(&body, AVER_REPORT_MAX);
    rc = fetch_get(&c->fetcher, "/v1/models", &body, &status, err);
    if (rc == 0 &&
        (status != 200 || !first_model(c->model_name, sizeof(c->model_name),
                                       aver_buf_view(&body))))
        rc = aver_fail(err, AVER_EABSENT,
                       "the server names no model; say one with --model");
    c->model = c->model_name;
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

static void on_text(void *ctx, const char *text, size_t n)
{
    const struct chat *c = ctx;

    if (!c->options.json)
        answer_print(stdout, isatty(STDOUT_FILENO) == 1, text, n);
}

static int on_body(void *ctx, struct aver_bytes piece)
{
    struct chat *c = ctx;

    aver_sha256_update(c->hash, piece);
    if (c->reply.status != 200)
        return 0; /* an error; its text may quote the prompt */
    c->answer.is_json = strncasecmp(c->reply.content_type, "application/json",
                                    strlen("application/json")) == 0;
    return answer_feed(&c->answer, piece);
}

static int check_reply(const struct client_reply *r, struct aver_error *err)
{
    if (r->status != 200)
        return aver_fail(err, AVER_EIO, "the server answered %u to the prompt",
                         r->status);
    if (!r->complete)
        return aver_fail(err, AVER_EIO, "the answer was cut");
    return 0;
}

/* 0 sent and answered; 1 the connection was closed before a byte of an answer
 * came; -1 sent, and no whole answer came. */
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
    int rc;

    aver_sha256_start(c->hash);
    rc = client_exchange(c->fetcher.client, &rq, &c->reply, err);
    aver_sha256_finish(c->hash, c->response_sha256);
    if (rc != 0 && err->code == AVER_EABSENT)
        return 1;
    c->sent = true;
    if (rc == 0)
        rc = check_reply(&c->reply, err);
    if (rc == 0)
        answer_end(&c->answer);
    if (!c->options.json && c->answer.text.n > 0)
        putchar('\n');
    return rc;
}

/* Ours are hex; what else could change the target is no id. */
static int check_id(const char *id, struct aver_error *err)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

    if (id[0] == '\0')
        return aver_fail(err, AVER_EABSENT,
                         "the answer came without an X-Request-Id");
    if (strspn(id, fit) != strlen(id))
        return aver_fail(err, AVER_EFORMAT,
                         "the answer's X-Request-Id is no id");
    return 0;
}

static int read_receipt(struct chat *c, struct aver_error *err)
{
    struct aver_buf text;
    int rc = -1;

    if (check_id(c->reply.request_id, err) != 0)
        return -1;
    aver_buf_init(&text, AVER_RECEIPT_MAX);
    if (fetch_receipt(&c->fetcher, c->reply.request_id,
                      c->judge.policy.has_algo ? c->judge.policy.algo
                                               : AVER_ECDSA,
                      &text, err) == 0)
        rc = aver_receipt_parse(&c->receipt, aver_buf_view(&text), err);
    aver_buf_clear(&text);
    return rc;
}

/* Report and receipt together. `missing` says why there is no receipt to look
 * at; NULL: there is one. */
static void judge_all(struct chat *c, const char *missing)
{
    if (missing != NULL)
        snprintf(c->receipt.absent, sizeof(c->receipt.absent), "%.90s",
                 missing);
    if (missing != NULL && (c->options.json || c->options.quiet))
        complain("%s", missing);
    judge_now(c);
}

/* The first row about the answer that did not pass, or NULL. */
static const struct aver_check *receipt_fault(const struct chat *c)
{
    for (unsigned i = 0; i < c->verdict->n; i++) {
        const struct aver_check *k = &c->verdict->checks[i];

        if (k->row->group == AVER_ANSWER && k->required &&
            k->result != AVER_PASS)
            return k;
    }
    return NULL;
}

static bool receipt_held(const struct chat *c)
{
    const struct aver_check *signer =
        aver_verdict_find(c->verdict, "receipt.signer");

    return signer != NULL && signer->result == AVER_PASS &&
           receipt_fault(c) == NULL;
}

/* One line: what held. */
static void say_receipt(const struct chat *c)
{
    const struct aver_check *fault = receipt_fault(c);
    char key[AVER_KEY_ID_TEXT], sentence[500];
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);

    aver_key_id_format(key, &c->scopes->scope[0].report->key);
    print_sentence(sentence, sizeof(sentence), &o);
    fflush(stdout);
    if (receipt_held(c))
        fprintf(stderr,
                "aver: receipt holds: these exact bytes, both ways, were "
                "signed by %s, the key of the report; %s\n",
                key, sentence);
    else
        fprintf(stderr, "aver: receipt does NOT hold: %s: %s; %s\n",
                fault != NULL ? fault->row->id : "receipt",
                fault != NULL ? fault->detail : "not judged", sentence);
}

static void say_object(const struct chat *c)
{
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);
    json_t *object = print_object(&o);
    json_t *text =
        json_stringn((const char *)c->answer.text.p, c->answer.text.n);

    if (c->answer.text.n == 0)
        text = json_string("");
    if (json_object_set_new(object, "receipt_held",
                            json_boolean(receipt_held(c))) != 0 ||
        json_object_set_new(object, "sent_anyway",
                            json_boolean(c->sent_anyway)) != 0 ||
        json_object_set_new(object, "text", text) != 0)
        abort();
    print_json(object);
}

/* After --send-anyway, 3 is the best there is: the receipt held. */
static int status_of(const struct chat *c)
{
    if (c->sent_anyway && !receipt_held(c))
        return EXIT_REFUSED;
    return print_status(c->word);
}

static int finish(const struct chat *c)
{
    if (c->answer.faulty)
        complain("the answer holds an error, or events that cannot be read");
    if (c->options.json)
        say_object(c);
    else if (!c->options.quiet)
        say_receipt(c);
    return status_of(c);
}

/* Judged, and not good enough to be sent a prompt. */
static int hold_back(struct chat *c)
{
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);

    if (c->options.json)
        print_json(print_object(&o));
    else if (!c->options.quiet)
        print_text(stderr, &o);
    complain("nothing was sent: the server is not VERIFIED (--send-anyway "
             "sends all the same)");
    return print_status(c->word);
}

static void say_verdict(const struct chat *c)
{
    struct aver_subject s;
    struct outcome o = outcome_of(c, &s);
    char sentence[500];

    if (c->options.json || c->options.quiet)
        return;
    print_sentence(sentence, sizeof(sentence), &o);
    fprintf(stderr, "aver: %s%s\n", sentence,
            c->word == AVER_VERIFIED ? "" : "; sending anyway");
}

static int converse(struct chat *c)
{
    struct aver_error err = {0};
    int rc = 1;

    if (find_model(c, &err) != 0)
        return print_failure(err.text, c->options.json);
    build_request(c);
    for (int i = 0; i < TRIES && rc == 1; i++) {
        if (fetch_and_judge(c, &err) != 0)
            return print_failure(err.text, c->options.json);
        c->sent_anyway = c->word != AVER_VERIFIED;
        if (c->sent_anyway && !c->send_anyway)
            return hold_back(c);
        say_verdict(c);
        rc = send_prompt(c, &err);
    }
    if (!c->sent)
        return print_failure(err.text, c->options.json);
    if (rc == 0)
        rc = read_receipt(c, &err);
    judge_all(c, rc == 0 ? NULL : err.text);
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
    if (c->model != NULL && !aver_utf8_valid(aver_bytes_str(c->model)))
        return usage("--model: expected UTF-8 text");
    if (memchr(c->message.p, '\0', c->message.n) != NULL)
        return usage("the message must not hold a NUL");
    return 0;
}

static void chat_init(struct chat *c)
{
    aver_buf_init(&c->message, MESSAGE_MAX);
    aver_buf_init(&c->request, 8 * MESSAGE_MAX);
    answer_init(&c->answer, on_text, c);
    c->hash = aver_sha256_new();
    c->verdict = calloc(AVER_SCOPES_MAX, sizeof(*c->verdict));
    if (c->hash == NULL || c->verdict == NULL)
        abort();
}

static void chat_clear(struct chat *c)
{
    aver_buf_wipe(&c->message);
    aver_buf_wipe(&c->request);
    answer_clear(&c->answer);
    client_reply_clear(&c->reply);
    aver_sha256_free(c->hash);
    aver_scopes_free(c->scopes);
    judge_close(&c->judge);
    free(c->verdict);
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
    int rc = judge_open(&c->judge, &c->options);
    if (rc != 0)
        return rc;
    c->judge.policy.key_signs = true;
    if (read_message(c, words) != 0)
        return EXIT_USAGE;
    if (fetch_open(&c->fetcher, c->url, c->token_file, &err) != 0)
        return fetch_refused(&err, c->options.json);
    return converse(c);
}

int chat_main(int argc, char **argv)
{
    static const char tail[] =
        "The token comes from --token-file or AVER_TOKEN. The answer goes to "
        "stdout, all else to stderr.\nExit status with --send-anyway to a "
        "server that is UNDECIDED: 3 if the receipt held, 1 if not.\n";
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
        JUDGE_ADDRESS(c.options),
        JUDGE_ALGO(c.options),
        JUDGE_CPU(c.options),
        JUDGE_GPUS(c.options),
        JUDGE_DEVICES(c.options),
        JUDGE_JSON(c.options),
        {"quiet", NULL, "the answer alone; what held is the exit status", NULL,
         &c.options.quiet},
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
