/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu: everything about one quote in one place: the quote, the certificates of
 * its platform, and what Intel says about such a platform, all parsed and none
 * of it judged. The rows (cpu_rows.c) look at this. */
#ifndef AVER_VERIFY_CPU_H
#define AVER_VERIFY_CPU_H

#include "verify/endorsements.h"
#include "verify/pck.h"
#include "verify/quote.h"
#include "verify/tcb.h"

struct aver_cpu {
    char quote_fault[200];   /* why the quote cannot be read; "" if it can */
    struct aver_quote quote; /* views of the caller's bytes */
    struct aver_endorsements *e;
    struct aver_platform *platform; /* NULL without a quote */
    struct aver_platform *own;      /* the same, if the set had no room */
    /* Its certificates, or copies in the set of the same bytes; NULL unless
     * there are three. */
    struct aver_link *leaf, *ca, *root;
    char pck_fault[200];
    struct aver_pck pck;
    /* What was found for this platform; NULL: nothing. */
    struct aver_document *tcb_info, *qe_identity;
    struct aver_chain *tcb_signers, *qe_signers;
    struct aver_list *root_list, *pck_list;
    uint8_t attestation_point[65]; /* 04 || x || y */
    bool evaluated;                /* both documents are readable */
    struct aver_tcb tcb;
};

/* Reads a quote and finds what goes with it at the time `at`. Borrows `quote`
 * and `e` until the end. NULL when memory is short. */
struct aver_cpu *aver_cpu_new(struct aver_bytes quote,
                              struct aver_endorsements *e, int64_t at);
void aver_cpu_free(struct aver_cpu *c);

/* A time in which something is valid, both ends included. */
struct aver_window {
    const char *what;
    int64_t start, end;
};
#define AVER_WINDOWS_MAX 16
/* Of all that the judgement rests on; how many there are. */
unsigned aver_cpu_windows(const struct aver_cpu *c,
                          struct aver_window w[static AVER_WINDOWS_MAX]);
/* The end of the first of them that ends; 0 if there are none. */
int64_t aver_cpu_valid_until(const struct aver_cpu *c);
/* The number of Intel's data set: the smaller one of the two documents'. They
 * must have been evaluated. */
uint64_t aver_cpu_evaluation(const struct aver_cpu *c);
/* The end of the first of them that ends. NULL if there is none. */
const struct aver_window *aver_window_first_end(const struct aver_window *w,
                                                unsigned n);

#endif
