/* SPDX-License-Identifier: Apache-2.0
 *
 * config_env: settings from the environment: AVER_NAME for each row, and the
 * names of older proxies, so that their compose files keep working. Tokens
 * are not read here (config_token.c). */
#include "serve/config_row.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct config_alias config_aliases[] = {
    {"VLLM_BASE_URL", "engine", NULL},
    {"LISTEN_ADDR", "listen", NULL},
    {"MODEL_NAME", "model-name", NULL},
    {"CHAT_CACHE_EXPIRATION", "receipt-ttl", NULL},
    {"TLS_CERT_PATH", "tls-identity", NULL},
    {"GPU_NO_HW_MODE", "gpu", "simulator"},
    {"DEV", "gpu", "simulator"},
    {"DEV", "tee", "simulator"},
};
const unsigned config_naliases =
    sizeof(config_aliases) / sizeof(config_aliases[0]);

/* The variables that are no rows. */
static const char *const other_variables[] = {"AVER_TOKEN", "AVER_CONFIG"};

/* A list in a variable is divided by commas. */
static int set_list(struct config *c, const struct config_row *row,
                    const char *value, const struct config_place *place,
                    struct aver_error *err)
{
    char item[CONFIG_VALUE_MAX + 1];
    for (;;) {
        size_t n = strcspn(value, ",");
        if (n > CONFIG_VALUE_MAX)
            return aver_fail(err, AVER_ECONFIG, "%s: a value is too long",
                             place->word);
        memcpy(item, value, n);
        item[n] = '\0';
        if (config_set(c, row, item, place, err) != 0)
            return -1;
        if (value[n] == '\0')
            return 0;
        value += n + 1;
    }
}

static int set_any(struct config *c, const struct config_row *row,
                   const char *value, const struct config_place *place,
                   struct aver_error *err)
{
    if (row->type == CONFIG_LIST)
        return set_list(c, row, value, place, err);
    return config_set(c, row, value, place, err);
}

/* VLLM_BASE_URL had the path of the API in it. */
static int set_base_url(struct config *c, const struct config_row *row,
                        const char *value, const struct config_place *place,
                        struct aver_error *err)
{
    char url[CONFIG_VALUE_MAX + 1];
    size_t n = strlen(value);
    if (n > CONFIG_VALUE_MAX)
        return aver_fail(err, AVER_ECONFIG, "%s: the value is too long",
                         place->word);
    while (n > 0 && value[n - 1] == '/')
        n--;
    if (n >= 3 && memcmp(value + n - 3, "/v1", 3) == 0)
        n -= 3;
    memcpy(url, value, n);
    url[n] = '\0';
    return config_set(c, row, url, place, err);
}

static bool means_yes(const char *value)
{
    return strcmp(value, "1") == 0 || strcmp(value, "true") == 0 ||
           strcmp(value, "yes") == 0;
}

static int read_alias(struct config *c, unsigned i, struct aver_error *err)
{
    const struct config_alias *alias = &config_aliases[i];
    const struct config_row *row = config_find(alias->row);
    const char *value = getenv(alias->variable);
    const struct config_place place = {
        .source = CONFIG_ALIAS, .word = alias->variable, .line = i};
    if (!value || !*value)
        return 0;
    if (strcmp(alias->variable, "VLLM_BASE_URL") == 0)
        return set_base_url(c, row, value, &place, err);
    if (!alias->yes)
        return set_any(c, row, value, &place, err);
    return means_yes(value) ? config_set(c, row, alias->yes, &place, err) : 0;
}

static int read_row(struct config *c, const struct config_row *row,
                    struct aver_error *err)
{
    char variable[64];
    config_variable(variable, row);
    const struct config_place place = {.source = CONFIG_ENV, .word = variable};
    const char *value = getenv(variable);
    if (!value)
        return 0;
    if (!*value)
        return aver_fail(err, AVER_ECONFIG, "%s is set but empty", variable);
    return set_any(c, row, value, &place, err);
}

static bool known_variable(const char *name, size_t n)
{
    char variable[64];
    for (unsigned i = 0; i < 2; i++)
        if (strlen(other_variables[i]) == n &&
            memcmp(other_variables[i], name, n) == 0)
            return true;
    for (unsigned i = 0; i < config_nrows; i++) {
        config_variable(variable, &config_rows[i]);
        if (strlen(variable) == n && memcmp(variable, name, n) == 0)
            return true;
    }
    return false;
}

/* A misspelled variable of tokens would open the server: refuse. Others may
 * be meant for somebody else (a cluster sets AVER_SERVICE_HOST and such). */
static int check_names(struct aver_error *err)
{
    for (char **e = environ; *e; e++) {
        size_t n = strcspn(*e, "=");
        if (strncmp(*e, "AVER_TOK", 8) == 0 && !known_variable(*e, n))
            return aver_fail(err, AVER_ECONFIG,
                             "%.*s is no variable; did you mean AVER_TOKEN or "
                             "AVER_TOKEN_FILE?",
                             n > 60 ? 60 : (int)n, *e);
    }
    return 0;
}

int config_env_read(struct config *c, struct aver_error *err)
{
    if (check_names(err) != 0)
        return -1;
    for (unsigned i = 0; i < config_naliases; i++)
        if (read_alias(c, i, err) != 0)
            return -1;
    for (unsigned i = 0; i < config_nrows; i++)
        if (read_row(c, &config_rows[i], err) != 0)
            return -1;
    return 0;
}

/* One that simulates is said even where a flag overrules it. */
static bool alias_said(const struct config *c, unsigned i)
{
    const struct config_alias *alias = &config_aliases[i];
    const struct config_origin *origin =
        &c->origin[config_find(alias->row) - config_rows];
    const char *value = getenv(alias->variable);
    if (alias->yes)
        return value && means_yes(value);
    return origin->source == CONFIG_ALIAS && origin->line == i;
}

void config_log_aliases(const struct config *c)
{
    for (unsigned i = 0; i < config_naliases; i++) {
        const struct config_alias *alias = &config_aliases[i];
        if (!alias_said(c, i))
            continue;
        log_event(alias->yes ? LOG_ERROR : LOG_WARN, "old_name",
                  LOG_STR("variable", alias->variable),
                  LOG_STR("now", alias->row),
                  LOG_STR("value", alias->yes ? alias->yes : "as given"),
                  LOG_STR("note", alias->yes ? "simulated evidence proves "
                                               "nothing; never in production"
                                             : "still honoured"));
    }
    if (c->tokens_from_alias)
        log_event(LOG_WARN, "old_name", LOG_STR("variable", "TOKEN"),
                  LOG_STR("now", "AVER_TOKEN"), LOG_STR("value", "as given"),
                  LOG_STR("note", "still honoured"));
}
