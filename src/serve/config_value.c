/* SPDX-License-Identifier: Apache-2.0
 *
 * config_value: a setting's text to its value and back, by type: durations
 * with a unit (a bare number is seconds), sizes, words, texts. */
#include "serve/config_row.h"

#include "attest/pcs.h"
#include "base/text.h"
#include "net/client.h"
#include "serve/listen.h"

#include <assert.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* The largest first: formatting takes the first that divides. */
static const struct unit times[] = {
    {"s", 1000},      {"ms", 1},  {"m", 60000}, {"h", 3600000},
    {"d", 86400000u}, {"", 1000}, {NULL, 0},
};
static const struct unit sizes[] = {
    {"GiB", (uint64_t)1 << 30},
    {"MiB", 1 << 20},
    {"KiB", 1 << 10},
    {"", 1},
    {"B", 1},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {NULL, 0},
};
static const struct unit counts[] = {{"", 1}, {NULL, 0}};

static void *member(const struct config *c, const struct config_row *row)
{
    return (char *)(uintptr_t)c + row->offset;
}

static const struct unit *units_of(const struct config_row *row)
{
    return row->type == CONFIG_DURATION ? times
           : row->type == CONFIG_SIZE   ? sizes
                                        : counts;
}

/* 0; -1 if the text is no number with one of these units. */
static int parse_units(uint64_t *out, const struct unit *units,
                       const char *text)
{
    size_t n = strspn(text, "0123456789");
    uint64_t number;
    if (aver_decimal(&number, aver_bytes_of(text, n), UINT64_MAX) != 0)
        return -1;
    for (; units->name; units++)
        if (strcmp(units->name, text + n) == 0)
            return __builtin_mul_overflow(number, units->factor, out) ? -1 : 0;
    return -1;
}

static int format_units(struct aver_buf *out, const struct unit *units,
                        uint64_t value)
{
    while (units[1].name && (value % units->factor || (!value && *units->name)))
        units++;
    return aver_buf_printf(out, "%llu%s",
                           (unsigned long long)(value / units->factor),
                           units->name);
}

static const char *expected(const struct config_row *row)
{
    return row->type == CONFIG_DURATION
               ? "a time such as 300s, 5m or 250ms (a bare number is seconds)"
           : row->type == CONFIG_SIZE
               ? "a size such as 64MiB, 10MB or 4096 (bytes)"
               : "a whole number";
}

static int parse_number(struct config *c, const struct config_row *row,
                        const char *value, struct aver_error *err)
{
    uint64_t number;
    if (parse_units(&number, units_of(row), value) != 0)
        return aver_fail(err, AVER_ECONFIG, "\"%.60s\" is not %s", value,
                         expected(row));
    if (number >= row->min && number <= row->max) {
        *(uint64_t *)member(c, row) = number;
        return 0;
    }
    struct aver_buf range;
    aver_buf_init(&range, 128);
    int rc = format_units(&range, units_of(row), row->min);
    rc |= aver_buf_append_str(&range, " to ");
    rc |= format_units(&range, units_of(row), row->max);
    aver_fail(err, AVER_ECONFIG, "\"%.60s\" is not within %.*s", value,
              rc ? 0 : (int)range.n, rc ? "" : (const char *)range.p);
    aver_buf_clear(&range);
    return -1;
}

/* Index of `value` among words divided by |, -1 if it is none of them. */
static int word_index(const char *words, const char *value)
{
    size_t n = strlen(value);
    for (int i = 0;; i++) {
        size_t w = strcspn(words, "|");
        if (w == n && memcmp(words, value, n) == 0)
            return i;
        if (words[w] == '\0')
            return -1;
        words += w + 1;
    }
}

static int parse_word(struct config *c, const struct config_row *row,
                      const char *value, struct aver_error *err)
{
    int i = word_index(row->arg, value);
    if (i < 0)
        return aver_fail(err, AVER_ECONFIG, "\"%.60s\" is not one of %s", value,
                         row->arg);
    if (row->type == CONFIG_SWITCH)
        *(bool *)member(c, row) = i != 0;
    else
        *(int *)member(c, row) = i;
    return 0;
}

static int check_text(const struct config_row *row, const char *value,
                      struct aver_error *err)
{
    size_t n = strlen(value), max = row->max ? row->max : CONFIG_VALUE_MAX;
    if (n == 0)
        return aver_fail(err, AVER_ECONFIG, "the value is empty");
    if (n > max)
        return aver_fail(err, AVER_ECONFIG,
                         "%zu bytes are too long; at most %zu", n, max);
    if (!aver_utf8_valid(aver_bytes_str(value)))
        return aver_fail(err, AVER_ECONFIG, "the value is not UTF-8");
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
            return aver_fail(err, AVER_ECONFIG,
                             "the value holds a control character");
    return row->check ? row->check(value, err) : 0;
}

static int parse_text(struct config *c, const struct config_row *row,
                      const char *value, struct aver_error *err)
{
    if (check_text(row, value, err) != 0)
        return -1;
    struct config_list *list = member(c, row);
    if (row->type == CONFIG_LIST && list->n == CONFIG_LIST_MAX)
        return aver_fail(err, AVER_ECONFIG, "more than %d values",
                         CONFIG_LIST_MAX);
    char *copy = strdup(value);
    if (!copy)
        return aver_fail(err, AVER_EMEM, "out of memory");
    if (row->type == CONFIG_LIST) {
        list->item[list->n++] = copy;
        return 0;
    }
    config_value_clear(c, row);
    *(char **)member(c, row) = copy;
    return 0;
}

int config_value_parse(struct config *c, const struct config_row *row,
                       const char *value, struct aver_error *err)
{
    switch (row->type) {
    case CONFIG_LIST:
    case CONFIG_TEXT:
        return parse_text(c, row, value, err);
    case CONFIG_WORD:
    case CONFIG_SWITCH:
        return parse_word(c, row, value, err);
    default:
        return parse_number(c, row, value, err);
    }
}

unsigned config_value_count(const struct config *c,
                            const struct config_row *row)
{
    if (row->type == CONFIG_LIST)
        return ((const struct config_list *)member(c, row))->n;
    if (row->type == CONFIG_TEXT)
        return *(char *const *)member(c, row) ? 1 : 0;
    return 1;
}

static int format_word(const struct config_row *row, int i,
                       struct aver_buf *out)
{
    const char *words = row->arg;
    for (; i > 0; i--)
        words += strcspn(words, "|") + 1;
    return aver_buf_append(out, words, strcspn(words, "|"));
}

int config_value_format(const struct config *c, const struct config_row *row,
                        unsigned i, struct aver_buf *out)
{
    assert(i < config_value_count(c, row));
    const void *at = member(c, row);
    switch (row->type) {
    case CONFIG_LIST:
        return aver_buf_append_str(out,
                                   ((const struct config_list *)at)->item[i]);
    case CONFIG_TEXT:
        return aver_buf_append_str(out, *(char *const *)at);
    case CONFIG_WORD:
        return format_word(row, *(const int *)at, out);
    case CONFIG_SWITCH:
        return format_word(row, *(const bool *)at, out);
    default:
        return format_units(out, units_of(row), *(const uint64_t *)at);
    }
}

void config_value_clear(struct config *c, const struct config_row *row)
{
    if (row->type == CONFIG_TEXT) {
        char **text = member(c, row);
        free(*text);
        *text = NULL;
    }
    if (row->type == CONFIG_LIST) {
        struct config_list *list = member(c, row);
        while (list->n > 0)
            free(list->item[--list->n]);
    }
}

int config_check_listen(const char *value, struct aver_error *err)
{
    struct listen_addr addr;
    return listen_parse(&addr, value, err);
}

int config_check_engine(const char *value, struct aver_error *err)
{
    struct client_url url;
    if (strncmp(value, "https://", 8) == 0)
        return aver_fail(err, AVER_ECONFIG,
                         "https:// engines are not in this version; use "
                         "http://HOST:PORT or unix:PATH");
    const char *equals = strchr(value, '=');
    if (equals && (strncmp(equals + 1, "http", 4) == 0 ||
                   strncmp(equals + 1, "unix:", 5) == 0))
        return aver_fail(err, AVER_ECONFIG,
                         "MODEL=URL engines are not in this version");
    if (strncmp(value, "http://", 7) != 0 && strncmp(value, "unix:", 5) != 0)
        return aver_fail(err, AVER_ECONFIG,
                         "\"%.100s\" is not http://HOST:PORT or unix:PATH",
                         value);
    if (client_url_parse(&url, value, err) != 0)
        return -1;
    if (url.base[0])
        return aver_fail(err, AVER_ECONFIG,
                         "\"%.100s\" has a path; aver relays the client's own "
                         "path, so write http://HOST:PORT alone",
                         value);
    return 0;
}

int config_check_endorse_from(const char *value, struct aver_error *err)
{
    if (strcmp(value, "intel") == 0 || pcs_base_ok(value))
        return 0;
    return aver_fail(err, AVER_ECONFIG,
                     "expected intel, or the URL of a PCCS "
                     "(https://HOST[:PORT][/PATH])");
}

int config_check_endorse_gpu_from(const char *value, struct aver_error *err)
{
    if (strcmp(value, "nvidia") == 0 || strcmp(value, "none") == 0 ||
        pcs_base_ok(value))
        return 0;
    return aver_fail(err, AVER_ECONFIG,
                     "expected nvidia, none, or the URL of a mirror of "
                     "NVIDIA's services (https://HOST[:PORT][/PATH])");
}

int config_check_user(const char *value, struct aver_error *err)
{
    const struct passwd *who = getpwnam(value);
    if (strcmp(value, "root") == 0 || (who && who->pw_uid == 0))
        return aver_fail(err, AVER_ECONFIG, "\"%.32s\" is root", value);
    return 0;
}
