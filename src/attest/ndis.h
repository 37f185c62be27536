/* SPDX-License-Identifier: Apache-2.0
 *
 * ndis: NVIDIA's two services: reference manifests by name (RIM), and answers
 * about withdrawn certificates (OCSP, RFC 6960). What to ask; connects nothing
 * and judges nothing. */
#ifndef AVER_ATTEST_NDIS_H
#define AVER_ATTEST_NDIS_H

#include "attest/pcs.h"
#include "crypto/cert.h"

#define NDIS_URL_MAX (PCS_BASE_MAX + 160)

/* Where the RIM of that name is. `base` as in pcs_url; NULL for NVIDIA. */
void ndis_rim_url(char out[static NDIS_URL_MAX], const char *base,
                  const char *id);
/* Where requests go; a base without a path gets "/". */
void ndis_ocsp_url(char out[static NDIS_URL_MAX], const char *base);
/* Appends the request about one certificate: SHA-384 in its CertID, and no
 * nonce, since the answer is kept and shown to others. -1 if it does not fit.
 */
AVER_MUST_CHECK int ndis_ocsp_request(struct aver_buf *out,
                                      const struct aver_cert *cert,
                                      const struct aver_cert *issuer);

#endif
