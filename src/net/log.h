/* SPDX-License-Identifier: Apache-2.0
 *
 * log: one line an event on stderr, key=value or JSON, written with a single
 * write(2). Never a body, a token or a key, at any level: callers pass numbers,
 * names and addresses, nothing that a client's body held. Values are escaped;
 * long ones are cut at 300 bytes. */
#ifndef AVER_NET_LOG_H
#define AVER_NET_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR = 0, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_field {
    const char *key;  /* NULL ends the list */
    const char *text; /* if not NULL the value, else `number` */
    int64_t number;
};
#define LOG_STR(k, v) ((struct log_field){.key = (k), .text = (v)})
#define LOG_NUM(k, v) ((struct log_field){.key = (k), .number = (int64_t)(v)})

/* Once, at the head of each process; `role` (e.g. "worker") is borrowed. */
void log_setup(enum log_level level, bool json, const char *role);
bool log_enabled(enum log_level level);
/* log_event(LOG_WARN, "engine_down", LOG_STR("engine", url), ...); */
#define log_event(level, event, ...)                                           \
    log_fields((level), (event), (const struct log_field[]){__VA_ARGS__, {0}})
void log_fields(enum log_level level, const char *event,
                const struct log_field *fields);

#endif
