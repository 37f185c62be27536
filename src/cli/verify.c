/* SPDX-License-Identifier: Apache-2.0
 *
 * verify: judges a live server, a saved report, or a receipt. Fetching and
 * reading happen here; judging does not: see verify/rows.h. */
#include "base/suggest.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/file.h"
#include "cli/judge.h"
#include "cli/print.h"
#include "crypto/random.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_MAX ((size_t)64 << 20)

static int judge_and_print(const struct aver_subject *s, const char *source,
                           const struct judge_options *o)
{
    static struct aver_verdict v[AVER_SCOPES_MAX];
    struct outcome outcome = {v, s, source, s->policy->at};

    aver_judge_all(v, s);
    return print_outcome(&outcome, o->json, o->quiet);
}

static int judge_report(struct judge *j, struct aver_scopes *scopes,
                        const char *source, const struct judge_options *o)
{
    struct aver_subject s = {.policy = &j->policy,
                             .report = scopes->scope[0].report,
                             .scopes = scopes};

    return judge_and_print(&s, source, o);
}

/* A report's text, with what it carries and what goes with it. */
static struct aver_scopes *take_report(struct judge *j, struct aver_bytes text,
                                       struct aver_error *err)
{
    struct aver_scopes *scopes = aver_scopes_parse(text, err);

    if (scopes == NULL)
        return NULL;
    judge_carried(j, text);
    judge_gather(j, scopes);
    return scopes;
}

static int read_report(struct judge *j, const char *path,
                       struct aver_scopes **out, struct aver_error *err)
{
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, FILE_MAX);
    if (file_read(&text, path, err) == 0) {
        *out = take_report(j, aver_buf_view(&text), err);
        rc = *out != NULL ? 0 : -1;
    }
    aver_buf_clear(&text);
    return rc;
}

/* The arguments of a verb, or its exit status. */
static int parse(const struct option *table, const char *text, int argc,
                 char **argv, struct words *words)
{
    const struct verb_help help = {text, judge_later, NULL};

    switch (options_parse(table, &help, argc, argv, words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    return -1; /* go on */
}

static int verify_report(int argc, char **argv)
{
    struct judge_options o = {0};
    const struct option table[] = {
        JUDGE_NONCE(o),   JUDGE_ADDRESS(o),
        JUDGE_SPKI(o),    JUDGE_ALGO(o),
        JUDGE_CPU(o),     JUDGE_GPUS(o),
        JUDGE_DEVICES(o), JUDGE_JSON(o),
        JUDGE_QUIET(o),   {NULL, NULL, NULL, NULL, NULL}};
    struct judge j;
    struct aver_error err;
    struct aver_scopes *r = NULL;
    struct words words;
    int rc = parse(table, "usage: aver verify report FILE|- [options]\n", argc,
                   argv, &words);

    if (rc >= 0)
        return rc;
    if (words.n != 1)
        return usage("verify report wants one FILE, or - for stdin");
    rc = judge_open(&j, &o);
    if (rc == 0 && read_report(&j, words.word[0], &r, &err) != 0)
        rc = print_failure(err.text, o.json);
    else if (rc == 0)
        rc = judge_report(&j, r, words.word[0], &o);
    aver_scopes_free(r);
    judge_close(&j);
    return rc;
}

/* What --save writes: evidence, and what is needed to judge it again. */
static int save(const char *path, const char *url, const struct aver_policy *p,
                struct aver_bytes report, struct aver_error *err)
{
    struct aver_buf b;
    char nonce[65];
    int rc = -1;

    aver_hex_encode(nonce, p->nonce, 32);
    aver_buf_init(&b, AVER_REPORT_MAX + 65536);
    if (aver_buf_append_str(&b, "{\"url\":") != 0 ||
        aver_json_quote(&b, aver_bytes_str(url)) != 0 ||
        aver_buf_printf(&b, ",\"at\":%lld,\"nonce\":\"%s\",\"report\":",
                        (long long)time(NULL), nonce) != 0 ||
        aver_buf_append(&b, report.p, report.n) != 0 ||
        aver_buf_append_str(&b, "}\n") != 0)
        aver_fail(err, AVER_ELIMIT, "%s: the report is too large", path);
    else
        rc = file_write(path, aver_buf_view(&b), err);
    aver_buf_clear(&b);
    return rc;
}

static int fetch_and_judge(struct fetcher *f, const char *url,
                           const char *save_to, struct judge *j,
                           const struct judge_options *o)
{
    struct aver_scopes *r = NULL;
    struct aver_error err;
    struct aver_buf text;
    int rc;

    aver_buf_init(&text, AVER_REPORT_MAX);
    if (fetch_report(f, &j->policy, &text, &err) == 0)
        r = take_report(j, aver_buf_view(&text), &err);
    if (r == NULL || (save_to != NULL && save(save_to, url, &j->policy,
                                              aver_buf_view(&text), &err) != 0))
        rc = print_failure(err.text, o->json);
    else
        rc = judge_report(j, r, url, o);
    aver_scopes_free(r);
    aver_buf_clear(&text);
    return rc;
}

static int verify_url(int argc, char **argv)
{
    struct judge_options o = {0};
    const char *save_to = NULL, *token_file = NULL;
    const struct option table[] = {
        JUDGE_ADDRESS(o),
        JUDGE_SPKI(o),
        JUDGE_ALGO(o),
        JUDGE_CPU(o),
        JUDGE_GPUS(o),
        JUDGE_DEVICES(o),
        {"token-file", "FILE", "bearer token, first line of it", &token_file,
         NULL},
        {"save", "FILE", "write the evidence there", &save_to, NULL},
        JUDGE_JSON(o),
        JUDGE_QUIET(o),
        {NULL, NULL, NULL, NULL, NULL}};
    struct judge j;
    struct aver_error err;
    struct fetcher f;
    struct words words;
    int rc =
        parse(table, "usage: aver verify URL [options]\n", argc, argv, &words);

    if (rc >= 0)
        return rc;
    if (words.n != 1)
        return usage("verify wants one URL");
    rc = judge_open(&j, &o);
    if (rc == 0) {
        j.policy.has_nonce = true;
        aver_random(j.policy.nonce, sizeof(j.policy.nonce));
        if (fetch_open(&f, words.word[0], token_file, &err) != 0)
            rc = fetch_refused(&err, o.json);
        else
            rc = fetch_and_judge(&f, words.word[0], save_to, &j, &o);
        fetch_close(&f);
    }
    judge_close(&j);
    return rc;
}

struct receipt_files {
    const char *request, *response, *receipt, *report;
};

/* A report whose key it is that signs receipts. */
static int read_signers_report(struct judge *j, const char *path,
                               struct aver_scopes **out, struct aver_error *err)
{
    if (read_report(j, path, out, err) != 0)
        return -1;
    if (aver_scopes_signer(*out) == NULL)
        return aver_fail(err, AVER_EUNSUPPORTED,
                         "%s names no one signing key; judge it by itself, "
                         "and say --expect-address",
                         path);
    return 0;
}

static int judge_receipt(const struct receipt_files *files, struct judge *j,
                         const struct judge_options *o)
{
    uint8_t request[32], response[32];
    struct aver_scopes *report = NULL;
    struct aver_receipt receipt = {0};
    struct aver_subject s = {.policy = &j->policy};
    struct aver_error err;
    struct aver_buf text;
    int rc = 0;

    aver_buf_init(&text, AVER_RECEIPT_MAX);
    if (file_sha256(request, files->request, &err) != 0 ||
        file_sha256(response, files->response, &err) != 0 ||
        file_read(&text, files->receipt, &err) != 0 ||
        aver_receipt_parse(&receipt, aver_buf_view(&text), &err) != 0 ||
        (files->report != NULL &&
         read_signers_report(j, files->report, &report, &err) != 0))
        rc = print_failure(err.text, o->json);
    if (rc == 0) {
        j->policy.key_signs = true;
        s.receipt = &receipt;
        s.report = report != NULL ? report->scope[0].report : NULL;
        s.scopes = report;
        s.request_sha256 = request;
        s.response_sha256 = response;
        rc = judge_and_print(&s, files->receipt, o);
    }
    aver_receipt_clear(&receipt);
    aver_scopes_free(report);
    aver_buf_clear(&text);
    return rc;
}

static int verify_receipt(int argc, char **argv)
{
    struct judge_options o = {0};
    struct receipt_files files = {0};
    const struct option table[] = {
        {"request", "FILE", "the body that was sent, byte for byte",
         &files.request, NULL},
        {"response", "FILE", "the body that came, byte for byte",
         &files.response, NULL},
        {"receipt", "FILE", "the answer of /v1/signature/ID", &files.receipt,
         NULL},
        {"report", "FILE", "judge this report too: its key must have signed",
         &files.report, NULL},
        JUDGE_ADDRESS(o),
        JUDGE_NONCE(o),
        JUDGE_ALGO(o),
        JUDGE_CPU(o),
        JUDGE_GPUS(o),
        JUDGE_DEVICES(o),
        JUDGE_JSON(o),
        JUDGE_QUIET(o),
        {NULL, NULL, NULL, NULL, NULL}};
    struct judge j;
    struct words words;
    int rc = parse(table,
                   "usage: aver verify receipt --request FILE --response FILE "
                   "--receipt FILE [options]\n",
                   argc, argv, &words);

    if (rc >= 0)
        return rc;
    if (words.n > 0)
        return usage("verify receipt takes options only: %.60s", words.word[0]);
    if (files.request == NULL || files.response == NULL ||
        files.receipt == NULL)
        return usage("verify receipt wants --request, --response and "
                     "--receipt");
    rc = judge_open(&j, &o);
    if (rc == 0)
        rc = judge_receipt(&files, &j, &o);
    judge_close(&j);
    return rc;
}

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
} kinds[] = {
    {"report", verify_report},          {"receipt", verify_receipt},
    {"quote", verify_quote_main},       {"gpu", verify_gpu_main},
    {"eventlog", verify_eventlog_main}, {"bundle", NULL},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_url(const char *word)
{
    return strstr(word, "://") != NULL || strncmp(word, "unix:", 5) == 0 ||
           word[0] == '/';
}

static int unknown(const char *typed)
{
    struct aver_suggestion s;
    char near[80];

    aver_suggest_start(&s, typed);
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].main != NULL)
            aver_suggest_offer(&s, kinds[i].name);
    return usage(
        "verify wants a URL, report, quote, gpu, eventlog or receipt, not "
        "\"%.60s\"%s",
        typed, aver_suggest_text(&s, near, sizeof(near)));
}

int verify_main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    char title[32];

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        puts("usage: aver verify URL [options]\n"
             "       aver verify report FILE|- [options]\n"
             "       aver verify quote FILE|- [options]\n"
             "       aver verify gpu FILE|- [options]\n"
             "       aver verify receipt --request FILE --response FILE "
             "--receipt FILE [options]\n"
             "       aver verify eventlog FILE|- --quote FILE [options]\n\n"
             "Says check by check what holds; the last line is the verdict. "
             "`aver verify URL --help`,\n`aver verify report --help` and so "
             "on list the options.\n\n"
             "What Intel and NVIDIA sign about their hardware comes with "
             "--collateral, --rim and --ocsp,\nfrom the server itself, or "
             "from what `aver endorse` has kept.");
        return argc > 1 ? EXIT_OK : EXIT_USAGE;
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(word, kinds[i].name) != 0)
            continue;
        if (kinds[i].main == NULL)
            return usage("verify %s is not available in this version", word);
        snprintf(title, sizeof(title), "verify %s", word);
        argv[1] = title; /* what its complaints call it */
        return kinds[i].main(argc - 1, argv + 1);
    }
    if (word[0] == '-' || is_url(word))
        return verify_url(argc, argv);
    return unknown(word);
}
