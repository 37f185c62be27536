/* SPDX-License-Identifier: Apache-2.0
 *
 * api_gpu: the evidence of GPUs by itself, by aver.h. */
#include "api_gpu.h"

struct scene {
    struct api_file payload;
    struct aver_policy *policy;
    struct aver_endorsements *set;
    struct aver_judgement *j;
};

static void scene_open(struct scene *s, bool endorsed)
{
    uint8_t nonce[32];

    memset(s, 0, sizeof(*s));
    s->policy = aver_policy_new(gpu_expected(nonce));
    aver_policy_set_nonce(s->policy, nonce);
    aver_policy_set_ocsp_grace(s->policy, GPU_GRACE);
    s->payload = gpu_payload();
    for (size_t i = 0; endorsed && i < GPU_DOCUMENTS; i++)
        s->set = api_endorse(s->set, gpu_documents[i]);
}

static enum aver_word scene_judge(struct scene *s)
{
    struct aver_error err;

    aver_judgement_free(s->j);
    if (aver_judge_gpu(s->policy, s->set, &s->j, s->payload.p, s->payload.n,
                       &err) != 0)
        fail_msg("%s", err.text);
    return aver_judgement_word(s->j);
}

static void scene_close(struct scene *s)
{
    aver_judgement_free(s->j);
    aver_endorsements_free(s->set);
    aver_policy_free(s->policy);
    free(s->payload.p);
}

static void says(const struct scene *s, const char *name, const char *want)
{
    const char *have = aver_judgement_gpu(s->j, 0, 0, name);

    if (want == NULL || have == NULL)
        assert_true(want == have);
    else
        assert_string_equal(have, want);
}

static void genuine_and_known(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, true);
    assert_int_equal(scene_judge(&s), AVER_VERIFIED);
    assert_string_equal(aver_judgement_scope(s.j, 0), "gpu");
    says(&s, "arch", "HOPPER");
    says(&s, "device_id", "41431d480fe5e87274");
    says(&s, "driver", "550.90.07");
    says(&s, "vbios", "96.00.9F.00.01");
    says(&s, "driver_rim", "NV_GPU_DRIVER_GH100_550.90.07");
    says(&s, "authentic", "pass");
    says(&s, "revocation", "good");
    says(&s, "measurements", "match");
    says(&s, "mode", NULL);
    says(&s, "reason", NULL);
    says(&s, "no such name", NULL);
    assert_null(aver_judgement_gpu(s.j, 0, 1, "arch"));
    assert_null(aver_judgement_gpu(s.j, 1, 0, "arch"));
    assert_null(aver_judgement_gpu(NULL, 0, 0, "arch"));
    scene_close(&s);
}

/* Without what NVIDIA signs it is genuine, and that is all. */
static void genuine_alone(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, false);
    assert_int_equal(scene_judge(&s), AVER_UNDECIDED);
    says(&s, "authentic", "pass");
    says(&s, "revocation", "unknown");
    says(&s, "measurements", "no reference");
    assert_int_equal(aver_policy_require(s.policy, "rim", NULL), 0);
    assert_int_equal(scene_judge(&s), AVER_REFUSED);
    assert_string_equal(aver_judgement_reason(s.j)->cause, "rim_missing");
    says(&s, "reason", "rim_missing");
    scene_close(&s);
}

static void relaxed_by_name(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s, false);
    assert_int_equal(aver_policy_allow(s.policy, "rim-missing", NULL), 0);
    assert_int_equal(scene_judge(&s), AVER_UNDECIDED);
    assert_int_equal(aver_policy_allow(s.policy, "revocation-missing", NULL),
                     0);
    assert_int_equal(scene_judge(&s), AVER_VERIFIED);
    says(&s, "measurements", "no reference");
    scene_close(&s);
}

/* Roots of one's own take the place of NVIDIA's. */
static void another_root(void **state)
{
    struct api_file root = api_read("gpu/roots/synthetic-device-root.pem");
    struct scene s;

    (void)state;
    scene_open(&s, true);
    assert_int_equal(aver_policy_set_rim_root(s.policy, root.p, root.n, NULL),
                     0);
    assert_int_equal(scene_judge(&s), AVER_REFUSED);
    assert_string_equal(aver_judgement_reason(s.j)->cause, "rim_chain:root");
    assert_int_equal(aver_policy_set_gpu_root(s.policy, root.p, root.n, NULL),
                     0);
    assert_int_equal(scene_judge(&s), AVER_REFUSED);
    assert_string_equal(aver_judgement_reason(s.j)->cause, "root");
    says(&s, "authentic", "fail");
    scene_close(&s);
    free(root.p);
}

static void what_is_no_evidence(void **state)
{
    struct aver_policy *p = aver_policy_new(1);
    struct aver_judgement *j = NULL;
    struct aver_error err;

    (void)state;
    assert_int_equal(aver_judge_gpu(p, NULL, &j, "", 0, &err), -1);
    assert_null(j);
    assert_int_equal(aver_judge_gpu(NULL, NULL, &j, "{}", 2, &err), -1);
    assert_int_equal(aver_judge_gpu(p, NULL, &j, "[]", 2, &err), 0);
    assert_int_equal(aver_judgement_word(j), AVER_REFUSED);
    assert_string_equal(aver_judgement_reason(j)->cause, "empty");
    aver_judgement_free(j);
    assert_int_equal(aver_judge_gpu(p, NULL, &j, "[7]", 3, &err), 0);
    assert_int_equal(aver_judgement_word(j), AVER_REFUSED);
    assert_string_equal(aver_judgement_reason(j)->cause, "json_type");
    aver_judgement_free(j);
    aver_policy_free(p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genuine_and_known),   cmocka_unit_test(genuine_alone),
        cmocka_unit_test(relaxed_by_name),     cmocka_unit_test(another_root),
        cmocka_unit_test(what_is_no_evidence),
    };

    if (argc != 2)
        return 2;
    api_folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
