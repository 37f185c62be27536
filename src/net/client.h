/* SPDX-License-Identifier: Apache-2.0
 *
 * client: one blocking HTTP/1.1 client connection with a deadline, over TCP or
 * a Unix socket, on top of the codec. For the attester, the notary at its
 * birth, and the command line; workers never use it. */
#ifndef AVER_NET_CLIENT_H
#define AVER_NET_CLIENT_H

#include "base/buf.h"
#include "net/http1.h"

/* "http://HOST[:PORT][/BASE]", "unix:PATH", or a bare absolute path, which
 * means a Unix socket. https is refused as unsupported. */
struct client_url {
    bool is_unix;
    char host[256]; /* without brackets; or the socket's path */
    char port[6];
    char base[256]; /* path in front of every target, "" if none; no final / */
};
AVER_MUST_CHECK int client_url_parse(struct client_url *u, const char *text,
                                     struct aver_error *err);

struct client_request {
    const char *method, *target;
    const char *const
        *headers;           /* "Name: value" each, NULL at the end; or NULL */
    struct aver_bytes body; /* sent with Content-Length if has_body */
    bool has_body;
    int timeout_ms;  /* whole exchange; with on_body: silence between reads */
    size_t body_max; /* of the reply; with on_body, 0 is no limit */
    /* If set, gets the reply's body in pieces instead of reply.body. Non-zero
     * ends the exchange: 0 is returned, `complete` is false. */
    int (*on_body)(void *ctx, struct aver_bytes piece);
    void *ctx;
    /* Only on the connection of the exchange before: if that one is not there
     * any more, -1 with AVER_EABSENT, and nothing goes out on another. */
    bool same_connection;
};

struct client_reply {
    unsigned status;
    char content_type[128], request_id[129], retry_after[32]; /* "" if none */
    bool complete; /* the codec saw a well-framed end */
    struct aver_buf body;
};

struct client; /* one connection, kept between exchanges */
/* Connects nothing yet. Copies the URL. */
struct client *client_new(const struct client_url *u);
void client_free(struct client *c);
/* One exchange; connects, or reuses the kept connection (`c` reconnects by
 * itself only if the kept one turns out closed before a byte of the reply).
 * 0 with `reply` filled (clear it with client_reply_clear), whatever the
 * status; a body ended by close alone is there, with `complete` false. -1 with
 * AVER_EIO (refused, cut), AVER_ETIMEOUT, AVER_EFORMAT or AVER_ELIMIT; `reply`
 * holds no body then; what on_body got stays with it. */
AVER_MUST_CHECK int client_exchange(struct client *c,
                                    const struct client_request *request,
                                    struct client_reply *reply,
                                    struct aver_error *err);
/* True if the last exchange ran on the connection of the one before it. */
bool client_was_reused(const struct client *c);
void client_reply_clear(struct client_reply *reply);

#endif
