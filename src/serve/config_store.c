/* SPDX-License-Identifier: Apache-2.0
 *
 * config_store: the configuration as the text that the roles inherit in a
 * sealed memfd, and back. Lines NAME VALUE like the file's, without comments,
 * then lines ".NAME VALUE" for what the supervisor worked out. */
#include "serve/config_row.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static int store_row(const struct config *c, const struct config_row *row,
                     struct aver_buf *out)
{
    for (unsigned i = 0; i < config_value_count(c, row); i++)
        if (aver_buf_printf(out, "%s ", row->name) != 0 ||
            config_value_format(c, row, i, out) != 0 ||
            aver_buf_append_str(out, "\n") != 0)
            return -1;
    return 0;
}

static int store_hash(const char *name, const uint8_t hash[static 32],
                      struct aver_buf *out)
{
    char hex[65];
    aver_hex_encode(hex, hash, 32);
    return aver_buf_printf(out, "%s %s\n", name, hex);
}

int config_store(const struct config *c, struct aver_buf *out)
{
    for (unsigned i = 0; i < config_nrows; i++)
        if (store_row(c, &config_rows[i], out) != 0)
            return -1;
    for (unsigned i = 0; i < c->ntokens; i++)
        if (store_hash(".token", c->token_sha256[i], out) != 0)
            return -1;
    if (c->has_spki && store_hash(".spki", c->spki_sha256, out) != 0)
        return -1;
    for (unsigned i = 0; i < c->nlisteners; i++)
        if (aver_buf_printf(out, ".listener %s\n", c->listener_url[i]) != 0)
            return -1;
    if (c->metrics_listener >= 0 &&
        aver_buf_printf(out, ".metrics-listener %d\n", c->metrics_listener))
        return -1;
    return aver_buf_printf(out, ".slots %u\n.start-ms %llu\n", c->slots,
                           (unsigned long long)c->start_ms);
}

static int load_token(struct config *c, const char *value)
{
    if (c->ntokens == CONFIG_TOKENS_MAX)
        return -1;
    if (!c->token_sha256)
        c->token_sha256 = calloc(CONFIG_TOKENS_MAX, 32);
    if (!c->token_sha256 || aver_hex_decode(c->token_sha256[c->ntokens], 32,
                                            aver_bytes_str(value)) != 0)
        return -1;
    c->ntokens++;
    return 0;
}

static int load_spki(struct config *c, const char *value)
{
    c->has_spki = true;
    return aver_hex_decode(c->spki_sha256, 32, aver_bytes_str(value));
}

static int load_listener(struct config *c, const char *value)
{
    if (c->nlisteners == CONFIG_LIST_MAX + 1)
        return -1;
    char *copy = strdup(value);
    if (!copy)
        return -1;
    c->listener_url[c->nlisteners++] = copy;
    return 0;
}

static int load_metrics(struct config *c, const char *value)
{
    uint64_t n;
    if (aver_decimal(&n, aver_bytes_str(value), CONFIG_LIST_MAX) != 0)
        return -1;
    c->metrics_listener = (int)n;
    return 0;
}

static int load_slots(struct config *c, const char *value)
{
    uint64_t n;
    if (aver_decimal(&n, aver_bytes_str(value), UINT16_MAX) != 0)
        return -1;
    c->slots = (unsigned)n;
    return 0;
}

static int load_start(struct config *c, const char *value)
{
    return aver_decimal(&c->start_ms, aver_bytes_str(value), UINT64_MAX);
}

static const struct {
    const char *name;
    int (*load)(struct config *c, const char *value);
} extras[] = {
    {".token", load_token},       {".spki", load_spki},
    {".listener", load_listener}, {".metrics-listener", load_metrics},
    {".slots", load_slots},       {".start-ms", load_start},
};

static int load_line(struct config *c, const char *name, const char *value,
                     struct aver_error *err)
{
    for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++)
        if (strcmp(extras[i].name, name) == 0)
            return extras[i].load(c, value);
    const struct config_row *row = config_find(name);
    return row ? config_value_parse(c, row, value, err) : -1;
}

int config_load(struct config *c, struct aver_bytes in, struct aver_error *err)
{
    char line[64 + CONFIG_VALUE_MAX + 2];
    memset(c, 0, sizeof(*c));
    c->metrics_listener = -1;
    for (unsigned i = 1; in.n > 0; i++) {
        const uint8_t *end = memchr(in.p, '\n', in.n);
        size_t n = end ? (size_t)(end - in.p) : in.n;
        if (!end || n >= sizeof(line) || memchr(in.p, '\0', n))
            return aver_fail(err, AVER_EFORMAT,
                             "inherited configuration, line %u", i);
        memcpy(line, in.p, n);
        line[n] = '\0';
        char *value = strchr(line, ' ');
        if (value)
            *value++ = '\0';
        if (!value || load_line(c, line, value, err) != 0)
            return aver_fail(err, AVER_EFORMAT,
                             "inherited configuration, line %u: %.40s", i,
                             line);
        in = aver_bytes_of(in.p + n + 1, in.n - n - 1);
    }
    if (c->metrics_listener >= (int)c->nlisteners)
        return aver_fail(err, AVER_EFORMAT,
                         "inherited configuration: no such listener");
    return 0;
}

/* The row's values, one a line. */
static int row_text(const struct config *c, const struct config_row *row,
                    struct aver_buf *out)
{
    out->n = 0;
    return store_row(c, row, out);
}

static int put_back(struct config *c, const struct config *old,
                    const struct config_row *row, struct aver_error *err)
{
    struct aver_buf value;
    int rc = 0;
    config_value_clear(c, row);
    aver_buf_init(&value, CONFIG_VALUE_MAX + 1);
    for (unsigned i = 0; i < config_value_count(old, row) && rc == 0; i++) {
        value.n = 0;
        if (config_value_format(old, row, i, &value) != 0 ||
            aver_buf_append(&value, "", 1) != 0)
            rc = aver_fail(err, AVER_EMEM, "out of memory");
        else
            rc = config_value_parse(c, row, (const char *)value.p, err);
    }
    aver_buf_clear(&value);
    c->origin[row - config_rows] = old->origin[row - config_rows];
    return rc;
}

int config_keep_fixed(struct config *c, const struct config *old,
                      struct aver_error *err)
{
    struct aver_buf now, before;
    int rc = 0;
    aver_buf_init(&now, 128 * 1024);
    aver_buf_init(&before, 128 * 1024);
    for (unsigned i = 0; i < config_nrows && rc == 0; i++) {
        const struct config_row *row = &config_rows[i];
        if (row->reloadable)
            continue;
        rc = row_text(c, row, &now) || row_text(old, row, &before)
                 ? aver_fail(err, AVER_EMEM, "out of memory")
                 : 0;
        if (rc != 0 ||
            aver_bytes_equal(aver_buf_view(&now), aver_buf_view(&before)))
            continue;
        log_event(LOG_WARN, "needs_new_start", LOG_STR("setting", row->name));
        rc = put_back(c, old, row, err);
    }
    aver_buf_clear(&now);
    aver_buf_clear(&before);
    return rc;
}
