/* SPDX-License-Identifier: Apache-2.0
 *
 * receipt: the answer of GET /v1/signature/{id}, taken apart: the signed text
 * ("request:response" hashes, a model's name in front or not) and the
 * signature over it. Judges nothing but form. */
#ifndef AVER_VERIFY_RECEIPT_H
#define AVER_VERIFY_RECEIPT_H

#include "base/buf.h"
#include "verify/keyid.h"

#define AVER_RECEIPT_MAX ((size_t)1 << 20)
#define AVER_RECEIPT_TEXT_MAX 2048

struct aver_receipt_text {
    struct aver_bytes model; /* view of the text; empty with two parts */
    uint8_t request_sha256[32], response_sha256[32];
};
/* Reads the text from the right: the last two fields are the hashes, 64
 * lower-case digits each; what stands in front is the model. */
AVER_MUST_CHECK int aver_receipt_text_parse(struct aver_receipt_text *t,
                                            struct aver_bytes text,
                                            struct aver_error *err);

struct aver_receipt {
    char fault[128];      /* why it is no receipt; "" if it is one */
    char absent[96];      /* the server says that it has none; "" if it has */
    struct aver_buf text; /* exactly what was signed */
    bool text_ok;
    char text_fault[128];
    struct aver_receipt_text parts;
    bool has_algo; /* stated; else told from the signature's length */
    enum aver_algo algo;
    bool has_key; /* signing_address, as claimed */
    struct aver_key_id key;
    bool signature_ok; /* has the form that its algorithm has */
    uint8_t signature[65];
};

/* Parses; copies what it keeps. -1 if the bytes are no JSON object. Clear it
 * afterwards, whatever came back. */
AVER_MUST_CHECK int aver_receipt_parse(struct aver_receipt *r,
                                       struct aver_bytes in,
                                       struct aver_error *err);
void aver_receipt_clear(struct aver_receipt *r);

/* The key that signed: recovered (ECDSA), or the claimed one, else `expected`
 * (may be NULL), if the signature holds under it (Ed25519). -1 with `err`
 * (AVER_ESIG; AVER_EABSENT if there is no key to check against). */
AVER_MUST_CHECK int aver_receipt_signer(struct aver_key_id *signer,
                                        const struct aver_receipt *r,
                                        const struct aver_key_id *expected,
                                        struct aver_error *err);

#endif
