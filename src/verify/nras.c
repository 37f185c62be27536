/* SPDX-License-Identifier: Apache-2.0
 *
 * nras: see nras.h. The claims are those of RFC 9711 (EAT) and NVIDIA's own;
 * members that are not known here do not matter. */
#include "verify/nras.h"

#include "base/json.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first fault counts. */
static void fault(struct aver_nras *r, const char *fmt, ...) AVER_PRINTF(2, 3);
static void fault(struct aver_nras *r, const char *fmt, ...)
{
    va_list ap;

    if (r->fault[0] != '\0')
        return;
    va_start(ap, fmt);
    vsnprintf(r->fault, sizeof(r->fault), fmt, ap);
    va_end(ap);
}

static void read_text(char *out, size_t n, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t i = 0;

    for (; text != NULL && text[i] != '\0' && i + 1 < n; i++)
        out[i] = text[i] >= 0x20 && text[i] <= 0x7e ? text[i] : '?';
    out[i] = '\0';
}

#define TEXT(field, claims, name)                                              \
    read_text(field, sizeof(field), json_object_get(claims, name))

static enum aver_nras_says read_bool(const json_t *value)
{
    if (!json_is_boolean(value))
        return AVER_NRAS_SILENT;
    return json_is_true(value) ? AVER_NRAS_TRUE : AVER_NRAS_FALSE;
}

static void read_nonce(struct aver_nras_token *t, const json_t *value)
{
    const char *text = json_string_value(value);

    if (value == NULL)
        t->nonce = AVER_NRAS_NO_NONCE;
    else if (text != NULL &&
             aver_hex_decode(t->eat_nonce, 32, aver_bytes_str(text)) == 0)
        t->nonce = AVER_NRAS_NONCE;
    else
        t->nonce = AVER_NRAS_BAD_NONCE;
}

/* A token and its claims; NULL with a fault. The caller drops them. */
static json_t *read_token(struct aver_nras *r, struct aver_nras_token *t,
                          const char *name, const json_t *value)
{
    struct aver_bytes text =
        aver_bytes_of(json_string_value(value), json_string_length(value));
    json_t *claims = NULL;
    struct aver_error err;

    if (!json_is_string(value)) {
        fault(r, "%s is no text", name);
        return NULL;
    }
    if (aver_jwt_parse(&t->jwt, text, &err) != 0) {
        fault(r, "%s: %.140s", name, err.text);
        return NULL;
    }
    claims = aver_json_parse(aver_buf_view(&t->jwt.payload), &err);
    if (!json_is_object(claims)) {
        fault(r, "%s: its payload is no JSON object with each member once",
              name);
        json_decref(claims);
        return NULL;
    }
    const json_t *from = json_object_get(claims, "nbf");
    const json_t *to = json_object_get(claims, "exp");
    TEXT(t->issuer, claims, "iss");
    t->has_times = json_is_integer(from) && json_is_integer(to);
    t->not_before = json_integer_value(from);
    t->expires = json_integer_value(to);
    read_nonce(t, json_object_get(claims, "eat_nonce"));
    return claims;
}

/* What the service says in place of a result. */
static void read_error(struct aver_nras_gpu *g, const json_t *details)
{
    const json_t *code = json_object_get(details, "code");
    char message[64];

    if (details == NULL)
        return;
    TEXT(message, details, "message");
    if (json_is_integer(code))
        snprintf(g->error, sizeof(g->error), "error %lld %s",
                 (long long)json_integer_value(code), message);
    else
        snprintf(g->error, sizeof(g->error), "error %s", message);
}

static void read_gpu(struct aver_nras *r, struct aver_nras_gpu *g,
                     const json_t *value)
{
    json_t *claims = read_token(r, &g->token, g->name, value);

    if (claims == NULL)
        return;
    TEXT(g->measres, claims, "measres");
    TEXT(g->dbgstat, claims, "dbgstat");
    g->secboot = read_bool(json_object_get(claims, "secboot"));
    TEXT(g->hwmodel, claims, "hwmodel");
    TEXT(g->driver, claims, "x-nvidia-gpu-driver-version");
    TEXT(g->vbios, claims, "x-nvidia-gpu-vbios-version");
    TEXT(g->ueid, claims, "ueid");
    read_error(g, json_object_get(claims, "x-nvidia-error-details"));
    json_decref(claims);
}

static bool is_name(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if (text[i] <= 0x20 || text[i] > 0x7e)
            return false;
    return n > 0 && n < sizeof(((struct aver_nras_gpu *)0)->name);
}

/* The GPU of that name, which is made if there is none. NULL with a fault. */
static struct aver_nras_gpu *find(struct aver_nras *r, const char *name)
{
    for (unsigned i = 0; i < r->n; i++)
        if (strcmp(r->gpu[i].name, name) == 0)
            return &r->gpu[i];
    if (!is_name(name)) {
        fault(r, "a GPU is named by something else than a short text");
        return NULL;
    }
    if (r->n == AVER_NRAS_GPUS_MAX) {
        fault(r, "more than %d GPUs", AVER_NRAS_GPUS_MAX);
        return NULL;
    }
    snprintf(r->gpu[r->n].name, sizeof(r->gpu[r->n].name), "%s", name);
    return &r->gpu[r->n++];
}

/* ["DIGEST", ["SHA-256", HEX]] (RFC 9711 4.2.18). */
static void read_digest(struct aver_nras_gpu *g, const json_t *value)
{
    const json_t *pair = json_array_get(value, 1);
    const char *kind = json_string_value(json_array_get(value, 0));
    const char *hash = json_string_value(json_array_get(pair, 0));
    const char *hex = json_string_value(json_array_get(pair, 1));

    g->has_digest = json_array_size(value) == 2 && json_array_size(pair) == 2 &&
                    kind != NULL && strcmp(kind, "DIGEST") == 0 &&
                    hash != NULL && strcmp(hash, "SHA-256") == 0 &&
                    hex != NULL &&
                    aver_hex_decode(g->digest, 32, aver_bytes_str(hex)) == 0;
}

static void read_overall(struct aver_nras *r, const json_t *pair)
{
    const char *kind = json_string_value(json_array_get(pair, 0));
    json_t *claims = NULL, *digest;
    const char *name;

    if (json_array_size(pair) != 2 || kind == NULL ||
        strcmp(kind, "JWT") != 0) {
        fault(r, "it does not begin with [\"JWT\", the overall token]");
        return;
    }
    claims = read_token(r, &r->overall, "the overall token",
                        json_array_get(pair, 1));
    if (claims == NULL)
        return;
    r->result =
        read_bool(json_object_get(claims, "x-nvidia-overall-att-result"));
    TEXT(r->version, claims, "x-nvidia-ver");
    json_object_foreach(json_object_get(claims, "submods"), name, digest)
    {
        struct aver_nras_gpu *g = find(r, name);

        if (g == NULL)
            break;
        g->listed = true;
        read_digest(g, digest);
    }
    json_decref(claims);
}

static void read_gpus(struct aver_nras *r, json_t *tokens)
{
    const char *name;
    json_t *token;

    if (!json_is_object(tokens)) {
        fault(r, "its second part is not an object of tokens");
        return;
    }
    json_object_foreach(tokens, name, token)
    {
        struct aver_nras_gpu *g = find(r, name);

        if (g == NULL)
            return;
        g->came = true;
        read_gpu(r, g, token);
    }
}

struct aver_nras *aver_nras_parse(struct aver_bytes in)
{
    struct aver_nras *r = calloc(1, sizeof(*r));
    json_t *tree = NULL;
    struct aver_error err;

    if (r == NULL)
        return NULL;
    if (in.n > AVER_NRAS_MAX) {
        fault(r, "more than %zu bytes", AVER_NRAS_MAX);
        return r;
    }
    tree = aver_json_parse(in, &err);
    if (tree == NULL) {
        fault(r, "%.190s", err.text);
    } else if (json_array_size(tree) != 2) {
        fault(r, "it is no array of two: an overall token, and one a GPU");
    } else {
        read_gpus(r, json_array_get(tree, 1));
        read_overall(r, json_array_get(tree, 0));
    }
    json_decref(tree);
    return r;
}

void aver_nras_free(struct aver_nras *r)
{
    if (r == NULL)
        return;
    aver_jwt_clear(&r->overall.jwt);
    for (unsigned i = 0; i < r->n; i++)
        aver_jwt_clear(&r->gpu[i].token.jwt);
    free(r);
}
