/* SPDX-License-Identifier: Apache-2.0
 *
 * verify_eventlog: holds an event log against the registers of a quote, or
 * against values that somebody names. The quote is taken as it stands: whether
 * it is genuine is for `aver verify quote` and `aver verify report`. */
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/judge.h"
#include "cli/print.h"
#include "cli/quote_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOG_FILE_MAX AVER_EVENTLOG_MAX
#define COMPOSE_FILE_MAX ((size_t)16 << 20)

struct files {
    const char *log, *quote, *compose;
};

/* What of them was read. */
struct texts {
    struct aver_buf log, quote, compose;
};

static int read_quote(struct aver_registers *r, struct aver_buf *raw,
                      const char *path, struct aver_error *err)
{
    struct aver_error why;
    struct aver_quote q;

    if (quote_file_read(raw, path, err) != 0)
        return -1;
    if (aver_quote_parse(&q, aver_buf_view(raw), &why) != 0)
        return aver_fail(err, AVER_EFORMAT, "%.100s: %s", path, why.text);
    aver_registers_of(r, &q);
    return 0;
}

/* Without a quote, the registers are those that are expected, and cannot be
 * held against themselves. */
static int registers_by_name(struct aver_registers *r, struct aver_expect *e)
{
    bool any = false;

    for (unsigned i = 0; i < 4; i++) {
        r->has_rtmr[i] = e->of[AVER_EXPECT_RTMR0 + i].set;
        e->of[AVER_EXPECT_RTMR0 + i].set = false;
        memcpy(r->rtmr[i], e->of[AVER_EXPECT_RTMR0 + i].v, 48);
        any = any || r->has_rtmr[i];
    }
    if (!any)
        return usage("verify eventlog wants --quote FILE, or --expect "
                     "rtmr0=HEX to rtmr3=HEX");
    for (unsigned i = 0; i <= AVER_EXPECT_REPORT_DATA; i++)
        if (e->of[i].set)
            return usage("--expect %s=HEX needs a --quote to compare with",
                         aver_expect_name(i));
    return 0;
}

static int judge(const struct texts *t, const struct aver_policy *p,
                 const struct aver_registers *r, const char *source,
                 const struct judge_options *o)
{
    static struct aver_verdict v;
    struct aver_code_source src = {
        .event_log = aver_buf_view(&t->log),
        .app_compose = aver_buf_view(&t->compose),
    };
    struct aver_code *code = aver_code_parse(&src);
    struct aver_subject s = {.policy = p, .code = code, .registers = r};
    struct outcome outcome = {&v, &s, source, (int64_t)time(NULL)};

    if (code == NULL)
        abort(); /* out of memory */
    aver_judge(&v, &s);
    int rc = print_outcome(&outcome, o->json, o->quiet);
    aver_code_free(code);
    return rc;
}

static int read_and_judge(const struct files *f, const struct aver_policy *p,
                          struct aver_registers *r,
                          const struct judge_options *o)
{
    struct aver_error err;
    struct texts t;
    int rc;

    aver_buf_init(&t.log, LOG_FILE_MAX);
    aver_buf_init(&t.quote, QUOTE_FILE_MAX);
    aver_buf_init(&t.compose, COMPOSE_FILE_MAX);
    if (file_read(&t.log, f->log, &err) != 0 ||
        (f->compose != NULL && file_read(&t.compose, f->compose, &err) != 0) ||
        (f->quote != NULL && read_quote(r, &t.quote, f->quote, &err) != 0))
        rc = print_failure(err.text, o->json);
    else if (t.log.n == 0 || (f->compose != NULL && t.compose.n == 0))
        rc = print_failure("an empty file proves nothing", o->json);
    else
        rc = judge(&t, p, r, f->log, o);
    aver_buf_clear(&t.log);
    aver_buf_clear(&t.quote);
    aver_buf_clear(&t.compose);
    return rc;
}

int verify_eventlog_main(int argc, char **argv)
{
    static const struct verb_help help = {
        "usage: aver verify eventlog FILE|- --quote FILE [options]\n"
        "       aver verify eventlog FILE|- --expect rtmr3=HEX ... [options]\n"
        "\nFILE: the event log of a TD, JSON or binary (CCEL).\n",
        judge_later,
        "The quote itself is not judged here: see `aver verify report`.\n"};
    struct judge_options o = {0};
    struct files f = {0};
    const struct option table[] = {
        {"quote", "FILE", "whose registers it must explain: raw, hex, base64",
         &f.quote, NULL},
        {"compose", "FILE", "app_compose as delivered: must be what runs",
         &f.compose, NULL},
        JUDGE_EXPECT(o),
        JUDGE_JSON(o),
        JUDGE_QUIET(o),
        {NULL, NULL, NULL, NULL, NULL}};
    struct aver_registers r = {0};
    struct aver_policy p = {0};
    struct words words;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    if (words.n != 1)
        return usage("verify eventlog wants one FILE, or - for stdin");
    if (judge_expect(&p, &o) != 0)
        return EXIT_USAGE;
    if (f.quote == NULL && registers_by_name(&r, &p.expect) != 0)
        return EXIT_USAGE;
    f.log = words.word[0];
    return read_and_judge(&f, &p, &r, &o);
}
