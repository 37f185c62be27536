/* SPDX-License-Identifier: Apache-2.0
 *
 * message: what workers and the notary say to each other. Fixed-size structs
 * of fixed-width members in host order (both ends are the same program on the
 * same machine); every packet is judged by notary_message_ok before a member
 * of it is read. */
#ifndef AVER_NOTARY_MESSAGE_H
#define AVER_NOTARY_MESSAGE_H

#include "net/channel.h"

#define NOTARY_ID_MAX 256 /* bytes of an engine's id */
#define NOTARY_MODEL_MAX 256
#define NOTARY_BATCH_MAX 64 /* records in one NOTARY_PUT */

enum notary_type {
    NOTARY_HELLO = 64, /* notary -> anyone, first packet on every new pair */
    NOTARY_PUT,        /* worker -> notary */
    NOTARY_LOOKUP,     /* worker -> notary */
    NOTARY_ANSWER,     /* notary -> worker */
};

enum notary_algo { NOTARY_ECDSA = 0, NOTARY_ED25519 };

struct notary_header {
    uint32_t version, type;
    uint64_t generation;
    uint32_t count; /* records in a PUT, else 0 */
    uint32_t pad;
};

/* Who the notary is. The address is the last 20 bytes of
 * Keccak-256(k1_public). */
struct notary_hello {
    struct notary_header head;
    uint8_t k1_public[64];
    uint8_t address[20];
    uint8_t ed_public[32];
    uint8_t pad[4];
};

enum notary_kind {
    NOTARY_RECEIPT = 0,
    NOTARY_CLIENT_LEFT, /* tombstone: the client left before the end */
    NOTARY_CUT,         /* tombstone: the engine's answer had no good end */
};

struct notary_record {
    uint8_t request_id[16]; /* ours: looked up as 32 lower-case hex digits */
    uint8_t request_sha256[32];
    uint8_t response_sha256[32];
    uint8_t kind; /* enum notary_kind */
    uint8_t pad;
    uint16_t id_len; /* of the engine's id; 0 if it gave none */
    char id[NOTARY_ID_MAX];
};

/* head.count records; the packet's length is exactly header + count records */
struct notary_put {
    struct notary_header head;
    struct notary_record record[NOTARY_BATCH_MAX];
};

struct notary_lookup {
    struct notary_header head;
    uint64_t seq; /* chosen by the worker, comes back in the answer */
    uint8_t algo; /* enum notary_algo */
    uint8_t pad[5];
    uint16_t id_len;
    char id[NOTARY_ID_MAX];
};

enum notary_status {
    NOTARY_FOUND = 0,
    NOTARY_MISSING,     /* never stored, expired, or pushed out */
    NOTARY_GONE_CLIENT, /* tombstone NOTARY_CLIENT_LEFT */
    NOTARY_GONE_CUT,    /* tombstone NOTARY_CUT */
};

struct notary_answer {
    struct notary_header head;
    uint64_t seq;
    uint8_t status, algo;
    uint16_t text_len;     /* the signed text */
    uint8_t signature[65]; /* r||s||v, or 64 bytes of Ed25519 */
    uint8_t pad[3];
    char text[NOTARY_MODEL_MAX + 1 + 129];
};

/* True if `n` bytes at `p` are a whole, well-formed message of one of these
 * types: version, type, exact length, count, id lengths, enums. */
bool notary_message_ok(const void *p, size_t n);

#endif
