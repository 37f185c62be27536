/* SPDX-License-Identifier: Apache-2.0
 *
 * api_memory: every allocation of a judgement fails once, one after the other
 * (calloc, malloc and realloc are wrapped at link time): the call says that it
 * could not judge, or judges without trust; nothing is followed that is not
 * there, and nothing leaks. */
#include "api_gpu.h"
#include "short_memory.h"

/* What is judged, read before anything fails. */
struct evidence {
    struct api_file endorsements, quote, report, receipt, log, root, gpu_root;
    uint8_t request[32], response[32], nonce[32];
    int64_t at;
    struct api_file gpu, document[GPU_DOCUMENTS];
    uint8_t gpu_nonce[32];
    int64_t gpu_at;
};

static struct aver_policy *policy_of(const struct evidence *x)
{
    struct aver_policy *p = aver_policy_new(x->at);

    aver_policy_set_nonce(p, x->nonce);
    aver_policy_set_gpu_count(p, 0);
    if (p != NULL && aver_policy_trust_simulator_insecure(
                         p, x->root.p, x->root.n, x->gpu_root.p, x->gpu_root.n,
                         x->gpu_root.p, x->gpu_root.n, NULL) != 0)
        fail_msg("the simulator's roots cannot be read");
    return p;
}

static int with_quote(const struct evidence *x, const struct aver_policy *p,
                      struct aver_judgement **j, struct aver_error *err)
{
    struct aver_endorsements *set = aver_endorsements_new();
    int rc =
        aver_endorsements_read(set, x->endorsements.p, x->endorsements.n, err);

    if (rc == 0)
        rc = aver_judge_quote(p, set, j, x->quote.p, x->quote.n, err);
    aver_endorsements_free(set);
    return rc;
}

static int with_report(const struct evidence *x, const struct aver_policy *p,
                       struct aver_judgement **j, struct aver_error *err)
{
    struct aver_endorsements *set = aver_endorsements_new();
    int rc =
        aver_endorsements_read(set, x->endorsements.p, x->endorsements.n, err);

    if (rc == 0)
        rc = aver_judge_report(p, set, j, x->report.p, x->report.n, err);
    aver_endorsements_free(set);
    return rc;
}

static int with_receipt(const struct evidence *x, const struct aver_policy *p,
                        struct aver_judgement **j, struct aver_error *err)
{
    struct aver_judgement *report = NULL;
    int rc = with_report(x, p, &report, err);

    if (rc == 0)
        rc = aver_judge_receipt_of_report(p, report, j, x->receipt.p,
                                          x->receipt.n, x->request, x->response,
                                          err);
    aver_judgement_free(report);
    return rc;
}

/* By NVIDIA's own roots, and so by a policy of its own. */
static int with_gpu(const struct evidence *x, const struct aver_policy *p,
                    struct aver_judgement **j, struct aver_error *err)
{
    struct aver_policy *own = aver_policy_new(x->gpu_at);
    struct aver_endorsements *set = aver_endorsements_new();
    int rc = 0;

    (void)p;
    aver_policy_set_nonce(own, x->gpu_nonce);
    aver_policy_set_ocsp_grace(own, GPU_GRACE);
    for (size_t i = 0; rc == 0 && i < GPU_DOCUMENTS; i++)
        rc = aver_endorsements_read(set, x->document[i].p, x->document[i].n,
                                    err);
    if (rc == 0)
        rc = aver_judge_gpu(own, set, j, x->gpu.p, x->gpu.n, err);
    aver_endorsements_free(set);
    aver_policy_free(own);
    return rc;
}

/* No set of endorsements: one is made and freed. */
static int with_nothing(const struct evidence *x, const struct aver_policy *p,
                        struct aver_judgement **j, struct aver_error *err)
{
    struct aver_judgement *report = NULL;
    int rc = aver_judge_report(p, NULL, &report, x->report.p, x->report.n, err);

    if (rc == 0)
        rc = aver_judge_quote(p, NULL, j, x->quote.p, x->quote.n, err);
    aver_judgement_free(report);
    return rc;
}

static int with_log(const struct evidence *x, const struct aver_policy *p,
                    struct aver_judgement **j, struct aver_error *err)
{
    return aver_judge_eventlog(p, j, x->log.p, x->log.n, x->quote.p, x->quote.n,
                               err);
}

typedef int judge_call(const struct evidence *x, const struct aver_policy *p,
                       struct aver_judgement **j, struct aver_error *err);

/* How many allocations could fail. The word without a failure is `want`. */
static unsigned starve(const struct evidence *x, judge_call *call,
                       enum aver_word want)
{
    for (unsigned k = 1;; k++) {
        struct aver_judgement *j = NULL;
        struct aver_error err = {AVER_OK, ""};

        left = k;
        failed = false;
        struct aver_policy *p = policy_of(x);
        int rc = call(x, p, &j, &err);
        left = 0;
        enum aver_word word = aver_judgement_word(j);
        if (rc != 0 && (j != NULL || err.code == AVER_OK))
            fail_msg("allocation %u: no reason is given", k);
        if (word == AVER_VERIFIED && want != AVER_VERIFIED)
            fail_msg("allocation %u: trusted because it failed", k);
        aver_judgement_free(j);
        aver_policy_free(p);
        if (failed)
            continue;
        assert_int_equal(rc, 0);
        assert_int_equal(word, want);
        return k - 1;
    }
}

/* The quote of the report, of hex. */
static struct api_file quote_of(const struct api_file *report)
{
    json_t *o = json_loadb(report->p, report->n, 0, NULL);
    const char *hex = api_text(o, "intel_quote");
    struct api_file out = {NULL, strlen(hex) / 2};

    out.p = calloc(1, out.n + 1);
    for (size_t i = 0; i < out.n; i++) {
        unsigned byte = 0;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out.p[i] = (char)byte;
    }
    json_decref(o);
    return out;
}

static struct api_file log_of(const struct api_file *report)
{
    json_t *o = json_loadb(report->p, report->n, 0, NULL);
    const char *text = api_text(o, "event_log");
    struct api_file out = {strdup(text), strlen(text)};

    json_decref(o);
    return out;
}

static void take_hashes(struct evidence *x)
{
    json_t *o = json_loadb(x->receipt.p, x->receipt.n, 0, NULL);
    char text[130];

    snprintf(text, sizeof(text), "%s", api_text(o, "text"));
    text[64] = '\0';
    api_hex_32(x->request, text);
    api_hex_32(x->response, text + 65);
    json_decref(o);
}

static int evidence_open(void **state)
{
    struct evidence *x = calloc(1, sizeof(*x));

    x->endorsements = api_read("exchange/endorsements.json");
    x->report = api_read("exchange/report.json");
    x->receipt = api_read("exchange/receipt.json");
    x->root = api_read("tdx/sim/root.pem");
    x->gpu_root = api_read("exchange/gpu-root.pem");
    x->quote = quote_of(&x->report);
    x->log = log_of(&x->report);
    x->at = 1780272000; /* June 2026 */
    memset(x->nonce, 0x5a, sizeof(x->nonce));
    take_hashes(x);
    x->gpu = gpu_payload();
    x->gpu_at = gpu_expected(x->gpu_nonce);
    for (size_t i = 0; i < GPU_DOCUMENTS; i++)
        x->document[i] = api_read(gpu_documents[i]);
    *state = x;
    return 0;
}

static int evidence_close(void **state)
{
    struct evidence *x = *state;

    free(x->endorsements.p);
    free(x->report.p);
    free(x->receipt.p);
    free(x->root.p);
    free(x->gpu_root.p);
    free(x->quote.p);
    free(x->log.p);
    free(x->gpu.p);
    for (size_t i = 0; i < GPU_DOCUMENTS; i++)
        free(x->document[i].p);
    free(x);
    return 0;
}

static void no_memory_for_a_quote(void **state)
{
    assert_true(starve(*state, with_quote, AVER_VERIFIED) > 10);
}

static void no_memory_for_a_report(void **state)
{
    assert_true(starve(*state, with_report, AVER_VERIFIED) > 20);
}

static void no_memory_for_a_gpu(void **state)
{
    struct evidence *x = *state;

    assert_true(starve(x, with_gpu, AVER_VERIFIED) > 40);
    x->gpu_nonce[0] ^= 1;
    assert_true(starve(x, with_gpu, AVER_REFUSED) > 40);
    x->gpu_nonce[0] ^= 1;
}

static void no_memory_for_a_receipt(void **state)
{
    assert_true(starve(*state, with_receipt, AVER_VERIFIED) > 20);
}

/* A bad quote, and a bad receipt, are never good for want of memory. */
static void no_memory_is_no_excuse(void **state)
{
    struct evidence *x = *state;

    x->quote.p[200] ^= 1; /* MRTD */
    x->response[0] ^= 1;
    assert_true(starve(x, with_quote, AVER_REFUSED) > 10);
    assert_true(starve(x, with_receipt, AVER_REFUSED) > 20);
    x->response[0] ^= 1;
    x->quote.p[200] ^= 1;
}

static void no_memory_for_a_log(void **state)
{
    assert_true(starve(*state, with_log, AVER_VERIFIED) > 3);
}

static void no_memory_for_an_empty_set(void **state)
{
    assert_true(starve(*state, with_nothing, AVER_UNDECIDED) > 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_for_a_quote),
        cmocka_unit_test(no_memory_for_a_gpu),
        cmocka_unit_test(no_memory_for_a_report),
        cmocka_unit_test(no_memory_for_a_receipt),
        cmocka_unit_test(no_memory_is_no_excuse),
        cmocka_unit_test(no_memory_for_a_log),
        cmocka_unit_test(no_memory_for_an_empty_set),
    };

    api_folder = argc > 1 ? argv[1] : ".";
    return cmocka_run_group_tests(tests, evidence_open, evidence_close);
}
