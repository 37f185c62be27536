/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsement_checks: whether what Intel says about the platform is Intel's,
 * and holds at the time in question. What is not there at all leaves a row
 * unknown: it could not be judged. */
#include "verify/cpu_checks.h"

#include "base/time.h"

#include <string.h>

static const char missing[] =
    "missing: give it with --collateral (aver endorse fetches it)";

static bool usable(const struct aver_list *l)
{
    return l != NULL && l->fault[0] == '\0';
}

/* One list; `by` is the CA that must have signed it. */
static enum aver_result judge_list(struct aver_ec *ec, struct aver_list *l,
                                   const struct aver_link *by,
                                   const char *whose, struct aver_note *why)
{
    if (l == NULL)
        return aver_say(why, AVER_UNKNOWN, "%s list is %s", whose, missing);
    if (l->fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s list is %.180s", whose, l->fault);
    if (l->crl.unknown_critical)
        return aver_say(why, AVER_FAIL,
                        "%s list demands something that is not known here",
                        whose);
    if (!l->crl.has_next_update || !l->crl.has_number ||
        !l->crl.has_authority_id)
        return aver_say(why, AVER_FAIL,
                        "%s list misses its number, its end, or its signer's "
                        "id",
                        whose);
    if (!aver_crl_signed_by_link(ec, &l->crl, &l->memo, by))
        return aver_say(why, AVER_FAIL, "%s list is not signed by it", whose);
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_lists)
{
    const struct aver_cpu *c = s->cpu;

    if (c->leaf == NULL)
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    enum aver_result root =
        judge_list(c->e->ec, c->root_list, c->root, "the root's", why);
    if (root == AVER_FAIL)
        return root;
    struct aver_note note = {0};
    enum aver_result ca =
        judge_list(c->e->ec, c->pck_list, c->ca, "the PCK CA's", &note);
    if (ca == AVER_FAIL || root == AVER_PASS) {
        *why = note;
        return ca;
    }
    return root;
}

static bool lists(const struct aver_list *l, const struct aver_link *cert)
{
    return aver_crl_lists(&l->crl, cert->cert.serial);
}

/* The leaf of a document's signers, if it can be looked up. */
static bool signer_listed(const struct aver_cpu *c,
                          const struct aver_chain *signers)
{
    return signers != NULL && signers->n > 0 &&
           lists(c->root_list, &signers->link[0]);
}

AVER_CPU_CHECK(aver_check_revoked)
{
    const struct aver_cpu *c = s->cpu;

    if (c->leaf == NULL)
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    if (!usable(c->root_list) || !usable(c->pck_list))
        return aver_say(why, AVER_SKIP,
                        "there is no list of withdrawn certificates to look "
                        "at");
    if (lists(c->pck_list, c->leaf))
        return aver_say(why, AVER_FAIL,
                        "Intel has withdrawn the platform's certificate");
    if (lists(c->root_list, c->ca))
        return aver_say(why, AVER_FAIL,
                        "Intel has withdrawn the PCK CA's certificate");
    if (signer_listed(c, c->tcb_signers) || signer_listed(c, c->qe_signers))
        return aver_say(why, AVER_FAIL,
                        "Intel has withdrawn the certificate that signs TCB "
                        "infos");
    if (lists(c->root_list, c->root) &&
        !(s->policy->allow & AVER_ALLOW_ROOT_SELF_REVOCATION))
        return aver_say(why, AVER_FAIL,
                        "the root lists itself as withdrawn (--allow "
                        "root-self-revocation)");
    return AVER_PASS;
}

/* Why these are not the certificates of Intel's TCB signer; NULL if they are.
 */
static const char *signers_fault(const struct aver_subject *s,
                                 struct aver_chain *c)
{
    struct aver_link *leaf = &c->link[0], *root = &c->link[1];
    struct aver_ec *ec = s->cpu->e->ec;

    if (c->fault[0] != '\0')
        return c->fault;
    if (c->n != 2)
        return "not two certificates, of the signer and the root";
    if (!aver_link_named(leaf, "Intel SGX TCB Signing") ||
        !aver_link_named(root, "Intel SGX Root CA"))
        return "not, in this order, of Intel's TCB signer and the root";
    if (leaf->cert.unknown_critical || root->cert.unknown_critical)
        return "one demands something that is not known here";
    if (!leaf->cert.has_constraints || leaf->cert.ca || !leaf->cert.has_usage ||
        !(leaf->cert.usage & AVER_USE_SIGNATURE) ||
        leaf->cert.curve != AVER_P256)
        return "the signer's is not for signatures alone";
    if (!aver_is_root(root, s->policy))
        return "they end in a root that is not the trusted one";
    if (!aver_root_signed(ec, root) ||
        !aver_bytes_equal(leaf->cert.issuer, root->cert.subject) ||
        !aver_link_signed_by(ec, leaf, root))
        return "the root did not sign the signer's";
    return NULL;
}

static enum aver_result judge_signers(const struct aver_subject *s,
                                      const struct aver_document *d,
                                      struct aver_chain *c, const char *whose,
                                      struct aver_note *why)
{
    const char *fault = NULL;

    if (d == NULL)
        return aver_say(why, AVER_SKIP, "there is no %s", whose);
    if (c == NULL)
        return aver_say(why, AVER_UNKNOWN,
                        "the certificates of the signer of the %s are %s",
                        whose, missing);
    fault = signers_fault(s, c);
    if (fault != NULL)
        return aver_say(why, AVER_FAIL, "%s: %.170s", whose, fault);
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_tcb_signer)
{
    const struct aver_cpu *c = s->cpu;
    enum aver_result first =
        judge_signers(s, c->tcb_info, c->tcb_signers, "TCB info", why);

    if (first == AVER_FAIL)
        return first;
    struct aver_note note = {0};
    enum aver_result second =
        judge_signers(s, c->qe_identity, c->qe_signers, "QE identity", &note);
    if (second == AVER_FAIL || first == AVER_PASS) {
        *why = note;
        return second;
    }
    return first;
}

static enum aver_result judge_signature(struct aver_ec *ec,
                                        struct aver_document *d,
                                        struct aver_chain *signers,
                                        const char *whose,
                                        struct aver_note *why)
{
    if (d == NULL)
        return aver_say(why, AVER_SKIP, "there is no %s", whose);
    if (signers == NULL || signers->n == 0)
        return aver_say(why, AVER_SKIP, "who signed the %s is not known",
                        whose);
    if (!d->has_signature)
        return aver_say(why, AVER_SKIP, "the %s has no signature to check",
                        whose);
    if (signers->link[0].cert.curve != AVER_P256 ||
        !aver_text_signed_by_link(ec, aver_buf_view(&d->text),
                                  aver_bytes_of(d->signature, 64), &d->memo,
                                  &signers->link[0]))
        return aver_say(why, AVER_FAIL,
                        "the signer did not sign these very bytes");
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_tcb_info_signature)
{
    const struct aver_cpu *c = s->cpu;

    if (c->leaf == NULL || c->pck_fault[0] != '\0')
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    return judge_signature(c->e->ec, c->tcb_info, c->tcb_signers, "TCB info",
                           why);
}

AVER_CPU_CHECK(aver_check_qe_identity_signature)
{
    const struct aver_cpu *c = s->cpu;

    if (c->leaf == NULL || c->pck_fault[0] != '\0')
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    return judge_signature(c->e->ec, c->qe_identity, c->qe_signers,
                           "QE identity", why);
}

AVER_CPU_CHECK(aver_check_endorsements)
{
    const struct aver_cpu *c = s->cpu;
    const struct aver_document *const docs[] = {c->tcb_info, c->qe_identity};
    static const char *const names[] = {"the TCB info", "the QE identity"};

    if (c->leaf == NULL || c->pck_fault[0] != '\0')
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    for (unsigned i = 0; i < 2; i++)
        if (docs[i] != NULL && docs[i]->fault[0] != '\0')
            return aver_say(why, AVER_FAIL, "%s: %.200s", names[i],
                            docs[i]->fault);
    /* A TCB info of other platforms alone is for the row tdx.tcb_match. */
    for (unsigned i = 0; i < 2; i++)
        if (docs[i] == NULL && (i == 1 || c->e->ntcb == 0))
            return aver_say(why, AVER_UNKNOWN, "%s is %s", names[i], missing);
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_begun)
{
    struct aver_window w[AVER_WINDOWS_MAX];
    unsigned n = aver_cpu_windows(s->cpu, w);
    char text[AVER_TIME_TEXT];

    for (unsigned i = 0; i < n; i++)
        if (s->policy->at < w[i].start) {
            aver_time_format(text, w[i].start);
            return aver_say(why, AVER_FAIL, "%s begins to hold at %s",
                            w[i].what, text);
        }
    if (n == 0)
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_not_expired)
{
    struct aver_window w[AVER_WINDOWS_MAX];
    unsigned n = aver_cpu_windows(s->cpu, w);
    const struct aver_window *first = aver_window_first_end(w, n);
    char text[AVER_TIME_TEXT];

    if (first == NULL)
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    aver_time_format(text, first->end);
    if (s->policy->at > first->end)
        return aver_say(why, AVER_FAIL, "%s ended at %s", first->what, text);
    return aver_say(why, AVER_PASS, "until %s (%s)", text, first->what);
}
