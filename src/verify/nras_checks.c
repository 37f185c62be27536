/* SPDX-License-Identifier: Apache-2.0
 *
 * nras_checks: see nras_checks.h. What holds of the overall token must hold of
 * each GPU's. */
#include "verify/nras_checks.h"

#include "base/time.h"
#include "crypto/sha2.h"

#include <string.h>

static const char unread[] = "the answer cannot be read";

static bool usable(const struct aver_subject *s)
{
    return s->nras->fault[0] == '\0';
}

AVER_CHECK(aver_check_nras_shape)
{
    const struct aver_nras *r = s->nras;

    if (!usable(s))
        return aver_say(why, AVER_FAIL, "%s", r->fault);
    if (r->n == 0)
        return aver_say(why, AVER_FAIL, "it is about no GPU");
    return aver_say(why, AVER_PASS, "%u GPU%s, claims of version %s", r->n,
                    r->n == 1 ? "" : "s",
                    r->version[0] != '\0' ? r->version : "unknown");
}

/* What a row asks of each token. Other results than PASS end the walk. */
typedef enum aver_result token_check(const struct aver_subject *s,
                                     const struct aver_nras_token *t,
                                     const char *name, struct aver_note *why);

static enum aver_result each_token(const struct aver_subject *s,
                                   token_check *check, struct aver_note *why)
{
    const struct aver_nras *r = s->nras;
    enum aver_result result;

    if (!usable(s))
        return aver_say(why, AVER_SKIP, "%s", unread);
    result = check(s, &r->overall, "the overall token", why);
    for (unsigned i = 0; i < r->n && result == AVER_PASS; i++)
        if (r->gpu[i].came)
            result = check(s, &r->gpu[i].token, r->gpu[i].name, why);
    return result;
}

static enum aver_result because(struct aver_note *why, const char *cause)
{
    why->cause = cause;
    return AVER_FAIL;
}

/* The one key of the set that the token names; NULL with a note. */
static const struct aver_jwk *find_key(const struct aver_nras *r,
                                       const struct aver_nras_token *t,
                                       const char *name, struct aver_note *why)
{
    const struct aver_jwk *key = NULL;
    unsigned n = 0;

    if (t->jwt.kid[0] == '\0') {
        aver_say(why, AVER_FAIL, "%s names no key", name);
        return NULL;
    }
    key = aver_jwks_find(r->jwks, t->jwt.kid, &n);
    if (key == NULL)
        aver_say(why, AVER_FAIL, "%s: of %u keys %u are called %s", name,
                 r->jwks->n, n, t->jwt.kid);
    else if (key->fault[0] != '\0')
        aver_say(why, AVER_FAIL, "%s: the key cannot be used: %s", name,
                 key->fault);
    else if (!aver_ec_point_ok(r->ec, AVER_P384,
                               aver_bytes_of(key->point, sizeof(key->point))))
        aver_say(why, AVER_FAIL, "%s: the key is no point of P-384", name);
    else
        return key;
    return NULL;
}

/* RFC 7518 3.4: r || s under the key of the set. */
static enum aver_result is_signed(const struct aver_subject *s,
                                  const struct aver_nras_token *t,
                                  const char *name, struct aver_note *why)
{
    const struct aver_nras *r = s->nras;
    const struct aver_jwk *key = NULL;

    if (strcmp(t->jwt.alg, "ES384") != 0) {
        aver_say(why, AVER_FAIL, "%s is signed by \"%s\", not by ES384", name,
                 t->jwt.alg);
        return because(why, "nras_alg");
    }
    if (t->jwt.has_critical) {
        aver_say(why, AVER_FAIL,
                 "%s has a header that must be understood, and is not", name);
        return because(why, "nras_alg");
    }
    if ((key = find_key(r, t, name, why)) == NULL)
        return because(why, "nras_key");
    if (!aver_ec_verify_raw(
            r->ec, AVER_P384, aver_bytes_of(key->point, sizeof(key->point)),
            aver_jwt_signed(&t->jwt), aver_buf_view(&t->jwt.signature)))
        return aver_say(why, AVER_FAIL, "the signature of %s does not hold",
                        name);
    return AVER_PASS;
}

AVER_CHECK(aver_check_nras_signature)
{
    enum aver_result result = each_token(s, is_signed, why);

    if (result == AVER_PASS)
        aver_say(why, result,
                 "key %s of the file given, believed because of how it was "
                 "fetched",
                 s->nras->overall.jwt.kid);
    return result;
}

static enum aver_result is_issued(const struct aver_subject *s,
                                  const struct aver_nras_token *t,
                                  const char *name, struct aver_note *why)
{
    (void)s;
    if (strcmp(t->issuer, "https://nras.attestation.nvidia.com") != 0)
        return aver_say(why, AVER_FAIL, "%s is issued by \"%s\"", name,
                        t->issuer);
    return AVER_PASS;
}

AVER_CHECK(aver_check_nras_issuer)
{
    return each_token(s, is_issued, why);
}

/* RFC 7519 4.1.4 and 4.1.5: the first end is in, the last one is not. */
static enum aver_result is_valid(const struct aver_subject *s,
                                 const struct aver_nras_token *t,
                                 const char *name, struct aver_note *why)
{
    char from[AVER_TIME_TEXT], to[AVER_TIME_TEXT];

    if (!t->has_times)
        return aver_say(why, AVER_FAIL, "%s does not say from when to when",
                        name);
    aver_time_format(from, t->not_before);
    aver_time_format(to, t->expires);
    return aver_say(why,
                    t->not_before <= s->policy->at && s->policy->at < t->expires
                        ? AVER_PASS
                        : AVER_FAIL,
                    "%s is valid from %s to %s", name, from, to);
}

AVER_CHECK(aver_check_nras_time)
{
    enum aver_result result = each_token(s, is_valid, why);
    int64_t end = s->nras->overall.expires;
    char to[AVER_TIME_TEXT];

    if (result != AVER_PASS)
        return result;
    for (unsigned i = 0; i < s->nras->n; i++)
        if (s->nras->gpu[i].came && s->nras->gpu[i].token.expires < end)
            end = s->nras->gpu[i].token.expires;
    aver_time_format(to, end);
    return aver_say(why, result, "until %s", to);
}

static enum aver_result check_submod(const struct aver_nras_gpu *g,
                                     struct aver_note *why)
{
    uint8_t digest[32];

    if (!g->listed || !g->came)
        return aver_say(why, AVER_FAIL, "%s is in %s alone", g->name,
                        g->came ? "the list of tokens" : "the overall token");
    if (!g->has_digest)
        return aver_say(why, AVER_FAIL,
                        "the overall token names %s without a SHA-256",
                        g->name);
    aver_sha256(digest, aver_buf_view(&g->token.jwt.text));
    if (memcmp(digest, g->digest, 32) != 0)
        return aver_say(why, AVER_FAIL,
                        "the token of %s is not the one that the overall token "
                        "means",
                        g->name);
    return AVER_PASS;
}

AVER_CHECK(aver_check_nras_submods)
{
    const struct aver_nras *r = s->nras;
    enum aver_result result = AVER_PASS;

    if (!usable(s))
        return aver_say(why, AVER_SKIP, "%s", unread);
    for (unsigned i = 0; i < r->n && result == AVER_PASS; i++)
        result = check_submod(&r->gpu[i], why);
    if (result == AVER_PASS && s->policy->has_gpu_count &&
        s->policy->gpu_count != r->n) {
        aver_say(why, AVER_FAIL, "it is about %u GPUs, not %u", r->n,
                 s->policy->gpu_count);
        return because(why, "count");
    }
    return result;
}

static enum aver_result check_nonce(const struct aver_nras_token *t,
                                    const uint8_t nonce[static 32],
                                    const char *name, bool must,
                                    struct aver_note *why)
{
    if (t->nonce == AVER_NRAS_NO_NONCE)
        return must ? aver_say(why, AVER_FAIL, "%s has no nonce", name)
                    : AVER_PASS;
    if (t->nonce == AVER_NRAS_BAD_NONCE)
        return aver_say(why, AVER_FAIL,
                        "the nonce of %s is not 64 hexadecimal digits", name);
    if (memcmp(t->eat_nonce, nonce, 32) != 0)
        return aver_say(why, AVER_FAIL, "%s was made for another nonce", name);
    return AVER_PASS;
}

/* The overall token vouches for the others by their digests, so that they may
 * leave the nonce out; they must not have another. */
AVER_CHECK(aver_check_nras_nonce)
{
    const struct aver_nras *r = s->nras;
    const struct aver_policy *p = s->policy;
    enum aver_result result;

    if (p->as_of) {
        why->optional = true;
        return aver_say(why, AVER_UNKNOWN,
                        "judged as of the time it was saved");
    }
    if (!p->has_nonce)
        return aver_say(why, AVER_UNKNOWN,
                        "no nonce was given to compare with");
    if (!usable(s))
        return aver_say(why, AVER_SKIP, "%s", unread);
    result = check_nonce(&r->overall, p->nonce, "the overall token", true, why);
    for (unsigned i = 0; i < r->n && result == AVER_PASS; i++)
        if (r->gpu[i].came)
            result = check_nonce(&r->gpu[i].token, p->nonce, r->gpu[i].name,
                                 false, why);
    return result;
}

static const char *says(enum aver_nras_says v)
{
    static const char *const words[] = {"absent", "true", "false"};

    return words[v];
}

static enum aver_result check_gpu(const struct aver_nras_gpu *g,
                                  struct aver_note *why)
{
    if (g->error[0] != '\0')
        return aver_say(why, AVER_FAIL, "%s: %s", g->name, g->error);
    if (strcmp(g->measres, "success") != 0)
        return aver_say(why, AVER_FAIL, "%s: measres is \"%s\"", g->name,
                        g->measres);
    if (strcmp(g->dbgstat, "disabled") != 0)
        return aver_say(why, AVER_FAIL, "%s: dbgstat is \"%s\"", g->name,
                        g->dbgstat);
    if (g->secboot != AVER_NRAS_TRUE)
        return aver_say(why, AVER_FAIL, "%s: secboot is %s", g->name,
                        says(g->secboot));
    return AVER_PASS;
}

bool aver_nras_gpu_sound(const struct aver_nras_gpu *g)
{
    struct aver_note unused = {0};

    return check_gpu(g, &unused) == AVER_PASS;
}

AVER_CHECK(aver_check_nras_result)
{
    const struct aver_nras *r = s->nras;
    enum aver_result result = AVER_PASS;

    if (!usable(s))
        return aver_say(why, AVER_SKIP, "%s", unread);
    for (unsigned i = 0; i < r->n && result == AVER_PASS; i++)
        if (r->gpu[i].came)
            result = check_gpu(&r->gpu[i], why);
    if (result == AVER_PASS && r->result != AVER_NRAS_TRUE)
        result = aver_say(why, AVER_FAIL, "the overall result is %s",
                          says(r->result));
    if (result == AVER_PASS)
        aver_say(why, result, "its word alone, nothing was compared here");
    return result;
}
