/* SPDX-License-Identifier: Apache-2.0
 *
 * notary: the process with the keys. It draws (or derives) a secp256k1 and an
 * Ed25519 key at its birth, keeps receipts, and signs them. It never sees a
 * byte from the network: only the messages of message.h, over pairs that the
 * supervisor hands it. */
#ifndef AVER_NOTARY_NOTARY_H
#define AVER_NOTARY_NOTARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum notary_key { NOTARY_KEY_EPHEMERAL = 0, NOTARY_KEY_DSTACK };

struct notary_config {
    uint64_t generation;
    enum notary_key key;
    const char *dstack_socket; /* path, or NULL for the usual places */
    const char *model_name;    /* "" if none; path of the derived keys */
    bool three_part;           /* signature-text 3part */
    bool eager;                /* sign completion: at put, not at lookup */
    uint64_t receipt_ttl_ms;
    size_t receipt_max, receipt_bytes;
};

/* Runs until the control pair closes; returns the process's exit status (0
 * then). Sends HELLO on the control pair when the keys are there, or
 * CONTROL_FAILED. Hardens the process (not dumpable, no core, no_new_privs)
 * before its first foreign byte. */
int notary_run(const struct notary_config *config, int control_fd);

#endif
