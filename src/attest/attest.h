/* SPDX-License-Identifier: Apache-2.0
 *
 * attest: the process that makes evidence, and the report around it. */
#ifndef AVER_ATTEST_ATTEST_H
#define AVER_ATTEST_ATTEST_H

#include "attest/message.h"
#include "base/buf.h"

enum attest_tee_choice {
    ATTEST_CHOOSE_AUTO = 0, /* dstack, else tsm; never the simulator */
    ATTEST_CHOOSE_DSTACK,
    ATTEST_CHOOSE_TSM,
    ATTEST_CHOOSE_SIMULATOR,
};
enum attest_gpu_choice {
    ATTEST_GPU_AUTO = 0, /* NVML if it finds a GPU, else none */
    ATTEST_GPU_REQUIRED,
    ATTEST_GPU_NONE,
    ATTEST_GPU_SIMULATOR,           /* one Hopper by itself */
    ATTEST_GPU_SIMULATOR_PPCIE,     /* eight, and the switches between them */
    ATTEST_GPU_SIMULATOR_BLACKWELL, /* two */
};
enum attest_nvswitch_choice {
    ATTEST_NVSWITCH_AUTO = 0, /* where NVML or the switches say so */
    ATTEST_NVSWITCH_REQUIRED,
    ATTEST_NVSWITCH_NONE,
};

struct attest_config {
    enum attest_tee_choice tee;
    enum attest_gpu_choice gpu;
    enum attest_nvswitch_choice nvswitch;
    const char *dstack_socket, *tsm_path, *nvml_library,
        *nscq_library;          /* NULL: usual places */
    int gpu_limit_ms;           /* for all GPUs together; 0: as usual */
    const char *model_name;     /* "" if none */
    const char *engine_binding; /* "tcp" or "unix" */
    const char *endorsements;   /* folder or file with them; NULL: none */
    const char *endorse_from;   /* "intel", or a PCCS; NULL: nobody is asked */
    /* "nvidia", a mirror, or "none"; NULL: NVIDIA, if endorse_from is set */
    const char *endorse_gpu_from;
    bool compat_seed;
    bool has_spki;
    uint8_t spki_sha256[32]; /* of the tls-identity certificate */
};

/* Whose key a report is about. */
struct attest_identity {
    uint64_t generation;
    uint8_t k1_public[64], address[20], ed_public[32];
};

/* What must still be opened as root (the configfs-tsm entry). Called by the
 * attester's process before it drops to the unprivileged user; uid and gid are
 * who will use it. 0, or -1 with `err`. */
struct attest_backends;
struct attest_backends *attest_open(const struct attest_config *config,
                                    unsigned uid, unsigned gid,
                                    struct aver_error *err);
void attest_close(struct attest_backends *b);
enum attest_tee attest_tee_of(const struct attest_backends *b);

/* Makes one report, blocking; JSON appended to `out`. For the attester's own
 * child: drivers can hang. `endorsements`: with what vendors sign, if it
 * is there. Returns an enum attest_status. */
enum attest_status attest_report(struct attest_backends *b,
                                 const struct attest_config *config,
                                 const struct attest_identity *who,
                                 enum attest_algo algo,
                                 enum attest_layout layout, bool endorsements,
                                 const uint8_t nonce[static 32],
                                 struct aver_buf *out, struct aver_error *err);

/* Runs the attester until the control pair closes; returns the exit status.
 * Sends CONTROL_READY after a first report could be made, or
 * CONTROL_FAILED with value 3, after which it ends with that status. Takes
 * over `b`; `control_fd` stays the caller's. */
int attest_run(struct attest_backends *b, const struct attest_config *config,
               int control_fd);

#endif
