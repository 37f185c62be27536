/* SPDX-License-Identifier: Apache-2.0
 *
 * micro: what the cryptography of one exchange costs, by the functions that the
 * program itself calls. Prints a line for each: name, then us of CPU for one
 * call, least, median and most of ROUNDS. */
#include "tool.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crypto/ed25519.h"
#include "crypto/k1.h"
#include "crypto/keccak.h"
#include "crypto/sha2.h"

enum { ROUNDS = 9, ROUND_NS = 40000000 };

static struct aver_k1 *k1;
static struct aver_sha256 *sha;
static uint8_t secret[32], ed_secret[64], body[1536], out[128];
/* Two hashes in hex and a colon: what a receipt signs. */
static char text[129];

static void two_hashes(void)
{
    for (int i = 0; i < 2; i++) {
        aver_sha256_start(sha);
        aver_sha256_update(sha, aver_bytes_of(body, sizeof body));
        aver_sha256_finish(sha, out + 32 * i);
    }
    memcpy(body, out, 32);
}

static void sign_k1(void)
{
    uint8_t digest[32];
    aver_eip191_digest(digest, aver_bytes_of(text, sizeof text));
    if (aver_k1_sign(k1, out, secret, digest) != 0)
        die("micro: cannot sign");
    text[0] = (char)out[0];
}

static void sign_ed25519(void)
{
    aver_ed25519_sign(out, ed_secret, aver_bytes_of(text, sizeof text));
    text[0] = (char)out[0];
}

static void keccak_157(void)
{
    aver_keccak256(out, aver_bytes_of(body, 157));
    memcpy(body, out, 32);
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Doubles the calls until they take long enough; ps for one. */
static uint32_t time_of(void (*f)(void))
{
    for (uint64_t calls = 8;; calls *= 2) {
        uint64_t begin = cpu_ns();
        for (uint64_t i = 0; i < calls; i++)
            f();
        uint64_t spent = cpu_ns() - begin;
        if (spent >= ROUND_NS)
            return (uint32_t)(spent * 1000 / calls);
    }
}

static void measure(const char *name, void (*f)(void))
{
    uint32_t v[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        v[i] = time_of(f);
    sort_u32(v, ROUNDS);
    printf("%s %.3f %.3f %.3f\n", name, v[0] / 1e6, v[ROUNDS / 2] / 1e6,
           v[ROUNDS - 1] / 1e6);
}

int main(void)
{
    uint8_t pub[32];
    k1 = aver_k1_new();
    sha = aver_sha256_new();
    if (sodium_init() < 0 || k1 == NULL || sha == NULL)
        die("micro: cannot start");
    memset(secret, 7, sizeof secret);
    memset(body, 'b', sizeof body);
    memset(text, 'a', sizeof text);
    aver_ed25519_from_seed(ed_secret, pub, secret);
    measure("two_hashes", two_hashes);
    measure("sign_k1", sign_k1);
    measure("sign_ed25519", sign_ed25519);
    measure("keccak_157", keccak_157);
    aver_sha256_free(sha);
    aver_k1_free(k1);
    return 0;
}
