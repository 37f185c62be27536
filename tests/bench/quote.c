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

enum { ROUNDS_MAX = 1000000, FILE_MAX = 4 << 20 };

struct input {
    struct aver_buf quote, collateral;
    int64_t now;
};

struct mode {
    const char *name;
    /* Before the clock runs; may be NULL. */
    void (*prepare)(const struct input *in);
    /* NULL where this version cannot do it. */
    void (*verify)(const struct input *in);
};

/* The three ways. */
static const struct mode modes[] = {
    {"cold", NULL, NULL}, {"endorsed", NULL, NULL}, {"same", NULL, NULL}};
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
    if (m->verify == NULL)
        die("this version does not verify quotes");
    read_file(&in.quote, argv[2]);
    read_file(&in.collateral, argv[3]);
    in.now = number(argv[4], UINT32_MAX);
    size_t rounds = number(argv[5], ROUNDS_MAX);
    measure(m, &in, rounds > 0 ? rounds : 1);
    aver_buf_clear(&in.quote);
    aver_buf_clear(&in.collateral);
    return 0;
}
