/* SPDX-License-Identifier: Apache-2.0
 *
 * worker: one process, one thread, one loop; what its files share. Reading
 * order: worker.c (birth, drain), routes.c (what is asked), exchange.c (hashes,
 * ids, receipts), links.c (notary and attester), answer.c (our own answers). */
#ifndef AVER_SERVE_WORKER_H
#define AVER_SERVE_WORKER_H

#include "attest/message.h"
#include "net/relay.h"
#include "net/sse.h"
#include "notary/message.h"
#include "serve/config.h"
#include "serve/metrics.h"

struct aver_sha256;
struct exchange;

struct exchange_list { /* ring; the sentinel is in the worker */
    struct exchange_list *prev, *next;
};

/* A pair to the notary or the attester. */
struct link {
    struct worker *worker;
    struct watch watch; /* fd -1: nobody is there */
    bool blocked;       /* the pair is full: wait for its edge */
    bool hello;         /* the notary has said who it is */
};

#define TOMBSTONES_MAX 256

/* Blocks of one size that were used and will be used again: what lives only for
 * a moment of an exchange leaves no holes between what lives long. */
struct spare {
    void *p[64];
    unsigned n;
};

struct worker {
    const struct config *config;
    struct loop loop;
    struct server server;
    struct server_listener listener[CONFIG_LIST_MAX + 1];
    unsigned nlisteners;
    struct engine engine;
    struct relay_shared relays;
    struct link control, notary, attester;
    struct notary_hello identity; /* of the notary, once link.hello */
    uint64_t endorsed_until;      /* as the attester said; 0: none held */
    struct gpu_status gpu;        /* as the attester said */

    struct exchange_list finishing; /* answers that wait for their receipt */
    struct exchange_list asking;    /* signature requests not yet sent */
    struct exchange_list lookups;   /* those that the notary works on */
    struct exchange_list reports;   /* report requests under way */
    struct notary_record tombstone[TOMBSTONES_MAX];
    unsigned tombstones;
    struct notary_put put; /* a packet being made */
    uint64_t seq;

    struct metrics *metrics;
    void *metrics_shared;
    unsigned slot;
    unsigned active;               /* exchanges of any kind under way */
    struct aver_sha256 *hash;      /* for what is hashed at once */
    struct aver_sha256 *spare[64]; /* contexts to use again */
    unsigned spares;
    struct spare finders, scans;
    uint8_t random[256]; /* for request ids */
    unsigned random_left;
    bool draining;
    uint64_t busy_ms; /* when something last happened, while draining */
    struct timer_queue drain_queue, probe_queue, lookup_queue, report_queue;
    struct timer drain_timer;
};

enum exchange_kind {
    EXCHANGE_LOCAL = 0, /* answered here, at once */
    EXCHANGE_RELAY,
    EXCHANGE_SIGNATURE,
    EXCHANGE_REPORT,
    EXCHANGE_HEALTH,
};

/* Looks for the answer's id as the body passes. */
struct id_finder {
    bool is_sse;
    bool json_bad;
    union {
        struct sse_scan sse;
        struct {
            struct aver_json_scan scan;
            struct aver_json_member member;
        } json;
    };
};

/* An error answer in OpenAI's shape. */
struct early {
    unsigned status;
    const char *type, *message, *param, *code;
};

/* Parameters of our own routes, and what they wait for. */
struct local {
    uint8_t algo, layout;
    bool has_nonce, endorsements;
    uint8_t nonce[32];
    uint16_t id_len;
    char id[NOTARY_ID_MAX];
    struct early early; /* one whose message had to be made: it is in `id` */
    struct watch probe; /* of a health request: a connection being tried */
    struct timer timer;
};

/* One request and its answer. */
struct exchange {
    union {
        struct exchange_list list; /* where it waits; next NULL: nowhere */
        struct garbage garbage;    /* once it is over */
    };
    struct worker *worker;
    struct server_conn *client; /* NULL once it is gone */
    const struct route *route;
    uint8_t kind; /* enum exchange_kind */
    bool sign;    /* a good answer gets a receipt */
    bool has_body, json_bad, shrunk;
    uint16_t status;     /* of the answer */
    char request_id[33]; /* 32 hex digits */
    uint64_t generation; /* of the notary when it began */
    uint64_t seq;        /* of the lookup or report under way */
    uint64_t start_us, request_bytes, answer_bytes;
    uint8_t request_sha256[32], response_sha256[32];
    struct aver_sha256 *hash; /* of the request, then of the response */
    struct id_finder *finder;
    struct request_scan *scan; /* of a JSON request */
    char method[12];
    char *path, *client_request_id; /* for the log; NULL if none */
    /* An error that is due once the request is whole. */
    const struct early *early;
    union { /* by kind */
        struct relay relay;
        struct local local;
    };
};

/* routes.c */
extern const struct server_hooks worker_server_hooks;

/* exchange.c */
extern const struct relay_hooks exchange_relay_hooks;
struct exchange *exchange_new(struct worker *w, struct server_conn *c,
                              const struct http_head *h);
/* Begins relaying `h` to the engine under `target`. */
void exchange_relay_head(struct exchange *x, const struct http_head *h,
                         struct aver_bytes target);
/* False if the body is too large to be kept. */
bool exchange_body(struct exchange *x, struct aver_bytes piece);
/* The request is whole. NULL, or the error to answer with. */
const struct early *exchange_request(struct exchange *x);
/* The client is gone, or an answer of our own was given: log and free. */
void exchange_end(struct exchange *x, enum relay_end why);
/* The record of an exchange for the notary. */
void exchange_record(const struct exchange *x, enum notary_kind kind,
                     struct notary_record *out);

/* links.c */
void links_init(struct worker *w, int control_fd);
/* Sends receipts and tombstones of this turn, then lets the answers go. */
void links_flush(struct worker *w);
/* False if the notary or attester is not there: answer with an error. */
bool links_lookup(struct exchange *x);
bool links_ask_report(struct exchange *x);
void links_tombstone(struct exchange *x, enum notary_kind kind);
void exchange_list_init(struct exchange_list *l);
void exchange_list_add(struct exchange_list *l, struct exchange *x);
void exchange_list_remove(struct exchange *x);

/* answer.c */
void answer_error(struct exchange *x, const struct early *e);
void answer_text(struct exchange *x, unsigned status, const char *type,
                 struct aver_bytes body);
void answer_json(struct exchange *x, unsigned status, struct aver_bytes body);
void answer_preflight(struct exchange *x, struct aver_bytes asked_headers);
void answer_signature(struct exchange *x, const struct notary_answer *a);
void answer_report(struct exchange *x, const struct attest_reply *r, int fd);
void answer_health(struct exchange *x, bool engine_up);
void answer_version(struct exchange *x);
void answer_metrics(struct exchange *x);
/* Adds the fields that every answer carries; views of *x. */
void answer_add_common(const struct exchange *x, struct server_answer *a);
extern const struct early early_unreachable, early_draining, early_no_notary,
    early_no_attester, early_too_large;

/* health.c */
void health_init(struct worker *w);
/* Answers when it is known whether the engine takes a connection. */
void health_probe(struct exchange *x);
/* The exchange is over, whatever it waited for. */
void health_end(struct exchange *x);

/* worker.c */
/* A worker that is not running yet: turn its loop. NULL with `err`. Borrows the
 * configuration; `control_fd` stays the caller's. */
struct worker *worker_new(const struct config *config, int control_fd,
                          unsigned slot, struct aver_error *err);
void worker_free(struct worker *w);
void worker_request_id(struct worker *w, uint8_t id[static 16]);
/* A zeroed block; give it back to the same spare. */
void *spare_take(struct spare *s, size_t size);
void spare_give(struct spare *s, void *p);
void spare_clear(struct spare *s);
struct aver_sha256 *worker_hash_take(struct worker *w);
void worker_hash_give(struct worker *w, struct aver_sha256 *h);
/* Lets clients in and tells the supervisor; once. */
void worker_open(struct worker *w);
void worker_drain(struct worker *w);

#endif
