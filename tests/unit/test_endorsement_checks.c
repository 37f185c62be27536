/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsement_checks: parts that are missing or of another form, one at a
 * time; and each end of each window, in its last second and the next one. */
#include "cpu_facts.h"

static struct aver_chain nobody;

FACT(no_signer_of_tcb_info)
{
    c->cpu->tcb_signers = NULL;
}

FACT(no_signer_of_identity)
{
    c->cpu->qe_signers = NULL;
}

FACT(unreadable_signers)
{
    snprintf(nobody.fault, sizeof(nobody.fault), "a fault");
    c->cpu->tcb_signers = &nobody;
}

FACT(pck_chain_as_signers)
{
    c->cpu->tcb_signers = &c->cpu->platform->chain;
}

FACT(signer_of_p384)
{
    c->cpu->tcb_signers->link[0].cert.curve = AVER_P384;
}

FACT(signer_is_a_ca)
{
    c->cpu->tcb_signers->link[0].cert.ca = true;
}

FACT(signer_demands)
{
    c->cpu->tcb_signers->link[0].cert.unknown_critical = true;
}

FACT(signer_named_otherwise)
{
    c->cpu->tcb_signers->link[0].cert.common_name =
        aver_bytes_str("Intel SGX PCK Certificate");
}

FACT(no_tcb_info)
{
    c->cpu->tcb_info = NULL;
    c->e->ntcb = 0;
}

FACT(no_identity)
{
    c->cpu->qe_identity = NULL;
}

FACT(unsigned_tcb_info)
{
    c->cpu->tcb_info->has_signature = false;
}

FACT(faulty_tcb_info)
{
    snprintf(c->cpu->tcb_info->fault, 64, "a fault");
}

FACT(faulty_identity)
{
    snprintf(c->cpu->qe_identity->fault, 64, "a fault");
}

FACT(no_root_list)
{
    c->cpu->root_list = NULL;
}

FACT(no_pck_list)
{
    c->cpu->pck_list = NULL;
}

FACT(faulty_pck_list)
{
    snprintf(c->cpu->pck_list->fault, 64, "a fault");
}

/* The other one is missing: the fault counts more. */
FACT(faulty_root_list_alone)
{
    no_pck_list(c);
    snprintf(c->cpu->root_list->fault, 64, "a fault");
}

FACT(faulty_pck_list_alone)
{
    no_root_list(c);
    faulty_pck_list(c);
}

FACT(list_demands)
{
    c->cpu->root_list->crl.unknown_critical = true;
}

FACT(list_without_number)
{
    c->cpu->pck_list->crl.has_number = false;
}

FACT(list_without_end)
{
    c->cpu->pck_list->crl.has_next_update = false;
}

FACT(list_without_signer)
{
    c->cpu->pck_list->crl.has_authority_id = false;
}

FACT(lists_exchanged)
{
    struct aver_list *l = c->cpu->root_list;

    c->cpu->root_list = c->cpu->pck_list;
    c->cpu->pck_list = l;
}

#define SIGNER "tdx.tcb_signer"
#define LISTS "tdx.lists"

static const struct fact facts[] = {
    {"no signer", no_signer_of_tcb_info, SIGNER, AVER_UNKNOWN,
     "signer of the TCB info"},
    {"no signer of the identity", no_signer_of_identity, SIGNER, AVER_UNKNOWN,
     "signer of the QE identity"},
    {"no signer, no signature", no_signer_of_tcb_info, "tdx.tcb_info_signature",
     AVER_SKIP, "not known"},
    {"unreadable signers", unreadable_signers, SIGNER, AVER_FAIL, "a fault"},
    {"a CA as signer", signer_is_a_ca, SIGNER, AVER_FAIL, "signatures alone"},
    {"a signer that demands", signer_demands, SIGNER, AVER_FAIL,
     "not known here"},
    {"a PCK as signer", signer_named_otherwise, SIGNER, AVER_FAIL,
     "not, in this order"},
    {"no TCB info", no_tcb_info, "tdx.endorsements", AVER_UNKNOWN,
     "the TCB info is missing"},
    {"no TCB info, no signer", no_tcb_info, SIGNER, AVER_SKIP, "TCB info"},
    {"no identity", no_identity, "tdx.endorsements", AVER_UNKNOWN,
     "the QE identity is missing"},
    {"no identity, no signature", no_identity, "tdx.qe_identity_signature",
     AVER_SKIP, "there is no"},
    {"unsigned", unsigned_tcb_info, "tdx.tcb_info_signature", AVER_SKIP,
     "no signature"},
    {"a fault", faulty_tcb_info, "tdx.endorsements", AVER_FAIL,
     "the TCB info: a fault"},
    {"a fault of the identity", faulty_identity, "tdx.endorsements", AVER_FAIL,
     "the QE identity: a fault"},
    {"no list of the root", no_root_list, LISTS, AVER_UNKNOWN,
     "the root's list is missing"},
    {"no list of the CA", no_pck_list, LISTS, AVER_UNKNOWN,
     "the PCK CA's list is missing"},
    {"no list, nothing looked up", no_pck_list, "tdx.revoked", AVER_SKIP,
     "no list"},
    {"a list with a fault", faulty_pck_list, LISTS, AVER_FAIL, "a fault"},
    {"the root's, and none of the CA", faulty_root_list_alone, LISTS, AVER_FAIL,
     "the root's list is a fault"},
    {"the CA's, and none of the root", faulty_pck_list_alone, LISTS, AVER_FAIL,
     "the PCK CA's list is a fault"},
    {"a list that demands", list_demands, LISTS, AVER_FAIL, "not known here"},
    {"a list without number", list_without_number, LISTS, AVER_FAIL, "misses"},
    {"a list without end", list_without_end, LISTS, AVER_FAIL, "misses"},
    {"a list without signer's id", list_without_signer, LISTS, AVER_FAIL,
     "misses"},
    {"lists exchanged", lists_exchanged, LISTS, AVER_FAIL, "not signed by it"},
};

static void one_fact(void **state)
{
    (void)state;
    fact_check_all("real-nanogpt-0610", facts,
                   sizeof(facts) / sizeof(facts[0]));
}

/* Somebody else for the signer: neither he nor his signature holds. */
static void another_signer(void **state)
{
    static void (*const changes[])(struct tdx_case *) = {signer_of_p384,
                                                         pck_chain_as_signers};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct tdx_case c;

        fact_open(&c, "real-nanogpt-0610");
        changes[i](&c);
        fact_judge(&c);
        assert_int_equal(fact_row(&c.verdict, SIGNER)->result, AVER_FAIL);
        assert_int_equal(fact_row(&c.verdict, "tdx.tcb_info_signature")->result,
                         AVER_FAIL);
        tdx_case_close(&c);
    }
}

/* All times that count: start and end of each. */
struct times {
    int64_t *start, *end;
};

static unsigned all_times(struct tdx_case *c, struct times t[static 16])
{
    struct aver_cpu *p = c->cpu;
    struct aver_cert *const certs[] = {
        &p->leaf->cert, &p->ca->cert, &p->root->cert,
        &p->tcb_signers->link[0].cert, &p->tcb_signers->link[1].cert};
    unsigned n = 0;

    for (unsigned i = 0; i < 5; i++)
        t[n++] = (struct times){&certs[i]->not_before, &certs[i]->not_after};
    t[n++] = (struct times){&p->pck_list->crl.this_update,
                            &p->pck_list->crl.next_update};
    t[n++] = (struct times){&p->root_list->crl.this_update,
                            &p->root_list->crl.next_update};
    t[n++] =
        (struct times){&p->tcb_info->tcb.issued, &p->tcb_info->tcb.next_update};
    t[n++] = (struct times){&p->qe_identity->qe.issued,
                            &p->qe_identity->qe.next_update};
    return n;
}

/* Sets one time to `at` plus some seconds; what the two rows then say. */
static void set_time(unsigned which, bool end, int seconds)
{
    struct tdx_case c;
    struct times t[16];
    enum aver_result begun = !end && seconds > 0 ? AVER_FAIL : AVER_PASS;
    enum aver_result over = end && seconds < 0 ? AVER_FAIL : AVER_PASS;

    fact_open(&c, "real-nanogpt-0610");
    all_times(&c, t);
    *(end ? t[which].end : t[which].start) = c.policy.at + seconds;
    fact_judge(&c);
    assert_int_equal(fact_row(&c.verdict, "tdx.begun")->result, begun);
    assert_int_equal(fact_row(&c.verdict, "tdx.not_expired")->result, over);
    assert_int_equal(c.verdict.word == AVER_VERIFIED,
                     begun == AVER_PASS && over == AVER_PASS);
    tdx_case_close(&c);
}

static void each_second(void **state)
{
    struct tdx_case c;
    struct times t[16];

    (void)state;
    fact_open(&c, "real-nanogpt-0610");
    unsigned n = all_times(&c, t);
    tdx_case_close(&c);
    assert_int_equal(n, 9);
    for (unsigned i = 0; i < n; i++)
        for (int seconds = -1; seconds <= 1; seconds++) {
            set_time(i, false, seconds);
            set_time(i, true, seconds);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fact),
        cmocka_unit_test(another_signer),
        cmocka_unit_test(each_second),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
