/* SPDX-License-Identifier: Apache-2.0
 *
 * expect_check: holds what was measured against what somebody expects.
 * Registers are the machine's word. What the log says of the application is
 * the guest's, and worth what its image is worth: the detail says so where no
 * image was named. */
#include "base/text.h"
#include "verify/code_checks.h"

#include <stdio.h>
#include <string.h>

/* Where an expected value is found; n = 0 where it is not. */
static struct aver_bytes register_of(const struct aver_registers *r,
                                     enum aver_expect_name i)
{
    const struct aver_bytes none = {NULL, 0};

    if (r == NULL)
        return none;
    switch (i) {
    case AVER_EXPECT_MRTD:
        return r->has_mrtd ? aver_bytes_of(r->mrtd, 48) : none;
    case AVER_EXPECT_RTMR0:
    case AVER_EXPECT_RTMR1:
    case AVER_EXPECT_RTMR2:
    case AVER_EXPECT_RTMR3: {
        unsigned at = (unsigned)i - AVER_EXPECT_RTMR0;
        return r->has_rtmr[at] ? aver_bytes_of(r->rtmr[at], 48) : none;
    }
    case AVER_EXPECT_MRCONFIGID:
        return r->has_configid ? aver_bytes_of(r->mrconfigid, 48) : none;
    case AVER_EXPECT_MROWNER:
        return r->has_configid ? aver_bytes_of(r->mrowner, 48) : none;
    case AVER_EXPECT_MROWNERCONFIG:
        return r->has_configid ? aver_bytes_of(r->mrownerconfig, 48) : none;
    case AVER_EXPECT_MRSEAM:
        return r->has_mrseam ? aver_bytes_of(r->mrseam, 48) : none;
    case AVER_EXPECT_MRENCLAVE:
        return r->has_enclave ? aver_bytes_of(r->mrenclave, 32) : none;
    case AVER_EXPECT_MRSIGNER:
        return r->has_enclave ? aver_bytes_of(r->mrsigner, 32) : none;
    case AVER_EXPECT_REPORT_DATA:
        return r->has_report_data ? aver_bytes_of(r->report_data, 64) : none;
    default:
        return none;
    }
}

static bool is_register(enum aver_expect_name i)
{
    return i <= AVER_EXPECT_REPORT_DATA;
}

/* The guest's image is pinned: by its hash, or by what it measures to. */
static bool image_named(const struct aver_subject *s)
{
    const struct aver_expect *e = &s->policy->expect;

    return (e->of[AVER_EXPECT_OS_IMAGE_HASH].set && aver_code_image_holds(s)) ||
           (e->of[AVER_EXPECT_MRTD].set && e->of[AVER_EXPECT_RTMR1].set &&
            e->of[AVER_EXPECT_RTMR2].set);
}

static enum aver_result compare(const struct aver_subject *s,
                                enum aver_expect_name i,
                                struct aver_bytes found, struct aver_note *why)
{
    char hex[2 * 64 + 1];

    aver_hex_encode(hex, found.p, found.n <= 64 ? found.n : 0);
    if (found.n != aver_expect_size(i) ||
        memcmp(found.p, s->policy->expect.of[i].v, found.n) != 0)
        return aver_say(why, AVER_FAIL, "%s is %s", aver_expect_name(i), hex);
    return AVER_PASS;
}

static enum aver_result nothing(enum aver_expect_name i, const char *reason,
                                struct aver_note *why)
{
    return aver_say(why, AVER_UNKNOWN, "%s: %s", aver_expect_name(i), reason);
}

/* The image's hash if it is computed; else as the guest says, which proves
 * nothing of an image that is not pinned. */
static enum aver_result judge_image(const struct aver_subject *s,
                                    struct aver_note *why)
{
    const enum aver_expect_name i = AVER_EXPECT_OS_IMAGE_HASH;
    struct aver_bytes said = aver_code_fact(s, AVER_CODE_OS_IMAGE_HASH);

    if (aver_code_image_holds(s))
        return compare(s, i, aver_bytes_of(s->code->lite.os_image_hash, 32),
                       why);
    if (s->code != NULL && s->code->image != AVER_IMAGE_ABSENT)
        return nothing(i, "the registers are not shown to be an image's", why);
    if (said.n == 0)
        return nothing(i, "nothing that is proven gives it", why);
    enum aver_result result = compare(s, i, said, why);
    if (result != AVER_PASS || image_named(s))
        return result;
    return nothing(i, "so says the guest alone; name mrtd, rtmr1 and rtmr2 too",
                   why);
}

static enum aver_result judge_one(const struct aver_subject *s,
                                  enum aver_expect_name i,
                                  struct aver_note *why)
{
    struct aver_bytes found;

    if (i == AVER_EXPECT_OS_IMAGE_HASH)
        return judge_image(s, why);
    if (is_register(i))
        found = register_of(s->registers, i);
    else
        found =
            aver_code_fact(s, i == AVER_EXPECT_APP_ID ? AVER_CODE_APP_ID
                                                      : AVER_CODE_COMPOSE_HASH);
    if (found.n == 0)
        return nothing(i,
                       is_register(i) ? "there is no quote that says so"
                                      : "no log that is proven gives it",
                       why);
    return compare(s, i, found, why);
}

/* What could have been expected. */
static enum aver_result offer(const struct aver_subject *s,
                              struct aver_note *why)
{
    struct aver_bytes hash = aver_code_fact(s, AVER_CODE_COMPOSE_HASH);
    const char *name = "compose-hash";
    char hex[97];

    if (hash.n != 32) {
        hash = register_of(s->registers, AVER_EXPECT_MRTD);
        name = "mrtd";
    }
    if (hash.n == 0) {
        hash = register_of(s->registers, AVER_EXPECT_MRENCLAVE);
        name = "mrenclave";
    }
    if (hash.n == 0)
        return aver_say(why, AVER_NO_MATTER, "you named nothing");
    aver_hex_encode(hex, hash.p, hash.n);
    return aver_say(why, AVER_NO_MATTER, "you named nothing; it is %s %s", name,
                    hex);
}

static enum aver_result say_all(const struct aver_subject *s,
                                struct aver_note *why)
{
    const struct aver_expect *e = &s->policy->expect;
    bool word = false; /* the guest's */
    size_t at = 0;
    char text[200] = "";

    for (unsigned i = 0; i < AVER_EXPECTS && at < sizeof(text); i++) {
        if (!e->of[i].set)
            continue;
        word = word || i == AVER_EXPECT_COMPOSE_HASH || i == AVER_EXPECT_APP_ID;
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s",
                               at > 0 ? ", " : "", aver_expect_name(i));
    }
    return aver_say(why, AVER_PASS, "%s%s", text,
                    word && !image_named(s)
                        ? " (by a guest whose image you did not name)"
                        : "");
}

AVER_CODE_CHECK(aver_check_code_expected)
{
    const struct aver_expect *e = &s->policy->expect;
    enum aver_result worst = AVER_PASS;

    if (!aver_expect_any(e))
        return offer(s, why);
    for (unsigned i = 0; i < AVER_EXPECTS; i++) {
        struct aver_note note = {0};

        if (!e->of[i].set)
            continue;
        enum aver_result result = judge_one(s, i, &note);
        bool worse =
            result == AVER_FAIL ? worst != AVER_FAIL : worst == AVER_PASS;
        if (result == AVER_PASS || !worse)
            continue;
        worst = result;
        *why = note;
    }
    return worst == AVER_PASS ? say_all(s, why) : worst;
}
