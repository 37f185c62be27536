/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of addresses to listen on: their spellings, ports that are picked,
 * ports and paths that are taken, sockets that nobody answers on any more. */
#include "serve/listen.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
/* after the standard headers */
#include <cmocka.h>

static struct aver_error err;
static char folder[64];

static void spellings(void **state)
{
    static const struct {
        const char *text, *host, *port; /* host NULL: refused */
    } cases[] = {
        {"127.0.0.1:8080", "127.0.0.1", "8080"},
        {"0.0.0.0:0", "0.0.0.0", "0"},
        {"localhost:65535", "localhost", "65535"},
        {"[::1]:443", "::1", "443"},
        {"[::]:1", "::", "1"},
        {"unix:/run/aver.sock", "/run/aver.sock", ""},
        {"unix:relative", "relative", ""},
        {"", NULL, NULL},
        {"8080", NULL, NULL},
        {":8080", NULL, NULL},
        {"h:", NULL, NULL},
        {"h:80x", NULL, NULL},
        {"h:-1", NULL, NULL},
        {"h:65536", NULL, NULL},
        {"h:000080", NULL, NULL},
        {"::1:80", NULL, NULL},
        {"[::1]", NULL, NULL},
        {"[::1]80", NULL, NULL},
        {"[]:80", NULL, NULL},
        {"[::1:80", NULL, NULL},
        {"http://h:80", NULL, NULL},
        {"h :80", NULL, NULL},
        {"unix:", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct listen_addr a;
        int rc = listen_parse(&a, cases[i].text, &err);
        if ((rc == 0) != (cases[i].host != NULL))
            fail_msg("\"%s\" gave %d", cases[i].text, rc);
        if (rc != 0) {
            assert_int_equal(err.code, AVER_ECONFIG);
            continue;
        }
        assert_string_equal(a.host, cases[i].host);
        assert_string_equal(a.port, cases[i].port);
        assert_int_equal(a.is_unix, strncmp(cases[i].text, "unix:", 5) == 0);
    }
}

static void long_paths(void **state)
{
    char text[128] = "unix:";
    struct listen_addr a;
    (void)state;
    memset(text + 5, 'p', 107);
    assert_int_equal(listen_parse(&a, text, &err), 0);
    text[5 + 107] = 'p';
    assert_int_equal(listen_parse(&a, text, &err), -1);
    char host[400];
    memset(host, 'h', sizeof(host));
    memcpy(host + 300, ":80", 4);
    assert_int_equal(listen_parse(&a, host, &err), -1);
}

static int bound(const char *text, char url[static LISTEN_URL_MAX])
{
    struct listen_addr a;
    int fd;
    assert_int_equal(listen_parse(&a, text, &err), 0);
    return listen_bind(&a, &fd, url, &err) == 0 ? fd : -1;
}

static void a_port_is_picked_and_then_taken(void **state)
{
    char url[LISTEN_URL_MAX], other[LISTEN_URL_MAX];
    (void)state;
    int fd = bound("localhost:0", url);
    assert_true(fd >= 0);
    assert_int_equal(strncmp(url, "http://127.0.0.1:", 17), 0);
    assert_true(strtol(url + 17, NULL, 10) > 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    int listening = 0;
    socklen_t n = sizeof(listening);
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n);
    assert_int_equal(listening, 1);
    assert_int_equal(bound(url + 7, other), -1);
    assert_int_equal(err.code, AVER_EIO);
    assert_non_null(strstr(err.text, url + 7));
    assert_non_null(strstr(err.text, "Address already in use"));
    close(fd);
    fd = bound(url + 7, other);
    assert_true(fd >= 0);
    assert_string_equal(url, other);
    close(fd);
}

static void ipv6(void **state)
{
    char url[LISTEN_URL_MAX];
    (void)state;
    int fd = bound("[::1]:0", url);
    if (fd < 0)
        skip(); /* a machine without IPv6 */
    assert_int_equal(strncmp(url, "http://[::1]:", 13), 0);
    close(fd);
}

static void no_such_host(void **state)
{
    char url[LISTEN_URL_MAX];
    (void)state;
    assert_int_equal(bound("256.256.256.256:0", url), -1);
    assert_int_equal(err.code, AVER_EIO);
    assert_int_equal(bound("192.0.2.1:0", url), -1);
    assert_non_null(strstr(err.text, "192.0.2.1:0"));
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/aver-test-listen-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void sockets_with_a_path(void **state)
{
    char text[128], url[LISTEN_URL_MAX];
    struct stat st;
    (void)state;
    snprintf(text, sizeof(text), "unix:%s/s", folder);
    int fd = bound(text, url);
    assert_true(fd >= 0);
    assert_string_equal(url, text);
    /* somebody answers there */
    assert_int_equal(bound(text, url), -1);
    assert_non_null(strstr(err.text, "another server answers there"));
    /* nobody does any more */
    close(fd);
    assert_int_equal(stat(text + 5, &st), 0);
    fd = bound(text, url);
    assert_true(fd >= 0);
    close(fd);
    listen_unlink(text);
    assert_int_equal(stat(text + 5, &st), -1);
}

static void files_are_left_alone(void **state)
{
    char text[128], url[LISTEN_URL_MAX];
    struct stat st;
    (void)state;
    snprintf(text, sizeof(text), "unix:%s/f", folder);
    close(open(text + 5, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(bound(text, url), -1);
    assert_non_null(strstr(err.text, "there is a file that is not a socket"));
    listen_unlink(text);
    assert_int_equal(stat(text + 5, &st), 0);
    assert_int_equal(unlink(text + 5), 0);
    snprintf(text, sizeof(text), "unix:%s/none/s", folder);
    assert_int_equal(bound(text, url), -1);
    assert_int_equal(err.code, AVER_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(a_port_is_picked_and_then_taken),
        cmocka_unit_test(ipv6),
        cmocka_unit_test(no_such_host),
        cmocka_unit_test_setup_teardown(sockets_with_a_path, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(files_are_left_alone, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
