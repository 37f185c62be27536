/* SPDX-License-Identifier: Apache-2.0
 *
 * roots: the vendors' roots, pinned by key: SHA-256 of the DER
 * SubjectPublicKeyInfo. */
#ifndef AVER_VERIFY_ROOTS_H
#define AVER_VERIFY_ROOTS_H

#include <stdint.h>

extern const uint8_t aver_root_intel[32];  /* "Intel SGX Root CA" */
extern const uint8_t aver_root_nvidia[32]; /* "NVIDIA Device Identity CA" */
extern const uint8_t aver_root_rim[32];    /* "NVIDIA CoRIM signing Root CA" */

/* SHA-256 of the certificate of Intel's root, DER, which is signed by itself:
 * so much need not be found out again. */
extern const uint8_t aver_root_intel_certificate[32];

#endif
