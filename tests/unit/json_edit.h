/* SPDX-License-Identifier: Apache-2.0
 *
 * json_edit: a JSON text with one value in it exchanged, taken out, or put
 * in, by its path ("tcbLevels/0/tcb/pcesvn"). */
#ifndef AVER_TESTS_JSON_EDIT_H
#define AVER_TESTS_JSON_EDIT_H

#include "vectors.h"

__attribute__((unused)) static size_t json_edit_index(const char *part)
{
    return strtoul(part, NULL, 10);
}

/* The object or array that holds the last part of the path, which is left in
 * `last`. */
__attribute__((unused)) static json_t *
json_edit_holder(json_t *tree, const char *path, char last[static 64])
{
    const char *slash;

    while ((slash = strchr(path, '/')) != NULL) {
        snprintf(last, 64, "%.*s", (int)(slash - path), path);
        tree = json_is_array(tree) ? json_array_get(tree, json_edit_index(last))
                                   : json_object_get(tree, last);
        if (tree == NULL)
            vectors_broken("no such path", path);
        path = slash + 1;
    }
    snprintf(last, 64, "%s", path);
    return tree;
}

/* `value` is JSON text; NULL takes the member out. The caller frees. */
__attribute__((unused)) static char *
json_edit(const char *text, const char *path, const char *value)
{
    char last[64];
    json_t *tree = json_loads(text, 0, NULL);
    json_t *new =
        value == NULL ? NULL : json_loads(value, JSON_DECODE_ANY, NULL);
    json_t *at = json_edit_holder(tree, path, last);

    if (value != NULL && new == NULL)
        vectors_broken("not JSON", value);
    if (json_is_array(at) && new != NULL && last[0] == '+')
        json_array_append(at, new);
    else if (json_is_array(at) && new != NULL)
        json_array_set(at, json_edit_index(last), new);
    else if (json_is_array(at))
        json_array_remove(at, json_edit_index(last));
    else if (new != NULL)
        json_object_set(at, last, new);
    else if (json_object_del(at, last) != 0)
        vectors_broken("no such member", path);
    char *out = json_dumps(tree, JSON_COMPACT);
    json_decref(new);
    json_decref(tree);
    return out;
}

/* The value at the path. The caller frees. */
__attribute__((unused)) static char *json_edit_get(const char *text,
                                                   const char *path)
{
    char last[64];
    json_t *tree = json_loads(text, 0, NULL);
    json_t *at = json_edit_holder(tree, path, last);

    at = json_is_array(at) ? json_array_get(at, json_edit_index(last))
                           : json_object_get(at, last);
    char *out = json_dumps(at, JSON_COMPACT | JSON_ENCODE_ANY);
    if (out == NULL)
        vectors_broken("no such member", path);
    json_decref(tree);
    return out;
}

#endif
