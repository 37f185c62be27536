/* SPDX-License-Identifier: Apache-2.0
 *
 * held: which file is taken for which quote, when it is read again, and what
 * is never given out. */
#include "attest/bundle.h"
#include "attest/held.h"
#include "attest/simulator.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#define QUOTE "tdx/cases/real-nanogpt-0610/quote.bin"
#define SGX_QUOTE "tdx/cases/real-dcapqvl-sgx-v3/quote.bin"
#define SIM_QUOTE "tdx/sim/sim-good/quote.bin"
#define BUNDLE "tdx/collateral/90c06f-20260610.json"
#define NEWER "tdx/collateral/90c06f-20260622.json"
#define OTHER "tdx/collateral/b0c06f-20260610.json"
#define NAME "tdx-90c06f000000-platform.json"
#define NOW 1782349220   /* 2026-06-25 */
#define UNTIL 1783643788 /* 2026-07-10T00:36:28Z */

static char folder[] = "/tmp/aver-held-XXXXXX";
static struct aver_buf quote;

static const char *path_of(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put_bytes(const char *name, struct aver_bytes b)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, b.p, b.n), b.n);
    close(fd);
}

static void put(const char *name, const char *vector)
{
    struct aver_buf text = vectors_file(vector);

    put_bytes(name, aver_buf_view(&text));
    aver_buf_clear(&text);
}

static bool held(struct held *h, int64_t now)
{
    return held_for(h, aver_buf_view(&quote), now);
}

static void expect_none(struct held *h, int64_t now, const char *why)
{
    assert_false(held(h, now));
    assert_int_equal(h->text.n, 0);
    assert_int_equal(h->until, 0);
    assert_int_equal(h->due, 0);
    if (strstr(h->reason, why) == NULL)
        fail_msg("%s is not in %s", why, h->reason);
}

static int set_up(void **state)
{
    static struct held h;

    h = (struct held){.path = folder};
    held_init(&h);
    *state = &h;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {NAME, "any.json",
                                        "tdx-b0c06f000000-platform.json"};

    held_clear(*state);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (unlink(path_of(names[i])) != 0)
            rmdir(path_of(names[i]));
    return 0;
}

/* All of the member is what the vendor says, letter for letter. */
static void same_members(struct aver_bytes text, const char *vector)
{
    json_t *have = json_loadb((const char *)text.p, text.n, 0, NULL);
    json_t *want = vectors_index(vector);

    assert_int_equal(json_object_size(want), 9);
    assert_true(json_equal(have, want));
    json_decref(have);
    json_decref(want);
}

static void a_folder(void **state)
{
    struct held *h = *state;

    put(NAME, BUNDLE);
    put("tdx-b0c06f000000-platform.json", OTHER);
    put_bytes("any.json", aver_bytes_str("{"));
    assert_true(held(h, NOW));
    same_members(aver_buf_view(&h->text), BUNDLE);
    assert_int_equal(h->until, UNTIL);
    assert_int_equal(h->due, UNTIL - 7 * 86400);
}

static void one_file(void **state)
{
    struct held *h = *state;
    char path[256];

    put("any.json", BUNDLE);
    snprintf(path, sizeof(path), "%s", path_of("any.json"));
    h->path = path;
    assert_true(held(h, NOW));
    put("any.json", OTHER);
    expect_none(h, NOW,
                "endorsements of tdx-b0c06f000000-platform, not of "
                "tdx-90c06f000000-platform");
}

static void the_file_comes_and_goes(void **state)
{
    struct held *h = *state;

    expect_none(h, NOW, NAME ": No such file");
    put(NAME, BUNDLE);
    assert_true(held(h, NOW)); /* at once */
    unlink(path_of(NAME));
    expect_none(h, NOW, "No such file");
    h->path = "/nowhere/at/all";
    expect_none(h, NOW, "/nowhere/at/all: No such file");
}

static void another_file_is_read(void **state)
{
    struct held *h = *state;

    put(NAME, BUNDLE);
    assert_true(held(h, NOW));
    put("any.json", NEWER);
    assert_int_equal(rename(path_of("any.json"), "/tmp/aver-held-new"), 0);
    assert_int_equal(rename("/tmp/aver-held-new", path_of(NAME)), 0);
    assert_true(held(h, NOW));
    same_members(aver_buf_view(&h->text), NEWER);
    assert_true(h->until > UNTIL);
}

/* The same file, by number, size and time, is not opened again. */
static void the_same_file_is_not_read(void **state)
{
    struct held *h = *state;
    struct stat st;

    put(NAME, BUNDLE);
    assert_true(held(h, NOW));
    assert_int_equal(stat(path_of(NAME), &st), 0);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    int fd = open(path_of(NAME), O_WRONLY);
    assert_int_equal(write(fd, "xxxx", 4), 4);
    close(fd);
    assert_int_equal(utimensat(AT_FDCWD, path_of(NAME), times, 0), 0);
    assert_true(held(h, NOW + 1));
    assert_int_equal(utimensat(AT_FDCWD, path_of(NAME), NULL, 0), 0);
    expect_none(h, NOW + 1, NAME ": ");
}

static void what_has_ended(void **state)
{
    struct held *h = *state;

    put(NAME, BUNDLE);
    assert_true(held(h, UNTIL));
    expect_none(h, UNTIL + 1, "tdx.not_expired: ");
    expect_none(h, UNTIL + 2, "tdx.not_expired: "); /* and stays so */
    expect_none(h, 1781054652, "tdx.begun: ");      /* the clock went back */
    assert_true(held(h, NOW));
}

static void what_is_not_genuine(void **state)
{
    struct aver_buf text = vectors_file(BUNDLE);
    struct held *h = *state;

    uint8_t *at = memmem(text.p, text.n, "OutOfDate\\\"", 11);
    assert_non_null(at);
    memcpy(at, "UpToDate\\\" ", 11);
    put_bytes(NAME, aver_buf_view(&text));
    expect_none(h, NOW, NAME ": tdx.tcb_info_signature: ");
    put_bytes(NAME, aver_bytes_of(text.p, text.n / 2));
    expect_none(h, NOW, NAME ": ");
    put_bytes(NAME, aver_bytes_str("{}"));
    expect_none(h, NOW, NAME ": ");
    put_bytes(NAME, aver_bytes_str(""));
    expect_none(h, NOW, NAME ": ");
    aver_buf_clear(&text);
}

static void what_is_no_such_file(void **state)
{
    struct held *h = *state;

    put_bytes(NAME, aver_bytes_str(""));
    assert_int_equal(truncate(path_of(NAME), 64 << 20), 0);
    expect_none(h, NOW, NAME ": larger than 2097152 bytes");
    unlink(path_of(NAME));
    assert_int_equal(mkfifo(path_of(NAME), 0600), 0);
    expect_none(h, NOW, "is no file"); /* and nobody waits for its writer */
    unlink(path_of(NAME));
    assert_int_equal(mkdir(path_of(NAME), 0700), 0);
    expect_none(h, NOW, "is no file");
}

/* What stands for one quote does not stand for another. */
static void another_quote(void **state)
{
    struct aver_buf sgx = vectors_file(SGX_QUOTE);
    struct held *h = *state;

    put(NAME, BUNDLE);
    assert_true(held(h, NOW));
    assert_false(held_for(h, aver_buf_view(&sgx), NOW));
    assert_non_null(strstr(h->reason, "sgx-00a067110000-processor.json"));
    assert_true(held(h, NOW));
    assert_false(held_for(h, aver_bytes_str("no quote"), NOW));
    assert_true(held(h, NOW));
    aver_buf_clear(&sgx);
}

static void what_is_built_in(void **state)
{
    struct aver_buf sim = vectors_file(SIM_QUOTE);
    struct held *h = *state;

    h->path = NULL;
    h->built_in = simulator_endorsements;
    h->simulated = true;
    assert_true(held_configured(h));
    assert_true(held_for(h, aver_buf_view(&sim), NOW));
    same_members(aver_buf_view(&h->text), "tdx/sim/collateral.json");
    expect_none(h, NOW, "built in: ");
    h->built_in = NULL;
    assert_false(held_configured(h));
    assert_false(held_for(h, aver_buf_view(&sim), NOW));
    assert_non_null(strstr(h->reason, "endorsements PATH"));
    aver_buf_clear(&sim);
}

static void where_it_can_write(void **state)
{
    struct aver_error err;

    (void)state;
    assert_int_equal(held_writable(folder, &err), 0);
    put_bytes("any.json", aver_bytes_str("{}"));
    assert_int_equal(held_writable(path_of("any.json"), &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    assert_non_null(strstr(err.text, "it is no folder"));
    assert_int_equal(held_writable("/nowhere", &err), -1);
    assert_non_null(strstr(err.text, "/nowhere: No such file"));
    assert_non_null(strstr(err.text, "endorse-from needs endorsements"));
    if (geteuid() == 0)
        return; /* who may write everywhere; see test_attest_endorsements.py */
    assert_int_equal(held_writable("/usr", &err), -1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    vectors_start(argc, argv);
    quote = vectors_file(QUOTE);
    if (mkdtemp(folder) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        WITH(a_folder),
        WITH(one_file),
        WITH(the_file_comes_and_goes),
        WITH(another_file_is_read),
        WITH(the_same_file_is_not_read),
        WITH(what_has_ended),
        WITH(what_is_not_genuine),
        WITH(what_is_no_such_file),
        WITH(another_quote),
        WITH(what_is_built_in),
        WITH(where_it_can_write),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    aver_buf_clear(&quote);
    return failed;
}
