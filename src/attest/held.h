/* SPDX-License-Identifier: Apache-2.0
 *
 * held: the endorsements that this server has beside its quote: read from a
 * file, or built in, and given out only if they are genuine and valid now. A
 * file is read again when it is another one than last time. Blocks: for the
 * collector. */
#ifndef AVER_ATTEST_HELD_H
#define AVER_ATTEST_HELD_H

#include "base/buf.h"

#include <sys/stat.h>

#define HELD_LIMIT_MS 5000   /* for reading and judging a file */
#define HELD_AGAIN_S 60      /* what was refused is judged again so soon */
#define HELD_BUILT_IN_S 3600 /* what is built in is made anew so soon */
#define HELD_PATH_MAX 4096

struct held {
    /* A folder as `aver endorse` keeps it, or one file; NULL: none. */
    const char *path;
    /* What there is at a time without a file; NULL: nothing. */
    int (*built_in)(int64_t at, struct aver_buf *out, struct aver_error *err);
    bool simulated; /* the quotes are the simulator's */

    /* What was found last. */
    struct aver_buf text; /* a JSON object; empty: nothing */
    int64_t until, due;   /* last second of all of it; when to renew it */
    char reason[300];     /* why there is nothing */

    /* For what, and from where. */
    bool looked, has_file;
    int64_t looked_at;
    uint8_t chain[32]; /* SHA-256 of the quote's certificates */
    struct stat file;
};

/* The caller has set the first three members, the others are zero. */
void held_init(struct held *h);
void held_clear(struct held *h);
/* Is there anywhere to look? */
bool held_configured(const struct held *h);
/* Looks for what goes with this quote. True if `text` can be given out. */
bool held_for(struct held *h, struct aver_bytes quote, int64_t now);
/* Appends the whole of a file, and says which one it was. -1 if it cannot be
 * read, is no file, or is larger than a bundle may be. */
AVER_MUST_CHECK int held_read_file(struct aver_buf *out, const char *path,
                                   struct stat *st, struct aver_error *err);
/* Can this process put files into that folder? AVER_ECONFIG if not. */
AVER_MUST_CHECK int held_writable(const char *folder, struct aver_error *err);
/* SHA-256 of a quote's certificates. -1 if it cannot be read. */
AVER_MUST_CHECK int held_chain(uint8_t out[static 32], struct aver_bytes quote);

#endif
