/* SPDX-License-Identifier: Apache-2.0
 *
 * config_token: bearer tokens. They come from token-file, or from AVER_TOKEN
 * (older name: TOKEN), never from both and never from a flag. Only their
 * SHA-256 is kept; the text is overwritten as soon as it was read, in the
 * environment too (/proc/PID/environ shows that very memory). */
#include "serve/config_row.h"

#include "crypto/sha2.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS_BYTES_MAX ((size_t)1 << 20)

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct aver_bytes trim(struct aver_bytes s)
{
    while (s.n > 0 && blank(s.p[0]))
        s = aver_bytes_of(s.p + 1, s.n - 1);
    while (s.n > 0 && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* Can stand in an Authorization field: visible ASCII (RFC 9110 5.5). */
static bool sendable(struct aver_bytes token)
{
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] <= 0x20 || token.p[i] >= 0x7f)
            return false;
    return true;
}

static int add(struct config *c, struct aver_bytes token,
               struct aver_error *err)
{
    if (!sendable(token))
        return aver_fail(err, AVER_ECONFIG,
                         "a token holds a blank or a byte that is not ASCII");
    if (c->ntokens == CONFIG_TOKENS_MAX)
        return aver_fail(err, AVER_ECONFIG, "more than %d tokens",
                         CONFIG_TOKENS_MAX);
    if (!c->token_sha256) {
        c->token_sha256 = calloc(CONFIG_TOKENS_MAX, 32);
        if (!c->token_sha256)
            return aver_fail(err, AVER_EMEM, "out of memory");
    }
    aver_sha256(c->token_sha256[c->ntokens++], token);
    return 0;
}

/* Tokens divided by `divider`; `comments` drops those that begin with #.
 * -1 with *item (from 1) the one that is wrong. */
static int add_all(struct config *c, struct aver_bytes text, char divider,
                   bool comments, unsigned *item, struct aver_error *err)
{
    *item = 0;
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, divider, text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct aver_bytes token = trim(aver_bytes_of(text.p, n));
        ++*item;
        n += end ? 1 : 0;
        bool skip = token.n == 0 || (comments && text.p[0] == '#');
        if (!skip && add(c, token, err) != 0)
            return -1;
        text = aver_bytes_of(text.p + n, text.n - n);
    }
    return 0;
}

int config_tokens_parse(struct config *c, struct aver_bytes text,
                        const char *path, struct aver_error *err)
{
    struct aver_error reason;
    unsigned line;
    if (add_all(c, text, '\n', true, &line, &reason) != 0)
        return aver_fail(err, reason.code, "%.150s:%u: %s", path, line,
                         reason.text);
    if (c->ntokens == 0)
        return aver_fail(err, AVER_ECONFIG,
                         "%.150s: there is no token in it; one a line was "
                         "expected",
                         path);
    return 0;
}

static int read_file(struct config *c, struct aver_error *err)
{
    struct aver_buf text;
    struct aver_error reason;
    aver_buf_init(&text, TOKENS_BYTES_MAX);
    /* All at once, so that growing leaves no copy behind. */
    int rc = aver_buf_reserve(&text, TOKENS_BYTES_MAX);
    if (rc != 0)
        aver_fail(err, AVER_EMEM, "out of memory");
    if (rc == 0 && config_slurp(&text, c->token_file, &reason) != 0)
        rc = aver_fail(err, reason.code, "token-file: %s", reason.text);
    if (rc == 0)
        rc = config_tokens_parse(c, aver_buf_view(&text), c->token_file, err);
    aver_buf_wipe(&text);
    return rc;
}

/* Reads a variable's tokens, then overwrites and removes it. */
static int take_variable(struct config *c, const char *variable, bool use,
                         struct aver_error *err)
{
    char *value = getenv(variable);
    struct aver_error reason;
    unsigned item;
    int rc = 0;
    if (!value)
        return 0;
    if (use && add_all(c, aver_bytes_str(value), ',', false, &item, &reason))
        rc = aver_fail(err, reason.code, "%s: %s (token %u of the list)",
                       variable, reason.text, item);
    else if (use && c->ntokens == 0)
        rc = aver_fail(err, AVER_ECONFIG,
                       "%s is set but holds no token; unset it to serve "
                       "everybody",
                       variable);
    aver_wipe(value, strlen(value));
    unsetenv(variable);
    return rc;
}

static int read_variables(struct config *c, struct aver_error *err)
{
    struct aver_error later;
    bool ours = getenv("AVER_TOKEN") != NULL;
    bool older = !ours && getenv("TOKEN") != NULL;
    c->tokens_from_env = ours || older;
    /* Both are taken out, whatever the first one says. */
    int rc = take_variable(c, "AVER_TOKEN", ours, err);
    if (take_variable(c, "TOKEN", older && rc == 0, &later) != 0)
        rc = aver_fail(err, later.code, "%s", later.text);
    if (rc == 0 && older)
        c->tokens_from_alias = true;
    return rc;
}

static int keep_tokens(struct config *c, const struct config *old,
                       struct aver_error *err)
{
    c->token_sha256 = calloc(CONFIG_TOKENS_MAX, 32);
    if (!c->token_sha256)
        return aver_fail(err, AVER_EMEM, "out of memory");
    memcpy(c->token_sha256, old->token_sha256, (size_t)old->ntokens * 32);
    c->ntokens = old->ntokens;
    c->tokens_from_env = true;
    return 0;
}

int config_tokens_read(struct config *c, const struct config *old,
                       struct aver_error *err)
{
    if (read_variables(c, err) != 0)
        return -1;
    if (old && old->tokens_from_env && keep_tokens(c, old, err) != 0)
        return -1;
    if (!c->token_file)
        return 0;
    if (c->tokens_from_env)
        return aver_fail(err, AVER_ECONFIG,
                         "tokens are given twice: by token-file and by "
                         "AVER_TOKEN or TOKEN; give one");
    return read_file(c, err);
}
