/* SPDX-License-Identifier: Apache-2.0
 *
 * xml: a strict subset of XML 1.0 (fifth edition) with namespaces, in ASCII:
 * elements, attributes, text and the five entities that need no declaration.
 * Refused, since no signed list that is read here has them: document types,
 * CDATA, comments, processing instructions, references to characters or other
 * entities, and all that begins with "xml:". A text becomes a flat list of
 * nodes in the order in which they stand there; the canonical form (Canonical
 * XML 1.1, which for this subset is the same as 1.0) is written from that
 * list. Reads, and judges nothing. */
#ifndef AVER_VERIFY_XML_H
#define AVER_VERIFY_XML_H

#include "base/buf.h"

#include <limits.h>

#define AVER_XML_DEPTH_MAX 16
#define AVER_XML_NODES_MAX 4096
#define AVER_XML_ATTRIBUTES_MAX 8192 /* of the whole text */
#define AVER_XML_ATTRIBUTES_OF_ONE_MAX 32
#define AVER_XML_DECLARATIONS_MAX 32 /* of namespaces, of the whole text */
#define AVER_XML_NAME_MAX 256        /* with its prefix; of a namespace's URI */
#define AVER_XML_NONE UINT_MAX

/* All of it views of the text, as it stands there: values and texts with their
 * references and line ends. */
struct aver_xml_attribute {
    struct aver_bytes name;  /* "ns2:Hash0" */
    struct aver_bytes local; /* "Hash0" */
    struct aver_bytes uri;   /* what the prefix stands for; empty without */
    struct aver_bytes value;
};

struct aver_xml_declaration {
    struct aver_bytes prefix; /* empty: of names without one */
    struct aver_bytes uri;
};

struct aver_xml_node {
    struct aver_bytes name, local, uri; /* all three empty: a text */
    struct aver_bytes text;
    unsigned parent; /* AVER_XML_NONE: it is the root, node 0 */
    unsigned end;    /* the first node behind it that is not inside of it */
    unsigned depth;  /* of the root 1 */
    /* Where its own begin, and how many: in canonical order, that is by URI
     * and local name; by prefix. */
    unsigned attribute, nattributes, declaration, ndeclarations;
};

struct aver_xml {
    unsigned n, nattributes, ndeclarations;
    struct aver_xml_node *node;           /* owned */
    struct aver_xml_attribute *attribute; /* owned */
    struct aver_xml_declaration declaration[AVER_XML_DECLARATIONS_MAX];
};

/* 0; -1 with `err` (AVER_EMEM when memory is short) if the text is not exactly
 * one document of this kind. Borrows it as long as the result is used. Clear
 * in any case. */
AVER_MUST_CHECK int aver_xml_parse(struct aver_xml *x, struct aver_bytes text,
                                   struct aver_error *err);
void aver_xml_clear(struct aver_xml *x);

bool aver_xml_is_text(const struct aver_xml *x, unsigned node);
/* True for an element of this namespace and local name. */
bool aver_xml_is(const struct aver_xml *x, unsigned node, const char *uri,
                 const char *local);
/* NULL if the element has no such attribute. `uri`: "" for one without. */
const struct aver_xml_attribute *aver_xml_attribute(const struct aver_xml *x,
                                                    unsigned node,
                                                    const char *uri,
                                                    const char *local);
/* What the prefix stands for in this element; empty if it is not declared. */
struct aver_bytes aver_xml_namespace(const struct aver_xml *x, unsigned node,
                                     struct aver_bytes prefix);
/* The length of the reference ("&amp;") at the start of `in`, and what it
 * stands for; 0 if there is none. */
size_t aver_xml_reference(struct aver_bytes in, char *out);

/* Appends the canonical form (inclusive, without comments) of the element
 * `apex` with all that is in it but `without` and what is in that
 * (AVER_XML_NONE: but nothing). -1 if that does not fit, or memory is short. */
AVER_MUST_CHECK int aver_xml_canon(struct aver_buf *out,
                                   const struct aver_xml *x, unsigned apex,
                                   unsigned without);

#endif
