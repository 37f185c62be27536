/* SPDX-License-Identifier: Apache-2.0
 *
 * test_attest_nvml: evidence of GPUs through libraries that stand in for
 * NVIDIA's (fake_nvml.c, fake_nscq.c): what is found at the start, and what
 * comes of each thing that goes wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/backend.h"
#include "attest/evidence.h"
#include "attest/nvml.h"
#include "base/json.h"
#include "base/text.h"
#include "fake_env.h"
#include <stdio.h>
#include <time.h>

static const uint8_t nonce[32] = {7, 7, 7};
static struct aver_error err;
static struct gpu_status status;
static struct gpu_evidence got;
static char arch[EVIDENCE_ARCH_MAX];

static int reset(void **state)
{
    (void)state;
    fake_env_clear();
    err = (struct aver_error){0};
    status = (struct gpu_status){0};
    gpu_evidence_init(&got);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    gpu_evidence_clear(&got);
    return 0;
}

static struct attest_config config_of(const char *library)
{
    return (struct attest_config){.nvml_library = library,
                                  .nscq_library = getenv("FAKE_NSCQ"),
                                  .nvswitch = ATTEST_NVSWITCH_NONE,
                                  .gpu_limit_ms = 2000};
}

/* Opens the backend; NULL if it found nothing or failed (see *rc). */
static void *open_with(struct attest_config c, int *rc)
{
    bool found = false;
    void *state = NULL;

    *rc = gpu_nvml.open(&state, &c, &found, &status, &err);
    assert_int_equal(found, state != NULL);
    assert_true(*rc == 0 || !found);
    return state;
}

static void *open_fake(enum attest_nvswitch_choice nvswitch)
{
    struct attest_config c = config_of(getenv("FAKE_NVML"));
    int rc = 0;

    c.nvswitch = nvswitch;
    void *state = open_with(c, &rc);
    assert_int_equal(rc, 0);
    assert_non_null(state);
    got.status = status; /* as report.c does it */
    return state;
}

/* The attestation chain of this device, without NULs at its end. */
static void check_chain(const json_t *item, const char *kind, size_t i)
{
    const char *text = json_string_value(json_object_get(item, "certificate"));
    struct aver_buf pem;
    char want[100];

    snprintf(want, sizeof(want),
             "-----BEGIN CERTIFICATE-----\n%s %zu\n"
             "-----END CERTIFICATE-----\n",
             kind, i + 1);
    aver_buf_init(&pem, 4096);
    assert_non_null(text);
    assert_int_equal(aver_base64_decode_buf(&pem, aver_bytes_str(text)), 0);
    assert_true(aver_bytes_is(aver_buf_view(&pem), want));
    aver_buf_clear(&pem);
}

static void check_list(const struct aver_buf *list, const char *kind, size_t n)
{
    json_t *root = aver_json_parse(aver_buf_view(list), &err);

    assert_int_equal(json_array_size(root), n);
    for (size_t i = 0; i < n; i++)
        check_chain(json_array_get(root, i), kind, i);
    assert_int_equal(
        evidence_check_gpus(aver_buf_view(list), nonce, arch, &err), 0);
    json_decref(root);
}

static void every_gpu_gives_evidence_in_order(void **state)
{
    (void)state;
    setenv("FAKE_GPUS", "8", 1);
    void *nvml = open_fake(ATTEST_NVSWITCH_NONE);
    assert_int_equal(status.gpus, 8);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), 0);
    check_list(&got.gpus, "GPU", 8);
    assert_string_equal(arch, "HOPPER");
    assert_int_equal(got.switches.n, 0);
    assert_int_equal(got.status.state, GPU_OK);
    assert_int_equal(got.status.gpus, 8);
    assert_string_equal(got.status.driver, "580.126.20");
    /* Again, without another init: the stand-in refuses one. */
    gpu_evidence_clear(&got);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), 0);
    check_list(&got.gpus, "GPU", 8);
    gpu_nvml.close(nvml);
}

static void switches_come_beside_the_gpus(void **state)
{
    (void)state;
    setenv("FAKE_GPUS", "8", 1);
    setenv("FAKE_MULTI", "1", 1); /* protected PCIe demands them */
    setenv("FAKE_MODE", "0", 1);
    void *nvml = open_fake(ATTEST_NVSWITCH_AUTO);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), 0);
    check_list(&got.gpus, "GPU", 8);
    check_list(&got.switches, "Switch", 4);
    assert_string_equal(arch, "LS10");
    assert_int_equal(got.status.switches, 4);
    /* One GPU alone: nobody demands what is open to the host. */
    gpu_evidence_clear(&got);
    setenv("FAKE_MULTI", "0", 1);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), 0);
    assert_int_equal(got.switches.n, 0);
    assert_int_equal(got.status.switches, 0);
    gpu_nvml.close(nvml);
    /* Unless it is told to. */
    gpu_evidence_clear(&got);
    nvml = open_fake(ATTEST_NVSWITCH_REQUIRED);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), 0);
    check_list(&got.switches, "Switch", 4);
    setenv("FAKE_SWITCHES", "0", 1);
    gpu_evidence_clear(&got);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), -1);
    assert_int_equal(got.status.state, SWITCH_NONE);
    gpu_nvml.close(nvml);
}

/* What goes wrong after a good start. */
static void errors_are_told_apart(void **state)
{
    static const struct {
        const char *knob, *value, *word, *text;
        enum aver_error_code code;
    } rows[] = {
        {"FAKE_REPORT", "1", "uninitialised", "(1)", AVER_EABSENT},
        {"FAKE_REPORT", "3", "not_supported", "(3)", AVER_EUNSUPPORTED},
        {"FAKE_REPORT", "4", "no_permission", "(4)", AVER_EABSENT},
        {"FAKE_REPORT", "9", "no_driver", "(9)", AVER_EABSENT},
        {"FAKE_REPORT", "10", "timeout", "(10)", AVER_ETIMEOUT},
        {"FAKE_REPORT", "15", "lost", "report of GPU 0", AVER_EABSENT},
        {"FAKE_REPORT", "16", "reset_required", "(16)", AVER_EABSENT},
        {"FAKE_REPORT", "17", "blocked", "(17)", AVER_EABSENT},
        {"FAKE_REPORT", "18", "version_mismatch", "(18)", AVER_EABSENT},
        {"FAKE_REPORT", "25", "struct_version", "(25)", AVER_EUNSUPPORTED},
        {"FAKE_REPORT", "27", "not_ready", "(27)", AVER_EABSENT},
        {"FAKE_REPORT", "999", "unknown_error", "(999)", AVER_EIO},
        {"FAKE_REPORT", "42", "error", "42", AVER_EIO},
        {"FAKE_CERTIFICATE", "15", "lost", "certificate", AVER_EABSENT},
        {"FAKE_HANDLE", "15", "lost", "handle of GPU 0", AVER_EABSENT},
        {"FAKE_COUNT", "15", "lost", "count", AVER_EABSENT},
        {"FAKE_INIT", "9", "no_driver", "init", AVER_EABSENT},
        {"FAKE_GPUS", "0", "no_gpu", "no GPU", AVER_EABSENT},
        {"FAKE_GPUS", "1", "missing", "1 GPUs, there were 2", AVER_EABSENT},
        {"FAKE_GPUS", "65", "bad_count", "65", AVER_EFORMAT},
        {"FAKE_ARCH", "13", "unsupported_arch", "13", AVER_EUNSUPPORTED},
        {"FAKE_FEATURE", "0", "cc_off", "off", AVER_EABSENT},
        {"FAKE_DEVTOOLS", "1", "devtools", "devtools", AVER_EABSENT},
        {"FAKE_NONCE", "1", "wrong_nonce", "GPU 1", AVER_EMISMATCH},
        {"FAKE_REPORT_SIZE", "0", "bad_report", "0 bytes", AVER_EFORMAT},
        {"FAKE_REPORT_SIZE", "8193", "bad_report", "8193", AVER_EFORMAT},
        {"FAKE_CHAIN_SIZE", "0", "bad_chain", "empty", AVER_EFORMAT},
        {"FAKE_CHAIN_SIZE", "5121", "bad_chain", "5121", AVER_EFORMAT},
        {"FAKE_CHAIN_EMPTY", "1", "bad_chain", "empty", AVER_EFORMAT},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(state);
        setenv("FAKE_GPUS", "2", 1);
        void *nvml = open_fake(ATTEST_NVSWITCH_NONE);

        setenv(rows[i].knob, rows[i].value, 1);
        assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), -1);
        assert_string_equal(gpu_state_word(got.status.state), rows[i].word);
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.text, rows[i].text));
        gpu_nvml.close(nvml);
        clear(state);
    }
}

/* One of eight fails: which is said, and there is no list without it. */
static void the_gpu_is_named(void **state)
{
    (void)state;
    setenv("FAKE_GPUS", "8", 1);
    setenv("FAKE_AT", "5", 1);
    setenv("FAKE_REPORT", "15", 1);
    void *nvml = open_fake(ATTEST_NVSWITCH_NONE);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), -1);
    assert_non_null(strstr(err.text, "report of GPU 5: GPU is lost (15)"));
    assert_int_equal(got.status.error, 15);
    setenv("FAKE_REPORT", "0", 1);
    gpu_evidence_clear(&got);
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), 0);
    assert_int_equal(got.status.state, GPU_OK);
    assert_int_equal(got.status.error, 0);
    gpu_nvml.close(nvml);
}

/* At the start: nothing here (`gpu auto` goes without), or something broken. */
static void what_is_found_at_the_start(void **state)
{
    static const struct {
        const char *knob, *value, *word;
        int rc;
    } rows[] = {
        {"FAKE_GPUS", "0", "no_gpu", 0},
        {"FAKE_INIT", "9", "no_driver", 0},
        {"FAKE_SETTINGS", "3", "not_supported", 0},
        {"FAKE_INIT", "18", "version_mismatch", -1},
        {"FAKE_INIT", "4", "no_permission", -1},
        {"FAKE_COUNT", "15", "lost", -1},
        {"FAKE_GPUS", "65", "bad_count", -1},
        {"FAKE_STATE", "27", "not_ready", -1},
        {"FAKE_FEATURE", "0", "cc_off", -1}, /* but it could */
        {"FAKE_DEVTOOLS", "1", "devtools", -1},
        {"FAKE_ARCH", "13", "unsupported_arch", -1},
        {"FAKE_CRASH", "init", "crashed", -1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int rc = 0;

        reset(state);
        setenv(rows[i].knob, rows[i].value, 1);
        /* The older call is asked where the newer one fails. */
        if (strcmp(rows[i].knob, "FAKE_SETTINGS") == 0)
            setenv("FAKE_STATE", rows[i].value, 1);
        if (strcmp(rows[i].knob, "FAKE_STATE") == 0)
            setenv("FAKE_SETTINGS", rows[i].value, 1);
        assert_null(open_with(config_of(getenv("FAKE_NVML")), &rc));
        assert_int_equal(rc, rows[i].rc);
        assert_string_equal(gpu_state_word(status.state), rows[i].word);
        assert_true(err.text[0] != '\0');
    }
}

static void a_library_that_is_not_there_or_too_old(void **state)
{
    int rc = 0;

    (void)state;
    assert_null(open_with(config_of("/nonexistent/libnvidia-ml.so.1"), &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(status.state, GPU_NO_LIBRARY);
    assert_null(open_with(config_of(getenv("FAKE_NVML_OLD")), &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(status.state, GPU_OLD_DRIVER);
    assert_non_null(strstr(err.text, "GetConfComputeGpuCertificate"));
}

/* A GPU that cannot do confidential computing counts as none. */
static void a_gpu_for_games(void **state)
{
    int rc = 0;

    (void)state;
    setenv("FAKE_FEATURE", "0", 1);
    setenv("FAKE_CAPABLE", "0", 1);
    assert_null(open_with(config_of(getenv("FAKE_NVML")), &rc));
    assert_int_equal(rc, 0);
    assert_int_equal(status.state, GPU_CC_OFF);
    /* An early driver does not tell: its kind decides. */
    assert_null(open_with(config_of(getenv("FAKE_NVML_EARLY")), &rc));
    assert_int_equal(rc, -1);
    setenv("FAKE_ARCH", "8", 1);
    assert_null(open_with(config_of(getenv("FAKE_NVML_EARLY")), &rc));
    assert_int_equal(rc, 0);
}

static void no_room(void **state)
{
    (void)state;
    void *nvml = open_fake(ATTEST_NVSWITCH_NONE);
    got.gpus.max = 0;
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), -1);
    assert_int_equal(err.code, AVER_EMEM);
    gpu_nvml.close(nvml);
    gpu_nvml.close(NULL);
}

/* Between the start and the first evidence the driver is taken away. */
static void a_library_that_vanishes(void **state)
{
    char path[] = "/tmp/aver-nvml-XXXXXX";
    int rc = 0;

    (void)state;
    close(mkstemp(path));
    unlink(path);
    assert_int_equal(symlink(getenv("FAKE_NVML"), path), 0);
    void *nvml = open_with(config_of(path), &rc);
    assert_non_null(nvml);
    unlink(path);
    got.status = status;
    assert_int_equal(gpu_nvml.evidence(nvml, nonce, &got, &err), -1);
    assert_int_equal(got.status.state, GPU_NO_LIBRARY);
    assert_string_equal(got.status.driver, "580.126.20"); /* as known before */
    gpu_nvml.close(nvml);
}

static void a_hang_at_the_start(void **state)
{
    struct attest_config c = config_of(getenv("FAKE_NVML"));
    struct timespec from, to;
    int rc = 0;

    (void)state;
    setenv("FAKE_HANG", "init", 1);
    c.gpu_limit_ms = 300;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_null(open_with(c, &rc));
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_int_equal(rc, -1);
    assert_int_equal(status.state, GPU_HANGS);
    assert_int_equal(err.code, AVER_ETIMEOUT);
    assert_non_null(strstr(err.text, "300 ms"));
    assert_true(to.tv_sec - from.tv_sec < 5);
}

/* What the library prints must not reach our stdout or stderr. */
static void its_noise_stays_away(void **state)
{
    char path[] = "/tmp/aver-noise-XXXXXX", text[64] = "";
    int file = mkstemp(path);
    int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};

    (void)state;
    setenv("FAKE_NOISE", "1", 1);
    fflush(stdout);
    for (int i = 0; i < 2; i++)
        dup2(file, STDOUT_FILENO + i);
    void *nvml = open_fake(ATTEST_NVSWITCH_REQUIRED);
    int rc = gpu_nvml.evidence(nvml, nonce, &got, &err);
    gpu_nvml.close(nvml);
    puts("ours");
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        dup2(kept[i], STDOUT_FILENO + i);
        close(kept[i]);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(pread(file, text, sizeof(text) - 1, 0), 5);
    assert_string_equal(text, "ours\n"); /* what we wrote ourselves, after it */
    close(file);
    unlink(path);
}

#define T(f) cmocka_unit_test_setup_teardown(f, reset, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_gpu_gives_evidence_in_order),
        T(switches_come_beside_the_gpus),
        cmocka_unit_test(errors_are_told_apart),
        T(the_gpu_is_named),
        T(what_is_found_at_the_start),
        T(a_library_that_is_not_there_or_too_old),
        T(a_gpu_for_games),
        T(no_room),
        T(a_library_that_vanishes),
        T(a_hang_at_the_start),
        T(its_noise_stays_away),
    };
    if (getenv("FAKE_NVML") == NULL) {
        fprintf(stderr, "FAKE_NVML must name the stand-in library\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
