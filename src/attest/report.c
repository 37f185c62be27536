/* SPDX-License-Identifier: Apache-2.0
 *
 * report: gathers evidence for one key and one nonce, checks that it is about
 * them, and writes the JSON around it. Members that a backend cannot give
 * (event_log, info, vm_config under configfs-tsm) are left out. */
#include "attest/report.h"

#include "attest/info.h"
#include "base/text.h"
#include "base/version.h"
#include "crypto/k1.h"
#include "crypto/report_data.h"
#include "crypto/sha2.h"
#include <string.h>
#include <time.h>

/* What an Ed25519 key or an address is called in reports. */
static void key_name(const struct report *r, char out[static 65])
{
    if (r->algo == ATTEST_ED25519)
        aver_hex_encode(out, r->who->ed_public, 32);
    else
        aver_address_format(out, r->who->address);
}

/* All writers below go on after a failure; the buffer's maximum is the only
 * thing that can fail, and `bad` remembers it. */
struct writer {
    struct aver_buf *out;
    bool bad;
};

static void put(struct writer *w, const char *text)
{
    w->bad |= aver_buf_append_str(w->out, text) != 0;
}

static void put_name(struct writer *w, const char *name)
{
    const uint8_t last = w->out->n > 0 ? w->out->p[w->out->n - 1] : '{';

    put(w, last == '{' ? "\"" : ",\"");
    put(w, name);
    put(w, "\":");
}

static void put_text(struct writer *w, const char *name, struct aver_bytes text)
{
    put_name(w, name);
    w->bad |= aver_json_quote(w->out, text) != 0;
}

static void put_str(struct writer *w, const char *name, const char *text)
{
    put_text(w, name, aver_bytes_str(text));
}

static void put_hex(struct writer *w, const char *name, const void *p, size_t n)
{
    put_name(w, name);
    put(w, "\"");
    w->bad |= aver_hex_encode_buf(w->out, aver_bytes_of(p, n)) != 0;
    put(w, "\"");
}

static void put_base64(struct writer *w, const char *name,
                       const struct aver_buf *in)
{
    put_name(w, name);
    put(w, "\"");
    w->bad |= aver_base64_encode_buf(w->out, aver_buf_view(in)) != 0;
    put(w, "\"");
}

static void put_key(struct writer *w, const struct report *r)
{
    char name[65];
    bool ed = r->algo == ATTEST_ED25519;

    key_name(r, name);
    put_str(w, "signing_address", name);
    put_str(w, "signing_algo", ed ? "ed25519" : "ecdsa");
    put_hex(w, "signing_public_key", ed ? r->who->ed_public : r->who->k1_public,
            ed ? 32 : 64);
    put_hex(w, "request_nonce", r->nonce, 32);
}

/* A text that is itself the JSON which NVIDIA's service takes; true if it
 * fits. */
static bool payload_text(struct aver_buf *payload, const struct report *r,
                         struct aver_bytes list, const char *arch)
{
    struct writer w = {.out = payload};

    aver_buf_init(payload, EVIDENCE_MAX + 1024);
    put(&w, "{");
    put_hex(&w, "nonce", r->nonce, 32);
    put_name(&w, "evidence_list");
    w.bad |= aver_buf_append(payload, list.p, list.n) != 0;
    put_str(&w, "arch", arch);
    put(&w, "}");
    return !w.bad;
}

static void put_devices(struct writer *w, const char *name,
                        const struct report *r, struct aver_bytes list,
                        const char *arch)
{
    struct aver_buf payload;

    w->bad |= !payload_text(&payload, r, list, arch);
    put_text(w, name, aver_buf_view(&payload));
    aver_buf_clear(&payload);
}

static bool payload_digest(uint8_t out[static 32], const struct report *r,
                           struct aver_bytes list, const char *arch)
{
    struct aver_buf payload;
    bool fits = payload_text(&payload, r, list, arch);

    aver_sha256(out, aver_buf_view(&payload));
    aver_buf_clear(&payload);
    return fits;
}

static struct aver_bytes key_id(const struct report *r)
{
    bool ed = r->algo == ATTEST_ED25519;

    return aver_bytes_of(ed ? r->who->ed_public : r->who->address,
                         ed ? 32 : 20);
}

int report_state(struct report *r, struct aver_buf *text,
                 struct aver_error *err)
{
    bool switches = r->switch_list.n > 0;
    struct aver_statement s = {
        .key_id = key_id(r),
        .spki_sha256 = r->config->has_spki ? r->config->spki_sha256 : NULL,
        .nonce = r->nonce,
        .gpu_sha256 = r->gpu_digest,
        .switch_sha256 = switches ? r->switch_digest : NULL,
    };

    if (!payload_digest(r->gpu_digest, r, r->gpu_list, r->gpu_arch) ||
        (switches && !payload_digest(r->switch_digest, r, r->switch_list,
                                     r->switch_arch)) ||
        aver_statement_write(text, &s) != 0)
        return aver_fail(err, AVER_ELIMIT, "the statement is too large");
    r->statement = aver_buf_view(text);
    return 0;
}

/* Switches apart: clients hand nvidia_payload on as it is, to a service that
 * takes GPUs alone. */
static void put_gpus(struct writer *w, const struct report *r)
{
    put_devices(w, "nvidia_payload", r, r->gpu_list, r->gpu_arch);
    if (r->switch_list.n > 0)
        put_devices(w, "nvswitch_payload", r, r->switch_list, r->switch_arch);
    if (r->layout != ATTEST_LAYOUT_C)
        return;
    put_hex(w, "gpu_evidence_sha256", r->gpu_digest, 32);
    if (r->switch_list.n > 0)
        put_hex(w, "nvswitch_evidence_sha256", r->switch_digest, 32);
    put_text(w, "statement", r->statement);
}

/* Whether the quote covers the TLS key. */
static bool covers_tls(const struct report *r)
{
    return r->layout == ATTEST_LAYOUT_B ||
           (r->layout == ATTEST_LAYOUT_C && r->config->has_spki);
}

static int put_cpu(struct writer *w, const struct report *r,
                   struct aver_error *err)
{
    const struct cpu_evidence *cpu = r->cpu;

    if (r->config->compat_seed)
        put_base64(w, "intel_quote", &cpu->quote);
    else
        put_hex(w, "intel_quote", cpu->quote.p, cpu->quote.n);
    put_hex(w, "quote", cpu->quote.p, cpu->quote.n);
    if (cpu->event_log.n > 0)
        put_text(w, "event_log", aver_buf_view(&cpu->event_log));
    if (cpu->vm_config.n > 0)
        put_text(w, "vm_config", aver_buf_view(&cpu->vm_config));
    if (cpu->info.n == 0)
        return 0;
    put_name(w, "info");
    return info_write(w->out, aver_buf_view(&cpu->info), err);
}

/* What nobody has signed: claims, for people. "direct" says that the engine
 * runs inside this TEE, which a TCP port cannot show. */
static void put_claims(struct writer *w, const struct report *r)
{
    static const char *const versions[ATTEST_LAYOUTS] = {"1", "2", "3"};
    const struct attest_config *c = r->config;
    bool local = strcmp(c->engine_binding, "unix") == 0 ||
                 strcmp(c->engine_binding, "child") == 0;

    if (c->model_name && *c->model_name)
        put_str(w, "model_name", c->model_name);
    put_name(w, "version");
    put(w, versions[r->layout]);
    if (covers_tls(r))
        put_hex(w, "tls_cert_fingerprint", c->spki_sha256, 32);
    put_str(w, "tee", r->cpu_simulated ? "simulator" : "tdx");
    put_name(w, "simulated");
    put(w, r->cpu_simulated || r->gpu_simulated ? "true" : "false");
    put_str(w, "serving", local ? "direct" : "proxy");
    put_str(w, "engine_binding", c->engine_binding);
    put_name(w, "version_info");
    put(w, "{");
    put_str(w, "name", "aver");
    put_str(w, "version", aver_version);
    put_str(w, "commit", aver_commit);
    put(w, "}");
}

int report_write(struct aver_buf *out, const struct report *r,
                 struct aver_error *err)
{
    struct aver_buf one;
    struct writer w = {.out = &one}, all = {.out = out};
    int rc = -1;

    aver_buf_init(&one, REPORT_MAX / 2);
    put(&w, "{");
    put_key(&w, r);
    if (put_cpu(&w, r, err) != 0)
        goto done;
    put_gpus(&w, r);
    put_claims(&w, r);
    /* `one` is the report without its closing brace. */
    all.bad |= w.bad || aver_buf_append(out, one.p, one.n) != 0;
    put_name(&all, "all_attestations");
    put(&all, "[");
    all.bad |= w.bad || aver_buf_append(out, one.p, one.n) != 0;
    put(&all, "}]");
    if (r->endorsements.n > 0) {
        put_name(&all, "endorsements");
        all.bad |=
            aver_buf_append(out, r->endorsements.p, r->endorsements.n) != 0;
    }
    put(&all, "}");
    rc = all.bad ? aver_fail(err, AVER_ELIMIT, "report is too large") : 0;
done:
    aver_buf_clear(&one);
    return rc;
}

static void step(const struct attest_backends *b, enum attest_step which,
                 int limit_ms)
{
    if (b->on_step)
        b->on_step(b->ctx, which, limit_ms);
}

/* The nonce in each device's report, whatever a backend looked at itself. */
static int check_devices(struct report *r, struct gpu_evidence *e,
                         struct aver_error *err)
{
    bool switches = e->switches.n > 0;

    if (evidence_check_gpus(aver_buf_view(&e->gpus), r->nonce, r->gpu_arch,
                            err) == 0 &&
        (!switches || evidence_check_gpus(aver_buf_view(&e->switches), r->nonce,
                                          r->switch_arch, err) == 0)) {
        r->gpu_list = aver_buf_view(&e->gpus);
        r->switch_list = aver_buf_view(&e->switches);
        return 0;
    }
    e->status.state =
        err->code == AVER_EMISMATCH ? GPU_WRONG_NONCE : GPU_BAD_REPORT;
    return -1;
}

static int gather_gpus(struct attest_backends *b, struct report *r,
                       struct gpu_evidence *e, struct aver_error *err)
{
    step(b, ATTEST_STEP_GPU,
         b->gpu_limit_ms ? b->gpu_limit_ms : b->gpu->limit_ms);
    e->status = b->gpu_status;
    int rc = b->gpu->evidence(b->gpu_state, r->nonce, e, err);
    if (rc == 0)
        rc = check_devices(r, e, err);
    b->gpu_status = e->status;
    if (b->on_gpu)
        b->on_gpu(b->ctx, &b->gpu_status, rc == 0 ? "" : err->text);
    return rc;
}

static int gather_cpu(struct attest_backends *b, struct cpu_evidence *cpu,
                      const uint8_t report_data[static 64],
                      struct aver_error *err)
{
    step(b, ATTEST_STEP_CPU, b->cpu->limit_ms);
    if (b->cpu->quote(b->cpu_state, report_data, cpu, err) != 0)
        return -1;
    return evidence_check_quote(aver_buf_view(&cpu->quote), report_data, err);
}

/* What the quote is about (docs/PROTOCOL.md, "report_data"). */
static int report_data_of(uint8_t out[static 64], struct report *r,
                          struct aver_buf *statement, struct aver_error *err)
{
    bool tls = r->layout == ATTEST_LAYOUT_B;

    if (r->layout != ATTEST_LAYOUT_C) {
        aver_report_data(out, key_id(r), tls ? r->config->spki_sha256 : NULL,
                         r->nonce);
        return 0;
    }
    if (report_state(r, statement, err) != 0)
        return -1;
    aver_report_data_stated(out, r->statement, r->nonce);
    return 0;
}

/* Asks both backends, in turn: where the quote is about the GPUs' evidence,
 * these first. */
static int gather(struct attest_backends *b, struct report *r,
                  struct cpu_evidence *cpu, struct gpu_evidence *gpu,
                  struct aver_buf *statement, struct aver_error *err)
{
    bool gpus_first = r->layout == ATTEST_LAYOUT_C;
    uint8_t report_data[64];

    if (gpus_first && gather_gpus(b, r, gpu, err) != 0)
        return -1;
    if (report_data_of(report_data, r, statement, err) != 0 ||
        gather_cpu(b, cpu, report_data, err) != 0)
        return -1;
    return gpus_first ? 0 : gather_gpus(b, r, gpu, err);
}

/* What goes with the evidence. That there is nothing is no failure. */
static void endorse(struct attest_backends *b, struct report *r,
                    struct aver_bytes subject)
{
    step(b, ATTEST_STEP_ENDORSEMENTS, HELD_LIMIT_MS);
    if (holding_for(b->holding, subject, (int64_t)time(NULL)))
        r->endorsements = aver_buf_view(&b->holding->text);
    if (b->on_endorsements)
        b->on_endorsements(b->ctx, b->holding);
}

static int tell_subject(struct attest_backends *b, struct report *r,
                        bool endorsements, struct aver_error *err)
{
    struct aver_buf subject;

    if (!b->holding || (!endorsements && !b->on_subject))
        return 0;
    aver_buf_init(&subject, HOLDING_SUBJECT_MAX);
    if (holding_subject(&subject, aver_buf_view(&r->cpu->quote), r->gpu_list,
                        r->switch_list) != 0) {
        aver_buf_clear(&subject);
        return aver_fail(err, AVER_ELIMIT, "the evidence is too large");
    }
    if (b->on_subject)
        b->on_subject(b->ctx, aver_buf_view(&subject));
    if (endorsements)
        endorse(b, r, aver_buf_view(&subject));
    aver_buf_clear(&subject);
    return 0;
}

enum attest_status attest_report(struct attest_backends *b,
                                 const struct attest_config *config,
                                 const struct attest_identity *who,
                                 enum attest_algo algo,
                                 enum attest_layout layout, bool endorsements,
                                 const uint8_t nonce[static 32],
                                 struct aver_buf *out, struct aver_error *err)
{
    struct aver_error why = {.code = AVER_OK};
    struct cpu_evidence cpu;
    struct gpu_evidence gpu;
    struct aver_buf statement;
    struct report r = {.config = config,
                       .who = who,
                       .algo = algo,
                       .layout = layout,
                       .nonce = nonce,
                       .cpu = &cpu,
                       .cpu_simulated = b->cpu->simulated,
                       .gpu_simulated = b->gpu->simulated};

    if (layout == ATTEST_LAYOUT_B && !config->has_spki) {
        aver_fail(err, AVER_EABSENT, "no TLS certificate is configured");
        return ATTEST_NO_TLS;
    }
    cpu_evidence_init(&cpu);
    gpu_evidence_init(&gpu);
    aver_buf_init(&statement, 1024);
    int rc = gather(b, &r, &cpu, &gpu, &statement, &why);
    if (rc == 0)
        rc = tell_subject(b, &r, endorsements, &why);
    if (rc == 0)
        rc = report_write(out, &r, &why);
    aver_buf_clear(&statement);
    gpu_evidence_clear(&gpu);
    cpu_evidence_clear(&cpu);
    if (rc == 0)
        return ATTEST_OK;
    if (why.code == AVER_OK)
        why.code = AVER_EIO;
    aver_fail(err, why.code, "%s", why.text);
    return attest_status_of(why.code);
}
