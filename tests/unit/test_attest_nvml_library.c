/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml_library: functions that a driver has or lacks, what it says of its
 * mode, and what each of its numbers is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/nvml.h"
#include "fake_env.h"
#include <stdio.h>
#include <string.h>

static struct nvml_library library;
static struct gpu_status status;
static struct aver_error err;

static int reset(void **state)
{
    (void)state;
    fake_env_clear();
    library = (struct nvml_library){0};
    status = (struct gpu_status){0};
    err = (struct aver_error){0};
    return 0;
}

static int unload(void **state)
{
    (void)state;
    nvml_unload(&library);
    assert_null(library.handle);
    return 0;
}

static void load(const char *which)
{
    assert_int_equal(nvml_load(&library, getenv(which), &status, &err), 0);
    if (library.init(0) != 0)
        fail();
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_int_equal(
        nvml_load(&library, "/nonexistent/libnvidia-ml.so.1", &status, &err),
        -1);
    assert_int_equal(status.state, GPU_NO_LIBRARY);
    assert_non_null(strstr(err.text, "/nonexistent"));
    assert_int_equal(
        nvml_load(&library, getenv("FAKE_NVML_OLD"), &status, &err), -1);
    assert_int_equal(status.state, GPU_OLD_DRIVER);
    assert_non_null(
        strstr(err.text, "lacks nvmlDeviceGetConfComputeGpuCertificate: "));
    assert_null(library.handle);
}

/* Every number of nvml.h that means something to us, and any other. */
static void numbers(void **state)
{
    static const struct {
        int number;
        const char *word, *text;
    } rows[] = {
        {1, "uninitialised", "not initialised"},
        {3, "not_supported", "not supported"},
        {4, "no_permission", "/dev/nvidia"},
        {9, "no_driver", "not loaded"},
        {10, "timeout", "timed out"},
        {15, "lost", "is lost"},
        {16, "reset_required", "reset"},
        {17, "blocked", "blocked"},
        {18, "version_mismatch", "differ"},
        {25, "struct_version", "struct"},
        {27, "not_ready", "not ready"},
        {999, "unknown_error", "unknown"},
        {2, "error", "error 2"},
        {-1, "error", "error -1"},
    };
    char number[32];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(
            nvml_fail_gpu(&status, &err, "report", 3, rows[i].number), -1);
        assert_string_equal(gpu_state_word(status.state), rows[i].word);
        assert_int_equal(status.error, rows[i].number);
        assert_non_null(strstr(err.text, rows[i].text));
        assert_non_null(strstr(err.text, "NVML report of GPU 3: "));
        snprintf(number, sizeof(number), "%d", rows[i].number);
        assert_non_null(strstr(err.text, number));
    }
}

static void modes(void **state)
{
    static const struct {
        const char *knob, *value;
        uint32_t environment, multi, ready;
    } rows[] = {
        {"FAKE_MULTI", "0", GPU_ENV_PROD, GPU_SINGLE, GPU_READY_YES},
        {"FAKE_MULTI", "1", GPU_ENV_PROD, GPU_PPCIE, GPU_READY_YES},
        {"FAKE_MULTI", "2", GPU_ENV_PROD, GPU_NVLE, GPU_READY_YES},
        {"FAKE_MULTI", "3", GPU_ENV_PROD, GPU_MULTI_UNKNOWN, GPU_READY_YES},
        {"FAKE_ENVIRONMENT", "1", GPU_ENV_SIMULATION, GPU_SINGLE,
         GPU_READY_YES},
        {"FAKE_ENVIRONMENT", "9", GPU_ENV_NONE, GPU_SINGLE, GPU_READY_YES},
        {"FAKE_READY", "0", GPU_ENV_PROD, GPU_SINGLE, GPU_READY_NO},
        {"FAKE_READY_STATE", "3", GPU_ENV_PROD, GPU_SINGLE, GPU_READY_UNKNOWN},
        /* The older call answers where the newer one cannot. */
        {"FAKE_SETTINGS", "3", GPU_ENV_PROD, GPU_MULTI_UNKNOWN, GPU_READY_YES},
    };

    (void)state;
    load("FAKE_NVML");
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        fake_env_clear();
        setenv(rows[i].knob, rows[i].value, 1);
        assert_int_equal(nvml_mode(&library, &status, &err), 0);
        assert_int_equal(status.environment, rows[i].environment);
        assert_int_equal(status.multi, rows[i].multi);
        assert_int_equal(status.ready, rows[i].ready);
        assert_string_equal(status.driver, "580.126.20");
    }
}

static void an_early_driver(void **state)
{
    (void)state;
    load("FAKE_NVML_EARLY");
    assert_null(library.cc_settings);
    assert_null(library.ready_state);
    assert_int_equal(nvml_mode(&library, &status, &err), 0);
    assert_int_equal(status.environment, GPU_ENV_PROD);
    assert_int_equal(status.multi, GPU_MULTI_UNKNOWN);
    assert_int_equal(status.ready, GPU_READY_UNKNOWN);
    assert_string_equal(status.driver, "");
}

/* By either call. */
static void what_is_not_confidential(void **state)
{
    static const struct {
        const char *knob, *value, *word;
    } rows[] = {{"FAKE_FEATURE", "0", "cc_off"},
                {"FAKE_FEATURE", "2", "cc_off"},
                {"FAKE_DEVTOOLS", "1", "devtools"},
                {"FAKE_DEVTOOLS", "2", "devtools"}};
    static const char *const libraries[] = {"FAKE_NVML", "FAKE_NVML_EARLY"};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        load(libraries[k]);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
            setenv(rows[i].knob, rows[i].value, 1);
            assert_int_equal(nvml_mode(&library, &status, &err), -1);
            assert_string_equal(gpu_state_word(status.state), rows[i].word);
            fake_env_clear();
        }
        nvml_unload(&library);
    }
    load("FAKE_NVML_EARLY");
    setenv("FAKE_STATE", "27", 1);
    assert_int_equal(nvml_mode(&library, &status, &err), -1);
    assert_int_equal(status.state, GPU_NOT_READY);
}

static void counts_and_kinds(void **state)
{
    unsigned count = 0;
    void *device;
    const char *arch = NULL;

    (void)state;
    load("FAKE_NVML");
    setenv("FAKE_GPUS", "64", 1);
    assert_int_equal(nvml_count(&library, &count, &status, &err), 0);
    assert_int_equal(count, 64);
    setenv("FAKE_GPUS", "65", 1);
    assert_int_equal(nvml_count(&library, &count, &status, &err), -1);
    assert_int_equal(status.state, GPU_COUNT);
    setenv("FAKE_ARCH", "10", 1);
    assert_int_equal(nvml_open_gpu(&library, 1, &device, &arch, &status, &err),
                     0);
    assert_string_equal(arch, "BLACKWELL");
    setenv("FAKE_ARCH", "8", 1); /* Ampere */
    assert_int_equal(nvml_open_gpu(&library, 1, &device, &arch, &status, &err),
                     -1);
    assert_int_equal(status.state, GPU_ARCH);
    setenv("FAKE_ARCHITECTURE", "16", 1);
    assert_int_equal(nvml_open_gpu(&library, 1, &device, &arch, &status, &err),
                     -1);
    assert_int_equal(status.state, GPU_RESET_REQUIRED);
    setenv("FAKE_HANDLE", "15", 1);
    assert_int_equal(nvml_open_gpu(&library, 1, &device, &arch, &status, &err),
                     -1);
    assert_int_equal(status.state, GPU_LOST);
    setenv("FAKE_COUNT", "999", 1);
    assert_int_equal(nvml_count(&library, &count, &status, &err), -1);
    assert_int_equal(status.state, GPU_UNKNOWN_ERROR);
}

#define T(f) cmocka_unit_test_setup_teardown(f, reset, unload)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_missing_is_named),
        T(numbers),
        T(modes),
        T(an_early_driver),
        T(what_is_not_confidential),
        T(counts_and_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
