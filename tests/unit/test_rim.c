/* SPDX-License-Identifier: Apache-2.0
 *
 * rim: every RIM of the vectors says what the index says and is judged as its
 * case demands; and each way in which one can be wrong, alone.
 *
 * Over 600 lines because each of these ways is a line of a table. */
#include "base/time.h"
#include "crypto/sha2.h"
#include "rim_files.h"
#include "short_memory.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW 1780315200 /* 2026-06-01, for which the synthetic ones are made */

static uint8_t synthetic[32], nvidia[32]; /* pins */

static void is_cause(const struct aver_flaw *f, const char *want,
                     const char *what)
{
    const char *have = f->cause != NULL ? f->cause : "";

    if (strcmp(have, want) != 0)
        fail_msg("%s: \"%s\" (%s), not \"%s\"", what, have, f->text, want);
    assert_true(have[0] == '\0' || strlen(f->text) > 10);
}

/* What is said of a text; "" if nothing is. */
static void judge(struct aver_flaw *flaw, const struct aver_buf *text,
                  const uint8_t *pin, int64_t at)
{
    struct aver_rim *r = rim_parse(text);

    *flaw = (struct aver_flaw){0};
    int rc = aver_rim_holds(rim_ec, r, pin, at, flaw);
    assert_int_equal(rc, flaw->cause == NULL ? 0 : -1);
    aver_rim_free(r);
}

static const struct aver_rim_entry *entry(const struct aver_rim *r, unsigned i)
{
    for (unsigned k = 0; k < r->n; k++)
        if (r->entry[k].index == i)
            return &r->entry[k];
    return NULL;
}

static void check_entries(const struct aver_rim *r, const json_t *want)
{
    json_t *active = json_object_get(want, "active"), *value;
    json_t *many = json_object_get(want, "alternatives");
    const char *key;
    size_t i, n = 0, several = 0;

    json_array_foreach(active, i, value)
        assert_true(entry(r, (unsigned)json_integer_value(value))->active);
    for (unsigned k = 0; k < r->n; k++) {
        assert_int_equal(r->entry[k].index, k);
        assert_int_equal(r->entry[k].size, 48);
        n += r->entry[k].active;
        several += r->entry[k].n > 1;
    }
    assert_int_equal(n, json_array_size(active));
    assert_int_equal(several, json_object_size(many));
    json_object_foreach(many, key, value)
    {
        uint64_t index;

        assert_int_equal(aver_decimal(&index, aver_bytes_str(key), 255), 0);
        assert_int_equal(entry(r, (unsigned)index)->n,
                         json_integer_value(value));
    }
}

/* The name of the entry's certificate: "CN=…" or "…,CN=…" of its subject. */
static void check_signer(const struct aver_rim *r, const json_t *signers)
{
    const json_t *value;
    size_t i;

    assert_int_equal(r->chain.n, json_array_size(signers));
    json_array_foreach(signers, i, value)
    {
        struct aver_bytes cn = r->chain.link[i].cert.common_name;
        char text[128];

        snprintf(text, sizeof(text), "CN=%.*s", (int)cn.n, (const char *)cn.p);
        assert_non_null(strstr(vectors_text(value, "subject"), text));
        int64_t until;
        assert_int_equal(aver_time_parse(&until, aver_bytes_str(vectors_text(
                                                     value, "not_after"))),
                         0);
        assert_int_equal(r->chain.link[i].cert.not_after, until);
    }
}

static void check_file(const char *file, const json_t *want)
{
    struct aver_buf text = rim_text(NULL, file);
    struct aver_rim *r = rim_parse(&text);
    const json_t *info = json_object_get(want, "canonical_signedinfo");
    uint8_t hash[48], digest[48];

    is_cause(&r->flaw, "", file);
    assert_string_equal(r->version, vectors_text(want, "version"));
    assert_string_equal(r->product, vectors_text(want, "product"));
    assert_string_equal(r->edition, vectors_text(want, "edition"));
    assert_string_equal(r->name, vectors_text(want, "product"));
    assert_true(
        aver_bytes_equal(aver_buf_view(&r->text), aver_buf_view(&text)));
    check_entries(r, want);
    check_signer(r, json_object_get(want, "signer"));
    vectors_hex_n(digest, 48, json_object_get(want, "canonical_document"),
                  "sha384");
    assert_memory_equal(r->document, digest, 48);
    assert_true((memcmp(r->claimed, digest, 48) == 0) ==
                vectors_true(want, "digest_ok"));
    vectors_hex_n(digest, 48, info, "sha384");
    aver_sha384(hash, aver_buf_view(&r->info));
    assert_memory_equal(hash, digest, 48);
    assert_true(aver_text_signed_by_link(rim_ec, aver_buf_view(&r->info),
                                         aver_bytes_of(r->signature, 96),
                                         &r->memo, &r->chain.link[0]) ==
                vectors_true(want, "signature_ok"));
    aver_rim_free(r);
    aver_buf_clear(&text);
}

static void all_files(void **state)
{
    json_t *index = vectors_index("gpu/rims/index.json"), *want;
    const char *file;

    (void)state;
    json_object_foreach(index, file, want) check_file(file, want);
    json_decref(index);
}

static void real_ones_hold(void **state)
{
    static const struct {
        const char *file, *cause;
        int64_t at;
    } cases[] = {
        {"NV_GPU_DRIVER_GH100_550.90.07.xml", "", 1755777600},
        {"NV_GPU_DRIVER_GH100_550.90.07.xml", "rim_chain:cert_time",
         1782864000},
        {"NV_GPU_DRIVER_GH100_550.90.07.xml", "rim_chain:cert_time", 0},
        {"NV_GPU_VBIOS_1010_0200_882_96009F0001-resigned-2028.xml", "",
         1773532800},
        {"NV_SWITCH_BIOS_5612_0002_890_9610550001.xml", "", 1782864000},
        {"NV_GPU_DRIVER_GH100_535.86.09-altered.xml", "rim_digest", 1749513600},
        {"NV_GPU_DRIVER_GH100_550.144.03.xml", "", 1755777600},
        {"NV_GPU_DRIVER_GH100_550.144.03-badsig.xml", "rim_signature",
         1755777600},
        {"GB100-vbios-97.00.83.00.09-badchain.xml", "rim_chain:chain_length",
         1755777600},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct aver_buf text = rim_text(NULL, cases[i].file);
        struct aver_flaw flaw;

        judge(&flaw, &text, nvidia, cases[i].at);
        is_cause(&flaw, cases[i].cause, cases[i].file);
        judge(&flaw, &text, synthetic, cases[i].at);
        is_cause(&flaw,
                 strstr(cases[i].cause, "length") != NULL ? cases[i].cause
                                                          : "rim_chain:root",
                 cases[i].file);
        aver_buf_clear(&text);
    }
}

#define CAUSES                                                                 \
    " rim_xml rim_signature_count rim_algorithm rim_signature rim_digest "     \
    "rim_dup rim_empty rim_chain:root rim_chain:cert_time "                    \
    "rim_chain:chain_length rim_chain:cert_profile "

static unsigned cases_with_rims, causes_met;

/* The first flaw of a case's RIMs is what the case demands. */
static void check_case(struct gpu_case *c)
{
    json_t *files =
        json_object_get(json_object_get(c->expected, "collateral"), "rims");
    int64_t now = json_integer_value(json_object_get(c->expected, "now"));
    const char *want = gpu_case_cause(c);
    struct aver_flaw first = {0};
    uint8_t pin[32];
    json_t *file;
    size_t i;

    rim_pin(pin, c);
    json_array_foreach(files, i, file)
    {
        struct aver_buf text = rim_text(c->id, json_string_value(file));
        struct aver_flaw flaw;

        judge(&flaw, &text, pin, now);
        if (first.cause == NULL)
            first = flaw;
        aver_buf_clear(&text);
    }
    if (!gpu_cause_among(want, CAUSES))
        want = "";
    is_cause(&first, want, c->id);
    cases_with_rims += json_array_size(files) > 0;
    causes_met += want[0] != '\0';
}

static void all_cases(void **state)
{
    (void)state;
    gpu_cases_each(check_case);
    assert_int_equal(cases_with_rims, 38);
    assert_int_equal(causes_met, 15);
}

static const struct edit {
    const char *behind, *from, *to, *cause;
} edits[] = {
    /* Of the root. */
    {"", "<SoftwareIdentity", "<!-- x --><SoftwareIdentity", "rim_xml"},
    {"", "name=\"GH100\" patch", "patch", "rim_xml"},
    {"", "name=\"GH100\"", "name=\"GH&amp;100\"", "rim_xml"},
    {"", "xmlns=\"http://standards", "xmlns=\"http://substandards", "rim_xml"},
    {"", "xmlns:ns0=\"http://standards", "xmlns:ns0=\"http://substandards",
     "rim_xml"},
    /* Of Meta. */
    {"", "ns0:Meta ", "ns0:Beta ", "rim_xml"},
    {"", "<ns0:Meta ", "<ns0:Meta/><ns0:Meta ", "rim_xml"},
    {"", "<ns0:Meta ", "<x><ns0:Meta/></x><ns0:Meta ", "rim_xml"},
    {"<ns0:Meta", "colloquialVersion", "coloquialVersion", "rim_xml"},
    {"<ns0:Meta", "colloquialVersion", "ns2:colloquialVersion", "rim_xml"},
    {"<ns0:Meta", "colloquialVersion=\"", "colloquialVersion=\"&gt;",
     "rim_xml"},
    {"<ns0:Meta", "colloquialVersion=\"999.10.01\"", "colloquialVersion=\"\"",
     "rim_xml"},
    {"<ns0:Meta", "999.10.01", "999.10.01/2", "rim_xml"},
    {"<ns0:Meta", "999.10.01", "999.10.01.999.10.01.999.10.01.99", "rim_xml"},
    {"<ns0:Meta", "product=\"GH100\"", "product=\"GH100\n\"", "rim_xml"},
    {"<ns0:Meta", "edition=\"GPU\"", "edition=\"0123456789abcdef\"", "rim_xml"},
    {"<ns0:Meta", "edition=\"GPU\"", "", "rim_xml"},
    /* Of Payload. */
    {"", "<ns0:Payload ", "<ns0:Payload/><ns0:Payload ", "rim_xml"},
    {"", "<ns0:Entity ", "<ns0:Payload/><ns0:Entity ", "rim_xml"},
    {"<ns0:Payload", "<ns0:Resource", "x<ns0:Resource", "rim_xml"},
    {"<ns0:Payload", "<ns0:Resource", "<ns0:Payload/><ns0:Resource", "rim_xml"},
    {"<ns0:Payload", "<ns0:Resource", "<ns0:File/><ns0:Resource", "rim_xml"},
    {"<ns0:Payload", "<ns0:Resource", "<ns2:Resource", "rim_xml"},
    {"<ns0:Payload", "<ns0:Resource", "<ns0:Resource xmlns:ns0=\"u:1\"",
     "rim_xml"},
    {"size=\"48\"", "/>", "><x/></ns0:Resource>", "rim_xml"},
    {"size=\"48\"", "/>", "> </ns0:Resource>", "rim_xml"},
    /* Of a Resource. */
    {"", "type=\"Measurement\"", "type=\"Measurements\"", "rim_xml"},
    {"", "type=\"Measurement\" ", "", "rim_xml"},
    {"", "index=\"0\"", "index=\"00\"", "rim_xml"},
    {"", "index=\"0\"", "index=\"\"", "rim_xml"},
    {"", "index=\"0\"", "index=\"-1\"", "rim_xml"},
    {"", "index=\"0\"", "index=\"0x0\"", "rim_xml"},
    {"", "index=\"0\"", "index=\" 0\"", "rim_xml"},
    {"", "index=\"0\"", "index=\"256\"", "rim_xml"},
    {"", "index=\"0\"", "index=\"4294967296\"", "rim_xml"},
    {"", "index=\"0\"", "ns2:index=\"0\"", "rim_xml"},
    {"", "index=\"0\"", "index=\"0\" more=\"\"", "rim_xml"},
    {"", "index=\"0\"", "index=\"0\" index=\"1\"", "rim_xml"},
    {"", "active=\"False\"", "active=\"false\"", "rim_xml"},
    {"", "active=\"False\"", "active=\"\"", "rim_xml"},
    {"", "active=\"False\"", "active=\"0\"", "rim_xml"},
    {"", "active=\"False\"", "active=\"True \"", "rim_xml"},
    {"", "active=\"False\"", "", "rim_xml"},
    {"", "size=\"48\"", "size=\"48 \"", "rim_xml"},
    {"", "size=\"48\"", "size=\"70000\"", "rim_xml"},
    {"", "size=\"48\"", "", "rim_xml"},
    {"", "alternatives=\"1\"", "alternatives=\"0\"", "rim_xml"},
    {"", "alternatives=\"1\"", "alternatives=\"2\"", "rim_xml"},
    {"", "alternatives=\"1\"", "alternatives=\"9\"", "rim_xml"},
    {"", "alternatives=\"1\"", "alternatives=\"one\"", "rim_xml"},
    {"", "ns2:Hash0=", "ns2:Hash1=\"\" ns2:Hash0=", "rim_xml"},
    {"<ns0:Resource", "type=", "ns0:type=", "rim_xml"},
    {"", "ns2:Hash0=\"0", "ns2:Hash0=\"", "rim_xml"},
    {"", "ns2:Hash0=\"0", "ns2:Hash0=\"00", "rim_xml"},
    {"", "ns2:Hash0=\"0", "ns2:Hash0=\"g", "rim_xml"},
    {"", "ns2:Hash0=\"00", "ns2:Hash0=\"0x", "rim_xml"},
    {"", "ns2:Hash0", "ns2:Hash1", "rim_xml"},
    {"", "ns2:Hash0", "ns2:Hash", "rim_xml"},
    {"", "ns2:Hash0", "ns2:hash0", "rim_xml"},
    {"", "ns2:Hash0", "Hash0", "rim_xml"},
    {"", "ns2:Hash0", "ns0:Hash0", "rim_xml"},
    {"", "xmlenc#sha384", "xmlenc#sha512", "rim_xml"},
    {"<ns0:Resource", "type=", "xmlns:ns2=\"u:1\" type=", "rim_xml"},
    /* How many signatures, and where. */
    {"", "<ns0:Entity ", "<Signature/><ns0:Entity ", "rim_signature_count"},
    {"", "<ns0:Entity ", "<Signature xmlns=\"u:1\"/><ns0:Entity ",
     "rim_signature_count"},
    {"", "<ds:X509Certificate>", "<ds:Signature/><ds:X509Certificate>",
     "rim_signature_count"},
    {"", "</ds:Signature>", "</ds:Signature><x/>", "rim_signature_count"},
    {"", "</ds:Signature>", "</ds:Signature><ns0:Payload/>",
     "rim_signature_count"},
    {"", "</ds:Signature>", "</ds:Signature> ", "rim_digest"},
    {"", "</SoftwareIdentity>", "\n</SoftwareIdentity>\n", "rim_digest"},
    {"", "</SoftwareIdentity>", "</SoftwareIdentity>\n", ""},
    {"", "<SoftwareIdentity", "\r\n<SoftwareIdentity", ""},
    /* Its form. */
    {"<ds:Signature", "xmldsig#", "xmldsig", "rim_algorithm"},
    {"", "<ds:Signature ", "<ds:Signature Id=\"a\" ", "rim_algorithm"},
    {"", "<ds:SignedInfo>", "<ds:SignedInfo Id=\"a\">", "rim_algorithm"},
    {"", "<ds:SignedInfo>", "x<ds:SignedInfo>", "rim_algorithm"},
    {"", "<ds:SignedInfo>", "<ds:Object/><ds:SignedInfo>", "rim_algorithm"},
    {"", "2006/12/xml-c14n11", "2001/10/xml-exc-c14n#", "rim_algorithm"},
    {"<ds:CanonicalizationMethod", "/>", " More=\"\"/>", "rim_algorithm"},
    {"<ds:CanonicalizationMethod", "Algorithm", "algorithm", "rim_algorithm"},
    {"<ds:CanonicalizationMethod", "/>", ">x</ds:CanonicalizationMethod>",
     "rim_algorithm"},
    {"", "#ecdsa-sha384", "#ecdsa-sha256", "rim_algorithm"},
    {"", "#ecdsa-sha384", "#ecdsa-sha384 ", "rim_algorithm"},
    {"", "URI=\"\"", "URI=\"#a\"", "rim_algorithm"},
    {"", "URI=\"\"", "", "rim_algorithm"},
    {"", "URI=\"\"", "URI=\"\" Type=\"\"", "rim_algorithm"},
    {"", "#enveloped-signature", "#base64", "rim_algorithm"},
    {"<ds:Transforms>", "<ds:Transform",
     "<ds:Transform Algorithm=\"http://www."
     "w3.org/TR/1999/REC-xpath-19991116\"/><ds:Transform",
     "rim_algorithm"},
    {"<ds:Transforms>", "2006/12/xml-c14n11", "2006/12/xml-c14n11#WithComments",
     "rim_algorithm"},
    {"", "</ds:Transforms>", "<ds:Transform/></ds:Transforms>",
     "rim_algorithm"},
    {"", "more#sha384\"/><ds:DigestValue", "more#sha256\"/><ds:DigestValue",
     "rim_algorithm"},
    {"", "</ds:SignedInfo>", "<ds:Reference/></ds:SignedInfo>",
     "rim_algorithm"},
    {"", "</ds:Signature>", "<ds:Object/></ds:Signature>", "rim_algorithm"},
    {"", "<ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName/>", "rim_algorithm"},
    {"", "<ds:X509Data>", "<ds:X509Data>x", "rim_algorithm"},
    {"", "<ds:X509Certificate>", "<ds:X509Certificate Id=\"\">",
     "rim_algorithm"},
    {"", "<ds:X509Certificate>", "<ds:X509CRL/><ds:X509Certificate>",
     "rim_algorithm"},
    {"", "</ds:X509Data>", "</ds:X509Data><ds:X509Data/>", "rim_algorithm"},
    {"", "</ds:KeyInfo>", "<ds:X509Certificate/></ds:KeyInfo>",
     "rim_algorithm"},
    {"<ds:DigestValue", "</ds:Dig", "<x/></ds:Dig", "rim_algorithm"},
    /* Its values. */
    {"<ds:DigestValue", "ilfm", "i!fm", "rim_digest"},
    {"<ds:DigestValue", "ilfm", "ilf", "rim_digest"},
    {"<ds:DigestValue", "ilfm", "", "rim_digest"},
    {"<ds:DigestValue", "ilfm", "i&amp;lfm", "rim_digest"},
    {"<ds:SignatureValue", "HJnY", "HJn=", "rim_signature"},
    {"<ds:SignatureValue", "HJnY", "", "rim_signature"},
    {"<ds:SignatureValue", "HJnY", "HJnYHJnY", "rim_signature"},
    {"<ds:SignatureValue", "HJnY", "HJnZ", "rim_signature"},
    {"<ds:SignatureValue", "HJnY", " H\tJ\nn\r\nY ", ""},
    {"<ds:X509Certificate", "MIIB", "MII", "rim_chain:cert_format"},
    {"<ds:X509Certificate", "MIIB", "MIIC", "rim_chain:cert_format"},
    {"<ds:X509Certificate", "MIIB", "AAAAMIIB", "rim_chain:cert_format"},
    {"<ds:X509Certificate", "MIIB", "MI\r\nIB", ""},
    {"<ds:X509Data", "<ds:X509C", "<ds:X509Certificate/><ds:X509C",
     "rim_chain:cert_format"},
    /* What is signed, changed. */
    {"<ds:SignedInfo", "URI=\"\"", "URI = ''", ""},
    {"", "<ds:SignatureMethod", " <ds:SignatureMethod", "rim_signature"},
    {"<ds:DigestValue", "ilfm", "ilfn", "rim_signature"},
    {"", "xmlns:ds=", "xmlns:extra=\"u:1\" xmlns:ds=", "rim_signature"},
    {"", "revision=\"r1\"", "revision=\"r2\"", "rim_digest"},
    {"", "revision=\"r1\"", "\t revision = 'r1' ", ""},
    {"", "revision=\"r1\"", "revision=\"r&#49;\"", "rim_xml"},
    {"", "active=\"False\"", "active=\"True\"", "rim_digest"},
    {"", "27f3c397", "27f3c398", "rim_digest"},
    {"", "27f3c397", "27F3c397", "rim_digest"},
    {"", "    <ns0:Entity", "   <ns0:Entity", "rim_digest"},
    {"", "<ns0:Entity", "<x/><ns0:Entity", "rim_digest"},
    {"", "<ns0:Entity", "x<ns0:Entity", "rim_digest"},
    {"", " role=",
     " xmlns:ns0=\"http://standards.iso.org/iso/19770/-2/2015/"
     "schema.xsd\" role=",
     ""},
    {"", "<ns0:Entity name=", "<Entity name=", "rim_digest"},
};

static void each_edit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(edits); i++) {
        const struct edit *e = &edits[i];
        struct aver_buf text = rim_text(NULL, "syn-driver.xml");
        struct aver_flaw flaw;
        char what[300];

        rim_edit(&text, e->behind, e->from, e->to);
        snprintf(what, sizeof(what), "%.100s -> %.150s", e->from, e->to);
        judge(&flaw, &text, synthetic, NOW);
        is_cause(&flaw, e->cause, what);
        aver_buf_clear(&text);
    }
}

/* Another prefix for the same namespace is read all the same: what is not the
 * same is its digest. */
static void prefixes_do_not_matter(void **state)
{
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    struct aver_rim *r;

    (void)state;
    rim_edit(&text, "", "xmlns:ns2=",
             "xmlns:other=\"http://www.w3.org/2001/04/xmlenc#sha384\" "
             "xmlns:ns2=");
    rim_edit(&text, "index=\"7\"", "ns2:Hash0", "other:Hash0");
    r = rim_parse(&text);
    is_cause(&r->flaw, "", "another prefix");
    assert_int_equal(r->entry[7].hash[0][0], 0x27);
    assert_true(memcmp(r->document, r->claimed, 48) != 0);
    aver_rim_free(r);
    aver_buf_clear(&text);
}

/* A second document around the signed one, beside it, or in its place: the
 * signature is not that of what is read, or there is no such place for it. */
static void wrapped(void **state)
{
    static const char *const open[] = {"<a>", "<SoftwareIdentity>",
                                       "<SoftwareIdentity xmlns=\"http://"
                                       "standards.iso.org/iso/19770/-2/2015/"
                                       "schema.xsd\">"};
    struct aver_flaw flaw;

    (void)state;
    for (size_t i = 0; i < COUNT(open); i++) {
        struct aver_buf text = rim_text(NULL, "syn-driver.xml"), out;

        aver_buf_init(&out, AVER_RIM_MAX);
        assert_int_equal(aver_buf_append_str(&out, open[i]), 0);
        assert_int_equal(aver_buf_append(&out, text.p, text.n), 0);
        assert_int_equal(
            aver_buf_append_str(&out, i == 0 ? "</a>" : "</SoftwareIdentity>"),
            0);
        judge(&flaw, &out, synthetic, NOW);
        is_cause(&flaw, "rim_signature_count", open[i]);
        aver_buf_clear(&text);
        aver_buf_clear(&out);
    }
    /* The signed Payload goes where nobody reads; another takes its place. */
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    rim_edit(&text, "", "<ns0:Payload", "<ns0:Payload/><x><ns0:Payload");
    rim_edit(&text, "", "</ns0:Payload>", "</ns0:Payload></x>");
    judge(&flaw, &text, synthetic, NOW);
    is_cause(&flaw, "rim_xml", "the signed Payload is moved");
    rim_edit(&text, "", "<ns0:Payload/>", "");
    judge(&flaw, &text, synthetic, NOW);
    is_cause(&flaw, "rim_xml", "the only Payload is no child of the root");
    aver_buf_clear(&text);
}

/* What it is about is known even if its signature is not read. */
static void about(void **state)
{
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    struct aver_rim *r;

    (void)state;
    rim_edit(&text, "", "</ds:Signature>",
             "</ds:Signature><ds:x "
             "xmlns:ds=\"u:1\"/>");
    r = rim_parse(&text);
    is_cause(&r->flaw, "rim_signature_count", "about");
    assert_true(aver_rim_about(r, "999.10.01", "GH100", "GPU"));
    assert_true(aver_rim_about(r, "999.10.01", NULL, NULL));
    assert_true(aver_rim_about(r, NULL, "GH100", NULL));
    assert_true(aver_rim_about(r, NULL, NULL, NULL));
    assert_false(aver_rim_about(r, "999.10.0", "GH100", "GPU"));
    assert_false(aver_rim_about(r, "999.10.011", "GH100", "GPU"));
    assert_false(aver_rim_about(r, "999.10.01", "gh100", "GPU"));
    assert_false(aver_rim_about(r, "999.10.01", "GH100", "SWITCH"));
    aver_rim_free(r);
    aver_buf_clear(&text);
}

static void none_active(void **state)
{
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    struct aver_rim *r = rim_parse(&text);
    struct aver_flaw flaw = {0};

    (void)state;
    for (unsigned i = 0; i < r->n; i++)
        r->entry[i].active = false;
    assert_int_equal(aver_rim_holds(rim_ec, r, synthetic, NOW, &flaw), -1);
    is_cause(&flaw, "rim_empty", "none active");
    flaw.cause = NULL;
    r->n = 0;
    assert_int_equal(aver_rim_holds(rim_ec, r, synthetic, NOW, &flaw), -1);
    is_cause(&flaw, "rim_empty", "no entries");
    aver_rim_free(r);
    aver_buf_clear(&text);
}

/* A Payload of many entries, and of none, which are read. */
static void how_many_entries(void **state)
{
    static const unsigned counts[] = {0, 256, 257};

    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct aver_buf b;
        struct aver_rim *r;

        aver_buf_init(&b, AVER_RIM_MAX);
        assert_int_equal(
            aver_buf_append_str(
                &b, "<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/"
                    "19770/-2/2015/schema.xsd\" xmlns:h=\"http://www.w3.org/"
                    "2001/04/xmlenc#sha384\" name=\"a\"><Meta "
                    "colloquialVersion=\"1\" product=\"p\" edition=\"e\"/>"
                    "<Payload>"),
            0);
        for (unsigned k = 0; k < counts[i]; k++)
            assert_int_equal(
                aver_buf_printf(&b,
                                "<Resource type=\"Measurement\" index=\"%u\" "
                                "active=\"True\" alternatives=\"1\" name=\"\" "
                                "size=\"48\" h:Hash0=\"%096u\"/>",
                                k % 256, k),
                0);
        assert_int_equal(aver_buf_append_str(
                             &b, "</Payload><Signature/></SoftwareIdentity>"),
                         0);
        r = rim_parse(&b);
        is_cause(&r->flaw, counts[i] > 256 ? "rim_xml" : "rim_algorithm",
                 "entries");
        assert_int_equal(r->n, counts[i] > 256 ? 0 : counts[i]);
        aver_rim_free(r);
        aver_buf_clear(&b);
    }
}

static void how_many_certificates(void **state)
{
    static const char *const one = "<ds:X509Certificate>";
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    struct aver_flaw flaw;

    (void)state;
    /* Four are there; the leaf once more, twice more, thrice more. */
    const char *leaf = strstr((const char *)text.p, one);
    size_t n = (size_t)(strstr(leaf + 1, one) - leaf);
    char *copy = malloc(n + 1);
    memcpy(copy, leaf, n);
    copy[n] = '\0';
    for (unsigned i = 0; i < 4; i++) {
        rim_edit(&text, "<ds:X509Data>", one, "<ds:X509Certificate >");
        rim_edit(&text, "<ds:X509Data", ">", ">\n");
        rim_edit(&text, "", "<ds:X509Data>\n", "<ds:X509Data>@\n");
        rim_edit(&text, "", "@", copy);
        judge(&flaw, &text, synthetic, NOW);
        is_cause(&flaw, "rim_chain:chain_length", "more certificates");
        rim_edit(&text, "", "<ds:X509Certificate >", one);
    }
    assert_non_null(strstr(flaw.text, "more than 6"));
    free(copy);
    aver_buf_clear(&text);
    /* None. */
    text = rim_text(NULL, "syn-driver.xml");
    char *from = strstr((char *)text.p, one);
    char *to = strstr(from, "</ds:X509Data>");
    memset(from, ' ', (size_t)(to - from));
    judge(&flaw, &text, synthetic, NOW);
    is_cause(&flaw, "rim_chain:chain_length", "no certificates");
    memcpy(from, "<ds:X509Certificate/>", 21);
    judge(&flaw, &text, synthetic, NOW);
    is_cause(&flaw, "rim_chain:cert_format", "an empty certificate");
    aver_buf_clear(&text);
}

/* The leaf's key is moved off its curve: a bit of its DER, in base64. */
static void key_off_its_curve(void **state)
{
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    struct aver_flaw flaw;

    (void)state;
    rim_edit(&text, "<ds:X509Certificate>", "AEtzQw4c", "AEtzQw4d");
    judge(&flaw, &text, synthetic, NOW);
    is_cause(&flaw, "rim_chain:cert_key", "a key off its curve");
    aver_buf_clear(&text);
}

static void sizes(void **state)
{
    struct aver_buf text = rim_text(NULL, "syn-driver.xml"), big;
    struct aver_flaw flaw;

    (void)state;
    aver_buf_init(&big, AVER_RIM_MAX + 1);
    assert_int_equal(aver_buf_append(&big, text.p, text.n), 0);
    assert_int_equal(aver_buf_reserve(&big, AVER_RIM_MAX + 1 - text.n), 0);
    memset(big.p + big.n, '\n', AVER_RIM_MAX + 1 - big.n);
    big.n = AVER_RIM_MAX;
    judge(&flaw, &big, synthetic, NOW);
    is_cause(&flaw, "", "as long as may be");
    big.n++;
    judge(&flaw, &big, synthetic, NOW);
    is_cause(&flaw, "rim_xml", "too long");
    big.n = 0;
    judge(&flaw, &big, synthetic, NOW);
    is_cause(&flaw, "rim_xml", "empty");
    aver_buf_clear(&big);
    aver_buf_clear(&text);
}

/* Found out once, believed under the same key, and asked again of another
 * time; a flaw that was there already stays. */
static void remembered(void **state)
{
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    struct aver_rim *r = rim_parse(&text);
    struct aver_flaw flaw = {0};

    (void)state;
    assert_int_equal(aver_rim_holds(rim_ec, r, synthetic, NOW, &flaw), 0);
    r->signature[95] ^= 1;
    r->chain.link[0].cert.signature = aver_bytes_of(NULL, 0);
    assert_int_equal(aver_rim_holds(rim_ec, r, synthetic, NOW, &flaw), 0);
    r->memo.n = 0;
    assert_int_equal(aver_rim_holds(rim_ec, r, synthetic, NOW, &flaw), -1);
    is_cause(&flaw, "rim_signature", "asked again");
    assert_int_equal(aver_rim_holds(rim_ec, r, nvidia, NOW, &flaw), -1);
    is_cause(&flaw, "rim_signature", "the first flaw");
    aver_rim_free(r);
    aver_rim_free(NULL);
    aver_buf_clear(&text);
}

/* Each allocation fails once: there is no RIM then, and none is called bad. */
static void memory(void **state)
{
    struct aver_buf text = rim_text(NULL, "syn-driver.xml");
    unsigned n = 0;

    (void)state;
    for (bool done = false; !done; n++) {
        struct aver_rim *r;

        left = n + 1;
        r = aver_rim_parse(aver_buf_view(&text), rim_ec);
        done = left > 0;
        left = 0;
        if (r != NULL && r->flaw.cause != NULL)
            fail_msg("allocation %u: %s: %s", n, r->flaw.cause, r->flaw.text);
        aver_rim_free(r);
        assert_true(n < 1000);
    }
    assert_true(n > 10);
    aver_buf_clear(&text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_files),
        cmocka_unit_test(real_ones_hold),
        cmocka_unit_test(all_cases),
        cmocka_unit_test(each_edit),
        cmocka_unit_test(prefixes_do_not_matter),
        cmocka_unit_test(wrapped),
        cmocka_unit_test(about),
        cmocka_unit_test(none_active),
        cmocka_unit_test(how_many_entries),
        cmocka_unit_test(how_many_certificates),
        cmocka_unit_test(key_off_its_curve),
        cmocka_unit_test(sizes),
        cmocka_unit_test(remembered),
        cmocka_unit_test(memory),
    };

    vectors_start(argc, argv);
    rim_ec = aver_ec_new();
    rim_root(synthetic, "synthetic-rim-root.pem");
    rim_root(nvidia, "nvidia-corim-signing-root.pem");
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    aver_ec_free(rim_ec);
    return rc;
}
