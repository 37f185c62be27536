/* SPDX-License-Identifier: Apache-2.0
 *
 * members: see members.h. */
#include "cli/members.h"

#include "base/text.h"

#include <stdlib.h>

void member_put(json_t *object, const char *name, json_t *value)
{
    if (value == NULL || json_object_set_new(object, name, value) != 0)
        abort();
}

void member_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        member_put(object, name, json_string(text));
}

void member_hex(json_t *object, const char *name, struct aver_bytes b)
{
    char hex[2 * 64 + 1];

    if (b.n > 64)
        abort();
    if (b.n == 0)
        return;
    aver_hex_encode(hex, b.p, b.n);
    member_put(object, name, json_string(hex));
}

void member_item(json_t *array, json_t *value)
{
    if (value == NULL || json_array_append_new(array, value) != 0)
        abort();
}
