/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack_key: keys that dstack's KMS derives for this application, so that
 * they outlive the process and replicas share them. Asked of the guest agent
 * once, at the notary's birth. */
#ifndef AVER_NOTARY_DSTACK_KEY_H
#define AVER_NOTARY_DSTACK_KEY_H

#include "notary/keys.h"

/* Fills both keys from the paths MODEL/ecdsa-signing-key and
 * MODEL/ed25519-signing-key (MODEL is "aver" where the name is ""). `socket`
 * is a path or URL, or NULL for the usual places. Blocks, at most 10 s a
 * question. -1 with AVER_EABSENT where no agent is, AVER_EIO or AVER_ETIMEOUT
 * where it failed, AVER_EFORMAT where it answered no key, AVER_ECONFIG where
 * `socket` is no URL. */
AVER_MUST_CHECK int dstack_key_fetch(struct keys *keys,
                                     const struct aver_k1 *k1,
                                     const char *socket, const char *model,
                                     struct aver_error *err);

#endif
