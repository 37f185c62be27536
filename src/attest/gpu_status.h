/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_status: how the GPUs are, as /health, /metrics and the log tell it: one
 * stable word for each thing that can be wrong, and what the driver says of
 * itself. Nothing here is evidence: verifiers read the signed report. */
#ifndef AVER_ATTEST_GPU_STATUS_H
#define AVER_ATTEST_GPU_STATUS_H

#include "base/buf.h"
#include "base/error.h"

enum gpu_state {
    GPU_UNKNOWN = 0, /* nobody has said yet */
    GPU_OK,
    GPU_NONE,      /* none was asked for; or `gpu auto` found none */
    GPU_SIMULATED, /* the simulator's */
    /* What has not that which evidence needs. */
    GPU_NO_LIBRARY,
    GPU_OLD_DRIVER, /* the library lacks a function */
    GPU_NO_GPU,
    GPU_MISSING, /* fewer GPUs than at the start */
    GPU_ARCH,    /* of a kind that cannot attest */
    GPU_CC_OFF,
    GPU_DEVTOOLS,
    /* Numbers of nvml.h. */
    GPU_UNINITIALISED,
    GPU_NOT_SUPPORTED,
    GPU_NO_PERMISSION,
    GPU_NO_DRIVER,
    GPU_TIMEOUT,
    GPU_LOST,
    GPU_RESET_REQUIRED,
    GPU_BLOCKED,
    GPU_MISMATCH,
    GPU_STRUCT_VERSION,
    GPU_NOT_READY,
    GPU_UNKNOWN_ERROR,
    GPU_ERROR, /* any other */
    /* What came back is not what was asked for. */
    GPU_COUNT,
    GPU_BAD_CHAIN,
    GPU_BAD_REPORT,
    GPU_WRONG_NONCE,
    /* Nothing came back. */
    GPU_HANGS,
    GPU_CRASHED,
    /* The same of NVSwitches; numbers of nscq.h. */
    SWITCH_NO_LIBRARY,
    SWITCH_OLD_LIBRARY,
    SWITCH_NONE,
    SWITCH_ARCH,
    SWITCH_NOT_IMPLEMENTED,
    SWITCH_INVALID_UUID,
    SWITCH_NOT_MOUNTABLE,
    SWITCH_OVERFLOW,
    SWITCH_UNEXPECTED,
    SWITCH_UNSUPPORTED_DRIVER,
    SWITCH_DRIVER_ERROR,
    SWITCH_TIMEOUT,
    SWITCH_EXTERNAL_ERROR,
    SWITCH_UNSPECIFIED,
    SWITCH_ERROR, /* any other */
    SWITCH_COUNT,
    SWITCH_BAD_CHAIN,
    SWITCH_BAD_REPORT,
    SWITCH_WRONG_NONCE,
    GPU_STATES
};

/* How several GPUs work together. */
enum gpu_multi { GPU_MULTI_UNKNOWN = 0, GPU_SINGLE, GPU_PPCIE, GPU_NVLE };
enum gpu_environment { GPU_ENV_NONE = 0, GPU_ENV_SIMULATION, GPU_ENV_PROD };
/* Do the GPUs accept work? Only read, never set. */
enum gpu_ready { GPU_READY_UNKNOWN = 0, GPU_READY_NO, GPU_READY_YES };

/* Goes between processes as it is: zero it first. */
struct gpu_status {
    uint32_t state;   /* enum gpu_state */
    uint32_t missing; /* GPU_NONE: why `gpu auto` found none, else 0 */
    int32_t error;    /* number of NVML or NSCQ; 0: it gave none */
    uint32_t gpus, switches;
    uint32_t environment, multi, ready;
    char driver[32]; /* version, "" if unknown */
};

const char *gpu_state_word(uint32_t state);
const char *gpu_environment_word(uint32_t environment);
const char *gpu_multi_word(uint32_t multi);
/* True where a report that needs these GPUs cannot be made. */
bool gpu_state_failed(uint32_t state);
/* True if another process may have written it. */
bool gpu_status_ok(const struct gpu_status *s);
/* Keeps of a version what may stand in a log line and in JSON. */
void gpu_status_driver(struct gpu_status *s, const char *version, size_t n);
/* Sets state and number, and fails with the code that belongs to the state. */
int gpu_fail(struct gpu_status *s, enum gpu_state state, int number,
             struct aver_error *err, const char *fmt, ...) AVER_PRINTF(5, 6);
/* Appends it as a JSON object. */
AVER_MUST_CHECK int gpu_status_write(struct aver_buf *out,
                                     const struct gpu_status *s);

#endif
