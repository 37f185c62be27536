/* SPDX-License-Identifier: Apache-2.0
 *
 * revocation: how a certificate stands by every set of answers and lists of
 * gpu/revocation, how those of the GPU cases stand by theirs, and that no
 * signature is looked at twice. */
#include "vectors.h"
#include "verify/endorsements.h"
#include "verify/revocation.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FOLDER "gpu/revocation"
#define SET_MAX 16

static struct aver_ec *ec;

/* Answers and lists that are given together. */
struct set {
    struct aver_staple *staple[SET_MAX];
    struct aver_endorsements *e; /* holds the lists */
    struct aver_revocation r;
};

static void set_open(struct set *s)
{
    memset(s, 0, sizeof(*s));
    s->e = aver_endorsements_new();
    s->r = (struct aver_revocation){
        .ec = ec, .staple = s->staple, .list = s->e->list};
}

static void set_close(struct set *s)
{
    for (unsigned i = 0; i < s->r.n; i++)
        aver_staple_free(s->staple[i]);
    aver_endorsements_free(s->e);
}

static struct aver_staple *add_answer(struct set *s, const char *path)
{
    struct aver_buf der = vectors_file(path);
    struct aver_staple *staple = aver_staple_new(aver_buf_view(&der));

    assert_non_null(staple);
    assert_true(s->r.n < SET_MAX);
    s->staple[s->r.n++] = staple;
    aver_buf_clear(&der);
    return staple;
}

static void add_list(struct set *s, const char *path)
{
    struct aver_buf der = vectors_file(path);

    assert_int_equal(aver_endorsements_add_list(s->e, aver_buf_view(&der)), 0);
    s->r.nlists = s->e->nlists;
    aver_buf_clear(&der);
}

static struct aver_link link_file(struct aver_buf *der, const char *name)
{
    struct aver_link l;

    memset(&l, 0, sizeof(l));
    *der = vectors_file(name);
    if (aver_cert_parse(&l.cert, aver_buf_view(der), NULL) != 0)
        vectors_broken("no certificate", name);
    return l;
}

static struct aver_buf ca_der, leaf_der;
static struct aver_link ca, leaf;

static const char *standing_name(enum aver_standing s)
{
    static const char *const names[] = {"unknown", "good", "revoked"};

    return names[s];
}

static void add_named(struct set *s, const json_t *row)
{
    char path[512];
    const json_t *name;
    size_t i;

    json_array_foreach(json_object_get(row, "ocsp"), i, name)
    {
        snprintf(path, sizeof(path), FOLDER "/ocsp-%s.der",
                 json_string_value(name));
        add_answer(s, path);
    }
    json_array_foreach(json_object_get(row, "crl"), i, name)
    {
        snprintf(path, sizeof(path), FOLDER "/crl-%s.der",
                 json_string_value(name));
        add_list(s, path);
    }
    s->r.at = json_integer_value(json_object_get(row, "at"));
    s->r.grace = json_integer_value(json_object_get(row, "grace"));
    s->r.allow_hold = vectors_true(row, "allow_hold");
}

/* Asked twice: what is remembered gives the same answer. */
static void check_row(size_t at, const json_t *row)
{
    const json_t *cause = json_object_get(row, "cause");
    const json_t *want_until = json_object_get(row, "until");
    struct set s;

    set_open(&s);
    add_named(&s, row);
    for (unsigned i = 0; i < 2; i++) {
        struct aver_flaw flaw = {0};
        int64_t until = -1;
        enum aver_standing standing =
            aver_revocation_of(&s.r, &leaf, &ca, &until, &flaw);

        if (!vectors_is(row, "standing", standing_name(standing)))
            fail_msg("case %zu: %s %s", at, standing_name(standing), flaw.text);
        if (json_is_null(cause)
                ? flaw.cause != NULL
                : flaw.cause == NULL ||
                      strcmp(flaw.cause, json_string_value(cause)) != 0)
            fail_msg("case %zu: %s: %s", at, flaw.cause, flaw.text);
        if ((flaw.cause == NULL) != (flaw.text[0] == '\0'))
            fail_msg("case %zu: a sentence without a cause, or none", at);
        if (standing == AVER_STANDING_GOOD
                ? until != json_integer_value(want_until)
                : until != -1)
            fail_msg("case %zu: until %lld", at, (long long)until);
    }
    set_close(&s);
}

static void every_set(void **state)
{
    json_t *index = vectors_index(FOLDER "/index.json");
    const json_t *row;
    size_t i;

    (void)state;
    assert_true(json_array_size(index) > 100);
    json_array_foreach(index, i, row) check_row(i, row);
    json_decref(index);
}

/* --- the cases of GPU evidence --- */

/* The text of a certificate chain from the first device of a payload. */
static struct aver_buf chain_text(const char *id)
{
    char path[512];
    struct aver_buf out;

    snprintf(path, sizeof(path), "gpu/cases/%s/payload.json", id);
    json_t *payload = vectors_index(path);
    const json_t *list = json_object_get(payload, "evidence_list");
    out = vectors_base64(json_array_get(list, 0), "certificate");
    while (out.n > 0 && out.p[out.n - 1] == '\0')
        out.n--;
    json_decref(payload);
    return out;
}

/* The certificates of a RIM's signature as a PEM text. */
static struct aver_buf rim_text(const char *name)
{
    static const char open[] = "X509Certificate>", shut[] = "</";
    char path[512];
    struct aver_buf out, der;

    snprintf(path, sizeof(path), "gpu/%s", name);
    struct aver_buf xml = vectors_file(path);
    assert_int_equal(aver_buf_append(&xml, "", 1), 0);
    aver_buf_init(&out, 65536);
    for (const char *p = (const char *)xml.p; (p = strstr(p, open)) != NULL;) {
        const char *end = strstr(p += strlen(open), shut);

        aver_buf_init(&der, 8192);
        for (; p < end; p++)
            if (strchr("\r\n\t ", *p) == NULL)
                assert_int_equal(aver_buf_append(&der, p, 1), 0);
        assert_int_equal(
            aver_buf_append_str(&out, "-----BEGIN CERTIFICATE-----\n"), 0);
        for (size_t i = 0; i < der.n; i += 64)
            assert_int_equal(
                aver_buf_printf(&out, "%.*s\n",
                                (int)(der.n - i < 64 ? der.n - i : 64),
                                (const char *)der.p + i),
                0);
        assert_int_equal(
            aver_buf_append_str(&out, "-----END CERTIFICATE-----\n"), 0);
        aver_buf_clear(&der);
        p = strchr(end, '>');
    }
    aver_buf_clear(&xml);
    return out;
}

static void add_collateral(struct set *s, const json_t *expected,
                           const char *id)
{
    const json_t *names =
        json_object_get(json_object_get(expected, "collateral"), "ocsp");
    const json_t *name;
    char path[512];
    size_t i;

    json_array_foreach(names, i, name)
    {
        const char *text = json_string_value(name);

        if (strncmp(text, "./", 2) == 0)
            snprintf(path, sizeof(path), "gpu/cases/%s/%s", id, text + 2);
        else
            snprintf(path, sizeof(path), "gpu/%s", text);
        add_answer(s, path);
    }
}

/* The first flaw of links first..last, each by its issuer. */
static void ask_chain(const struct set *s, struct aver_buf *pem, unsigned first,
                      unsigned last, struct aver_flaw *flaw)
{
    struct aver_chain c;

    aver_chain_init(&c, aver_buf_view(pem));
    assert_string_equal(c.fault, "");
    assert_int_equal(c.n, last + 2);
    for (unsigned i = first; i <= last; i++)
        aver_revocation_of(&s->r, &c.link[i], &c.link[i + 1], NULL, flaw);
    aver_chain_clear(&c);
    aver_buf_clear(pem);
}

static void ask_rims(struct set *s, const json_t *expected,
                     struct aver_flaw *flaw)
{
    const json_t *rims =
        json_object_get(json_object_get(expected, "collateral"), "rims");
    const json_t *name;
    size_t i;

    json_array_foreach(rims, i, name)
    {
        struct aver_buf pem = rim_text(json_string_value(name));

        ask_chain(s, &pem, 0, 2, flaw);
    }
}

static void check_case(const char *id)
{
    char path[512];
    struct aver_flaw device = {0}, rim = {0};
    struct set s;

    snprintf(path, sizeof(path), "gpu/cases/%s/expected.json", id);
    json_t *expected = vectors_index(path);
    const json_t *policy = json_object_get(expected, "policy");
    set_open(&s);
    add_collateral(&s, expected, id);
    s.r.at = json_integer_value(json_object_get(expected, "now"));
    s.r.grace =
        json_integer_value(json_object_get(policy, "revocation_grace_s"));
    struct aver_buf pem = chain_text(id);
    ask_chain(&s, &pem, 1, 3, &device);
    s.r.allow_hold = json_is_true(json_object_get(policy, "allow_hold"));
    ask_rims(&s, expected, &rim);
    const struct aver_flaw *first = device.cause != NULL ? &device : &rim;
    if (vectors_is(expected, "verdict", "accept")) {
        if (first->cause != NULL)
            fail_msg("%s: %s: %s", id, first->cause, first->text);
    } else if (vectors_is(expected, "verdict", "policy")) {
        assert_string_equal(device.cause, "revoked");
    } else {
        const char *want = vectors_text(expected, "reason_class");

        if (strncmp(want, "rim_", 4) == 0) {
            assert_null(device.cause);
            want += 4;
        }
        if (first->cause == NULL || strcmp(first->cause, want) != 0)
            fail_msg("%s: %s, not %s: %s", id, first->cause, want, first->text);
    }
    set_close(&s);
    json_decref(expected);
}

static int is_about_this(const struct dirent *e)
{
    return strncmp(e->d_name, "syn-ocsp-", 9) == 0 ||
           strncmp(e->d_name, "syn-rim-rev-", 12) == 0 ||
           (strncmp(e->d_name, "real-", 5) == 0 &&
            strstr(e->d_name, "ocsp") != NULL);
}

static void gpu_cases(void **state)
{
    char path[512];
    struct dirent **names = NULL;

    (void)state;
    snprintf(path, sizeof(path), "%s/gpu/cases", vectors_folder);
    int n = scandir(path, &names, is_about_this, alphasort);
    assert_int_equal(n, 25);
    for (int i = 0; i < n; i++) {
        check_case(names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

/* --- what is remembered --- */

/* A signature that is not one any more: whoever looks sees that. */
static void spoil(struct aver_bytes *signature)
{
    signature->n = 0;
}

static enum aver_standing ask(const struct set *s)
{
    return aver_revocation_of(&s->r, &leaf, &ca, NULL, &(struct aver_flaw){0});
}

static void looked_at_once(void **state)
{
    struct set s;

    (void)state;
    set_open(&s);
    struct aver_staple *one = add_answer(&s, FOLDER "/ocsp-good-sha1.der");
    add_list(&s, FOLDER "/crl-empty.der");
    s.r.nlists = 0;
    s.r.at = 1780315200;
    assert_int_equal(ask(&s), AVER_STANDING_GOOD);
    spoil(&one->ocsp.signature);
    spoil(&one->ocsp.cert[0].signature);
    assert_int_equal(ask(&s), AVER_STANDING_GOOD);
    one->memo.n = 0;
    assert_int_equal(ask(&s), AVER_STANDING_UNKNOWN);
    one->memo.holds = true;
    one->delegation.n = 0;
    assert_int_equal(ask(&s), AVER_STANDING_UNKNOWN);
    s.r.nlists = 1;
    assert_int_equal(ask(&s), AVER_STANDING_GOOD);
    spoil(&s.e->list[0]->crl.signature);
    assert_int_equal(ask(&s), AVER_STANDING_GOOD);
    s.e->list[0]->memo.n = 0;
    assert_int_equal(ask(&s), AVER_STANDING_UNKNOWN);
    set_close(&s);
}

/* Eight answers of one responder: its certificate's signature is that of the
 * first alone; the others' are spoilt. What is known under another issuer's
 * key is not taken. */
static void one_responder(void **state)
{
    static const char *const names[] = {"sha1",   "sha256",    "sha384",
                                        "sha512", "extension", "many",
                                        "later",  "no-next"};
    char path[128];
    struct set s;

    (void)state;
    set_open(&s);
    s.r.at = 1780315200;
    for (unsigned i = 0; i < 8; i++) {
        snprintf(path, sizeof(path), FOLDER "/ocsp-good-%s.der", names[i]);
        struct aver_staple *one = add_answer(&s, path);
        if (i > 0)
            spoil(&one->ocsp.cert[0].signature);
    }
    assert_int_equal(ask(&s), AVER_STANDING_GOOD);
    for (unsigned i = 0; i < 8; i++)
        assert_true(s.staple[i]->delegation.n > 0 &&
                    s.staple[i]->delegation.holds && s.staple[i]->memo.holds);
    for (unsigned i = 0; i < 8; i++)
        s.staple[i]->delegation.under[5] ^= 1;
    spoil(&s.staple[0]->ocsp.cert[0].signature);
    assert_int_equal(ask(&s), AVER_STANDING_UNKNOWN);
    /* That it does not hold is known of all, too. */
    for (unsigned i = 0; i < 8; i++)
        assert_true(s.staple[i]->delegation.n > 0 &&
                    !s.staple[i]->delegation.holds);
    set_close(&s);
}

/* --- what cannot be read --- */

static void unreadable(void **state)
{
    static uint8_t large[AVER_OCSP_MAX + 1];
    struct aver_flaw flaw = {0};
    struct set s;

    (void)state;
    set_open(&s);
    s.r.at = 1780315200;
    s.staple[s.r.n++] = aver_staple_new(aver_bytes_str("nothing"));
    s.staple[s.r.n++] = aver_staple_new(aver_bytes_of(large, sizeof(large)));
    s.staple[s.r.n++] = aver_staple_new(aver_bytes_of(NULL, 0));
    assert_non_null(strstr(s.staple[0]->fault, "OCSP"));
    assert_non_null(strstr(s.staple[1]->fault, "65536"));
    assert_non_null(strstr(s.staple[2]->fault, "OCSP"));
    add_list(&s, FOLDER "/ocsp-good-sha1.der"); /* no list */
    assert_int_equal(aver_revocation_of(&s.r, &leaf, &ca, NULL, &flaw),
                     AVER_STANDING_UNKNOWN);
    assert_string_equal(flaw.cause, "revocation_missing");
    assert_non_null(strstr(flaw.text, "of 3, of which 3 cannot be read"));
    /* The first flaw stays. */
    add_answer(&s, FOLDER "/ocsp-revoked.der");
    assert_int_equal(aver_revocation_of(&s.r, &leaf, &ca, NULL, &flaw),
                     AVER_STANDING_REVOKED);
    assert_string_equal(flaw.cause, "revocation_missing");
    set_close(&s);
    aver_staple_free(NULL);
}

static void sentence(const char *file, int64_t at, const char *want)
{
    char path[128];
    struct aver_flaw flaw = {0};
    struct set s;

    set_open(&s);
    s.r.at = at;
    snprintf(path, sizeof(path), FOLDER "/ocsp-%s.der", file);
    add_answer(&s, path);
    aver_revocation_of(&s.r, &leaf, &ca, NULL, &flaw);
    if (strstr(flaw.text, want) == NULL)
        fail_msg("%s: \"%s\" without \"%s\"", file, flaw.text, want);
    set_close(&s);
}

static void sentences(void **state)
{
    (void)state;
    sentence("revoked", 0, "revoked since 2025-06-01T12:00:00Z (keyComp");
    sentence("revoked-no-reason", 0, "(no reason given)");
    sentence("revoked-stale", 0, "(superseded)");
    sentence("hold", 0, "on hold since 2025-06-01T12:00:00Z");
    sentence("stale", 1780315200,
             "good from 2025-06-01T11:00:00Z to 2025-06-02T11:00:00Z");
    sentence("responder-ended", 1780315200, "to 2026-06-01T11:00:00Z");
}

/* Times at the end of their range are not passed. */
static void endless_grace(void **state)
{
    int64_t until = 0;
    struct set s;

    (void)state;
    set_open(&s);
    s.r.at = INT64_MAX;
    s.r.grace = INT64_MAX;
    add_answer(&s, FOLDER "/ocsp-good-sha1.der");
    assert_int_equal(
        aver_revocation_of(&s.r, &leaf, &ca, &until, &(struct aver_flaw){0}),
        AVER_STANDING_GOOD);
    assert_true(until == INT64_MAX);
    set_close(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set),      cmocka_unit_test(gpu_cases),
        cmocka_unit_test(looked_at_once), cmocka_unit_test(one_responder),
        cmocka_unit_test(unreadable),     cmocka_unit_test(sentences),
        cmocka_unit_test(endless_grace),
    };

    vectors_start(argc, argv);
    ec = aver_ec_new();
    ca = link_file(&ca_der, FOLDER "/ca.der");
    leaf = link_file(&leaf_der, FOLDER "/leaf.der");
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    aver_buf_clear(&ca_der);
    aver_buf_clear(&leaf_der);
    aver_ec_free(ec);
    return rc;
}
