/* SPDX-License-Identifier: Apache-2.0
 *
 * rim_files: the RIMs of the vectors, and texts made from them by exchanging
 * a part. */
#ifndef AVER_TESTS_RIM_FILES_H
#define AVER_TESTS_RIM_FILES_H

#include "crypto/x509.h"
#include "gpu_cases.h"
#include "verify/rim.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct aver_ec *rim_ec;

__attribute__((unused)) static struct aver_rim *
rim_parse(const struct aver_buf *text)
{
    struct aver_rim *r = aver_rim_parse(aver_buf_view(text), rim_ec);

    assert_non_null(r);
    return r;
}

/* Of "gpu/rims/NAME" where `id` is NULL; else a file of that case. */
__attribute__((unused)) static struct aver_buf rim_text(const char *id,
                                                        const char *name)
{
    char path[512];

    if (id != NULL && strncmp(name, "./", 2) == 0)
        snprintf(path, sizeof(path), "gpu/cases/%s/%s", id, name + 2);
    else
        snprintf(path, sizeof(path), "gpu/%s%s", id == NULL ? "rims/" : "",
                 name);
    return vectors_file(path);
}

/* The text with the first `from` behind the first `behind` made `to`. */
__attribute__((unused)) static void rim_edit(struct aver_buf *text,
                                             const char *behind,
                                             const char *from, const char *to)
{
    struct aver_buf out;
    const char *at;

    aver_buf_init(&out, 2 * AVER_RIM_MAX);
    if (aver_buf_append(text, "", 1) != 0)
        vectors_broken("too long", from);
    text->n--;
    at = strstr((const char *)text->p, behind);
    at = at != NULL ? strstr(at, from) : NULL;
    if (at == NULL)
        vectors_broken("nothing to edit", from);
    size_t before = (size_t)(at - (const char *)text->p);
    if (aver_buf_append(&out, text->p, before) != 0 ||
        aver_buf_append_str(&out, to) != 0 ||
        aver_buf_append_str(&out, at + strlen(from)) != 0)
        vectors_broken("too long", to);
    aver_buf_clear(text);
    *text = out;
}

/* SHA-256 of the key of a root in gpu/roots. */
__attribute__((unused)) static void rim_root(uint8_t pin[32], const char *name)
{
    struct aver_buf text;
    char path[512];

    snprintf(path, sizeof(path), "gpu/roots/%s", name);
    text = vectors_file(path);
    if (aver_x509_spki_sha256(pin, aver_buf_view(&text), NULL) != 0)
        vectors_broken("no certificate", name);
    aver_buf_clear(&text);
}

/* The pin of a case: of NVIDIA's root, or what it says. */
__attribute__((unused)) static void rim_pin(uint8_t pin[32],
                                            const struct gpu_case *c)
{
    json_t *anchor = json_object_get(c->expected, "trust_anchor");

    if (vectors_is(anchor, "rim", "nvidia"))
        rim_root(pin, "nvidia-corim-signing-root.pem");
    else
        vectors_hex_n(pin, 32, anchor, "rim");
}

#endif
