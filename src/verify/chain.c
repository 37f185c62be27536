/* SPDX-License-Identifier: Apache-2.0
 *
 * chain: see chain.h. */
#include "verify/chain.h"

#include "crypto/pem.h"
#include "crypto/sha2.h"

#include <stdio.h>
#include <string.h>

static void start(struct aver_chain *c)
{
    memset(c, 0, sizeof(*c));
    aver_buf_init(&c->text, AVER_CHAIN_TEXT_MAX);
    aver_buf_init(&c->store, AVER_CHAIN_TEXT_MAX);
}

/* Reads each; only if all can be read are there any. */
static void read_links(struct aver_chain *c, const struct aver_bytes *der,
                       unsigned n)
{
    struct aver_error why;

    for (unsigned i = 0; i < n; i++)
        if (aver_cert_parse(&c->link[i].cert, der[i], &why) != 0) {
            snprintf(c->fault, sizeof(c->fault), "certificate %u: %.130s",
                     i + 1, why.text);
            return;
        }
    c->n = n;
}

void aver_chain_init(struct aver_chain *c, struct aver_bytes pem)
{
    struct aver_bytes der[AVER_CHAIN_MAX];
    struct aver_error why;
    unsigned n = 0;

    start(c);
    if (aver_buf_append(&c->text, pem.p, pem.n) != 0) {
        snprintf(c->fault, sizeof(c->fault), "more than 32 KiB of text");
        return;
    }
    if (aver_pem_certificates(der, AVER_CHAIN_MAX, &n, &c->store, pem, &why) !=
        0) {
        snprintf(c->fault, sizeof(c->fault), "%.150s", why.text);
        return;
    }
    read_links(c, der, n);
}

int aver_chain_init_der(struct aver_chain *c, const struct aver_bytes *der,
                        unsigned n)
{
    struct aver_bytes own[AVER_CHAIN_MAX];
    size_t total = 0;

    start(c);
    for (unsigned i = 0; i < n; i++)
        total += der[i].n;
    if (n > AVER_CHAIN_MAX || total > AVER_CHAIN_TEXT_MAX) {
        snprintf(c->fault, sizeof(c->fault),
                 "more than %d certificates, or than 32 KiB", AVER_CHAIN_MAX);
        return 0;
    }
    /* All of it at once: the store must not move under the views. */
    if (aver_buf_reserve(&c->store, total) != 0)
        return -1;
    for (unsigned i = 0; i < n; i++) {
        size_t before = c->store.n;

        if (aver_buf_append(&c->store, der[i].p, der[i].n) != 0)
            return -1;
        own[i] = der[i].n > 0 ? aver_bytes_of(c->store.p + before, der[i].n)
                              : der[i];
    }
    read_links(c, own, n);
    return 0;
}

void aver_chain_clear(struct aver_chain *c)
{
    aver_buf_clear(&c->text);
    aver_buf_clear(&c->store);
    c->n = 0;
}

bool aver_memo_knows(const struct aver_memo *m, struct aver_bytes point)
{
    return m->n > 0 && aver_bytes_equal(aver_bytes_of(m->under, m->n), point);
}

bool aver_memo_keep(struct aver_memo *m, struct aver_bytes point, bool holds)
{
    m->n = point.n;
    memcpy(m->under, point.p, m->n);
    m->holds = holds;
    return holds;
}

bool aver_link_signed_by(struct aver_ec *ec, struct aver_link *l,
                         const struct aver_link *by)
{
    if (aver_memo_knows(&l->memo, by->cert.point))
        return l->memo.holds;
    return aver_memo_keep(&l->memo, by->cert.point,
                          aver_cert_signed_by(ec, &l->cert, &by->cert));
}

bool aver_crl_signed_by_link(struct aver_ec *ec, const struct aver_crl *crl,
                             struct aver_memo *memo, const struct aver_link *by)
{
    if (aver_memo_knows(memo, by->cert.point))
        return memo->holds;
    return aver_memo_keep(memo, by->cert.point,
                          aver_crl_signed_by(ec, crl, &by->cert));
}

bool aver_text_signed_by_link(struct aver_ec *ec, struct aver_bytes text,
                              struct aver_bytes rs, struct aver_memo *memo,
                              const struct aver_link *by)
{
    if (aver_memo_knows(memo, by->cert.point))
        return memo->holds;
    return aver_memo_keep(
        memo, by->cert.point,
        aver_ec_verify_raw(ec, by->cert.curve, by->cert.point, text, rs));
}

void aver_link_spki(uint8_t out[static 32], const struct aver_link *l)
{
    aver_sha256(out, l->cert.spki);
}

bool aver_link_named(const struct aver_link *l, const char *common_name)
{
    return aver_bytes_is(l->cert.common_name, common_name);
}
