/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements: which of several documents is taken, and what a set remembers.
 * The documents are unsigned: what is chosen is judged elsewhere. */
#include "base/time.h"
#include "json_edit.h"
#include "tdx_cases.h"
#include "x509_parts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *tdx, *sgx, *qe;
static json_t *bundle;

static int64_t day(unsigned n)
{
    char text[32];
    int64_t at = 0;

    snprintf(text, sizeof(text), "2026-06-%02uT00:00:00Z", n);
    assert_int_equal(aver_time_parse(&at, aver_bytes_str(text)), 0);
    return at;
}

/* A document that a letter stands for: issued and ending on days of June. */
static const struct document {
    char letter;
    char **text; /* NULL: cannot be read */
    unsigned issued, ends;
    const char *member, *value; /* exchanged besides */
} documents[] = {
    {'a', &tdx, 1, 10, NULL, NULL},
    {'b', &tdx, 5, 15, NULL, NULL},
    {'c', &tdx, 5, 12, NULL, NULL},
    {'p', &tdx, 5, 15, "pceId", "\"0001\""},
    {'f', &tdx, 5, 15, "fmspc", "\"010203040506\""},
    {'s', &sgx, 1, 20, "fmspc", "\"90c06f000000\""},
    {'x', NULL, 0, 0, NULL, NULL},
    {'A', &qe, 1, 10, NULL, NULL},
    {'B', &qe, 5, 15, NULL, NULL},
    {'Q', &qe, 1, 20, "id", "\"QE\""},
    {'V', &qe, 1, 20, "id", "\"QVE\""},
    {'X', NULL, 0, 0, NULL, NULL},
};

static const struct document *document_of(char letter)
{
    size_t i = 0;

    while (documents[i].letter != letter)
        i++;
    return &documents[i];
}

static char *text_of(const struct document *d)
{
    char date[2][32];

    if (d->text == NULL)
        return strdup(d->letter == 'x' ? "[" : "[[");
    snprintf(date[0], 32, "\"2026-06-%02uT00:00:00Z\"", d->issued);
    snprintf(date[1], 32, "\"2026-06-%02uT00:00:00Z\"", d->ends);
    char *one = json_edit(*d->text, "issueDate", date[0]);
    char *two = json_edit(one, "nextUpdate", date[1]);
    char *out =
        d->member != NULL ? json_edit(two, d->member, d->value) : strdup(two);
    free(one);
    free(two);
    return out;
}

/* A set of the documents of these letters, in this order or the other. */
static struct aver_endorsements *set_of(const char *letters, bool backwards)
{
    struct aver_endorsements *e = aver_endorsements_new();
    size_t n = strlen(letters);

    for (size_t i = 0; i < n; i++) {
        char letter = letters[backwards ? n - 1 - i : i];
        char *text = text_of(document_of(letter));
        struct aver_bytes in = aver_bytes_str(text), none = {NULL, 0};

        assert_int_equal(letter >= 'a'
                             ? aver_endorsements_add_tcb(e, in, none, NULL)
                             : aver_endorsements_add_qe(e, in, none, NULL),
                         0);
        free(text);
    }
    return e;
}

/* The letter of what was chosen; '-' if nothing was. */
static char letter_of(const struct aver_document *d)
{
    if (d == NULL)
        return '-';
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        char *text = text_of(&documents[i]);
        bool same = aver_bytes_is(aver_buf_view(&d->text), text);

        free(text);
        if (same)
            return documents[i].letter;
    }
    return '?';
}

static void chosen_tcb_info(void **state)
{
    static const uint8_t fmspc[6] = {0x90, 0xc0, 0x6f}, pceid[2] = {0, 0};
    static const struct {
        const char *set;
        bool sgx;
        unsigned day;
        char want;
    } cases[] = {
        {"", false, 6, '-'},    {"a", false, 6, 'a'},
        {"a", false, 25, 'a'}, /* an ended one is better than none */
        {"ab", false, 3, 'a'},  {"ab", false, 5, 'b'},
        {"ab", false, 10, 'b'}, {"ab", false, 12, 'b'},
        {"ab", false, 25, 'b'}, {"bc", false, 14, 'b'},
        {"ac", false, 15, 'c'}, {"f", false, 6, '-'},
        {"fa", false, 6, 'a'},  {"s", false, 6, 's'},
        {"sa", false, 6, 'a'},  {"sa", false, 18, 'a'},
        {"sa", true, 6, 's'},   {"a", true, 6, 'a'},
        {"pa", false, 6, 'a'},  {"pa", false, 12, 'a'},
        {"p", false, 6, 'p'},   {"x", false, 6, 'x'},
        {"xa", false, 25, 'a'}, {"xs", false, 25, 's'},
        {"xf", false, 6, 'x'},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            struct aver_endorsements *e = set_of(cases[i].set, backwards);
            char have = letter_of(aver_endorsements_tcb(
                e, !cases[i].sgx, fmspc, pceid, day(cases[i].day)));

            if (have != cases[i].want)
                fail_msg("%s on day %u: %c", cases[i].set, cases[i].day, have);
            aver_endorsements_free(e);
        }
}

static void chosen_identity(void **state)
{
    static const struct {
        const char *set;
        bool sgx;
        unsigned day;
        char want;
    } cases[] = {
        {"", false, 6, '-'},    {"A", false, 25, 'A'},  {"AB", false, 3, 'A'},
        {"AB", false, 6, 'B'},  {"AB", false, 25, 'B'}, {"QA", false, 18, 'A'},
        {"QA", true, 3, 'Q'},   {"QV", true, 6, 'Q'},   {"V", true, 6, 'V'},
        {"VA", false, 18, 'A'}, {"A", true, 6, 'A'},    {"X", false, 6, 'X'},
        {"XA", false, 25, 'A'}, {"XQ", true, 25, 'Q'},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            struct aver_endorsements *e = set_of(cases[i].set, backwards);
            char have = letter_of(
                aver_endorsements_qe(e, !cases[i].sgx, day(cases[i].day)));

            if (have != cases[i].want)
                fail_msg("%s on day %u: %c", cases[i].set, cases[i].day, have);
            aver_endorsements_free(e);
        }
}

/* Both ends of a window belong to it. */
static void ends_belong_to_it(void **state)
{
    static const uint8_t fmspc[6] = {0x90, 0xc0, 0x6f}, pceid[2] = {0, 0};
    static const struct {
        unsigned day;
        int more; /* seconds */
        char want;
    } cases[] = {
        {5, -1, 'a'}, {5, 0, 'c'}, {12, 0, 'c'}, {12, 1, 'b'}, {15, 0, 'b'}};

    (void)state;
    /* 'c' is given first, and as new as 'b': the first of equals is taken. */
    struct aver_endorsements *e = set_of("acb", false);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(
            letter_of(aver_endorsements_tcb(e, true, fmspc, pceid,
                                            day(cases[i].day) + cases[i].more)),
            cases[i].want);
    aver_endorsements_free(e);
}

/* Lists, each by one letter. */
static struct aver_buf list_of(char letter)
{
    struct aver_buf junk;

    switch (letter) {
    case 'a': /* 2026 */
        return crl_of_parts(CRL_PARTS, NULL);
    case 'b': /* from June on */
        return crl_of_parts(CRL_THIS, "170d3236303630313030303030305a");
    case 'c': /* to March */
        return crl_of_parts(CRL_NEXT, "170d3236303330313030303030305a");
    case 'd':
        return crl_of_parts(CRL_ISSUER, "300c" CN("0a", "08", "0c014f"));
    default:
        aver_buf_init(&junk, 16);
        der_hex(&junk, "0500");
        return junk;
    }
}

static char letter_of_list(const struct aver_list *l)
{
    for (const char *p = "abcdx"; l != NULL && *p != '\0'; p++) {
        struct aver_buf der = list_of(*p);
        bool same =
            aver_bytes_equal(aver_buf_view(&der), aver_buf_view(&l->der));

        aver_buf_clear(&der);
        if (same)
            return *p;
    }
    return '-';
}

static void chosen_list(void **state)
{
    static const struct {
        const char *set;
        unsigned month;
        char want;
    } cases[] = {
        {"", 2, '-'},   {"a", 2, 'a'},  {"ab", 2, 'a'}, {"ab", 7, 'b'},
        {"ac", 7, 'a'}, {"c", 7, 'c'},  {"d", 2, '-'},  {"da", 2, 'a'},
        {"x", 2, 'x'},  {"xc", 7, 'c'}, {"xd", 2, 'x'}, {"cb", 2, 'c'},
    };
    struct aver_buf issuer;

    (void)state;
    aver_buf_init(&issuer, 64);
    der_hex(&issuer, crl_parts[CRL_ISSUER]);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            struct aver_endorsements *e = aver_endorsements_new();
            size_t n = strlen(cases[i].set);

            for (size_t j = 0; j < n; j++) {
                struct aver_buf der =
                    list_of(cases[i].set[backwards ? n - 1 - j : j]);
                assert_int_equal(
                    aver_endorsements_add_list(e, aver_buf_view(&der)), 0);
                aver_buf_clear(&der);
            }
            int64_t at = day(1) + ((int64_t)cases[i].month - 6) * 30 * 86400;
            char have = letter_of_list(
                aver_endorsements_list(e, aver_buf_view(&issuer), at));
            if (have != cases[i].want)
                fail_msg("%s in month %u: %c", cases[i].set, cases[i].month,
                         have);
            aver_endorsements_free(e);
        }
    aver_buf_clear(&issuer);
}

static struct aver_chain *add_chain(struct aver_endorsements *e,
                                    const char *pem)
{
    return aver_endorsements_chain(e, aver_bytes_str(pem));
}

static struct aver_document *add_signed(struct aver_endorsements *e,
                                        struct aver_chain *signers)
{
    assert_int_equal(
        aver_endorsements_add_tcb(
            e, aver_bytes_str(vectors_text(bundle, "tcb_info")),
            aver_bytes_str(vectors_text(bundle, "tcb_info_signature")),
            signers),
        0);
    return e->tcb[e->ntcb - 1];
}

/* Certificates of a key of another curve, in PEM. */
static void p384_pem(char out[static 2048])
{
    struct aver_buf der = cert_of_parts(
        CERT_KEY, "3076" KEY_P384 "03620004" ZERO64 ZERO8 ZERO8 ZERO8 ZERO8);
    struct aver_buf text;
    size_t n = 0;

    aver_buf_init(&text, 4096);
    assert_int_equal(aver_base64_encode_buf(&text, aver_buf_view(&der)), 0);
    n += (size_t)snprintf(out, 2048, "-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 0; i < text.n; i += 64)
        n += (size_t)snprintf(out + n, 2048 - n, "%.*s\n",
                              (int)(text.n - i < 64 ? text.n - i : 64),
                              (const char *)text.p + i);
    snprintf(out + n, 2048 - n, "-----END CERTIFICATE-----\n");
    aver_buf_clear(&text);
    aver_buf_clear(&der);
}

static void who_signed_it(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_document *d = add_signed(e, NULL);
    char p384[2048];

    (void)state;
    assert_null(aver_endorsements_signers(e, d));
    add_chain(e, "unreadable");
    p384_pem(p384);
    struct aver_chain *other = add_chain(e, p384);
    assert_string_equal(other->fault, "");
    assert_int_equal(other->link[0].cert.curve, AVER_P384);
    assert_null(aver_endorsements_signers(e, d));
    /* Certificates, but of nobody who signed it: told, and not kept. */
    struct aver_chain *ca =
        add_chain(e, vectors_text(bundle, "pck_crl_issuer_chain"));
    assert_ptr_equal(aver_endorsements_signers(e, d), ca);
    assert_null(d->signers);
    struct aver_chain *right =
        add_chain(e, vectors_text(bundle, "tcb_info_issuer_chain"));
    assert_ptr_equal(aver_endorsements_signers(e, d), right);
    assert_ptr_equal(d->signers, right);
    assert_ptr_equal(aver_endorsements_signers(e, d), right);
    /* Those that came with it are taken, whoever they are. */
    struct aver_document *mine = add_signed(e, ca);
    assert_ptr_equal(aver_endorsements_signers(e, mine), ca);
    aver_endorsements_free(e);
}

static void signatures(void **state)
{
    static const struct {
        const char *hex;
        bool has;
    } cases[] = {
        {"", false},
        {"00", false},
        {ZERO64, true},
        {ZERO64 "00", false},
        {ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 "000000000000000g", false}};
    struct aver_endorsements *e = aver_endorsements_new();

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(aver_endorsements_add_tcb(e, aver_bytes_str(tdx),
                                                   aver_bytes_str(cases[i].hex),
                                                   NULL),
                         0);
        assert_int_equal(e->tcb[i]->has_signature, cases[i].has);
        assert_int_equal(e->tcb[i]->fault[0] == '\0', cases[i].has);
        assert_non_null(e->tcb[i]->tcb.tree);
    }
    aver_endorsements_free(e);
}

static void full(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_bytes none = {NULL, 0}, text = aver_bytes_str("{}");

    (void)state;
    for (unsigned i = 0; i <= AVER_DOCUMENTS_MAX; i++) {
        int want = i < AVER_DOCUMENTS_MAX ? 0 : -1;

        assert_int_equal(aver_endorsements_add_tcb(e, text, none, NULL), want);
        assert_int_equal(aver_endorsements_add_qe(e, text, none, NULL), want);
        assert_int_equal(aver_endorsements_add_list(e, text), want);
        /* Empty texts are equal to none. */
        assert_int_equal(aver_endorsements_chain(e, none) == NULL, want != 0);
        assert_int_equal(aver_endorsements_platform(e, none) == NULL,
                         want != 0);
    }
    aver_endorsements_free(e);
    aver_endorsements_free(NULL);
    aver_platform_free(NULL);
}

static void larger_than_a_file(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();
    size_t n = AVER_ENDORSEMENTS_MAX + 1;
    struct aver_bytes large = aver_bytes_of(calloc(1, n), n);
    struct aver_bytes none = {NULL, 0};

    (void)state;
    assert_non_null(large.p);
    assert_int_equal(aver_endorsements_add_tcb(e, large, none, NULL), -1);
    assert_int_equal(aver_endorsements_add_qe(e, large, none, NULL), -1);
    assert_int_equal(aver_endorsements_add_list(e, large), -1);
    assert_int_equal(e->ntcb + e->nqe + e->nlists, 0);
    aver_endorsements_free(e);
    der_done(large);
}

/* One object for one text. */
static void chains_and_platforms_once(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();
    const char *pem = vectors_text(bundle, "pck_crl_issuer_chain");
    struct aver_bytes text = aver_bytes_str(pem);

    (void)state;
    struct aver_chain *c = aver_endorsements_chain(e, text);
    struct aver_platform *p = aver_endorsements_platform(e, text);
    assert_int_equal(p->chain.n, 2);
    add_chain(e, "other");
    assert_non_null(aver_endorsements_platform(e, aver_bytes_str("other")));
    assert_ptr_equal(aver_endorsements_chain(e, text), c);
    assert_ptr_equal(aver_endorsements_platform(e, text), p);
    assert_int_equal(e->nchains, 2);
    assert_int_equal(e->nplatforms, 2);
    text.n--; /* the last line end makes it another text */
    assert_ptr_not_equal(aver_endorsements_chain(e, text), c);
    assert_ptr_not_equal(aver_endorsements_platform(e, text), p);
    /* The same certificate in the set stands in for that of the platform. */
    assert_ptr_equal(aver_endorsements_same(e, &p->chain.link[0]), &c->link[0]);
    assert_ptr_equal(aver_endorsements_same(e, &p->chain.link[1]), &c->link[1]);
    p->chain.link[1].cert.der.n--;
    assert_ptr_equal(aver_endorsements_same(e, &p->chain.link[1]),
                     &p->chain.link[1]);
    aver_endorsements_free(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_tcb_info),
        cmocka_unit_test(chosen_identity),
        cmocka_unit_test(ends_belong_to_it),
        cmocka_unit_test(chosen_list),
        cmocka_unit_test(who_signed_it),
        cmocka_unit_test(signatures),
        cmocka_unit_test(full),
        cmocka_unit_test(larger_than_a_file),
        cmocka_unit_test(chains_and_platforms_once),
    };

    vectors_start(argc, argv);
    bundle = vectors_index("tdx/collateral/90c06f-20260610.json");
    json_t *other = vectors_index("tdx/collateral/sgx-00606a-20250815.json");
    tdx = strdup(vectors_text(bundle, "tcb_info"));
    qe = strdup(vectors_text(bundle, "qe_identity"));
    sgx = strdup(vectors_text(other, "tcb_info"));
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    free(tdx);
    free(qe);
    free(sgx);
    json_decref(other);
    json_decref(bundle);
    return rc;
}
