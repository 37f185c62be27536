/* SPDX-License-Identifier: Apache-2.0
 *
 * endorsements_read: one set of endorsements in each form in which it travels,
 * and the quote that it endorses judged with it; forms that are none; parts
 * that cannot be read, which are kept with their fault. */
#include "json_edit.h"
#include "tdx_cases.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PCS "tdx/pcs-raw/90c06f-20260610/000"
static const char *const answers[] = {
    PCS "2_api.trustedservices.intel.com_tdx_certification_v4_tcb",
    PCS "3_api.trustedservices.intel.com_tdx_certification_v4_qe_identity",
    PCS "4_api.trustedservices.intel.com_sgx_certification_v4_pckcrl",
    PCS "5_certificates.trustedservices.intel.com_intelsgxrootca.der"};

static char *bundle; /* the same in dcap-qvl's form, as text */
static struct tdx_case world;

static struct aver_buf answer(unsigned i, const char *suffix)
{
    char path[256];

    snprintf(path, sizeof(path), "%s.%s", answers[i], suffix);
    return vectors_file(path);
}

static int add_text(struct aver_endorsements *e, const void *p, size_t n,
                    struct aver_error *err)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);

    assert_non_null(copy);
    memcpy(copy, p, n);
    int rc = aver_endorsements_add(e, aver_bytes_of(copy, n), err);
    free(copy);
    return rc;
}

static void add_buf(struct aver_endorsements *e, struct aver_buf *b)
{
    struct aver_error err;

    if (add_text(e, b->p, b->n, &err) != 0)
        fail_msg("%s", err.text);
    aver_buf_clear(b);
}

/* The forms, each a function that fills an empty set. */
static void as_bundle(struct aver_endorsements *e)
{
    assert_int_equal(add_text(e, bundle, strlen(bundle), NULL), 0);
}

static void with_spaces_around(struct aver_endorsements *e)
{
    struct aver_buf b;

    aver_buf_init(&b, 1 << 20);
    assert_int_equal(aver_buf_printf(&b, "\r\n \t%s\n\n", bundle), 0);
    add_buf(e, &b);
}

/* Each part as a file of its own, with what belongs to it. */
static void in_pieces(struct aver_endorsements *e)
{
    static const char *const pieces[][4] = {
        {"tcb_info", "tcb_info_signature", "tcb_info_issuer_chain", NULL},
        {"qe_identity", "qe_identity_signature", "qe_identity_issuer_chain",
         NULL},
        {"pck_crl", NULL},
        {"root_ca_crl", NULL}};
    json_t *all = json_loads(bundle, 0, NULL);

    for (unsigned i = 0; i < 4; i++) {
        json_t *one = json_object();

        for (unsigned j = 0; pieces[i][j] != NULL; j++)
            json_object_set(one, pieces[i][j],
                            json_object_get(all, pieces[i][j]));
        char *text = json_dumps(one, JSON_ENSURE_ASCII);
        assert_int_equal(add_text(e, text, strlen(text), NULL), 0);
        free(text);
        json_decref(one);
    }
    json_decref(all);
}

/* Intel's answers, and their headers as JSON. */
static void bodies_and_headers(struct aver_endorsements *e)
{
    for (unsigned i = 0; i < 4; i++) {
        struct aver_buf body = answer(i, "body"), head = answer(i, "json");

        add_buf(e, &body);
        add_buf(e, &head);
    }
}

/* What curl -i prints. Every other time with LF alone, and names as HTTP/2
 * has them. */
static void with_header_in_front(struct aver_endorsements *e)
{
    for (unsigned i = 0; i < 4; i++) {
        struct aver_buf body = answer(i, "body"), head = answer(i, "json");
        json_t *all = json_loadb((char *)head.p, head.n, 0, NULL), *value;
        const char *end = i % 2 ? "\n" : "\r\n", *name;
        struct aver_buf b;

        aver_buf_init(&b, 1 << 20);
        assert_int_equal(aver_buf_printf(&b, "HTTP/1.1 200 OK%s", end), 0);
        json_object_foreach(json_object_get(all, "headers"), name, value)
        {
            assert_int_equal(
                aver_buf_printf(
                    &b, "%s:%s%s%s%s",
                    i == 0 && strcmp(name, "Tcb-Info-Issuer-Chain") == 0
                        ? "TCB-INFO-ISSUER-CHAIN"
                        : name,
                    i < 2    ? " "
                    : i == 2 ? ""
                             : "\t",
                    json_string_value(json_array_get(value, 0)),
                    i == 1 ? " \t" : "", end),
                0);
        }
        assert_int_equal(aver_buf_append_str(&b, end), 0);
        assert_int_equal(aver_buf_append(&b, body.p, body.n), 0);
        add_buf(e, &b);
        json_decref(all);
        aver_buf_clear(&body);
        aver_buf_clear(&head);
    }
}

/* Bodies alone, lists in hex, the signers' certificates as PEM. */
static void bodies_hex_and_pem(struct aver_endorsements *e)
{
    json_t *all = json_loads(bundle, 0, NULL);

    for (unsigned i = 0; i < 4; i++) {
        struct aver_buf body = answer(i, "body"), hex;

        aver_buf_init(&hex, 1 << 20);
        if (i >= 2) {
            assert_int_equal(aver_hex_encode_buf(&hex, aver_buf_view(&body)),
                             0);
            assert_int_equal(aver_buf_append_str(&hex, "\r\n"), 0);
            add_buf(e, &hex);
            aver_buf_clear(&body);
        } else {
            add_buf(e, &body);
        }
    }
    const char *pem = vectors_text(all, "tcb_info_issuer_chain");
    assert_int_equal(add_text(e, pem, strlen(pem), NULL), 0);
    json_decref(all);
}

static json_t *numbers(const char *hex)
{
    struct aver_buf b;
    json_t *out = json_array();

    aver_buf_init(&b, 1 << 20);
    assert_int_equal(aver_hex_decode_buf(&b, aver_bytes_str(hex)), 0);
    for (size_t i = 0; i < b.n; i++)
        json_array_append_new(out, json_integer(b.p[i]));
    aver_buf_clear(&b);
    return out;
}

/* Arrays of bytes for what is no text, NULs behind what is. */
static void arrays_and_nuls(struct aver_endorsements *e)
{
    static const char *const hex[] = {"tcb_info_signature",
                                      "qe_identity_signature", "pck_crl",
                                      "root_ca_crl"};
    static const char *const texts[] = {"tcb_info", "tcb_info_issuer_chain",
                                        "qe_identity",
                                        "qe_identity_issuer_chain"};
    json_t *all = json_loads(bundle, 0, NULL);

    for (unsigned i = 0; i < 4; i++) {
        const char *text = vectors_text(all, texts[i]);
        json_t *longer = json_stringn(text, strlen(text) + 1);

        json_object_set_new(all, hex[i], numbers(vectors_text(all, hex[i])));
        json_object_set_new(all, texts[i], longer);
    }
    char *text = json_dumps(all, JSON_INDENT(1));
    assert_int_equal(add_text(e, text, strlen(text), NULL), 0);
    free(text);
    json_decref(all);
}

static enum aver_word judge(struct aver_endorsements *e, struct aver_verdict *v)
{
    struct aver_cpu *cpu =
        aver_cpu_new(aver_buf_view(&world.quote), e, world.policy.at);
    struct aver_subject s = {.policy = &world.policy, .cpu = cpu};

    aver_judge(v, &s);
    aver_cpu_free(cpu);
    return v->word;
}

static void all_forms(void **state)
{
    static const struct {
        const char *name;
        void (*fill)(struct aver_endorsements *e);
    } forms[] = {
        {"bundle", as_bundle},
        {"bundle with spaces", with_spaces_around},
        {"pieces", in_pieces},
        {"bodies and headers", bodies_and_headers},
        {"with header in front", with_header_in_front},
        {"bodies, hex and PEM", bodies_hex_and_pem},
        {"arrays and NULs", arrays_and_nuls},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct aver_endorsements *e = aver_endorsements_new();
        struct aver_verdict v;

        forms[i].fill(e);
        assert_int_equal(e->ntcb, 1);
        assert_int_equal(e->nqe, 1);
        assert_int_equal(e->nlists, 2);
        if (judge(e, &v) != AVER_VERIFIED)
            fail_msg("%s: %s", forms[i].name, aver_verdict_reason(&v)->detail);
        aver_endorsements_free(e);
    }
}

/* A bundle as another project keeps it. The platform's certificates in it are
 * not looked at. */
static void as_captured(void **state)
{
    struct aver_endorsements *e = aver_endorsements_new();

    (void)state;
    tdx_add(e, "tdx/formats/mpc-collateral-bytearrays-nul.json");
    assert_int_equal(e->ntcb, 1);
    assert_int_equal(e->nqe, 1);
    assert_int_equal(e->nlists, 2);
    assert_int_equal(e->nplatforms, 0);
    assert_string_equal(e->tcb[0]->fault, "");
    assert_string_equal(e->qe[0]->fault, "");
    assert_string_equal(e->list[0]->fault, "");
    assert_string_equal(e->list[1]->fault, "");
    for (unsigned i = 0; i < e->nchains; i++)
        assert_string_equal(e->chain[i]->fault, "");
    aver_endorsements_free(e);
}

static void none(void **state)
{
    static const struct {
        const char *text, *told;
    } cases[] = {
        {"", "neither JSON"},
        {"\n", "neither JSON"},
        {"hello", "neither JSON"},
        {"308", "neither JSON"},
        {"30 82", "neither JSON"},
        {"[]", "neither JSON"},
        {"null", "neither JSON"},
        {"{}", "holds no endorsements"},
        {"{\"quote\":\"00\"}", "holds no endorsements"},
        {"{\"tcb_info\":", "not JSON"},
        {"{\"tcb_info\":1}", "tcb_info is not a text"},
        {"{\"tcb_info\":[48]}", "tcb_info is not a text"},
        {"{\"qe_identity\":{}}", "qe_identity is not a text"},
        {"{\"tcb_info\":\"\\ud800\"}", "tcb_info is not a text"},
        {"{\"pck_crl\":1}", "pck_crl is neither text nor an array"},
        {"{\"pck_crl\":{}}", "pck_crl is neither text nor an array"},
        {"{\"root_ca_crl\":true}", "root_ca_crl is neither text nor an array"},
        {"{\"pck_crl_issuer_chain\":[1]}",
         "pck_crl_issuer_chain is not a text of at most 32 KiB"},
        {"{\"tcb_info\":\"\",\"tcb_info_issuer_chain\":1}",
         "tcb_info_issuer_chain is not a text of at most 32 KiB"},
        {"{\"tcb_info\":\"\",\"tcb_info\":\"\"}",
         "tcb_info stands there twice"},
        {"{\"tcb_info\":\"\",\"tcb\\u005finfo\":null}",
         "tcb_info stands there twice"},
        {"{\"tcbInfo\":{},\"signature\":\"\",\"signature\":\"\"}",
         "signature stands there twice"},
        {"{\"headers\":{\"A\":1,\"A\":2}}", "twice"},
        {"{\"headers\":{\"TCB-Info-Issuer-Chain\":\"%\"}}",
         "not percent-encoded"},
        {"{\"headers\":{\"tcb-info-issuer-chain\":[\"%4\"]}}",
         "not percent-encoded"},
        {"-----BEGIN CERTIFICATE-----\n", "base64"},
        {"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n",
         "certificate 1:"},
        {"HTTP/1.1 200 OK", "without an end"},
        {"HTTP/1.1 200 OK\r\nA: b\r\n", "without an end"},
        {"HTTP/1.1 200 OK\r\n\r\n", "neither JSON"},
        {"HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: %2\r\n\r\n{}",
         "not percent-encoded"},
        {"HTTP/1.1 200 OK\nSGX-PCK-CRL-Issuer-Chain:%zz\n\n{}",
         "not percent-encoded"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
         "neither JSON"},
        {"http/1.1 200 OK\r\n\r\n{}", "neither JSON"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_endorsements *e = aver_endorsements_new();
        struct aver_error err = {0};
        int rc = add_text(e, cases[i].text, strlen(cases[i].text), &err);

        if (rc == 0 || strstr(err.text, cases[i].told) == NULL)
            fail_msg("%s: %d %s", cases[i].text, rc, err.text);
        assert_int_equal(err.code, AVER_EFORMAT);
        assert_int_equal(e->ntcb + e->nqe + e->nlists, 0);
        aver_endorsements_free(e);
    }
}

/* Parts of a file that is one: kept, and told by the rows. */
static void kept_with_their_fault(void **state)
{
    static const struct {
        const char *text;
        unsigned ntcb, nqe, nlists;
    } cases[] = {
        {"{\"pck_crl\":\"\"}", 0, 0, 1},
        {"{\"pck_crl\":\"zz\"}", 0, 0, 1},
        {"{\"pck_crl\":\"308\"}", 0, 0, 1},
        {"{\"pck_crl\":[]}", 0, 0, 1},
        {"{\"pck_crl\":[48,256]}", 0, 0, 1},
        {"{\"pck_crl\":[48,-1]}", 0, 0, 1},
        {"{\"pck_crl\":[48,1.0]}", 0, 0, 1},
        {"{\"pck_crl\":[48,1e1]}", 0, 0, 1},
        {"{\"pck_crl\":[48,\"1\"]}", 0, 0, 1},
        {"{\"pck_crl\":[48,[1]]}", 0, 0, 1},
        {"{\"pck_crl\":[48,null]}", 0, 0, 1},
        {"{\"root_ca_crl\":[ 48 , 0 ]}", 0, 0, 1},
        {"3000", 0, 0, 1},
        {"0\x80", 0, 0, 1}, /* DER, by its first byte */
        {"{\"tcb_info\":\"\"}", 1, 0, 0},
        {"{\"tcb_info\":\"{}\",\"tcb_info_signature\":\"00\"}", 1, 0, 0},
        {"{\"tcb_info\":\"{}\",\"tcb_info_signature\":[0,256]}", 1, 0, 0},
        {"{\"tcb_info\":\"{}\",\"tcb_info_signature\":7}", 1, 0, 0},
        {"{\"qe_identity\":\"nonsense\"}", 0, 1, 0},
        {"{\"tcbInfo\":{}}", 1, 0, 0},
        {"{\"tcbInfo\":7,\"signature\":7}", 1, 0, 0},
        {"{\"enclaveIdentity\":[],\"signature\":\"00\"}", 0, 1, 0},
        {"{\"tcbInfo\":{},\"enclaveIdentity\":{},\"signature\":\"\"}", 1, 1, 0},
        {"HTTP/1.1 200 OK\r\n\r\n{\"tcbInfo\":{}}", 1, 0, 0},
        {"HTTP/1.1 200 OK\r\nno field\r\n: x\r\n\r\n3000", 0, 0, 1},
        /* What is null is not there; headers of no use are none. */
        {"{\"tcb_info\":null,\"qe_identity\":null,\"pck_crl\":null,"
         "\"root_ca_crl\":null,\"pck_crl_issuer_chain\":null}",
         0, 0, 0},
        {"{\"headers\":{\"Date\":[\"%\"]}}", 0, 0, 0},
        {"{\"headers\":null}", 0, 0, 0},
        {"{\"headers\":[]}", 0, 0, 0},
        {"{\"signature\":\"00\"}", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aver_endorsements *e = aver_endorsements_new();
        struct aver_error err = {0};

        if (add_text(e, cases[i].text, strlen(cases[i].text), &err) != 0)
            fail_msg("%s: %s", cases[i].text, err.text);
        if (e->ntcb != cases[i].ntcb || e->nqe != cases[i].nqe ||
            e->nlists != cases[i].nlists)
            fail_msg("%s: %u, %u, %u", cases[i].text, e->ntcb, e->nqe,
                     e->nlists);
        for (unsigned j = 0; j < e->ntcb; j++)
            assert_true(e->tcb[j]->fault[0] != '\0');
        for (unsigned j = 0; j < e->nqe; j++)
            assert_true(e->qe[j]->fault[0] != '\0');
        for (unsigned j = 0; j < e->nlists; j++)
            assert_true(e->list[j]->fault[0] != '\0');
        aver_endorsements_free(e);
    }
}

/* A field folded over two lines is cut at its first. */
static void folded_header(void **state)
{
    static const char text[] =
        "HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: -----BEGIN%20CERTI\r\n"
        " FICATE-----\r\n\r\n{\"tcbInfo\":{}}";
    struct aver_endorsements *e = aver_endorsements_new();

    (void)state;
    assert_int_equal(add_text(e, text, sizeof(text) - 1, NULL), 0);
    assert_int_equal(e->nchains, 1);
    assert_true(e->chain[0]->fault[0] != '\0');
    aver_endorsements_free(e);
}

/* The signed text is the very bytes that came, spaces and all. */
static void cut_out_by_its_place(void **state)
{
    static const char text[] =
        "{ \"tcbInfo\" : { \"a\" : [1, 2 ] } , \"signature\":\"\"}";
    struct aver_endorsements *e = aver_endorsements_new();

    (void)state;
    assert_int_equal(add_text(e, text, sizeof(text) - 1, NULL), 0);
    assert_true(
        aver_bytes_is(aver_buf_view(&e->tcb[0]->text), "{ \"a\" : [1, 2 ] }"));
    aver_endorsements_free(e);
}

static void too_large(void **state)
{
    size_t n = AVER_ENDORSEMENTS_MAX;
    char *text = malloc(n + 1);
    struct aver_endorsements *e = aver_endorsements_new();
    struct aver_error err;

    (void)state;
    memset(text, 'a', n + 1);
    assert_int_equal(aver_endorsements_add(e, aver_bytes_of(text, n + 1), &err),
                     -1);
    assert_int_equal(err.code, AVER_ELIMIT);
    memcpy(text, "{\"pck_crl\":\"", 12);
    memcpy(text + n - 2, "\"}", 2);
    assert_int_equal(aver_endorsements_add(e, aver_bytes_of(text, n), &err), 0);
    assert_int_equal(e->nlists, 1);
    /* Certificates of more than 32 KiB, in each way in which they come. */
    static const char *const told[] = {
        "pck_crl_issuer_chain is not a text of at most 32 KiB",
        "tcb_info_issuer_chain is not a text of at most 32 KiB",
        "header field"};
    static const char *const fronts[] = {
        "{\"pck_crl_issuer_chain\":\"", "{\"tcb_info_issuer_chain\":\"",
        "{\"headers\":{\"TCB-Info-Issuer-Chain\":\""};
    for (unsigned i = 0; i < 3; i++) {
        size_t m = AVER_CHAIN_TEXT_MAX + 200;

        memset(text, 'a', m);
        memcpy(text, fronts[i], strlen(fronts[i]));
        memcpy(text + m - 24, "\"}  ,\"tcb_info\":\"{}\"}   ", 24);
        if (i < 2)
            text[m - 23] = ' ';
        assert_int_equal(aver_endorsements_add(e, aver_bytes_of(text, m), &err),
                         -1);
        assert_non_null(strstr(err.text, told[i]));
    }
    aver_endorsements_free(e);
    free(text);
}

static void full_set(void **state)
{
    static const char *const texts[] = {
        "{\"tcb_info\":\"{}\"}",  "{\"qe_identity\":\"{}\"}",
        "{\"pck_crl\":\"3000\"}", "3000",
        "{\"tcbInfo\":{}}",       "{\"enclaveIdentity\":{}}",
        "{\"root_ca_crl\":[1]}",  "0\x80"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct aver_endorsements *e = aver_endorsements_new();
        struct aver_error err = {0};

        for (unsigned j = 0; j < AVER_DOCUMENTS_MAX; j++)
            assert_int_equal(add_text(e, texts[i], strlen(texts[i]), NULL), 0);
        assert_int_equal(add_text(e, texts[i], strlen(texts[i]), &err), -1);
        assert_int_equal(err.code, AVER_ELIMIT);
        aver_endorsements_free(e);
    }
}

/* Chains, each by another text, in each way in which they come. */
static void full_of_chains(void **state)
{
    static const char *const texts[] = {
        "{\"pck_crl_issuer_chain\":\"new\"}",
        "{\"tcb_info\":\"\",\"tcb_info_issuer_chain\":\"new\"}",
        "{\"headers\":{\"TCB-Info-Issuer-Chain\":\"new\"}}",
        "HTTP/1.1 200 OK\nTCB-Info-Issuer-Chain: new\n\n{\"tcbInfo\":{}}",
        "-----BEGIN CERTIFICATE-----new"};
    struct aver_endorsements *e = aver_endorsements_new();
    char text[128];

    (void)state;
    for (unsigned j = 0; j < AVER_DOCUMENTS_MAX; j++) {
        snprintf(text, sizeof(text), "{\"pck_crl_issuer_chain\":\"%u\"}", j);
        assert_int_equal(add_text(e, text, strlen(text), NULL), 0);
        assert_int_equal(e->nchains, j + 1);
    }
    /* One that is there already has its place. */
    assert_int_equal(add_text(e, text, strlen(text), NULL), 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct aver_error err = {0};

        assert_int_equal(add_text(e, texts[i], strlen(texts[i]), &err), -1);
        assert_int_equal(err.code, AVER_ELIMIT);
    }
    aver_endorsements_free(e);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms),
        cmocka_unit_test(as_captured),
        cmocka_unit_test(none),
        cmocka_unit_test(kept_with_their_fault),
        cmocka_unit_test(folded_header),
        cmocka_unit_test(cut_out_by_its_place),
        cmocka_unit_test(too_large),
        cmocka_unit_test(full_set),
        cmocka_unit_test(full_of_chains),
    };

    vectors_start(argc, argv);
    json_t *all = vectors_index("tdx/collateral/90c06f-20260610.json");
    bundle = json_dumps(all, 0);
    json_decref(all);
    tdx_case_open(&world, "tdx/cases", "real-nanogpt-0610");
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    tdx_case_close(&world);
    free(bundle);
    return rc;
}
