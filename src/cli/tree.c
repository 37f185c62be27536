/* SPDX-License-Identifier: Apache-2.0
 *
 * tree: see tree.h. */
#include "cli/tree.h"

/* At least as many as there are: each but the first stands behind a comma, or
 * begins what holds it. In no JSON the count does not matter. */
static size_t count_values(struct aver_bytes text)
{
    bool in_string = false;
    size_t n = 1;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
        else if (!in_string && (c == ',' || c == '[' || c == '{'))
            n++;
    }
    return n;
}

json_t *tree_parse(struct aver_bytes text, struct aver_error *err)
{
    if (count_values(text) > TREE_VALUES_MAX) {
        aver_fail(err, AVER_ELIMIT, "JSON of more than %d values",
                  TREE_VALUES_MAX);
        return NULL;
    }
    return aver_json_parse(text, err);
}
