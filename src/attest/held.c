/* SPDX-License-Identifier: Apache-2.0
 *
 * held: what is written out is made anew from what was read, and judged in
 * that form: nothing passes that was not looked at. */
#include "attest/held.h"

#include "attest/bundle.h"
#include "attest/genuine.h"
#include "crypto/sha2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void held_init(struct held *h)
{
    aver_buf_init(&h->text, BUNDLE_MAX);
}

void held_clear(struct held *h)
{
    aver_buf_clear(&h->text);
}

bool held_configured(const struct held *h)
{
    return h->path != NULL || h->built_in != NULL;
}

static void chain_of(uint8_t out[static 32], const struct aver_quote *q)
{
    aver_sha256(out, q->chain);
}

int held_chain(uint8_t out[static 32], struct aver_bytes quote)
{
    struct aver_error err;
    struct aver_quote q;

    if (aver_quote_parse(&q, quote, &err) != 0)
        return -1;
    chain_of(out, &q);
    return 0;
}

/* The file for this platform: in a folder it has the platform's name. */
static int name_file(char out[static HELD_PATH_MAX], const struct held *h,
                     const struct pcs_platform *p, struct aver_error *err)
{
    char name[BUNDLE_NAME_MAX];
    struct stat st;
    int n;

    if (stat(h->path, &st) != 0)
        return aver_fail(err, AVER_EABSENT, "%.160s: %s", h->path,
                         strerror(errno));
    bundle_name(name, p);
    if (S_ISDIR(st.st_mode))
        n = snprintf(out, HELD_PATH_MAX, "%s/%s", h->path, name);
    else
        n = snprintf(out, HELD_PATH_MAX, "%s", h->path);
    if (n < 0 || n >= HELD_PATH_MAX)
        return aver_fail(err, AVER_ELIMIT, "the name of the file is too long");
    return 0;
}

/* A FIFO or a device would keep us waiting, and is no bundle. */
static int open_file(const char *path, struct stat *st, struct aver_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
        st->st_size <= (off_t)BUNDLE_MAX)
        return fd;
    if (fd < 0)
        return aver_fail(err, AVER_EABSENT, "%.160s: %s", path,
                         strerror(errno));
    close(fd);
    if (S_ISREG(st->st_mode))
        return aver_fail(err, AVER_ELIMIT, "%.160s: larger than %zu bytes",
                         path, BUNDLE_MAX);
    return aver_fail(err, AVER_EFORMAT, "%.160s is no file", path);
}

static int read_all(int fd, struct aver_buf *out)
{
    ssize_t n = 1;

    while (n > 0) {
        if (aver_buf_reserve(out, 65536) != 0)
            return -1;
        n = read(fd, out->p + out->n, 65536);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            out->n += (size_t)n;
    }
    return n == 0 ? 0 : -1;
}

int held_read_file(struct aver_buf *out, const char *path, struct stat *st,
                   struct aver_error *err)
{
    int fd = open_file(path, st, err);

    if (fd < 0)
        return -1;
    int rc = read_all(fd, out);
    close(fd);
    return rc == 0 ? 0
                   : aver_fail(err, AVER_EIO, "%.160s: cannot be read", path);
}

static int read_file(struct held *h, const char *path, struct aver_buf *out,
                     struct aver_error *err)
{
    h->has_file = held_read_file(out, path, &h->file, err) == 0;
    return h->has_file ? 0 : -1;
}

/* Reads `in`, and puts it into h->text if it may be given out. */
static int take(struct held *h, struct aver_bytes in, struct aver_bytes quote,
                const struct pcs_platform *p, int64_t now,
                struct aver_error *err)
{
    struct bundle b;
    int rc = -1;

    bundle_init(&b);
    if (bundle_read(&b, in, err) == 0 && bundle_understand(&b, err) == 0 &&
        bundle_fits(&b, p, err) == 0 &&
        bundle_write_bare(&h->text, &b, err) == 0 &&
        genuine_bundle(aver_buf_view(&h->text), quote, h->simulated, now,
                       &h->until, err) == 0) {
        h->due = bundle_due(&b);
        rc = 0;
    }
    bundle_clear(&b);
    return rc;
}

static int load(struct held *h, struct aver_bytes quote,
                const struct pcs_platform *p, int64_t now,
                struct aver_error *err)
{
    char path[HELD_PATH_MAX] = "built in";
    struct aver_error why = {0};
    struct aver_buf in;
    int rc;

    if (h->path != NULL && name_file(path, h, p, err) != 0)
        return -1;
    /* One piece more than may be there: see read_all. */
    aver_buf_init(&in, BUNDLE_MAX + 65536);
    rc = h->path != NULL ? read_file(h, path, &in, err)
                         : h->built_in(now, &in, err);
    if (rc == 0 && take(h, aver_buf_view(&in), quote, p, now, &why) != 0)
        rc = aver_fail(err, why.code, "%.160s: %.120s", path, why.text);
    aver_buf_clear(&in);
    return rc;
}

static bool same_file(const struct held *h, const struct pcs_platform *p)
{
    const struct stat *a = &h->file;
    char path[HELD_PATH_MAX];
    struct aver_error err;
    struct stat b;

    if (h->path == NULL)
        return true;
    if (name_file(path, h, p, &err) != 0 || stat(path, &b) != 0)
        return false;
    return h->has_file && a->st_dev == b.st_dev && a->st_ino == b.st_ino &&
           a->st_size == b.st_size && a->st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

/* Does what was found last still stand? */
static bool stands(const struct held *h, const uint8_t chain[static 32],
                   const struct pcs_platform *p, int64_t now)
{
    bool in_time =
        h->text.n > 0 ? now <= h->until : now < h->looked_at + HELD_AGAIN_S;

    if (h->path == NULL && now >= h->looked_at + HELD_BUILT_IN_S)
        return false;
    return h->looked && now >= h->looked_at && in_time &&
           memcmp(h->chain, chain, sizeof(h->chain)) == 0 && same_file(h, p);
}

/* 0: looked, and found it; 1: what was found last stands, be it nothing. */
static int look(struct held *h, const struct aver_quote *q,
                struct aver_bytes quote, int64_t now, struct aver_error *err)
{
    struct pcs_platform p;
    uint8_t chain[32];

    if (genuine_platform(&p, q, err) != 0) {
        h->looked = false;
        return -1;
    }
    chain_of(chain, q);
    if (stands(h, chain, &p, now))
        return 1;
    h->looked = true;
    h->has_file = false;
    h->looked_at = now;
    memcpy(h->chain, chain, sizeof(chain));
    aver_buf_clear(&h->text);
    return load(h, quote, &p, now, err);
}

bool held_for(struct held *h, struct aver_bytes quote, int64_t now)
{
    struct aver_error err = {0};
    struct aver_quote q;
    int rc = -1;

    if (!held_configured(h))
        aver_fail(&err, AVER_EABSENT,
                  "no endorsements are configured (endorsements PATH)");
    else if (aver_quote_parse(&q, quote, &err) != 0)
        h->looked = false;
    else
        rc = look(h, &q, quote, now, &err);
    if (rc < 0) {
        aver_buf_clear(&h->text);
        h->until = h->due = 0;
        snprintf(h->reason, sizeof(h->reason), "%.299s", err.text);
    }
    return h->text.n > 0;
}

int held_writable(const char *folder, struct aver_error *err)
{
    struct stat st;
    const char *why = NULL;

    if (stat(folder, &st) != 0)
        why = strerror(errno);
    else if (!S_ISDIR(st.st_mode))
        why = "it is no folder";
    else if (access(folder, R_OK | W_OK | X_OK) != 0)
        why = strerror(errno);
    if (why == NULL)
        return 0;
    return aver_fail(err, AVER_ECONFIG,
                     "endorse-from needs endorsements to be a folder that uid "
                     "%u can write: %.160s: %s",
                     (unsigned)geteuid(), folder, why);
}
