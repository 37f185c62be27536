/* SPDX-License-Identifier: Apache-2.0
 *
 * xml: one pass over the text. Names of clauses are those of "Extensible
 * Markup Language 1.0" (XML) and "Namespaces in XML 1.0" (NS). */
#include "verify/xml.h"

#include <stdlib.h>
#include <string.h>

struct parser {
    struct aver_xml *x;
    struct aver_bytes text;
    size_t at;
    unsigned open; /* the element that is not closed yet */
    struct aver_error *err;
};

static int fail(const struct parser *p, const char *what)
{
    return aver_fail(p->err, AVER_EFORMAT, "byte %zu: %s", p->at, what);
}

static int too_many(const struct parser *p, unsigned max, const char *what)
{
    return aver_fail(p->err, AVER_ELIMIT, "byte %zu: more than %u %s", p->at,
                     max, what);
}

/* What comes next; 0 at the end, which is no character of XML. */
static uint8_t peek(const struct parser *p)
{
    return p->at < p->text.n ? p->text.p[p->at] : 0;
}

static bool accept(struct parser *p, const char *what)
{
    struct aver_bytes rest =
        aver_bytes_of(p->text.p + p->at, p->text.n - p->at);

    if (!aver_bytes_starts(rest, what))
        return false;
    p->at += strlen(what);
    return true;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* True if there were any. */
static bool blanks(struct parser *p)
{
    size_t from = p->at;

    while (is_blank(peek(p)))
        p->at++;
    return p->at > from;
}

/* NS 3, NCName, of ASCII. */
static bool is_name_start(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(uint8_t c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool simple_name(struct parser *p)
{
    if (!is_name_start(peek(p)))
        return false;
    while (is_name(peek(p)))
        p->at++;
    return true;
}

struct name {
    struct aver_bytes whole, prefix, local;
};

static struct aver_bytes since(const struct parser *p, size_t from)
{
    return aver_bytes_of(p->text.p + from, p->at - from);
}

/* NS 4, QName. */
static int read_name(struct parser *p, struct name *out)
{
    size_t from = p->at, local = p->at;

    out->prefix = aver_bytes_of(NULL, 0);
    if (!simple_name(p))
        return fail(p, "there is no name where one must be");
    if (peek(p) == ':') {
        out->prefix = since(p, from);
        local = ++p->at;
        if (!simple_name(p))
            return fail(p, "there is no name behind the prefix");
    }
    out->local = since(p, local);
    out->whole = since(p, from);
    if (out->whole.n > AVER_XML_NAME_MAX)
        return too_many(p, AVER_XML_NAME_MAX, "bytes of a name");
    return 0;
}

size_t aver_xml_reference(struct aver_bytes in, char *out)
{
    static const struct {
        const char *text;
        char is;
    } references[] = {{"&amp;", '&'},
                      {"&lt;", '<'},
                      {"&gt;", '>'},
                      {"&quot;", '"'},
                      {"&apos;", '\''}};

    for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
        if (aver_bytes_starts(in, references[i].text)) {
            *out = references[i].is;
            return strlen(references[i].text);
        }
    return 0;
}

/* The byte at hand, which must be able to stand in a text or a value. */
static int character(struct parser *p, bool in_text)
{
    uint8_t c = peek(p);
    struct aver_bytes rest =
        aver_bytes_of(p->text.p + p->at, p->text.n - p->at);
    char unused;

    if ((c < 0x20 && !is_blank(c)) || c >= 0x7f)
        return fail(p, "a character that is not printable ASCII");
    if (c == '<')
        return fail(p, "\"<\" in a value");
    if (c == '&' && aver_xml_reference(rest, &unused) == 0)
        return fail(p, "a reference to something else than & < > \" '");
    if (c == ']' && in_text && aver_bytes_starts(rest, "]]>")) /* XML 2.4 */
        return fail(p, "\"]]>\" in a text");
    p->at++;
    return 0;
}

/* Up to the byte `stop`, which must come. */
static int characters(struct parser *p, uint8_t stop, struct aver_bytes *out)
{
    size_t from = p->at;

    while (p->at < p->text.n && peek(p) != stop)
        if (character(p, stop == '<') != 0)
            return -1;
    if (p->at == p->text.n)
        return fail(p, "the text ends too early");
    *out = since(p, from);
    return 0;
}

/* ="value", with blanks around the sign (XML 2.3, 3.1). */
static int read_value(struct parser *p, struct aver_bytes *out)
{
    uint8_t quote;

    blanks(p);
    if (!accept(p, "="))
        return fail(p, "there is no = behind a name");
    blanks(p);
    quote = peek(p);
    if (quote != '"' && quote != '\'')
        return fail(p, "a value without quotes");
    p->at++;
    if (characters(p, quote, out) != 0)
        return -1;
    p->at++;
    return 0;
}

/* A URI with a scheme and of URIs' own characters (RFC 3986 2, 3.1), so that
 * two of them are the same where their bytes are: canonical XML knows no
 * relative ones, and no references are left to be resolved. */
static bool is_absolute(struct aver_bytes uri)
{
    bool scheme = false;

    if (uri.n == 0 || uri.n > AVER_XML_NAME_MAX || !is_name_start(uri.p[0]) ||
        uri.p[0] == '_')
        return false;
    for (size_t i = 0; i < uri.n; i++) {
        uint8_t c = uri.p[i];

        if (!scheme && !is_name(c) && c != '+' && c != ':')
            return false;
        scheme = scheme || c == ':';
        if (!is_name(c) && strchr("~:/?#[]@!$()*+,;=%", c) == NULL)
            return false;
    }
    return scheme;
}

/* NS 3, "Reserved Prefixes and Namespace Names". */
static bool is_reserved(struct aver_bytes prefix, struct aver_bytes uri)
{
    return aver_bytes_is(prefix, "xml") || aver_bytes_is(prefix, "xmlns") ||
           aver_bytes_is(uri, "http://www.w3.org/XML/1998/namespace") ||
           aver_bytes_is(uri, "http://www.w3.org/2000/xmlns/");
}

/* xmlns="" takes the namespace away; xmlns:a="" is not XML (NS 5). */
static int add_declaration(struct parser *p, struct aver_xml_node *e,
                           struct aver_bytes prefix, struct aver_bytes uri)
{
    struct aver_xml *x = p->x;

    if ((prefix.n > 0 || uri.n > 0) && !is_absolute(uri))
        return fail(p, "a namespace that is not named by an absolute URI");
    if (is_reserved(prefix, uri))
        return fail(p, "a declaration of a namespace that is reserved");
    if (x->ndeclarations == AVER_XML_DECLARATIONS_MAX)
        return too_many(p, AVER_XML_DECLARATIONS_MAX, "namespaces");
    x->declaration[x->ndeclarations++] =
        (struct aver_xml_declaration){.prefix = prefix, .uri = uri};
    e->ndeclarations++;
    return 0;
}

static int add_attribute(struct parser *p, struct aver_xml_node *e,
                         const struct name *name, struct aver_bytes value)
{
    struct aver_xml *x = p->x;

    if (e->nattributes == AVER_XML_ATTRIBUTES_OF_ONE_MAX)
        return too_many(p, AVER_XML_ATTRIBUTES_OF_ONE_MAX,
                        "attributes of an element");
    if (x->nattributes == AVER_XML_ATTRIBUTES_MAX)
        return too_many(p, AVER_XML_ATTRIBUTES_MAX, "attributes");
    /* Its prefix stands where the URI will, until all declarations of the
     * element are known. */
    x->attribute[x->nattributes++] =
        (struct aver_xml_attribute){.name = name->whole,
                                    .local = name->local,
                                    .uri = name->prefix,
                                    .value = value};
    e->nattributes++;
    return 0;
}

static int read_attribute(struct parser *p, struct aver_xml_node *e)
{
    struct aver_bytes value;
    struct name name;

    if (read_name(p, &name) != 0 || read_value(p, &value) != 0)
        return -1;
    if (aver_bytes_is(name.prefix, "xmlns"))
        return add_declaration(p, e, name.local, value);
    if (aver_bytes_is(name.whole, "xmlns"))
        return add_declaration(p, e, name.prefix, value);
    return add_attribute(p, e, &name, value);
}

struct aver_bytes aver_xml_namespace(const struct aver_xml *x, unsigned node,
                                     struct aver_bytes prefix)
{
    for (unsigned i = node; i != AVER_XML_NONE; i = x->node[i].parent) {
        const struct aver_xml_node *e = &x->node[i];
        const struct aver_xml_declaration *d = x->declaration + e->declaration;

        for (unsigned k = 0; k < e->ndeclarations; k++)
            if (aver_bytes_equal(d[k].prefix, prefix))
                return d[k].uri;
    }
    return aver_bytes_of(NULL, 0);
}

/* "xml" and "xmlns" can never be declared, so that names with these prefixes
 * are refused here too. */
static int resolve(const struct parser *p, struct aver_bytes prefix,
                   struct aver_bytes *uri)
{
    *uri = aver_xml_namespace(p->x, p->open, prefix);
    if (prefix.n > 0 && uri->n == 0)
        return fail(p, "a prefix that is not declared");
    return 0;
}

/* Canonical XML 1.1, 2.2. Of declarations the prefix alone. */
static int compare_attributes(const void *a, const void *b)
{
    const struct aver_xml_attribute *x = a, *y = b;
    int d = aver_bytes_compare(x->uri, y->uri);

    return d != 0 ? d : aver_bytes_compare(x->local, y->local);
}

static int compare_declarations(const void *a, const void *b)
{
    const struct aver_xml_declaration *x = a, *y = b;

    return aver_bytes_compare(x->prefix, y->prefix);
}

/* Those of one element, into their order. NS 6.3: no two with the same name,
 * nor with the same URI and local name. */
static int sort(const struct parser *p, const struct aver_xml_node *e)
{
    struct aver_xml_attribute *a = p->x->attribute + e->attribute;
    struct aver_xml_declaration *d = p->x->declaration + e->declaration;

    qsort(d, e->ndeclarations, sizeof(*d), compare_declarations);
    for (unsigned i = 1; i < e->ndeclarations; i++)
        if (compare_declarations(&d[i - 1], &d[i]) == 0)
            return fail(p, "a prefix is declared twice in one element");
    for (unsigned i = 0; i < e->nattributes; i++)
        if (a[i].uri.n > 0 && resolve(p, a[i].uri, &a[i].uri) != 0)
            return -1; /* the default is for elements alone (NS 6.2) */
    qsort(a, e->nattributes, sizeof(*a), compare_attributes);
    for (unsigned i = 1; i < e->nattributes; i++)
        if (compare_attributes(&a[i - 1], &a[i]) == 0)
            return fail(p, "an attribute stands twice in one element");
    return 0;
}

/* One more node, inside of the element that is open. */
static int add_node(struct parser *p, unsigned *out)
{
    struct aver_xml *x = p->x;
    unsigned depth = p->open == AVER_XML_NONE ? 0 : x->node[p->open].depth;

    if (x->n == AVER_XML_NODES_MAX)
        return too_many(p, AVER_XML_NODES_MAX, "elements and texts");
    *out = x->n++;
    x->node[*out] = (struct aver_xml_node){.parent = p->open,
                                           .end = x->n,
                                           .depth = depth + 1,
                                           .attribute = x->nattributes,
                                           .declaration = x->ndeclarations};
    return 0;
}

static int read_start(struct parser *p)
{
    struct aver_xml_node *e;
    struct name name;
    unsigned i;

    if (peek(p) == '!' || peek(p) == '?')
        return fail(p, "a comment, a document type, CDATA, or an instruction");
    if (read_name(p, &name) != 0 || add_node(p, &i) != 0)
        return -1;
    e = &p->x->node[i];
    if (e->depth > AVER_XML_DEPTH_MAX)
        return too_many(p, AVER_XML_DEPTH_MAX, "elements in one another");
    p->open = i;
    while (blanks(p) && peek(p) != '>' && peek(p) != '/')
        if (read_attribute(p, e) != 0)
            return -1;
    e->name = name.whole;
    e->local = name.local;
    if (resolve(p, name.prefix, &e->uri) != 0 || sort(p, e) != 0)
        return -1;
    if (accept(p, "/>"))
        p->open = e->parent;
    else if (!accept(p, ">"))
        return fail(p, "a start tag does not end");
    return 0;
}

static int read_end(struct parser *p)
{
    struct aver_xml_node *e = &p->x->node[p->open];
    struct name name;

    if (read_name(p, &name) != 0)
        return -1;
    blanks(p);
    if (!aver_bytes_equal(name.whole, e->name) || !accept(p, ">"))
        return fail(p, "an end tag that is not that of the open element");
    e->end = p->x->n;
    p->open = e->parent;
    return 0;
}

static int read_text(struct parser *p)
{
    unsigned i;

    if (add_node(p, &i) != 0)
        return -1;
    return characters(p, '<', &p->x->node[i].text);
}

/* XML 2.8. Of encodings the one of which ASCII is a part without saying so:
 * what another one would make of the bytes must not matter. */
static int read_declaration(struct parser *p)
{
    static const struct {
        const char *name, *is, *or_is;
        bool needed;
    } parts[] = {{"version", "1.0", "1.0", true},
                 {"encoding", "UTF-8", "utf-8", false},
                 {"standalone", "yes", "no", false}};

    if (!accept(p, "<?xml"))
        return 0;
    bool blank = blanks(p);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct aver_bytes value;

        if (!blank || !accept(p, parts[i].name)) {
            if (parts[i].needed)
                return fail(p, "an XML declaration without its version");
            continue;
        }
        if (read_value(p, &value) != 0)
            return -1;
        if (!aver_bytes_is(value, parts[i].is) &&
            !aver_bytes_is(value, parts[i].or_is))
            return fail(p, "an XML declaration of another kind of text");
        blank = blanks(p);
    }
    return accept(p, "?>") ? 0 : fail(p, "an XML declaration does not end");
}

static int read_document(struct parser *p)
{
    if (read_declaration(p) != 0)
        return -1;
    blanks(p);
    if (!accept(p, "<"))
        return fail(p, "there is no element");
    if (read_start(p) != 0)
        return -1;
    while (p->open != AVER_XML_NONE) {
        int rc = accept(p, "</")  ? read_end(p)
                 : accept(p, "<") ? read_start(p)
                                  : read_text(p);
        if (rc != 0)
            return -1;
    }
    blanks(p);
    return p->at == p->text.n ? 0 : fail(p, "something behind the root");
}

static size_t count(struct aver_bytes text, uint8_t c)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == c;
    return n;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

int aver_xml_parse(struct aver_xml *x, struct aver_bytes text,
                   struct aver_error *err)
{
    struct parser p = {.x = x,
                       .text = text.n > 0 ? text : aver_bytes_str(""),
                       .open = AVER_XML_NONE,
                       .err = err};
    /* At most as many: each element has its "<", and a text behind it. */
    size_t nodes = smaller(2 * count(text, '<') + 1, AVER_XML_NODES_MAX);
    size_t attributes = smaller(count(text, '=') + 1, AVER_XML_ATTRIBUTES_MAX);

    memset(x, 0, sizeof(*x));
    x->node = calloc(nodes, sizeof(*x->node));
    x->attribute = calloc(attributes, sizeof(*x->attribute));
    if (x->node == NULL || x->attribute == NULL)
        return aver_fail(err, AVER_EMEM, "out of memory");
    return read_document(&p);
}

void aver_xml_clear(struct aver_xml *x)
{
    free(x->node);
    free(x->attribute);
    x->node = NULL;
    x->attribute = NULL;
    x->n = 0;
}

bool aver_xml_is_text(const struct aver_xml *x, unsigned node)
{
    return x->node[node].name.n == 0;
}

bool aver_xml_is(const struct aver_xml *x, unsigned node, const char *uri,
                 const char *local)
{
    const struct aver_xml_node *e = &x->node[node];

    return aver_bytes_is(e->local, local) && aver_bytes_is(e->uri, uri);
}

const struct aver_xml_attribute *aver_xml_attribute(const struct aver_xml *x,
                                                    unsigned node,
                                                    const char *uri,
                                                    const char *local)
{
    const struct aver_xml_node *e = &x->node[node];
    const struct aver_xml_attribute *a = x->attribute + e->attribute;

    for (unsigned i = 0; i < e->nattributes; i++)
        if (aver_bytes_is(a[i].local, local) && aver_bytes_is(a[i].uri, uri))
            return &a[i];
    return NULL;
}
