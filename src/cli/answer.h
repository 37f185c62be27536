/* SPDX-License-Identifier: Apache-2.0
 *
 * answer: what an engine's answer says, taken out of its bytes as they come:
 * a stream of events, or one JSON object. Looks at nothing but the text. */
#ifndef AVER_CLI_ANSWER_H
#define AVER_CLI_ANSWER_H

#include "net/sse.h"

#include <stdio.h>

#define ANSWER_MAX ((size_t)64 << 20)

struct answer {
    struct aver_buf text; /* all of it so far */
    bool faulty;          /* it holds an error, or what cannot be read */
    bool is_json;         /* set before the first byte; else events */
    /* private from here */
    struct aver_buf json;
    struct sse_reader reader;
    void (*on_text)(void *ctx, const char *text, size_t n);
    void *ctx;
};

/* `on_text` gets each piece of text when it is there. Not to be moved. */
void answer_init(struct answer *a,
                 void (*on_text)(void *, const char *, size_t), void *ctx);
/* 0, or -1 when it is too large to go on. */
AVER_MUST_CHECK int answer_feed(struct answer *a, struct aver_bytes piece);
/* The answer has ended, whole: a JSON object shows its text now. */
void answer_end(struct answer *a);
/* Wipes it. */
void answer_clear(struct answer *a);

/* Writes UTF-8 text; for a terminal without the control characters (C0 but for
 * newline and tab, DEL, C1) that could steer it. */
void answer_print(FILE *f, bool terminal, const char *text, size_t n);

#endif
