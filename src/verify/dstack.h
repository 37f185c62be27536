/* SPDX-License-Identifier: Apache-2.0
 *
 * dstack: what dstack derives from an application's description and from the
 * registers of its TD (docs/VERIFYING.md). Computes, compares nothing. */
#ifndef AVER_VERIFY_DSTACK_H
#define AVER_VERIFY_DSTACK_H

#include "base/buf.h"
#include "verify/registers.h"

/* Who gives the application its keys: the key-provider event. */
struct aver_key_provider {
    uint8_t kind;       /* 0 none, 1 local-sgx, 2 kms, 3 tpm */
    struct aver_buf id; /* e.g. the DER public key of the KMS's root */
};
/* From the event's JSON. 0, and the caller clears `id`; -1 if it is not of
 * that form, or names a provider that is not known. */
AVER_MUST_CHECK int aver_key_provider_parse(struct aver_key_provider *p,
                                            struct aver_bytes json,
                                            struct aver_error *err);

/* MRCONFIGID, by the version in its first byte. */
void aver_config_id_v1(uint8_t out[static 48],
                       const uint8_t compose_hash[static 32]);
void aver_config_id_v2(uint8_t out[static 48],
                       const uint8_t compose_hash[static 32],
                       const uint8_t app_id[static 20],
                       const struct aver_key_provider *p);
/* -1 if memory is short. */
AVER_MUST_CHECK int aver_config_id_v3(uint8_t out[static 48],
                                      struct aver_bytes document);

/* Needs MRTD, all RTMRs, and MRCONFIGID, MROWNER, MROWNERCONFIG. */
void aver_mr_aggregated(uint8_t out[static 32], const struct aver_registers *r);
/* Needs MRTD and RTMR 0 to 2. `key_provider`: the event's JSON, or empty. */
void aver_mr_system(uint8_t out[static 32], const struct aver_registers *r,
                    struct aver_bytes key_provider);

#endif
