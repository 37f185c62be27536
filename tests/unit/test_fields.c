/* SPDX-License-Identifier: Apache-2.0
 *
 * fields: the first fault is the one that is told, and what is missing reads
 * as nothing from then on. */
#include "verify/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "{\"text\":\"word\",\"hex\":\"0aFF\",\"number\":7,\"big\":255,\"real\":7.0,"
    "\"negative\":-1,\"date\":\"2026-06-01T00:00:00Z\",\"list\":[{\"a\":1},2],"
    "\"object\":{\"inner\":{\"deep\":3}},\"null\":null,\"true\":true}";

struct reading {
    json_t *tree;
    struct aver_fields f;
    bool failed;
    struct aver_error err;
};

static void reading(struct reading *r)
{
    memset(r, 0, sizeof(*r));
    r->tree = json_loads(text, 0, NULL);
    assert_non_null(r->tree);
    aver_fields_init(&r->f, r->tree, "top", &r->failed, &r->err);
}

static void values(void **state)
{
    struct reading r;
    uint8_t bytes[2];

    (void)state;
    reading(&r);
    assert_string_equal(aver_fields_text(&r.f, "text"), "word");
    aver_fields_hex(&r.f, "hex", bytes, 2);
    assert_memory_equal(bytes, "\x0a\xff", 2);
    assert_int_equal(aver_fields_number(&r.f, "number", 7), 7);
    assert_int_equal(aver_fields_number(&r.f, "big", 255), 255);
    assert_int_equal(aver_fields_date(&r.f, "date"), 1780272000);
    const json_t *list = aver_fields_array(&r.f, "list", 2, false);
    assert_int_equal(json_array_size(list), 2);
    struct aver_fields one = aver_fields_element(&r.f, list, 0, "list");
    assert_int_equal(aver_fields_number(&one, "a", 1), 1);
    assert_null(aver_fields_array(&r.f, "none", 2, true));
    struct aver_fields o = aver_fields_object(&r.f, "object");
    struct aver_fields inner = aver_fields_object(&o, "inner");
    assert_int_equal(aver_fields_number(&inner, "deep", 9), 3);
    assert_false(r.failed);
    json_decref(r.tree);
}

/* Calls one reader for one member, and says what it gave: 0 for nothing. */
static uint64_t call(const struct aver_fields *f, char reader, const char *name)
{
    uint8_t bytes[2] = {0, 0};

    switch (reader) {
    case 't':
        return (uint64_t)aver_fields_text(f, name)[0];
    case 'h':
        aver_fields_hex(f, name, bytes, 2);
        return bytes[0];
    case 'n':
        return aver_fields_number(f, name, 6);
    case 'd':
        return (uint64_t)aver_fields_date(f, name);
    case 'a':
        return aver_fields_array(f, name, 1, false) != NULL;
    case 'A':
        return aver_fields_array(f, name, 1, true) != NULL;
    default:
        return aver_fields_object(f, name).object != NULL;
    }
}

static void faults(void **state)
{
    static const struct {
        char reader;
        const char *name, *told;
    } cases[] = {
        {'t', "none", "top.none is not a string"},
        {'t', "number", "top.number is not a string"},
        {'t', "null", "top.null is not a string"},
        {'h', "none", "top.none is not hex of its length"},
        {'h', "text", "top.text is not hex of its length"},
        {'h', "number", "top.number is not hex of its length"},
        {'n', "none", "top.none is not a whole number in its range"},
        {'n', "number", "top.number is not a whole number in its range"},
        {'n', "real", "top.real is not a whole number in its range"},
        {'n', "negative", "top.negative is not a whole number in its range"},
        {'n', "true", "top.true is not a whole number in its range"},
        {'n', "text", "top.text is not a whole number in its range"},
        {'d', "none", "top.none is not a date YYYY-MM-DDThh:mm:ssZ"},
        {'d', "text", "top.text is not a date YYYY-MM-DDThh:mm:ssZ"},
        {'d', "number", "top.number is not a date YYYY-MM-DDThh:mm:ssZ"},
        {'a', "none", "top.none is not an array, or too long a one"},
        {'a', "list", "top.list is not an array, or too long a one"},
        {'a', "object", "top.object is not an array, or too long a one"},
        {'A', "list", "top.list is not an array, or too long a one"},
        {'A', "null", "top.null is not an array, or too long a one"},
        {'o', "none", "top.none is not an object"},
        {'o', "list", "top.list is not an object"},
        {'o', "null", "top.null is not an object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reading r;

        reading(&r);
        assert_int_equal(call(&r.f, cases[i].reader, cases[i].name), 0);
        assert_true(r.failed);
        assert_string_equal(r.err.text, cases[i].told);
        json_decref(r.tree);
        /* Nobody who wants to know why. */
        reading(&r);
        r.f.err = NULL;
        assert_int_equal(call(&r.f, cases[i].reader, cases[i].name), 0);
        assert_true(r.failed);
        json_decref(r.tree);
    }
}

static void first_fault_is_told(void **state)
{
    struct reading r;

    (void)state;
    reading(&r);
    struct aver_fields none = aver_fields_object(&r.f, "list");
    assert_int_equal(aver_fields_number(&none, "a", 9), 0);
    assert_string_equal(aver_fields_text(&none, "b"), "");
    aver_fields_fault(&r.f, "c", "is last");
    assert_string_equal(r.err.text, "top.list is not an object");
    assert_string_equal(aver_fields_text(&r.f, "text"), "word");
    json_decref(r.tree);
}

static void elements(void **state)
{
    for (size_t i = 1; i < 3; i++) { /* a number; past the end */
        struct reading r;

        (void)state;
        reading(&r);
        const json_t *list = aver_fields_array(&r.f, "list", 2, false);
        struct aver_fields one = aver_fields_element(&r.f, list, i, "list");
        assert_null(one.object);
        assert_true(r.failed);
        assert_string_equal(r.err.text, "top.list holds what is not an object");
        json_decref(r.tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(faults),
        cmocka_unit_test(first_fault_is_told),
        cmocka_unit_test(elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
