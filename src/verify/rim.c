/* SPDX-License-Identifier: Apache-2.0
 *
 * rim: reads a RIM out of the tree of its XML text: what it is about (Meta),
 * what must be measured (Payload), and how it is signed (rim_signature.c). All
 * names are compared by namespace, and never by prefix. */
#include "verify/rim.h"

#include "base/text.h"
#include "verify/rim_signature.h"

#include <stdlib.h>
#include <string.h>

static const char swid[] =
    "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
static const char sha384[] = "http://www.w3.org/2001/04/xmlenc#sha384";

static int bad(struct aver_rim *r, const char *what, const char *name)
{
    return aver_flaw(&r->flaw, "rim_xml", "%s %s", what, name);
}

/* The only element of that name in the document, which must be a child of the
 * root: two of them, or one somewhere else, could be read by somebody else. */
static unsigned only(struct aver_rim *r, const struct aver_xml *x,
                     const char *local)
{
    unsigned found = AVER_XML_NONE, n = 0;

    for (unsigned i = 0; i < x->n; i++)
        if (aver_xml_is(x, i, swid, local)) {
            found = i;
            n++;
        }
    if (n == 1 && x->node[found].parent == 0)
        return found;
    bad(r, "its root does not hold one element", local);
    return AVER_XML_NONE;
}

/* These texts end up in sentences and names of files: a few characters are
 * enough for them. No reference is among them, so that the value is what
 * stands there. */
static bool is_plain(struct aver_bytes text)
{
    static const char also[] = "._- ";

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i], letter = c | 0x20;

        if (!(letter >= 'a' && letter <= 'z') && !(c >= '0' && c <= '9') &&
            memchr(also, c, sizeof(also) - 1) == NULL)
            return false;
    }
    return text.n > 0;
}

static int copy_text(struct aver_rim *r, char *out, size_t size,
                     const struct aver_xml *x, unsigned node, const char *name)
{
    const struct aver_xml_attribute *a = aver_xml_attribute(x, node, "", name);

    if (a == NULL)
        return bad(r, "there is no attribute", name);
    if (a->value.n >= size || !is_plain(a->value))
        return bad(r, "not a short plain text is its", name);
    memcpy(out, a->value.p, a->value.n);
    out[a->value.n] = '\0';
    return 0;
}

static int read_meta(struct aver_rim *r, const struct aver_xml *x)
{
    unsigned meta;

    if (!aver_xml_is(x, 0, swid, "SoftwareIdentity"))
        return bad(r, "the root is not a", "SoftwareIdentity");
    meta = only(r, x, "Meta");
    if (meta == AVER_XML_NONE)
        return -1;
    return copy_text(r, r->version, sizeof(r->version), x, meta,
                     "colloquialVersion") != 0 ||
                   copy_text(r, r->product, sizeof(r->product), x, meta,
                             "product") != 0 ||
                   copy_text(r, r->edition, sizeof(r->edition), x, meta,
                             "edition") != 0 ||
                   copy_text(r, r->name, sizeof(r->name), x, 0, "name") != 0
               ? -1
               : 0;
}

/* Attributes of a Resource, in canonical order; its hashes follow. */
enum { ACTIVE, ALTERNATIVES, INDEX, NAME, SIZE, TYPE, HASHES };
static const char *const resource[HASHES] = {"active", "alternatives", "index",
                                             "name",   "size",         "type"};

/* Decimal, in its one spelling. */
static bool number(unsigned *out, struct aver_bytes text, unsigned max)
{
    uint64_t v;

    if ((text.n > 1 && text.p[0] == '0') || aver_decimal(&v, text, max) != 0)
        return false;
    *out = (unsigned)v;
    return true;
}

/* "Hash0", "Hash1", … by their order. */
static bool is_hash(const struct aver_xml_attribute *a, unsigned i)
{
    return a->local.n == 5 && aver_bytes_starts(a->local, "Hash") &&
           a->local.p[4] == '0' + i && aver_bytes_is(a->uri, sha384);
}

/* A NULL, or what is wrong. */
static const char *read_values(struct aver_rim_entry *e,
                               const struct aver_xml_attribute *a, unsigned n)
{
    for (unsigned i = 0; i < HASHES; i++)
        if (i >= n || a[i].uri.n > 0 || !aver_bytes_is(a[i].local, resource[i]))
            return resource[i];
    e->active = aver_bytes_is(a[ACTIVE].value, "True");
    if (!e->active && !aver_bytes_is(a[ACTIVE].value, "False"))
        return resource[ACTIVE];
    if (!aver_bytes_is(a[TYPE].value, "Measurement"))
        return resource[TYPE];
    if (!number(&e->index, a[INDEX].value, AVER_RIM_ENTRIES_MAX - 1))
        return resource[INDEX];
    if (!number(&e->size, a[SIZE].value, UINT16_MAX))
        return resource[SIZE];
    if (!number(&e->n, a[ALTERNATIVES].value, AVER_RIM_ALTERNATIVES_MAX) ||
        e->n == 0 || n != HASHES + e->n)
        return resource[ALTERNATIVES];
    for (unsigned i = 0; i < e->n; i++)
        if (!is_hash(&a[HASHES + i], i) ||
            aver_hex_decode(e->hash[i], sizeof(e->hash[i]),
                            a[HASHES + i].value) != 0)
            return "Hash";
    return NULL;
}

static int read_resource(struct aver_rim *r, const struct aver_xml *x,
                         unsigned i)
{
    const struct aver_xml_node *e = &x->node[i];
    const char *wrong;

    if (!aver_xml_is(x, i, swid, "Resource") || e->end > i + 1)
        return bad(r, "in its Payload stands something else than a",
                   "Resource");
    wrong = read_values(&r->entry[r->n++], x->attribute + e->attribute,
                        e->nattributes);
    if (wrong != NULL)
        return aver_flaw(&r->flaw, "rim_xml",
                         "Resource %u of its Payload is not a measurement of "
                         "the form that is read here, by its %s",
                         r->n, wrong);
    return 0;
}

/* What is in it but white space, which is all the text there may be; counts
 * the elements. */
static int count_resources(struct aver_rim *r, const struct aver_xml *x,
                           unsigned payload, unsigned *n)
{
    unsigned end = x->node[payload].end;

    *n = 0;
    for (unsigned i = payload + 1; i < end; i = x->node[i].end)
        if (!aver_xml_is_text(x, i))
            (*n)++;
        else if (aver_bytes_trim(x->node[i].text).n > 0)
            return bad(r, "there is text in its", "Payload");
    if (*n > AVER_RIM_ENTRIES_MAX)
        return aver_flaw(&r->flaw, "rim_xml", "it has more than %d entries",
                         AVER_RIM_ENTRIES_MAX);
    return 0;
}

static int read_payload(struct aver_rim *r, const struct aver_xml *x)
{
    unsigned payload = only(r, x, "Payload"), n;

    if (payload == AVER_XML_NONE || count_resources(r, x, payload, &n) != 0)
        return -1;
    r->entry = calloc(n + 1, sizeof(*r->entry));
    if (r->entry == NULL)
        return aver_flaw(&r->flaw, AVER_RIM_NO_MEMORY, "out of memory");
    for (unsigned i = payload + 1; i < x->node[payload].end; i = x->node[i].end)
        if (!aver_xml_is_text(x, i) && read_resource(r, x, i) != 0)
            return -1;
    return 0;
}

/* The first flaw is what counts; what it is about is read in any case. */
static void read_tree(struct aver_rim *r, const struct aver_xml *x,
                      struct aver_ec *ec)
{
    unsigned signature = aver_rim_signature_find(x, &r->flaw);

    if (read_meta(r, x) == 0 && signature != AVER_XML_NONE &&
        read_payload(r, x) == 0)
        aver_rim_signature_read(r, x, signature, ec);
}

static void read_text(struct aver_rim *r, struct aver_ec *ec)
{
    struct aver_error why;
    struct aver_xml x;

    if (aver_xml_parse(&x, aver_buf_view(&r->text), &why) == 0)
        read_tree(r, &x, ec);
    else if (why.code == AVER_EMEM)
        aver_flaw(&r->flaw, AVER_RIM_NO_MEMORY, "out of memory");
    else
        aver_flaw(&r->flaw, "rim_xml", "it is not XML as RIMs are, at %.120s",
                  why.text);
    aver_xml_clear(&x);
}

static bool has_flaw(const struct aver_rim *r, const char *cause)
{
    return r->flaw.cause != NULL && strcmp(r->flaw.cause, cause) == 0;
}

struct aver_rim *aver_rim_parse(struct aver_bytes xml, struct aver_ec *ec)
{
    struct aver_rim *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    aver_buf_init(&r->text, AVER_RIM_MAX);
    aver_buf_init(&r->info, AVER_RIM_CANON_MAX);
    if (xml.n > AVER_RIM_MAX)
        aver_flaw(&r->flaw, "rim_xml", "it is longer than %zu bytes",
                  AVER_RIM_MAX);
    else if (aver_buf_append(&r->text, xml.p, xml.n) != 0)
        aver_flaw(&r->flaw, AVER_RIM_NO_MEMORY, "out of memory");
    else
        read_text(r, ec);
    if (has_flaw(r, AVER_RIM_NO_MEMORY)) {
        aver_rim_free(r);
        return NULL;
    }
    return r;
}

void aver_rim_free(struct aver_rim *r)
{
    if (r == NULL)
        return;
    aver_buf_clear(&r->text);
    aver_buf_clear(&r->info);
    aver_chain_clear(&r->chain);
    free(r->entry);
    free(r);
}

static bool says(const char *has, const char *want)
{
    return want == NULL || strcmp(has, want) == 0;
}

bool aver_rim_about(const struct aver_rim *r, const char *version,
                    const char *product, const char *edition)
{
    return says(r->version, version) && says(r->product, product) &&
           says(r->edition, edition);
}
