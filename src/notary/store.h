/* SPDX-License-Identifier: Apache-2.0
 *
 * store: receipts and tombstones, bounded by age, count and bytes. Every
 * operation is O(1); all memory is laid out at birth, tables included, and is
 * never more than `bytes_max`. A full store drops the oldest entry. */
#ifndef AVER_NOTARY_STORE_H
#define AVER_NOTARY_STORE_H

#include "base/error.h"
#include "notary/message.h"

struct store_limits {
    uint64_t ttl_ms; /* from creation */
    size_t count_max, bytes_max;
    bool signed_at_put; /* each receipt brings its signatures */
};

#define STORE_ID_INLINE 76 /* longer ids take a second cell */

/* One exchange. Read it, don't write it; it is valid until the next put or
 * expiry. */
struct store_entry {
    uint8_t request_id[16];
    uint8_t request_sha256[32], response_sha256[32];
    uint64_t born_ms;
    /* Cells by their number; 0 is none. */
    uint32_t by_request_next, by_id_next; /* in their buckets */
    uint32_t older, newer;
    uint32_t id_tail, signatures;
    uint8_t kind;  /* enum notary_kind */
    uint8_t by_id; /* found under the engine's id */
    uint16_t id_len;
    char id[STORE_ID_INLINE];
};

/* Signatures that were made already; the caller fills them in. */
struct store_signatures {
    bool has_ecdsa, has_ed25519;
    uint8_t ecdsa[65], ed25519[64];
};

struct store;
/* NULL with `err` when the limits allow no receipt or the memory is refused. */
struct store *store_new(const struct store_limits *limits,
                        struct aver_error *err);
void store_free(struct store *s); /* accepts NULL */

/* Keeps a record; the engine's id leads to the newest receipt that has it, and
 * to a tombstone only where there is no receipt. NULL if it was not kept: its
 * request id is there already, and a receipt once stored is never altered
 * (a tombstone gives way to a receipt). */
struct store_entry *store_put(struct store *s, const struct notary_record *r,
                              uint64_t now_ms);
/* By 32 lower-case hex digits of a request id, else by an engine's id, whole.
 * NULL if there is none that is young enough. */
struct store_entry *store_find(struct store *s, const char *id, size_t n,
                               uint64_t now_ms);
/* Where the entry's signatures are kept. NULL if none are and there is no free
 * room; with signed_at_put, put has made room. */
struct store_signatures *store_signatures(struct store *s,
                                          struct store_entry *e);
/* Drops what is too old. */
void store_expire(struct store *s, uint64_t now_ms);
/* When the oldest entry expires; UINT64_MAX if there is none. */
uint64_t store_next_expiry(const struct store *s);
size_t store_count(const struct store *s);
/* Bytes in use: of the tables, and of the cells that are not free. */
size_t store_bytes(const struct store *s);

#endif
