/* SPDX-License-Identifier: Apache-2.0
 *
 * endorse: fetches what Intel signs about the platforms that some evidence
 * comes from, checks it, and keeps it for `aver verify`, which asks nobody.
 * The only verb that speaks with a vendor's service. */
#include "cli/endorse.h"

#include "attest/genuine.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/file.h"
#include "cli/https.h"
#include "cli/options.h"
#include "cli/platforms.h"
#include "cli/print.h"
#include "crypto/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIMIT_MS 30000 /* for all items of one platform */

struct endorse_options {
    const char *pccs, *cache, *update, *out, *at, *trust;
    bool refresh, offline, json, quiet;
};

struct job {
    const struct endorse_options *o;
    char folder[ENDORSEMENTS_PATH_MAX];
    int64_t now;
    struct https *https; /* loaded when first needed */
    struct platforms platforms;
    json_t *said; /* for --json */
    bool simulated, refused, failed;
};

static int read_time(int64_t *out, const char *text)
{
    uint64_t seconds = 0;

    if (text == NULL) {
        *out = (int64_t)time(NULL);
        return 0;
    }
    if (aver_decimal(&seconds, aver_bytes_str(text), INT64_MAX) == 0) {
        *out = (int64_t)seconds;
        return 0;
    }
    return aver_time_parse(out, aver_bytes_str(text));
}

/* That a bundle's text is genuine, and valid now, beside the quote. */
static int check_bundle(const struct job *job, struct aver_bytes text,
                        struct aver_bytes quote, struct aver_error *err)
{
    int64_t until;

    return genuine_bundle(text, quote, job->simulated, job->now, &until, err);
}

/* That a bundle can be read, and is for this platform. */
static int fits(struct endorsed *e, struct aver_error *err)
{
    return bundle_understand(&e->bundle, err) == 0
               ? bundle_fits(&e->bundle, &e->platform, err)
               : -1;
}

/* What the file holds, if that may be used. */
static int look(struct job *job, struct endorsed *e, struct aver_error *err)
{
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, BUNDLE_MAX);
    bundle_clear(&e->bundle);
    bundle_init(&e->bundle);
    if (file_read(&text, e->path, err) == 0 &&
        bundle_read(&e->bundle, aver_buf_view(&text), err) == 0 &&
        fits(e, err) == 0 &&
        check_bundle(job, aver_buf_view(&text), e->quote, err) == 0) {
        e->result = ENDORSE_KEPT;
        rc = 0;
    }
    aver_buf_clear(&text);
    return rc;
}

static int wrong_status(unsigned status, const char *host,
                        const struct endorsed *e, enum pcs_item item,
                        struct aver_error *err)
{
    char name[BUNDLE_NAME_MAX];

    bundle_name(name, &e->platform);
    return aver_fail(err, AVER_EIO,
                     "%s answered %u when asked for the %s of %.*s%s; what "
                     "comes from elsewhere can be given to aver verify by "
                     "--collateral",
                     host, status, pcs_item_name(item), (int)strcspn(name, "."),
                     name, status == 404 ? ", which it does not know" : "");
}

static int fetch_item(struct job *job, struct endorsed *e, enum pcs_item item,
                      struct aver_error *err)
{
    struct aver_error why = {0};
    struct https_reply reply;
    char url[PCS_URL_MAX];
    char *host = e->from[item];

    pcs_url(url, item, &e->platform, job->o->pccs, job->o->update);
    struct aver_bytes h = https_host(url);
    snprintf(host, sizeof(e->from[item]), "%.*s", (int)h.n, (const char *)h.p);
    if (https_get(job->https, url, &reply, &why) != 0)
        return aver_fail(err, why.code,
                         "%.250s; what comes from elsewhere can be given to "
                         "aver verify by --collateral",
                         why.text);
    int rc = -1;
    if (reply.status != 200)
        wrong_status(reply.status, host, e, item, err);
    else if (pcs_take(&e->bundle.part[item], item,
                      aver_buf_view(&reply.headers), aver_buf_view(&reply.body),
                      &why) != 0)
        aver_fail(err, AVER_EFORMAT, "%s: the answer about the %s: %.200s",
                  host, pcs_item_name(item), why.text);
    else
        rc = 0;
    https_reply_clear(&reply);
    return rc;
}

static int fetch_all(struct job *job, struct endorsed *e,
                     struct aver_error *err)
{
    if (job->https == NULL)
        job->https = https_new(err);
    if (job->https == NULL)
        return -1;
    https_limit(job->https, LIMIT_MS);
    bundle_clear(&e->bundle);
    bundle_init(&e->bundle);
    for (int i = 0; i < PCS_ITEMS; i++)
        if (fetch_item(job, e, (enum pcs_item)i, err) != 0)
            return -1;
    return 0;
}

static int keep(struct job *job, const char *path, struct aver_bytes text,
                struct aver_error *err)
{
    if (job->o->out == NULL && endorsements_make(job->folder, err) != 0)
        return -1;
    return file_write(path, text, err);
}

/* Fetches, checks, and only then writes. `text` is empty. */
static enum endorse_result fetch_anew(struct job *job, struct endorsed *e,
                                      struct aver_buf *text,
                                      struct aver_error *err)
{
    if (fetch_all(job, e, err) != 0)
        return ENDORSE_FAILED;
    if (fits(e, err) != 0)
        return ENDORSE_REFUSED;
    if (bundle_write(text, &e->bundle, job->now, err) != 0)
        return ENDORSE_FAILED;
    if (check_bundle(job, aver_buf_view(text), e->quote, err) != 0)
        return ENDORSE_REFUSED;
    if (keep(job, e->path, aver_buf_view(text), err) != 0)
        return ENDORSE_FAILED;
    return ENDORSE_FETCHED;
}

/* A file that is there stays when there is nothing better. */
static void renew(struct job *job, struct endorsed *e)
{
    bool had = e->result == ENDORSE_KEPT;
    struct aver_error err = {0};
    struct aver_buf text;

    aver_buf_init(&text, BUNDLE_MAX);
    e->result = fetch_anew(job, e, &text, &err);
    aver_buf_clear(&text);
    if (e->result == ENDORSE_FETCHED)
        return;
    snprintf(e->reason, sizeof(e->reason), "%s", err.text);
    job->refused |= e->result == ENDORSE_REFUSED;
    job->failed = true;
    memset(e->from, 0, sizeof(e->from));
    if (had)
        look(job, e, &err);
}

static void endorse_one(struct job *job, struct endorsed *e)
{
    struct aver_error err = {0};
    char name[BUNDLE_NAME_MAX];

    bundle_name(name, &e->platform);
    int n =
        job->o->out != NULL
            ? snprintf(e->path, sizeof(e->path), "%s", job->o->out)
            : snprintf(e->path, sizeof(e->path), "%s/%s", job->folder, name);
    if (n < 0 || (size_t)n >= sizeof(e->path))
        aver_fail(&err, AVER_ELIMIT, "the name of the file is too long");
    else if (look(job, e, &err) == 0 && !job->o->refresh &&
             job->o->update == NULL && job->now < bundle_due(&e->bundle))
        return;
    else if (!job->o->offline) {
        renew(job, e);
        return;
    }
    if (e->result == ENDORSE_KEPT)
        return;
    job->failed = true;
    snprintf(e->reason, sizeof(e->reason), "%s", err.text);
}

static void say(struct job *job, const struct endorsed *e)
{
    if (job->o->json)
        json_array_append_new(json_object_get(job->said, "endorsements"),
                              endorse_object(e));
    else if (!job->o->quiet)
        endorse_print(e);
    if (e->reason[0] != '\0')
        complain("%s", e->reason);
}

static int endorse_all(struct job *job)
{
    struct endorsed *e = calloc(1, sizeof(*e));

    if (e == NULL)
        abort(); /* out of memory */
    for (size_t i = 0; i < job->platforms.n; i++) {
        memset(e, 0, sizeof(*e));
        bundle_init(&e->bundle);
        e->platform = job->platforms.of[i];
        e->quote = aver_buf_view(&job->platforms.quote[i]);
        endorse_one(job, e);
        say(job, e);
        bundle_clear(&e->bundle);
    }
    free(e);
    https_free(job->https);
    if (job->refused)
        return EXIT_REFUSED;
    return job->failed ? EXIT_UNDECIDED : EXIT_OK;
}

static bool is_url(const char *word)
{
    return strstr(word, "://") != NULL || strncmp(word, "unix:", 5) == 0;
}

static int cannot(struct job *job, const struct aver_error *err)
{
    if (job->o->json)
        json_object_set_new(job->said, "reason", json_string(err->text));
    complain("%s", err->text);
    return EXIT_UNDECIDED;
}

/* The report of a live server; it is not judged. */
static int read_url(struct job *job, const char *url, struct aver_buf *out)
{
    struct aver_policy p = {.has_nonce = true};
    struct aver_error err;
    struct fetcher f;
    int rc = EXIT_OK;

    aver_random(p.nonce, sizeof(p.nonce));
    if (fetch_open(&f, url, NULL, &err) != 0)
        rc = err.code == AVER_EIO ? cannot(job, &err) : usage("%s", err.text);
    else if (fetch_report(&f, &p, out, &err) != 0)
        rc = cannot(job, &err);
    fetch_close(&f);
    return rc;
}

static int read_file(struct job *job, const char *path, struct aver_buf *out)
{
    struct aver_error err;

    return file_read(out, path, &err) == 0 ? EXIT_OK : cannot(job, &err);
}

static int read_word(struct job *job, const char *word)
{
    struct aver_error err = {0}, why = {0};
    struct aver_buf text;
    int rc;

    aver_buf_init(&text, AVER_REPORT_MAX);
    rc =
        is_url(word) ? read_url(job, word, &text) : read_file(job, word, &text);
    if (rc == EXIT_OK &&
        platforms_add(&job->platforms, aver_buf_view(&text), &why) != 0) {
        aver_fail(&err, why.code, "%.160s: %.200s", word, why.text);
        rc = cannot(job, &err);
    }
    aver_buf_clear(&text);
    return rc;
}

static int check_options(struct job *job, const struct words *words)
{
    const struct endorse_options *o = job->o;
    struct aver_error err;

    if (words->n == 0)
        return usage("endorse wants FILEs or URLs");
    if (o->pccs != NULL && !pcs_base_ok(o->pccs))
        return usage("--pccs: expected https://HOST[:PORT][/PATH], or http");
    if (o->update != NULL && strcmp(o->update, "standard") != 0 &&
        strcmp(o->update, "early") != 0)
        return usage("--update %.40s: expected standard or early", o->update);
    if (read_time(&job->now, o->at) != 0)
        return usage("--at: expected 2026-06-01T00:00:00Z, or seconds");
    if (o->trust != NULL && strcmp(o->trust, "vendor") != 0 &&
        strcmp(o->trust, "simulator") != 0)
        return usage("--trust %.40s: expected vendor or simulator", o->trust);
    job->simulated = o->trust != NULL && strcmp(o->trust, "simulator") == 0;
    if (o->offline && (o->refresh || o->update != NULL || o->pccs != NULL))
        return usage("--offline asks nobody: it does not go with --refresh, "
                     "--update and --pccs");
    for (int i = 0; o->offline && i < words->n; i++)
        if (is_url(words->word[i]))
            return usage("--offline asks nobody, not even %.60s",
                         words->word[i]);
    if (o->out != NULL && strcmp(o->out, "-") == 0)
        return usage("--out wants the name of a file");
    if (endorsements_folder(job->folder, o->cache, &err) != 0 && o->out == NULL)
        return usage("%s; say --cache DIR", err.text);
    return EXIT_OK;
}

static int run(struct job *job, const struct words *words)
{
    int rc = EXIT_OK;

    job->said = json_pack("{s:[]}", "endorsements");
    for (int i = 0; rc == EXIT_OK && i < words->n; i++)
        rc = read_word(job, words->word[i]);
    if (rc == EXIT_OK && job->o->out != NULL && job->platforms.n > 1)
        rc = usage("--out is for one platform, and these are %zu",
                   job->platforms.n);
    if (rc == EXIT_OK)
        rc = endorse_all(job);
    platforms_clear(&job->platforms);
    if (job->o->json && rc != EXIT_USAGE)
        print_json(job->said);
    else
        json_decref(job->said);
    return rc;
}

int endorse_main(int argc, char **argv)
{
    static const struct verb_help help = {
        "usage: aver endorse FILE|URL... [options]\n\n"
        "Fetches from Intel what it signs about the platforms of these "
        "quotes, reports or live\nservers, checks it, and keeps it for aver "
        "verify, which itself asks nobody.\n",
        NULL,
        "What is there and not due (a third of its life, or a week, before "
        "its end) is not\nfetched again. Exit status: 0 done, 1 what came is "
        "not genuine, 2 wrong call,\n3 could not be fetched.\n"};
    struct endorse_options o = {0};
    const struct option table[] = {
        {"pccs", "URL", "ask this cache of Intel's service instead", &o.pccs,
         NULL},
        {"cache", "DIR", "keep it there (~/.cache/aver/endorsements)", &o.cache,
         NULL},
        {"out", "FILE", "keep it in this file instead", &o.out, NULL},
        {"update", "NAME", "standard (default), or early; fetches again",
         &o.update, NULL},
        {"refresh", NULL, "fetch again what is not due", NULL, &o.refresh},
        {"offline", NULL, "fetch nothing: is what is needed there?", NULL,
         &o.offline},
        {"trust", "NAME", "whose roots: vendor (default), or simulator",
         &o.trust, NULL},
        {"at", "TIME", "as if it were then (RFC 3339, or seconds)", &o.at,
         NULL},
        {"json", NULL, "one JSON object", NULL, &o.json},
        {"quiet", NULL, "nothing on standard output", NULL, &o.quiet},
        {NULL, NULL, NULL, NULL, NULL}};
    struct job job = {.o = &o};
    struct words words;

    switch (options_parse(table, &help, argc, argv, &words)) {
    case OPTIONS_HELP:
        return EXIT_OK;
    case OPTIONS_BAD:
        return EXIT_USAGE;
    case OPTIONS_OK:
        break;
    }
    int rc = check_options(&job, &words);
    return rc != EXIT_OK ? rc : run(&job, &words);
}
