/* SPDX-License-Identifier: Apache-2.0
 *
 * revocation: see revocation.h. RFC 6960 section 3.2 for when an answer is to
 * be accepted, 4.2.2.2 for who may sign it. */
#include "verify/revocation.h"

#include "base/time.h"
#include "verify/endorsements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (24 * 60 * 60)

/* The certificate that came along and that the answer names as its signer's;
 * NULL if none did. */
static const struct aver_cert *responder_of(const struct aver_ocsp *o)
{
    for (unsigned i = 0; i < o->ncerts; i++)
        if (aver_ocsp_responder_is(o, &o->cert[i]))
            return &o->cert[i];
    return NULL;
}

struct aver_staple *aver_staple_new(struct aver_bytes der)
{
    struct aver_staple *s = calloc(1, sizeof(*s));
    struct aver_error why;

    if (s == NULL)
        return NULL;
    aver_buf_init(&s->der, AVER_OCSP_MAX);
    if (der.n > AVER_OCSP_MAX) {
        snprintf(s->fault, sizeof(s->fault), "more than %zu bytes",
                 AVER_OCSP_MAX);
        return s;
    }
    if (aver_buf_append(&s->der, der.p, der.n) != 0) {
        free(s);
        return NULL;
    }
    if (aver_ocsp_parse(&s->ocsp, aver_buf_view(&s->der), &why) != 0)
        snprintf(s->fault, sizeof(s->fault), "%.150s", why.text);
    else
        s->responder = responder_of(&s->ocsp);
    return s;
}

void aver_staple_free(struct aver_staple *s)
{
    if (s == NULL)
        return;
    aver_buf_clear(&s->der);
    free(s);
}

/* How far one thing got that says something of the certificate. What got
 * furthest counts. */
enum reached {
    NOTHING = 0,
    SIGNER,
    SIGNATURE,
    TIME,
    NO_WORD, /* it holds, and says neither */
    GOOD,
    REVOKED
};

struct finding {
    enum reached reached;
    int64_t until; /* of GOOD */
    bool held;     /* GOOD, since a hold is put up with */
    struct aver_flaw flaw;
};

/* The certificate that is asked about, whose issuer is `by`. */
struct question {
    const struct aver_revocation *r;
    const struct aver_link *l, *by;
};

static void keep_better(struct finding *best, const struct finding *f)
{
    if (f->reached > best->reached ||
        (f->reached == GOOD && best->reached == GOOD && f->until > best->until))
        *best = *f;
}

static int64_t later(int64_t at, int64_t by)
{
    return by > 0 && at > INT64_MAX - by ? INT64_MAX : at + by;
}

static const char *reason_name(const struct aver_ocsp_single *s)
{
    static const char *const names[] = {
        "unspecified",     "keyCompromise",
        "cACompromise",    "affiliationChanged",
        "superseded",      "cessationOfOperation",
        "certificateHold", "",
        "removeFromCRL",   "privilegeWithdrawn",
        "aACompromise",
    };

    if (!s->has_reason || s->reason >= sizeof(names) / sizeof(names[0]))
        return "no reason given";
    return names[s->reason];
}

/* With eight devices under one provisioner, one responder certificate is in
 * eight answers: what was found out in one of them holds for all. */
static bool delegated(const struct question *q, struct aver_staple *s)
{
    const struct aver_cert *issuer = &q->by->cert;

    if (aver_memo_knows(&s->delegation, issuer->point))
        return s->delegation.holds;
    for (unsigned i = 0; i < q->r->n; i++) {
        const struct aver_staple *other = q->r->staple[i];

        if (other->responder != NULL &&
            aver_memo_knows(&other->delegation, issuer->point) &&
            aver_bytes_equal(other->responder->der, s->responder->der))
            return aver_memo_keep(&s->delegation, issuer->point,
                                  other->delegation.holds);
    }
    return aver_memo_keep(&s->delegation, issuer->point,
                          aver_cert_signed_by(q->r->ec, s->responder, issuer));
}

/* Whoever may answer for the issuer besides itself. A revoked certificate
 * stays so after its responder's own has ended. */
static int check_responder(const struct question *q, struct aver_staple *s,
                           bool any_time, struct aver_flaw *flaw)
{
    const struct aver_cert *c = s->responder;
    char from[AVER_TIME_TEXT], to[AVER_TIME_TEXT];

    if (c == NULL)
        return aver_flaw(flaw, "ocsp_signer",
                         "the OCSP answer is signed neither by the issuer nor "
                         "by a certificate that came along");
    if (!aver_bytes_equal(c->issuer, q->by->cert.subject) || !delegated(q, s))
        return aver_flaw(flaw, "ocsp_signer",
                         "the certificate that signed the OCSP answer was not "
                         "issued by the issuer itself");
    if (!aver_cert_may_sign_ocsp(c))
        return aver_flaw(flaw, "ocsp_signer",
                         "the certificate that signed the OCSP answer is not "
                         "one for OCSP signing");
    if (!any_time && (q->r->at < c->not_before ||
                      q->r->at > later(c->not_after, q->r->grace))) {
        aver_time_format(from, c->not_before);
        aver_time_format(to, c->not_after);
        return aver_flaw(flaw, "ocsp_signer",
                         "the certificate that signed the OCSP answer is "
                         "valid from %s to %s",
                         from, to);
    }
    return 0;
}

static bool signature_holds(const struct question *q, struct aver_staple *s,
                            const struct aver_cert *signer)
{
    const struct aver_ocsp *o = &s->ocsp;

    if (aver_memo_knows(&s->memo, signer->point))
        return s->memo.holds;
    return aver_memo_keep(&s->memo, signer->point,
                          o->signed_on == signer->curve &&
                              aver_ec_verify(q->r->ec, signer->curve,
                                             signer->point, o->tbs,
                                             o->signature));
}

/* RFC 6960 4.2.2.1. Without nextUpdate newer word can be had at any time: a
 * day is what NVIDIA's responder gives itself. */
static int check_window(const struct question *q,
                        const struct aver_ocsp_single *single, int64_t *until,
                        struct aver_flaw *flaw)
{
    int64_t next = single->has_next_update ? single->next_update
                                           : later(single->this_update, DAY);
    char from[AVER_TIME_TEXT], to[AVER_TIME_TEXT];

    *until = later(next, q->r->grace);
    if (single->this_update <= q->r->at && q->r->at <= *until)
        return 0;
    aver_time_format(from, single->this_update);
    aver_time_format(to, next);
    return aver_flaw(flaw, "ocsp_time", "the OCSP answer is good from %s to %s",
                     from, to);
}

static bool is_hold(const struct aver_ocsp_single *s)
{
    return s->has_reason && s->reason == 6;
}

static enum reached revoked(const struct aver_ocsp_single *s,
                            struct aver_flaw *flaw)
{
    char at[AVER_TIME_TEXT];

    aver_time_format(at, s->revoked_at);
    aver_flaw(flaw, "revoked", "%s since %s (%s)",
              is_hold(s) ? "on hold" : "revoked", at, reason_name(s));
    return REVOKED;
}

static enum reached judge_single(const struct question *q,
                                 struct aver_staple *s,
                                 const struct aver_ocsp_single *single,
                                 struct finding *f)
{
    bool issuer_signs = aver_ocsp_responder_is(&s->ocsp, &q->by->cert);
    bool bad = single->status == AVER_OCSP_REVOKED &&
               !(q->r->allow_hold && is_hold(single));

    if (!issuer_signs && check_responder(q, s, bad, &f->flaw) != 0)
        return SIGNER;
    if (!signature_holds(q, s, issuer_signs ? &q->by->cert : s->responder)) {
        aver_flaw(&f->flaw, "ocsp_signature",
                  "the OCSP answer's signature does not hold");
        return SIGNATURE;
    }
    if (bad)
        return revoked(single, &f->flaw);
    if (check_window(q, single, &f->until, &f->flaw) != 0)
        return TIME;
    if (!issuer_signs && f->until > later(s->responder->not_after, q->r->grace))
        f->until = later(s->responder->not_after, q->r->grace);
    if (s->ocsp.unknown_critical || single->unknown_critical) {
        aver_flaw(&f->flaw, "revocation_unknown",
                  "the OCSP answer has an extension that must be understood, "
                  "and is not");
        return NO_WORD;
    }
    if (single->status == AVER_OCSP_UNKNOWN) {
        aver_flaw(&f->flaw, "revocation_unknown",
                  "the responder says that it does not know it");
        return NO_WORD;
    }
    f->held = single->status == AVER_OCSP_REVOKED;
    return GOOD;
}

static void ask_staples(const struct question *q, struct finding *best)
{
    for (unsigned i = 0; i < q->r->n; i++) {
        struct aver_staple *s = q->r->staple[i];

        if (s->fault[0] != '\0')
            continue;
        for (unsigned k = 0; k < s->ocsp.n; k++) {
            struct finding f = {0};

            if (!aver_ocsp_about(&s->ocsp.single[k], &q->l->cert, &q->by->cert))
                continue;
            f.reached = judge_single(q, s, &s->ocsp.single[k], &f);
            keep_better(best, &f);
        }
    }
}

/* RFC 5280 6.3.3, for a complete list by the issuer itself. Who was on it
 * stays out, whatever the list's age. */
static enum reached judge_list(const struct question *q, struct aver_list *l,
                               struct finding *f)
{
    const struct aver_crl *crl = &l->crl;
    char to[AVER_TIME_TEXT];

    if (l->fault[0] != '\0' ||
        !aver_bytes_equal(crl->issuer, q->by->cert.subject) ||
        !aver_crl_signed_by_link(q->r->ec, crl, &l->memo, q->by))
        return NOTHING;
    if (aver_crl_lists(crl, q->l->cert.serial)) {
        aver_flaw(&f->flaw, "revoked",
                  "on its issuer's list of withdrawn certificates");
        return REVOKED;
    }
    if (crl->unknown_critical || !crl->has_next_update)
        return NOTHING;
    f->until = later(crl->next_update, q->r->grace);
    if (crl->this_update <= q->r->at && q->r->at <= f->until)
        return GOOD;
    aver_time_format(to, crl->next_update);
    aver_flaw(&f->flaw, "ocsp_time",
              "there is no OCSP answer, and its issuer's list of withdrawn "
              "certificates is not of that time: it ends at %s",
              to);
    return TIME;
}

/* An answer is newer than a list may be, or older: what it says counts, but
 * that a list has the certificate counts more. */
static void ask_lists(const struct question *q, struct finding *best)
{
    bool answered = best->reached >= NO_WORD;

    for (unsigned i = 0; i < q->r->nlists; i++) {
        struct finding f = {0};

        f.reached = judge_list(q, q->r->list[i], &f);
        if (f.reached == REVOKED || !answered)
            keep_better(best, &f);
    }
}

/* What is said where nothing is about the certificate. */
static void missing(const struct aver_revocation *r, struct aver_flaw *flaw)
{
    unsigned unreadable = 0;

    for (unsigned i = 0; i < r->n; i++)
        unreadable += r->staple[i]->fault[0] != '\0';
    if (unreadable > 0)
        aver_flaw(flaw, "revocation_missing",
                  "no OCSP answer is about it (of %u, of which %u cannot be "
                  "read), and no list of its issuer's holds",
                  r->n, unreadable);
    else
        aver_flaw(flaw, "revocation_missing",
                  "no OCSP answer is about it (of %u), and no list of its "
                  "issuer's holds",
                  r->n);
}

enum aver_standing aver_revocation_of(const struct aver_revocation *r,
                                      const struct aver_link *l,
                                      const struct aver_link *by,
                                      int64_t *until, struct aver_flaw *flaw)
{
    struct question q = {r, l, by};
    struct finding best = {0};

    ask_staples(&q, &best);
    if (!best.held) /* a list does not say that it is only a hold */
        ask_lists(&q, &best);
    if (best.reached == GOOD) {
        if (until != NULL)
            *until = best.until;
        return AVER_STANDING_GOOD;
    }
    if (best.reached == NOTHING)
        missing(r, &best.flaw);
    aver_flaw(flaw, best.flaw.cause, "%s", best.flaw.text);
    return best.reached == REVOKED ? AVER_STANDING_REVOKED
                                   : AVER_STANDING_UNKNOWN;
}
