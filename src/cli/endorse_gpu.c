/* SPDX-License-Identifier: Apache-2.0
 *
 * endorse_gpu: what NVIDIA says of GPUs, a document a file: fetched, checked,
 * and only then kept. What is there stays when nothing better comes. */
#include "attest/ndis.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/endorse.h"
#include "cli/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOCUMENT_MAX ((size_t)1 << 20)
#define KEPT_AFTER_END ((int64_t)7 * 86400)

static int path_of(char out[static ENDORSEMENTS_PATH_MAX],
                   const struct job *job, const char *name,
                   struct aver_error *err)
{
    int n =
        snprintf(out, ENDORSEMENTS_PATH_MAX, "%s/%s.json", job->folder, name);

    return n > 0 && n < ENDORSEMENTS_PATH_MAX
               ? 0
               : aver_fail(err, AVER_ELIMIT,
                           "the name of the file is too long");
}

/* Of the folder; with --out everything is in the set already. */
static int read_document(void *ctx, const char *name, struct aver_buf *out)
{
    const struct job *job = ctx;
    char path[ENDORSEMENTS_PATH_MAX];

    if (job->o->out != NULL || path_of(path, job, name, NULL) != 0)
        return -1;
    return file_read(out, path, NULL);
}

/* A file a document, with some words for people. */
static int write_document(const struct job *job, const struct endorsed_gpus *e,
                          const struct gpu_need *need, struct aver_error *err)
{
    char path[ENDORSEMENTS_PATH_MAX], when[AVER_TIME_TEXT],
        until[AVER_TIME_TEXT];
    struct aver_buf text;
    int rc = -1;

    if (job->o->out != NULL)
        return 0; /* all together, at the end */
    aver_buf_init(&text, DOCUMENT_MAX);
    aver_time_format(when, job->now);
    aver_time_format(until, need->until);
    if (aver_buf_append_str(&text, "{") != 0 ||
        gpu_needs_write(&text, &e->needs, need) != 0 ||
        aver_buf_append_str(&text, ",\n  \"about\": ") != 0 ||
        aver_json_quote(&text, aver_bytes_str(need->what)) != 0 ||
        aver_buf_printf(&text,
                        ",\n  \"fetched\": \"%s\",\n"
                        "  \"valid_until\": \"%s\"\n}\n",
                        when, until) != 0)
        aver_fail(err, AVER_ELIMIT, "%.150s is too large", need->what);
    else if (path_of(path, job, need->name, err) == 0 &&
             endorsements_make(job->folder, err) == 0)
        rc = file_write(path, aver_buf_view(&text), err);
    aver_buf_clear(&text);
    return rc;
}

static int ask(struct job *job, const struct gpu_need *need,
               struct endorsed_document *said, struct https_reply *reply,
               struct aver_error *err)
{
    char url[NDIS_URL_MAX];
    struct aver_buf body;

    if (need->is_rim)
        ndis_rim_url(url, job->o->rim_service, need->id);
    else
        ndis_ocsp_url(url, job->o->ocsp_service);
    struct aver_bytes host = https_host(url);
    snprintf(said->from, sizeof(said->from), "%.*s", (int)host.n,
             (const char *)host.p);
    if (need->is_rim)
        return https_get(job->https, url, reply, err);
    aver_buf_init(&body, 512);
    int rc = ndis_ocsp_request(&body, &need->cert->cert, &need->by->cert);
    if (rc != 0)
        aver_fail(err, AVER_EFORMAT, "there is no asking for %.150s",
                  need->what);
    else
        rc = https_post(job->https, url, "application/ocsp-request",
                        aver_buf_view(&body), reply, err);
    aver_buf_clear(&body);
    return rc;
}

/* Fetches, checks, and only then writes need[i]. */
static enum endorse_result fetch(struct job *job, struct endorsed_gpus *e,
                                 size_t i, struct aver_error *err)
{
    struct endorsed_document *said = &e->said[i];
    const struct gpu_need need = e->needs.need[i];
    enum endorse_result result = ENDORSE_FAILED;
    struct aver_error why = {0};
    struct https_reply reply;

    if (ask(job, &need, said, &reply, err) != 0)
        return ENDORSE_FAILED;
    if (reply.status != 200) {
        aver_fail(err, AVER_EIO, "%s answered %u when asked for %s%s",
                  said->from, reply.status, need.what,
                  reply.status == 404 ? ", which it does not know" : "");
    } else if (gpu_needs_take(&e->needs, &need, aver_buf_view(&reply.body),
                              &why) != 0) {
        aver_fail(err, why.code, "%s: the answer about %s: %.200s", said->from,
                  need.what, why.text);
        /* A service that cannot say is no forger. */
        result = why.code == AVER_EIO ? ENDORSE_FAILED : ENDORSE_REFUSED;
    } else {
        gpu_needs_look(&e->needs);
        if (write_document(job, e, &e->needs.need[i], err) == 0)
            result = ENDORSE_FETCHED;
    }
    https_reply_clear(&reply);
    return result;
}

static void renew(struct job *job, struct endorsed_gpus *e, size_t i)
{
    bool had = e->said[i].result == ENDORSE_KEPT;
    struct endorsed_document *said = &e->said[i];
    struct aver_error err = {0};
    enum endorse_result result = fetch(job, e, i, &err);

    said->result = result;
    if (result == ENDORSE_FETCHED)
        return;
    snprintf(said->reason, sizeof(said->reason), "%s", err.text);
    said->from[0] = '\0';
    job->refused |= result == ENDORSE_REFUSED;
    job->failed = true;
    if (had)
        said->result = ENDORSE_KEPT;
}

static void endorse_document(struct job *job, struct endorsed_gpus *e, size_t i)
{
    const struct gpu_need *need = &e->needs.need[i];
    struct endorsed_document *said = &e->said[i];
    bool there = need->rim != NULL || need->staple != NULL;

    said->result = there ? ENDORSE_KEPT : ENDORSE_FAILED;
    if (job->o->offline) {
        if (there)
            return;
        job->failed = true;
        snprintf(said->reason, sizeof(said->reason), "%.150s: %.200s",
                 need->what, need->reason);
    } else if (!there || job->o->refresh || job->now >= need->due) {
        renew(job, e, i);
    }
}

/* RIMs first: who signed them, and is asked about, is known once they are
 * there. */
static void endorse_documents(struct job *job, struct endorsed_gpus *e)
{
    size_t i = 0;

    for (; i < e->needs.n && e->needs.need[i].is_rim; i++)
        endorse_document(job, e, i);
    for (; i < e->needs.n; i++)
        endorse_document(job, e, i);
    e->result = ENDORSE_FETCHED;
    for (i = 0; i < e->needs.n; i++)
        if (e->said[i].result < e->result)
            e->result = e->said[i].result;
}

/* One line, however many documents it is about: the rest is printed. */
static void complain_of(const struct endorsed_gpus *e)
{
    const char *first = e->reason;
    size_t more = 0;

    for (size_t i = 0; i < e->needs.n; i++) {
        if (e->said[i].reason[0] == '\0')
            continue;
        if (first[0] == '\0')
            first = e->said[i].reason;
        else
            more++;
    }
    if (more > 0)
        complain("%.250s; and %zu documents more", first, more);
    else if (first[0] != '\0')
        complain("%s", first);
}

static void gather(struct job *job, const struct endorsed_gpus *e)
{
    struct aver_buf text;

    aver_buf_init(&text, AVER_ENDORSEMENTS_MAX);
    if (aver_buf_append_str(&text, "{") != 0 ||
        gpu_needs_write(&text, &e->needs, NULL) != 0 ||
        aver_buf_append_str(&text, "}") != 0)
        abort(); /* what was read from less fits */
    json_t *all = aver_json_parse(aver_buf_view(&text), NULL);
    json_array_extend(job->rims, json_object_get(all, "rims"));
    json_array_extend(job->ocsp, json_object_get(all, "ocsp"));
    json_decref(all);
    aver_buf_clear(&text);
}

static void say(struct job *job, const struct endorsed_gpus *e)
{
    if (job->o->json) {
        if (json_object_get(job->said, "gpus") == NULL)
            json_object_set_new(job->said, "gpus", json_array());
        json_array_append_new(json_object_get(job->said, "gpus"),
                              endorse_gpus_object(e));
    } else if (!job->o->quiet) {
        endorse_print_gpus(e);
    }
    complain_of(e);
}

void endorse_gpus(struct job *job, struct aver_bytes evidence)
{
    struct endorsed_gpus *e = calloc(1, sizeof(*e));
    struct aver_error err = {0};

    if (e == NULL)
        abort(); /* out of memory */
    e->place = job->o->out != NULL ? job->o->out : job->folder;
    if (gpu_needs_open(&e->needs, evidence, &job->roots, job->now, &err) != 0) {
        e->result = err.code == AVER_ESIG ? ENDORSE_REFUSED : ENDORSE_FAILED;
        job->refused |= e->result == ENDORSE_REFUSED;
    } else {
        if (job->before.n > 0 &&
            aver_endorsements_add(e->needs.e, aver_buf_view(&job->before),
                                  NULL) != 0)
            aver_buf_clear(&job->before);
        gpu_needs_load(&e->needs, read_document, job);
        if (job->o->offline || endorse_connect(job, &err) == 0)
            endorse_documents(job, e);
        if (job->o->out != NULL)
            gather(job, e);
    }
    if (err.text[0] != '\0') {
        snprintf(e->reason, sizeof(e->reason), "%s", err.text);
        job->failed = true;
    }
    say(job, e);
    gpu_needs_close(&e->needs);
    free(e);
}

/* The array without what stands in it twice. */
static json_t *each_once(const json_t *array)
{
    json_t *out = json_array(), *item;
    size_t i, j;

    json_array_foreach(array, i, item)
    {
        for (j = 0; j < json_array_size(out); j++)
            if (json_equal(json_array_get(out, j), item))
                break;
        if (j == json_array_size(out))
            json_array_append(out, item);
    }
    return out;
}

/* What goes into the file: what was gathered; or what was there, where there
 * was nothing to gather. */
static void set_member(const struct job *job, json_t *all, const char *name,
                       const json_t *gathered)
{
    json_t *before = job->before.n > 0
                         ? aver_json_parse(aver_buf_view(&job->before), NULL)
                         : NULL;
    const json_t *from = json_array_size(gathered) > 0
                             ? gathered
                             : json_object_get(before, name);

    if (json_array_size(from) > 0)
        json_object_set_new(all, name, each_once(from));
    json_decref(before);
}

int endorse_gpus_out(struct job *job, struct aver_error *err)
{
    struct aver_buf text;
    json_t *all = NULL;
    char *said = NULL;
    int rc = 0;

    if (job->o->out == NULL || job->o->offline || job->gpus.n == 0)
        return 0;
    /* Beside what Intel says, if that has just been written. */
    aver_buf_init(&text, AVER_ENDORSEMENTS_MAX);
    if (file_read(&text, job->o->out, NULL) == 0)
        all = aver_json_parse(aver_buf_view(&text), NULL);
    aver_buf_clear(&text);
    if (!json_is_object(all)) {
        json_decref(all);
        all = json_object();
    }
    set_member(job, all, "rims", job->rims);
    set_member(job, all, "ocsp", job->ocsp);
    if (json_object_size(all) > 0) {
        said = json_dumps(all, JSON_INDENT(2));
        if (said == NULL)
            abort(); /* out of memory */
        rc = file_write(job->o->out, aver_bytes_str(said), err);
    }
    json_decref(all);
    free(said);
    return rc;
}

static int is_answer(const struct dirent *d)
{
    size_t n = strlen(d->d_name);

    return n == 5 + 32 + 5 && strncmp(d->d_name, "ocsp-", 5) == 0 &&
           strspn(d->d_name + 5, "0123456789abcdef") == 32 &&
           strcmp(d->d_name + 37, ".json") == 0;
}

static bool ended_long_ago(const struct job *job, const char *path)
{
    struct aver_buf text;
    int64_t until = INT64_MAX;

    aver_buf_init(&text, DOCUMENT_MAX);
    json_t *all = file_read(&text, path, NULL) == 0
                      ? aver_json_parse(aver_buf_view(&text), NULL)
                      : NULL;
    const char *word = json_string_value(json_object_get(all, "valid_until"));
    if (word == NULL || aver_time_parse(&until, aver_bytes_str(word)) != 0)
        until = INT64_MAX;
    json_decref(all);
    aver_buf_clear(&text);
    return until != INT64_MAX && job->now > until + KEPT_AFTER_END;
}

void endorse_gpus_prune(const struct job *job)
{
    char path[ENDORSEMENTS_PATH_MAX + 256];
    struct dirent **entry = NULL;
    int n = scandir(job->folder, &entry, is_answer, alphasort);

    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/%s", job->folder, entry[i]->d_name);
        if (ended_long_ago(job, path))
            unlink(path);
        free(entry[i]);
    }
    free(entry);
}
