/* SPDX-License-Identifier: Apache-2.0
 *
 * server: the side towards clients. It turns an HTTP/1.1 connection into
 * requests, one at a time, and writes answers; it knows nothing of what is
 * asked. Its functions for answering are the sink that relay.c writes to: a
 * second protocol can stand behind the same calls.
 *
 *   IDLE -> HEAD -> BODY -> ANSWER -> FLUSH -> IDLE (kept alive)
 *                     \-------------------\--> LINGER -> closed            */
#ifndef AVER_NET_SERVER_H
#define AVER_NET_SERVER_H

#include "net/conn.h"
#include "net/http1.h"

#define SERVER_SCRATCH (64u << 10)
#define SERVER_HIGH_MARK (256u << 10) /* pending to a client: stop reading */
#define SERVER_HEAD_MAX (80u << 10)   /* a formatted response head */

enum server_state {
    SERVER_IDLE = 0,
    SERVER_HEAD,
    SERVER_BODY,
    SERVER_ANSWER,
    SERVER_FLUSH,
    SERVER_LINGER,
    SERVER_CLOSED,
};

enum server_gone { SERVER_CLIENT_LEFT, SERVER_CLIENT_SLOW, SERVER_SHUTDOWN };

struct server_conn {
    struct conn conn;
    struct server *server;
    enum server_state state;
    bool keep_alive, http10, parsing, chunked, head_only, answered;
    bool no_body; /* the request has none: an answer to its head is not early */
    bool metrics_only;    /* came in on the listener for metrics */
    struct aver_buf in;   /* bytes received, not yet parsed */
    struct aver_buf held; /* answer bytes that wait for server_release */
    union {               /* a head is parsed, then a body */
        struct http_cursor cursor;
        struct http_body body;
    };
    struct timer timer, write_timer;
    struct again again;
    union {
        struct {
            struct server_conn *prev, *next; /* all connections */
        };
        struct garbage garbage; /* once it is closed */
    };
    uint8_t peer[16]; /* IPv6 or mapped IPv4; zeros for unix */
    void *user;       /* the hooks' own, one request long */
};

/* Views in `h` and `piece` are valid during the call. Every hook may answer. */
struct server_hooks {
    void (*on_head)(struct server_conn *c, const struct http_head *h);
    void (*on_body)(struct server_conn *c, struct aver_bytes piece);
    void (*on_request)(struct server_conn *c); /* the request is whole */
    void (*on_writable)(struct server_conn *c);
    /* The client is gone before its answer ended, or the connection is being
     * closed under it. `c` must not be used afterwards. */
    void (*on_gone)(struct server_conn *c, enum server_gone why);
    /* The answer was handed over whole. `user` is forgotten afterwards. */
    void (*on_answered)(struct server_conn *c);
    /* Must answer with that status. */
    void (*on_refused)(struct server_conn *c, const struct http_refusal *why);
};

struct server_timeouts {
    uint64_t head_ms, body_ms, idle_ms, write_ms;
};

struct server {
    struct loop *loop;
    const struct server_hooks *hooks;
    struct http_limits limits;
    struct timer_queue head_queue, body_queue, idle_queue, write_queue,
        linger_queue, accept_queue;
    struct server_conn conns; /* sentinel of the ring */
    unsigned open;
    uint64_t accepted;
    void *ctx;
    struct http_head head;
    uint8_t *scratch;          /* SERVER_SCRATCH bytes, for reading */
    struct aver_buf head_text; /* a response head being formatted */
    char date[40];
    uint64_t date_at_ms;
};

struct server_listener {
    struct watch watch;
    struct server *server;
    struct timer pause; /* descriptors are short: accept later */
    bool metrics_only;
};

AVER_MUST_CHECK int server_init(struct server *s, struct loop *l,
                                const struct server_hooks *hooks,
                                const struct server_timeouts *t,
                                uint64_t body_max, void *ctx,
                                struct aver_error *err);
/* Closes all connections and frees what init made. Nothing happens to a zeroed
 * one. */
void server_close(struct server *s);
/* Accepts on a listening, non-blocking descriptor. */
AVER_MUST_CHECK int server_listen(struct server *s, struct server_listener *w,
                                  int fd, bool metrics_only);
void server_unlisten(struct server *s, struct server_listener *w);

/* An answer's head. Framing fields (Content-Length, Transfer-Encoding,
 * Connection, Date) are the server's business. */
struct server_answer {
    unsigned status;
    enum http_framing framing; /* what is known: length, chunked, none */
    uint64_t length;
    unsigned nfields;
    struct http_field fields[48];
};
/* False if there is no room for one more. Borrows both. */
bool server_answer_add(struct server_answer *a, struct aver_bytes name,
                       struct aver_bytes value);

#define SERVER_END 1u  /* the answer ends with this piece */
#define SERVER_HOLD 2u /* keep until server_release */
/* Sends a piece of the answer; `head` with the first one, NULL later. */
void server_send(struct server_conn *c, const struct server_answer *head,
                 struct aver_bytes piece, unsigned flags);
/* Sends what is held; with `end` that was the whole rest of the answer. */
void server_release(struct server_conn *c, bool end);
/* Forgets what is held (nothing of the answer was sent yet). */
void server_drop_held(struct server_conn *c);
/* The answer cannot go on: the client sees it cut. */
void server_abort(struct server_conn *c);
/* Closes after this answer, whatever the client asked for. */
void server_close_after(struct server_conn *c);
static inline bool server_full(const struct server_conn *c)
{
    return conn_pending(&c->conn) >= SERVER_HIGH_MARK;
}

#endif
