/* SPDX-License-Identifier: Apache-2.0
 *
 * tcb: Intel's rules as tables: which level is met, what a module and a
 * quoting enclave make of it, and when a restart is advised, with each of its
 * conditions broken alone. */
#include "verify/tcb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define U AVER_TCB_UP_TO_DATE
#define S AVER_TCB_SW_HARDENING
#define C AVER_TCB_CONFIGURATION
#define CS AVER_TCB_CONFIGURATION_SW
#define O AVER_TCB_OUT_OF_DATE
#define OC AVER_TCB_OUT_OF_DATE_CONFIGURATION
#define R AVER_TCB_REVOKED
#define A AVER_TCB_RELAUNCH
#define AC AVER_TCB_RELAUNCH_CONFIGURATION
#define NONE AVER_TCB_NONE

/* A machine and Intel's two documents, with room to be changed. */
struct world {
    uint8_t svn[16], svn2[16];
    struct aver_quote q;
    struct aver_pck pck;
    struct aver_tcb_level level[3], module_level[2], qe_level[2];
    struct aver_tdx_module modules[2];
    struct aver_tcb_info info;
    struct aver_qe_identity qe;
    struct aver_tcb tcb;
};

/* Platform 5, 5, … with PCE 11; module 1.5; enclave 4. Levels 5, 3 and 1. */
static void world(struct world *w)
{
    memset(w, 0, sizeof(*w));
    memset(w->pck.components, 5, 16);
    w->pck.pcesvn = 11;
    w->svn[0] = 5;
    w->svn[1] = 1;
    w->svn[2] = 5;
    for (unsigned i = 0; i < 3; i++) {
        memset(w->level[i].sgx, (int)(5 - 2 * i), 16);
        w->level[i].tdx[0] = w->level[i].tdx[2] = (uint8_t)(5 - 2 * i);
        w->level[i].pcesvn = (uint16_t)(11 - i);
        w->level[i].status = i == 0 ? U : i == 1 ? O : R;
    }
    w->module_level[0] = (struct aver_tcb_level){.isvsvn = 5, .status = U};
    w->module_level[1] = (struct aver_tcb_level){.isvsvn = 2, .status = O};
    w->qe_level[0] = (struct aver_tcb_level){.isvsvn = 4, .status = U};
    w->qe_level[1] = (struct aver_tcb_level){.isvsvn = 1, .status = O};
    for (unsigned i = 0; i < 2; i++) {
        w->modules[i].version = (uint8_t)(i == 0 ? 3 : 1);
        w->modules[i].levels = (struct aver_tcb_levels){2, w->module_level};
    }
    w->info.levels = (struct aver_tcb_levels){3, w->level};
    w->info.nmodules = 2;
    w->info.modules = w->modules;
    w->qe.levels = (struct aver_tcb_levels){2, w->qe_level};
    w->q.version = 4;
    w->q.tee = AVER_TEE_TDX;
    w->q.qe.isvsvn = 4;
}

static enum aver_tcb_status judge(struct world *w)
{
    w->q.td.tee_tcb_svn = aver_bytes_of(w->svn, 16);
    aver_tcb_evaluate(&w->tcb, &w->q, &w->pck, &w->info, &w->qe);
    return w->tcb.status;
}

static int level_of(const struct world *w)
{
    return w->tcb.platform == NULL ? -1 : (int)(w->tcb.platform - w->level);
}

/* One number of the platform or of the quote changed. */
static void which_level(void **state)
{
    static const struct {
        bool sgx;
        enum { COMPONENT, PCE, SVN } what;
        unsigned i, value, version;
        int level;
    } cases[] = {
        {false, COMPONENT, 0, 5, 1, 0},
        {false, COMPONENT, 0, 4, 1, 1},
        {false, COMPONENT, 15, 4, 1, 1},
        {false, COMPONENT, 7, 3, 1, 1},
        {false, COMPONENT, 7, 2, 1, 2},
        {false, COMPONENT, 7, 0, 1, -1},
        {false, COMPONENT, 7, 255, 1, 0},
        {false, PCE, 0, 12, 1, 0},
        {false, PCE, 0, 10, 1, 1},
        {false, PCE, 0, 9, 1, 2},
        {false, PCE, 0, 8, 1, -1},
        /* The first two are the module's, where it has a version. */
        {false, SVN, 0, 2, 1, 0},
        {false, SVN, 0, 4, 0, 1},
        {false, SVN, 0, 2, 0, 2},
        {false, SVN, 0, 0, 0, -1},
        {false, SVN, 2, 4, 1, 1},
        {false, SVN, 2, 4, 0, 1},
        {false, SVN, 2, 0, 1, -1},
        {false, SVN, 15, 9, 1, 0},
        {true, COMPONENT, 3, 5, 1, 0},
        {true, COMPONENT, 3, 4, 1, 1},
        {true, COMPONENT, 3, 0, 1, -1},
        {true, PCE, 0, 10, 1, 1},
        /* No TDX component matters to an enclave. */
        {true, SVN, 2, 0, 1, 0},
        {true, SVN, 0, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;

        world(&w);
        w.q.tee = cases[i].sgx ? AVER_TEE_SGX : AVER_TEE_TDX;
        w.svn[1] = (uint8_t)cases[i].version;
        if (cases[i].what == PCE)
            w.pck.pcesvn = (uint16_t)cases[i].value;
        else if (cases[i].what == SVN)
            w.svn[cases[i].i] = (uint8_t)cases[i].value;
        else
            w.pck.components[cases[i].i] = (uint8_t)cases[i].value;
        judge(&w);
        if (level_of(&w) != cases[i].level)
            fail_msg("case %zu: level %d", i, level_of(&w));
        assert_int_equal(w.tcb.status == NONE, cases[i].level < 0);
    }
}

/* Position 1 is compared where the module has no version, which makes it 0. */
static void each_tdx_component(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 2; version++)
        for (unsigned i = 0; i < 16; i++) {
            struct world w;

            world(&w);
            w.svn[1] = (uint8_t)version;
            w.level[0].tdx[i] = 6;
            judge(&w);
            assert_int_equal(level_of(&w), version > 0 && i < 2 ? 0 : 1);
        }
}

static void module_of_the_quote(void **state)
{
    static const struct {
        unsigned version, svn;
        bool known;
        int level; /* -1: none */
        enum aver_tcb_status status;
    } cases[] = {
        {1, 5, true, 0, U},      {1, 9, true, 0, U},        {1, 4, true, 1, O},
        {1, 2, true, 1, O},      {1, 1, true, -1, NONE},    {3, 5, true, 0, U},
        {2, 5, false, -1, NONE}, {255, 5, false, -1, NONE}, {0, 5, true, -1, U},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;

        world(&w);
        w.svn[0] = (uint8_t)cases[i].svn;
        w.svn[1] = (uint8_t)cases[i].version;
        assert_int_equal(judge(&w), cases[i].status);
        assert_int_equal(w.tcb.module_known, cases[i].known);
        assert_int_equal(w.tcb.module == NULL ? -1
                                              : w.tcb.module - w.module_level,
                         cases[i].level);
        if (cases[i].version == 0)
            assert_ptr_equal(w.tcb.identity, &w.info.module);
        assert_true(w.tcb.relaunch_known);
    }
}

static void no_modules_at_all(void **state)
{
    struct world w;

    (void)state;
    world(&w);
    w.info.nmodules = 0;
    assert_int_equal(judge(&w), NONE);
    assert_false(w.tcb.module_known);
}

/* An SGX quote asks for no module. */
static void enclave(void **state)
{
    struct world w;

    (void)state;
    world(&w);
    w.q.tee = AVER_TEE_SGX;
    w.info.nmodules = 0;
    assert_int_equal(judge(&w), U);
    assert_true(w.tcb.module_known && w.tcb.module == NULL);
    w.q.qe.isvsvn = 3;
    assert_int_equal(judge(&w), O);
    w.q.qe.isvsvn = 0;
    assert_int_equal(judge(&w), NONE);
}

/* converge(converge(level, module), enclave) */
static void parts_converge(void **state)
{
    static const struct {
        enum aver_tcb_status level, module, qe, want;
    } cases[] = {
        {U, U, U, U},  {U, O, U, O},  {U, U, O, O},   {U, R, U, R},
        {U, U, R, R},  {S, U, U, S},  {S, O, U, O},   {C, U, U, C},
        {C, O, U, OC}, {C, U, O, OC}, {CS, O, O, OC}, {CS, U, U, CS},
        {O, U, U, O},  {O, O, O, O},  {OC, O, O, OC}, {OC, U, U, OC},
        {R, U, U, R},  {R, O, O, R},  {OC, R, U, R},  {OC, O, R, R},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;

        world(&w);
        w.level[0].status = cases[i].level;
        w.module_level[0].status = cases[i].module;
        w.qe_level[0].status = cases[i].qe;
        if (judge(&w) != cases[i].want)
            fail_msg("case %zu: %s", i, aver_tcb_status_name(w.tcb.status));
    }
}

/* A machine that was started under module 1.2, which is out of date, and now
 * runs under 1.5. */
static void restartable(struct world *w)
{
    world(w);
    w->q.version = 5;
    w->q.td.tee_tcb_svn2 = aver_bytes_of(w->svn2, 16);
    w->svn[0] = 2;
    memcpy(w->svn2, w->svn, 16);
    w->svn2[0] = 5;
}

/* How a case differs from it. */
static void differ(struct world *w, unsigned which)
{
    enum { NOTHING, NO_SVN2, PLATFORM_OUT, PLATFORM_REVOKED, MODULE_FINE };

    switch (which) {
    case NOTHING:
        break;
    case NO_SVN2: /* a TD report of 1.0 */
        w->q.td.tee_tcb_svn2 = aver_bytes_of(NULL, 0);
        break;
    case PLATFORM_OUT:
        w->level[0].status = O;
        break;
    case PLATFORM_REVOKED:
        w->level[0].status = R;
        break;
    case MODULE_FINE:
        w->svn[0] = 5;
        break;
    case 5: /* the module that runs is not the newest either */
        w->svn2[0] = 4;
        break;
    case 6:
        w->svn2[2] = 4;
        break;
    case 7: /* one that nobody knows */
        w->svn2[1] = 2;
        break;
    case 8:
        w->qe_level[0].status = O;
        break;
    case 9:
        w->qe_level[0].status = R;
        break;
    case 10: /* its own components, without a version */
        w->svn2[1] = 0;
        break;
    case 11:
        w->svn2[1] = 0;
        w->svn2[0] = 4;
        break;
    case 12:
        w->svn2[1] = 0;
        w->svn2[2] = 4;
        break;
    case 13:
        w->level[0].status = S;
        break;
    case 14:
        w->level[0].status = C;
        break;
    case 15:
        w->level[0].status = CS;
        break;
    case 16:
        w->level[0].status = OC;
        break;
    case 17: /* the module withdrawn, not merely old */
        w->module_level[1].status = R;
        break;
    case 18: /* another module runs, of which it is the newest */
        w->svn2[1] = 3;
        break;
    case 19: /* no enclave's level: no status */
        w->q.qe.isvsvn = 0;
        break;
    case 20: /* the rest of tee_tcb_svn2 plays no part */
        memset(w->svn2 + 3, 0xff, 13);
        break;
    case 21: /* without a version there is no module level to be old */
        w->svn[1] = 0;
        break;
    case 22: /* the platform is low for TDX alone: the SGX level is the first */
        w->svn[2] = 4;
        break;
    default:
        fail();
    }
}

static void a_restart_is_advised(void **state)
{
    static const enum aver_tcb_status want[] = {
        A, O, O,  R,  U,  O, O, O,    O, R, A, O,
        O, A, AC, AC, OC, R, A, NONE, A, R, A,
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        struct world w;

        restartable(&w);
        differ(&w, i);
        if (judge(&w) != want[i])
            fail_msg("case %u: %s, not %s", i,
                     aver_tcb_status_name(w.tcb.status),
                     aver_tcb_status_name(want[i]));
        assert_int_equal(w.tcb.relaunch_known, i != 7);
    }
}

static void advisories(struct world *w, const char *platform,
                       const char *module, const char *qe)
{
    w->level[0].advisories = json_loads(platform, 0, NULL);
    w->module_level[0].advisories = json_loads(module, 0, NULL);
    w->qe_level[0].advisories = json_loads(qe, 0, NULL);
}

static void forget(struct world *w)
{
    const json_t *lists[] = {w->level[0].advisories,
                             w->module_level[0].advisories,
                             w->qe_level[0].advisories};

    for (unsigned i = 0; i < 3; i++) {
        json_t *list;

        memcpy(&list, &lists[i], sizeof(list));
        json_decref(list);
    }
}

static void union_of_advisories(void **state)
{
    static const struct {
        const char *platform, *module, *qe, *want;
    } cases[] = {
        {"[]", "[]", "[]", ""},
        {"[\"a\"]", "[]", "[]", "a"},
        {"[\"a\",\"b\"]", "[\"b\",\"c\"]", "[\"a\",\"d\",\"d\"]", "abcd"},
        {"[]", "[\"b\"]", "[\"a\"]", "ba"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *ids[AVER_ADVISORIES_MAX];
        char text[16] = "";
        struct world w;

        world(&w);
        advisories(&w, cases[i].platform, cases[i].module, cases[i].qe);
        judge(&w);
        size_t n = aver_tcb_advisories(&w.tcb, ids);
        assert_int_equal(n, strlen(cases[i].want));
        for (size_t j = 0; j < n; j++)
            text[j] = ids[j][0];
        assert_string_equal(text, cases[i].want);
        forget(&w);
    }
}

static void too_many_advisories(void **state)
{
    const char *ids[AVER_ADVISORIES_MAX];
    json_t *list = json_array();
    struct world w;

    (void)state;
    for (int i = 0; i < AVER_ADVISORIES_MAX + 8; i++)
        json_array_append_new(list, json_sprintf("%d", i));
    world(&w);
    w.level[0].advisories = list;
    judge(&w);
    assert_int_equal(aver_tcb_advisories(&w.tcb, ids), AVER_ADVISORIES_MAX);
    assert_string_equal(ids[AVER_ADVISORIES_MAX - 1], "63");
    json_decref(list);
}

/* No level, no advisory. */
static void no_level_no_advisory(void **state)
{
    const char *ids[AVER_ADVISORIES_MAX];
    struct world w;

    (void)state;
    world(&w);
    memset(w.pck.components, 0, 16);
    w.q.qe.isvsvn = 0;
    w.svn[0] = 0;
    assert_int_equal(judge(&w), NONE);
    assert_int_equal(aver_tcb_advisories(&w.tcb, ids), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_level),
        cmocka_unit_test(each_tdx_component),
        cmocka_unit_test(module_of_the_quote),
        cmocka_unit_test(no_modules_at_all),
        cmocka_unit_test(enclave),
        cmocka_unit_test(parts_converge),
        cmocka_unit_test(a_restart_is_advised),
        cmocka_unit_test(union_of_advisories),
        cmocka_unit_test(too_many_advisories),
        cmocka_unit_test(no_level_no_advisory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
