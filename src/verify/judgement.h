/* SPDX-License-Identifier: Apache-2.0
 *
 * judgement: what aver.h gives out: verdicts, and the values behind them as
 * text, copied out of the evidence, so that it outlives everything else. */
#ifndef AVER_VERIFY_JUDGEMENT_H
#define AVER_VERIFY_JUDGEMENT_H

#include "verify/rows.h"

#define AVER_FIELDS_MAX 48
#define AVER_FIELD_TEXT 132 /* 64 bytes as hex */
#define AVER_DEVICE_FIELDS_MAX 16

struct aver_field {
    const char *name;
    char value[AVER_FIELD_TEXT];
};

/* A GPU or switch. */
struct aver_judged_device {
    unsigned n;
    struct aver_field field[AVER_DEVICE_FIELDS_MAX];
};

/* One scope. */
struct aver_judged {
    char name[64];
    unsigned nfindings;
    struct aver_finding finding[AVER_CHECKS_MAX]; /* views of the verdict */
    unsigned nfields;
    struct aver_field field[AVER_FIELDS_MAX];
    unsigned nadvisories;
    char advisory[AVER_ADVISORIES_MAX][64];
    unsigned ndevices;
    struct aver_judged_device *device; /* owned */
};

struct aver_judgement {
    bool simulated;
    bool has_signer; /* a report: whose key signs receipts */
    struct aver_key_id signer;
    unsigned n;
    struct aver_verdict *verdict; /* n of them */
    struct aver_judged *scope;    /* likewise */
};

/* With room for n scopes, all undecided. NULL when memory is short. */
struct aver_judgement *aver_judgement_new(unsigned n);
/* Names a scope whose verdict is there, and makes its findings. */
void aver_judgement_fill(struct aver_judgement *j, unsigned i,
                         const char *name);
/* Takes all scopes of `from`, from number `at` on. -1 when memory is short. */
AVER_MUST_CHECK int aver_judgement_copy(struct aver_judgement *j, unsigned at,
                                        const struct aver_judgement *from);
/* Writes down what the subject of a verdict holds, by name. -1 when memory is
 * short. */
AVER_MUST_CHECK int aver_judged_describe(struct aver_judged *out,
                                         const struct aver_subject *s,
                                         const struct aver_verdict *v);

/* The same of its devices alone; and a copy. */
AVER_MUST_CHECK int aver_judged_devices(struct aver_judged *out,
                                        const struct aver_gpus *g);
AVER_MUST_CHECK int aver_judged_devices_copy(struct aver_judged *to,
                                             const struct aver_judged *from);

#endif
