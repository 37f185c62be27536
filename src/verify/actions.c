/* SPDX-License-Identifier: Apache-2.0
 *
 * actions: a tree of one element at a time, within fixed bounds. */
#include "verify/actions.h"
#include "crypto/sha2.h"
#include "verify/member.h"

#include <stdlib.h>

#define LIST_MAX ((size_t)256 << 10)
#define ACTIONS_MAX 4096

static const char *const declared[] = {
    "timestamp", "action", "container",   "image",    "tag",
    "commit",    "file",   "file_sha256", "services",
};
#define DECLARED (sizeof(declared) / sizeof(declared[0]))

/* A copy whose first names are the declared ones. */
static json_t *in_declared_order(json_t *from)
{
    json_t *out = json_object(), *value = NULL;
    const char *name = NULL;
    int rc = out != NULL ? 0 : -1;

    for (size_t i = 0; i < DECLARED && rc == 0; i++)
        if ((value = json_object_get(from, declared[i])) != NULL)
            rc = json_object_set(out, declared[i], value);
    json_object_foreach(from, name, value)
    {
        if (rc == 0 && json_object_get(out, name) == NULL)
            rc = json_object_set(out, name, value);
    }
    if (rc == 0)
        return out;
    json_decref(out);
    return NULL;
}

static int feed(struct aver_sha256 *h, const json_t *o, size_t flags)
{
    char *text = o != NULL ? json_dumps(o, JSON_COMPACT | flags) : NULL;

    if (text == NULL)
        return -1;
    aver_sha256_update(h, aver_bytes_str(text));
    free(text);
    return 0;
}

/* Values are scalars or lists of them, as all known managers write them.
 * Fractions have no one spelling. */
static bool is_plain(const json_t *o)
{
    bool plain = json_is_object(o);
    const char *name = NULL;
    json_t *value = NULL, *item = NULL;
    size_t i = 0;

    json_object_foreach((json_t *)o, name, value)
    {
        plain = plain && !json_is_object(value) && !json_is_real(value);
        json_array_foreach(value, i, item)
        {
            plain = plain && !json_is_object(item) && !json_is_array(item) &&
                    !json_is_real(item);
        }
    }
    return plain;
}

static int element(struct aver_sha256 *const h[static AVER_SPELLINGS],
                   struct aver_bytes source, struct aver_error *err)
{
    json_t *o = aver_json_parse(source, err), *ordered = NULL;
    int rc = -1;

    if (o == NULL)
        return -1;
    if (!is_plain(o)) {
        aver_fail(err, AVER_EFORMAT, "an action has no certain spelling");
        goto out;
    }
    ordered = in_declared_order(o);
    rc = feed(h[AVER_AS_GIVEN], o, 0);
    if (rc == 0)
        rc = feed(h[AVER_SORTED], o, JSON_SORT_KEYS);
    if (rc == 0)
        rc = feed(h[AVER_DECLARED], ordered, 0);
    if (rc != 0)
        aver_fail(err, AVER_EMEM, "out of memory for an action");
out:
    json_decref(ordered);
    json_decref(o);
    return rc;
}

static void to_all(struct aver_sha256 *const h[static AVER_SPELLINGS],
                   const char *text)
{
    for (int i = 0; i < AVER_SPELLINGS; i++)
        aver_sha256_update(h[i], aver_bytes_str(text));
}

int aver_actions_hash(uint8_t out[static AVER_SPELLINGS][32],
                      struct aver_bytes array, struct aver_error *err)
{
    struct aver_sha256 *h[AVER_SPELLINGS] = {0};
    struct aver_bytes item;
    unsigned n = 0;
    int rc = 0;

    if (array.n > LIST_MAX)
        return aver_fail(err, AVER_ELIMIT, "actions are more than 256 KiB");
    for (int i = 0; i < AVER_SPELLINGS && rc == 0; i++) {
        h[i] = aver_sha256_new();
        if (h[i] == NULL)
            rc = aver_fail(err, AVER_EMEM, "out of memory for actions");
        else
            aver_sha256_start(h[i]);
    }
    const char *between = "[";
    while (rc == 0 && aver_array_next(&array, &item)) {
        to_all(h, between);
        rc = n++ < ACTIONS_MAX
                 ? element(h, item, err)
                 : aver_fail(err, AVER_ELIMIT, "more than 4096 actions");
        between = ",";
    }
    if (rc == 0) {
        to_all(h, between[0] == '[' ? "[]" : "]");
        for (int i = 0; i < AVER_SPELLINGS; i++)
            aver_sha256_finish(h[i], out[i]);
    }
    for (int i = 0; i < AVER_SPELLINGS; i++)
        aver_sha256_free(h[i]);
    return rc;
}
