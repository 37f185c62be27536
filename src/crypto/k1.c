/* SPDX-License-Identifier: Apache-2.0
 *
 * k1: ECDSA over secp256k1 by libsecp256k1 (constant time, RFC 6979 nonces).
 * High s, which libsecp256k1 recovers from, is refused: it would be a second
 * spelling of the same signature. Public keys travel as X||Y (SEC 1 2.3.3
 * without the leading 04). */
#include "crypto/k1.h"
#include "crypto/random.h"

#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <secp256k1_recovery.h>
#include <stdlib.h>
#include <string.h>

struct aver_k1 {
    secp256k1_context *ctx; /* in memory that belongs to this struct */
};

/* secp256k1_context_create aborts when memory is short; in memory that is
 * already there it cannot. */
struct aver_k1 *aver_k1_new(void)
{
    const unsigned flags = SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY;
    struct aver_k1 *k = malloc(sizeof(*k));
    void *room = malloc(secp256k1_context_preallocated_size(flags));
    uint8_t seed[32];

    if (k == NULL || room == NULL) {
        free(room);
        free(k);
        return NULL;
    }
    k->ctx = secp256k1_context_preallocated_create(room, flags);
    aver_random(seed, sizeof(seed));
    if (secp256k1_context_randomize(k->ctx, seed) != 1)
        abort();
    aver_wipe(seed, sizeof(seed));
    return k;
}

void aver_k1_free(struct aver_k1 *k)
{
    if (k == NULL)
        return;
    secp256k1_context_preallocated_destroy(k->ctx);
    free(k->ctx);
    free(k);
}

bool aver_k1_secret_ok(const struct aver_k1 *k, const uint8_t secret[static 32])
{
    return secp256k1_ec_seckey_verify(k->ctx, secret) == 1;
}

static int point_write(const struct aver_k1 *k, uint8_t pub[static 64],
                       const secp256k1_pubkey *key)
{
    uint8_t full[65];
    size_t n = sizeof(full);

    if (secp256k1_ec_pubkey_serialize(k->ctx, full, &n, key,
                                      SECP256K1_EC_UNCOMPRESSED) != 1)
        return -1;
    memcpy(pub, full + 1, 64);
    return 0;
}

int aver_k1_public(const struct aver_k1 *k, uint8_t pub[static 64],
                   const uint8_t secret[static 32])
{
    secp256k1_pubkey key;

    if (secp256k1_ec_pubkey_create(k->ctx, &key, secret) != 1)
        return -1;
    return point_write(k, pub, &key);
}

/* Recovery ids 2 and 3 (r came from an x above the group's order; once in
 * 2^127) have no v that others read, so such a signature is none. */
int aver_k1_sign(const struct aver_k1 *k, uint8_t sig[static 65],
                 const uint8_t secret[static 32],
                 const uint8_t digest[static 32])
{
    secp256k1_ecdsa_recoverable_signature made;
    int id = -1;
    int rc = -1;

    if (secp256k1_ecdsa_sign_recoverable(k->ctx, &made, digest, secret, NULL,
                                         NULL) != 1)
        goto out;
    if (secp256k1_ecdsa_recoverable_signature_serialize_compact(
            k->ctx, sig, &id, &made) != 1 ||
        id > 1)
        goto out;
    sig[64] = (uint8_t)(27 + id);
    rc = 0;
out:
    aver_wipe(&made, sizeof(made));
    return rc;
}

static int recovery_id(uint8_t v)
{
    if (v == 27 || v == 28)
        return v - 27;
    return v <= 1 ? v : -1;
}

/* normalize says 1 when s was above n/2. */
static bool high_s(const struct aver_k1 *k,
                   const secp256k1_ecdsa_recoverable_signature *sig)
{
    secp256k1_ecdsa_signature plain;

    return secp256k1_ecdsa_recoverable_signature_convert(k->ctx, &plain, sig) !=
               1 ||
           secp256k1_ecdsa_signature_normalize(k->ctx, NULL, &plain) == 1;
}

int aver_k1_recover(const struct aver_k1 *k, uint8_t pub[static 64],
                    const uint8_t sig[static 65],
                    const uint8_t digest[static 32])
{
    secp256k1_ecdsa_recoverable_signature given;
    secp256k1_pubkey key;
    int id = recovery_id(sig[64]);

    if (id < 0 ||
        secp256k1_ecdsa_recoverable_signature_parse_compact(k->ctx, &given, sig,
                                                            id) != 1 ||
        high_s(k, &given) ||
        secp256k1_ecdsa_recover(k->ctx, &key, &given, digest) != 1)
        return -1;
    return point_write(k, pub, &key);
}

/* secp256k1_ecdsa_verify itself takes low s only. */
bool aver_k1_verify(const struct aver_k1 *k, const uint8_t pub[static 64],
                    const uint8_t rs[static 64],
                    const uint8_t digest[static 32])
{
    uint8_t full[65] = {0x04};
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature sig;

    memcpy(full + 1, pub, 64);
    return secp256k1_ec_pubkey_parse(k->ctx, &key, full, sizeof(full)) == 1 &&
           secp256k1_ecdsa_signature_parse_compact(k->ctx, &sig, rs) == 1 &&
           secp256k1_ecdsa_verify(k->ctx, &sig, digest, &key) == 1;
}
