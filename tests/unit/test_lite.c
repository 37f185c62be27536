/* SPDX-License-Identifier: Apache-2.0
 *
 * lite: a real image's measurement, and what is wrong with others. */
#include "crypto/sha2.h"
#include "folders.h"
#include "verify/lite.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char folder[] = "tdx/lite";

static int parse(struct aver_lite *l, const json_t *vm, struct aver_error *err)
{
    char *text = json_dumps(vm, JSON_COMPACT);
    int rc = aver_lite_parse(l, aver_bytes_str(text), err);

    free(text);
    return rc;
}

static bool is_register(const json_t *input, size_t i, const uint8_t *value)
{
    const json_t *rtmr = json_object_get(input, "rtmr");
    const char *hex = json_string_value(json_array_get(rtmr, i));
    uint8_t want[48];

    assert_int_equal(aver_hex_decode(want, 48, aver_bytes_str(hex)), 0);
    return memcmp(want, value, 48) == 0;
}

/* Which of MRTD and RTMR 0 to 2 the measurement explains, as bits. */
static unsigned explained(const struct aver_lite *l, const json_t *input)
{
    const json_t *acpi = json_object_get(input, "acpi_digests");
    struct aver_acpi a;
    uint8_t out[48], mrtd[48];
    unsigned bits = 0;

    vectors_hex_n(a.loader, 48, acpi, "acpi-loader");
    vectors_hex_n(a.rsdp, 48, acpi, "acpi-rsdp");
    vectors_hex_n(a.tables, 48, acpi, "acpi-tables");
    vectors_hex_n(mrtd, 48, input, "mr_td");
    bits |= memcmp(mrtd, l->m.mrtd_two_pass, 48) == 0;
    aver_lite_rtmr0(out, l, &a);
    bits |= (unsigned)is_register(input, 0, out) << 1;
    aver_lite_rtmr1(out, l);
    bits |= (unsigned)is_register(input, 1, out) << 2;
    aver_lite_rtmr2(out, l);
    bits |= (unsigned)is_register(input, 2, out) << 3;
    return bits;
}

static void every_vector_has_its_verdict(void **state)
{
    static const struct {
        const char *name;
        enum aver_error_code code;
        unsigned explained;
    } how[] = {
        {"acpi-digest", AVER_OK, 13},
        {"good", AVER_OK, 15},
        {"measurement-flip", AVER_EMISMATCH, 0},
        {"memory-3g", AVER_OK, 13},
        {"os-image-hash-other", AVER_EMISMATCH, 0},
    };
    struct folders cases = folders_list(folder);

    (void)state;
    assert_int_equal(cases.n, 5);
    for (int i = 0; i < cases.n; i++) {
        json_t *input = folders_json(folder, cases.entry[i], "input.json");
        json_t *expected =
            folders_json(folder, cases.entry[i], "expected.json");
        struct aver_lite l;
        struct aver_error err = {0};
        unsigned bits = 0;

        assert_string_equal(cases.entry[i]->d_name, how[i].name);
        if (parse(&l, json_object_get(input, "vm_config"), &err) == 0)
            bits = explained(&l, input);
        assert_int_equal(err.code, how[i].code);
        assert_int_equal(bits, how[i].explained);
        assert_int_equal(bits == 15, vectors_is(expected, "verdict", "accept"));
        json_decref(input);
        json_decref(expected);
    }
    folders_clear(&cases);
}

static json_t *good(void)
{
    json_t *input = vectors_index("tdx/lite/good/input.json");
    json_t *vm = json_incref(json_object_get(input, "vm_config"));

    json_decref(input);
    return vm;
}

static void set_base64(json_t *o, const char *name, struct aver_bytes b)
{
    struct aver_buf text;

    aver_buf_init(&text, 1 << 20);
    assert_int_equal(aver_base64_encode_buf(&text, b), 0);
    json_object_set_new(o, name, json_stringn((const char *)text.p, text.n));
    aver_buf_clear(&text);
}

/* Makes the hashes fit again, so that only what they cover is wrong. */
static void commit(json_t *vm, struct aver_bytes measurement)
{
    json_t *t = json_object_get(vm, "tdx_measurement");
    uint8_t hash[32];
    char line[200], hex[65];

    aver_sha256(hash, measurement);
    aver_hex_encode(hex, hash, 32);
    snprintf(line, sizeof(line), "%s  measurement.tdx.cbor\n", hex);
    aver_sha256(hash, aver_bytes_str(line));
    aver_hex_encode(hex, hash, 32);
    set_base64(t, "measurement", measurement);
    set_base64(t, "checksum_file", aver_bytes_str(line));
    json_object_set_new(vm, "os_image_hash", json_string(hex));
}

static void judged(json_t *vm, enum aver_error_code code, const char *says)
{
    struct aver_lite l;
    struct aver_error err = {0};
    int rc = parse(&l, vm, &err);

    if (rc != (code == AVER_OK ? 0 : -1) || err.code != code ||
        (says != NULL && strstr(err.text, says) == NULL))
        fail_msg("%d %d: %s", rc, err.code, err.text);
    json_decref(vm);
}

static json_t *with(const char *name, json_t *value)
{
    json_t *vm = good();

    json_object_set_new(vm, name, value);
    return vm;
}

static json_t *with_inner(const char *name, json_t *value)
{
    json_t *vm = good();

    json_object_set_new(json_object_get(vm, "tdx_measurement"), name, value);
    return vm;
}

static void sizes_of_memory(void **state)
{
    static const struct {
        json_int_t size;
        enum aver_error_code code;
    } sizes[] = {
        {0x80000000, AVER_OK},
        {0x80000001, AVER_EUNSUPPORTED},
        {0x7fffffff, AVER_EUNSUPPORTED},
        {0xafffffff, AVER_EUNSUPPORTED},
        {0xb0000000, AVER_OK},
        {(json_int_t)1 << 40, AVER_OK},
        {((json_int_t)1 << 52) + 1, AVER_EFORMAT},
        {0, AVER_EFORMAT},
        {-1, AVER_EFORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        judged(with("memory_size", json_integer(sizes[i].size)), sizes[i].code,
               NULL);
    judged(with("memory_size", json_string("2147483648")), AVER_EFORMAT, NULL);
    judged(with("memory_size", json_real(2147483648.0)), AVER_EFORMAT, NULL);
}

static void wrong_configurations(void **state)
{
    json_t *vm = good();

    (void)state;
    json_object_del(vm, "tdx_measurement");
    judged(vm, AVER_EABSENT, "no tdx_measurement");
    judged(with("tdx_measurement", json_null()), AVER_EABSENT, NULL);
    judged(with("tdx_measurement", json_string("")), AVER_EFORMAT, NULL);
    judged(with("os_image_hash", json_string("00")), AVER_EFORMAT, NULL);
    judged(with("os_image_hash", json_null()), AVER_EFORMAT, NULL);
    judged(with_inner("measurement", json_string("!")), AVER_EFORMAT,
           "measurement is not base64");
    judged(with_inner("checksum_file", json_integer(1)), AVER_EFORMAT,
           "checksum_file is not base64");
    judged(json_array(), AVER_EFORMAT, "not an object");
    struct aver_lite l;
    struct aver_error err;
    assert_int_equal(aver_lite_parse(&l, aver_bytes_str("{"), &err), -1);
    static char large[(256 << 10) + 1];
    memset(large, ' ', sizeof(large));
    assert_int_equal(
        aver_lite_parse(&l, aver_bytes_of(large, sizeof(large)), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
}

/* The list must name the measurement once. */
static void wrong_lists(void **state)
{
    static const char hash[] =
        "8c9e955f0b577cc8945a891a34ccfa5b8e08bb5e5d249992603e64dd14870e3c";
    static const struct {
        const char *before, *after;
        enum aver_error_code code;
    } lists[] = {
        {"", "  measurement.tdx.cbor", AVER_OK},
        {"junk\n\n", "  measurement.tdx.cbor\nmore\n", AVER_OK},
        {"", " measurement.tdx.cbor\n", AVER_EFORMAT},
        {"", "  measurement.snp.cbor\n", AVER_EFORMAT},
        {"", "  measurement.tdx.cbor.old\n", AVER_EFORMAT},
        {"0", "  measurement.tdx.cbor\n", AVER_EFORMAT},
        {"8c9e955f0b577cc8945a891a34ccfa5b8e08bb5e5d249992603e64dd14870e3c  "
         "measurement.tdx.cbor\n",
         "  measurement.tdx.cbor\n", AVER_EFORMAT},
        {"", "", AVER_EFORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        json_t *vm = good();
        char text[300], hex[65];
        uint8_t digest[32];

        snprintf(text, sizeof(text), "%s%s%s", lists[i].before, hash,
                 lists[i].after);
        aver_sha256(digest, aver_bytes_str(text));
        aver_hex_encode(hex, digest, 32);
        set_base64(json_object_get(vm, "tdx_measurement"), "checksum_file",
                   aver_bytes_str(text));
        json_object_set_new(vm, "os_image_hash", json_string(hex));
        judged(vm, lists[i].code, NULL);
    }
}

static struct aver_buf measurement(void)
{
    json_t *vm = good();
    struct aver_buf b =
        vectors_base64(json_object_get(vm, "tdx_measurement"), "measurement");

    json_decref(vm);
    return b;
}

static size_t find(const struct aver_buf *b, const char *text)
{
    const uint8_t *at = memmem(b->p, b->n, text, strlen(text));

    assert_non_null(at);
    return (size_t)(at - b->p);
}

static int read_copy(const uint8_t *p, size_t n, struct aver_error *err)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    struct aver_measurement m;

    assert_non_null(copy);
    memcpy(copy, p, n);
    int rc = aver_measurement_parse(&m, aver_bytes_of(copy, n), err);
    free(copy);
    return rc;
}

/* One byte of the measurement replaced, with hashes that fit. */
static void changed(const char *text, size_t after, uint8_t byte,
                    enum aver_error_code code)
{
    struct aver_buf b = measurement();
    json_t *vm = good();

    b.p[find(&b, text) + strlen(text) + after] = byte;
    commit(vm, aver_buf_view(&b));
    judged(vm, code, NULL);
    aver_buf_clear(&b);
}

static void wrong_measurements(void **state)
{
    (void)state;
    changed("version", 0, 4, AVER_EUNSUPPORTED);
    changed("version", 0, 0x23, AVER_EFORMAT);     /* negative */
    changed("pre2025", 1, '6', AVER_EUNSUPPORTED); /* another firmware */
    changed("initrd_sha38", 0, '5', AVER_EFORMAT); /* unknown name */
    changed("single_pass", 0, 0x78, AVER_EFORMAT); /* a text */
    changed("two_pass", 1, 47, AVER_EFORMAT);      /* one byte less */
    changed("td_hob", 4, 5,
            AVER_EFORMAT); /* five ranges of which four are there */
    changed("td_hob", 4, 3, AVER_EFORMAT);    /* bytes are left */
    changed("td_hob", 6, 0, AVER_EFORMAT);    /* an empty range */
    changed("td_hob", 7, 5, AVER_EFORMAT);    /* which overlap */
    changed("td_hob", 3, 0xff, AVER_EFORMAT); /* numbers without an end */
}

/* The witness of the TD HOB replaced, with hashes that fit. */
static void hob(const char *hex, enum aver_error_code code)
{
    struct aver_buf b = measurement(), bytes;
    json_t *vm = good();

    aver_buf_init(&bytes, 64);
    assert_int_equal(aver_hex_decode_buf(&bytes, aver_bytes_str(hex)), 0);
    b.n = find(&b, "td_hob") + 6;
    uint8_t length = (uint8_t)(0x40 + bytes.n);
    assert_int_equal(aver_buf_append(&b, &length, 1), 0);
    assert_int_equal(aver_buf_append(&b, bytes.p, bytes.n), 0);
    commit(vm, aver_buf_view(&b));
    judged(vm, code, code == AVER_OK ? NULL : "td_hob");
    aver_buf_clear(&bytes);
    aver_buf_clear(&b);
}

static void witnesses_of_the_hob(void **state)
{
    (void)state;
    hob("80100904000609020b021010", AVER_OK);
    hob("801009010006", AVER_OK);
    hob("8090000904000609020b021010", AVER_EFORMAT); /* an idle byte */
    hob("8010090100", AVER_EFORMAT);
    hob("80100900", AVER_EFORMAT);
    hob("00000100ffff1f", AVER_OK); /* up to 2 GiB less a page */
    hob("0000010080801f", AVER_OK);
    hob("00000100808020", AVER_EFORMAT); /* up to 2 GiB */
    hob("ffffffffffff0100010001", AVER_EFORMAT);
    hob("ffffffffff1f00010001", AVER_EFORMAT);
    hob("0000010201", AVER_OK);
    hob("0000020201"
        "0201",
        AVER_EFORMAT); /* the same range twice */
    hob("0000020201"
        "0101",
        AVER_EFORMAT); /* out of order */
    hob("0000020201"
        "0301",
        AVER_OK); /* they may touch */
}

static void a_name_that_stands_twice(void **state)
{
    struct aver_buf b = measurement();
    size_t at = find(&b, "single_pass") - 1;
    struct aver_error err;

    (void)state;
    memmove(b.p + at + 9, b.p + at + 12, b.n - at - 12);
    memcpy(b.p + at, "\x68two_pass", 9);
    b.n -= 3;
    assert_int_equal(read_copy(b.p, b.n, &err), -1);
    assert_non_null(strstr(err.text, "stands there twice"));
    aver_buf_clear(&b);
}

static void cut_anywhere_it_is_refused(void **state)
{
    struct aver_buf b = measurement();
    struct aver_error err;

    (void)state;
    assert_int_equal(read_copy(b.p, b.n, NULL), 0);
    for (size_t n = 0; n < b.n; n++)
        assert_int_equal(read_copy(b.p, n, &err), -1);
    assert_int_equal(aver_buf_append(&b, "", 1), 0);
    assert_int_equal(read_copy(b.p, b.n, &err), -1);
    aver_buf_clear(&b);
}

static void flipped_bits_do_no_harm(void **state)
{
    struct aver_buf b = measurement();

    (void)state;
    for (size_t i = 0; i < 8 * b.n; i++) {
        b.p[i / 8] ^= (uint8_t)(1u << i % 8);
        (void)read_copy(b.p, b.n, NULL);
        b.p[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    aver_buf_clear(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_has_its_verdict),
        cmocka_unit_test(sizes_of_memory),
        cmocka_unit_test(wrong_configurations),
        cmocka_unit_test(wrong_lists),
        cmocka_unit_test(wrong_measurements),
        cmocka_unit_test(witnesses_of_the_hob),
        cmocka_unit_test(a_name_that_stands_twice),
        cmocka_unit_test(cut_anywhere_it_is_refused),
        cmocka_unit_test(flipped_bits_do_no_harm),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
