/* SPDX-License-Identifier: Apache-2.0
 *
 * platforms: see platforms.h. */
#include "cli/platforms.h"

#include "attest/genuine.h"
#include "base/text.h"
#include "cli/tree.h"

#include <stdlib.h>
#include <string.h>

/* The text of the smallest quote, in base64. */
#define QUOTE_TEXT_MIN 1360
/* Some send zeros behind it. */
#define QUOTE_BYTES_MAX (2 * AVER_QUOTE_MAX)

void platforms_clear(struct platforms *p)
{
    for (size_t i = 0; i < p->n; i++)
        aver_buf_clear(&p->quote[i]);
    p->n = 0;
}

static int add(struct platforms *all, const struct pcs_platform *p,
               struct aver_bytes quote, struct aver_error *err)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->of[i].sgx == p->sgx && all->of[i].processor == p->processor &&
            memcmp(all->of[i].fmspc, p->fmspc, sizeof(p->fmspc)) == 0)
            return 0;
    if (all->n == PLATFORMS_MAX)
        return aver_fail(err, AVER_ELIMIT, "more than %d kinds of platform",
                         PLATFORMS_MAX);
    aver_buf_init(&all->quote[all->n], quote.n);
    if (aver_buf_append(&all->quote[all->n], quote.p, quote.n) != 0)
        abort(); /* out of memory */
    all->of[all->n++] = *p;
    return 0;
}

/* 1 if it is a quote and was added, 0 if it is something else, -1 if it is a
 * quote and cannot be. */
static int add_bytes(struct platforms *all, struct aver_bytes bytes,
                     struct aver_error *err)
{
    struct pcs_platform p;
    struct aver_quote q;

    if (aver_quote_parse(&q, bytes, err) != 0)
        return 0;
    int rc = genuine_platform(&p, &q, err);
    return rc == 0 && add(all, &p, bytes, err) == 0 ? 1 : -1;
}

/* A quote in hex or base64, into `out`, which is empty. */
static bool decode(struct aver_buf *out, struct aver_bytes text)
{
    if (aver_hex_decode_buf(out, text) == 0)
        return true;
    aver_buf_clear(out);
    return aver_base64_decode_buf(out, text) == 0;
}

/* The same for a text. */
static int add_text(struct platforms *all, struct aver_bytes text,
                    struct aver_error *err)
{
    struct aver_buf bytes;
    int rc = 0;

    if (text.n < QUOTE_TEXT_MIN)
        return 0;
    aver_buf_init(&bytes, QUOTE_BYTES_MAX);
    if (decode(&bytes, text))
        rc = add_bytes(all, aver_buf_view(&bytes), err);
    aver_buf_clear(&bytes);
    return rc;
}

/* How many quotes there are below a value; -1 with `err`. */
static int add_tree(struct platforms *all, const json_t *value,
                    struct aver_error *err)
{
    const char *name;
    json_t *member;
    size_t i;
    int found = 0, rc = 0;

    if (json_is_string(value))
        return add_text(
            all,
            aver_bytes_of(json_string_value(value), json_string_length(value)),
            err);
    json_array_foreach(value, i, member)
    {
        rc = add_tree(all, member, err);
        if (rc < 0)
            return -1;
        found |= rc;
    }
    json_object_foreach((json_t *)value, name, member)
    {
        rc = add_tree(all, member, err);
        if (rc < 0)
            return -1;
        found |= rc;
    }
    return found;
}

int platforms_add(struct platforms *all, struct aver_bytes text,
                  struct aver_error *err)
{
    struct aver_bytes word = aver_bytes_trim(text);
    int found = 0;

    if (word.n > 0 && (word.p[0] == '{' || word.p[0] == '[')) {
        json_t *tree = tree_parse(word, err);

        if (tree == NULL)
            return -1;
        found = add_tree(all, tree, err);
        json_decref(tree);
    } else if (text.n > 2 && text.p[1] == 0) { /* its version, of 16 bits */
        found = add_bytes(all, text, err);
        if (found == 0)
            return -1;
    } else {
        found = add_text(all, word, err);
    }
    if (found == 0)
        return aver_fail(err, AVER_EABSENT, "there is no quote in it");
    return found > 0 ? 0 : -1;
}
