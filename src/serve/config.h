/* SPDX-License-Identifier: Apache-2.0
 *
 * config: every setting of `aver serve`, one row of one table each (config.c).
 * The same table gives the flags, the environment, the file, --help,
 * --print-config and the man page. */
#ifndef AVER_SERVE_CONFIG_H
#define AVER_SERVE_CONFIG_H

#include "base/buf.h"
#include "net/log.h"

#define CONFIG_LIST_MAX 16
#define CONFIG_TOKENS_MAX 1024
#define CONFIG_WORKERS_MAX 64
#define CONFIG_ROWS_MAX 48

struct config_list {
    unsigned n;
    char *item[CONFIG_LIST_MAX];
};

enum config_source {
    CONFIG_DEFAULT = 0,
    CONFIG_FILE,
    CONFIG_ENV,
    CONFIG_ALIAS, /* environment, under an older proxy's name */
    CONFIG_FLAG,
};

/* Where a setting's value came from: line of the file, index of the alias. */
struct config_origin {
    enum config_source source;
    unsigned line;
};

/* Times in milliseconds, sizes in bytes. Strings are owned; NULL where the
 * setting has no value. */
struct config {
    struct config_list listen, engine;
    int tee;      /* enum attest_tee_choice */
    int gpu;      /* enum attest_gpu_choice */
    int nvswitch; /* enum attest_nvswitch_choice */
    int key;      /* enum notary_key */
    bool compat_seed, three_part, sign_eager, log_json;
    char *dstack_socket, *tsm_path, *nvml_library, *nscq_library;
    char *endorsements, *endorse_from, *endorse_gpu_from;
    char *model_name, *token_file, *tls_cert, *tls_key, *tls_identity;
    char *user, *metrics_listen;
    uint64_t receipt_ttl, receipt_max, receipt_bytes, body_max;
    uint64_t head_timeout, body_timeout, idle_timeout, write_timeout;
    uint64_t engine_connect_timeout, engine_timeout, exchange_timeout;
    uint64_t gpu_timeout, drain_timeout, workers;
    int log_level; /* enum log_level */

    /* How the settings came about; stays in the supervisor. */
    struct config_origin origin[CONFIG_ROWS_MAX]; /* by row of the table */
    char *file;                                   /* --config, NULL if none */
    bool tokens_from_env, tokens_from_alias;      /* wiped there since */

    /* Not settings: worked out by the supervisor, handed to the roles. */
    unsigned ntokens;
    uint8_t (*token_sha256)[32]; /* tokens are known by their SHA-256 alone */
    bool has_spki;
    uint8_t spki_sha256[32]; /* of the tls-identity certificate */
    unsigned nlisteners;     /* inherited from ROLE_LISTEN_FD on; */
    char
        *listener_url[CONFIG_LIST_MAX + 1]; /* as bound, "http://…", "unix:…" */
    int metrics_listener;                   /* index into them, or -1 */
    uint64_t start_ms; /* CLOCK_REALTIME when the service started */
    unsigned slots; /* of workers, those that drain included: each has a number
                       below this, and there are so many shared counters */
};

/* Reads flags, environment, file and tokens into a zeroed `c` (config_free it
 * whatever comes back). Secrets are gone from the environment afterwards; `old`
 * (NULL at start) is the configuration before a reload, whose tokens from the
 * environment live on. 0; -1 with `err`, whose text names file and line,
 * variable, or flag; config_status says with what exit status to end. `*action`
 * becomes what the call asks for besides serving. argv[0] is "serve". */
enum config_action { CONFIG_SERVE = 0, CONFIG_HELP, CONFIG_PRINT };
AVER_MUST_CHECK int config_read(struct config *c, int argc, char **argv,
                                const struct config *old,
                                enum config_action *action,
                                struct aver_error *err);
/* 2: the call or the configuration is wrong in itself; 3: it is right, but
 * this machine says no. */
int config_status(const struct aver_error *err);
void config_free(struct config *c);
/* Says at the start which older names were used, and what they are now. */
void config_log_aliases(const struct config *c);
/* Puts back the values of `old` in `c` where only a new start may change them,
 * and logs each such row. */
AVER_MUST_CHECK int config_keep_fixed(struct config *c,
                                      const struct config *old,
                                      struct aver_error *err);
/* --print-config: NAME VALUE lines with their source; tokens as a count. */
void config_print(const struct config *c);
void config_help(void);
/* The effective configuration as the file for ROLE_CONFIG_FD, and back. */
AVER_MUST_CHECK int config_store(const struct config *c, struct aver_buf *out);
AVER_MUST_CHECK int config_load(struct config *c, struct aver_bytes in,
                                struct aver_error *err);

#endif
