/* SPDX-License-Identifier: Apache-2.0
 *
 * ndis: see ndis.h. */
#include "attest/ndis.h"

#include "crypto/sha2.h"

#include <stdio.h>
#include <string.h>

#define RIM_SERVICE "https://rim.attestation.nvidia.com"
#define OCSP_SERVICE "https://ocsp.ndis.nvidia.com/"
#define ELEMENT_MAX 256

void ndis_rim_url(char out[static NDIS_URL_MAX], const char *base,
                  const char *id)
{
    snprintf(out, NDIS_URL_MAX, "%s/v1/rim/%.120s",
             base != NULL ? base : RIM_SERVICE, id);
}

void ndis_ocsp_url(char out[static NDIS_URL_MAX], const char *base)
{
    const char *host = base != NULL ? strstr(base, "://") : NULL;
    bool bare = host != NULL && strchr(host + 3, '/') == NULL;

    snprintf(out, NDIS_URL_MAX, "%s%s", base != NULL ? base : OCSP_SERVICE,
             bare ? "/" : "");
}

/* Appends an element; `content` is at most ELEMENT_MAX long. */
static int put(struct aver_buf *out, uint8_t tag, struct aver_bytes content)
{
    uint8_t head[3] = {tag, (uint8_t)content.n};
    size_t n = 2;

    if (content.n > UINT8_MAX)
        return -1;
    if (content.n >= 0x80) {
        head[1] = 0x81; /* one byte of length follows (X.690 8.1.3.5) */
        head[2] = (uint8_t)content.n;
        n = 3;
    }
    return aver_buf_append(out, head, n) == 0
               ? aver_buf_append(out, content.p, content.n)
               : -1;
}

static int put_hash(struct aver_buf *out, struct aver_bytes of)
{
    uint8_t hash[48];

    aver_sha384(hash, of);
    return put(out, AVER_DER_OCTETS, aver_bytes_of(hash, sizeof(hash)));
}

/* The content of a CertID (RFC 6960 4.1.1). */
static int put_id(struct aver_buf *out, const struct aver_cert *cert,
                  const struct aver_cert *issuer)
{
    static const uint8_t sha384[] = {0x30, 0x0d, 0x06, 0x09, 0x60,
                                     0x86, 0x48, 0x01, 0x65, 0x03,
                                     0x04, 0x02, 0x02, 0x05, 0x00};

    if (aver_buf_append(out, sha384, sizeof(sha384)) != 0 ||
        put_hash(out, cert->issuer) != 0 || put_hash(out, issuer->point) != 0)
        return -1;
    return put(out, AVER_DER_INTEGER, cert->serial);
}

int ndis_ocsp_request(struct aver_buf *out, const struct aver_cert *cert,
                      const struct aver_cert *issuer)
{
    struct aver_buf inner, outer;
    int rc = -1;

    aver_buf_init(&inner, ELEMENT_MAX);
    aver_buf_init(&outer, ELEMENT_MAX);
    if (put_id(&inner, cert, issuer) != 0)
        goto out;
    /* CertID, Request, requestList, TBSRequest, OCSPRequest: one in the other,
     * each with nothing beside it. */
    for (int i = 0; i < 4; i++) {
        struct aver_buf swap = inner;

        if (put(&outer, AVER_DER_SEQUENCE, aver_buf_view(&inner)) != 0)
            goto out;
        inner = outer;
        outer = swap;
        outer.n = 0;
    }
    rc = put(out, AVER_DER_SEQUENCE, aver_buf_view(&inner));
out:
    aver_buf_clear(&inner);
    aver_buf_clear(&outer);
    return rc;
}
