/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements: NVIDIA's RIMs and OCSP answers in each form in which they
 * travel, each once; parts that cannot be read; which RIM is found. */
#include "vectors.h"
#include "verify/endorsements.h"

#include "crypto/sha2.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DRIVER "gpu/rims/NV_GPU_DRIVER_GH100_550.90.07.xml"
#define VBIOS "gpu/rims/NV_GPU_VBIOS_1010_0200_882_96009F0001.xml"
#define RESIGNED                                                               \
    "gpu/rims/NV_GPU_VBIOS_1010_0200_882_96009F0001-resigned-2028.xml"
#define ANSWER "gpu/ocsp/device-brom.der"
#define OTHER "gpu/ocsp/device-identity.der"

static struct aver_buf driver, vbios, answer, other;

/* A copy of its own size, so that sanitizers see what is read past its end. */
static int add(struct aver_endorsements *e, struct aver_bytes in,
               struct aver_error *err)
{
    uint8_t *copy = malloc(in.n > 0 ? in.n : 1);

    assert_non_null(copy);
    if (in.n > 0)
        memcpy(copy, in.p, in.n);
    int rc = aver_endorsements_add(e, aver_bytes_of(copy, in.n), err);
    free(copy);
    return rc;
}

static void put_base64(struct aver_buf *out, const struct aver_buf *in)
{
    assert_int_equal(aver_buf_append_str(out, "\""), 0);
    assert_int_equal(aver_base64_encode_buf(out, aver_buf_view(in)), 0);
    assert_int_equal(aver_buf_append_str(out, "\""), 0);
}

static void put(struct aver_buf *out, const char *text)
{
    assert_int_equal(aver_buf_append_str(out, text), 0);
}

static struct aver_buf bundle(void)
{
    struct aver_buf b;

    aver_buf_init(&b, 1 << 20);
    put(&b, "{\"rims\":[");
    put_base64(&b, &driver);
    put(&b, " , ");
    put_base64(&b, &vbios);
    put(&b, "],\"more\":1,\"ocsp\":[");
    put_base64(&b, &answer);
    put(&b, ",\n");
    put_base64(&b, &other);
    put(&b, "]}");
    return b;
}

/* NVIDIA's answer; `sha256` NULL: without. */
static struct aver_buf service(const struct aver_buf *xml, const char *sha256,
                               const char *format)
{
    struct aver_buf b;

    aver_buf_init(&b, 1 << 20);
    put(&b, "{\"id\":\"NV\",\"rim\":");
    put_base64(&b, xml);
    if (sha256 != NULL)
        assert_int_equal(aver_buf_printf(&b, ",\"sha256\":\"%s\"", sha256), 0);
    if (format != NULL)
        assert_int_equal(aver_buf_printf(&b, ",\"rim_format\":%s", format), 0);
    put(&b, ",\"last_updated\":\"2025\",\"request_id\":\"1\"}");
    return b;
}

static void expect(const struct aver_endorsements *e, unsigned rims,
                   unsigned staples)
{
    assert_int_equal(e->nrims, rims);
    assert_int_equal(e->nstaples, staples);
    for (unsigned i = 0; i < rims; i++)
        assert_null(e->rim[i]->flaw.cause);
    for (unsigned i = 0; i < staples; i++)
        assert_string_equal(e->staple[i]->fault, "");
}

static void test_forms(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_buf all = bundle(), http;
    uint8_t digest[32];
    char hex[65];

    (void)state;
    assert_int_equal(add(e, aver_buf_view(&all), NULL), 0);
    expect(e, 2, 2);
    /* The same bytes in other forms are there already. */
    assert_int_equal(add(e, aver_buf_view(&all), NULL), 0);
    assert_int_equal(add(e, aver_buf_view(&driver), NULL), 0);
    assert_int_equal(add(e, aver_buf_view(&answer), NULL), 0);
    aver_sha256(digest, aver_buf_view(&vbios));
    aver_hex_encode(hex, digest, 32);
    struct aver_buf s = service(&vbios, hex, "\"TCG\"");
    assert_int_equal(add(e, aver_buf_view(&s), NULL), 0);
    aver_buf_init(&http, 1 << 20);
    put(&http, "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response"
               "\r\n\r\n");
    assert_int_equal(aver_buf_append(&http, other.p, other.n), 0);
    assert_int_equal(add(e, aver_buf_view(&http), NULL), 0);
    expect(e, 2, 2);
    /* None of it is anything of Intel's. */
    assert_int_equal(e->ntcb + e->nqe + e->nlists + e->nchains, 0);
    assert_memory_equal(e->rim[1]->text.p, vbios.p, vbios.n);
    assert_memory_equal(e->staple[1]->der.p, other.p, other.n);
    aver_buf_clear(&http);
    aver_buf_clear(&s);
    aver_buf_clear(&all);
    aver_endorsements_free(e);
}

/* A failure of the service's is an answer too, of five bytes; a CRL is none. */
static void test_told_apart(void **state)
{
    static const uint8_t refused[] = {0x30, 0x03, 0x0a, 0x01, 0x06};
    static const struct {
        const char *in;
        size_t n;
        unsigned staples, lists;
    } cases[] = {{"\x30\x81\x03\x0a\x01\x06", 6, 1, 0},
                 {"\x30\x82\x00\x03\x0a\x01\x06", 7, 1, 0},
                 {"\x30\x82\x00\x03\x30\x01\x06", 7, 0, 1},
                 {"\x30\x82\x0a", 3, 0, 1},
                 {"\x30\xff\x0a", 3, 0, 1},
                 {"\x30\x80\x0a", 3, 1, 0}};
    struct aver_endorsements *e = aver_endorsements_new();

    (void)state;
    assert_int_equal(add(e, aver_bytes_of(refused, 5), NULL), 0);
    assert_int_equal(e->nstaples, 1);
    assert_int_equal(e->staple[0]->ocsp.response_status, 6);
    aver_endorsements_free(e);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        e = aver_endorsements_new();
        assert_int_equal(add(e, aver_bytes_of(cases[i].in, cases[i].n), NULL),
                         0);
        if (e->nstaples != cases[i].staples || e->nlists != cases[i].lists)
            fail_msg("case %zu", i);
        aver_endorsements_free(e);
    }
}

static void test_answers_that_are_refused(void **state)
{
    static const char zeros[] =
        "00000000000000000000000000000000000000000000000000000000000000"
        "00";
    static const struct {
        const char *sha256, *format, *told;
    } cases[] = {
        {zeros, "\"TCG\"", "sha256"},      {"", "\"TCG\"", "sha256"},
        {NULL, "\"CORIM\"", "rim_format"}, {NULL, "\"\"", "rim_format"},
        {NULL, "1", "rim_format"},         {NULL, "\"tcg\"", "rim_format"}};
    static const struct {
        const char *text, *told;
    } texts[] = {
        {"{\"rim\":1}", "rim"},      {"{\"rim\":\"*\"}", "rim"},
        {"{\"rim\":\"AA\"}", "rim"}, {"{\"rim\":\"\",\"rim\":\"\"}", "twice"},
        {"{\"rims\":\"\"}", "rims"}, {"{\"rims\":{}}", "rims"},
        {"{\"ocsp\":1}", "ocsp"},    {"{\"ocsp\":[],\"ocsp\":[]}", "twice"}};
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_buf s = service(&driver, cases[i].sha256, cases[i].format);
        assert_int_equal(add(e, aver_buf_view(&s), &err), -1);
        assert_non_null(strstr(err.text, cases[i].told));
        aver_buf_clear(&s);
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(add(e, aver_bytes_str(texts[i].text), &err), -1);
        assert_non_null(strstr(err.text, texts[i].told));
    }
    expect(e, 0, 0);
    struct aver_buf s = service(&driver, NULL, NULL); /* a mirror's */
    assert_int_equal(add(e, aver_buf_view(&s), &err), 0);
    expect(e, 1, 0);
    aver_buf_clear(&s);
    aver_endorsements_free(e);
}

/* What cannot be read is kept, with the reason; what is no base64 as nothing.
 */
static void test_faults(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();

    (void)state;
    assert_int_equal(
        add(e,
            aver_bytes_str("{\"rims\":[\"*\",1,{},\"\",[\"AAAA\"]],"
                           "\"ocsp\":[null,\"****\",\"MAMKAQY=\"]}"),
            NULL),
        0);
    assert_int_equal(e->nrims, 1);
    assert_int_equal(e->rim[0]->text.n, 0);
    assert_non_null(e->rim[0]->flaw.cause);
    assert_int_equal(e->nstaples, 2);
    assert_string_not_equal(e->staple[0]->fault, "");
    assert_string_equal(e->staple[1]->fault, "");
    assert_int_equal(add(e, aver_bytes_str(" <x"), NULL), 0);
    assert_int_equal(e->nrims, 2);
    assert_non_null(e->rim[1]->flaw.cause);
    assert_int_equal(
        add(e, aver_bytes_str("{\"rims\":null,\"ocsp\":[]}"), NULL), 0);
    assert_int_equal(e->nrims + e->nstaples, 4);
    aver_endorsements_free(e);
}

static void test_full(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_error err;
    char text[64];
    unsigned i;

    (void)state;
    for (i = 0; i < AVER_RIMS_MAX; i++) {
        snprintf(text, sizeof(text), "<%u", i);
        assert_int_equal(add(e, aver_bytes_str(text), NULL), 0);
    }
    assert_int_equal(add(e, aver_bytes_str(text), NULL), 0); /* once more */
    assert_int_equal(add(e, aver_bytes_str("<x"), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    for (i = 0; i < AVER_STAPLES_MAX; i++) {
        const uint8_t der[] = {0x30,      0x04, 0x0a, 0x01, (uint8_t)(i >> 8),
                               (uint8_t)i};
        assert_int_equal(add(e, aver_bytes_of(der, 6), NULL), 0);
    }
    assert_int_equal(e->nstaples, AVER_STAPLES_MAX);
    assert_int_equal(add(e, aver_buf_view(&answer), &err), -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    struct aver_buf all = bundle();
    assert_int_equal(add(e, aver_buf_view(&all), &err), -1);
    aver_buf_clear(&all);
    aver_endorsements_free(e);
}

/* NVIDIA has signed the same RIM twice: what is valid then, and of that the
 * newest. */
static void test_found(void **state)
{
    static const struct {
        const char *product;
        int64_t at;
        bool resigned;
    } cases[] = {
        {"GH100", 1755777600, false}, /* 2025-08-21: the first alone is valid */
        {"GH100", 1773532800, true},  /* 2026-03-15: the second alone */
        {"GH100", 4000000000, true},  /* neither: the newer */
        {"GB100", 1755777600, true},  /* to be named */
    };
    struct aver_buf resigned = vectors_file(RESIGNED);

    (void)state;
    for (int order = 0; order < 2; order++) {
        struct aver_endorsements *e = aver_endorsements_new();

        assert_int_equal(
            add(e, aver_buf_view(order ? &resigned : &vbios), NULL), 0);
        assert_int_equal(
            add(e, aver_buf_view(order ? &vbios : &resigned), NULL), 0);
        assert_int_equal(add(e, aver_buf_view(&driver), NULL), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct aver_rim *r = aver_endorsements_rim(
                e, "96.00.9F.00.01", cases[i].product, "GPU", cases[i].at);
            const struct aver_buf *want =
                cases[i].resigned ? &resigned : &vbios;
            assert_non_null(r);
            if (!aver_bytes_equal(aver_buf_view(&r->text), aver_buf_view(want)))
                fail_msg("order %d, case %zu", order, i);
        }
        assert_null(
            aver_endorsements_rim(e, "96.00.9F.00.02", "GH100", "GPU", 0));
        assert_non_null(
            aver_endorsements_rim(e, "550.90.07", "GH100", "GPU", 0));
        aver_endorsements_free(e);
    }
    aver_buf_clear(&resigned);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_told_apart),
        cmocka_unit_test(test_answers_that_are_refused),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_found),
    };

    vectors_start(argc, argv);
    driver = vectors_file(DRIVER);
    vbios = vectors_file(VBIOS);
    answer = vectors_file(ANSWER);
    other = vectors_file(OTHER);
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    aver_buf_clear(&driver);
    aver_buf_clear(&vbios);
    aver_buf_clear(&answer);
    aver_buf_clear(&other);
    return rc;
}
