/* SPDX-License-Identifier: Apache-2.0
 *
 * pem: certificates of a PEM text (RFC 7468, strict form). */
#ifndef AVER_CRYPTO_PEM_H
#define AVER_CRYPTO_PEM_H

#include "base/buf.h"

/* Decodes the certificates of `text` into `der`, at most `max` of them, and
 * says in `n` how many there are. Between and behind the blocks there may be
 * line ends (LF or CRLF) and one NUL at the very end, nothing else; inside of
 * them base64 in lines of 64, the last one shorter. `store` owns the bytes: it
 * must be empty, and must not change as long as the views are used. -1 with
 * `err` for any other text, one without a certificate included. */
AVER_MUST_CHECK int aver_pem_certificates(struct aver_bytes *der, unsigned max,
                                          unsigned *n, struct aver_buf *store,
                                          struct aver_bytes text,
                                          struct aver_error *err);

#endif
