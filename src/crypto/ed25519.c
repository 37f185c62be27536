/* SPDX-License-Identifier: Apache-2.0
 *
 * ed25519: a thin skin over libsodium. sodium_init may be called any number
 * of times from any thread; every entry calls it, so that nobody has to
 * remember to. */
#include "crypto/ed25519.h"

#include <sodium.h>
#include <stdlib.h>

static void must(int rc)
{
    if (rc < 0)
        abort();
}

void aver_ed25519_from_seed(uint8_t secret[static 64], uint8_t pub[static 32],
                            const uint8_t seed[static 32])
{
    must(sodium_init());
    must(crypto_sign_seed_keypair(pub, secret, seed));
}

void aver_ed25519_sign(uint8_t sig[static 64], const uint8_t secret[static 64],
                       struct aver_bytes message)
{
    must(sodium_init());
    must(crypto_sign_detached(sig, NULL, message.p, message.n, secret));
}

bool aver_ed25519_verify(const uint8_t sig[static 64],
                         const uint8_t pub[static 32],
                         struct aver_bytes message)
{
    must(sodium_init());
    return crypto_sign_verify_detached(sig, message.p, message.n, pub) == 0;
}
