/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: the page of secret memory, and the drawing of keys into it. */
#include "notary/keys.h"

#include "base/bytes.h"
#include "crypto/ed25519.h"
#include "crypto/random.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* the same on every architecture */
#endif

static_assert(sizeof(struct keys) <= 4096, "the keys fit one page");

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* MAP_FAILED where the kernel has no memfd_secret, or is not let. */
static void *map_secret(size_t n)
{
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0)
        return MAP_FAILED;
    void *p = MAP_FAILED;
    if (ftruncate(fd, (off_t)n) == 0)
        p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return p;
}

static void *map_locked(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    if (p == MAP_FAILED)
        return p;
    /* By number: the sanitizers' mlock does nothing and says that it did. */
    if (syscall(SYS_mlock, p, n) == 0 && madvise(p, n, MADV_WIPEONFORK) == 0)
        return p;
    int kept = errno;
    munmap(p, n);
    errno = kept;
    return MAP_FAILED;
}

struct keys *keys_new(struct aver_error *err)
{
    size_t n = page_size();
    bool secretmem = true;
    void *p = map_secret(n);
    if (p == MAP_FAILED) {
        secretmem = false;
        p = map_locked(n);
    }
    if (p == MAP_FAILED) {
        aver_fail(err, AVER_EIO,
                  "cannot lock %zu bytes of memory for the keys: %s; is "
                  "RLIMIT_MEMLOCK (ulimit -l) too small?",
                  n, strerror(errno));
        return NULL;
    }
    if (madvise(p, n, MADV_DONTFORK) != 0 ||
        madvise(p, n, MADV_DONTDUMP) != 0) {
        aver_fail(err, AVER_EIO, "cannot shield the page of the keys: %s",
                  strerror(errno));
        munmap(p, n);
        return NULL;
    }
    struct keys *k = p;
    k->secretmem = secretmem;
    return k;
}

void keys_free(struct keys *k)
{
    if (!k)
        return;
    aver_wipe(k, sizeof(*k));
    munmap(k, page_size());
}

void keys_draw(struct keys *k, const struct aver_k1 *k1)
{
    uint8_t pub[32];
    do {
        aver_random(k->k1, sizeof(k->k1));
    } while (!aver_k1_secret_ok(k1, k->k1));
    aver_random(k->seed, sizeof(k->seed));
    aver_ed25519_from_seed(k->ed, pub, k->seed);
    aver_wipe(k->seed, sizeof(k->seed));
}
