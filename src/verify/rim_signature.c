/* SPDX-License-Identifier: Apache-2.0
 *
 * rim_signature: see rim_signature.h. The form is a table; whatever is not as
 * the table says (another algorithm, a transform more, a reference to a part
 * of the document, an Object) is refused, since it could sign something else
 * than what is read. */
#include "verify/rim_signature.h"

#include "base/text.h"
#include "crypto/sha2.h"

#include <string.h>

static const char dsig[] = "http://www.w3.org/2000/09/xmldsig#";
static const char c14n11[] = "http://www.w3.org/2006/12/xml-c14n11";

/* An element, its depth in the document, and its only attribute. With `text`
 * there is text in it and no element; else white space alone. */
struct form {
    unsigned depth;
    const char *local, *attribute, *value;
    bool text;
};

enum { SIGNED_INFO = 1, DIGEST_VALUE = 9, SIGNATURE_VALUE = 10, FORMS = 13 };
static const struct form forms[FORMS] = {
    {.depth = 2, .local = "Signature"},
    {.depth = 3, .local = "SignedInfo"},
    {4, "CanonicalizationMethod", "Algorithm", c14n11, false},
    {4, "SignatureMethod", "Algorithm",
     "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", false},
    {4, "Reference", "URI", "", false},
    {.depth = 5, .local = "Transforms"},
    {6, "Transform", "Algorithm",
     "http://www.w3.org/2000/09/xmldsig#enveloped-signature", false},
    {6, "Transform", "Algorithm", c14n11, false},
    {5, "DigestMethod", "Algorithm",
     "http://www.w3.org/2001/04/xmldsig-more#sha384", false},
    {.depth = 5, .local = "DigestValue", .text = true},
    {.depth = 3, .local = "SignatureValue", .text = true},
    {.depth = 3, .local = "KeyInfo"},
    {.depth = 4, .local = "X509Data"},
};
static const struct form certificate = {
    .depth = 5, .local = "X509Certificate", .text = true};

const char *aver_rim_chain_cause(const char *cause)
{
    static const char *const causes[] = {
        "rim_chain:cert_format",    "rim_chain:cert_key",
        "rim_chain:chain_length",   "rim_chain:cert_profile",
        "rim_chain:chain_order",    "rim_chain:root",
        "rim_chain:cert_signature", "rim_chain:cert_time"};
    const size_t prefix = strlen("rim_chain:");

    for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (strcmp(causes[i] + prefix, cause) == 0)
            return causes[i];
    return "rim_chain";
}

static bool is_last(const struct aver_xml *x, unsigned node)
{
    for (unsigned i = x->node[node].end; i < x->n; i++)
        if (!aver_xml_is_text(x, i))
            return false;
    return true;
}

/* Of whatever namespace: what calls itself a signature is none of two. */
unsigned aver_rim_signature_find(const struct aver_xml *x,
                                 struct aver_flaw *flaw)
{
    unsigned found = AVER_XML_NONE, n = 0;

    for (unsigned i = 0; i < x->n; i++)
        if (aver_bytes_is(x->node[i].local, "Signature")) {
            found = i;
            n++;
        }
    if (n == 1 && x->node[found].parent == 0 && is_last(x, found))
        return found;
    if (n == 1)
        aver_flaw(flaw, "rim_signature_count",
                  "its signature is not the last element of the root");
    else
        aver_flaw(flaw, "rim_signature_count",
                  "it has %u signatures, and must have one", n);
    return AVER_XML_NONE;
}

static bool fits(const struct aver_xml *x, unsigned i, const struct form *f)
{
    const struct aver_xml_node *e = &x->node[i];
    const struct aver_xml_attribute *a = NULL;

    if (!aver_xml_is(x, i, dsig, f->local) || e->depth != f->depth)
        return false;
    if (f->text)
        return e->nattributes == 0 &&
               (e->end == i + 1 ||
                (e->end == i + 2 && aver_xml_is_text(x, i + 1)));
    if (f->attribute == NULL)
        return e->nattributes == 0;
    a = aver_xml_attribute(x, i, "", f->attribute);
    return e->nattributes == 1 && a != NULL &&
           aver_bytes_is(a->value, f->value);
}

/* From `i` on the first that is not white space between elements. */
static unsigned skip_blanks(const struct aver_xml *x, unsigned i, unsigned end)
{
    while (i < end && aver_xml_is_text(x, i) &&
           aver_bytes_trim(x->node[i].text).n == 0)
        i++;
    return i;
}

/* Where each form is; the end of the last one, 0 if one does not fit. */
static unsigned match(const struct aver_xml *x, unsigned signature,
                      unsigned at[FORMS], struct aver_flaw *flaw)
{
    unsigned i = signature, end = x->node[signature].end;

    for (unsigned k = 0; k < FORMS; k++) {
        i = skip_blanks(x, i, end);
        if (i == end || !fits(x, i, &forms[k])) {
            aver_flaw(flaw, "rim_algorithm",
                      "its signature is not of the form that is read here, "
                      "where its %s must be",
                      forms[k].local);
            return 0;
        }
        at[k] = i;
        i = forms[k].text ? x->node[i].end : i + 1;
    }
    return i;
}

static struct aver_bytes text_in(const struct aver_xml *x, unsigned i)
{
    return x->node[i].end > i + 1 ? x->node[i + 1].text
                                  : aver_bytes_of(NULL, 0);
}

/* What base64 in lines stands for, appended to `out`, which has room for it.
 * -1 with the flaw. */
static int decode(struct aver_buf *out, struct aver_bytes text,
                  struct aver_flaw *flaw, const char *cause, const char *what)
{
    struct aver_buf plain;
    int rc = -1;

    aver_buf_init(&plain, text.n);
    if (aver_buf_reserve(&plain, text.n) != 0 ||
        aver_buf_reserve(out, text.n) != 0) {
        aver_flaw(flaw, AVER_RIM_NO_MEMORY, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < text.n; i++)
        if (aver_bytes_trim(aver_bytes_of(text.p + i, 1)).n > 0)
            plain.p[plain.n++] = text.p[i];
    rc = aver_base64_decode_buf(out, aver_buf_view(&plain));
    if (rc != 0)
        aver_flaw(flaw, cause, "its %s is not base64", what);
out:
    aver_buf_clear(&plain);
    return rc;
}

/* The same of exactly n bytes. */
static int decode_n(uint8_t *out, size_t n, struct aver_bytes text,
                    struct aver_flaw *flaw, const char *cause, const char *what)
{
    struct aver_buf bytes;
    int rc;

    aver_buf_init(&bytes, AVER_RIM_MAX);
    rc = decode(&bytes, text, flaw, cause, what);
    if (rc == 0 && bytes.n != n)
        rc = aver_flaw(flaw, cause, "its %s has %zu bytes in place of %zu",
                       what, bytes.n, n);
    if (rc == 0)
        memcpy(out, bytes.p, n);
    aver_buf_clear(&bytes);
    return rc;
}

static void make_chain(struct aver_rim *r, const struct aver_buf *store,
                       const size_t *ends, unsigned n, struct aver_ec *ec)
{
    const struct aver_cert *leaf = &r->chain.link[0].cert;
    struct aver_bytes der[AVER_CHAIN_MAX];
    size_t from = 0;

    for (unsigned i = 0; i < n; i++) {
        der[i] = aver_bytes_of(from < ends[i] ? store->p + from : NULL,
                               ends[i] - from);
        from = ends[i];
    }
    if (aver_chain_init_der(&r->chain, der, n) != 0)
        aver_flaw(&r->flaw, AVER_RIM_NO_MEMORY, "out of memory");
    else if (r->chain.fault[0] != '\0')
        aver_flaw(&r->flaw, "rim_chain:cert_format",
                  "the certificates of its signer: %.160s", r->chain.fault);
    else if (n > 0 && !aver_ec_point_ok(ec, leaf->curve, leaf->point))
        aver_flaw(&r->flaw, "rim_chain:cert_key",
                  "the key of its signer is no point of its curve");
}

static void read_certificates(struct aver_rim *r, const struct aver_xml *x,
                              unsigned i, unsigned end, struct aver_ec *ec)
{
    size_t ends[AVER_CHAIN_MAX];
    struct aver_buf store;
    unsigned n = 0;

    aver_buf_init(&store, AVER_RIM_MAX);
    while ((i = skip_blanks(x, i, end)) < end) {
        if (!fits(x, i, &certificate)) {
            aver_flaw(&r->flaw, "rim_algorithm",
                      "behind its signature stands something else than "
                      "certificates");
            goto out;
        }
        if (n == AVER_CHAIN_MAX) {
            aver_flaw(&r->flaw, "rim_chain:chain_length",
                      "more than %d certificates of its signer",
                      AVER_CHAIN_MAX);
            goto out;
        }
        if (decode(&store, text_in(x, i), &r->flaw, "rim_chain:cert_format",
                   "signer's certificate") != 0)
            goto out;
        ends[n++] = store.n;
        i = x->node[i].end;
    }
    make_chain(r, &store, ends, n, ec);
out:
    aver_buf_clear(&store);
}

static int canonicalise(struct aver_rim *r, const struct aver_xml *x,
                        unsigned signature, unsigned signed_info)
{
    struct aver_buf document;
    int rc;

    aver_buf_init(&document, AVER_RIM_CANON_MAX);
    rc = aver_xml_canon(&document, x, 0, signature);
    if (rc == 0)
        rc = aver_xml_canon(&r->info, x, signed_info, AVER_XML_NONE);
    if (rc == 0)
        aver_sha384(r->document, aver_buf_view(&document));
    else /* the maximum cannot be passed */
        aver_flaw(&r->flaw, AVER_RIM_NO_MEMORY, "out of memory");
    aver_buf_clear(&document);
    return rc;
}

void aver_rim_signature_read(struct aver_rim *r, const struct aver_xml *x,
                             unsigned signature, struct aver_ec *ec)
{
    unsigned at[FORMS], end = x->node[signature].end;
    unsigned i = match(x, signature, at, &r->flaw);

    if (i == 0 || canonicalise(r, x, signature, at[SIGNED_INFO]) != 0 ||
        decode_n(r->claimed, sizeof(r->claimed), text_in(x, at[DIGEST_VALUE]),
                 &r->flaw, "rim_digest", "DigestValue") != 0 ||
        decode_n(r->signature, sizeof(r->signature),
                 text_in(x, at[SIGNATURE_VALUE]), &r->flaw, "rim_signature",
                 "SignatureValue") != 0)
        return;
    read_certificates(r, x, i, end, ec);
}
