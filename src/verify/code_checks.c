/* SPDX-License-Identifier: Apache-2.0
 *
 * code_checks: what each row about the code looks at. A row whose premise is
 * missing says skip, so that one flaw makes one row fail: what the log says of
 * the application counts only where register 3 holds it. */
#include "verify/code_checks.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char no_log[] = "there is no event log to look at";
static const char no_quote[] = "there is no quote to compare with";
static const char not_proven[] =
    "register 3 does not bear out what the log says";
static const char is_binary[] =
    "a binary log: what it says beyond digests is not measured";

bool aver_code_readable(const struct aver_subject *s)
{
    return s->code != NULL && s->code->has_log && s->code->log_fault[0] == '\0';
}

/* There is no log, and none is missed: every register that it could explain
 * is named by who asks, and code.expected compares it. */
static bool none_needed(const struct aver_subject *s, struct aver_note *why)
{
    if (s->code->has_log || aver_expected(s, AVER_EXPECT_MRTD) == NULL)
        return false;
    for (unsigned i = 0; i < 4; i++)
        if (aver_expected(s, AVER_EXPECT_RTMR0 + i) == NULL)
            return false;
    aver_say(why, AVER_NO_MATTER,
             "there is no log, and you named all registers");
    return true;
}

static bool same_register(const struct aver_subject *s, unsigned i,
                          const uint8_t value[static 48])
{
    return s->registers != NULL && s->registers->has_rtmr[i] &&
           memcmp(s->registers->rtmr[i], value, 48) == 0;
}

static bool replays(const struct aver_subject *s, unsigned i)
{
    return aver_code_readable(s) &&
           same_register(s, i, s->code->replay.rtmr[i]);
}

bool aver_code_proven(const struct aver_subject *s)
{
    return aver_code_readable(s) && !s->code->log.binary &&
           s->code->runtime_fault[0] == '\0' && replays(s, 3);
}

struct aver_bytes aver_code_fact(const struct aver_subject *s,
                                 enum aver_code_value i)
{
    if (!aver_code_proven(s) || s->code->value[i] == NULL)
        return aver_bytes_of(NULL, 0);
    return s->code->value[i]->payload;
}

AVER_CODE_CHECK(aver_check_code_log)
{
    const struct aver_code *c = s->code;

    if (none_needed(s, why))
        return AVER_NO_MATTER;
    if (!c->has_log)
        return aver_say(why, AVER_UNKNOWN,
                        "there is none; without it name MRTD and all RTMRs");
    if (c->log_fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s", c->log_fault);
    return aver_say(why, AVER_PASS, "%u events%s", c->log.n,
                    c->log.binary ? ", binary" : "");
}

AVER_CODE_CHECK(aver_check_code_runtime)
{
    const struct aver_code *c = s->code;

    if (none_needed(s, why))
        return AVER_NO_MATTER;
    if (!aver_code_readable(s))
        return aver_say(why, AVER_SKIP, "%s", no_log);
    if (c->log.binary)
        return aver_say(why, AVER_NO_MATTER, "%s", is_binary);
    if (c->runtime_fault[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s", c->runtime_fault);
    if (c->replay.events[3] == 0)
        return aver_say(why, AVER_NO_MATTER, "the log holds none");
    return aver_say(why, AVER_PASS, "%u", c->replay.events[3]);
}

/* Logs for TDX lite keep three events of register 0 and none of 1 and 2. */
static bool left_out(const struct aver_code *c, unsigned i)
{
    const unsigned *n = c->replay.events;

    return n[i] == 0 || (i == 0 && n[1] == 0 && n[2] == 0);
}

/* Pass, fail or unknown; skip if another row judges the register; no matter if
 * it is not known. */
static enum aver_result judge_register(const struct aver_subject *s, unsigned i)
{
    enum aver_image_state image = s->code->image;

    if (!s->registers->has_rtmr[i])
        return AVER_NO_MATTER;
    if (replays(s, i))
        return AVER_PASS;
    if (!left_out(s->code, i))
        return AVER_FAIL;
    if (aver_expected(s, AVER_EXPECT_RTMR0 + i) != NULL)
        return AVER_SKIP; /* code.expected does */
    if (i < 3 && image != AVER_IMAGE_ABSENT)
        return AVER_SKIP; /* code.image does */
    return AVER_UNKNOWN;
}

/* The registers for which the judgement is this one, e.g. "RTMR 0, 2". */
static void list_registers(char *out, size_t n, const enum aver_result all[4],
                           enum aver_result which)
{
    size_t at = (size_t)snprintf(out, n, "RTMR");
    unsigned listed = 0;

    for (int i = 0; i < 4 && at < n; i++)
        if (all[i] == which)
            at += (size_t)snprintf(out + at, n - at, "%s %d",
                                   listed++ > 0 ? "," : "", i);
}

static bool any(const enum aver_result all[4], enum aver_result which)
{
    return all[0] == which || all[1] == which || all[2] == which ||
           all[3] == which;
}

static enum aver_result say_replay(const struct aver_subject *s,
                                   const enum aver_result all[4],
                                   struct aver_note *why)
{
    char some[32], others[32], absent[32];

    list_registers(some, sizeof(some), all, AVER_FAIL);
    if (any(all, AVER_FAIL))
        return aver_say(why, AVER_FAIL, "%s: the log gives another value",
                        some);
    list_registers(some, sizeof(some), all, AVER_UNKNOWN);
    if (any(all, AVER_UNKNOWN))
        return aver_say(why, AVER_UNKNOWN,
                        "%s: the log leaves these events out, and nothing "
                        "else explains the value",
                        some);
    if (!s->registers->has_rtmr[3] && s->code->replay.events[3] > 0)
        return aver_say(why, AVER_UNKNOWN,
                        "RTMR 3 is not given: nothing bears out the runtime "
                        "events");
    list_registers(some, sizeof(some), all, AVER_PASS);
    list_registers(others, sizeof(others), all, AVER_SKIP);
    list_registers(absent, sizeof(absent), all, AVER_NO_MATTER);
    return aver_say(why, AVER_PASS, "%s%s%s%s%s", some,
                    any(all, AVER_SKIP) ? "; left out of it: " : "",
                    any(all, AVER_SKIP) ? others : "",
                    any(all, AVER_NO_MATTER) ? "; not given: " : "",
                    any(all, AVER_NO_MATTER) ? absent : "");
}

AVER_CODE_CHECK(aver_check_code_replay)
{
    enum aver_result all[4];

    if (none_needed(s, why))
        return AVER_NO_MATTER;
    if (!aver_code_readable(s))
        return aver_say(why, AVER_SKIP, "%s", no_log);
    if (s->code->runtime_fault[0] != '\0')
        return aver_say(why, AVER_SKIP,
                        "the runtime events do not hold together");
    if (s->registers == NULL)
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    for (unsigned i = 0; i < 4; i++)
        all[i] = judge_register(s, i);
    if (!any(all, AVER_PASS) && !any(all, AVER_FAIL) && !any(all, AVER_UNKNOWN))
        return aver_say(why, AVER_SKIP,
                        "no register is given that the log is about");
    return say_replay(s, all, why);
}

AVER_CODE_CHECK(aver_check_code_ready)
{
    if (none_needed(s, why))
        return AVER_NO_MATTER;
    if (!aver_code_readable(s))
        return aver_say(why, AVER_SKIP, "%s", no_log);
    if (s->code->log.binary)
        return aver_say(why, AVER_NO_MATTER, "%s", is_binary);
    if (!aver_code_proven(s))
        return aver_say(why, AVER_SKIP, "%s", not_proven);
    if (!s->code->ready)
        return aver_say(why, AVER_FAIL,
                        "it ends before: made during boot, or cut");
    return AVER_PASS;
}

/* The compose hash that register 3 holds, or NULL. */
static const uint8_t *proven_compose(const struct aver_subject *s)
{
    struct aver_bytes hash = aver_code_fact(s, AVER_CODE_COMPOSE_HASH);

    return hash.n == 32 ? hash.p : NULL;
}

AVER_CODE_CHECK(aver_check_code_compose)
{
    const uint8_t *hash = proven_compose(s);
    char hex[65];

    if (!s->code->has_compose)
        return aver_say(why, AVER_NO_MATTER, "the text is not given");
    if (!aver_code_readable(s))
        return aver_say(why, AVER_SKIP, "%s", no_log);
    if (!aver_code_proven(s))
        return aver_say(why, AVER_SKIP, "%s", not_proven);
    if (hash == NULL)
        return aver_say(why, AVER_FAIL, "the log holds no compose-hash");
    aver_hex_encode(hex, s->code->compose_hash, 32);
    if (memcmp(hash, s->code->compose_hash, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the text hashes to %s, which is not what runs", hex);
    return aver_say(why, AVER_PASS, "%s", hex);
}

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Version 2 covers application and key provider too. */
static enum aver_result want_config_2(uint8_t want[static 48],
                                      const struct aver_subject *s,
                                      const uint8_t compose[static 32],
                                      struct aver_note *why)
{
    struct aver_bytes app = aver_code_fact(s, AVER_CODE_APP_ID);

    if (app.n != 20 || s->code->value[AVER_CODE_KEY_PROVIDER] == NULL)
        return aver_say(why, AVER_FAIL,
                        "version 2 needs an app-id of 20 bytes and a "
                        "key-provider in the log");
    if (s->code->provider_fault[0] != '\0')
        return aver_say(why, AVER_UNKNOWN, "%s", s->code->provider_fault);
    aver_config_id_v2(want, compose, app.p, &s->code->provider);
    return AVER_PASS;
}

/* Version 3 is the hash of a document, which has to say the same. */
static enum aver_result want_config_3(uint8_t want[static 48],
                                      const struct aver_subject *s,
                                      const uint8_t compose[static 32],
                                      struct aver_note *why)
{
    const struct aver_code *c = s->code;

    if (c->config.n == 0) {
        why->optional = true;
        return aver_say(why, AVER_UNKNOWN,
                        "version 3, and its document (mr_config) is not given");
    }
    if (!c->has_config_compose || memcmp(c->config_compose, compose, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the document (mr_config) names another compose_hash");
    if (aver_config_id_v3(want, aver_buf_view(&c->config)) != 0)
        return aver_say(why, AVER_UNKNOWN, "out of memory");
    return AVER_PASS;
}

static enum aver_result want_config(uint8_t want[static 48],
                                    const struct aver_subject *s,
                                    const uint8_t compose[static 32],
                                    struct aver_note *why)
{
    switch (s->registers->mrconfigid[0]) {
    case 1:
        aver_config_id_v1(want, compose);
        return AVER_PASS;
    case 2:
        return want_config_2(want, s, compose, why);
    case 3:
        return want_config_3(want, s, compose, why);
    default:
        return aver_say(why, AVER_UNKNOWN, "version %u is not known",
                        s->registers->mrconfigid[0]);
    }
}

AVER_CODE_CHECK(aver_check_code_config_id)
{
    const struct aver_registers *r = s->registers;
    const uint8_t *compose = proven_compose(s);
    uint8_t want[48];

    if (r == NULL || !r->has_configid)
        return aver_say(why, AVER_NO_MATTER, "%s", no_quote);
    if (is_zero(r->mrconfigid, 48))
        return aver_say(why, AVER_NO_MATTER, "the host set none");
    if (none_needed(s, why))
        return AVER_NO_MATTER;
    if (aver_code_readable(s) && s->code->log.binary)
        return aver_say(why, AVER_NO_MATTER, "%s", is_binary);
    if (compose == NULL)
        return aver_say(why, AVER_SKIP,
                        "there is no proven compose-hash to compare with");
    enum aver_result result = want_config(want, s, compose, why);
    if (result != AVER_PASS)
        return result;
    if (memcmp(want, r->mrconfigid, 48) != 0)
        return aver_say(why, AVER_FAIL,
                        "version %u of another application or key provider",
                        r->mrconfigid[0]);
    return aver_say(why, AVER_PASS, "version %u", r->mrconfigid[0]);
}

static bool has_boot_registers(const struct aver_registers *r)
{
    return r != NULL && r->has_mrtd && r->has_rtmr[0] && r->has_rtmr[1] &&
           r->has_rtmr[2];
}

/* The first register that is not the image's, or NULL. */
static const char *image_differs(const struct aver_subject *s)
{
    static const char *const names[] = {"RTMR 0", "RTMR 1", "RTMR 2"};
    const struct aver_measurement *m = &s->code->lite.m;

    if (memcmp(s->registers->mrtd, m->mrtd_two_pass, 48) != 0 &&
        memcmp(s->registers->mrtd, m->mrtd_single_pass, 48) != 0)
        return "MRTD";
    for (unsigned i = 0; i < 3; i++)
        if (!same_register(s, i, s->code->image_rtmr[i]))
            return names[i];
    return NULL;
}

bool aver_code_image_holds(const struct aver_subject *s)
{
    return aver_code_readable(s) && s->code->image == AVER_IMAGE_READ &&
           s->code->has_acpi && has_boot_registers(s->registers) &&
           image_differs(s) == NULL;
}

AVER_CODE_CHECK(aver_check_code_image)
{
    const struct aver_code *c = s->code;
    char hex[65];

    if (c->image == AVER_IMAGE_ABSENT)
        return aver_say(why, AVER_NO_MATTER,
                        "no tdx_measurement is given: compare MRTD and RTMR 0 "
                        "to 2 yourself");
    if (c->image == AVER_IMAGE_BAD)
        return aver_say(why, AVER_FAIL, "%s", c->image_fault);
    if (c->image == AVER_IMAGE_UNSUPPORTED)
        return aver_say(why, AVER_UNKNOWN, "%s", c->image_fault);
    if (!has_boot_registers(s->registers))
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    if (!aver_code_readable(s))
        return aver_say(why, AVER_SKIP, "%s", no_log);
    if (!c->has_acpi)
        return aver_say(why, AVER_UNKNOWN,
                        "the log does not name the three ACPI digests");
    if (!left_out(c, 0) && !replays(s, 0))
        return aver_say(why, AVER_SKIP,
                        "the log, which gives the ACPI digests, does not "
                        "replay");
    if (image_differs(s) != NULL)
        return aver_say(why, AVER_FAIL, "%s is not that of the image",
                        image_differs(s));
    aver_hex_encode(hex, c->lite.os_image_hash, 32);
    return aver_say(why, AVER_PASS, "os_image_hash %s", hex);
}

AVER_CODE_CHECK(aver_check_code_aggregated)
{
    const struct aver_registers *r = s->registers;
    uint8_t want[32];

    if (!s->code->has_aggregated)
        return aver_say(why, AVER_NO_MATTER, "none is reported");
    if (!s->code->aggregated_ok)
        return aver_say(why, AVER_FAIL, "mr_aggregated is not 64 hex digits");
    if (!has_boot_registers(r) || !r->has_rtmr[3] || !r->has_configid)
        return aver_say(why, AVER_SKIP, "%s", no_quote);
    aver_mr_aggregated(want, r);
    if (memcmp(want, s->code->aggregated, 32) != 0)
        return aver_say(why, AVER_FAIL, "the quote's registers give another");
    return AVER_PASS;
}
