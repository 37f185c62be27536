/* SPDX-License-Identifier: Apache-2.0
 *
 * relay: one exchange, from a client's whole request to the end of the
 * engine's answer. It moves bytes unchanged and says when a well-framed answer
 * has ended; it knows nothing of models, keys or receipts: hooks do. */
#ifndef AVER_NET_RELAY_H
#define AVER_NET_RELAY_H

#include "net/engine.h"
#include "net/server.h"

enum relay_state {
    RELAY_RECEIVE = 0, /* the client's request is coming */
    RELAY_CONNECT,     /* to the engine */
    RELAY_SEND,        /* the request */
    RELAY_HEAD,        /* waiting for the answer's head */
    RELAY_BODY,        /* passing the answer on */
    RELAY_FINISH,      /* the answer ended well; its last bytes are held */
    RELAY_DONE,
    RELAY_FAILED,
};

/* Why an exchange ended. */
enum relay_end {
    RELAY_OK = 0,
    RELAY_CLIENT_LEFT,
    RELAY_CLIENT_SLOW,
    RELAY_NO_ENGINE,     /* cannot connect */
    RELAY_ENGINE_SILENT, /* too slow: connecting, or between bytes */
    RELAY_ENGINE_CUT,    /* closed or broke before a well-framed end */
    RELAY_ENGINE_BAD,    /* its framing was refused */
    RELAY_TOO_LONG,      /* the whole exchange */
    RELAY_SHUTDOWN,
};
const char *relay_end_word(enum relay_end why);

struct relay;

struct relay_hooks {
    /* The engine's final head: fill `a` (status and framing are set). */
    void (*on_head)(struct relay *r, const struct http_head *h,
                    struct server_answer *a);
    /* The next bytes of the answer's body. Returns how many bytes of the body,
     * counted from its start, may reach the client before the end. */
    uint64_t (*on_body)(struct relay *r, struct aver_bytes piece);
    /* The answer ended, well framed. True: wait with its last bytes until
     * relay_release is called. */
    bool (*on_complete)(struct relay *r);
    /* The exchange cannot give an answer and none was begun: answer with an
     * error (server_send). */
    void (*on_error)(struct relay *r, enum relay_end why);
    /* It is over and the relay is closed; the client may be gone. Last call. */
    void (*on_end)(struct relay *r, enum relay_end why);
};

/* What all relays of a worker share. */
struct relay_shared {
    struct loop *loop;
    const struct relay_hooks *hooks;
    struct timer_queue exchange_queue, hold_queue;
    struct http_head head; /* the engine's, while it is parsed */
    uint8_t *scratch;      /* SERVER_SCRATCH bytes: the server's */
};

struct relay {
    struct relay_shared *shared;
    struct server_conn *client;
    struct engine *engine;
    struct engine_conn *ec;
    uint8_t state; /* enum relay_state */
    uint8_t why;   /* enum relay_end, once it ended */
    bool retried, answered_any, begun, buffered, head_request;
    bool engine_keep_alive, give_up_hold;
    uint16_t status;
    struct aver_buf request_head, request_body; /* until the answer's head */
    size_t sent; /* bytes of both that went to the engine */
    struct http_body body;
    struct aver_buf held; /* body bytes that may not reach the client yet */
    uint64_t received, released; /* bytes of the answer's body */
    uint64_t start_us, head_us;  /* of the request; of the answer's head */
    struct timer exchange_timer, hold_timer;
    struct again again;
};

void relay_shared_init(struct relay_shared *s, struct loop *l,
                       const struct relay_hooks *hooks, uint8_t *scratch,
                       uint64_t exchange_ms);

/* Begins in RELAY_RECEIVE; the caller fills request_head (without framing
 * fields and blank line) and request_body. */
void relay_init(struct relay *r, struct relay_shared *s, struct server_conn *c,
                struct engine *e, size_t body_max);
/* The request is whole: send it on. `has_body` adds a Content-Length. */
void relay_start(struct relay *r, bool has_body);
/* After on_complete said wait: the last bytes may go. */
void relay_release(struct relay *r);
/* The client can take more. */
void relay_on_writable(struct relay *r);
/* The client is gone; ends the relay without touching it. */
void relay_on_gone(struct relay *r, enum relay_end why);
/* Ends one in RELAY_RECEIVE whose answer was made elsewhere (an error). */
void relay_cancel(struct relay *r);
/* Of the engine's hooks (engine.h). */
extern const struct engine_hooks relay_engine_hooks;

#endif
