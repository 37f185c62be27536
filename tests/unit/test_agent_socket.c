/* SPDX-License-Identifier: Apache-2.0
 *
 * test_agent_socket: where the guest agent is looked for, and what is said of
 * what stands there instead. */
#include "net/agent_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/aver-agent-XXXXXX";
static char place[64], path[108];
static struct aver_error err;

static void a_socket_is_found_by_either_spelling(void **state)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char spelt[80];

    (void)state;
    memcpy(a.sun_path, place, strlen(place) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(agent_socket_find(place, path, &err), 0);
    assert_string_equal(path, place);
    snprintf(spelt, sizeof(spelt), "unix:%s", place);
    path[0] = '\0';
    assert_int_equal(agent_socket_find(spelt, path, &err), 0);
    assert_string_equal(path, place);
    close(fd);
    unlink(place);
}

static void what_stands_there_instead_is_said(void **state)
{
    FILE *f = NULL;

    (void)state;
    assert_int_equal(agent_socket_find(place, path, &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    assert_non_null(strstr(err.text, place));
    assert_int_equal(mkdir(place, 0700), 0); /* as docker makes it */
    assert_int_equal(agent_socket_find(place, path, &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    assert_non_null(strstr(err.text, "a directory"));
    rmdir(place);
    f = fopen(place, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(agent_socket_find(place, path, &err), -1);
    assert_non_null(strstr(err.text, "a file"));
    unlink(place);
}

static void a_wrong_setting_is_no_absent_agent(void **state)
{
    char too_long[200];

    (void)state;
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    assert_int_equal(agent_socket_find("dstack.sock", path, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    assert_int_equal(agent_socket_find("http://127.0.0.1:1", path, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
    assert_int_equal(agent_socket_find(too_long, path, &err), -1);
    assert_int_equal(err.code, AVER_ECONFIG);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(place, sizeof(place), "%s/dstack.sock", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_is_found_by_either_spelling),
        cmocka_unit_test(what_stands_there_instead_is_said),
        cmocka_unit_test(a_wrong_setting_is_no_absent_agent),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
