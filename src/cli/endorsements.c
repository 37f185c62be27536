/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements: see endorsements.h. */
#include "cli/endorsements.h"

#include "cli/cli.h"
#include "cli/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Files by their names: how many of them are used. What is not named here is
 * of Intel's, or the user's own. */
static const struct {
    const char *prefix;
    int max;
} kinds[] = {{"ocsp-", AVER_STAPLES_MAX},
             {"rim-", AVER_RIMS_MAX},
             {"", AVER_DOCUMENTS_MAX}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

#define FILE_MAX ((size_t)2 << 20)

/* A variable that names an absolute path, or NULL: others are to be ignored
 * (XDG base directory specification). */
static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);

    return value != NULL && value[0] == '/' ? value : NULL;
}

int endorsements_folder(char out[static ENDORSEMENTS_PATH_MAX],
                        const char *chosen, struct aver_error *err)
{
    const char *cache = absolute("XDG_CACHE_HOME"), *home = absolute("HOME");
    int n;

    if (chosen != NULL)
        n = snprintf(out, ENDORSEMENTS_PATH_MAX, "%s", chosen);
    else if (cache != NULL)
        n = snprintf(out, ENDORSEMENTS_PATH_MAX, "%s/aver/endorsements", cache);
    else if (home != NULL)
        n = snprintf(out, ENDORSEMENTS_PATH_MAX, "%s/.cache/aver/endorsements",
                     home);
    else
        return aver_fail(err, AVER_ECONFIG,
                         "neither XDG_CACHE_HOME nor HOME says where "
                         "endorsements are kept");
    if (n <= 0 || n >= ENDORSEMENTS_PATH_MAX)
        return aver_fail(err, AVER_ELIMIT,
                         "the name of the folder of endorsements is empty or "
                         "too long");
    return 0;
}

int endorsements_make(const char *folder, struct aver_error *err)
{
    char path[ENDORSEMENTS_PATH_MAX];
    struct stat st;

    snprintf(path, sizeof(path), "%s", folder);
    for (char *p = path + 1;; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return aver_fail(err, AVER_EIO, "%.200s: %s", path,
                             strerror(errno));
        *p = c;
        if (c == '\0')
            break;
    }
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return aver_fail(err, AVER_EIO, "%.200s is no folder", path);
    return 0;
}

static int add_file(struct aver_endorsements *e, const char *path,
                    struct aver_error *err)
{
    struct aver_error why;
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, FILE_MAX);
    if (file_read(&text, path, err) == 0) {
        rc = aver_endorsements_add(e, aver_buf_view(&text), &why);
        if (rc != 0)
            aver_fail(err, why.code, "%.160s: %.200s", path, why.text);
    }
    aver_buf_clear(&text);
    return rc;
}

static int is_bundle(const struct dirent *d)
{
    size_t n = strlen(d->d_name);

    return n > 5 && d->d_name[0] != '.' &&
           strcmp(d->d_name + n - 5, ".json") == 0;
}

static void add_entry(struct aver_endorsements *e, const char *folder,
                      const char *name)
{
    char path[ENDORSEMENTS_PATH_MAX + 256];
    struct aver_error why;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (add_file(e, path, &why) != 0)
        complain("endorsements: passed over: %s", why.text);
}

static size_t kind_of(const char *name)
{
    size_t i = 0;

    while (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
        i++; /* the last one fits all */
    return i;
}

static int add_folder(struct aver_endorsements *e, const char *folder,
                      struct aver_error *err)
{
    struct dirent **entry = NULL;
    int n = scandir(folder, &entry, is_bundle, alphasort);
    int used[KINDS] = {0}, left = 0;

    if (n < 0 && errno == ENOENT)
        return 0;
    if (n < 0)
        return aver_fail(err, AVER_EIO, "%.200s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        size_t kind = kind_of(entry[i]->d_name);

        if (used[kind]++ < kinds[kind].max)
            add_entry(e, folder, entry[i]->d_name);
        else
            left++;
        free(entry[i]);
    }
    free(entry);
    if (left > 0)
        complain("endorsements: %.200s holds %d files, of which %d are used",
                 folder, n, n - left);
    return 0;
}

int endorsements_load(struct aver_endorsements *e, const char *const *paths,
                      size_t n, const char *folder, struct aver_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (add_file(e, paths[i], err) != 0)
            return -1;
    return n == 0 && folder != NULL ? add_folder(e, folder, err) : 0;
}
