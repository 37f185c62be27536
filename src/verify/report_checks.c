/* SPDX-License-Identifier: Apache-2.0
 *
 * report_checks: what each row about a report looks at. A row whose premise
 * is missing says skip, so that one flaw makes one row fail. */
#include "verify/report_checks.h"
#include "crypto/report_data.h"
#include "crypto/x509.h"
#include "verify/roots.h"

#include <string.h>

static const char no_shape[] = "the report has not the shape of one";

bool aver_report_usable(const struct aver_report *r)
{
    return !r->wrapped && r->fault[0] == '\0';
}

AVER_CHECK(aver_check_report_shape)
{
    const struct aver_report *r = s->report;

    if (r->wrapped)
        return aver_say(why, AVER_UNKNOWN,
                        "a gateway's report with others inside: not "
                        "supported yet, give one of those inside");
    if (r->fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s", r->fault);
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

static bool refuses(enum aver_result result)
{
    return result == AVER_FAIL || result == AVER_SIMULATED;
}

/* Where one GPU's certificates end, against where they should. */
static enum aver_result judge_gpu_root(const struct aver_gpu *g,
                                       const struct aver_policy *p,
                                       struct aver_note *why)
{
    bool simulator = p->trust == AVER_TRUST_SIMULATOR;
    const uint8_t *want = simulator ? p->simulator_gpu_root : aver_root_nvidia;
    uint8_t spki[32];

    if (aver_x509_spki_sha256(
            spki, aver_pem_last(aver_buf_view(&g->certificate)), NULL) != 0)
        return aver_say(why, AVER_UNKNOWN,
                        "a GPU's evidence comes with no certificates");
    if (memcmp(spki, want, 32) == 0)
        return aver_say(why, AVER_PASS, "%s",
                        simulator ? "made by the simulator, which you said to "
                                    "trust"
                                  : "");
    if (memcmp(spki, p->simulator_gpu_root, 32) == 0)
        return aver_say(why, AVER_SIMULATED,
                        "a GPU's evidence comes from the simulator");
    return aver_say(why, AVER_FAIL,
                    "a GPU's evidence does not end in %s",
                    simulator ? "the simulator's root, which is the one to be "
                                "trusted"
                              : "NVIDIA's root");
}

/* The worst that any of them is. */
AVER_CHECK(aver_check_simulated)
{
    const struct aver_report *r = s->report;
    enum aver_result result = AVER_NO_MATTER;

    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    for (unsigned i = 0; i < r->ngpus; i++) {
        struct aver_note note = {0};

        if (!r->gpus[i].readable || refuses(result))
            continue;
        enum aver_result gpu = judge_gpu_root(&r->gpus[i], s->policy, &note);
        if (result == AVER_NO_MATTER || result == AVER_PASS || refuses(gpu)) {
            result = gpu;
            *why = note;
        }
    }
    if (result == AVER_NO_MATTER)
        return aver_say(why, result, "there is no GPU evidence to look at");
    return result;
}

AVER_CHECK(aver_check_gpu_evidence)
{
    const struct aver_report *r = s->report;

    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (r->has_gpu == AVER_MALFORMED)
        return aver_say(why, AVER_FAIL, "%s", r->gpu_fault);
    if (r->ngpus == 0 && s->policy->has_gpu_count && s->policy->gpu_count == 0)
        return aver_say(why, AVER_NO_MATTER, "none, as was asked for");
    if (r->ngpus == 0)
        return aver_say(why, AVER_UNKNOWN,
                        "the report holds no GPU evidence (if none is used: "
                        "--gpu-count 0)");
    for (unsigned i = 0; i < r->ngpus; i++)
        if (!r->gpus[i].readable)
            return aver_say(why, AVER_FAIL,
                            "GPU %u: no SPDM measurements in base64", i);
    return aver_say(why, AVER_UNKNOWN, "not judged yet (%u GPU%s)", r->ngpus,
                    r->ngpus == 1 ? "" : "s");
}

AVER_CHECK(aver_check_gpu_count)
{
    const struct aver_report *r = s->report;

    if (!s->policy->has_gpu_count)
        return aver_say(why, AVER_NO_MATTER, "no number was asked for");
    if (!aver_report_usable(r) || r->has_gpu == AVER_MALFORMED)
        return aver_say(why, AVER_SKIP, "there is no list to count");
    if (r->ngpus != s->policy->gpu_count)
        return aver_say(why, AVER_FAIL, "evidence of %u, not of %u", r->ngpus,
                        s->policy->gpu_count);
    return aver_say(why, AVER_PASS, "%u", r->ngpus);
}

AVER_CHECK(aver_check_key_address)
{
    const struct aver_report *r = s->report;
    char derived[AVER_KEY_ID_TEXT], claimed[AVER_KEY_ID_TEXT];

    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
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

AVER_CHECK(aver_check_report_data)
{
    const struct aver_report *r = s->report;
    uint8_t want[64];

    if (!aver_report_usable(r) || !r->quote_ok)
        return aver_say(why, AVER_SKIP, "there is no quote to look at");
    if (r->has_nonce == AVER_ABSENT)
        return aver_say(why, AVER_UNKNOWN,
                        "without request_nonce the layout is not known");
    if (r->has_nonce == AVER_MALFORMED)
        return aver_say(why, AVER_SKIP, "request_nonce cannot be read");
    aver_report_data(want, aver_bytes_of(r->key.p, r->key.n),
                     r->has_spki ? r->spki : NULL, r->nonce);
    if (!aver_bytes_equal_ct(want, r->quote.report_data.p, 32))
        return aver_say(why, AVER_FAIL,
                        "bytes 0 to 31 of report_data are not %s",
                        r->has_spki ? "SHA-256(key, TLS key)" : "this key");
    if (!aver_bytes_equal_ct(want + 32, r->quote.report_data.p + 32, 32))
        return aver_say(why, AVER_FAIL,
                        "bytes 32 to 63 of report_data are not the nonce");
    return aver_say(why, AVER_PASS, "layout %s", r->has_spki ? "B" : "A");
}

AVER_CHECK(aver_check_report_address)
{
    char there[AVER_KEY_ID_TEXT];

    if (!s->policy->has_key)
        return aver_say(why, AVER_NO_MATTER, "no address was asked for");
    if (!aver_report_usable(s->report))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    aver_key_id_format(there, &s->report->key);
    if (!aver_key_id_equal(&s->report->key, &s->policy->key))
        return aver_say(why, AVER_FAIL, "the report's key is %s", there);
    return AVER_PASS;
}

AVER_CHECK(aver_check_tls_key)
{
    const struct aver_report *r = s->report;

    if (!s->policy->has_spki)
        return aver_say(why, AVER_NO_MATTER, "no TLS key was given");
    if (!aver_report_usable(r))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (!r->has_spki)
        return aver_say(why, AVER_FAIL, "the report binds no TLS key");
    if (memcmp(r->spki, s->policy->spki, 32) != 0)
        return aver_say(why, AVER_FAIL, "the report binds another TLS key");
    return AVER_PASS;
}

AVER_CHECK(aver_check_nonce_echo)
{
    if (!aver_report_usable(s->report))
        return aver_say(why, AVER_SKIP, "%s", no_shape);
    if (s->report->has_nonce == AVER_ABSENT)
        return aver_say(why, AVER_UNKNOWN, "there is no request_nonce");
    if (s->report->has_nonce == AVER_MALFORMED)
        return aver_say(why, AVER_FAIL, "request_nonce is not 64 hex digits");
    return AVER_PASS;
}

AVER_CHECK(aver_check_nonce_gpu)
{
    const struct aver_report *r = s->report;

    if (!aver_report_usable(r) || r->has_nonce != AVER_PRESENT)
        return aver_say(why, AVER_SKIP, "there is no nonce to compare with");
    if (r->has_gpu == AVER_MALFORMED)
        return aver_say(why, AVER_SKIP, "there is no list to look at");
    if (r->ngpus == 0 && r->has_gpu_nonce == AVER_ABSENT)
        return aver_say(why, AVER_NO_MATTER, "there is no GPU evidence");
    if (r->has_gpu_nonce != AVER_PRESENT)
        return aver_say(why, AVER_FAIL,
                        "nvidia_payload.nonce is not 64 hex digits");
    if (memcmp(r->gpu_nonce, r->nonce, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "nvidia_payload.nonce is another nonce");
    for (unsigned i = 0; i < r->ngpus; i++)
        if (r->gpus[i].readable && memcmp(r->gpus[i].nonce, r->nonce, 32) != 0)
            return aver_say(why, AVER_FAIL,
                            "GPU %u: bytes 4 to 35 of the evidence are "
                            "another nonce",
                            i);
    return AVER_PASS;
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
    if (!p->has_nonce)
        return aver_say(why, AVER_UNKNOWN,
                        "no nonce was given to compare with");
    if (!aver_report_usable(r) || r->has_nonce != AVER_PRESENT)
        return aver_say(why, AVER_SKIP, "the report names no nonce");
    if (memcmp(r->nonce, p->nonce, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the report was made for another nonce");
    return AVER_PASS;
}
