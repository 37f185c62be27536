/* SPDX-License-Identifier: Apache-2.0
 *
 * pcs: see pcs.h. The signed bytes of a document are cut out of the answer as
 * they stand there: a signature holds over these and no other spelling. */
#include "attest/pcs.h"

#include "base/text.h"
#include "verify/member.h"

#include <stdio.h>
#include <string.h>

#define INTEL "https://api.trustedservices.intel.com"
#define INTEL_ROOT_CRL                                                         \
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
#define CHAIN_MAX ((size_t)64 << 10)
#define DOCUMENT_MAX ((size_t)1 << 20)

static const struct {
    const char *name;
    const char *document;   /* the member of the answer that is signed */
    const char *headers[3]; /* where the chain stands: any of these names */
} items[PCS_ITEMS] = {
    [PCS_TCB_INFO] = {"TCB info",
                      "tcbInfo",
                      {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"}},
    [PCS_QE_IDENTITY] = {"QE identity",
                         "enclaveIdentity",
                         {"SGX-Enclave-Identity-Issuer-Chain"}},
    [PCS_PCK_CRL] = {"PCK CRL", NULL, {"SGX-PCK-CRL-Issuer-Chain"}},
    [PCS_ROOT_CRL] = {"root CRL", NULL, {NULL}},
};

const char *pcs_item_name(enum pcs_item item)
{
    return items[item].name;
}

void pcs_part_init(struct pcs_part *p)
{
    aver_buf_init(&p->chain, CHAIN_MAX);
    aver_buf_init(&p->document, DOCUMENT_MAX);
    aver_buf_init(&p->signature, 128);
}

void pcs_part_clear(struct pcs_part *p)
{
    aver_buf_clear(&p->chain);
    aver_buf_clear(&p->document);
    aver_buf_clear(&p->signature);
}

void pcs_url(char out[static PCS_URL_MAX], enum pcs_item item,
             const struct pcs_platform *p, const char *base, const char *update)
{
    const char *tee = p->sgx ? "sgx" : "tdx";
    const char *root = base != NULL ? base : INTEL;
    char fmspc[13], more[32] = "";

    aver_hex_encode(fmspc, p->fmspc, sizeof(p->fmspc));
    if (update != NULL)
        snprintf(more, sizeof(more), "%cupdate=%.20s",
                 item == PCS_TCB_INFO ? '&' : '?', update);
    if (item == PCS_TCB_INFO)
        snprintf(out, PCS_URL_MAX, "%s/%s/certification/v4/tcb?fmspc=%s%s",
                 root, tee, fmspc, more);
    else if (item == PCS_QE_IDENTITY)
        snprintf(out, PCS_URL_MAX, "%s/%s/certification/v4/qe/identity%s", root,
                 tee, more);
    else if (item == PCS_PCK_CRL)
        snprintf(out, PCS_URL_MAX,
                 "%s/sgx/certification/v4/pckcrl?ca=%s&encoding=der", root,
                 p->processor ? "processor" : "platform");
    else if (base != NULL)
        snprintf(out, PCS_URL_MAX, "%s/sgx/certification/v4/rootcacrl", base);
    else
        snprintf(out, PCS_URL_MAX, "%s", INTEL_ROOT_CRL);
}

bool pcs_base_ok(const char *base)
{
    struct aver_bytes b = aver_bytes_str(base);
    size_t scheme = aver_bytes_starts(b, "https://")  ? 8
                    : aver_bytes_starts(b, "http://") ? 7
                                                      : 0;

    if (scheme == 0 || b.n >= PCS_BASE_MAX || b.n == scheme ||
        b.p[scheme] == '/')
        return false;
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] <= 0x20 || b.p[i] >= 0x7f || strchr("?#@\\\"", b.p[i]))
            return false;
    return true;
}

/* The next line without its end; false behind the last one. */
static bool next_line(struct aver_bytes *rest, struct aver_bytes *line)
{
    const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;
    size_t whole = n + (end != NULL);

    if (rest->n == 0)
        return false;
    *line = aver_bytes_of(rest->p, n);
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    *rest = aver_bytes_of(rest->p + whole, rest->n - whole);
    return true;
}

int pcs_header(struct aver_bytes *value, struct aver_bytes head,
               const char *name, struct aver_error *err)
{
    struct aver_bytes line;
    unsigned found = 0;

    while (next_line(&head, &line)) {
        const uint8_t *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
        size_t n = colon != NULL ? (size_t)(colon - line.p) : 0;

        if (n == 0 || !aver_bytes_is_nocase(aver_bytes_of(line.p, n), name))
            continue;
        *value = aver_bytes_trim(aver_bytes_of(colon + 1, line.n - n - 1));
        found++;
    }
    if (found == 1)
        return 0;
    return found == 0
               ? aver_fail(err, AVER_EABSENT, "there is no header %s", name)
               : aver_fail(err, AVER_EFORMAT,
                           "the header %s stands there twice", name);
}

int pcs_unescape(struct aver_buf *out, struct aver_bytes text)
{
    size_t begin = out->n;

    if (aver_percent_decode_buf(out, text) != 0)
        return -1;
    for (size_t i = begin; i < out->n; i++) {
        uint8_t c = out->p[i];

        if ((c < 0x20 && c != '\n' && c != '\r') || c > 0x7e)
            return -1;
    }
    return 0;
}

static int take_chain(struct pcs_part *p, enum pcs_item item,
                      struct aver_bytes head, struct aver_error *err)
{
    const char *const *name = items[item].headers;
    struct aver_error why = {0};
    struct aver_bytes value;

    for (; *name != NULL; name++) {
        if (pcs_header(&value, head, *name, &why) == 0) {
            if (pcs_unescape(&p->chain, value) != 0)
                return aver_fail(err, AVER_EFORMAT,
                                 "the header %s holds no chain of certificates",
                                 *name);
            return 0;
        }
        if (why.code != AVER_EABSENT)
            break;
    }
    return aver_fail(err, AVER_EFORMAT, "%s", why.text);
}

static int take_json(struct pcs_part *p, const char *name,
                     struct aver_bytes body, struct aver_error *err)
{
    struct aver_json_member m[2] = {{.name = name}, {.name = "signature"}};
    struct aver_bytes signature, document;
    uint8_t rs[64];

    if (aver_members(m, 2, body, err) != 0)
        return -1;
    if (m[0].type != AVER_JSON_OBJECT || m[0].count != 1)
        return aver_fail(err, AVER_EFORMAT, "there is no one object %s", name);
    if (m[1].count != 1 || !aver_member_short(&m[1], &signature) ||
        aver_hex_decode(rs, sizeof(rs), signature) != 0)
        return aver_fail(err, AVER_EFORMAT,
                         "the signature is not 128 hex digits");
    document = aver_member_source(&m[0], body);
    if (aver_buf_append(&p->document, document.p, document.n) != 0 ||
        aver_buf_append(&p->signature, signature.p, signature.n) != 0)
        return aver_fail(err, AVER_ELIMIT, "%s is too large", name);
    return 0;
}

/* DER, or, as some caches send it, hex of it. DER begins with the tag of a
 * SEQUENCE, which is the character 0; hex of DER then with "30". */
static int take_crl(struct pcs_part *p, struct aver_bytes body,
                    struct aver_error *err)
{
    struct aver_bytes text = aver_bytes_trim(body);

    if (body.n > 1 && aver_bytes_starts(body, "0") && body.p[1] >= 0x80) {
        if (aver_buf_append(&p->document, body.p, body.n) != 0)
            return aver_fail(err, AVER_ELIMIT, "the CRL is too large");
        return 0;
    }
    if (aver_bytes_starts(text, "30") &&
        aver_hex_decode_buf(&p->document, text) == 0)
        return 0;
    return aver_fail(err, AVER_EFORMAT, "this is no CRL, in DER or in hex");
}

int pcs_take(struct pcs_part *p, enum pcs_item item, struct aver_bytes head,
             struct aver_bytes body, struct aver_error *err)
{
    if (items[item].headers[0] != NULL && take_chain(p, item, head, err) != 0)
        return -1;
    return items[item].document != NULL
               ? take_json(p, items[item].document, body, err)
               : take_crl(p, body, err);
}
