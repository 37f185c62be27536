/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu: what is found for a quote, what is not, and the times in which all of
 * it holds. */
#include "tdx_cases.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct tdx_case world; /* verified, and endorsed by one bundle */

static struct aver_cpu *cpu_of(struct aver_endorsements *e)
{
    return aver_cpu_new(aver_buf_view(&world.quote), e, world.policy.at);
}

static enum aver_word judge(struct aver_cpu *cpu, struct aver_verdict *v)
{
    struct aver_subject s = {.policy = &world.policy, .cpu = cpu};

    aver_judge(v, &s);
    return v->word;
}

static enum aver_result result_of(const struct aver_verdict *v, const char *id)
{
    for (unsigned i = 0; i < v->n; i++)
        if (strcmp(v->checks[i].row->id, id) == 0)
            return v->checks[i].result;
    fail_msg("no row %s", id);
    return AVER_FAIL;
}

static void all_found(void **state)
{
    struct aver_cpu *c = cpu_of(world.e);
    struct aver_verdict v;

    (void)state;
    assert_string_equal(c->quote_fault, "");
    assert_string_equal(c->pck_fault, "");
    assert_null(c->own);
    assert_ptr_equal(c->platform, world.e->platform[0]);
    assert_ptr_equal(c->leaf, &c->platform->chain.link[0]);
    assert_ptr_equal(c->tcb_info, world.e->tcb[0]);
    assert_ptr_equal(c->qe_identity, world.e->qe[0]);
    assert_true(c->root_list != NULL && c->pck_list != NULL);
    assert_ptr_not_equal(c->root_list, c->pck_list);
    assert_true(c->evaluated);
    assert_int_equal(c->attestation_point[0], 4);
    assert_memory_equal(c->attestation_point + 1, c->quote.attestation_key.p,
                        64);
    assert_int_equal(judge(c, &v), AVER_VERIFIED);
    aver_cpu_free(c);
    aver_cpu_free(NULL);
}

static const struct aver_window *window(const struct aver_window *w, unsigned n,
                                        const char *what)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(w[i].what, what) == 0)
            return &w[i];
    fail_msg("no window of %s", what);
    return NULL;
}

static void windows(void **state)
{
    struct aver_window w[AVER_WINDOWS_MAX];
    struct aver_cpu *c = cpu_of(world.e);
    unsigned n = aver_cpu_windows(c, w);

    (void)state;
    assert_ptr_equal(c->tcb_signers, c->qe_signers); /* one text, told once */
    assert_int_equal(n, 9);
    for (unsigned i = 0; i < n; i++)
        assert_true(w[i].start <= world.policy.at &&
                    world.policy.at <= w[i].end);
    const struct aver_window *t = window(w, n, "the TCB info");
    assert_int_equal(t->start, c->tcb_info->tcb.issued);
    assert_int_equal(t->end, c->tcb_info->tcb.next_update);
    const struct aver_window *q = window(w, n, "the QE identity");
    assert_int_equal(q->end, c->qe_identity->qe.next_update);
    const struct aver_window *leaf = window(w, n, "the PCK certificate");
    assert_int_equal(leaf->start, c->leaf->cert.not_before);
    const struct aver_window *list =
        window(w, n, "the root's list of withdrawn certificates");
    assert_int_equal(list->end, c->root_list->crl.next_update);
    int64_t first = aver_window_first_end(w, n)->end;
    for (unsigned i = 0; i < n; i++)
        assert_true(first <= w[i].end);
    aver_cpu_free(c);
}

/* A signer of its own for each document. */
static void two_signers(void **state)
{
    struct aver_window w[AVER_WINDOWS_MAX];
    struct aver_cpu *c = cpu_of(world.e);

    (void)state;
    c->qe_signers = &c->platform->chain; /* of three: two are looked at */
    assert_int_equal(aver_cpu_windows(c, w), 11);
    assert_int_equal(
        window(w, 11, "a certificate of the QE identity's signer")->end,
        c->leaf->cert.not_after);
    c->qe_signers = NULL;
    assert_int_equal(aver_cpu_windows(c, w), 9);
    aver_cpu_free(c);
}

static void first_end(void **state)
{
    static const struct aver_window w[] = {
        {"a", 0, 7}, {"b", 9, 5}, {"c", 0, 5}, {"d", -8, 6}};

    (void)state;
    assert_null(aver_window_first_end(w, 0));
    assert_ptr_equal(aver_window_first_end(w, 1), &w[0]);
    assert_ptr_equal(aver_window_first_end(w, 4), &w[1]);
}

static void no_quote(void **state)
{
    struct aver_window w[AVER_WINDOWS_MAX];
    struct aver_verdict v;
    static const size_t cuts[] = {0, 1, 47, 48, 700};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        unsigned before = world.e->nplatforms;
        struct aver_cpu *c = aver_cpu_new(aver_bytes_of(world.quote.p, cuts[i]),
                                          world.e, world.policy.at);

        assert_true(c->quote_fault[0] != '\0');
        assert_true(c->platform == NULL && c->leaf == NULL && !c->evaluated);
        assert_int_equal(world.e->nplatforms, before);
        assert_int_equal(aver_cpu_windows(c, w), 0);
        assert_int_equal(judge(c, &v), AVER_REFUSED);
        for (unsigned j = 0; j < v.n; j++)
            if (v.checks[j].result != AVER_SKIP)
                assert_string_equal(v.checks[j].row->id, "tdx.quote");
        aver_cpu_free(c);
    }
}

/* Nothing from Intel: what the quote says by itself is judged, and the whole
 * is undecided. */
static void no_endorsements(void **state)
{
    static const char *const unknown[] = {"tdx.lists", "tdx.endorsements"};
    static const char *const passed[] = {
        "tdx.quote",          "tdx.pck_chain",       "tdx.qe_report_signature",
        "tdx.qe_report_data", "tdx.quote_signature", "tdx.not_expired"};
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_cpu *c = cpu_of(e);
    struct aver_window w[AVER_WINDOWS_MAX];
    struct aver_verdict v;

    (void)state;
    assert_false(c->evaluated);
    assert_int_equal(aver_cpu_windows(c, w), 3);
    assert_int_equal(judge(c, &v), AVER_UNDECIDED);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(result_of(&v, unknown[i]), AVER_UNKNOWN);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(result_of(&v, passed[i]), AVER_PASS);
    assert_int_equal(result_of(&v, "tdx.tcb_status"), AVER_SKIP);
    aver_cpu_free(c);
    aver_endorsements_free(e);
}

/* A set that has met 64 platforms keeps none that is new, and judges it the
 * same. */
static void set_without_room(void **state)
{
    struct aver_verdict v;
    struct aver_endorsements *e = aver_endorsements_new();

    (void)state;
    tdx_add(e, "tdx/collateral/90c06f-20260610.json");
    for (unsigned i = 0; i < AVER_DOCUMENTS_MAX; i++) {
        char text[16];

        snprintf(text, sizeof(text), "%u", i);
        assert_non_null(aver_endorsements_platform(e, aver_bytes_str(text)));
    }
    for (unsigned i = 0; i < 3; i++) {
        struct aver_cpu *c = cpu_of(e);

        assert_non_null(c->own);
        assert_ptr_equal(c->own, c->platform);
        assert_int_equal(judge(c, &v), AVER_VERIFIED);
        aver_cpu_free(c);
        world.quote.p[600] ^= 1; /* in report_data: and its opposite */
        c = cpu_of(e);
        assert_int_equal(judge(c, &v), AVER_REFUSED);
        world.quote.p[600] ^= 1;
        aver_cpu_free(c);
    }
    assert_int_equal(e->nplatforms, AVER_DOCUMENTS_MAX);
    aver_endorsements_free(e);
}

/* What is remembered of a platform is of the report that it was found out
 * for: good, spoilt and good again, in either order of asking. */
static void remembers_one_enclave_report(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_cpu *c = NULL;
    struct aver_verdict v;

    (void)state;
    tdx_add(e, "tdx/collateral/90c06f-20260610.json");
    c = cpu_of(e);
    size_t report = (size_t)(c->quote.qe_report.p - world.quote.p);
    size_t signature = (size_t)(c->quote.qe_signature.p - world.quote.p);
    aver_cpu_free(c);
    const size_t places[] = {report, report + 383, signature, signature + 63};
    for (unsigned i = 0; i < 4; i++)
        for (unsigned good = 0; good < 2; good++) {
            world.quote.p[places[i]] ^= !good;
            c = cpu_of(e);
            judge(c, &v);
            assert_int_equal(result_of(&v, "tdx.qe_report_signature"),
                             good ? AVER_PASS : AVER_FAIL);
            aver_cpu_free(c);
            world.quote.p[places[i]] ^= !good;
        }
    assert_int_equal(e->nplatforms, 1);
    aver_endorsements_free(e);
}

static void another_chain(void **state)
{
    static const struct {
        const char *id;
        bool leaf, pck_fault;
    } cases[] = {
        {"syn-chain-extra-cert", false, false},
        {"syn-pck-no-sgx-ext", true, true},
        {"syn-pck-ext-missing-fmspc", true, true},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct tdx_case c;
        struct aver_window w[AVER_WINDOWS_MAX];

        tdx_case_open(&c, "tdx/cases", cases[i].id);
        tdx_case_judge(&c);
        assert_int_equal(c.cpu->leaf != NULL, cases[i].leaf);
        assert_int_equal(c.cpu->pck_fault[0] != '\0', cases[i].pck_fault);
        assert_null(c.cpu->tcb_info);
        assert_false(c.cpu->evaluated);
        assert_int_equal(aver_cpu_windows(c.cpu, w), cases[i].leaf ? 3 : 0);
        tdx_case_close(&c);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_found),
        cmocka_unit_test(windows),
        cmocka_unit_test(two_signers),
        cmocka_unit_test(first_end),
        cmocka_unit_test(no_quote),
        cmocka_unit_test(no_endorsements),
        cmocka_unit_test(set_without_room),
        cmocka_unit_test(remembers_one_enclave_report),
        cmocka_unit_test(another_chain),
    };

    vectors_start(argc, argv);
    tdx_case_open(&world, "tdx/cases", "real-nanogpt-0610");
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    tdx_case_close(&world);
    return rc;
}
