/* SPDX-License-Identifier: Apache-2.0
 *
 * random: getrandom(2). */
#ifndef AVER_CRYPTO_RANDOM_H
#define AVER_CRYPTO_RANDOM_H

#include <stddef.h>

/* Fills n bytes; aborts the program if the kernel cannot give them. */
void aver_random(void *out, size_t n);

#endif
