/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_texts: see gpu_texts.h. */
#include "cli/gpu_texts.h"

#include "cli/tree.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)16 << 20)
#define NESTED_MAX 3 /* JSON in a text in JSON … */

void gpu_texts_clear(struct gpu_texts *t)
{
    for (size_t i = 0; i < t->n; i++)
        aver_buf_clear(&t->of[i]);
    t->n = 0;
}

static int add(struct gpu_texts *t, struct aver_bytes text,
               struct aver_error *err)
{
    for (size_t i = 0; i < t->n; i++)
        if (aver_bytes_equal(aver_buf_view(&t->of[i]), text))
            return 0;
    if (t->n == GPU_TEXTS_MAX)
        return aver_fail(err, AVER_ELIMIT, "more than %d lists of GPUs",
                         GPU_TEXTS_MAX);
    aver_buf_init(&t->of[t->n], TEXT_MAX);
    if (aver_buf_append(&t->of[t->n], text.p, text.n) != 0)
        return aver_fail(err, AVER_ELIMIT, "too much GPU evidence");
    t->n++;
    return 0;
}

static int add_value(struct gpu_texts *t, const json_t *value,
                     struct aver_error *err)
{
    char *text = json_dumps(value, JSON_COMPACT);

    if (text == NULL)
        abort(); /* out of memory */
    int rc = add(t, aver_bytes_str(text), err);
    free(text);
    return rc;
}

static bool is_list(const json_t *list)
{
    const json_t *first = json_array_get(list, 0);

    return json_object_get(first, "certificate") != NULL &&
           json_object_get(first, "evidence") != NULL;
}

/* One of the forms of verify/gpu_evidence.h, with a device in it. */
static bool is_evidence(const json_t *value)
{
    static const char *const lists[] = {"evidence_list", "gpu_evidence",
                                        "device_evidence_list", "evidences"};
    static const char *const halves[] = {"gpu", "nvswitch"};

    if (is_list(value))
        return true;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (is_list(json_object_get(value, lists[i])))
            return true;
    for (size_t i = 0; i < 2; i++)
        if (is_list(json_object_get(json_object_get(value, halves[i]),
                                    "evidences")))
            return true;
    return false;
}

static int walk(struct gpu_texts *t, const json_t *value, int nested,
                struct aver_error *err);

/* A text that may be JSON. */
static int walk_text(struct gpu_texts *t, struct aver_bytes text, int nested,
                     struct aver_error *err)
{
    json_t *tree = NULL;
    int rc = 0;

    text = aver_bytes_trim(text);
    if (nested == NESTED_MAX || text.n == 0 ||
        (text.p[0] != '{' && text.p[0] != '['))
        return 0;
    tree = tree_parse(text, NULL);
    if (tree != NULL)
        rc = walk(t, tree, nested + 1, err);
    json_decref(tree);
    return rc;
}

static int walk(struct gpu_texts *t, const json_t *value, int nested,
                struct aver_error *err)
{
    const char *name;
    json_t *member;
    size_t i;

    if (json_is_string(value))
        return walk_text(
            t,
            aver_bytes_of(json_string_value(value), json_string_length(value)),
            nested, err);
    if (is_evidence(value))
        return add_value(t, value, err);
    json_array_foreach(value, i, member)
    {
        if (walk(t, member, nested, err) != 0)
            return -1;
    }
    json_object_foreach((json_t *)value, name, member)
    {
        if (walk(t, member, nested, err) != 0)
            return -1;
    }
    return 0;
}

int gpu_texts_add(struct gpu_texts *t, struct aver_bytes text,
                  struct aver_error *err)
{
    return walk_text(t, text, 0, err);
}
