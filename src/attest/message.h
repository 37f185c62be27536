/* SPDX-License-Identifier: Apache-2.0
 *
 * message: what workers and the attester say to each other. As in
 * notary/message.h: fixed structs, judged before they are read. A worker can
 * ask for nonce, algorithm, layout, and whether endorsements come along;
 * whose key is attested is not its to say. */
#ifndef AVER_ATTEST_MESSAGE_H
#define AVER_ATTEST_MESSAGE_H

#include "attest/gpu_status.h"
#include "net/channel.h"

enum attest_type { ATTEST_ASK = 128, ATTEST_REPLY, ATTEST_NEWS };
enum attest_algo { ATTEST_ECDSA = 0, ATTEST_ED25519 };
enum attest_layout {
    ATTEST_LAYOUT_A = 0,
    ATTEST_LAYOUT_B,
    ATTEST_LAYOUT_C, /* also covers the GPUs' evidence */
    ATTEST_LAYOUTS,
};
enum attest_tee { ATTEST_TEE_SIMULATOR = 0, ATTEST_TEE_DSTACK, ATTEST_TEE_TSM };

struct attest_ask {
    uint32_t version, type;
    uint64_t seq; /* chosen by the worker, comes back in the reply */
    uint8_t nonce[32];
    uint8_t has_nonce; /* 0: the attester draws one, and may use its cache */
    uint8_t algo, layout;
    uint8_t endorsements; /* 1: carry what vendors sign, if it is there */
    uint8_t pad[4];
    uint8_t client[16]; /* IPv6 or mapped IPv4 address, for fairness */
};

/* How an ask ended; the HTTP status follows from it (DECISIONS 17). */
enum attest_status {
    ATTEST_OK = 0,    /* 200; a sealed memfd with the report rides along. Its
                         file offset is shared: use pread or mmap */
    ATTEST_BUSY,      /* 503, Retry-After: queue full, or too many waiting
                         for this client */
    ATTEST_ABSENT,    /* 503, Retry-After: guest agent or device not there */
    ATTEST_WRONG,     /* 502 attestation_error: it answered wrongly */
    ATTEST_SLOW,      /* 504: it did not answer in time */
    ATTEST_NO_TLS,    /* 400: layout B, but no certificate is configured */
    ATTEST_NO_NOTARY, /* 503: no notary at the moment */
};

/* ATTEST_REPLY; or ATTEST_NEWS, which answers nothing: of that the last two
 * members alone count. It comes when the pair is made, and on each change. */
struct attest_reply {
    uint32_t version, type;
    uint64_t seq;
    uint64_t generation; /* of the notary whose key the report covers */
    uint32_t status;     /* enum attest_status */
    uint32_t retry_after_s;
    uint64_t size; /* bytes of the report in the memfd */
    /* Last second of the endorsements that are held; 0: there are none. */
    uint64_t endorsed_until;
    struct gpu_status gpu; /* as of the last report */
};

const char *attest_status_word(enum attest_status status); /* for the log */
/* True if `n` bytes at `p` are a whole, well-formed message. */
bool attest_message_ok(const void *p, size_t n);

#endif
