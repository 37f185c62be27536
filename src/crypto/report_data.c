/* SPDX-License-Identifier: Apache-2.0
 *
 * report_data: layouts A, B and C (docs/PROTOCOL.md, "report_data"). */
#include "crypto/report_data.h"

#include "base/text.h"
#include "crypto/sha2.h"
#include <assert.h>
#include <string.h>

void aver_report_data(uint8_t out[static 64], struct aver_bytes key_id,
                      const uint8_t *spki_sha256,
                      const uint8_t nonce[static 32])
{
    uint8_t bound[64];

    assert(key_id.n == 20 || key_id.n == 32);
    memset(out, 0, 64);
    if (spki_sha256) {
        memcpy(bound, key_id.p, key_id.n);
        memcpy(bound + key_id.n, spki_sha256, 32);
        aver_sha256(out, aver_bytes_of(bound, key_id.n + 32));
    } else {
        memcpy(out, key_id.p, key_id.n);
    }
    memcpy(out + 32, nonce, 32);
}

/* One member; the first has nothing in front. */
static int put(struct aver_buf *out, const char *name, const char *before,
               struct aver_bytes value)
{
    const char *comma = out->n > 0 && out->p[out->n - 1] != '{' ? "," : "";

    if (value.p == NULL)
        return 0;
    if (aver_buf_printf(out, "%s\"%s\":\"%s", comma, name, before) != 0 ||
        aver_hex_encode_buf(out, value) != 0)
        return -1;
    return aver_buf_append_str(out, "\"");
}

static struct aver_bytes hash(const uint8_t *p)
{
    return aver_bytes_of(p, p != NULL ? 32 : 0);
}

int aver_statement_write(struct aver_buf *out, const struct aver_statement *s)
{
    bool address = s->key_id.n == 20;

    assert(address || s->key_id.n == 32);
    if (aver_buf_append_str(out, "{") != 0 ||
        put(out, "gpu_evidence_sha256", "", hash(s->gpu_sha256)) != 0 ||
        put(out, "nonce", "", hash(s->nonce)) != 0 ||
        put(out, "nvswitch_evidence_sha256", "", hash(s->switch_sha256)) != 0 ||
        aver_buf_append_str(out, ",\"purpose\":\"aver.report.v1\"") != 0 ||
        put(out, "signing_address", address ? "0x" : "", s->key_id) != 0 ||
        put(out, "tls_cert_fingerprint", "", hash(s->spki_sha256)) != 0)
        return -1;
    return aver_buf_append_str(out, "}");
}

void aver_report_data_stated(uint8_t out[static 64], struct aver_bytes text,
                             const uint8_t nonce[static 32])
{
    aver_sha256(out, text);
    memcpy(out + 32, nonce, 32);
}
