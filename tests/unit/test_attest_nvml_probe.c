/* SPDX-License-Identifier: Apache-2.0
 *
 * nvml_probe: nothing there, something broken, or GPUs that can attest; in
 * this process, and in a child that crashes or hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/nvml_probe.h"
#include "fake_env.h"

enum outcome { FOUND, NOTHING, BROKEN };

static const struct row {
    const char *knob, *value, *word;
    enum outcome want;
    const char *library; /* NULL: the newest */
} rows[] = {
    {"FAKE_GPUS", "1", "unknown", FOUND, NULL}, /* until there is evidence */
    {"FAKE_ARCH", "10", "unknown", FOUND, NULL},
    {"FAKE_READY", "0", "unknown", FOUND, NULL},
    {"FAKE_GPUS", "8", "unknown", FOUND, "FAKE_NVML_EARLY"},
    {"FAKE_GPUS", "1", "old_driver", NOTHING, "FAKE_NVML_OLD"},
    {"FAKE_GPUS", "0", "no_gpu", NOTHING, NULL},
    {"FAKE_INIT", "9", "no_driver", NOTHING, NULL},
    {"FAKE_STATE", "3", "not_supported", NOTHING, "FAKE_NVML_EARLY"},
    {"FAKE_STATE", "15", "lost", BROKEN, "FAKE_NVML_EARLY"},
    {"FAKE_INIT", "18", "version_mismatch", BROKEN, NULL},
    {"FAKE_INIT", "999", "unknown_error", BROKEN, NULL},
    {"FAKE_COUNT", "15", "lost", BROKEN, NULL},
    {"FAKE_GPUS", "65", "bad_count", BROKEN, NULL},
    {"FAKE_DEVTOOLS", "1", "devtools", BROKEN, NULL},
    {"FAKE_ARCH", "8", "unsupported_arch", BROKEN, NULL},
    {"FAKE_HANDLE", "17", "blocked", BROKEN, NULL},
    /* Off, where it could be on; and where it could not. */
    {"FAKE_FEATURE", "0", "cc_off", BROKEN, NULL},
    {"FAKE_FEATURE", "0", "cc_off", BROKEN, "FAKE_NVML_EARLY"},
};

static void check(const struct nvml_probe *p, const struct row *r)
{
    assert_int_equal(p->found, r->want == FOUND);
    if (r->want != FOUND) {
        assert_int_equal(p->broken, r->want == BROKEN);
        assert_true(p->why.text[0] != '\0');
    }
    assert_string_equal(gpu_state_word(p->status.state), r->word);
}

static void both_ways(const struct row *r)
{
    const char *path = getenv(r->library ? r->library : "FAKE_NVML");
    struct nvml_library library = {0};
    struct nvml_probe here = {0}, child;
    struct aver_error err;

    setenv(r->knob, r->value, 1);
    nvml_look(&here, &library, path);
    nvml_unload(&library);
    check(&here, r);
    assert_int_equal(nvml_probe(&child, path, 5000, &err), 0);
    check(&child, r);
    assert_memory_equal(&here.status, &child.status, sizeof(here.status));
}

static void outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        fake_env_clear();
        both_ways(&rows[i]);
    }
}

/* Off, and it could not be on: by the driver's word, else by its kind. */
static void for_games(void **state)
{
    static const struct row games[] = {
        {"FAKE_CAPABLE", "0", "cc_off", NOTHING, NULL},
        {"FAKE_ARCH", "8", "cc_off", NOTHING, "FAKE_NVML_EARLY"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_env_clear();
        setenv("FAKE_FEATURE", "0", 1);
        both_ways(&games[i]);
    }
}

static void no_library(void **state)
{
    const char *path = "/nonexistent/libnvidia-ml.so.1";
    struct aver_error err;
    struct nvml_probe p;

    (void)state;
    fake_env_clear();
    assert_int_equal(nvml_probe(&p, path, 5000, &err), 0);
    assert_true(!p.found && !p.broken);
    assert_int_equal(p.status.state, GPU_NO_LIBRARY);
    assert_non_null(strstr(p.why.text, path));
}

static void what_does_not_come_back(void **state)
{
    static const struct {
        const char *knob;
        uint32_t want;
        enum aver_error_code code;
    } ends[] = {{"FAKE_CRASH", GPU_CRASHED, AVER_EIO},
                {"FAKE_HANG", GPU_HANGS, AVER_ETIMEOUT}};
    struct aver_error err;
    struct nvml_probe p;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_env_clear();
        setenv(ends[i].knob, "count", 1);
        assert_int_equal(nvml_probe(&p, getenv("FAKE_NVML"), 200, &err), 0);
        assert_true(p.broken && !p.found);
        assert_int_equal(p.status.state, ends[i].want);
        assert_int_equal(p.why.code, ends[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes),
        cmocka_unit_test(for_games),
        cmocka_unit_test(no_library),
        cmocka_unit_test(what_does_not_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
