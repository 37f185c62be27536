/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates of devices: what is accepted under a root, OpenSSL accepts as
 * well, link by link; and the device's numbers are what OpenSSL reads. Of
 * NVIDIA's root, only what NVIDIA issued: a leaf's text is one of those that
 * are known here. */
#include "crypto/sha2.h"
#include "gpu_cases.h"
#include "verify/device.h"
#include "verify/gpu_chain.h"
#include "verify/roots.h"

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#define AT 1780000000 /* 2026 */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static X509 *read_x509(const struct aver_cert *c)
{
    const uint8_t *p = c->der.p;
    X509 *x = d2i_X509(NULL, &p, (long)c->der.n);

    assert(x != NULL && p == c->der.p + c->der.n);
    return x;
}

static void check_links(const struct aver_chain *c)
{
    for (unsigned i = 0; i < AVER_DEVICE_CHAIN; i++) {
        X509 *x = read_x509(&c->link[i].cert);

        assert((X509_get_extension_flags(x) & EXFLAG_CRITICAL) == 0);
        assert(X509_get_signature_nid(x) == NID_ecdsa_with_SHA384);
        /* Nobody signed the root, which is known by its key: in extensions
         * that are not looked at anything may stand. */
        assert((X509_check_ca(x) == 1) == (i > 0) ||
               (i + 1 == AVER_DEVICE_CHAIN &&
                (X509_get_extension_flags(x) & EXFLAG_INVALID) != 0));
        if (i + 1 < AVER_DEVICE_CHAIN) {
            X509 *by = read_x509(&c->link[i + 1].cert);

            assert(X509_verify(x, X509_get0_pubkey(by)) == 1);
            assert(X509_NAME_cmp(X509_get_issuer_name(x),
                                 X509_get_subject_name(by)) == 0);
            X509_free(by);
        }
        X509_free(x);
    }
}

/* `text` is empty where a number is longer than any that may be issued. */
static void check_number(const char *text, const struct aver_cert *c, bool hex)
{
    X509 *x = read_x509(c);
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);

    assert(n != NULL);
    if (BN_is_negative(n) || BN_num_bytes(n) > 20) {
        assert(text[0] == '\0');
    } else {
        char *want = hex ? BN_bn2hex(n) : BN_bn2dec(n);

        if (hex && BN_is_zero(n))
            assert(strcmp(text, "00") == 0);
        else
            assert(aver_bytes_is_nocase(aver_bytes_str(text), want));
        OPENSSL_free(want);
    }
    BN_free(n);
    X509_free(x);
}

static void check_device(const struct aver_chain *c)
{
    struct aver_device d;

    aver_device_read(&d, c);
    if (c->n != AVER_DEVICE_CHAIN) {
        assert(d.chip == AVER_CHIP_UNKNOWN && d.id[0] == '\0');
        return;
    }
    check_number(d.id, &c->link[1].cert, true);
    check_number(d.leaf_serial, &c->link[0].cert, false);
    assert((d.fwid_state == AVER_FWID_BAD) == (d.fwid_fault[0] != '\0'));
    assert((d.chip == AVER_CHIP_UNKNOWN) == (d.chip_name[0] == '\0'));
    assert(d.chip != AVER_CHIP_UNKNOWN || (!d.has_pdi && !d.brom_agrees));
}

/* ---- what NVIDIA issued ---- */

#define KNOWN_MAX 512
static uint8_t known[KNOWN_MAX][32];
static unsigned nknown;

static void digest(uint8_t out[static 32], const struct aver_chain *c)
{
    struct aver_sha256 *h = aver_sha256_new();

    assert(h != NULL);
    aver_sha256_start(h);
    for (unsigned i = 0; i + 1 < c->n; i++)
        aver_sha256_update(h, c->link[i].cert.tbs);
    aver_sha256_finish(h, out);
    aver_sha256_free(h);
}

static void learn(struct gpu_case *c)
{
    struct aver_ec *ec = aver_ec_new();

    for (unsigned i = 0; i < c->evidence->n && nknown < KNOWN_MAX; i++) {
        struct aver_flaw flaw = {0};
        struct aver_chain chain;

        aver_gpu_chain_read(&chain, ec,
                            aver_buf_view(&c->evidence->item[i].certificates),
                            &flaw);
        if (flaw.cause == NULL && strncmp(c->id, "real-", 5) == 0)
            digest(known[nknown++], &chain);
        aver_chain_clear(&chain);
    }
    aver_ec_free(ec);
}

static void check_known(const struct aver_chain *c)
{
    uint8_t got[32];
    bool found = false;

    digest(got, c);
    for (unsigned i = 0; i < nknown; i++)
        found = found || memcmp(known[i], got, 32) == 0;
    assert(found);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    vectors_folder = AVER_VECTORS;
    gpu_cases_each(learn);
    assert(nknown > 20);
    return 0;
}

/* Under NVIDIA's root, or else under its own. */
static void check_chain(struct aver_ec *ec, struct aver_chain *c)
{
    struct aver_link *l[AVER_CHAIN_MAX];
    struct aver_flaw flaw = {0}, other = {0};
    uint8_t own[32];

    for (unsigned i = 0; i < c->n; i++)
        l[i] = &c->link[i];
    aver_link_spki(own, l[c->n - 1]);
    if (aver_gpu_chain_check(ec, l, c->n, AVER_DEVICE_CHAIN, aver_root_nvidia,
                             AT, &flaw) == 0)
        check_known(c);
    if (aver_gpu_chain_check(ec, l, c->n, AVER_DEVICE_CHAIN, own, AT, &other) ==
        0) {
        assert(aver_gpu_chain_shape(l, c->n, AVER_DEVICE_CHAIN, &other) == 0);
        check_links(c);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct aver_ec *ec = aver_ec_new();
    struct aver_flaw flaw = {0};
    struct aver_chain c;

    aver_gpu_chain_read(&c, ec, aver_bytes_of(data, size), &flaw);
    assert(flaw.cause != NULL || c.n > 0);
    if (flaw.cause == NULL)
        check_chain(ec, &c);
    check_device(&c);
    aver_chain_clear(&c);
    aver_ec_free(ec);
    ERR_clear_error();
    return 0;
}
