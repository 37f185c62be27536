/* SPDX-License-Identifier: Apache-2.0
 *
 * pcs: what is asked of Intel's service, and its captured answers taken apart;
 * headers and answers that are not as they should be. */
#include "attest/pcs.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RAW "tdx/pcs-raw/90c06f-20260610/"
#define B(text) aver_bytes_str(text)

static const struct pcs_platform td = {.fmspc = {0x90, 0xc0, 0x6f}};
static const struct pcs_platform enclave = {
    .sgx = true, .processor = true, .fmspc = {0, 0xa0, 0x67, 0x11}};

static void test_urls(void **state)
{
    static const struct {
        enum pcs_item item;
        const struct pcs_platform *p;
        const char *base, *update, *url;
    } cases[] = {
        {PCS_TCB_INFO, &td, NULL, NULL,
         "https://api.trustedservices.intel.com/tdx/certification/v4/"
         "tcb?fmspc=90c06f000000"},
        {PCS_TCB_INFO, &enclave, "http://127.0.0.1:8081", "early",
         "http://127.0.0.1:8081/sgx/certification/v4/"
         "tcb?fmspc=00a067110000&update=early"},
        {PCS_QE_IDENTITY, &td, NULL, "standard",
         "https://api.trustedservices.intel.com/tdx/certification/v4/qe/"
         "identity?update=standard"},
        {PCS_QE_IDENTITY, &enclave, NULL, NULL,
         "https://api.trustedservices.intel.com/sgx/certification/v4/qe/"
         "identity"},
        {PCS_PCK_CRL, &td, NULL, "early",
         "https://api.trustedservices.intel.com/sgx/certification/v4/"
         "pckcrl?ca=platform&encoding=der"},
        {PCS_PCK_CRL, &enclave, "https://pccs", NULL,
         "https://pccs/sgx/certification/v4/"
         "pckcrl?ca=processor&encoding=der"},
        {PCS_ROOT_CRL, &td, NULL, NULL,
         "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"},
        {PCS_ROOT_CRL, &td, "https://pccs/x", NULL,
         "https://pccs/x/sgx/certification/v4/rootcacrl"},
    };
    char url[PCS_URL_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pcs_url(url, cases[i].item, cases[i].p, cases[i].base, cases[i].update);
        assert_string_equal(url, cases[i].url);
    }
}

static void test_bases(void **state)
{
    static const char *const good[] = {"https://pccs", "http://127.0.0.1:8081",
                                       "https://[::1]:8081/a/b"};
    static const char *const bad[] = {
        "",           "https://",     "https:///x",    "http:/x",
        "ftp://x",    "https://a@b",  "https://a?b",   "https://a#b",
        "https://a ", "https://a\nb", "https://a\x7f", "HTTPS://a",
        "pccs",       "https://a\\b", "https://\"",    "file:///etc"};
    char longest[PCS_BASE_MAX + 1] = "https://";

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(pcs_base_ok(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(pcs_base_ok(bad[i]));
    memset(longest + 8, 'a', PCS_BASE_MAX - 8);
    assert_false(pcs_base_ok(longest));
    longest[PCS_BASE_MAX - 1] = '\0';
    assert_true(pcs_base_ok(longest));
    /* The longest base still leaves room for the longest question. */
    char url[PCS_URL_MAX];
    pcs_url(url, PCS_TCB_INFO, &td, longest, "standard");
    assert_string_equal(url + strlen(url) - 16, "&update=standard");
}

static void test_headers(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n"
                               "A-Chain:  one \r\n"
                               "x-twice: 1\r\nX-TWICE: 2\r\n"
                               "Empty:\r\n"
                               ": nameless\r\n"
                               "A-Chain-More: two\r\n"
                               "no colon\r\n"
                               "last: three\n";
    struct aver_bytes value;
    struct aver_error err;

    (void)state;
    assert_int_equal(pcs_header(&value, B(head), "a-chain", &err), 0);
    assert_true(aver_bytes_is(value, "one"));
    assert_int_equal(pcs_header(&value, B(head), "LAST", &err), 0);
    assert_true(aver_bytes_is(value, "three"));
    assert_int_equal(pcs_header(&value, B(head), "Empty", &err), 0);
    assert_int_equal(value.n, 0);
    assert_int_equal(pcs_header(&value, B(head), "X-Twice", &err), -1);
    assert_int_equal(err.code, AVER_EFORMAT);
    assert_int_equal(pcs_header(&value, B(head), "chain", &err), -1);
    assert_int_equal(err.code, AVER_EABSENT);
    assert_non_null(strstr(err.text, "chain"));
    assert_int_equal(pcs_header(&value, B(""), "chain", &err), -1);
}

static void test_unescape(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: refused */
    } cases[] = {
        {"", ""},           {"a%20b+c%2Bd%0A", "a b+c+d\n"},
        {"%7e%7E", "~~"},   {"%", NULL},
        {"%4", NULL},       {"a%4", NULL},
        {"%zz", NULL},      {"%00", NULL},
        {"%7f", NULL},      {"%c3%a4", NULL},
        {"\xc3\xa4", NULL}, {"%1b[2J", NULL},
        {"%09", NULL},
    };
    struct aver_buf out;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        aver_buf_init(&out, 100);
        int rc = pcs_unescape(&out, B(cases[i].in));
        assert_int_equal(rc, cases[i].out != NULL ? 0 : -1);
        if (rc == 0)
            assert_true(aver_bytes_is(aver_buf_view(&out), cases[i].out));
        aver_buf_clear(&out);
    }
    aver_buf_init(&out, 3);
    assert_int_equal(pcs_unescape(&out, B("%41%41%41%41")), -1);
    aver_buf_clear(&out);
}

/* A captured answer: its head as it came, and its body. */
static void captured(const char *name, struct aver_buf *head,
                     struct aver_buf *body)
{
    char path[200];
    const char *field;
    json_t *said, *values;

    snprintf(path, sizeof(path), RAW "%s.json", name);
    said = vectors_index(path);
    snprintf(path, sizeof(path), RAW "%s.body", name);
    *body = vectors_file(path);
    aver_buf_init(head, 65536);
    if (aver_buf_append_str(head, "HTTP/1.1 200 OK\r\n") != 0)
        abort();
    json_object_foreach(
        json_object_get(said, "headers"), field,
        values) if (aver_buf_printf(head, "%s: %s\r\n", field,
                                    json_string_value(json_array_get(
                                        values, 0))) != 0) abort();
    json_decref(said);
}

static const char *const files[PCS_ITEMS] = {
    [PCS_TCB_INFO] =
        "0002_api.trustedservices.intel.com_tdx_certification_v4_tcb",
    [PCS_QE_IDENTITY] =
        "0003_api.trustedservices.intel.com_tdx_certification_v4_qe_identity",
    [PCS_PCK_CRL] =
        "0004_api.trustedservices.intel.com_sgx_certification_v4_pckcrl",
    [PCS_ROOT_CRL] =
        "0005_certificates.trustedservices.intel.com_intelsgxrootca.der",
};

/* What must come out is what another program made of the same answers. */
static void test_captured(void **state)
{
    static const char *const names[PCS_ITEMS][3] = {
        {"tcb_info_issuer_chain", "tcb_info", "tcb_info_signature"},
        {"qe_identity_issuer_chain", "qe_identity", "qe_identity_signature"},
        {"pck_crl_issuer_chain", "pck_crl", NULL},
        {NULL, "root_ca_crl", NULL},
    };
    json_t *known = vectors_index("tdx/collateral/90c06f-20260610.json");

    (void)state;
    for (int i = 0; i < PCS_ITEMS; i++) {
        struct aver_buf head, body, hex;
        struct pcs_part p;
        struct aver_error err;

        captured(files[i], &head, &body);
        pcs_part_init(&p);
        aver_buf_init(&hex, 1 << 20);
        assert_int_equal(pcs_take(&p, (enum pcs_item)i, aver_buf_view(&head),
                                  aver_buf_view(&body), &err),
                         0);
        if (i >= PCS_PCK_CRL)
            assert_int_equal(
                aver_hex_encode_buf(&hex, aver_buf_view(&p.document)), 0);
        assert_true(
            aver_bytes_is(aver_buf_view(i >= PCS_PCK_CRL ? &hex : &p.document),
                          vectors_text(known, names[i][1])));
        if (names[i][0] != NULL)
            assert_true(aver_bytes_is(aver_buf_view(&p.chain),
                                      vectors_text(known, names[i][0])));
        if (names[i][2] != NULL)
            assert_true(aver_bytes_is(aver_buf_view(&p.signature),
                                      vectors_text(known, names[i][2])));
        aver_buf_clear(&hex);
        pcs_part_clear(&p);
        aver_buf_clear(&head);
        aver_buf_clear(&body);
    }
    json_decref(known);
}

#define SIGNED(doc) "{\"tcbInfo\":" doc ",\"signature\":\"" ZEROS "\"}"
#define Z16 "0000000000000000"
#define ZEROS Z16 Z16 Z16 Z16 Z16 Z16 Z16 Z16

static void test_answers(void **state)
{
    static const char tcb_head[] = "TCB-Info-Issuer-Chain: x\r\n";
    static const char crl_head[] = "SGX-PCK-CRL-Issuer-Chain: x\r\n";
    static const struct {
        enum pcs_item item;
        const char *head, *body;
        const char *document; /* NULL: refused */
    } cases[] = {
        {PCS_TCB_INFO, tcb_head, SIGNED("{ \"a\" : [1 ] }"),
         "{ \"a\" : [1 ] }"},
        {PCS_TCB_INFO, "sgx-tcb-info-issuer-chain: x\r\n", SIGNED("{}"), "{}"},
        {PCS_TCB_INFO, "", SIGNED("{}"), NULL},
        {PCS_TCB_INFO, "TCB-Info-Issuer-Chain: %\r\n", SIGNED("{}"), NULL},
        {PCS_TCB_INFO, "TCB-Info-Issuer-Chain: x\r\nTCB-Info-Issuer-Chain: x\n",
         SIGNED("{}"), NULL},
        {PCS_TCB_INFO, tcb_head, SIGNED("[]"), NULL},
        {PCS_TCB_INFO, tcb_head, SIGNED("{},\"tcbInfo\":{}"), NULL},
        {PCS_TCB_INFO, tcb_head, "{\"tcbInfo\":{}}", NULL},
        {PCS_TCB_INFO, tcb_head, "{\"tcbInfo\":{},\"signature\":\"00\"}", NULL},
        {PCS_TCB_INFO, tcb_head, "{\"tcbInfo\":{},\"signature\":1}", NULL},
        {PCS_TCB_INFO, tcb_head, "", NULL},
        {PCS_TCB_INFO, tcb_head, "{\"tcbInfo\":{", NULL},
        {PCS_QE_IDENTITY, "SGX-Enclave-Identity-Issuer-Chain: x\n",
         SIGNED("{}"), NULL},
        {PCS_PCK_CRL, crl_head, "30820001\r\n", "\x30\x82\x00\x01"},
        {PCS_PCK_CRL, "", "30820001", NULL},
        {PCS_ROOT_CRL, "", " 30820001 ", "\x30\x82\x00\x01"},
        {PCS_ROOT_CRL, "", "0\x82", "0\x82"},
        {PCS_ROOT_CRL, "", "3082000", NULL},
        {PCS_ROOT_CRL, "", "31820001", NULL},
        {PCS_ROOT_CRL, "", "0", NULL},
        {PCS_ROOT_CRL, "", "", NULL},
        {PCS_ROOT_CRL, "", "<html>", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *want = cases[i].document;
        struct pcs_part p;
        struct aver_error err = {0};

        pcs_part_init(&p);
        int rc = pcs_take(&p, cases[i].item, B(cases[i].head), B(cases[i].body),
                          &err);
        if (rc != (want != NULL ? 0 : -1))
            fail_msg("case %zu: %s", i, err.text);
        if (want != NULL)
            assert_memory_equal(p.document.p, want, p.document.n);
        else
            assert_true(err.text[0] != '\0');
        pcs_part_clear(&p);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),     cmocka_unit_test(test_bases),
        cmocka_unit_test(test_headers),  cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_captured), cmocka_unit_test(test_answers),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
