/* SPDX-License-Identifier: Apache-2.0
 *
 * file: limits of reading, writing whole and for the owner alone, tokens. */
#include "base/text.h"
#include "cli/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/aver-file-XXXXXX", path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/f", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void put(const char *text)
{
    struct aver_error err;

    assert_int_equal(file_write(path, aver_bytes_str(text), &err), 0);
}

static void written_whole_for_the_owner_alone(void **state)
{
    struct aver_error err;
    struct aver_buf b;
    struct stat st;

    (void)state;
    put("one");
    put("two, longer");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    aver_buf_init(&b, 11);
    assert_int_equal(file_read(&b, path, &err), 0);
    assert_true(aver_bytes_is(aver_buf_view(&b), "two, longer"));
    aver_buf_clear(&b);
    assert_int_equal(file_write("/nonexistent/f", aver_bytes_str("x"), &err),
                     -1);
    assert_int_equal(err.code, AVER_EIO);
}

static void larger_than_its_limit(void **state)
{
    struct aver_error err;
    struct aver_buf b;

    (void)state;
    put("twelve bytes");
    aver_buf_init(&b, 11);
    assert_int_equal(file_read(&b, path, &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    assert_null(strstr(err.text, "twelve"));
    aver_buf_clear(&b);
    assert_int_equal(file_read(&b, "/nonexistent/f", &err), -1);
    assert_int_equal(err.code, AVER_EIO);
    aver_buf_clear(&b);
}

static void hashes(void **state)
{
    struct aver_error err;
    uint8_t hash[32];
    char hex[65];

    (void)state;
    put("abc");
    assert_int_equal(file_sha256(hash, path, &err), 0);
    aver_hex_encode(hex, hash, 32);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
                             "b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(file_sha256(hash, "/nonexistent/f", &err), -1);
    assert_int_equal(file_sha256(hash, "/tmp", &err), -1); /* a folder */
}

static void token(const char *file, const char *variable, const char *want)
{
    struct aver_error err;
    struct aver_buf b;

    if (file != NULL)
        put(file);
    if (variable != NULL)
        setenv("AVER_TOKEN", variable, 1);
    else
        unsetenv("AVER_TOKEN");
    aver_buf_init(&b, 64);
    int rc = file_token(&b, file != NULL ? path : NULL, &err);
    assert_int_equal(rc, want != NULL ? 0 : -1);
    if (want != NULL)
        assert_true(aver_bytes_is(aver_buf_view(&b), want));
    else
        assert_int_equal(err.code, AVER_ECONFIG);
    aver_buf_wipe(&b);
}

static void tokens(void **state)
{
    (void)state;
    token(NULL, NULL, "");
    token(NULL, "sesame", "sesame");
    token("open\n", "sesame", "open");
    token("open\r\nsecond\n", NULL, "open");
    token("", "sesame", NULL); /* set and empty is never "open" */
    token("\nopen\n", NULL, NULL);
    token("two words\n", NULL, NULL);
    token("esc\033\n", NULL, NULL);
    token(NULL, "", NULL);
    token(NULL, "a\r\nX-Header: b", "a");
    token(NULL,
          "0123456789012345678901234567890123456789012345678901234567890"
          "123456789",
          NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_whole_for_the_owner_alone),
        cmocka_unit_test(larger_than_its_limit),
        cmocka_unit_test(hashes),
        cmocka_unit_test(tokens),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
