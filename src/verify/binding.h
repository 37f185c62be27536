/* SPDX-License-Identifier: Apache-2.0
 *
 * binding: what the 64 bytes of report_data must be, by named rules. Which
 * rule a report falls under follows from its kind and from which members it
 * has, never from which rule happens to fit. */
#ifndef AVER_VERIFY_BINDING_H
#define AVER_VERIFY_BINDING_H

#include "verify/report.h"

/* What a rule makes of a report. */
struct aver_bound {
    /* Spellings of one content: the quote must hold one of them. 0: the rule
     * says nothing about this report, and `open` says why. */
    unsigned n;
    uint8_t want[AVER_SPELLINGS][64];
    bool first_unknown; /* bytes 0 to 31 of `want` cannot be made */
    const char *open;   /* why a match is no proof yet; NULL: it is one */
};

struct aver_binding {
    const char *name;     /* "address" */
    const char *sentence; /* what the 64 bytes are */
    const char *half[2];  /* what each half is, where they are told apart */
    bool surmised;        /* a report may follow another rule as well */
    /* `nonce`: the one that was asked for, 32 bytes, or NULL. */
    void (*make)(const struct aver_report *r, const uint8_t *nonce,
                 struct aver_bound *b);
};

extern const struct aver_binding aver_bindings[];
extern const unsigned aver_bindings_n;

const struct aver_binding *aver_binding_of(const struct aver_report *r);
/* The bytes that a quote holds, against `b`: -1 if all that is known of them
 * fits, else the half that does not. In constant time in the content. */
int aver_bound_differs(const struct aver_bound *b,
                       const uint8_t report_data[static 64]);
bool aver_report_data_zero(const uint8_t report_data[static 64]);

/* dstack's quotes with a content type ("app-data", "kms-root-ca",
 * "ratls-cert"): SHA-512(tag ":" content). */
void aver_binding_content(uint8_t out[static 64], const char *tag,
                          struct aver_bytes content);

#endif
