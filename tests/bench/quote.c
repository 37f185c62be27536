/* SPDX-License-Identifier: Apache-2.0
 *
 * quote: what it takes to verify one quote, in one thread, by the functions
 * that `aver verify quote` itself calls:
 *     bench_quote MODE QUOTE COLLATERAL NOW ROUNDS
 * cold: all of it from bytes. endorsed: the endorsements were read and judged
 * before. same: and so was the certificate chain of the same platform. Prints
 * "median_ns MEDIAN LEAST MOST". A verification that does not end as UpToDate
 * ends the program. */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "verify/rows.h"

enum { ROUNDS_MAX = 1000000, FILE_MAX = 4 << 20 };

struct input {
    struct aver_buf quote, collateral;
    int64_t now;
};

struct mode {
    const char *name;
    /* Before the clock runs; may be NULL. */
    void (*prepare)(const struct input *in);
    void (*verify)(const struct input *in);
};

static struct aver_endorsements *held; /* by the modes that hold them */

static struct aver_endorsements *endorsements(const struct input *in)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_error err;

    if (e == NULL ||
        aver_endorsements_add(e, aver_buf_view(&in->collateral), &err) != 0)
        die("quote: the endorsements cannot be read");
    return e;
}

static void judge(const struct input *in, struct aver_endorsements *e)
{
    const struct aver_policy p = {.at = in->now};
    struct aver_cpu *cpu = aver_cpu_new(aver_buf_view(&in->quote), e, in->now);
    struct aver_subject s = {.policy = &p, .cpu = cpu};
    struct aver_verdict v;

    if (cpu == NULL)
        die("quote: out of memory");
    aver_judge(&v, &s);
    if (v.word != AVER_VERIFIED)
        die("quote: %s", aver_verdict_reason(&v)->detail);
    aver_cpu_free(cpu);
}

static void verify_cold(const struct input *in)
{
    struct aver_endorsements *e = endorsements(in);

    judge(in, e);
    aver_endorsements_free(e);
}

static void hold(const struct input *in)
{
    held = endorsements(in);
}

/* The set remembers other platforms already, as many as it can. */
static void hold_full(const struct input *in)
{
    uint8_t n;

    hold(in);
    for (n = 1; aver_endorsements_platform(held, aver_bytes_of(&n, 1)); n++)
        ;
}

static void verify_held(const struct input *in)
{
    judge(in, held);
}

/* The three ways. */
static const struct mode modes[] = {
    {"cold", NULL, verify_cold},
    {"endorsed", hold_full, verify_held},
    {"same", hold, verify_held},
};
#define MODES (sizeof(modes) / sizeof(modes[0]))

static const struct mode *mode_of(const char *name)
{
    for (size_t i = 0; i < MODES; i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    die("quote: there is no mode %s", name);
}

static void read_file(struct aver_buf *out, const char *path)
{
    FILE *f = fopen(path, "rb");

    aver_buf_init(out, FILE_MAX);
    if (f == NULL || aver_buf_reserve(out, FILE_MAX) != 0)
        die("quote: cannot read %s", path);
    out->n = fread(out->p, 1, FILE_MAX, f);
    if (ferror(f) || !feof(f))
        die("quote: cannot read %s to its end", path);
    fclose(f);
}

static void measure(const struct mode *m, const struct input *in, size_t rounds)
{
    uint32_t *spent = calloc(rounds, sizeof *spent);

    if (spent == NULL)
        die("quote: out of memory");
    if (m->prepare != NULL)
        m->prepare(in);
    m->verify(in);
    for (size_t i = 0; i < rounds; i++) {
        uint64_t begin = now_ns();
        m->verify(in);
        spent[i] = (uint32_t)(now_ns() - begin);
    }
    sort_u32(spent, rounds);
    printf("median_ns %u %u %u\n", permille(spent, rounds, 500), spent[0],
           spent[rounds - 1]);
    free(spent);
}

int main(int argc, char **argv)
{
    struct input in;

    if (argc != 6)
        die("usage: bench_quote MODE QUOTE COLLATERAL NOW ROUNDS");
    const struct mode *m = mode_of(argv[1]);
    read_file(&in.quote, argv[2]);
    read_file(&in.collateral, argv[3]);
    in.now = number(argv[4], UINT32_MAX);
    size_t rounds = number(argv[5], ROUNDS_MAX);
    measure(m, &in, rounds > 0 ? rounds : 1);
    aver_buf_clear(&in.quote);
    aver_buf_clear(&in.collateral);
    aver_endorsements_free(held);
    return 0;
}
