/* SPDX-License-Identifier: Apache-2.0
 *
 * report_checks: what each row about a report looks at. A row whose premise
 * is missing says skip, so that one flaw makes one row fail. */
#include "verify/report_checks.h"
#include "verify/binding.h"

#include <string.h>

static const char no_shape[] = "the report has not the shape of one";

bool aver_report_usable(const struct aver_report *r)
{
    return r->fault[0] == '\0';
}

/* Whether one of the reports that came along is such a one; asked where this
 * one is not. */
static bool beside(const struct aver_subject *s,
                   bool (*is)(const struct aver_report *r,
                              const struct aver_policy *p))
{
    bool found = false;

    for (unsigned i = 0; s->scopes != NULL && i < s->scopes->n; i++)
        found = found || is(s->scopes->scope[i].report, s->policy);
    return found;
}

static const struct aver_report_nature *nature_of(const struct aver_report *r)
{
    return aver_report_nature(r->kind);
}

AVER_CHECK(aver_check_report_shape)
{
    if (s->report->fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s", s->report->fault);
    return AVER_PASS;
}

AVER_CHECK(aver_check_quote_agrees)
{
    const struct aver_report *r = s->report;

    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (r->has_second == AVER_ABSENT)
        return aver_say(why, AVER_NO_MATTER, "the report holds it once");
    if (r->has_second == AVER_MALFORMED)
        return aver_say(why, AVER_FAIL,
                        "the member quote is neither hex nor base64");
    if (!aver_bytes_equal(aver_buf_view(&r->quote_bytes),
                          aver_buf_view(&r->second)))
        return aver_say(why, AVER_FAIL,
                        "quote and intel_quote hold different bytes");
    return AVER_PASS;
}

static bool same_machine(const struct aver_quote *a, const struct aver_quote *b)
{
    bool same = aver_bytes_equal(a->td.mrtd, b->td.mrtd) &&
                aver_bytes_equal(a->td.mrconfigid, b->td.mrconfigid) &&
                aver_bytes_equal(a->td.td_attributes, b->td.td_attributes);

    for (int i = 0; i < 4; i++)
        same = same && aver_bytes_equal(a->td.rtmr[i], b->td.rtmr[i]);
    return same;
}

AVER_CHECK(aver_check_same_machine)
{
    const struct aver_report *r = s->report;

    if (r->outer == NULL)
        return aver_say(why, AVER_NO_MATTER, "it speaks for itself");
    if (!aver_report_usable(r) || !r->quote_ok || !r->outer->quote_ok)
        return aver_say(why, AVER_SKIP, "there are no two quotes to compare");
    if (!same_machine(&r->quote, &r->outer->quote))
        return aver_say(why, AVER_FAIL,
                        "its measurements are not those of the report that it "
                        "stands in");
    return AVER_PASS;
}

static bool has_gpus(const struct aver_report *r, const struct aver_policy *p)
{
    (void)p;
    return nature_of(r)->gpus;
}

bool aver_report_others_have_gpus(const struct aver_subject *s,
                                  struct aver_note *why)
{
    const struct aver_report_nature *nature = nature_of(s->report);

    if (nature->gpus || s->report->has_gpu != AVER_ABSENT ||
        !beside(s, has_gpus))
        return false;
    aver_say(why, AVER_NO_MATTER, "%s has none", nature->words);
    return true;
}

AVER_CHECK(aver_check_key_address)
{
    const struct aver_report *r = s->report;
    char derived[AVER_KEY_ID_TEXT], claimed[AVER_KEY_ID_TEXT];

    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (!nature_of(r)->key)
        return aver_say(why, AVER_NO_MATTER, "%s names no signing key",
                        nature_of(r)->words);
    if (r->has_public == AVER_ABSENT)
        return aver_say(why, AVER_NO_MATTER,
                        "the report names the address alone");
    if (r->has_public == AVER_MALFORMED)
        return aver_say(why, AVER_FAIL,
                        "signing_public_key is no %s key in hex",
                        aver_algo_name(r->algo));
    aver_key_id_format(derived, &r->public_id);
    aver_key_id_format(claimed, &r->key);
    if (!aver_key_id_equal(&r->public_id, &r->key))
        return aver_say(why, AVER_FAIL,
                        "signing_public_key belongs to %s, not to %s", derived,
                        claimed);
    return aver_say(why, AVER_PASS, "%s", claimed);
}

static bool holds_expected(const struct aver_subject *s)
{
    const uint8_t *want = aver_expected(s, AVER_EXPECT_REPORT_DATA);

    return want != NULL && s->report->quote_ok &&
           aver_bytes_equal_ct(s->report->quote.report_data.p, want, 64);
}

/* Before any rule: what no quote may hold, and what was said beforehand. */
static const char *report_data_fault(const struct aver_subject *s)
{
    const struct aver_report *r = s->report;

    if (aver_report_data_zero(r->quote.report_data.p))
        return "report_data is all zero: the quote binds nothing";
    if (r->has_echo == AVER_PRESENT &&
        !aver_bytes_equal_ct(r->echo, r->quote.report_data.p, 64))
        return "the member report_data is not what the quote holds";
    if (aver_expected(s, AVER_EXPECT_REPORT_DATA) != NULL && !holds_expected(s))
        return "report_data is not what you expect";
    return NULL;
}

static void bind(struct aver_bound *b, const struct aver_subject *s)
{
    memset(b, 0, sizeof(*b));
    aver_binding_of(s->report)->make(
        s->report, s->policy->has_nonce ? s->policy->nonce : NULL, b);
}

static enum aver_result say_differs(const struct aver_binding *rule, int half,
                                    struct aver_note *why)
{
    if (rule->surmised)
        return aver_say(why, AVER_UNKNOWN,
                        "without request_nonce the rule is not known; it is "
                        "not %s",
                        rule->sentence);
    return aver_say(why, AVER_FAIL, "bytes %s of report_data are not %s",
                    half == 0 ? "0 to 31" : "32 to 63", rule->half[half]);
}

/* What is left open can be settled by who knows all 64 bytes. */
AVER_CHECK(aver_check_report_data)
{
    const struct aver_report *r = s->report;
    const struct aver_binding *rule = aver_binding_of(r);
    struct aver_bound bound;

    if (!aver_report_usable(r) || !r->quote_ok)
        return aver_say(why, AVER_SKIP, "there is no quote to look at");
    if (r->has_nonce == AVER_MALFORMED)
        return aver_say(why, AVER_SKIP, "%s cannot be read",
                        nature_of(r)->nonce);
    const char *fault = report_data_fault(s);
    if (fault != NULL)
        return aver_say(why, AVER_FAIL, "%s", fault);
    bind(&bound, s);
    int half =
        bound.n == 0 ? -1 : aver_bound_differs(&bound, r->quote.report_data.p);
    if (half >= 0)
        return say_differs(rule, half, why);
    if (bound.open == NULL)
        return aver_say(why, AVER_PASS, "by the rule %s: %s", rule->name,
                        rule->sentence);
    if (holds_expected(s))
        return aver_say(why, AVER_PASS,
                        "by the rule expect: all 64 bytes are "
                        "what you expect");
    return aver_say(why, AVER_UNKNOWN, "%s", bound.open);
}

static bool has_key(const struct aver_report *r, const struct aver_policy *p)
{
    (void)p;
    return nature_of(r)->key;
}

static bool key_expected(const struct aver_report *r,
                         const struct aver_policy *p)
{
    return nature_of(r)->key && aver_key_id_equal(&r->key, &p->key);
}

/* Receipts are signed by this very report's key, and are about to be asked. */
static bool answers(const struct aver_subject *s)
{
    return s->policy->key_signs && s->scopes != NULL &&
           aver_scopes_signer(s->scopes) == s->report;
}

AVER_CHECK(aver_check_report_address)
{
    const struct aver_report *r = s->report;
    char there[AVER_KEY_ID_TEXT];

    if (!s->policy->has_key)
        return aver_say(why, AVER_NO_MATTER, "no address was asked for");
    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (key_expected(r, s->policy))
        return AVER_PASS;
    if (!answers(s) && beside(s, key_expected))
        return aver_say(why, AVER_NO_MATTER, "it is the key of another one");
    if (!nature_of(r)->key)
        return aver_say(why, beside(s, has_key) ? AVER_NO_MATTER : AVER_UNKNOWN,
                        "%s names no signing key", nature_of(r)->words);
    aver_key_id_format(there, &r->key);
    return aver_say(why, AVER_FAIL, "the report's key is %s", there);
}

static bool ends_tls(const struct aver_report *r, const struct aver_policy *p)
{
    (void)p;
    return nature_of(r)->tls;
}

static bool tls_key_seen(const struct aver_report *r,
                         const struct aver_policy *p)
{
    return nature_of(r)->tls && r->has_spki &&
           memcmp(r->spki, p->spki, 32) == 0;
}

AVER_CHECK(aver_check_tls_key)
{
    const struct aver_report *r = s->report;

    if (!s->policy->has_spki)
        return aver_say(why, AVER_NO_MATTER, "no TLS key was given");
    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (tls_key_seen(r, s->policy))
        return AVER_PASS;
    if (beside(s, tls_key_seen) || (!nature_of(r)->tls && beside(s, ends_tls)))
        return aver_say(why, AVER_NO_MATTER, "TLS ends in another one");
    return aver_say(why, AVER_FAIL, "the report binds %s TLS key",
                    r->has_spki ? "another" : "no");
}

AVER_CHECK(aver_check_nonce_echo)
{
    const char *name = nature_of(s->report)->nonce;

    if (!aver_report_usable(s->report))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (name == NULL)
        return aver_say(why, AVER_NO_MATTER, "%s names none by itself",
                        nature_of(s->report)->words);
    if (s->report->has_nonce == AVER_ABSENT)
        return aver_say(why, AVER_UNKNOWN, "there is no %s", name);
    if (s->report->has_nonce == AVER_MALFORMED)
        return aver_say(why, AVER_FAIL, "%s is not 64 hex digits", name);
    return AVER_PASS;
}

const uint8_t *aver_report_nonce_for_gpus(const struct aver_report *r)
{
    if (nature_of(r)->nonce == NULL)
        return r->quote_ok ? r->quote.report_data.p : NULL;
    return r->has_nonce == AVER_PRESENT ? r->nonce : NULL;
}

/* A report that names no nonce: it may be inside what the quote holds. */
static enum aver_result fresh_by_binding(const struct aver_subject *s,
                                         struct aver_note *why)
{
    const struct aver_report *r = s->report;
    struct aver_bound bound;

    if (!r->quote_ok)
        return aver_say(why, AVER_SKIP, "there is no quote to look at");
    bind(&bound, s);
    if (bound.n == 0 || bound.first_unknown)
        return aver_say(why, AVER_UNKNOWN,
                        "whether the quote holds the nonce cannot be said");
    if (aver_bound_differs(&bound, r->quote.report_data.p) >= 0)
        return aver_say(why, AVER_SKIP, "the quote holds something else");
    return aver_say(why, AVER_PASS, "the quote holds it");
}

AVER_CHECK(aver_check_fresh)
{
    const struct aver_report *r = s->report;
    const struct aver_policy *p = s->policy;

    if (p->as_of) {
        why->optional = true;
        return aver_say(why, AVER_UNKNOWN,
                        "judged as of the time it was "
                        "saved");
    }
    if (nature_of(r)->nonce == NULL && holds_expected(s))
        return aver_say(why, AVER_NO_MATTER,
                        "you said what the quote must hold");
    if (!p->has_nonce)
        return aver_say(why, AVER_UNKNOWN,
                        "no nonce was given to compare with");
    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (nature_of(r)->nonce == NULL)
        return fresh_by_binding(s, why);
    if (r->has_nonce != AVER_PRESENT)
        return aver_say(why, AVER_SKIP, "the report names no nonce");
    if (memcmp(r->nonce, p->nonce, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the report was made for another nonce");
    return AVER_PASS;
}
