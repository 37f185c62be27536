/* SPDX-License-Identifier: Apache-2.0
 *
 * attest_fake: backends that answer from memory, with a knob for each thing
 * that can go wrong, and an identity to make reports for. The quote has the
 * right head and report_data, and nothing else. */
#ifndef AVER_TESTS_ATTEST_FAKE_H
#define AVER_TESTS_ATTEST_FAKE_H

#include "attest/backend.h"
#include "base/text.h"
#include "crypto/k1.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake {
    int sleep_ms;              /* before it answers */
    bool bare;                 /* quote alone, as configfs-tsm gives it */
    bool wrong_data;           /* quote over other report_data */
    bool crash;                /* the process ends */
    enum aver_error_code fail; /* fails with this */
    unsigned ngpus, nswitches;
    int gpu_sleep_ms;
    bool gpu_crash, gpu_fail;
    bool wrong_nonce; /* in the last GPU's report */
    bool wrong_switch_nonce;
    const char *log_path; /* if set: a byte is appended a call */
};

__attribute__((unused)) static void fake_put(struct aver_buf *b, const void *p,
                                             size_t n)
{
    if (aver_buf_append(b, p, n) != 0)
        _exit(99);
}

/* Version 4, kind of key 2, TDX; 1,000 bytes in all. */
__attribute__((unused)) static void
fake_quote(struct aver_buf *out, const uint8_t report_data[static 64])
{
    static const uint8_t head[8] = {4, 0, 2, 0, 0x81};
    static const uint8_t zeros[560];

    fake_put(out, head, sizeof(head));
    fake_put(out, zeros, 560);
    fake_put(out, report_data, 64);
    fake_put(out, zeros, 368);
}

__attribute__((unused)) static void fake_note_call(const struct fake *f)
{
    if (!f->log_path)
        return;
    FILE *file = fopen(f->log_path, "a");
    if (!file || fputc('x', file) == EOF || fclose(file) != 0)
        _exit(99);
}

__attribute__((unused)) static int
fake_make(void *state, const uint8_t report_data[static 64],
          struct cpu_evidence *out, struct aver_error *err)
{
    const struct fake *f = state;
    uint8_t data[64];

    fake_note_call(f);
    if (f->sleep_ms > 0)
        usleep((useconds_t)f->sleep_ms * 1000);
    if (f->crash)
        _exit(7);
    if (f->fail != AVER_OK)
        return aver_fail(err, f->fail, "as the knob says");
    memcpy(data, report_data, 64);
    data[63] ^= f->wrong_data;
    fake_quote(&out->quote, data);
    if (f->bare)
        return 0;
    fake_put(&out->event_log, "[{\"imr\":3}]", 11);
    fake_put(&out->vm_config, "{\"cpu\":1}", 9);
    const char *info = "{\"app_id\":\"a\",\"tcb_info\":\"{\\\"app_compose\\\":"
                       "\\\"{ x }\\\",\\\"event_log\\\":\\\"[]\\\"}\"}";
    fake_put(&out->info, info, strlen(info));
    return 0;
}

/* `n` devices; with `wrong` the last holds another nonce. */
__attribute__((unused)) static void fake_list(struct aver_buf *list, unsigned n,
                                              const char *arch,
                                              const uint8_t nonce[static 32],
                                              bool wrong)
{
    uint8_t spdm[100] = {0x11, 0xe0, 0x01, 0xff};

    memcpy(spdm + 4, nonce, 32);
    fake_put(list, "[", 1);
    for (unsigned i = 0; i < n; i++) {
        spdm[35] ^= wrong && i + 1 == n;
        if (aver_buf_append_str(list, i > 0 ? "," : "") != 0 ||
            aver_buf_printf(list,
                            "{\"certificate\":\"QUJD\",\"arch\":\"%s\","
                            "\"evidence\":\"",
                            arch) != 0 ||
            aver_base64_encode_buf(list, aver_bytes_of(spdm, 100)) != 0 ||
            aver_buf_append_str(list, "\"}") != 0)
            _exit(99);
    }
    fake_put(list, "]", 1);
}

__attribute__((unused)) static int fake_gpus(void *state,
                                             const uint8_t nonce[static 32],
                                             struct gpu_evidence *out,
                                             struct aver_error *err)
{
    const struct fake *f = state;

    if (f->gpu_sleep_ms > 0)
        usleep((useconds_t)f->gpu_sleep_ms * 1000);
    if (f->gpu_crash)
        raise(SIGKILL);
    if (f->gpu_fail)
        return gpu_fail(&out->status, GPU_LOST, 15, err, "as the knob says");
    out->status.state = GPU_OK;
    out->status.error = 0;
    out->status.gpus = f->ngpus;
    fake_list(&out->gpus, f->ngpus, "HOPPER", nonce, f->wrong_nonce);
    if (f->nswitches > 0)
        fake_list(&out->switches, f->nswitches, "LS10", nonce,
                  f->wrong_switch_nonce);
    return 0;
}

__attribute__((unused)) static void fake_close(void *state)
{
    (void)state;
}

__attribute__((unused)) static const struct cpu_backend fake_cpu = {
    .name = "fake",
    .tee = ATTEST_TEE_DSTACK,
    .limit_ms = 300,
    .quote = fake_make,
    .close = fake_close,
};

__attribute__((unused)) static const struct gpu_backend fake_gpu = {
    .name = "fake",
    .limit_ms = 300,
    .evidence = fake_gpus,
    .close = fake_close,
};

/* On the heap, since attest_run takes it over. */
__attribute__((unused)) static struct attest_backends *
fake_backends(struct fake *f)
{
    struct attest_backends *b = calloc(1, sizeof(*b));

    if (!b)
        _exit(99);
    *b = (struct attest_backends){
        .cpu = &fake_cpu, .cpu_state = f, .gpu = &fake_gpu, .gpu_state = f};
    return b;
}

/* Keys that belong together, made from a number. */
__attribute__((unused)) static struct attest_identity
fake_identity(uint64_t generation)
{
    struct attest_identity who = {.generation = generation};
    uint8_t secret[32] = {[31] = (uint8_t)generation};
    struct aver_k1 *k = aver_k1_new();

    if (!k || aver_k1_public(k, who.k1_public, secret) != 0)
        _exit(99);
    aver_k1_free(k);
    aver_address_of(who.address, who.k1_public);
    memset(who.ed_public, (int)generation, 32);
    return who;
}

#endif
