/* SPDX-License-Identifier: Apache-2.0
 *
 * file: plain reading and writing, with limits. */
#include "cli/file.h"
#include "crypto/sha2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_read(const char *path, struct aver_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        aver_fail(err, AVER_EIO, "%.200s: %s", is_stdin ? "stdin" : path,
                  strerror(errno));
    return fd;
}

/* Next piece; 0 at the end, -1 with `err`. */
static ssize_t read_some(int fd, void *p, size_t n, const char *path,
                         struct aver_error *err)
{
    ssize_t got = 0;

    do {
        got = read(fd, p, n);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        aver_fail(err, AVER_EIO, "%.200s: %s", path, strerror(errno));
    return got;
}

int file_read(struct aver_buf *out, const char *path, struct aver_error *err)
{
    uint8_t piece[65536];
    ssize_t got = 0;
    int fd = open_read(path, err);

    if (fd < 0)
        return -1;
    while ((got = read_some(fd, piece, sizeof(piece), path, err)) > 0) {
        if (aver_buf_append(out, piece, (size_t)got) != 0) {
            got = aver_fail(err, AVER_ELIMIT, "%.200s: larger than %zu bytes",
                            path, out->max);
            break;
        }
    }
    aver_wipe(piece, sizeof(piece));
    close(fd);
    return got < 0 ? -1 : 0;
}

int file_sha256(uint8_t out[static 32], const char *path,
                struct aver_error *err)
{
    uint8_t piece[65536];
    ssize_t got = 0;
    int fd = open_read(path, err);
    struct aver_sha256 *h = fd < 0 ? NULL : aver_sha256_new();

    if (fd < 0)
        return -1;
    if (h == NULL)
        abort(); /* out of memory */
    aver_sha256_start(h);
    while ((got = read_some(fd, piece, sizeof(piece), path, err)) > 0)
        aver_sha256_update(h, aver_bytes_of(piece, (size_t)got));
    aver_sha256_finish(h, out);
    aver_sha256_free(h);
    aver_wipe(piece, sizeof(piece));
    close(fd);
    return got < 0 ? -1 : 0;
}

static int write_all(int fd, struct aver_bytes b)
{
    while (b.n > 0) {
        ssize_t done = write(fd, b.p, b.n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        b = aver_bytes_of(b.p + done, b.n - (size_t)done);
    }
    return fsync(fd);
}

int file_write(const char *path, struct aver_bytes content,
               struct aver_error *err)
{
    char temporary[4096];
    int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);

    if (n < 0 || (size_t)n >= sizeof(temporary))
        return aver_fail(err, AVER_EIO, "the name of the file is too long");
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return aver_fail(err, AVER_EIO, "%.200s: %s", path, strerror(errno));
    int rc = write_all(fd, content);
    if (close(fd) != 0 || rc != 0 || rename(temporary, path) != 0) {
        aver_fail(err, AVER_EIO, "%.200s: %s", path, strerror(errno));
        unlink(temporary);
        return -1;
    }
    return 0;
}

static int keep_first_line(struct aver_buf *b, const char *whence,
                           struct aver_error *err)
{
    size_t n = 0;

    while (n < b->n && b->p[n] != '\n' && b->p[n] != '\r')
        n++;
    aver_wipe(b->p + n, b->n - n);
    b->n = n;
    if (n == 0)
        return aver_fail(err, AVER_ECONFIG, "%.200s holds no token", whence);
    for (size_t i = 0; i < n; i++)
        if (b->p[i] <= 0x20 || b->p[i] >= 0x7f)
            return aver_fail(err, AVER_ECONFIG,
                             "the token in %.200s holds a space or a control "
                             "character",
                             whence);
    return 0;
}

int file_token(struct aver_buf *out, const char *path, struct aver_error *err)
{
    const char *variable = getenv("AVER_TOKEN");

    if (path != NULL) {
        if (file_read(out, path, err) != 0)
            return -1;
        return out->n > 0
                   ? keep_first_line(out, path, err)
                   : aver_fail(err, AVER_ECONFIG, "%.200s is empty", path);
    }
    if (variable == NULL)
        return 0;
    if (variable[0] == '\0' || aver_buf_append_str(out, variable) != 0)
        return aver_fail(err, AVER_ECONFIG, "AVER_TOKEN is empty or too long");
    return keep_first_line(out, "AVER_TOKEN", err);
}
