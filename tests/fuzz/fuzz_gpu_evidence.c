/* SPDX-License-Identifier: Apache-2.0
 *
 * GPU evidence: what is read without a flaw, jansson reads as well, with the
 * same devices in it. A second text stands behind a line of two dashes. */
#include "base/text.h"
#include "verify/gpu_evidence.h"

#include <assert.h>
#include <string.h>

#define BETWEEN "\n--\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_flawless(const struct aver_gpu_evidence *e)
{
    for (unsigned i = 0; i < e->n; i++)
        if (e->item[i].flaw.cause != NULL)
            return false;
    return e->flaw.cause == NULL;
}

static void check_flaw(const struct aver_flaw *f)
{
    assert((f->cause == NULL) == (f->text[0] == '\0'));
    assert(memchr(f->text, '\0', sizeof(f->text)) != NULL);
}

static void check_bounds(const struct aver_gpu_evidence *e)
{
    check_flaw(&e->flaw);
    assert(e->n <= AVER_DEVICES_MAX && strlen(e->arch) < sizeof(e->arch));
    assert(e->n > 0 || e->flaw.cause != NULL);
    for (unsigned i = 0; i < e->n; i++) {
        const struct aver_gpu_item *g = &e->item[i];

        check_flaw(&g->flaw);
        assert(strlen(g->arch) < sizeof(g->arch));
        assert(g->has_arch || g->arch[0] == '\0');
        if (g->flaw.cause != NULL)
            continue;
        assert(g->report.n <= AVER_DEVICE_BLOB_MAX);
        assert(g->certificates.n <= AVER_DEVICE_BLOB_MAX);
        assert(g->nonce.state != AVER_CLAIM_BAD);
    }
}

static void decode(struct aver_buf *out, const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    assert(text != NULL);
    aver_buf_init(out, 1 << 20);
    if (aver_base64_decode_buf(out, aver_bytes_str(text)) != 0)
        assert(aver_hex_decode_buf(out, aver_bytes_str(text)) == 0);
}

static void check_device(const struct aver_gpu_item *g, const json_t *device)
{
    struct aver_buf evidence, certificate;

    decode(&evidence, device, "evidence");
    decode(&certificate, device, "certificate");
    if (g->encoding == AVER_GPU_BASE64)
        assert(aver_bytes_equal(aver_buf_view(&evidence),
                                aver_buf_view(&g->report)));
    if (g->encoding == AVER_GPU_BASE64_HEX)
        assert(evidence.n == 2 * g->report.n);
    if (g->encoding != AVER_GPU_BASE64)
        assert(g->report.n >= 2 && memcmp(g->report.p, "\x11\xe0", 2) == 0);
    assert(aver_bytes_equal(aver_buf_view(&certificate),
                            aver_buf_view(&g->certificates)));
    aver_buf_clear(&evidence);
    aver_buf_clear(&certificate);
}

/* Those of one list, the first of which is the i-th of all. */
static unsigned check_list(const struct aver_gpu_evidence *e, unsigned i,
                           const json_t *list)
{
    size_t n = json_array_size(list);

    assert(json_is_array(list) && n <= e->n - i);
    for (size_t k = 0; k < n; k++)
        check_device(&e->item[i + k], json_array_get(list, k));
    return (unsigned)n;
}

static void check_same(const struct aver_gpu_evidence *e, const json_t *tree)
{
    static const char *const lists[] = {"evidence_list", "gpu_evidence",
                                        "device_evidence_list"};
    const json_t *gpu = json_object_get(tree, "gpu");
    const json_t *nvswitch = json_object_get(tree, "nvswitch");
    unsigned n = 0;

    if (json_is_array(tree))
        n += check_list(e, n, tree);
    for (unsigned i = 0; i < 3; i++)
        if (json_object_get(tree, lists[i]) != NULL)
            n += check_list(e, n, json_object_get(tree, lists[i]));
    if (gpu != NULL)
        n += check_list(e, n, json_object_get(gpu, "evidences"));
    if (gpu != NULL && json_is_object(nvswitch))
        n += check_list(e, n, json_object_get(nvswitch, "evidences"));
    if (n == 0 && json_object_get(tree, "evidence") != NULL) {
        check_device(&e->item[0], tree);
        n = 1;
    }
    assert(n == e->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = memmem(data, size, BETWEEN, 4);
    size_t n = cut != NULL ? (size_t)(cut - data) : size;
    struct aver_gpu_evidence *e =
        aver_gpu_evidence_parse(aver_bytes_of(data, n));

    assert(e != NULL);
    check_bounds(e);
    if (is_flawless(e)) {
        json_t *tree =
            json_loadb((const char *)data, n, JSON_REJECT_DUPLICATES, NULL);

        assert(tree != NULL);
        check_same(e, tree);
        json_decref(tree);
    }
    if (cut != NULL) {
        unsigned before = e->n;

        assert(aver_gpu_evidence_join(
                   e, aver_bytes_of(cut + 4, size - n - 4)) == 0);
        assert(e->has_switch_digest && e->n >= before);
        assert(!is_flawless(e) || e->n > before);
        check_bounds(e);
    }
    aver_gpu_evidence_free(e);
    return 0;
}
