/* SPDX-License-Identifier: Apache-2.0
 *
 * RIMs: whatever can be read as XML has canonical forms, of the document and
 * of each element, that can be read and are their own; and of a text that is
 * no genuine RIM none holds, but where its canonical form is that of one. */
#include "fuzz_vectors.h"
#include "verify/rim.h"
#include "verify/xml.h"

#define NOW 1755777600 /* 2025-08-21 */

static struct aver_ec *ec;
static uint8_t genuine[3][48];
static const uint8_t pin[32] = {0xde, 0xc1, 0xdc, 0x31, 0x64, 0x77, 0xaa, 0x85,
                                0x1e, 0xeb, 0xdf, 0x51, 0x32, 0x7a, 0xe9, 0xf8,
                                0x64, 0xbc, 0x8d, 0x89, 0x25, 0x46, 0x57, 0xed,
                                0x1e, 0x7e, 0xb9, 0x16, 0x8a, 0xf1, 0xe1, 0xa3};

/* With what is said of it; it must be judged before it can be forged. */
static struct aver_rim *judged(struct aver_bytes text, bool *holds)
{
    struct aver_rim *r = aver_rim_parse(text, ec);
    struct aver_flaw flaw = {0};

    assert(r != NULL);
    *holds = aver_rim_holds(ec, r, pin, NOW, &flaw) == 0;
    assert(*holds == (flaw.cause == NULL));
    assert(*holds || strlen(flaw.text) > 0);
    assert(r->n <= AVER_RIM_ENTRIES_MAX);
    for (unsigned i = 0; i < r->n && r->flaw.cause == NULL; i++)
        assert(r->entry[i].index < AVER_RIM_ENTRIES_MAX && r->entry[i].n > 0 &&
               r->entry[i].n <= AVER_RIM_ALTERNATIVES_MAX);
    return r;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const files[] = {
        "gpu/rims/NV_GPU_DRIVER_GH100_550.90.07.xml",
        "gpu/rims/NV_GPU_DRIVER_GH100_550.144.03.xml",
        "gpu/rims/NV_GPU_VBIOS_1010_0200_882_96009F0001.xml"};

    (void)argc;
    (void)argv;
    vectors_folder = AVER_VECTORS;
    ec = aver_ec_new();
    for (unsigned i = 0; i < 3; i++) {
        struct aver_buf text = vectors_file(files[i]);
        bool holds;
        struct aver_rim *r = judged(aver_buf_view(&text), &holds);

        assert(holds);
        memcpy(genuine[i], r->document, 48);
        aver_rim_free(r);
        aver_buf_clear(&text);
    }
    return 0;
}

static struct aver_buf canon(const struct aver_xml *x, unsigned apex)
{
    struct aver_buf out;

    aver_buf_init(&out, 64u << 20);
    assert(aver_xml_canon(&out, x, apex, AVER_XML_NONE) == 0);
    return out;
}

/* The canonical form of an element is read, and is its own. */
static void check_fixpoint(const struct aver_xml *x, unsigned apex)
{
    struct aver_buf once = canon(x, apex), twice;
    struct aver_error err;
    struct aver_xml y;

    assert(aver_xml_parse(&y, aver_buf_view(&once), &err) == 0);
    assert(y.n == x->node[apex].end - apex);
    twice = canon(&y, 0);
    assert(aver_bytes_equal(aver_buf_view(&once), aver_buf_view(&twice)));
    aver_buf_clear(&once);
    aver_buf_clear(&twice);
    aver_xml_clear(&y);
}

static void check_tree(const struct aver_xml *x, struct aver_bytes in)
{
    for (unsigned i = 0; i < x->n; i++) {
        const struct aver_xml_node *e = &x->node[i];
        struct aver_bytes own = aver_xml_is_text(x, i) ? e->text : e->name;

        assert(own.n > 0 && own.p >= in.p && own.p + own.n <= in.p + in.n);
        assert(e->end > i && e->end <= x->n);
        assert(e->depth >= 1 && e->depth <= AVER_XML_DEPTH_MAX + 1);
        assert(i == 0 ? e->parent == AVER_XML_NONE
                      : e->parent < i && x->node[e->parent].end >= e->end);
        if (!aver_xml_is_text(x, i) && i % 7 == 0)
            check_fixpoint(x, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_bytes in = aver_bytes_of(data, size);
    bool holds, known = false;
    struct aver_rim *r = judged(in, &holds);
    struct aver_error err;
    struct aver_xml x;

    for (unsigned i = 0; i < 3; i++)
        known = known || memcmp(r->document, genuine[i], 48) == 0;
    assert(!holds || known);
    if (aver_xml_parse(&x, in, &err) == 0)
        check_tree(&x, in);
    aver_xml_clear(&x);
    aver_rim_free(r);
    return 0;
}
