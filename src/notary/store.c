/* SPDX-License-Identifier: Apache-2.0
 *
 * store: one array of cells of equal size, and two hash tables that chain
 * through them. A cell is an entry, the rest of a long id, or a pair of
 * signatures. Entries hang in a list by age, from whose old end they expire
 * and are pushed out. Ids come from outside, so the hash is keyed (SipHash). */
#include "notary/store.h"

#include "base/text.h"
#include "crypto/random.h"
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

union cell {
    struct store_entry entry;
    char id_tail[NOTARY_ID_MAX - STORE_ID_INLINE];
    struct store_signatures signatures;
    uint32_t next_free;
};
static_assert(sizeof(union cell) == 192, "a cell is three cache lines");

#define CELLS_AN_ENTRY 3 /* at most: entry, rest of its id, signatures */
#define CELLS_MIN (16 * CELLS_AN_ENTRY)

struct store {
    struct store_limits limits;
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    void *memory;
    size_t memory_size;
    uint32_t *by_request, *by_id; /* buckets: number of the first cell */
    uint32_t mask;
    union cell *cells; /* cells[0] is not used */
    uint32_t ncells, used, touched, free_list;
    uint32_t oldest, newest;
    size_t count;
};

/* ---- memory ---- */

/* Tables with about one bucket an entry, taking at most a quarter. */
static size_t buckets_for(const struct store_limits *l)
{
    size_t n = 16, most = l->bytes_max / sizeof(union cell);
    if (most > l->count_max)
        most = l->count_max;
    while (n < most && n < (1u << 30) &&
           2 * n * 2 * sizeof(uint32_t) <= l->bytes_max / 4)
        n *= 2;
    return n;
}

static size_t cells_for(const struct store_limits *l, size_t tables)
{
    size_t n = tables < l->bytes_max
                   ? (l->bytes_max - tables) / sizeof(union cell)
                   : 0;
    n -= n > 0; /* cells[0] */
    if (n / CELLS_AN_ENTRY > l->count_max)
        n = l->count_max * CELLS_AN_ENTRY;
    return n < UINT32_MAX ? n : UINT32_MAX - 1;
}

/* Lays out cells and tables in memory that costs nothing until touched. */
static int store_map(struct store *s, struct aver_error *err)
{
    size_t buckets = buckets_for(&s->limits);
    size_t table = buckets * sizeof(uint32_t);
    size_t cells = cells_for(&s->limits, 2 * table);
    if (s->limits.count_max == 0 ||
        (cells < CELLS_MIN && cells < s->limits.count_max * CELLS_AN_ENTRY))
        return aver_fail(err, AVER_ECONFIG,
                         "receipt-max %zu, receipt-bytes %zu: too small to "
                         "keep receipts",
                         s->limits.count_max, s->limits.bytes_max);
    s->memory_size = (cells + 1) * sizeof(union cell) + 2 * table;
    s->memory = mmap(NULL, s->memory_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->memory == MAP_FAILED) {
        s->memory = NULL;
        return aver_fail(err, AVER_EMEM, "no %zu bytes for receipts: %s",
                         s->memory_size, strerror(errno));
    }
    s->cells = s->memory;
    s->by_request = (uint32_t *)(void *)(s->cells + cells + 1);
    s->by_id = s->by_request + buckets;
    s->mask = (uint32_t)buckets - 1;
    s->ncells = (uint32_t)cells;
    return 0;
}

struct store *store_new(const struct store_limits *limits,
                        struct aver_error *err)
{
    struct store *s = calloc(1, sizeof(*s));
    if (!s || sodium_init() < 0)
        abort();
    s->limits = *limits;
    aver_random(s->hash_key, sizeof(s->hash_key));
    if (store_map(s, err) != 0) {
        store_free(s);
        return NULL;
    }
    return s;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    if (s->memory)
        munmap(s->memory, s->memory_size);
    free(s);
}

static uint32_t cells_free(const struct store *s)
{
    return s->ncells - s->used;
}

/* There must be a free one. */
static uint32_t cell_take(struct store *s)
{
    uint32_t i = s->free_list;
    assert(cells_free(s) > 0);
    if (i)
        s->free_list = s->cells[i].next_free;
    else
        i = ++s->touched;
    s->used++;
    return i;
}

static void cell_give(struct store *s, uint32_t i)
{
    if (i == 0)
        return;
    s->cells[i].next_free = s->free_list;
    s->free_list = i;
    s->used--;
}

/* ---- ids ---- */

static uint32_t bucket_of(const struct store *s, const void *p, size_t n)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint32_t h;
    crypto_shorthash(out, p, n, s->hash_key);
    memcpy(&h, out, sizeof(h));
    return h & s->mask;
}

static size_t id_head(size_t n)
{
    return n < STORE_ID_INLINE ? n : STORE_ID_INLINE;
}

static bool id_is(const struct store *s, const struct store_entry *e,
                  const char *id, size_t n)
{
    size_t head = id_head(n);
    return e->id_len == n && memcmp(e->id, id, head) == 0 &&
           (n == head ||
            memcmp(s->cells[e->id_tail].id_tail, id + head, n - head) == 0);
}

static uint32_t find_by_id(const struct store *s, uint32_t bucket,
                           const char *id, size_t n)
{
    uint32_t i = s->by_id[bucket];
    while (i && !id_is(s, &s->cells[i].entry, id, n))
        i = s->cells[i].entry.by_id_next;
    return i;
}

static uint32_t find_by_request(const struct store *s, uint32_t bucket,
                                const uint8_t request_id[static 16])
{
    uint32_t i = s->by_request[bucket];
    while (i && memcmp(s->cells[i].entry.request_id, request_id, 16) != 0)
        i = s->cells[i].entry.by_request_next;
    return i;
}

static void unlink_by_id(struct store *s, uint32_t i)
{
    struct store_entry *e = &s->cells[i].entry;
    char id[NOTARY_ID_MAX];
    if (!e->by_id)
        return;
    size_t head = id_head(e->id_len);
    memcpy(id, e->id, head);
    if (e->id_tail)
        memcpy(id + head, s->cells[e->id_tail].id_tail, e->id_len - head);
    uint32_t *at = &s->by_id[bucket_of(s, id, e->id_len)];
    while (*at != i)
        at = &s->cells[*at].entry.by_id_next;
    *at = e->by_id_next;
    e->by_id = 0;
}

/* Makes the engine's id lead to `i`, unless it is a tombstone and a receipt
 * has that id. */
static void link_by_id(struct store *s, uint32_t i, const char *id)
{
    struct store_entry *e = &s->cells[i].entry;
    if (e->id_len == 0)
        return;
    uint32_t bucket = bucket_of(s, id, e->id_len);
    uint32_t other = find_by_id(s, bucket, id, e->id_len);
    if (other) {
        if (e->kind != NOTARY_RECEIPT &&
            s->cells[other].entry.kind == NOTARY_RECEIPT)
            return;
        unlink_by_id(s, other);
    }
    e->by_id_next = s->by_id[bucket];
    s->by_id[bucket] = i;
    e->by_id = 1;
}

/* ---- entries ---- */

static void unlink_by_request(struct store *s, uint32_t i)
{
    struct store_entry *e = &s->cells[i].entry;
    uint32_t *at = &s->by_request[bucket_of(s, e->request_id, 16)];
    while (*at != i)
        at = &s->cells[*at].entry.by_request_next;
    *at = e->by_request_next;
}

static void unlink_age(struct store *s, uint32_t i)
{
    struct store_entry *e = &s->cells[i].entry;
    if (e->older)
        s->cells[e->older].entry.newer = e->newer;
    else
        s->oldest = e->newer;
    if (e->newer)
        s->cells[e->newer].entry.older = e->older;
    else
        s->newest = e->older;
}

static void entry_drop(struct store *s, uint32_t i)
{
    struct store_entry *e = &s->cells[i].entry;
    unlink_by_id(s, i);
    unlink_by_request(s, i);
    unlink_age(s, i);
    cell_give(s, e->id_tail);
    cell_give(s, e->signatures);
    cell_give(s, i);
    s->count--;
}

/* A new entry at the young end; there is room for it. */
static uint32_t entry_add(struct store *s, const struct notary_record *r,
                          uint64_t now_ms)
{
    uint32_t i = cell_take(s);
    struct store_entry *e = &s->cells[i].entry;
    size_t head = id_head(r->id_len);
    *e = (struct store_entry){.born_ms = now_ms,
                              .kind = r->kind,
                              .id_len = r->id_len,
                              .older = s->newest};
    memcpy(e->request_id, r->request_id, sizeof(e->request_id));
    memcpy(e->request_sha256, r->request_sha256, sizeof(e->request_sha256));
    memcpy(e->response_sha256, r->response_sha256, sizeof(e->response_sha256));
    memcpy(e->id, r->id, head);
    if (r->id_len > head) {
        e->id_tail = cell_take(s);
        memcpy(s->cells[e->id_tail].id_tail, r->id + head, r->id_len - head);
    }
    if (s->newest)
        s->cells[s->newest].entry.newer = i;
    else
        s->oldest = i;
    s->newest = i;
    s->count++;
    return i;
}

static void make_room(struct store *s, uint32_t cells)
{
    while (s->count >= s->limits.count_max || cells_free(s) < cells)
        entry_drop(s, s->oldest);
}

struct store_entry *store_put(struct store *s, const struct notary_record *r,
                              uint64_t now_ms)
{
    assert(r->id_len <= NOTARY_ID_MAX);
    store_expire(s, now_ms);
    uint32_t bucket = bucket_of(s, r->request_id, 16);
    uint32_t same = find_by_request(s, bucket, r->request_id);
    if (same) {
        if (s->cells[same].entry.kind == NOTARY_RECEIPT ||
            r->kind != NOTARY_RECEIPT)
            return NULL;
        entry_drop(s, same);
    }
    make_room(s, 1 + (r->id_len > STORE_ID_INLINE) + s->limits.signed_at_put);
    uint32_t i = entry_add(s, r, now_ms);
    s->cells[i].entry.by_request_next = s->by_request[bucket];
    s->by_request[bucket] = i;
    link_by_id(s, i, r->id);
    return &s->cells[i].entry;
}

/* 16 bytes from 32 lower-case hex digits, the only spelling of our ids. */
static bool request_id_parse(uint8_t out[static 16], const char *id, size_t n)
{
    if (n != 32)
        return false;
    for (size_t i = 0; i < n; i++)
        if (id[i] >= 'A' && id[i] <= 'F')
            return false;
    return aver_hex_decode(out, 16, aver_bytes_of(id, n)) == 0;
}

struct store_entry *store_find(struct store *s, const char *id, size_t n,
                               uint64_t now_ms)
{
    uint8_t request_id[16];
    uint32_t i = 0;
    store_expire(s, now_ms);
    if (request_id_parse(request_id, id, n))
        i = find_by_request(s, bucket_of(s, request_id, 16), request_id);
    if (!i && n > 0 && n <= NOTARY_ID_MAX)
        i = find_by_id(s, bucket_of(s, id, n), id, n);
    return i ? &s->cells[i].entry : NULL;
}

struct store_signatures *store_signatures(struct store *s,
                                          struct store_entry *e)
{
    if (!e->signatures) {
        if (cells_free(s) == 0)
            return NULL;
        e->signatures = cell_take(s);
        s->cells[e->signatures].signatures = (struct store_signatures){0};
    }
    return &s->cells[e->signatures].signatures;
}

void store_expire(struct store *s, uint64_t now_ms)
{
    while (s->oldest && store_next_expiry(s) <= now_ms)
        entry_drop(s, s->oldest);
}

uint64_t store_next_expiry(const struct store *s)
{
    if (!s->oldest)
        return UINT64_MAX;
    uint64_t born = s->cells[s->oldest].entry.born_ms;
    uint64_t at = born + s->limits.ttl_ms;
    return at < born ? UINT64_MAX : at;
}

size_t store_count(const struct store *s)
{
    return s->count;
}

size_t store_bytes(const struct store *s)
{
    return ((size_t)s->used + 1) * sizeof(union cell) +
           2 * ((size_t)s->mask + 1) * sizeof(uint32_t);
}
