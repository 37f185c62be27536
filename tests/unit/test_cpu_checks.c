/* SPDX-License-Identifier: Apache-2.0
 *
 * cpu_checks: what the vectors cannot show of the platform's certificates,
 * since nobody signs it; and which root is the one that counts. */
#include "cpu_facts.h"

FACT(leaf_of_p384)
{
    c->cpu->leaf->cert.curve = AVER_P384;
}

FACT(ca_signed_on_p384)
{
    c->cpu->ca->cert.signed_on = AVER_P384;
}

FACT(ca_without_path)
{
    c->cpu->ca->cert.has_path_max = false;
}

FACT(root_of_a_short_path)
{
    c->cpu->root->cert.path_max = 0;
}

FACT(ca_signs_no_lists)
{
    c->cpu->ca->cert.usage = AVER_USE_CERT_SIGN;
}

FACT(leaf_signs_nothing)
{
    c->cpu->leaf->cert.usage = AVER_USE_CERT_SIGN;
}

FACT(instance_missing)
{
    c->cpu->pck.has_instance = false;
}

FACT(setup_missing)
{
    c->cpu->pck.has_setup = false;
}

FACT(cpusvn_of_another)
{
    c->cpu->pck.cpusvn[15] ^= 1;
}

FACT(extension_unread)
{
    snprintf(c->cpu->pck_fault, sizeof(c->cpu->pck_fault), "a fault");
}

/* The root of this platform, as somebody else's. */
FACT(root_of_the_call_is_another)
{
    c->policy.has_root = true;
    memset(c->policy.root, 7, 32);
}

FACT(root_is_the_simulators)
{
    root_of_the_call_is_another(c);
    aver_link_spki(c->policy.simulator_root, c->cpu->root);
}

FACT(simulator_alone_is_trusted)
{
    c->policy.has_root = false;
    c->policy.trust = AVER_TRUST_SIMULATOR;
}

FACT(simulator_is_trusted)
{
    simulator_alone_is_trusted(c);
    aver_link_spki(c->policy.simulator_root, c->cpu->root);
}

static const struct fact chain[] = {
    {"leaf of P-384", leaf_of_p384, "tdx.pck_chain", AVER_FAIL, "not of P-256"},
    {"CA signed with SHA-384", ca_signed_on_p384, "tdx.pck_chain", AVER_FAIL,
     "the CA's is not of P-256"},
    {"CA without a path", ca_without_path, "tdx.pck_chain", AVER_FAIL,
     "longer chain"},
    {"root of a short path", root_of_a_short_path, "tdx.pck_chain", AVER_FAIL,
     "longer chain"},
    {"CA that signs no lists", ca_signs_no_lists, "tdx.pck_chain", AVER_FAIL,
     "not for signing"},
    {"leaf that signs nothing", leaf_signs_nothing, "tdx.pck_chain", AVER_FAIL,
     "not for signatures"},
    {"no instance", instance_missing, "tdx.pck_chain", AVER_FAIL,
     "contradicts"},
    {"no setup", setup_missing, "tdx.pck_chain", AVER_FAIL, "contradicts"},
    {"CPUSVN of another", cpusvn_of_another, "tdx.pck_chain", AVER_FAIL,
     "contradicts"},
    {"extension not read", extension_unread, "tdx.pck_chain", AVER_FAIL,
     "a fault"},
    {"simulator trusted", simulator_is_trusted, "tdx.pck_chain", AVER_PASS,
     "made by the simulator"},
};

static void certificates(void **state)
{
    (void)state;
    fact_check_all("real-nanogpt-0610", chain,
                   sizeof(chain) / sizeof(chain[0]));
}

/* With such a root the signers of the documents are nobody's either. */
static void roots(void **state)
{
    static const struct {
        void (*change)(struct tdx_case *c);
        enum aver_result result;
        const char *told;
    } cases[] = {
        {root_of_the_call_is_another, AVER_FAIL, "--trust-root"},
        {root_is_the_simulators, AVER_SIMULATED, "simulator"},
        {simulator_alone_is_trusted, AVER_FAIL, "the simulator's, which"},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct tdx_case c;

        fact_open(&c, "real-nanogpt-0610");
        cases[i].change(&c);
        fact_judge(&c);
        const struct aver_check *r = fact_row(&c.verdict, "tdx.pck_chain");
        assert_int_equal(r->result, cases[i].result);
        assert_non_null(strstr(r->detail, cases[i].told));
        assert_int_equal(c.verdict.word, AVER_REFUSED);
        tdx_case_close(&c);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates),
        cmocka_unit_test(roots),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
