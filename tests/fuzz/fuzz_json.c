/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON: fed whole, and cut where the first two bytes say, the scanner must find
 * the same; and where jansson accepts, so must it. */
#include "base/json.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool scan(struct aver_json_member *m, const uint8_t *p, size_t n,
                 size_t cut)
{
    struct aver_json_scan s;

    memset(m, 0, 2 * sizeof(*m));
    m[0].name = "id";
    m[1].name = "model";
    aver_json_scan_init(&s, m, 2);
    return aver_json_scan_feed(&s, aver_bytes_of(p, cut)) &&
           aver_json_scan_feed(&s, aver_bytes_of(p + cut, n - cut)) &&
           aver_json_scan_end(&s);
}

static void compare(const struct aver_json_member *a,
                    const struct aver_json_member *b, size_t n)
{
    assert(a->type == b->type && a->count == b->count);
    assert(a->start == b->start && a->end == b->end && a->cut == b->cut);
    assert(a->start <= a->end && a->end <= n);
    assert(a->value_len == b->value_len);
    assert(memcmp(a->value, b->value, a->value_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_json_member a[2], b[2];
    json_t *tree = NULL;
    bool ok;
    size_t n;

    if (size < 2)
        return 0;
    n = size - 2;
    ok = scan(a, data + 2, n, n);
    assert(ok ==
           scan(b, data + 2, n, (size_t)(data[0] | data[1] << 8) % (n + 1)));
    tree = aver_json_parse(aver_bytes_of(data + 2, n), NULL);
    if (ok) {
        compare(&a[0], &b[0], n);
        compare(&a[1], &b[1], n);
    }
    if (tree != NULL) {
        const json_t *id = json_object_get(tree, "id");

        assert(ok);
        assert(a[0].count == (id != NULL));
        if (json_is_string(id) && !a[0].cut)
            assert(a[0].value_len == json_string_length(id) &&
                   memcmp(a[0].value, json_string_value(id), a[0].value_len) ==
                       0);
    }
    json_decref(tree);
    return 0;
}
