/* SPDX-License-Identifier: Apache-2.0
 *
 * jwt: see jwt.h. RFC 7515 section 3.1 for the form, RFC 7518 6.2 for keys. */
#include "verify/jwt.h"

#include "base/json.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The text up to the next dot, and what is behind it. False without a dot. */
static bool cut(struct aver_bytes *rest, struct aver_bytes *part)
{
    const uint8_t *dot = rest->n > 0 ? memchr(rest->p, '.', rest->n) : NULL;

    if (dot == NULL)
        return false;
    *part = aver_bytes_of(rest->p, (size_t)(dot - rest->p));
    *rest = aver_bytes_of(dot + 1, rest->n - part->n - 1);
    return true;
}

/* A name for a key: what can be printed, and compared without doubt. */
static int read_kid(char out[static AVER_JWT_KID_MAX], const json_t *value)
{
    const char *text = json_string_value(value);
    size_t n = json_string_length(value);

    if (text == NULL || n == 0 || n >= AVER_JWT_KID_MAX)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (text[i] <= 0x20 || text[i] > 0x7e)
            return -1;
    memcpy(out, text, n + 1);
    return 0;
}

static void read_alg(struct aver_jwt *t, const json_t *value)
{
    const char *text = json_string_value(value);

    for (size_t i = 0; text != NULL && text[i] != '\0'; i++)
        if (i + 1 < sizeof(t->alg))
            t->alg[i] = text[i] > 0x20 && text[i] <= 0x7e ? text[i] : '?';
}

static int read_header(struct aver_jwt *t, struct aver_bytes text,
                       struct aver_error *err)
{
    json_t *header = aver_json_parse(text, NULL);
    const json_t *kid = json_object_get(header, "kid");
    int rc = 0;

    if (!json_is_object(header))
        rc = aver_fail(err, AVER_EFORMAT,
                       "the token's header is no JSON object with each member "
                       "once");
    else if (kid != NULL && read_kid(t->kid, kid) != 0)
        rc = aver_fail(err, AVER_EFORMAT,
                       "the token's header names its key (kid) by something "
                       "else than a text of 1 to %d characters",
                       AVER_JWT_KID_MAX - 1);
    read_alg(t, json_object_get(header, "alg"));
    t->has_critical = json_object_get(header, "crit") != NULL;
    json_decref(header);
    return rc;
}

/* Header, payload and signature as they stand in the text. Another dot would
 * be in the last one, and is no base64url. */
static int split(struct aver_bytes part[static 3], struct aver_bytes text)
{
    part[2] = text;
    return cut(&part[2], &part[0]) && cut(&part[2], &part[1]) ? 0 : -1;
}

int aver_jwt_parse(struct aver_jwt *t, struct aver_bytes token,
                   struct aver_error *err)
{
    struct aver_bytes part[3];
    struct aver_buf header;
    int rc = -1;

    memset(t, 0, sizeof(*t));
    aver_buf_init(&t->text, AVER_JWT_MAX);
    aver_buf_init(&t->payload, AVER_JWT_MAX);
    aver_buf_init(&t->signature, AVER_JWT_MAX);
    aver_buf_init(&header, AVER_JWT_MAX);
    if (aver_buf_append(&t->text, token.p, token.n) != 0)
        return aver_fail(err, AVER_ELIMIT, "the token has more than %zu bytes",
                         AVER_JWT_MAX);
    if (split(part, aver_buf_view(&t->text)) != 0)
        aver_fail(err, AVER_EFORMAT, "the token is not three parts and dots");
    else if (aver_base64url_decode_buf(&header, part[0]) != 0 ||
             aver_base64url_decode_buf(&t->payload, part[1]) != 0 ||
             aver_base64url_decode_buf(&t->signature, part[2]) != 0)
        aver_fail(err, AVER_EFORMAT,
                  "a part of the token is not base64url without padding");
    else
        rc = read_header(t, aver_buf_view(&header), err);
    t->signed_n = part[0].n + 1 + part[1].n;
    aver_buf_clear(&header);
    return rc;
}

void aver_jwt_clear(struct aver_jwt *t)
{
    aver_buf_clear(&t->text);
    aver_buf_clear(&t->payload);
    aver_buf_clear(&t->signature);
}

struct aver_bytes aver_jwt_signed(const struct aver_jwt *t)
{
    return aver_bytes_of(t->text.p, t->signed_n);
}

static bool is_text(const json_t *object, const char *name, const char *want)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL && strcmp(text, want) == 0;
}

/* A member that need not be there. */
static bool may_be(const json_t *object, const char *name, const char *want)
{
    return json_object_get(object, name) == NULL || is_text(object, name, want);
}

/* One coordinate: exactly 48 bytes (RFC 7518 6.2.1.2). */
static int read_coordinate(uint8_t *out, const json_t *key, const char *name)
{
    const char *text = json_string_value(json_object_get(key, name));
    struct aver_buf bytes;
    int rc = -1;

    if (text == NULL)
        return -1;
    aver_buf_init(&bytes, 48);
    if (aver_base64url_decode_buf(&bytes, aver_bytes_str(text)) == 0 &&
        bytes.n == 48) {
        memcpy(out, bytes.p, 48);
        rc = 0;
    }
    aver_buf_clear(&bytes);
    return rc;
}

static const char *read_key(struct aver_jwk *k, const json_t *key)
{
    if (!is_text(key, "kty", "EC") || !is_text(key, "crv", "P-384"))
        return "it is not an elliptic curve's on P-384";
    if (!may_be(key, "alg", "ES384") || !may_be(key, "use", "sig"))
        return "it is for something else than signatures by ES384";
    k->point[0] = 4;
    if (read_coordinate(k->point + 1, key, "x") != 0 ||
        read_coordinate(k->point + 49, key, "y") != 0)
        return "its coordinates are not 48 bytes each in base64url";
    return "";
}

static int read_keys(struct aver_jwks *s, const json_t *keys,
                     struct aver_error *err)
{
    const json_t *key;
    size_t i;

    if (!json_is_array(keys))
        return aver_fail(err, AVER_EFORMAT,
                         "a set of keys is {\"keys\": [...]}");
    json_array_foreach(keys, i, key)
    {
        struct aver_jwk k = {0};

        if (read_kid(k.kid, json_object_get(key, "kid")) != 0)
            continue;
        if (s->n == AVER_JWKS_KEYS_MAX)
            return aver_fail(err, AVER_ELIMIT, "more than %d keys",
                             AVER_JWKS_KEYS_MAX);
        snprintf(k.fault, sizeof(k.fault), "%s", read_key(&k, key));
        s->key[s->n++] = k;
    }
    return 0;
}

int aver_jwks_parse(struct aver_jwks *s, struct aver_bytes in,
                    struct aver_error *err)
{
    json_t *tree = NULL;
    int rc = -1;

    s->n = 0;
    if (in.n > AVER_JWKS_MAX)
        return aver_fail(err, AVER_ELIMIT, "more than %zu bytes",
                         AVER_JWKS_MAX);
    tree = aver_json_parse(in, err);
    if (tree != NULL)
        rc = read_keys(s, json_object_get(tree, "keys"), err);
    json_decref(tree);
    return rc;
}

const struct aver_jwk *aver_jwks_find(const struct aver_jwks *s,
                                      const char *kid, unsigned *n)
{
    const struct aver_jwk *found = NULL;

    *n = 0;
    for (unsigned i = 0; i < s->n; i++)
        if (aver_bytes_is(aver_bytes_str(s->key[i].kid), kid)) {
            found = &s->key[i];
            ++*n;
        }
    return *n == 1 ? found : NULL;
}
