/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_chain: the rules for NVIDIA's certificates, of devices (five) and of
 * those who sign RIMs (four): P-384 all through, in order, the root known by
 * its key alone, and no leaf that could issue (RFC 5280, 6). NVIDIA sets no
 * path lengths: the exact number of certificates and their CA flags do. */
#ifndef AVER_VERIFY_GPU_CHAIN_H
#define AVER_VERIFY_GPU_CHAIN_H

#include "verify/chain.h"
#include "verify/flaw.h"

#define AVER_DEVICE_CHAIN 5
#define AVER_RIM_CHAIN 4

/* Trailing NULs of the driver's buffer are dropped; everything else as
 * aver_chain_init. The flaw of a text that cannot be read is "pem" or
 * "cert_format", "chain_length" where there are too many to be read, or
 * "cert_key" where the leaf's key is no point of its curve. */
void aver_gpu_chain_read(struct aver_chain *c, struct aver_ec *ec,
                         struct aver_bytes pem, struct aver_flaw *flaw);
/* Each: 0, or -1 with the flaw that is named. The links may be copies in
 * another chain that remember what was found out (`l` has `n` pointers). */
/* "chain_length", "cert_profile", "chain_order". */
int aver_gpu_chain_shape(struct aver_link *const *l, unsigned n, unsigned want,
                         struct aver_flaw *flaw);
/* "root": SHA-256 of the last one's key is not this. */
int aver_gpu_chain_root(struct aver_link *const *l, unsigned n,
                        const uint8_t pin[static 32], struct aver_flaw *flaw);
/* "cert_signature": each but the last by the next. */
int aver_gpu_chain_signatures(struct aver_ec *ec, struct aver_link *const *l,
                              unsigned n, struct aver_flaw *flaw);
/* "cert_time": all valid then, both ends included. */
int aver_gpu_chain_times(struct aver_link *const *l, unsigned n, int64_t at,
                         struct aver_flaw *flaw);
/* All of them, the root first, so that a foreign chain is called that. */
int aver_gpu_chain_check(struct aver_ec *ec, struct aver_link *const *l,
                         unsigned n, unsigned want,
                         const uint8_t pin[static 32], int64_t at,
                         struct aver_flaw *flaw);

#endif
