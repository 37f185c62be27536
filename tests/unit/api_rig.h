/* SPDX-License-Identifier: Apache-2.0
 *
 * api_rig: what tests of aver.h share. They see what any other program sees:
 * that header, and libaver.so; jansson reads the vectors' indexes. */
#ifndef AVER_TESTS_API_RIG_H
#define AVER_TESTS_API_RIG_H

#include "aver.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *api_folder; /* of the vectors */

struct api_file {
    char *p;
    size_t n;
};

/* The bytes of a file, with a NUL behind them. */
__attribute__((unused)) static struct api_file api_read(const char *name)
{
    struct api_file out = {NULL, 0};
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", api_folder, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        fail_msg("no file %s", path);
    out.n = (size_t)ftell(f);
    out.p = calloc(1, out.n + 1);
    rewind(f);
    assert_int_equal(fread(out.p, 1, out.n, f), out.n);
    fclose(f);
    return out;
}

__attribute__((unused)) static json_t *api_index(const char *name)
{
    struct api_file f = api_read(name);
    json_t *o = json_loadb(f.p, f.n, 0, NULL);

    if (o == NULL)
        fail_msg("%s is no JSON", name);
    free(f.p);
    return o;
}

__attribute__((unused)) static const char *api_text(const json_t *o,
                                                    const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    if (text == NULL)
        fail_msg("no %s", key);
    return text;
}

__attribute__((unused)) static void api_hex_32(uint8_t out[32],
                                               const char *text)
{
    assert_int_equal(strlen(text), 64);
    for (int i = 0; i < 32; i++) {
        unsigned byte = 0;

        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

/* Adds a file to a set, which is made if it is NULL. */
__attribute__((unused)) static struct aver_endorsements *
api_endorse(struct aver_endorsements *set, const char *name)
{
    struct api_file f = api_read(name);
    struct aver_error err;

    if (set == NULL)
        set = aver_endorsements_new();
    if (aver_endorsements_read(set, f.p, f.n, &err) != 0)
        fail_msg("%s: %s", name, err.text);
    free(f.p);
    return set;
}

__attribute__((unused)) static void
api_word(const struct aver_judgement *j, enum aver_word want, const char *cause)
{
    const struct aver_finding *why = aver_judgement_reason(j);

    if (aver_judgement_word(j) != want ||
        (cause != NULL && strcmp(why->cause, cause) != 0))
        fail_msg("%s, not %s %s: %s %s (%s)",
                 aver_word_name(aver_judgement_word(j)), aver_word_name(want),
                 cause != NULL ? cause : "", why != NULL ? why->id : "-",
                 why != NULL ? why->cause : "-",
                 why != NULL ? why->detail : "-");
    assert_int_equal(why == NULL, want == AVER_VERIFIED);
}

/* A call that could not judge: says so, and leaves nothing. */
#define api_fails(rc, j, err, wanted)                                          \
    do {                                                                       \
        assert_int_equal(rc, -1);                                              \
        assert_null(j);                                                        \
        assert_int_equal((err).code, wanted);                                  \
        assert_true(strlen((err).text) > 10);                                  \
    } while (0)

#endif
