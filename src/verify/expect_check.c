/* SPDX-License-Identifier: Apache-2.0
 *
 * expect_check: holds what was measured against what somebody expects.
 * Registers are the machine's word. What the log says of the application is
 * the guest's, and worth what its image is worth: the detail says so where no
 * image was named. */
#include "base/text.h"
#include "verify/code_checks.h"
#include "verify/scopes.h"

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
    return (aver_expected(s, AVER_EXPECT_OS_IMAGE_HASH) != NULL &&
            aver_code_image_holds(s)) ||
           (aver_expected(s, AVER_EXPECT_MRTD) != NULL &&
            aver_expected(s, AVER_EXPECT_RTMR1) != NULL &&
            aver_expected(s, AVER_EXPECT_RTMR2) != NULL);
}

static enum aver_result compare(const struct aver_subject *s,
                                enum aver_expect_name i,
                                struct aver_bytes found, struct aver_note *why)
{
    char hex[2 * 64 + 1];

    aver_hex_encode(hex, found.p, found.n <= 64 ? found.n : 0);
    if (found.n != aver_expect_size(i) ||
        memcmp(found.p, aver_expected(s, i), found.n) != 0)
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
    bool word = false; /* the guest's */
    size_t at = 0;
    char text[200] = "";

    for (unsigned i = 0; i < AVER_EXPECTS && at < sizeof(text); i++) {
        if (aver_expected(s, i) == NULL)
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

/* "model" is every "model 1", "model 2" …; "model 1" is itself. */
static bool is_called(const char *scope, const char *name)
{
    size_t n = strlen(name);

    if (strncmp(scope, name, n) != 0)
        return false;
    return scope[n] == '\0' ||
           (scope[n] == ' ' &&
            scope[n + 1 + strspn(scope + n + 1, "0123456789")] == '\0');
}

const uint8_t *aver_expected(const struct aver_subject *s,
                             enum aver_expect_name i)
{
    const struct aver_policy *p = s->policy;

    for (unsigned j = 0; j < p->nscopes; j++)
        if (s->scope != NULL && is_called(s->scope, p->scope[j].name) &&
            p->scope[j].expect.of[i].set)
            return p->scope[j].expect.of[i].v;
    return p->expect.of[i].set ? p->expect.of[i].v : NULL;
}

/* A scope of which something is expected, and which is not there; or NULL. */
static const char *unmet_scope(const struct aver_subject *s)
{
    for (unsigned j = 0; j < s->policy->nscopes; j++) {
        const char *name = s->policy->scope[j].name;
        bool met = false;

        for (unsigned i = 0; s->scopes != NULL && i < s->scopes->n; i++)
            met = met || is_called(s->scopes->scope[i].name, name);
        if (!met)
            return name;
    }
    return NULL;
}

AVER_CODE_CHECK(aver_check_code_expected)
{
    enum aver_result worst = AVER_PASS;
    const char *lost = unmet_scope(s);
    bool any = false;

    if (lost != NULL)
        return aver_say(why, AVER_UNKNOWN,
                        "you expect something of \"%s\", and no scope is "
                        "called so",
                        lost);
    for (unsigned i = 0; i < AVER_EXPECTS; i++) {
        struct aver_note note = {0};

        if (aver_expected(s, i) == NULL)
            continue;
        any = true;
        enum aver_result result = judge_one(s, i, &note);
        bool worse =
            result == AVER_FAIL ? worst != AVER_FAIL : worst == AVER_PASS;
        if (result == AVER_PASS || !worse)
            continue;
        worst = result;
        *why = note;
    }
    if (!any)
        return offer(s, why);
    return worst == AVER_PASS ? say_all(s, why) : worst;
}
