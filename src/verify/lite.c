/* SPDX-License-Identifier: Apache-2.0
 *
 * lite: reads vm_config.tdx_measurement; the registers are in
 * lite_registers.c. */
#include "verify/lite.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/sha2.h"
#include "verify/cbor.h"

#include <string.h>

#define VM_CONFIG_MAX ((size_t)256 << 10)
#define MEMORY_MAX ((uint64_t)1 << 52)
#define TWO_GIB 0x80000000u
#define PCI_HOLE                                                               \
    0xb0000000u /* from this size on memory goes on above 4 GiB                \
                 */

/* Every value of the measurement, as it stands in the CBOR. */
struct parts {
    uint64_t version;
    struct aver_bytes cmdline, kernel, initrd, ovmf, single, two, hob;
};

struct entry {
    const char *name; /* NULL ends the table */
    enum { UINT, TEXT, BYTES, MAP } kind;
    size_t at; /* in struct parts */
    const struct entry *map;
};

#define PART(member) offsetof(struct parts, member)

static const struct entry mrtd_map[] = {
    {"single_pass", BYTES, PART(single), NULL},
    {"two_pass", BYTES, PART(two), NULL},
    {NULL, MAP, 0, NULL}};
static const struct entry image_map[] = {
    {"cmdline_sha384", BYTES, PART(cmdline), NULL},
    {"kernel_authenticode", BYTES, PART(kernel), NULL},
    {"initrd_sha384", BYTES, PART(initrd), NULL},
    {NULL, MAP, 0, NULL}};
static const struct entry tdvf_map[] = {{"ovmf", TEXT, PART(ovmf), NULL},
                                        {"mrtd", MAP, 0, mrtd_map},
                                        {"td_hob", BYTES, PART(hob), NULL},
                                        {NULL, MAP, 0, NULL}};
static const struct entry top_map[] = {{"version", UINT, PART(version), NULL},
                                       {"image", MAP, 0, image_map},
                                       {"tdvf", MAP, 0, tdvf_map},
                                       {NULL, MAP, 0, NULL}};

static int read_map(struct aver_cbor *c, const struct entry *map,
                    struct parts *p, struct aver_error *err);

static int read_entry(struct aver_cbor *c, const struct entry *e,
                      struct parts *p, struct aver_error *err)
{
    void *at = (char *)p + e->at;

    switch (e->kind) {
    case UINT:
        *(uint64_t *)at = aver_cbor_uint(c);
        break;
    case TEXT:
        *(struct aver_bytes *)at = aver_cbor_text(c);
        break;
    case BYTES:
        *(struct aver_bytes *)at = aver_cbor_bytes(c);
        break;
    case MAP:
        return read_map(c, e->map, p, err);
    }
    if (c->in.failed)
        return aver_fail(err, AVER_EFORMAT,
                         "measurement: %s is not of the right form", e->name);
    return 0;
}

/* All entries of the table, each once, in any order, and no other. */
static int read_map(struct aver_cbor *c, const struct entry *map,
                    struct parts *p, struct aver_error *err)
{
    unsigned n = 0, seen = 0;

    while (map[n].name != NULL)
        n++;
    if (aver_cbor_map(c) != n)
        return aver_fail(err, AVER_EFORMAT,
                         "measurement: not a map of %u, from %s on", n,
                         map[0].name);
    for (unsigned i = 0; i < n; i++) {
        struct aver_bytes name = aver_cbor_text(c);
        unsigned at = 0;

        while (at < n && !aver_bytes_is(name, map[at].name))
            at++;
        if (c->in.failed || at == n || (seen >> at & 1u) != 0)
            return aver_fail(err, AVER_EFORMAT,
                             "measurement: a name beside %s is not known, or "
                             "stands there twice",
                             map[0].name);
        seen |= 1u << at;
        if (read_entry(c, &map[at], p, err) != 0)
            return -1;
    }
    return 0;
}

/* Unsigned LEB128, of a page number: at most 42 bits, no idle byte. */
static uint64_t leb128(struct aver_reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 42; shift += 7) {
        uint8_t byte = aver_read_u8(r);

        v |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) != 0)
            continue;
        if (byte == 0 && shift > 0)
            break;
        return v;
    }
    r->failed = true;
    return 0;
}

/* Base page, page of the HOB, then ranges, by distance from the base. */
static int read_hob(struct aver_measurement *m, struct aver_bytes in,
                    struct aver_error *err)
{
    struct aver_reader r;
    uint64_t reached = 0;

    aver_reader_init(&r, in);
    uint64_t base = leb128(&r);
    m->hob = (base + leb128(&r)) * 0x1000;
    uint64_t n = leb128(&r);
    if (r.failed || n == 0 || n > AVER_LITE_RANGES)
        return aver_fail(err, AVER_EFORMAT,
                         "measurement: td_hob does not begin with base, page "
                         "and number of ranges");
    for (m->n = 0; m->n < n; m->n++) {
        uint64_t start = (base + leb128(&r)) * 0x1000;
        uint64_t end = start + leb128(&r) * 0x1000;

        if (r.failed || start < reached || end <= start || end >= TWO_GIB)
            return aver_fail(err, AVER_EFORMAT,
                             "measurement: range %u of td_hob is empty, out "
                             "of order or not below 2 GiB",
                             m->n);
        m->range[m->n].start = start;
        m->range[m->n].end = reached = end;
    }
    if (r.n > 0)
        return aver_fail(err, AVER_EFORMAT,
                         "measurement: something follows the ranges of "
                         "td_hob");
    return 0;
}

static int copy_digest(uint8_t out[static 48], struct aver_bytes from,
                       const char *name, struct aver_error *err)
{
    if (from.n != 48)
        return aver_fail(err, AVER_EFORMAT,
                         "measurement: %s has %zu bytes, not 48", name, from.n);
    memcpy(out, from.p, 48);
    return 0;
}

int aver_measurement_parse(struct aver_measurement *m, struct aver_bytes cbor,
                           struct aver_error *err)
{
    struct aver_cbor c;
    struct parts p = {0};

    memset(m, 0, sizeof(*m));
    aver_cbor_init(&c, cbor);
    if (read_map(&c, top_map, &p, err) != 0)
        return -1;
    if (!aver_cbor_done(&c))
        return aver_fail(err, AVER_EFORMAT,
                         "measurement: something follows its end");
    if (p.version != 3)
        return aver_fail(err, AVER_EUNSUPPORTED,
                         "measurement of version %llu, not 3",
                         (unsigned long long)p.version);
    if (!aver_bytes_is(p.ovmf, "pre202505"))
        return aver_fail(err, AVER_EUNSUPPORTED,
                         "firmware whose boot is not known (not pre202505)");
    if (copy_digest(m->cmdline, p.cmdline, "cmdline_sha384", err) != 0 ||
        copy_digest(m->kernel, p.kernel, "kernel_authenticode", err) != 0 ||
        copy_digest(m->initrd, p.initrd, "initrd_sha384", err) != 0 ||
        copy_digest(m->mrtd_single_pass, p.single, "single_pass", err) != 0 ||
        copy_digest(m->mrtd_two_pass, p.two, "two_pass", err) != 0)
        return -1;
    return read_hob(m, p.hob, err);
}

/* The one line of `sha256sum` output for the measurement. */
static int find_checksum(uint8_t out[static 32], struct aver_bytes file,
                         struct aver_error *err)
{
    static const char tail[] = "  measurement.tdx.cbor";
    unsigned found = 0;

    while (file.n > 0) {
        const uint8_t *end = memchr(file.p, '\n', file.n);
        size_t n = end != NULL ? (size_t)(end - file.p) : file.n;

        if (n == 64 + sizeof(tail) - 1 &&
            memcmp(file.p + 64, tail, sizeof(tail) - 1) == 0 &&
            aver_hex_decode(out, 32, aver_bytes_of(file.p, 64)) == 0)
            found++;
        n += end != NULL;
        file = aver_bytes_of(file.p + n, file.n - n);
    }
    if (found != 1)
        return aver_fail(err, AVER_EFORMAT,
                         "checksum_file holds %u lines for "
                         "measurement.tdx.cbor, not one",
                         found);
    return 0;
}

static int take_base64(struct aver_buf *out, const json_t *o, const char *name,
                       struct aver_error *err)
{
    const char *text = json_string_value(json_object_get(o, name));

    if (text == NULL || aver_base64_decode_buf(out, aver_bytes_str(text)) != 0)
        return aver_fail(err, AVER_EFORMAT,
                         "vm_config: tdx_measurement.%s is not base64", name);
    return 0;
}

/* From the hash in vm_config to the measurement that it stands for. */
static int take_chain(struct aver_lite *l, const json_t *vm, const json_t *t,
                      struct aver_error *err)
{
    const char *claim = json_string_value(json_object_get(vm, "os_image_hash"));
    uint8_t claimed[32], listed[32] = {0}, actual[32];
    struct aver_buf file, measurement;
    int rc = -1;

    aver_buf_init(&file, VM_CONFIG_MAX);
    aver_buf_init(&measurement, VM_CONFIG_MAX);
    if (claim == NULL ||
        aver_hex_decode(claimed, 32, aver_bytes_str(claim)) != 0) {
        aver_fail(err, AVER_EFORMAT,
                  "vm_config: os_image_hash is not 64 hex digits");
        goto out;
    }
    if (take_base64(&file, t, "checksum_file", err) != 0 ||
        take_base64(&measurement, t, "measurement", err) != 0)
        goto out;
    aver_sha256(l->os_image_hash, aver_buf_view(&file));
    aver_sha256(actual, aver_buf_view(&measurement));
    if (memcmp(l->os_image_hash, claimed, 32) != 0)
        aver_fail(err, AVER_EMISMATCH,
                  "os_image_hash is not that of checksum_file");
    else if (find_checksum(listed, aver_buf_view(&file), err) != 0)
        goto out;
    else if (memcmp(listed, actual, 32) != 0)
        aver_fail(err, AVER_EMISMATCH,
                  "measurement is not the one that checksum_file lists");
    else
        rc = aver_measurement_parse(&l->m, aver_buf_view(&measurement), err);
out:
    aver_buf_clear(&file);
    aver_buf_clear(&measurement);
    return rc;
}

/* Between 2 GiB and the PCI hole the kernel is patched by the size. */
static int take_memory(struct aver_lite *l, const json_t *vm,
                       struct aver_error *err)
{
    const json_t *size = json_object_get(vm, "memory_size");
    json_int_t v = json_integer_value(size);

    if (!json_is_integer(size) || v <= 0 || (uint64_t)v > MEMORY_MAX)
        return aver_fail(err, AVER_EFORMAT,
                         "vm_config: memory_size is not a number of bytes");
    l->memory_size = (uint64_t)v;
    if (v != TWO_GIB && v < PCI_HOLE)
        return aver_fail(err, AVER_EUNSUPPORTED,
                         "the registers of a machine with %lld bytes of "
                         "memory cannot be computed from a measurement",
                         (long long)v);
    return 0;
}

int aver_lite_parse(struct aver_lite *l, struct aver_bytes vm_config,
                    struct aver_error *err)
{
    struct aver_error why;
    json_t *vm = NULL, *t = NULL;
    int rc = -1;

    memset(l, 0, sizeof(*l));
    if (vm_config.n > VM_CONFIG_MAX)
        return aver_fail(err, AVER_ELIMIT, "vm_config: longer than %zu bytes",
                         VM_CONFIG_MAX);
    vm = aver_json_parse(vm_config, &why);
    if (vm == NULL)
        return aver_fail(err, why.code, "vm_config: %s", why.text);
    t = json_object_get(vm, "tdx_measurement");
    if (!json_is_object(vm))
        aver_fail(err, AVER_EFORMAT, "vm_config: not an object");
    else if (t == NULL || json_is_null(t))
        aver_fail(err, AVER_EABSENT, "vm_config holds no tdx_measurement");
    else if (!json_is_object(t))
        aver_fail(err, AVER_EFORMAT,
                  "vm_config: tdx_measurement is not an object");
    else if (take_chain(l, vm, t, err) == 0)
        rc = take_memory(l, vm, err);
    json_decref(vm);
    return rc;
}
