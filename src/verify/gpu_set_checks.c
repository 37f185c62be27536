/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_set_checks: what the rows about all devices together look at. */
#include "verify/gpu_checks.h"

#include "base/text.h"
#include "verify/report_checks.h"

#include <stdio.h>
#include <string.h>

#define PPCIE_GPUS 8
#define PPCIE_SWITCHES 4

static bool readable(const struct aver_gpu_device *d)
{
    return d->item->flaw.cause == NULL && d->report_flaw.cause == NULL &&
           d->fields_flaw.cause == NULL && d->id.has_pdi;
}

static bool all_readable(const struct aver_gpus *g)
{
    for (unsigned i = 0; i < g->n; i++)
        if (!readable(&g->device[i]))
            return false;
    return true;
}

/* What holds of all, or fails, whosever it is. */
static enum aver_result all(const struct aver_subject *s,
                            enum aver_result result,
                            const struct aver_note *why, const char *cause)
{
    for (unsigned i = 0; i < s->gpus->n; i++)
        aver_device_found(&s->gpus->device[i], AVER_LAYER_POLICY, result, why,
                          cause);
    return result;
}

/* ---- one device shown twice ---- */

/* The device is its boot ROM: firmware makes leaves, and makes them anew. */
static bool same_device(const struct aver_gpu_device *a,
                        const struct aver_gpu_device *b)
{
    if (!aver_has_device_chain(a) || !aver_has_device_chain(b))
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (aver_bytes_equal(a->link[i]->cert.point, b->link[i]->cert.point))
            return true;
    return a->id.has_pdi && b->id.has_pdi && strcmp(a->id.id, b->id.id) == 0;
}

AVER_GPU_CHECK(aver_check_gpu_distinct)
{
    const struct aver_gpus *g = s->gpus;
    enum aver_result premise = aver_gpu_premise(s, why);

    if (premise != AVER_PASS)
        return premise;
    for (unsigned i = 1; i < g->n; i++)
        for (unsigned j = 0; j < i; j++)
            if (same_device(&g->device[i], &g->device[j])) {
                aver_say(why, AVER_FAIL, "devices %u and %u are one", j, i);
                aver_device_found(&g->device[i], AVER_LAYER_AUTHENTIC,
                                  AVER_FAIL, why, "duplicate_device");
                return AVER_FAIL;
            }
    return AVER_PASS;
}

/* ---- mode ---- */

static const char *mode_word(enum aver_gpu_mode mode)
{
    return mode == AVER_MODE_UNKNOWN ? "a mode that is not told"
                                     : aver_gpu_mode_name(mode);
}

/* Any mode will do, if it is the same for all GPUs. */
AVER_GPU_CHECK(aver_check_gpu_mode)
{
    const struct aver_gpus *g = s->gpus;
    const struct aver_gpu_device *first = NULL;
    enum aver_result premise = aver_gpu_premise(s, why);

    if (premise != AVER_PASS)
        return premise;
    for (unsigned i = 0; i < g->n; i++) {
        const struct aver_gpu_device *d = &g->device[i];

        if (aver_is_switch(d) || !readable(d))
            continue;
        if (first == NULL)
            first = d;
        if (d->fields.mode != first->fields.mode) {
            aver_say(why, AVER_FAIL, "one GPU is in %s, another in %s",
                     mode_word(first->fields.mode), mode_word(d->fields.mode));
            return all(s, AVER_FAIL, why, "mode_mixed");
        }
    }
    if (first == NULL)
        return aver_say(why, AVER_NO_MATTER, "no GPU's report can be read");
    aver_say(why, AVER_PASS, "%s", mode_word(first->fields.mode));
    return all(s, AVER_PASS, why, NULL);
}

AVER_GPU_CHECK(aver_check_gpu_count)
{
    unsigned n = aver_gpus_count(s->gpus, false);

    if (!s->policy->has_gpu_count)
        return aver_say(why, AVER_NO_MATTER, "no number was asked for");
    if (s->report != NULL && aver_report_others_have_gpus(s, why))
        return AVER_NO_MATTER;
    if (s->report != NULL && (!aver_report_usable(s->report) ||
                              s->report->has_gpu == AVER_MALFORMED))
        return aver_say(why, AVER_SKIP, "there is no list to count");
    if (n != s->policy->gpu_count) {
        aver_say(why, AVER_FAIL, "evidence of %u, not of %u", n,
                 s->policy->gpu_count);
        return all(s, AVER_FAIL, why, "count");
    }
    return aver_say(why, AVER_PASS, "%u", n);
}

/* ---- eight GPUs and their switches ---- */

static bool is_zero(const uint8_t pdi[static AVER_PDI])
{
    static const uint8_t zero[AVER_PDI];

    return memcmp(pdi, zero, AVER_PDI) == 0;
}

/* True if one of the devices (switches or GPUs) has this PDI by its
 * certificates. */
static bool attested(const struct aver_gpus *g, bool switches,
                     const uint8_t pdi[static AVER_PDI])
{
    for (unsigned i = 0; i < g->n; i++)
        if (aver_is_switch(&g->device[i]) == switches &&
            memcmp(g->device[i].id.pdi, pdi, AVER_PDI) == 0)
            return true;
    return false;
}

static bool among(const uint8_t (*list)[AVER_PDI], unsigned n,
                  const uint8_t pdi[static AVER_PDI])
{
    for (unsigned i = 0; i < n; i++)
        if (memcmp(list[i], pdi, AVER_PDI) == 0)
            return true;
    return false;
}

/* The list names exactly the attested devices of the other sort; zeros may
 * stand for nothing. */
static bool same_set(const struct aver_gpus *g, bool switches,
                     const uint8_t (*list)[AVER_PDI], unsigned n,
                     bool zeros_allowed)
{
    for (unsigned i = 0; i < n; i++)
        if (!(zeros_allowed && is_zero(list[i])) &&
            !attested(g, switches, list[i]))
            return false;
    for (unsigned i = 0; i < g->n; i++)
        if (aver_is_switch(&g->device[i]) == switches &&
            !among(list, n, g->device[i].id.pdi))
            return false;
    return true;
}

static const char *gpu_fault(const struct aver_gpus *g,
                             const struct aver_gpu_device *d)
{
    if (d->fields.mode != AVER_MODE_PPCIE)
        return "is not in the mode PPCIE";
    if (d->fields.nlinks == 0 ||
        !same_set(g, true, d->fields.link, d->fields.nlinks, true))
        return "is not linked to exactly the switches that are shown";
    return NULL;
}

static const char *switch_fault(const struct aver_gpus *g,
                                const struct aver_gpu_device *d)
{
    if (!d->fields.has_lock || !d->fields.locked)
        return "is not locked";
    if (!d->fields.has_gpus ||
        !same_set(g, false, d->fields.gpu, AVER_SWITCH_GPUS, false))
        return "is not linked to exactly the GPUs that are shown";
    return NULL;
}

static enum aver_result judge_topology(const struct aver_subject *s,
                                       struct aver_note *why)
{
    const struct aver_gpus *g = s->gpus;
    unsigned gpus = aver_gpus_count(g, false);
    unsigned switches = aver_gpus_count(g, true);
    char name[AVER_DEVICE_NAME];

    if (gpus != PPCIE_GPUS || switches != PPCIE_SWITCHES) {
        aver_say(why, AVER_FAIL, "%u GPUs and %u switches, not %d and %d", gpus,
                 switches, PPCIE_GPUS, PPCIE_SWITCHES);
        return all(s, AVER_FAIL, why, "topology");
    }
    for (unsigned i = 0; i < g->n; i++) {
        struct aver_gpu_device *d = &g->device[i];
        const char *fault =
            aver_is_switch(d) ? switch_fault(g, d) : gpu_fault(g, d);

        if (fault == NULL)
            continue;
        aver_say(why, AVER_FAIL, "%s %s", aver_device_name(name, g, i), fault);
        aver_device_found(d, AVER_LAYER_POLICY, AVER_FAIL, why, "topology");
        return AVER_FAIL;
    }
    return aver_say(why, AVER_PASS, "%d GPUs behind their %d switches, locked",
                    PPCIE_GPUS, PPCIE_SWITCHES);
}

static bool any_ppcie(const struct aver_gpus *g)
{
    for (unsigned i = 0; i < g->n; i++)
        if (!aver_is_switch(&g->device[i]) &&
            g->device[i].fields.mode == AVER_MODE_PPCIE)
            return true;
    return false;
}

AVER_GPU_CHECK(aver_check_gpu_topology)
{
    const struct aver_gpus *g = s->gpus;
    bool asked = (s->policy->require & AVER_REQUIRE_TOPOLOGY) != 0;
    enum aver_result premise = aver_gpu_premise(s, why);

    if (premise != AVER_PASS)
        return premise;
    if (!asked && !any_ppcie(g))
        return aver_say(why, AVER_NO_MATTER, "no GPU works through switches");
    if (!all_readable(g))
        return aver_say(why, AVER_SKIP, "not every report can be read");
    if (!asked && aver_gpus_count(g, true) == 0) {
        why->optional = true;
        aver_say(why, AVER_UNKNOWN,
                 "the GPUs work through switches, of which there is no "
                 "evidence (--require topology)");
        return all(s, AVER_UNKNOWN, why, NULL);
    }
    return judge_topology(s, why);
}

/* ---- the CPU's word for them ---- */

static bool is_half(const struct aver_report *r, unsigned half,
                    const struct aver_gpus *g)
{
    const uint8_t *nonce = r->quote.report_data.p + 32 * half;

    for (unsigned i = 0; i < g->n; i++)
        if (g->device[i].report_flaw.cause != NULL ||
            memcmp(g->device[i].report.nonce.p, nonce, 32) != 0)
            return false;
    return true;
}

static bool digest_fits(enum aver_presence has, const uint8_t *claimed,
                        bool there, const uint8_t *digest)
{
    if (has != AVER_PRESENT)
        return !there;
    return there && memcmp(claimed, digest, 32) == 0;
}

/* The statement that the quote covers names digests of the evidence. */
static enum aver_result by_digest(const struct aver_report *r,
                                  const struct aver_gpu_evidence *e,
                                  struct aver_note *why)
{
    if (!digest_fits(r->has_gpu_digest, r->gpu_digest, true, e->digest) ||
        !digest_fits(r->has_switch_digest, r->switch_digest,
                     e->has_switch_digest, e->switch_digest))
        return aver_say(why, AVER_FAIL,
                        "the quote's statement is about other GPU evidence");
    return aver_say(why, AVER_PASS,
                    "by digest: the quote's statement names SHA-256 of this "
                    "very evidence");
}

AVER_GPU_CHECK(aver_check_gpu_bound)
{
    const struct aver_report *r = s->report;
    enum aver_result premise;

    if (r == NULL)
        return aver_say(why, AVER_NO_MATTER, "there is no quote beside it");
    premise = aver_gpu_premise(s, why);
    if (premise != AVER_PASS)
        return premise;
    if (!r->quote_ok)
        return aver_say(why, AVER_SKIP, "there is no quote to look at");
    if (r->has_gpu_digest != AVER_ABSENT)
        return by_digest(r, s->gpus->evidence, why);
    if (is_half(r, 1, s->gpus))
        return aver_say(why, AVER_PASS,
                        "by nonce: the GPUs signed the nonce that the quote "
                        "holds in bytes 32 to 63");
    if (is_half(r, 0, s->gpus))
        return aver_say(why, AVER_PASS,
                        "by nonce: the GPUs signed what the quote holds in "
                        "bytes 0 to 31");
    return aver_say(why, AVER_UNKNOWN,
                    "GPU not bound: the quote holds nothing that the GPUs "
                    "signed");
}
