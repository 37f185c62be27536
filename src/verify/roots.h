/* SPDX-License-Identifier: Apache-2.0
 *
 * roots: the vendors' roots, pinned by key: SHA-256 of the DER
 * SubjectPublicKeyInfo. */
#ifndef AVER_VERIFY_ROOTS_H
#define AVER_VERIFY_ROOTS_H

#include <stdint.h>

extern const uint8_t aver_root_intel[32];  /* "Intel SGX Root CA" */
extern const uint8_t aver_root_nvidia[32]; /* "NVIDIA Device Identity CA" */

#endif
