/* SPDX-License-Identifier: Apache-2.0
 *
 * suggest: the word that somebody who mistyped one probably meant. */
#ifndef AVER_BASE_SUGGEST_H
#define AVER_BASE_SUGGEST_H

#include <stddef.h>

struct aver_suggestion {
    const char *typed, *best; /* best: NULL while nothing is near */
    size_t distance;
};
void aver_suggest_start(struct aver_suggestion *s, const char *typed);
/* Offers a right word; the nearest offered stays in `best`. */
void aver_suggest_offer(struct aver_suggestion *s, const char *word);
/* "; did you mean X?", or "". `out` has room for n bytes. */
const char *aver_suggest_text(const struct aver_suggestion *s, char *out,
                              size_t n);

#endif
