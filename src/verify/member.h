/* SPDX-License-Identifier: Apache-2.0
 *
 * member: takes values out of a JSON text that aver_json_scan has been
 * through, without building a tree, so that a hostile text costs no more
 * memory than its own size. */
#ifndef AVER_VERIFY_MEMBER_H
#define AVER_VERIFY_MEMBER_H

#include "base/json.h"

/* Scans the whole of `source` for `n` members (at most
 * AVER_JSON_MEMBERS_MAX). -1 if it is no JSON object. */
AVER_MUST_CHECK int aver_members(struct aver_json_member *members, unsigned n,
                                 struct aver_bytes source,
                                 struct aver_error *err);
/* The value's own bytes; empty if the member is absent. */
struct aver_bytes aver_member_source(const struct aver_json_member *m,
                                     struct aver_bytes source);
/* True if something stands there: neither absent nor null. */
bool aver_member_is_there(const struct aver_json_member *m);
/* A short string (at most AVER_JSON_VALUE_MAX bytes): true with its text, a
 * view of *m. */
bool aver_member_short(const struct aver_json_member *m,
                       struct aver_bytes *text);
/* A string of any length up to `out`'s maximum, decoded and appended. -1 if
 * it is no string, or too long. */
AVER_MUST_CHECK int aver_member_text(struct aver_buf *out,
                                     const struct aver_json_member *m,
                                     struct aver_bytes source);
/* Walks over an array that stands in a scanned text: start with `rest` = the
 * array's source; true with the next element's source. */
bool aver_array_next(struct aver_bytes *rest, struct aver_bytes *element);

#endif
