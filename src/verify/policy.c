/* SPDX-License-Identifier: Apache-2.0
 *
 * policy: see policy.h. One table of names, so that options and complaints
 * agree. */
#include "verify/policy.h"

#include "base/suggest.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/x509.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned bit;
} relaxations[] = {
    {"debug", AVER_ALLOW_DEBUG},
    {"trailing-bytes", AVER_ALLOW_TRAILING_BYTES},
    {"sept-ve-disable-clear", AVER_ALLOW_SEPT_VE_DISABLE_CLEAR},
    {"service-td", AVER_ALLOW_SERVICE_TD},
    {"auth-slack", AVER_ALLOW_AUTH_SLACK},
    {"qe-report-data-tail", AVER_ALLOW_QE_REPORT_DATA_TAIL},
    {"root-self-revocation", AVER_ALLOW_ROOT_SELF_REVOCATION},
    {"rim-hold", AVER_ALLOW_RIM_HOLD},
    {"rim-missing", AVER_ALLOW_RIM_MISSING},
    {"revocation-missing", AVER_ALLOW_REVOCATION_MISSING},
};
#define RELAXATIONS (sizeof(relaxations) / sizeof(relaxations[0]))

/* Revoked is never put up with: it has a row of its own. */
static bool may_be_allowed(enum aver_tcb_status s)
{
    return s != AVER_TCB_NONE && s != AVER_TCB_REVOKED;
}

static int allow_status(struct aver_policy *p, const char *word,
                        struct aver_error *err)
{
    struct aver_suggestion s;
    char near[80];

    if (strcmp(word, "any") == 0) {
        p->statuses = ~0U;
        return 0;
    }
    aver_suggest_start(&s, word);
    for (unsigned i = 0; i < AVER_TCB_STATUSES; i++) {
        const char *name = aver_tcb_status_name((enum aver_tcb_status)i);

        if (!may_be_allowed((enum aver_tcb_status)i))
            continue;
        if (aver_bytes_is_nocase(aver_bytes_str(word), name)) {
            p->statuses |= 1U << i;
            return 0;
        }
        aver_suggest_offer(&s, name);
    }
    return aver_fail(err, AVER_ECONFIG,
                     "tcb=%.60s is no status that can be allowed%s", word,
                     aver_suggest_text(&s, near, sizeof(near)));
}

static int allow_index(struct aver_policy *p, const char *word,
                       struct aver_error *err)
{
    uint64_t i = 0;

    if (aver_decimal(&i, aver_bytes_str(word), AVER_SPDM_BLOCKS_MAX - 1) != 0)
        return aver_fail(err, AVER_ECONFIG,
                         "rim-index wants = and a number from 0 to %d",
                         AVER_SPDM_BLOCKS_MAX - 1);
    p->rim_skips.set[i / 8] |= (uint8_t)(1U << i % 8);
    return 0;
}

int aver_policy_allow(struct aver_policy *p, const char *name,
                      struct aver_error *err)
{
    struct aver_suggestion s;
    char near[80];

    if (p == NULL)
        return aver_fail(err, AVER_EMEM, "there is no policy: it was not made");
    if (strncmp(name, "tcb=", 4) == 0)
        return allow_status(p, name + 4, err);
    if (strncmp(name, "rim-index=", 10) == 0)
        return allow_index(p, name + 10, err);
    aver_suggest_start(&s, name);
    for (size_t i = 0; i < RELAXATIONS; i++) {
        if (strcmp(relaxations[i].name, name) == 0) {
            p->allow |= relaxations[i].bit;
            return 0;
        }
        aver_suggest_offer(&s, relaxations[i].name);
    }
    aver_suggest_offer(&s, "tcb=any");
    aver_suggest_offer(&s, "rim-index=N");
    return aver_fail(err, AVER_ECONFIG, "nothing is relaxed by \"%.60s\"%s",
                     name, aver_suggest_text(&s, near, sizeof(near)));
}

/* What is expected of that scope; NULL with `err` if there are too many. */
static struct aver_expect *expect_of(struct aver_policy *p, const char *scope,
                                     size_t n, struct aver_error *err)
{
    unsigned i = 0;

    if (n == 0 || n >= sizeof(p->scope[0].name)) {
        aver_fail(err, AVER_ECONFIG, "no scope has a name of %zu letters", n);
        return NULL;
    }
    while (i < p->nscopes && (strlen(p->scope[i].name) != n ||
                              memcmp(p->scope[i].name, scope, n) != 0))
        i++;
    if (i == AVER_EXPECT_SCOPES) {
        aver_fail(err, AVER_ELIMIT, "expectations of more than %d scopes",
                  AVER_EXPECT_SCOPES);
        return NULL;
    }
    if (i == p->nscopes) {
        memset(&p->scope[i], 0, sizeof(p->scope[i]));
        memcpy(p->scope[i].name, scope, n);
        p->nscopes++;
    }
    return &p->scope[i].expect;
}

int aver_policy_expect_named(struct aver_policy *p, struct aver_bytes name,
                             struct aver_bytes hex, struct aver_error *err)
{
    const char *text = (const char *)name.p;
    const char *colon = name.n > 0 ? memchr(text, ':', name.n) : NULL;
    size_t scope = colon != NULL ? (size_t)(colon - text) : 0;
    struct aver_expect *e = &p->expect;
    char copy[40];

    if (colon != NULL) {
        e = expect_of(p, text, scope, err);
        name = aver_bytes_of(colon + 1, name.n - scope - 1);
    }
    if (e == NULL)
        return -1;
    snprintf(copy, sizeof(copy), "%.*s", name.n < 39 ? (int)name.n : 39,
             (const char *)name.p);
    return aver_expect_set(e, copy, hex, err);
}

int aver_policy_expect_text(struct aver_policy *p, const char *text,
                            struct aver_error *err)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL)
        return aver_fail(err, AVER_ECONFIG,
                         "%.40s: expected NAME=HEX, or SCOPE:NAME=HEX", text);
    return aver_policy_expect_named(
        p, aver_bytes_of(text, (size_t)(equals - text)),
        aver_bytes_str(equals + 1), err);
}

static int require_evaluation(struct aver_policy *p, const char *value)
{
    if (aver_decimal(&p->min_evaluation, aver_bytes_str(value), UINT32_MAX) !=
        0)
        return -1;
    return p->min_evaluation > 0 ? 0 : -1;
}

static int require_age(struct aver_policy *p, const char *value)
{
    uint64_t seconds = 0;

    if (aver_decimal(&seconds, aver_bytes_str(value), UINT32_MAX) != 0 ||
        seconds == 0)
        return -1;
    p->max_age = (int64_t)seconds;
    return 0;
}

static int require_fmspc(struct aver_policy *p, const char *value)
{
    if (aver_hex_decode(p->fmspc, 6, aver_bytes_str(value)) != 0)
        return -1;
    p->has_fmspc = true;
    return 0;
}

static bool has_evaluation(const struct aver_policy *p)
{
    return p->min_evaluation > 0;
}

static bool has_age(const struct aver_policy *p)
{
    return p->max_age > 0;
}

static bool has_fmspc(const struct aver_policy *p)
{
    return p->has_fmspc;
}

/* Of GPUs: what is missing is refused. */
static const struct {
    const char *name;
    unsigned bit;
} wanted[] = {
    {"rim", AVER_REQUIRE_RIM},
    {"revocation", AVER_REQUIRE_REVOCATION},
    {"topology", AVER_REQUIRE_TOPOLOGY},
};
#define WANTED (sizeof(wanted) / sizeof(wanted[0]))

static const struct {
    const char *name, *value;
    int (*set)(struct aver_policy *p, const char *value);
    bool (*is_set)(const struct aver_policy *p);
} demands[] = {
    {"tcb-evaluation", "a number above 0", require_evaluation, has_evaluation},
    {"max-age", "a number of seconds above 0", require_age, has_age},
    {"fmspc", "12 hex digits", require_fmspc, has_fmspc},
};
#define DEMANDS (sizeof(demands) / sizeof(demands[0]))

int aver_policy_require(struct aver_policy *p, const char *name,
                        struct aver_error *err)
{
    const char *equals = strchr(name, '=');
    size_t n = equals != NULL ? (size_t)(equals - name) : strlen(name);
    struct aver_suggestion s;
    char near[80], typed[64];

    if (p == NULL)
        return aver_fail(err, AVER_EMEM, "there is no policy: it was not made");
    snprintf(typed, sizeof(typed), "%.*s", n < 60 ? (int)n : 60, name);
    aver_suggest_start(&s, typed);
    for (size_t i = 0; i < WANTED; i++) {
        aver_suggest_offer(&s, wanted[i].name);
        if (strcmp(wanted[i].name, name) == 0) {
            p->require |= wanted[i].bit;
            return 0;
        }
    }
    for (size_t i = 0; i < DEMANDS; i++) {
        aver_suggest_offer(&s, demands[i].name);
        if (strcmp(demands[i].name, typed) != 0)
            continue;
        if (demands[i].is_set(p)) /* which of the two would count? */
            return aver_fail(err, AVER_ECONFIG, "%s is demanded twice", typed);
        if (equals != NULL && demands[i].set(p, equals + 1) == 0)
            return 0;
        return aver_fail(err, AVER_ECONFIG, "%s wants = and %s", typed,
                         demands[i].value);
    }
    return aver_fail(err, AVER_ECONFIG, "nothing is demanded by \"%s\"%s",
                     typed, aver_suggest_text(&s, near, sizeof(near)));
}

int aver_policy_time(int64_t *at, const char *text, struct aver_error *err)
{
    uint64_t seconds = 0;

    if (aver_decimal(&seconds, aver_bytes_str(text), INT64_MAX) == 0) {
        *at = (int64_t)seconds;
        return 0;
    }
    if (aver_time_parse(at, aver_bytes_str(text)) == 0)
        return 0;
    return aver_fail(err, AVER_ECONFIG,
                     "%.40s is neither YYYY-MM-DDThh:mm:ssZ nor seconds since "
                     "1970",
                     text);
}

int aver_policy_root(struct aver_policy *p, enum aver_root which,
                     struct aver_bytes pem, struct aver_error *err)
{
    uint8_t *const to[] = {p->root, p->gpu_root, p->rim_root};
    bool *const has[] = {&p->has_root, &p->has_gpu_root, &p->has_rim_root};

    if (aver_x509_spki_sha256(to[which], pem, err) != 0)
        return -1;
    *has[which] = true;
    return 0;
}
