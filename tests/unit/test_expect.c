/* SPDX-License-Identifier: Apache-2.0
 *
 * expect: names, sizes, complaints. */
#include "vectors.h"
#include "verify/expect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char hex[2 * 65 + 1];

static int set(struct aver_expect *e, const char *name, size_t bytes,
               struct aver_error *err)
{
    memset(hex, 'A', sizeof(hex));
    return aver_expect_set(e, name, aver_bytes_of(hex, 2 * bytes), err);
}

static void every_name_has_its_size(void **state)
{
    static const struct {
        const char *name;
        size_t size;
    } names[] = {
        {"mrtd", 48},          {"rtmr0", 48},         {"rtmr1", 48},
        {"rtmr2", 48},         {"rtmr3", 48},         {"mrconfigid", 48},
        {"mrowner", 48},       {"mrownerconfig", 48}, {"mrseam", 48},
        {"mrenclave", 32},     {"mrsigner", 32},      {"report-data", 64},
        {"os-image-hash", 32}, {"compose-hash", 32},  {"app-id", 20}};

    (void)state;
    assert_int_equal(sizeof(names) / sizeof(names[0]), AVER_EXPECTS);
    for (unsigned i = 0; i < AVER_EXPECTS; i++) {
        struct aver_expect e = {0};
        struct aver_error err;

        assert_false(aver_expect_any(&e));
        assert_string_equal(aver_expect_name(i), names[i].name);
        assert_int_equal(aver_expect_size(i), names[i].size);
        assert_int_equal(set(&e, names[i].name, names[i].size - 1, &err), -1);
        assert_int_equal(set(&e, names[i].name, names[i].size + 1, &err), -1);
        assert_non_null(strstr(err.text, names[i].name));
        assert_false(aver_expect_any(&e));
        assert_int_equal(set(&e, names[i].name, names[i].size, NULL), 0);
        assert_true(e.of[i].set && e.of[i].v[names[i].size - 1] == 0xaa);
        assert_true(aver_expect_any(&e));
        assert_int_equal(set(&e, names[i].name, names[i].size, &err), -1);
        assert_non_null(strstr(err.text, "twice"));
    }
}

static void a_wrong_name_is_met_with_the_nearest(void **state)
{
    struct aver_expect e = {0};
    struct aver_error err;

    (void)state;
    assert_int_equal(set(&e, "rmtr1", 48, &err), -1);
    assert_non_null(strstr(err.text, "did you mean rtmr1?"));
    assert_int_equal(set(&e, "compose_hash", 32, &err), -1);
    assert_non_null(strstr(err.text, "did you mean compose-hash?"));
    assert_int_equal(set(&e, "MRTD", 48, &err), -1);
    assert_int_equal(set(&e, "", 48, &err), -1);
    assert_int_equal(aver_expect_set(&e, "app-id", aver_bytes_str("zz"), &err),
                     -1);
    assert_non_null(strstr(err.text, "40 hex digits"));
    assert_false(aver_expect_any(&e));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_has_its_size),
        cmocka_unit_test(a_wrong_name_is_met_with_the_nearest),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
