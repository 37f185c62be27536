/* SPDX-License-Identifier: Apache-2.0
 *
 * https: see https.h. libcurl's headers are used, its library is not linked:
 * one verb needs it, and all others start without it. */
#include "cli/https.h"

#define CURL_DISABLE_TYPECHECK /* else curl_easy_setopt is a macro */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIBRARY "libcurl.so.4"
#define CONNECT_MS 10000L

struct https {
    void *library;
    CURL *handle;
    int64_t until_ms; /* CLOCK_MONOTONIC */
    int limit_ms;
    CURLcode (*global_init)(long flags);
    void (*global_cleanup)(void);
    CURL *(*init)(void);
    void (*cleanup)(CURL *);
    CURLcode (*setopt)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    CURLcode (*getinfo)(CURL *, CURLINFO, ...);
    const char *(*strerror)(CURLcode);
    struct curl_slist *(*list_add)(struct curl_slist *, const char *);
    void (*list_free)(struct curl_slist *);
};

static const struct {
    const char *name;
    size_t at; /* of the pointer in struct https */
} symbols[] = {
    {"curl_global_init", offsetof(struct https, global_init)},
    {"curl_global_cleanup", offsetof(struct https, global_cleanup)},
    {"curl_easy_init", offsetof(struct https, init)},
    {"curl_easy_cleanup", offsetof(struct https, cleanup)},
    {"curl_easy_setopt", offsetof(struct https, setopt)},
    {"curl_easy_perform", offsetof(struct https, perform)},
    {"curl_easy_getinfo", offsetof(struct https, getinfo)},
    {"curl_easy_strerror", offsetof(struct https, strerror)},
    {"curl_slist_append", offsetof(struct https, list_add)},
    {"curl_slist_free_all", offsetof(struct https, list_free)},
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int load(struct https *h, struct aver_error *err)
{
    h->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (h->library == NULL)
        return aver_fail(err, AVER_EABSENT,
                         "fetching needs libcurl (Debian: libcurl4): %.200s",
                         dlerror());
    for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
        void *p = dlsym(h->library, symbols[i].name);

        if (p == NULL)
            return aver_fail(err, AVER_EUNSUPPORTED,
                             LIBRARY " lacks %s: it is no libcurl",
                             symbols[i].name);
        memcpy((char *)h + symbols[i].at, &p, sizeof(p));
    }
    if (h->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return aver_fail(err, AVER_EIO, LIBRARY " cannot be started");
    h->handle = h->init();
    return h->handle != NULL
               ? 0
               : aver_fail(err, AVER_EIO, LIBRARY " cannot be started");
}

/* A head and a body under way. */
struct reading {
    struct https_reply *reply;
    bool too_large;
};

static size_t keep(struct reading *r, struct aver_buf *to, const char *p,
                   size_t n)
{
    if (aver_buf_append(to, p, n) == 0)
        return n;
    r->too_large = true;
    return n + 1; /* ends the transfer: not what was given */
}

/* Called with whole lines. Only the last head counts: those of 1xx answers
 * come before it. */
static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct reading *r = ctx;

    n *= size;
    if (aver_bytes_starts(aver_bytes_of(p, n), "HTTP/"))
        aver_buf_clear(&r->reply->headers);
    return keep(r, &r->reply->headers, p, n);
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct reading *r = ctx;

    return keep(r, &r->reply->body, p, size * n);
}

/* What is the same for every request. An option that this libcurl does not know
 * is a failure: each of them is there for safety. */
static int configure(struct https *h, struct aver_error *err)
{
    CURL *c = h->handle;

    if (h->setopt(c, CURLOPT_PROTOCOLS_STR, "https,http") != CURLE_OK ||
        h->setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK ||
        h->setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) != CURLE_OK ||
        h->setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) !=
            CURLE_OK ||
        h->setopt(c, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
        h->setopt(c, CURLOPT_PROXY, "") != CURLE_OK ||
        h->setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) != CURLE_OK ||
        h->setopt(c, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
        h->setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) != CURLE_OK ||
        h->setopt(c, CURLOPT_USERAGENT, "aver") != CURLE_OK ||
        h->setopt(c, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK ||
        h->setopt(c, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK)
        return aver_fail(err, AVER_EUNSUPPORTED,
                         LIBRARY " is too old: 7.85 or newer is needed");
    return 0;
}

struct https *https_new(struct aver_error *err)
{
    struct https *h = calloc(1, sizeof(*h));

    if (h == NULL)
        abort(); /* out of memory */
    if (load(h, err) != 0 || configure(h, err) != 0) {
        https_free(h);
        return NULL;
    }
    return h;
}

void https_free(struct https *h)
{
    if (h == NULL)
        return;
    if (h->handle != NULL) {
        h->cleanup(h->handle);
        h->global_cleanup();
    }
    /* The library stays: its cryptography is not made to be unloaded. */
    free(h);
}

void https_limit(struct https *h, int ms)
{
    h->limit_ms = ms;
    h->until_ms = now_ms() + ms;
}

struct aver_bytes https_host(const char *url)
{
    const char *p = strstr(url, "://");

    p = p != NULL ? p + 3 : url;
    return aver_bytes_of(p, strcspn(p, "/?#"));
}

static int say_why(const struct https *h, const char *url, CURLcode code,
                   const char *detail, bool too_large, struct aver_error *err)
{
    struct aver_bytes host = https_host(url);
    const char *why = detail[0] != '\0' ? detail : h->strerror(code);

    if (too_large)
        return aver_fail(err, AVER_ELIMIT,
                         "%.*s: the answer is too large (more than 1 MiB, or "
                         "64 KiB of headers)",
                         (int)host.n, (const char *)host.p);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return aver_fail(err, AVER_ETIMEOUT,
                         "%.*s: too slow: not everything came within %d s",
                         (int)host.n, (const char *)host.p, h->limit_ms / 1000);
    return aver_fail(err, AVER_EIO, "%.*s: %.200s", (int)host.n,
                     (const char *)host.p, why);
}

/* With method, header fields and body set. */
static int request(struct https *h, const char *url, struct https_reply *reply,
                   struct aver_error *err)
{
    struct reading reading = {.reply = reply};
    char detail[CURL_ERROR_SIZE] = "";
    int64_t left = h->until_ms - now_ms();
    long status = 0;
    CURL *c = h->handle;

    memset(reply, 0, sizeof(*reply));
    aver_buf_init(&reply->headers, HTTPS_HEADERS_MAX);
    aver_buf_init(&reply->body, HTTPS_BODY_MAX);
    CURLcode code = CURLE_OPERATION_TIMEDOUT;
    if (left > 0 && h->setopt(c, CURLOPT_URL, url) == CURLE_OK &&
        h->setopt(c, CURLOPT_TIMEOUT_MS, (long)left) == CURLE_OK &&
        h->setopt(c, CURLOPT_ERRORBUFFER, detail) == CURLE_OK &&
        h->setopt(c, CURLOPT_HEADERDATA, &reading) == CURLE_OK &&
        h->setopt(c, CURLOPT_WRITEDATA, &reading) == CURLE_OK)
        code = h->perform(c);
    h->setopt(c, CURLOPT_ERRORBUFFER, NULL); /* it ends with this function */
    if (code == CURLE_OK)
        code = h->getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        https_reply_clear(reply);
        return say_why(h, url, code, detail, reading.too_large, err);
    }
    reply->status = (unsigned)status;
    return 0;
}

int https_get(struct https *h, const char *url, struct https_reply *reply,
              struct aver_error *err)
{
    memset(reply, 0, sizeof(*reply));
    if (h->setopt(h->handle, CURLOPT_HTTPGET, 1L) != CURLE_OK ||
        h->setopt(h->handle, CURLOPT_HTTPHEADER, NULL) != CURLE_OK)
        return aver_fail(err, AVER_EIO, LIBRARY " cannot be told to GET");
    return request(h, url, reply, err);
}

int https_post(struct https *h, const char *url, const char *content_type,
               struct aver_bytes body, struct https_reply *reply,
               struct aver_error *err)
{
    struct curl_slist *fields = NULL;
    char field[128];
    int rc = -1;

    memset(reply, 0, sizeof(*reply));
    snprintf(field, sizeof(field), "Content-Type: %.100s", content_type);
    fields = h->list_add(NULL, field);
    if (fields == NULL)
        abort(); /* out of memory */
    if (h->setopt(h->handle, CURLOPT_HTTPHEADER, fields) == CURLE_OK &&
        h->setopt(h->handle, CURLOPT_POST, 1L) == CURLE_OK &&
        h->setopt(h->handle, CURLOPT_POSTFIELDSIZE, (long)body.n) == CURLE_OK &&
        h->setopt(h->handle, CURLOPT_POSTFIELDS, body.p) == CURLE_OK)
        rc = request(h, url, reply, err);
    else
        aver_fail(err, AVER_EIO, LIBRARY " cannot be told to POST");
    /* Both end with this function. */
    h->setopt(h->handle, CURLOPT_HTTPHEADER, NULL);
    h->setopt(h->handle, CURLOPT_POSTFIELDS, NULL);
    h->list_free(fields);
    return rc;
}

void https_reply_clear(struct https_reply *reply)
{
    aver_buf_clear(&reply->headers);
    aver_buf_clear(&reply->body);
    reply->status = 0;
}
