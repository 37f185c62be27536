/* SPDX-License-Identifier: Apache-2.0
 *
 * api_policy: the policy's side of aver.h: puts in what the caller demands.
 * (aver_policy_allow is in policy.c.) */
#include "verify/policy.h"

#include "base/version.h"
#include "crypto/x509.h"

#include <stdlib.h>
#include <string.h>

const char *aver_library_version(void)
{
    return aver_version;
}

struct aver_policy *aver_policy_new(int64_t at)
{
    struct aver_policy *p = calloc(1, sizeof(*p));

    if (p != NULL)
        p->at = at;
    return p;
}

void aver_policy_free(struct aver_policy *p)
{
    free(p);
}

static int no_policy(struct aver_error *err)
{
    return aver_fail(err, AVER_EMEM, "there is no policy: it was not made");
}

static void copy_32(bool *has, uint8_t *to, const uint8_t *from)
{
    memcpy(to, from, 32);
    *has = true;
}

void aver_policy_set_nonce(struct aver_policy *p, const uint8_t nonce[32])
{
    if (p != NULL)
        copy_32(&p->has_nonce, p->nonce, nonce);
}

void aver_policy_set_tls_key(struct aver_policy *p,
                             const uint8_t spki_sha256[32])
{
    if (p != NULL)
        copy_32(&p->has_spki, p->spki, spki_sha256);
}

void aver_policy_set_gpu_count(struct aver_policy *p, unsigned count)
{
    if (p == NULL)
        return;
    p->gpu_count = count;
    p->has_gpu_count = true;
}

int aver_policy_set_address(struct aver_policy *p, const char *address,
                            struct aver_error *err)
{
    struct aver_key_id key;

    if (p == NULL)
        return no_policy(err);
    if (aver_key_id_parse(&key, aver_bytes_str(address)) != 0)
        return aver_fail(err, AVER_ECONFIG,
                         "an address is 0x and 40 hex digits, or 64 hex digits "
                         "of an Ed25519 key, not \"%.70s\"",
                         address);
    p->key = key;
    p->has_key = true;
    return 0;
}

int aver_policy_set_algo(struct aver_policy *p, const char *algo,
                         struct aver_error *err)
{
    if (p == NULL)
        return no_policy(err);
    if (aver_algo_parse(&p->algo, aver_bytes_str(algo)) != 0)
        return aver_fail(err, AVER_ECONFIG,
                         "an algorithm is ecdsa or ed25519, not \"%.40s\"",
                         algo);
    p->has_algo = true;
    return 0;
}

int aver_policy_expect(struct aver_policy *p, const char *name, const char *hex,
                       struct aver_error *err)
{
    if (p == NULL)
        return no_policy(err);
    return aver_policy_expect_named(p, aver_bytes_str(name),
                                    aver_bytes_str(hex), err);
}

static int one_root(struct aver_error *err)
{
    return aver_fail(err, AVER_ECONFIG,
                     "a root of one's own, or the simulator's: not both");
}

/* Roots of one's own, and the simulator's, exclude each other. */
static int set_root(struct aver_policy *p, enum aver_root which,
                    const void *pem, size_t pem_size, struct aver_error *err)
{
    if (p == NULL)
        return no_policy(err);
    if (p->trust == AVER_TRUST_SIMULATOR)
        return one_root(err);
    return aver_policy_root(p, which, aver_bytes_of(pem, pem_size), err);
}

int aver_policy_set_root(struct aver_policy *p, const void *pem,
                         size_t pem_size, struct aver_error *err)
{
    return set_root(p, AVER_ROOT_CPU, pem, pem_size, err);
}

int aver_policy_set_gpu_root(struct aver_policy *p, const void *pem,
                             size_t pem_size, struct aver_error *err)
{
    return set_root(p, AVER_ROOT_GPU, pem, pem_size, err);
}

int aver_policy_set_rim_root(struct aver_policy *p, const void *pem,
                             size_t pem_size, struct aver_error *err)
{
    return set_root(p, AVER_ROOT_RIM, pem, pem_size, err);
}

void aver_policy_set_ocsp_grace(struct aver_policy *p, uint32_t seconds)
{
    if (p != NULL)
        p->ocsp_grace = seconds;
}

int aver_policy_trust_simulator_insecure(
    struct aver_policy *p, const void *cpu_pem, size_t cpu_pem_size,
    const void *gpu_pem, size_t gpu_pem_size, const void *rim_pem,
    size_t rim_pem_size, struct aver_error *err)
{
    const struct aver_bytes pem[] = {aver_bytes_of(cpu_pem, cpu_pem_size),
                                     aver_bytes_of(gpu_pem, gpu_pem_size),
                                     aver_bytes_of(rim_pem, rim_pem_size)};
    uint8_t spki[3][32];

    if (p == NULL)
        return no_policy(err);
    if (p->has_root || p->has_gpu_root || p->has_rim_root)
        return one_root(err);
    for (size_t i = 0; i < 3; i++)
        if (aver_x509_spki_sha256(spki[i], pem[i], err) != 0)
            return -1;
    memcpy(p->simulator_root, spki[0], 32);
    memcpy(p->simulator_gpu_root, spki[1], 32);
    memcpy(p->simulator_rim_root, spki[2], 32);
    p->trust = AVER_TRUST_SIMULATOR;
    return 0;
}
