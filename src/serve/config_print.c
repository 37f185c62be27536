/* SPDX-License-Identifier: Apache-2.0
 *
 * config_print: the table as --help, the effective settings as
 * --print-config (which is a file that --config reads back). */
#include "serve/config_row.h"

#include <stdio.h>
#include <string.h>

#define OUT_MAX ((size_t)1 << 20)

/* "--tee auto|dstack|tsm|simulator", help, default, * if reloadable */
static void help_row(const struct config_row *row)
{
    char flag[96];
    snprintf(flag, sizeof(flag), "--%s %s", row->name, row->arg);
    printf("%c %-35s  %s", row->reloadable ? '*' : ' ', flag, row->help);
    if (row->value)
        printf(" [%s]", row->value);
    putchar('\n');
}

void config_help(void)
{
    puts("usage: aver serve --engine URL [--NAME VALUE ...]\n"
         "\n"
         "Runs the API server in front of an inference engine.\n");
    for (unsigned i = 0; i < config_nrows; i++)
        if (!config_rows[i].later)
            help_row(&config_rows[i]);
    puts(
        "\n"
        "  --config FILE         read lines NAME VALUE (or AVER_CONFIG)\n"
        "  --print-config        show what is in force and where it came from\n"
        "  -h, --help            this page\n"
        "\n"
        "Each --NAME is also the variable AVER_NAME (upper case, _ for -) and\n"
        "the line NAME VALUE of the file. Flags beat the environment, which\n"
        "beats the file. listen may be given several times (in a variable\n"
        "with commas). TIME is 300s, 5m, 250ms, or bare seconds; SIZE is\n"
        "64MiB, 10MB, or bytes. Rows marked * are read again on SIGHUP;\n"
        "SIGTERM drains. Tokens come from token-file or AVER_TOKEN (commas\n"
        "between), never from a flag; without any, everybody is served. An\n"
        "IPv6 listener serves IPv6 alone; a Unix socket's mode is the "
        "umask's.\n"
        "Exit status: 0 ended, 2 the call or a setting is wrong, 3 this\n"
        "machine says no (port taken, no TEE, unreadable file).");
}

/* "flag", "AVER_TEE", "DEV", "/etc/aver.conf:3", "default" */
static int print_source(const struct config *c, const struct config_row *row,
                        struct aver_buf *out)
{
    const struct config_origin *origin = &c->origin[row - config_rows];
    char variable[64];
    switch (origin->source) {
    case CONFIG_FLAG:
        return aver_buf_append_str(out, "flag");
    case CONFIG_ENV:
        config_variable(variable, row);
        return aver_buf_append_str(out, variable);
    case CONFIG_ALIAS:
        return aver_buf_append_str(out, config_aliases[origin->line].variable);
    case CONFIG_FILE:
        return aver_buf_printf(out, "%s:%u", c->file, origin->line);
    default:
        return aver_buf_append_str(out, "default");
    }
}

static int print_row(const struct config *c, const struct config_row *row,
                     struct aver_buf *out)
{
    unsigned n = config_value_count(c, row);
    if (n == 0)
        return aver_buf_printf(out, "# %s (none)\n", row->name);
    for (unsigned i = 0; i < n; i++) {
        size_t start = out->n;
        if (aver_buf_printf(out, "%s ", row->name) != 0 ||
            config_value_format(c, row, i, out) != 0)
            return -1;
        int pad = out->n - start < 40 ? 40 - (int)(out->n - start) : 0;
        if (aver_buf_printf(out, "%*s # ", pad, "") != 0 ||
            print_source(c, row, out) != 0 ||
            aver_buf_append_str(out, "\n") != 0)
            return -1;
    }
    return 0;
}

static const char *token_source(const struct config *c)
{
    return c->tokens_from_alias ? "TOKEN"
           : c->tokens_from_env ? "AVER_TOKEN"
           : c->ntokens         ? "token-file"
                                : "none: everybody is served";
}

void config_print(const struct config *c)
{
    struct aver_buf out;
    int rc = 0;
    aver_buf_init(&out, OUT_MAX);
    for (unsigned i = 0; i < config_nrows && rc == 0; i++)
        if (!config_rows[i].later)
            rc = print_row(c, &config_rows[i], &out);
    if (rc == 0)
        rc = aver_buf_printf(&out, "# tokens %u (%s)\n", c->ntokens,
                             token_source(c));
    if (rc == 0)
        fwrite(out.p, 1, out.n, stdout);
    aver_buf_clear(&out);
}
