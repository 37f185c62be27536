/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_item: sizes, the NULs behind a chain, and whose nonce it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/gpu_item.h"
#include "base/json.h"
#include <string.h>

static const uint8_t nonce[32] = {1, 2, 3, [31] = 9};
static uint8_t chain[GPU_CHAIN_MAX], report[GPU_REPORT_MAX];

static struct gpu_item item(uint32_t chain_size, uint32_t report_size)
{
    return (struct gpu_item){.kind = "GPU",
                             .index = 5,
                             .arch = "HOPPER",
                             .chain = chain,
                             .report = report,
                             .chain_size = chain_size,
                             .report_size = report_size,
                             .bad_chain = GPU_BAD_CHAIN,
                             .bad_report = GPU_BAD_REPORT,
                             .wrong_nonce = GPU_WRONG_NONCE};
}

static int reset(void **state)
{
    (void)state;
    memset(chain, 0, sizeof(chain));
    memset(report, 0, sizeof(report));
    memcpy(chain, "PEM", 3);
    memcpy(report + 4, nonce, 32);
    return 0;
}

static void sizes(void **state)
{
    static const struct {
        uint32_t chain, report, state;
    } rows[] = {
        {3, 37, GPU_UNKNOWN},
        {GPU_CHAIN_MAX, GPU_REPORT_MAX, GPU_UNKNOWN},
        {0, 37, GPU_BAD_CHAIN},
        {GPU_CHAIN_MAX + 1, 37, GPU_BAD_CHAIN},
        {UINT32_MAX, 37, GPU_BAD_CHAIN},
        {3, 0, GPU_BAD_REPORT},
        {3, 36, GPU_BAD_REPORT},
        {3, GPU_REPORT_MAX + 1, GPU_BAD_REPORT},
        {3, UINT32_MAX, GPU_BAD_REPORT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct gpu_item it = item(rows[i].chain, rows[i].report);
        struct gpu_status s = {0};
        struct aver_error err = {0};
        struct aver_buf list;
        bool bad = rows[i].state != GPU_UNKNOWN;

        aver_buf_init(&list, 100000);
        assert_int_equal(gpu_item_put(&list, &it, nonce, &s, &err),
                         bad ? -1 : 0);
        assert_int_equal(s.state, rows[i].state);
        assert_int_equal(strstr(err.text, "GPU 5") != NULL, bad);
        aver_buf_clear(&list);
    }
}

static void a_chain_of_nuls_is_empty(void **state)
{
    struct gpu_item it = item(GPU_CHAIN_MAX, 37);
    struct gpu_status s = {0};
    struct aver_buf list;

    (void)state;
    memset(chain, 0, sizeof(chain));
    aver_buf_init(&list, 1000);
    assert_int_equal(gpu_item_put(&list, &it, nonce, &s, NULL), -1);
    assert_int_equal(s.state, GPU_BAD_CHAIN);
    aver_buf_clear(&list);
}

/* Each of its bytes counts. */
static void another_nonce(void **state)
{
    struct gpu_item it = item(3, 37);
    struct aver_buf list;

    (void)state;
    aver_buf_init(&list, 1000);
    for (size_t i = 4; i < 36; i++) {
        struct gpu_status s = {0};
        report[i] ^= 0x80;
        assert_int_equal(gpu_item_put(&list, &it, nonce, &s, NULL), -1);
        assert_int_equal(s.state, GPU_WRONG_NONCE);
        report[i] ^= 0x80;
    }
    assert_int_equal(list.n, 0);
    aver_buf_clear(&list);
}

static void two_in_a_list(void **state)
{
    struct gpu_item it = item(GPU_CHAIN_MAX, 37);
    struct gpu_status s = {0};
    struct aver_error err;
    struct aver_buf list;

    (void)state;
    aver_buf_init(&list, 1000);
    assert_int_equal(aver_buf_append_str(&list, "["), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(gpu_item_put(&list, &it, nonce, &s, &err), 0);
    assert_int_equal(aver_buf_append_str(&list, "]"), 0);
    json_t *root = aver_json_parse(aver_buf_view(&list), &err);
    assert_int_equal(json_array_size(root), 2);
    const json_t *two = json_array_get(root, 1);
    assert_string_equal(json_string_value(json_object_get(two, "certificate")),
                        "UEVN"); /* without the NULs */
    assert_string_equal(json_string_value(json_object_get(two, "arch")),
                        "HOPPER");
    json_decref(root);
    aver_buf_clear(&list);
    aver_buf_init(&list, 40); /* no room */
    assert_int_equal(gpu_item_put(&list, &it, nonce, &s, &err), -1);
    assert_int_equal(s.state, GPU_BAD_REPORT);
    aver_buf_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sizes, reset),
        cmocka_unit_test_setup(a_chain_of_nuls_is_empty, reset),
        cmocka_unit_test_setup(another_nonce, reset),
        cmocka_unit_test_setup(two_in_a_list, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
