/* SPDX-License-Identifier: Apache-2.0
 *
 * address: the Ethereum side of crypto/k1.h: addresses, their mixed-case
 * spelling (EIP-55) and the digest of a personal message (EIP-191). */
#include "base/text.h"
#include "crypto/k1.h"
#include "crypto/keccak.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void aver_address_of(uint8_t address[static 20], const uint8_t pub[static 64])
{
    uint8_t digest[32];

    aver_keccak256(digest, aver_bytes_of(pub, 64));
    memcpy(address, digest + 12, 20);
}

/* A letter is a capital where the digit of the same place in the Keccak-256
 * of the lower-case digits is 8 or more. */
void aver_address_format(char out[static AVER_ADDRESS_TEXT],
                         const uint8_t address[static 20])
{
    uint8_t digest[32];
    char *digits = out + 2;

    out[0] = '0';
    out[1] = 'x';
    aver_hex_encode(digits, address, 20);
    aver_keccak256(digest, aver_bytes_of(digits, 40));
    for (int i = 0; i < 40; i++) {
        int nibble = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15;
        if (digits[i] >= 'a' && nibble >= 8)
            digits[i] = (char)(digits[i] - 'a' + 'A');
    }
}

int aver_address_parse(uint8_t address[static 20], bool *checked,
                       struct aver_bytes text)
{
    if (text.n != AVER_ADDRESS_TEXT - 1 || !aver_bytes_starts(text, "0x") ||
        aver_hex_decode(address, 20, aver_bytes_of(text.p + 2, 40)) != 0)
        return -1;
    if (checked != NULL) {
        char spelling[AVER_ADDRESS_TEXT];
        aver_address_format(spelling, address);
        *checked = aver_bytes_is(text, spelling);
    }
    return 0;
}

void aver_eip191_digest(uint8_t digest[static 32], struct aver_bytes text)
{
    struct aver_keccak k;
    char head[64];
    int n = snprintf(head, sizeof(head),
                     "\x19"
                     "Ethereum Signed Message:\n%zu",
                     text.n);

    assert(n > 0 && (size_t)n < sizeof(head));
    aver_keccak_start(&k);
    aver_keccak_update(&k, aver_bytes_of(head, (size_t)n));
    aver_keccak_update(&k, text);
    aver_keccak_finish(&k, digest);
}
