/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_needs: what the evidence of the vectors needs, by name; what of it real
 * and synthetic documents are, and when they are due. */
#include "attest/gpu_needs.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW INT64_C(1780315200) /* 2026-06-01T12:00:00Z */
#define DAY INT64_C(86400)

static struct gpu_roots synthetic;

static struct aver_buf payload(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "gpu/cases/%s/payload.json", name);
    return vectors_file(path);
}

static int open_case(struct gpu_needs *g, const char *name,
                     const struct gpu_roots *roots, int64_t at,
                     struct aver_error *err)
{
    struct gpu_roots nvidia = gpu_roots_of(false);
    struct aver_buf text = payload(name);
    int rc = gpu_needs_open(g, aver_buf_view(&text),
                            roots != NULL ? roots : &nvidia, at, err);

    aver_buf_clear(&text);
    return rc;
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        int64_t at;
        size_t rims, answers;
        const char *first, *second;
    } cases[] = {
        {"real-nvtrust-550", 1755777600, 2, 3, "NV_GPU_DRIVER_GH100_550.90.07",
         "NV_GPU_VBIOS_1010_0200_882_96009F0001"},
        {"real-near-8gpu-ppcie", 1781056439, 2, 10,
         "NV_GPU_DRIVER_GH100_570.172.08", NULL},
        {"real-gb100-mpt-4", 1772366400, 2, 6,
         "NV_GPU_CC_DRIVER_GB100_590.48.01", NULL},
        {"real-ls10-single", 1768478400, 1, 3,
         "NV_SWITCH_BIOS_5612_0002_890_9610550001", NULL},
        {"real-ppcie-8gpu-4switch", 1772366400, 3, 8 + 4 + 2 + 1, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_error err;
        struct gpu_needs g;
        size_t rims = 0;

        if (open_case(&g, cases[i].name, NULL, cases[i].at, &err) != 0)
            fail_msg("%s: %s", cases[i].name, err.text);
        for (size_t j = 0; j < g.n; j++) {
            rims += g.need[j].is_rim;
            assert_true(g.need[j].is_rim == (j < cases[i].rims));
            assert_string_equal(g.need[j].reason, "it is not there");
        }
        if (rims != cases[i].rims || g.n - rims != cases[i].answers)
            fail_msg("%s: %zu RIMs, %zu answers", cases[i].name, rims,
                     g.n - rims);
        if (cases[i].first != NULL)
            assert_string_equal(g.need[0].id, cases[i].first);
        if (cases[i].second != NULL)
            assert_string_equal(g.need[1].id, cases[i].second);
        assert_false(gpu_needs_met(&g));
        assert_int_equal(gpu_needs_due(&g), 0);
        gpu_needs_close(&g);
    }
}

static void test_not_genuine(void **state)
{
    static const struct {
        const char *name, *told;
        enum aver_error_code code;
    } cases[] = {
        {"mut-cert1-sig-flipped", "cert_signature", AVER_ESIG},
        {"mut-chain-swap-12", "chain_order", AVER_ESIG},
        {"mut-chain-no-root", "chain_length", AVER_ESIG},
        {"mut-der-trailing", "cert_format", AVER_ESIG},
        {"mut-version-string-altered", "", AVER_OK}, /* not signed by us */
        {"mut-opaque-len-huge", "opaque_length", AVER_ESIG},
        {"mut-json-dup-key", "json_duplicate", AVER_EFORMAT},
        {"mut-list-null", "json_type", AVER_EFORMAT},
        {"syn-hopper-ok", "root", AVER_ESIG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_error err = {0};
        struct gpu_needs g;
        int rc = open_case(&g, cases[i].name, NULL, NOW, &err);

        if ((rc == 0) != (cases[i].code == AVER_OK) ||
            (rc != 0 && (err.code != cases[i].code ||
                         strstr(err.text, cases[i].told) == NULL)))
            fail_msg("%s: %s", cases[i].name, err.text);
        gpu_needs_close(&g);
    }
}

static const struct gpu_need *need_of(const struct gpu_needs *g,
                                      const char *what)
{
    for (size_t i = 0; i < g->n; i++)
        if (strstr(g->need[i].what, what) != NULL)
            return &g->need[i];
    fail_msg("nothing about %s is needed", what);
    return NULL;
}

static int take(struct gpu_needs *g, const char *what, const char *file,
                struct aver_error *err)
{
    struct aver_buf document = vectors_file(file);
    int rc = gpu_needs_take(g, need_of(g, what), aver_buf_view(&document), err);

    gpu_needs_look(g);
    aver_buf_clear(&document);
    return rc;
}

static void take_all(struct gpu_needs *g)
{
    static const char *const documents[][2] = {
        {"RIM NV_GPU_DRIVER", "gpu/rims/syn-driver.xml"},
        {"RIM NV_GPU_VBIOS", "gpu/rims/syn-vbios.xml"},
        {"BROM", "gpu/ocsp/syn-dev1.der"},
        {"Provisioner", "gpu/ocsp/syn-dev2.der"},
        {"Identity", "gpu/ocsp/syn-dev3.der"},
        {"RIM L4", "gpu/ocsp/syn-rim-r0.der"},
        {"RIM L3", "gpu/ocsp/syn-rim-r1.der"},
        {"RIM L2", "gpu/ocsp/syn-rim-r2.der"}};
    struct aver_error err;

    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        if (take(g, documents[i][0], documents[i][1], &err) != 0)
            fail_msg("%s: %s", documents[i][0], err.text);
}

static void test_met(void **state)
{
    struct aver_error err;
    struct aver_buf text;
    struct gpu_needs g, again;

    (void)state;
    assert_int_equal(open_case(&g, "syn-rim-rev-ok", &synthetic, NOW, &err), 0);
    assert_int_equal(g.n, 5); /* who signed the RIMs is not known yet */
    take_all(&g);
    assert_int_equal(g.n, 8);
    assert_true(gpu_needs_met(&g));
    assert_int_equal(need_of(&g, "BROM")->issued, NOW - 3600);
    assert_int_equal(need_of(&g, "BROM")->until, NOW - 3600 + DAY);
    assert_int_equal(need_of(&g, "BROM")->due, NOW - 3600 + DAY / 2);
    assert_int_equal(need_of(&g, "RIM NV")->until, 1830297600);
    assert_int_equal(need_of(&g, "RIM NV")->due, 1830297600 - 30 * DAY);
    assert_int_equal(gpu_needs_until(&g), NOW - 3600 + DAY);
    assert_int_equal(gpu_needs_due(&g), NOW - 3600 + DAY / 2);
    /* What is written is all that is needed. */
    aver_buf_init(&text, 1 << 20);
    assert_int_equal(aver_buf_append_str(&text, "{"), 0);
    assert_int_equal(gpu_needs_write(&text, &g, NULL), 0);
    assert_int_equal(aver_buf_append_str(&text, "}"), 0);
    assert_int_equal(open_case(&again, "syn-rim-rev-ok", &synthetic, NOW, &err),
                     0);
    assert_int_equal(aver_endorsements_add(again.e, aver_buf_view(&text), &err),
                     0);
    gpu_needs_look(&again);
    assert_true(gpu_needs_met(&again));
    assert_int_equal(again.n, 8);
    gpu_needs_close(&again);
    /* The last second, and the next. */
    for (int late = 0; late < 2; late++) {
        assert_int_equal(open_case(&again, "syn-rim-rev-ok", &synthetic,
                                   NOW - 3600 + DAY + late, &err),
                         0);
        assert_int_equal(
            aver_endorsements_add(again.e, aver_buf_view(&text), &err), 0);
        gpu_needs_look(&again);
        assert_int_equal(gpu_needs_met(&again), !late);
        gpu_needs_close(&again);
    }
    aver_buf_clear(&text);
    gpu_needs_close(&g);
}

static void test_refused(void **state)
{
    static const struct {
        const char *what, *file, *told;
    } cases[] = {
        {"RIM NV_GPU_DRIVER", "gpu/rims/syn-vbios.xml", "it is about GH100"},
        {"RIM NV_GPU_VBIOS", "gpu/rims/syn-driver.xml", "not about GH100"},
        {"RIM NV_GPU_DRIVER", "gpu/ocsp/syn-dev1.der", "it is no RIM"},
        {"BROM", "gpu/rims/syn-driver.xml", "it is no OCSP answer"},
        {"BROM", "gpu/ocsp/syn-dev2.der", "about another certificate"},
        {"BROM", "gpu/ocsp/device-brom.der", "about another certificate"},
    };
    struct aver_error err;
    struct gpu_needs g;

    (void)state;
    assert_int_equal(open_case(&g, "syn-rim-rev-ok", &synthetic, NOW, &err), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(take(&g, cases[i].what, cases[i].file, &err), -1);
        if (strstr(err.text, cases[i].told) == NULL)
            fail_msg("%s: %s", cases[i].file, err.text);
    }
    assert_int_equal(g.e->nrims + g.e->nstaples, 0);
    gpu_needs_close(&g);
    /* Under NVIDIA's root the synthetic RIM is nobody's. */
    struct gpu_roots mixed = synthetic;
    memcpy(mixed.rim, gpu_roots_of(false).rim, 32);
    assert_int_equal(open_case(&g, "syn-rim-rev-ok", &mixed, NOW, &err), 0);
    assert_int_equal(
        take(&g, "RIM NV_GPU_DRIVER", "gpu/rims/syn-driver.xml", &err), -1);
    assert_non_null(strstr(err.text, "root"));
    gpu_needs_close(&g);
}

/* NVIDIA's own: answers of August, RIMs that it signed anew. */
static void test_real(void **state)
{
    struct aver_error err;
    struct gpu_needs g;

    (void)state;
    assert_int_equal(open_case(&g, "real-nvtrust-550", NULL, 1755777600, &err),
                     0);
    assert_int_equal(take(&g, "BROM", "gpu/ocsp/device-brom.der", &err), 0);
    assert_int_equal(take(&g, "RIM NV_GPU_VBIOS",
                          "gpu/rims/NV_GPU_VBIOS_1010_0200_882_96009F0001.xml",
                          &err),
                     0);
    size_t n = g.n;
    assert_int_equal(
        take(&g, "RIM NV_GPU_VBIOS",
             "gpu/rims/"
             "NV_GPU_VBIOS_1010_0200_882_96009F0001-resigned-2028.xml",
             &err),
        -1); /* begins later */
    assert_non_null(strstr(err.text, "cert_time"));
    assert_int_equal(g.n, n);
    gpu_needs_close(&g);
    /* In spring 2026 the second one is taken, and its signer is asked about in
     * place of the first one's. */
    assert_int_equal(open_case(&g, "real-nvtrust-550", NULL, 1773532800, &err),
                     0);
    assert_int_equal(take(&g, "RIM NV_GPU_VBIOS",
                          "gpu/rims/NV_GPU_VBIOS_1010_0200_882_96009F0001.xml",
                          &err),
                     -1); /* has ended */
    assert_int_equal(
        take(&g, "RIM NV_GPU_VBIOS",
             "gpu/rims/"
             "NV_GPU_VBIOS_1010_0200_882_96009F0001-resigned-2028.xml",
             &err),
        0);
    assert_int_equal(g.n, n);
    gpu_needs_close(&g);
}

static void read_root(uint8_t out[static 32], const char *file)
{
    struct aver_buf pem = vectors_file(file);
    struct aver_chain chain;

    aver_chain_init(&chain, aver_buf_view(&pem));
    if (chain.n != 1)
        vectors_broken("no root", file);
    aver_link_spki(out, &chain.link[0]);
    aver_chain_clear(&chain);
    aver_buf_clear(&pem);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_not_genuine),
        cmocka_unit_test(test_met),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_real),
    };

    vectors_start(argc, argv);
    read_root(synthetic.device, "gpu/roots/synthetic-device-root.pem");
    read_root(synthetic.rim, "gpu/roots/synthetic-rim-root.pem");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
