/* SPDX-License-Identifier: Apache-2.0
 *
 * config_row: the table behind config.h, for the files config_*.c alone. A row
 * is a setting; a place is where a value was written. */
#ifndef AVER_SERVE_CONFIG_ROW_H
#define AVER_SERVE_CONFIG_ROW_H

#include "serve/config.h"

#define CONFIG_VALUE_MAX 4096 /* bytes of one value */

enum config_type {
    CONFIG_LIST,     /* struct config_list, one value after the other */
    CONFIG_TEXT,     /* char * */
    CONFIG_WORD,     /* int: index into `arg`, words divided by | */
    CONFIG_SWITCH,   /* bool: the same, of two words */
    CONFIG_DURATION, /* uint64_t, milliseconds */
    CONFIG_SIZE,     /* uint64_t, bytes */
    CONFIG_COUNT,    /* uint64_t */
};

struct config_row {
    const char *name, *arg; /* arg: the value's name in --help, or its words */
    const char *value;      /* default; NULL: none, or worked out */
    const char *help;
    const char *later; /* not in this version: why, and what to do instead */
    size_t offset;     /* of the member of struct config */
    enum config_type type;
    bool reloadable;
    uint64_t min, max; /* of a number; of a text's length (max) */
    int (*check)(const char *value, struct aver_error *err);
};

extern const struct config_row config_rows[];
extern const unsigned config_nrows;

/* An older proxy's variable. With `yes` it counts only as 1, true or yes and
 * then stands for that value. */
struct config_alias {
    const char *variable, *row, *yes;
};
extern const struct config_alias config_aliases[];
extern const unsigned config_naliases;

/* Row of that name, NULL if there is none. */
const struct config_row *config_find(const char *name);
/* The nearest name in the table, NULL if none is near. */
const char *config_nearest(const char *name);
/* "AVER_" and the row's name in upper case. */
void config_variable(char out[static 64], const struct config_row *row);

/* Where a value was written; `word` is the flag or variable as given. */
struct config_place {
    enum config_source source;
    const char *file, *word;
    unsigned line; /* of the file; index of the alias */
};
/* Sets a row from text. Of two sources the later call wins; a list takes the
 * further values of the same source. -1 with place and reason in `err`. */
AVER_MUST_CHECK int config_set(struct config *c, const struct config_row *row,
                               const char *value,
                               const struct config_place *place,
                               struct aver_error *err);

/* config_value.c: text to value and back. Parsing writes the reason only. */
AVER_MUST_CHECK int config_value_parse(struct config *c,
                                       const struct config_row *row,
                                       const char *value,
                                       struct aver_error *err);
/* How many values the row has now: 0 or 1, more for a list. */
unsigned config_value_count(const struct config *c,
                            const struct config_row *row);
/* Appends value `i`, in a spelling that config_value_parse reads back. */
AVER_MUST_CHECK int config_value_format(const struct config *c,
                                        const struct config_row *row,
                                        unsigned i, struct aver_buf *out);
/* Frees what the row owns. */
void config_value_clear(struct config *c, const struct config_row *row);
AVER_MUST_CHECK int config_check_listen(const char *value,
                                        struct aver_error *err);
AVER_MUST_CHECK int config_check_engine(const char *value,
                                        struct aver_error *err);
AVER_MUST_CHECK int config_check_endorse_from(const char *value,
                                              struct aver_error *err);
AVER_MUST_CHECK int config_check_endorse_gpu_from(const char *value,
                                                  struct aver_error *err);
AVER_MUST_CHECK int config_check_user(const char *value,
                                      struct aver_error *err);

/* config_file.c */
AVER_MUST_CHECK int config_file_read(struct config *c, const char *path,
                                     struct aver_error *err);
/* The same of a file's text. */
AVER_MUST_CHECK int config_file_parse(struct config *c, struct aver_bytes text,
                                      const char *path, struct aver_error *err);
/* Appends a whole file; AVER_EABSENT if it cannot be read, AVER_ELIMIT if it
 * is larger than out->max. */
AVER_MUST_CHECK int config_slurp(struct aver_buf *out, const char *path,
                                 struct aver_error *err);

/* config_env.c: variables AVER_..., and the aliases, which they beat. */
AVER_MUST_CHECK int config_env_read(struct config *c, struct aver_error *err);

/* config_token.c: token-file, AVER_TOKEN, TOKEN. */
AVER_MUST_CHECK int config_tokens_read(struct config *c,
                                       const struct config *old,
                                       struct aver_error *err);
/* One token a line, # begins a comment line. `path` is for the message. */
AVER_MUST_CHECK int config_tokens_parse(struct config *c,
                                        struct aver_bytes text,
                                        const char *path,
                                        struct aver_error *err);

#endif
