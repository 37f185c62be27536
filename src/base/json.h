/* SPDX-License-Identifier: Apache-2.0
 *
 * json: finds top-level members of an object of any size, fed in pieces of
 * any size, without building a tree, and gives the exact place of each value
 * in the source (RFC 8259). It checks the grammar and UTF-8 on the way. Where
 * a tree is wanted, jansson makes one (see aver_json_parse). */
#ifndef AVER_BASE_JSON_H
#define AVER_BASE_JSON_H

#include "base/buf.h"
#include <jansson.h>

#define AVER_JSON_DEPTH_MAX 1024
#define AVER_JSON_VALUE_MAX 256
#define AVER_JSON_MEMBERS_MAX 40

enum aver_json_type {
    AVER_JSON_ABSENT = 0,
    AVER_JSON_OBJECT,
    AVER_JSON_ARRAY,
    AVER_JSON_STRING,
    AVER_JSON_NUMBER,
    AVER_JSON_TRUE,
    AVER_JSON_FALSE,
    AVER_JSON_NULL,
};

/* One wanted member: the caller sets `name`; the scanner fills the rest. For
 * a member that stands there more than once, the last one is described. */
struct aver_json_member {
    const char *name;
    enum aver_json_type type;
    unsigned count;
    uint64_t start, end; /* the value's place in the source: [start, end) */
    /* A string's decoded value where it has at most AVER_JSON_VALUE_MAX
     * bytes (it may hold NULs, and one more follows it). Where it has more, or
     * holds half a surrogate pair, which UTF-8 cannot spell, `cut` is set and
     * the value empty. */
    bool cut;
    uint16_t value_len;
    char value[AVER_JSON_VALUE_MAX + 1];
};

struct aver_json_scan; /* see below: complete, so that callers can embed it */

/* Starts over. Borrows `members` (at most AVER_JSON_MEMBERS_MAX, names of at
 * most 32 bytes) until the scan ends. */
void aver_json_scan_init(struct aver_json_scan *s,
                         struct aver_json_member *members, unsigned n);
/* Takes the next piece. False once the text cannot be JSON any more (it is
 * then refused for good), or is deeper than AVER_JSON_DEPTH_MAX. Until the end
 * said true, what members hold is a guess. */
bool aver_json_scan_feed(struct aver_json_scan *s, struct aver_bytes in);
/* The text has ended: true if it was one complete JSON value. */
bool aver_json_scan_end(struct aver_json_scan *s);
/* Type of the value at the top, AVER_JSON_ABSENT before it began. */
enum aver_json_type aver_json_scan_top(const struct aver_json_scan *s);

/* Decodes a string as it stands in a scanned text, quotes and all, and
 * appends it; it may hold NULs. -1, and nothing appended, if it does not fit,
 * holds half a surrogate pair, or is no such string. */
AVER_MUST_CHECK int aver_json_unquote(struct aver_buf *out,
                                      struct aver_bytes quoted);

/* jansson with AVER's flags. The text must be one object or array (a bare
 * string or number is no document here). Refused besides bad grammar: a name
 * that stands twice in one object, since two readers might read two things;
 * NUL (\u0000) in names and values, since trees are read as C strings; half
 * surrogate pairs; integers beyond 64 bits, which would not be kept as they
 * are. NULL with `err` filled on bad input; the sentence gives line and column
 * and quotes nothing of the text. The caller owns the tree (json_decref). */
json_t *aver_json_parse(struct aver_bytes text, struct aver_error *err);

/* The state, for embedding. Fields belong to json.c. */
struct aver_json_scan {
    uint64_t offset; /* where the piece at hand began */
    struct aver_json_member *members;
    uint8_t state; /* what may come next */
    uint8_t top;   /* enum aver_json_type */
    uint8_t nmembers;
    int8_t current;      /* wanted member whose value is being read, or -1 */
    bool in_name;        /* the string under way is a name */
    uint8_t name_len;    /* bytes of the top-level name kept so far */
    uint8_t position;    /* in a word, or of a \u escape's digits */
    const char *literal; /* true, false or null */
    uint16_t depth;
    uint16_t unit;   /* UTF-16 unit of the \u escape under way */
    uint16_t high;   /* first half of a surrogate pair, or 0 */
    uint8_t utf8[3]; /* struct utf8 of the character under way */
    char name[32];
    uint8_t nest[AVER_JSON_DEPTH_MAX / 8]; /* bit set: array */
};

#endif
