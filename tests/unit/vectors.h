/* SPDX-License-Identifier: Apache-2.0
 *
 * vectors: what every unit test needs to read tests/vectors: files, JSON
 * indexes, and their members as text, bytes of hex, bytes of base64. A file or
 * member that is missing or malformed ends the program with a sentence: a test
 * must not pass because its data was not there. */
#ifndef AVER_TESTS_VECTORS_H
#define AVER_TESTS_VECTORS_H

#include "base/buf.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *vectors_folder;

__attribute__((noreturn, unused)) static void vectors_broken(const char *what,
                                                             const char *name)
{
    fprintf(stderr, "test vectors: %s: %s\n", what, name);
    abort();
}

/* Call first in main: the folder is the only argument. */
__attribute__((unused)) static void vectors_start(int argc, char **argv)
{
    if (argc != 2)
        vectors_broken("usage", "PROGRAM FOLDER-OF-VECTORS");
    vectors_folder = argv[1];
}

/* The bytes of folder/name. Free with aver_buf_clear. */
__attribute__((unused)) static struct aver_buf vectors_file(const char *name)
{
    struct aver_buf path, out;

    aver_buf_init(&path, 4096);
    aver_buf_init(&out, 64u << 20);
    if (aver_buf_printf(&path, "%s/%s", vectors_folder, name) != 0 ||
        aver_buf_append(&path, "", 1) != 0)
        vectors_broken("path too long", name);
    FILE *f = fopen((const char *)path.p, "rb");
    if (f == NULL)
        vectors_broken("cannot open", (const char *)path.p);
    do {
        if (aver_buf_reserve(&out, 65536) != 0)
            vectors_broken("file too long", name);
        out.n += fread(out.p + out.n, 1, out.cap - out.n, f);
    } while (!feof(f) && !ferror(f));
    if (ferror(f))
        vectors_broken("cannot read", name);
    fclose(f);
    aver_buf_clear(&path);
    return out;
}

/* A JSON index. Free with json_decref. */
__attribute__((unused)) static json_t *vectors_index(const char *name)
{
    struct aver_buf text = vectors_file(name);
    json_t *index = json_loadb((const char *)text.p, text.n, 0, NULL);

    if (index == NULL || (json_is_array(index) && json_array_size(index) == 0))
        vectors_broken("not JSON, or empty", name);
    aver_buf_clear(&text);
    return index;
}

__attribute__((unused)) static const char *vectors_text(const json_t *o,
                                                        const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    if (text == NULL)
        vectors_broken("no such text", key);
    return text;
}

__attribute__((unused)) static bool vectors_is(const json_t *o, const char *key,
                                               const char *text)
{
    return strcmp(vectors_text(o, key), text) == 0;
}

__attribute__((unused)) static bool vectors_true(const json_t *o,
                                                 const char *key)
{
    const json_t *value = json_object_get(o, key);

    if (!json_is_boolean(value))
        vectors_broken("no such boolean", key);
    return json_is_true(value);
}

/* Bytes of a member in hex or base64. Free with aver_buf_clear. */
__attribute__((unused)) static struct aver_buf vectors_hex(const json_t *o,
                                                           const char *key)
{
    struct aver_buf out;

    aver_buf_init(&out, 16u << 20);
    if (aver_hex_decode_buf(&out, aver_bytes_str(vectors_text(o, key))) != 0)
        vectors_broken("not hex", key);
    return out;
}

__attribute__((unused)) static struct aver_buf vectors_base64(const json_t *o,
                                                              const char *key)
{
    struct aver_buf out;

    aver_buf_init(&out, 16u << 20);
    if (aver_base64_decode_buf(&out, aver_bytes_str(vectors_text(o, key))) != 0)
        vectors_broken("not base64", key);
    return out;
}

/* Exactly n bytes of a member in hex. */
__attribute__((unused)) static void
vectors_hex_n(uint8_t *out, size_t n, const json_t *o, const char *key)
{
    if (aver_hex_decode(out, n, aver_bytes_str(vectors_text(o, key))) != 0)
        vectors_broken("not hex of the length wanted", key);
}

#endif
