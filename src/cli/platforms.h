/* SPDX-License-Identifier: Apache-2.0
 *
 * platforms: for which kinds of platform a file needs endorsements: that of
 * every quote in it, as its PCK certificate names it. Believes the quotes: a
 * false one costs a question to the vendor, no more. */
#ifndef AVER_CLI_PLATFORMS_H
#define AVER_CLI_PLATFORMS_H

#include "attest/pcs.h"

#define PLATFORMS_MAX 64

/* Zeroed: none. */
struct platforms {
    size_t n;
    struct pcs_platform of[PLATFORMS_MAX]; /* each once */
    struct aver_buf quote[PLATFORMS_MAX];  /* the first one of it */
};

void platforms_clear(struct platforms *p);

/* Adds the platforms of a quote, raw, in hex or base64; or of a JSON text:
 * of each string in it, at any depth, that is a quote in hex or base64. -1 if
 * there is no quote (AVER_EABSENT), one cannot be read, or there are too many.
 */
AVER_MUST_CHECK int platforms_add(struct platforms *p, struct aver_bytes text,
                                  struct aver_error *err);

#endif
