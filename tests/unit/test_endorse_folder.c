/* SPDX-License-Identifier: Apache-2.0
 *
 * cli/endorsements: where the folder is, how it is made, and what of it is
 * loaded. */
#include "cli/endorsements.h"
#include "vectors.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BUNDLE "tdx/collateral/90c06f-20260610.json"

static char root[] = "/tmp/aver-endorse-XXXXXX";

/* A file below the root. */
static void put(const char *name, struct aver_bytes content)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(content.p, 1, content.n, f) != content.n ||
        fclose(f) != 0)
        vectors_broken("cannot write", path);
}

static const char *below(const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static void test_folder(void **state)
{
    char path[ENDORSEMENTS_PATH_MAX], huge[ENDORSEMENTS_PATH_MAX + 1];
    struct aver_error err;

    (void)state;
    setenv("HOME", "/home/x", 1);
    setenv("XDG_CACHE_HOME", "/cache", 1);
    assert_int_equal(endorsements_folder(path, "chosen", &err), 0);
    assert_string_equal(path, "chosen");
    assert_int_equal(endorsements_folder(path, NULL, &err), 0);
    assert_string_equal(path, "/cache/aver/endorsements");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_int_equal(endorsements_folder(path, NULL, &err), 0);
    assert_string_equal(path, "/home/x/.cache/aver/endorsements");
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "", 1);
    assert_int_equal(endorsements_folder(path, NULL, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    unsetenv("HOME");
    assert_int_equal(endorsements_folder(path, NULL, &err), -1);
    assert_int_equal(endorsements_folder(path, "", &err), -1);
    memset(huge, 'a', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    assert_int_equal(endorsements_folder(path, huge, &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
}

static void test_make(void **state)
{
    struct aver_error err;
    struct stat st;

    (void)state;
    umask(0);
    assert_int_equal(endorsements_make(below("a/b/c"), &err), 0);
    assert_int_equal(stat(below("a/b/c"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(below("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(endorsements_make(below("a/b/c/"), &err), 0);
    put("file", aver_bytes_str("x"));
    assert_int_equal(endorsements_make(below("file"), &err), -1);
    assert_non_null(strstr(err.text, "file"));
    assert_int_equal(endorsements_make(below("file/x"), &err), -1);
}

static unsigned loaded(const char *const *paths, size_t n, const char *folder,
                       int want, struct aver_error *err)
{
    struct aver_endorsements *e = aver_endorsements_new();

    assert_non_null(e);
    assert_int_equal(endorsements_load(e, paths, n, folder, err), want);
    unsigned count = e->ntcb;
    aver_endorsements_free(e);
    return count;
}

static void test_load_named(void **state)
{
    char bundle[512], other[512];
    const char *both[] = {bundle, other};
    const char *missing[] = {"/nowhere/x.json"};
    const char *rubbish[] = {other};
    struct aver_error err;

    (void)state;
    snprintf(bundle, sizeof(bundle), "%s/" BUNDLE, vectors_folder);
    snprintf(other, sizeof(other), "%s/tdx/collateral/b0c06f-20250619.json",
             vectors_folder);
    /* With names the folder does not matter. */
    assert_int_equal(loaded(both, 2, "/proc/self/mem", 0, &err), 2);
    assert_int_equal(loaded(both, 1, NULL, 0, &err), 1);
    loaded(missing, 1, NULL, -1, &err);
    assert_non_null(strstr(err.text, "/nowhere/x.json"));
    snprintf(other, sizeof(other), "%s", below("rubbish"));
    put("rubbish", aver_bytes_str("rubbish"));
    loaded(rubbish, 1, NULL, -1, &err);
    assert_non_null(strstr(err.text, "rubbish"));
}

static void test_load_folder(void **state)
{
    struct aver_buf bundle = vectors_file(BUNDLE), huge;
    char folder[512];
    struct aver_error err;

    (void)state;
    snprintf(folder, sizeof(folder), "%s", below("cache"));
    assert_int_equal(loaded(NULL, 0, folder, 0, &err), 0); /* not there */
    assert_int_equal(loaded(NULL, 0, NULL, 0, &err), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(loaded(NULL, 0, folder, 0, &err), 0);
    put("cache/a.json", aver_buf_view(&bundle));
    put("cache/.hidden.json", aver_buf_view(&bundle));
    put("cache/a.json.Xy12ab", aver_buf_view(&bundle));
    put("cache/.json", aver_buf_view(&bundle));
    /* Passed over: rubbish, and what is too large. */
    put("cache/b.json", aver_bytes_str("rubbish"));
    aver_buf_init(&huge, 4u << 20);
    assert_int_equal(aver_buf_reserve(&huge, 3u << 20), 0);
    memset(huge.p, ' ', 3u << 20);
    huge.n = 3u << 20;
    put("cache/c.json", aver_buf_view(&huge));
    assert_int_equal(mkdir(below("cache/d.json"), 0700), 0);
    put("cache/e.json", aver_buf_view(&bundle));
    assert_int_equal(loaded(NULL, 0, folder, 0, &err), 2);
    loaded(NULL, 0, below("file"), -1, &err);
    assert_non_null(strstr(err.text, strerror(ENOTDIR)));
    aver_buf_clear(&huge);
    aver_buf_clear(&bundle);
}

/* The first 64 in the order of their names, and no more. */
static void test_load_many(void **state)
{
    struct aver_buf bundle = vectors_file(BUNDLE);
    char name[64];
    struct aver_error err;

    (void)state;
    assert_int_equal(mkdir(below("many"), 0700), 0);
    for (int i = 0; i < 70; i++) {
        bool good = i == 1 || i == 63 || i == 64;

        snprintf(name, sizeof(name), "many/%02d.json", i);
        put(name, good ? aver_buf_view(&bundle) : aver_bytes_str("-"));
    }
    assert_int_equal(loaded(NULL, 0, below("many"), 0, &err), 2);
    aver_buf_clear(&bundle);
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *place)
{
    (void)st, (void)kind, (void)place;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),     cmocka_unit_test(test_make),
        cmocka_unit_test(test_load_named), cmocka_unit_test(test_load_folder),
        cmocka_unit_test(test_load_many),
    };

    vectors_start(argc, argv);
    if (mkdtemp(root) == NULL)
        vectors_broken("no folder", root);
    return cmocka_run_group_tests(tests, NULL, remove_root);
}
