/* SPDX-License-Identifier: Apache-2.0
 *
 * report_data: the 64 bytes by which a quote vouches for a key and a nonce.
 * The attester builds them here, the verifier rebuilds them here. */
#ifndef AVER_CRYPTO_REPORT_DATA_H
#define AVER_CRYPTO_REPORT_DATA_H

#include "base/buf.h"

/* `key_id`: the 20 bytes of an address, or the 32 of an Ed25519 key; no other
 * length. Without `spki_sha256` (NULL) layout A: the key id, zeros up to 32
 * bytes, the nonce. With it layout B: SHA-256(key id || spki_sha256), the
 * nonce. */
void aver_report_data(uint8_t out[static 64], struct aver_bytes key_id,
                      const uint8_t *spki_sha256,
                      const uint8_t nonce[static 32]);

/* What a quote can be about besides the key, by their SHA-256; NULL: it is
 * not. */
struct aver_statement {
    struct aver_bytes key_id; /* 20 or 32 bytes */
    const uint8_t *spki_sha256;
    const uint8_t *nonce;         /* 32 bytes, there in any case */
    const uint8_t *gpu_sha256;    /* of the text of nvidia_payload */
    const uint8_t *switch_sha256; /* of that of nvswitch_payload */
};
/* Appends the statement: a JSON object in canonical form (RFC 8785). -1 when
 * memory is short, or `out` reaches its maximum. */
AVER_MUST_CHECK int aver_statement_write(struct aver_buf *out,
                                         const struct aver_statement *s);
/* Layout C: SHA-256 of the statement's text, the nonce. */
void aver_report_data_stated(uint8_t out[static 64], struct aver_bytes text,
                             const uint8_t nonce[static 32]);

#endif
