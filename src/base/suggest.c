/* SPDX-License-Identifier: Apache-2.0
 *
 * suggest: distance in insertions, deletions, replacements and exchanges of
 * neighbours (optimal string alignment). */
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

#define WORD_MAX 40

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t d[3][WORD_MAX + 1];
    size_t *old = d[0], *last = d[1], *now = d[2];

    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    memset(old, 0, sizeof(d[0]));
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t same = a[i - 1] == b[j - 1] ? 0 : 1;

            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], old[j - 2] + 1);
        }
        size_t *free_row = old;
        old = last;
        last = now;
        now = free_row;
    }
    return last[m];
}

void aver_suggest_start(struct aver_suggestion *s, const char *typed)
{
    *s = (struct aver_suggestion){.typed = typed};
    size_t n = strlen(typed);
    s->distance = n < 4 ? 2 : n / 3 + 2; /* farther is no mistake in typing */
}

void aver_suggest_offer(struct aver_suggestion *s, const char *word)
{
    size_t n = strlen(s->typed), m = strlen(word);

    if (n > WORD_MAX || m > WORD_MAX)
        return;
    size_t d = distance(s->typed, n, word, m);
    /* A word that was begun and not ended is near, however much is missing. */
    if (n >= 3 && strncmp(s->typed, word, n) == 0)
        d = least(d, 1);
    if (d < s->distance) {
        s->distance = d;
        s->best = word;
    }
}

const char *aver_suggest_text(const struct aver_suggestion *s, char *out,
                              size_t n)
{
    out[0] = '\0';
    if (s->best != NULL)
        snprintf(out, n, "; did you mean %s?", s->best);
    return out;
}
