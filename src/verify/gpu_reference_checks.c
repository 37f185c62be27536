/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_reference_checks: what the rows look at that hold devices against what
 * NVIDIA signs about them: RIMs, and OCSP answers. What is not there at all
 * leaves a row unknown, unless it was demanded, or done without. */
#include "verify/gpu_checks.h"

#include "base/text.h"
#include "base/time.h"
#include "verify/revocation.h"
#include "verify/roots.h"

#include <stdio.h>
#include <string.h>

/* Index of the video decoder's firmware, which is measured where that is on. */
#define NVDEC0_INDEX 35

/* What is missing: a failure, or unknown, as the policy has it. */
static enum aver_result missing(const struct aver_policy *p, unsigned require,
                                unsigned allow, struct aver_note *why)
{
    if (p->require & require)
        return AVER_FAIL;
    why->optional = (p->allow & allow) != 0;
    return AVER_UNKNOWN;
}

static bool judged(const struct aver_gpu_device *d)
{
    return d->report_flaw.cause == NULL && d->fields_flaw.cause == NULL &&
           d->id.chip != AVER_CHIP_UNKNOWN;
}

/* ---- RIMs ---- */

/* A device's RIMs; NULL where there is none, or none is wanted. */
struct rims {
    unsigned n;
    struct aver_rim *of[2];
    const char *name[2];
};

static struct rims rims_of(const struct aver_gpu_device *d)
{
    struct rims r = {0};

    if (!aver_is_switch(d)) {
        r.of[r.n] = d->driver;
        r.name[r.n++] = d->driver_rim;
    }
    r.of[r.n] = d->vbios;
    r.name[r.n++] = d->vbios_rim;
    return r;
}

static const uint8_t *rim_root(const struct aver_policy *p)
{
    if (p->trust == AVER_TRUST_SIMULATOR)
        return p->simulator_rim_root;
    return p->has_rim_root ? p->rim_root : aver_root_rim;
}

static bool is_simulated(const struct aver_rim *r, const struct aver_policy *p)
{
    uint8_t spki[32];

    if (r->chain.n == 0)
        return false;
    aver_link_spki(spki, &r->chain.link[r->chain.n - 1]);
    return memcmp(spki, p->simulator_rim_root, 32) == 0;
}

static enum aver_result judge_rim(const struct aver_subject *s,
                                  struct aver_rim *r, const char *name,
                                  struct aver_note *why)
{
    struct aver_flaw flaw = {0};

    if (aver_rim_holds(s->gpus->e->ec, r, rim_root(s->policy), s->policy->at,
                       &flaw) == 0)
        return AVER_PASS;
    why->cause = flaw.cause;
    if (strcmp(flaw.cause, "rim_chain:root") == 0 &&
        is_simulated(r, s->policy)) {
        why->cause = "SIMULATED";
        return aver_say(why, AVER_SIMULATED, "%s comes from the simulator",
                        name);
    }
    return aver_say(why, AVER_FAIL, "%s: %.190s", name, flaw.text);
}

/* Of the right version, and about another product, or not of that kind. */
static bool is_foreign(const struct aver_gpu_device *d,
                       const struct aver_rim *r)
{
    return r->flaw.cause == NULL &&
           (strcmp(r->product, aver_gpus_product(d)) != 0 ||
            strcmp(r->edition, aver_gpus_edition(d)) != 0);
}

static enum aver_result rim(const struct aver_subject *s,
                            struct aver_gpu_device *d, struct aver_note *why)
{
    struct rims r = rims_of(d);

    if (!judged(d))
        return aver_say(why, AVER_SKIP, "its report cannot be read");
    for (unsigned i = 0; i < r.n; i++) {
        enum aver_result result;

        if (r.of[i] == NULL)
            continue;
        if (is_foreign(d, r.of[i])) {
            why->cause = "rim_product";
            return aver_say(why, AVER_FAIL,
                            "what there is for %s is about a %s (%s)",
                            r.name[i], r.of[i]->product, r.of[i]->edition);
        }
        result = judge_rim(s, r.of[i], r.name[i], why);
        if (result != AVER_PASS)
            return result;
    }
    for (unsigned i = 0; i < r.n; i++)
        if (r.of[i] == NULL)
            return aver_say(why,
                            missing(s->policy, AVER_REQUIRE_RIM,
                                    AVER_ALLOW_RIM_MISSING, why),
                            "%s is missing: give it with --rim (aver endorse "
                            "fetches it)",
                            r.name[i]);
    int both = r.n == 2 ? aver_rim_conflict(r.of[0], r.of[1]) : -1;
    if (both >= 0) {
        why->cause = "rim_conflict";
        return aver_say(why, AVER_FAIL, "driver and VBIOS both define index %d",
                        both);
    }
    return aver_say(why, AVER_PASS, "%s%s%s", r.name[0], r.n == 2 ? ", " : "",
                    r.n == 2 ? r.name[1] : "");
}

/* ---- measurements ---- */

static void skip_index(struct aver_rim_skips *skips, unsigned i)
{
    skips->set[i / 8] |= (uint8_t)(1U << i % 8);
}

/* "index 9 of NV_GPU_VBIOS_…" */
static void name_mismatch(char *out, size_t n, const struct aver_gpu_device *d)
{
    const struct aver_rim *source = d->compared.mismatch[0].source;

    snprintf(out, n, "index %u of %s", d->compared.mismatch[0].index,
             source == d->driver ? d->driver_rim : d->vbios_rim);
}

/* Only against lists that hold. Where one is missing that need not be there,
 * the other counts all the same. */
static enum aver_result measurements(const struct aver_subject *s,
                                     struct aver_gpu_device *d,
                                     struct aver_note *why)
{
    struct aver_rim_skips skips = s->policy->rim_skips;
    struct rims r = rims_of(d);
    struct aver_note note = {0};
    enum aver_result reference = rim(s, d, &note);
    char first[128];

    memset(&d->compared, 0, sizeof(d->compared));
    if (d->fields.nvdec0 == AVER_SW_OFF)
        skip_index(&skips, NVDEC0_INDEX);
    for (unsigned i = 0; i < r.n; i++)
        if (r.of[i] != NULL &&
            (reference == AVER_PASS || reference == AVER_UNKNOWN))
            aver_rim_compare(&d->compared, r.of[i], &d->report, &skips);
    if (d->compared.mismatches > 0) {
        name_mismatch(first, sizeof(first), d);
        return aver_say(why, AVER_FAIL,
                        "%u of %u measurements are not NVIDIA's, the first is "
                        "%s",
                        d->compared.mismatches, d->compared.compared, first);
    }
    if (reference != AVER_PASS) {
        why->optional = note.optional;
        return aver_say(why, AVER_SKIP,
                        "no reference: which firmware it runs is not known");
    }
    if (d->compared.compared == 0)
        return aver_say(why, AVER_UNKNOWN, "nothing was compared");
    return aver_say(why, AVER_PASS, "%u measurements are NVIDIA's",
                    d->compared.compared);
}

/* ---- revocation ---- */

static struct aver_revocation revocation_of(const struct aver_subject *s)
{
    const struct aver_endorsements *e = s->gpus->e;

    return (struct aver_revocation){
        .ec = e->ec,
        .staple = e->staple,
        .n = e->nstaples,
        .list = e->list,
        .nlists = e->nlists,
        .at = s->policy->at,
        .grace = s->policy->ocsp_grace,
    };
}

/* What a row says of a certificate that is not good. */
static enum aver_result not_good(const struct aver_subject *s,
                                 const struct aver_flaw *flaw,
                                 const char *whose, struct aver_note *why)
{
    why->cause = flaw->cause;
    if (strcmp(flaw->cause, "revocation_missing") != 0)
        return aver_say(why, AVER_FAIL, "%s: %.190s", whose, flaw->text);
    return aver_say(why,
                    missing(s->policy, AVER_REQUIRE_REVOCATION,
                            AVER_ALLOW_REVOCATION_MISSING, why),
                    "%s: whether it is withdrawn, nothing says: give it with "
                    "--ocsp (aver endorse fetches it)",
                    whose);
}

/* Of two results the one that is told: the first that fails, or else the first
 * that is open. What is missing must not hide what is withdrawn. */
static enum aver_result heavier(enum aver_result had, enum aver_result now,
                                const struct aver_note *note,
                                struct aver_note *why)
{
    if (now == AVER_PASS || had == AVER_FAIL ||
        (had != AVER_PASS && now != AVER_FAIL))
        return had;
    *why = *note;
    return now;
}

static enum aver_result say_until(struct aver_note *why, int64_t until)
{
    char text[AVER_TIME_TEXT];

    aver_time_format(text, until);
    return aver_say(why, AVER_PASS, "good until %s", text);
}

/* Neither the leaf is asked about, which the device makes itself, nor the
 * root. */
static enum aver_result revocation(const struct aver_subject *s,
                                   struct aver_gpu_device *d,
                                   struct aver_note *why)
{
    static const char *const whose[] = {"the device's certificate",
                                        "the provisioner's certificate",
                                        "the certificate of the identity CA"};
    struct aver_revocation r = revocation_of(s);
    enum aver_result result = AVER_PASS;
    int64_t until = INT64_MAX;

    /* Else whoever made them up decides how much there is to look up. */
    if (!aver_device_is_vouched_for(s, d))
        return aver_say(why, AVER_SKIP,
                        "its certificates do not lead to the root that you "
                        "trust");
    for (unsigned i = 1; i + 1 < d->nlinks; i++) {
        struct aver_flaw flaw = {0};
        struct aver_note note = {0};
        int64_t end = INT64_MAX;

        if (aver_revocation_of(&r, d->link[i], d->link[i + 1], &end, &flaw) !=
            AVER_STANDING_GOOD)
            result = heavier(result, not_good(s, &flaw, whose[i - 1], &note),
                             &note, why);
        until = end < until ? end : until;
    }
    return result == AVER_PASS ? say_until(why, until) : result;
}

/* The same causes about a RIM's signers. */
static const char *rim_cause(const char *cause)
{
    static const char *const causes[][2] = {
        {"revocation_missing", "rim_revocation_missing"},
        {"ocsp_signer", "rim_ocsp_signer"},
        {"ocsp_signature", "rim_ocsp_signature"},
        {"ocsp_time", "rim_ocsp_time"},
        {"revocation_unknown", "rim_revocation_unknown"},
    };

    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (strcmp(causes[i][0], cause) == 0)
            return causes[i][1];
    return "rim_revoked";
}

static enum aver_result judge_signers(const struct aver_subject *s,
                                      struct aver_rim *rim, const char *name,
                                      int64_t *until, struct aver_note *why)
{
    struct aver_revocation r = revocation_of(s);
    enum aver_result result = AVER_PASS;

    r.allow_hold = (s->policy->allow & AVER_ALLOW_RIM_HOLD) != 0;
    for (unsigned i = 0; i + 1 < rim->chain.n; i++) {
        struct aver_flaw flaw = {0};
        struct aver_note note = {0};
        int64_t end = INT64_MAX;

        if (aver_revocation_of(&r, &rim->chain.link[i], &rim->chain.link[i + 1],
                               &end, &flaw) != AVER_STANDING_GOOD) {
            enum aver_result now = not_good(s, &flaw, name, &note);

            note.cause = rim_cause(flaw.cause);
            result = heavier(result, now, &note, why);
        }
        *until = end < *until ? end : *until;
    }
    return result;
}

static enum aver_result rim_revocation(const struct aver_subject *s,
                                       struct aver_gpu_device *d,
                                       struct aver_note *why)
{
    struct rims r = rims_of(d);
    enum aver_result result = AVER_PASS;
    int64_t until = INT64_MAX;
    bool any = false;

    for (unsigned i = 0; i < r.n; i++) {
        struct aver_note note = {0};
        enum aver_result now;

        if (r.of[i] == NULL)
            continue;
        any = true;
        /* As of devices: only of signers whom the root vouches for. */
        if (judge_rim(s, r.of[i], r.name[i], &note) != AVER_PASS)
            return aver_say(why, AVER_SKIP, "%s does not hold", r.name[i]);
        now = judge_signers(s, r.of[i], r.name[i], &until, &note);
        result = heavier(result, now, &note, why);
    }
    if (!any)
        return aver_say(why, AVER_NO_MATTER, "there is no RIM");
    return result == AVER_PASS ? say_until(why, until) : result;
}

#define DEVICE_ROW(name, layer, check, cause)                                  \
    AVER_GPU_CHECK(name)                                                       \
    {                                                                          \
        return aver_each_device(s, layer, check, cause, why);                  \
    }
DEVICE_ROW(aver_check_gpu_rim, AVER_LAYER_MEASUREMENTS, rim, "rim_missing")
DEVICE_ROW(aver_check_gpu_measurements, AVER_LAYER_MEASUREMENTS, measurements,
           "measurement")
DEVICE_ROW(aver_check_gpu_revocation, AVER_LAYER_REVOCATION, revocation,
           "revocation_missing")
DEVICE_ROW(aver_check_gpu_rim_revocation, AVER_LAYER_REVOCATION, rim_revocation,
           "rim_revocation_missing")
