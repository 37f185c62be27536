/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu_checks: the quote itself, and the certificates that come with it. A row
 * whose premise is missing says skip, so that one flaw makes one row fail. */
#include "verify/cpu_checks.h"

#include "crypto/sha2.h"
#include "verify/roots.h"

#include <string.h>

static const char no_quote[] = "there is no quote to look at";
const char aver_no_chain[] = "the certificates of the platform cannot be read";

static bool readable(const struct aver_cpu *c)
{
    return c->quote_fault[0] == '\0';
}

static bool is_td(const struct aver_cpu *c)
{
    return c->quote.tee == AVER_TEE_TDX;
}

AVER_CPU_CHECK(aver_check_quote_form)
{
    const struct aver_cpu *c = s->cpu;

    if (!readable(c))
        return aver_say(why, AVER_FAIL, "%s", c->quote_fault);
    if (c->quote.slack > 0 && !(s->policy->allow & AVER_ALLOW_AUTH_SLACK))
        return aver_say(why, AVER_FAIL,
                        "%zu bytes of its signature data belong to no part "
                        "(--allow auth-slack)",
                        c->quote.slack);
    return aver_say(why, AVER_PASS, "%s quote, version %u",
                    is_td(c) ? "TDX" : "SGX", c->quote.version);
}

AVER_CPU_CHECK(aver_check_trailing)
{
    struct aver_bytes t = s->cpu->quote.trailing;

    if (!readable(s->cpu))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] != 0 && !(s->policy->allow & AVER_ALLOW_TRAILING_BYTES))
            return aver_say(why, AVER_FAIL,
                            "byte %zu of the %zu that follow it is not zero "
                            "(--allow trailing-bytes)",
                            i + 1, t.n);
    return AVER_PASS;
}

/* The root that counts: the one of this call, or of the simulator, or
 * Intel's. */
static const uint8_t *root_of(const struct aver_policy *p)
{
    if (p->has_root)
        return p->root;
    return p->trust == AVER_TRUST_SIMULATOR ? p->simulator_root
                                            : aver_root_intel;
}

bool aver_is_root(const struct aver_link *l, const struct aver_policy *p)
{
    uint8_t spki[32];

    aver_link_spki(spki, l);
    return memcmp(spki, root_of(p), 32) == 0;
}

bool aver_root_signed(struct aver_ec *ec, struct aver_link *root)
{
    uint8_t hash[32];

    aver_sha256(hash, root->cert.der);
    return memcmp(hash, aver_root_intel_certificate, 32) == 0 ||
           (aver_bytes_equal(root->cert.issuer, root->cert.subject) &&
            aver_link_signed_by(ec, root, root));
}

static bool is_simulated(const struct aver_link *root,
                         const struct aver_policy *p)
{
    uint8_t spki[32];

    aver_link_spki(spki, root);
    return memcmp(spki, p->simulator_root, 32) == 0;
}

/* What a certificate of a place in the chain must be. */
static const char *ca_fault(const struct aver_cert *c, unsigned path_max)
{
    unsigned usage = AVER_USE_CERT_SIGN | AVER_USE_CRL_SIGN;

    if (!c->has_constraints || !c->ca)
        return "is no CA's";
    if (!c->has_path_max || c->path_max != path_max)
        return "may stand above a longer chain than this";
    if (!c->has_usage || (c->usage & usage) != usage)
        return "is not for signing certificates and lists";
    return NULL;
}

static const char *leaf_fault(const struct aver_cert *c)
{
    if (!c->has_constraints || c->ca)
        return "is a CA's, or does not say that it is none";
    if (!c->has_usage || !(c->usage & AVER_USE_SIGNATURE))
        return "is not for signatures";
    return NULL;
}

static const char *any_fault(const struct aver_cert *c)
{
    if (c->unknown_critical)
        return "demands something that is not known here";
    if (!c->has_authority_id || !c->has_subject_id || !c->has_crl_points)
        return "misses an extension that Intel's have";
    if (c->curve != AVER_P256 || c->signed_on != AVER_P256)
        return "is not of P-256 with SHA-256";
    return NULL;
}

static const char *link_fault(const struct aver_link *l, unsigned place)
{
    const char *fault = any_fault(&l->cert);

    if (fault != NULL)
        return fault;
    return place == 0 ? leaf_fault(&l->cert) : ca_fault(&l->cert, place - 1);
}

/* Certificate i must be signed by i + 1, and name it. */
static bool linked(const struct aver_cpu *c, struct aver_link *l,
                   const struct aver_link *by)
{
    return aver_bytes_equal(l->cert.issuer, by->cert.subject) &&
           aver_link_signed_by(c->e->ec, l, by);
}

static bool named_as_pck(const struct aver_cpu *c)
{
    return aver_link_named(c->leaf, "Intel SGX PCK Certificate") &&
           (aver_link_named(c->ca, "Intel SGX PCK Platform CA") ||
            aver_link_named(c->ca, "Intel SGX PCK Processor CA")) &&
           aver_link_named(c->root, "Intel SGX Root CA");
}

/* A Platform CA certifies an instance and its setup, a Processor CA neither. */
static bool extension_fits(const struct aver_cpu *c)
{
    bool platform = aver_link_named(c->ca, "Intel SGX PCK Platform CA");

    return c->pck.has_instance == platform && c->pck.has_setup == platform &&
           memcmp(c->pck.cpusvn, c->pck.components, 16) == 0;
}

static enum aver_result foreign_root(const struct aver_subject *s,
                                     struct aver_note *why)
{
    if (is_simulated(s->cpu->root, s->policy))
        return aver_say(why, AVER_SIMULATED,
                        "the quote comes from the "
                        "simulator");
    return aver_say(why, AVER_FAIL, "they end in a root that is not %s",
                    s->policy->has_root ? "the one of --trust-root"
                    : s->policy->trust == AVER_TRUST_SIMULATOR
                        ? "the simulator's, which is the one to be trusted"
                        : "Intel's");
}

AVER_CPU_CHECK(aver_check_pck_chain)
{
    static const char *const places[] = {"the PCK certificate", "the CA's",
                                         "the root's"};
    const struct aver_cpu *c = s->cpu;

    if (!readable(c))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    if (c->platform->chain.fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s", c->platform->chain.fault);
    if (c->leaf == NULL)
        return aver_say(why, AVER_FAIL, "%u certificates, not 3",
                        c->platform->chain.n);
    struct aver_link *const links[] = {c->leaf, c->ca, c->root};
    if (!named_as_pck(c))
        return aver_say(why, AVER_FAIL,
                        "they are not, in this order, the certificates of a "
                        "PCK, a PCK CA and the root");
    for (unsigned i = 0; i < 3; i++) {
        const char *fault = link_fault(links[i], i);

        if (fault != NULL)
            return aver_say(why, AVER_FAIL, "%s %s", places[i], fault);
        if (i < 2 && !linked(c, links[i], links[i + 1]))
            return aver_say(why, AVER_FAIL, "%s is not signed by the next",
                            places[i]);
    }
    if (!aver_root_signed(c->e->ec, c->root))
        return aver_say(why, AVER_FAIL, "the root's is not signed by itself");
    if (c->pck_fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s", c->pck_fault);
    if (!extension_fits(c))
        return aver_say(why, AVER_FAIL,
                        "the SGX extension contradicts itself or its CA");
    if (!aver_is_root(c->root, s->policy))
        return foreign_root(s, why);
    if (s->policy->trust == AVER_TRUST_SIMULATOR && !s->policy->has_root)
        return aver_say(why, AVER_PASS,
                        "made by the simulator, which you said to trust");
    return AVER_PASS;
}

/* A quoting enclave shows one report for all its quotes: whether the last one
 * was signed is remembered with the platform. */
static bool qe_report_signed(const struct aver_cpu *c)
{
    const struct aver_quote *q = &c->quote;
    struct aver_platform *p = c->platform;

    if (p->qe_known && memcmp(p->qe_report, q->qe_report.p, 384) == 0 &&
        memcmp(p->qe_signature, q->qe_signature.p, 64) == 0)
        return p->qe_holds;
    p->qe_holds = aver_ec_verify_raw(c->e->ec, AVER_P256, c->leaf->cert.point,
                                     q->qe_report, q->qe_signature);
    memcpy(p->qe_report, q->qe_report.p, 384);
    memcpy(p->qe_signature, q->qe_signature.p, 64);
    p->qe_known = true;
    return p->qe_holds;
}

AVER_CPU_CHECK(aver_check_qe_report_signature)
{
    const struct aver_cpu *c = s->cpu;

    if (!readable(c))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    if (c->leaf == NULL)
        return aver_say(why, AVER_SKIP, "%s", aver_no_chain);
    if (!qe_report_signed(c))
        return aver_say(why, AVER_FAIL,
                        "the PCK certificate's key did not sign it");
    return AVER_PASS;
}

static bool all_zero(struct aver_bytes b)
{
    uint8_t any = 0;

    for (size_t i = 0; i < b.n; i++)
        any |= b.p[i];
    return any == 0;
}

AVER_CPU_CHECK(aver_check_qe_report_data)
{
    const struct aver_quote *q = &s->cpu->quote;
    struct aver_sha256 *h = NULL;
    uint8_t want[32];

    if (!readable(s->cpu))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    h = aver_sha256_new();
    if (h == NULL)
        return aver_say(why, AVER_UNKNOWN, "out of memory");
    aver_sha256_update(h, q->attestation_key);
    aver_sha256_update(h, q->qe_auth);
    aver_sha256_finish(h, want);
    aver_sha256_free(h);
    if (memcmp(want, q->qe.report_data.p, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the quoting enclave vouches for another key");
    if (!all_zero(aver_bytes_of(q->qe.report_data.p + 32, 32)) &&
        !(s->policy->allow & AVER_ALLOW_QE_REPORT_DATA_TAIL))
        return aver_say(why, AVER_FAIL,
                        "the last 32 bytes of its report data are not zero "
                        "(--allow qe-report-data-tail)");
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_quote_signature)
{
    const struct aver_cpu *c = s->cpu;

    if (!readable(c))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    struct aver_bytes point = aver_bytes_of(c->attestation_point, 65);
    if (!aver_ec_point_ok(c->e->ec, AVER_P256, point))
        return aver_say(why, AVER_FAIL,
                        "its attestation key is no point of P-256");
    if (!aver_ec_verify_raw(c->e->ec, AVER_P256, point, c->quote.signed_part,
                            c->quote.signature))
        return aver_say(why, AVER_FAIL,
                        "the attestation key did not sign these bytes");
    return AVER_PASS;
}

/* Bits of the TD attributes (Intel TDX module, base architecture: TD
 * attributes). */
#define TD_DEBUG UINT64_C(1)
#define TD_UNDER_DEBUG UINT64_C(0xff)
#define TD_SEPT_VE_DISABLE (UINT64_C(1) << 28)
#define TD_MIGRATABLE (UINT64_C(1) << 29)
#define TD_RESERVED                                                            \
    (UINT64_C(0x7ffff00) /* 8 to 26 */ | UINT64_C(0x3fffffff) << 32)
#define ENCLAVE_DEBUG UINT64_C(2)

static uint64_t bits_of(struct aver_bytes b)
{
    struct aver_reader r;

    aver_reader_init(&r, b);
    return aver_read_u64le(&r);
}

AVER_CPU_CHECK(aver_check_debug)
{
    const struct aver_quote *q = &s->cpu->quote;
    bool allowed = s->policy->allow & AVER_ALLOW_DEBUG;

    if (!readable(s->cpu))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    if (!is_td(s->cpu)) {
        if (bits_of(q->enclave.attributes) & ENCLAVE_DEBUG && !allowed)
            return aver_say(why, AVER_FAIL,
                            "the enclave is a debug enclave (--allow debug)");
        return AVER_PASS;
    }
    uint64_t bits = bits_of(q->td.td_attributes) & TD_UNDER_DEBUG;
    if (bits & ~TD_DEBUG)
        return aver_say(why, AVER_FAIL,
                        "its attributes say that it is under debug (0x%02x)",
                        (unsigned)bits);
    if (bits != 0 && !allowed)
        return aver_say(why, AVER_FAIL,
                        "it is a debug machine: its host can read and change "
                        "it (--allow debug)");
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_attributes)
{
    if (!readable(s->cpu))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    if (!is_td(s->cpu))
        return aver_say(why, AVER_NO_MATTER, "not a TDX machine");
    uint64_t bits = bits_of(s->cpu->quote.td.td_attributes);
    if (bits & TD_RESERVED)
        return aver_say(why, AVER_FAIL,
                        "attributes 0x%016llx have bits of unknown meaning",
                        (unsigned long long)bits);
    if (bits & TD_MIGRATABLE)
        return aver_say(why, AVER_FAIL,
                        "it can be moved to another host while it runs");
    if (!(bits & TD_SEPT_VE_DISABLE) &&
        !(s->policy->allow & AVER_ALLOW_SEPT_VE_DISABLE_CLEAR))
        return aver_say(why, AVER_FAIL,
                        "SEPT_VE_DISABLE is clear: its host can take memory "
                        "from it unseen (--allow sept-ve-disable-clear)");
    return AVER_PASS;
}

AVER_CPU_CHECK(aver_check_service_td)
{
    struct aver_bytes m = s->cpu->quote.td.mrservicetd;

    if (!readable(s->cpu))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    if (m.n == 0)
        return aver_say(why, AVER_NO_MATTER,
                        "quotes of this form have no service TD");
    if (!all_zero(m) && !(s->policy->allow & AVER_ALLOW_SERVICE_TD))
        return aver_say(why, AVER_FAIL,
                        "another machine may serve it, migrate it for "
                        "instance (--allow service-td)");
    return AVER_PASS;
}
