/* SPDX-License-Identifier: Apache-2.0
 *
 * engine: connections towards one inference server, TCP or Unix socket, kept
 * alive between exchanges. It moves no bytes: relay.c does. */
#ifndef AVER_NET_ENGINE_H
#define AVER_NET_ENGINE_H

#include "net/conn.h"
#include "net/http1.h"

#define ENGINE_IDLE_MAX 1024 /* kept connections */
#define ENGINE_IDLE_MS 60000 /* shorter than the 75 s servers wait */

struct engine_conn {
    struct conn conn;
    struct engine *engine;
    bool connecting;
    bool reused;        /* served an exchange before this one */
    struct timer timer; /* connecting, silence, or idling */
    struct aver_buf in; /* the part of a response head that came so far */
    struct http_cursor cursor;
    union {
        struct {
            struct engine_conn *prev, *next; /* while it is idle */
        };
        struct garbage garbage; /* once it is closed */
    };
    void *user; /* the exchange it serves; NULL while it is idle */
};

enum engine_failure { ENGINE_NO_CONNECT, ENGINE_CONNECT_SLOW, ENGINE_SILENT };

struct engine_hooks {
    /* Connected, readable, writable, ended: look at ec->conn. */
    void (*on_step)(struct engine_conn *ec);
    void (*on_failure)(struct engine_conn *ec, enum engine_failure why);
};

enum engine_health { ENGINE_UNKNOWN = 0, ENGINE_UP, ENGINE_DOWN };

struct engine {
    struct loop *loop;
    const struct engine_hooks *hooks;
    char url[300];       /* as configured */
    char authority[270]; /* for the Host field */
    char base[256];      /* path in front of every target, no final slash */
    char host[256], port[6];
    bool is_unix;
    struct sockaddr_storage address;
    socklen_t address_len; /* 0: the name has no address yet */
    struct watch resolver; /* child that looks the name up again */
    uint64_t resolved_ms;
    struct timer_queue connect_queue, silence_queue, idle_queue;
    struct engine_conn idle; /* sentinel; the newest first */
    unsigned idle_count;
    enum engine_health health;
};

/* Parses `url` (net/client.h says the forms) and looks the name up, once and
 * blocking; an unknown name is no error: it is looked up again when needed. */
AVER_MUST_CHECK int engine_init(struct engine *e, struct loop *l,
                                const struct engine_hooks *hooks,
                                const char *url, uint64_t connect_ms,
                                uint64_t silence_ms, struct aver_error *err);
/* Nothing happens to a zeroed one. */
void engine_close(struct engine *e);

/* An idle connection, or a new one that is being made (`fresh`: always). NULL
 * if none can be made: then health is ENGINE_DOWN. */
struct engine_conn *engine_take(struct engine *e, bool fresh, void *user);
/* Back into the pool; or closed, where that cannot be. */
void engine_keep(struct engine_conn *ec);
void engine_drop(struct engine_conn *ec);
/* The engine may be silent for its time from now on. */
void engine_expect(struct engine_conn *ec);

#endif
