/* SPDX-License-Identifier: Apache-2.0
 *
 * log: puts an event together in a buffer on the stack, and writes it once.
 * A field that does not fit is left out whole, and the line says so. */
#include "net/log.h"

#include "base/bytes.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VALUE_MAX 300
#define LINE_MAX_BYTES 4096 /* PIPE_BUF: whole lines in a shared pipe */
#define TAIL_ROOM 16        /* for the mark of a cut line, and its end */

static struct {
    enum log_level level;
    bool json;
    const char *role;
} log_state = {LOG_INFO, false, "aver"};

struct line {
    char text[LINE_MAX_BYTES];
    size_t n;
    bool json, full; /* full: something did not fit */
};

void log_setup(enum log_level level, bool json, const char *role)
{
    log_state.level = level;
    log_state.json = json;
    log_state.role = role;
}

bool log_enabled(enum log_level level)
{
    return level <= log_state.level;
}

static void put(struct line *l, const char *p, size_t n)
{
    if (l->full || n > sizeof(l->text) - TAIL_ROOM - l->n) {
        l->full = true;
        return;
    }
    memcpy(l->text + l->n, p, n);
    l->n += n;
}

static void put_str(struct line *l, const char *text)
{
    put(l, text, strlen(text));
}

/* Bytes of the well-formed UTF-8 character at p; 0 if there is none, or if it
 * is a control of ISO 6429 (U+0080 to U+009F). */
static size_t character(const uint8_t *p, size_t n)
{
    size_t len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    if (len > n || !aver_utf8_valid(aver_bytes_of(p, len)))
        return 0;
    if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
        return 0;
    return len;
}

/* One character or, in escaped form, one byte. Returns the bytes taken. */
static size_t put_escaped(struct line *l, const uint8_t *p, size_t n)
{
    size_t len = character(p, n);
    char hex[8];
    if (*p == '"' || *p == '\\') {
        put(l, "\\", 1);
        put(l, (const char *)p, 1);
    } else if (len > 0) {
        put(l, (const char *)p, len);
    } else if (l->json && *p >= 0x80) {
        put_str(l, "\\ufffd");
    } else {
        int k = snprintf(hex, sizeof(hex), l->json ? "\\u%04x" : "\\x%02x", *p);
        put(l, hex, (size_t)k);
    }
    return len > 0 ? len : 1;
}

/* Text mode puts quotes only where a reader needs them. */
static bool is_plain(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] <= ' ' || p[i] == '"' || p[i] == '\\' || p[i] == '=' ||
            p[i] >= 0x7f)
            return false;
    return n > 0 && n <= VALUE_MAX;
}

static void put_value(struct line *l, const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t n = strnlen(text, VALUE_MAX + 4), i = 0;
    if (!l->json && is_plain(p, n)) {
        put(l, text, n);
        return;
    }
    put(l, "\"", 1);
    while (i < n) {
        size_t len = character(p + i, n - i);
        if (i + (len ? len : 1) > VALUE_MAX) {
            put_str(l, "...");
            break;
        }
        i += put_escaped(l, p + i, n - i);
    }
    put(l, "\"", 1);
}

static void put_key(struct line *l, const char *key)
{
    if (l->n > (l->json ? 1u : 0u))
        put(l, l->json ? "," : " ", 1);
    if (l->json)
        put(l, "\"", 1);
    put_str(l, key);
    put_str(l, l->json ? "\":" : "=");
}

static void put_field(struct line *l, const struct log_field *f)
{
    char number[24];
    size_t before = l->n;
    put_key(l, f->key);
    if (f->text) {
        put_value(l, f->text);
    } else {
        int k = snprintf(number, sizeof(number), "%lld", (long long)f->number);
        put(l, number, (size_t)k);
    }
    if (l->full)
        l->n = before;
}

/* RFC 3339, UTC. */
static void put_time(struct line *l)
{
    struct timespec now;
    struct tm tm;
    char text[80];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec, (int)(now.tv_nsec / 1000000));
    put_field(l, &LOG_STR("time", text));
}

static void end_line(struct line *l)
{
    const char *mark = l->json ? ",\"cut\":1" : " cut=1";
    const char *end = l->json ? "}\n" : "\n";
    if (l->full) {
        memcpy(l->text + l->n, mark, strlen(mark));
        l->n += strlen(mark);
    }
    memcpy(l->text + l->n, end, strlen(end));
    l->n += strlen(end);
}

void log_fields(enum log_level level, const char *event,
                const struct log_field *fields)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if (!log_enabled(level))
        return;
    int kept = errno;
    struct line l = {.json = log_state.json};
    if (l.json)
        put(&l, "{", 1);
    put_time(&l);
    put_field(&l, &LOG_STR("level", names[level]));
    put_field(&l, &LOG_STR("role", log_state.role));
    put_field(&l, &LOG_STR("event", event));
    for (; fields->key && !l.full; fields++)
        put_field(&l, fields);
    end_line(&l);
    /* A log that cannot be written must not stop the service. */
    ssize_t w;
    do {
        w = write(STDERR_FILENO, l.text, l.n);
    } while (w < 0 && errno == EINTR);
    errno = kept;
}
