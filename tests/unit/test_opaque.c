/* SPDX-License-Identifier: Apache-2.0
 *
 * opaque: the facts of every report of the vectors, fields made by hand for
 * each kind of device, and which values are none. */
#include "gpu_cases.h"
#include "verify/opaque.h"
#include "verify/spdm.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CAUSES " opaque opaque_duplicate opaque_value opaque_version "

static enum aver_chip chip_of(const char *name)
{
    for (unsigned i = AVER_HOPPER; i <= AVER_LS10; i++)
        if (strcmp(name, aver_chip_name(i)) == 0)
            return i;
    return AVER_CHIP_UNKNOWN;
}

static enum aver_switched switched(const json_t *device, const char *key)
{
    const char *text = json_string_value(json_object_get(device, key));

    if (text == NULL)
        return AVER_SW_ABSENT;
    return strcmp(text, "enabled") == 0 ? AVER_SW_ON : AVER_SW_OFF;
}

/* The list in `key` holds this PDI. */
static bool lists(const json_t *device, const char *key, const uint8_t *pdi)
{
    char hex[2 * AVER_PDI + 1];
    size_t i;
    json_t *one;

    aver_hex_encode(hex, pdi, AVER_PDI);
    json_array_foreach(json_object_get(device, key), i, one)
    {
        if (strcmp(hex, json_string_value(one)) == 0)
            return true;
    }
    return false;
}

static void check_gpu(const struct aver_opaque *o, const json_t *device)
{
    const char *mode = json_string_value(json_object_get(device, "mode"));
    char id[128], *p;

    assert_string_equal(o->driver, vectors_text(device, "driver_version"));
    assert_string_equal(o->vbios, vectors_text(device, "vbios_version"));
    assert_string_equal(aver_gpu_mode_name(o->mode), mode != NULL ? mode : "");
    assert_int_equal(o->nvdec0, switched(device, "nvdec0"));
    assert_int_equal(o->protected_pcie, switched(device, "protected_pcie"));
    snprintf(id, sizeof(id), "NV_GPU_VBIOS_%s_%s_%s_%c%c%s", o->project,
             o->project_sku, o->chip_sku, o->vbios[0], o->vbios[1],
             o->vbios + 2);
    for (char *q = p = id; *q != '\0'; q++)
        if (*q != '.')
            *p++ = *q;
    *p = '\0';
    assert_string_equal(id, vectors_text(device, "vbios_rim_id"));
    for (unsigned i = 0; i < o->nlinks; i++)
        if (memcmp(o->link[i], "\0\0\0\0\0\0\0", 8) != 0)
            assert_true(lists(device, "switch_pdis", o->link[i]));
    if (json_object_get(device, "switch_pdis") != NULL)
        assert_int_equal(o->nlinks, AVER_SWITCH_LINKS);
}

static void check_switch(const struct aver_opaque *o, const json_t *device)
{
    uint8_t own[AVER_PDI];

    assert_string_equal(o->vbios, vectors_text(device, "bios_version"));
    vectors_hex_n(own, AVER_PDI, device, "switch_pdi");
    assert_true(o->has_own_pdi && o->has_gpus && o->has_lock);
    assert_memory_equal(o->own_pdi, own, AVER_PDI);
    for (unsigned i = 0; i < AVER_SWITCH_GPUS; i++)
        assert_true(lists(device, "gpu_pdis", o->gpu[i]));
    assert_int_equal(o->locked,
                     json_integer_value(json_object_get(device, "locked")));
    assert_true(o->has_position);
    assert_int_equal(o->position,
                     json_integer_value(json_object_get(device, "position")));
    assert_int_equal(o->mode, AVER_MODE_UNKNOWN);
    assert_false(o->has_fwid);
}

static const char *check_device(const struct gpu_case *c, unsigned i)
{
    const struct aver_gpu_item *g = &c->evidence->item[i];
    json_t *device = gpu_case_fields(c, i);
    struct aver_flaw flaw = {0};
    struct aver_opaque o;
    struct aver_spdm s;
    const char *arch = device != NULL ? vectors_text(device, "arch")
                       : g->has_arch  ? g->arch
                                      : "HOPPER";

    if (aver_spdm_parse(&s, aver_buf_view(&g->report), true, &flaw) != 0)
        return "";
    if (aver_opaque_parse(&o, s.opaque, chip_of(arch), &flaw) != 0)
        return flaw.cause;
    if (device != NULL && strcmp(arch, "LS10") == 0)
        check_switch(&o, device);
    else if (device != NULL)
        check_gpu(&o, device);
    return "";
}

static void check_case(struct gpu_case *c)
{
    const char *want = gpu_case_cause(c);

    if (!gpu_cause_among(want, CAUSES))
        want = "";
    for (unsigned i = 0; i < c->evidence->n; i++) {
        const char *got = check_device(c, i);

        if (strcmp(got, want) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", c->id, got, want);
    }
}

static void all_cases(void **state)
{
    (void)state;
    gpu_cases_each(check_case);
}

/* ---- fields made by hand ---- */

struct fields {
    uint8_t p[512];
    size_t n;
};

static void add(struct fields *f, unsigned type, const void *value, size_t n)
{
    uint8_t head[4] = {(uint8_t)type, (uint8_t)(type >> 8), (uint8_t)n,
                       (uint8_t)(n >> 8)};

    memcpy(f->p + f->n, head, 4);
    memcpy(f->p + f->n + 4, value, n);
    f->n += 4 + n;
}

static int parse(struct aver_opaque *o, const struct fields *f,
                 enum aver_chip chip, struct aver_flaw *flaw)
{
    uint8_t *copy = malloc(f->n > 0 ? f->n : 1);

    memcpy(copy, f->p, f->n);
    *flaw = (struct aver_flaw){0};
    int rc = aver_opaque_parse(o, aver_bytes_of(copy, f->n), chip, flaw);
    free(copy);
    return rc;
}

#define ZEROS                                                                  \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0"

/* One field beside NVDEC0, which every GPU has. */
static void values(void **state)
{
    static const struct {
        enum aver_chip chip;
        unsigned type;
        const char *value;
        size_t n;
        const char *cause;
    } cases[] = {
        {AVER_HOPPER, 3, "580.126.20", 10, ""},
        {AVER_HOPPER, 3, "a-Z_0\0\0", 7, ""},
        {AVER_HOPPER, 3, "", 0, ""},
        {AVER_HOPPER, 3, "580\0126", 5, "opaque_value"},
        {AVER_HOPPER, 3, "580\000126", 7, "opaque_value"},
        {AVER_HOPPER, 3, "580 1", 5, "opaque_value"},
        {AVER_HOPPER, 3, "580/1", 5, "opaque_value"},
        {AVER_HOPPER, 3, "580\xe9", 4, "opaque_value"},
        {AVER_HOPPER, 3, "1234567890123456789012345678901", 31, ""},
        {AVER_HOPPER, 3, "1234567890123456789012345678901" ZEROS, 60, ""},
        {AVER_HOPPER, 3, "12345678901234567890123456789012", 32,
         "opaque_value"},
        {AVER_CHIP_UNKNOWN, 3, "580 1", 5, "opaque_value"},
        {AVER_HOPPER, 6, "1234", 4, "opaque_value"},
        {AVER_HOPPER, 6, "96.00.D9.00.02", 14, "opaque_value"},
        {AVER_LS10, 6, "96.10.55.00.01", 14, ""},
        {AVER_LS10, 6, "96.10.55.00 01", 14, "opaque_value"},
        {AVER_CHIP_UNKNOWN, 6, "?", 1, ""},
        {AVER_HOPPER, 15, "123456789012345", 15, ""},
        {AVER_HOPPER, 15, "1234567890123456", 16, "opaque_value"},
        {AVER_HOPPER, 17, "G520!", 5, "opaque_value"},
        {AVER_HOPPER, 18, "02:0", 4, "opaque_value"},
        {AVER_BLACKWELL, 35, "GB 00", 5, "opaque_value"},
        {AVER_HOPPER, 20, ZEROS, 32, "opaque_value"},
        {AVER_HOPPER, 20, ZEROS "12345678901", 48, ""},
        {AVER_HOPPER, 21, "\xaa", 1, ""},
        {AVER_HOPPER, 21, "\xab", 1, "opaque_value"},
        {AVER_HOPPER, 21, "\xaa\0", 2, "opaque_value"},
        {AVER_HOPPER, 21, "", 0, "opaque_value"},
        {AVER_LS10, 21, "x", 1, ""},
        {AVER_HOPPER, 22, "12345678", 8, ""},
        {AVER_HOPPER, 22, "1234567", 7, "opaque_value"},
        {AVER_LS10, 22, "12345678", 8, ""},
        {AVER_LS10, 22, "1234567812345678", 16, "opaque_value"},
        {AVER_LS10, 24, "\1", 1, "opaque_value"},
        {AVER_LS10, 25, "\1", 1, "opaque_value"},
        {AVER_LS10, 26, ZEROS, 32, "opaque_value"},
        {AVER_HOPPER, 26, ZEROS, 32, ""},
        {AVER_HOPPER, 34, "\1\0", 2, ""},
        {AVER_HOPPER, 34, "\1", 1, "opaque_value"},
        {AVER_HOPPER, 34, "\2\0", 2, "opaque_version"},
        {AVER_HOPPER, 34, "\0\1", 2, "opaque_version"},
        {AVER_LS10, 34, "\2\0", 2, "opaque_version"},
        {AVER_HOPPER, 36, "\2\0", 2, ""},
        {AVER_HOPPER, 36, "\3\0", 2, "opaque_value"},
        {AVER_HOPPER, 36, "\0\1", 2, "opaque_value"},
        {AVER_HOPPER, 36, "\0", 1, "opaque_value"},
        {AVER_HOPPER, 11, "\x55", 1, "opaque_duplicate"},
        {AVER_HOPPER, 999, "?", 1, ""},
    };
    struct aver_flaw flaw;
    struct aver_opaque o;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fields f = {0};

        add(&f, 11, "\xaa", 1);
        add(&f, cases[i].type, cases[i].value, cases[i].n);
        int rc = parse(&o, &f, cases[i].chip, &flaw);
        if (strcmp(rc == 0 ? "" : flaw.cause, cases[i].cause) != 0)
            fail_msg("case %zu: %s", i, rc == 0 ? "accepted" : flaw.text);
        for (size_t n = 5; n < f.n; n++) { /* cut behind the first */
            struct fields cut = {.n = n};

            memcpy(cut.p, f.p, n);
            assert_int_equal(parse(&o, &cut, cases[i].chip, &flaw),
                             n == 5 ? 0 : -1);
            assert_true(n == 5 || strcmp(flaw.cause, "opaque") == 0);
        }
    }
}

static void nvdec0(void **state)
{
    static const struct {
        const char *value;
        size_t n;
        enum aver_switched want;
    } cases[] = {
        {"\xaa", 1, AVER_SW_ON},   {"\x55", 1, AVER_SW_OFF},
        {"\x00", 1, AVER_SW_BAD},  {"\xaa\xaa", 2, AVER_SW_BAD},
        {NULL, 0, AVER_SW_ABSENT},
    };
    struct aver_flaw flaw;
    struct aver_opaque o;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fields f = {0};
        bool ok = cases[i].want == AVER_SW_ON || cases[i].want == AVER_SW_OFF;

        if (cases[i].value != NULL)
            add(&f, 11, cases[i].value, cases[i].n);
        for (unsigned chip = AVER_HOPPER; chip <= AVER_BLACKWELL; chip++) {
            assert_int_equal(parse(&o, &f, chip, &flaw), ok ? 0 : -1);
            assert_int_equal(o.nvdec0, cases[i].want);
            assert_true(ok || strcmp(flaw.cause, "opaque_value") == 0);
        }
        assert_int_equal(parse(&o, &f, AVER_LS10, &flaw), 0);
        assert_int_equal(parse(&o, &f, AVER_CHIP_UNKNOWN, &flaw), 0);
        assert_int_equal(o.nvdec0, AVER_SW_ABSENT);
    }
}

/* Which mode it is: version, flag and protected PCIe (0: not there). */
static void modes(void **state)
{
    static const struct {
        int version, flag, pcie;
        enum aver_gpu_mode want;
    } cases[] = {
        {-1, -1, 0, AVER_MODE_UNKNOWN},  {-1, -1, 0x55, AVER_MODE_UNKNOWN},
        {-1, -1, 0xaa, AVER_MODE_PPCIE}, {0, -1, 0xaa, AVER_MODE_PPCIE},
        {-1, 0, 0, AVER_MODE_UNKNOWN},   {0, 1, 0, AVER_MODE_UNKNOWN},
        {0, 0, 0xaa, AVER_MODE_PPCIE},   {1, 0, 0, AVER_MODE_SPT},
        {1, 1, 0, AVER_MODE_MPT},        {1, 2, 0, AVER_MODE_PPCIE},
        {1, 0, 0xaa, AVER_MODE_SPT},     {1, -1, 0xaa, AVER_MODE_PPCIE},
        {1, -1, 0, AVER_MODE_UNKNOWN},
    };
    struct aver_flaw flaw;
    struct aver_opaque o;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t version[2] = {(uint8_t)cases[i].version};
        uint8_t flag[2] = {(uint8_t)cases[i].flag};
        uint8_t pcie = (uint8_t)cases[i].pcie;
        struct fields f = {0};

        add(&f, 11, "\x55", 1);
        if (cases[i].flag >= 0)
            add(&f, 36, flag, 2);
        if (pcie != 0)
            add(&f, 21, &pcie, 1);
        if (cases[i].version >= 0)
            add(&f, 34, version, 2);
        assert_int_equal(parse(&o, &f, AVER_HOPPER, &flaw), 0);
        if (o.mode != cases[i].want)
            fail_msg("case %zu: %s", i, aver_gpu_mode_name(o.mode));
        assert_int_equal(o.has_flag,
                         cases[i].version == 1 && cases[i].flag >= 0);
    }
}

static void unknown_types(void **state)
{
    static const unsigned types[] = {0,  28, 29,  30,     31,    37,
                                     38, 99, 256, 0xff0b, 0xffff};
    struct aver_flaw flaw;
    struct aver_opaque o;
    struct fields f = {0};

    (void)state;
    add(&f, 11, "\x55", 1);
    for (unsigned i = 1; i < 256; i += 4) /* named, and not read */
        if (i == 1 || i == 5 || i == 9 || i == 13 || i == 33)
            add(&f, i, "?", 1);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        add(&f, types[i], "?", 1);
    add(&f, 255, "?", 1);
    assert_int_equal(parse(&o, &f, AVER_HOPPER, &flaw), 0);
    assert_int_equal(o.nunknown, 11);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(o.unknown[i], types[i]);
    add(&f, 0xffff, "!", 1);
    assert_int_equal(parse(&o, &f, AVER_HOPPER, &flaw), -1);
    assert_string_equal(flaw.cause, "opaque_duplicate");
}

static void order_of_pdis(void **state)
{
    static const uint8_t pdi[24] = {1,  2,  3,  4,  5,  6,  7,  8,
                                    9,  10, 11, 12, 13, 14, 15, 16,
                                    17, 18, 19, 20, 21, 22, 23, 24};
    static const uint8_t second[8] = {16, 15, 14, 13, 12, 11, 10, 9};
    uint8_t many[152] = {0};
    struct aver_flaw flaw;
    struct aver_opaque o;
    struct fields f = {0};

    (void)state;
    add(&f, 11, "\x55", 1);
    add(&f, 22, pdi, 24);
    assert_int_equal(parse(&o, &f, AVER_HOPPER, &flaw), 0);
    assert_int_equal(o.nlinks, 3);
    assert_memory_equal(o.link[1], second, 8);
    f = (struct fields){0};
    add(&f, 22, pdi, 8);
    assert_int_equal(parse(&o, &f, AVER_LS10, &flaw), 0);
    assert_memory_equal(o.own_pdi, pdi, 8);
    f = (struct fields){0};
    add(&f, 22, many, 152);
    assert_int_equal(parse(&o, &f, AVER_HOPPER, &flaw), -1);
    assert_string_equal(flaw.cause, "opaque_value");
}

/* Two bytes, of which only 1 says that the switch is locked. */
static void lock(void **state)
{
    static const struct {
        const char *value;
        bool locked;
    } cases[] = {
        {"\1\0", true}, {"\0\0", false}, {"\2\0", false}, {"\1\1", false}};
    struct aver_flaw flaw;
    struct aver_opaque o;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fields f = {0};

        add(&f, 25, cases[i].value, 2);
        add(&f, 24, "\3\2", 2);
        assert_int_equal(parse(&o, &f, AVER_LS10, &flaw), 0);
        assert_true(o.has_lock && o.has_position);
        assert_int_equal(o.locked, cases[i].locked);
        assert_int_equal(o.position, 0x203);
    }
    assert_int_equal(parse(&o, &(struct fields){0}, AVER_LS10, &flaw), 0);
    assert_false(o.has_lock || o.locked || o.has_position);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(aver_chip_name(AVER_CHIP_UNKNOWN), "");
    assert_string_equal(aver_chip_name(AVER_BLACKWELL), "BLACKWELL");
    assert_string_equal(aver_gpu_mode_name(AVER_MODE_UNKNOWN), "");
    assert_string_equal(aver_gpu_mode_name(AVER_MODE_PPCIE), "PPCIE");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases),     cmocka_unit_test(values),
        cmocka_unit_test(nvdec0),        cmocka_unit_test(modes),
        cmocka_unit_test(unknown_types), cmocka_unit_test(order_of_pdis),
        cmocka_unit_test(lock),          cmocka_unit_test(names),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
