/* SPDX-License-Identifier: Apache-2.0
 *
 * rim_compare: golden values against measured ones, those of the vectors and
 * such as are made here, one thing at a time. */
#include "rim_files.h"
#include "verify/opaque.h"

#define BLOCKS 64

/* Block i + 1 is filled with i; entry i of the RIM says so, with its size. */
struct made {
    struct aver_rim rim;
    struct aver_rim_entry entry[AVER_RIM_ENTRIES_MAX];
    struct aver_spdm measured;
    uint8_t value[BLOCKS][48];
    struct aver_rim_result out;
};

static struct made *make(void)
{
    struct made *m = calloc(1, sizeof(*m));

    m->rim.n = m->measured.n = BLOCKS;
    m->rim.entry = m->entry;
    for (unsigned i = 0; i < BLOCKS; i++) {
        m->entry[i] = (struct aver_rim_entry){
            .index = i, .active = true, .size = 48, .n = 1};
        memset(m->entry[i].hash[0], (int)i, 48);
        memset(m->value[i], (int)i, 48);
        m->measured.block[i].value = aver_bytes_of(m->value[i], 48);
    }
    return m;
}

static void compare(struct made *m, const struct aver_rim_skips *skips)
{
    memset(&m->out, 0, sizeof(m->out));
    aver_rim_compare(&m->out, &m->rim, &m->measured, skips);
}

/* The only one that does not match. */
static void one_off(struct made *m, unsigned index)
{
    compare(m, NULL);
    assert_int_equal(m->out.compared, BLOCKS);
    assert_int_equal(m->out.mismatches, 1);
    assert_ptr_equal(m->out.mismatch[0].source, &m->rim);
    assert_int_equal(m->out.mismatch[0].index, index);
}

static void all_match(struct made *m)
{
    compare(m, NULL);
    assert_int_equal(m->out.compared, BLOCKS);
    assert_int_equal(m->out.mismatches, 0);
}

/* Zeros (entry 0) are a value like any other. */
static void values(void **state)
{
    struct made *m = make();

    (void)state;
    all_match(m);
    for (unsigned i = 0; i < BLOCKS; i++)
        for (unsigned k = 0; k < 48; k += 47) {
            m->value[i][k] ^= 0x80;
            one_off(m, i);
            m->value[i][k] ^= 0x80;
        }
    m->measured.block[5].type = 0x81; /* is not looked at */
    all_match(m);
    free(m);
}

static void alternatives(void **state)
{
    struct made *m = make();

    (void)state;
    m->entry[3].n = AVER_RIM_ALTERNATIVES_MAX;
    for (unsigned k = 0; k < AVER_RIM_ALTERNATIVES_MAX; k++) {
        memset(m->entry[3].hash, 0xff, sizeof(m->entry[3].hash));
        one_off(m, 3);
        memset(m->entry[3].hash[k], 3, 48);
        all_match(m);
    }
    m->entry[3].n--; /* only so many count */
    one_off(m, 3);
    free(m);
}

static void sizes(void **state)
{
    struct made *m = make();

    (void)state;
    m->entry[9].size = 32;
    one_off(m, 9);
    m->measured.block[9].value.n = 32; /* says so, and is no SHA-384 */
    one_off(m, 9);
    m->entry[9].size = 48;
    one_off(m, 9);
    m->measured.block[9].value = aver_bytes_of(NULL, 0);
    m->entry[9].size = 0;
    one_off(m, 9);
    free(m);
}

/* Entry i is about block i + 1: the last block has an entry, the next none. */
static void what_was_not_measured(void **state)
{
    struct made *m = make();

    (void)state;
    m->measured.n = BLOCKS - 1;
    one_off(m, BLOCKS - 1);
    m->measured.n = BLOCKS;
    m->entry[7].index = 255;
    one_off(m, 255);
    m->measured.n = 0;
    compare(m, NULL);
    assert_int_equal(m->out.mismatches, BLOCKS);
    free(m);
}

static void inactive(void **state)
{
    struct made *m = make();

    (void)state;
    m->entry[4].active = false;
    m->value[4][0]++;
    compare(m, NULL);
    assert_int_equal(m->out.compared, BLOCKS - 1);
    assert_int_equal(m->out.mismatches, 0);
    free(m);
}

static void skipped(void **state)
{
    struct made *m = make();

    (void)state;
    for (unsigned i = 0; i < BLOCKS; i++) {
        struct aver_rim_skips skips = {{0}};

        m->value[i][0] ^= 1;
        compare(m, &skips);
        assert_int_equal(m->out.mismatches, 1);
        skips.set[i / 8] = (uint8_t)(1 << i % 8);
        compare(m, &skips);
        assert_int_equal(m->out.compared, BLOCKS - 1);
        assert_int_equal(m->out.mismatches, 0);
        m->value[i][0] ^= 1;
    }
    free(m);
}

/* More than are listed are counted; two RIMs add to one result. */
static void many(void **state)
{
    struct made *m = make();

    (void)state;
    for (unsigned i = 0; i < BLOCKS; i++)
        m->value[i][0] ^= 1;
    compare(m, NULL);
    aver_rim_compare(&m->out, &m->rim, &m->measured, NULL);
    assert_int_equal(m->out.compared, 2 * BLOCKS);
    assert_int_equal(m->out.mismatches, 2 * BLOCKS);
    for (unsigned i = 0; i < BLOCKS; i++)
        assert_int_equal(m->out.mismatch[i].index, i);
    free(m);
}

static void conflicts(void **state)
{
    struct made *a = make(), *b = make();

    (void)state;
    for (unsigned i = 0; i < BLOCKS; i++)
        (i % 2 == 0 ? a : b)->entry[i].active = false;
    assert_int_equal(aver_rim_conflict(&a->rim, &b->rim), -1);
    b->entry[0].index = 255;
    a->entry[63].index = 255;
    b->entry[0].active = true;
    assert_int_equal(aver_rim_conflict(&a->rim, &b->rim), 255);
    b->entry[21].active = true;
    assert_int_equal(aver_rim_conflict(&a->rim, &b->rim), 21);
    assert_int_equal(aver_rim_conflict(&b->rim, &a->rim), 21);
    b->entry[21].active = false;
    b->entry[2].index = 1; /* by their indices, not by their places */
    assert_int_equal(aver_rim_conflict(&a->rim, &b->rim), 1);
    free(a);
    free(b);
}

static unsigned compared_cases, mismatched_cases;

/* What a case's RIMs say of its first device; index 35 is passed over where
 * the first video decoder is off. */
static void compare_case(const struct gpu_case *c, struct aver_rim_result *out)
{
    json_t *files =
        json_object_get(json_object_get(c->expected, "collateral"), "rims");
    const char *arch = "HOPPER"; /* as are all that name no fields */
    struct aver_rim_skips skips = {{0}};
    struct aver_flaw flaw = {0};
    struct aver_opaque fields;
    enum aver_chip chip;
    struct aver_spdm s;
    json_t *file;
    size_t i;

    if (gpu_case_fields(c, 0) != NULL)
        arch = vectors_text(gpu_case_fields(c, 0), "arch");
    for (chip = AVER_LS10; strcmp(aver_chip_name(chip), arch) != 0; chip--)
        if (chip == AVER_CHIP_UNKNOWN)
            vectors_broken("no such chip", arch);
    if (aver_spdm_parse(&s, aver_buf_view(&c->evidence->item[0].report), false,
                        &flaw) != 0 ||
        aver_opaque_parse(&fields, s.opaque, chip, &flaw) != 0)
        vectors_broken(flaw.text, c->id);
    if (fields.nvdec0 == AVER_SW_OFF)
        skips.set[35 / 8] = 1 << 35 % 8;
    json_array_foreach(files, i, file)
    {
        struct aver_buf text = rim_text(c->id, json_string_value(file));
        struct aver_rim *r = rim_parse(&text);

        aver_rim_compare(out, r, &s, &skips);
        aver_rim_free(r);
        aver_buf_clear(&text);
    }
}

static void check_case(struct gpu_case *c)
{
    json_t *rim =
        json_object_get(json_object_get(c->expected, "fields"), "rim");
    bool mismatch = strcmp(gpu_case_cause(c), "measurement") == 0;
    struct aver_rim_result out = {0};

    if (!mismatch && rim == NULL)
        return;
    compare_case(c, &out);
    assert_true((out.mismatches > 0) == mismatch);
    mismatched_cases += mismatch;
    if (rim == NULL)
        return;
    rim = json_array_get(rim, 0);
    assert_int_equal(out.compared,
                     json_integer_value(json_object_get(rim, "compared")));
    compared_cases++;
}

static void all_cases(void **state)
{
    (void)state;
    gpu_cases_each(check_case);
    assert_int_equal(compared_cases, 10);
    assert_int_equal(mismatched_cases, 5);
}

/* An old VBIOS, of which four indices are not what NVIDIA signed. */
static void really_different(void **state)
{
    static const unsigned want[] = {1, 2, 3, 9};
    struct aver_rim_result out = {0};
    struct gpu_case c;

    (void)state;
    gpu_case_open(&c, "real-go545-rim-mismatch");
    compare_case(&c, &out);
    assert_int_equal(out.mismatches, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(out.mismatch[i].index, want[i]);
    gpu_case_close(&c);
}

static void conflicts_of_files(void **state)
{
    struct aver_buf driver = rim_text(NULL, "syn-driver.xml");
    struct aver_buf vbios = rim_text(NULL, "syn-vbios.xml");
    struct aver_buf other = rim_text("syn-rim-index-conflict", "./driver.xml");
    struct aver_rim *d = rim_parse(&driver), *v = rim_parse(&vbios);
    struct aver_rim *o = rim_parse(&other);

    (void)state;
    assert_int_equal(aver_rim_conflict(d, v), -1);
    assert_int_equal(aver_rim_conflict(o, v), 3);
    assert_true(aver_rim_conflict(d, o) >= 0);
    aver_rim_free(d);
    aver_rim_free(v);
    aver_rim_free(o);
    aver_buf_clear(&driver);
    aver_buf_clear(&vbios);
    aver_buf_clear(&other);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(sizes),
        cmocka_unit_test(what_was_not_measured),
        cmocka_unit_test(inactive),
        cmocka_unit_test(skipped),
        cmocka_unit_test(many),
        cmocka_unit_test(conflicts),
        cmocka_unit_test(all_cases),
        cmocka_unit_test(really_different),
        cmocka_unit_test(conflicts_of_files),
    };

    vectors_start(argc, argv);
    rim_ec = aver_ec_new();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    aver_ec_free(rim_ec);
    return rc;
}
