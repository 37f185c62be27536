/* SPDX-License-Identifier: Apache-2.0
 *
 * member: values of a scanned JSON text. What is walked here is well-formed:
 * the scanner has said so. */
#include "verify/member.h"

#include <string.h>

int aver_members(struct aver_json_member *members, unsigned n,
                 struct aver_bytes source, struct aver_error *err)
{
    struct aver_json_scan scan;

    aver_json_scan_init(&scan, members, n);
    if (!aver_json_scan_feed(&scan, source) || !aver_json_scan_end(&scan))
        return aver_fail(err, AVER_EFORMAT, "not JSON (near byte %llu)",
                         (unsigned long long)scan.offset);
    if (aver_json_scan_top(&scan) != AVER_JSON_OBJECT)
        return aver_fail(err, AVER_EFORMAT, "not a JSON object");
    return 0;
}

struct aver_bytes aver_member_source(const struct aver_json_member *m,
                                     struct aver_bytes source)
{
    if (m->type == AVER_JSON_ABSENT || m->end > source.n || m->start > m->end)
        return aver_bytes_of(NULL, 0);
    return aver_bytes_of(source.p + m->start, (size_t)(m->end - m->start));
}

bool aver_member_is_there(const struct aver_json_member *m)
{
    return m->type != AVER_JSON_ABSENT && m->type != AVER_JSON_NULL;
}

bool aver_member_short(const struct aver_json_member *m,
                       struct aver_bytes *text)
{
    if (m->type != AVER_JSON_STRING || m->cut)
        return false;
    *text = aver_bytes_of(m->value, m->value_len);
    return true;
}

int aver_member_text(struct aver_buf *out, const struct aver_json_member *m,
                     struct aver_bytes source)
{
    struct aver_bytes raw = aver_member_source(m, source);

    if (m->type != AVER_JSON_STRING)
        return -1;
    return aver_json_unquote(out, raw);
}

/* Bytes up to the end of the string that starts at p[0] = '"'. */
static size_t string_end(const uint8_t *p, size_t n)
{
    size_t i = 1;

    while (i < n && p[i] != '"')
        i += p[i] == '\\' ? 2 : 1;
    return i < n ? i + 1 : n;
}

/* Bytes up to the comma or bracket that ends the element at p[0]. */
static size_t element_end(const uint8_t *p, size_t n)
{
    size_t depth = 0, i = 0;

    while (i < n) {
        uint8_t c = p[i];

        if (depth == 0 && (c == ',' || c == ']'))
            break;
        if (c == '"') {
            i += string_end(p + i, n - i);
            continue;
        }
        if (c == '[' || c == '{')
            depth++;
        if (c == ']' || c == '}')
            depth--;
        i++;
    }
    return i;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool aver_array_next(struct aver_bytes *rest, struct aver_bytes *element)
{
    const uint8_t *p = rest->p, *end = rest->p + rest->n;

    if (p < end && (*p == '[' || *p == ','))
        p++;
    while (p < end && is_space(*p))
        p++;
    if (p == end || *p == ']')
        return false;
    *element = aver_bytes_of(p, element_end(p, (size_t)(end - p)));
    p += element->n;
    *rest = aver_bytes_of(p, (size_t)(end - p));
    return true;
}
