/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb_checks: whether the documents are about this platform, one fact changed
 * at a time; which statuses are put up with; and what can be demanded. */
#include "cpu_facts.h"

FACT(other_tee)
{
    c->cpu->tcb_info->tcb.tdx = false;
}

FACT(other_pceid)
{
    c->cpu->tcb_info->tcb.pceid[1] ^= 1;
}

FACT(no_tree)
{
    json_decref(c->cpu->tcb_info->tcb.tree);
    c->cpu->tcb_info->tcb.tree = NULL;
}

FACT(other_platforms_alone)
{
    c->cpu->tcb_info = NULL;
}

FACT(identity_of_sgx)
{
    c->cpu->qe_identity->qe.tdx = false;
}

FACT(identity_of_another)
{
    c->cpu->qe_identity->qe.other = true;
}

FACT(other_signer)
{
    c->cpu->qe_identity->qe.mrsigner[31] ^= 1;
}

FACT(other_product)
{
    c->cpu->qe_identity->qe.isvprodid++;
}

FACT(other_miscselect)
{
    c->cpu->qe_identity->qe.miscselect[3] ^= 1;
}

FACT(other_attributes)
{
    c->cpu->qe_identity->qe.attributes[0] ^= 4;
}

/* A value with bits that its mask takes away is never met: as Intel has it. */
FACT(value_beyond_its_mask)
{
    c->cpu->qe_identity->qe.attributes_mask[8] = 0;
    c->cpu->qe_identity->qe.attributes[8] = 1;
}

FACT(unknown_module)
{
    c->cpu->tcb.module_known = false;
}

FACT(module_signed_by_another)
{
    c->cpu->tcb_info->tcb.module.mrsigner[0] ^= 1;
    for (size_t i = 0; i < c->cpu->tcb_info->tcb.nmodules; i++)
        c->cpu->tcb_info->tcb.modules[i].mrsigner[0] ^= 1;
}

FACT(module_of_other_attributes)
{
    for (size_t i = 0; i < c->cpu->tcb_info->tcb.nmodules; i++)
        c->cpu->tcb_info->tcb.modules[i].attributes[7] = 1;
    c->cpu->tcb_info->tcb.module.attributes[7] = 1;
}

FACT(unknown_module_runs)
{
    static const uint8_t svn[16] = {5, 9};

    c->cpu->tcb.relaunch_known = false;
    c->cpu->quote.td.tee_tcb_svn2 = aver_bytes_of(svn, 16);
}

FACT(no_platform_level)
{
    c->cpu->tcb.platform = NULL;
    c->cpu->tcb.status = AVER_TCB_NONE;
}

FACT(no_module_level)
{
    c->cpu->tcb.module = NULL;
    c->cpu->tcb.status = AVER_TCB_NONE;
}

FACT(no_enclave_level)
{
    c->cpu->tcb.qe = NULL;
    c->cpu->tcb.status = AVER_TCB_NONE;
}

FACT(withdrawn)
{
    c->cpu->tcb.status = AVER_TCB_REVOKED;
}

FACT(newer_data_set)
{
    c->policy.min_evaluation = c->cpu->tcb_info->tcb.evaluation + 1;
}

FACT(identity_of_an_old_data_set)
{
    c->policy.min_evaluation = c->cpu->tcb_info->tcb.evaluation;
    c->cpu->qe_identity->qe.evaluation = c->policy.min_evaluation - 1;
}

FACT(this_data_set)
{
    c->policy.min_evaluation = c->cpu->tcb_info->tcb.evaluation;
    c->cpu->qe_identity->qe.evaluation = c->policy.min_evaluation;
}

/* All of one age, and one of them a second older. */
static void aged(struct tdx_case *c, int64_t age)
{
    c->policy.max_age = 1000;
    c->cpu->tcb_info->tcb.issued = c->policy.at - age;
    c->cpu->qe_identity->qe.issued = c->policy.at - 1000;
    c->cpu->pck_list->crl.this_update = c->policy.at - 1000;
}

FACT(as_old_as_may_be)
{
    aged(c, 1000);
}

FACT(a_second_older)
{
    aged(c, 1001);
}

FACT(older_identity)
{
    aged(c, 1000);
    c->cpu->qe_identity->qe.issued--;
}

FACT(older_list)
{
    aged(c, 1000);
    c->cpu->pck_list->crl.this_update--;
}

FACT(demanded_unread)
{
    c->policy.max_age = 1;
    c->cpu->evaluated = false;
}

FACT(another_platform)
{
    c->policy.has_fmspc = true;
}

FACT(this_platform)
{
    c->policy.has_fmspc = true;
    memcpy(c->policy.fmspc, c->cpu->pck.fmspc, 6);
}

FACT(platform_unread)
{
    this_platform(c);
    c->cpu->leaf = NULL;
}

#define MATCH "tdx.tcb_match"
#define IDENTITY "tdx.qe_identity"
#define MODULE "tdx.module"
#define LEVEL "tdx.tcb_level"

static const struct fact facts[] = {
    {"SGX", other_tee, MATCH, AVER_FAIL, "about SGX"},
    {"another PCE", other_pceid, MATCH, AVER_FAIL, "PCE id 0001"},
    {"no tree", no_tree, MATCH, AVER_SKIP, "needs TCB info"},
    {"other platforms", other_platforms_alone, MATCH, AVER_UNKNOWN,
     "no TCB info of platforms 90c06f000000"},
    {"QE", identity_of_sgx, IDENTITY, AVER_FAIL, "another kind"},
    {"QVE", identity_of_another, IDENTITY, AVER_FAIL, "another kind"},
    {"signer", other_signer, IDENTITY, AVER_FAIL, "somebody else"},
    {"product", other_product, IDENTITY, AVER_FAIL, "product"},
    {"miscselect", other_miscselect, IDENTITY, AVER_FAIL, "attributes"},
    {"attributes", other_attributes, IDENTITY, AVER_FAIL, "attributes"},
    {"beyond the mask", value_beyond_its_mask, IDENTITY, AVER_FAIL,
     "attributes"},
    {"module unknown", unknown_module, MODULE, AVER_FAIL, "knows no TDX"},
    {"module's signer", module_signed_by_another, MODULE, AVER_FAIL, "signer"},
    {"module's attributes", module_of_other_attributes, MODULE, AVER_FAIL,
     "attributes"},
    {"module that runs", unknown_module_runs, MODULE, AVER_FAIL,
     "version 9, which is the one that runs now"},
    {"no level", no_platform_level, LEVEL, AVER_FAIL, "its firmware"},
    {"no module level", no_module_level, LEVEL, AVER_FAIL, "its TDX module"},
    {"no enclave level", no_enclave_level, LEVEL, AVER_FAIL,
     "its quoting enclave"},
    {"withdrawn", withdrawn, "tdx.tcb_revoked", AVER_FAIL, "withdrawn"},
    {"withdrawn, no status", withdrawn, "tdx.tcb_status", AVER_SKIP,
     "no status"},
    {"newer data set", newer_data_set, "tdx.recent", AVER_FAIL, "data set"},
    {"identity's data set", identity_of_an_old_data_set, "tdx.recent",
     AVER_FAIL, "data set"},
    {"this data set", this_data_set, "tdx.recent", AVER_PASS, ""},
    {"old enough", as_old_as_may_be, "tdx.recent", AVER_PASS, ""},
    {"too old", a_second_older, "tdx.recent", AVER_FAIL, "1001 seconds"},
    {"identity too old", older_identity, "tdx.recent", AVER_FAIL,
     "1001 seconds"},
    {"list too old", older_list, "tdx.recent", AVER_FAIL, "1001 seconds"},
    {"no documents", demanded_unread, "tdx.recent", AVER_SKIP, "needs"},
    {"another platform", another_platform, "tdx.platform", AVER_FAIL,
     "90c06f000000"},
    {"this platform", this_platform, "tdx.platform", AVER_PASS, ""},
    {"platform not read", platform_unread, "tdx.platform", AVER_SKIP,
     "certificates"},
};

static void one_fact(void **state)
{
    (void)state;
    fact_check_all("real-nanogpt-0610", facts,
                   sizeof(facts) / sizeof(facts[0]));
}

/* Its mask does not cover the bit: a debug enclave is refused all the same. */
static void debug_enclave(void **state)
{
    struct tdx_case c;

    (void)state;
    fact_open(&c, "real-nanogpt-0610");
    c.cpu->qe_identity->qe.attributes_mask[0] &= (uint8_t)~2;
    *fact_place(&c, c.cpu->quote.qe.attributes) |= 2;
    fact_judge(&c);
    const struct aver_check *r = fact_row(&c.verdict, IDENTITY);
    assert_int_equal(r->result, AVER_FAIL);
    assert_non_null(strstr(r->detail, "debug"));
    tdx_case_close(&c);
}

/* Every status under every single relaxation: its own one, and none other. */
static void each_status(void **state)
{
    struct tdx_case c;

    (void)state;
    fact_open(&c, "real-nanogpt-0610");
    for (unsigned i = AVER_TCB_UP_TO_DATE; i < AVER_TCB_REVOKED; i++)
        for (unsigned j = 0; j < 32; j++) {
            bool ok = i == j || i == AVER_TCB_UP_TO_DATE;

            c.cpu->tcb.status = i;
            c.policy.statuses = 1U << j;
            fact_judge(&c);
            const struct aver_check *r = fact_row(&c.verdict, "tdx.tcb_status");
            assert_int_equal(r->result, ok ? AVER_PASS : AVER_FAIL);
            assert_non_null(strstr(r->detail, aver_tcb_status_name(i)));
            assert_int_equal(c.verdict.word == AVER_VERIFIED, ok);
        }
    c.cpu->tcb.status = AVER_TCB_REVOKED; /* nothing allows that */
    c.policy.statuses = ~0U;
    fact_judge(&c);
    assert_int_equal(c.verdict.word, AVER_REFUSED);
    tdx_case_close(&c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fact),
        cmocka_unit_test(debug_enclave),
        cmocka_unit_test(each_status),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
