/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle: see bundle.h. */
#include "attest/bundle.h"

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/cert.h"
#include "verify/tcb_info.h"

#include <stdio.h>
#include <string.h>

#define WEEK ((int64_t)7 * 86400)

/* The members of the file, in the order in which they are written. */
static const struct {
    const char *name;
    enum pcs_item item;
    size_t at; /* of the buffer in struct pcs_part */
    bool hex;
} members[] = {
    {"pck_crl_issuer_chain", PCS_PCK_CRL, offsetof(struct pcs_part, chain),
     false},
    {"root_ca_crl", PCS_ROOT_CRL, offsetof(struct pcs_part, document), true},
    {"pck_crl", PCS_PCK_CRL, offsetof(struct pcs_part, document), true},
    {"tcb_info_issuer_chain", PCS_TCB_INFO, offsetof(struct pcs_part, chain),
     false},
    {"tcb_info", PCS_TCB_INFO, offsetof(struct pcs_part, document), false},
    {"tcb_info_signature", PCS_TCB_INFO, offsetof(struct pcs_part, signature),
     false},
    {"qe_identity_issuer_chain", PCS_QE_IDENTITY,
     offsetof(struct pcs_part, chain), false},
    {"qe_identity", PCS_QE_IDENTITY, offsetof(struct pcs_part, document),
     false},
    {"qe_identity_signature", PCS_QE_IDENTITY,
     offsetof(struct pcs_part, signature), false},
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static struct aver_buf *slot(struct bundle *b, size_t i)
{
    return (struct aver_buf *)((char *)&b->part[members[i].item] +
                               members[i].at);
}

void bundle_init(struct bundle *b)
{
    memset(b, 0, sizeof(*b));
    for (size_t i = 0; i < PCS_ITEMS; i++)
        pcs_part_init(&b->part[i]);
}

void bundle_clear(struct bundle *b)
{
    for (size_t i = 0; i < PCS_ITEMS; i++)
        pcs_part_clear(&b->part[i]);
}

static int read_member(struct aver_buf *out, const json_t *value, bool hex)
{
    struct aver_bytes text;

    if (!json_is_string(value))
        return -1;
    text = aver_bytes_of(json_string_value(value), json_string_length(value));
    return hex ? aver_hex_decode_buf(out, text)
               : aver_buf_append(out, text.p, text.n);
}

int bundle_read(struct bundle *b, struct aver_bytes text,
                struct aver_error *err)
{
    json_t *tree = aver_json_parse(text, err);
    int rc = tree != NULL ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < MEMBERS; i++)
        if (read_member(slot(b, i), json_object_get(tree, members[i].name),
                        members[i].hex) != 0)
            rc = aver_fail(err, AVER_EFORMAT,
                           "%s is missing, or not what it should be",
                           members[i].name);
    json_decref(tree);
    return rc;
}

static bool names(struct aver_bytes in, const char *word)
{
    return in.n > 0 && memmem(in.p, in.n, word, strlen(word)) != NULL;
}

static int date_crl(struct bundle *b, enum pcs_item item,
                    struct aver_error *err)
{
    struct aver_error why = {0};
    struct aver_crl crl;

    if (aver_crl_parse(&crl, aver_buf_view(&b->part[item].document), &why) != 0)
        return aver_fail(err, why.code, "%s: %.200s", pcs_item_name(item),
                         why.text);
    if (!crl.has_next_update)
        return aver_fail(err, AVER_EFORMAT, "%s: it says not how long it holds",
                         pcs_item_name(item));
    b->date[item].issued = crl.this_update;
    b->date[item].until = crl.next_update;
    if (item == PCS_ROOT_CRL)
        return 0;
    b->platform.processor = names(crl.issuer, "Intel SGX PCK Processor CA");
    if (!b->platform.processor &&
        !names(crl.issuer, "Intel SGX PCK Platform CA"))
        return aver_fail(err, AVER_EMISMATCH,
                         "%s: of neither the Platform CA nor the Processor CA",
                         pcs_item_name(item));
    return 0;
}

static int understand_documents(struct bundle *b, const struct aver_tcb_info *t,
                                const struct aver_qe_identity *q,
                                struct aver_error *err)
{
    if (t->tdx != q->tdx)
        return aver_fail(err, AVER_EMISMATCH,
                         "the TCB info is of %s, the QE identity of %s",
                         t->tdx ? "TDX" : "SGX", q->tdx ? "TDX" : "SGX");
    b->platform.sgx = !t->tdx;
    memcpy(b->platform.fmspc, t->fmspc, sizeof(t->fmspc));
    b->evaluation =
        t->evaluation < q->evaluation ? t->evaluation : q->evaluation;
    b->date[PCS_TCB_INFO].issued = t->issued;
    b->date[PCS_TCB_INFO].until = t->next_update;
    b->date[PCS_QE_IDENTITY].issued = q->issued;
    b->date[PCS_QE_IDENTITY].until = q->next_update;
    return 0;
}

int bundle_understand(struct bundle *b, struct aver_error *err)
{
    struct aver_qe_identity q;
    struct aver_tcb_info t;
    int rc = -1;

    if (aver_tcb_info_parse(&t, aver_buf_view(&b->part[PCS_TCB_INFO].document),
                            err) != 0)
        return -1;
    if (aver_qe_identity_parse(
            &q, aver_buf_view(&b->part[PCS_QE_IDENTITY].document), err) == 0) {
        rc = understand_documents(b, &t, &q, err);
        aver_qe_identity_clear(&q);
    }
    aver_tcb_info_clear(&t);
    if (rc != 0 || date_crl(b, PCS_PCK_CRL, err) != 0)
        return -1;
    return date_crl(b, PCS_ROOT_CRL, err);
}

int bundle_fits(const struct bundle *b, const struct pcs_platform *p,
                struct aver_error *err)
{
    char have[BUNDLE_NAME_MAX], want[BUNDLE_NAME_MAX];

    bundle_name(have, &b->platform);
    bundle_name(want, p);
    if (strcmp(have, want) != 0)
        return aver_fail(
            err, AVER_EMISMATCH, "these are endorsements of %.*s, not of %.*s",
            (int)strcspn(have, "."), have, (int)strcspn(want, "."), want);
    return 0;
}

int64_t bundle_until(const struct bundle *b)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < PCS_ITEMS; i++)
        if (b->date[i].until < first)
            first = b->date[i].until;
    return first;
}

int64_t bundle_due(const struct bundle *b)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < PCS_ITEMS; i++) {
        int64_t third = (b->date[i].until - b->date[i].issued) / 3;
        int64_t left = third < 0 ? 0 : third < WEEK ? third : WEEK;
        int64_t due = b->date[i].until - left;

        if (due < first)
            first = due;
    }
    return first;
}

static int write_member(struct aver_buf *out, const char *name, bool hex,
                        struct aver_bytes value, bool lines)
{
    struct aver_buf text;
    int rc = -1;

    aver_buf_init(&text, 2 * value.n + 1);
    if (aver_buf_printf(out, lines ? "  \"%s\": " : "\"%s\":", name) == 0 &&
        (!hex || aver_hex_encode_buf(&text, value) == 0) &&
        aver_json_quote(out, hex ? aver_buf_view(&text) : value) == 0)
        rc = aver_buf_append_str(out, lines ? ",\n" : ",");
    aver_buf_clear(&text);
    return rc;
}

/* The members, each with a comma behind it. */
static int write_members(struct aver_buf *out, const struct bundle *b,
                         bool lines)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const struct pcs_part *p = &b->part[members[i].item];
        const struct aver_buf *value =
            (const struct aver_buf *)((const char *)p + members[i].at);

        if (write_member(out, members[i].name, members[i].hex,
                         aver_buf_view(value), lines) != 0)
            return -1;
    }
    return 0;
}

int bundle_write(struct aver_buf *out, const struct bundle *b, int64_t fetched,
                 struct aver_error *err)
{
    char when[AVER_TIME_TEXT], until[AVER_TIME_TEXT];

    aver_time_format(when, fetched);
    aver_time_format(until, bundle_until(b));
    if (aver_buf_append_str(out, "{\n") != 0 ||
        write_members(out, b, true) != 0 ||
        aver_buf_printf(out,
                        "  \"fetched\": \"%s\",\n"
                        "  \"valid_until\": \"%s\"\n}\n",
                        when, until) != 0)
        return aver_fail(err, AVER_ELIMIT, "the endorsements are too large");
    return 0;
}

int bundle_write_bare(struct aver_buf *out, const struct bundle *b,
                      struct aver_error *err)
{
    if (aver_buf_append_str(out, "{") != 0 || write_members(out, b, false) != 0)
        return aver_fail(err, AVER_ELIMIT, "the endorsements are too large");
    out->p[out->n - 1] = '}'; /* where the last comma is */
    return 0;
}

void bundle_name(char out[static BUNDLE_NAME_MAX], const struct pcs_platform *p)
{
    char fmspc[13];

    aver_hex_encode(fmspc, p->fmspc, sizeof(p->fmspc));
    snprintf(out, BUNDLE_NAME_MAX, "%s-%s-%s.json", p->sgx ? "sgx" : "tdx",
             fmspc, p->processor ? "processor" : "platform");
}
