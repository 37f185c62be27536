/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: where the secret keys live: one page that never reaches a swap, a core
 * file or a child, and, where the kernel has memfd_secret(2), not even the
 * kernel's own map of memory. */
#ifndef AVER_NOTARY_KEYS_H
#define AVER_NOTARY_KEYS_H

#include "base/error.h"
#include "crypto/k1.h"
#include <stdint.h>

struct keys {
    uint8_t k1[32];   /* secp256k1 scalar */
    uint8_t ed[64];   /* Ed25519: seed || public key */
    uint8_t seed[32]; /* for whoever fills `ed`; wiped after */
    bool secretmem;   /* memfd_secret(2), else mlock(2) */
};

/* A zeroed page for the keys. NULL with `err` where the system refuses to lock
 * it. */
struct keys *keys_new(struct aver_error *err);
/* Wipes and unmaps; accepts NULL. */
void keys_free(struct keys *k);
/* Draws both keys. */
void keys_draw(struct keys *k, const struct aver_k1 *k1);

#endif
