/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch: see fetch.h. */
#include "cli/fetch.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_token(struct fetcher *f, const char *token_file,
                      struct aver_error *err)
{
    struct aver_buf token;
    size_t n;
    int rc = -1;

    aver_buf_init(&token, 8192);
    if (file_token(&token, token_file, err) != 0)
        goto out;
    rc = 0;
    if (token.n == 0)
        goto out;
    n = token.n + 32;
    f->authorization = malloc(n);
    if (f->authorization == NULL)
        abort();
    snprintf(f->authorization, n, "Authorization: Bearer %.*s", (int)token.n,
             (const char *)token.p);
    f->headers[0] = f->authorization;
out:
    aver_buf_wipe(&token);
    return rc;
}

int fetch_open(struct fetcher *f, const char *url, const char *token_file,
               struct aver_error *err)
{
    struct client_url u;

    memset(f, 0, sizeof(*f));
    if (client_url_parse(&u, url, err) != 0 ||
        read_token(f, token_file, err) != 0)
        return -1;
    f->client = client_new(&u);
    return 0;
}

int fetch_refused(const struct aver_error *err, bool json)
{
    if (err->code == AVER_EIO)
        return print_failure(err->text, json);
    return usage("%s", err->text);
}

void fetch_close(struct fetcher *f)
{
    client_free(f->client);
    if (f->authorization != NULL)
        aver_wipe(f->authorization, strlen(f->authorization));
    free(f->authorization);
    memset(f, 0, sizeof(*f));
}

int fetch_get(struct fetcher *f, const char *target, struct aver_buf *out,
              unsigned *status, struct aver_error *err)
{
    struct client_request rq = {.method = "GET",
                                .target = target,
                                .headers = f->headers,
                                .timeout_ms = FETCH_TIMEOUT_MS,
                                .body_max = AVER_REPORT_MAX};
    struct client_reply reply;
    int rc;

    if (client_exchange(f->client, &rq, &reply, err) != 0)
        return -1;
    *status = reply.status;
    rc = aver_buf_append(out, reply.body.p, reply.body.n);
    client_reply_clear(&reply);
    return rc == 0 ? 0 : aver_fail(err, AVER_ELIMIT, "the answer is too large");
}

int fetch_report(struct fetcher *f, const struct aver_policy *p,
                 struct aver_buf *out, struct aver_error *err)
{
    char target[256], nonce[65];
    unsigned status = 0;

    aver_hex_encode(nonce, p->nonce, 32);
    snprintf(target, sizeof(target),
             "/v1/attestation/report?nonce=%s&signing_algo=%s&endorsements=1%s",
             nonce, aver_algo_name(p->has_algo ? p->algo : AVER_ECDSA),
             p->has_spki ? "&include_tls_fingerprint=true" : "");
    if (fetch_get(f, target, out, &status, err) != 0)
        return -1;
    if (status != 200)
        return aver_fail(err, AVER_EIO,
                         "the server answered %u when asked for its report",
                         status);
    return 0;
}

int fetch_receipt(struct fetcher *f, const char *id, enum aver_algo algo,
                  struct aver_buf *out, struct aver_error *err)
{
    char target[256];
    unsigned status = 0;

    snprintf(target, sizeof(target), "/v1/signature/%s?signing_algo=%s", id,
             aver_algo_name(algo));
    if (fetch_get(f, target, out, &status, err) != 0)
        return -1;
    if (status != 200 && status != 404)
        return aver_fail(err, AVER_EIO,
                         "the server answered %u when asked for the receipt",
                         status);
    return 0;
}
