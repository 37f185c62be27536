/* SPDX-License-Identifier: Apache-2.0
 *
 * tsm: quotes from the kernel, through configfs (Documentation/ABI/testing/
 * configfs-tsm). An entry is a directory; writing its `inblob` and reading its
 * `outblob` makes a quote; `generation` counts writes, by which we see whether
 * somebody else wrote in between. The entry is made as root and stays; only
 * its `inblob` is given to the user that the attester becomes. */
#include "attest/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TSM_PATH "/sys/kernel/config/tsm/report"
#define TSM_PROVIDER "tdx_guest"
#define TSM_TRIES 2

struct tsm {
    int dir; /* the entry */
};

static int fail_errno(struct aver_error *err, const char *what)
{
    int e = errno;
    bool gone = e == ENOENT || e == ENXIO || e == ENODEV || e == EACCES;
    bool slow = e == ETIMEDOUT || e == ETIME;

    return aver_fail(err,
                     gone   ? AVER_EABSENT
                     : slow ? AVER_ETIMEOUT
                            : AVER_EIO,
                     "configfs-tsm, %s: %s", what, strerror(e));
}

/* The whole of an attribute, 0 or an errno. */
static int read_all(const struct tsm *t, const char *name, struct aver_buf *out)
{
    int fd = openat(t->dir, name, O_RDONLY | O_CLOEXEC), e = 0;

    if (fd < 0)
        return errno;
    for (;;) {
        if (aver_buf_reserve(out, 4096) != 0) {
            e = EFBIG;
            break;
        }
        ssize_t n = read(fd, out->p + out->n, out->cap - out->n);
        if (n > 0)
            out->n += (size_t)n;
        else if (n == 0 || errno != EINTR) {
            e = n == 0 ? 0 : errno;
            break;
        }
    }
    close(fd);
    return e;
}

/* An attribute of one short line. */
static int read_line(const struct tsm *t, const char *name, char out[static 64],
                     struct aver_error *err)
{
    struct aver_buf b;

    aver_buf_init(&b, 8192);
    int e = read_all(t, name, &b);
    if (e == 0 && (b.n == 0 || b.n > 63))
        e = EPROTO;
    if (e != 0) {
        aver_buf_clear(&b);
        errno = e;
        return fail_errno(err, name);
    }
    size_t n = b.p[b.n - 1] == '\n' ? b.n - 1 : b.n;
    memcpy(out, b.p, n);
    out[n] = '\0';
    aver_buf_clear(&b);
    return 0;
}

static int read_generation(const struct tsm *t, uint64_t *out,
                           struct aver_error *err)
{
    char line[64], *end;

    if (read_line(t, "generation", line, err) != 0)
        return -1;
    errno = 0;
    *out = strtoull(line, &end, 10);
    if (errno != 0 || *end != '\0' || line[0] < '0' || line[0] > '9')
        return aver_fail(err, AVER_EFORMAT,
                         "configfs-tsm, generation: not a number");
    return 0;
}

/* configfs hands the bytes on when the descriptor is closed. */
static int write_inblob(const struct tsm *t, const uint8_t in[static 64],
                        struct aver_error *err)
{
    int fd = openat(t->dir, "inblob", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return fail_errno(err, "inblob");
    ssize_t n = write(fd, in, 64);
    if (n >= 0 && n != 64)
        errno = EIO;
    int e = n == 64 ? 0 : errno;
    if (close(fd) != 0 && e == 0)
        e = errno;
    errno = e;
    return e == 0 ? 0 : fail_errno(err, "inblob");
}

/* 0; 1 if somebody else wrote in between; -1. */
static int try_quote(const struct tsm *t, const uint8_t in[static 64],
                     struct aver_buf *quote, struct aver_error *err)
{
    uint64_t before, after;

    aver_buf_clear(quote);
    if (read_generation(t, &before, err) != 0 || write_inblob(t, in, err) != 0)
        return -1;
    int e = read_all(t, "outblob", quote);
    if (e == EAGAIN || e == EBUSY)
        return 1;
    if (e != 0) {
        errno = e;
        return fail_errno(err, "outblob");
    }
    if (read_generation(t, &after, err) != 0)
        return -1;
    return after == before + 1 ? 0 : 1;
}

static int tsm_make(void *state, const uint8_t report_data[static 64],
                    struct cpu_evidence *out, struct aver_error *err)
{
    for (int i = 0; i < TSM_TRIES; i++) {
        int rc = try_quote(state, report_data, &out->quote, err);
        if (rc <= 0)
            return rc;
    }
    return aver_fail(err, AVER_EMISMATCH,
                     "configfs-tsm: generation shows that somebody else "
                     "writes into our entry");
}

static const char *path_of(const struct attest_config *config)
{
    return config->tsm_path ? config->tsm_path : TSM_PATH;
}

static bool tsm_present(const struct attest_config *config)
{
    struct stat st;

    return stat(path_of(config), &st) == 0 && S_ISDIR(st.st_mode);
}

/* Makes the entry, or takes the one left by an attester before us (which an
 * unprivileged user cannot remove), and opens it. */
static int open_entry(struct tsm *t, const char *base, unsigned uid,
                      unsigned gid, struct aver_error *err)
{
    char name[32];
    int parent = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (parent < 0)
        return fail_errno(err, base);
    snprintf(name, sizeof(name), "aver-%u", uid);
    bool made = mkdirat(parent, name, 0755) == 0;
    int e = made ? 0 : errno;
    t->dir =
        openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close(parent);
    if (t->dir < 0) {
        errno = e != 0 ? e : errno;
        return fail_errno(err, "cannot make an entry");
    }
    if (geteuid() != 0 ||
        fchownat(t->dir, "inblob", uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    return fail_errno(err, "inblob");
}

static void tsm_close(void *state)
{
    struct tsm *t = state;

    if (!t)
        return;
    if (t->dir >= 0)
        close(t->dir);
    free(t);
}

static int tsm_open(void **state, const struct attest_config *config,
                    unsigned uid, unsigned gid, struct aver_error *err)
{
    struct tsm *t = calloc(1, sizeof(*t));
    char provider[64];

    *state = t;
    if (!t)
        return aver_fail(err, AVER_EMEM, "out of memory");
    t->dir = -1;
    if (open_entry(t, path_of(config), uid, gid, err) != 0 ||
        read_line(t, "provider", provider, err) != 0)
        goto fail;
    if (strcmp(provider, TSM_PROVIDER) == 0)
        return 0;
    aver_fail(err, AVER_EUNSUPPORTED,
              "configfs-tsm: provider is %.40s, expected " TSM_PROVIDER,
              provider);
fail:
    tsm_close(t);
    *state = NULL;
    return -1;
}

const struct cpu_backend cpu_tsm = {
    .name = "tsm",
    .choice = ATTEST_CHOOSE_TSM,
    .tee = ATTEST_TEE_TSM,
    .limit_ms = TSM_LIMIT_MS,
    .present = tsm_present,
    .open = tsm_open,
    .quote = tsm_make,
    .close = tsm_close,
};
