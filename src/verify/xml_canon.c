/* SPDX-License-Identifier: Apache-2.0
 *
 * xml_canon: the canonical form (Canonical XML 1.1; clauses are its own). The
 * subset has no attributes of the xml namespace, which are all that 1.1
 * treats otherwise than 1.0. */
#include "verify/xml.h"

/* Which bytes do not stand for themselves: in texts, in values. */
enum { CARE_TEXT = 1, CARE_VALUE = 2 };
static const uint8_t care_of[256] = {
    ['&'] = CARE_TEXT | CARE_VALUE,
    ['>'] = CARE_TEXT,
    ['\r'] = CARE_TEXT | CARE_VALUE,
    ['"'] = CARE_VALUE,
    ['\t'] = CARE_VALUE,
    ['\n'] = CARE_VALUE,
};

/* The character at the start, which is taken off: references are what they
 * stand for, the three line ends one (XML 2.11), and in values white space a
 * blank (XML 3.3.3). */
static char take(struct aver_bytes *in, bool value)
{
    char c = (char)in->p[0];
    size_t n = aver_xml_reference(*in, &c);

    if (n == 0) {
        n = aver_bytes_starts(*in, "\r\n") ? 2 : 1;
        if (c == '\r')
            c = '\n';
        if (value && (c == '\n' || c == '\t'))
            c = ' ';
    }
    in->p += n;
    in->n -= n;
    return c;
}

/* 2.3, "Attribute Nodes" and "Text Nodes". What they say of line ends and tabs
 * is about references to characters, of which there are none. */
static int put_character(struct aver_buf *out, char c, bool value)
{
    switch (c) {
    case '&':
        return aver_buf_append_str(out, "&amp;");
    case '<':
        return aver_buf_append_str(out, "&lt;");
    case '>':
        return aver_buf_append_str(out, value ? ">" : "&gt;");
    case '"':
        return aver_buf_append_str(out, value ? "&quot;" : "\"");
    default:
        return aver_buf_append(out, &c, 1);
    }
}

static int put_text(struct aver_buf *out, struct aver_bytes in, bool value)
{
    uint8_t care = value ? CARE_VALUE : CARE_TEXT;

    while (in.n > 0) {
        size_t n = 0;

        while (n < in.n && (care_of[in.p[n]] & care) == 0)
            n++;
        if (aver_buf_append(out, in.p, n) != 0)
            return -1;
        in.p += n;
        in.n -= n;
        if (in.n > 0 && put_character(out, take(&in, value), value) != 0)
            return -1;
    }
    return 0;
}

static int put(struct aver_buf *out, struct aver_bytes in)
{
    return aver_buf_append(out, in.p, in.n);
}

static int put_declaration(struct aver_buf *out,
                           const struct aver_xml_declaration *d)
{
    if (aver_buf_append_str(out, d->prefix.n > 0 ? " xmlns:" : " xmlns") != 0 ||
        put(out, d->prefix) != 0 || aver_buf_append_str(out, "=\"") != 0 ||
        put(out, d->uri) != 0)
        return -1;
    return aver_buf_append_str(out, "\"");
}

/* Of an element inside of the apex: what its parent does not say already. */
static int put_own(struct aver_buf *out, const struct aver_xml *x,
                   const struct aver_xml_node *e)
{
    for (unsigned i = 0; i < e->ndeclarations; i++) {
        const struct aver_xml_declaration *d =
            &x->declaration[e->declaration + i];

        if (aver_bytes_equal(d->uri,
                             aver_xml_namespace(x, e->parent, d->prefix)))
            continue;
        if (put_declaration(out, d) != 0)
            return -1;
    }
    return 0;
}

/* True if `a` comes first, and `b` is NULL or comes later. */
static bool before(const struct aver_xml_declaration *a,
                   const struct aver_xml_declaration *b)
{
    return b == NULL || aver_bytes_compare(a->prefix, b->prefix) < 0;
}

/* Of what is declared in the apex and around it, the one that follows on
 * `last`; NULL if none is left. */
static const struct aver_xml_declaration *
following(const struct aver_xml *x, unsigned apex,
          const struct aver_xml_declaration *last)
{
    const struct aver_xml_declaration *next = NULL;

    for (unsigned i = apex; i != AVER_XML_NONE; i = x->node[i].parent) {
        const struct aver_xml_node *e = &x->node[i];
        const struct aver_xml_declaration *d = x->declaration + e->declaration;

        for (unsigned k = 0; k < e->ndeclarations; k++)
            if ((last == NULL || before(last, &d[k])) && before(&d[k], next))
                next = &d[k];
    }
    return next;
}

/* Of the apex: all that holds there. The nearest one counts, which is found
 * first; an empty default says nothing where there was none. */
static int put_all(struct aver_buf *out, const struct aver_xml *x,
                   unsigned apex)
{
    const struct aver_xml_declaration *d = NULL;

    while ((d = following(x, apex, d)) != NULL)
        if (d->uri.n > 0 && put_declaration(out, d) != 0)
            return -1;
    return 0;
}

static int put_start(struct aver_buf *out, const struct aver_xml *x, unsigned i,
                     unsigned apex)
{
    const struct aver_xml_node *e = &x->node[i];
    const struct aver_xml_attribute *a = x->attribute + e->attribute;

    if (aver_buf_append_str(out, "<") != 0 || put(out, e->name) != 0 ||
        (i == apex ? put_all(out, x, i) : put_own(out, x, e)) != 0)
        return -1;
    for (unsigned k = 0; k < e->nattributes; k++)
        if (aver_buf_append_str(out, " ") != 0 || put(out, a[k].name) != 0 ||
            aver_buf_append_str(out, "=\"") != 0 ||
            put_text(out, a[k].value, true) != 0 ||
            aver_buf_append_str(out, "\"") != 0)
            return -1;
    return aver_buf_append_str(out, ">");
}

static int put_end(struct aver_buf *out, const struct aver_xml_node *e)
{
    if (aver_buf_append_str(out, "</") != 0 || put(out, e->name) != 0)
        return -1;
    return aver_buf_append_str(out, ">");
}

int aver_xml_canon(struct aver_buf *out, const struct aver_xml *x,
                   unsigned apex, unsigned without)
{
    unsigned outside = x->node[apex].parent, open = outside, i = apex;

    while (i < x->node[apex].end || open != outside) {
        if (open != outside && i == x->node[open].end) {
            if (put_end(out, &x->node[open]) != 0)
                return -1;
            open = x->node[open].parent;
        } else if (i == without) {
            i = x->node[i].end;
        } else if (aver_xml_is_text(x, i)) {
            if (put_text(out, x->node[i++].text, false) != 0)
                return -1;
        } else {
            if (put_start(out, x, i, apex) != 0)
                return -1;
            open = i++;
        }
    }
    return 0;
}
