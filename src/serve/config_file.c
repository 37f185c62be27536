/* SPDX-License-Identifier: Apache-2.0
 *
 * config_file: the file of --config. A line is NAME VALUE; a # at the start
 * of a line or after a blank begins a comment; lists take several lines. */
#include "serve/config_row.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 20)

static int read_all(struct aver_buf *out, int fd, const char *path,
                    struct aver_error *err)
{
    for (;;) {
        if (aver_buf_reserve(out, 1) != 0)
            return aver_fail(err, AVER_ELIMIT, "%.200s: larger than %zu bytes",
                             path, out->max);
        ssize_t n = read(fd, out->p + out->n, out->cap - out->n);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return aver_fail(err, AVER_EABSENT, "cannot read %.200s: %s", path,
                             strerror(errno));
        if (n > 0)
            out->n += (size_t)n;
    }
}

int config_slurp(struct aver_buf *out, const char *path, struct aver_error *err)
{
    /* O_NONBLOCK: a FIFO with no writer must not hold the start up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return aver_fail(err, AVER_EABSENT, "cannot read %.200s: %s", path,
                         strerror(errno));
    int rc = read_all(out, fd, path, err);
    close(fd);
    return rc;
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct aver_bytes trim(struct aver_bytes s)
{
    while (s.n > 0 && blank(s.p[0]))
        s = aver_bytes_of(s.p + 1, s.n - 1);
    while (s.n > 0 && (blank(s.p[s.n - 1]) || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

static struct aver_bytes without_comment(struct aver_bytes s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '#' && (i == 0 || blank(s.p[i - 1])))
            s.n = i;
    return s;
}

static int unknown_name(const char *name, const char *path, unsigned line,
                        struct aver_error *err)
{
    const char *near = config_nearest(name);
    const struct config_row *row = near ? config_find(near) : NULL;
    return aver_fail(err, AVER_ECONFIG,
                     "%.150s:%u: \"%.60s\" is no setting%s%s%s", path, line,
                     name, row ? "; did you mean " : "", row ? row->name : "",
                     row ? "?" : "");
}

/* Copies a view as a C string; -1 if it is too long or holds a NUL. */
static int copy(char *out, size_t cap, struct aver_bytes s)
{
    if (s.n >= cap || (s.n && memchr(s.p, '\0', s.n)))
        return -1;
    if (s.n)
        memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return 0;
}

static int parse_line(struct config *c, struct aver_bytes line,
                      const struct config_place *place, struct aver_error *err)
{
    char name[64], value[CONFIG_VALUE_MAX + 1];
    line = trim(without_comment(line));
    if (line.n == 0)
        return 0;
    size_t n = 0;
    while (n < line.n && !blank(line.p[n]))
        n++;
    struct aver_bytes rest = trim(aver_bytes_of(line.p + n, line.n - n));
    if (copy(name, sizeof(name), aver_bytes_of(line.p, n)) != 0 ||
        copy(value, sizeof(value), rest) != 0)
        return aver_fail(err, AVER_ECONFIG,
                         "%.150s:%u: the line is too long or not text; NAME "
                         "VALUE was expected",
                         place->file, place->line);
    const struct config_row *row = config_find(name);
    if (!row)
        return unknown_name(name, place->file, place->line, err);
    if (rest.n == 0)
        return aver_fail(err, AVER_ECONFIG, "%.150s:%u: %s needs a value",
                         place->file, place->line, row->name);
    return config_set(c, row, value, place, err);
}

int config_file_parse(struct config *c, struct aver_bytes text,
                      const char *path, struct aver_error *err)
{
    struct config_place place = {.source = CONFIG_FILE, .file = path};
    while (text.n > 0) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        place.line++;
        if (parse_line(c, aver_bytes_of(text.p, n), &place, err) != 0)
            return -1;
        n += end ? 1 : 0;
        text = aver_bytes_of(text.p + n, text.n - n);
    }
    return 0;
}

int config_file_read(struct config *c, const char *path, struct aver_error *err)
{
    struct aver_buf text;
    aver_buf_init(&text, FILE_MAX);
    int rc = config_slurp(&text, path, err);
    if (rc == 0)
        rc = config_file_parse(c, aver_buf_view(&text), path, err);
    aver_buf_clear(&text);
    return rc;
}
