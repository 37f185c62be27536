/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict: what a judgement says. One check a row of a table (rows.h), each
 * with one of five results, and one word over them all. A zeroed verdict is
 * "not trusted". Exit status 0 means VERIFIED and nothing else does. */
#ifndef AVER_VERIFY_VERDICT_H
#define AVER_VERIFY_VERDICT_H

#include "base/bytes.h"
#include "base/error.h"

/* Of enum aver_result, for rows alone: does not apply here, and becomes a skip
 * that is not required. */
#define AVER_NO_MATTER ((enum aver_result)5)

/* The question a row helps to answer, in the order in which they are asked. */
enum aver_group {
    AVER_HARDWARE = 0,
    AVER_CODE,
    AVER_GPU,
    AVER_KEY,
    AVER_ANSWER,
    AVER_FRESH,
    AVER_GROUPS,
};

struct aver_row;
struct aver_note;
struct aver_check {
    const struct aver_row *row;
    enum aver_result result;
    bool required;
    const char *cause; /* the word for it when it fails */
    char detail[256]; /* what was found and where; "" if the sentence says it */
};

#define AVER_CHECKS_MAX 96
struct aver_verdict {
    enum aver_word word;
    unsigned n;
    bool overfull; /* a check found no room: never verified then */
    struct aver_check checks[AVER_CHECKS_MAX];
};

/* Adds one finding and forgets the word. The note may say that it need not
 * pass this time, although the row is a required one. */
void aver_verdict_add(struct aver_verdict *v, const struct aver_row *row,
                      enum aver_result result, const struct aver_note *why);
/* Settles the word: a required check that failed or was simulated refuses;
 * else one that is unknown or was skipped leaves it undecided; else verified,
 * if at least one required check passed. */
void aver_verdict_close(struct aver_verdict *v);
/* The first check that made the word what it is; NULL if VERIFIED or empty. */
const struct aver_check *aver_verdict_reason(const struct aver_verdict *v);
/* The check of that id, or NULL. */
const struct aver_check *aver_verdict_find(const struct aver_verdict *v,
                                           const char *id);

/* Refused if one of them is, else undecided if one of them is, else verified;
 * undecided if there are none. */
enum aver_word aver_word_worst(const struct aver_verdict *v, unsigned n);

const char *aver_group_name(enum aver_group group); /* "hardware" … */
const char *aver_group_question(enum aver_group group);

#endif
