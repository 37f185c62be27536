/* SPDX-License-Identifier: Apache-2.0
 *
 * folders: the cases of a folder of tests/vectors, one folder each. */
#ifndef AVER_TESTS_FOLDERS_H
#define AVER_TESTS_FOLDERS_H

#include "vectors.h"

#include <dirent.h>

struct folders {
    struct dirent **entry;
    int n;
};

static int folders_wanted(const struct dirent *d)
{
    return d->d_name[0] != '.' && d->d_type == DT_DIR;
}

/* All cases of folder/name, in the order of their names. */
__attribute__((unused)) static struct folders folders_list(const char *name)
{
    struct folders f;
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", vectors_folder, name);
    f.n = scandir(path, &f.entry, folders_wanted, alphasort);
    if (f.n <= 0)
        vectors_broken("empty folder", path);
    return f;
}

__attribute__((unused)) static void folders_clear(struct folders *f)
{
    for (int i = 0; i < f->n; i++)
        free(f->entry[i]);
    free(f->entry);
}

/* folder/case/file as bytes, or as JSON. */
__attribute__((unused)) static struct aver_buf
folders_file(const char *folder, const struct dirent *d, const char *file)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s/%s", folder, d->d_name, file);
    return vectors_file(path);
}

__attribute__((unused)) static json_t *
folders_json(const char *folder, const struct dirent *d, const char *file)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s/%s", folder, d->d_name, file);
    return vectors_index(path);
}

#endif
