/* SPDX-License-Identifier: Apache-2.0
 *
 * keyid: names of signing keys and algorithms. */
#include "verify/keyid.h"
#include "base/text.h"
#include "crypto/k1.h"

#include <string.h>

int aver_key_id_parse(struct aver_key_id *k, struct aver_bytes text)
{
    memset(k, 0, sizeof(*k));
    if (aver_address_parse(k->p, NULL, text) == 0) {
        k->n = 20;
        return 0;
    }
    if (aver_hex_decode(k->p, 32, text) == 0) {
        k->n = 32;
        return 0;
    }
    memset(k, 0, sizeof(*k));
    return -1;
}

void aver_key_id_format(char out[static AVER_KEY_ID_TEXT],
                        const struct aver_key_id *k)
{
    out[0] = '\0';
    if (k->n == 20)
        aver_address_format(out, k->p);
    else if (k->n == 32)
        aver_hex_encode(out, k->p, 32);
}

bool aver_key_id_equal(const struct aver_key_id *a, const struct aver_key_id *b)
{
    return a->n != 0 && a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

int aver_algo_parse(enum aver_algo *algo, struct aver_bytes text)
{
    if (aver_bytes_is_nocase(text, "ecdsa"))
        *algo = AVER_ECDSA;
    else if (aver_bytes_is_nocase(text, "ed25519"))
        *algo = AVER_ED25519;
    else
        return -1;
    return 0;
}

const char *aver_algo_name(enum aver_algo algo)
{
    return algo == AVER_ED25519 ? "ed25519" : "ecdsa";
}
