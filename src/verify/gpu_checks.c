/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_checks: what the rows about each device look at: its certificates, its
 * report, and whether one belongs to the other. A row whose premise is missing
 * says skip, so that one flaw makes one row fail. */
#include "verify/gpu_checks.h"

#include "verify/report_checks.h"
#include "verify/roots.h"

#include <string.h>

static const char no_chain[] = "its certificates are not those of a device";
static const char no_report[] = "its report cannot be read";

bool aver_has_device_chain(const struct aver_gpu_device *d)
{
    return d->nlinks == AVER_DEVICE_CHAIN;
}

/* ---- the evidence as a whole ---- */

static bool wants_none(const struct aver_subject *s)
{
    return s->policy->has_gpu_count && s->policy->gpu_count == 0;
}

/* A report without any: others may have them, or none may be wanted. */
static enum aver_result without(const struct aver_subject *s,
                                struct aver_note *why)
{
    if (s->report != NULL && aver_report_others_have_gpus(s, why))
        return AVER_NO_MATTER;
    if (wants_none(s))
        return aver_say(why, AVER_NO_MATTER, "none, as was asked for");
    return aver_say(why, AVER_UNKNOWN,
                    "there is no GPU evidence (if no GPU is used: "
                    "--gpu-count 0)");
}

AVER_GPU_CHECK(aver_check_gpu_evidence)
{
    const struct aver_gpu_evidence *e = s->gpus->evidence;
    char name[AVER_DEVICE_NAME];

    if (s->report != NULL && !aver_report_usable(s->report))
        return aver_say(why, AVER_SKIP, "the report has not the shape of one");
    if (s->report != NULL && s->report->has_gpu == AVER_MALFORMED)
        return aver_say(why, AVER_FAIL, "%s", s->report->gpu_fault);
    if (e == NULL ||
        (s->report != NULL && e->n == 0 && strcmp(e->flaw.cause, "empty") == 0))
        return without(s, why);
    if (e->flaw.cause != NULL)
        return aver_say_flaw(why, &e->flaw);
    for (unsigned i = 0; i < e->n; i++) {
        const struct aver_flaw *f = &e->item[i].flaw;

        if (f->cause == NULL)
            continue;
        aver_device_found(&s->gpus->device[i], AVER_LAYER_AUTHENTIC, AVER_FAIL,
                          why, f->cause);
        why->cause = f->cause;
        return aver_say(why, AVER_FAIL, "%s: %.200s",
                        aver_device_name(name, s->gpus, i), f->text);
    }
    if (s->report != NULL && aver_gpus_count(s->gpus, false) == 0 &&
        !wants_none(s))
        return aver_say(why, AVER_UNKNOWN,
                        "there is evidence of switches alone, and of no GPU "
                        "(if no GPU is used: --gpu-count 0)");
    return aver_say(why, AVER_PASS, "%u device%s", e->n, e->n == 1 ? "" : "s");
}

/* ---- certificates ---- */

static enum aver_result certificates(const struct aver_subject *s,
                                     struct aver_gpu_device *d,
                                     struct aver_note *why)
{
    struct aver_flaw flaw = d->chain_flaw;

    (void)s;
    if (flaw.cause == NULL &&
        aver_gpu_chain_shape(d->link, d->nlinks, AVER_DEVICE_CHAIN, &flaw) == 0)
        return AVER_PASS;
    return aver_say_flaw(why, &flaw);
}

static bool well_formed(const struct aver_gpu_device *d)
{
    struct aver_flaw flaw = d->chain_flaw;

    return flaw.cause == NULL &&
           aver_gpu_chain_shape(d->link, d->nlinks, AVER_DEVICE_CHAIN, &flaw) ==
               0;
}

static const uint8_t *device_root(const struct aver_policy *p)
{
    if (p->trust == AVER_TRUST_SIMULATOR)
        return p->simulator_gpu_root;
    return p->has_gpu_root ? p->gpu_root : aver_root_nvidia;
}

static enum aver_result root(const struct aver_subject *s,
                             struct aver_gpu_device *d, struct aver_note *why)
{
    const struct aver_policy *p = s->policy;
    struct aver_flaw flaw = {0}, other = {0};

    if (!well_formed(d))
        return aver_say(why, AVER_SKIP, "%s", no_chain);
    if (aver_gpu_chain_root(d->link, d->nlinks, device_root(p), &flaw) == 0)
        return aver_say(why, AVER_PASS, "%s",
                        p->trust == AVER_TRUST_SIMULATOR
                            ? "made by the simulator, which you said to trust"
                            : "");
    if (aver_gpu_chain_root(d->link, d->nlinks, p->simulator_gpu_root,
                            &other) == 0) {
        why->cause = "SIMULATED";
        return aver_say(why, AVER_SIMULATED,
                        "the evidence comes from the simulator");
    }
    return aver_say_flaw(why, &flaw);
}

static enum aver_result chain(const struct aver_subject *s,
                              struct aver_gpu_device *d, struct aver_note *why)
{
    struct aver_flaw flaw = {0};

    if (!well_formed(d))
        return aver_say(why, AVER_SKIP, "%s", no_chain);
    if (aver_gpu_chain_signatures(s->gpus->e->ec, d->link, d->nlinks, &flaw) !=
        0)
        return aver_say_flaw(why, &flaw);
    return AVER_PASS;
}

bool aver_device_is_vouched_for(const struct aver_subject *s,
                                const struct aver_gpu_device *d)
{
    struct aver_flaw flaw = {0};

    return well_formed(d) &&
           aver_gpu_chain_root(d->link, d->nlinks, device_root(s->policy),
                               &flaw) == 0 &&
           aver_gpu_chain_signatures(s->gpus->e->ec, d->link, d->nlinks,
                                     &flaw) == 0;
}

static enum aver_result cert_time(const struct aver_subject *s,
                                  struct aver_gpu_device *d,
                                  struct aver_note *why)
{
    struct aver_flaw flaw = {0};

    if (!well_formed(d))
        return aver_say(why, AVER_SKIP, "%s", no_chain);
    if (aver_gpu_chain_times(d->link, d->nlinks, s->policy->at, &flaw) != 0)
        return aver_say_flaw(why, &flaw);
    return AVER_PASS;
}

static bool named(const char *claim, enum aver_chip chip)
{
    return aver_bytes_is_nocase(aver_bytes_str(claim), aver_chip_name(chip));
}

/* One list may hold GPUs and switches, if each says what it is: then its own
 * word is about some of them. */
static bool names_another(const struct aver_gpus *g, const char *claim)
{
    for (unsigned i = 0; i < g->n; i++)
        if (g->device[i].id.chip != AVER_CHIP_UNKNOWN &&
            named(claim, g->device[i].id.chip))
            return true;
    return false;
}

/* Of two lists the first is of GPUs, the second of switches. */
static bool in_wrong_list(const struct aver_gpus *g,
                          const struct aver_gpu_device *d)
{
    bool second = (unsigned)(d - g->device) >= g->evidence->first;

    return g->evidence->joined && aver_is_switch(d) != second;
}

/* The word that the list of this device has for all of its own; that of the
 * second was handed down to its devices. */
static bool list_disagrees(const struct aver_gpus *g,
                           const struct aver_gpu_device *d)
{
    const struct aver_gpu_evidence *e = g->evidence;

    if (!e->has_arch || named(e->arch, d->id.chip))
        return false;
    if (e->joined)
        return !aver_is_switch(d);
    return !(d->item->has_arch && names_another(g, e->arch));
}

/* The certificates decide; what stands beside them must agree. */
static enum aver_result arch(const struct aver_subject *s,
                             struct aver_gpu_device *d, struct aver_note *why)
{
    const struct aver_gpu_evidence *e = s->gpus->evidence;
    const struct aver_gpu_item *item = d->item;

    if (!well_formed(d))
        return aver_say(why, AVER_SKIP, "%s", no_chain);
    if (d->id.chip == AVER_CHIP_UNKNOWN || !d->id.has_pdi)
        return aver_say(why, AVER_FAIL,
                        "its certificates are of no chip that is known here");
    if (!d->id.brom_agrees)
        return aver_say(why, AVER_FAIL,
                        "the second certificate is not of the same chip's "
                        "boot ROM");
    if (item->has_arch && !named(item->arch, d->id.chip))
        return aver_say(why, AVER_FAIL, "it is called %s, and is a %s",
                        item->arch, aver_chip_name(d->id.chip));
    if (in_wrong_list(s->gpus, d))
        return aver_say(why, AVER_FAIL, "a %s stands in the list of %s",
                        aver_is_switch(d) ? "switch" : "GPU",
                        aver_is_switch(d) ? "GPUs" : "switches");
    if (list_disagrees(s->gpus, d))
        return aver_say(why, AVER_FAIL, "the list is called %s, and it is a %s",
                        e->arch, aver_chip_name(d->id.chip));
    return aver_say(why, AVER_PASS, "%s, device %s", aver_chip_name(d->id.chip),
                    d->id.id);
}

/* ---- the report ---- */

static bool has_report(const struct aver_gpu_device *d)
{
    return d->report_flaw.cause == NULL;
}

static bool not_filled(const struct aver_gpu_device *d)
{
    return d->fields_flaw.cause != NULL &&
           strcmp(d->fields_flaw.cause, "opaque") == 0;
}

static enum aver_result report(const struct aver_subject *s,
                               struct aver_gpu_device *d, struct aver_note *why)
{
    if (!has_report(d))
        return aver_say_flaw(why, &d->report_flaw);
    if (d->report.trailing > 0 &&
        !(s->policy->allow & AVER_ALLOW_TRAILING_BYTES)) {
        why->cause = "trailing";
        return aver_say(why, AVER_FAIL,
                        "%zu zeros behind the report (--allow trailing-bytes)",
                        d->report.trailing);
    }
    /* That NVIDIA's fields fill their place is a matter of form. */
    if (not_filled(d))
        return aver_say_flaw(why, &d->fields_flaw);
    return aver_say(why, AVER_PASS, "%u measurements", d->report.n);
}

static enum aver_result signature(const struct aver_subject *s,
                                  struct aver_gpu_device *d,
                                  struct aver_note *why)
{
    if (!has_report(d))
        return aver_say(why, AVER_SKIP, "%s", no_report);
    if (d->nlinks == 0 || d->link[0]->cert.curve != AVER_P384)
        return aver_say(why, AVER_SKIP, "%s", no_chain);
    if (!d->signature_asked)
        d->signature_holds = aver_ec_verify_raw(
            s->gpus->e->ec, AVER_P384, d->link[0]->cert.point,
            d->report.message, d->report.signature);
    d->signature_asked = true;
    if (!d->signature_holds)
        return aver_say(why, AVER_FAIL,
                        "the key of its first certificate did not sign these "
                        "very bytes");
    return AVER_PASS;
}

static enum aver_result fields(const struct aver_subject *s,
                               struct aver_gpu_device *d, struct aver_note *why)
{
    (void)s;
    if (!has_report(d) || not_filled(d))
        return aver_say(why, AVER_SKIP, "%s", no_report);
    if (d->fields_flaw.cause != NULL)
        return aver_say_flaw(why, &d->fields_flaw);
    return aver_say(why, AVER_PASS, "driver %s, VBIOS %s",
                    d->fields.driver[0] != '\0' ? d->fields.driver : "-",
                    d->fields.vbios[0] != '\0' ? d->fields.vbios : "-");
}

static bool has_fields(const struct aver_gpu_device *d)
{
    return has_report(d) && d->fields_flaw.cause == NULL;
}

static enum aver_result switch_pdi(const struct aver_subject *s,
                                   struct aver_gpu_device *d,
                                   struct aver_note *why)
{
    (void)s;
    if (!aver_is_switch(d))
        return aver_say(why, AVER_NO_MATTER, "it is no switch");
    if (!has_fields(d) || !d->id.has_pdi)
        return aver_say(why, AVER_SKIP, "%s", no_report);
    if (!d->fields.has_own_pdi)
        return aver_say(why, AVER_FAIL, "the report does not name the switch");
    if (memcmp(d->fields.own_pdi, d->id.pdi, AVER_PDI) != 0)
        return aver_say(why, AVER_FAIL,
                        "the report names another switch than the "
                        "certificates");
    return AVER_PASS;
}

/* Drivers of old say nothing of the firmware; then there is nothing to hold
 * the certificate against. */
static enum aver_result fwid(const struct aver_subject *s,
                             struct aver_gpu_device *d, struct aver_note *why)
{
    (void)s;
    if (!has_fields(d) || !aver_has_device_chain(d))
        return aver_say(why, AVER_SKIP, "%s", no_report);
    if (!d->fields.has_fwid)
        return aver_say(why, AVER_NO_MATTER, "the report names no firmware");
    if (d->id.fwid_state != AVER_FWID_OK) {
        why->cause = "fwid_ext";
        return aver_say(why, AVER_FAIL, "the first certificate: %s",
                        d->id.fwid_state == AVER_FWID_BAD
                            ? d->id.fwid_fault
                            : "it names no firmware, and the report does");
    }
    if (memcmp(d->id.fwid, d->fields.fwid, 48) != 0)
        return aver_say(why, AVER_FAIL,
                        "the report names other firmware than the one that "
                        "its key was made for");
    return AVER_PASS;
}

/* ---- nonces ---- */

/* What the devices must have been asked with; NULL: it is not known. */
static const uint8_t *wanted(const struct aver_subject *s)
{
    if (s->report != NULL)
        return aver_report_nonce_for_gpus(s->report);
    return s->policy->has_nonce ? s->policy->nonce : NULL;
}

static enum aver_result nonce(const struct aver_subject *s,
                              struct aver_gpu_device *d, struct aver_note *why)
{
    const uint8_t *want = wanted(s);

    if (!has_report(d))
        return aver_say(why, AVER_SKIP, "%s", no_report);
    if (want == NULL && s->report != NULL)
        return aver_say(why, AVER_SKIP, "there is no nonce to compare with");
    if (want == NULL && s->policy->as_of) {
        why->optional = true;
        return aver_say(why, AVER_UNKNOWN,
                        "judged as of the time it was saved");
    }
    if (want == NULL)
        return aver_say(why, AVER_UNKNOWN,
                        "no nonce was given to compare with (--nonce)");
    if (memcmp(d->report.nonce.p, want, 32) != 0)
        return aver_say(why, AVER_FAIL, "it was asked with another nonce");
    return AVER_PASS;
}

static enum aver_result judge_claim(const struct aver_gpu_claim *c,
                                    const uint8_t *want, const char *whose,
                                    struct aver_note *why)
{
    if (c->state == AVER_CLAIM_ABSENT)
        return AVER_PASS;
    if (c->state == AVER_CLAIM_BAD) {
        why->cause = "nonce_format";
        return aver_say(why, AVER_FAIL, "%s nonce is not 64 hex digits", whose);
    }
    if (want != NULL && memcmp(c->nonce, want, 32) != 0)
        return aver_say(why, AVER_FAIL, "%s nonce is another one", whose);
    return AVER_PASS;
}

static enum aver_result nonce_envelope(const struct aver_subject *s,
                                       struct aver_gpu_device *d,
                                       struct aver_note *why)
{
    const uint8_t *want = wanted(s);
    enum aver_result all =
        judge_claim(&s->gpus->evidence->nonce, want, "the list's", why);

    if (all != AVER_PASS)
        return all;
    return judge_claim(&d->item->nonce, want, "its", why);
}

#define DEVICE_ROW(name, layer, check, cause)                                  \
    AVER_GPU_CHECK(name)                                                       \
    {                                                                          \
        return aver_each_device(s, layer, check, cause, why);                  \
    }
DEVICE_ROW(aver_check_gpu_certificates, AVER_LAYER_AUTHENTIC, certificates,
           "cert_profile")
DEVICE_ROW(aver_check_gpu_root, AVER_LAYER_AUTHENTIC, root, "root")
DEVICE_ROW(aver_check_gpu_chain, AVER_LAYER_AUTHENTIC, chain, "cert_signature")
DEVICE_ROW(aver_check_gpu_cert_time, AVER_LAYER_AUTHENTIC, cert_time,
           "cert_time")
DEVICE_ROW(aver_check_gpu_arch, AVER_LAYER_AUTHENTIC, arch, "arch")
DEVICE_ROW(aver_check_gpu_report, AVER_LAYER_AUTHENTIC, report, "block")
DEVICE_ROW(aver_check_gpu_signature, AVER_LAYER_AUTHENTIC, signature,
           "signature")
DEVICE_ROW(aver_check_gpu_fields, AVER_LAYER_AUTHENTIC, fields, "opaque_value")
DEVICE_ROW(aver_check_gpu_switch_pdi, AVER_LAYER_AUTHENTIC, switch_pdi,
           "switch_pdi")
DEVICE_ROW(aver_check_gpu_fwid, AVER_LAYER_AUTHENTIC, fwid, "fwid")
DEVICE_ROW(aver_check_gpu_nonce, AVER_LAYER_AUTHENTIC, nonce, "nonce")
DEVICE_ROW(aver_check_gpu_nonce_envelope, AVER_LAYER_AUTHENTIC, nonce_envelope,
           "nonce_envelope")
