/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu_properties: what holds for every byte of a real quote, of each version:
 * cut there it is refused, with its lowest bit flipped it is refused, and
 * zeros behind it change nothing. */
#include "tdx_cases.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const real[] = {"real-dcapqvl-sgx-v3", "real-dcapqvl-tdx-v4",
                                   "real-gotdx-v5-uptodate"};
#define REAL (sizeof(real) / sizeof(real[0]))

/* Of a copy of exactly n bytes, so that a sanitizer sees a read past them. */
static enum aver_word judge(struct tdx_case *c, const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    struct aver_verdict v;

    memcpy(copy, p, n);
    struct aver_cpu *cpu =
        aver_cpu_new(aver_bytes_of(copy, n), c->e, c->policy.at);
    struct aver_subject s = {.policy = &c->policy, .cpu = cpu};
    aver_judge(&v, &s);
    aver_cpu_free(cpu);
    free(copy);
    return v.word;
}

static void open_case(struct tdx_case *c, size_t i)
{
    tdx_case_open(c, "tdx/cases", real[i]);
    tdx_case_judge(c);
    assert_int_equal(c->verdict.word, AVER_VERIFIED);
    c->quote.n -= c->cpu->quote.trailing.n;
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < REAL; i++) {
        struct tdx_case c;

        open_case(&c, i);
        for (size_t n = 0; n < c.quote.n; n++)
            if (judge(&c, c.quote.p, n) != AVER_REFUSED)
                fail_msg("%s: its first %zu bytes are not refused", c.id, n);
        tdx_case_close(&c);
    }
}

/* UNDECIDED is no yes either: a flipped issuer finds no list, for one. */
static void flipped_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < REAL; i++) {
        struct tdx_case c;

        open_case(&c, i);
        for (size_t at = 0; at < c.quote.n; at++) {
            c.quote.p[at] ^= 1;
            if (judge(&c, c.quote.p, c.quote.n) == AVER_VERIFIED)
                fail_msg("%s: byte %zu does not matter", c.id, at);
            c.quote.p[at] ^= 1;
        }
        assert_int_equal(judge(&c, c.quote.p, c.quote.n), AVER_VERIFIED);
        tdx_case_close(&c);
    }
}

static void padded(void **state)
{
    static const size_t zeros[] = {1, 70, 307, 3065, 1000000};

    (void)state;
    for (size_t i = 0; i < REAL; i++) {
        struct tdx_case c;

        open_case(&c, i);
        uint8_t *p = calloc(1, c.quote.n + 1000001);
        assert_non_null(p);
        memcpy(p, c.quote.p, c.quote.n);
        for (size_t j = 0; j < 5; j++)
            assert_int_equal(judge(&c, p, c.quote.n + zeros[j]), AVER_VERIFIED);
        p[c.quote.n + 5000] = 1;
        assert_int_equal(judge(&c, p, c.quote.n + 5000), AVER_VERIFIED);
        assert_int_equal(judge(&c, p, c.quote.n + 5001), AVER_REFUSED);
        free(p);
        tdx_case_close(&c);
    }
}

/* Where the one member stands that nobody reads: who issues the list of the
 * PCK CA is found in the quote. */
static void unread(const struct aver_buf *text, size_t *start, size_t *end)
{
    static const char name[] = "\"pck_crl_issuer_chain\"";
    const uint8_t *p = memmem(text->p, text->n, name, sizeof(name) - 1);
    const uint8_t *q;

    assert_non_null(p);
    *start = (size_t)(p - text->p);
    q = memmem(p + sizeof(name), text->n - *start - sizeof(name), "\",", 2);
    assert_non_null(q);
    *end = (size_t)(q - text->p);
}

/* Where the names of the signers' members stand: either stands in for the
 * other, since both are the same certificates. */
static bool in_name(const struct aver_buf *text, const char *name, size_t at)
{
    const uint8_t *p = memmem(text->p, text->n, name, strlen(name));

    assert_non_null(p);
    return at >= (size_t)(p - text->p) &&
           at < (size_t)(p - text->p) + strlen(name);
}

/* Endorsements cut or flipped, at places that move through them. */
static void endorsements_broken(void **state)
{
    struct tdx_case c;
    char path[512];
    size_t start, end;

    (void)state;
    open_case(&c, 1);
    tdx_path(path, &c, vectors_text(c.expected, "collateral"));
    struct aver_buf text = vectors_file(path);
    unread(&text, &start, &end);
    for (size_t at = 0; at < text.n; at += 7) {
        aver_endorsements_free(c.e);
        c.e = aver_endorsements_new();
        assert_int_equal(
            aver_endorsements_add(c.e, aver_bytes_of(text.p, at), NULL), -1);
        if ((at >= start && at <= end) ||
            in_name(&text, "tcb_info_issuer_chain", at) ||
            in_name(&text, "qe_identity_issuer_chain", at))
            continue;
        text.p[at] ^= 1;
        if (aver_endorsements_add(c.e, aver_buf_view(&text), NULL) == 0 &&
            judge(&c, c.quote.p, c.quote.n) == AVER_VERIFIED)
            fail_msg("byte %zu of the endorsements does not matter", at);
        text.p[at] ^= 1;
    }
    aver_buf_clear(&text);
    tdx_case_close(&c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(flipped_anywhere),
        cmocka_unit_test(padded),
        cmocka_unit_test(endorsements_broken),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
