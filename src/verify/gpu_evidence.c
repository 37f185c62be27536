/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_evidence: see gpu_evidence.h. Values are taken from the text where they
 * stand (member.h). A tree is made once, and thrown away, to find names that
 * stand twice; how large it gets is limited beforehand. */
#include "verify/gpu_evidence.h"

#include "base/text.h"
#include "crypto/sha2.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)8 << 20)
#define VALUES_MAX 65536

/* The longest texts that decode to AVER_DEVICE_BLOB_MAX bytes. */
#define HEX_MAX (2 * AVER_DEVICE_BLOB_MAX)
#define BASE64_OF(n) (((n) + 2) / 3 * 4)

enum {
    LIST,        /* NVIDIA's service */
    GPU_LIST,    /* Chutes */
    DEVICE_LIST, /* CoCo */
    GPU,         /* Tinfoil */
    EVIDENCE,    /* a device alone */
    FORMS,
    SWITCHES = FORMS,
    NONCE,
    ARCH,
    MEMBERS,
};

/* What the texts of a list of devices are taken from. */
struct lists {
    unsigned n;
    struct aver_bytes source[2]; /* arrays; or the device itself */
    bool single;
};

const char *aver_gpu_encoding_name(enum aver_gpu_encoding e)
{
    static const char *const names[] = {"base64", "base64-hex", "hex"};

    return names[e];
}

/* ---- one device ---- */

static bool is_hex_of_spdm(struct aver_bytes text)
{
    return text.n >= 4 &&
           aver_bytes_is_nocase(aver_bytes_of(text.p, 4), "11e0");
}

/* All these: 0, with or without a flaw; -1 when memory is short. */
static int from_base64(struct aver_buf *out, struct aver_bytes text,
                       const char *name, struct aver_flaw *flaw)
{
    if (aver_buf_reserve(out, text.n / 4 * 3) != 0)
        return -1;
    if (aver_base64_decode_buf(out, text) != 0)
        aver_flaw(flaw, "base64",
                  "\"%s\" is not base64 in one line, with its padding "
                  "(RFC 4648, 4)",
                  name);
    return 0;
}

static int from_hex(struct aver_buf *out, struct aver_bytes text,
                    struct aver_flaw *flaw)
{
    if (aver_buf_reserve(out, text.n / 2) != 0)
        return -1;
    if (aver_hex_decode_buf(out, text) != 0)
        aver_flaw(flaw, "base64",
                  "\"evidence\" begins as hex does, and is none");
    return 0;
}

/* The report, as bytes or as hex, is in `out`: now as bytes. */
static int unhex(struct aver_gpu_item *g)
{
    struct aver_buf raw;

    if (!is_hex_of_spdm(aver_buf_view(&g->report)))
        return 0;
    g->encoding = AVER_GPU_BASE64_HEX;
    aver_buf_init(&raw, AVER_DEVICE_BLOB_MAX);
    if (from_hex(&raw, aver_buf_view(&g->report), &g->flaw) != 0)
        return -1;
    aver_buf_clear(&g->report);
    g->report = raw;
    return 0;
}

static bool too_long(size_t n, size_t max, const char *name,
                     struct aver_flaw *flaw)
{
    if (n > max)
        aver_flaw(flaw, "size", "\"%s\" is more than 16 KiB", name);
    return n > max;
}

static int read_report(struct aver_gpu_item *g, struct aver_bytes text)
{
    if (is_hex_of_spdm(text)) {
        g->encoding = AVER_GPU_HEX;
        if (too_long(text.n, HEX_MAX, "evidence", &g->flaw))
            return 0;
        return from_hex(&g->report, text, &g->flaw);
    }
    if (too_long(text.n, BASE64_OF(HEX_MAX), "evidence", &g->flaw))
        return 0;
    if (from_base64(&g->report, text, "evidence", &g->flaw) != 0)
        return -1;
    if (too_long(g->report.n,
                 is_hex_of_spdm(aver_buf_view(&g->report))
                     ? HEX_MAX
                     : AVER_DEVICE_BLOB_MAX,
                 "evidence", &g->flaw))
        return 0;
    return unhex(g);
}

static int read_certificates(struct aver_gpu_item *g, struct aver_bytes text)
{
    if (too_long(text.n, BASE64_OF(AVER_DEVICE_BLOB_MAX), "certificate",
                 &g->flaw))
        return 0;
    if (from_base64(&g->certificates, text, "certificate", &g->flaw) != 0)
        return -1;
    too_long(g->certificates.n, AVER_DEVICE_BLOB_MAX, "certificate", &g->flaw);
    return 0;
}

static int read_text(struct aver_gpu_item *g, const struct aver_json_member *m,
                     struct aver_bytes source,
                     int (*read)(struct aver_gpu_item *g,
                                 struct aver_bytes text))
{
    struct aver_buf text;
    int rc = -1;

    if (m->type != AVER_JSON_STRING) {
        aver_flaw(&g->flaw, "json_type", "\"%s\" is not there as a string",
                  m->name);
        return 0;
    }
    aver_buf_init(&text, (size_t)(m->end - m->start));
    if (aver_member_text(&text, m, source) == 0)
        rc = read(g, aver_buf_view(&text));
    aver_buf_clear(&text);
    return rc;
}

static void read_nonce(struct aver_gpu_claim *c,
                       const struct aver_json_member *m, struct aver_flaw *flaw)
{
    struct aver_bytes text;

    if (!aver_member_is_there(m))
        return;
    c->state = AVER_CLAIM_OK;
    if (aver_member_short(m, &text) && aver_hex_decode(c->nonce, 32, text) == 0)
        return;
    c->state = AVER_CLAIM_BAD;
    aver_flaw(flaw, "nonce_format",
              "the nonce beside the evidence is not 64 hex digits");
}

static bool is_plain(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

static void read_arch(bool *has, char out[static 24],
                      const struct aver_json_member *m, struct aver_flaw *flaw)
{
    struct aver_bytes text = aver_bytes_str("?");

    if (!aver_member_is_there(m))
        return;
    if (m->type != AVER_JSON_STRING) {
        aver_flaw(flaw, "json_type", "\"arch\" is no string");
        return;
    }
    *has = true;
    aver_member_short(m, &text);
    for (size_t i = 0; i < text.n && i < 23; i++)
        out[i] = is_plain(text.p[i]) ? (char)text.p[i] : '?';
}

static int read_item(struct aver_gpu_item *g, struct aver_bytes source)
{
    struct aver_json_member m[] = {{.name = "evidence"},
                                   {.name = "certificate"},
                                   {.name = "nonce"},
                                   {.name = "arch"}};

    aver_buf_init(&g->report, HEX_MAX + 3);
    aver_buf_init(&g->certificates, AVER_DEVICE_BLOB_MAX + 3);
    if (aver_members(m, 4, source, NULL) != 0) {
        aver_flaw(&g->flaw, "json_type", "the device is no JSON object");
        return 0;
    }
    read_arch(&g->has_arch, g->arch, &m[3], &g->flaw);
    read_nonce(&g->nonce, &m[2], &g->flaw);
    if (read_text(g, &m[0], source, read_report) != 0)
        return -1;
    return read_text(g, &m[1], source, read_certificates);
}

/* ---- the list ---- */

static unsigned count(const struct lists *l)
{
    struct aver_bytes element;
    unsigned n = 0;

    for (unsigned i = 0; i < l->n; i++) {
        struct aver_bytes rest = l->source[i];

        while (n <= AVER_DEVICES_MAX && aver_array_next(&rest, &element))
            n++;
    }
    return n;
}

static int read_items(struct aver_gpu_evidence *e, const struct lists *l)
{
    struct aver_bytes element;
    unsigned n = l->single ? 1 : count(l);

    if (n == 0)
        aver_flaw(&e->flaw, "empty", "the list of devices is empty");
    if (n > AVER_DEVICES_MAX)
        aver_flaw(&e->flaw, "size", "more than %u devices", AVER_DEVICES_MAX);
    if (e->flaw.cause != NULL)
        return 0;
    e->item = calloc(n, sizeof(*e->item));
    if (e->item == NULL)
        return -1;
    if (l->single)
        return read_item(&e->item[e->n++], l->source[0]);
    for (unsigned i = 0; i < l->n; i++) {
        struct aver_bytes rest = l->source[i];

        while (aver_array_next(&rest, &element))
            if (read_item(&e->item[e->n++], element) != 0)
                return -1;
    }
    return 0;
}

static void add_list(struct lists *l, const struct aver_json_member *m,
                     struct aver_bytes source, struct aver_flaw *flaw)
{
    if (m->type != AVER_JSON_ARRAY)
        aver_flaw(flaw, "json_type", "\"%s\" is no array", m->name);
    l->source[l->n++] = aver_member_source(m, source);
}

/* {"evidences": […]}, whose very bytes a quote can vouch for. */
static void add_tinfoil(struct lists *l, const struct aver_json_member *m,
                        struct aver_bytes source, uint8_t digest[static 32],
                        struct aver_flaw *flaw)
{
    struct aver_bytes part = aver_member_source(m, source);
    struct aver_json_member list = {.name = "evidences"};

    if (aver_members(&list, 1, part, NULL) != 0)
        aver_flaw(flaw, "json_type", "\"%s\" is no object", m->name);
    aver_sha256(digest, part);
    add_list(l, &list, part, flaw);
}

/* Which of the forms it is, and where its lists are. */
static void find_lists(struct lists *l, struct aver_gpu_evidence *e,
                       const struct aver_json_member *m,
                       struct aver_bytes source)
{
    unsigned form = FORMS, forms = 0;

    for (unsigned i = 0; i < FORMS; i++)
        if (m[i].count > 0) {
            form = i;
            forms++;
        }
    if (forms != 1 || (aver_member_is_there(&m[SWITCHES]) && form != GPU)) {
        aver_flaw(&e->flaw, "json_type",
                  "there is not exactly one list of devices");
        return;
    }
    if (form == EVIDENCE)
        *l = (struct lists){1, {source}, true};
    else if (form == GPU)
        add_tinfoil(l, &m[GPU], source, e->digest, &e->flaw);
    else
        add_list(l, &m[form], source, &e->flaw);
    if (aver_member_is_there(&m[SWITCHES])) {
        add_tinfoil(l, &m[SWITCHES], source, e->switch_digest, &e->flaw);
        e->has_switch_digest = true;
    }
}

/* ---- the text ---- */

/* Names that stand twice: two readers might read two things. -1 when memory
 * is short. */
static int check_names(struct aver_bytes in, struct aver_flaw *flaw)
{
    size_t values = 0;
    json_error_t why;
    json_t *tree;

    for (size_t i = 0; i < in.n; i++)
        values += in.p[i] == ',' || in.p[i] == '[' || in.p[i] == '{';
    if (values > VALUES_MAX) {
        aver_flaw(flaw, "size", "more than %u JSON values", VALUES_MAX);
        return 0;
    }
    tree = json_loadb((const char *)in.p, in.n, JSON_REJECT_DUPLICATES, &why);
    if (tree != NULL) {
        json_decref(tree);
        return 0;
    }
    /* The grammar is right, so that "unknown" is memory as well. */
    if (json_error_code(&why) == json_error_out_of_memory ||
        json_error_code(&why) == json_error_unknown)
        return -1;
    if (json_error_code(&why) == json_error_duplicate_key)
        aver_flaw(flaw, "json_duplicate",
                  "a name stands twice in one object (line %d)", why.line);
    else
        aver_flaw(flaw, "json",
                  "a string or number in it is out of bounds (line %d)",
                  why.line);
    return 0;
}

/* The type at the top; AVER_JSON_ABSENT with the flaw of what is no JSON. */
static enum aver_json_type scan_members(struct aver_json_member *m,
                                        struct aver_bytes in,
                                        struct aver_flaw *flaw)
{
    struct aver_json_scan scan;

    aver_json_scan_init(&scan, m, MEMBERS);
    if (aver_json_scan_feed(&scan, in) && aver_json_scan_end(&scan))
        return aver_json_scan_top(&scan);
    aver_flaw(flaw, "json", "not JSON (RFC 8259)");
    return AVER_JSON_ABSENT;
}

static int read_top(struct aver_gpu_evidence *e, struct lists *l,
                    struct aver_json_member *m, struct aver_bytes in)
{
    enum aver_json_type top = scan_members(m, in, &e->flaw);

    aver_sha256(e->digest, in);
    if (e->flaw.cause != NULL)
        return 0;
    if (check_names(in, &e->flaw) != 0)
        return -1;
    if (top == AVER_JSON_ARRAY)
        *l = (struct lists){1, {aver_bytes_trim(in)}, false};
    else if (top == AVER_JSON_OBJECT)
        find_lists(l, e, m, in);
    else
        aver_flaw(&e->flaw, "json_type", "neither an object nor an array");
    return 0;
}

static int read_whole(struct aver_gpu_evidence *e, struct aver_bytes in)
{
    struct aver_json_member m[MEMBERS] = {
        [LIST] = {.name = "evidence_list"},
        [GPU_LIST] = {.name = "gpu_evidence"},
        [DEVICE_LIST] = {.name = "device_evidence_list"},
        [GPU] = {.name = "gpu"},
        [EVIDENCE] = {.name = "evidence"},
        [SWITCHES] = {.name = "nvswitch"},
        [NONCE] = {.name = "nonce"},
        [ARCH] = {.name = "arch"},
    };
    struct lists l = {0};

    if (in.n > TEXT_MAX) {
        aver_flaw(&e->flaw, "size", "the text is more than 8 MiB");
        return 0;
    }
    if (read_top(e, &l, m, in) != 0)
        return -1;
    if (e->flaw.cause != NULL)
        return 0;
    if (read_items(e, &l) != 0)
        return -1;
    if (l.single)
        return 0;
    read_arch(&e->has_arch, e->arch, &m[ARCH], &e->flaw);
    read_nonce(&e->nonce, &m[NONCE], &e->flaw);
    return 0;
}

struct aver_gpu_evidence *aver_gpu_evidence_parse(struct aver_bytes in)
{
    struct aver_gpu_evidence *e = calloc(1, sizeof(*e));

    if (e != NULL && read_whole(e, in) != 0) {
        aver_gpu_evidence_free(e);
        return NULL;
    }
    return e;
}

void aver_gpu_evidence_free(struct aver_gpu_evidence *e)
{
    if (e == NULL)
        return;
    for (unsigned i = 0; i < e->n; i++) {
        aver_buf_clear(&e->item[i].report);
        aver_buf_clear(&e->item[i].certificates);
    }
    free(e->item);
    free(e);
}

/* ---- two texts ---- */

/* What stood beside a list is said of each of its devices. */
static void hand_down(struct aver_gpu_item *g,
                      const struct aver_gpu_evidence *from)
{
    if (!g->has_arch) {
        g->has_arch = from->has_arch;
        memcpy(g->arch, from->arch, sizeof(g->arch));
    } else if (from->has_arch &&
               !aver_bytes_is_nocase(aver_bytes_str(g->arch), from->arch)) {
        aver_flaw(&g->flaw, "arch",
                  "the list says %s, the device in it says %s", from->arch,
                  g->arch);
    }
    if (g->nonce.state == AVER_CLAIM_ABSENT)
        g->nonce = from->nonce;
    else if (from->nonce.state == AVER_CLAIM_OK &&
             memcmp(g->nonce.nonce, from->nonce.nonce, 32) != 0)
        aver_flaw(&g->flaw, "nonce_envelope",
                  "the list has another nonce than the device in it");
}

static int append(struct aver_gpu_evidence *e, struct aver_gpu_evidence *more)
{
    struct aver_gpu_item *grown;

    if (e->n + more->n > AVER_DEVICES_MAX) {
        aver_flaw(&e->flaw, "size", "more than %u devices", AVER_DEVICES_MAX);
        return 0;
    }
    if (more->n == 0)
        return 0;
    grown = realloc(e->item, (e->n + more->n) * sizeof(*grown));
    if (grown == NULL)
        return -1;
    e->item = grown;
    for (unsigned i = 0; i < more->n; i++) {
        hand_down(&more->item[i], more);
        e->item[e->n++] = more->item[i];
    }
    more->n = 0; /* they have moved */
    return 0;
}

int aver_gpu_evidence_join(struct aver_gpu_evidence *e, struct aver_bytes in)
{
    struct aver_gpu_evidence *more = aver_gpu_evidence_parse(in);
    int rc;

    if (more == NULL)
        return -1;
    if (more->flaw.cause != NULL)
        aver_flaw(&e->flaw, more->flaw.cause, "%s", more->flaw.text);
    if (e->has_switch_digest || more->has_switch_digest)
        aver_flaw(&e->flaw, "json_type", "there are two lists of switches");
    e->joined = true;
    e->first = e->n;
    memcpy(e->switch_digest, more->digest, 32);
    e->has_switch_digest = true;
    rc = append(e, more);
    aver_gpu_evidence_free(more);
    return rc;
}
