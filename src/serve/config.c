/* SPDX-License-Identifier: Apache-2.0
 *
 * config: the table of settings, and how a call of `aver serve` becomes a
 * struct config: defaults, then the file, then older names in the environment,
 * then AVER_..., then flags; the later beats the earlier. A new setting is a
 * new row here and a member in config.h. */
#include "serve/config_row.h"

#include "base/suggest.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct config, member)
#define KiB ((uint64_t)1 << 10)
#define MiB ((uint64_t)1 << 20)
#define GiB ((uint64_t)1 << 30)
#define SECOND ((uint64_t)1000)
#define DAY (86400 * SECOND)

/* clang-format off */
#define LIST(n, member, arg, def, ...) \
    {n, arg, def, .type = CONFIG_LIST, .offset = AT(member), __VA_ARGS__}
#define TEXT(n, member, arg, ...) \
    {n, arg, NULL, .type = CONFIG_TEXT, .offset = AT(member), __VA_ARGS__}
#define WORD(n, member, words, def, ...) \
    {n, words, def, .type = CONFIG_WORD, .offset = AT(member), __VA_ARGS__}
#define SWITCH(n, member, words, def, ...) \
    {n, words, def, .type = CONFIG_SWITCH, .offset = AT(member), __VA_ARGS__}
#define TIME(n, member, def, lo, hi, ...) \
    {n, "TIME", def, .type = CONFIG_DURATION, .offset = AT(member), \
     .min = lo, .max = hi, __VA_ARGS__}
#define SIZE(n, member, def, lo, hi, ...) \
    {n, "SIZE", def, .type = CONFIG_SIZE, .offset = AT(member), \
     .min = lo, .max = hi, __VA_ARGS__}
#define COUNT(n, member, def, lo, hi, ...) \
    {n, "N", def, .type = CONFIG_COUNT, .offset = AT(member), \
     .min = lo, .max = hi, __VA_ARGS__}
#define HELP(text) .help = text
#define RELOAD .reloadable = true
#define NO_TLS .later = "TLS is not in this version; use tls-identity or " \
                        "end TLS in front"

/* A WORD's words stand in the order of its enum. */
const struct config_row config_rows[] = {
    LIST("listen", listen, "ADDR", "127.0.0.1:8080", .check = config_check_listen,
         HELP("HOST:PORT, [::1]:PORT or unix:PATH; port 0 picks one")),
    LIST("engine", engine, "URL", NULL, .check = config_check_engine,
         HELP("inference server: http://HOST:PORT or unix:PATH; required")),
    WORD("tee", tee, "auto|dstack|tsm|simulator", "auto",
         HELP("who makes CPU evidence; auto never simulates")),
    WORD("gpu", gpu,
         "auto|required|none|simulator|simulator-ppcie|simulator-blackwell",
         "auto", HELP("GPUs; auto never simulates")),
    TEXT("dstack-socket", dstack_socket, "PATH",
         HELP("guest agent, if not in the usual places")),
    TEXT("tsm-path", tsm_path, "PATH", HELP("configfs-tsm report folder")),
    TEXT("nvml-library", nvml_library, "PATH", HELP("libnvidia-ml.so.1")),
    WORD("nvswitch", nvswitch, "auto|required|none", "auto",
         HELP("NVSwitch evidence; auto: if in protected PCIe")),
    TEXT("nscq-library", nscq_library, "PATH", HELP("libnvidia-nscq.so.2")),
    TIME("gpu-timeout", gpu_timeout, "60s", 1, 600 * SECOND,
         HELP("evidence of all GPUs; a warning at a sixth, or 10s")),
    TEXT("endorsements", endorsements, "PATH",
         HELP("folder of aver endorse, or file: for ?endorsements=1")),
    TEXT("endorse-from", endorse_from, "URL",
         .check = config_check_endorse_from,
         HELP("intel, or a PCCS: fetch them into that folder")),
    TEXT("endorse-gpu-from", endorse_gpu_from, "URL",
         .check = config_check_endorse_gpu_from,
         HELP("nvidia, none, or a mirror: the same for GPUs")),
    WORD("key", key, "ephemeral|dstack", "ephemeral",
         HELP("drawn at start, or derived by the KMS")),
    TEXT("model-name", model_name, "NAME", .max = 256,
         HELP("the served model's public name")),
    TEXT("token-file", token_file, "FILE", RELOAD,
         HELP("bearer tokens, one a line (or AVER_TOKEN=A,B)")),
    TIME("receipt-ttl", receipt_ttl, "300s", SECOND, 30 * DAY,
         HELP("how long a receipt can be fetched")),
    COUNT("receipt-max", receipt_max, "100000", 1, 100000000,
          HELP("most receipts kept")),
    SIZE("receipt-bytes", receipt_bytes, "64MiB", 64 * KiB, 64 * GiB,
         HELP("most memory for receipts")),
    SWITCH("sign", sign_eager, "lookup|completion", "lookup",
           HELP("when a receipt is signed")),
    SWITCH("signature-text", three_part, "2part|3part", "2part",
           HELP("3part puts the model name in front")),
    SWITCH("compat", compat_seed, "current|seed", "current",
           HELP("seed: base64 quote, bare-hex signature")),
    TEXT("tls-identity", tls_identity, "FILE", RELOAD,
         HELP("PEM certificate that reports bind (layout B)")),
    TEXT("tls-cert", tls_cert, "FILE", NO_TLS),
    TEXT("tls-key", tls_key, "FILE", NO_TLS),
    SIZE("body-max", body_max, "32MiB", KiB, GiB, RELOAD,
         HELP("larger request bodies get 413")),
    TIME("head-timeout", head_timeout, "10s", 1, DAY, RELOAD,
         HELP("client: a request's head, whole")),
    TIME("body-timeout", body_timeout, "30s", 1, DAY, RELOAD,
         HELP("client: silence within a body")),
    TIME("idle-timeout", idle_timeout, "75s", 1, DAY, RELOAD,
         HELP("client: between requests")),
    TIME("write-timeout", write_timeout, "60s", 1, DAY, RELOAD,
         HELP("client takes nothing")),
    TIME("engine-connect-timeout", engine_connect_timeout, "5s", 1, DAY,
         RELOAD, HELP("engine: connecting")),
    TIME("engine-timeout", engine_timeout, "600s", 1, DAY, RELOAD,
         HELP("engine: silence")),
    TIME("exchange-timeout", exchange_timeout, "3600s", 1, 7 * DAY, RELOAD,
         HELP("a whole exchange")),
    TIME("drain-timeout", drain_timeout, "30s", 0, DAY, RELOAD,
         HELP("for running exchanges after SIGTERM")),
    TEXT("user", user, "NAME", .max = 32, .check = config_check_user,
         HELP("whom to become if root (aver, else nobody)")),
    TEXT("metrics-listen", metrics_listen, "ADDR",
         .check = config_check_listen,
         HELP("/metrics there, not on the main listeners")),
    COUNT("workers", workers, NULL, 1, CONFIG_WORKERS_MAX,
          HELP("worker processes (number of cores)")),
    SWITCH("log-format", log_json, "text|json", "text", RELOAD,
           HELP("lines on stderr")),
    WORD("log-level", log_level, "error|warn|info|debug", "info", RELOAD,
         HELP("never a body, a token or a key")),
};
/* clang-format on */
const unsigned config_nrows = sizeof(config_rows) / sizeof(config_rows[0]);
_Static_assert(sizeof(config_rows) / sizeof(config_rows[0]) <= CONFIG_ROWS_MAX,
               "more rows than struct config has origins");

const struct config_row *config_find(const char *name)
{
    for (unsigned i = 0; i < config_nrows; i++)
        if (strcmp(config_rows[i].name, name) == 0)
            return &config_rows[i];
    return NULL;
}

void config_variable(char out[static 64], const struct config_row *row)
{
    size_t n = strlen(row->name);
    assert(n + 6 < 64);
    memcpy(out, "AVER_", 5);
    for (size_t i = 0; i <= n; i++)
        out[5 + i] = row->name[i] == '-'
                         ? '_'
                         : (char)toupper((unsigned char)row->name[i]);
}

const char *config_nearest(const char *name)
{
    struct aver_suggestion s;

    aver_suggest_start(&s, name);
    for (unsigned i = 0; i < config_nrows; i++)
        if (!config_rows[i].later)
            aver_suggest_offer(&s, config_rows[i].name);
    aver_suggest_offer(&s, "config");
    aver_suggest_offer(&s, "help");
    aver_suggest_offer(&s, "print-config");
    return s.best;
}

/* "--tee", "AVER_TEE", or "aver.conf:12: tee" */
static int place_fail(struct aver_error *err, const struct config_place *place,
                      const struct config_row *row, const char *reason)
{
    if (place->source == CONFIG_FILE)
        return aver_fail(err, AVER_ECONFIG, "%.150s:%u: %s: %s", place->file,
                         place->line, row->name, reason);
    return aver_fail(err, AVER_ECONFIG, "%s: %s", place->word, reason);
}

int config_set(struct config *c, const struct config_row *row,
               const char *value, const struct config_place *place,
               struct aver_error *err)
{
    struct config_origin *origin = &c->origin[row - config_rows];
    bool same = origin->source == place->source && origin->source;
    struct aver_error reason;
    if (row->later)
        return place_fail(err, place, row, row->later);
    if (same && place->source == CONFIG_FILE && row->type != CONFIG_LIST) {
        aver_fail(&reason, AVER_ECONFIG, "was set in line %u already",
                  origin->line);
        return place_fail(err, place, row, reason.text);
    }
    if (!same)
        config_value_clear(c, row);
    if (config_value_parse(c, row, value, &reason) != 0)
        return place_fail(err, place, row, reason.text);
    origin->source = place->source;
    origin->line = place->line;
    return 0;
}

static unsigned cores(void)
{
    cpu_set_t set;
    int n = 1;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        n = CPU_COUNT(&set);
    return n < 1                    ? 1
           : n > CONFIG_WORKERS_MAX ? CONFIG_WORKERS_MAX
                                    : (unsigned)n;
}

static int set_defaults(struct config *c, struct aver_error *err)
{
    for (unsigned i = 0; i < config_nrows; i++)
        if (config_rows[i].value &&
            config_value_parse(c, &config_rows[i], config_rows[i].value, err))
            return -1;
    c->workers = cores();
    return 0;
}

/* One argument of the call, taken apart. */
struct flag {
    char name[64];
    const char *value; /* NULL if none was given */
};

static const char *const bare_flags[] = {"help", "print-config", NULL};

static bool is_bare(const char *name)
{
    for (unsigned i = 0; bare_flags[i]; i++)
        if (strcmp(bare_flags[i], name) == 0)
            return true;
    return false;
}

static int unknown_flag(const struct flag *f, struct aver_error *err)
{
    const char *near = config_nearest(f->name);
    if (near)
        return aver_fail(err, AVER_ECONFIG,
                         "--%s is no option; did you mean --%s?", f->name,
                         near);
    return aver_fail(err, AVER_ECONFIG,
                     "--%s is no option; aver serve --help lists them",
                     f->name);
}

/* Reads the flag at argv[*i] and moves *i past it. */
static int next_flag(struct flag *f, int argc, char **argv, int *i,
                     struct aver_error *err)
{
    const char *arg = argv[(*i)++];
    if (strcmp(arg, "-h") == 0)
        arg = "--help";
    if (strncmp(arg, "--", 2) != 0 || arg[2] == '\0')
        return aver_fail(err, AVER_ECONFIG,
                         "\"%.60s\" is not expected; options are --NAME VALUE",
                         arg);
    size_t n = strcspn(arg + 2, "=");
    if (n >= sizeof(f->name))
        return aver_fail(err, AVER_ECONFIG, "\"%.60s...\" is no option", arg);
    memcpy(f->name, arg + 2, n);
    f->name[n] = '\0';
    f->value = arg[2 + n] == '=' ? arg + 2 + n + 1 : NULL;
    if (is_bare(f->name)) {
        if (f->value)
            return aver_fail(err, AVER_ECONFIG, "--%s takes no value", f->name);
        return 0;
    }
    if (strcmp(f->name, "config") != 0 && !config_find(f->name))
        return unknown_flag(f, err);
    if (!f->value && *i < argc && strncmp(argv[*i], "--", 2) != 0)
        f->value = argv[(*i)++];
    if (!f->value || !*f->value)
        return aver_fail(err, AVER_ECONFIG, "--%s needs a value", f->name);
    return 0;
}

/* First walk: what is asked for, and which file. */
static int read_call(struct config *c, int argc, char **argv,
                     enum config_action *action, struct aver_error *err)
{
    const char *file = getenv("AVER_CONFIG");
    *action = CONFIG_SERVE;
    for (int i = 1; i < argc;) {
        struct flag f;
        if (next_flag(&f, argc, argv, &i, err) != 0)
            return -1;
        if (strcmp(f.name, "help") == 0)
            *action = CONFIG_HELP;
        else if (strcmp(f.name, "print-config") == 0 && *action != CONFIG_HELP)
            *action = CONFIG_PRINT;
        else if (strcmp(f.name, "config") == 0)
            file = f.value;
    }
    if (!file)
        return 0;
    if (!*file)
        return aver_fail(err, AVER_ECONFIG, "AVER_CONFIG is set but empty");
    c->file = strdup(file);
    return c->file ? 0 : aver_fail(err, AVER_EMEM, "out of memory");
}

static int read_flags(struct config *c, int argc, char **argv,
                      struct aver_error *err)
{
    for (int i = 1; i < argc;) {
        struct flag f;
        char word[80] = "--";
        if (next_flag(&f, argc, argv, &i, err) != 0)
            return -1;
        const struct config_row *row = config_find(f.name);
        if (!row)
            continue;
        memcpy(word + 2, f.name, sizeof(f.name));
        const struct config_place place = {.source = CONFIG_FLAG, .word = word};
        if (config_set(c, row, f.value, &place, err) != 0)
            return -1;
    }
    return 0;
}

/* What no single row can see. */
static int check_whole(const struct config *c, struct aver_error *err)
{
    if (c->engine.n == 0)
        return aver_fail(err, AVER_ECONFIG,
                         "no engine given; say --engine http://HOST:PORT, or "
                         "AVER_ENGINE");
    if (c->engine.n > 1)
        return aver_fail(err, AVER_ECONFIG,
                         "engine: several engines are not in this version");
    if (c->endorse_from && !c->endorsements)
        return aver_fail(err, AVER_ECONFIG,
                         "endorse-from needs endorsements, the folder to "
                         "fetch into");
    if (c->endorse_gpu_from && strcmp(c->endorse_gpu_from, "none") != 0 &&
        !c->endorsements)
        return aver_fail(err, AVER_ECONFIG,
                         "endorse-gpu-from needs endorsements, the folder to "
                         "fetch into");
    if (c->three_part && !c->model_name)
        return aver_fail(err, AVER_ECONFIG,
                         "signature-text 3part needs model-name");
    return 0;
}

int config_read(struct config *c, int argc, char **argv,
                const struct config *old, enum config_action *action,
                struct aver_error *err)
{
    if (read_call(c, argc, argv, action, err) != 0)
        return -1;
    if (*action == CONFIG_HELP)
        return 0;
    if (set_defaults(c, err) != 0)
        return -1;
    if (c->file && config_file_read(c, c->file, err) != 0)
        return -1;
    if (config_env_read(c, err) != 0 || read_flags(c, argc, argv, err) != 0)
        return -1;
    if (config_tokens_read(c, old, err) != 0)
        return -1;
    return *action == CONFIG_SERVE ? check_whole(c, err) : 0;
}

int config_status(const struct aver_error *err)
{
    return err->code == AVER_ECONFIG || err->code == AVER_EFORMAT ||
                   err->code == AVER_ELIMIT
               ? 2
               : 3;
}

void config_free(struct config *c)
{
    for (unsigned i = 0; i < config_nrows; i++)
        config_value_clear(c, &config_rows[i]);
    for (unsigned i = 0; i < c->nlisteners; i++)
        free(c->listener_url[i]);
    if (c->token_sha256)
        aver_wipe(c->token_sha256, (size_t)c->ntokens * 32);
    free(c->token_sha256);
    free(c->file);
    memset(c, 0, sizeof(*c));
}
