/* SPDX-License-Identifier: Apache-2.0
 *
 * nscq: what we use of NVIDIA's library for NVSwitches, libnvidia-nscq.so.2:
 * layouts and numbers of nscq.h, and the evidence of every switch. As with
 * NVML, every call may hang: whoever calls runs in a process that can be
 * killed. */
#ifndef AVER_ATTEST_NSCQ_H
#define AVER_ATTEST_NSCQ_H

#include "attest/gpu_item.h"

#define NSCQ_LIBRARY "libnvidia-nscq.so.2"
#define NSCQ_MOUNT_DEVICES 1u
#define NSCQ_DEVICE_MAX 64u

enum nscq_arch { NSCQ_LS10 = 2 };
/* Are the switches closed to the host? */
enum nscq_mode {
    NSCQ_MODE_UNKNOWN = -1,
    NSCQ_MODE_OFF,
    NSCQ_MODE_ON,
    NSCQ_MODE_FAILURE,
    NSCQ_MODE_LOCKED,
};

struct nscq_uuid {
    uint8_t bytes[16];
};
struct nscq_label {
    char data[64];
};
/* These two come to callbacks by value. */
struct nscq_certificate {
    uint8_t chain[GPU_CHAIN_MAX];
    uint32_t size;
};
_Static_assert(sizeof(struct nscq_certificate) == 5124, "as in nscq.h");
struct nscq_report {
    uint32_t size;
    uint8_t report[GPU_REPORT_MAX];
};
_Static_assert(sizeof(struct nscq_report) == 8196, "as in nscq.h");

struct nscq_session_result {
    int8_t rc;
    void *session;
};

/* rc: 0, a warning above it, an error below it. */
typedef void (*nscq_callback)(void);
typedef void (*nscq_on_uuid)(const struct nscq_uuid *device, int8_t rc,
                             const struct nscq_uuid *value, void *user);
typedef void (*nscq_on_number)(const struct nscq_uuid *device, int8_t rc,
                               int8_t value, void *user);
typedef void (*nscq_on_certificate)(const struct nscq_uuid *device, int8_t rc,
                                    struct nscq_certificate value, void *user);
typedef void (*nscq_on_report)(const struct nscq_uuid *device, int8_t rc,
                               struct nscq_report value, void *user);

/* Zeroed, with `path`, before its first use. Found and started once. */
struct nscq {
    const char *path; /* borrowed */
    void *library, *session;
    struct nscq_session_result (*create)(uint32_t flags);
    void (*destroy)(void *session);
    int8_t (*observe)(void *session, const char *path, nscq_callback f,
                      void *user, uint32_t flags);
    int8_t (*set_input)(void *session, uint32_t flags, void *p, uint32_t n);
    int8_t (*label)(const struct nscq_uuid *uuid, struct nscq_label *out,
                    uint32_t flags);
};

/* Appends the evidence of every switch as a JSON array, and counts them in
 * `s`; or nothing where nobody demands switches, and there are none that are
 * closed to the host. 0, or -1 with `err`, and the state in `s`. */
AVER_MUST_CHECK int nscq_evidence(struct nscq *q, bool demanded,
                                  const uint8_t nonce[static 32],
                                  struct aver_buf *list, struct gpu_status *s,
                                  struct aver_error *err);
void nscq_close(struct nscq *q);

#endif
