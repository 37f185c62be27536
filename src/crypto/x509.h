/* SPDX-License-Identifier: Apache-2.0
 *
 * x509: what is needed of certificates here. */
#ifndef AVER_CRYPTO_X509_H
#define AVER_CRYPTO_X509_H

#include "base/bytes.h"
#include "base/error.h"

/* SHA-256 of the DER SubjectPublicKeyInfo of the first certificate in a PEM
 * text (RFC 5280 4.1.2.7). */
AVER_MUST_CHECK int aver_x509_spki_sha256(uint8_t out[static 32],
                                          struct aver_bytes pem,
                                          struct aver_error *err);
/* The same of a certificate in DER, which must be all of the bytes. */
AVER_MUST_CHECK int aver_x509_der_spki_sha256(uint8_t out[static 32],
                                              struct aver_bytes der,
                                              struct aver_error *err);

#endif
