/* SPDX-License-Identifier: Apache-2.0
 *
 * pck: what Intel certifies of a platform: the SGX extension of a PCK
 * certificate (Intel SGX PCK certificate and CRL specification, 2.3.4). */
#ifndef AVER_VERIFY_PCK_H
#define AVER_VERIFY_PCK_H

#include "crypto/cert.h"

struct aver_pck {
    uint8_t ppid[16];
    uint8_t components[16]; /* SVNs of the platform's parts */
    uint16_t pcesvn;
    uint8_t cpusvn[16];
    uint8_t pceid[2];
    uint8_t fmspc[6]; /* kind of the platform */
    unsigned sgx_type;
    bool has_instance; /* of the Platform CA alone */
    uint8_t instance[16];
    bool has_setup;
    bool dynamic, cached_keys, smt;
};

/* 0; -1 if the extension is missing, misses a member, or has one twice. */
AVER_MUST_CHECK int aver_pck_parse(struct aver_pck *p,
                                   const struct aver_cert *leaf,
                                   struct aver_error *err);

#endif
