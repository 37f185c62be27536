/* SPDX-License-Identifier: Apache-2.0
 *
 * chain: certificates as they come, leaf first, each ready to be asked
 * whether another one signed it. The answer is kept, so that what was checked
 * once need not be checked again; it depends on no time. */
#ifndef AVER_VERIFY_CHAIN_H
#define AVER_VERIFY_CHAIN_H

#include "base/buf.h"
#include "crypto/cert.h"

#define AVER_CHAIN_MAX 6
#define AVER_CHAIN_TEXT_MAX ((size_t)32 << 10)

/* Whether a signature holds, and under which key that was found out. */
struct aver_memo {
    uint8_t under[AVER_EC_POINT_MAX];
    size_t n; /* 0: not asked yet */
    bool holds;
};

/* True if the answer under the key of this point is known: `holds`. */
bool aver_memo_knows(const struct aver_memo *m, struct aver_bytes point);
/* Keeps an answer, and returns it. */
bool aver_memo_keep(struct aver_memo *m, struct aver_bytes point, bool holds);

struct aver_link {
    struct aver_cert cert;
    struct aver_memo memo;
};

struct aver_chain {
    struct aver_buf text, store; /* PEM as it came, if it did; the DER */
    unsigned n;
    struct aver_link link[AVER_CHAIN_MAX];
    char fault[160]; /* why it could not be read; "" if it could */
};

/* Takes a PEM text apart; what is wrong with it is left in `fault`. Clear it
 * in any case. */
void aver_chain_init(struct aver_chain *c, struct aver_bytes pem);
/* The same of `n` certificates that come as DER, of which it keeps copies. -1
 * when memory is short. */
AVER_MUST_CHECK int aver_chain_init_der(struct aver_chain *c,
                                        const struct aver_bytes *der,
                                        unsigned n);
void aver_chain_clear(struct aver_chain *c);
/* True if `by` signed it. Names are not looked at. */
bool aver_link_signed_by(struct aver_ec *ec, struct aver_link *l,
                         const struct aver_link *by);
/* The same for a list, and for r || s over a text. */
bool aver_crl_signed_by_link(struct aver_ec *ec, const struct aver_crl *crl,
                             struct aver_memo *memo,
                             const struct aver_link *by);
bool aver_text_signed_by_link(struct aver_ec *ec, struct aver_bytes text,
                              struct aver_bytes rs, struct aver_memo *memo,
                              const struct aver_link *by);
/* SHA-256 of the key as it stands in the certificate. */
void aver_link_spki(uint8_t out[static 32], const struct aver_link *l);
bool aver_link_named(const struct aver_link *l, const char *common_name);

#endif
