/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle: files of endorsements read, understood, dated, and written again. */
#include "attest/bundle.h"
#include "base/time.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY ((int64_t)86400)

static int64_t seconds(const char *text)
{
    int64_t at;

    if (aver_time_parse(&at, aver_bytes_str(text)) != 0)
        vectors_broken("no date", text);
    return at;
}

/* A bundle of the vectors, with `name` replaced by `value`, or taken out if
 * that is NULL; nothing replaced if `name` is NULL. */
static int read_changed(struct bundle *b, const char *name, json_t *value,
                        struct aver_error *err)
{
    json_t *tree = vectors_index("tdx/collateral/90c06f-20260610.json");

    if (name != NULL && value == NULL)
        json_object_del(tree, name);
    else if (name != NULL)
        json_object_set_new(tree, name, value);
    char *text = json_dumps(tree, 0);
    bundle_init(b);
    int rc = bundle_read(b, aver_bytes_str(text), err);
    free(text);
    json_decref(tree);
    return rc;
}

static void test_understood(void **state)
{
    struct pcs_platform p = {.fmspc = {0x90, 0xc0, 0x6f}};
    struct aver_error err;
    struct bundle b;

    (void)state;
    assert_int_equal(read_changed(&b, NULL, NULL, &err), 0);
    assert_int_equal(bundle_understand(&b, &err), 0);
    assert_int_equal(bundle_fits(&b, &p, &err), 0);
    assert_int_equal(b.evaluation, 19);
    assert_int_equal(b.date[PCS_TCB_INFO].issued,
                     seconds("2026-06-10T00:56:35Z"));
    assert_int_equal(b.date[PCS_QE_IDENTITY].until,
                     seconds("2026-07-10T00:36:28Z"));
    assert_int_equal(b.date[PCS_PCK_CRL].issued,
                     seconds("2026-06-10T01:24:13Z"));
    assert_int_equal(b.date[PCS_ROOT_CRL].until,
                     seconds("2027-02-26T13:04:00Z"));
    assert_int_equal(bundle_until(&b), seconds("2026-07-10T00:36:28Z"));
    p.sgx = true;
    assert_int_equal(bundle_fits(&b, &p, &err), -1);
    assert_string_equal(err.text, "these are endorsements of "
                                  "tdx-90c06f000000-platform, not of "
                                  "sgx-90c06f000000-platform");
    p = (struct pcs_platform){.processor = true, .fmspc = {0x90, 0xc0, 0x6f}};
    assert_int_equal(bundle_fits(&b, &p, &err), -1);
    p = (struct pcs_platform){.fmspc = {0x90, 0xc0, 0x6f, 0, 0, 1}};
    assert_int_equal(bundle_fits(&b, &p, &err), -1);
    bundle_clear(&b);
}

static void test_written_and_read(void **state)
{
    struct aver_error err;
    struct aver_buf first, second;
    struct bundle b, again;

    (void)state;
    aver_buf_init(&first, BUNDLE_MAX);
    aver_buf_init(&second, BUNDLE_MAX);
    assert_int_equal(read_changed(&b, NULL, NULL, &err), 0);
    assert_int_equal(bundle_understand(&b, &err), 0);
    assert_int_equal(bundle_write(&first, &b, 1782349220, &err), 0);
    bundle_init(&again);
    assert_int_equal(bundle_read(&again, aver_buf_view(&first), &err), 0);
    assert_int_equal(bundle_understand(&again, &err), 0);
    assert_int_equal(bundle_write(&second, &again, 1782349220, &err), 0);
    assert_true(
        aver_bytes_equal(aver_buf_view(&first), aver_buf_view(&second)));
    for (int i = 0; i < PCS_ITEMS; i++)
        assert_true(aver_bytes_equal(aver_buf_view(&b.part[i].document),
                                     aver_buf_view(&again.part[i].document)));
    aver_buf_clear(&second);
    aver_buf_init(&second, first.n - 1);
    assert_int_equal(bundle_write(&second, &b, 1782349220, &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    bundle_clear(&b);
    bundle_clear(&again);
    aver_buf_clear(&first);
    aver_buf_clear(&second);
}

static void test_unreadable(void **state)
{
    static const char *const names[] = {"pck_crl_issuer_chain",
                                        "root_ca_crl",
                                        "pck_crl",
                                        "tcb_info_issuer_chain",
                                        "tcb_info",
                                        "tcb_info_signature",
                                        "qe_identity",
                                        "qe_identity_issuer_chain",
                                        "qe_identity_signature"};
    struct aver_error err;
    struct bundle b;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(read_changed(&b, names[i], NULL, &err), -1);
        assert_non_null(strstr(err.text, names[i]));
        bundle_clear(&b);
        assert_int_equal(read_changed(&b, names[i], json_integer(1), &err), -1);
        bundle_clear(&b);
    }
    assert_int_equal(read_changed(&b, "pck_crl", json_string("0"), &err), -1);
    bundle_clear(&b);
    static const char *const rubbish[] = {"", "{", "[]", "{}", "null"};
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
        bundle_init(&b);
        assert_int_equal(bundle_read(&b, aver_bytes_str(rubbish[i]), &err), -1);
        bundle_clear(&b);
    }
}

static void test_not_understood(void **state)
{
    json_t *known = vectors_index("tdx/collateral/90c06f-20260610.json");
    json_t *sgx = vectors_index("tdx/collateral/sgx-00606a-20250815.json");
    const struct {
        const char *name, *value;
    } cases[] = {
        {"tcb_info", "{}"},
        {"tcb_info", vectors_text(sgx, "tcb_info")},
        {"tcb_info", vectors_text(known, "qe_identity")},
        {"qe_identity", "{}"},
        {"qe_identity", vectors_text(sgx, "qe_identity")},
        {"pck_crl", "3000"},
        {"pck_crl", vectors_text(known, "root_ca_crl")},
        {"root_ca_crl", "3000"},
    };
    struct aver_error err;
    struct bundle b;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err.text[0] = '\0';
        assert_int_equal(
            read_changed(&b, cases[i].name, json_string(cases[i].value), &err),
            0);
        if (bundle_understand(&b, &err) != -1 || err.text[0] == '\0')
            fail_msg("case %zu", i);
        bundle_clear(&b);
    }
    json_decref(known);
    json_decref(sgx);
}

static void test_due(void **state)
{
    static const struct {
        int64_t issued[PCS_ITEMS], until[PCS_ITEMS]; /* days */
        int64_t due;                                 /* seconds */
    } cases[] = {
        /* A week before the end of what lives a month. */
        {{0, 0, 0, 0}, {30, 30, 30, 365}, 23 * DAY},
        /* A third of a shorter life. */
        {{0, 0, 0, 0}, {30, 30, 3, 365}, 2 * DAY},
        /* The first that is due counts, not the first that ends. */
        {{0, 0, 0, 30}, {40, 40, 40, 36}, 33 * DAY},
        {{0, 30, 0, 0}, {36, 34, 40, 365}, 29 * DAY},
        /* No life at all, or less: at once. */
        {{0, 9, 0, 0}, {30, 6, 30, 365}, 6 * DAY},
        {{0, 5, 0, 0}, {30, 5, 30, 365}, 5 * DAY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bundle b;

        bundle_init(&b);
        for (int k = 0; k < PCS_ITEMS; k++) {
            b.date[k].issued = cases[i].issued[k] * DAY;
            b.date[k].until = cases[i].until[k] * DAY;
        }
        assert_int_equal(bundle_due(&b), cases[i].due);
        bundle_clear(&b);
    }
}

static void test_names(void **state)
{
    struct pcs_platform p = {.fmspc = {0x90, 0xc0, 0x6f, 1, 2, 3}};
    char name[BUNDLE_NAME_MAX];

    (void)state;
    bundle_name(name, &p);
    assert_string_equal(name, "tdx-90c06f010203-platform.json");
    p.sgx = p.processor = true;
    bundle_name(name, &p);
    assert_string_equal(name, "sgx-90c06f010203-processor.json");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_understood),
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_not_understood),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_names),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
