/* SPDX-License-Identifier: Apache-2.0
 *
 * xml: what is read and what is refused, each rule by itself, and canonical
 * forms: of small texts, of every RIM of the vectors, and of what a generator
 * writes, whose canonical form must be its own canonical form.
 *
 * Over 600 lines because each text that is refused is a line of a table. */
#include "crypto/sha2.h"
#include "vectors.h"
#include "verify/xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In memory of its own, so that a sanitizer sees a byte too far. */
static int parse(struct aver_xml *x, uint8_t **own, struct aver_bytes in,
                 struct aver_error *err)
{
    *own = malloc(in.n > 0 ? in.n : 1);
    if (in.n > 0)
        memcpy(*own, in.p, in.n);
    return aver_xml_parse(x, aver_bytes_of(*own, in.n), err);
}

static struct aver_buf canon(const struct aver_xml *x, unsigned apex,
                             unsigned without)
{
    struct aver_buf out;

    aver_buf_init(&out, 16u << 20);
    assert_int_equal(aver_xml_canon(&out, x, apex, without), 0);
    return out;
}

/* The canonical form of the document; empty if it is refused. */
static struct aver_buf canon_of(struct aver_bytes in)
{
    struct aver_buf out = {0};
    struct aver_error err;
    struct aver_xml x;
    uint8_t *own;

    if (parse(&x, &own, in, &err) == 0)
        out = canon(&x, 0, AVER_XML_NONE);
    aver_xml_clear(&x);
    free(own);
    return out;
}

static void is_text(struct aver_buf *have, const char *want)
{
    if (!aver_bytes_is(aver_buf_view(have), want))
        fail_msg("%.*s\nis not\n%s", (int)have->n, (const char *)have->p, want);
    aver_buf_clear(have);
}

static const struct {
    const char *in, *out;
} forms[] = {
    {"<a/>", "<a></a>"},
    {"<a ></a\t>", "<a></a>"},
    {"<?xml version=\"1.0\"?><a/>", "<a></a>"},
    {"<?xml version = '1.0' encoding='utf-8' standalone='no' ?>\r\n<a/>\n ",
     "<a></a>"},
    {"<?xml version=\"1.0\" standalone=\"yes\"?><a/>", "<a></a>"},
    {"\n <a> x <b/>\n</a>\n", "<a> x <b></b>\n</a>"},
    {"<_a.b-c9/>", "<_a.b-c9></_a.b-c9>"},
    /* Line ends, in texts and in values. */
    {"<a>1\r\n2\r3\n\r4\t5</a>", "<a>1\n2\n3\n\n4\t5</a>"},
    {"<a b='1\r\n2\r3\n4\t5  6'/>", "<a b=\"1 2 3 4 5  6\"></a>"},
    /* References and the characters that become some. */
    {"<a>&amp;&lt;&gt;&quot;&apos;>\"'</a>", "<a>&amp;&lt;&gt;\"'&gt;\"'</a>"},
    {"<a b='&amp;&lt;&gt;&quot;&apos;>\"'/>",
     "<a b=\"&amp;&lt;>&quot;'>&quot;\"></a>"},
    {"<a b=\"'\" c = \"&amp;amp;\"/>", "<a b=\"'\" c=\"&amp;amp;\"></a>"},
    {"<a>]]&gt;]] ></a>", "<a>]]&gt;]] &gt;</a>"},
    /* Order: declarations by prefix, the default first; attributes without a
     * prefix, by name; then by URI, whatever the prefix; bytewise. */
    {"<a z='1' B='2' b='3' a='4'/>", "<a B=\"2\" a=\"4\" b=\"3\" z=\"1\"></a>"},
    {"<a ab='1' a='2' a-='3'/>", "<a a=\"2\" a-=\"3\" ab=\"1\"></a>"},
    {"<a b:x='1' a:x='2' a:b='3' x='4' xmlns:b='u:1' xmlns:a='u:2' "
     "xmlns='u:3'/>",
     "<a xmlns=\"u:3\" xmlns:a=\"u:2\" xmlns:b=\"u:1\" x=\"4\" b:x=\"1\" "
     "a:b=\"3\" a:x=\"2\"></a>"},
    /* The default is not that of attributes. */
    {"<a xmlns='u:9' xmlns:p='u:1' p:x='1' x='2'/>",
     "<a xmlns=\"u:9\" xmlns:p=\"u:1\" x=\"2\" p:x=\"1\"></a>"},
    /* What an element around it says already is not said again. */
    {"<a xmlns='u:1' xmlns:p='u:2'><b xmlns='u:1' xmlns:p='u:2' p:c=''/></a>",
     "<a xmlns=\"u:1\" xmlns:p=\"u:2\"><b p:c=\"\"></b></a>"},
    {"<p:a xmlns:p='u:1'><p:b xmlns:p='u:2'><p:c xmlns:p='u:1'/></p:b>"
     "<p:b/></p:a>",
     "<p:a xmlns:p=\"u:1\"><p:b xmlns:p=\"u:2\"><p:c xmlns:p=\"u:1\"></p:c>"
     "</p:b><p:b></p:b></p:a>"},
    {"<a><b xmlns:p='u:1'/><b xmlns:p='u:1'/></a>",
     "<a><b xmlns:p=\"u:1\"></b><b xmlns:p=\"u:1\"></b></a>"},
    {"<a xmlns=''><b xmlns=''/></a>", "<a><b></b></a>"},
    {"<a xmlns='u:1'><b xmlns=''><c xmlns=''/><c xmlns='u:1'/></b></a>",
     "<a xmlns=\"u:1\"><b xmlns=\"\"><c></c><c xmlns=\"u:1\"></c></b></a>"},
};

static void canonical_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct aver_buf once = canon_of(aver_bytes_str(forms[i].in));
        struct aver_buf twice = canon_of(aver_buf_view(&once));

        is_text(&twice, forms[i].out);
        is_text(&once, forms[i].out);
    }
}

static const struct {
    const char *in, *why;
} refused[] = {
    {"", "no element"},
    {" \n", "no element"},
    {"x", "no element"},
    {"x<a/>", "no element"},
    {"<a/>x", "behind the root"},
    {"<a/><a/>", "behind the root"},
    {"<a/>&amp;", "behind the root"},
    {"<", "no name"},
    {"<a", "start tag does not end"},
    {"<a ", "no name"},
    {"<a>", "ends too early"},
    {"<a><", "no name"},
    {"<a></", "no name"},
    {"<a></a", "end tag"},
    {"<a>x", "ends too early"},
    {"<a></b>", "end tag"},
    {"<a></A>", "end tag"},
    {"<a></ a>", "no name"},
    {"<a></a x>", "end tag"},
    {"<a><b></a></b>", "end tag"},
    {"<a xmlns:p='u:1' xmlns:q='u:1'><p:b></q:b></a>", "end tag"},
    {"< a/>", "no name"},
    {"<1/>", "no name"},
    {"<-a/>", "no name"},
    {"<.a/>", "no name"},
    {"<:a/>", "no name"},
    {"<a:/>", "behind the prefix"},
    {"<a:1/>", "behind the prefix"},
    {"<a:b:c/>", "not declared"},
    {"<a xmlns:a='u:1'><a:b:c/></a>", "start tag"},
    {"<a / >", "start tag"},
    {"<a/ >", "start tag"},
    /* What is not in the subset. */
    {"<!DOCTYPE a><a/>", "document type"},
    {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type"},
    {"<!-- x --><a/>", "comment"},
    {"<a><!-- x --></a>", "comment"},
    {"<a/><!-- x -->", "behind the root"},
    {"<a><![CDATA[x]]></a>", "CDATA"},
    {"<?x y?><a/>", "instruction"},
    {"<a><?x y?></a>", "instruction"},
    {"<a/><?x y?>", "behind the root"},
    {"<a><?xml version=\"1.0\"?></a>", "instruction"},
    {" <?xml version=\"1.0\"?><a/>", "instruction"},
    {"<?xml version=\"1.0\"?><?xml version=\"1.0\"?><a/>", "instruction"},
    {"<?xml?><a/>", "without its version"},
    {"<?xml-stylesheet version=\"1.0\"?><a/>", "without its version"},
    {"<?xml encoding=\"UTF-8\"?><a/>", "without its version"},
    {"<?xml version=\"1.1\"?><a/>", "another kind"},
    {"<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", "another kind"},
    {"<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>", "another kind"},
    {"<?xml version=\"1.0\" standalone=\"maybe\"?><a/>", "another kind"},
    {"<?xml version=\"1.0\"encoding=\"UTF-8\"?><a/>", "does not end"},
    {"<?xml version=\"1.0\" standalone=\"no\" encoding=\"UTF-8\"?><a/>",
     "does not end"},
    {"<?xml version=\"1.0\" ><a/>", "does not end"},
    {"<?xml version=1.0?><a/>", "without quotes"},
    {"\xef\xbb\xbf<a/>", "no element"},
    {"<a>\xc3\xa9</a>", "printable"},
    {"<a b='\xc3\xa9'/>", "printable"},
    {"<\xc3\xa9/>", "no name"},
    {"<a>\x7f</a>", "printable"},
    {"<a>\x01</a>", "printable"},
    {"<a b='\x0b'/>", "printable"},
    /* References. */
    {"<a>&#65;</a>", "reference"},
    {"<a>&#x41;</a>", "reference"},
    {"<a b='&#10;'/>", "reference"},
    {"<a>&b;</a>", "reference"},
    {"<a b='&b;'/>", "reference"},
    {"<a>&AMP;</a>", "reference"},
    {"<a>&amp</a>", "reference"},
    {"<a>&</a>", "reference"},
    {"<a>& amp;</a>", "reference"},
    {"<a b='&'/>", "reference"},
    {"<a b='&amp'/>", "reference"},
    {"<a>]]></a>", "]]>"},
    /* Attributes. */
    {"<a b/>", "no ="},
    {"<a b=/>", "without quotes"},
    {"<a b=c/>", "without quotes"},
    {"<a b='c/>", "ends too early"},
    {"<a b='c/><d/></a>", "\"<\" in a value"},
    {"<a b='c\"/>", "ends too early"},
    {"<a b='<'/>", "\"<\" in a value"},
    {"<a b='1'c='2'/>", "start tag"},
    {"<a b='1' b='1'/>", "stands twice"},
    {"<a b='1' c='2' b='3'/>", "stands twice"},
    {"<a xmlns:p='u:1' xmlns:q='u:1' p:b='1' q:b='2'/>", "stands twice"},
    {"<a xmlns:p='u:1'><b xmlns:q='u:1' p:b='1' q:b='2'/></a>", "stands twice"},
    /* Namespaces. */
    {"<p:a/>", "not declared"},
    {"<a p:b='1'/>", "not declared"},
    {"<a><b xmlns:p='u:1'/><p:b/></a>", "not declared"},
    {"<a xmlns='u:1' xmlns='u:1'/>", "declared twice"},
    {"<a xmlns:p='u:1' xmlns:p='u:2'/>", "declared twice"},
    {"<a xmlns:p=''/>", "absolute"},
    {"<a xmlns='x'/>", "absolute"},
    {"<a xmlns='../x:y'/>", "absolute"},
    {"<a xmlns=':x'/>", "absolute"},
    {"<a xmlns='_u:x'/>", "absolute"},
    {"<a xmlns='1u:x'/>", "absolute"},
    {"<a xmlns='u:x y'/>", "absolute"},
    {"<a xmlns='u:&amp;'/>", "absolute"},
    {"<a xmlns='u:x\n'/>", "absolute"},
    {"<a xmlns='u:\"'/>", "absolute"},
    {"<a xmlns:='u:1'/>", "behind the prefix"},
    {"<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>", "reserved"},
    {"<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", "reserved"},
    {"<a xmlns='http://www.w3.org/XML/1998/namespace'/>", "reserved"},
    {"<a xmlns:xml='u:1'/>", "reserved"},
    {"<a xmlns:xmlns='u:1'/>", "reserved"},
    {"<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", "reserved"},
    {"<a xml:lang='en'/>", "not declared"},
    {"<a xml:base='u:1'/>", "not declared"},
    {"<xml:a/>", "not declared"},
    {"<xmlns:a/>", "not declared"},
};

static void refuse_n(const char *text, size_t n, const char *why)
{
    struct aver_error err = {0};
    struct aver_xml x;
    uint8_t *own;

    if (parse(&x, &own, aver_bytes_of(text, n), &err) == 0)
        fail_msg("read: %s", text);
    if (strstr(err.text, why) == NULL)
        fail_msg("\"%s\" is not about \"%s\": %s", err.text, why, text);
    aver_xml_clear(&x);
    aver_xml_clear(&x);
    free(own);
}

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++)
        refuse_n(refused[i].in, strlen(refused[i].in), refused[i].why);
    refuse_n("<a>\0</a>", 8, "printable");
    refuse_n("<a b='\0'/>", 10, "printable");
    refuse_n("<a/>\0", 5, "behind the root");
    refuse_n("<a\0/>", 5, "start tag");
}

/* `before`, n times `each` (with the number where it has %u), `after`. */
static struct aver_buf repeated(const char *before, unsigned n,
                                const char *each, const char *after)
{
    struct aver_buf b;

    aver_buf_init(&b, 4u << 20);
    assert_int_equal(aver_buf_append_str(&b, before), 0);
    for (unsigned i = 0; i < n; i++) {
        const char *at = strstr(each, "%u");

        if (at == NULL)
            assert_int_equal(aver_buf_append_str(&b, each), 0);
        else
            assert_int_equal(aver_buf_printf(&b, "%.*s%u%s", (int)(at - each),
                                             each, i, at + 2),
                             0);
    }
    assert_int_equal(aver_buf_append_str(&b, after), 0);
    return b;
}

static const struct {
    const char *before, *each, *after, *why;
    unsigned most;
} limits[] = {
    {"<a>", "<b/>", "</a>", "more than 4096 elements", 4095},
    {"<a>", "x<b/>", "</a>", "more than 4096 elements", 2047},
    {"<a", " b%u=''", "/>", "attributes of an element", 32},
    {"<a", " xmlns:p%u='u:%u'", "/>", "more than 32 namespaces", 32},
    {"<a>", "<b xmlns='u:1'/>", "</a>", "more than 32 namespaces", 32},
    {"<", "a", "/>", "bytes of a name", 256},
    {"<a ", "b", "=''/>", "bytes of a name", 256},
    {"<a xmlns:p='u:1'><p:", "b", "/></a>", "bytes of a name", 254},
    {"<a xmlns='u:", "b", "'/>", "absolute", 254},
    {"<a>", "<b a='' b='' c='' d=''/>", "</a>", "more than 8192 attributes",
     2048},
};

static void limits_are_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct aver_buf most = repeated(limits[i].before, limits[i].most,
                                        limits[i].each, limits[i].after);
        struct aver_buf more = repeated(limits[i].before, limits[i].most + 1,
                                        limits[i].each, limits[i].after);
        struct aver_buf out = canon_of(aver_buf_view(&most));

        if (out.n == 0)
            fail_msg("refused: %s", limits[i].each);
        refuse_n((const char *)more.p, more.n, limits[i].why);
        aver_buf_clear(&most);
        aver_buf_clear(&more);
        aver_buf_clear(&out);
    }
}

static void depth_is_limited(void **state)
{
    struct aver_buf in = repeated("", AVER_XML_DEPTH_MAX, "<a>", "");

    (void)state;
    for (unsigned i = 0; i < AVER_XML_DEPTH_MAX; i++)
        assert_int_equal(aver_buf_append_str(&in, "</a>"), 0);
    struct aver_buf out = canon_of(aver_buf_view(&in));
    assert_int_equal(out.n, in.n);
    aver_buf_clear(&out);
    aver_buf_clear(&in);
    in = repeated("", 100000, "<a>", "");
    refuse_n((const char *)in.p, in.n, "more than 16 elements in one another");
    aver_buf_clear(&in);
    in = repeated("", AVER_XML_DEPTH_MAX, "<a>", "<a/>");
    refuse_n((const char *)in.p, in.n, "more than 16 elements in one another");
    aver_buf_clear(&in);
}

/* Node of this local name; the root's if there is none. */
static unsigned find(const struct aver_xml *x, const char *local)
{
    for (unsigned i = 1; i < x->n; i++)
        if (aver_bytes_is(x->node[i].local, local))
            return i;
    return 0;
}

static void tree(void **state)
{
    static const char text[] =
        "<a xmlns='u:1' xmlns:p='u:2'>t<p:b c='1' p:c='2'><d/>u</p:b>v</a>";
    struct aver_error err;
    struct aver_xml x;
    uint8_t *own;

    (void)state;
    assert_int_equal(parse(&x, &own, aver_bytes_str(text), &err), 0);
    assert_int_equal(x.n, 6);
    assert_int_equal(x.node[0].end, 6);
    assert_true(x.node[0].parent == AVER_XML_NONE);
    assert_true(aver_xml_is_text(&x, 1) && !aver_xml_is_text(&x, 2));
    assert_true(aver_bytes_is(x.node[1].text, "t"));
    assert_true(aver_xml_is(&x, 2, "u:2", "b"));
    assert_false(aver_xml_is(&x, 2, "u:1", "b"));
    assert_false(aver_xml_is(&x, 2, "u:2", "p:b"));
    assert_int_equal(x.node[2].end, 5);
    assert_int_equal(x.node[2].depth, 2);
    assert_true(aver_xml_is(&x, 3, "u:1", "d"));
    assert_int_equal(x.node[3].parent, 2);
    assert_int_equal(x.node[3].depth, 3);
    assert_int_equal(x.node[3].end, 4);
    assert_true(aver_bytes_is(aver_xml_attribute(&x, 2, "", "c")->value, "1"));
    assert_true(
        aver_bytes_is(aver_xml_attribute(&x, 2, "u:2", "c")->value, "2"));
    assert_null(aver_xml_attribute(&x, 2, "u:1", "c"));
    assert_null(aver_xml_attribute(&x, 2, "", "b"));
    assert_null(aver_xml_attribute(&x, 3, "", "c"));
    aver_xml_clear(&x);
    free(own);
}

/* An element by itself says all that holds around it; the nearest counts. */
static void parts(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"<a xmlns='u:1' xmlns:q='u:3' xmlns:p='u:2'>t<x/>v</a>",
         "<x xmlns=\"u:1\" xmlns:p=\"u:2\" xmlns:q=\"u:3\"></x>"},
        {"<a xmlns='u:1' xmlns:p='u:2'><b xmlns='' xmlns:p='u:3'><x "
         "c='1'>t<y xmlns:p='u:3' xmlns=''/></x></b></a>",
         "<x xmlns:p=\"u:3\" c=\"1\">t<y></y></x>"},
        {"<a xmlns='u:1'><x xmlns='u:2'><y xmlns='u:2'/><y xmlns='u:1'/></x>"
         "</a>",
         "<x xmlns=\"u:2\"><y></y><y xmlns=\"u:1\"></y></x>"},
        {"<a xmlns='u:1'><b xmlns=''><x><y xmlns='u:1'/></x></b></a>",
         "<x><y xmlns=\"u:1\"></y></x>"},
        {"<a xmlns:pp='u:1' xmlns:p='u:2' xmlns:pa='u:3'><x/></a>",
         "<x xmlns:p=\"u:2\" xmlns:pa=\"u:3\" xmlns:pp=\"u:1\"></x>"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct aver_error err;
        struct aver_xml x;
        uint8_t *own;

        assert_int_equal(parse(&x, &own, aver_bytes_str(cases[i].in), &err), 0);
        struct aver_buf out = canon(&x, find(&x, "x"), AVER_XML_NONE);
        is_text(&out, cases[i].out);
        aver_xml_clear(&x);
        free(own);
    }
}

/* The texts before and behind what is left out both stay. */
static void left_out(void **state)
{
    static const char *const in[] = {"<a>1<x><y>2</y></x>3<z/></a>",
                                     "<a>1<b>4<x c=''/></b>3</a>",
                                     "<a><x>1</x></a>"};
    static const char *const out[] = {"<a>13<z></z></a>", "<a>1<b>4</b>3</a>",
                                      "<a></a>"};

    (void)state;
    for (size_t i = 0; i < COUNT(in); i++) {
        struct aver_error err;
        struct aver_xml x;
        uint8_t *own;

        assert_int_equal(parse(&x, &own, aver_bytes_str(in[i]), &err), 0);
        struct aver_buf b = canon(&x, 0, find(&x, "x"));
        is_text(&b, out[i]);
        aver_xml_clear(&x);
        free(own);
    }
}

static void no_room(void **state)
{
    static const char text[] =
        "<a xmlns='u:1'><b xmlns='' c='&amp;d'>e</b></a>";
    struct aver_error err;
    struct aver_xml x;
    uint8_t *own;

    (void)state;
    assert_int_equal(parse(&x, &own, aver_bytes_str(text), &err), 0);
    struct aver_buf whole = canon(&x, 0, AVER_XML_NONE);
    for (size_t max = 0; max <= whole.n; max++) {
        struct aver_buf out;

        aver_buf_init(&out, max);
        assert_int_equal(aver_xml_canon(&out, &x, 0, AVER_XML_NONE),
                         max == whole.n ? 0 : -1);
        aver_buf_clear(&out);
    }
    aver_buf_clear(&whole);
    aver_xml_clear(&x);
    free(own);
}

static void check_form(const struct aver_buf *have, const json_t *want)
{
    uint8_t hash[48], digest[48];

    vectors_hex_n(digest, 48, want, "sha384");
    aver_sha384(hash, aver_buf_view(have));
    assert_int_equal(have->n,
                     json_integer_value(json_object_get(want, "bytes")));
    assert_memory_equal(hash, digest, 48);
}

/* Both canonical forms of a file are what the index says, and stay so. */
static void check_file(const char *file, const json_t *entry)
{
    struct aver_buf text, document, info, again;
    struct aver_error err;
    struct aver_xml x;
    char path[512];

    snprintf(path, sizeof(path), "gpu/rims/%s", file);
    text = vectors_file(path);
    assert_int_equal(aver_xml_parse(&x, aver_buf_view(&text), &err), 0);
    document = canon(&x, 0, find(&x, "Signature"));
    info = canon(&x, find(&x, "SignedInfo"), AVER_XML_NONE);
    check_form(&document, json_object_get(entry, "canonical_document"));
    check_form(&info, json_object_get(entry, "canonical_signedinfo"));
    again = canon_of(aver_buf_view(&document));
    assert_true(
        aver_bytes_equal(aver_buf_view(&document), aver_buf_view(&again)));
    aver_buf_clear(&again);
    again = canon_of(aver_buf_view(&info));
    assert_true(aver_bytes_equal(aver_buf_view(&info), aver_buf_view(&again)));
    aver_buf_clear(&again);
    aver_buf_clear(&document);
    aver_buf_clear(&info);
    aver_xml_clear(&x);
    aver_buf_clear(&text);
}

static void all_files(void **state)
{
    json_t *index = vectors_index("gpu/rims/index.json"), *entry;
    const char *file;

    (void)state;
    assert_int_equal(json_object_size(index), 12);
    json_object_foreach(index, file, entry) check_file(file, entry);
    json_decref(index);
}

/* No part of a document is one, from its start to anywhere before its end. */
static void cut_anywhere(void **state)
{
    struct aver_buf text = vectors_file("gpu/rims/syn-driver.xml");

    (void)state;
    for (size_t n = 0; n < text.n; n += n < 2000 || n > 12000 ? 1 : 97) {
        struct aver_buf out = canon_of(aver_bytes_of(text.p, n));
        assert_int_equal(out.n, 0);
    }
    aver_buf_clear(&text);
}

static uint64_t seed;

static unsigned below(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

/* One to three bytes of a text become others, go, or come. Whatever can still
 * be read has a canonical form that is its own. */
static unsigned mutate(const struct aver_buf *text)
{
    static const char bytes[] = "<>&;\"'= \t\r\nx:/!?-_]\x7f\xc3";
    struct aver_buf b = {0}, once, twice;
    unsigned read;

    aver_buf_init(&b, text->n + 8);
    assert_int_equal(aver_buf_append(&b, text->p, text->n), 0);
    assert_int_equal(aver_buf_reserve(&b, 8), 0);
    for (unsigned k = 1 + below(3); k > 0; k--) {
        size_t i = below((unsigned)b.n), kind = below(3);
        uint8_t c = (uint8_t)bytes[below(sizeof(bytes) - 1)];

        if (kind > 0)
            memmove(b.p + i + (kind == 1), b.p + i + (kind == 2),
                    b.n - i - (kind == 2));
        b.n += kind == 1;
        b.n -= kind == 2;
        if (kind < 2)
            b.p[i] = c;
    }
    once = canon_of(aver_buf_view(&b));
    twice = canon_of(aver_buf_view(&once));
    assert_true(aver_bytes_equal(aver_buf_view(&once), aver_buf_view(&twice)));
    read = once.n > 0;
    aver_buf_clear(&b);
    aver_buf_clear(&once);
    aver_buf_clear(&twice);
    return read;
}

static void canonical_is_canonical(void **state)
{
    unsigned read = 0, n = 0;

    (void)state;
    seed = 1;
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct aver_buf text;

        aver_buf_init(&text, 4096);
        assert_int_equal(aver_buf_append_str(&text, forms[i].in), 0);
        for (unsigned k = 0; k < 400; k++, n++)
            read += mutate(&text);
        aver_buf_clear(&text);
    }
    /* Both kinds are many, or this would say little. */
    assert_true(read > n / 10 && read < n - n / 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_forms),
        cmocka_unit_test(refusals),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(tree),
        cmocka_unit_test(parts),
        cmocka_unit_test(left_out),
        cmocka_unit_test(no_room),
        cmocka_unit_test(all_files),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(canonical_is_canonical),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
