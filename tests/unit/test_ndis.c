/* SPDX-License-Identifier: Apache-2.0
 *
 * ndis: where NVIDIA's services are asked, and what: the requests are, byte
 * for byte, those of `openssl ocsp -sha384 -no_nonce` for the same
 * certificates. */
#include "attest/ndis.h"
#include "vectors.h"
#include "verify/gpu_evidence.h"

#include "verify/chain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* About the certificate at this place of a real GPU's chain. */
static const struct {
    unsigned at;
    const char *request;
} requests[] = {
    {1,
     "308189308186308183308180307e300d060960864801650304020205000430de9e7fc5"
     "a7794eb338f829cbb0d72901a429eac54d7a8f8280d616b4f24a77c7746f9678c7914d"
     "d26e1c85df428cf16d04309666bcf53cd46c03999203afecd7fcd315ce8369aa5de92b"
     "f6f7f143497a6ebfa904365a55d336a96f7a923f0c28e763020941431d480fe5e87274"},
    {3, "30819130818e30818b308188308185300d060960864801650304020205000430413"
        "6e1670d50cca9ec47097e7aedbf9eeea0870b9d2824160e179ddfe0dfaa32dae76e1cc"
        "1ced67320042471685e01d80430caf2995c609f0c5f443308d6c9b5ca90138c3adee0f"
        "0c7076cec3fed65c1b6c2c7b7dc8425843e799af7b07dcbaeba5202104c255ede3bd00"
        "1bf3f4a3b605fca898a"},
};

static void test_requests(void **state)
{
    struct aver_buf text =
        vectors_file("gpu/cases/real-nvtrust-550/payload.json");
    struct aver_gpu_evidence *e = aver_gpu_evidence_parse(aver_buf_view(&text));
    struct aver_chain chain;

    (void)state;
    assert_int_equal(e->n, 1);
    aver_chain_init(&chain, aver_buf_view(&e->item[0].certificates));
    assert_int_equal(chain.n, 5);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        const struct aver_link *l = &chain.link[requests[i].at];
        struct aver_buf der, hex, small;

        aver_buf_init(&der, 512);
        aver_buf_init(&hex, 1024);
        assert_int_equal(ndis_ocsp_request(&der, &l[0].cert, &l[1].cert), 0);
        assert_int_equal(aver_hex_encode_buf(&hex, aver_buf_view(&der)), 0);
        assert_true(aver_bytes_is(aver_buf_view(&hex), requests[i].request));
        aver_buf_init(&small, der.n - 1);
        assert_int_equal(ndis_ocsp_request(&small, &l[0].cert, &l[1].cert), -1);
        aver_buf_clear(&small);
        aver_buf_clear(&der);
        aver_buf_clear(&hex);
    }
    aver_chain_clear(&chain);
    aver_gpu_evidence_free(e);
    aver_buf_clear(&text);
}

/* A certificate may say what it likes of itself. */
static void test_monstrous_serial(void **state)
{
    static uint8_t serial[300];
    struct aver_cert c = {.serial = {serial, 100}};
    struct aver_buf der;

    (void)state;
    aver_buf_init(&der, 4096);
    assert_int_equal(ndis_ocsp_request(&der, &c, &c), 0);
    der.n = 0;
    for (c.serial.n = 101; c.serial.n <= sizeof(serial); c.serial.n++)
        if (ndis_ocsp_request(&der, &c, &c) != 0)
            break;
    assert_true(c.serial.n <= 140);
    c.serial.n = sizeof(serial);
    assert_int_equal(ndis_ocsp_request(&der, &c, &c), -1);
    aver_buf_clear(&der);
}

static void test_urls(void **state)
{
    char url[NDIS_URL_MAX], base[PCS_BASE_MAX], id[200];

    (void)state;
    ndis_rim_url(url, NULL, "NV_GPU_DRIVER_GH100_550.90.07");
    assert_string_equal(url, "https://rim.attestation.nvidia.com/v1/rim/"
                             "NV_GPU_DRIVER_GH100_550.90.07");
    ndis_rim_url(url, "http://mirror:8080/nv", "X");
    assert_string_equal(url, "http://mirror:8080/nv/v1/rim/X");
    ndis_ocsp_url(url, NULL);
    assert_string_equal(url, "https://ocsp.ndis.nvidia.com/");
    ndis_ocsp_url(url, "http://mirror:8080");
    assert_string_equal(url, "http://mirror:8080/");
    ndis_ocsp_url(url, "http://mirror/ocsp");
    assert_string_equal(url, "http://mirror/ocsp");
    memset(base, 'b', sizeof(base));
    memcpy(base, "https://", 8);
    base[sizeof(base) - 1] = '\0';
    memset(id, 'i', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    assert_true(pcs_base_ok(base));
    ndis_rim_url(url, base, id);
    assert_int_equal(strlen(url), strlen(base) + strlen("/v1/rim/") + 120);
    ndis_ocsp_url(url, base);
    assert_int_equal(strlen(url), strlen(base) + 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_monstrous_serial),
        cmocka_unit_test(test_urls),
    };

    vectors_start(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
