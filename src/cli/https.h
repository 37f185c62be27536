/* SPDX-License-Identifier: Apache-2.0
 *
 * https: one request after the other, by libcurl, which is loaded when it is
 * first needed and by nobody else. Servers are judged against the roots of the
 * system. Redirects are not followed; proxies of the environment, .netrc and
 * cookies are not used. */
#ifndef AVER_CLI_HTTPS_H
#define AVER_CLI_HTTPS_H

#include "base/buf.h"

#define HTTPS_BODY_MAX ((size_t)1 << 20)
#define HTTPS_HEADERS_MAX ((size_t)64 << 10)

struct https;

/* Loads the library. NULL with `err` if it is not there, or too old. */
struct https *https_new(struct aver_error *err);
void https_free(struct https *h);
/* From now on everything must have been fetched within so many ms. */
void https_limit(struct https *h, int ms);

struct https_reply {
    unsigned status;
    struct aver_buf headers; /* the head as it came, status line and all */
    struct aver_buf body;
};

/* One GET of an http or https URL. 0 with `reply`, whatever the status; clear
 * it with https_reply_clear. -1 with AVER_EIO, AVER_ETIMEOUT or AVER_ELIMIT,
 * and a sentence that begins with the host; `reply` holds nothing then. */
AVER_MUST_CHECK int https_get(struct https *h, const char *url,
                              struct https_reply *reply,
                              struct aver_error *err);
/* The same by POST. */
AVER_MUST_CHECK int https_post(struct https *h, const char *url,
                               const char *content_type, struct aver_bytes body,
                               struct https_reply *reply,
                               struct aver_error *err);
void https_reply_clear(struct https_reply *reply);
/* Whom the URL names, with the port if one is there. */
struct aver_bytes https_host(const char *url);

#endif
