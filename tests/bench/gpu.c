/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu: what it takes to verify GPU evidence, in one thread, all of it from
 * bytes, by the functions that `aver verify gpu` itself calls, beside one
 * P-384 verification by the same library, taken in turns:
 *     bench_gpu ROUNDS NOW NONCE GRACE GPU-ROOT RIM-ROOT PAYLOAD [FILE ...]
 * GPU-ROOT, RIM-ROOT: SHA-256 of keys as hex, "-" for NVIDIA's. FILE: RIMs and
 * OCSP answers; without any the devices need only be genuine. Prints
 * "median_ns ALL ONE", ONE that of the one verification. Anything but VERIFIED
 * ends the program. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/text.h"
#include "verify/rows.h"

enum { ROUNDS_MAX = 1000000, FILE_MAX = 4 << 20, FILES_MAX = 128 };

struct input {
    struct aver_policy policy;
    struct aver_buf payload;
    unsigned n;
    struct aver_buf file[FILES_MAX];
};

static void verify(const struct input *in)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_gpu_evidence *evidence =
        aver_gpu_evidence_parse(aver_buf_view(&in->payload));
    struct aver_subject s = {.policy = &in->policy};
    struct aver_verdict v;
    struct aver_error err;

    if (e == NULL || evidence == NULL)
        die("gpu: out of memory");
    for (unsigned i = 0; i < in->n; i++)
        if (aver_endorsements_add(e, aver_buf_view(&in->file[i]), &err) != 0)
            die("gpu: file %u: %s", i, err.text);
    s.gpus = aver_gpus_new(evidence, e, in->policy.at);
    if (s.gpus == NULL)
        die("gpu: out of memory");
    aver_judge(&v, &s);
    if (v.word != AVER_VERIFIED)
        die("gpu: %s", aver_verdict_reason(&v)->detail);
    aver_gpus_free(s.gpus);
    aver_gpu_evidence_free(evidence);
    aver_endorsements_free(e);
}

/* One signature, of the first device, with all that is kept made before. */
struct one {
    struct aver_ec *ec;
    struct aver_gpu_evidence *evidence;
    struct aver_endorsements *e;
    struct aver_gpus *gpus;
};

static void one_open(struct one *o, const struct input *in)
{
    o->ec = aver_ec_new();
    o->e = aver_endorsements_new();
    o->evidence = aver_gpu_evidence_parse(aver_buf_view(&in->payload));
    if (o->ec == NULL || o->e == NULL || o->evidence == NULL)
        die("gpu: out of memory");
    o->gpus = aver_gpus_new(o->evidence, o->e, in->policy.at);
    if (o->gpus == NULL || o->gpus->n == 0 || o->gpus->device[0].nlinks == 0)
        die("gpu: the first device cannot be read");
}

static void one_verify(const struct one *o)
{
    const struct aver_gpu_device *d = &o->gpus->device[0];

    if (!aver_ec_verify_raw(o->ec, AVER_P384, d->link[0]->cert.point,
                            d->report.message, d->report.signature))
        die("gpu: the first device's signature does not hold");
}

static void one_close(struct one *o)
{
    aver_gpus_free(o->gpus);
    aver_gpu_evidence_free(o->evidence);
    aver_endorsements_free(o->e);
    aver_ec_free(o->ec);
}

static void read_file(struct aver_buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");

    aver_buf_init(out, FILE_MAX);
    if (f == NULL || aver_buf_reserve(out, FILE_MAX) != 0)
        die("gpu: cannot read %s", path);
    out->n = fread(out->p, 1, FILE_MAX, f);
    if (ferror(f) || !feof(f))
        die("gpu: cannot read %s to its end", path);
    fclose(f);
}

static void read_32(uint8_t out[static 32], const char *hex)
{
    if (aver_hex_decode(out, 32, aver_bytes_str(hex)) != 0)
        die("gpu: %s is not 64 hex digits", hex);
}

static void read_root(bool *has, uint8_t out[static 32], const char *hex)
{
    *has = strcmp(hex, "-") != 0;
    if (*has)
        read_32(out, hex);
}

/* Of this thread: what else the machine does must not count for the longer of
 * the two alone. */
static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void measure(const struct input *in, size_t rounds)
{
    uint32_t *all = calloc(rounds, sizeof *all);
    uint32_t *single = calloc(rounds, sizeof *single);
    struct one one;

    if (all == NULL || single == NULL)
        die("gpu: out of memory");
    one_open(&one, in);
    verify(in);
    for (size_t i = 0; i < rounds; i++) {
        uint64_t begin = cpu_ns();
        verify(in);
        uint64_t middle = cpu_ns();
        one_verify(&one);
        all[i] = (uint32_t)(middle - begin);
        single[i] = (uint32_t)(cpu_ns() - middle);
    }
    one_close(&one);
    sort_u32(all, rounds);
    sort_u32(single, rounds);
    printf("median_ns %u %u\n", permille(all, rounds, 500),
           permille(single, rounds, 500));
    free(all);
    free(single);
}

int main(int argc, char **argv)
{
    static struct input in;

    if (argc < 8 || argc > 8 + FILES_MAX)
        die("usage: bench_gpu ROUNDS NOW NONCE GRACE GPU-ROOT RIM-ROOT "
            "PAYLOAD [FILE ...]");
    size_t rounds = number(argv[1], ROUNDS_MAX);
    in.policy.at = number(argv[2], UINT32_MAX);
    in.policy.has_nonce = true;
    read_32(in.policy.nonce, argv[3]);
    in.policy.ocsp_grace = number(argv[4], UINT32_MAX);
    read_root(&in.policy.has_gpu_root, in.policy.gpu_root, argv[5]);
    read_root(&in.policy.has_rim_root, in.policy.rim_root, argv[6]);
    read_file(&in.payload, argv[7]);
    for (in.n = 0; 8 + (int)in.n < argc; in.n++)
        read_file(&in.file[in.n], argv[8 + in.n]);
    if (in.n == 0)
        in.policy.allow =
            AVER_ALLOW_RIM_MISSING | AVER_ALLOW_REVOCATION_MISSING;
    measure(&in, rounds > 0 ? rounds : 1);
    for (unsigned i = 0; i < in.n; i++)
        aver_buf_clear(&in.file[i]);
    aver_buf_clear(&in.payload);
    return 0;
}
