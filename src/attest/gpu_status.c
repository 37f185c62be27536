/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_status: the table of states. A new thing that can be wrong is a new row,
 * here and in docs/PROTOCOL.md. */
#include "attest/gpu_status.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Code: what a report that fails so becomes over HTTP (attest_status_of). */
static const struct {
    const char *word;
    enum aver_error_code code; /* AVER_OK: nothing is wrong */
} states[GPU_STATES] = {
    [GPU_UNKNOWN] = {"unknown", AVER_OK},
    [GPU_OK] = {"ok", AVER_OK},
    [GPU_NONE] = {"none", AVER_OK},
    [GPU_SIMULATED] = {"simulated", AVER_OK},
    [GPU_NO_LIBRARY] = {"no_library", AVER_EABSENT},
    [GPU_OLD_DRIVER] = {"old_driver", AVER_EUNSUPPORTED},
    [GPU_NO_GPU] = {"no_gpu", AVER_EABSENT},
    [GPU_MISSING] = {"missing", AVER_EABSENT},
    [GPU_ARCH] = {"unsupported_arch", AVER_EUNSUPPORTED},
    [GPU_CC_OFF] = {"cc_off", AVER_EABSENT},
    [GPU_DEVTOOLS] = {"devtools", AVER_EABSENT},
    [GPU_UNINITIALISED] = {"uninitialised", AVER_EABSENT},
    [GPU_NOT_SUPPORTED] = {"not_supported", AVER_EUNSUPPORTED},
    [GPU_NO_PERMISSION] = {"no_permission", AVER_EABSENT},
    [GPU_NO_DRIVER] = {"no_driver", AVER_EABSENT},
    [GPU_TIMEOUT] = {"timeout", AVER_ETIMEOUT},
    [GPU_LOST] = {"lost", AVER_EABSENT},
    [GPU_RESET_REQUIRED] = {"reset_required", AVER_EABSENT},
    [GPU_BLOCKED] = {"blocked", AVER_EABSENT},
    [GPU_MISMATCH] = {"version_mismatch", AVER_EABSENT},
    [GPU_STRUCT_VERSION] = {"struct_version", AVER_EUNSUPPORTED},
    [GPU_NOT_READY] = {"not_ready", AVER_EABSENT},
    [GPU_UNKNOWN_ERROR] = {"unknown_error", AVER_EIO},
    [GPU_ERROR] = {"error", AVER_EIO},
    [GPU_COUNT] = {"bad_count", AVER_EFORMAT},
    [GPU_BAD_CHAIN] = {"bad_chain", AVER_EFORMAT},
    [GPU_BAD_REPORT] = {"bad_report", AVER_EFORMAT},
    [GPU_WRONG_NONCE] = {"wrong_nonce", AVER_EMISMATCH},
    [GPU_HANGS] = {"hangs", AVER_ETIMEOUT},
    [GPU_CRASHED] = {"crashed", AVER_EIO},
    [SWITCH_NO_LIBRARY] = {"nvswitch_no_library", AVER_EABSENT},
    [SWITCH_OLD_LIBRARY] = {"nvswitch_old_library", AVER_EUNSUPPORTED},
    [SWITCH_NONE] = {"nvswitch_none", AVER_EABSENT},
    [SWITCH_ARCH] = {"nvswitch_unsupported_arch", AVER_EUNSUPPORTED},
    [SWITCH_NOT_IMPLEMENTED] = {"nvswitch_not_implemented", AVER_EUNSUPPORTED},
    [SWITCH_INVALID_UUID] = {"nvswitch_invalid_uuid", AVER_EIO},
    [SWITCH_NOT_MOUNTABLE] = {"nvswitch_not_mountable", AVER_EABSENT},
    [SWITCH_OVERFLOW] = {"nvswitch_overflow", AVER_EIO},
    [SWITCH_UNEXPECTED] = {"nvswitch_unexpected_value", AVER_EIO},
    [SWITCH_UNSUPPORTED_DRIVER] = {"nvswitch_unsupported_driver",
                                   AVER_EUNSUPPORTED},
    [SWITCH_DRIVER_ERROR] = {"nvswitch_driver_error", AVER_EIO},
    [SWITCH_TIMEOUT] = {"nvswitch_timeout", AVER_ETIMEOUT},
    [SWITCH_EXTERNAL_ERROR] = {"nvswitch_external_error", AVER_EIO},
    [SWITCH_UNSPECIFIED] = {"nvswitch_unspecified_error", AVER_EIO},
    [SWITCH_ERROR] = {"nvswitch_error", AVER_EIO},
    [SWITCH_COUNT] = {"nvswitch_bad_count", AVER_EFORMAT},
    [SWITCH_BAD_CHAIN] = {"nvswitch_bad_chain", AVER_EFORMAT},
    [SWITCH_BAD_REPORT] = {"nvswitch_bad_report", AVER_EFORMAT},
    [SWITCH_WRONG_NONCE] = {"nvswitch_wrong_nonce", AVER_EMISMATCH},
};

const char *gpu_state_word(uint32_t state)
{
    return states[state < GPU_STATES ? state : GPU_UNKNOWN].word;
}

const char *gpu_environment_word(uint32_t environment)
{
    static const char *const words[] = {"none", "simulation", "production"};

    return words[environment <= GPU_ENV_PROD ? environment : GPU_ENV_NONE];
}

const char *gpu_multi_word(uint32_t multi)
{
    static const char *const words[] = {"unknown", "none", "protected_pcie",
                                        "nvlink_encryption"};

    return words[multi <= GPU_NVLE ? multi : GPU_MULTI_UNKNOWN];
}

bool gpu_state_failed(uint32_t state)
{
    return state < GPU_STATES && states[state].code != AVER_OK;
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

void gpu_status_driver(struct gpu_status *s, const char *version, size_t n)
{
    size_t len = strnlen(version, n), k = 0;

    memset(s->driver, 0, sizeof(s->driver));
    for (size_t i = 0; i < len && k < sizeof(s->driver) - 1; i++)
        if (is_plain(version[i]))
            s->driver[k++] = version[i];
}

bool gpu_status_ok(const struct gpu_status *s)
{
    size_t n = strnlen(s->driver, sizeof(s->driver));

    for (size_t i = 0; i < n; i++)
        if (!is_plain(s->driver[i]))
            return false;
    return n < sizeof(s->driver) && s->state < GPU_STATES &&
           s->missing < GPU_STATES && s->environment <= GPU_ENV_PROD &&
           s->multi <= GPU_NVLE && s->ready <= GPU_READY_YES;
}

int gpu_fail(struct gpu_status *s, enum gpu_state state, int number,
             struct aver_error *err, const char *fmt, ...)
{
    char text[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    s->state = state;
    s->error = number;
    return aver_fail(err, states[state].code, "%s", text);
}

int gpu_status_write(struct aver_buf *out, const struct gpu_status *s)
{
    int rc =
        aver_buf_printf(out, "{\"state\":\"%s\"", gpu_state_word(s->state));

    if (s->missing != 0)
        rc |= aver_buf_printf(out, ",\"missing\":\"%s\"",
                              gpu_state_word(s->missing));
    if (s->error != 0)
        rc |= aver_buf_printf(out, ",\"error\":%d", (int)s->error);
    if (s->gpus > 0)
        rc |= aver_buf_printf(out, ",\"count\":%u", (unsigned)s->gpus);
    if (s->switches > 0)
        rc |= aver_buf_printf(out, ",\"nvswitches\":%u", (unsigned)s->switches);
    /* What follows is known once a driver was asked. */
    if (s->driver[0] != '\0')
        rc |= aver_buf_printf(out, ",\"driver\":\"%s\"", s->driver);
    if (s->multi != GPU_MULTI_UNKNOWN || s->environment != GPU_ENV_NONE)
        rc |= aver_buf_printf(
            out, ",\"environment\":\"%s\",\"multi_gpu\":\"%s\"",
            gpu_environment_word(s->environment), gpu_multi_word(s->multi));
    if (s->ready != GPU_READY_UNKNOWN)
        rc |= aver_buf_printf(out, ",\"ready\":%s",
                              s->ready == GPU_READY_YES ? "true" : "false");
    return rc | aver_buf_append_str(out, "}");
}
