/* SPDX-License-Identifier: Apache-2.0
 *
 * backend: the table of backends, and how the options choose from it. */
#include "attest/backend.h"

#include "attest/simulator.h"
#include "net/log.h"
#include <stdlib.h>

static int simulator_open(void **state, const struct attest_config *config,
                          unsigned uid, unsigned gid, struct aver_error *err)
{
    (void)config, (void)uid, (void)gid, (void)err;
    *state = NULL;
    return 0;
}

static int simulator_make(void *state, const uint8_t report_data[static 64],
                          struct cpu_evidence *out, struct aver_error *err)
{
    (void)state;
    return simulator_quote(report_data, &out->quote, &out->event_log,
                           &out->info, &out->vm_config, err);
}

static void nothing_to_close(void *state)
{
    (void)state;
}

static int gpu_simulator_open(void **state, const struct attest_config *config,
                              bool *found, struct gpu_status *status,
                              struct aver_error *err)
{
    (void)config, (void)err;
    *state = NULL;
    *found = true;
    *status = (struct gpu_status){.state = GPU_SIMULATED};
    return 0;
}

static int gpu_hopper_make(void *state, const uint8_t nonce[static 32],
                           struct gpu_evidence *out, struct aver_error *err)
{
    (void)state;
    out->status.gpus = 1;
    return simulator_gpu_evidence(nonce, SIMULATOR_H100, 1, &out->gpus, err);
}

static int gpu_ppcie_make(void *state, const uint8_t nonce[static 32],
                          struct gpu_evidence *out, struct aver_error *err)
{
    (void)state;
    out->status.gpus = SIMULATOR_GPU_MAX;
    out->status.switches = SIMULATOR_SWITCHES;
    out->status.multi = GPU_PPCIE;
    if (simulator_gpu_evidence(nonce, SIMULATOR_HGX, SIMULATOR_GPU_MAX,
                               &out->gpus, err) != 0)
        return -1;
    return simulator_switch_evidence(nonce, &out->switches, err);
}

static int gpu_blackwell_make(void *state, const uint8_t nonce[static 32],
                              struct gpu_evidence *out, struct aver_error *err)
{
    (void)state;
    out->status.gpus = SIMULATOR_B200_MAX;
    out->status.multi = GPU_NVLE;
    return simulator_gpu_evidence(nonce, SIMULATOR_B200, SIMULATOR_B200_MAX,
                                  &out->gpus, err);
}

/* What `gpu auto` missed before it came here stays to be told. */
static int gpu_none_open(void **state, const struct attest_config *config,
                         bool *found, struct gpu_status *status,
                         struct aver_error *err)
{
    uint32_t missing = status->state;

    (void)config, (void)err;
    *state = NULL;
    *found = true;
    *status = (struct gpu_status){.state = GPU_NONE, .missing = missing};
    return 0;
}

static int gpu_none_make(void *state, const uint8_t nonce[static 32],
                         struct gpu_evidence *out, struct aver_error *err)
{
    (void)state, (void)nonce;
    if (aver_buf_append_str(&out->gpus, "[]") != 0)
        return aver_fail(err, AVER_EMEM, "out of memory");
    return 0;
}

static const struct cpu_backend cpu_simulator = {
    .name = "simulator",
    .choice = ATTEST_CHOOSE_SIMULATOR,
    .tee = ATTEST_TEE_SIMULATOR,
    .simulated = true,
    .limit_ms = SIMULATOR_LIMIT_MS,
    .open = simulator_open,
    .quote = simulator_make,
    .close = nothing_to_close,
    .endorsements = simulator_endorsements,
};

static const struct gpu_backend gpu_simulator = {
    .name = "simulator",
    .simulated = true,
    .limit_ms = SIMULATOR_LIMIT_MS,
    .open = gpu_simulator_open,
    .evidence = gpu_hopper_make,
    .close = nothing_to_close,
};

static const struct gpu_backend gpu_simulator_ppcie = {
    .name = "simulator-ppcie",
    .simulated = true,
    .limit_ms = SIMULATOR_LIMIT_MS,
    .open = gpu_simulator_open,
    .evidence = gpu_ppcie_make,
    .close = nothing_to_close,
};

static const struct gpu_backend gpu_simulator_blackwell = {
    .name = "simulator-blackwell",
    .simulated = true,
    .limit_ms = SIMULATOR_LIMIT_MS,
    .open = gpu_simulator_open,
    .evidence = gpu_blackwell_make,
    .close = nothing_to_close,
};

static const struct gpu_backend gpu_none = {
    .name = "none",
    .limit_ms = SIMULATOR_LIMIT_MS,
    .open = gpu_none_open,
    .evidence = gpu_none_make,
    .close = nothing_to_close,
};

/* `tee auto` takes the first row that is present. */
static const struct cpu_backend *const cpu_table[] = {&cpu_dstack, &cpu_tsm,
                                                      &cpu_simulator};

/* What is tried in turn for each choice of `gpu`. */
static const struct gpu_backend *const gpu_table[][2] = {
    [ATTEST_GPU_AUTO] = {&gpu_nvml, &gpu_none},
    [ATTEST_GPU_REQUIRED] = {&gpu_nvml, NULL},
    [ATTEST_GPU_NONE] = {&gpu_none, NULL},
    [ATTEST_GPU_SIMULATOR] = {&gpu_simulator, NULL},
    [ATTEST_GPU_SIMULATOR_PPCIE] = {&gpu_simulator_ppcie, NULL},
    [ATTEST_GPU_SIMULATOR_BLACKWELL] = {&gpu_simulator_blackwell, NULL},
};

void cpu_evidence_init(struct cpu_evidence *e)
{
    aver_buf_init(&e->quote, QUOTE_MAX);
    aver_buf_init(&e->event_log, EVIDENCE_MAX);
    aver_buf_init(&e->info, EVIDENCE_MAX);
    aver_buf_init(&e->vm_config, EVIDENCE_MAX);
}

void cpu_evidence_clear(struct cpu_evidence *e)
{
    aver_buf_clear(&e->quote);
    aver_buf_clear(&e->event_log);
    aver_buf_clear(&e->info);
    aver_buf_clear(&e->vm_config);
}

void gpu_evidence_init(struct gpu_evidence *e)
{
    aver_buf_init(&e->gpus, EVIDENCE_MAX);
    aver_buf_init(&e->switches, EVIDENCE_MAX);
    e->status = (struct gpu_status){0};
}

void gpu_evidence_clear(struct gpu_evidence *e)
{
    aver_buf_clear(&e->gpus);
    aver_buf_clear(&e->switches);
}

enum attest_status attest_status_of(enum aver_error_code code)
{
    if (code == AVER_OK)
        return ATTEST_OK;
    if (code == AVER_EABSENT)
        return ATTEST_ABSENT;
    return code == AVER_ETIMEOUT ? ATTEST_SLOW : ATTEST_WRONG;
}

static const struct cpu_backend *choose_cpu(const struct attest_config *config,
                                            struct aver_error *err)
{
    for (size_t i = 0; i < sizeof(cpu_table) / sizeof(*cpu_table); i++) {
        const struct cpu_backend *row = cpu_table[i];
        if (config->tee == ATTEST_CHOOSE_AUTO
                ? row->present && row->present(config)
                : row->choice == config->tee)
            return row;
    }
    aver_fail(err, AVER_EABSENT,
              "no TEE found (looked for a dstack guest agent at %s and for "
              "configfs-tsm at %s); say --tee simulator to try aver without "
              "one",
              config->dstack_socket ? config->dstack_socket
                                    : "/var/run/dstack.sock and the other "
                                      "usual places",
              config->tsm_path ? config->tsm_path
                               : "/sys/kernel/config/tsm/report");
    return NULL;
}

static int open_gpu(struct attest_backends *b,
                    const struct attest_config *config, struct aver_error *err)
{
    for (int i = 0; i < 2 && gpu_table[config->gpu][i]; i++) {
        const struct gpu_backend *row = gpu_table[config->gpu][i];
        struct aver_error why = {0};
        bool found = false;
        /* This machine says no, whatever the reason. */
        if (row->open(&b->gpu_state, config, &found, &b->gpu_status, &why) != 0)
            return aver_fail(err, AVER_EABSENT,
                             "gpu: %.300s; --gpu none goes without", why.text);
        if (found) {
            b->gpu = row;
            return 0;
        }
        if (config->gpu == ATTEST_GPU_AUTO)
            log_event(LOG_INFO, "no_gpu",
                      LOG_STR("state", gpu_state_word(b->gpu_status.state)),
                      LOG_STR("why", why.text));
        aver_fail(err, AVER_EABSENT, "gpu required: %s", why.text);
    }
    return -1;
}

static void hold(struct attest_backends *b, const struct attest_config *config)
{
    struct holding *h = calloc(1, sizeof(*h));

    if (!h)
        abort(); /* out of memory */
    h->cpu.path = config->endorsements;
    h->cpu.built_in = config->endorsements ? NULL : b->cpu->endorsements;
    h->cpu.simulated = b->cpu->simulated;
    h->gpus.simulated = b->gpu->simulated;
    /* Of simulated GPUs nobody else knows anything, unless somebody is named.
     */
    if (b->gpu->simulated && !config->endorse_gpu_from)
        h->gpus.built_in = simulator_endorsements;
    else
        h->gpus.path = config->endorsements;
    holding_init(h);
    b->holding = h;
}

struct attest_backends *attest_open(const struct attest_config *config,
                                    unsigned uid, unsigned gid,
                                    struct aver_error *err)
{
    struct attest_backends *b = calloc(1, sizeof(*b));

    if (!b) {
        aver_fail(err, AVER_EMEM, "out of memory");
        return NULL;
    }
    const struct cpu_backend *cpu = choose_cpu(config, err);
    if (!cpu || cpu->open(&b->cpu_state, config, uid, gid, err) != 0)
        goto fail;
    b->cpu = cpu;
    b->gpu_limit_ms = config->gpu_limit_ms;
    if (open_gpu(b, config, err) != 0)
        goto fail;
    hold(b, config);
    return b;
fail:
    attest_close(b);
    return NULL;
}

void attest_close(struct attest_backends *b)
{
    if (!b)
        return;
    if (b->gpu)
        b->gpu->close(b->gpu_state);
    if (b->cpu)
        b->cpu->close(b->cpu_state);
    if (b->holding)
        holding_clear(b->holding);
    free(b->holding);
    free(b);
}

enum attest_tee attest_tee_of(const struct attest_backends *b)
{
    return b->cpu->tee;
}
