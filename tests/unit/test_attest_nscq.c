/* SPDX-License-Identifier: Apache-2.0
 *
 * nscq: evidence of NVSwitches through a library that stands in for NVIDIA's
 * (fake_nscq.c): when they are asked, and what each failure is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/evidence.h"
#include "attest/nscq.h"
#include "base/json.h"
#include "base/text.h"
#include "fake_env.h"

static const uint8_t nonce[32] = {9, 8, 7, [31] = 1};
static struct nscq nscq;
static struct gpu_status status;
static struct aver_error err;
static struct aver_buf list;

static int reset(void **state)
{
    (void)state;
    fake_env_clear();
    nscq = (struct nscq){.path = getenv("FAKE_NSCQ")};
    status = (struct gpu_status){.gpus = 8, .switches = 3};
    err = (struct aver_error){0};
    aver_buf_init(&list, 1 << 20);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    nscq_close(&nscq);
    aver_buf_clear(&list);
    return 0;
}

static int collect(bool demanded)
{
    aver_buf_clear(&list);
    return nscq_evidence(&nscq, demanded, nonce, &list, &status, &err);
}

/* Chain, and the last byte of the driver's buffer: the structs come whole. */
static void check_item(const json_t *item, unsigned i)
{
    const char *text = json_string_value(json_object_get(item, "certificate"));
    struct aver_buf b;
    char want[20];

    snprintf(want, sizeof(want), "\nSwitch %u\n", i + 1);
    aver_buf_init(&b, 10000);
    assert_int_equal(aver_base64_decode_buf(&b, aver_bytes_str(text)), 0);
    assert_int_equal(aver_buf_append(&b, "", 1), 0);
    assert_non_null(strstr((char *)b.p, want));
    aver_buf_clear(&b);
    text = json_string_value(json_object_get(item, "evidence"));
    assert_int_equal(aver_base64_decode_buf(&b, aver_bytes_str(text)), 0);
    assert_int_equal(b.n, GPU_REPORT_MAX);
    assert_int_equal(b.p[0], 0x11);
    assert_int_equal(b.p[b.n - 1], 0x5a);
    aver_buf_clear(&b);
}

static void four_switches(void **state)
{
    char arch[EVIDENCE_ARCH_MAX];

    (void)state;
    setenv("FAKE_SWITCH_REPORT_SIZE", "8192", 1);
    for (int again = 0; again < 2; again++) { /* one session serves both */
        assert_int_equal(collect(true), 0);
        assert_int_equal(status.switches, 4);
        assert_int_equal(status.gpus, 8); /* are not its business */
        json_t *root = aver_json_parse(aver_buf_view(&list), &err);
        assert_int_equal(json_array_size(root), 4);
        for (unsigned i = 0; i < 4; i++)
            check_item(json_array_get(root, i), i);
        json_decref(root);
        assert_int_equal(
            evidence_check_gpus(aver_buf_view(&list), nonce, arch, &err), 0);
        assert_string_equal(arch, "LS10");
    }
}

/* Where nobody demands switches, theirs is collected that are closed to the
 * host, and nothing else is a failure. */
static void undemanded(void **state)
{
    static const struct {
        const char *knob, *value;
        unsigned n;
    } rows[] = {
        {"FAKE_MODE", "1", 4},     {"FAKE_MODE", "3", 4},
        {"FAKE_MODE", "0", 0},     {"FAKE_MODE", "-1", 0},
        {"FAKE_MODE", "2", 0},     {"FAKE_MODE_RC", "-1", 0},
        {"FAKE_SESSION", "-6", 0}, {"FAKE_UUID", "-128", 0},
        {"FAKE_SWITCHES", "0", 0}, {"FAKE_SWITCH_ARCH", "1", 0},
        {"FAKE_SESSION", "1", 4}, /* a warning */
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(state);
        setenv("FAKE_MODE", "3", 1);
        setenv(rows[i].knob, rows[i].value, 1);
        assert_int_equal(collect(false), 0);
        assert_int_equal(status.switches, rows[i].n);
        assert_int_equal(list.n > 0, rows[i].n > 0);
        assert_int_equal(status.state, GPU_UNKNOWN);
        clear(state);
    }
    reset(state);
    nscq.path = "/nonexistent/libnvidia-nscq.so.2";
    assert_int_equal(collect(false), 0);
    nscq.path = getenv("FAKE_NSCQ_OLD");
    assert_int_equal(collect(false), 0);
    /* Once they are closed, their failures count. */
    nscq.path = getenv("FAKE_NSCQ");
    setenv("FAKE_MODE", "1", 1);
    setenv("FAKE_SWITCH_REPORT", "-8", 1);
    assert_int_equal(collect(false), -1);
    assert_int_equal(status.state, SWITCH_TIMEOUT);
    clear(state);
}

static void every_number_has_its_word(void **state)
{
    static const struct {
        const char *rc, *word;
    } rows[] = {
        {"-1", "nvswitch_not_implemented"},
        {"-2", "nvswitch_invalid_uuid"},
        {"-3", "nvswitch_not_mountable"},
        {"-4", "nvswitch_overflow"},
        {"-5", "nvswitch_unexpected_value"},
        {"-6", "nvswitch_unsupported_driver"},
        {"-7", "nvswitch_driver_error"},
        {"-8", "nvswitch_timeout"},
        {"-127", "nvswitch_external_error"},
        {"-128", "nvswitch_unspecified_error"},
        {"-77", "nvswitch_error"},
    };
    static const char *const calls[] = {"FAKE_SESSION",
                                        "FAKE_UUID",
                                        "FAKE_UUID_DEEP",
                                        "FAKE_LABEL",
                                        "FAKE_SWITCH_ARCH_RC",
                                        "FAKE_INPUT",
                                        "FAKE_SWITCH_CERTIFICATE",
                                        "FAKE_SWITCH_REPORT"};

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        for (size_t k = 0; k < 2 * sizeof(calls) / sizeof(*calls); k++) {
            reset(state);
            setenv("FAKE_DEEP", k % 2 ? "1" : "0", 1);
            setenv(calls[k / 2], rows[i].rc, 1);
            assert_int_equal(collect(true), -1);
            assert_string_equal(gpu_state_word(status.state), rows[i].word);
            assert_int_equal(status.error, strtol(rows[i].rc, NULL, 10));
            assert_non_null(strstr(err.text, "NSCQ "));
            assert_non_null(strstr(err.text, rows[i].rc));
            clear(state);
        }
}

static void what_else_is_wrong(void **state)
{
    static const struct {
        const char *knob, *value, *word, *text;
    } rows[] = {
        {"FAKE_SWITCHES", "0", "nvswitch_none", "no NVSwitch"},
        {"FAKE_SWITCHES", "65", "nvswitch_bad_count", "64"},
        {"FAKE_SWITCH_ARCH", "1", "nvswitch_unsupported_arch", "1"},
        {"FAKE_FIRST_ARCH", "1", "nvswitch_unsupported_arch", "cannot attest"},
        {"FAKE_SWITCH_NONCE", "1", "nvswitch_wrong_nonce", "NVSwitch 3"},
        {"FAKE_SWITCH_REPORT_SIZE", "0", "nvswitch_bad_report", "NVSwitch 0"},
        {"FAKE_SWITCH_REPORT_SIZE", "8193", "nvswitch_bad_report", "8193"},
        {"FAKE_SWITCH_CHAIN_SIZE", "0", "nvswitch_bad_chain", "empty"},
        {"FAKE_SWITCH_CHAIN_SIZE", "5121", "nvswitch_bad_chain", "5121"},
        {"FAKE_SILENT", "1", "nvswitch_bad_chain", "empty"},
        {"FAKE_LABEL_TEXT", "a/../b", "nvswitch_unexpected_value", "uuid"},
        {"FAKE_LABEL_TEXT", "", "nvswitch_unexpected_value", "uuid"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(state);
        setenv(rows[i].knob, rows[i].value, 1);
        assert_int_equal(collect(true), -1);
        assert_string_equal(gpu_state_word(status.state), rows[i].word);
        assert_non_null(strstr(err.text, rows[i].text));
        clear(state);
    }
}

static void a_library_that_is_not_there_or_too_old(void **state)
{
    (void)state;
    nscq.path = "/nonexistent/libnvidia-nscq.so.2";
    assert_int_equal(collect(true), -1);
    assert_int_equal(status.state, SWITCH_NO_LIBRARY);
    assert_non_null(strstr(err.text, "/nonexistent"));
    nscq.path = getenv("FAKE_NSCQ_OLD");
    assert_int_equal(collect(true), -1);
    assert_int_equal(status.state, SWITCH_OLD_LIBRARY);
    assert_non_null(strstr(err.text, "nscq_uuid_to_label"));
    assert_null(nscq.library);
}

static void no_room(void **state)
{
    (void)state;
    list.max = 0;
    assert_int_equal(collect(true), -1);
    assert_int_equal(err.code, AVER_EMEM);
}

#define T(f) cmocka_unit_test_setup_teardown(f, reset, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(four_switches),
        cmocka_unit_test(undemanded),
        cmocka_unit_test(every_number_has_its_word),
        cmocka_unit_test(what_else_is_wrong),
        T(a_library_that_is_not_there_or_too_old),
        T(no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
