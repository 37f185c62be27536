/* SPDX-License-Identifier: Apache-2.0
 *
 * cache: a report is given out until it is old or dropped, and its descriptor
 * is closed when another takes its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/cache.h"
#include <fcntl.h>
#include <unistd.h>

static int some_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

static struct cache_kind kind(uint8_t algo, uint8_t layout)
{
    return (struct cache_kind){.algo = algo, .layout = layout};
}

static void by_algorithm_and_layout(void **state)
{
    struct cache c;
    int fd = some_fd();

    (void)state;
    cache_init(&c);
    cache_put(&c, kind(1, 0), 1000, fd, 77);
    assert_null(cache_get(&c, kind(0, 0), 1000));
    assert_null(cache_get(&c, kind(0, 1), 1000));
    assert_null(cache_get(&c, kind(1, 1), 1000));
    const struct cache_entry *e = cache_get(&c, kind(1, 0), 1000);
    assert_non_null(e);
    assert_int_equal(e->fd, fd);
    assert_int_equal(e->size, 77);
    cache_drop(&c);
    assert_null(cache_get(&c, kind(1, 0), 1000));
    assert_false(is_open(fd));
}

static void age(void **state)
{
    struct cache c;

    (void)state;
    cache_init(&c);
    cache_put(&c, kind(0, 1), 1000, some_fd(), 1);
    assert_non_null(cache_get(&c, kind(0, 1), 1000 + CACHE_TTL_MS - 1));
    assert_null(cache_get(&c, kind(0, 1), 1000 + CACHE_TTL_MS));
    cache_drop(&c);
}

static void replaced(void **state)
{
    struct cache c;
    int first = some_fd(), second = some_fd();

    (void)state;
    cache_init(&c);
    cache_put(&c, kind(0, 0), 1, first, 1);
    cache_put(&c, kind(0, 0), 2, second, 2);
    assert_false(is_open(first));
    assert_int_equal(cache_get(&c, kind(0, 0), 2)->size, 2);
    cache_drop(&c);
    assert_false(is_open(second));
}

static void with_endorsements_and_without(void **state)
{
    struct cache_kind with = {.endorsements = 1};
    struct cache c;
    int plain = some_fd(), endorsed = some_fd();

    (void)state;
    cache_init(&c);
    cache_put(&c, kind(0, 0), 1, plain, 1);
    assert_null(cache_get(&c, with, 1));
    cache_put(&c, with, 1, endorsed, 2);
    assert_int_equal(cache_get(&c, kind(0, 0), 1)->fd, plain);
    assert_int_equal(cache_get(&c, with, 1)->fd, endorsed);
    for (uint8_t i = 1; i < 4; i++)
        cache_put(&c, (struct cache_kind){i >> 1, i & 1, 1}, 1, some_fd(), 3);
    cache_drop_endorsed(&c);
    assert_false(is_open(endorsed));
    for (uint8_t i = 0; i < 4; i++)
        assert_null(cache_get(&c, (struct cache_kind){i >> 1, i & 1, 1}, 1));
    assert_int_equal(cache_get(&c, kind(0, 0), 1)->fd, plain);
    cache_drop(&c);
    assert_false(is_open(plain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_algorithm_and_layout),
        cmocka_unit_test(age),
        cmocka_unit_test(replaced),
        cmocka_unit_test(with_endorsements_and_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
