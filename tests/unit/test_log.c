/* SPDX-License-Identifier: Apache-2.0
 *
 * log: one whole line an event, in both formats, whatever the values hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/log.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char line[8192];

static int saved_stderr, pipe_fd[2];

static void capture(void)
{
    assert_int_equal(pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK), 0);
    saved_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(pipe_fd[1], STDERR_FILENO), STDERR_FILENO);
}

/* What was written since capture(), as one text. */
static const char *captured(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(pipe_fd[1]);
    ssize_t n = read(pipe_fd[0], line, sizeof(line) - 1);
    close(pipe_fd[0]);
    line[n > 0 ? n : 0] = '\0';
    return line;
}

static void log_value(const char *value)
{
    capture();
    log_event(LOG_INFO, "test", LOG_STR("v", value));
    captured();
}

static void test_text_line(void **state)
{
    (void)state;
    log_setup(LOG_INFO, false, "worker");
    capture();
    log_event(LOG_WARN, "engine_down", LOG_STR("engine", "http://h:1"),
              LOG_NUM("after_ms", -12), LOG_STR("why", "no route"));
    const char *got = captured();
    int y, used = 0;
    assert_int_equal(
        sscanf(got, "time=%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &y, &used), 1);
    assert_true(y >= 2024 && used > 0);
    assert_string_equal(got + used,
                        " level=warn role=worker event=engine_down "
                        "engine=http://h:1 after_ms=-12 why=\"no route\"\n");
}

static void test_json_line(void **state)
{
    (void)state;
    log_setup(LOG_INFO, true, "notary");
    capture();
    log_event(LOG_ERROR, "x", LOG_STR("a", "q\"\\\n\x01 \xc3\xa9\xff"),
              LOG_NUM("n", INT64_MIN));
    json_t *j = json_loads(captured(), 0, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "role")),
                        "notary");
    assert_string_equal(json_string_value(json_object_get(j, "level")),
                        "error");
    assert_string_equal(json_string_value(json_object_get(j, "event")), "x");
    assert_string_equal(json_string_value(json_object_get(j, "a")),
                        "q\"\\\n\x01 \xc3\xa9\xef\xbf\xbd");
    assert_true(json_integer_value(json_object_get(j, "n")) == INT64_MIN);
    json_decref(j);
}

static void test_levels(void **state)
{
    (void)state;
    log_setup(LOG_WARN, false, "x");
    assert_true(log_enabled(LOG_ERROR));
    assert_true(log_enabled(LOG_WARN));
    assert_false(log_enabled(LOG_INFO));
    capture();
    log_event(LOG_INFO, "quiet", LOG_NUM("n", 1));
    assert_string_equal(captured(), "");
    log_setup(LOG_DEBUG, false, "x");
    assert_true(log_enabled(LOG_DEBUG));
}

static void test_text_values(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"plain-1.2/3:4", "v=plain-1.2/3:4\n"},
        {"", "v=\"\"\n"},
        {"a=b", "v=\"a=b\"\n"},
        {"a\nb", "v=\"a\\x0ab\"\n"},
        {"\x1b[31m", "v=\"\\x1b[31m\"\n"},
        {"say \"hi\"\\", "v=\"say \\\"hi\\\"\\\\\"\n"},
        {"\xe6\xa8\xa1", "v=\"\xe6\xa8\xa1\"\n"},
        {"\xc2\x9b"
         "31m",
         "v=\"\\xc2\\x9b31m\"\n"},                   /* CSI of ISO 6429 */
        {"\xed\xa0\x80", "v=\"\\xed\\xa0\\x80\"\n"}, /* a surrogate */
        {"\xe6\xa8", "v=\"\\xe6\\xa8\"\n"},
        {"\x7f", "v=\"\\x7f\"\n"},
    };
    log_setup(LOG_INFO, false, "r");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        log_value(rows[i].in);
        const char *v = strstr(line, " v=");
        assert_non_null(v);
        assert_string_equal(v + 1, rows[i].out);
    }
}

static void test_long_value_is_cut(void **state)
{
    (void)state;
    char value[1000];
    memset(value, 'a', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    log_setup(LOG_INFO, false, "r");
    log_value(value);
    const char *v = strstr(line, " v=\"");
    assert_non_null(v);
    assert_int_equal(strspn(v + 4, "a"), 300);
    assert_string_equal(v + 304, "...\"\n");
    value[300] = '\0';
    log_value(value);
    assert_null(strstr(line, "..."));
    /* The cut falls between characters. */
    memcpy(value + 299, "\xe6\xa8\xa1", 4);
    log_value(value);
    v = strstr(line, " v=\"");
    assert_non_null(v);
    assert_int_equal(strspn(v + 4, "a"), 299);
    assert_string_equal(v + 303, "...\"\n");
}

static void test_long_line_is_whole(void **state)
{
    (void)state;
    struct log_field f[40] = {{0}};
    char value[300];
    memset(value, '\x01', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (int i = 0; i < 39; i++)
        f[i] = LOG_STR("key", value);
    for (int json = 0; json < 2; json++) {
        log_setup(LOG_INFO, json, "r");
        capture();
        log_fields(LOG_INFO, "big", f);
        size_t n = strlen(captured());
        assert_true(n > 2000 && n <= 4096);
        assert_ptr_equal(strchr(line, '\n'), line + n - 1);
        assert_non_null(strstr(line, json ? ",\"cut\":1}\n" : " cut=1\n"));
        json_t *j = json_loads(line, 0, NULL);
        assert_int_equal(j != NULL, json);
        json_decref(j);
    }
}

static void test_errno_is_kept(void **state)
{
    (void)state;
    log_setup(LOG_INFO, false, "r");
    errno = ENOENT;
    capture();
    close(STDERR_FILENO);
    errno = ENOENT;
    log_event(LOG_INFO, "x", LOG_NUM("n", 1));
    int kept = errno;
    captured();
    assert_int_equal(kept, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_line),
        cmocka_unit_test(test_json_line),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_text_values),
        cmocka_unit_test(test_long_value_is_cut),
        cmocka_unit_test(test_long_line_is_whole),
        cmocka_unit_test(test_errno_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
