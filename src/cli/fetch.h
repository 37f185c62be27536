/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch: what a client asks a server for: its report and its receipts. */
#ifndef AVER_CLI_FETCH_H
#define AVER_CLI_FETCH_H

#include "net/client.h"
#include "verify/rows.h"

#define FETCH_TIMEOUT_MS 90000

/* A server, and the header lines that go with every request to it. */
struct fetcher {
    struct client *client;
    char *authorization; /* "Authorization: Bearer …", or NULL; wiped */
    const char *headers[4];
};

/* Parses `url`; connects nothing yet. The token is the first line of
 * `token_file`, or AVER_TOKEN, or none. -1 with `err`: AVER_ECONFIG and
 * AVER_EUNSUPPORTED mean a wrong call. Clear it afterwards in any case. */
AVER_MUST_CHECK int fetch_open(struct fetcher *f, const char *url,
                               const char *token_file, struct aver_error *err);
/* Says why fetch_open failed: a wrong call (EXIT_USAGE), or a token file that
 * cannot be read (EXIT_UNDECIDED). */
int fetch_refused(const struct aver_error *err, bool json);
void fetch_close(struct fetcher *f);
/* GET of a target below the base URL; the body is appended to `out`. -1 with
 * `err` if there is no answer; else 0 and its status. */
AVER_MUST_CHECK int fetch_get(struct fetcher *f, const char *target,
                              struct aver_buf *out, unsigned *status,
                              struct aver_error *err);
/* The report for the policy's nonce and algorithm; appended to `out`. -1 with
 * `err` if there is none, or the server answered with an error. */
AVER_MUST_CHECK int fetch_report(struct fetcher *f, const struct aver_policy *p,
                                 struct aver_buf *out, struct aver_error *err);
/* The receipt of that id, likewise; 404 is no error: the body says why. */
AVER_MUST_CHECK int fetch_receipt(struct fetcher *f, const char *id,
                                  enum aver_algo algo, struct aver_buf *out,
                                  struct aver_error *err);

#endif
