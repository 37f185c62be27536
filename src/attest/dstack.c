/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack: POST /GetQuote and /Info; agents before 0.5 ("tappd") know only
 * /prpc/Tappd.TdxQuote and /prpc/Tappd.Info. The agent promises nothing about
 * calls at the same time, so there is one call at a time, each on a connection
 * of its own. */
#include "attest/dstack.h"

#include "net/agent_socket.h"

#include "attest/agent.h"
#include "base/text.h"
#include "net/client.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)4 << 20)

/* Tells an agent that is not there from one that breaks off. */
static int knock(const char *path, struct aver_error *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int rc = 0,
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    if (fd < 0)
        return aver_fail(err, AVER_EIO, "socket: %s", strerror(errno));
    /* EAGAIN: its queue is full, so it is there. */
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EAGAIN)
        rc = aver_fail(err, AVER_EABSENT, "no guest agent at %s: %s", path,
                       strerror(errno));
    close(fd);
    return rc;
}

struct call {
    const char *path; /* the socket */
    int64_t deadline_ms;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One exchange. 0 whatever the status is. */
static int post(const struct call *c, const char *target, const char *body,
                struct client_reply *reply, struct aver_error *err)
{
    static const char *const headers[] = {"Content-Type: application/json",
                                          "Accept: application/json", NULL};
    struct client_url url = {.is_unix = true};
    int64_t left = c->deadline_ms - now_ms();

    if (left <= 0)
        return aver_fail(err, AVER_ETIMEOUT, "guest agent is too slow");
    snprintf(url.host, sizeof(url.host), "%s", c->path);
    struct client *client = client_new(&url);
    struct client_request request = {.method = "POST",
                                     .target = target,
                                     .headers = headers,
                                     .body = aver_bytes_str(body),
                                     .has_body = true,
                                     .timeout_ms = (int)left,
                                     .body_max = ANSWER_MAX};
    struct aver_error why = {.code = AVER_EIO};
    int rc = client_exchange(client, &request, reply, &why);
    client_free(client);
    if (rc != 0)
        return aver_fail(err, why.code, "guest agent, %s: %.300s", target,
                         why.text);
    if (!reply->complete) {
        client_reply_clear(reply);
        return aver_fail(err, AVER_EFORMAT, "guest agent, %s: answer is cut",
                         target);
    }
    return 0;
}

static int refuse_status(const char *target, const struct client_reply *reply,
                         struct aver_error *err)
{
    char excerpt[AGENT_EXCERPT + 1];

    agent_excerpt(excerpt, aver_buf_view(&reply->body));
    return aver_fail(err, AVER_EIO, "guest agent, %s: status %u: %s", target,
                     reply->status, excerpt);
}

/* 0; 1 if the agent does not know the path; -1. */
static int quote_by(const struct call *c, bool legacy,
                    const uint8_t report_data[static 64],
                    struct cpu_evidence *out, struct aver_error *err)
{
    const char *target = legacy ? "/prpc/Tappd.TdxQuote" : "/GetQuote";
    struct client_reply reply = {0};
    char hex[129], body[200];
    int rc;

    aver_hex_encode(hex, report_data, 64);
    snprintf(body, sizeof(body), "{\"report_data\":\"%s\"%s}", hex,
             legacy ? ",\"hash_algorithm\":\"raw\"" : "");
    if (post(c, target, body, &reply, err) != 0)
        return -1;
    if (reply.status == 404 && !legacy)
        rc = 1;
    else if (reply.status != 200)
        rc = refuse_status(target, &reply, err);
    else
        rc =
            agent_read_quote(out, aver_buf_view(&reply.body), report_data, err);
    client_reply_clear(&reply);
    return rc;
}

/* A tappd without Info leaves it empty. */
static int info_by(const struct call *c, bool legacy, struct cpu_evidence *out,
                   struct aver_error *err)
{
    const char *target = legacy ? "/prpc/Tappd.Info" : "/Info";
    struct client_reply reply = {0};
    int rc;

    if (post(c, target, "{}", &reply, err) != 0)
        return -1;
    if (reply.status == 404 && legacy)
        rc = 0;
    else if (reply.status != 200)
        rc = refuse_status(target, &reply, err);
    else
        rc = agent_read_info(out, aver_buf_view(&reply.body), err);
    client_reply_clear(&reply);
    return rc;
}

static bool is_tappd(const char *path)
{
    const char *name = strrchr(path, '/');

    return strcmp(name ? name + 1 : path, "tappd.sock") == 0;
}

int dstack_quote(const char *configured, int limit_ms,
                 const uint8_t report_data[static 64], struct cpu_evidence *out,
                 struct aver_error *err)
{
    char path[108];
    struct call c = {.path = path, .deadline_ms = now_ms() + limit_ms};

    if (agent_socket_find(configured, path, err) != 0 || knock(path, err) != 0)
        return -1;
    bool legacy = is_tappd(path);
    int rc = quote_by(&c, legacy, report_data, out, err);
    if (rc == 1) {
        legacy = true;
        rc = quote_by(&c, legacy, report_data, out, err);
    }
    return rc == 0 ? info_by(&c, legacy, out, err) : -1;
}

static bool dstack_present(const struct attest_config *config)
{
    char path[108];

    return agent_socket_find(config->dstack_socket, path, NULL) == 0;
}

/* State: the configured path, or NULL. The socket is looked for anew each
 * time, since an agent may be restarted elsewhere. */
static int dstack_open(void **state, const struct attest_config *config,
                       unsigned uid, unsigned gid, struct aver_error *err)
{
    char path[108];

    (void)uid, (void)gid;
    *state = NULL;
    if (agent_socket_find(config->dstack_socket, path, err) != 0)
        return -1;
    if (config->dstack_socket && !(*state = strdup(config->dstack_socket)))
        return aver_fail(err, AVER_EMEM, "out of memory");
    return 0;
}

static int dstack_make(void *state, const uint8_t report_data[static 64],
                       struct cpu_evidence *out, struct aver_error *err)
{
    return dstack_quote(state, DSTACK_LIMIT_MS, report_data, out, err);
}

const struct cpu_backend cpu_dstack = {
    .name = "dstack",
    .choice = ATTEST_CHOOSE_DSTACK,
    .tee = ATTEST_TEE_DSTACK,
    .limit_ms = DSTACK_LIMIT_MS + 2000, /* it keeps the limit itself */
    .present = dstack_present,
    .open = dstack_open,
    .quote = dstack_make,
    .close = free,
};
