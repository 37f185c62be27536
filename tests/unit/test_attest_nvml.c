/* SPDX-License-Identifier: Apache-2.0
 *
 * test_attest_nvml: evidence of GPUs through a library that stands in for
 * NVIDIA's (fake_nvml.c). Its path comes in FAKE_NVML. */
#include "attest/backend.h"
#include "attest/evidence.h"
#include "base/json.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t nonce[32] = {7, 7, 7};
static struct aver_error err;
static char arch[64];

static int reset(void **state)
{
    static const char *const knobs[] = {"FAKE_GPUS",   "FAKE_INIT",
                                        "FAKE_REPORT", "FAKE_FEATURE",
                                        "FAKE_NONCE",  "FAKE_NOISE"};

    (void)state;
    for (size_t i = 0; i < sizeof(knobs) / sizeof(*knobs); i++)
        unsetenv(knobs[i]);
    memset(&err, 0, sizeof(err));
    return 0;
}

/* Opens the backend; NULL if it found nothing or failed (see *rc). */
static void *open_it(const char *library, int *rc)
{
    struct attest_config c = {.nvml_library = library};
    bool found = false;
    void *state = NULL;

    *rc = gpu_nvml.open(&state, &c, &found, &err);
    assert_int_equal(found, state != NULL);
    return state;
}

static void *open_fake(void)
{
    int rc = 0;
    void *state = open_it(getenv("FAKE_NVML"), &rc);

    assert_int_equal(rc, 0);
    assert_non_null(state);
    return state;
}

/* The attestation chain of this GPU, without the driver's NULs at its end. */
static void check_chain(const char *certificate, size_t i)
{
    struct aver_buf pem;
    char want[64];

    snprintf(want, sizeof(want), "-----BEGIN CERTIFICATE----- GPU %zu", i + 1);
    aver_buf_init(&pem, 4096);
    assert_non_null(certificate);
    assert_int_equal(aver_base64_decode_buf(&pem, aver_bytes_str(certificate)),
                     0);
    assert_true(aver_bytes_is(aver_buf_view(&pem), want));
    aver_buf_clear(&pem);
}

static void every_gpu_gives_evidence_in_order(void **state)
{
    struct aver_buf list;
    void *nvml = NULL;
    json_t *root = NULL;

    (void)state;
    setenv("FAKE_GPUS", "8", 1);
    nvml = open_fake();
    aver_buf_init(&list, EVIDENCE_MAX);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &list, &err), 0);
    root = aver_json_parse(aver_buf_view(&list), &err);
    assert_int_equal(json_array_size(root), 8);
    for (size_t i = 0; i < 8; i++) {
        const json_t *o = json_array_get(root, i);

        assert_string_equal(json_string_value(json_object_get(o, "arch")),
                            "HOPPER");
        check_chain(json_string_value(json_object_get(o, "certificate")), i);
    }
    assert_int_equal(
        evidence_check_gpus(aver_buf_view(&list), nonce, arch, &err), 0);
    json_decref(root);
    aver_buf_clear(&list);
    gpu_nvml.close(nvml);
}

static void another_nonce_in_one_report_is_seen(void **state)
{
    struct aver_buf list;
    void *nvml = NULL;

    (void)state;
    setenv("FAKE_GPUS", "2", 1);
    setenv("FAKE_NONCE", "1", 1);
    nvml = open_fake();
    aver_buf_init(&list, EVIDENCE_MAX);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &list, &err), 0);
    assert_int_equal(
        evidence_check_gpus(aver_buf_view(&list), nonce, arch, &err), -1);
    aver_buf_clear(&list);
    gpu_nvml.close(nvml);
}

static void errors_are_told_apart(void **state)
{
    static const struct {
        const char *number;
        enum aver_error_code code;
    } cases[] = {{"27", AVER_EABSENT},
                 {"10", AVER_ETIMEOUT},
                 {"3", AVER_EUNSUPPORTED},
                 {"999", AVER_EIO}};
    struct aver_buf list;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        void *nvml = NULL;

        setenv("FAKE_REPORT", cases[i].number, 1);
        nvml = open_fake();
        aver_buf_init(&list, EVIDENCE_MAX);
        assert_int_equal(gpu_nvml.evidence(nvml, nonce, &list, &err), -1);
        assert_int_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.text, cases[i].number));
        aver_buf_clear(&list);
        gpu_nvml.close(nvml);
    }
}

static void no_library_or_no_gpu_is_nothing_found(void **state)
{
    int rc = 0;

    (void)state;
    assert_null(open_it("/nonexistent/libnvidia-ml.so.1", &rc));
    assert_int_equal(rc, 0);
    setenv("FAKE_GPUS", "0", 1);
    assert_null(open_it(getenv("FAKE_NVML"), &rc));
    assert_int_equal(rc, 0);
    setenv("FAKE_GPUS", "1", 1);
    setenv("FAKE_FEATURE", "0", 1);
    assert_null(open_it(getenv("FAKE_NVML"), &rc));
    assert_int_equal(rc, 0);
    assert_non_null(strstr(err.text, "confidential"));
}

static void a_broken_driver_is_a_failure(void **state)
{
    int rc = 0;

    (void)state;
    setenv("FAKE_INIT", "18", 1);
    assert_null(open_it(getenv("FAKE_NVML"), &rc));
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.text, "differ"));
    setenv("FAKE_INIT", "9", 1); /* no driver: there is no GPU here */
    assert_null(open_it(getenv("FAKE_NVML"), &rc));
    assert_int_equal(rc, 0);
}

/* What the library prints must not reach our stdout. */
static void its_noise_stays_away(void **state)
{
    char path[] = "/tmp/aver-noise-XXXXXX";
    int file = mkstemp(path), kept = dup(STDOUT_FILENO);
    struct aver_buf list;
    void *nvml = NULL;
    off_t size;

    (void)state;
    setenv("FAKE_NOISE", "1", 1);
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    nvml = open_fake();
    aver_buf_init(&list, EVIDENCE_MAX);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &list, &err), 0);
    gpu_nvml.close(nvml);
    puts("ours");
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    size = lseek(file, 0, SEEK_END);
    close(file);
    unlink(path);
    aver_buf_clear(&list);
    assert_int_equal(size, 5); /* what we wrote ourselves, after it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_gpu_gives_evidence_in_order, reset),
        cmocka_unit_test_setup(another_nonce_in_one_report_is_seen, reset),
        cmocka_unit_test_setup(errors_are_told_apart, reset),
        cmocka_unit_test_setup(no_library_or_no_gpu_is_nothing_found, reset),
        cmocka_unit_test_setup(a_broken_driver_is_a_failure, reset),
        cmocka_unit_test_setup(its_noise_stays_away, reset),
    };
    if (getenv("FAKE_NVML") == NULL) {
        fprintf(stderr, "FAKE_NVML must name the stand-in library\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
