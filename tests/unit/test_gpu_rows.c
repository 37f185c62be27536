/* SPDX-License-Identifier: Apache-2.0
 *
 * gpu_rows: every case of the vectors, real, broken and made: verdict, facts,
 * cause; and that no row is without a case that makes exactly this row
 * fail. */
#include "gpu_judged.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Cases that name a cause which is the second one here, or goes by another
 * name: each with the one that is told. */
static const struct {
    const char *id, *cause;
} other_causes[] = {
    /* The names are compared before the keys. */
    {"mut-chain-rim-root", "chain_order"},
    /* The last one, now first, may not sign reports. */
    {"sim-chain-reversed", "cert_profile"},
    /* The extension is about another boot ROM, too. */
    {"syn-fwid-ext-other", "fwid_ext"},
};

static const char *text_or(const json_t *o, const char *key, const char *none)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text != NULL ? text : none;
}

static void check_word(const struct gpu_case *c, bool verified)
{
    const struct aver_check *r = aver_verdict_reason(&c->verdict);

    if ((c->verdict.word == AVER_VERIFIED) != verified)
        fail_msg("%s is %s (%s: %s)", c->id, aver_word_name(c->verdict.word),
                 r != NULL ? r->row->id : "-", r != NULL ? r->detail : "-");
    if (!verified)
        assert_int_equal(c->verdict.word, AVER_REFUSED);
}

static void check_cause(const struct gpu_case *c)
{
    const char *want = text_or(c->expected, "reason_class", NULL);
    const struct aver_check *r = aver_verdict_reason(&c->verdict);

    for (size_t i = 0; i < sizeof(other_causes) / sizeof(other_causes[0]); i++)
        if (strcmp(other_causes[i].id, c->id) == 0)
            want = other_causes[i].cause;
    if (want == NULL || c->verdict.word == AVER_VERIFIED)
        return;
    assert_non_null(r);
    if (strcmp(r->cause, want) != 0)
        fail_msg("%s: %s (%s: %s), not %s", c->id, r->cause, r->row->id,
                 r->detail, want);
}

static void check_text(const struct gpu_case *c, const json_t *fields,
                       const char *name, const char *have)
{
    const char *want = text_or(fields, name, "");

    if (json_object_get(fields, name) != NULL && strcmp(want, have) != 0)
        fail_msg("%s: %s is \"%s\", not \"%s\"", c->id, name, have, want);
}

static void check_number(const struct gpu_case *c, const json_t *fields,
                         const char *name, unsigned have)
{
    const json_t *want = json_object_get(fields, name);

    if (want != NULL && json_integer_value(want) != (json_int_t)have)
        fail_msg("%s: %s is %u", c->id, name, have);
}

static const char *switched(enum aver_switched s)
{
    if (s == AVER_SW_ABSENT)
        return "";
    return s == AVER_SW_ON ? "enabled" : "disabled";
}

static unsigned nonzero(const struct aver_spdm *r)
{
    static const uint8_t zero[48];
    unsigned n = 0;

    for (unsigned i = 0; i < r->n; i++)
        n += r->block[i].value.n != 48 ||
             memcmp(r->block[i].value.p, zero, 48) != 0;
    return n;
}

static void check_device(const struct gpu_case *c, const json_t *want,
                         const struct aver_gpu_device *d)
{
    char hex[97] = "";

    check_text(c, want, "arch", aver_chip_name(d->id.chip));
    check_text(c, want, "leaf_serial", d->id.leaf_serial);
    check_text(c, want, "device_id", d->id.id);
    check_text(c, want, "driver_version", d->fields.driver);
    check_text(c, want, "vbios_version", d->fields.vbios);
    check_text(c, want, "bios_version", d->fields.vbios);
    check_text(c, want, "bios_rim_id", d->vbios_rim);
    check_text(c, want, "driver_rim_id", d->driver_rim);
    check_text(c, want, "vbios_rim_id", d->vbios_rim);
    check_text(c, want, "nvdec0", switched(d->fields.nvdec0));
    check_text(c, want, "protected_pcie", switched(d->fields.protected_pcie));
    check_text(c, want, "mode", aver_gpu_mode_name(d->fields.mode));
    check_text(c, want, "encoding", aver_gpu_encoding_name(d->item->encoding));
    check_number(c, want, "blocks", d->report.n);
    check_number(c, want, "measured_nonzero", nonzero(&d->report));
    aver_hex_encode(hex, d->report.nonce.p, 32);
    check_text(c, want, "nonce", hex);
    hex[0] = '\0';
    if (d->id.fwid_state == AVER_FWID_OK && d->fields.has_fwid)
        aver_hex_encode(hex, d->id.fwid, 48);
    if (d->fields.has_fwid)
        check_text(c, want, "fwid", hex);
}

static void check_compared(const struct gpu_case *c, const json_t *want,
                           const struct aver_gpu_device *d)
{
    const json_t *list = json_object_get(want, "mismatch");

    if (!json_is_object(want))
        return;
    check_number(c, want, "compared", d->compared.compared);
    if (d->compared.mismatches != json_array_size(list))
        fail_msg("%s: %u mismatches", c->id, d->compared.mismatches);
    for (unsigned i = 0; i < d->compared.mismatches; i++) {
        const json_t *one = json_array_get(list, i);
        bool driver = d->compared.mismatch[i].source == d->driver;

        assert_string_equal(json_string_value(json_array_get(one, 0)),
                            driver ? "driver" : "vbios");
        assert_int_equal(json_integer_value(json_array_get(one, 1)),
                         d->compared.mismatch[i].index);
    }
}

static unsigned fields_seen;

static void check_fields(const struct gpu_case *c)
{
    const json_t *fields = json_object_get(c->expected, "fields");
    const json_t *devices = json_object_get(fields, "devices");
    const json_t *rim = json_object_get(fields, "rim");

    for (size_t i = 0; i < json_array_size(devices); i++) {
        assert_true(i < c->gpus->n);
        check_device(c, json_array_get(devices, i), &c->gpus->device[i]);
        fields_seen++;
    }
    for (size_t i = 0; i < json_array_size(rim); i++)
        check_compared(c, json_array_get(rim, i), &c->gpus->device[i]);
}

static bool fails_alone[AVER_CHECKS_MAX];

static unsigned place_of(const struct aver_row *row)
{
    return (unsigned)(row - aver_gpu_rows);
}

/* Notes which row fails, if it is the only one. */
static void note_row(const struct gpu_case *c)
{
    const struct aver_check *failed = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < c->verdict.n; i++)
        if (c->verdict.checks[i].result == AVER_FAIL) {
            failed = &c->verdict.checks[i];
            n++;
        }
    if (n == 1)
        fails_alone[place_of(failed->row)] = true;
}

static void judge_case(struct gpu_case *c)
{
    const char *verdict = vectors_text(c->expected, "verdict");
    const char *how = text_or(c->expected, "policy_switch", "");

    gpu_case_judge(c);
    note_row(c);
    if (strcmp(how, "either") != 0) {
        check_word(c, strcmp(verdict, "accept") == 0);
        check_cause(c);
        check_fields(c);
    }
    if (strcmp(how, "allow_trailing_zeros") == 0) {
        c->policy.allow |= AVER_ALLOW_TRAILING_BYTES;
        gpu_case_judge(c);
        check_word(c, true);
    }
}

static void every_case(void **state)
{
    (void)state;
    assert_int_equal(gpu_cases("gpu/cases", judge_case), 222);
    assert_int_equal(gpu_cases("gpu/sim", judge_case), 231);
    assert_true(fields_seen > 100);
}

/* Once every case was judged. */
static void no_row_is_without_a_case(void **state)
{
    (void)state;
    for (unsigned i = 0; i < aver_gpu_rows_n; i++) {
        const struct aver_row *row = &aver_gpu_rows[i];

        /* What a quote says of GPUs: test_rows.c. */
        if (!fails_alone[i] && strcmp(row->id, "gpu.bound") != 0)
            fail_msg("no case makes %s fail, and nothing else", row->id);
        assert_true(strlen(row->sentence) > 10 && strlen(row->proves) > 20);
        assert_true(strlen(row->without) > 20 && strlen(row->clause) > 3);
        assert_ptr_equal(aver_row_find(row->id), row);
    }
}

/* ---- what is missing hides nothing ---- */

/* The case without the files of that kind whose name has `word` in it, judged
 * by one who puts up with what is missing. */
static void judge_without(struct gpu_case *c, const char *id, const char *kind,
                          const char *word)
{
    json_t *list = NULL;
    size_t before, n;

    gpu_case_open(c, strncmp(id, "sim-", 4) == 0 ? "gpu/sim" : "gpu/cases", id);
    list = json_object_get(json_object_get(c->expected, "collateral"), kind);
    before = n = json_array_size(list);
    while (n-- > 0)
        if (strstr(json_string_value(json_array_get(list, n)), word) != NULL)
            json_array_remove(list, n);
    assert_true(json_array_size(list) < before);
    aver_endorsements_free(c->e);
    c->e = aver_endorsements_new();
    gpu_add(c, "rims");
    gpu_add(c, "ocsp");
    c->policy.require = 0;
    c->policy.allow = AVER_ALLOW_RIM_MISSING | AVER_ALLOW_REVOCATION_MISSING;
    gpu_case_judge(c);
}

static void what_is_missing_hides_nothing(void **state)
{
    static const struct {
        const char *id, *kind, *without, *row, *cause;
    } cases[] = {
        {"sim-hopper", "ocsp", "/brom-", NULL, NULL},
        {"sim-revoked-provisioner", "ocsp", "/brom-", "gpu.revocation",
         "revoked"},
        {"sim-revoked-identity", "ocsp", "/brom-", "gpu.revocation", "revoked"},
        {"sim-rim-revoked-l3", "ocsp", "rim-gh100-l4", "gpu.rim_revocation",
         "rim_revoked"},
        {"sim-hopper", "rims", "_vbios", NULL, NULL},
        {"syn-rim-measurement-differs", "rims", "driver", "gpu.measurements",
         "measurement"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct aver_check *r = NULL;
        struct gpu_case c;

        judge_without(&c, cases[i].id, cases[i].kind, cases[i].without);
        r = aver_verdict_reason(&c.verdict);
        if ((r == NULL) != (cases[i].row == NULL) ||
            (r != NULL && (strcmp(r->row->id, cases[i].row) != 0 ||
                           strcmp(r->cause, cases[i].cause) != 0)))
            fail_msg("%s: %s %s", c.id, r != NULL ? r->row->id : "-",
                     r != NULL ? r->detail : "-");
        assert_int_equal(c.verdict.word,
                         r != NULL ? AVER_REFUSED : AVER_VERIFIED);
        gpu_case_close(&c);
    }
}

/* Each layer has its own word, whatever else is wrong. */
static void a_layer_answers_for_itself(void **state)
{
    const struct aver_gpu_device *d;
    struct gpu_case c;

    (void)state;
    gpu_case_open(&c, "gpu/cases", "syn-ocsp-revoked-brom");
    c.policy.nonce[0] ^= 1;
    gpu_case_judge(&c);
    d = &c.gpus->device[0];
    assert_string_equal(d->cause, "nonce_envelope");
    assert_string_equal(aver_layer_word(d, AVER_LAYER_AUTHENTIC), "fail");
    assert_string_equal(aver_layer_word(d, AVER_LAYER_REVOCATION), "revoked");
    assert_string_equal(aver_layer_word(d, AVER_LAYER_MEASUREMENTS),
                        "no reference");
    assert_string_equal(aver_layer_word(d, AVER_LAYER_POLICY), "pass");
    gpu_case_close(&c);
    gpu_case_open(&c, "gpu/cases", "syn-ocsp-expired");
    gpu_case_judge(&c);
    d = &c.gpus->device[0];
    assert_string_equal(aver_layer_word(d, AVER_LAYER_REVOCATION), "unknown");
    gpu_case_close(&c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_layer_answers_for_itself),
        cmocka_unit_test(every_case),
        cmocka_unit_test(no_row_is_without_a_case),
        cmocka_unit_test(what_is_missing_hides_nothing),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
