/* SPDX-License-Identifier: Apache-2.0
 *
 * endorse: fetches what vendors sign about the platforms and GPUs that some
 * evidence comes from, checks it, and keeps it for `aver verify`, which asks
 * nobody. The only verb that speaks with a vendor's service. GPUs are in
 * endorse_gpu.c. */
#include "cli/endorse.h"

#include "attest/genuine.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/file.h"
#include "cli/options.h"
#include "cli/print.h"
#include "crypto/random.h"
#include "crypto/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

int endorse_connect(struct job *job, struct aver_error *err)
{
    if (job->https == NULL)
        job->https = https_new(err);
    if (job->https == NULL)
        return -1;
    https_limit(job->https, ENDORSE_LIMIT_MS);
    return 0;
}

static int fetch_all(struct job *job, struct endorsed *e,
                     struct aver_error *err)
{
    if (endorse_connect(job, err) != 0)
        return -1;
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

static void endorse_platforms(struct job *job)
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
}

static int endorse_all(struct job *job)
{
    struct aver_error err;

    endorse_platforms(job);
    for (size_t i = 0; i < job->gpus.n; i++)
        endorse_gpus(job, aver_buf_view(&job->gpus.of[i]));
    if (endorse_gpus_out(job, &err) != 0) {
        complain("%s", err.text);
        job->failed = true;
    }
    if (!job->o->offline && job->o->out == NULL)
        endorse_gpus_prune(job);
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

/* What it is about: quotes, GPUs, or both. */
static int take_text(struct job *job, struct aver_bytes text,
                     struct aver_error *err)
{
    const char *only = job->o->only;
    bool cpu = only == NULL || strcmp(only, "cpu") == 0;
    bool gpu = only == NULL || strcmp(only, "gpu") == 0;
    size_t before = job->gpus.n;

    if (gpu && gpu_texts_add(&job->gpus, text, err) != 0)
        return -1;
    if (cpu && platforms_add(&job->platforms, text, err) == 0)
        return 0;
    if (cpu && err->code != AVER_EABSENT)
        return -1;
    if (gpu && job->gpus.n > before)
        return 0;
    return aver_fail(err, AVER_EABSENT, "there is no %s in it",
                     !gpu   ? "quote"
                     : !cpu ? "GPU evidence"
                            : "quote, and no GPU evidence");
}

static int read_word(struct job *job, const char *word)
{
    struct aver_error err = {0}, why = {0};
    struct aver_buf text;
    int rc;

    aver_buf_init(&text, AVER_REPORT_MAX);
    rc =
        is_url(word) ? read_url(job, word, &text) : read_file(job, word, &text);
    if (rc == EXIT_OK && take_text(job, aver_buf_view(&text), &why) != 0) {
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
    if (o->rim_service != NULL && !pcs_base_ok(o->rim_service))
        return usage("--rim-service: expected https://HOST[:PORT][/PATH], or "
                     "http");
    if (o->ocsp_service != NULL && !pcs_base_ok(o->ocsp_service))
        return usage("--ocsp-service: expected https://HOST[:PORT][/PATH], or "
                     "http");
    if (o->only != NULL && strcmp(o->only, "cpu") != 0 &&
        strcmp(o->only, "gpu") != 0)
        return usage("--only %.40s: expected cpu or gpu", o->only);
    if (o->update != NULL && strcmp(o->update, "standard") != 0 &&
        strcmp(o->update, "early") != 0)
        return usage("--update %.40s: expected standard or early", o->update);
    if (read_time(&job->now, o->at) != 0)
        return usage("--at: expected 2026-06-01T00:00:00Z, or seconds");
    if (o->trust != NULL && strcmp(o->trust, "vendor") != 0 &&
        strcmp(o->trust, "simulator") != 0)
        return usage("--trust %.40s: expected vendor or simulator", o->trust);
    job->simulated = o->trust != NULL && strcmp(o->trust, "simulator") == 0;
    job->roots = gpu_roots_of(job->simulated);
    if ((o->gpu_root != NULL || o->rim_root != NULL) && job->simulated)
        return usage("--trust simulator, and --gpu-root or --rim-root: one "
                     "root at a time");
    if (o->offline && (o->refresh || o->update != NULL || o->pccs != NULL ||
                       o->rim_service != NULL || o->ocsp_service != NULL))
        return usage("--offline asks nobody: it does not go with --refresh, "
                     "--update, --pccs, --rim-service and --ocsp-service");
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

/* With --out: what is in the file already, which need not be there. */
static void read_before(struct job *job)
{
    aver_buf_init(&job->before, AVER_ENDORSEMENTS_MAX);
    job->rims = json_array();
    job->ocsp = json_array();
    if (job->o->out != NULL && file_read(&job->before, job->o->out, NULL) != 0)
        aver_buf_clear(&job->before);
}

/* A certificate whose key is trusted in place of the pinned one. */
static int read_root(uint8_t spki[static 32], const char *name,
                     const char *path)
{
    struct aver_error err;
    struct aver_buf pem;
    int rc = EXIT_OK;

    if (path == NULL)
        return EXIT_OK;
    aver_buf_init(&pem, AVER_CHAIN_TEXT_MAX);
    if (file_read(&pem, path, &err) != 0 ||
        aver_x509_spki_sha256(spki, aver_buf_view(&pem), &err) != 0)
        rc = usage("--%s %.100s: %.200s", name, path, err.text);
    aver_buf_clear(&pem);
    return rc;
}

static int run(struct job *job, const struct words *words)
{
    int rc = read_root(job->roots.device, "gpu-root", job->o->gpu_root);

    if (rc == EXIT_OK)
        rc = read_root(job->roots.rim, "rim-root", job->o->rim_root);

    job->said = json_pack("{s:[]}", "endorsements");
    read_before(job);
    for (int i = 0; rc == EXIT_OK && i < words->n; i++)
        rc = read_word(job, words->word[i]);
    if (rc == EXIT_OK && job->o->out != NULL && job->platforms.n > 1)
        rc = usage("--out is for one platform, and these are %zu",
                   job->platforms.n);
    if (rc == EXIT_OK)
        rc = endorse_all(job);
    platforms_clear(&job->platforms);
    gpu_texts_clear(&job->gpus);
    aver_buf_clear(&job->before);
    json_decref(job->rims);
    json_decref(job->ocsp);
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
        "Fetches from Intel and NVIDIA what they sign about the platforms and "
        "GPUs of these\nquotes, lists of GPU evidence, reports or live "
        "servers, checks it, and keeps it for\naver verify, which itself asks "
        "nobody.\n",
        NULL,
        "What is there and not due is not fetched again. Due are Intel's "
        "documents a third of\ntheir life, or a week, before their end, OCSP "
        "answers after 12 hours, RIMs 30 days\nbefore their signer's "
        "certificate ends. Exit status: 0 done, 1 what came is "
        "not genuine, 2 wrong call,\n3 could not be fetched.\n"};
    struct endorse_options o = {0};
    const struct option table[] = {
        {"pccs", "URL", "ask this cache of Intel's service instead", &o.pccs,
         NULL},
        {"rim-service", "URL", "ask this instead of NVIDIA's for RIMs",
         &o.rim_service, NULL},
        {"ocsp-service", "URL", "ask this instead of NVIDIA's OCSP responder",
         &o.ocsp_service, NULL},
        {"only", "NAME", "cpu or gpu: leave the other one alone", &o.only,
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
        {"gpu-root", "FILE", "PEM: a root for GPUs in place of NVIDIA's",
         &o.gpu_root, NULL},
        {"rim-root", "FILE", "PEM: a root for RIMs in place of NVIDIA's",
         &o.rim_root, NULL},
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
